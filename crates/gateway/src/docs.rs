//! What a sender needs to know of a source: its documentation as a value, which a page and an OpenAPI document are made
//! of. It holds no secret, and no more of the configuration than a sender meets.

mod changes;
mod example;
mod openapi;
mod proof;
mod replies;
mod samples;

use flow::{Field, FieldType, Fields};
use serde::Serialize;
use serde_json::Value;

use self::{example::Call, proof::Proof};
use crate::{Config, Source};

pub use changes::{FieldChanges, changes};
pub use samples::Sample;

/// A text in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are the languages'")]
pub struct Text {
    pub en: String,
    pub zh: String,
}

/// A source's documentation.
#[derive(Clone, Debug, Serialize)]
pub struct Docs {
    /// The source's name.
    pub title: String,
    /// The number of the flow's version.
    pub version: u32,
    /// Where requests go, with the path's parameters in braces.
    pub url: String,
    /// The methods it takes.
    pub methods: Vec<&'static str>,
    /// What the body is sent as; nothing when there is none.
    pub content_type: Option<&'static str>,
    /// The fields.
    pub fields: Vec<FieldDocs>,
    /// How a sender proves who it is, a step each.
    pub verification: Vec<Text>,
    /// What it is answered.
    pub replies: Vec<ReplyDocs>,
    /// What is refused, and what to do about it.
    pub problems: Vec<ProblemDocs>,
    /// The most that it takes, and how a repeated request is known.
    pub limits: Vec<Text>,
    /// Programs that send an example.
    pub samples: Vec<Sample>,
    #[serde(skip)]
    openapi: Value,
}

/// One field.
#[derive(Clone, Debug, Serialize)]
pub struct FieldDocs {
    /// What the flow calls it.
    pub name: String,
    /// Its type.
    pub kind: String,
    /// Whether it must be there.
    pub required: bool,
    /// Where it stands in the request.
    pub place: String,
    /// What it means.
    pub description: Option<String>,
    /// A value as it may come, as JSON.
    pub example: Option<String>,
    /// What is taken when it is absent, as JSON.
    pub default: Option<String>,
    /// The only values allowed, each as JSON.
    pub one_of: Vec<String>,
    /// The most characters, or items.
    pub max_length: Option<usize>,
}

/// One answer.
#[derive(Clone, Debug, Serialize)]
pub struct ReplyDocs {
    /// The HTTP status.
    pub status: u16,
    /// When it comes, and what it says.
    pub meaning: Text,
    /// The body's type, if there is a body.
    pub content_type: Option<&'static str>,
    /// A body as it may come.
    pub example: Option<String>,
}

/// One refusal.
#[derive(Clone, Debug, Serialize)]
pub struct ProblemDocs {
    /// The HTTP status.
    pub status: u16,
    /// The stable code.
    pub code: &'static str,
    /// What to do.
    pub advice: Text,
}

/// A field of the source, or an input that comes by its own name.
struct Documented<'s> {
    name: &'s str,
    field: Field,
    place: String,
}

impl Docs {
    /// The documentation of a source under its name and URL, for a version of its flow with these inputs.
    pub fn of(source: &Source, (inputs, version): (&Fields, u32), title: &str, url: &str) -> Self {
        let config = source.config();
        let fields = documented(config, inputs);
        let proof = Proof::of(&config.verification);
        let call = Call::of(config, &fields, url);
        let replies = replies::replies(&config.reply);
        Self {
            title: title.to_owned(),
            version,
            url: config.path.as_ref().map_or_else(|| url.to_owned(), |path| format!("{url}/{path}")),
            methods: config.methods.iter().map(|method| method.as_str()).collect(),
            content_type: call.content_type(),
            openapi: openapi::document(config, &fields, &proof, (&call, &replies), (title, url, version)),
            fields: fields.iter().map(FieldDocs::of).collect(),
            verification: proof.recipe(),
            replies,
            problems: replies::problems(config),
            limits: replies::limits(source),
            samples: samples::samples(&call, &proof),
        }
    }

    /// The OpenAPI 3.1 document.
    pub const fn openapi(&self) -> &Value {
        &self.openapi
    }
}

/// The fields with the descriptions of the flow's inputs, where their own say nothing.
fn documented<'s>(config: &'s Config, inputs: &'s Fields) -> Vec<Documented<'s>> {
    if config.fields.is_empty() {
        let by_name = |(name, input): (&'s String, &Field)| Documented {
            name,
            field: input.clone(),
            place: crate::infer::names::quoted(&["body".to_owned(), name.clone()]),
        };
        return inputs.iter().filter(|(_, input)| input.kind != FieldType::File).map(by_name).collect();
    }
    let declared = |(name, declared): (&'s String, &crate::SourceField)| {
        let mut field = declared.field();
        if let Some(input) = inputs.get(name) {
            field.description = field.description.or_else(|| input.description.clone());
            field.example = field.example.or_else(|| input.example.clone());
            field.one_of = field.one_of.or_else(|| input.one_of.clone());
            field.max_length = field.max_length.or(input.max_length);
            field.default = field.default.or_else(|| input.default.clone());
        }
        Documented { name, field, place: declared.from.to_string() }
    };
    config.fields.iter().map(declared).collect()
}

impl FieldDocs {
    fn of(documented: &Documented<'_>) -> Self {
        let Documented { name, field, place } = documented;
        let json = |value: &Option<Value>| value.as_ref().map(Value::to_string);
        Self {
            name: (*name).to_owned(),
            kind: field.kind.to_string(),
            required: field.required && field.default.is_none(),
            place: place.clone(),
            description: field.description.clone(),
            example: json(&field.example),
            default: json(&field.default),
            one_of: field.one_of.iter().flatten().map(Value::to_string).collect(),
            max_length: field.max_length,
        }
    }
}

impl Text {
    pub(crate) fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }
}

#[cfg(test)]
mod tests;
