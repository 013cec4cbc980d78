//! Tokens by OAuth 2.0's client credentials (RFC 6749, section 4.4).

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::Method;
use outbound::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::form_urlencoded::{Serializer, byte_serialize};
use vault::Secret;

use crate::{
    Error,
    address::Address,
    call::Draft,
    credential::{Credential, Granted},
    verdict::{Verdict, judge_status, quoted},
};

/// How long a token is taken to last whose giver does not say.
const LASTS: Duration = Duration::from_secs(300);

/// Where and how a token is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grant {
    /// Where tokens are given.
    #[schemars(extend("format" = "uri", "examples" = ["https://login.example.com/oauth2/token"]))]
    pub(crate) token_url: String,
    /// The client's name.
    pub(crate) client_id: String,
    /// How the client is told who asks.
    #[serde(default)]
    pub(crate) client_auth: ClientAuth,
    /// What the token is to allow, with spaces between.
    #[serde(default)]
    pub(crate) scope: Option<String>,
    /// What the token is for, where the giver wants that said.
    #[serde(default)]
    pub(crate) audience: Option<String>,
}

/// Where the client's name and secret stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClientAuth {
    /// In a header, as HTTP Basic.
    #[default]
    Basic,
    /// In the body.
    Body,
}

#[derive(Deserialize)]
struct Answer {
    access_token: Secret,
    #[serde(default)]
    token_type: Option<String>,
    #[serde(default)]
    expires_in: Value,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Failure {
    error: String,
    error_description: String,
}

impl Grant {
    /// The credential that these settings stand for.
    pub(crate) fn credential(&self, secret: &Secret) -> Result<Credential, Error> {
        if self.client_id.is_empty() {
            return Err(Error::config("auth.client_id", "it is empty."));
        }
        let address = Address::open("auth.token_url", &self.token_url)?;
        let draft = Draft::new(Method::POST, address)?
            .header("auth", "content-type", "application/x-www-form-urlencoded")?
            .header("auth", "accept", "application/json")?
            .hiding(secret.expose());
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        for (name, value) in [("scope", &self.scope), ("audience", &self.audience)] {
            if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
                form.append_pair(name, value);
            }
        }
        let draft = match self.client_auth {
            ClientAuth::Basic => {
                let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let pair =
                    STANDARD.encode(format!("{}:{}", encode(&self.client_id), encode(secret.expose())));
                draft.secret_header("secrets.auth", "authorization", &format!("Basic {pair}"))?.hiding(&pair)
            }
            ClientAuth::Body => {
                form.append_pair("client_id", &self.client_id).append_pair("client_secret", secret.expose());
                draft
            }
        };
        let body = form.finish();
        let parts = [&self.token_url, &self.client_id, secret.expose(), &body];
        Ok(Credential::new((draft, body.clone()), &parts, read, |response| response.status == 401))
    }
}

/// What the giver's answer says.
fn read(response: &Response) -> Result<Granted, Verdict> {
    if !response.status.is_success() {
        return Err(refused(response));
    }
    let Ok(Answer { access_token, token_type, expires_in }) = serde_json::from_slice(&response.body) else {
        return Err(Verdict::unknown("the answer of the token's address holds no `access_token`"));
    };
    if token_type.as_ref().is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(Verdict::permanent("the token is of a type other than Bearer, which is not known here"));
    }
    if access_token.expose().is_empty() || !access_token.expose().bytes().all(|byte| byte.is_ascii_graphic())
    {
        return Err(Verdict::unknown("the token that was given is none that a header can carry"));
    }
    // Some write the number as a text.
    let seconds = expires_in.as_u64().or_else(|| expires_in.as_str()?.parse().ok());
    Ok(Granted { token: access_token, lasts: seconds.map_or(LASTS, Duration::from_secs) })
}

fn refused(response: &Response) -> Verdict {
    let Failure { error, error_description } = serde_json::from_slice(&response.body).unwrap_or_default();
    let said = format!("the token's address answered {} {}", response.status, quoted(&error));
    let said = format!("{} {}", said.trim_end(), quoted(&error_description)).trim_end().to_owned();
    let mend = match error.as_str() {
        "invalid_client" | "unauthorized_client" => "check client id, secret and `client_auth`",
        "invalid_scope" => "check `scope`",
        "unsupported_grant_type" => "it must allow the grant `client_credentials`",
        _ => "check `token_url` and what it expects",
    };
    match judge_status(response, false) {
        Verdict::Retry { after, at_most, .. } => Verdict::Retry { reason: said, after, at_most },
        _ => Verdict::permanent(format!("{said}: {mend}, then replay this delivery")),
    }
}

#[cfg(test)]
mod tests;
