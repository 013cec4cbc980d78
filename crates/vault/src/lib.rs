//! Keys, sealed bytes and secrets that never print
