//! What can be reached from here: each destination, each provider of models, the public address, NATS.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use clock::Random;
use cluster::Nats;
use futures_util::{StreamExt, stream};
use http::Method;
use outbound::{Dialer, Endpoint, Error, Kind, Policy, Request, SystemResolver, Trace};
use store::Inspection;
use vault::KeyRing;

use super::finding::Finding;
use crate::{config::Config, models::ProviderConfig};

/// Connections that are tried at once.
const AT_ONCE: usize = 16;

/// What came of trying each endpoint, each tried once.
type Tried = BTreeMap<Endpoint, (Trace, Result<(), Error>)>;

/// Something that is called, and where that connects to.
struct Target {
    check: String,
    endpoints: Result<Vec<Endpoint>, String>,
    /// Why nothing is sent there now.
    disabled: Option<String>,
}

/// Tries all that is called from here.
pub(super) async fn everything(
    config: &Config,
    inspection: Option<&Inspection>,
    keys: Option<KeyRing>,
    limit: Duration,
) -> Vec<Finding> {
    let (public, nats) = tokio::join!(public(config, limit), nats(config, keys.as_ref(), limit));
    let mut findings: Vec<Finding> = [Some(public), nats].into_iter().flatten().collect();
    let policy = match config.outbound.policy() {
        Ok(policy) => policy,
        Err(error) => {
            findings.push(Finding::failed("outbound", format!("{error:#}")).mend("correct the setting"));
            return findings;
        }
    };
    if let Some(proxy) = &policy.proxy {
        findings.push(Finding::ok("proxy", format!("calls go by {}", proxy.address())));
    }
    let targets = targets(config, inspection, keys.as_ref());
    match Dialer::new(policy, Arc::new(SystemResolver::default())) {
        Ok(dialer) => {
            let tried = tried(&dialer, &targets, limit).await;
            findings.extend(targets.iter().map(|target| target.finding(&tried)));
        }
        Err(error) => findings.push(Finding::failed("outbound", error.chain())),
    }
    findings
}

async fn tried(dialer: &Dialer, targets: &[Target], limit: Duration) -> Tried {
    let endpoints: BTreeSet<&Endpoint> =
        targets.iter().filter_map(|target| target.endpoints.as_ref().ok()).flatten().collect();
    let probes = stream::iter(endpoints)
        .map(|endpoint| async move { (endpoint.clone(), dialer.probe(endpoint, limit).await) });
    probes.buffer_unordered(AT_ONCE).collect().await
}

fn targets(config: &Config, inspection: Option<&Inspection>, keys: Option<&KeyRing>) -> Vec<Target> {
    let at = |url: &str| Request::new(Method::POST, url).map(|request| vec![request.endpoint()]);
    let at = |url: &str| at(url).map_err(|error| error.to_string());
    let provider =
        |name: &str, endpoints| Target { check: format!("provider {name}"), endpoints, disabled: None };
    let own = config.openai_base_url.as_ref().map(|url| provider("of `openai_base_url`", at(url)));
    let stored = inspection.into_iter().flat_map(|inspection| &inspection.providers);
    let stored = stored.map(|(name, config)| {
        let config = serde_json::from_str::<ProviderConfig>(config).map_err(|error| error.to_string());
        provider(name, config.and_then(|config| at(&config.base_url)))
    });
    let destinations = inspection.zip(keys).into_iter().flat_map(|(found, keys)| found.destinations(keys));
    let destinations = destinations.map(|(environment, name, found)| Target {
        check: format!("destination {environment}/{name}"),
        disabled: found.as_ref().ok().and_then(|found| found.disabled_reason.clone()),
        endpoints: found.map_err(|error| error.to_string()).and_then(|found| {
            let read = delivery::parse(&found.config, &found.secrets);
            read.map(|read| read.endpoints()).map_err(|error| error.to_string())
        }),
    });
    own.into_iter().chain(stored).chain(destinations).collect()
}

impl Target {
    fn finding(&self, tried: &Tried) -> Finding {
        let endpoints = match &self.endpoints {
            Ok(endpoints) => endpoints,
            Err(reason) => {
                let finding =
                    Finding::failed(self.check.as_str(), format!("its settings cannot be used: {reason}"));
                return finding.mend("correct them in the console");
            }
        };
        let outcomes = endpoints.iter().filter_map(|endpoint| Some((endpoint, tried.get(endpoint)?)));
        let mut reached = Vec::new();
        for (endpoint, (trace, done)) in outcomes {
            match done {
                Ok(()) => reached.push(shown(endpoint, trace)),
                Err(error) => return failed(&self.check, endpoint, error),
            }
        }
        let reached = reached.join(", ");
        match &self.disabled {
            Some(reason) => {
                Finding::warning(self.check.as_str(), format!("{reached}, but it is switched off: {reason}"))
                    .mend("switch it on in the console when its receiver is ready")
            }
            None => Finding::ok(self.check.as_str(), reached),
        }
    }
}

/// How an endpoint was reached.
fn shown(endpoint: &Endpoint, trace: &Trace) -> String {
    let Endpoint { host, port, secure } = endpoint;
    let how = if *secure { "by TLS" } else { "in the clear" };
    let remote = trace.remote.map(|remote| format!(" ({})", remote.ip())).unwrap_or_default();
    format!("{host}:{port}{remote} is reached {how} in {} ms", trace.total_ms)
}

fn failed(check: &str, endpoint: &Endpoint, error: &Error) -> Finding {
    let Endpoint { host, port, .. } = endpoint;
    let finding = Finding::failed(check, format!("{host}:{port}: {}", error.chain()));
    match error {
        Error::Refused(refusal) => {
            let address = ipnet::IpNet::from(refusal.address);
            finding.mend(format!(
                "if it is meant to be called, add \"{address}\" to `{setting}` \
                 (LINCHPIN_OUTBOUND__ALLOW_CIDRS='[\"{address}\"]', or --allow-cidr {address}) and start the server anew",
                setting = outbound::ALLOW_SETTING
            ))
        }
        Error::Dns { .. } => finding.mend(
            "check the name and this machine's name server; where only a proxy knows names, set `outbound.proxy` and \
             `outbound.proxy_by_name`",
        ),
        Error::Proxy { .. } => finding.mend("check `outbound.proxy`, and what the proxy allows"),
        Error::Tls { .. } => finding.mend(
            "check the receiver's certificate; one of your own authority needs its file in `outbound.authorities`",
        ),
        _ if error.kind() == Kind::Timeout || error.kind() == Kind::Connect => finding.mend(
            "check that it runs, and that no firewall is between; where calls must go by a proxy, set `outbound.proxy`",
        ),
        _ => finding,
    }
}

/// Whether the address that senders use leads somewhere. From inside a network it often does not, so it only warns.
async fn public(config: &Config, limit: Duration) -> Finding {
    const CHECK: &str = "public URL";
    let Some(url) = &config.public_url else {
        let said = format!("it is not set: links and webhooks name http://{}", config.listen);
        let set = "set `public_url` to the address that senders and browsers use";
        return Finding::warning(CHECK, said).mend(set);
    };
    let endpoint = match Request::new(Method::GET, url) {
        Ok(request) => request.endpoint(),
        Err(error) => {
            let finding = Finding::failed(CHECK, error.to_string());
            return finding.mend("write `public_url` like https://linchpin.example.com");
        }
    };
    // The operator's own address, which nobody has to judge.
    let anywhere = ipnet::IpNet::V4(ipnet::Ipv4Net::default());
    let mut policy = Policy::new("linchpin-doctor").allow(vec![anywhere, ipnet::Ipv6Net::default().into()]);
    policy.trust = config.outbound.policy().map(|policy| policy.trust).unwrap_or_default();
    let dialer = match Dialer::new(policy, Arc::new(SystemResolver::default())) {
        Ok(dialer) => dialer,
        Err(error) => return Finding::failed(CHECK, error.chain()),
    };
    match dialer.probe(&endpoint, limit).await {
        (_, Err(error)) => {
            Finding::warning(CHECK, format!("{url} is not reached from here: {}", error.chain()))
                .mend("see whether it is reached from outside: this network may not lead back to itself")
        }
        (_, Ok(())) if !endpoint.secure && !config.listen.ip().is_loopback() => {
            Finding::warning(CHECK, format!("{url} is reached, in the clear"))
                .mend("put TLS before the server and set `public_url` to https")
        }
        (_, Ok(())) => Finding::ok(CHECK, format!("{url} is reached")),
    }
}

/// Whether NATS is there and lets this installation in, where it is set.
async fn nats(config: &Config, keys: Option<&KeyRing>, limit: Duration) -> Option<Finding> {
    const CHECK: &str = "NATS";
    let settings = config.nats()?;
    let wrong =
        |said: String| Some(Finding::failed(CHECK, said).mend("check `bus.nats_url` and its credentials"));
    if config.database.url.is_none() {
        let finding = Finding::warning(CHECK, "it is not used: a node on SQLite is alone");
        return Some(finding.mend("take `bus.nats_url` out, or share a `database.url`"));
    }
    let Some(keys) = keys else { return wrong("without the master key it is not tried".to_owned()) };
    match Nats::start(&settings, "doctor", keys.without_older(), &Random::system()).await {
        Err(error) => wrong(format!("{:#}", anyhow::Error::new(error))),
        Ok(nats) => match tokio::time::timeout(limit, nats.connected()).await {
            Ok(()) => Some(Finding::ok(CHECK, "it is reached and lets this installation in")),
            Err(_) => wrong(format!("there was no connection within {} s", limit.as_secs())),
        },
    }
}
