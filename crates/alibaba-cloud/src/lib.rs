//! Alibaba Cloud's RPC API.
//!
//! - [`openapi`]: encoding, signatures, answers, endpoints and one HTTP attempt.
//! - [`credentials`]: where access keys come from, and how they are kept valid.

#![forbid(unsafe_code)]

pub mod credentials;
pub mod openapi;
