//! Schedules that tick all the while, and the planned times that they have had.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::{Api, eventually};

/// How many there are. Each ticks every second, as often as is allowed.
const SCHEDULES: usize = 3;

/// What begins the key of a tick's event.
pub(crate) const TICK: &str = "tick";

/// The schedules.
pub(crate) struct Ticks(Vec<Schedule>);

struct Schedule {
    /// As it was sent.
    wanted: Value,
    id: String,
    /// Its first planned time, in seconds.
    first: i64,
}

impl Ticks {
    /// Lets schedules tick, which are to make up for whatever they miss.
    pub(crate) async fn start(owner: &Api) -> Self {
        let mut schedules = Vec::new();
        for nth in 0..SCHEDULES {
            let config = json!({
                "cron": "* * * * * *",
                "missed": "all",
                "input": { "query": format!("{TICK} {{{{ tick.at }}}} {nth}") },
            });
            let wanted = json!({ "name": format!("{TICK} {nth}"), "flow": "plain", "kind": "schedule", "config": config });
            let made = owner.post("/environments/production/sources", &wanted).await.ok();
            let id = made["id"].as_str().unwrap().to_owned();
            let first = second(&made["schedule"]["next_at"]);
            schedules.push(Schedule { wanted, id, first });
        }
        Self(schedules)
    }

    /// Waits until they have caught up, switches them off, and gives the key of each planned time until then.
    pub(crate) async fn stop(self, owner: &Api) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for (nth, schedule) in self.0.into_iter().enumerate() {
            let end = schedule.stop(owner).await;
            let times = (schedule.first..end).map(|second| Timestamp::from_second(second).unwrap());
            keys.extend(times.map(|at| format!("{TICK} {at} {nth}")));
        }
        keys
    }
}

impl Schedule {
    /// Gives the first planned time, in seconds, that it has not had.
    async fn stop(&self, owner: &Api) -> i64 {
        let path = format!("/sources/{}", self.id);
        eventually("a schedule has caught up", async || {
            let stands = owner.get(&path).await.ok()["schedule"].take();
            assert_eq!(stands["skipped"], 0, "it makes up for all: {stands}");
            (second(&stands["next_at"]) >= Timestamp::now().as_second()).then_some(())
        })
        .await;
        let mut wanted = self.wanted.clone();
        wanted["enabled"] = false.into();
        owner.put(&path, &wanted).await.ok();
        let stands = owner.get(&path).await.ok()["schedule"].take();
        let skipped = stands["skipped"].as_i64().unwrap();
        assert!(skipped == 0 || stands["skipped_why"] == "off", "{stands}");
        second(&stands["next_at"]) - skipped
    }
}

/// The seconds since 1970 of a time as the API gives it.
fn second(at: &Value) -> i64 {
    at.as_str().unwrap().parse::<Timestamp>().unwrap().as_second()
}
