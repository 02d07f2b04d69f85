//! All diagnostics.
