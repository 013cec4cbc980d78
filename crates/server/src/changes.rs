//! What is kept in memory of the configuration and of documents, and how it follows changes: those made here, and those that another
//! node of the database tells of.

use std::time::Duration;

use store::{DestinationId, EnvironmentId, FlowId, News, Place, SourceId};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::{api::problem::Error, app::App};

/// How soon the configuration is read again when it could not be.
const AGAIN: Duration = Duration::from_secs(1);

/// What was changed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Changed {
    /// The variables of an environment, or its destinations.
    Environment(EnvironmentId),
    /// A destination's settings.
    Destination(EnvironmentId, DestinationId),
    /// A source: a new one, its settings, or that it is gone.
    Source(SourceId),
    /// Which version serves a flow.
    Deployment(FlowId),
    /// The models or their providers.
    Models,
}

/// Follows a change that is stored: here, and on the other nodes.
pub(crate) async fn changed(app: &App, what: Changed) -> Result<(), Error> {
    app.store.tell(News { configuration: true, ..News::default() });
    match what {
        Changed::Environment(environment) => app.world.reload(environment).await?,
        Changed::Destination(environment, destination) => {
            app.world.reload(environment).await?;
            app.outbox.changed(destination);
        }
        Changed::Source(source) => {
            app.sources.reload(&app.store, source).await?;
            app.engine.reschedule();
        }
        Changed::Deployment(flow) => app.sources.forget(flow),
        Changed::Models => app.models.reload(app.workspace).await?,
    }
    Ok(())
}

/// Follows what other nodes change, as long as the server runs.
pub(crate) async fn follow(app: App, mut news: Receiver<News>) {
    loop {
        let heard = match news.recv().await {
            Ok(heard) => heard,
            Err(RecvError::Lagged(_)) => News { anything: true, ..News::default() },
            Err(RecvError::Closed) => return,
        };
        if heard.anything {
            app.library.forget().await;
        } else {
            app.library.follow(heard.documents).await;
            if !heard.configuration {
                continue;
            }
        }
        while let Err(error) = read_anew(&app).await {
            tracing::warn!(%error, "what another node changed could not be read");
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Reads all of it.
async fn read_anew(app: &App) -> Result<(), store::Error> {
    let environments = app.store.environment_list(app.workspace).await?;
    let places: Vec<Place> =
        environments.iter().map(|known| Place { workspace: app.workspace, environment: known.id }).collect();
    for place in &places {
        app.world.reload(place.environment).await?;
    }
    app.sources.reload_all(&app.store, &places).await?;
    app.models.reload(app.workspace).await?;
    app.outbox.all_changed();
    Ok(())
}
