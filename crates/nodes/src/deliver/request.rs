//! What a message says of its request, besides its body.

use std::collections::BTreeMap;

use engine::{NodeError, StepContext};
use flow::{ConfigProblem, Text};
use http::HeaderName;
use indexmap::IndexMap;

/// The most values for an address, the most headers, and the longest name of a value.
const PARAMS: usize = 20;
const HEADERS: usize = 10;
const NAME: usize = 64;

/// What is wrong with names that no destination could take.
pub(super) fn check(params: &IndexMap<String, Text>, headers: &IndexMap<String, Text>) -> Vec<ConfigProblem> {
    let is_name = |name: &str| {
        (1..=NAME).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let mut problems = Vec::new();
    let mut wrong = |field: String, reason: String| problems.push(ConfigProblem { field, reason });
    for (field, texts, most) in [("params", params, PARAMS), ("headers", headers, HEADERS)] {
        if texts.len() > most {
            wrong(field.to_owned(), format!("there are {}, and at most {most} are taken", texts.len()));
        }
    }
    for name in params.keys().filter(|name| !is_name(name)) {
        let reason = format!("a name in an address has letters, digits and `_`, at most {NAME}");
        wrong(format!("params.{name}"), reason);
    }
    for name in headers.keys().filter(|name| HeaderName::try_from(name.as_str()).is_err()) {
        wrong(format!("headers.{name}"), "a header's name has letters, digits and dashes".to_owned());
    }
    problems
}

/// The texts of a message.
pub(super) fn rendered(
    texts: &IndexMap<String, Text>,
    context: &StepContext,
) -> Result<BTreeMap<String, String>, NodeError> {
    texts.iter().map(|(name, text)| Ok((name.clone(), context.text(text)?))).collect()
}
