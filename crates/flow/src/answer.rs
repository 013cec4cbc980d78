//! What an answer to a request may say in the words of a configuration or a flow.

/// Headers that the server sets itself, that are about the connection, or that would speak for the whole origin, which
/// the console shares.
const RESERVED: [&str; 17] = [
    "alt-svc",
    "clear-site-data",
    "connection",
    "content-encoding",
    "content-length",
    "content-security-policy",
    "date",
    "keep-alive",
    "service-worker-allowed",
    "set-cookie",
    "strict-transport-security",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "x-content-type-options",
];

/// The same for all names that begin so.
const RESERVED_BEGINNINGS: [&str; 3] = ["linchpin-", "access-control-", "proxy-"];

/// Whether an answer may not have a header of this name, in any case, but from the server itself.
pub fn is_reserved_header(name: &str) -> bool {
    let begins = |beginning: &&str| {
        name.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning))
    };
    RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved))
        || RESERVED_BEGINNINGS.iter().any(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_reserved_in_any_case() {
        for name in [
            "Content-Security-Policy",
            "set-cookie",
            "Linchpin-Event",
            "ACCESS-CONTROL-ALLOW-ORIGIN",
            "linchpin-",
        ] {
            assert!(is_reserved_header(name), "{name}");
        }
        for name in ["x-shop", "content-type", "cache-control", "linchpin", "你好你好你好", ""] {
            assert!(!is_reserved_header(name), "{name}");
        }
    }
}
