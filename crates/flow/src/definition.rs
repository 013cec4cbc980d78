//! What a person wrote: a flow's YAML, parsed with its order kept.
//!
//! The YAML text itself is what is stored and exported, so comments and layout survive; a
//! [`Definition`] is how the product reads it, and [`Definition::to_yaml`] writes one anew.

use std::{collections::BTreeMap, fmt, str::FromStr};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Fields, NodeId, Problem, Span, problem::did_you_mean};

/// The value of the key `linchpin:` that says which language a file is in.
pub const FORMAT: &str = "flow/v1";

/// The longest flow text that is read, in bytes.
const MAX_TEXT: usize = 1 << 20;

/// A flow as it was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Always [`FORMAT`].
    pub linchpin: String,
    /// The flow's name in URLs, files and lists: lower case, digits and hyphens.
    pub name: String,
    /// What the flow does, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What a run takes in.
    #[serde(default)]
    pub inputs: Fields,
    /// The steps by id.
    pub nodes: IndexMap<NodeId, NodeDefinition>,
    /// How the steps follow each other: `start -> a -> b`, `a.failed -> c`.
    pub edges: Vec<String>,
    /// The run's results by name: constants, templates or whole expressions.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub outputs: Map<String, Value>,
    /// Where the console draws each node, apart from what the flow does.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub view: BTreeMap<String, (f64, f64)>,
}

/// One step's definition: the keys every kind has, and the kind's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeDefinition {
    /// The kind, `llm` or pinned `llm@1`.
    pub kind: KindName,
    /// The longest a try may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// How often a failed try is repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// What happens when the tries are used up.
    #[serde(default, skip_serializing_if = "OnFailure::is_fail")]
    pub on_failure: OnFailure,
    /// What the kind itself is told.
    #[serde(flatten)]
    pub config: Map<String, Value>,
}

/// A node kind's name, with its version once it is pinned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KindName {
    /// Such as `llm`.
    pub name: String,
    /// The version of the kind; `None` means the newest, while drafting.
    pub version: Option<u32>,
}

/// How a failed try is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Tries after the first; at most 20.
    pub max: u32,
    /// The pause before the first repeat.
    #[serde(default = "Retry::default_pause")]
    pub backoff: Span,
    /// How the pause grows.
    #[serde(default)]
    pub grow: Backoff,
}

/// How the pause between tries grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    /// Doubled each time, up to five minutes.
    #[default]
    Double,
    /// Always the same.
    Constant,
}

/// What happens when a step's tries are used up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// The run fails.
    #[default]
    Fail,
    /// The port `failed` is taken.
    Branch,
    /// The step succeeds with this output.
    Value(Value),
}

/// A flow's text that cannot be read at all, or that has the wrong form.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// More text than [`MAX_TEXT`].
    #[error("the flow's text has {0} bytes; at most {MAX_TEXT} are read")]
    TooLong(usize),
    /// The text is not YAML.
    #[error("the flow is not valid YAML: {0}")]
    Yaml(String),
    /// The YAML is not a flow.
    #[error("{0}")]
    Form(Problem),
    /// The definition could not be written as YAML.
    #[error("the flow could not be written as YAML")]
    Write(#[source] serde_saphyr::SerializeError),
}

impl Retry {
    const LONGEST_PAUSE_MS: u64 = 300_000;

    const fn default_pause() -> Span {
        Span::from_secs(1)
    }

    /// The pause before try `attempt` (the first repeat is try 2), without jitter.
    pub fn pause_before(&self, attempt: u32) -> Span {
        let base = self.backoff.as_millis();
        let pause = match self.grow {
            Backoff::Constant => base,
            Backoff::Double => {
                let doublings = attempt.saturating_sub(2).min(32);
                base.saturating_mul(1 << doublings).min(Self::LONGEST_PAUSE_MS.max(base))
            }
        };
        Span::from_millis(pause)
    }
}

impl OnFailure {
    fn is_fail(&self) -> bool {
        *self == Self::Fail
    }
}

impl Definition {
    /// Reads a flow's YAML.
    ///
    /// # Errors
    /// [`ParseError`] with the place and, for a mistyped key, a suggestion.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        if text.len() > MAX_TEXT {
            return Err(ParseError::TooLong(text.len()));
        }
        let value: Value = serde_saphyr::from_str(text).map_err(|error| {
            ParseError::Yaml(error.without_snippet().to_string().chars().take(500).collect())
        })?;
        Self::from_value(value)
    }

    /// Reads a flow that is already a JSON value.
    ///
    /// # Errors
    /// [`ParseError::Form`].
    pub fn from_value(value: Value) -> Result<Self, ParseError> {
        let definition: Self = serde_path_to_error::deserialize(value).map_err(|error| {
            let field = error.path().to_string();
            ParseError::Form(form_problem(field, &error.into_inner().to_string()))
        })?;
        if definition.linchpin == FORMAT {
            return Ok(definition);
        }
        let reason = format!("`{}` is a format this version does not read", definition.linchpin);
        let problem = Problem::flow("linchpin", "unknown_format", reason);
        Err(ParseError::Form(problem.suggest(Some(format!("Write `linchpin: {FORMAT}`.")))))
    }

    /// Writes the definition as YAML, in the order of its keys.
    ///
    /// # Errors
    /// [`ParseError::Write`], which no definition that was parsed gives.
    pub fn to_yaml(&self) -> Result<String, ParseError> {
        serde_saphyr::to_string(self).map_err(ParseError::Write)
    }
}

/// Turns serde's words into a problem with a suggestion.
fn form_problem(field: String, said: &str) -> Problem {
    let mut quoted = said.split('`').skip(1).step_by(2);
    if said.starts_with("unknown field") || said.starts_with("unknown variant") {
        let typed = quoted.next().unwrap_or_default();
        let suggestion = did_you_mean(typed, quoted.clone());
        let known = quoted.collect::<Vec<_>>().join(", ");
        let reason = format!("`{typed}` is not known here; known are {known}.");
        return Problem::flow(field, "unknown_key", reason).suggest(suggestion);
    }
    if said.starts_with("missing field") {
        let name = quoted.next().unwrap_or_default();
        return Problem::flow(field, "missing_key", format!("`{name}` is missing"));
    }
    Problem::flow(field, "wrong_form", said)
}

impl FromStr for KindName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, version) = match text.split_once('@') {
            None => (text, None),
            Some((name, version)) => {
                let version =
                    version.parse().map_err(|_| format!("`{text}`: the version after @ is no number"))?;
                (name, Some(version))
            }
        };
        Ok(Self { name: name.to_owned(), version })
    }
}

impl fmt::Display for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version {
            None => f.write_str(&self.name),
            Some(version) => write!(f, "{}@{version}", self.name),
        }
    }
}

impl TryFrom<String> for KindName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<KindName> for String {
    fn from(name: KindName) -> Self {
        name.to_string()
    }
}

#[cfg(test)]
#[path = "definition/tests.rs"]
mod tests;
