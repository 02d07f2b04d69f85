//! The CAMS API: operations, models, business errors and the client with its retry loop.
