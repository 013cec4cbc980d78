//! The operator's configuration: one typed struct, parsed once, from a file, the environment and the
//! command line, in this order.

use std::{
    net::{IpAddr, SocketAddr},
    num::{NonZeroU32, NonZeroUsize},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clock::Random;
use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use flow::{ByteSize, Span};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use vault::{Key, KeyRing, Secret};

use crate::{hooks::ForwardedBy, roles::Roles};

/// Everything an operator can set. Environment variables are the names in capitals, with `LINCHPIN_`
/// before and `__` between levels: `LINCHPIN_OUTBOUND__ALLOW_CIDRS`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Where the server listens.
    pub(crate) listen: SocketAddr,
    /// Connections that may be open at once; more wait until one ends.
    pub(crate) max_connections: NonZeroUsize,
    /// The address that senders and browsers use; the listening address when it is not set.
    pub(crate) public_url: Option<String>,
    /// The folder for the database and the key.
    pub(crate) data_dir: PathBuf,
    /// The master key in base64; a file `key` in the data folder when it is not set.
    pub(crate) key: Option<Secret>,
    /// Master keys of before, which still open what they sealed.
    pub(crate) older_keys: Vec<Secret>,
    /// The workspace's name on a fresh install.
    pub(crate) workspace: String,
    /// Addresses of proxies before the server. Needed to listen beyond this machine without TLS.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// The networks that calls to the outside come from, as receivers see them: published at
    /// `/.well-known/linchpin.json`, so that they can allow them.
    pub(crate) egress_addresses: Vec<IpNet>,
    /// The header in which those proxies say whose request it is. The other one is not looked at, since a proxy that
    /// does not know it lets through what a client wrote.
    pub(crate) forwarded_by: ForwardedBy,
    /// How much the server takes at once.
    pub(crate) limits: Limits,
    /// The database.
    pub(crate) database: Database,
    /// The files that come with requests.
    pub(crate) blobs: Blobs,
    /// The bus by which nodes wake each other.
    pub(crate) bus: Bus,
    /// How long a node may be silent before others take over what it holds.
    pub(crate) lease: Span,
    /// What this node does.
    pub(crate) roles: Roles,
    /// How other nodes reach this one.
    pub(crate) cluster: Cluster,
    /// Runs.
    pub(crate) engine: Engine,
    /// Calls to the outside.
    pub(crate) outbound: Outbound,
    /// The folder with the weights of the models in the process.
    pub(crate) models_dir: PathBuf,
    /// An OpenAI-compatible endpoint that serves the model `default`, instead of the one in the process.
    pub(crate) openai_base_url: Option<String>,
    /// The key for it.
    pub(crate) openai_api_key: Option<Secret>,
    /// What it calls the model that `default` stands for.
    pub(crate) openai_model: String,
    /// The log.
    pub(crate) log: Log,
    /// How long a stop waits for what is under way.
    pub(crate) stop_patience: Span,
}

/// The database.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Database {
    /// A server of PostgreSQL, `postgres://user:password@host/database`; SQLite in the data folder when it is not set.
    /// TLS is asked for as in libpq, by `?sslmode=disable|prefer|require|verify-ca|verify-full`, `sslrootcert`,
    /// `sslcert` and `sslkey`. `prefer` is the default and verifies nothing; `verify-full` verifies all, by the
    /// authorities in the file `sslrootcert` or those of the system. `require` with `sslrootcert` is `verify-ca`.
    pub(crate) url: Option<Secret>,
    /// The most it may grow to, in the data folder.
    pub(crate) max_size: Option<ByteSize>,
    /// Connections for reading; on PostgreSQL also for what is seldom written.
    pub(crate) readers: usize,
}

/// The files that come with requests.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Blobs {
    /// The folder for their contents; in the database when it is not set. Nodes that share a database must share the
    /// folder.
    pub(crate) directory: Option<PathBuf>,
}

/// How other nodes reach this one, where several share a database.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Cluster {
    /// Where this node listens to them; a free port where it listens to everybody when it is not set. What comes there
    /// must be sealed with the installation's key.
    pub(crate) listen: Option<SocketAddr>,
    /// The host and port by which they reach it; where it listens when it is not set.
    pub(crate) address: Option<String>,
}

/// The bus by which nodes wake each other; without one they do so through the database alone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_field_names, reason = "the settings name which bus they are of")]
pub(crate) struct Bus {
    /// Servers of NATS, `nats://host:4222` or `tls://…`, with commas between. A user and password, or a token, may
    /// stand before the first host.
    pub(crate) nats_url: Option<Secret>,
    /// A file of credentials for NATS (JWT and key).
    pub(crate) nats_credentials: Option<PathBuf>,
    /// The file of the authority that signed the servers' certificates; those of the system when it is not set.
    pub(crate) nats_authority: Option<PathBuf>,
}

impl Config {
    /// How NATS is reached, if it is used.
    pub(crate) fn nats(&self) -> Option<cluster::Settings> {
        let Bus { nats_url, nats_credentials, nats_authority } = &self.bus;
        nats_url.clone().map(|url| cluster::Settings {
            url,
            credentials: nats_credentials.clone(),
            authority: nats_authority.clone(),
        })
    }

    /// How the store is opened.
    pub(crate) fn store(&self) -> store::Options {
        let Database { url, max_size, readers } = &self.database;
        let location = match url {
            Some(url) => store::Location::Postgres(url.clone()),
            None => store::Location::Folder {
                directory: self.data_dir.clone(),
                max_bytes: max_size.map(|size| size.0),
            },
        };
        let blobs = self.blobs.directory.clone();
        store::Options { location, readers: *readers, lease: self.lease.as_duration(), blobs }
    }
}

/// How much the server takes at once; beyond it senders are told to come back, with 503 and `Retry-After`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    /// Bytes of requests' bodies in memory whose events are not committed yet. No source takes a larger body.
    pub(crate) in_flight_bytes: ByteSize,
    /// Requests that wait for their event's commit.
    pub(crate) in_flight_requests: NonZeroU32,
}

impl Default for Limits {
    fn default() -> Self {
        let in_flight_requests = NonZeroU32::new(4_096).unwrap_or(NonZeroU32::MIN);
        Self { in_flight_bytes: ByteSize(64 << 20), in_flight_requests }
    }
}

/// Runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Engine {
    /// Runs that may be under way at once.
    pub(crate) max_runs: NonZeroUsize,
}

/// Calls to the outside.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Outbound {
    /// Private networks that destinations, HTTP steps and providers may lie in.
    pub(crate) allow_cidrs: Vec<IpNet>,
    /// Files in PEM with certificates to trust besides the web's authorities, such as a company's own.
    pub(crate) trust_files: Vec<PathBuf>,
}

/// The log.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    /// What is logged, in the form of tracing's filters.
    pub(crate) filter: String,
    /// `text` or `json`.
    pub(crate) format: LogFormat,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// A JSON object a line, for machines.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            max_connections: NonZeroUsize::new(10_000).unwrap_or(NonZeroUsize::MIN),
            public_url: None,
            data_dir: PathBuf::from("data"),
            key: None,
            older_keys: Vec::new(),
            workspace: "Linchpin".to_owned(),
            trusted_proxies: Vec::new(),
            egress_addresses: Vec::new(),
            forwarded_by: ForwardedBy::default(),
            limits: Limits::default(),
            database: Database::default(),
            blobs: Blobs::default(),
            bus: Bus::default(),
            lease: Span::from_secs(store::LEASE.as_secs()),
            roles: Roles::default(),
            cluster: Cluster::default(),
            engine: Engine::default(),
            outbound: Outbound::default(),
            models_dir: PathBuf::from("models"),
            openai_base_url: None,
            openai_api_key: None,
            openai_model: "gpt-4o-mini".to_owned(),
            log: Log::default(),
            stop_patience: Span::from_secs(30),
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self { url: None, max_size: None, readers: 4 }
    }
}

impl Default for Engine {
    fn default() -> Self {
        let max_runs = NonZeroUsize::new(engine::Options::default().max_runs);
        Self { max_runs: max_runs.unwrap_or(NonZeroUsize::MIN) }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::Text }
    }
}

impl Config {
    /// Reads the configuration; what the command line says comes last.
    pub(crate) fn load(file: Option<&Path>, command_line: &impl Serialize) -> anyhow::Result<Self> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            anyhow::ensure!(file.exists(), "there is no configuration file {}", file.display());
            figment = figment.merge(Toml::file(file));
        }
        let environment = Env::prefixed("LINCHPIN_").ignore(&["api_key", "url"]);
        let figment = figment.merge(environment.split("__")).merge(Serialized::defaults(command_line));
        let config: Self = figment.extract().context("the configuration is wrong")?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> anyhow::Result<()> {
        let ip: IpAddr = self.listen.ip();
        if !ip.is_loopback() && self.trusted_proxies.is_empty() {
            bail!(
                "`listen` is {}, which others can reach, and the server speaks plain HTTP: put a proxy with TLS before \
                 it and name its network in `trusted_proxies`, or listen on 127.0.0.1",
                self.listen
            );
        }
        if self.limits.in_flight_bytes.0 < 1 << 20 {
            bail!(
                "`limits.in_flight_bytes` is {}, which leaves no room for ordinary bodies: give 1MiB or more",
                self.limits.in_flight_bytes
            );
        }
        if self.database.url.is_none() && self.roles != Roles::default() {
            bail!(
                "`roles` is {}, and on SQLite there is no other node for the rest: leave it away, or give a `database` \
                 that several nodes share",
                self.roles
            );
        }
        Ok(())
    }

    /// The address that senders and browsers use, without a slash at its end.
    pub(crate) fn public_url(&self, bound: SocketAddr) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{bound}"),
        }
    }

    /// The keys that seal what is stored. On a fresh install a key is drawn and put beside the database,
    /// readable by the server's user alone.
    pub(crate) fn key_ring(&self, random: &Random) -> anyhow::Result<KeyRing> {
        let current = match &self.key {
            Some(key) => Key::from_base64(key.expose()).context("`key` is wrong")?,
            None => key_file(&self.data_dir, random)?,
        };
        let older = self.older_keys.iter().map(|key| Key::from_base64(key.expose()));
        let older = older.collect::<Result<_, _>>().context("`older_keys` is wrong")?;
        Ok(KeyRing::new(current, older, random.clone()))
    }
}

fn key_file(data_dir: &Path, random: &Random) -> anyhow::Result<Key> {
    let path = data_dir.join("key");
    match std::fs::read_to_string(&path) {
        Ok(text) => return Key::from_base64(&text).with_context(|| format!("{} is wrong", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
    if data_dir.join("linchpin.db").exists() {
        bail!(
            "{} is gone, and without it nothing that is stored can be opened: restore it from your backup, or give it \
             as LINCHPIN_KEY",
            path.display()
        );
    }
    std::fs::create_dir_all(data_dir).with_context(|| format!("{} cannot be made", data_dir.display()))?;
    let key = Key::generate(random);
    write_private(&path, key.to_base64().as_bytes())
        .with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(key)
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_command_line_comes_last_and_mistakes_are_named() {
        let config = Config::load(None, &json!({ "listen": "127.0.0.1:0" })).unwrap();
        assert_eq!(config.listen.port(), 0);
        let said = format!("{:#}", Config::load(None, &json!({ "lisen": "x" })).unwrap_err());
        assert!(said.contains("lisen"), "{said}");
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        let open = json!({ "listen": "0.0.0.0:8080" });
        let said = Config::load(None, &open).unwrap_err().to_string();
        assert!(said.contains("trusted_proxies"), "{said}");
        let behind = json!({ "listen": "0.0.0.0:8080", "trusted_proxies": ["10.0.0.0/8"] });
        assert!(Config::load(None, &behind).is_ok());
    }

    #[test]
    fn there_is_room_for_ordinary_bodies() {
        let narrow = json!({ "limits": { "in_flight_bytes": "1KiB" } });
        let said = Config::load(None, &narrow).unwrap_err().to_string();
        assert!(said.contains("limits.in_flight_bytes"), "{said}");
        let wide = json!({ "limits": { "in_flight_bytes": "1MiB" }, "forwarded_by": "forwarded" });
        assert!(Config::load(None, &wide).is_ok());
    }

    #[test]
    fn one_node_alone_does_everything() {
        let said = Config::load(None, &json!({ "roles": "gateway" })).unwrap_err().to_string();
        assert!(said.contains("database"), "{said}");
        let shared = json!({ "roles": "gateway", "database": { "url": "postgres://here/linchpin" } });
        assert!(Config::load(None, &shared).is_ok());
    }

    #[test]
    fn a_lost_key_is_not_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let config = Config { data_dir: directory.path().to_owned(), ..Config::default() };
        let sealed =
            config.key_ring(&Random::system()).unwrap().seal(vault::Context { kind: "t", id: b"" }, b"x");
        let again = config.key_ring(&Random::system()).unwrap();
        assert_eq!(again.open(vault::Context { kind: "t", id: b"" }, &sealed).unwrap(), b"x");
        std::fs::write(directory.path().join("linchpin.db"), b"").unwrap();
        std::fs::remove_file(directory.path().join("key")).unwrap();
        assert!(config.key_ring(&Random::system()).is_err());
    }
}
