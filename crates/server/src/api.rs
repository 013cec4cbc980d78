//! The API under `/api/v1`. This file is its table of contents.

pub(crate) mod auth;
mod deliveries;
mod destinations;
mod document;
mod environments;
mod events;
mod export;
mod files;
mod flows;
mod jobs;
mod keys;
mod knowledge;
mod letters;
mod listen;
mod live;
mod models;
mod nodes;
mod paging;
pub(crate) mod problem;
mod refusals;
mod rehearsals;
mod replay_jobs;
mod replays;
mod runs;
mod samples;
mod schedules;
mod session;
mod signing;
mod sources;
mod start;
mod time;
mod trace;
mod trials;

use axum::{Router, extract::DefaultBodyLimit, middleware::map_response};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use flows::serving;
pub(crate) use session::login_link;
pub(crate) use time::rfc3339;
pub(crate) use trace::{Fate, fate};

use crate::app::App;

/// The largest body the API takes; flows and documents are far smaller.
const BODY_LIMIT: usize = 16 << 20;

fn table_of_contents() -> OpenApiRouter<App> {
    let groups = [installation, flows, inbound, outbound, history];
    let begin = OpenApiRouter::with_openapi(document::Document::openapi());
    groups.into_iter().fold(begin, |all, group| all.merge(group()))
}

/// Who may do what, and where.
fn installation() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(session::setup))
        .routes(routes!(session::log_in, session::log_out))
        .routes(routes!(session::log_in_by_link))
        .routes(routes!(session::make_link))
        .routes(routes!(session::me))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::revoke))
        .routes(routes!(environments::list))
        .routes(routes!(environments::set))
        .routes(routes!(environments::list_variables))
        .routes(routes!(environments::set_variable))
        .routes(routes!(environments::list_secrets))
        .routes(routes!(environments::set_secret, environments::delete_secret))
        .routes(routes!(nodes::list))
}

/// Flows and what they are made of.
fn flows() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(flows::node_kinds))
        .routes(routes!(flows::list))
        .routes(routes!(flows::get, flows::put_draft))
        .routes(routes!(flows::validate))
        .routes(routes!(flows::publish))
        .routes(routes!(flows::list_versions))
        .routes(routes!(flows::get_version))
        .routes(routes!(flows::deploy))
        .routes(routes!(rehearsals::preview))
        .routes(routes!(rehearsals::test))
        .routes(routes!(rehearsals::variables))
        .routes(routes!(models::list_providers))
        .routes(routes!(models::put_provider))
        .routes(routes!(models::list))
        .routes(routes!(models::put))
        .routes(routes!(knowledge::list))
        .routes(routes!(knowledge::put))
        .routes(routes!(knowledge::list_documents, knowledge::add_document))
        .routes(routes!(knowledge::delete_document))
        .routes(routes!(knowledge::search))
}

/// What comes in.
fn inbound() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sources::schema))
        .routes(routes!(sources::list, sources::create))
        .routes(routes!(sources::get, sources::update, sources::delete))
        .routes(routes!(sources::rotate))
        .routes(routes!(listen::listen))
        .routes(routes!(samples::list))
        .routes(routes!(samples::put, samples::delete))
        .routes(routes!(samples::infer))
        .routes(routes!(schedules::preview))
        .routes(routes!(start::start))
}

/// What goes out.
fn outbound() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(destinations::kinds))
        .routes(routes!(destinations::list, destinations::create))
        .routes(routes!(destinations::get, destinations::update, destinations::delete))
        .routes(routes!(destinations::enable))
        .routes(routes!(destinations::disable))
        .routes(routes!(destinations::close_breaker))
        .routes(routes!(signing::rotate))
        .routes(routes!(trials::test_new))
        .routes(routes!(trials::preview_new))
        .routes(routes!(trials::test))
        .routes(routes!(trials::preview))
}

/// What became of it, and what is done about that.
fn history() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(events::list))
        .routes(routes!(replays::one))
        .routes(routes!(replays::many))
        .routes(routes!(replay_jobs::get))
        .routes(routes!(refusals::list))
        .routes(routes!(refusals::get))
        .routes(routes!(refusals::replay))
        .routes(routes!(trace::get))
        .routes(routes!(files::get))
        .routes(routes!(runs::list))
        .routes(routes!(runs::get))
        .routes(routes!(runs::cancel))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::get))
        .routes(routes!(deliveries::replay))
        .routes(routes!(deliveries::edit))
        .routes(routes!(deliveries::discard))
        .routes(routes!(letters::replay))
        .routes(routes!(letters::discard))
        .routes(routes!(export::export))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::get))
        .routes(routes!(jobs::cancel))
        .routes(routes!(live::stream))
}

/// The routes, under their whole paths.
pub(crate) fn router() -> Router<App> {
    let (router, _) = table_of_contents().split_for_parts();
    router.layer(DefaultBodyLimit::max(BODY_LIMIT)).layer(map_response(problem::in_form))
}

/// The OpenAPI 3.1 document.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = table_of_contents().split_for_parts().1;
    document::complete(&mut document);
    document
}

#[cfg(test)]
mod tests;
