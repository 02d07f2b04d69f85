//! This provider: its configuration, its resources, and API errors as diagnostics.
