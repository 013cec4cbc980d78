//! Pauses of steps that outlive the process.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    failing::{step, succeeded},
    models::model,
    support::{Api, Home, Receiver, Reply, eventually, flow},
};

/// Its run stays in memory while the step pauses, as it does for up to five seconds.
const SOON: &str = "nodes:
  soon:
    kind: http
    method: POST
    url: \"{{ env.ERP }}/soon\"
    body: { query: \"{{ input.query }}\" }
    retry: { max: 2, backoff: 4s }
edges: [start -> soon]
outputs: { said: \"{{ nodes.soon.body }}\" }
";

/// Its run is let go from memory while the step pauses.
const LATER: &str = "nodes:
  later:
    kind: llm
    model: mock
    messages: [{ user: \"{{ input.query }}\" }]
    retry: { max: 2, backoff: 7s }
edges: [start -> later]
outputs: { said: \"{{ nodes.later.text }}\" }
";

/// Refuses the first request to each path, with a wish that no provider grants by itself.
async fn refusing_once(times: &Arc<Mutex<Vec<(String, Instant)>>>) -> Receiver {
    let times = Arc::clone(times);
    Receiver::start(move |_, seen| {
        let mut times = times.lock();
        let is_first = times.iter().all(|(path, _)| *path != seen.path);
        times.push((seen.path.clone(), Instant::now()));
        match seen.path.as_str() {
            _ if is_first => Reply::with(429, &[("retry-after", "3600")], "not now"),
            "/soon" => Reply::json(200, &json!("at last")),
            _ => Reply::json(
                200,
                &json!({ "choices": [{ "message": { "content": "at last" }, "finish_reason": "stop" }] }),
            ),
        }
    })
    .await
}

/// Waits until an event's step pauses and its run stands like this.
async fn paused(owner: &Api, event: &str, (id, status): (&str, &str)) -> Value {
    eventually(&format!("`{id}` pauses in a run that is {status}"), async || {
        let run = owner.trace(event).await["runs"][0].clone();
        (step(&run, id)["state"] == "paused" && run["status"] == status).then_some(run)
    })
    .await
}

#[tokio::test]
async fn a_pause_before_a_further_try_goes_on_over_a_crash() {
    let (home, times) = (Home::new(), Arc::default());
    let server = home.serve().start().await;
    let owner = Api::set_up(&server).await;
    let outside = refusing_once(&times).await;
    model(&owner, "mock", &outside.url("v1")).await;
    let variable = json!({ "value": outside.url("").trim_end_matches('/') });
    owner.put("/environments/production/variables/ERP", &variable).await.ok();
    let mut events = Vec::new();
    for (name, nodes) in [("later", LATER), ("soon", SOON)] {
        owner.deploy(name, &flow(name, nodes)).await;
        let source = owner.open_source(name, "accept").await;
        let receipt = source.post(&json!({ "query": "x" })).await.ok();
        events.push(receipt["event_id"].as_str().unwrap().to_owned());
    }
    paused(&owner, &events[0], ("later", "waiting")).await;
    paused(&owner, &events[1], ("soon", "running")).await;
    server.kill().await;
    assert_eq!(outside.seen().len(), 2, "it was killed before the pauses were over");

    let server = home.serve().start().await;
    let owner = owner.at(&server);
    for (event, id) in events.iter().zip(["later", "soon"]) {
        let run = succeeded(&owner, event, 0).await;
        assert_eq!(run["outputs"], json!({ "said": "at last" }), "{run}");
        let tries = step(&run, id)["tries"].as_array().unwrap();
        let attempts: Vec<_> = tries.iter().map(|one| one["attempt"].as_u64().unwrap()).collect();
        assert_eq!(attempts, [1, 2], "{run}");
    }
    let seen = outside.seen();
    let keys: Vec<_> = seen.iter().filter(|seen| seen.path == "/soon").collect();
    let key = keys[0].header("idempotency-key");
    assert!(!key.is_empty() && keys[1].header("idempotency-key") == key, "{seen:?}");
    assert_eq!(seen.len(), 4, "{seen:?}");
    let times = times.lock().clone();
    // Pauses are spread by a fifth.
    for (path, least) in [("/soon", 3_200), ("/v1/chat/completions", 5_600)] {
        let mut at = times.iter().filter(|(known, _)| known == path).map(|(_, at)| *at);
        let (first, second) = (at.next().unwrap(), at.next().unwrap());
        let pause = second - first;
        assert!(
            pause >= Duration::from_millis(least) && pause < Duration::from_secs(20),
            "{path}: {pause:?}"
        );
    }
}
