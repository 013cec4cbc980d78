//! What befalls destinations and somebody should hear of.
//!
//! It is written in the transaction of what befell, so no crash loses it. Whoever raises alerts reads what is not raised
//! yet and says when it is. What has been raised stays for a day, so that the same is not written again.

use std::time::Duration;

use clock::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    DestinationId, Error, Place, Store,
    retention::DAY,
    sql::{Fault, Row, Statement, values},
};

/// What an alert tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// A destination's receiver fails: nothing is sent for a while.
    BreakerOpened,
    /// It answers again.
    BreakerClosed,
    /// A destination switched itself off, since its receiver is gone.
    DestinationDisabled,
    /// A destination has dead letters; at most one alert for each hour.
    DeadLetter,
}

/// Why it came to that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertCause {
    /// What the last attempt failed by, in words.
    pub reason: String,
    /// The same as a program takes it: an HTTP status, or `timeout`, `connect`, …; empty where there is neither.
    #[serde(default)]
    pub code: String,
}

/// Something that befell a destination just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAlert {
    /// What.
    pub kind: AlertKind,
    /// When. A destination has one alert of a kind and a time.
    pub at: Timestamp,
    /// Why; sealed where it is stored.
    pub cause: AlertCause,
}

/// Something that befell a destination and has not been raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// The destination.
    pub destination: DestinationId,
    /// Its name.
    pub name: String,
    /// Where it belongs.
    pub place: Place,
    /// What befell it.
    pub kind: AlertKind,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub cause: AlertCause,
}

/// An alert as it is written.
#[derive(Clone, Debug)]
pub(crate) struct SealedAlert {
    pub(crate) kind: AlertKind,
    pub(crate) at: Timestamp,
    pub(crate) sealed: Vec<u8>,
}

/// Of two at the same time one is written.
pub(crate) const INSERT: &str =
    "INSERT INTO alert (destination, kind, at, sealed, raised) VALUES (?1, ?2, ?3, ?4, 0)
     ON CONFLICT (destination, kind, at) DO NOTHING";

const HOUR: i64 = 3_600_000;

impl NewAlert {
    /// Dead letters of now: those of one hour share an alert.
    pub fn dead_letters(now: Timestamp, cause: AlertCause) -> Self {
        let hour = now.as_millis() - now.as_millis().rem_euclid(HOUR);
        Self { kind: AlertKind::DeadLetter, at: Timestamp::from_millis(hour), cause }
    }
}

impl AlertKind {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::BreakerOpened, Self::BreakerClosed, Self::DestinationDisabled, Self::DeadLetter];

    /// As the database and flows have it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::BreakerOpened => "breaker_opened",
            Self::BreakerClosed => "breaker_closed",
            Self::DestinationDisabled => "destination_disabled",
            Self::DeadLetter => "dead_letter",
        }
    }
}

impl Store {
    /// The oldest alerts that have not been raised, so many at most. A cause that is damaged comes empty, so that it does
    /// not stand in the way of others.
    ///
    /// # Errors
    /// When the database cannot be read or the key of a cause is not known.
    pub async fn alert_pending(&self, limit: u32) -> Result<Vec<Alert>, Error> {
        let sql = "SELECT a.destination, a.kind, a.at, a.sealed, d.workspace, d.environment, d.name
                   FROM alert a JOIN destination d ON d.id = a.destination
                   WHERE a.raised = 0 ORDER BY a.at LIMIT ?1";
        let rows: Vec<(Alert, Vec<u8>)> = self.rows(sql, values![limit], alert).await?;
        rows.into_iter().map(|(alert, sealed)| self.open_alert(alert, &sealed)).collect()
    }

    /// An alert has been raised, as far as anybody wanted it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn alert_raised(&self, alert: &Alert) -> Result<(), Error> {
        let statement = Statement::new(
            "UPDATE alert SET raised = 1 WHERE destination = ?1 AND kind = ?2 AND at = ?3",
            values![alert.destination, alert.kind.word(), alert.at],
        );
        self.change(vec![statement]).await.map(drop)
    }

    /// The statement that deletes alerts that were raised and are older than a day.
    pub(crate) fn alerts_expired(&self) -> Statement {
        Statement::new("DELETE FROM alert WHERE raised = 1 AND at < ?1", values![self.now().before(KEPT)])
    }

    pub(crate) fn seal_alert(&self, destination: DestinationId, alert: NewAlert) -> SealedAlert {
        let NewAlert { kind, at, cause } = alert;
        let cause = serde_json::json!(cause).to_string();
        SealedAlert { kind, at, sealed: self.seal("alert", &place(destination, kind, at), cause.as_bytes()) }
    }

    fn open_alert(&self, mut alert: Alert, sealed: &[u8]) -> Result<Alert, Error> {
        match self.unseal("alert", &place(alert.destination, alert.kind, alert.at), sealed) {
            Ok(cause) => alert.cause = serde_json::from_slice(&cause).unwrap_or_default(),
            Err(Error::Unseal { source: vault::OpenError::Damaged | vault::OpenError::Tampered, .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(alert)
    }
}

/// How long an alert stays that has been raised.
const KEPT: Duration = DAY;

/// What an alert is sealed for.
fn place(destination: DestinationId, kind: AlertKind, at: Timestamp) -> Vec<u8> {
    [destination.as_bytes(), kind.word().as_bytes(), &at.as_millis().to_be_bytes()].concat()
}

fn alert(row: &Row) -> Result<(Alert, Vec<u8>), Fault> {
    let alert = Alert {
        destination: row.get(0)?,
        kind: row.word(1)?,
        at: row.time(2)?,
        place: Place { workspace: row.get(4)?, environment: row.get(5)? },
        name: row.get(6)?,
        cause: AlertCause::default(),
    };
    Ok((alert, row.get(3)?))
}
