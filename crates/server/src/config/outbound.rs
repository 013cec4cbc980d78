//! What the operator sets for calls to the outside.

use std::path::PathBuf;

use anyhow::Context;
use ipnet::IpNet;
use outbound::{Policy, Proxy};
use serde::{Deserialize, Serialize};
use vault::Secret;

/// Calls to the outside.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Outbound {
    /// Private networks that destinations, HTTP steps and providers may lie in.
    pub(crate) allow_cidrs: Vec<IpNet>,
    /// The proxy that every such call goes through, `http://host:port`, with `user:password@` before the host if it asks
    /// for them. What the environment says of proxies (`HTTP_PROXY` and its like) is not looked at.
    pub(crate) proxy: Option<Secret>,
    /// Whether the proxy is given names, and not the addresses that were judged: for one that decides by names, or that
    /// alone can resolve them.
    pub(crate) proxy_by_name: bool,
    /// Networks that are called directly and not by the proxy.
    pub(crate) proxy_bypass: Vec<IpNet>,
    /// Files of certificates (PEM) to trust besides the web's public authorities: a company's own, or those of a proxy
    /// that looks into TLS.
    pub(crate) authorities: Vec<PathBuf>,
}

impl Outbound {
    /// What a client for such calls obeys.
    ///
    /// # Errors
    /// When the proxy's address is none, or a file of certificates cannot be read.
    pub(crate) fn policy(&self) -> anyhow::Result<Policy> {
        let proxy = self.proxy.as_ref().map(|url| Proxy::new(url.expose())).transpose();
        let proxy = proxy.context("`outbound.proxy` is wrong")?;
        let mut policy = Policy::new(concat!("Linchpin/", env!("CARGO_PKG_VERSION")));
        policy.allow.clone_from(&self.allow_cidrs);
        policy.proxy = proxy.map(|proxy| proxy.by_name(self.proxy_by_name).bypass(self.proxy_bypass.clone()));
        for path in &self.authorities {
            let wrong = || format!("`outbound.authorities`: {} cannot be used", path.display());
            let pem = std::fs::read(path).with_context(wrong)?;
            policy.trust.extend(outbound::certificates(&pem).with_context(wrong)?);
        }
        Ok(policy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named_and_no_password_is_repeated() {
        let wrong =
            Outbound { proxy: Some("https://ann:hunter2@proxy.example".into()), ..Outbound::default() };
        let said = format!("{:#}", wrong.policy().unwrap_err());
        assert!(said.contains("outbound.proxy") && !said.contains("hunter2"), "{said}");
        let wrong = Outbound { authorities: vec!["/no/such.pem".into()], ..Outbound::default() };
        let said = format!("{:#}", wrong.policy().unwrap_err());
        assert!(said.contains("outbound.authorities") && said.contains("/no/such.pem"), "{said}");
        let right = Outbound {
            proxy: Some("http://ann:hunter2@proxy.example:3128".into()),
            proxy_by_name: true,
            ..Outbound::default()
        };
        let shown = format!("{right:?} {:?}", right.policy().unwrap());
        assert!(shown.contains("proxy.example") && !shown.contains("hunter2"), "{shown}");
    }
}
