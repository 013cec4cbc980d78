//! Where a field or a dedupe key comes from: `body.data.items[0].sku`, `query.x`, `header.x-y`,
//! `path.order_id`, `form.x`, `file.x`.

mod step;

use std::borrow::Cow;

use flow::{Leniency, Path};
use http::{HeaderMap, HeaderName};
use serde_json::Value;

pub(crate) use self::step::{Step, steps};
use self::step::{find, take};
use crate::{
    Error,
    body::{Parsed, xml},
    content::header_text,
    error::did_you_mean,
    files::Upload,
    pairs::{Pairs, one_or_many},
    redaction::Redaction,
    tail::{Parameters, Template},
};

/// A place in a request.
#[derive(Debug)]
pub(crate) enum Origin {
    /// In the JSON or XML of the body; no steps for the whole body, which may be text.
    Body(Vec<Step>),
    /// The body as text: XML as it came, not what it says.
    BodyText,
    /// The body as a file.
    BodyFile,
    /// In the query; the whole of it without a name.
    Query(Option<String>, Vec<Step>),
    /// In the form; the whole of it without a name.
    Form(Option<String>, Vec<Step>),
    /// A file of the form, by the name of its part, or something of what is known of it.
    File(String, Vec<Step>),
    /// In a header.
    Header(HeaderName, Vec<Step>),
    /// A parameter of the path, by its position in the template.
    Parameter(usize),
    /// Under this name, in the JSON object or the form in the body, or, when there is no body, in the
    /// query.
    Named(String),
    /// Nowhere: the field takes its default.
    Nowhere,
}

/// A request's parts, as fields see them.
#[derive(Debug)]
pub(crate) struct Parts<'r> {
    pub(crate) body: Parsed<'r>,
    /// The body as a file, where a field or the record takes it as one.
    pub(crate) whole: Option<Upload>,
    pub(crate) query: Pairs<'r>,
    pub(crate) headers: &'r HeaderMap,
    pub(crate) parameters: &'r Parameters<'r>,
    pub(crate) redaction: &'r Redaction,
}

impl Origin {
    /// Reads a `from`. `field` is where it stands, for the error.
    pub(crate) fn compile(
        field: &str,
        from: &Path,
        template: &Template,
        redaction: &Redaction,
    ) -> Result<Self, Error> {
        let wrong =
            |reason: String, suggestion: String| Error::config(field, "wrong_origin", reason, suggestion);
        let mut steps = steps(from).into_iter();
        let Some(Step::Key(place)) = steps.next() else {
            let suggestion = "Write it like `body.data.items[0].sku`.".to_owned();
            return Err(wrong(format!("`{from}` names no part of the request."), suggestion));
        };
        if place == "body" {
            return Ok(Self::Body(steps.collect()));
        }
        let name = match steps.next() {
            None => None,
            Some(Step::Key(name)) => Some(name),
            Some(Step::Index(_)) => {
                return Err(wrong(
                    format!("`{from}` lacks a name before the index."),
                    format!("Write it like `{place}.name[0]`."),
                ));
            }
        };
        let sealed = matches!(place.as_str(), "query" | "header")
            && name.as_deref().is_some_and(|name| redaction.seals(name));
        if sealed {
            let reason = format!("`{from}` proves who the sender is and cannot become part of an input.");
            let suggestion = "Let the sender put the value in another place as well.".to_owned();
            return Err(wrong(reason, suggestion));
        }
        match (place.as_str(), name) {
            ("query", name) => Ok(Self::Query(name, steps.collect())),
            ("form", name) => Ok(Self::Form(name, steps.collect())),
            ("file", Some(name)) => Ok(Self::File(name, steps.collect())),
            ("header", Some(name)) => match name.parse() {
                Ok(name) => Ok(Self::Header(name, steps.collect())),
                Err(_) => Err(wrong(
                    format!("`{name}` is no name for a header."),
                    "Write it like `header.x-request-id`.".to_owned(),
                )),
            },
            ("path", Some(name)) => Self::parameter(&name, steps.next().is_none(), template)
                .map_err(|(reason, suggestion)| wrong(reason, suggestion)),
            ("header" | "path" | "file", None) => {
                Err(wrong(format!("`{from}` lacks a name."), format!("Write it like `{place}.name`.")))
            }
            (other, _) => {
                // A mistyped word is near a known one; else `body` was most likely left out.
                let known = ["body", "query", "header", "path", "form", "file"];
                let near = known.iter().find(|known| strsim::damerau_levenshtein(other, known) <= 1);
                Err(wrong(
                    format!(
                        "`{other}` is no part of a request: body, query, header, path, form and file are."
                    ),
                    near.map_or_else(
                        || format!("Did you mean `body.{from}`?"),
                        |near| format!("Did you mean `{near}`?"),
                    ),
                ))
            }
        }
    }

    /// A parameter of the path, or why there is none and what to write.
    fn parameter(name: &str, ends: bool, template: &Template) -> Result<Self, (String, String)> {
        if !ends {
            let reason = format!("the path's parameter `{name}` is text and has no parts.");
            return Err((reason, format!("Write `path.{name}`.")));
        }
        let position = template.parameters().position(|known| known == name);
        position.map(Self::Parameter).ok_or_else(|| {
            let suggestion = did_you_mean(name, template.parameters());
            let suggestion = suggestion.unwrap_or_else(|| format!("Put `{{{name}}}` into `path`."));
            (format!("the path has no parameter `{name}`."), suggestion)
        })
    }

    /// The value at this place, and how strictly it must have its type. One that `moves` is taken out
    /// of the body, so that nothing is copied.
    pub(crate) fn take(&self, parts: &mut Parts, moves: bool) -> Option<(Value, Leniency)> {
        let strict = |value| (value, Leniency::Strict);
        match (self, &mut parts.body) {
            (Self::Body(steps), Parsed::Json(root)) if moves => take(root, steps).map(strict),
            (Self::Body(steps), Parsed::Json(root)) => find(root, steps).cloned().map(strict),
            (Self::BodyText, Parsed::Json(root)) => {
                Some(strict(if moves { root.take() } else { root.clone() }))
            }
            (Self::Named(name), Parsed::Json(root)) => root.get_mut(name).map(Value::take).map(strict),
            (Self::BodyFile | Self::File(..), _) => self.text(parts).map(strict),
            _ => self.text(parts).map(|value| (value, Leniency::FromText)),
        }
    }

    /// The value at this place, left where it is.
    pub(crate) fn peek<'p>(&self, parts: &'p Parts) -> Option<Cow<'p, Value>> {
        match (self, &parts.body) {
            (Self::Body(steps), Parsed::Json(root)) => find(root, steps).map(Cow::Borrowed),
            (Self::Body(steps), Parsed::Xml(root, _)) => xml::find(root, steps).map(Cow::Borrowed),
            _ => self.text(parts).map(Cow::Owned),
        }
    }

    /// The value at a place that holds text, or what is known of a file.
    fn text(&self, parts: &Parts) -> Option<Value> {
        let seals = |name: &str| parts.redaction.seals(name);
        match (self, &parts.body) {
            (Self::Body(steps), Parsed::Xml(root, _)) => xml::find(root, steps).cloned(),
            (Self::Body(steps), body) if steps.is_empty() => body.text().map(Value::from),
            (Self::BodyText, body) => body.text().map(Value::from),
            (Self::BodyFile, _) => parts.whole.as_ref().map(|upload| upload.file.value()),
            (Self::File(name, rest), Parsed::Multipart(contents)) => {
                let named = contents.files.iter().filter(|upload| upload.part.as_ref() == Some(name));
                take(&mut one_or_many(named.map(|upload| upload.file.value()))?, rest)
            }
            (Self::Query(None, _), _) => Some(parts.query.object(seals)),
            (Self::Query(Some(name), rest), _) => take(&mut parts.query.value(name)?, rest),
            (Self::Form(None, _), body) => body.form().map(|form| form.object(|_| false)),
            (Self::Form(Some(name), rest), body) => take(&mut body.form()?.value(name)?, rest),
            (Self::Header(name, rest), _) => {
                let values = parts.headers.get_all(name).iter();
                let values = values.map(|value| header_text(value).into());
                take(&mut one_or_many(values)?, rest)
            }
            (Self::Parameter(position), _) => {
                parts.parameters.get(*position).map(|value| Value::from(value.as_ref()))
            }
            (Self::Named(name), Parsed::Nothing) if !seals(name) => parts.query.value(name),
            (Self::Named(name), Parsed::Xml(root, _)) => root.get(name).cloned(),
            (Self::Named(name), body) => body.form()?.value(name),
            _ => None,
        }
    }

    /// Whether taking the value from one place would leave the other without its own.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Body(ours), Self::Body(theirs)) => ours.starts_with(theirs) || theirs.starts_with(ours),
            (Self::Body(_) | Self::BodyText, Self::Body(_) | Self::BodyText) => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
