//! Fields out of example requests: what is in them, of which type, and whether it is always there.

mod kind;
pub(crate) mod names;

use std::collections::HashMap;

use bytes::Bytes;
use flow::{Field, Fields};
use indexmap::IndexMap;
use serde_json::Value;

use self::{
    kind::{Kind, Looks},
    names::{names, quoted},
};
use crate::{
    FileLimits, Part, RequestBody, RequestRecord, SourceField, Values,
    body::{Parsed, media::MediaType},
    content::HIDDEN,
    pairs::Pairs,
    redaction::Redaction,
    tail::Template,
};

/// The most fields that are found.
const MOST: usize = 200;

/// How deep objects are looked into; what lies deeper is a field as a whole.
const DEEPEST: usize = 6;

/// The longest example, in bytes of JSON.
const EXAMPLE: usize = 500;

/// The requests that are looked at.
const SAMPLES: usize = 20;

/// Fields as a source's configuration has them, and the inputs of a flow that they fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Inferred {
    /// By name: where each comes from, its type, whether every request had it, an example.
    pub fields: IndexMap<String, SourceField>,
    /// The same as a flow's inputs.
    pub inputs: Fields,
}

/// What is known of one place in the requests.
#[derive(Default)]
struct Seen {
    /// The names on the way to it.
    way: Vec<String>,
    kind: Kind,
    /// The requests in which it was there and not null.
    requests: usize,
    example: Option<Value>,
}

/// The places in the requests, by how a field's `from` is written.
#[derive(Default)]
struct Places(IndexMap<String, Seen>);

/// Finds the fields of requests, 20 at most: their bodies, queries, the headers that are not HTTP's own, and the
/// parameters of the path, by the source's template. What was hidden in them is none.
pub fn infer(samples: &[RequestRecord<'_>], path: Option<&str>) -> Inferred {
    let template = path.and_then(|path| Template::parse(path).ok()).unwrap_or_default();
    let samples = samples.get(..SAMPLES).unwrap_or(samples);
    let mut places = Places::default();
    for sample in samples {
        places.look_at(sample, &template);
    }
    places.fields(samples.len())
}

impl Places {
    fn look_at(&mut self, sample: &RequestRecord<'_>, template: &Template) {
        let redaction = Redaction::default();
        self.body(sample, &redaction);
        let query = sample.query.as_deref().unwrap_or_default();
        self.pairs("query", &Pairs::parse(query.as_bytes()), &redaction);
        for (name, values) in sample.headers.iter().filter(|(name, _)| !names::is_http(name)) {
            let texts: Vec<Value> = match values {
                Values::One(text) => vec![text.as_ref().into()],
                Values::Many(texts) => texts.iter().map(|text| text.as_ref().into()).collect(),
            };
            if !redaction.hides(name) && !texts.iter().any(|text| text == HIDDEN) {
                let value = crate::pairs::one_or_many(texts.into_iter()).unwrap_or_default();
                self.value(&["header".to_owned(), name.to_owned()], &value, Looks::LikeText);
            }
        }
        let parameters = template.read(&sample.path).unwrap_or_default();
        for (name, value) in template.parameters().zip(parameters) {
            self.value(&["path".to_owned(), name.to_owned()], &Value::from(value.as_ref()), Looks::LikeText);
        }
    }

    fn body(&mut self, sample: &RequestRecord<'_>, redaction: &Redaction) {
        let whole = ["body".to_owned()];
        match &sample.body {
            RequestBody::Text(text) => {
                let bytes = Bytes::copy_from_slice(text.as_bytes());
                match Parsed::read(&content_type(sample), &bytes, &FileLimits::default()) {
                    Ok(Parsed::Json(value) | Parsed::Xml(value, _)) => {
                        self.value(&whole, &value, Looks::AsIs);
                    }
                    Ok(Parsed::Form(pairs)) => self.pairs("form", &pairs, redaction),
                    Ok(Parsed::Text(text)) => self.value(&whole, &Value::from(text), Looks::AsIs),
                    // There is none, or nothing can be said of it.
                    _ => {}
                }
            }
            RequestBody::Parts(parts) => self.parts(parts, redaction),
            RequestBody::File(file) => self.value(&whole, &file.value(), Looks::File),
            RequestBody::Bytes(_) => {}
        }
    }

    /// A form in parts: its texts, and its files by their names.
    fn parts(&mut self, parts: &[Part<'_>], redaction: &Redaction) {
        let mut files: IndexMap<&str, Vec<Value>> = IndexMap::new();
        let texts = parts.iter().filter_map(|part| match part {
            Part::Text { name, text } => Some((name.to_string(), text.to_string())),
            Part::File { name, file } => {
                files.entry(name).or_default().push(file.value());
                None
            }
        });
        let texts: Pairs<'_> = texts.collect();
        self.pairs("form", &texts, redaction);
        for (name, values) in files {
            let value = crate::pairs::one_or_many(values.into_iter()).unwrap_or_default();
            self.value(&["file".to_owned(), name.to_owned()], &value, Looks::File);
        }
    }

    fn pairs(&mut self, part: &str, pairs: &Pairs<'_>, redaction: &Redaction) {
        let Value::Object(object) = pairs.object(|name| redaction.hides(name)) else { return };
        for (name, value) in object.iter().filter(|(_, value)| *value != HIDDEN) {
            self.value(&[part.to_owned(), name.clone()], value, Looks::LikeText);
        }
    }

    /// Notes a value, or what is in it.
    fn value(&mut self, way: &[String], value: &Value, looks: Looks) {
        if let Value::Object(object) = value
            && looks != Looks::File
            && !object.is_empty()
            && way.len() <= DEEPEST
        {
            for (key, inner) in object {
                self.value(&[way, std::slice::from_ref(key)].concat(), inner, looks);
            }
            return;
        }
        let from = quoted(way);
        if self.0.len() >= MOST && !self.0.contains_key(&from) {
            return;
        }
        let seen = self.0.entry(from).or_default();
        if seen.way.is_empty() {
            seen.way = way.to_vec();
        }
        seen.kind.join(Kind::of(value, looks));
        if !value.is_null() {
            seen.requests += 1;
            if seen.example.is_none() && value.to_string().len() <= EXAMPLE {
                seen.example = Some(value.clone());
            }
        }
    }

    fn fields(mut self, samples: usize) -> Inferred {
        // Null in one request and an object in another: what is in the object says it all.
        let inner: HashMap<String, bool> =
            self.0.keys().map(|from| (from.clone(), self.has_inner(from))).collect();
        self.0.retain(|from, _| !inner.get(from).copied().unwrap_or_default());
        let ways: Vec<&[String]> = self.0.values().map(|seen| seen.way.as_slice()).collect();
        let mut inferred = Inferred { fields: IndexMap::new(), inputs: Fields::new() };
        for (name, (from, seen)) in names(&ways).into_iter().zip(&self.0) {
            let Ok(from) = from.parse() else { continue };
            let (kind, required) = (seen.kind.field_type(), seen.requests == samples);
            let example = seen.example.as_ref().map(|example| kind::typed(example, &kind));
            let input = Field { required, example, ..Field::of(kind) };
            inferred.fields.insert(name.clone(), field(&input, from));
            inferred.inputs.insert(name, input);
        }
        inferred
    }

    fn has_inner(&self, from: &str) -> bool {
        let is_inner =
            |other: &String| other.strip_prefix(from).is_some_and(|rest| rest.starts_with(['.', '[']));
        self.0.keys().any(is_inner)
    }
}

fn field(input: &Field, from: flow::Path) -> SourceField {
    SourceField {
        kind: input.kind.clone(),
        from,
        required: input.required,
        default: None,
        max_length: None,
        one_of: None,
        description: None,
        example: input.example.clone(),
    }
}

/// What the request says of its body; a text that says nothing is recorded as JSON is.
fn content_type(sample: &RequestRecord<'_>) -> String {
    let said = sample.headers.get("content-type").and_then(|values| match values {
        Values::One(said) => MediaType::parse(said).into_name(),
        Values::Many(_) => None,
    });
    said.unwrap_or_else(|| "application/json".to_owned())
}

#[cfg(test)]
mod tests;
