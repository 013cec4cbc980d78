//! Drives the run reducer: node registry, commit points, leases and timers
