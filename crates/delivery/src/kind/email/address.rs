//! Addresses of mail, as people write them. A text is one address, whatever stands in it: no value of a template adds a
//! recipient or a header.

use lettre::{Address, message};
use url::Host;

/// The longest text of one, in bytes: a name, and an address of at most 254.
const LONGEST: usize = 512;

/// Whom a mail is from or for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mailbox {
    name: Option<String>,
    address: Address,
}

/// Reads several; those that are empty are left out, so that a template may give none.
pub(super) fn read(texts: &[String]) -> Result<Vec<Mailbox>, String> {
    texts.iter().filter(|text| !text.trim().is_empty()).map(|text| Mailbox::read(text)).collect()
}

impl Mailbox {
    /// Reads `Name <address>`, or an address alone. Says why it cannot.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let shown = || text.chars().filter(|c| !c.is_control()).take(80).collect::<String>();
        if text.len() > LONGEST {
            return Err(format!("`{}…` is longer than {LONGEST} bytes", shown()));
        }
        let text = text.trim();
        if text.chars().any(char::is_control) {
            return Err(format!("`{}` holds a line break or another control character", shown()));
        }
        let (name, address) = match text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
            Some((name, address)) => (unquoted(name.trim()), address.trim()),
            None => (String::new(), text),
        };
        let (user, domain) =
            address.rsplit_once('@').ok_or_else(|| format!("`{}` is no address: it has no @", shown()))?;
        let domain = ascii(domain).ok_or_else(|| format!("`{}` has no domain after its @", shown()))?;
        let address = Address::new(user, domain).map_err(|_| format!("`{}` is not one address", shown()))?;
        Ok(Self { name: Some(name).filter(|name| !name.is_empty()), address })
    }

    /// The address alone.
    pub(super) fn address(&self) -> &str {
        self.address.as_ref()
    }

    /// What stands after the @.
    pub(super) fn domain(&self) -> &str {
        self.address.domain()
    }

    /// As a reader sees it.
    pub(super) fn shown(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} <{}>", self.address()),
            None => self.address().to_owned(),
        }
    }

    /// As a header holds it.
    pub(super) fn header(&self) -> message::Mailbox {
        message::Mailbox::new(self.name.clone(), self.address.clone())
    }
}

/// A domain in the form that every server understands.
fn ascii(domain: &str) -> Option<String> {
    if domain.starts_with('[') {
        return Some(domain.to_owned());
    }
    match Host::parse(domain).ok()? {
        Host::Domain(name) => Some(name),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

fn unquoted(name: &str) -> String {
    let inner = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.map_or_else(|| name.to_owned(), |inner| inner.replace("\\\"", "\"").replace("\\\\", "\\"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Mailbox::read(text).unwrap().shown()
    }

    #[test]
    fn names_and_addresses_as_people_write_them() {
        for (text, expected) in [
            ("ann@example.com", "ann@example.com"),
            (" <ann@example.com> ", "ann@example.com"),
            ("张三 <zhang@example.com>", "张三 <zhang@example.com>"),
            ("\"Lee, Ann\" <ann@example.com>", "Lee, Ann <ann@example.com>"),
            ("Lee, Ann <ann@example.com>", "Lee, Ann <ann@example.com>"),
            ("ann@bücher.example", "ann@xn--bcher-kva.example"),
            ("ann+tag@example.com", "ann+tag@example.com"),
            ("用户@example.com", "用户@example.com"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    #[test]
    fn a_text_is_one_address_and_no_more() {
        for wrong in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@example.com, bob@example.com",
            "ann@example.com;bob@example.com",
            "ann@example.com bob@example.com",
            "Ann <ann@example.com> <bob@example.com>, x",
            "ann@example.com\r\nBcc: bob@example.com",
            "Ann\r\nBcc: bob@example.com <ann@example.com>",
            "ann@exam\nple.com",
            "ann\0@example.com",
            "ann@example.com>\u{85}RCPT TO:<bob@example.com",
            &format!("{}@example.com", "a".repeat(600)),
        ] {
            assert!(Mailbox::read(wrong).is_err(), "{wrong:?}: {:?}", Mailbox::read(wrong));
        }
        let several = ["a@b.example".to_owned(), " ".to_owned(), String::new()];
        assert_eq!(read(&several).unwrap().len(), 1, "an empty one is none");
    }
}
