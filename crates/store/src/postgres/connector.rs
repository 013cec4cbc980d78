//! The one way to the database: every connection is made here, in the clear or by TLS, as the operator asks.

mod hosts;
#[cfg(test)]
mod tests;
mod tls;
mod words;

use std::{
    error::Error as _,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use clock::Random;
use tokio_postgres::{
    Client, Config, Socket,
    config::{Host as Address, LoadBalanceHosts, SslMode},
    error::SqlState,
    tls::MakeTlsConnect,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use self::{hosts::Host, tls::Mode};
use crate::{Error, Fault};

/// Where the database is, and how it is connected to. Cheap to clone.
#[derive(Clone)]
pub(super) struct Connector(Arc<Known>);

struct Known {
    /// The servers that may be the database's; one at least.
    hosts: Vec<Host>,
    /// Which of them let a client in last.
    last: AtomicUsize,
    /// Whether they are to be asked in any order.
    is_random: bool,
    tls: MakeRustlsConnect,
    database: String,
}

/// After how long without a word the other end is asked whether it is there, and how often.
pub(super) const STILL_THERE: Duration = Duration::from_secs(5);
pub(super) const ASKED: u32 = 2;

/// How long what was sent may stay without a receipt of the other end's.
const RECEIPT: Duration = Duration::from_secs(15);

/// What reads from a connection what the database sends, and writes to it what the client wants.
pub(super) type Connection =
    tokio_postgres::Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

impl Connector {
    /// Reads a connection string in libpq's form, a URL or pairs.
    pub(super) fn new(text: &str) -> Result<Self, Error> {
        let wrong = |reason: String| Error::Open { path: "PostgreSQL".to_owned(), reason };
        let (rest, words) = words::take_out(text);
        // The driver would quote what it does not understand, and that may be of a password.
        let malformed = "its URL is malformed: it must be like `postgres://user:password@host/database?sslmode=…`, \
                         with every special letter of the password percent-encoded";
        let mut config: Config = rest.parse().map_err(|_| wrong(malformed.to_owned()))?;
        notice_loss(&mut config);
        let mode = Mode::of(&words).map_err(wrong)?;
        let tls = MakeRustlsConnect::new(tls::settings(mode, &words).map_err(wrong)?);
        // An address is as good as a name for what is verified.
        if config.get_hosts().is_empty() {
            for address in config.get_hostaddrs().to_vec() {
                config.host(address.to_string());
            }
        }
        // As in libpq, a socket of this machine needs no TLS.
        let is_local = config.get_hosts().iter().all(|host| matches!(host, Address::Unix(_)));
        config.ssl_mode(match mode {
            _ if is_local => SslMode::Disable,
            Mode::Disable => SslMode::Disable,
            Mode::Prefer => SslMode::Prefer,
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => SslMode::Require,
        });
        let hosts = hosts::of(&config).map_err(|reason| wrong(reason.to_owned()))?;
        let is_random = config.get_load_balance_hosts() == LoadBalanceHosts::Random;
        let database = config.get_dbname().unwrap_or("the user's own database").to_owned();
        Ok(Self(Arc::new(Known { hosts, last: AtomicUsize::new(0), is_random, tls, database })))
    }

    /// Opens a connection; somebody must drive its second half. Of several hosts each has its own five seconds, or as
    /// many as `connect_timeout` says. The one that let a client in last is asked first: else one that hangs would take
    /// these seconds of every connection, and a lease is not renewed in less.
    pub(super) async fn connect(&self) -> Result<(Client, Connection), Fault> {
        let Known { hosts, last, tls, .. } = &*self.0;
        let mut refusals = Vec::new();
        for (nth, host) in self.0.in_turn() {
            match host.connect(tls).await {
                Ok(connected) => {
                    last.store(nth, Ordering::Relaxed);
                    return Ok(connected);
                }
                Err(why) if hosts.len() == 1 => refusals.push(why),
                Err(why) => refusals.push(format!("{}: {why}", host.name)),
            }
        }
        Err(Fault::Unreachable(refusals.join("; ")))
    }

    /// How messages call the database: without the password.
    pub(super) fn name(&self) -> String {
        format!("PostgreSQL ({})", self.0.database)
    }
}

impl Known {
    /// The hosts in the order in which they are to be asked, each with its place in the connection string.
    fn in_turn(&self) -> Vec<(usize, &Host)> {
        let mut hosts: Vec<(usize, &Host)> = self.hosts.iter().enumerate().collect();
        if self.is_random {
            let random = Random::system();
            hosts.sort_by_cached_key(|_| random.bytes::<8>());
        } else {
            hosts.rotate_left(self.last.load(Ordering::Relaxed));
        }
        hosts
    }
}

/// Lets it be noticed that the other end of a connection is gone, while something is sent and while nothing is. What the
/// connection string itself says of that counts.
fn notice_loss(config: &mut Config) {
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(RECEIPT);
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_idle(STILL_THERE).keepalives_interval(STILL_THERE).keepalives_retries(ASKED);
    }
}

/// Whether the server may take a connection without TLS though it refused one with it: its list of who may come can
/// tell them apart.
fn tls_stood_in_the_way(error: &tokio_postgres::Error) -> bool {
    of_tls(error).is_some() || error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

/// What went wrong with TLS, if that did.
fn of_tls(error: &tokio_postgres::Error) -> Option<&rustls::Error> {
    error.source()?.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref()
}

/// The error with its causes, and what to do where that is known. None of them holds the password.
fn explained(error: &tokio_postgres::Error) -> String {
    if let Some(rustls::Error::InvalidCertificate(why)) = of_tls(error) {
        return format!("the server is not trusted ({why}): {}", tls::advice(why));
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    if text.ends_with("server does not support TLS") {
        text.push_str("; turn on `ssl` there, or say `sslmode=disable` if the network between is safe");
    }
    text
}
