//! Black-box tests, one module a concern.
