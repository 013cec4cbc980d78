//! The servers that a connection string names, each apart: the driver tries one after the other within one deadline,
//! which the first to say nothing uses up.

use std::{net::IpAddr, time::Duration};

use tokio_postgres::{
    Client, Config,
    config::{Host as Address, SslMode, TargetSessionAttrs},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Connection, explained, tls_stood_in_the_way};

/// How long a server may take to let a client in, unless the connection string says `connect_timeout`.
const PATIENCE: Duration = Duration::from_secs(5);

/// One server.
pub(super) struct Host {
    /// How messages call it.
    pub(super) name: String,
    pub(super) config: Config,
    /// How to connect without TLS, where it is only preferred.
    plain: Option<Config>,
    patience: Duration,
}

/// The servers of a connection string, in its order. Of several, only one that takes writes is of use.
pub(super) fn of(config: &Config) -> Result<Vec<Host>, &'static str> {
    let (hosts, addresses, ports) = (config.get_hosts(), config.get_hostaddrs(), config.get_ports());
    let many = hosts.len().max(addresses.len());
    let fits = |count: usize| count == 0 || count == many;
    if many == 0 {
        return Err("its URL names no host");
    }
    if !fits(hosts.len()) || !fits(addresses.len()) || ports.len() > 1 && !fits(ports.len()) {
        return Err("its URL must name a port for each host or one for all, and an address for each or none");
    }
    let host = |nth: usize| {
        let port = ports.get(nth).or_else(|| ports.first()).copied();
        let mut config = with_host(config, hosts.get(nth), addresses.get(nth).copied(), port);
        if many > 1 && config.get_target_session_attrs() == TargetSessionAttrs::Any {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        Host::of(config)
    };
    Ok((0..many).map(host).collect())
}

impl Host {
    fn of(mut config: Config) -> Self {
        let patience = config.get_connect_timeout().copied().unwrap_or(PATIENCE);
        // A name may have several addresses, of which the first may say nothing.
        config.connect_timeout(patience / 2);
        let name = match (config.get_hosts(), config.get_hostaddrs()) {
            ([Address::Tcp(name)], _) => name.clone(),
            ([Address::Unix(path)], _) => path.display().to_string(),
            (_, addresses) => addresses.first().map(IpAddr::to_string).unwrap_or_default(),
        };
        let name = config.get_ports().first().map_or_else(|| name.clone(), |port| format!("{name}:{port}"));
        let mut plain = config.clone();
        plain.ssl_mode(SslMode::Disable);
        let plain = (config.get_ssl_mode() == SslMode::Prefer).then_some(plain);
        Self { name, config, plain, patience }
    }

    /// Opens a connection, or says why it cannot.
    pub(super) async fn connect(&self, tls: &MakeRustlsConnect) -> Result<(Client, Connection), String> {
        let connected = tokio::time::timeout(self.patience, self.try_both(tls)).await;
        let late = |_| format!("it did not answer within {} s", self.patience.as_secs());
        connected.map_err(late)?.map_err(|error| explained(&error))
    }

    async fn try_both(&self, tls: &MakeRustlsConnect) -> Result<(Client, Connection), tokio_postgres::Error> {
        match (self.config.connect(tls.clone()).await, &self.plain) {
            (Err(refused), Some(plain)) if tls_stood_in_the_way(&refused) => {
                plain.connect(tls.clone()).await.map_err(|_| refused)
            }
            (connected, _) => connected,
        }
    }
}

/// The same with one server alone.
fn with_host(all: &Config, host: Option<&Address>, address: Option<IpAddr>, port: Option<u16>) -> Config {
    let mut config = without_hosts(all);
    match host {
        Some(Address::Tcp(name)) => config.host(name),
        Some(Address::Unix(path)) => config.host_path(path),
        None => &mut config,
    };
    if let Some(address) = address {
        config.hostaddr(address);
    }
    if let Some(port) = port {
        config.port(port);
    }
    config
}

/// All that is said of any server.
fn without_hosts(all: &Config) -> Config {
    let mut config = Config::new();
    config
        .keepalives(all.get_keepalives())
        .keepalives_idle(all.get_keepalives_idle())
        .ssl_mode(all.get_ssl_mode())
        .ssl_negotiation(all.get_ssl_negotiation())
        .target_session_attrs(all.get_target_session_attrs())
        .channel_binding(all.get_channel_binding())
        .load_balance_hosts(all.get_load_balance_hosts());
    if let Some(user) = all.get_user() {
        config.user(user);
    }
    if let Some(password) = all.get_password() {
        config.password(password);
    }
    if let Some(name) = all.get_dbname() {
        config.dbname(name);
    }
    if let Some(options) = all.get_options() {
        config.options(options);
    }
    if let Some(name) = all.get_application_name() {
        config.application_name(name);
    }
    if let Some(timeout) = all.get_connect_timeout() {
        config.connect_timeout(*timeout);
    }
    if let Some(timeout) = all.get_tcp_user_timeout() {
        config.tcp_user_timeout(*timeout);
    }
    if let Some(interval) = all.get_keepalives_interval() {
        config.keepalives_interval(interval);
    }
    if let Some(retries) = all.get_keepalives_retries() {
        config.keepalives_retries(retries);
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Config> {
        of(&text.parse().unwrap()).unwrap().into_iter().map(|host| host.config).collect()
    }

    #[test]
    fn each_host_has_all_that_is_said_of_all() {
        let said = "user=ann password=pencil dbname=db options='-c a=b' application_name=hub sslmode=require
                    sslnegotiation=direct connect_timeout=4 tcp_user_timeout=7 keepalives=0 keepalives_idle=1
                    keepalives_interval=2 keepalives_retries=3 channel_binding=require load_balance_hosts=random
                    target_session_attrs=read-only";
        let all = read(&format!("host=here,/there hostaddr=::1,::2 port=1,2 {said}"));
        for (config, host) in all.iter().zip(["here hostaddr=::1 port=1", "/there hostaddr=::2 port=2"]) {
            let mut same: Config = format!("host={host} {said}").parse().unwrap();
            same.connect_timeout(Duration::from_secs(2));
            assert!(*config == same, "{config:?}");
        }
    }

    #[test]
    fn of_several_one_must_take_writes() {
        let wanted = |text| read(text).iter().map(Config::get_target_session_attrs).collect::<Vec<_>>();
        assert_eq!(wanted("postgres://here/db"), [TargetSessionAttrs::Any]);
        assert_eq!(wanted("postgres://here,there:1/db"), [TargetSessionAttrs::ReadWrite; 2]);
    }

    #[test]
    fn hosts_that_do_not_fit_together_are_refused() {
        for text in ["user=ann", "host=a,b,c port=1,2", "host=a,b hostaddr=::1"] {
            assert!(of(&text.parse().unwrap()).is_err(), "{text}");
        }
    }
}
