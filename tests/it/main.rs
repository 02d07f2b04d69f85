//! Black-box tests, one module a concern.
#![allow(
    clippy::disallowed_methods,
    reason = "a test finds the CLI on the path of whoever runs it"
)]
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed, in its helpers too"
)]

mod cli; // the real CLI, as a user runs it
mod core; // plays Terraform: starts the provider, proves who it is, calls it
mod credentials; // where credentials come from, case by case as the official library
mod doctor; // `terraform-provider-cams doctor` against the emulator
mod documents; // the Markdown files: links, and what they name in the sources
mod emulator; // a running emulator and its control interface
mod handshake; // what is said before the first call, and who is let in
mod lifecycle; // what ends the process, and what does not
mod logs; // what reaches stderr
mod network; // an authority, a server with TLS and a proxy, as in a company
mod redis_server; // a Redis server of a test's own
mod rpc; // every RPC, in ways that no CLI can be made to call it
mod sessions; // sessions of the emulator, from each source to a call that is signed with them
mod support; // directories, processes and signals for tests
mod throttle; // one quota across real processes, some of them killed
