//! What a check found, and how it is shown.

use std::fmt;

use serde::Serialize;

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Ok,
    /// It works, or may, and should be looked at.
    Warning,
    Failed,
}

/// What a check found. No text of it holds a secret.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    /// What was checked.
    pub(super) check: String,
    pub(super) status: Status,
    /// How it is, or what is wrong.
    pub(super) cause: String,
    /// What to do, if there is something to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) action: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { check: check.into(), status: Status::Ok, cause: cause.into(), action: None }
    }

    pub(super) fn warning(check: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { status: Status::Warning, ..Self::ok(check, cause) }
    }

    pub(super) fn failed(check: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { status: Status::Failed, ..Self::ok(check, cause) }
    }

    /// Says what to do.
    pub(super) fn mend(self, action: impl Into<String>) -> Self {
        Self { action: Some(action.into()), ..self }
    }
}

/// A line, with a second one for what to do; its colours are for terminals, and whoever prints it takes them out elsewhere.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, colour) = match self.status {
            Status::Ok => ('✓', 32),
            Status::Warning => ('!', 33),
            Status::Failed => ('✗', 31),
        };
        write!(f, "\u{1b}[{colour}m{sign}\u{1b}[0m {}: {}", self.check, one_line(&self.cause))?;
        match &self.action {
            Some(action) => write!(f, "\n  → {}", one_line(action)),
            None => Ok(()),
        }
    }
}

/// Names and messages come from others; none of them may write a line, or a colour, of its own.
fn one_line(text: &str) -> String {
    text.split(char::is_control).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_a_line_and_what_to_do() {
        let said = Finding::failed("destination erp", "gone\n\u{1b}[32mfine").mend("look\tthere").to_string();
        assert_eq!(said, "\u{1b}[31m✗\u{1b}[0m destination erp: gone [32mfine\n  → look there");
    }
}
