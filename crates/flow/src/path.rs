//! Paths into JSON: `data.items[0].sku`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A path into a JSON value: keys joined by dots, indexes in brackets, odd keys quoted:
/// `data.items[0]["the sku"]`. The empty path is the value itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// A path that cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{path}` is not a path: {reason} at character {at}; write it like data.items[0].sku")]
pub struct PathError {
    path: String,
    reason: &'static str,
    at: usize,
}

impl Path {
    /// The value at the path; `None` where it leads nowhere.
    pub fn find<'v>(&self, root: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(root, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(index) => value.get(index),
        })
    }

    /// The first key, with the rest of the path: `body.data.id` gives `body` and `data.id`.
    pub fn split_first(&self) -> Option<(&str, Path)> {
        match self.0.split_first()? {
            (Step::Key(key), rest) => Some((key, Path(rest.to_vec()))),
            (Step::Index(_), _) => None,
        }
    }

    /// The single key this path is, if it is one.
    pub fn as_key(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Step::Key(key)] => Some(key),
            _ => None,
        }
    }
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let fail = |at: usize, reason| {
            let at = text[..at].chars().count();
            PathError { path: text.chars().take(120).collect(), reason, at }
        };
        let mut steps = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            if let Some(inside) = rest.strip_prefix('[') {
                let (step, length) =
                    bracketed(inside).ok_or_else(|| fail(at, "an index or a quoted key is wrong"))?;
                steps.push(step);
                at += 1 + length;
                continue;
            }
            let skip = usize::from(!steps.is_empty());
            if skip == 1 && !rest.starts_with('.') {
                return Err(fail(at, "a dot is missing"));
            }
            let rest = &rest[skip..];
            let length = rest.find(['.', '[', ']']).unwrap_or(rest.len());
            if length == 0 {
                return Err(fail(at + skip, "a key is missing"));
            }
            steps.push(Step::Key(rest[..length].to_owned()));
            at += skip + length;
        }
        Ok(Self(steps))
    }
}

/// Reads what follows `[`: `0]` or `"key"]`; gives the step and the length with the bracket.
fn bracketed(inside: &str) -> Option<(Step, usize)> {
    if inside.starts_with('"') {
        let mut strings = serde_json::Deserializer::from_str(inside).into_iter::<String>();
        let key = strings.next()?.ok()?;
        let end = strings.byte_offset();
        return inside[end..].starts_with(']').then_some((Step::Key(key), end + 1));
    }
    let end = inside.find(']')?;
    let digits = &inside[..end];
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten().map(|index| (Step::Index(index), end + 1))
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if key.is_empty() || key.contains(['.', '[', ']', '"']) => {
                    write!(f, "[{}]", Value::from(key.as_str()))?;
                }
                Step::Key(key) if position == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for Path {
    type Error = PathError;

    fn try_from(text: String) -> Result<Self, PathError> {
        text.parse()
    }
}

impl From<Path> for String {
    fn from(path: Path) -> Self {
        path.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_what_it_names() {
        let value = json!({"data": {"items": [{"sku": "A-1", "a.b": 2}]}, "": 3});
        let find = |path: &str| path.parse::<Path>().unwrap().find(&value).cloned();
        assert_eq!(find("data.items[0].sku"), Some(json!("A-1")));
        assert_eq!(find("data.items[0][\"a.b\"]"), Some(json!(2)));
        assert_eq!(find("[\"\"]"), Some(json!(3)));
        assert_eq!(find("data.items[1].sku"), None);
        assert_eq!(find(""), Some(value.clone()));
        assert_eq!("[0].x".parse::<Path>().unwrap().find(&json!([{"x": 1}])), Some(&json!(1)));
    }

    #[test]
    fn says_where_a_path_is_wrong() {
        for wrong in
            [".a", "a.", "a..b", "a[", "a[x]", "a[-1]", "a]", "a[\"b]", "a[0]b", "a[99999999999999999999]"]
        {
            let said = wrong.parse::<Path>().unwrap_err().to_string();
            assert!(said.contains("data.items[0].sku"), "{wrong}: {said}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_round_trips(text in ".{0,40}") {
            if let Ok(path) = text.parse::<Path>() {
                prop_assert_eq!(path.to_string().parse::<Path>().unwrap(), path);
            }
        }
    }
}
