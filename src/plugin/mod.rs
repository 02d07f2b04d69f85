//! How Terraform starts, authenticates, logs and stops a plugin process.
