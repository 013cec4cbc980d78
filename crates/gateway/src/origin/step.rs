//! The steps of a path, with which a value can be taken out of the JSON that holds it.

use flow::Path;
use serde_json::Value;

/// One step of a path into JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

/// The steps of a path, in order.
pub(crate) fn steps(path: &Path) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = path.clone();
    loop {
        if let Some((key, behind)) = rest.split_first() {
            steps.push(Step::Key(key.to_owned()));
            rest = behind;
            continue;
        }
        // A path that begins with an index gives itself away only as text: `[0].sku`.
        let text = rest.to_string();
        let index = text.strip_prefix('[').and_then(|text| text.split_once(']'));
        let Some((index, behind)) = index else { return steps };
        let behind = behind.strip_prefix('.').unwrap_or(behind).parse();
        let (Ok(index), Ok(behind)) = (index.parse(), behind) else { return steps };
        steps.push(Step::Index(index));
        rest = behind;
    }
}

/// The value at the steps; `None` where they lead nowhere.
pub(crate) fn find<'v>(root: &'v Value, steps: &[Step]) -> Option<&'v Value> {
    steps.iter().try_fold(root, |value, step| match step {
        Step::Key(key) => value.get(key),
        Step::Index(index) => value.get(index),
    })
}

/// Takes the value at the steps and leaves null in its place.
pub(crate) fn take(root: &mut Value, steps: &[Step]) -> Option<Value> {
    let place = steps.iter().try_fold(root, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Index(index) => value.get_mut(index),
    });
    place.map(Value::take)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn goes_where_the_path_goes() {
        let key = |key: &str| Step::Key(key.to_owned());
        let of = |path: &str| steps(&path.parse().unwrap());
        assert_eq!(of(""), []);
        assert_eq!(of("[3][0].a"), [Step::Index(3), Step::Index(0), key("a")]);
        assert_eq!(
            of(r#"a[0]["x.y"][1][""]"#),
            [key("a"), Step::Index(0), key("x.y"), Step::Index(1), key("")]
        );
        let mut value = json!({"a": [{"b": "x"}, 2]});
        assert_eq!(take(&mut value, &of("a[0].b")), Some(json!("x")));
        assert_eq!(value, json!({"a": [{"b": null}, 2]}));
        assert_eq!(take(&mut value, &of("a[2]")), None);
    }

    proptest! {
        #[test]
        fn finds_what_the_path_finds(keys in prop::collection::vec(prop_oneof![
            (0_usize..3).prop_map(|index| format!("[{index}]")),
            "[a-c\\]\\[.\"]{0,2}".prop_map(|key| format!("[{}]", Value::from(key))),
        ], 0..5)) {
            let path: Path = keys.concat().parse().unwrap();
            prop_assert_eq!(steps(&path).len(), keys.len());
            let value = keys.iter().rev().fold(json!("found"), |inner, step| {
                match step[1..step.len() - 1].parse::<usize>() {
                    Ok(index) => {
                        let mut items = vec![Value::Null; index];
                        items.push(inner);
                        items.into()
                    }
                    Err(_) => json!({ serde_json::from_str::<String>(&step[1..step.len() - 1]).unwrap(): inner }),
                }
            });
            prop_assert_eq!(find(&value, &steps(&path)), path.find(&value));
            prop_assert_eq!(find(&value, &steps(&path)), Some(&json!("found")));
        }
    }
}
