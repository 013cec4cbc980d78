//! Typed ids: UUIDv7 inside, `run_01h455vb4pex5vsknk084sn02q` in the API.

use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU16, AtomicU64, Ordering},
    },
};

use clock::{Clock, Random, Timestamp};
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
        let stamp = number.cast_unsigned() >> MAKER;
        let high = (stamp >> COUNTER << 16) | 0x7000 | (stamp & 0xFFF);
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
    /// The least id of a number: a place in a list, and no delivery's own.
    pub(crate) fn place(number: i64) -> Self {
        let stamp = number.cast_unsigned() >> MAKER;
        let high = (stamp >> COUNTER << 16) | 0x7000 | (stamp & 0xFFF);
        Self(Uuid::from_u64_pair(
            high,
            1 << 63 | (number.cast_unsigned() & u64::from(MAKERS)) << (62 - MAKER),
        ))
    }

    /// The key of its row.
    pub(crate) fn number(self) -> i64 {
        number(self.0)
    }
}

/// How many bits of an id count the ids of a millisecond, and how many name the maker.
const COUNTER: u32 = 12;
const MAKER: u32 = 9;

/// The greatest number that a maker can have.
pub(crate) const MAKERS: u16 = (1 << MAKER) - 1;

/// The last of the milliseconds that 42 bits count.
const LAST_MILLI: u64 = (1 << 42) - 1;

/// A UUIDv7's time (42 bits of milliseconds, enough until 2109), counter and maker in one number. [`Ids`] gives no two of
/// one database the same, and they are in the order of the ids.
pub(crate) fn number(id: Uuid) -> i64 {
    let (high, low) = id.as_u64_pair();
    // The version stands between time and counter, the variant before the maker.
    let (time, counter, maker) = (high >> 16, high & 0xFFF, low << 2 >> (64 - MAKER));
    (time << (COUNTER + MAKER) | counter << MAKER | maker).cast_signed() & i64::MAX
}

/// The least number of an id that is made at that time or later.
pub(crate) fn first_number(at: Timestamp) -> i64 {
    number(first_id(at))
}

/// When ids of a number are made, in milliseconds since 1970.
pub(crate) fn millis(number: i64) -> i64 {
    number >> (COUNTER + MAKER)
}

/// The least id that is made at that time or later.
pub(crate) fn first_id(at: Timestamp) -> Uuid {
    let millis = u64::try_from(at.as_millis()).unwrap_or(0).min(LAST_MILLI);
    Uuid::from_u64_pair(millis << 16, 0)
}

/// Makes ids. Those of one maker rise strictly, whatever the clock does. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ids {
    clock: Clock,
    random: Random,
    /// Tells apart who makes ids for a database at the same time: below 512, and 0 where there is one.
    maker: Arc<AtomicU16>,
    /// The last id's milliseconds and counter.
    last: Arc<AtomicU64>,
}

impl Ids {
    /// A maker of ids by this clock and chance.
    pub fn new(clock: Clock, random: Random) -> Self {
        Self::after(0, Arc::default(), clock, random)
    }

    /// One whose ids come after all that were made before: `last` is the greatest [`number`] of those. Who it is may
    /// change while it makes them.
    pub(crate) fn after(last: i64, maker: Arc<AtomicU16>, clock: Clock, random: Random) -> Self {
        let last = last.cast_unsigned() >> MAKER;
        Self { clock, random, maker, last: Arc::new(AtomicU64::new(last)) }
    }

    /// The next UUIDv7 (RFC 9562, method 1: a counter in the 12 bits after the milliseconds; the first bits of what
    /// is else random name the maker).
    #[must_use]
    pub fn next<Id: From<Uuid>>(&self) -> Id {
        let now = u64::try_from(self.clock.now().as_millis()).unwrap_or(0) << COUNTER;
        let raise = |last: u64| Some(now.max(last + 1));
        let before =
            self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, raise).unwrap_or_else(|last| last);
        let stamp = now.max(before + 1);
        let chance = u64::from_be_bytes(self.random.bytes());
        let high = (stamp >> COUNTER << 16) | 0x7000 | (stamp & 0xFFF);
        let low =
            1 << 63 | u64::from(self.maker.load(Ordering::Relaxed)) << (62 - MAKER) | chance >> (2 + MAKER);
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
        let ids = Ids::after(made.last().unwrap().number(), Arc::default(), clock, Random::seeded(1));
        made.push(ids.next());
        made.push(Ids { maker: Arc::new(511.into()), ..ids }.next());
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(made.windows(2).all(|pair| pair[0].number() < pair[1].number()));
        assert_eq!(Uuid::from(made[0]).get_version_num(), 7);
    }

    #[tokio::test(start_paused = true)]
    async fn makers_do_not_meet() {
        let clock = Clock::virtual_from(Timestamp::from_millis(1_700_000_000_000));
        let of =
            |maker: u16| Ids { maker: Arc::new(maker.into()), ..Ids::new(clock.clone(), Random::seeded(1)) };
        let made: Vec<EventId> = [of(0), of(1), of(511)].iter().map(Ids::next).collect();
        let first = 1_700_000_000_000 << 21;
        let numbers: Vec<i64> = made.iter().map(|id| id.number()).collect();
        assert_eq!(numbers, [first, first + 1, first + 511]);
        assert!(made.iter().all(|id| Uuid::from(*id).get_variant() == uuid::Variant::RFC4122));
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_stands_between_the_ids_before_and_after_it() {
        let clock = Clock::virtual_from(Timestamp::from_millis(1_700_000_000_000));
        let ids = Ids { maker: Arc::new(0.into()), ..Ids::new(clock.clone(), Random::seeded(1)) };
        let before: EventId = ids.next();
        clock.skew(1);
        let after: EventId = ids.next();
        let at = clock.now();
        assert!(before.number() < first_number(at) && first_number(at) <= after.number());
        assert!(Uuid::from(before) < first_id(at) && first_id(at) <= Uuid::from(after));
        assert_eq!(first_number(Timestamp::from_millis(-1)), 0);
        assert_eq!(first_number(Timestamp::from_millis(i64::MAX)), (LAST_MILLI << 21).cast_signed());
    }

    proptest! {
        #[test]
        fn a_number_tells_how_its_id_begins(high: u64, low: u64) {
            let id = RunId(Uuid::from_u64_pair(high >> 6 & !0xF000 | 0x7000, low));
            let beginning = RunId::beginning(id.number());
            prop_assert_eq!(beginning.chars().count(), "run_".len() + 13);
            prop_assert!(id.to_string().starts_with(beginning.trim_end_matches('…')));
        }

        #[test]
        fn a_place_in_a_list_has_its_number(number in 0..i64::MAX) {
            prop_assert_eq!(DeliveryId::place(number).number(), number);
        }

        #[test]
        fn text_and_bytes_agree(bytes: [u8; 16], other: [u8; 16]) {
            let (a, b) = (RunId::from_bytes(bytes), RunId::from_bytes(other));
            prop_assert_eq!(a.to_string().parse::<RunId>().unwrap(), a);
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()), "text sorts as the id does");
        }
    }
}
