//! Filters and functions with the arguments that Jinja2 gives them
//! (<https://jinja.palletsprojects.com/en/stable/templates/#list-of-builtin-filters>): each may come by its
//! place or by its name. MiniJinja takes some only one way, and says so when the template is rendered, which
//! is when nobody looks.

use minijinja::{
    Environment, Error, ErrorKind, State, Value, filters as builtin,
    value::{Kwargs, Rest, ValueKind, ValueOrKwargs, from_args},
};
use minijinja_contrib::{filters as contrib, globals};

/// What a filter or function takes, and how MiniJinja wants it.
#[derive(Clone, Copy)]
struct Signature {
    name: &'static str,
    /// In Jinja2's order.
    parameters: &'static [&'static str],
    /// So many are handed over by place, the others by name.
    by_place: usize,
}

/// Puts Jinja2's signatures over MiniJinja's.
pub(super) fn add_to(environment: &mut Environment) {
    let mut add = |name, parameters, by_place, original| {
        add_filter(environment, Signature { name, parameters, by_place }, original);
    };
    let truncate = &["length", "killwords", "end", "leeway"];
    add("truncate", truncate, 0, Value::from_function(contrib::truncate));
    add("filesizeformat", &["binary"], 1, Value::from_function(contrib::filesizeformat));
    add("sort", &["reverse", "case_sensitive", "attribute"], 0, Value::from_function(builtin::sort));
    add("unique", &["case_sensitive", "attribute"], 0, Value::from_function(builtin::unique));
    add("min", &["case_sensitive", "attribute"], 0, Value::from_function(builtin::min));
    add("max", &["case_sensitive", "attribute"], 0, Value::from_function(builtin::max));
    add("dictsort", &["case_sensitive", "by", "reverse"], 0, Value::from_function(builtin::dictsort));
    add("groupby", &["attribute", "default", "case_sensitive"], 1, Value::from_function(builtin::groupby));
    add("default", &["default_value", "boolean"], 2, Value::from_function(builtin::default));
    add("d", &["default_value", "boolean"], 2, Value::from_function(builtin::default));
    add("batch", &["linecount", "fill_with"], 2, Value::from_function(builtin::batch));
    add("slice", &["slices", "fill_with"], 2, Value::from_function(builtin::slice));
    add("trim", &["chars"], 1, Value::from_function(builtin::trim));
    add("attr", &["name"], 1, Value::from_function(builtin::attr));
    environment.add_function("cycler", |items: Rest<Value>| globals::cycler(items.0));
    let joiner = Signature { name: "joiner", parameters: &["sep"], by_place: 1 };
    environment.add_function("joiner", move |arguments: Rest<ValueOrKwargs>| {
        Ok::<_, Error>(globals::joiner(joiner.arrange(&values(arguments))?.pop()))
    });
}

fn add_filter(environment: &mut Environment, signature: Signature, original: Value) {
    let filter = move |state: &mut State, value: &Value, arguments: Rest<ValueOrKwargs>| {
        // MiniJinja charges for the items itself, but not in every filter that it shows to others.
        if value.kind() != ValueKind::String {
            state.consume_fuel(value.len().unwrap_or_default() as u64)?;
        }
        let mut handed = vec![value.clone()];
        handed.extend(signature.arrange(&values(arguments))?);
        original.call(state, &handed)
    };
    environment.add_filter(signature.name, filter);
}

fn values(arguments: Rest<ValueOrKwargs>) -> Vec<Value> {
    arguments.0.into_iter().map(Value::from).collect()
}

impl Signature {
    /// The arguments as MiniJinja wants them.
    fn arrange(&self, arguments: &[Value]) -> Result<Vec<Value>, Error> {
        let (by_place, by_name): (&[Value], Kwargs) = from_args(arguments)?;
        if by_place.len() > self.parameters.len() {
            return Err(self.error(ErrorKind::TooManyArguments, "was given too many arguments"));
        }
        let mut given: Vec<Option<Value>> = by_place.iter().cloned().map(Some).collect();
        given.resize(self.parameters.len(), None);
        for name in by_name.args() {
            let Some(at) = self.parameters.iter().position(|known| *known == name) else {
                let what = format!("takes no argument `{name}`");
                return Err(self.error(ErrorKind::TooManyArguments, &what));
            };
            if given[at].replace(by_name.get(name)?).is_some() {
                let what = format!("was given `{name}` twice");
                return Err(self.error(ErrorKind::TooManyArguments, &what));
            }
        }
        let by_name = given.split_off(self.by_place);
        while given.last().is_some_and(Option::is_none) {
            given.pop();
        }
        let placed = given.into_iter().zip(self.parameters).map(|(value, name)| {
            value.ok_or_else(|| self.error(ErrorKind::MissingArgument, &format!("needs `{name}`")))
        });
        let mut arranged = placed.collect::<Result<Vec<_>, _>>()?;
        let parameters = self.parameters.iter().skip(self.by_place);
        let by_name = parameters.zip(by_name).filter_map(|(name, value)| Some((*name, value?)));
        let by_name: Vec<(&str, Value)> = by_name.collect();
        if !by_name.is_empty() {
            arranged.push(by_name.into_iter().collect::<Kwargs>().into());
        }
        Ok(arranged)
    }

    fn error(&self, kind: ErrorKind, what: &str) -> Error {
        let takes = self.parameters.join("`, `");
        Error::new(kind, format!("`{}` {what}; it takes `{takes}`", self.name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::environment::environment;

    fn given(expression: &str) -> Result<serde_json::Value, String> {
        let compiled = environment().compile_expression(expression).map_err(|error| error.to_string())?;
        let value = compiled.eval(()).map_err(|error| error.to_string())?;
        serde_json::to_value(value).map_err(|error| error.to_string())
    }

    /// What Jinja2 3.1 gives for the same.
    #[test]
    fn arguments_come_by_place_or_by_name_as_in_jinja2() {
        for (expression, expected) in [
            ("'Hello brave new world' | truncate(12)", json!("Hello...")),
            ("'Hello brave new world' | truncate(12, true)", json!("Hello bra...")),
            ("'Hello brave new world' | truncate(12, true, '…')", json!("Hello brave…")),
            ("'Hello brave new world' | truncate(12, false, '', 0)", json!("Hello brave")),
            (
                "'Hello brave new world' | truncate(length=12, killwords=true, leeway=9)",
                json!("Hello brave new world"),
            ),
            ("'Hello brave new world' | truncate(12, end='')", json!("Hello brave")),
            ("'洗衣机显示E3并且漏水了该怎么办' | truncate(8, leeway=0)", json!("洗衣机显示...")),
            ("'洗衣机显示E3并且漏水了该怎么办' | truncate(9, true, '……', 0)", json!("洗衣机显示E3……")),
            ("'🙂🙂🙂🙂' | truncate(2, true, '', 0)", json!("🙂🙂")),
            ("'short' | truncate(80)", json!("short")),
            ("2048 | filesizeformat(true)", json!("2.0 KiB")),
            ("2048 | filesizeformat(binary=true)", json!("2.0 KiB")),
            ("[1, 3, 2] | sort(true)", json!([3, 2, 1])),
            ("['b', 'A'] | sort(false, true)", json!(["A", "b"])),
            ("[{'a': 2}, {'a': 1}] | sort(attribute='a')", json!([{ "a": 1 }, { "a": 2 }])),
            ("['b', 'B'] | unique(true) | list", json!(["b", "B"])),
            ("['a', 'B'] | min(true)", json!("B")),
            ("[{'a': 1}, {'a': 2}] | max(attribute='a')", json!({ "a": 2 })),
            ("{'b': 1, 'a': 2} | dictsort(false, 'value', true)", json!([["a", 2], ["b", 1]])),
            ("[{'a': 1}, {}] | groupby('a', 0) | map('first') | list", json!([0, 1])),
            ("nothing | default('x')", json!("x")),
            ("'' | default('x', boolean=true)", json!("x")),
            ("'' | d(boolean=true, default_value='x')", json!("x")),
            ("[1, 2, 3] | batch(linecount=2, fill_with=0) | list", json!([[1, 2], [3, 0]])),
            ("[1, 2, 3] | slice(slices=2) | list", json!([[1, 2], [3]])),
            ("'xax' | trim(chars='x')", json!("a")),
            ("cycler('odd', 'even').next()", json!("odd")),
            ("joiner(sep='|')()", json!("")),
        ] {
            assert_eq!(given(expression), Ok(expected), "{expression}");
        }
    }

    #[test]
    fn arguments_that_do_not_fit_are_named() {
        for (expression, says) in [
            (
                "'x' | truncate(1, true, '', 0, 5)",
                "`truncate` was given too many arguments; it takes `length`",
            ),
            ("'x' | truncate(lenght=1)", "`truncate` takes no argument `lenght`"),
            ("'x' | truncate(1, length=2)", "`truncate` was given `length` twice"),
            ("[] | batch(fill_with=0)", "`batch` needs `linecount`"),
        ] {
            let said = given(expression).unwrap_err();
            assert!(said.contains(says), "{expression}: {said}");
        }
    }
}
