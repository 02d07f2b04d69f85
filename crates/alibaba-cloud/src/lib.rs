//! Alibaba Cloud's RPC API: a client for any product, and where its credentials come from.
//!
//! In reading order:
//!
//! - [`openapi`]: the wire. Signatures, one HTTP attempt, the envelope of answers, endpoints.
//! - [`client`]: a call. Operations as types, the one loop that sends and repeats, errors.
//! - [`credentials`]: where access keys come from, and how they are kept valid.
//!
//! A call travels like this: [`Client::call`](client::Client::call) takes a value of a type that
//! implements [`Operation`](client::Operation). [`Keys`](client::Keys) gives the key, and a
//! [`Gate`](client::Gate) the permit. [`Http`](openapi::Http) signs one attempt, sends it and reads
//! the answer, of which `envelope` tells success from refusal. `client::codes` says of which
//! [`ErrorKind`](client::ErrorKind) a refusal is, and the table in `client::error` whether it can
//! have had an effect and may be repeated. A success is read by the operation's own model, with
//! [`openapi::fields`].

#![forbid(unsafe_code)]

pub mod client;
pub mod credentials;
pub mod openapi;
