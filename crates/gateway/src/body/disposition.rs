//! The name of a file in `Content-Disposition` (RFC 6266, RFC 7578).

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030};
use percent_encoding::percent_decode_str;

/// The file's name, if there is one: of `filename*` rather than of `filename`. Bytes that are no UTF-8 are read as
/// GB18030, which senders in China write that name nothing else.
pub(crate) fn file_name(disposition: &[u8]) -> Option<String> {
    let text = match std::str::from_utf8(disposition) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => GB18030.decode_without_bom_handling(disposition).0,
    };
    let mut plain = None;
    let mut rest = text.split_once(';')?.1;
    while let Some((name, value, after)) = parameter(rest) {
        if name.eq_ignore_ascii_case("filename*") {
            return Some(extended(&value));
        }
        if name.eq_ignore_ascii_case("filename") {
            plain.get_or_insert(value);
        }
        rest = after;
    }
    plain
}

/// The next parameter: its name, its value, and what comes after. A backslash escapes a quote alone, since some write
/// whole paths of Windows.
fn parameter(text: &str) -> Option<(&str, String, &str)> {
    let (name, value) = text.split_once('=')?;
    let name = name.trim_matches([' ', '\t', ';']);
    let value = value.trim_start();
    let Some(quoted) = value.strip_prefix('"') else {
        let (value, after) = value.split_once(';').unwrap_or((value, ""));
        return Some((name, value.trim().to_owned(), after));
    };
    let is_end = |at: &usize| !quoted[..*at].ends_with('\\');
    let end = quoted.match_indices('"').map(|(at, _)| at).find(is_end).unwrap_or(quoted.len());
    let after = quoted[end..].split_once(';').map_or("", |(_, after)| after);
    Some((name, quoted[..end].replace("\\\"", "\""), after))
}

/// `UTF-8''%E4%BD%A0.pdf` (RFC 8187).
fn extended(value: &str) -> String {
    let mut parts = value.splitn(3, '\'');
    let (Some(charset), Some(_), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
        return percent_decode_str(value).decode_utf8_lossy().into_owned();
    };
    let bytes: Vec<u8> = percent_decode_str(name).collect();
    let charset = Encoding::for_label(charset.as_bytes()).unwrap_or(encoding_rs::UTF_8);
    charset.decode_without_bom_handling(&bytes).0.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for (header, name) in [
            ("form-data; name=\"a\"; filename=\"b c.txt\"", Some("b c.txt")),
            ("form-data; name=\"a\"", None),
            ("form-data; name=\"x; filename=no\"; filename=yes.txt", Some("yes.txt")),
            ("attachment; FileName = \"a\\\"b;c.txt\"; x=y", Some("a\"b;c.txt")),
            ("form-data; filename=\"C:\\dir\\b.txt\"", Some("C:\\dir\\b.txt")),
            ("form-data; filename=\"x.pdf\"; filename*=UTF-8''%E4%BD%A0.pdf", Some("你.pdf")),
            ("form-data; filename*=utf-8''a%20b", Some("a b")),
            ("form-data; filename*=gbk''%C4%E3.txt", Some("你.txt")),
            ("form-data; filename=\"\"", Some("")),
            ("form-data; filename=\"open", Some("open")),
            ("filename=a", None),
        ] {
            assert_eq!(file_name(header.as_bytes()).as_deref(), name, "{header}");
        }
        let gbk = [&b"form-data; filename=\""[..], &GB18030.encode("简历.pdf").0, b"\""].concat();
        assert_eq!(file_name(&gbk).as_deref(), Some("简历.pdf"));
    }
}
