//! Secrets that are changed one by one, by somebody who cannot read them.

use serde_json::{Map, Value};

/// The secrets after a change: a secret that `given` has replaces the stored one, null takes it away, the rest stays.
/// What is no object is given back as it is, for [`crate::parse`] to refuse.
pub fn changed_secrets(stored: &[u8], given: &Value) -> Vec<u8> {
    let Value::Object(given) = given else { return given.to_string().into_bytes() };
    let mut secrets = read(stored);
    for (name, value) in given {
        if value.is_null() {
            secrets.shift_remove(name);
        } else {
            secrets.insert(name.clone(), value.clone());
        }
    }
    Value::Object(secrets).to_string().into_bytes()
}

/// The names of the secrets that are set.
pub fn secret_names(stored: &[u8]) -> Vec<String> {
    let is_set = |value: &Value| match value {
        Value::Null => false,
        Value::Array(several) => !several.is_empty(),
        Value::Object(named) => !named.is_empty(),
        _ => true,
    };
    read(stored).into_iter().filter(|(_, value)| is_set(value)).map(|(name, _)| name).collect()
}

/// What is stored was checked before; what is not readable any more has no secrets to keep.
fn read(stored: &[u8]) -> Map<String, Value> {
    serde_json::from_slice(stored).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_given_replaces_and_the_rest_stays() {
        let stored = br#"{"url":"https://a.example/old","auth":"t","signing":[]}"#;
        let changed = changed_secrets(stored, &json!({ "url": "https://a.example/new", "auth": null }));
        let changed: Value = serde_json::from_slice(&changed).unwrap();
        assert_eq!(changed, json!({ "url": "https://a.example/new", "signing": [] }));
        assert_eq!(changed_secrets(b"{}", &json!({ "auth": null })), b"{}");
        assert_eq!(changed_secrets(stored, &json!([1])), b"[1]", "which is refused when it is read");
    }

    #[test]
    fn only_what_is_set_is_named() {
        assert_eq!(
            secret_names(br#"{"url":"x","auth":null,"headers":{},"signing":["y"]}"#),
            ["url", "signing"]
        );
        assert_eq!(secret_names(b""), [""; 0]);
    }
}
