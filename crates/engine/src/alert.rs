//! What a source of alerts is told: which ones it takes, and what its flow takes in then.

use flow::{Fields, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{Alert, AlertKind};

use crate::input::{InputTemplate, settings};

/// The settings of a source of alerts, ready to be gone by.
#[derive(Clone, Debug)]
pub struct AlertRule {
    alerts: Vec<AlertKind>,
    destinations: Vec<String>,
    input: InputTemplate,
}

/// The settings as they are stored.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Which alerts; all when it names none.
    #[serde(default)]
    alerts: Vec<AlertKind>,
    /// Of which destinations, by name; of all when it names none.
    #[serde(default)]
    destinations: Vec<String>,
    /// The flow's input, where that is not what the alert has under the same name. In texts stand the alert's names:
    /// `{{ destination }}`, `{{ reason }}`, ….
    #[serde(default)]
    input: Map<String, Value>,
}

/// An alert as flows see it. What a flow has an input for under the same name, it is given.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AlertFacts {
    /// What befell the destination.
    pub(crate) alert: AlertKind,
    /// The destination's name.
    pub(crate) destination: String,
    /// The destination.
    pub(crate) destination_id: String,
    /// When, in UTC; of dead letters the hour that they came in.
    pub(crate) at: String,
    /// What the last attempt failed by.
    pub(crate) reason: String,
    /// The same in a word: an HTTP status, `timeout`, `connect`, …; empty where there is none.
    pub(crate) code: String,
    /// How many deliveries wait for the destination, up to [`store::COUNTED`] and as many that are blocked.
    pub(crate) waiting: u64,
    /// How many dead letters it has, up to [`store::COUNTED`].
    pub(crate) dead_letters: u64,
    /// The destination's page in the console; empty where the public URL is not set.
    pub(crate) link: String,
}

impl AlertRule {
    /// Reads settings.
    ///
    /// # Errors
    /// Which field is wrong, why, and what to write.
    pub fn compile(config: &str) -> Result<Self, Problem> {
        let Config { alerts, destinations, input } = settings(config)?;
        Ok(Self { alerts, destinations, input: InputTemplate::compile(input)? })
    }

    /// Whether what it would give fits a flow's inputs.
    ///
    /// # Errors
    /// Which field is wrong, why, and what to write.
    pub fn check(&self, inputs: &Fields) -> Result<(), Problem> {
        self.input(inputs, &AlertFacts::example()).map(drop)
    }

    /// Whether it takes an alert.
    pub(crate) fn takes(&self, alert: &Alert) -> bool {
        (self.alerts.is_empty() || self.alerts.contains(&alert.kind))
            && (self.destinations.is_empty() || self.destinations.contains(&alert.name))
    }

    /// The flow's input for an alert.
    ///
    /// # Errors
    /// The first field that cannot be rendered or does not fit.
    pub(crate) fn input(&self, inputs: &Fields, facts: &AlertFacts) -> Result<Map<String, Value>, Problem> {
        let names = serde_json::json!(facts);
        let known = names.as_object().into_iter().flatten();
        let asked = known.filter(|(name, _)| inputs.contains_key(*name) && !self.input.gives(name));
        let asked = asked.map(|(name, value)| (name.clone(), value.clone())).collect();
        self.input.render(inputs, &names, asked)
    }
}

impl AlertFacts {
    /// What any alert looks like, to see whether it fits.
    fn example() -> Self {
        Self {
            alert: AlertKind::BreakerOpened,
            destination: "erp".to_owned(),
            destination_id: "0".to_owned(),
            at: "2026-01-02T01:00:00Z".to_owned(),
            reason: "it answered 503".to_owned(),
            code: "503".to_owned(),
            waiting: 1,
            dead_letters: 0,
            link: "https://hub.example.com/destinations/0".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clock::Timestamp;
    use serde_json::json;
    use store::{AlertCause, Place};

    use super::*;

    fn inputs(fields: Value) -> Fields {
        serde_json::from_value(fields).unwrap()
    }

    fn rule(config: &Value) -> AlertRule {
        AlertRule::compile(&config.to_string()).unwrap()
    }

    fn alert(kind: AlertKind, name: &str) -> Alert {
        Alert {
            destination: store::DestinationId::from_bytes([1; 16]),
            name: name.into(),
            place: Place {
                workspace: store::WorkspaceId::from_bytes([2; 16]),
                environment: store::EnvironmentId::from_bytes([3; 16]),
            },
            kind,
            at: Timestamp::from_millis(0),
            cause: AlertCause::default(),
        }
    }

    #[test]
    fn a_flow_is_given_what_it_has_an_input_for_and_what_the_settings_say() {
        let rule = rule(&json!({ "input": {
            "title": "{{ destination }}: {{ alert }}", "code": "E{{ code }}", "waiting_now": "{{ waiting }}",
        }}));
        let inputs = inputs(json!({
            "title": {"type": "string", "required": true}, "code": {"type": "string"},
            "waiting_now": {"type": "integer"}, "reason": {"type": "string", "required": true},
            "at": {"type": "date-time"}, "tone": {"type": "string", "default": "dry"},
        }));
        rule.check(&inputs).unwrap();
        let input = rule.input(&inputs, &AlertFacts::example()).unwrap();
        assert_eq!(
            Value::Object(input),
            json!({
                "title": "erp: breaker_opened", "code": "E503", "waiting_now": 1, "reason": "it answered 503",
                "at": "2026-01-02T01:00:00Z", "tone": "dry",
            })
        );
    }

    #[test]
    fn an_alert_is_taken_by_its_kind_and_its_destination() {
        let all = [
            (AlertKind::BreakerOpened, "erp"),
            (AlertKind::DeadLetter, "erp"),
            (AlertKind::DeadLetter, "crm"),
        ];
        for (config, expected) in [
            (json!({}), [true, true, true]),
            (json!({"alerts": ["dead_letter"]}), [false, true, true]),
            (json!({"destinations": ["erp"]}), [true, true, false]),
            (json!({"alerts": ["dead_letter"], "destinations": ["crm", "x"]}), [false, false, true]),
        ] {
            let rule = rule(&config);
            assert_eq!(all.map(|(kind, name)| rule.takes(&alert(kind, name))), expected, "{config}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_field() {
        let q = || inputs(json!({"q": {"type": "integer", "required": true}}));
        for (config, expected) in [
            (json!({"alert": []}), "unknown field `alert`, expected one of `alerts`"),
            (
                json!({"alerts": ["breaker"]}),
                "alerts[0]: unknown variant `breaker`, expected one of `breaker_opened`",
            ),
            (json!({}), "input.q: the flow needs it: integer."),
            (json!({"input": {"q": "{{ reason }}"}}), "input.q: the flow takes integer, not string."),
            (json!({"input": {"q": 1, "p": 2}}), "input.p: the flow has no such input."),
            (json!({"input": {"q": "{{ raeson }}"}}), "input.q: "),
        ] {
            let said = AlertRule::compile(&config.to_string()).and_then(|rule| rule.check(&q())).unwrap_err();
            assert!(said.to_string().contains(expected), "{config}: {said}");
        }
    }
}
