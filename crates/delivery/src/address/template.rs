//! Addresses with names in braces, whose values each message gives.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::Address;
use crate::{Error, call::Unsendable};

/// What a value may hold as it is: a slash, a dot alone and whatever else has a meaning in an address is encoded.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What stands in a name's place while the address is checked.
const PROBE: &str = "0";

/// The longest name.
const NAME: usize = 64;

/// An address that holds names, in its path and query alone.
#[derive(Debug)]
pub(crate) struct Template {
    pieces: Vec<Piece>,
    /// The address with a probe for each name.
    probe: Url,
}

#[derive(Debug)]
enum Piece {
    Literal(String),
    Name { name: String, in_query: bool },
}

impl Template {
    /// Reads an address; `None` if it holds no name. `field` is where it was written.
    pub(crate) fn read(field: &str, text: &str) -> Result<Option<Self>, Error> {
        if !text.contains(['{', '}']) {
            return Ok(None);
        }
        let pieces = pieces(text).map_err(|reason| {
            let error = Error::config(field, reason);
            error.suggest("Write it like https://example.com/orders/{order_id}?state={state}.")
        })?;
        let probe = Address::open(field, &joined(&pieces, |_, _| Ok(PROBE.to_owned()))?)?.url;
        Ok(Some(Self { pieces, probe }))
    }

    /// The address of the probe, to be checked and prepared as any other.
    pub(crate) fn probe(&self) -> &str {
        self.probe.as_str()
    }

    /// The address of a message. A value stays within its place: it adds no segment and no parameter.
    pub(crate) fn fill(&self, values: &BTreeMap<String, String>) -> Result<Address, Unsendable> {
        let text = joined(&self.pieces, |name, in_query| match values.get(name).map(String::as_str) {
            None => Err(Unsendable(format!(
                "the destination's address needs a value for `{name}`: give it in the `params` of the deliver node"
            ))),
            Some("") if !in_query => {
                Err(Unsendable(format!("`params.{name}` is empty, and the address needs it in its path")))
            }
            Some(value) => Ok(utf8_percent_encode(value, KEPT).to_string()),
        })?;
        let address = Address::open("url", &text).map_err(|error| Unsendable(error.to_string()))?;
        // Values such as `..` are taken for steps by everybody who reads addresses, encoded or not.
        let shape = |url: &Url| url.path().split('/').map(str::is_empty).collect::<Vec<_>>();
        if address.url.origin() == self.probe.origin() && shape(&address.url) == shape(&self.probe) {
            Ok(address)
        } else {
            Err(Unsendable(
                "a value in `params` would lead to another path: it may not be `.` or `..`".to_owned(),
            ))
        }
    }
}

fn joined<E>(pieces: &[Piece], mut value: impl FnMut(&str, bool) -> Result<String, E>) -> Result<String, E> {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => text += literal,
            Piece::Name { name, in_query } => text += &value(name, *in_query)?,
        }
    }
    Ok(text)
}

fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let host = text.find("://").map_or(0, |at| at + 3);
    let path = text[host..].find(['/', '?', '#']).map_or(text.len(), |at| host + at);
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find(['{', '}']).map(|found| at + found) {
        let Some(close) = text[open..].strip_prefix('{').and_then(|rest| rest.find('}')) else {
            return Err("a brace has no other one.".to_owned());
        };
        let name = &text[open + 1..open + 1 + close];
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if name.is_empty() || name.len() > NAME || !name.bytes().all(is_name) {
            return Err(format!("a name in braces has letters, digits and `_`, at most {NAME}."));
        }
        if open < path || text[..open].contains('#') {
            return Err("names in braces stand in the path and the query alone.".to_owned());
        }
        pieces.push(Piece::Literal(text[at..open].to_owned()));
        pieces.push(Piece::Name { name: name.to_owned(), in_query: text[..open].contains('?') });
        at = open + close + 2;
    }
    pieces.push(Piece::Literal(text[at..].to_owned()));
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        Template::read("url", text).unwrap().unwrap()
    }

    fn fill(text: &str, values: &[(&str, &str)]) -> Result<String, String> {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        template(text)
            .fill(&values)
            .map(|address| address.url.to_string())
            .map_err(|Unsendable(reason)| reason)
    }

    #[test]
    fn values_go_into_their_places() {
        let text = "https://erp.example.com/orders/{order_id}/status-{n}?q={q}&p=1";
        let filled = fill(text, &[("order_id", "A 1"), ("n", "2"), ("q", "漏"), ("unused", "x")]);
        assert_eq!(filled.unwrap(), "https://erp.example.com/orders/A%201/status-2?q=%E6%BC%8F&p=1");
        assert_eq!(fill("https://a.b/c?q={q}", &[("q", "")]).unwrap(), "https://a.b/c?q=");
        assert!(Template::read("url", "https://a.b/c").unwrap().is_none());
    }

    #[test]
    fn a_value_never_leaves_its_place() {
        for value in [
            "../../admin",
            "a/b",
            "a\\b",
            "a?b=c",
            "a#b",
            "a&b=c",
            "@evil.example",
            "%2e%2e%2f",
            "a\r\nb: c",
            "…",
        ] {
            let url = Url::parse(&fill("https://a.b/c/{x}/d?q={x}&r=1", &[("x", value)]).unwrap()).unwrap();
            assert_eq!(url.host_str(), Some("a.b"), "{value}");
            let segments: Vec<&str> = url.path_segments().unwrap().collect();
            assert_eq!((segments.len(), segments[0], segments[2]), (3, "c", "d"), "{value}");
            let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            assert_eq!(pairs, [("q".to_owned(), value.to_owned()), ("r".to_owned(), "1".to_owned())]);
            assert!(url.fragment().is_none() && url.username().is_empty(), "{value}");
        }
        for (text, value) in [
            ("https://a.b/c/{x}/d", ".."),
            ("https://a.b/c/{x}/d", "."),
            ("https://a.b/c/{x}", "."),
            ("https://a.b/{x}", ".."),
            ("https://a.b/c/{x}{x}", "."),
            ("https://a.b/c/%2e{x}/d", "."),
        ] {
            let said = fill(text, &[("x", value)]).unwrap_err();
            assert!(said.contains("another path"), "{text} {value}: {said}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        assert!(fill("https://a.b/{order_id}", &[]).unwrap_err().contains("`order_id`"));
        assert!(fill("https://a.b/{x}", &[("x", "")]).unwrap_err().contains("`params.x` is empty"));
        assert!(fill("https://a.b/{x}", &[("x", &"y".repeat(5000))]).unwrap_err().contains("4096"));
    }

    #[test]
    fn names_stand_in_path_and_query_alone() {
        for wrong in [
            "https://{tenant}.example.com/",
            "https://example.com:{port}/",
            "{scheme}://example.com/",
            "https://example.com{x}",
            "https://example.com/#{x}",
            "https://example.com/{}",
            "https://example.com/{a b}",
            "https://example.com/{x",
            "https://example.com/x}",
            "https://example.com/{{x}}",
        ] {
            let said = Template::read("url", wrong).unwrap_err().to_string();
            assert!(said.starts_with("url: "), "{wrong}: {said}");
        }
    }
}
