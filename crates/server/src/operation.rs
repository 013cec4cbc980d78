//! What operators look at: health and metrics.

use axum::{
    extract::State,
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
};

use crate::{api::problem::Error, app::App};

/// The process is alive.
pub(crate) async fn livez() -> &'static str {
    "ok\n"
}

/// The server takes events: the database can be read and written, and nobody is stopping it.
pub(crate) async fn readyz(State(app): State<App>) -> Response {
    if app.is_stopping() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    match app.store.run_next_due(vec![]).await {
        Ok(_) if app.engine.is_leased() => "ok\n".into_response(),
        Ok(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database takes no writes\n").into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be read\n").into_response()
        }
    }
}

/// What this node leaves to others.
pub(crate) async fn elsewhere(State(app): State<App>, uri: Uri) -> Error {
    let roles = &app.config.roles;
    Error::not_found(format!("There is nothing at {} on this node: its roles are {roles}.", uri.path()))
}

/// The metrics in Prometheus' text form.
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    let writes = app.store.writes();
    metrics::counter!("linchpin_store_transactions_total").absolute(writes.transactions);
    metrics::counter!("linchpin_store_writes_total").absolute(writes.writes);
    metrics::counter!("linchpin_store_checkpoints_total").absolute(writes.checkpoints);
    let (bytes, requests) = app.in_flight.taken();
    gauge("linchpin_in_flight_bytes", bytes);
    gauge("linchpin_in_flight_requests", requests);
    gauge("linchpin_runs_under_way", app.engine.running() as u64);
    let text = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    let destinations = app.destination_gauges.render(&app).await;
    (text, app.metrics.render() + &destinations).into_response()
}

#[expect(clippy::cast_precision_loss, reason = "gauges are far below where that begins")]
fn gauge(name: &'static str, value: u64) {
    metrics::gauge!(name).set(value as f64);
}
