//! The interface that a source serves: the inputs of the version that runs, or of the one that it pins.

use engine::Program;
use flow::{Definition, Fields};
use gateway::pinned_version;
use store::{FlowId, Place, Source};

use crate::app::App;

/// A version of a flow, as sources see it: its number and its inputs.
#[derive(Clone, Copy)]
pub(crate) struct Version<'a> {
    pub(crate) number: u32,
    pub(crate) inputs: &'a Fields,
}

impl<'a> Version<'a> {
    /// That of a program.
    pub(crate) fn of(program: &'a Program) -> Self {
        Self { number: program.number, inputs: &program.flow.definition().inputs }
    }
}

/// Compiles a source for the version that runs its flow, if one is deployed.
///
/// # Errors
/// The outer one when the database cannot be read, the inner one when the source could not serve.
pub(crate) async fn compile(
    app: &App,
    source: &Source,
    running: Option<Version<'_>>,
) -> Result<Result<gateway::Source, gateway::Error>, store::Error> {
    let (config, secrets) = (source.config.as_str(), source.secrets.as_slice());
    let none = Fields::default();
    let inputs = running.map_or(&none, |running| running.inputs);
    let pinned =
        pinned_version(config).filter(|pinned| running.is_none_or(|running| running.number != *pinned));
    let Some(pinned) = pinned else { return Ok(gateway::Source::compile(config, secrets, inputs)) };
    let stored = app.store.version_numbered(source.place.workspace, source.flow, pinned).await?;
    let served = stored.and_then(|version| Definition::parse(&version.definition).ok());
    let Some(served) = served.map(|definition| definition.inputs) else {
        return Ok(Err(gateway::Error::no_version(pinned)));
    };
    Ok(match running {
        Some(running) => gateway::Source::compile_pinned(config, secrets, &served, running.inputs),
        None => gateway::Source::compile(config, secrets, &served),
    })
}

/// What keeps the sources that pin an interface of a flow from serving it on a version that is to run: of each its name
/// and the reason. Those that are switched off do not count.
///
/// # Errors
/// When the database cannot be read.
pub(crate) async fn broken_by(
    app: &App,
    place: Place,
    flow: FlowId,
    running: Version<'_>,
) -> Result<Vec<String>, store::Error> {
    let mut broken = Vec::new();
    for source in app.store.source_list(place).await? {
        if source.flow == flow
            && source.enabled
            && pinned_version(&source.config).is_some()
            && let Err(error) = compile(app, &source, Some(running)).await?
        {
            broken.push(format!("`{}`: {}", source.name, error.problem()));
        }
    }
    Ok(broken)
}
