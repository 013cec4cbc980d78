//! What a connection string says of TLS. The driver knows only some of these words, so they are taken out of the string
//! before it reads the rest.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The words of libpq for TLS, as they stand in the string.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// `sslmode`: how much of TLS is wanted.
    pub(super) mode: Option<String>,
    /// `sslrootcert`: the file of the authorities to trust, or `system`.
    pub(super) authorities: Option<String>,
    /// `sslcert`: the file of the certificate by which this client says who it is.
    pub(super) certificate: Option<String>,
    /// `sslkey`: the file of its key.
    pub(super) key: Option<String>,
}

/// Gives the words, and the string without them. A string in no known form is left to the driver, which says what is
/// wrong with it.
pub(super) fn take_out(text: &str) -> (Cow<'_, str>, Words) {
    let is_url = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
    let taken = if is_url { of_url(text) } else { of_pairs(text) };
    taken.map_or_else(|| (text.into(), Words::default()), |(rest, words)| (rest.into(), words))
}

impl Words {
    /// Keeps a word of TLS; says whether it is one.
    fn take(&mut self, keyword: &str, value: &str) -> bool {
        let place = match keyword {
            "sslmode" => &mut self.mode,
            "sslrootcert" => &mut self.authorities,
            "sslcert" => &mut self.certificate,
            "sslkey" => &mut self.key,
            _ => return false,
        };
        // As in libpq, the last one counts, and an empty one is none.
        *place = Some(value.to_owned()).filter(|value| !value.is_empty());
        true
    }
}

/// `postgres://user:password@host/database?keyword=value&…`
fn of_url(text: &str) -> Option<(String, Words)> {
    // A question mark before the @ is part of the password.
    let credentials = text.find('@').map_or(0, |at| at + 1);
    let (credentials, rest) = text.split_at_checked(credentials)?;
    let (address, query) = rest.split_once('?')?;
    let mut words = Words::default();
    let mut others = Vec::new();
    for pair in query.split('&') {
        let (keyword, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !words.take(keyword, &percent_decode_str(value).decode_utf8().ok()?) {
            others.push(pair);
        }
    }
    let mark = if others.is_empty() { "" } else { "?" };
    Some((format!("{credentials}{address}{mark}{}", others.join("&")), words))
}

/// `keyword=value keyword='quoted value' …`
fn of_pairs(text: &str) -> Option<(String, Words)> {
    let mut words = Words::default();
    let mut others = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (keyword, after) = rest.split_once('=')?;
        let (value, after) = value(after.trim_start())?;
        if !words.take(keyword.trim_end(), &value) {
            let quoted = value.replace('\\', "\\\\").replace('\'', "\\'");
            others.push(format!("{keyword}='{quoted}'"));
        }
        rest = after.trim_start();
    }
    Some((others.join(" "), words))
}

/// The value that a text begins with, and what follows it. A backslash takes the next letter as it is.
fn value(text: &str) -> Option<(String, &str)> {
    let quoted = text.strip_prefix('\'');
    let mut letters = quoted.unwrap_or(text).chars();
    let mut value = String::new();
    loop {
        let before = letters.as_str();
        match (letters.next(), quoted) {
            (Some('\''), Some(_)) => return Some((value, letters.as_str())),
            (None, Some(_)) => return None,
            (None, None) => return Some((value, before)),
            (Some(letter), None) if letter.is_whitespace() => return Some((value, before)),
            (Some('\\'), _) => value.extend(letters.next()),
            (Some(letter), _) => value.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio_postgres::Config;

    use super::*;

    fn words(mode: &str, authorities: &str) -> Words {
        Words { mode: Some(mode.into()), authorities: Some(authorities.into()), ..Words::default() }
    }

    #[test]
    fn a_url_keeps_all_else() {
        let url = "postgres://ann:p?ss@here,there:5433/db?sslmode=verify-full&options=-c%20a%3Db&sslrootcert=/a%20b.pem&connect_timeout=3";
        let (rest, taken) = take_out(url);
        assert_eq!(rest, "postgres://ann:p?ss@here,there:5433/db?options=-c%20a%3Db&connect_timeout=3");
        assert_eq!(taken, words("verify-full", "/a b.pem"));
        let (rest, taken) = take_out("postgresql://here?sslcert=c.pem&sslkey=k.pem");
        assert_eq!(rest, "postgresql://here");
        let certificate =
            Words { certificate: Some("c.pem".into()), key: Some("k.pem".into()), ..Words::default() };
        assert_eq!(taken, certificate);
        for whole in ["postgres://ann@here/db", "postgres://ann@here/db?user=x"] {
            assert_eq!(take_out(whole), (whole.into(), Words::default()));
        }
    }

    #[test]
    fn pairs_keep_all_else() {
        let pairs =
            r"host=here sslmode = 'verify-ca'  password='it\'s \\ one' sslrootcert=/a\ b.pem user = ann";
        let (rest, taken) = take_out(pairs);
        assert_eq!(taken, words("verify-ca", "/a b.pem"));
        let read: Config = rest.parse().unwrap();
        let same: Config = r"host=here password='it\'s \\ one' user=ann".parse().unwrap();
        assert!(read == same, "{rest}");
        assert_eq!(take_out("host=here sslmode=''").1, Words::default(), "an empty one is none");
    }

    #[test]
    fn what_is_malformed_is_left_to_the_driver() {
        for malformed in ["host=here password='open", "nothing", "postgres://here?sslmode=%ff"] {
            assert_eq!(take_out(malformed), (malformed.into(), Words::default()));
            assert!(malformed.parse::<Config>().is_err());
        }
    }
}
