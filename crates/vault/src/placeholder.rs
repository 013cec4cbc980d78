//! Secrets in rendered templates: a placeholder until the request is dialled.

/// A placeholder that names a secret which is not to be had here.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the secret `{0}` is not set in this environment, or may not be used here")]
pub struct Unresolved(pub String);

const OPEN: char = '\u{FDD0}';
const CLOSE: char = '\u{FDD1}';

/// Puts secrets where a template's placeholders stand (`U+FDD0`, the run's mark, `:`, the name,
/// `U+FDD1`). Text with another mark is data and stays as it is.
///
/// # Errors
/// [`Unresolved`], for the first secret that `find` does not know.
pub fn resolve<'s>(
    text: &str,
    mark: &str,
    find: impl Fn(&str) -> Option<&'s str>,
) -> Result<String, Unresolved> {
    let mut resolved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        resolved.push_str(before);
        let named =
            after.strip_prefix(mark).and_then(|a| a.strip_prefix(':')).and_then(|a| a.split_once(CLOSE));
        if let Some((name, after)) = named.filter(|_| !mark.is_empty()) {
            resolved.push_str(find(name).ok_or_else(|| Unresolved(name.to_owned()))?);
            rest = after;
        } else {
            resolved.push(OPEN);
            rest = after;
        }
    }
    resolved.push_str(rest);
    Ok(resolved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_its_own_placeholders_and_nothing_else() {
        let find = |name: &str| (name == "KEY").then_some("s3cret");
        let resolve = |text: &str| resolve(text, "m1", find);
        assert_eq!(resolve("Bearer \u{FDD0}m1:KEY\u{FDD1}!").unwrap(), "Bearer s3cret!");
        let forged = "\u{FDD0}m2:KEY\u{FDD1} \u{FDD0}:KEY\u{FDD1} \u{FDD0}m1:KEY";
        assert_eq!(resolve(forged).unwrap(), forged);
        assert_eq!(resolve("\u{FDD0}m1:OTHER\u{FDD1}"), Err(Unresolved("OTHER".into())));
        assert_eq!(super::resolve("\u{FDD0}:KEY\u{FDD1}", "", find).unwrap(), "\u{FDD0}:KEY\u{FDD1}");
    }
}
