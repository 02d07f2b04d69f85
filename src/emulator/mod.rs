//! A CAMS that runs on your machine.
