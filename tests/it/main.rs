//! Black-box tests, one module a concern.

// The quota across processes.
mod throttle;
