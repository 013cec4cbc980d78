//! A source's own expressions: its filter and its dedupe key, over the parts of a request.

use flow::{Expression, FieldProblem, Names};
use serde_json::{Map, Value};

use crate::{
    Code, Config, Error, Refused, body::Parsed, content::header_text, error::did_you_mean, origin::Parts,
    pairs::one_or_many, redaction::Redaction, tail::Template,
};

/// What an expression may begin with.
const ROOTS: [&str; 6] = ["input", "body", "query", "header", "path", "form"];

/// The compiled expressions of a source that has any.
#[derive(Debug)]
pub(crate) struct Rules {
    filter: Option<Expression>,
    key: Option<Expression>,
    /// Those of [`ROOTS`] that are used.
    used: Vec<&'static str>,
}

/// What a source's expressions say of a request.
#[derive(Debug)]
pub(crate) struct Ruling {
    /// Whether the filter lets it pass.
    pub(crate) passes: bool,
    /// What the dedupe key's expression gave.
    pub(crate) key: Option<Value>,
}

/// What an expression may refer to.
struct Known<'a> {
    inputs: &'a [&'a str],
    template: &'a Template,
    redaction: &'a Redaction,
}

impl Rules {
    /// Compiles a source's expressions; `None` when it has none. `inputs` are the names of the flow's inputs.
    pub(crate) fn compile(
        config: &Config,
        inputs: &[&str],
        template: &Template,
        redaction: &Redaction,
    ) -> Result<Option<Self>, Error> {
        let known = Known { inputs, template, redaction };
        let key = config.dedupe.as_ref().and_then(|dedupe| dedupe.key.as_deref());
        let key = key.map(|source| known.compile("dedupe.key", source)).transpose()?;
        let filter = config.filter.as_deref().map(|source| known.compile("filter", source)).transpose()?;
        if filter.as_ref().is_some_and(|filter| !filter.is_whole()) {
            let reason = "a filter is one whole expression that is true or false.";
            let suggestion = "Write it like `{{ body.type == 'order.paid' }}`.";
            return Err(Error::config("filter", "wrong_form", reason, suggestion));
        }
        if key.as_ref().is_some_and(Expression::is_constant) {
            let reason =
                "it is the same for every request, so all but the first would be taken for repetitions.";
            let suggestion = "Write it like `{{ body.order.id }}`, or a path under `dedupe.from`.";
            return Err(Error::config("dedupe.key", "wrong_form", reason, suggestion));
        }
        let both = [&filter, &key];
        let is_used =
            |root: &&str| both.into_iter().flatten().any(|e| e.references().any(|(name, _)| name == *root));
        let used = ROOTS.into_iter().filter(is_used).collect();
        Ok((filter.is_some() || key.is_some()).then_some(Self { filter, key, used }))
    }

    /// The parts of a request as the expressions see them, before the body is taken apart into fields.
    pub(crate) fn names(&self, parts: &Parts, template: &Template) -> Names {
        let mut names = Names::default();
        let hides = |name: &str| parts.redaction.hides(name);
        for root in self.used.iter().copied() {
            match (root, &parts.body) {
                ("body", Parsed::Json(value) | Parsed::Xml(value, _)) => names.set(root, value),
                ("body", Parsed::Text(text)) => names.set(root, &Value::from(text.as_ref())),
                ("form", body) if let Some(form) = body.form() => names.set(root, &form.object(|_| false)),
                ("body" | "form", _) => names.set(root, &Value::Null),
                ("query", _) => names.set(root, &parts.query.object(hides)),
                ("header", _) => names.set_caseless(root, &headers(parts)),
                ("path", _) => {
                    let values = parts.parameters.iter().map(|value| Value::from(value.as_ref()));
                    let parameters = template.parameters().map(str::to_owned).zip(values);
                    names.set(root, &Value::Object(parameters.collect()));
                }
                _ => {}
            }
        }
        names
    }

    /// What the expressions say of a request that became this input.
    ///
    /// # Errors
    /// [`Code::ExpressionFailed`] of the first that gives no answer: nothing is guessed.
    pub(crate) fn judge(&self, mut names: Names, input: &Map<String, Value>) -> Result<Ruling, Refused> {
        if self.used.contains(&"input") {
            names.set_lenient("input", input);
        }
        let key = self.key.as_ref().map(|key| key.value(&names)).transpose();
        let key = key.map_err(|error| failed("dedupe.key", "a text", why(&error)))?.flatten();
        let passes = match self.filter.as_ref().map(|filter| filter.value(&names)) {
            None => true,
            Some(Ok(Some(Value::Bool(passes)))) => passes,
            Some(Ok(other)) => {
                let got = other.as_ref().map_or("nothing", kind);
                return Err(failed("filter", "true or false", format!("it gave {got}")));
            }
            Some(Err(error)) => return Err(failed("filter", "true or false", why(&error))),
        };
        Ok(Ruling { passes, key })
    }
}

impl Known<'_> {
    fn compile(&self, field: &str, source: &str) -> Result<Expression, Error> {
        let expression = Expression::compile(source, "header").map_err(|error| {
            let suggestion = "Write it like `{{ body.order.id }}`; the language is that of flows.";
            Error::config(field, "wrong_template", error.to_string(), suggestion)
        })?;
        for (root, path) in expression.references() {
            self.check(root, path.first().map(String::as_str))
                .map_err(|(reason, suggestion)| Error::config(field, "unknown_name", reason, suggestion))?;
        }
        Ok(expression)
    }

    /// What is wrong with a name, and what to write.
    fn check(&self, root: &str, first: Option<&str>) -> Result<(), (String, String)> {
        let near = |name: &str, known: &mut dyn Iterator<Item = &str>, otherwise: &str| {
            let known: Vec<_> = known.collect();
            did_you_mean(name, known).unwrap_or_else(|| otherwise.to_owned())
        };
        match (root, first) {
            ("query" | "header", Some(name)) if self.redaction.hides(name) => {
                let reason = format!("`{root}.{name}` is or may be a secret, which no expression sees.");
                Err((reason, "Let the sender put the value in another place as well.".to_owned()))
            }
            ("input", Some(name)) if !self.inputs.contains(&name) => {
                let suggestion = near(name, &mut self.inputs.iter().copied(), "Add it to the flow's inputs.");
                Err((format!("the flow has no input `{name}`."), suggestion))
            }
            ("path", Some(name)) if self.template.parameters().all(|known| known != name) => {
                let suggestion = near(name, &mut self.template.parameters(), "Put it into `path`.");
                Err((format!("the path has no parameter `{name}`."), suggestion))
            }
            (root, _) if !ROOTS.contains(&root) => {
                let otherwise = format!("Known are {}.", ROOTS.join(", "));
                Err((format!("there is no `{root}` here."), near(root, &mut ROOTS.into_iter(), &otherwise)))
            }
            _ => Ok(()),
        }
    }
}

/// All headers but those that are hidden; of one that came again, the array of its values.
fn headers(parts: &Parts) -> Value {
    let shown = parts.headers.keys().filter(|name| !parts.redaction.hides(name.as_str()));
    let all = shown.filter_map(|name| {
        let values = parts.headers.get_all(name).iter().map(|value| header_text(value).into());
        Some((name.as_str().to_owned(), one_or_many(values)?))
    });
    Value::Object(all.collect())
}

/// Why an expression has no answer. Many names may stand in one, so which of them is missing is not said.
fn why(error: &flow::template::Error) -> String {
    match error {
        flow::template::Error::Missing(source) => format!("something that `{source}` names is missing"),
        other => other.to_string(),
    }
}

fn failed(field: &str, expected: &str, why: String) -> Refused {
    let detail = format!("The source's `{field}` has no answer for this request: {why}.");
    let problem = FieldProblem {
        field: field.to_owned(),
        code: "failed".to_owned(),
        expected: expected.to_owned(),
        got: why,
    };
    Refused { errors: vec![problem], ..Refused::new(Code::ExpressionFailed, detail) }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
