//! Which type some values have in common.

use flow::{Field, FieldType, Leniency};
use serde_json::Value;

/// The type of the values seen so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// None was seen but nulls.
    #[default]
    Unknown,
    /// This one.
    Is(FieldType),
    /// Arrays, whose items are of this one.
    Items(Box<Kind>),
    /// They have nothing in common.
    Mixed,
}

/// How a value is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Looks {
    /// It is JSON: it is what it is.
    AsIs,
    /// It is text, as all of a query, a form, a header or a path is: it is what it reads as.
    LikeText,
    /// It is what is known of a file.
    File,
}

impl Kind {
    pub(super) fn of(value: &Value, looks: Looks) -> Self {
        Self::Is(match value {
            Value::Null => return Self::Unknown,
            Value::Bool(_) => FieldType::Boolean,
            Value::Number(number) if number.is_f64() => FieldType::Number,
            Value::Number(_) => FieldType::Integer,
            Value::Object(_) if looks == Looks::File => FieldType::File,
            Value::Object(_) => FieldType::Object,
            Value::String(text) if looks == Looks::LikeText => read(text),
            Value::String(text) => of_text(text),
            Value::Array(items) => {
                let mut kind = Self::Unknown;
                for item in items {
                    kind.join(Self::of(item, looks));
                }
                return Self::Items(Box::new(kind));
            }
        })
    }

    /// What both have in common.
    pub(super) fn join(&mut self, other: Self) {
        *self = match (std::mem::take(self), other) {
            (Self::Unknown, kind) | (kind, Self::Unknown) => kind,
            (Self::Items(mut items), Self::Items(others)) => {
                items.join(*others);
                Self::Items(items)
            }
            (Self::Is(one), Self::Is(other)) => common(one, other).map_or(Self::Mixed, Self::Is),
            _ => Self::Mixed,
        };
    }

    pub(super) fn field_type(&self) -> FieldType {
        match self {
            Self::Unknown | Self::Mixed => FieldType::Any,
            Self::Is(kind) => kind.clone(),
            Self::Items(items) => FieldType::Array(match items.field_type() {
                FieldType::Any => None,
                kind => Some(Box::new(kind)),
            }),
        }
    }
}

fn common(one: FieldType, other: FieldType) -> Option<FieldType> {
    use FieldType::{DateTime, Integer, Number, String};
    match (one, other) {
        (one, other) if one == other => Some(one),
        (Integer | Number, Integer | Number) => Some(Number),
        (String, DateTime) | (DateTime, String) => Some(String),
        _ => None,
    }
}

fn of_text(text: &str) -> FieldType {
    let is_time = Field::of(FieldType::DateTime).take("", Some(text.into()), Leniency::Strict).is_ok();
    if is_time { FieldType::DateTime } else { FieldType::String }
}

/// What a text reads as. `007` and `+86…` stay text: a number would lose something of them.
fn read(text: &str) -> FieldType {
    if text == "true" || text == "false" {
        return FieldType::Boolean;
    }
    if text.parse::<i64>().is_ok_and(|number| number.to_string() == text) {
        return FieldType::Integer;
    }
    let is_number = text.contains('.') && text.parse::<f64>().is_ok_and(|number| number.to_string() == text);
    if is_number { FieldType::Number } else { of_text(text) }
}

/// An example as the field gives it to the flow: text that reads as the type is of the type.
pub(super) fn typed(example: &Value, kind: &FieldType) -> Value {
    let taken = Field::of(kind.clone()).take("", Some(example.clone()), Leniency::FromText);
    taken.ok().flatten().unwrap_or_else(|| example.clone())
}
