//! What becomes of steps that ask endpoints of ill will, of whatever kind they are.

use serde_json::{Value, json};

use crate::{
    endpoint::{Endpoint, Then},
    support::{Api, eventually, flow},
};

/// The time of a step that is to run out. It is long enough that the endpoint is asked before, on busy cores too.
pub(crate) const SHORT: &str = "1s";
const SHORT_US: u64 = 1_000_000;

/// The time of a step that is not to run out.
pub(crate) const LONG: &str = "20s";

/// An endpoint of ill will, and what is expected of a step that may be tried twice.
pub(crate) struct Case {
    /// The step's id.
    pub(crate) name: &'static str,
    pub(crate) endpoint: Endpoint,
    /// The step's time.
    timeout: &'static str,
    code: &'static str,
    /// Words of the message.
    says: &'static str,
    tries: usize,
    requests: usize,
}

/// A kind of steps that ask endpoints.
pub(crate) struct Kind {
    /// The step's kind and config in YAML, without braces.
    pub(crate) node: fn(&Case) -> String,
    /// The field of the step's output that holds what an endpoint answers.
    pub(crate) field: &'static str,
    /// What a mended endpoint answers.
    pub(crate) proper: String,
    /// The most bytes of an answer that may be taken, with what the sockets hold.
    pub(crate) most: u64,
}

impl Kind {
    /// A step's name and time, how the endpoint answers it, the code and words of its error, and how many tries
    /// and requests are made.
    pub(crate) async fn case(
        &self,
        (name, timeout): (&'static str, &'static str),
        (begins, then): (impl Into<String>, Then),
        (code, says): (&'static str, &'static str),
        (tries, requests): (usize, usize),
    ) -> Case {
        let endpoint = Endpoint::start(begins, then, self.proper.as_str()).await;
        Case { name, endpoint, timeout, code, says, tries, requests }
    }

    /// Runs a flow that asks every endpoint side by side, and takes the failure branch where it must: each failure
    /// has its cause and is on record. When the endpoints are mended, a replay of the event succeeds, by a version that
    /// gives every step time enough.
    pub(crate) async fn prove(&self, owner: &Api, cases: &[Case]) {
        owner.deploy("all", &self.asking_all(cases, |case| case.timeout)).await;
        let source = owner.open_source("all", "accept").await;
        let receipt = source.post(&json!({ "query": "x" })).await.ok();
        let event = receipt["event_id"].as_str().unwrap();
        let run = succeeded(owner, event, 0).await;
        for case in cases {
            case.endpoint.let_go().await;
            self.check(case, &run);
        }
        for case in cases {
            case.endpoint.mend();
        }
        owner.deploy("all", &self.asking_all(cases, |_| LONG)).await;
        owner.post(&format!("/events/{event}/replay"), &json!({ "version": "deployed" })).await.ok();
        let run = succeeded(owner, event, 1).await;
        for case in cases {
            assert_eq!(run["outputs"][case.name], "mended", "{}: {run}", case.name);
        }
    }

    /// Where a step fails, its code and message stand for its answer.
    fn asking_all(&self, cases: &[Case], timeout: fn(&Case) -> &'static str) -> String {
        let all = |line: &dyn Fn(&Case) -> String| cases.iter().map(line).collect::<String>();
        let nodes = all(&|case| {
            let (name, timeout, ask) = (case.name, timeout(case), (self.node)(case));
            let rest = format!("timeout: {timeout}, retry: {{ max: 1, backoff: 1ms }}, on_failure: branch");
            let error = format!("{{{{ nodes.{name}.error.code }}}}: {{{{ nodes.{name}.error.message }}}}");
            format!("  {name}: {{ {ask}, {rest} }}\n  {name}_told: {{ kind: template, text: \"{error}\" }}\n")
        });
        let edges =
            all(&|Case { name, .. }| format!("  - start -> {name}\n  - {name}.failed -> {name}_told\n"));
        let outputs = all(&|Case { name, .. }| {
            let answer = format!("nodes.{name}.{} or nodes.{name}_told.text or ''", self.field);
            format!("  {name}: \"{{{{ {answer} }}}}\"\n")
        });
        flow("all", &format!("nodes:\n{nodes}edges:\n{edges}outputs:\n{outputs}"))
    }

    fn check(&self, case: &Case, run: &Value) {
        let name = case.name;
        let step = step(run, name);
        assert_eq!(step["state"], "recovered", "{name}: {step}");
        let tries = step["tries"].as_array().unwrap();
        assert_eq!(tries.len(), case.tries, "{name}: {step}");
        for attempt in tries {
            assert_eq!(attempt["error"]["code"], case.code, "{name}: {step}");
            assert!(attempt["error"]["message"].as_str().unwrap().contains(case.says), "{name}: {step}");
            if case.code == "timeout" {
                let took = attempt["took_us"].as_u64().unwrap();
                assert!(took >= SHORT_US, "{name}: {took} µs");
            }
        }
        let told = run["outputs"][name].as_str().unwrap();
        assert!(told.starts_with(case.code) && told.contains(case.says), "{name}: {told}");
        let requests = case.endpoint.requests();
        if name == "resets" {
            // A reset may overtake the text before it, and then it may be asked again within the try.
            assert!(requests >= case.requests, "{name}: {requests}");
        } else {
            assert_eq!(requests, case.requests, "{name}");
        }
        let sent = case.endpoint.sent();
        assert!(sent < self.most * case.tries as u64, "{name}: {sent} bytes were taken");
    }
}

/// A step of a run's trace.
pub(crate) fn step<'r>(run: &'r Value, id: &str) -> &'r Value {
    run["steps"].as_array().unwrap().iter().find(|step| step["id"] == id).unwrap()
}

/// Waits until an event's run of this number, from 0, has succeeded, and gives it.
pub(crate) async fn succeeded(owner: &Api, event: &str, nth: usize) -> Value {
    eventually("the run has succeeded", async || {
        let run = owner.trace(event).await["runs"][nth].clone();
        assert_ne!(run["status"], "failed", "{run}");
        (run["status"] == "succeeded").then_some(run)
    })
    .await
}
