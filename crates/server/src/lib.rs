//! The binary: hooks, API, console, metrics
