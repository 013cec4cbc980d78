//! Every way out of the process beside `outbound`, and why nobody but the operator decides where it leads.
//!
//! An address that a member can set is called through the guard. Whoever opens a connection by himself has to stand
//! here, with the setting that says where it goes.

use std::collections::BTreeSet;

/// Text by which a connection is opened, a name is resolved, or a guard is given its policy.
const OPENS: [&str; 11] = [
    ".connect(",
    "TcpStream::connect",
    "TcpSocket",
    "UdpSocket",
    "UnixStream",
    "UnixDatagram",
    "connect_raw",
    "lookup_host",
    "to_socket_addrs",
    "Policy::new",
    "process::Command",
];

/// The files where such text may stand, and why.
const OPERATORS: [(&str, &str); 11] = [
    (
        "crates/cluster/src/link.rs",
        "to the nodes of `cluster.address`, which they tell each other by the database",
    ),
    ("crates/cluster/src/nats.rs", "to `bus.nats_url`"),
    ("crates/server/src/cli/doctor/here.rs", "to the server of this machine, at `listen`"),
    ("crates/server/src/cli/doctor/reach.rs", "to `public_url`"),
    (
        "crates/server/src/cli/offline.rs",
        "the strictest guard, for node kinds that are described and not run",
    ),
    ("crates/server/src/cli/remote.rs", "to the server that the person at the command line names"),
    ("crates/server/src/config/outbound.rs", "the policy of the guard itself, from the settings `outbound`"),
    ("crates/store/src/postgres/connector.rs", "to `database.url`"),
    ("crates/store/src/postgres/connector/hosts.rs", "to the hosts of `database.url`"),
    ("crates/store/src/postgres/notify.rs", "by the connector, to `database.url`"),
    ("crates/store/src/postgres/session.rs", "by the connector, to `database.url`"),
];

/// Packages that open connections by themselves, as far as they are known.
const CLIENTS: [&str; 38] = [
    "async-nats",
    "attohttpc",
    "aws-sdk-s3",
    "curl",
    "fantoccini",
    "h2",
    "h3",
    "hickory-client",
    "hickory-resolver",
    "hyper",
    "hyper-util",
    "isahc",
    "lapin",
    "ldap3",
    "lettre",
    "mail-send",
    "mongodb",
    "mysql_async",
    "object_store",
    "opendal",
    "opentelemetry-otlp",
    "paho-mqtt",
    "quinn",
    "rdkafka",
    "redis",
    "reqwest",
    "rmcp",
    "rumqttc",
    "russh",
    "sentry",
    "socket2",
    "sqlx",
    "suppaftp",
    "tiberius",
    "tokio-postgres",
    "tokio-tungstenite",
    "tonic",
    "ureq",
];

/// Which of our crates may use which of them, and why.
const USES: [(&str, &str, &str); 7] = [
    ("cluster", "async-nats", "`bus.nats_url`"),
    ("delivery", "lettre", "builds mails; without its feature for it, it sends none"),
    ("outbound", "hyper", "the guarded client"),
    ("outbound", "hyper-util", "the guarded client"),
    ("server", "hyper", "serves"),
    ("server", "hyper-util", "serves; its clients are for `outbound` alone, by the rules beside this one"),
    ("store", "tokio-postgres", "`database.url`"),
];

/// The ways out that a source file opens against the rule; `product` is its text without its own tests.
pub(super) fn of_file(name: &str, product: &str) -> Vec<String> {
    if name.starts_with("crates/outbound/") || OPERATORS.iter().any(|(known, _)| *known == name) {
        return Vec::new();
    }
    let code: Vec<&str> = product.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let opens = OPENS.iter().filter(|text| code.iter().any(|line| line.contains(**text)));
    opens
        .map(|text| {
            format!(
                "{name} has `{text}`: what a member can name is called by `outbound`; what only the operator can name \
                 stands in xtask/src/tidy/connections.rs"
            )
        })
        .collect()
}

/// Entries of the table that are not needed any more; `files` are all there are, with their product's text.
pub(super) fn stale<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    let opening: BTreeSet<&str> = files
        .filter(|(_, product)| OPENS.iter().any(|text| product.contains(text)))
        .map(|(name, _)| name)
        .collect();
    let stale = OPERATORS.iter().filter(|(known, _)| !opening.contains(known));
    stale
        .map(|(known, _)| format!("{known} opens no connection any more; take it out of tidy's table"))
        .collect()
}

/// Whether one of our crates may depend on a package.
pub(super) fn may_use(krate: &str, package: &str) -> Option<String> {
    let allowed = USES.iter().any(|(user, used, _)| (*user, *used) == (krate, package));
    (CLIENTS.contains(&package) && !allowed).then(|| {
        format!("`{krate}` may not depend on `{package}`, which opens connections: `outbound` is the way out")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_way_out_is_told() {
        for line in [
            "let stream = TcpStream::connect(address).await?;",
            "let stream = dialer.inner.connect(address).await?;",
            "let client = Client::new(Policy::new(\"x\"), resolver)?;",
            "tokio::net::lookup_host(host)",
        ] {
            assert_eq!(of_file("crates/nodes/src/mail.rs", line).len(), 1, "{line}");
            assert!(of_file("crates/outbound/src/dial.rs", line).is_empty(), "{line}");
            assert!(of_file("crates/cluster/src/link.rs", line).is_empty(), "{line}");
        }
        assert!(of_file("crates/nodes/src/mail.rs", "/// As `TcpStream::connect` does.").is_empty());
        assert!(may_use("nodes", "lettre").is_some() && may_use("nodes", "reqwest").is_some());
        assert!(may_use("cluster", "async-nats").is_none() && may_use("nodes", "serde").is_none());
        assert!(may_use("server", "async-nats").is_some());
    }

    #[test]
    fn an_entry_that_is_not_needed_is_told() {
        let all = OPERATORS.iter().map(|(name, _)| (*name, "pool.connect(x)"));
        assert!(stale(all.clone()).is_empty());
        assert_eq!(stale(all.skip(1)).len(), 1);
    }
}
