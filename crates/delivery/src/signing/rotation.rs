//! New signing keys: those that a destination lacks, and those that take the place of others.

use clock::{Random, Timestamp};
use serde_json::{Map, Value, json};
use vault::{
    Secret,
    standard_webhooks::{KeyPair, PublicKey, SigningKey},
};

use super::{Scheme, Signing, Stored};
use crate::{Error, kind::read};

/// A key that has just been made or set. This is the only time that it can be shown.
#[derive(Clone, Debug)]
pub struct MadeKey {
    /// What it signs by.
    pub scheme: Scheme,
    /// What the receiver has to be given, if both ends share a secret.
    pub secret: Option<Secret>,
    /// What it has to be given otherwise.
    pub public_key: Option<PublicKey>,
}

/// Which keys are to be replaced, and how.
#[derive(Clone, Debug, Default)]
pub struct Rotation {
    /// The new secret; without one, one is drawn.
    pub secret: Option<Secret>,
    /// What of, where a destination signs by several; without it, by all.
    pub scheme: Option<Scheme>,
    /// Until when the present keys sign as well; `None` ends them, and those of earlier rotations, at once.
    pub until: Option<Timestamp>,
}

/// A destination's secrets with a new key for each scheme that it is to sign by and has none for.
pub fn completed(config: &Value, mut secrets: Value, random: &Random) -> (Value, Vec<MadeKey>) {
    let signing = serde_json::from_value::<Signing>(config["signing"].clone()).unwrap_or_default();
    // What is of another form is found out by who reads it.
    let Value::Object(fields) = &mut secrets else { return (secrets, Vec::new()) };
    if signing == Signing::None || config["kind"] != "webhook" {
        return (secrets, Vec::new());
    }
    let list = fields.entry("signing").or_insert_with(|| json!([]));
    let Value::Array(list) = list else { return (secrets, Vec::new()) };
    let has = |scheme: Scheme| {
        list.iter().any(|key| key.as_str().is_some_and(|key| signing.scheme_of(key) == scheme))
    };
    let missing: Vec<Scheme> = signing.schemes().iter().copied().filter(|scheme| !has(*scheme)).collect();
    let drawn: Vec<(Scheme, Secret)> =
        missing.into_iter().map(|scheme| (scheme, draw(scheme, random))).collect();
    list.extend(drawn.iter().map(|(_, secret)| Value::from(secret.expose())));
    let made = drawn.into_iter().map(|(scheme, secret)| made(scheme, secret)).collect();
    (secrets, made)
}

/// A destination's secrets, from its settings and secrets as they are stored, after some of its signing keys were
/// replaced; and the new ones. What has ended by `now` is gone.
///
/// # Errors
/// When the destination does not sign, or not by what is asked for.
pub fn rotated(
    (config, secrets): (&str, &[u8]),
    rotation: &Rotation,
    now: Timestamp,
    random: &Random,
) -> Result<(Vec<u8>, Vec<MadeKey>), Error> {
    let config: Value = parsed("config", config.as_bytes())?;
    let mut secrets: Map<String, Value> = parsed("secrets", secrets)?;
    let signing = read::<Option<Signing>>("signing", config["signing"].clone())?.unwrap_or_default();
    let schemes = replaced(signing, rotation)?;
    let stored = secrets.get("signing").cloned().unwrap_or_else(|| json!([]));
    let stored: Vec<Stored> = read("secrets.signing", stored)?;
    let drawn: Vec<(Scheme, Secret)> = schemes
        .iter()
        .map(|&scheme| (scheme, rotation.secret.clone().unwrap_or_else(|| draw(scheme, random))))
        .collect();
    let new = drawn.iter().map(|(_, secret)| Value::from(secret.expose()));
    let old = stored.iter().filter(|key| key.until().is_none_or(|until| until > now.as_millis()));
    let old =
        old.filter_map(|key| match (schemes.contains(&signing.scheme_of(key.secret())), rotation.until) {
            (true, None) => None,
            (true, Some(until)) => {
                let until = key.until().unwrap_or(until.as_millis());
                Some(json!({ "secret": key.secret(), "until": until }))
            }
            (false, _) => Some(written(key)),
        });
    secrets.insert("signing".to_owned(), new.chain(old).collect());
    let made = drawn.into_iter().map(|(scheme, secret)| made(scheme, secret)).collect();
    Ok((Value::Object(secrets).to_string().into_bytes(), made))
}

/// Which schemes get a new key.
fn replaced(signing: Signing, rotation: &Rotation) -> Result<Vec<Scheme>, Error> {
    let of_secret = rotation.secret.as_ref().map(|secret| signing.scheme_of(secret.expose()));
    let wanted = match (of_secret, rotation.scheme) {
        (Some(of_secret), Some(named)) if of_secret != named => {
            let reason = format!("it is one of `{}` and not of `{}`.", of_secret.word(), named.word());
            return Err(Error::config("secret", reason));
        }
        (of_secret, named) => of_secret.or(named),
    };
    match (signing.schemes(), wanted) {
        ([], _) => {
            let error = Error::config("signing", "the destination does not sign.");
            Err(error.suggest("Choose how first."))
        }
        (schemes, None) => Ok(schemes.to_vec()),
        (schemes, Some(scheme)) if schemes.contains(&scheme) => Ok(vec![scheme]),
        (_, Some(scheme)) => {
            let reason = format!("the destination does not sign by `{}`.", scheme.word());
            Err(Error::config("scheme", reason).suggest("Change its `signing` first."))
        }
    }
}

fn draw(scheme: Scheme, random: &Random) -> Secret {
    match scheme {
        Scheme::V1 => SigningKey::generate(random),
        Scheme::V1a => KeyPair::generate(random),
        Scheme::Hmac => hex::encode(random.bytes::<32>()).into(),
    }
}

fn made(scheme: Scheme, secret: Secret) -> MadeKey {
    // One that cannot be read is refused before anybody sees this.
    let public_key = KeyPair::parse(secret.expose()).ok().filter(|_| scheme == Scheme::V1a);
    let public_key = public_key.map(|pair| pair.public_key());
    MadeKey { scheme, secret: Some(secret).filter(|_| scheme != Scheme::V1a), public_key }
}

fn written(key: &Stored) -> Value {
    match key {
        Stored::Lasting(secret) => secret.expose().into(),
        Stored::Ending { secret, until } => json!({ "secret": secret.expose(), "until": until }),
    }
}

fn parsed<T: serde::de::DeserializeOwned>(field: &str, json: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(json).map_err(|error| Error::config(field, format!("it cannot be read: {error}.")))
}
