//! Black-box tests, one module a concern.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed, in its helpers too"
)]

mod core; // plays Terraform: starts the provider, proves who it is, calls it
mod handshake; // what is said before the first call, and who is let in
mod lifecycle; // what ends the process, and what does not
mod logs; // what reaches stderr
mod support; // directories, processes and signals for tests
