//! Typed ids: UUIDv7 inside, `run_01h455vb4pex5vsknk084sn02q` in the API.

use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use clock::{Clock, Random};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Text that is no id, or an id of something else.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{text}` is not the id of {what}; such ids look like {prefix}_01h455vb4pex5vsknk084sn02q")]
pub struct MalformedId {
    text: String,
    what: &'static str,
    prefix: &'static str,
}

/// Crockford's base 32, lower case, as the `TypeID` specification writes 128 bits in 26 characters.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

fn encode(uuid: Uuid) -> [u8; 26] {
    let bits = uuid.as_u128();
    let mut text = [0; 26];
    for (position, digit) in text.iter_mut().rev().enumerate() {
        *digit = ALPHABET[usize::try_from((bits >> (5 * position)) & 31).unwrap_or(0)];
    }
    text
}

fn decode(text: &str) -> Option<Uuid> {
    let valid = text.len() == 26 && matches!(text.as_bytes().first(), Some(b'0'..=b'7'));
    let mut bits = 0_u128;
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|known| *known == byte)?;
        bits = (bits << 5) | digit as u128;
    }
    valid.then(|| Uuid::from_u128(bits))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// The id as its 16 bytes.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The id with these 16 bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let text = encode(self.0);
                write!(f, concat!($prefix, "_{}"), std::str::from_utf8(&text).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = MalformedId;

            fn from_str(text: &str) -> Result<Self, MalformedId> {
                let decoded = text.strip_prefix(concat!($prefix, "_")).and_then(decode);
                decoded.map(Self).ok_or_else(|| MalformedId {
                    text: text.chars().take(60).collect(),
                    what: $what,
                    prefix: $prefix,
                })
            }
        }

        impl TryFrom<String> for $name {
            type Error = MalformedId;

            fn try_from(text: String) -> Result<Self, MalformedId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    )*};
}

ids! {
    /// A tenant.
    WorkspaceId "ws" "a workspace";
    /// `test`, `production` or another environment of a workspace.
    EnvironmentId "env" "an environment";
    /// A person of a workspace.
    MemberId "mem" "a member";
    /// A key for the API.
    ApiKeyId "key" "an API key";
    /// A flow.
    FlowId "flow" "a flow";
    /// An immutable version of a flow.
    VersionId "ver" "a version";
    /// One act of deploying a version.
    DeploymentId "dep" "a deployment";
    /// An inbound endpoint. Random: knowing it is part of what lets a sender in.
    SourceId "src" "a source";
    /// An outbound target.
    DestinationId "dst" "a destination";
    /// A model provider.
    ProviderId "prov" "a provider";
    /// A model under the name that flows use.
    ModelId "model" "a model";
    /// An accepted request.
    EventId "evt" "an event";
    /// A refused request.
    RefusalId "ref" "a refused request";
    /// One execution of a flow. An event's original run has the event's bytes.
    RunId "run" "a run";
    /// A message to a destination.
    DeliveryId "msg" "a delivery";
    /// Long work.
    JobId "job" "a job";
    /// A running server.
    NodeId "node" "a node";
    /// A knowledge base.
    BaseId "kb" "a knowledge base";
    /// A document of a knowledge base.
    DocumentId "doc" "a document";
}

impl EventId {
    /// The event's original run, which has the same bytes.
    pub fn original_run(self) -> RunId {
        RunId(self.0)
    }

    /// The key of its row.
    pub(crate) fn number(self) -> i64 {
        number(self.0)
    }
}

impl RunId {
    /// How the ids of a number begin, for when no more than that is known.
    pub(crate) fn beginning(number: i64) -> String {
        let number = number.cast_unsigned();
        let high = (number >> 12 << 16) | 0x7000 | (number & 0xFFF);
        let mut text = Self(Uuid::from_u64_pair(high, 0)).to_string();
        // The 13th digit holds the last bit of these 64, and one that is not known.
        text.truncate("run_".len() + 12);
        text + "…"
    }

    /// The event whose original run this is, which has the same bytes.
    pub(crate) fn own_event(self) -> EventId {
        EventId(self.0)
    }

    /// The key of its row.
    pub(crate) fn number(self) -> i64 {
        number(self.0)
    }
}

impl DeliveryId {
    /// The key of its row.
    pub(crate) fn number(self) -> i64 {
        number(self.0)
    }
}

/// The time and the counter of a UUIDv7 in one number of 60 bits. [`Ids`] gives no two of one database the same, and
/// they are in the order of the ids.
pub(crate) fn number(id: Uuid) -> i64 {
    let (high, _) = id.as_u64_pair();
    // The version stands between the two.
    ((high >> 16 << 12) | (high & 0xFFF)).cast_signed()
}

/// Makes ids. Those of one database rise strictly, whatever the clock does. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ids {
    clock: Clock,
    random: Random,
    /// The last id's milliseconds and counter: 48 and 12 bits.
    last: Arc<AtomicU64>,
}

impl Ids {
    /// A maker of ids by this clock and chance.
    pub fn new(clock: Clock, random: Random) -> Self {
        Self::after(0, clock, random)
    }

    /// One whose ids come after all that were made before: `last` is the greatest [`number`] of those.
    pub(crate) fn after(last: i64, clock: Clock, random: Random) -> Self {
        Self { clock, random, last: Arc::new(AtomicU64::new(last.cast_unsigned())) }
    }

    /// The next UUIDv7 (RFC 9562, method 1: a counter in the 12 bits after the milliseconds).
    #[must_use]
    pub fn next<Id: From<Uuid>>(&self) -> Id {
        let now = u64::try_from(self.clock.now().as_millis()).unwrap_or(0) << 12;
        let raise = |last: u64| Some(now.max(last + 1));
        let before =
            self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, raise).unwrap_or_else(|last| last);
        let stamp = now.max(before + 1);
        let chance = u64::from_be_bytes(self.random.bytes());
        let high = (stamp >> 12 << 16) | 0x7000 | (stamp & 0xFFF);
        let low = (chance >> 2) | 1 << 63;
        Id::from(Uuid::from_u64_pair(high, low))
    }

    /// An id of 128 random bits, for what must not be guessed.
    #[must_use]
    pub fn unguessable<Id: From<Uuid>>(&self) -> Id {
        Id::from(Uuid::from_bytes(self.random.bytes()))
    }
}

#[cfg(test)]
mod tests {
    use clock::Timestamp;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_its_own_kind_only() {
        let id: RunId = "run_01h455vb4pex5vsknk084sn02q".parse().unwrap();
        assert_eq!(id.to_string(), "run_01h455vb4pex5vsknk084sn02q");
        let said = "evt_01h455vb4pex5vsknk084sn02q".parse::<RunId>().unwrap_err().to_string();
        assert!(said.contains("not the id of a run"), "{said}");
        let said = "run_01h455vb4pex5vsknk084sn02q".parse::<EventId>().unwrap_err().to_string();
        assert!(said.contains("not the id of an event"), "{said}");
        for wrong in [
            "",
            "run_",
            "run_81h455vb4pex5vsknk084sn02q",
            "run_01h455vb4pex5vsknk084sn02",
            "run_01H455VB4PEX5VSKNK084SN02Q",
        ] {
            assert!(wrong.parse::<RunId>().is_err(), "{wrong}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn ids_rise_even_when_the_clock_falls() {
        let clock = Clock::virtual_from(Timestamp::from_millis(1_700_000_000_000));
        let ids = Ids::new(clock.clone(), Random::seeded(1));
        let mut made: Vec<EventId> = (0..5_000).map(|_| ids.next()).collect();
        clock.skew(-60_000);
        made.push(ids.next());
        // The server starts again, and its clock is still behind.
        made.push(Ids::after(made.last().unwrap().number(), clock, Random::seeded(1)).next());
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(made.windows(2).all(|pair| pair[0].number() < pair[1].number()));
        assert_eq!(Uuid::from(made[0]).get_version_num(), 7);
    }

    proptest! {
        #[test]
        fn a_number_tells_how_its_id_begins(high: u64, low: u64) {
            let id = RunId(Uuid::from_u64_pair(high & !0xF000 | 0x7000, low));
            let beginning = RunId::beginning(id.number());
            prop_assert_eq!(beginning.chars().count(), "run_".len() + 13);
            prop_assert!(id.to_string().starts_with(beginning.trim_end_matches('…')));
        }

        #[test]
        fn text_and_bytes_agree(bytes: [u8; 16], other: [u8; 16]) {
            let (a, b) = (RunId::from_bytes(bytes), RunId::from_bytes(other));
            prop_assert_eq!(a.to_string().parse::<RunId>().unwrap(), a);
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()), "text sorts as the id does");
        }
    }
}
