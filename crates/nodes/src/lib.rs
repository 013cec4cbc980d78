//! The node kinds, one folder each
