//! What is wrong with a flow, said so that a person can mend it.

use serde::{Deserialize, Serialize};

/// One thing that keeps a flow from being published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The node it is in; `None` for the flow itself (inputs, edges, outputs).
    pub node: Option<String>,
    /// Where in the node or the flow: `messages[0].system`, `edges[2]`, `outputs.answer`.
    pub field: String,
    /// A stable code: `unknown_key`, `unknown_name`, `may_be_missing`, …
    pub code: String,
    /// What is wrong, in one sentence.
    pub reason: String,
    /// What to write instead, where that can be guessed.
    pub suggestion: Option<String>,
}

impl Problem {
    /// A problem of the flow itself.
    pub(crate) fn flow(field: impl Into<String>, code: &str, reason: impl Into<String>) -> Self {
        let reason = sentence(reason.into());
        Self { node: None, field: field.into(), code: code.into(), reason, suggestion: None }
    }

    /// A problem in a node.
    pub fn node(node: &str, field: impl Into<String>, code: &str, reason: impl Into<String>) -> Self {
        Self { node: Some(node.to_owned()), ..Self::flow(field, code, reason) }
    }

    /// The same problem with a suggestion.
    #[must_use]
    pub(crate) fn suggest(mut self, suggestion: Option<String>) -> Self {
        self.suggestion = suggestion;
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(node) = &self.node {
            write!(f, "nodes.{node}")?;
            if !self.field.is_empty() {
                f.write_str(".")?;
            }
        }
        write!(f, "{}: {}", self.field, self.reason)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, " {suggestion}"),
            None => Ok(()),
        }
    }
}

/// A reason that a suggestion may follow.
fn sentence(mut reason: String) -> String {
    if !reason.ends_with(['.', '?', '!', '…']) {
        reason.push('.');
    }
    reason
}

/// The name closest to a mistyped one, as a sentence; `None` when nothing is close.
pub fn did_you_mean<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(typed, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| format!("Did you mean `{name}`?"))
}
