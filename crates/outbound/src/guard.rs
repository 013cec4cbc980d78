//! Judges addresses: which may be dialled, and why the others may not.

use std::{fmt, net::IpAddr};

use ipnet::IpNet;
use serde::Serialize;

use crate::ranges::{Rule, special};

/// The operator's setting that allows an address which would otherwise be refused.
pub const ALLOW_SETTING: &str = "outbound.allow_cidrs";

/// Judges addresses by the ranges of [`Rule`] and the operator's exceptions.
///
/// An exception counts for the family it is written in: allowing `10.0.0.0/8` does not allow
/// `::ffff:10.0.0.1`, so that an address has one spelling that passes, not several.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    allow: Vec<IpNet>,
}

impl Guard {
    /// A guard that lets the public internet and the networks in `allow` pass.
    pub fn new(allow: Vec<IpNet>) -> Self {
        Self { allow }
    }

    /// Whether `address` may be dialled; `host` is what the member wrote, for the message.
    pub fn judge(&self, host: &str, address: IpAddr) -> Result<(), Refusal> {
        match special(address) {
            Some((range, rule)) if !self.allow.iter().any(|net| net.contains(&address)) => {
                Err(Refusal { host: host.to_owned(), address, range, rule })
            }
            _ => Ok(()),
        }
    }

    /// Those of the addresses of `host` that may be dialled, in their order.
    ///
    /// # Errors
    /// The first refusal, when there are none.
    pub fn survivors(&self, host: &str, addresses: Vec<IpAddr>) -> Result<Vec<IpAddr>, Refusal> {
        let mut refusal = None;
        let passes = |address: &IpAddr| match self.judge(host, *address) {
            Ok(()) => true,
            Err(refused) => {
                refusal.get_or_insert(refused);
                false
            }
        };
        let survivors: Vec<IpAddr> = addresses.into_iter().filter(passes).collect();
        match refusal {
            Some(refused) if survivors.is_empty() => Err(refused),
            _ => Ok(survivors),
        }
    }
}

/// An address that was not dialled, and what would allow it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The host as the member wrote it.
    pub host: String,
    /// The address it led to.
    pub address: IpAddr,
    /// The range that the rule covers.
    pub range: IpNet,
    /// Why the address is refused.
    pub rule: Rule,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, address, range, rule } = self;
        let leads = if host.trim_matches(['[', ']']) == address.to_string() {
            format!("{address} is")
        } else {
            format!("{host} leads to {address}, which is")
        };
        write!(
            f,
            "{leads} {} ({range}) and is not called; the operator can allow it in the setting {ALLOW_SETTING}",
            rule.describe()
        )
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests;
