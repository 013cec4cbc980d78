/// What can go wrong with a destination's settings.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The settings cannot be used.
    #[error("{field}: {reason}{}", suggestion.as_ref().map(|text| format!(" {text}")).unwrap_or_default())]
    Config {
        /// Which setting: `url`, `auth.name`; secrets begin with `secrets.`.
        field: String,
        /// What is wrong, in one sentence without a secret.
        reason: String,
        /// What to write instead, where that can be guessed.
        suggestion: Option<String>,
    },
}

impl Error {
    /// A setting that cannot be used.
    pub(crate) fn config(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Config { field: field.into(), reason: reason.into(), suggestion: None }
    }

    /// The same with a suggestion.
    #[must_use]
    pub(crate) fn suggest(self, text: impl Into<String>) -> Self {
        let Self::Config { field, reason, .. } = self;
        Self::Config { field, reason, suggestion: Some(text.into()) }
    }

    /// What serde found, with the name that was probably meant.
    pub(crate) fn of_json(prefix: &str, error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let path = error.path().to_string();
        let reason = error.inner().to_string();
        let field = match (prefix, path.as_str()) {
            ("", path) => path.to_owned(),
            (prefix, ".") => prefix.to_owned(),
            (prefix, path) => format!("{prefix}.{path}"),
        };
        let suggestion = meant(&reason);
        Self::Config { field, reason, suggestion }
    }
}

/// The name closest to a mistyped one, as a sentence; `None` when nothing is close.
pub(crate) fn did_you_mean<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(typed, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| format!("Did you mean `{name}`?"))
}

/// Serde says "unknown field `a`, expected one of `b`, `c`": the names stand between backticks.
fn meant(reason: &str) -> Option<String> {
    reason.strip_prefix("unknown ")?;
    let mut names = reason.split('`').skip(1).step_by(2);
    let typed = names.next()?;
    did_you_mean(typed, names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_field_reason_and_suggestion() {
        let error = Error::config("url", "it has no host.").suggest("Write `https://example.com/hook`.");
        assert_eq!(error.to_string(), "url: it has no host. Write `https://example.com/hook`.");
    }

    #[test]
    fn guesses_what_was_meant() {
        let said = "unknown field `tiemout`, expected one of `timeout`, `retry`";
        assert_eq!(meant(said).as_deref(), Some("Did you mean `timeout`?"));
        assert_eq!(meant("unknown variant `zzz`, expected `none` or `basic`"), None);
        assert_eq!(meant("invalid type: integer `1`, expected a string"), None);
    }
}
