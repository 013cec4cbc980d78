//! What keeps a source from being compiled.

use flow::Problem;
use serde::de::DeserializeOwned;

/// A source that cannot judge requests. Whoever holds it refuses every request then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration is not of the right form, or does not fit the flow.
    #[error("the source's configuration is wrong: {0}")]
    Config(Box<Problem>),
    /// The secrets are not of the right form, or of another scheme.
    #[error("the source's secrets are wrong: {0}")]
    Secrets(Box<Problem>),
}

impl Error {
    /// Where it is wrong, why, and what to write instead. It shows no secret.
    pub fn problem(&self) -> &Problem {
        match self {
            Self::Config(problem) | Self::Secrets(problem) => problem,
        }
    }

    /// The error of a source that pins a version which its flow does not have.
    pub fn no_version(number: u32) -> Self {
        let reason = format!("the flow has no version {number}.");
        Self::config("contract.version", "unknown_version", reason, "Name one that was published.")
    }

    pub(crate) fn config(
        field: impl Into<String>,
        code: &str,
        reason: impl Into<String>,
        suggestion: impl Into<String>,
    ) -> Self {
        Self::Config(problem(field, code, reason, Some(suggestion.into())).into())
    }

    pub(crate) fn secrets(field: &str, code: &str, reason: &str, suggestion: &str) -> Self {
        Self::Secrets(problem(field, code, reason, Some(suggestion.to_owned())).into())
    }
}

/// Reads the configuration's JSON.
pub(crate) fn read_config<T: DeserializeOwned>(json: &str) -> Result<T, Error> {
    read(json.as_bytes()).map_err(|(field, said)| {
        let problem = named(&field, &said).unwrap_or_else(|| problem(field, "wrong_form", said, None));
        Error::Config(problem.into())
    })
}

/// Reads the secrets' JSON. What serde says may repeat a value, so it is not passed on.
pub(crate) fn read_secrets<T: DeserializeOwned>(json: &[u8]) -> Result<T, Error> {
    read(json).map_err(|(field, said)| {
        let known = named(&field, &said);
        let problem = known.unwrap_or_else(|| {
            let suggestion = "Set the source's secrets again.".to_owned();
            problem(field, "wrong_form", "it does not have the right form.", Some(suggestion))
        });
        Error::Secrets(problem.into())
    })
}

/// The name that is closest to a mistyped one, as a sentence.
pub(crate) fn did_you_mean<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let distance = |name: &'a str| (strsim::damerau_levenshtein(typed, name), name);
    let near = |(distance, name): &(usize, &str)| *distance <= 1 + name.chars().count() / 3;
    known
        .into_iter()
        .map(distance)
        .filter(near)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| format!("Did you mean `{name}`?"))
}

fn problem(
    field: impl Into<String>,
    code: &str,
    reason: impl Into<String>,
    suggestion: Option<String>,
) -> Problem {
    Problem { node: None, field: field.into(), code: code.to_owned(), reason: reason.into(), suggestion }
}

/// The value, or the path where reading failed (empty for the whole) and what serde said.
fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, (String, String)> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let value: T = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let path = if matches!(path.as_str(), "." | "?") { String::new() } else { path };
        let cause = error.into_inner();
        let mut said = cause.to_string();
        // Where the JSON itself is sound, the path says more than line and column.
        if let (true, Some(end)) = (cause.is_data(), said.rfind(" at line ")) {
            said.truncate(end);
        }
        (path, said)
    })?;
    deserializer.end().map_err(|error| (String::new(), error.to_string()))?;
    Ok(value)
}

/// The problem where serde's words name a key or a variant: it repeats no value.
fn named(field: &str, said: &str) -> Option<Problem> {
    let mut quoted = said.split('`').skip(1).step_by(2);
    let name: String = quoted.next()?.chars().take(80).collect();
    if said.starts_with("missing field") {
        let reason = format!("`{name}` is missing.");
        return Some(problem(field, "missing_key", reason, Some(format!("Add `{name}`."))));
    }
    if !said.starts_with("unknown field") && !said.starts_with("unknown variant") {
        return None;
    }
    let suggestion = did_you_mean(&name, quoted.clone());
    let known = quoted.collect::<Vec<_>>().join(", ");
    let known = if known.is_empty() { "nothing more is".to_owned() } else { format!("known are {known}") };
    Some(problem(field, "unknown_key", format!("`{name}` is not known here; {known}."), suggestion))
}
