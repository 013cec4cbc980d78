//! Which headers and query parameters are not recorded.

use std::borrow::Cow;

use vault::Secret;

/// What stands where a value is hidden.
pub(crate) const HIDDEN: &str = "***";

/// Words that mark a name as one of a secret, by their first letter.
const fn words(first: u8) -> &'static [&'static str] {
    match first.to_ascii_lowercase() {
        b'a' => &["authorization", "api-key", "api_key", "apikey"],
        b'c' => &["cookie", "credential"],
        b'p' => &["password"],
        b's' => &["secret", "signature"],
        b't' => &["token"],
        _ => &[],
    }
}

/// Headers that are never a flow's business.
const SEALED: [&str; 3] = ["authorization", "proxy-authorization", "cookie"];

/// The names a source hides.
#[derive(Debug, Default)]
pub(crate) struct Redaction {
    /// Names that carry the scheme's proofs, in lower case.
    proofs: Vec<String>,
    /// Names that the configuration adds, in lower case.
    named: Vec<String>,
    /// Proofs that a body carries.
    texts: Vec<Secret>,
    /// Whether every value is hidden.
    all: bool,
}

impl Redaction {
    /// Hides every value: for a request to a source whose own rules cannot be read.
    pub(crate) fn everything() -> Self {
        Self { all: true, ..Self::default() }
    }

    pub(crate) fn new(proofs: Vec<String>, named: &[String]) -> Self {
        Self {
            proofs,
            named: named.iter().map(|name| name.to_ascii_lowercase()).collect(),
            ..Self::default()
        }
    }

    /// The same, with texts that are cut out of bodies.
    pub(crate) fn with_texts(self, texts: Vec<Secret>) -> Self {
        Self { texts, ..self }
    }

    /// A body without the proofs that it carries; the rest stays as it came, byte for byte.
    pub(crate) fn body<'r>(&self, body: &'r [u8]) -> Cow<'r, [u8]> {
        let mut shown = Cow::Borrowed(body);
        for text in self.texts.iter().map(|text| text.expose().as_bytes()) {
            let (mut cut, mut rest) = (Vec::new(), &*shown);
            while let Some(at) = rest.windows(text.len()).position(|window| window == text) {
                cut.extend_from_slice(&rest[..at]);
                cut.extend_from_slice(HIDDEN.as_bytes());
                rest = &rest[at + text.len()..];
            }
            if !cut.is_empty() {
                cut.extend_from_slice(rest);
                shown = Cow::Owned(cut);
            }
        }
        shown
    }

    /// Whether the value of a header or query parameter is kept out of the record.
    pub(crate) fn hides(&self, name: &str) -> bool {
        let is = |other: &String| name.eq_ignore_ascii_case(other);
        self.all || has_word(name.as_bytes()) || self.proofs.iter().any(is) || self.named.iter().any(is)
    }

    /// Whether a header or query parameter proves who the sender is, and so cannot become a field:
    /// no secret enters a flow's input.
    pub(crate) fn seals(&self, name: &str) -> bool {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        SEALED.into_iter().any(is) || self.proofs.iter().any(|proof| is(proof))
    }

    /// A query with hidden values replaced; the rest stays as it came, byte for byte.
    pub(crate) fn query<'r>(&self, query: &'r str) -> Cow<'r, str> {
        let hidden = |pair: &str| self.hides(&name_of(pair));
        if !query.split('&').any(hidden) {
            return Cow::Borrowed(query);
        }
        let shown = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name, _)) if hidden(pair) => Cow::Owned(format!("{name}={HIDDEN}")),
            _ => Cow::Borrowed(pair),
        });
        Cow::Owned(shown.collect::<Vec<_>>().join("&"))
    }
}

/// The decoded name of an undecoded pair: `to%6ben` names what `token` names.
fn name_of(pair: &str) -> Cow<'_, str> {
    form_urlencoded::parse(pair.as_bytes()).next().map_or(Cow::Borrowed(""), |(name, _)| name)
}

/// Whether one of the words is in the name, in any case. One pass: this is asked of every header.
fn has_word(name: &[u8]) -> bool {
    name.iter().enumerate().any(|(at, first)| {
        let begins = |word: &&str| {
            name[at..].get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
        };
        words(*first).iter().any(begins)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redaction() -> Redaction {
        Redaction::new(vec!["x-proof".into(), "k".into()], &["X-Internal".into()])
    }

    #[test]
    fn hides_what_may_be_a_secret() {
        let hidden = [
            "authorization",
            "proxy-authorization",
            "cookie",
            "x-gitlab-token",
            "webhook-signature",
            "X-API-Key",
            "client_secret",
            "x-proof",
            "x-internal",
            "X-INTERNAL",
        ];
        for name in hidden {
            assert!(redaction().hides(name), "{name}");
        }
        for name in ["content-type", "webhook-id", "user-agent", "accept", "x-request-id", "", "toke"] {
            assert!(!redaction().hides(name), "{name}");
        }
    }

    #[test]
    fn seals_only_what_proves_the_sender() {
        assert!(redaction().seals("Authorization") && redaction().seals("x-proof") && redaction().seals("K"));
        assert!(!redaction().seals("page_token") && !redaction().seals("x-internal"));
    }

    #[test]
    fn a_body_is_shown_without_the_proofs_in_it() {
        let texts =
            ["0123456789abcdef", "another proof of 24 bytes"].map(|text| Secret::from(text.to_owned()));
        let redaction = redaction().with_texts(texts.into());
        let shown = |body: &str| String::from_utf8(redaction.body(body.as_bytes()).into_owned()).unwrap();
        assert_eq!(shown(""), "");
        assert_eq!(shown("0123456789abcde"), "0123456789abcde");
        assert_eq!(shown("a0123456789abcdefb0123456789abcdef"), "a***b***");
        assert_eq!(shown("0123456789abcdef another proof of 24 bytes."), "*** ***.");
        // Many of them take no longer than their bytes.
        assert_eq!(shown(&"0123456789abcdef".repeat(65_536)), "***".repeat(65_536));
    }

    #[test]
    fn a_query_stays_as_it_came_but_for_its_secrets() {
        let query = |query| redaction().query(query).into_owned();
        assert_eq!(query("a=%E4%BD&b=1+2&&x"), "a=%E4%BD&b=1+2&&x");
        assert_eq!(query("a=%20&token=abc&to%6ben=d=e&k=1&token"), "a=%20&token=***&to%6ben=***&k=***&token");
    }
}
