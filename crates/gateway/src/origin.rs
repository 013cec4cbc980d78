//! Where a field or a dedupe key comes from: `body.data.items[0].sku`, `query.x`, `header.x-y`,
//! `path.order_id`, `form.x`.

mod step;

use std::borrow::Cow;

use flow::{Leniency, Path};
use http::{HeaderMap, HeaderName};
use serde_json::Value;

pub(crate) use self::step::{Step, steps};
use self::step::{find, take};
use crate::{
    Error,
    body::Parsed,
    content::header_text,
    error::did_you_mean,
    pairs::{Pairs, one_or_many},
    redaction::Redaction,
    tail::{Parameters, Template},
};

/// A place in a request.
#[derive(Debug)]
pub(crate) enum Origin {
    /// In the JSON body; no steps for the whole body, which may be text.
    Body(Vec<Step>),
    /// In the query; the whole of it without a name.
    Query(Option<String>, Vec<Step>),
    /// In the form; the whole of it without a name.
    Form(Option<String>, Vec<Step>),
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
            ("header", Some(name)) => match name.parse() {
                Ok(name) => Ok(Self::Header(name, steps.collect())),
                Err(_) => Err(wrong(
                    format!("`{name}` is no name for a header."),
                    "Write it like `header.x-request-id`.".to_owned(),
                )),
            },
            ("path", Some(name)) => Self::parameter(&name, steps.next().is_none(), template)
                .map_err(|(reason, suggestion)| wrong(reason, suggestion)),
            ("header" | "path", None) => {
                Err(wrong(format!("`{from}` lacks a name."), format!("Write it like `{place}.name`.")))
            }
            (other, _) => {
                // A mistyped word is near a known one; else `body` was most likely left out.
                let known = ["body", "query", "header", "path", "form"];
                let near = known.iter().find(|known| strsim::damerau_levenshtein(other, known) <= 1);
                Err(wrong(
                    format!("`{other}` is no part of a request: body, query, header, path and form are."),
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
            (Self::Named(name), Parsed::Json(root)) => root.get_mut(name).map(Value::take).map(strict),
            _ => self.text(parts).map(|value| (value, Leniency::FromText)),
        }
    }

    /// The value at this place, left where it is.
    pub(crate) fn peek<'p>(&self, parts: &'p Parts) -> Option<Cow<'p, Value>> {
        match (self, &parts.body) {
            (Self::Body(steps), Parsed::Json(root)) => find(root, steps).map(Cow::Borrowed),
            _ => self.text(parts).map(Cow::Owned),
        }
    }

    /// The value at a place that holds text.
    fn text(&self, parts: &Parts) -> Option<Value> {
        let seals = |name: &str| parts.redaction.seals(name);
        match (self, &parts.body) {
            (Self::Body(steps), Parsed::Text(text)) if steps.is_empty() => Some(Value::from(*text)),
            (Self::Query(None, _), _) => Some(parts.query.object(seals)),
            (Self::Query(Some(name), rest), _) => take(&mut parts.query.value(name)?, rest),
            (Self::Form(None, _), Parsed::Form(form)) => Some(form.object(|_| false)),
            (Self::Form(Some(name), rest), Parsed::Form(form)) => take(&mut form.value(name)?, rest),
            (Self::Header(name, rest), _) => {
                let values = parts.headers.get_all(name).iter();
                let values = values.map(|value| header_text(value).into());
                take(&mut one_or_many(values)?, rest)
            }
            (Self::Parameter(position), _) => {
                parts.parameters.get(*position).map(|value| Value::from(value.as_ref()))
            }
            (Self::Named(name), Parsed::Form(form)) => form.value(name),
            (Self::Named(name), Parsed::Nothing) if !seals(name) => parts.query.value(name),
            _ => None,
        }
    }

    /// Whether taking the value from one place would leave the other without its own.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Body(ours), Self::Body(theirs)) => ours.starts_with(theirs) || theirs.starts_with(ours),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
