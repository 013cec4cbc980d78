use std::cmp::Ordering;

use engine::{NodeError, StepContext};
use flow::Dynamic;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// An expression, a comparison, or several joined.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Condition {
    /// Every one must hold.
    All {
        /// The conditions.
        all: Vec<Condition>,
    },
    /// At least one must hold.
    Any {
        /// The conditions.
        any: Vec<Condition>,
    },
    /// A value compared with another.
    Comparison(Comparison),
    /// An expression: `{{ input.amount > 100 }}`.
    Expression(Dynamic),
}

/// A value compared with another.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Comparison {
    /// The value.
    value: Dynamic,
    /// How it is compared.
    is: Operator,
    /// What it is compared with; not for `empty` and its like.
    #[serde(default)]
    to: Option<Dynamic>,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Operator {
    /// The same JSON.
    Equal,
    /// Not the same JSON.
    NotEqual,
    /// A greater number, or a later text in the order of its characters.
    Greater,
    /// Greater or the same.
    AtLeast,
    /// A smaller number, or an earlier text.
    Less,
    /// Smaller or the same.
    AtMost,
    /// A text with this in it, or a list with this among its items.
    Contains,
    /// A text without this, or a list without it.
    NotContains,
    /// A text that begins so.
    StartsWith,
    /// A text that ends so.
    EndsWith,
    /// One of a list.
    OneOf,
    /// Null, or a text, list or object with nothing in it.
    Empty,
    /// Something.
    NotEmpty,
}

impl Condition {
    pub(super) fn holds(&self, context: &StepContext) -> Result<bool, NodeError> {
        match self {
            Self::All { all } => all.iter().try_fold(true, |held, one| Ok(held && one.holds(context)?)),
            Self::Any { any } => any.iter().try_fold(false, |held, one| Ok(held || one.holds(context)?)),
            Self::Comparison(comparison) => comparison.holds(context),
            Self::Expression(expression) => Ok(is_true(&context.json(expression)?)),
        }
    }
}

impl Comparison {
    fn holds(&self, context: &StepContext) -> Result<bool, NodeError> {
        let value = context.json(&self.value)?;
        let to = self.to.as_ref().map_or(Ok(Value::Null), |to| context.json(to))?;
        let order = || order(&value, &to);
        let held = match self.is {
            Operator::Equal => Some(is_equal(&value, &to)),
            Operator::NotEqual => Some(!is_equal(&value, &to)),
            Operator::Greater => order().map(Ordering::is_gt),
            Operator::AtLeast => order().map(Ordering::is_ge),
            Operator::Less => order().map(Ordering::is_lt),
            Operator::AtMost => order().map(Ordering::is_le),
            Operator::Contains => contains(&value, &to),
            Operator::NotContains => contains(&value, &to).map(|held| !held),
            Operator::StartsWith => value.as_str().zip(to.as_str()).map(|(value, to)| value.starts_with(to)),
            Operator::EndsWith => value.as_str().zip(to.as_str()).map(|(value, to)| value.ends_with(to)),
            Operator::OneOf => contains(&to, &value),
            Operator::Empty => Some(is_empty(&value)),
            Operator::NotEmpty => Some(!is_empty(&value)),
        };
        held.ok_or_else(|| {
            let message =
                format!("{} cannot be compared by `{:?}` with {}", kind(&value), self.is, kind(&to));
            NodeError::permanent("not_comparable", message)
        })
    }
}

/// What counts as true: as in templates, everything but null, false, zero and what is empty.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(held) => *held,
        Value::Number(number) => number.as_f64() != Some(0.0),
        other => !is_empty(other),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Numbers are the same when their values are, however they are written.
fn is_equal(a: &Value, b: &Value) -> bool {
    a == b || (a.is_number() && b.is_number() && order(a, b) == Some(Ordering::Equal))
}

fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
        },
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

fn contains(whole: &Value, part: &Value) -> Option<bool> {
    match (whole, part) {
        (Value::String(whole), Value::String(part)) => Some(whole.contains(part.as_str())),
        (Value::Array(items), part) => Some(items.iter().any(|item| is_equal(item, part))),
        (Value::Null, _) => Some(false),
        _ => None,
    }
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_true_empty_and_equal() {
        for (value, truth) in [
            (json!(null), false),
            (json!(0), false),
            (json!(0.0), false),
            (json!(""), false),
            (json!([]), false),
        ] {
            assert_eq!(is_true(&value), truth, "{value}");
        }
        for value in [json!(1), json!("false"), json!([0]), json!(true)] {
            assert!(is_true(&value), "{value}");
        }
        assert!(is_equal(&json!(1), &json!(1.0)) && !is_equal(&json!("1"), &json!(1)));
        assert_eq!(order(&json!(i64::MAX), &json!(i64::MAX - 1)), Some(Ordering::Greater));
        assert_eq!(order(&json!("1"), &json!(2)), None);
        assert_eq!(contains(&json!(["a", 1.0]), &json!(1)), Some(true));
        assert_eq!(contains(&json!(null), &json!("x")), Some(false));
        assert_eq!(contains(&json!(12), &json!(1)), None);
    }
}
