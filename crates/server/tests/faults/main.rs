//! What survives.
#[test]
fn placeholder() {}
