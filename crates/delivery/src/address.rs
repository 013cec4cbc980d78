//! Where a destination is, and how much of that may be shown.

mod template;

use http::Method;
use outbound::Endpoint;
use url::{Position, Url};

use crate::{Error, redact::HIDDEN};
pub(crate) use template::Template;

/// A part of a secret address's path that is as long as this is a secret by itself; shorter ones are words.
const TOKEN: usize = 16;

/// The longest address, in bytes.
const LONGEST: usize = 4096;

/// An address that can be called, and how it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) url: Url,
    pub(crate) shown: String,
    /// The parts of it that are secret, as they go over the wire.
    pub(crate) secrets: Vec<String>,
}

impl Address {
    /// An address that every member may see; `field` is where it was written.
    pub(crate) fn open(field: &str, text: &str) -> Result<Self, Error> {
        let url = parse(field, text)?;
        Ok(Self { shown: url[..Position::AfterQuery].to_owned(), url, secrets: Vec::new() })
    }

    /// An address whose path or query lets in whoever knows it; only its host is shown.
    pub(crate) fn secret(field: &str, text: &str) -> Result<Self, Error> {
        let url = parse(field, text)?;
        let mut secrets = vec![url[Position::BeforePath..Position::AfterQuery].to_owned()];
        secrets.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
        // Signatures often need encoding, and proxies repeat them so.
        let raw = url.query().into_iter().flat_map(|query| query.split(['&', '=']));
        secrets.extend(raw.filter(|part| part.contains('%')).map(str::to_owned));
        let tokens = url.path().split('/').filter(|segment| segment.len() >= TOKEN);
        secrets.extend(tokens.map(str::to_owned));
        let shown = format!("{}/{HIDDEN}", &url[..Position::BeforePath]);
        Ok(Self { url, shown, secrets })
    }

    /// Where calls of it connect to.
    pub(crate) fn endpoint(&self) -> Endpoint {
        let host = self.url.host_str().unwrap_or_default().to_owned();
        let port = self.url.port_or_known_default().unwrap_or_default();
        Endpoint { host, port, secure: self.url.scheme() == "https" }
    }

    /// A secret address whose query has this parameter, and once.
    pub(crate) fn with_query(mut self, name: &str, value: &str) -> Self {
        let rest: Vec<(String, String)> =
            self.url.query_pairs().into_owned().filter(|(known, _)| known != name).collect();
        self.url.query_pairs_mut().clear().extend_pairs(rest).append_pair(name, value);
        self
    }

    /// The same with a query parameter whose value is a secret.
    pub(crate) fn with_secret_query(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        let query = self.url.query().unwrap_or_default();
        let (rest, encoded) = query.rsplit_once('=').unwrap_or((query, ""));
        if self.secrets.is_empty() {
            self.shown = format!("{}?{rest}={HIDDEN}", &self.url[..Position::AfterPath]);
        }
        self.secrets.extend([value.to_owned(), encoded.to_owned()]);
        self
    }
}

fn parse(field: &str, text: &str) -> Result<Url, Error> {
    let wrong =
        |reason: String| Error::config(field, reason).suggest("Write it like https://example.com/hook.");
    if text.len() > LONGEST {
        return Err(wrong(format!("the address is longer than {LONGEST} bytes.")));
    }
    let url = Url::parse(text.trim()).map_err(|error| wrong(format!("it is not an address: {error}.")))?;
    if !url.username().is_empty() || url.password().is_some() {
        let error = Error::config(field, "the address carries credentials, which would be shown.");
        return Err(error.suggest("Set them as `auth` instead."));
    }
    outbound::Request::new(Method::POST, url.as_str()).map_err(|error| wrong(format!("{error}.")))?;
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_address_is_shown_whole() {
        let address = Address::open("url", " https://Example.com/a?b=c#part ").unwrap();
        assert_eq!(address.shown, "https://example.com/a?b=c");
        let with = address.with_secret_query("token", "p&ss wörd");
        assert_eq!(with.url.as_str(), "https://example.com/a?b=c&token=p%26ss+w%C3%B6rd#part");
        assert_eq!(with.shown, "https://example.com/a?b=c&token=•••");
        assert_eq!(with.secrets, ["p&ss wörd", "p%26ss+w%C3%B6rd"]);
    }

    #[test]
    fn a_secret_address_shows_its_host_only() {
        let address = Address::secret("secrets.url", "https://robot.example:8443/send?key=abc-def").unwrap();
        assert_eq!(address.shown, "https://robot.example:8443/•••");
        assert_eq!(address.secrets, ["/send?key=abc-def", "abc-def"]);
        assert_eq!(address.with_secret_query("t", "x").shown, "https://robot.example:8443/•••");
        let address = Address::secret("secrets.url", "https://a.example/hooks/12/0123456789abcdef").unwrap();
        assert_eq!(address.secrets, ["/hooks/12/0123456789abcdef", "0123456789abcdef"]);
        let signed = Address::secret("secrets.url", "https://a.example/in?sig=a%2Bb%3D").unwrap();
        assert_eq!(signed.secrets, ["/in?sig=a%2Bb%3D", "a+b=", "a%2Bb%3D"]);
        let waiting = address.with_query("wait", "false").with_query("a", "b c").with_query("wait", "true");
        assert_eq!(waiting.url.query(), Some("a=b+c&wait=true"));
    }

    #[test]
    fn what_cannot_be_called_is_refused_without_being_repeated() {
        for wrong in [
            "",
            "example.com/hook",
            "ftp://example.com/hunter2",
            "https://",
            "https://user:hunter2@example.com/",
            "https://example.com:0/hunter2",
            "javascript:hunter2",
            &format!("https://example.com/hunter2{}", "x".repeat(LONGEST)),
        ] {
            let said = Address::secret("secrets.url", wrong).unwrap_err().to_string();
            assert!(said.starts_with("secrets.url: ") && !said.contains("hunter2"), "{said}");
        }
    }
}
