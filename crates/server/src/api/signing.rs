//! The keys by which destinations sign: shown, made, and changed.

use axum::{
    Json,
    extract::{Path, State},
};
use delivery::{MadeKey, Rotation, Scheme, SignedBy};
use flow::Span;
use serde::{Deserialize, Serialize};
use store::{Destination, Role};
use utoipa::ToSchema;
use vault::Secret;

use super::{
    auth::Caller,
    destinations::{find, save},
    problem::Error,
    time::rfc3339,
};
use crate::app::App;

/// A key by which a destination signs.
#[derive(Serialize, ToSchema)]
pub(crate) struct SigningKeyView {
    /// `v1`, `v1a` or `hmac`.
    scheme: &'static str,
    /// The public key's name, as `/.well-known/linchpin.json` lists it; of `v1a` alone.
    key_id: Option<String>,
    /// What the receiver verifies by; of `v1a` alone.
    public_key: Option<String>,
    /// Until when it signs, if another has taken its place.
    until: Option<String>,
}

/// A signing key that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewKeyView {
    /// `v1`, `v1a` or `hmac`.
    scheme: &'static str,
    /// The secret to give to the receiver; of `v1` and `hmac`. It is shown this once.
    secret: Option<String>,
    /// What the receiver verifies by; of `v1a` alone.
    public_key: Option<String>,
}

/// How a destination's signing keys are to be replaced.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateKeysInput {
    /// The new secret; without one, one is drawn.
    #[schema(value_type = Option<String>)]
    secret: Option<Secret>,
    /// `v1`, `v1a` or `hmac`, where a destination signs by several; without it, all are replaced.
    #[schema(value_type = Option<String>)]
    scheme: Option<Scheme>,
    /// How long the present keys sign as well: 0s to 30d. With 0s they end at once, and those of earlier rotations too.
    #[serde(default = "RotateKeysInput::day")]
    #[schema(value_type = String, default = "1d")]
    overlap: Span,
}

/// What came of a rotation.
#[derive(Serialize, ToSchema)]
pub(crate) struct RotatedKeysView {
    /// The new keys. Secrets are shown this once.
    new_keys: Vec<NewKeyView>,
    /// All keys that sign now.
    signing_keys: Vec<SigningKeyView>,
}

impl RotateKeysInput {
    const MOST: Span = Span::from_secs(30 * 86_400);

    const fn day() -> Span {
        Span::from_secs(86_400)
    }
}

impl From<SignedBy> for SigningKeyView {
    fn from(SignedBy { scheme, public_key, until }: SignedBy) -> Self {
        Self {
            scheme: scheme.word(),
            key_id: public_key.map(|key| key.id()),
            public_key: public_key.map(|key| key.to_string()),
            until: until.map(rfc3339),
        }
    }
}

impl From<MadeKey> for NewKeyView {
    fn from(MadeKey { scheme, secret, public_key }: MadeKey) -> Self {
        Self {
            scheme: scheme.word(),
            secret: secret.map(|secret| secret.expose().to_owned()),
            public_key: public_key.map(|key| key.to_string()),
        }
    }
}

/// Replace a destination's signing keys
///
/// Until the overlap is over, the keys of before sign as well; in a header that holds one signature (`hmac`) it is the old
/// secret's until then. After that they end by themselves.
#[utoipa::path(post, operation_id = "rotate_destination", path = "/api/v1/destinations/{id}/rotate",
    tag = "destinations", params(("id" = String, Path,)), request_body = RotateKeysInput,
    responses((status = 200, body = RotatedKeysView)))]
pub(crate) async fn rotate(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(input): Json<RotateKeysInput>,
) -> Result<Json<RotatedKeysView>, Error> {
    caller.at_least(Role::Editor)?;
    let RotateKeysInput { secret, scheme, overlap } = input;
    if overlap > RotateKeysInput::MOST {
        return Err(Error::invalid("`overlap`: an overlap is of 0s to 30d."));
    }
    let before = find(&app, &caller, &id).await?;
    let now = app.clock.now();
    let until = (overlap > Span::from_secs(0)).then(|| now.after(overlap.as_duration()));
    let (config, secrets) = (before.config.as_str(), before.secrets.as_slice());
    let rotation = Rotation { secret, scheme, until };
    let (secrets, made) = delivery::rotated((config, secrets), &rotation, now, &app.random)
        .map_err(|error| Error::invalid(error.to_string()))?;
    let destination = Destination { secrets, ..before };
    save(&app, &destination).await?;
    let new_keys = made.into_iter().map(NewKeyView::from).collect();
    Ok(Json(RotatedKeysView { new_keys, signing_keys: signing_keys(&app, &destination) }))
}

/// The keys that a destination signs by now; none if its settings cannot be read.
pub(super) fn signing_keys(app: &App, destination: &Destination) -> Vec<SigningKeyView> {
    let read = delivery::parse(&destination.config, &destination.secrets);
    let keys = read.map(|read| read.signed_by(app.clock.now())).unwrap_or_default();
    keys.into_iter().map(SigningKeyView::from).collect()
}
