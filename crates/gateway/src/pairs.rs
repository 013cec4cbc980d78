//! The pairs of a query or a form.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// Decoded names and values in the order they came. A name may come again; escapes that are no
/// UTF-8 become replacement characters, and a lone `%` stands for itself.
#[derive(Debug, Default)]
pub(crate) struct Pairs<'r>(Vec<(Cow<'r, str>, Cow<'r, str>)>);

impl<'r> Pairs<'r> {
    /// Parses `a=1&b=2`, as the URL standard's `application/x-www-form-urlencoded` says.
    pub(crate) fn parse(text: &'r [u8]) -> Self {
        Self(form_urlencoded::parse(text).collect())
    }

    /// The pairs in the order they came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// Every value of a name.
    pub(crate) fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_ref())
    }

    /// The value of a name; of one that came again, the array of its values.
    pub(crate) fn value(&self, name: &str) -> Option<Value> {
        one_or_many(self.all(name).map(Value::from))
    }

    /// All pairs as an object, without those that `leaves_out` names; of a name that came again, the
    /// array of its values.
    pub(crate) fn object(&self, leaves_out: impl Fn(&str) -> bool) -> Value {
        let mut object = Map::new();
        for (name, value) in self.0.iter().filter(|(name, _)| !leaves_out(name)) {
            let value = Value::from(value.as_ref());
            match object.get_mut(name.as_ref()) {
                None => drop(object.insert(name.as_ref().to_owned(), value)),
                Some(Value::Array(values)) => values.push(value),
                Some(first) => *first = Value::Array(vec![first.take(), value]),
            }
        }
        Value::Object(object)
    }
}

impl FromIterator<(String, String)> for Pairs<'_> {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(pairs: T) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// The only value, or the array of several; `None` of none.
pub(crate) fn one_or_many(mut values: impl Iterator<Item = Value>) -> Option<Value> {
    let first = values.next()?;
    Some(match values.next() {
        None => first,
        Some(second) => Value::Array([first, second].into_iter().chain(values).collect()),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn repeated_names_become_arrays() {
        let pairs = Pairs::parse(b"a=1&b=x+y&a=%E4%BD%A0&c&a=&token=t&&=");
        assert_eq!(pairs.value("a"), Some(json!(["1", "你", ""])));
        assert_eq!(pairs.value("b"), Some(json!("x y")));
        assert_eq!(pairs.value("c"), Some(json!("")));
        assert_eq!(pairs.value("d"), None);
        let object = pairs.object(|name| name == "token");
        assert_eq!(object, json!({"a": ["1", "你", ""], "b": "x y", "c": "", "": ""}));
    }

    #[test]
    fn what_is_no_escape_stands_for_itself() {
        let pairs = Pairs::parse(b"a=100%&b=%zz&c=%ff");
        assert_eq!(pairs.object(|_| false), json!({"a": "100%", "b": "%zz", "c": "\u{FFFD}"}));
    }

    proptest! {
        #[test]
        fn takes_any_bytes_and_loses_no_pair(text in any::<Vec<u8>>()) {
            let pairs = Pairs::parse(&text);
            let Value::Object(object) = pairs.object(|_| false) else { panic!("no object") };
            let kept: usize = object.values().map(|v| v.as_array().map_or(1, Vec::len)).sum();
            prop_assert_eq!(kept, pairs.0.len());
            for (name, value) in object {
                prop_assert_eq!(pairs.value(&name), Some(value));
            }
        }
    }
}
