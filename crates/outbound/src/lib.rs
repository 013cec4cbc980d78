//! The only client for addresses that a member can set: SSRF guard, limits and timeouts
