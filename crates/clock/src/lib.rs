//! Time and chance, passed in so that tests own them
