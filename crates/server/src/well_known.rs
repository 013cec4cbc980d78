//! What receivers may know of this installation: where its calls come from, and by which keys they verify them.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::State,
    http::header::{CACHE_CONTROL, HeaderName},
};
use clock::Timestamp;
use ipnet::IpNet;
use serde::Serialize;
use vault::standard_webhooks::PublicKey;

use crate::{api::rfc3339, app::App};

/// How long receivers and proxies may keep it: less than an overlap of keys should ever be.
const KEPT: (HeaderName, &str) = (CACHE_CONTROL, "public, max-age=300");

/// The document at `/.well-known/linchpin.json`. It names neither destinations nor versions.
#[derive(Serialize)]
pub(crate) struct WellKnown {
    /// The networks that calls come from.
    egress: Vec<IpNet>,
    /// The public keys that sign now, by key id.
    signing_keys: Vec<PublicKeyView>,
}

#[derive(Serialize)]
struct PublicKeyView {
    id: String,
    algorithm: &'static str,
    /// `whpk_` and the base64 of 32 bytes.
    public_key: String,
    /// Until when it signs, if another has taken its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

/// Serves it.
pub(crate) async fn get(State(app): State<App>) -> ([(HeaderName, &'static str); 1], Json<WellKnown>) {
    let now = app.clock.now();
    let keys = app.world.signing_keys().into_iter().filter(|key| key.until.is_none_or(|until| until > now));
    // By id, so that their order tells nothing of their destinations; of a key in several places the longest time counts.
    let mut by_id: BTreeMap<String, (PublicKey, Option<Timestamp>)> = BTreeMap::new();
    for (public, until) in keys.filter_map(|key| Some((key.public_key?, key.until))) {
        let known = by_id.entry(public.id()).or_insert((public, until));
        known.1 = known.1.zip(until).map(|(one, other)| one.max(other));
    }
    let view = |(id, (key, until)): (String, (PublicKey, Option<Timestamp>))| PublicKeyView {
        id,
        algorithm: "ed25519",
        public_key: key.to_string(),
        until: until.map(rfc3339),
    };
    let signing_keys = by_id.into_iter().map(view).collect();
    ([KEPT], Json(WellKnown { egress: app.config.egress_addresses.clone(), signing_keys }))
}
