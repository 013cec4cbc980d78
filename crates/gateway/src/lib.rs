//! Judges an inbound request: verify, limit, dedupe, map fields
