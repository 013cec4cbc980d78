//! The flow's inputs out of a request.

use flow::{Field, FieldProblem, FieldType, Fields, Leniency};
use indexmap::IndexMap;
use serde_json::{Map, Value};

mod pinned;

use crate::{
    Code, Error, Refused, SourceField,
    body::{Parsed, xml},
    error::did_you_mean,
    origin::{Origin, Parts},
    redaction::Redaction,
    tail::Template,
};

/// How a request becomes the flow's input.
#[derive(Debug)]
pub(crate) struct Mapping {
    fields: Vec<Mapped>,
    /// Whether the body's own keys are the fields.
    by_name: bool,
}

#[derive(Debug)]
struct Mapped {
    name: String,
    field: Field,
    origin: Origin,
    /// Whether no later field needs what this one takes.
    moves: bool,
    /// The type of one item, for fields that are arrays of a type.
    item: Option<Field>,
    /// The flow's own inputs, where they ask for more than the field does: those of the version that is served, and of
    /// the one that runs.
    inputs: Vec<Field>,
    /// Whether the version that runs has no such input.
    is_dropped: bool,
}

impl Mapping {
    /// Maps the source's fields to the flow's inputs, and finds out now what would fail every request.
    pub(crate) fn compile(
        fields: &IndexMap<String, SourceField>,
        inputs: &Fields,
        template: &Template,
        redaction: &Redaction,
    ) -> Result<Self, Error> {
        if fields.is_empty() {
            return Self::by_name(inputs);
        }
        let mut mapped = Vec::with_capacity(inputs.len());
        for (name, declared) in fields {
            let input = inputs.get(name).ok_or_else(|| unknown(name, inputs))?;
            let from = format!("fields.{name}.from");
            let origin = Origin::compile(&from, &declared.from, template, redaction)?;
            mapped.push(Mapped::new(name, declared, input, origin)?);
        }
        for (name, input) in inputs.iter().filter(|(name, _)| !fields.contains_key(*name)) {
            if input.required && input.default.is_none() {
                let reason = format!("the flow requires `{name}`, which the source does not provide.");
                let suggestion = format!("Add `{name}` with its `from`.");
                return Err(Error::config("fields", "input_missing", reason, suggestion));
            }
            mapped.push(Mapped::unmapped(name, input.clone(), Origin::Nowhere));
        }
        for at in 0..mapped.len() {
            mapped[at].moves =
                !mapped[at + 1..].iter().any(|later| later.origin.overlaps(&mapped[at].origin));
        }
        Ok(Self { fields: mapped, by_name: false })
    }

    fn by_name(inputs: &Fields) -> Result<Self, Error> {
        let mut fields = Vec::with_capacity(inputs.len());
        for (name, input) in inputs {
            let origin = match FileKind::of(&input.kind) {
                None => Origin::Named(name.clone()),
                Some(FileKind::One | FileKind::Several) => Origin::File(name.clone(), Vec::new()),
                Some(FileKind::Nested) => return Err(nested_files(format!("fields.{name}"), name)),
            };
            fields.push(Mapped::unmapped(name, input.clone(), origin));
        }
        Ok(Self { fields, by_name: true })
    }

    /// The names of the flow's inputs.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.fields.iter().filter(|mapped| !mapped.is_dropped).map(|mapped| mapped.name.as_str()).collect()
    }

    /// Whether a field takes the body as a file.
    pub(crate) fn takes_body_as_file(&self) -> bool {
        self.fields.iter().any(|mapped| matches!(mapped.origin, Origin::BodyFile))
    }

    /// The flow's input, complete and checked.
    ///
    /// # Errors
    /// Every field that does not fit.
    pub(crate) fn take(&self, parts: &mut Parts) -> Result<Map<String, Value>, Refused> {
        if self.by_name && !self.fields.is_empty() && !parts.body.has_names() {
            return Err(not_an_object(&parts.body));
        }
        let mut input = Map::with_capacity(self.fields.len());
        let mut errors = Vec::new();
        for mapped in &self.fields {
            match mapped.take(parts) {
                Ok(Some(value)) if !mapped.is_dropped => drop(input.insert(mapped.name.clone(), value)),
                Ok(_) => {}
                Err(problem) => errors.push(problem),
            }
        }
        if errors.is_empty() { Ok(input) } else { Err(refused(errors)) }
    }
}

impl Mapped {
    fn new(name: &str, declared: &SourceField, input: &Field, origin: Origin) -> Result<Self, Error> {
        let field = declared.field();
        let at = |key: &str| format!("fields.{name}.{key}");
        let origin = match (FileKind::of(&field.kind), origin) {
            (Some(FileKind::Nested), _) => return Err(nested_files(at("type"), name)),
            (Some(FileKind::One), Origin::Body(steps)) if steps.is_empty() => Origin::BodyFile,
            (Some(FileKind::One | FileKind::Several), Origin::File(part, steps)) => Origin::File(part, steps),
            (Some(_), _) => {
                let reason = "a file comes in a part of a form, or is the whole body.";
                let suggestion = "Write `file.` and the name of the part, or `body`.";
                return Err(Error::config(at("from"), "wrong_origin", reason, suggestion));
            }
            (None, Origin::Body(steps)) if steps.is_empty() && field.kind == FieldType::String => {
                Origin::BodyText
            }
            (None, origin) => origin,
        };
        if !fits(&field.kind, &input.kind) {
            let reason = format!("the flow's input is of type `{}`, not `{}`.", input.kind, field.kind);
            return Err(Error::config(at("type"), "wrong_type", reason, format!("Write `{}`.", input.kind)));
        }
        if input.required && input.default.is_none() && !field.required && field.default.is_none() {
            let reason = "the flow requires the input, so the source must.";
            let suggestion = "Set `required: true`, or give a `default`.";
            return Err(Error::config(at("required"), "input_required", reason, suggestion));
        }
        if field.default.is_some() {
            let fits = |field: &Field, value| field.take(name, value, Leniency::Strict);
            fits(&field, None).and_then(|value| fits(input, value)).map_err(|problem| {
                let reason = format!("the default is {}, not {}.", problem.got, problem.expected);
                Error::config(at("default"), "wrong_default", reason, "Give one that fits, or none.")
            })?;
        }
        let inputs = asks_more(input, &field).then(|| input.clone()).into_iter().collect();
        Ok(Self { inputs, ..Self::unmapped(name, field, origin) })
    }

    fn unmapped(name: &str, field: Field, origin: Origin) -> Self {
        let item = match &field.kind {
            FieldType::Array(Some(item)) => Some(Field::of(item.as_ref().clone())),
            _ => None,
        };
        Self {
            name: name.to_owned(),
            field,
            origin,
            moves: true,
            item,
            inputs: Vec::new(),
            is_dropped: false,
        }
    }

    fn take(&self, parts: &mut Parts) -> Result<Option<Value>, FieldProblem> {
        let (value, leniency) = match self.origin.take(parts, self.moves) {
            None => (None, Leniency::Strict),
            Some((value, Leniency::Strict)) => (Some(value), Leniency::Strict),
            Some((value, Leniency::FromText)) => (Some(self.list(value)?), Leniency::FromText),
        };
        let value = value.map(|value| self.shaped(value, parts));
        if value.is_none() && self.is_not_text(parts) {
            let (code, got) = ("wrong_type".to_owned(), "bytes that are not UTF-8".to_owned());
            let (field, expected) = (self.name.clone(), self.field.kind.to_string());
            return Err(FieldProblem { field, code, expected, got });
        }
        let value = self.field.take(&self.name, value, leniency)?;
        self.inputs.iter().try_fold(value, |value, input| input.take(&self.name, value, Leniency::Strict))
    }

    /// Whether the field wants the text of a body that is none.
    fn is_not_text(&self, parts: &Parts) -> bool {
        let whole = match &self.origin {
            Origin::Body(steps) => steps.is_empty(),
            origin => matches!(origin, Origin::BodyText),
        };
        whole && matches!(parts.body, Parsed::Bytes(_))
    }

    /// The value in the shape of the field's type, where it does not show how many there may be: one file, or one
    /// element of XML, for an array; an element with attributes for its text.
    fn shaped(&self, value: Value, parts: &Parts) -> Value {
        let is_xml = matches!(parts.body, Parsed::Xml(..))
            && matches!(self.origin, Origin::Body(_) | Origin::Named(_));
        let is_file = matches!(self.origin, Origin::File(..));
        match (&self.field.kind, &value) {
            (FieldType::Array(_), Value::Object(_)) if is_xml || is_file => Value::Array(vec![value]),
            (FieldType::Array(_) | FieldType::Object | FieldType::Any, _) => value,
            (_, Value::Object(_)) if is_xml => xml::text(value),
            _ => value,
        }
    }

    /// For a field that is an array: a lone text becomes an array of one, unless it is written as JSON;
    /// each item is read as its type.
    fn list(&self, value: Value) -> Result<Value, FieldProblem> {
        let items = match (&self.field.kind, value) {
            (FieldType::Array(_), Value::String(text)) if !text.trim_start().starts_with('[') => {
                vec![Value::String(text)]
            }
            (FieldType::Array(_), Value::Array(items)) => items,
            (_, other) => return Ok(other),
        };
        let Some(item) = &self.item else { return Ok(Value::Array(items)) };
        let read = |(position, value)| {
            let taken = item.take(&self.name, Some(value), Leniency::FromText);
            let named = |problem| FieldProblem { field: format!("{}[{position}]", self.name), ..problem };
            taken.map(Option::unwrap_or_default).map_err(named)
        };
        items.into_iter().enumerate().map(read).collect()
    }
}

/// Whether an input must be looked at behind a field that fits its type.
fn asks_more(input: &Field, field: &Field) -> bool {
    input.kind != field.kind
        || input.default.is_some()
        || (input.max_length.is_some() && input.max_length != field.max_length)
        || (input.one_of.is_some() && input.one_of != field.one_of)
}

/// Whether every value of one type is a value of the other.
fn fits(from: &FieldType, to: &FieldType) -> bool {
    match (from, to) {
        (_, FieldType::Any)
        | (FieldType::Integer, FieldType::Number)
        | (FieldType::DateTime, FieldType::String)
        | (FieldType::Array(_), FieldType::Array(None)) => true,
        (FieldType::Array(Some(from)), FieldType::Array(Some(to))) => fits(from, to),
        _ => from == to,
    }
}

/// How a type holds files.
#[derive(Clone, Copy)]
enum FileKind {
    One,
    Several,
    /// In arrays of arrays, which no request can have.
    Nested,
}

impl FileKind {
    fn of(kind: &FieldType) -> Option<Self> {
        match kind {
            FieldType::File => Some(Self::One),
            FieldType::Array(Some(item)) => Self::of(item).map(|kind| match kind {
                Self::One => Self::Several,
                Self::Several | Self::Nested => Self::Nested,
            }),
            _ => None,
        }
    }
}

fn nested_files(field: String, name: &str) -> Error {
    let reason = format!("`{name}` is an array of arrays of files, and a request has no such thing.");
    Error::config(field, "files_nested", reason, "Write `array<file>`.")
}

fn unknown(name: &str, inputs: &Fields) -> Error {
    let reason = format!("the flow has no input `{name}`.");
    let known = inputs.keys().map(String::as_str);
    let suggestion = did_you_mean(name, known).unwrap_or_else(|| "Add it to the flow's inputs.".to_owned());
    Error::config(format!("fields.{name}"), "unknown_input", reason, suggestion)
}

fn not_an_object(body: &Parsed) -> Refused {
    let problem = FieldProblem {
        field: "body".to_owned(),
        code: "wrong_type".to_owned(),
        expected: "object".to_owned(),
        got: body.describe().to_owned(),
    };
    let detail =
        "The source declares no fields, so the body must be an object whose keys are the flow's inputs.";
    Refused { errors: vec![problem], ..Refused::new(Code::FieldInvalid, detail) }
}

fn refused(errors: Vec<FieldProblem>) -> Refused {
    let detail = match errors.as_slice() {
        [one] => format!("The field `{}` does not fit.", one.field),
        several => format!("{} fields do not fit.", several.len()),
    };
    Refused { errors, ..Refused::new(Code::FieldInvalid, detail) }
}

#[cfg(test)]
mod tests;
