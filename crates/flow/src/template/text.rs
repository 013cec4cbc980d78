//! One template: literal parts and expressions, compiled once.

use minijinja::{
    Environment, Expression, Value as Rendered,
    machinery::{Token, make_string_output, tokenize},
    syntax::SyntaxConfig,
};
use serde_json::Value;

use super::{
    Error,
    environment::{environment, write_value},
};

/// A compiled template and its source.
pub(crate) struct Template {
    source: String,
    body: Body,
}

enum Body {
    /// Nothing but text.
    Constant(String),
    /// One whole `{{ … }}`: its value keeps its type.
    Whole(Term),
    /// Text and expressions in turn: most templates, rendered without the template machinery.
    Parts(Vec<Part>),
    /// A template with statements (`{% for … %}`), in an environment of its own.
    Statements(Box<Environment<'static>>),
}

enum Part {
    Literal(String),
    Term(Term),
}

/// What stands between `{{` and `}}`.
enum Term {
    /// Names with dots between them, as in `nodes.answer.text`: looked up without the expression machinery, since
    /// most are no more than that.
    Path(Vec<Box<str>>),
    Expression(Expression<'static, 'static>),
}

/// The name under which a template with statements lies in its environment.
const STATEMENTS: &str = "template";

/// The same for one whose values are escaped.
const HTML_STATEMENTS: &str = super::environment::HTML;

impl Template {
    pub(crate) fn compile(source: &str) -> Result<Self, Error> {
        let body = if source.contains("{{") || source.contains("{%") || source.contains("{#") {
            compile(source)?
        } else {
            Body::Constant(source.to_owned())
        };
        Ok(Self { source: source.to_owned(), body })
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// The text, when there is no expression in it.
    pub(crate) fn constant(&self) -> Option<&str> {
        match &self.body {
            Body::Constant(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is one whole `{{ … }}`.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.body, Body::Whole(_))
    }

    /// What it gives; `None` when it is one whole `{{ … }}` and there is nothing where that leads.
    pub(crate) fn find_value(&self, root: &Rendered) -> Result<Option<Value>, Error> {
        let Body::Whole(term) = &self.body else {
            return self.render_text(root).map(|text| Some(Value::String(text)));
        };
        match self.look_up(term, root) {
            Ok(value) if value.is_undefined() => Ok(None),
            Ok(value) => to_json(&value).map(Some),
            // A path that ends half way leads nowhere; an expression that lacks something has failed.
            Err(Error::Missing(_)) if matches!(term, Term::Path(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn render_value(&self, root: &Rendered) -> Result<Value, Error> {
        let Body::Whole(term) = &self.body else {
            return self.render_text(root).map(Value::String);
        };
        to_json(&self.evaluate(term, root)?)
    }

    pub(crate) fn render_text(&self, root: &Rendered) -> Result<String, Error> {
        self.render_as(false, root)
    }

    /// The text, with what its expressions give escaped for HTML, unless that is said to be `safe`.
    pub(crate) fn render_html(&self, root: &Rendered) -> Result<String, Error> {
        self.render_as(true, root)
    }

    fn render_as(&self, html: bool, root: &Rendered) -> Result<String, Error> {
        let mut text = String::new();
        match &self.body {
            Body::Constant(constant) => text.push_str(constant),
            Body::Whole(term) => self.write(&mut text, (term, html), root)?,
            Body::Parts(parts) => {
                for part in parts {
                    match part {
                        Part::Literal(literal) => text.push_str(literal),
                        Part::Term(term) => self.write(&mut text, (term, html), root)?,
                    }
                }
            }
            Body::Statements(environment) => {
                let name = if html { HTML_STATEMENTS } else { STATEMENTS };
                let rendered = environment.get_template(name).and_then(|t| t.render(root.clone()));
                text = rendered.map_err(|error| self.explain(&error))?;
            }
        }
        Ok(text)
    }

    fn write(&self, text: &mut String, (term, html): (&Term, bool), root: &Rendered) -> Result<(), Error> {
        let value = self.evaluate(term, root)?;
        if let Some(string) = value.as_str().filter(|_| !html) {
            text.push_str(string);
            return Ok(());
        }
        write_value(&mut make_string_output(text), &value, html).map_err(|error| self.explain(&error))
    }

    fn evaluate(&self, term: &Term, root: &Rendered) -> Result<Rendered, Error> {
        let value = self.look_up(term, root)?;
        if value.is_undefined() {
            return Err(Error::Missing(shorten(&self.source)));
        }
        Ok(value)
    }

    /// The value, which may be undefined.
    fn look_up(&self, term: &Term, root: &Rendered) -> Result<Rendered, Error> {
        let value = match term {
            Term::Path(names) => names.iter().try_fold(root.clone(), |value, name| value.get_attr(name)),
            Term::Expression(expression) => expression.eval(root.clone()),
        };
        value.map_err(|error| self.explain(&error))
    }

    fn explain(&self, error: &minijinja::Error) -> Error {
        match error.kind() {
            minijinja::ErrorKind::UndefinedError => Error::Missing(shorten(&self.source)),
            _ => Error::from_render(error),
        }
    }
}

fn to_json(value: &Rendered) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(|error| Error::Render(error.to_string()))
}

fn shorten(source: &str) -> String {
    let short: String = source.trim().chars().take(120).collect();
    if short.len() < source.trim().len() { short + "…" } else { short }
}

fn compile(source: &str) -> Result<Body, Error> {
    let syntax = |error: minijinja::Error| Error::Syntax(describe(&error));
    let mut parts = Vec::new();
    let mut opened_at = None;
    for token in tokenize(source, false, SyntaxConfig::default()) {
        let (token, span) = token.map_err(syntax)?;
        match token {
            Token::BlockStart => return statements(source).map_err(syntax),
            Token::TemplateData(text) if !text.is_empty() => parts.push(Part::Literal(text.to_owned())),
            Token::VariableStart => opened_at = Some(span.end_offset as usize),
            Token::VariableEnd => {
                let inside = opened_at.take().and_then(|from| source.get(from..span.start_offset as usize));
                let inside =
                    inside.ok_or_else(|| Error::Syntax("a `}}` has no `{{` before it".to_owned()))?;
                let expression = environment().compile_expression_owned(inside.to_owned()).map_err(syntax)?;
                parts.push(Part::Term(path(inside).map_or(Term::Expression(expression), Term::Path)));
            }
            _ => {}
        }
    }
    if opened_at.is_some() {
        return Err(Error::Syntax("a `{{` is not closed by `}}`".to_owned()));
    }
    // Whatever the tokens allow but the grammar does not (`{{ a }} {% endif %}`) fails here.
    minijinja::machinery::parse(source, "template", SyntaxConfig::default()).map_err(syntax)?;
    Ok(match parts.as_slice() {
        [] => Body::Constant(String::new()),
        [Part::Literal(text)] => Body::Constant(text.clone()),
        // `is_whole` because white-space control may have eaten text around the expression.
        [Part::Term(_)] if is_whole(source) => match parts.pop() {
            Some(Part::Term(term)) => Body::Whole(term),
            _ => Body::Parts(parts),
        },
        _ => Body::Parts(parts),
    })
}

/// The names of an expression that is a path.
fn path(expression: &str) -> Option<Vec<Box<str>>> {
    let is_name = |name: &str| {
        let mut letters = name.chars();
        letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
            && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    let names: Vec<&str> = expression.trim().split('.').map(str::trim).collect();
    // One name alone may be a constant (`true`) or a global, which are not among the values; those have no
    // attributes, so that with two names both ways say that something is missing.
    let is_path = names.len() > 1 && names.iter().all(|name| is_name(name));
    is_path.then(|| names.into_iter().map(Into::into).collect())
}

fn is_whole(source: &str) -> bool {
    let source = source.trim();
    source.starts_with("{{") && source.ends_with("}}")
}

fn statements(source: &str) -> Result<Body, minijinja::Error> {
    let mut environment = environment().clone();
    environment.add_template_owned(STATEMENTS, source.to_owned())?;
    environment.add_template_owned(HTML_STATEMENTS, source.to_owned())?;
    Ok(Body::Statements(Box::new(environment)))
}

/// MiniJinja's error in one sentence with the line, without the name it gave the template.
fn describe(error: &minijinja::Error) -> String {
    let what = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    match error.line() {
        Some(line) if line > 1 => format!("{what} (line {line})"),
        _ => what,
    }
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.source.fmt(f)
    }
}
