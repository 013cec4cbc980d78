//! The input that a source makes for its flow by itself: values with templates over what the source knows.

use flow::{Dynamic, FieldProblem, Fields, Problem};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Values with templates, by the names of a flow's inputs.
#[derive(Clone, Debug)]
pub(crate) struct InputTemplate(Vec<(String, Dynamic)>);

impl InputTemplate {
    /// Reads what a source is told to give.
    ///
    /// # Errors
    /// The first value that is no template.
    pub(crate) fn compile(input: Map<String, Value>) -> Result<Self, Problem> {
        let compiled = |(name, value)| {
            let field = format!("input.{name}");
            let value = Dynamic::compile(value);
            value
                .map(|value| (name, value))
                .map_err(|error| problem(field, "wrong_template", error.to_string()))
        };
        input.into_iter().map(compiled).collect::<Result<_, _>>().map(Self)
    }

    /// Whether it gives an input of this name.
    pub(crate) fn gives(&self, name: &str) -> bool {
        self.0.iter().any(|(given, _)| given == name)
    }

    /// The flow's input, over these names; `more` is given as it is.
    ///
    /// # Errors
    /// The first field that cannot be rendered or does not fit.
    pub(crate) fn render(
        &self,
        inputs: &Fields,
        names: &Value,
        more: Map<String, Value>,
    ) -> Result<Map<String, Value>, Problem> {
        let mut input = more;
        for (name, value) in &self.0 {
            let rendered = value.render_with(names);
            let rendered = rendered
                .map_err(|error| problem(format!("input.{name}"), "wrong_template", error.to_string()))?;
            input.insert(name.clone(), rendered);
        }
        flow::take_all(inputs, input).map_err(|problems| unfit(problems.into_iter().next()))
    }
}

/// Reads a source's settings.
///
/// # Errors
/// Which field is not in its form.
pub(crate) fn settings<T: DeserializeOwned>(config: &str) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_str(config);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let field = error.path().to_string();
        let field = if field == "." { String::new() } else { field };
        problem(field, "wrong_form", error.into_inner().to_string())
    })
}

fn unfit(found: Option<FieldProblem>) -> Problem {
    let Some(FieldProblem { field, code, expected, got }) = found else {
        return problem("input".to_owned(), "wrong_input", "it does not fit the flow's inputs.".to_owned());
    };
    let field = format!("input.{field}");
    match code.as_str() {
        "missing" => problem(field, &code, format!("the flow needs it: {expected}.")),
        "unknown" => Problem {
            suggestion: Some(expected),
            ..problem(field, &code, "the flow has no such input.".to_owned())
        },
        _ => problem(field, &code, format!("the flow takes {expected}, not {got}.")),
    }
}

fn problem(field: String, code: &str, reason: String) -> Problem {
    Problem { node: None, field, code: code.to_owned(), reason, suggestion: None }
}
