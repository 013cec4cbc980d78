//! The one MiniJinja environment that every expression is compiled against.

use std::sync::LazyLock;

use minijinja::{
    AutoEscape, Environment, ErrorKind, HtmlEscape, Output, State, UndefinedBehavior, Value,
    machinery::make_string_output, value::ValueKind,
};

use super::filters;

/// Steps that one rendering may take; a template of a page takes some hundreds.
const FUEL: u64 = 500_000;

/// How deep expressions and macros may nest.
const RECURSION: usize = 64;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    minijinja_contrib::add_to_environment(&mut environment);
    filters::add_to(&mut environment);
    // Time and chance come from the run, where they are journaled; `debug` would show everything.
    for name in ["now", "random", "randrange", "lipsum", "debug"] {
        environment.remove_global(name);
        environment.remove_filter(name);
    }
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment
        .set_auto_escape_callback(|name| if name == HTML { AutoEscape::Html } else { AutoEscape::None });
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(RECURSION);
    environment.set_formatter(|out, state: &mut State, value| {
        write_value(out, value, *state.auto_escape() == AutoEscape::Html)
    });
    environment
});

/// The name of a template whose values are escaped for HTML.
pub(super) const HTML: &str = "template.html";

/// The environment.
pub(super) fn environment() -> &'static Environment<'static> {
    &ENVIRONMENT
}

/// Whether a filter of this name exists.
pub(crate) fn has_filter(name: &str) -> bool {
    is_known("name is filter", name)
}

/// Whether a test of this name exists.
pub(crate) fn has_test(name: &str) -> bool {
    is_known("name is test", name)
}

/// Whether a function of this name exists.
pub(crate) fn has_function(name: &str) -> bool {
    environment().globals().any(|(known, _)| known == name)
}

fn is_known(question: &'static str, name: &str) -> bool {
    let answer =
        environment().compile_expression(question).and_then(|e| e.eval(minijinja::context! { name }));
    answer.is_ok_and(|answer| answer.is_true())
}

/// Writes a value into text: strings as they are, or escaped, null as nothing, objects and arrays as JSON.
pub(super) fn write_value(out: &mut Output, value: &Value, html: bool) -> Result<(), minijinja::Error> {
    if html && !value.is_safe() {
        let mut text = String::new();
        write_value(&mut make_string_output(&mut text), value, false)?;
        return write!(out, "{}", HtmlEscape(&text)).map_err(|_| ErrorKind::WriteFailure.into());
    }
    let written = match value.kind() {
        ValueKind::Undefined => return Err(ErrorKind::UndefinedError.into()),
        ValueKind::None => Ok(()),
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => {
            let json = serde_json::to_string(value);
            let json = json.map_err(|e| minijinja::Error::new(ErrorKind::BadSerialization, e.to_string()))?;
            out.write_str(&json)
        }
        _ => write!(out, "{value}"),
    };
    written.map_err(|_| ErrorKind::WriteFailure.into())
}
