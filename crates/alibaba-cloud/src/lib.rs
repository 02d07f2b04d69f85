//! Alibaba Cloud's RPC API: a client for any product, and where its credentials come from.
//!
//! # Map, in reading order
//!
//! - [`openapi`]: the wire. Signatures, one HTTP attempt, the envelope of answers, endpoints.
//! - [`client`]: a call. Operations as types, the one loop that sends and repeats, errors.
//! - [`credentials`]: where access keys come from, and how they are kept valid.
//!
//! # The journey of a call
//!
//! 1. [`Client::call`](client::Client::call) takes a value whose type implements
//!    [`Operation`](client::Operation).
//! 2. [`Keys`](client::Keys) returns the access key, and a [`Gate`](client::Gate) the permit.
//! 3. [`Http`](openapi::Http) signs one attempt, sends it and reads the answer.
//!    `openapi::envelope` distinguishes a success from a refusal.
//! 4. For a failure, `client::codes` determines the [`ErrorKind`](client::ErrorKind). The table in
//!    `client::kind` says whether the attempt may have had an effect and whether it is repeated;
//!    `client::repeats` says how often and after which waits.
//! 5. The model of the operation reads a success, with the functions in [`openapi::fields`].

#![forbid(unsafe_code)]

pub mod client;
pub mod credentials;
pub mod openapi;
