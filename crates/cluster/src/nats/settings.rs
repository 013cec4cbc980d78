//! How NATS is reached.

use std::{io, path::PathBuf, time::Duration};

use async_nats::{ConnectOptions, ServerAddr};
use percent_encoding::percent_decode_str;
use url::Url;
use vault::Secret;

/// Messages that may wait to be sent, and of a subscription to be taken. What is more is dropped.
const WAITING: usize = 1024;

/// How often the server is asked whether it is there; it is given up when it was silent twice.
const PING: Duration = Duration::from_secs(5);

/// How NATS is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `nats://host:4222`, or `tls://…`; several servers with commas between. A user and a password, or a token
    /// alone, may stand before the host of the first.
    pub url: Secret,
    /// A file of credentials (JWT and key) instead.
    pub credentials: Option<PathBuf>,
    /// The file of the authority that signed the servers' certificates; those of the system when there is none.
    pub authority: Option<PathBuf>,
}

/// Why NATS cannot be used. Holds nothing of the address, as there may be a password in it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is malformed.
    #[error(
        "the URL of NATS is malformed: it must be `nats://host:4222`, or `tls://…` for TLS, with several servers \
         divided by commas; special letters of a password are percent-encoded"
    )]
    Url,
    /// The credentials cannot be used.
    #[error("the credentials for NATS in {} cannot be used", file.display())]
    Credentials {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The client did not start.
    #[error("the client of NATS did not start")]
    Start(#[source] async_nats::ConnectError),
    /// What was to be subscribed to is no subject.
    #[error("this is no subject of NATS")]
    Subscribe(#[source] async_nats::SubscribeError),
}

impl Settings {
    /// What the client needs: where to connect, and how.
    pub(super) async fn read(&self) -> Result<(Vec<ServerAddr>, ConnectOptions), Error> {
        let mut servers = Vec::new();
        let mut options = ConnectOptions::new()
            .retry_on_initial_connect()
            .ping_interval(PING)
            .client_capacity(WAITING)
            .subscription_capacity(WAITING);
        for text in self.url.expose().split(',').map(str::trim).filter(|text| !text.is_empty()) {
            let mut url = Url::parse(text).map_err(|_| Error::Url)?;
            options = match url.scheme() {
                "nats" => options,
                // Also of those that a server tells of.
                "tls" => options.require_tls(true),
                _ => return Err(Error::Url),
            };
            let decoded =
                |text: &str| percent_decode_str(text).decode_utf8().map(Into::into).map_err(|_| Error::Url);
            options = match (decoded(url.username())?, url.password()) {
                (user, Some(password)) => options.user_and_password(user, decoded(password)?),
                (token, None) if !token.is_empty() => options.token(token),
                _ => options,
            };
            // The client would log them.
            url.set_username("").and_then(|()| url.set_password(None)).map_err(|()| Error::Url)?;
            servers.push(ServerAddr::from_url(url).map_err(|_| Error::Url)?);
        }
        if servers.is_empty() {
            return Err(Error::Url);
        }
        if let Some(file) = &self.credentials {
            let wrong = |source| Error::Credentials { file: file.clone(), source };
            options = options.credentials_file(file).await.map_err(wrong)?;
        }
        if let Some(file) = &self.authority {
            options = options.add_root_certificates(file.clone());
        }
        Ok((servers, options))
    }
}
