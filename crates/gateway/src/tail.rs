//! What follows a source's URL: `orders/{order_id}`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::Error;

/// A path template. The default takes the bare URL only.
#[derive(Debug, Default)]
pub(crate) struct Template(Vec<Segment>);

#[derive(Debug)]
enum Segment {
    Literal(String),
    Parameter(String),
}

/// The decoded values of a template's parameters, in its order.
pub(crate) type Parameters<'r> = Vec<Cow<'r, str>>;

impl Template {
    /// Reads a template: segments between slashes, each a literal or one `{name}`.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |reason: String| {
            Error::config("path", "wrong_form", reason, "Write it like `orders/{order_id}`.".to_owned())
        };
        let mut segments: Vec<Segment> = Vec::new();
        for text in text.trim_matches('/').split('/') {
            let name = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            let segment = match name {
                Some(name) if is_name(name) => Segment::Parameter(name.to_owned()),
                None if !text.is_empty() && !text.contains(['{', '}', '?', '#', '%']) => {
                    Segment::Literal(text.to_owned())
                }
                _ => return Err(wrong(format!("`{text}` is neither a plain word nor `{{name}}`."))),
            };
            if let Segment::Parameter(name) = &segment
                && segments.iter().any(|other| matches!(other, Segment::Parameter(other) if other == name))
            {
                return Err(wrong(format!("`{{{name}}}` is there twice.")));
            }
            segments.push(segment);
        }
        Ok(Self(segments))
    }

    /// The parameters of a path that came, undecoded, with or without its first slash; `None` when the
    /// path is another. A parameter is never empty.
    pub(crate) fn read<'r>(&self, tail: &'r str) -> Option<Parameters<'r>> {
        let tail = tail.strip_prefix('/').unwrap_or(tail);
        if self.0.is_empty() {
            return tail.is_empty().then(Vec::new);
        }
        let mut came = tail.split('/');
        let mut parameters = Vec::new();
        for segment in &self.0 {
            // What is no text would be one and the same replacement character, whatever came.
            let value = percent_decode_str(came.next()?).decode_utf8().ok()?;
            match segment {
                Segment::Literal(literal) if *literal == value => {}
                Segment::Parameter(_) if !value.is_empty() => parameters.push(value),
                _ => return None,
            }
        }
        came.next().is_none().then_some(parameters)
    }

    /// The parameters' names, in order.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|segment| match segment {
            Segment::Literal(_) => None,
            Segment::Parameter(name) => Some(name.as_str()),
        })
    }
}

fn is_name(text: &str) -> bool {
    let starts_well = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    starts_well && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_parameters_after_splitting() {
        let template = Template::parse("/orders/{order_id}/lines/{line}").unwrap();
        assert_eq!(template.parameters().collect::<Vec<_>>(), ["order_id", "line"]);
        assert_eq!(template.read("orders/a%2Fb/lines/%E4%BD%A0").unwrap(), ["a/b", "你"]);
        assert_eq!(template.read("/orders/7/lines/1").unwrap(), ["7", "1"]);
        let others = [
            "",
            "/",
            "orders/7",
            "orders//lines/1",
            "orders/7/lines/",
            "orders/7/lines/1/",
            "Orders/7/lines/1",
            "orders/%ff/lines/1",
        ];
        for other in others {
            assert_eq!(template.read(other), None, "{other}");
        }
    }

    #[test]
    fn without_a_template_only_the_bare_url_is_taken() {
        let bare = Template::default();
        assert!(bare.read("").is_some() && bare.read("/").is_some());
        assert!(bare.read("x").is_none() && bare.read("//").is_none());
    }

    #[test]
    fn says_what_is_wrong() {
        for wrong in ["", "/", "a//b", "{}", "{1a}", "a{b}", "{a}/{a}", "a?b", "a%20b", "{a b}"] {
            let said = Template::parse(wrong).unwrap_err().to_string();
            assert!(said.contains("orders/{order_id}"), "{wrong}: {said}");
        }
    }

    proptest! {
        #[test]
        fn takes_any_path(tail in ".{0,60}") {
            let template = Template::parse("a/{b}").unwrap();
            if let Some(parameters) = template.read(&tail) {
                prop_assert_eq!(parameters.len(), 1);
            }
        }
    }
}
