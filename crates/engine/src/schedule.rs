//! What a schedule is told: when it ticks, and what its flow takes in then.

use clock::Timestamp;
use flow::{Fields, Problem};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    Timetable,
    input::{InputTemplate, settings},
};

/// A schedule's settings, ready to be gone by.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// When it ticks.
    pub timetable: Timetable,
    /// What becomes of ticks whose time has passed.
    pub missed: Missed,
    /// The flow's input, with templates over `tick`.
    input: InputTemplate,
}

/// What becomes of ticks whose time has passed while nobody could fire them. Those of the last minute are not missed:
/// they are fired, late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// They are counted and left out.
    Skip,
    /// The last one is made up for.
    #[default]
    One,
    /// All are made up for, the last thousand at most.
    All,
}

/// The settings as they are stored.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Minute, hour, day of the month, month, day of the week; with seconds before them when there are six.
    #[schemars(extend("examples" = ["0 9 * * MON-FRI"]))]
    cron: String,
    /// The IANA name of the time zone that the expression is in.
    #[serde(default = "utc")]
    time_zone: String,
    /// The flow's input. In texts, `{{ tick.at }}` is the planned time in UTC, `{{ tick.local }}` in the time zone,
    /// `{{ tick.date }}` the day there, and `{{ tick.missed }}` says whether it is made up for.
    #[serde(default)]
    input: Map<String, Value>,
    /// What becomes of ticks whose time has passed while no server ran.
    #[serde(default)]
    missed: Missed,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// A planned time that is fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The planned time.
    pub at: Timestamp,
    /// Whether its time had passed by more than a minute.
    pub missed: bool,
}

impl Schedule {
    /// Reads settings.
    ///
    /// # Errors
    /// Which field is wrong, why, and what to write.
    pub fn compile(config: &str) -> Result<Self, Problem> {
        let config: Config = settings(config)?;
        Ok(Self {
            timetable: Timetable::parse(&config.cron, &config.time_zone)?,
            missed: config.missed,
            input: InputTemplate::compile(config.input)?,
        })
    }

    /// The JSON Schema of the settings.
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(Config)
    }

    /// Whether what it would give for a planned time fits a flow's inputs.
    ///
    /// # Errors
    /// Which field is wrong, why, and what to write.
    pub fn check(&self, inputs: &Fields, planned: Planned) -> Result<(), Problem> {
        self.input(inputs, planned).map(drop)
    }

    /// The flow's input for a planned time.
    ///
    /// # Errors
    /// The first field that cannot be rendered or does not fit.
    pub(crate) fn input(&self, inputs: &Fields, planned: Planned) -> Result<Map<String, Value>, Problem> {
        self.input.render(inputs, &json!({ "tick": self.tick(planned) }), Map::new())
    }

    /// What templates see of a planned time, and what is kept of it.
    pub(crate) fn tick(&self, planned: Planned) -> Value {
        let local = self.timetable.local(planned.at);
        let at = jiff::Timestamp::from_millisecond(planned.at.as_millis()).unwrap_or_default();
        let date = local.split('T').next();
        json!({ "at": at.to_string(), "local": local, "date": date, "missed": planned.missed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 09:00 in Shanghai.
    const NINE: Planned = Planned { at: Timestamp::from_millis(1_767_315_600_000), missed: false };

    fn inputs(fields: Value) -> Fields {
        serde_json::from_value(fields).unwrap()
    }

    fn said(config: &Value, fields: Value) -> String {
        let checked =
            Schedule::compile(&config.to_string()).and_then(|schedule| schedule.check(&inputs(fields), NINE));
        checked.unwrap_err().to_string()
    }

    #[test]
    fn the_input_is_made_of_the_planned_time() {
        let config = json!({
            "cron": "0 9 * * *", "time_zone": "Asia/Shanghai", "missed": "all",
            "input": {"day": "Report of {{ tick.date }}", "since": "{{ tick.at }}", "late": "{{ tick.missed }}", "top": 5},
        });
        let schedule = Schedule::compile(&config.to_string()).unwrap();
        let inputs = inputs(json!({
            "day": {"type": "string"}, "since": {"type": "date-time"}, "late": {"type": "boolean"},
            "top": {"type": "integer"}, "tone": {"type": "string", "default": "dry"},
        }));
        assert_eq!(schedule.missed, Missed::All);
        let input = schedule.input(&inputs, NINE).unwrap();
        assert_eq!(
            Value::Object(input),
            json!({"day": "Report of 2026-01-02", "since": "2026-01-02T01:00:00Z", "late": false, "top": 5, "tone": "dry"})
        );
        assert_eq!(schedule.tick(NINE)["local"], "2026-01-02T09:00:00+08:00");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_field() {
        let q = json!({"q": {"type": "string", "required": true}});
        let with = |input: Value| json!({"cron": "@daily", "input": input});
        for (config, expected) in [
            (json!({"crom": "@daily"}), "unknown field `crom`, expected one of `cron`"),
            (json!({"cron": "@daily", "missed": "two"}), "missed: unknown variant `two`"),
            (json!({"cron": "nonsense"}), "cron: it has 1 field, not five or six."),
            (with(json!({})), "input.q: the flow needs it: string."),
            (with(json!({"q": 5})), "input.q: the flow takes string, not integer."),
            (with(json!({"q": "", "p": ""})), "input.p: the flow has no such input."),
            (with(json!({"q": "{{ tick.att }}"})), "input.q: `{{ tick.att }}` is missing"),
            (with(json!({"q": "{{ tikc.at }}"})), "input.q: "),
            (with(json!({"q": "{{ tick.at"})), "input.q: the template is not valid"),
        ] {
            let said = said(&config, q.clone());
            assert!(said.contains(expected), "{config}: {said}");
        }
    }
}
