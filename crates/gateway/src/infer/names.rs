//! Names for fields, and the headers that make none.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

/// Headers of HTTP, of browsers and of proxies: no sender means something by them that a flow would want.
const HTTP: [&str; 29] = [
    "authorization",
    "baggage",
    "cache-control",
    "cdn-loop",
    "connection",
    "cookie",
    "date",
    "dnt",
    "expect",
    "forwarded",
    "from",
    "host",
    "keep-alive",
    "origin",
    "pragma",
    "priority",
    "proxy-authorization",
    "range",
    "referer",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "true-client-ip",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "via",
];

/// How others of them begin.
const FAMILIES: [&str; 9] =
    ["accept", "access-control-", "cf-", "content-", "if-", "sec-", "x-amzn-", "x-forwarded-", "x-real-"];

/// Whether a header is HTTP's own or a proxy's; its name in lower case.
pub(super) fn is_http(name: &str) -> bool {
    HTTP.contains(&name) || FAMILIES.iter().any(|family| name.starts_with(family))
}

/// The way to a value as a field's `from`.
pub(crate) fn quoted(way: &[String]) -> String {
    let mut from = String::new();
    for key in way {
        if key.is_empty() || key.contains(['.', '[', ']', '"']) {
            from = format!("{from}[{}]", Value::from(key.as_str()));
        } else {
            if !from.is_empty() {
                from.push('.');
            }
            from.push_str(key);
        }
    }
    from
}

/// A name for each: its last key, or as many of those before it as tell it apart from the others; then numbers.
pub(super) fn names(ways: &[&[String]]) -> Vec<String> {
    let short = |way: &[String], keys: usize| {
        // What comes first is the part of the request, which says little.
        let own = if way.len() > 1 { &way[1..] } else { way };
        let behind = &own[own.len().saturating_sub(keys)..];
        name(&behind.join("_"))
    };
    let mut counts: HashMap<String, usize> = HashMap::new();
    for way in ways {
        *counts.entry(short(way, 1)).or_default() += 1;
    }
    let mut taken = HashSet::new();
    let mut given = Vec::with_capacity(ways.len());
    for way in ways {
        let last = short(way, 1);
        let wanted = if counts.get(&last) == Some(&1) { last } else { short(way, usize::MAX) };
        let numbered = (2..).map(|n: usize| format!("{wanted}_{n}"));
        let free = std::iter::once(wanted.clone()).chain(numbered).find(|name| !taken.contains(name));
        let free = free.unwrap_or(wanted);
        taken.insert(free.clone());
        given.push(free);
    }
    given
}

/// A text as a name that expressions can use.
fn name(text: &str) -> String {
    let text = text.strip_prefix("x-").unwrap_or(text);
    let letters = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
    let name: String = letters.take(64).collect();
    match name.trim_matches('_') {
        "" => "field".to_owned(),
        name if name.starts_with(|c: char| c.is_ascii_digit()) => format!("field_{name}"),
        name => name.to_owned(),
    }
}
