//! Media types.

/// How a body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Json,
    Form,
    Multipart,
    Text,
    Xml,
    /// As the bytes it is: whatever is not known.
    Bytes,
}

/// The longest name of a media type (RFC 6838: 127 characters each side of the slash).
const MAX_NAME: usize = 255;

/// What a `Content-Type` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MediaType<'t> {
    /// Type and subtype in lower case, such as `text/csv`.
    name: String,
    parameters: &'t str,
}

impl<'t> MediaType<'t> {
    pub(crate) fn parse(content_type: &'t str) -> Self {
        let (name, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
        Self { name: name.trim().to_ascii_lowercase(), parameters }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self.name.as_str() {
            "" | "application/json" | "text/json" => Kind::Json,
            "application/x-www-form-urlencoded" => Kind::Form,
            "multipart/form-data" => Kind::Multipart,
            "application/xml" | "text/xml" => Kind::Xml,
            "application/yaml" | "application/x-yaml" | "application/x-ndjson" => Kind::Text,
            // A drawing is a file, however it is written.
            "image/svg+xml" => Kind::Bytes,
            other if other.ends_with("+json") => Kind::Json,
            other if other.ends_with("+xml") => Kind::Xml,
            other if other.starts_with("text/") => Kind::Text,
            _ => Kind::Bytes,
        }
    }

    /// The character set that it names.
    pub(crate) fn charset(&self) -> Option<&'t str> {
        let mut pairs = self.parameters.split(';').filter_map(|parameter| parameter.split_once('='));
        pairs.find_map(|(name, value)| {
            name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
        })
    }

    /// Whether it names UTF-8, a part of it, or no character set.
    pub(crate) fn is_utf8(&self) -> bool {
        let known = ["utf-8", "utf8", "us-ascii", "ascii"];
        self.charset().is_none_or(|charset| known.iter().any(|name| charset.eq_ignore_ascii_case(name)))
    }

    /// Its name, if it can be one: what is told of a file goes into headers and pages.
    pub(crate) fn into_name(self) -> Option<String> {
        is_name(&self.name).then_some(self.name)
    }
}

/// Whether some text is a type and a subtype, as RFC 6838 lets them be written.
pub(crate) fn is_name(text: &str) -> bool {
    let is_token = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphanumeric())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c))
    };
    text.len() <= MAX_NAME
        && text.split_once('/').is_some_and(|(kind, name)| is_token(kind) && is_token(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names_and_no_more() {
        for good in ["text/plain", "application/vnd.ms-excel", "image/svg+xml", "a/b"] {
            assert!(is_name(good), "{good}");
        }
        for bad in
            ["", "text", "text/", "/plain", "text/pl ain", "text/plain\r\nx: y", "a/b/c", "*/*", "text/<b>"]
        {
            assert!(!is_name(bad), "{bad}");
        }
        assert!(!is_name(&format!("a/{}", "b".repeat(MAX_NAME))));
        let media_type = MediaType::parse(" Text/Plain ; Charset = \"GBK\"; x=y");
        assert_eq!((media_type.charset(), media_type.is_utf8()), (Some("GBK"), false));
        assert_eq!(media_type.into_name().as_deref(), Some("text/plain"));
    }
}
