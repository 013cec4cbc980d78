//! Building the server, running it, and stopping it in good order.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
    routing::{any, get},
};
use clock::{Clock, Random};
use cluster::Nats;
use delivery::{Drain, Letters};
use engine::{Engine, Replays};
use knowledge::{Ingestion, Library};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use store::{Beat, LinkPurpose, Store, WorkspaceId};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, broadcast, watch},
    time::Instant,
};

use crate::{
    alerts, api,
    app::{App, Parts, Stage},
    changes,
    config::Config,
    console, destination_metrics,
    docs::{self, Shelf},
    hooks::{self, InFlight, Recorder, Sources},
    internal::Internal,
    listen,
    models::Models,
    operation,
    roles::{Role, Roles},
    well_known,
    world::World,
};

/// What works behind the requests.
struct Workers {
    drain: Option<Drain>,
    ingestion: Option<Ingestion>,
    replays: Option<Replays>,
    letters: Option<Letters>,
}

impl Workers {
    /// Those that a node with such roles has.
    fn start(
        roles: &Roles,
        engine: &Engine,
        library: &Library,
        surroundings: delivery::Surroundings,
    ) -> Self {
        let (store, node) = (surroundings.store.clone(), surroundings.node);
        let drain = roles.has(Role::Delivery).then(|| Drain::start(surroundings));
        if let Some(drain) = &drain {
            tokio::spawn(alerts::follow(engine.clone(), (drain.tripped(), drain.settled())));
        }
        Self {
            ingestion: roles.has(Role::Worker).then(|| library.start(engine.node())),
            replays: roles.has(Role::Worker).then(|| engine.start_replays()),
            letters: drain.as_ref().map(|drain| Letters::start(store, node, drain.waker())),
            drain,
        }
    }
}

/// Which build this is.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Logins that are checked at once; each takes 19 MiB and some tens of milliseconds of a core.
const LOGINS: usize = 2;

/// How long connections may take to end by themselves once nothing is under way any more.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Runs the server until it is told to stop.
pub(crate) async fn serve(config: Config, clock: Clock) -> anyhow::Result<()> {
    let listener = TcpListener::bind(config.listen).await;
    let listener = listener.with_context(|| format!("{} cannot be listened on", config.listen))?;
    let bound = listener.local_addr()?;
    let (app, workers) = build(config, bound, clock).await?;
    announce(&app).await?;
    let room = listen::room_for_connections(app.config.max_connections.get());
    let stopping = app.clone();
    let serving = listen::serve(listener, router(app.clone()), room, async move {
        told_to_stop().await;
        stop(&stopping, workers).await;
    });
    let cut_off = async {
        app.closing().await;
        tokio::time::sleep(LAST_WORDS).await;
    };
    tokio::select! {
        () = serving => {}
        () = cut_off => tracing::warn!("connections that did not end by themselves are cut off"),
    }
    app.store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Takes no new work and waits for what is under way, no longer than the operator's patience.
async fn stop(app: &App, workers: Workers) {
    tracing::info!("stopping: no new work is taken, what is under way is finished");
    app.stage.send_replace(Stage::Stopping);
    let patience = app.config.stop_patience.as_duration();
    let deadline = Instant::now() + patience;
    let ingestion = async {
        if let Some(ingestion) = workers.ingestion {
            ingestion.stop(patience).await;
        }
    };
    let replays = async {
        if let Some(replays) = workers.replays {
            replays.stop(patience).await;
        }
    };
    let letters = async {
        if let Some(letters) = workers.letters {
            letters.stop(patience).await;
        }
    };
    tokio::join!(ingestion, replays, letters, app.engine.stop(patience));
    if let Some(drain) = workers.drain {
        drain.stop(deadline.saturating_duration_since(Instant::now())).await;
    }
    // Only now: an attempt counts only while this node holds its destination.
    app.engine.leave().await;
    app.stage.send_replace(Stage::Closing);
}

async fn build(config: Config, bound: SocketAddr, clock: Clock) -> anyhow::Result<(App, Workers)> {
    let random = Random::system();
    let metrics = metrics()?;
    let store = open_store(&config, &clock, &random).await?;
    let workspace = store.workspace_ensure(&config.workspace).await?;
    let nats = join_bus(&config, &store, workspace, &random).await?;
    let world = Arc::new(World::load(store.clone(), workspace).await?);
    let client =
        outbound::Client::new(config.outbound.policy()?, Arc::new(outbound::SystemResolver::default()))?;
    let models = Arc::new(Models::new(&config, store.clone(), client.clone(), &random));
    let library = Library::new(store.clone(), models.clone(), random.clone());
    let registry = nodes::registry(&nodes::Needs {
        directory: world.clone(),
        models: models.clone(),
        secrets: Arc::new(store.clone()),
        http: client.clone(),
        library: Arc::new(library.clone()),
    });
    let time_and_chance = (clock.clone(), random.clone());
    let options = options(&config);
    let engine = Engine::new(store.clone(), Arc::new(registry), world.clone(), time_and_chance, options);
    let internal = Internal::bind(&config, bound.ip(), &store).await?;
    engine.start(beat(&config.roles, internal.as_ref())).await?;
    let surroundings = delivery::Surroundings {
        store: store.clone(),
        client: client.clone(),
        clock: clock.clone(),
        random: random.clone(),
        node: engine.node(),
        measure: destination_metrics::measure(world.clone()),
    };
    let workers = Workers::start(&config.roles, &engine, &library, surroundings);
    // Without a drain nobody is woken, and nothing is told.
    let outbox = workers.drain.as_ref().map(Drain::waker).unwrap_or_default();
    let settled = workers.drain.as_ref().map_or_else(|| broadcast::channel(1).1, Drain::settled);
    let waker = outbox.clone();
    world.wake_with(Box::new(move |destinations| waker.notify(destinations.iter().copied())));
    let places = world.places();
    let exchange =
        internal.map(|internal| internal.exchange((&store, &random), (&engine, nats), settled.resubscribe()));
    let app = App::new(Parts {
        public_url: config.public_url(bound),
        workspace,
        outbound: client,
        sources: Sources::load(&store, &places).await?,
        in_flight: InFlight::new(&config.limits),
        refusals: Recorder::start(store.clone()),
        docs: Shelf::default(),
        outbox,
        settled,
        metrics,
        logins: Semaphore::new(LOGINS),
        destination_gauges: destination_metrics::Gauges::default(),
        trials: delivery::Trials::default(),
        stage: watch::Sender::new(Stage::Serving),
        models,
        library,
        config,
        store,
        engine,
        exchange,
        world,
        clock,
        random,
    });
    if let Some(news) = app.store.news() {
        tokio::spawn(changes::follow(app.clone(), news));
    }
    tokio::spawn(hooks::keep_fresh(app.clone()));
    Ok((app, workers))
}

/// Keeps what is measured from now on.
fn metrics() -> anyhow::Result<PrometheusHandle> {
    let seconds = Matcher::Full(destination_metrics::SECONDS.to_owned());
    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(seconds, &destination_metrics::BUCKETS)?
        .install_recorder()?;
    tokio::spawn(upkeep(metrics.clone()));
    Ok(metrics)
}

/// Opens the database, with the keys of what lies in it.
async fn open_store(config: &Config, clock: &Clock, random: &Random) -> anyhow::Result<Store> {
    let keys = config.key_ring(random)?;
    let store = Store::open(&config.store(), keys, clock.clone(), random.clone()).await?;
    store.keys_check().await.map_err(|error| match (error, &config.database.url) {
        (error @ store::Error::Unseal { .. }, None) => anyhow::Error::new(error)
            .context(format!("the key is not that of the data in {}", config.data_dir.display())),
        (error @ store::Error::Unseal { .. }, Some(_)) => anyhow::Error::new(error).context(
            "the key is not that of the other nodes: give each the same, as LINCHPIN_KEY or in a file `key` in its data \
             folder",
        ),
        (error, _) => error.into(),
    })?;
    Ok(store)
}

/// How the engine of a node with such roles runs.
fn options(config: &Config) -> engine::Options {
    engine::Options {
        max_runs: if config.roles.has(Role::Worker) { config.engine.max_runs.get() } else { 0 },
        schedules: config.roles.has(Role::Scheduler),
        public_url: config.public_url.as_ref().map(|url| url.trim_end_matches('/').to_owned()),
        ..engine::Options::default()
    }
}

/// What this node says of itself to the others.
fn beat(roles: &Roles, internal: Option<&Internal>) -> Beat {
    Beat {
        name: host_name(),
        version: VERSION.to_owned(),
        roles: roles.names(),
        address: internal.map(|internal| internal.address.clone()),
        ..Beat::default()
    }
}

/// Lets NATS wake the other nodes, where it is set and there can be any. It need not be there yet.
///
/// Who has a key that was given up does not speak there as a node.
async fn join_bus(
    config: &Config,
    store: &Store,
    workspace: WorkspaceId,
    random: &Random,
) -> anyhow::Result<Option<Nats>> {
    let Some(settings) = config.nats() else { return Ok(None) };
    if store.is_alone() {
        tracing::warn!("`bus.nats_url` is not used: a node on SQLite is alone. Nodes share a `database.url`");
        return Ok(None);
    }
    let nats = Nats::start(&settings, &workspace.to_string(), store.keys().without_older(), random).await;
    let nats = nats.context("`bus` is wrong")?;
    cluster::carry_news(&nats, store).await?;
    Ok(Some(nats))
}

/// Folds what histograms have taken in, which would otherwise be kept until somebody reads the metrics.
async fn upkeep(metrics: PrometheusHandle) {
    let mut every = tokio::time::interval(Duration::from_secs(5));
    loop {
        every.tick().await;
        metrics.run_upkeep();
    }
}

fn router(app: App) -> Router {
    let roles = &app.config.roles;
    let mut router = Router::new()
        .route("/livez", get(operation::livez))
        .route("/readyz", get(operation::readyz))
        .route("/metrics", get(operation::metrics));
    if roles.has(Role::Gateway) {
        router = router
            .route("/hooks/{*path}", any(hooks::receive))
            .route("/status/{event}", get(hooks::status::status))
            .route("/status/{event}/stream", get(hooks::stream::resume));
    }
    if roles.has(Role::Gateway) || roles.has(Role::Console) {
        router = router
            .route("/.well-known/linchpin.json", get(well_known::get))
            .route("/docs/sources/{id}", get(docs::page))
            .route("/docs/sources/{id}/openapi.json", get(docs::openapi));
    }
    let router = if roles.has(Role::Console) {
        router.merge(api::router().layer(from_fn(finish))).fallback(console::serve)
    } else {
        router.fallback(operation::elsewhere)
    };
    router.with_state(app)
}

/// What a request has begun is finished even when its sender hangs up: half a change, stored and not known
/// to the rest of the server, is worse than either.
async fn finish(request: Request, next: Next) -> Response {
    engine::finishing(next.run(request)).await
}

/// Says where the server is, and on a fresh install how to get in.
async fn announce(app: &App) -> anyhow::Result<()> {
    tracing::info!(url = %app.public_url, data = %app.config.data_dir.display(), "ready");
    if app.config.roles.has(Role::Console) && app.store.member_first(app.workspace).await?.is_none() {
        let link = api::login_link(app, LinkPurpose::Owner).await?;
        println!(
            "This is a fresh install. Open this link within an hour to make the first member:\n  {link}"
        );
    }
    Ok(())
}

async fn told_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = interrupted => {}
        () = terminated => {}
    }
}

/// What people call this machine.
pub(crate) fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| "here".to_owned(), |name| name.trim().to_owned())
}
