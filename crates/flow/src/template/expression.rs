//! Expressions that stand outside a flow, over names of their own: a source's filter sees the parts of a request.

use std::{borrow::Cow, collections::BTreeMap, fmt, sync::Arc};

use minijinja::{
    machinery::{Token, tokenize},
    syntax::SyntaxConfig,
    value::{Enumerator, Object, Serde, Value as Rendered},
};
use serde_json::Value;

use super::{
    Error,
    environment::{has_filter, has_function, has_test},
    references::{Called, Reference, collect},
    scope::Lenient,
    text::Template,
};

/// A template over [`Names`], compiled once. The same language, filters and bounds as in a flow.
#[derive(Debug)]
pub struct Expression {
    template: Template,
    references: Vec<Reference>,
}

/// What an expression can see, by its first names.
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeMap<&'static str, Rendered>);

impl Expression {
    /// Compiles an expression. The keys of the name `dashed` may be written with hyphens, as headers have them:
    /// `header.x-shop` is `header["x-shop"]`, for nothing can be subtracted from a header.
    ///
    /// # Errors
    /// [`Error::Syntax`], also for a filter, test or function that does not exist.
    pub fn compile(source: &str, dashed: &str) -> Result<Self, Error> {
        let quoted = quote_dashed(source, dashed);
        let template = Template::compile(&quoted)?;
        let (references, called) = collect(&quoted);
        let unknown = called.iter().find_map(|called| match called {
            Called::Filter(name) => (!has_filter(name)).then_some(("filter", name)),
            Called::Test(name) => (!has_test(name)).then_some(("test", name)),
            Called::Function(name) => (!has_function(name)).then_some(("function", name)),
        });
        match unknown {
            Some((what, name)) => Err(Error::Syntax(format!("there is no {what} `{name}`"))),
            None => Ok(Self { template, references }),
        }
    }

    /// Whether it is one whole `{{ … }}`, whose value keeps its type.
    pub fn is_whole(&self) -> bool {
        self.template.is_whole()
    }

    /// Whether it is nothing but text.
    pub fn is_constant(&self) -> bool {
        self.template.constant().is_some()
    }

    /// The names it uses: the first one, and the keys behind it as far as they are constant.
    pub fn references(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.references.iter().map(|reference| (reference.root.as_str(), reference.path.as_slice()))
    }

    /// What it gives; `None` when it is one whole expression and there is nothing where it leads.
    ///
    /// # Errors
    /// When a name within it is missing, an operation fails, or the work is too much.
    pub fn value(&self, names: &Names) -> Result<Option<Value>, Error> {
        self.template.find_value(&Rendered::from_object(names.clone()))
    }
}

impl Names {
    /// Lets a name stand for a value.
    pub fn set(&mut self, name: &'static str, value: &Value) {
        self.0.insert(name, Rendered::from(Serde(value)));
    }

    /// Lets a name stand for an object in which whatever is not there is null, as a flow's inputs are.
    pub fn set_lenient(&mut self, name: &'static str, object: &impl serde::Serialize) {
        self.0.insert(name, Rendered::from_object(Lenient(Rendered::from(Serde(object)))));
    }

    /// Lets a name stand for an object with keys in lower case that may be asked for in any.
    pub fn set_caseless(&mut self, name: &'static str, object: &Value) {
        self.0.insert(name, Rendered::from_object(Caseless(Rendered::from(Serde(object)))));
    }
}

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Rendered) -> Option<Rendered> {
        self.0.get(key.as_str()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

struct Caseless(Rendered);

impl Object for Caseless {
    fn get_value(self: &Arc<Self>, key: &Rendered) -> Option<Rendered> {
        let value = self.0.get_attr(&key.as_str()?.to_ascii_lowercase()).ok()?;
        (!value.is_undefined()).then_some(value)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.0.try_iter().map_or(Enumerator::Empty, |keys| Enumerator::Values(keys.collect()))
    }
}

impl fmt::Debug for Caseless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Caseless")
    }
}

/// The template with keys of this name that have hyphens put into brackets and quotes. One that cannot be read stays
/// as it is: compiling it says what is wrong.
fn quote_dashed<'s>(source: &'s str, name: &str) -> Cow<'s, str> {
    let mut quoted = String::new();
    let (mut copied, mut is_attribute, mut is_name) = (0, false, false);
    for token in tokenize(source, false, SyntaxConfig::default()) {
        let Ok((token, span)) = token else { return Cow::Borrowed(source) };
        let (from, to) = (span.start_offset as usize, span.end_offset as usize);
        if from < copied {
            continue;
        }
        if matches!(token, Token::Dot)
            && is_name
            && let Some(key) = source.get(to..).and_then(dashed_key)
        {
            quoted.push_str(&source[copied..from]);
            quoted.extend(["[\"", key, "\"]"]);
            copied = to + key.len();
        }
        is_name = !is_attribute && matches!(token, Token::Ident(word) if word == name);
        is_attribute = matches!(token, Token::Dot);
    }
    if copied == 0 {
        return Cow::Borrowed(source);
    }
    quoted.push_str(&source[copied..]);
    Cow::Owned(quoted)
}

/// The key with hyphens at the beginning of a text. A hyphen at its end is not its own: `-}}` trims white space.
fn dashed_key(text: &str) -> Option<&str> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let end = text.find(|letter| !is_part(letter)).unwrap_or(text.len());
    let key = text[..end].trim_end_matches('-');
    (key.contains('-') && !key.starts_with('-')).then_some(key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn names() -> Names {
        let mut names = Names::default();
        names.set("body", &json!({ "id": 7, "items": [{ "sku": "A-1" }] }));
        names.set_caseless("header", &json!({ "x-shop": "north", "x-y-2z": "last", "host": "h" }));
        names.set_lenient("input", &json!({ "query": "E3" }));
        names
    }

    fn given(source: &str) -> Result<Option<Value>, Error> {
        Expression::compile(source, "header").and_then(|expression| expression.value(&names()))
    }

    #[test]
    fn what_is_whole_keeps_its_type_and_what_is_not_there_is_nothing() {
        for (source, value) in [
            ("{{ body.id == 7 and input.query == 'E3' }}", json!(true)),
            ("{{ body.items }}", json!([{ "sku": "A-1" }])),
            ("{{ body.id }}-{{ header.x-shop }}", json!("7-north")),
            ("{{ input.page }}", json!(null)),
            ("plain", json!("plain")),
            ("{{ body.id - 2 }}", json!(5)),
        ] {
            assert_eq!(given(source), Ok(Some(value)), "{source}");
        }
        for source in
            ["{{ body.other }}", "{{ body.order.id }}", "{{ header.x-other }}", "{{ header['none'] }}"]
        {
            assert_eq!(given(source), Ok(None), "{source}");
        }
        for source in
            ["{{ body.id }}-{{ header.x-other }}", "{{ body.order.id ~ '!' }}", "{{ body.a.b == 1 }}"]
        {
            assert!(matches!(given(source), Err(Error::Missing(_))), "{source}: {:?}", given(source));
        }
    }

    #[test]
    fn keys_of_headers_have_hyphens_and_any_case() {
        for (source, value) in [
            ("{{ header.x-shop }}", "north"),
            ("{{ header.X-Shop }}", "north"),
            ("{{header.x-shop-}}", "north"),
            ("{{ header.x-y-2z ~ header['HOST'] }}", "lasth"),
            ("{% if header.x-shop == 'north' %}yes{% endif %}", "yes"),
            ("header.x-shop {{ 'header.x-shop' }}", "header.x-shop header.x-shop"),
        ] {
            assert_eq!(given(source), Ok(Some(json!(value))), "{source}");
        }
        let found = |source| {
            let expression = Expression::compile(source, "header").unwrap();
            expression
                .references()
                .map(|(root, path)| format!("{root}.{}", path.join("/")))
                .collect::<Vec<_>>()
        };
        assert_eq!(found("{{ header.x-shop ~ body.header.x }}"), ["header.x-shop", "body.header/x"]);
    }

    #[test]
    fn what_does_not_exist_is_found_when_it_is_compiled() {
        for (source, said) in [
            ("{{ now() }}", "there is no function `now`"),
            ("{{ body | shout }}", "there is no filter `shout`"),
            ("{{ body is grand }}", "there is no test `grand`"),
            ("{{ body.id", "not closed"),
        ] {
            let error = given(source).unwrap_err().to_string();
            assert!(error.contains(said), "{source}: {error}");
        }
        assert!(matches!(
            given("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}"),
            Err(Error::TooMuchWork)
        ));
    }

    proptest! {
        #[test]
        fn any_text_compiles_or_says_why(source in "[a-z{}%. \\-\"'\\[\\]]{0,40}|\\{\\{ header[a-z.\\-]{0,12} \\}\\}") {
            if let Ok(expression) = Expression::compile(&source, "header") {
                let _ = expression.value(&names());
            }
        }
    }
}
