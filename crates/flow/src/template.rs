//! Expressions and templates: MiniJinja, semi-strict, with a bound on the work one may do.
//!
//! - [`Text`] renders to text: `Hello {{ input.name }}`.
//! - [`Dynamic`] is JSON whose strings may be templates. A string that is one whole `{{ … }}`
//!   keeps its type; a template inside a longer string gives text. Values are put into JSON as
//!   JSON; nothing is ever spliced.
//!
//! Neither knows the time or chance: `now` and `random` do not exist here.

pub(crate) mod environment;
mod expression;
mod filters;
pub(crate) mod references;
mod scope;
mod text;

use std::{borrow::Cow, sync::Arc};

use minijinja::{Value as Rendered, value::Serde};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

pub use expression::{Expression, Names};
pub(crate) use references::{Called, Reference};
pub use scope::{Facts, Scope, Values};
use text::Template;

/// A template that renders to text.
#[derive(Clone, Debug)]
pub struct Text(Arc<Template>);

/// JSON with templates in its strings.
#[derive(Clone, Debug)]
pub struct Dynamic {
    source: Value,
    compiled: Arc<Compiled>,
}

#[derive(Debug)]
enum Compiled {
    /// No template anywhere inside.
    Constant(Value),
    /// A string with a template in it.
    Text(Template),
    Array(Vec<Compiled>),
    Object(Vec<(String, Compiled)>),
}

/// A template that cannot be compiled, or that failed when it was rendered.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The text is no template.
    #[error("the template is not valid: {0}")]
    Syntax(String),
    /// The expression gave nothing at all.
    #[error("`{0}` is missing; say what to use then, with `or` or `default(…)`")]
    Missing(String),
    /// Rendering failed.
    #[error("the template could not be rendered: {0}")]
    Render(String),
    /// Rendering took more steps than one template may.
    #[error("the template did more work than is allowed; make its loops smaller")]
    TooMuchWork,
}

impl Error {
    fn from_render(error: &minijinja::Error) -> Self {
        match error.kind() {
            minijinja::ErrorKind::OutOfFuel => Self::TooMuchWork,
            kind => Self::Render(
                error.detail().map_or_else(|| kind.to_string(), |detail| format!("{kind}: {detail}")),
            ),
        }
    }
}

impl Text {
    /// Compiles a template.
    ///
    /// # Errors
    /// [`Error::Syntax`].
    pub fn compile(source: &str) -> Result<Self, Error> {
        Template::compile(source).map(|template| Self(Arc::new(template)))
    }

    /// The text as it was written.
    pub fn source(&self) -> &str {
        self.0.source()
    }

    /// Renders with what the scope holds. Objects and arrays appear as JSON, null as nothing.
    ///
    /// # Errors
    /// When a name is missing, an operation fails, or the work is too much.
    pub fn render(&self, scope: &Scope) -> Result<String, Error> {
        self.0.render_text(&scope.root())
    }
}

impl Dynamic {
    /// Compiles every string inside.
    ///
    /// # Errors
    /// [`Error::Syntax`] of the first template that is wrong.
    pub fn compile(source: Value) -> Result<Self, Error> {
        let compiled = Arc::new(compile(&source)?);
        Ok(Self { source, compiled })
    }

    /// The JSON as it was written.
    pub fn source(&self) -> &Value {
        &self.source
    }

    /// Renders to JSON.
    ///
    /// # Errors
    /// When a name is missing, an operation fails, or the work is too much.
    pub fn render(&self, scope: &Scope) -> Result<Value, Error> {
        render(&self.compiled, &scope.root())
    }

    /// As [`Self::render`], but where it is an object and has this field with a text, what templates give there is escaped
    /// for HTML; the filter `safe` says what is HTML already.
    ///
    /// # Errors
    /// When a name is missing, an operation fails, or the work is too much.
    pub fn render_with_html(&self, scope: &Scope, field: Option<&str>) -> Result<Value, Error> {
        let root = scope.root();
        let (Compiled::Object(entries), Some(field)) = (&*self.compiled, field) else {
            return render(&self.compiled, &root);
        };
        let rendered = |(key, value): &(String, Compiled)| {
            let value = match value {
                Compiled::Text(template) if key == field => Value::String(template.render_html(&root)?),
                other => render(other, &root)?,
            };
            Ok((key.clone(), value))
        };
        entries.iter().map(rendered).collect::<Result<Map<_, _>, Error>>().map(Value::Object)
    }

    /// Renders to JSON outside of a run, with the keys of an object as names.
    ///
    /// # Errors
    /// When a name is missing, an operation fails, or the work is too much.
    pub fn render_with(&self, names: &Value) -> Result<Value, Error> {
        render(&self.compiled, &Rendered::from(Serde(names)))
    }
}

/// The templates of a node's config that cannot be rendered, each with where it stands, such as `body.lines[0].title`, in
/// the order of the config. Each is rendered by itself, so that one that fails hides no other.
pub fn failures(config: &Map<String, Value>, scope: &Scope) -> Vec<(String, Error)> {
    let root = scope.root();
    let mut templates = Vec::new();
    for (key, value) in config {
        templates_in(value, key, &mut templates);
    }
    let failure = |(field, text): (String, &str)| {
        let rendered = Template::compile(text).and_then(|template| template.render_value(&root));
        rendered.err().map(|error| (field, error))
    };
    templates.into_iter().filter_map(failure).collect()
}

fn compile(source: &Value) -> Result<Compiled, Error> {
    Ok(match source {
        Value::String(text) => {
            let template = Template::compile(text)?;
            match template.constant() {
                Some(constant) => Compiled::Constant(Value::String(constant.to_owned())),
                None => Compiled::Text(template),
            }
        }
        Value::Array(items) => {
            let items = items.iter().map(compile).collect::<Result<Vec<_>, _>>()?;
            let constant = items.iter().all(|item| matches!(item, Compiled::Constant(_)));
            if constant { Compiled::Constant(source.clone()) } else { Compiled::Array(items) }
        }
        Value::Object(entries) => {
            let compiled = |(key, value): (&String, &Value)| Ok((key.clone(), compile(value)?));
            let entries = entries.iter().map(compiled).collect::<Result<Vec<_>, Error>>()?;
            let constant = entries.iter().all(|(_, value)| matches!(value, Compiled::Constant(_)));
            if constant { Compiled::Constant(source.clone()) } else { Compiled::Object(entries) }
        }
        constant => Compiled::Constant(constant.clone()),
    })
}

fn render(compiled: &Compiled, root: &Rendered) -> Result<Value, Error> {
    match compiled {
        Compiled::Constant(value) => Ok(value.clone()),
        Compiled::Text(template) => template.render_value(root),
        Compiled::Array(items) => items.iter().map(|item| render(item, root)).collect(),
        Compiled::Object(entries) => {
            let rendered = |(key, value): &(String, Compiled)| Ok((key.clone(), render(value, root)?));
            entries.iter().map(rendered).collect::<Result<Map<_, _>, Error>>().map(Value::Object)
        }
    }
}

/// Every template inside a JSON value, with the path of each: `messages[0].system`.
pub(crate) fn templates_in<'v>(value: &'v Value, path: &str, found: &mut Vec<(String, &'v str)>) {
    match value {
        Value::String(text) => found.push((path.to_owned(), text)),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                templates_in(item, &format!("{path}[{index}]"), found);
            }
        }
        Value::Object(entries) => {
            for (key, entry) in entries {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                templates_in(entry, &path, found);
            }
        }
        _ => {}
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source = <Cow<'de, str>>::deserialize(deserializer)?;
        Self::compile(&source).map_err(de::Error::custom)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.source())
    }
}

impl<'de> Deserialize<'de> for Dynamic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::compile(Value::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl Serialize for Dynamic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.source.serialize(serializer)
    }
}

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "x-widget": "template" })
    }
}

impl JsonSchema for Dynamic {
    fn schema_name() -> Cow<'static, str> {
        "Dynamic".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "x-widget": "json-template" })
    }
}

#[cfg(test)]
mod tests;
