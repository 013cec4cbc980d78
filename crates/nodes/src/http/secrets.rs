//! Secrets on their way into a request, and out of everything that is kept.

use engine::{NodeError, StepContext};
use serde_json::Value;
use vault::Secret;

use crate::Secrets;

/// What stands in the place of a text made from secrets.
const HIDDEN: &str = "•••";

/// Texts shorter than this are too common to be taken for a secret wherever they occur.
const SHORTEST: usize = 6;

/// The secrets that the node's own config names.
pub(super) struct Revealed {
    mark: std::sync::Arc<str>,
    known: Vec<(String, Secret)>,
    /// Texts made from secrets, such as the pair of HTTP Basic.
    derived: Vec<Secret>,
}

/// A rendered text with the names of secrets where their placeholders stand.
pub(super) fn shown(text: &str, context: &StepContext) -> String {
    let names: Vec<(&str, String)> =
        context.secrets.iter().map(|name| (name.as_str(), format!("{{{{ secret.{name} }}}}"))).collect();
    let find = |name: &str| names.iter().find(|(known, _)| *known == name).map(|(_, shown)| shown.as_str());
    vault::resolve(text, &context.secret_mark, find).unwrap_or_else(|_| HIDDEN.to_owned())
}

impl Revealed {
    pub(super) async fn of(secrets: &dyn Secrets, context: &StepContext) -> Result<Self, NodeError> {
        let mut known = Vec::with_capacity(context.secrets.len());
        for name in &*context.secrets {
            match secrets.reveal(context.place, name).await {
                Ok(Some(secret)) => known.push((name.clone(), secret)),
                Ok(None) => {
                    let message = format!(
                        "the secret `{name}` is not set in this environment; set it, then replay the event"
                    );
                    return Err(NodeError::permanent("secret_missing", message));
                }
                Err(error) => {
                    let message = format!("the secret `{name}` cannot be read: {error}");
                    return Err(NodeError::transient("secret_unavailable", message));
                }
            }
        }
        Ok(Self { mark: std::sync::Arc::clone(&context.secret_mark), known, derived: Vec::new() })
    }

    /// The text with the secrets themselves where their placeholders stand.
    pub(super) fn resolve(&self, text: &str) -> Result<String, NodeError> {
        let find = |name: &str| {
            self.known.iter().find(|(known, _)| known == name).map(|(_, secret)| secret.expose())
        };
        vault::resolve(text, &self.mark, find)
            .map_err(|unresolved| NodeError::permanent("secret_missing", unresolved.to_string()))
    }

    /// Adds a text that is made from secrets.
    pub(super) fn hide(&mut self, derived: &str) {
        self.derived.push(Secret::from(derived));
    }

    /// The text without any secret, for servers that echo what they are sent.
    pub(super) fn scrub(&self, text: &str) -> String {
        let named = self.known.iter().map(|(name, secret)| (secret.expose(), Some(name)));
        let derived = self.derived.iter().map(|secret| (secret.expose(), None));
        let mut found: Vec<(&str, Option<&String>)> = named
            .chain(derived)
            .filter(|(secret, _)| secret.len() >= SHORTEST && text.contains(secret))
            .collect();
        // The longest first: of one that contains another, nothing may be left.
        found.sort_by_key(|(secret, _)| std::cmp::Reverse(secret.len()));
        found.into_iter().fold(text.to_owned(), |text, (secret, name)| match name {
            Some(name) => text.replace(secret, &format!("{{{{ secret.{name} }}}}")),
            None => text.replace(secret, HIDDEN),
        })
    }

    /// The same for every text and key in JSON.
    pub(super) fn scrub_json(&self, value: Value) -> Value {
        if self.known.is_empty() {
            return value;
        }
        match value {
            Value::String(text) => Value::String(self.scrub(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.scrub_json(item)).collect(),
            Value::Object(entries) => {
                entries.into_iter().map(|(key, value)| (self.scrub(&key), self.scrub_json(value))).collect()
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_server_echoes_is_hidden() {
        let mut secrets = Revealed {
            mark: "m".into(),
            known: vec![("TOKEN".into(), "s3cret-token".into()), ("PIN".into(), "1234".into())],
            derived: Vec::new(),
        };
        secrets.hide("dXNlcjpzM2NyZXQ=");
        let echoed = json!({ "h": ["Bearer s3cret-token", "Basic dXNlcjpzM2NyZXQ="], "s3cret-token": 1234, "n": "1234" });
        let kept = secrets.scrub_json(echoed);
        let expected = json!({ "h": ["Bearer {{ secret.TOKEN }}", "Basic •••"], "{{ secret.TOKEN }}": 1234, "n": "1234" });
        assert_eq!(kept, expected);
        let text = "\u{FDD0}m:TOKEN\u{FDD1} \u{FDD0}x:TOKEN\u{FDD1}";
        assert_eq!(secrets.resolve(text).unwrap(), "s3cret-token \u{FDD0}x:TOKEN\u{FDD1}");
        assert_eq!(secrets.resolve("\u{FDD0}m:OTHER\u{FDD1}").unwrap_err().code, "secret_missing");
    }
    #[test]
    fn nothing_is_left_of_a_secret_that_contains_another() {
        let mut secrets = Revealed {
            mark: "m".into(),
            known: vec![("SHORT".into(), "s3cret".into()), ("LONG".into(), "s3cret-and-more".into())],
            derived: Vec::new(),
        };
        assert_eq!(secrets.scrub("s3cret-and-more s3cret"), "{{ secret.LONG }} {{ secret.SHORT }}");
        secrets.hide("user:s3cret-and-more");
        assert_eq!(secrets.scrub("user:s3cret-and-more"), "•••");
    }
}
