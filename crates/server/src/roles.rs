//! What a node does. By default everything; on a cluster some may do one thing alone.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One thing a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Takes requests to sources, and answers them.
    Gateway,
    /// Runs flows, and ingests documents.
    Worker,
    /// Sends deliveries.
    Delivery,
    /// May be the one node that does what is done once for all: prunes, and does what is due at a time.
    Scheduler,
    /// Serves the API and the console.
    Console,
}

impl Role {
    const ALL: [(Self, &str); 5] = [
        (Self::Gateway, "gateway"),
        (Self::Worker, "worker"),
        (Self::Delivery, "delivery"),
        (Self::Scheduler, "scheduler"),
        (Self::Console, "console"),
    ];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(role, _)| *role == self).map_or("", |(_, name)| name)
    }
}

/// What a node does; never nothing. Written `gateway,worker`, or as a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Roles(BTreeSet<Role>);

impl Roles {
    /// Whether the node does this.
    pub(crate) fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// Their names.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.iter().map(|role| role.name().to_owned()).collect()
    }

    fn of<'n>(names: impl Iterator<Item = &'n str>) -> Result<Self, String> {
        let mut roles = BTreeSet::new();
        for name in names {
            let known = Role::ALL.iter().find(|(_, known)| *known == name.trim());
            let (role, _) = known.ok_or_else(|| {
                let all: Vec<&str> = Role::ALL.iter().map(|(_, name)| *name).collect();
                format!("there is no role `{}`; there are {}", name.trim(), all.join(", "))
            })?;
            roles.insert(*role);
        }
        if roles.is_empty() { Err("a node needs at least one role".to_owned()) } else { Ok(Self(roles)) }
    }
}

impl Default for Roles {
    fn default() -> Self {
        Self(Role::ALL.iter().map(|(role, _)| *role).collect())
    }
}

impl FromStr for Roles {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::of(text.split(','))
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(","))
    }
}

impl Serialize for Roles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            List(Vec<String>),
        }
        match Written::deserialize(deserializer)? {
            Written::Text(text) => text.parse(),
            Written::List(names) => Self::of(names.iter().map(String::as_str)),
        }
        .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn are_all_unless_some_are_named() {
        assert_eq!(Roles::default().to_string(), "gateway,worker,delivery,scheduler,console");
        let some: Roles = "worker, gateway".parse().unwrap();
        assert!(some.has(Role::Worker) && some.has(Role::Gateway) && !some.has(Role::Console));
        assert_eq!(serde_json::from_value::<Roles>(json!("gateway,worker")).unwrap(), some);
        assert_eq!(serde_json::from_value::<Roles>(json!(["gateway", "worker"])).unwrap(), some);
        assert_eq!(serde_json::from_value::<Roles>(json!(some)).unwrap(), some);
    }

    #[test]
    fn that_nobody_knows_are_named() {
        let said = "gateway,cook".parse::<Roles>().unwrap_err();
        assert!(said.contains("`cook`") && said.contains("console"), "{said}");
        assert!("".parse::<Roles>().is_err());
        assert!(serde_json::from_value::<Roles>(json!([])).is_err());
    }
}
