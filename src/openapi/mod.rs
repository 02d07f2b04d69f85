//! Alibaba Cloud's RPC wire: encoding, both signatures, the error envelope, endpoints and HTTP.
