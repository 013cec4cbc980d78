//! The settings of mail, and what a message by it may say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Host;
use vault::Secret;

use super::attachment::Attachment;
use crate::{Error, credential::Credential, oauth2, smtp::Security};

/// Sends a mail by an SMTP server. The message is a text, or an object `{to, cc, bcc, reply_to, subject, text, html,
/// attachments}`. It has arrived when the server has taken it; whether a mailbox got it is seen there.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The mail server's name, such as `smtp.example.com`.
    pub(super) host: String,
    /// Its port; left out, 465 with `tls`, 587 with `starttls`, 25 with `none`.
    #[serde(default)]
    pub(super) port: Option<u16>,
    /// How what goes to the server is kept from others.
    #[serde(default)]
    pub(super) security: Security,
    /// How the server is shown who sends.
    #[serde(default)]
    pub(super) auth: Auth,
    /// Whom mails are from: `Shop <shop@example.com>`, or an address alone.
    pub(super) from: String,
    /// Where answers go, if not to `from`; a message may say otherwise.
    #[serde(default)]
    pub(super) reply_to: Option<String>,
    /// Whom mails are for, unless a message says otherwise.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) to: Addresses,
    /// Who gets a copy, unless a message says otherwise.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) cc: Addresses,
    /// Who gets one unseen, unless a message says otherwise.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) bcc: Addresses,
    /// The subject, unless a message has its own.
    #[serde(default)]
    pub(super) subject: Option<String>,
    /// What the mail server is told of who calls (`EHLO`); left out, the domain of `from`.
    #[serde(default)]
    pub(super) hello: Option<String>,
}

/// What nobody sees again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Secrets {
    /// The password, app password or authorization code; with OAuth 2.0 the client's secret.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("writeOnly" = true))]
    pub(super) auth: Option<Secret>,
}

/// How the server is shown who sends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Auth {
    /// Not at all.
    #[default]
    None,
    /// By a name, and the secret as the password.
    Password {
        /// The account's name, most often its address.
        username: String,
    },
    /// By `XOAUTH2` with a token that is asked for by OAuth 2.0's client credentials; the secret is the client's.
    Oauth2(Grant),
}

/// An account, and where its tokens come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Grant {
    /// The account's name, most often its address.
    pub(super) username: String,
    #[serde(flatten)]
    token: oauth2::Grant,
}

/// Addresses: a list, or one alone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Addresses {
    One(String),
    Several(Vec<String>),
}

/// What a message says.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Said {
    /// In place of the destination's; each text is one address.
    pub(super) to: Option<Addresses>,
    /// The same of those who get a copy.
    pub(super) cc: Option<Addresses>,
    /// The same of those whom the others do not see.
    pub(super) bcc: Option<Addresses>,
    /// Where answers go.
    pub(super) reply_to: Option<String>,
    /// In place of the destination's.
    pub(super) subject: Option<String>,
    /// The mail as plain text.
    pub(super) text: Option<String>,
    /// The mail as HTML, in which values are escaped; beside a text, or alone.
    pub(super) html: Option<String>,
    /// At most 20, of 10 MiB together.
    pub(super) attachments: Vec<Attachment>,
}

impl Default for Addresses {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

impl Addresses {
    pub(super) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several,
        }
    }
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        Self { text: Some(text), ..Self::default() }
    }
}

impl Auth {
    /// Whether it fits its secret and the line.
    pub(super) fn check(&self, secret: Option<&Secret>, security: Security) -> Result<(), Error> {
        let username = match (self, secret) {
            (Self::None, None) => return Ok(()),
            (Self::None, Some(_)) => {
                let error = Error::config("auth", "there is a secret for it, but its type is `none`.");
                return Err(error.suggest("Choose another type, or remove the secret."));
            }
            (Self::Password { username } | Self::Oauth2(Grant { username, .. }), Some(_)) => username,
            (_, None) => return Err(Error::config("secrets.auth", "it is missing: the password to show.")),
        };
        if secret.is_some_and(|secret| secret.expose().is_empty()) {
            return Err(Error::config("secrets.auth", "it is empty."));
        }
        if username.is_empty() || username.chars().any(char::is_control) {
            return Err(Error::config("auth.username", "it is empty, or holds a line break."));
        }
        if security == Security::None {
            let error =
                Error::config("security", "without TLS everybody on the way could read the password.");
            return Err(error.suggest("Choose `starttls` or `tls`, or set `auth` to `none`."));
        }
        Ok(())
    }

    /// How the token is come by, if one is needed.
    pub(super) fn credential(&self, secret: Option<&Secret>) -> Result<Option<Credential>, Error> {
        match (self, secret) {
            (Self::Oauth2(grant), Some(secret)) => grant.token.credential(secret).map(Some),
            _ => Ok(None),
        }
    }
}

/// The name of a host, or an address of one, as it can be dialled and said.
pub(super) fn host(field: &str, text: &str) -> Result<String, Error> {
    let wrong = || {
        Error::config(field, "it is not the name of a server.").suggest("Write it like `smtp.example.com`.")
    };
    match Host::parse(text.trim()).map_err(|_| wrong())? {
        Host::Domain(name) if !name.contains(char::is_whitespace) => Ok(name),
        Host::Domain(_) => Err(wrong()),
        Host::Ipv4(address) if field == "hello" => Ok(format!("[{address}]")),
        Host::Ipv6(address) if field == "hello" => Ok(format!("[IPv6:{address}]")),
        Host::Ipv4(address) => Ok(address.to_string()),
        Host::Ipv6(address) => Ok(format!("[{address}]")),
    }
}

/// The port that is dialled.
pub(super) fn port(port: Option<u16>, security: Security) -> Result<u16, Error> {
    match (port, security) {
        (Some(0), _) => Err(Error::config("port", "0 is no port.")),
        (Some(port), _) => Ok(port),
        (None, Security::Tls) => Ok(465),
        (None, Security::Starttls) => Ok(587),
        (None, Security::None) => Ok(25),
    }
}
