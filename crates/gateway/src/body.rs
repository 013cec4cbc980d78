//! Reading a body as its content type says.

use std::str;

use http::{HeaderMap, header};
use percent_encoding::percent_decode;
use serde_json::Value;

use crate::{Code, Refused, pairs::Pairs};

/// A body that was understood.
#[derive(Debug)]
pub(crate) enum Parsed<'r> {
    /// There was none.
    Nothing,
    /// Any JSON value. Of a key that comes twice in an object, the last value counts.
    Json(Value),
    /// A URL-encoded form.
    Form(Pairs<'r>),
    /// Text.
    Text(&'r str),
}

/// What a content type says of the body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Json,
    Form,
    Text,
    Bytes,
    Multipart,
    Other,
}

/// The most pairs of a form; each takes many times the memory of its bytes.
const MAX_PAIRS: usize = 10_000;

impl<'r> Parsed<'r> {
    /// Reads a body. Without a content type it must be JSON, which nearly all webhooks are. `opened_as` is the
    /// content type of a body that was encrypted, of which the headers say nothing.
    pub(crate) fn read(
        headers: &HeaderMap,
        opened_as: Option<&'static str>,
        body: &'r [u8],
    ) -> Result<Self, Refused> {
        if body.is_empty() {
            return Ok(Self::Nothing);
        }
        if let Some(content_type) = opened_as {
            return Self::read_as(content_type, body);
        }
        if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            return Err(unsupported("The body is compressed; this source takes it only uncompressed."));
        }
        let said = headers.get(header::CONTENT_TYPE).map_or(Ok("application/json"), |said| said.to_str());
        Self::read_as(said.map_err(|_| unsupported("`Content-Type` is not plain text."))?, body)
    }

    /// Takes values out of a JSON body, and leaves null in their places.
    pub(crate) fn without(&mut self, places: &[&str]) {
        let Self::Json(root) = self else { return };
        for place in places {
            if let Some(value) = place.split('.').try_fold(&mut *root, |value, key| value.get_mut(key)) {
                *value = Value::Null;
            }
        }
    }

    fn read_as(said: &str, body: &'r [u8]) -> Result<Self, Refused> {
        let (media_type, parameters) = said.split_once(';').unwrap_or((said, ""));
        let kind = kind(&media_type.trim().to_ascii_lowercase());
        if matches!(kind, Kind::Json | Kind::Form | Kind::Text) && !is_utf8(parameters) {
            return Err(unsupported("The body is in another character set than UTF-8."));
        }
        match kind {
            Kind::Json => json(body),
            Kind::Form => form(body),
            Kind::Text => str::from_utf8(body).map(Self::Text).map_err(|error| not_utf8(error.valid_up_to())),
            Kind::Bytes => str::from_utf8(body).map(Self::Text).map_err(|_| {
                unsupported("The body is binary; this source takes bytes only when they are text.")
            }),
            Kind::Multipart => Err(unsupported(
                "Multipart bodies and files are not taken by this version; send JSON, a URL-encoded form or text.",
            )),
            Kind::Other => {
                Err(unsupported("`Content-Type` names neither JSON, nor a URL-encoded form, nor text."))
            }
        }
    }

    /// What the body is, in the words of field types.
    pub(crate) fn describe(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Form(_) | Self::Json(Value::Object(_)) => "object",
            Self::Json(Value::Array(_)) => "array",
            Self::Json(Value::Null) => "null",
            Self::Json(Value::Bool(_)) => "boolean",
            Self::Json(Value::Number(_)) => "number",
            Self::Text(_) | Self::Json(Value::String(_)) => "string",
        }
    }
}

fn kind(media_type: &str) -> Kind {
    match media_type {
        "" | "application/json" | "text/json" => Kind::Json,
        "application/x-www-form-urlencoded" => Kind::Form,
        "application/xml" | "application/yaml" | "application/x-yaml" | "application/x-ndjson" => Kind::Text,
        "application/octet-stream" => Kind::Bytes,
        other if other.ends_with("+json") => Kind::Json,
        other if other.starts_with("multipart/") => Kind::Multipart,
        other if other.starts_with("text/") || other.ends_with("+xml") => Kind::Text,
        _ => Kind::Other,
    }
}

/// Whether the parameters of a content type name UTF-8, a part of it, or nothing.
fn is_utf8(parameters: &str) -> bool {
    let charset =
        parameters.split(';').filter_map(|parameter| parameter.split_once('=')).find_map(|(name, value)| {
            name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
        });
    let known = ["utf-8", "utf8", "us-ascii", "ascii"];
    charset.is_none_or(|charset| known.iter().any(|name| charset.eq_ignore_ascii_case(name)))
}

fn json(body: &[u8]) -> Result<Parsed<'_>, Refused> {
    // Some senders begin with a byte order mark, which RFC 8259 lets a reader ignore.
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    serde_json::from_slice(body).map(Parsed::Json).map_err(|error| {
        // serde_json's words for syntax repeat nothing of the text, and end with line and column.
        malformed(format!("The body is not valid JSON: {error}."))
    })
}

fn form(body: &[u8]) -> Result<Parsed<'_>, Refused> {
    if body.split(|byte| *byte == b'&').nth(MAX_PAIRS).is_some() {
        return Err(malformed(format!("The form has more than {MAX_PAIRS} fields.")));
    }
    percent_decode(body).decode_utf8().map_err(|error| not_utf8(error.valid_up_to()))?;
    Ok(Parsed::Form(Pairs::parse(body)))
}

fn not_utf8(at: usize) -> Refused {
    malformed(format!("The body is not UTF-8 from its byte {at} on, escapes counted as one."))
}

fn malformed(detail: String) -> Refused {
    Refused::new(Code::BodyMalformed, detail)
}

fn unsupported(detail: &'static str) -> Refused {
    Refused::new(Code::ContentTypeUnsupported, detail)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read<'r>(content_type: &str, body: &'r [u8]) -> Result<Parsed<'r>, Refused> {
        let mut headers = HeaderMap::new();
        if !content_type.is_empty() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
        }
        Parsed::read(&headers, None, body)
    }

    fn refusal(content_type: &str, body: &[u8]) -> (Code, String) {
        let refused = read(content_type, body).unwrap_err();
        (refused.code, refused.detail.into_owned())
    }

    #[test]
    fn any_json_value_is_taken() {
        for content_type in
            ["", "application/json", "Application/JSON ; charset=\"UTF-8\"", "application/cloudevents+json"]
        {
            for (text, value) in [("[1]", json!([1])), ("\u{FEFF}null", json!(null)), ("\"x\"", json!("x"))] {
                let parsed = read(content_type, text.as_bytes()).unwrap();
                assert!(matches!(&parsed, Parsed::Json(v) if *v == value), "{content_type} {parsed:?}");
            }
        }
        assert!(matches!(read("application/json", b"").unwrap(), Parsed::Nothing));
        let Parsed::Json(value) = read("", br#"{"a":1,"b":2,"a":3}"#).unwrap() else { panic!("no JSON") };
        assert_eq!(value, json!({"a": 3, "b": 2}), "the last of two equal keys counts");
    }

    #[test]
    fn broken_json_is_placed_and_not_repeated() {
        let (code, detail) = refusal("application/json", b"{\"secret\":\n tru}");
        assert_eq!(code, Code::BodyMalformed);
        assert_eq!(detail, "The body is not valid JSON: expected ident at line 2 column 5.");
        let (_, detail) = refusal("", &b"[".repeat(100_000));
        assert!(detail.contains("recursion limit exceeded at line 1 column 128"), "{detail}");
        assert_eq!(refusal("", b"{\"a\":\"\xff\"}").0, Code::BodyMalformed);
    }

    #[test]
    fn forms_and_text_are_utf8() {
        let Parsed::Form(pairs) = read("application/x-www-form-urlencoded", b"a=1&b=%E4%BD%A0").unwrap()
        else {
            panic!("no form")
        };
        assert_eq!(pairs.value("b"), Some(json!("你")));
        let (code, detail) = refusal("application/x-www-form-urlencoded", b"a=%ff");
        assert_eq!((code, detail.contains("byte 2")), (Code::BodyMalformed, true));
        let many = "a&".repeat(MAX_PAIRS);
        assert!(refusal("application/x-www-form-urlencoded", many.as_bytes()).1.contains("10000"));
        for content_type in
            ["text/plain", "text/xml; charset=utf-8", "image/svg+xml", "application/octet-stream"]
        {
            assert!(matches!(read(content_type, "你".as_bytes()).unwrap(), Parsed::Text("你")));
        }
        assert_eq!(refusal("text/plain", b"\xff").0, Code::BodyMalformed);
    }

    #[test]
    fn what_is_not_taken_says_why() {
        let detail = |content_type| {
            let (code, detail) = refusal(content_type, b"\xff");
            assert_eq!(code, Code::ContentTypeUnsupported, "{content_type}");
            detail
        };
        assert!(detail("multipart/form-data; boundary=x").contains("Multipart"));
        assert!(detail("application/octet-stream").contains("binary"));
        assert!(detail("application/pdf").contains("neither JSON"));
        assert!(detail("application/json; charset=gbk").contains("character set"));
        assert!(detail("text/plain; Charset = iso-8859-1").contains("character set"));
        let headers = HeaderMap::from_iter([(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))]);
        assert!(Parsed::read(&headers, None, b"x").unwrap_err().detail.contains("compressed"));
    }

    proptest! {
        #[test]
        fn takes_or_refuses_any_body(
            content_type in "(application/(json|x-www-form-urlencoded|octet-stream)|text/plain|[ -~]{0,20})",
            body in any::<Vec<u8>>(),
        ) {
            if let Err(refused) = read(&content_type, &body) {
                prop_assert!(matches!(refused.code, Code::BodyMalformed | Code::ContentTypeUnsupported));
            }
        }
    }
}
