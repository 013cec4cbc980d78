//! Running events again: in bulk, on a draft, and requests that were refused.

use axum::http::Method;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::support::{Api, Home, Receiver, Reply, Server, Source, eventually, flow};

fn saying(text: &str) -> String {
    let nodes = format!("nodes:\n  say: {{ kind: template, text: \"{text} {{{{ input.query }}}}\" }}\n");
    let rest = "edges: [start -> say]\noutputs: { text: \"{{ nodes.say.text }}\" }\n";
    flow("saying", &(nodes + rest))
}

async fn set_up(server: &Server) -> (Api, Source) {
    let owner = Api::set_up(server).await;
    owner.deploy("saying", &saying("one")).await;
    let source = owner.open_source("saying", "wait").await;
    (owner, source)
}

async fn sent(source: &Source, count: usize) -> Vec<String> {
    let mut events = Vec::new();
    for nth in 0..count {
        let answer = source.post(&json!({ "query": format!("{nth}") })).await;
        events.push(answer.header("linchpin-event").unwrap().to_owned());
    }
    events
}

/// The body of a replay of all events of production so far.
fn all(version: &str) -> Value {
    json!({ "filter": { "from": "2020-01-01T00:00:00Z" }, "version": version })
}

async fn order(owner: &Api, body: &Value) -> String {
    let answer = owner.post("/environments/production/events/replay", body).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.ok()["job_id"].as_str().unwrap().to_owned()
}

async fn over(owner: &Api, job: &str) -> Value {
    eventually("the job is over", async || {
        let job = owner.get(&format!("/jobs/{job}")).await.ok();
        (job["status"] != "queued" && job["status"] != "running").then_some(job)
    })
    .await
}

/// The replays of an event, as its trace shows them.
async fn replays(owner: &Api, event: &str) -> Vec<Value> {
    let trace = owner.trace(event).await;
    let runs = trace["runs"].as_array().unwrap().iter();
    runs.filter(|run| run["cause"] == "replay").cloned().collect()
}

#[tokio::test]
async fn many_events_are_replayed_by_a_job() {
    let server = Server::fresh().await;
    let (owner, source) = set_up(&server).await;
    let events = sent(&source, 20).await;
    owner.deploy("saying", &saying("two")).await;

    let counted =
        json!({ "filter": { "from": "2020-01-01T00:00:00Z", "source": source.id }, "dry_run": true });
    let counted = owner.post("/environments/production/events/replay", &counted).await;
    assert_eq!((counted.status, counted.ok()), (200, json!({ "matching": 20 })));
    assert_eq!(replays(&owner, &events[0]).await.len(), 0, "they were only counted");

    let job = order(&owner, &all("deployed")).await;
    let over = over(&owner, &job).await;
    assert_eq!((&over["status"], &over["kind"]), (&json!("done"), &json!("replay")), "{over}");
    assert_eq!(over["progress"], json!({ "done": 20, "total": 20, "failed": 0 }), "{over}");
    for (nth, event) in events.iter().enumerate() {
        let texts: Vec<Value> =
            replays(&owner, event).await.iter().map(|run| run["outputs"]["text"].clone()).collect();
        assert_eq!(texts, [json!(format!("two {nth}"))]);
    }
    owner.post(&format!("/jobs/{job}/cancel"), &Value::Null).await.problem(409, "conflict");
}

#[tokio::test]
async fn replays_of_many_are_listed_with_what_failed_and_their_runs() {
    let server = Server::fresh().await;
    let (owner, source) = set_up(&server).await;
    let list = "/environments/production/jobs";
    assert_eq!(owner.get(list).await.ok(), json!({ "items": [] }));
    let events = sent(&source, 3).await;
    // Nothing can be divided by the zeroth.
    let broken = saying("one").replace("{{ input.query }}\"", "{{ 1 // (input.query | int) }}\"");
    owner.deploy("saying", &broken).await;
    let mut body = all("deployed");
    body["filter"]["source"] = json!(source.id);
    let first = order(&owner, &body).await;
    over(&owner, &first).await;
    let second = order(&owner, &all("ran")).await;
    over(&owner, &second).await;

    let page = owner.get(&format!("{list}?limit=1")).await.ok();
    assert_eq!((&page["items"][0]["id"], &page["next"]), (&json!(second), &json!(second)));
    let page = owner.get(&format!("{list}?limit=1&before={second}")).await.ok();
    let row = &page["items"][0];
    assert_eq!((&row["id"], &page["next"]), (&json!(first), &Value::Null));
    assert_eq!((&row["version"], &row["filter"]["source"]), (&json!("deployed"), &json!(source.id)));
    assert_eq!(row["progress"], json!({ "done": 3, "total": 3, "failed": 1 }));
    assert_eq!((&row["matching"], row["by"].is_string()), (&json!(3), true));
    assert_eq!(owner.get("/environments/test/jobs").await.ok()["items"], json!([]));

    let detail = owner.get(&format!("/replays/{first}")).await.ok();
    assert_eq!((&detail["environment"], &detail["status"]), (&json!("production"), &json!("done")));
    let failure = &detail["failures"][0];
    let run = &replays(&owner, &events[0]).await[0];
    assert_eq!((&failure["event"], &failure["run_id"]), (&json!(events[0]), &run["id"]));
    assert_eq!(failure["run"]["status"], "failed", "{detail}");
    assert!(failure["run"]["error"].is_object(), "{detail}");
    let newest: Vec<_> = detail["newest"].as_array().unwrap().iter().map(|known| &known["event"]).collect();
    assert_eq!(newest, [&events[2], &events[1], &events[0]]);
    owner.get(&format!("/replays/{}", first.replace("job_", "evt_"))).await.problem(404, "not_found");
}

#[tokio::test]
async fn what_is_replayed_can_be_chosen_and_mistakes_are_named() {
    let server = Server::fresh().await;
    let (owner, source) = set_up(&server).await;
    let good = sent(&source, 1).await;
    let broken = saying("one").replace("{{ input.query }}\"", "{{ 1 / (input.query | int) }}\"");
    owner.deploy("saying", &broken).await;
    // Nothing can be divided by the zeroth.
    let failed = source.post(&json!({ "query": "0" })).await;
    let failed = failed.header("linchpin-event").unwrap().to_owned();
    owner.deploy("saying", &saying("mended")).await;

    let mut body = all("deployed");
    body["filter"]["status"] = json!("failed");
    body["filter"]["flow"] = json!("saying");
    over(&owner, &order(&owner, &body).await).await;
    assert_eq!(replays(&owner, &failed).await[0]["outputs"]["text"], "mended 0");
    assert_eq!(replays(&owner, &good[0]).await.len(), 0);

    let path = "/environments/production/events/replay";
    for (filter, said) in [
        (json!({ "from": "yesterday" }), "filter.from"),
        (json!({ "from": "2020-01-01T00:00:00Z", "to": "2019-01-01T00:00:00Z" }), "filter.from"),
        (json!({ "from": "2020-01-01T00:00:00Z", "source": "src" }), "filter.source"),
        (json!({ "from": "2020-01-01T00:00:00Z", "status": "sleeping" }), "status"),
        (json!({ "from": "2020-01-01T00:00:00Z", "since": "x" }), "since"),
    ] {
        let answer = owner.post(path, &json!({ "filter": filter })).await;
        let problem = answer.problem(422, "invalid");
        assert!(problem["detail"].as_str().unwrap().contains(said), "{said}: {problem}");
    }
    let problem = owner.post(path, &all("draft")).await.problem(422, "invalid");
    assert!(
        problem["detail"].as_str().unwrap().contains("filter.flow")
            || problem["detail"].as_str().unwrap().contains("`flow`"),
        "{problem}"
    );
    let nothing = json!({ "filter": { "from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z" } });
    assert_eq!(owner.post(path, &nothing).await.ok(), json!({ "matching": 0 }));
    owner.key("viewer").await.post(path, &all("ran")).await.problem(403, "forbidden");
}

#[tokio::test]
async fn a_job_survives_kills_and_begins_no_run_twice() {
    let home = Home::new();
    let mut server = home.serve().start().await;
    let (mut owner, source) = set_up(&server).await;
    let events = sent(&source, 60).await;
    let job = order(&owner, &all("ran")).await;
    for killed_at in [1, 25] {
        eventually("the job has come so far", async || {
            let job = owner.get(&format!("/jobs/{job}")).await.ok();
            (job["progress"]["done"].as_u64() >= Some(killed_at) || job["status"] == "done").then_some(())
        })
        .await;
        server.kill().await;
        server = home.serve().start().await;
        owner = owner.at(&server);
    }
    let over = over(&owner, &job).await;
    assert_eq!(over["progress"], json!({ "done": 60, "total": 60, "failed": 0 }), "{over}");
    for event in events {
        assert_eq!(replays(&owner, &event).await.len(), 1);
    }
}

#[tokio::test]
async fn a_draft_runs_with_what_the_test_environment_has() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let receiver = Receiver::start(|_, _| Reply::Status(200)).await;
    let target = |path: &str| json!({ "kind": "webhook", "url": receiver.url(path) });
    owner.destination("shop", target("production"), Value::Null).await;
    let testing = json!({ "name": "shop", "config": target("test"), "secrets": null });
    owner.post("/environments/test/destinations", &testing).await.ok();
    for (environment, word) in [("production", "live"), ("test", "tried")] {
        owner
            .put(&format!("/environments/{environment}/variables/WORD"), &json!({ "value": word }))
            .await
            .ok();
    }
    let telling = |says: &str| {
        let nodes = format!(
            "nodes:\n  tell: {{ kind: deliver, destination: shop, body: {{ text: \"{says} {{{{ env.WORD }}}} {{{{ input.query }}}}\" }} }}\n"
        );
        flow("telling", &(nodes + "edges: [start -> tell]\n"))
    };
    owner.deploy("telling", &telling("v1")).await;
    let source = owner.open_source("telling", "accept").await;
    let receipt = source.post(&json!({ "query": "x" })).await.ok();
    let event = receipt["event_id"].as_str().unwrap();
    owner.settled(event, 1).await;

    owner.put("/flows/telling", &json!({ "definition": telling("draft") })).await.ok();
    let one = owner.post(&format!("/events/{event}/replay"), &json!({ "version": "draft" })).await;
    assert_eq!(one.status, 201, "{one:?}");
    let mut body = all("draft");
    body["filter"]["flow"] = json!("telling");
    over(&owner, &order(&owner, &body).await).await;
    receiver.until(3).await;
    let told: Vec<(String, Value)> = receiver
        .seen()
        .iter()
        .map(|seen| (seen.path.clone(), serde_json::from_slice::<Value>(&seen.body).unwrap()["text"].clone()))
        .collect();
    let (live, tried) = (json!("v1 live x"), json!("draft tried x"));
    assert_eq!(told[0], ("/production".to_owned(), live));
    assert!(told[1..].iter().all(|told| *told == ("/test".to_owned(), tried.clone())), "{told:?}");

    let runs = replays(&owner, event).await;
    let seen: Vec<_> = runs.iter().map(|run| (&run["environment"], &run["version"])).collect();
    assert_eq!(seen, [(&json!("test"), &json!(0)); 2]);
    assert_eq!(runs[0]["deliveries"][0]["destination"], "shop", "{}", runs[0]);
    let listed = owner.get("/environments/test/runs?flow=telling").await.ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let versions = owner.get("/flows/telling/versions").await.ok();
    assert_eq!(versions.as_array().unwrap().len(), 1, "a draft that was tried is no version");

    owner.put("/flows/telling", &json!({ "definition": telling("{{ env.NONE }}") })).await.ok();
    let broken = owner.post(&format!("/events/{event}/replay"), &json!({ "version": "draft" })).await;
    broken.problem(422, "flow_invalid");
}

#[tokio::test]
async fn a_refused_request_is_judged_again_by_its_own_headers_and_time() {
    let server = Server::fresh().await;
    let (owner, _) = set_up(&server).await;
    let (key, other) = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
    let verification = json!({ "scheme": "standard_webhooks" });
    let fields = json!({ "query": { "type": "integer", "from": "body.q" } });
    let secrets = |key: &str| json!({ "scheme": "standard_webhooks", "signing_keys": [key] });
    let source = owner.source("saying", json!({ "verification": verification }), secrets(other)).await;
    let body = json!({ "query": "again" });
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let signature = Webhook::new(key).unwrap();
    let signature =
        signature.sign("msg_1", i64::try_from(now).unwrap(), body.to_string().as_bytes()).unwrap();
    let at = now.to_string();
    let headers =
        [("webhook-id", "msg_1"), ("webhook-timestamp", at.as_str()), ("webhook-signature", &signature)];
    source.post_with(&headers, &body).await.problem(401, "signature_invalid");
    let refusal = owner.refusal(&source, "signature_invalid").await;
    assert_eq!((&refusal["replayable"], &refusal["replayed_as"]), (&json!(true), &Value::Null), "{refusal}");
    assert!(!refusal.to_string().contains(&signature), "{refusal}");
    let id = refusal["id"].as_str().unwrap();
    let replay = async || owner.post(&format!("/refusals/{id}/replay"), &Value::Null).await;

    let still = replay().await.ok();
    assert_eq!(still["refused"]["code"], "signature_invalid", "{still}");
    let mended = |config: Value| json!({ "name": format!("mended {}", source.id), "flow": "saying", "config": config, "secrets": secrets(key) });
    let wrong = mended(json!({ "verification": verification, "fields": fields }));
    owner.put(&format!("/sources/{}", source.id), &wrong).await.problem(422, "invalid");
    owner
        .put(&format!("/sources/{}", source.id), &mended(json!({ "verification": verification })))
        .await
        .ok();
    owner
        .key("viewer")
        .await
        .post(&format!("/refusals/{id}/replay"), &Value::Null)
        .await
        .problem(403, "forbidden");
    let accepted = replay().await.ok();
    let receipt = &accepted["accepted"];
    assert_eq!(receipt["duplicate"], false, "{accepted}");
    let event = receipt["event_id"].as_str().unwrap();
    let trace = owner.trace(event).await;
    assert_eq!(trace["runs"][0]["outputs"]["text"], "one again", "{trace}");
    assert_eq!(trace["request"]["headers"]["webhook-signature"], "***", "{trace}");

    let detail = owner.get(&format!("/refusals/{id}")).await.ok();
    assert_eq!((&detail["replayed_as"], &detail["replayable"]), (&json!(event), &json!(false)), "{detail}");
    assert_eq!(owner.refusal(&source, "signature_invalid").await["replayed_as"], json!(event));
    let problem = replay().await.problem(409, "conflict");
    assert!(problem["detail"].as_str().unwrap().contains(event), "{problem}");
    // The sender sends it again at last: it is known.
    let again = source.post_with(&headers, &body).await;
    assert_eq!(again.header("linchpin-duplicate"), Some("true"), "{again:?}");
}

#[tokio::test]
async fn a_request_to_a_source_that_was_not_ready_is_taken_when_it_is() {
    let home = Home::new();
    let server = home.serve().start().await;
    let (owner, _) = set_up(&server).await;
    let config = json!({ "verification": { "scheme": "token" } });
    let secrets = json!({ "scheme": "token", "tokens": ["0123456789abcdef"] });
    let source = owner.source("saying", config.clone(), secrets.clone()).await;
    let switch = async |enabled: bool| {
        let change = json!({ "name": "switched", "flow": "saying", "config": config, "enabled": enabled });
        owner.put(&format!("/sources/{}", source.id), &change).await.ok();
    };
    switch(false).await;
    let headers = [("authorization", "Bearer 0123456789abcdef")];
    source.post_with(&headers, &json!({ "query": "early" })).await.problem(503, "source_unavailable");
    let refusal = owner.refusal(&source, "source_unavailable").await;
    assert!(!refusal.to_string().contains("0123456789abcdef"), "{refusal}");
    let replay = format!("/refusals/{}/replay", refusal["id"].as_str().unwrap());
    assert_eq!(owner.post(&replay, &Value::Null).await.ok()["refused"]["code"], "source_unavailable");
    switch(true).await;

    // Twice at once: one event.
    let (one, other) = tokio::join!(owner.post(&replay, &Value::Null), owner.post(&replay, &Value::Null));
    let events: Vec<Value> = [one, other]
        .iter()
        .filter(|answer| answer.status == 200)
        .map(|answer| answer.ok()["accepted"]["event_id"].clone())
        .collect();
    assert!(!events.is_empty() && events.iter().all(|event| *event == events[0]), "{events:?}");
    assert_eq!(owner.list(&format!("events?source={}", source.id)).await.len(), 1);

    // What is secret in it is in no file in the clear.
    server.kill().await;
    if !Home::is_on_postgres() {
        for file in std::fs::read_dir(home.path().join("data")).unwrap() {
            let path = file.unwrap().path();
            if path.is_file() {
                let bytes = std::fs::read(&path).unwrap();
                assert!(!bytes.windows(16).any(|part| part == b"0123456789abcdef"), "{}", path.display());
            }
        }
    }
}

#[tokio::test]
async fn what_was_not_kept_whole_cannot_be_replayed_and_says_why() {
    let server = Server::fresh().await;
    let (owner, _) = set_up(&server).await;
    let limits = json!({ "body": "100KiB", "client_rate": { "requests": 2, "per": "1h" } });
    let config = json!({ "verification": { "scheme": "none" }, "limits": limits });
    let source = owner.source("saying", config, Value::Null).await;
    let long = json!({ "query": 1, "more": "x".repeat(70_000) });
    source.post(&long).await.problem(422, "field_invalid");
    let kept = json!({ "query": 1, "more": "x".repeat(50_000) });
    source.post(&kept).await.problem(422, "field_invalid");
    source.post(&json!({ "query": "x" })).await.problem(429, "client_rate_limited");
    let refused = eventually("three are recorded", async || {
        let refused = owner.list(&format!("refusals?source={}", source.id)).await;
        (refused.len() == 3).then_some(refused)
    });
    let refused = refused.await;
    let replay = async |refusal: &Value| {
        owner.post(&format!("/refusals/{}/replay", refusal["id"].as_str().unwrap()), &Value::Null).await
    };
    for (refusal, said) in [(&refused[0], "before its body was read"), (&refused[2], "64 KiB")] {
        assert_eq!(refusal["replayable"], false, "{refusal}");
        let problem = replay(refusal).await.problem(409, "conflict");
        assert!(problem["detail"].as_str().unwrap().contains(said), "{problem}");
    }
    assert_eq!(refused[1]["replayable"], true);
    assert_eq!(
        replay(&refused[1]).await.ok()["refused"]["code"],
        "field_invalid",
        "no limit of rates counts"
    );
    let none = owner.post("/refusals/ref_01h455vb4pex5vsknk084sn02q/replay", &Value::Null).await;
    none.problem(404, "not_found");
    let bare = source.send(Method::GET, &[], "").await;
    bare.problem(405, "method_not_allowed");
    let bare = owner.refusal(&source, "method_not_allowed").await;
    assert_eq!(bare["replayable"], true, "a request without a body is whole");
}
