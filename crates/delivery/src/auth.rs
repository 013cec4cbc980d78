//! How a destination is shown who calls.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vault::Secret;

use crate::{Error, address::Address, call::Draft, credential::Credential, oauth2};

/// How the receiver is shown who calls. The password, token or value itself is the secret `auth`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Auth {
    /// Not at all.
    #[default]
    None,
    /// HTTP Basic: a name, and the secret as the password.
    Basic {
        /// The name.
        username: String,
    },
    /// `Authorization: Bearer …` with the secret as the token.
    Bearer,
    /// A header with the secret as its value.
    Header {
        /// The header's name, such as `X-Api-Key`.
        name: String,
    },
    /// A query parameter with the secret as its value. Addresses end up in receivers' access logs: prefer a
    /// header.
    Query {
        /// The parameter's name.
        name: String,
    },
    /// `Authorization: Bearer …` with a token that is asked for by OAuth 2.0's client credentials; the secret is the
    /// client's. It is kept until shortly before it expires; when the receiver answers 401, another is asked for.
    Oauth2(oauth2::Grant),
}

const SECRET: &str = "secrets.auth";

impl Auth {
    /// The address as it is called: with the secret, if that goes there.
    pub(crate) fn address(&self, address: Address, secret: Option<&Secret>) -> Result<Address, Error> {
        match (self, secret) {
            (Self::None, Some(_)) => {
                let error = Error::config("auth", "there is a secret for it, but its type is `none`.");
                Err(error.suggest("Choose another type, or remove the secret."))
            }
            (Self::None, None) => Ok(address),
            (_, None) => Err(Error::config(SECRET, "it is missing: the password, token or value to show.")),
            (_, Some(secret)) if secret.expose().is_empty() => Err(Error::config(SECRET, "it is empty.")),
            (Self::Query { name }, Some(_)) if name.is_empty() => {
                Err(Error::config("auth.name", "the parameter needs a name."))
            }
            (Self::Query { name }, Some(secret)) => Ok(address.with_secret_query(name, secret.expose())),
            _ => Ok(address),
        }
    }

    /// How the token is come by that is shown, if one is.
    pub(crate) fn credential(&self, secret: Option<&Secret>) -> Result<Option<Credential>, Error> {
        match (self, secret) {
            (Self::Oauth2(grant), Some(secret)) => grant.credential(secret).map(Some),
            _ => Ok(None),
        }
    }

    /// Adds the header that shows the secret, if one does.
    pub(crate) fn header(&self, draft: Draft, secret: Option<&Secret>) -> Result<Draft, Error> {
        let Some(secret) = secret.map(Secret::expose) else { return Ok(draft) };
        match self {
            Self::None | Self::Query { .. } | Self::Oauth2(_) => Ok(draft),
            Self::Basic { username } if username.contains(':') => {
                Err(Error::config("auth.username", "HTTP Basic allows no colon in a name."))
            }
            Self::Basic { username } => {
                let pair = STANDARD.encode(format!("{username}:{secret}"));
                draft
                    .secret_header(SECRET, "authorization", &format!("Basic {pair}"))
                    .map(|draft| draft.hiding(&pair))
            }
            Self::Bearer => draft.secret_header(SECRET, "authorization", &format!("Bearer {secret}")),
            Self::Header { name } => draft.secret_header("auth.name", name, secret),
        }
        .map(|draft| draft.hiding(secret))
    }
}
