//! Dead letters as a person is done with them: found, edited, discarded, exported, many at once.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde_json::{Value, json};

use crate::support::{Api, Home, Receiver, Reply, Server, eventually, flow};

const TELLING: &str = "nodes:
  tell: { kind: deliver, destination: tickets, body: { query: \"{{ input.query }}\" } }
edges: [start -> tell]
";

/// A receiver that takes nothing until it is mended, and a flow that tells it of every event.
struct Broken {
    owner: Api,
    receiver: Receiver,
    mended: Arc<AtomicBool>,
    destination: String,
}

impl Broken {
    async fn new(server: &Server) -> Self {
        let mended = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&mended);
        let receiver =
            Receiver::start(move |_, _| Reply::Status(if asked.load(Ordering::Relaxed) { 200 } else { 422 }))
                .await;
        let owner = Api::set_up(server).await;
        let config = json!({ "kind": "webhook", "url": receiver.url("hook"), "auth": { "type": "bearer" } });
        let secrets = json!({ "auth": "hunter22" });
        let destination = owner.destination("tickets", config, secrets).await;
        owner.deploy("telling", &flow("telling", TELLING)).await;
        Self { owner, receiver, mended, destination }
    }

    /// Sends so many events, and waits until nothing came of them but dead letters; gives these, oldest first.
    async fn dead(&self, count: usize) -> Vec<String> {
        let source = self.owner.open_source("telling", "accept").await;
        for nth in 0..count {
            source.post(&json!({ "query": nth.to_string() })).await.ok();
        }
        let mut dead = eventually("all have died", async || {
            let dead = self.owner.list("deliveries?state=dead&limit=200").await;
            (dead.len() == count).then_some(dead)
        })
        .await;
        dead.reverse();
        dead.iter().map(|letter| letter["id"].as_str().unwrap().to_owned()).collect()
    }

    fn mend(&self) {
        self.mended.store(true, Ordering::Relaxed);
    }

    async fn delivery(&self, id: &str) -> Value {
        self.owner.get(&format!("/deliveries/{id}")).await.ok()
    }

    async fn stands(&self, id: &str, state: &str) -> Value {
        eventually(&format!("{id} is {state}"), async || {
            let delivery = self.delivery(id).await;
            (delivery["state"] == state).then_some(delivery)
        })
        .await
    }

    /// What is done with many, and what came of the job.
    async fn many(&self, action: &str, filter: Value) -> Value {
        let path = format!("/environments/production/deliveries/{action}");
        let ordered = self.owner.post(&path, &json!({ "filter": filter })).await;
        assert_eq!(ordered.status, 202, "{ordered:?}");
        let ordered = ordered.ok();
        over(&self.owner, ordered["job_id"].as_str().unwrap()).await
    }
}

async fn over(owner: &Api, job: &str) -> Value {
    eventually("the job is over", async || {
        let job = owner.get(&format!("/jobs/{job}")).await.ok();
        (job["status"] != "queued" && job["status"] != "running").then_some(job)
    })
    .await
}

#[tokio::test]
async fn an_edited_letter_arrives_under_an_id_of_its_own() {
    let server = Server::fresh().await;
    let broken = Broken::new(&server).await;
    let old = broken.dead(1).await.remove(0);
    broken.mend();
    let (edit, message) =
        (format!("/deliveries/{old}/edit"), json!({ "message": { "query": ["mended", 1] } }));
    broken.owner.key("viewer").await.post(&edit, &message).await.problem(403, "forbidden");
    broken.owner.post(&edit, &json!({ "body": 1 })).await.problem(422, "invalid");
    let made = broken.owner.post(&edit, &message).await;
    assert_eq!(made.status, 201, "{made:?}");
    let new = made.ok()["id"].as_str().unwrap().to_owned();
    let arrived = broken.stands(&new, "delivered").await;
    assert_eq!((&arrived["replay_of"], &arrived["message"]), (&json!(old), &message["message"]));
    let seen = broken.receiver.until(2).await.remove(1);
    assert_eq!((seen.header("webhook-id"), seen.json()), (new.as_str(), message["message"].clone()));

    let closed = broken.delivery(&old).await;
    assert_eq!((&closed["state"], &closed["replaced_by"]), (&json!("replaced"), &json!(new)));
    assert_eq!((&closed["closed_by"], &closed["message"]), (&json!("Owner"), &json!({ "query": "0" })));
    assert_eq!(closed["history"].as_array().unwrap().len(), 1);
    let trace = broken.owner.trace(arrived["event"].as_str().unwrap()).await;
    let both = trace["runs"][0]["deliveries"].as_array().unwrap();
    let shown: Vec<_> =
        both.iter().map(|one| (&one["state"], &one["replay_of"], &one["replaced_by"])).collect();
    let null = Value::Null;
    let wanted = [(json!("replaced"), null.clone(), json!(new)), (json!("delivered"), json!(old), null)];
    assert_eq!(shown, wanted.each_ref().map(|(state, of, by)| (state, of, by)));
    broken.owner.post(&edit, &message).await.problem(409, "conflict");
}

#[tokio::test]
async fn a_discarded_letter_is_finished() {
    let server = Server::fresh().await;
    let broken = Broken::new(&server).await;
    let id = broken.dead(1).await.remove(0);
    let discard = format!("/deliveries/{id}/discard");
    broken.owner.key("viewer").await.post(&discard, &Value::Null).await.problem(403, "forbidden");
    assert_eq!(broken.owner.post(&discard, &Value::Null).await.status, 204);
    broken.owner.post(&discard, &Value::Null).await.problem(409, "conflict");
    broken.owner.post(&format!("/deliveries/{id}/replay"), &Value::Null).await.problem(409, "conflict");
    let closed = broken.delivery(&id).await;
    assert_eq!((&closed["state"], &closed["closed_by"]), (&json!("discarded"), &json!("Owner")));
    assert_eq!(broken.owner.list("deliveries?state=dead").await.len(), 0);
    assert_eq!(broken.owner.list("deliveries?state=discarded").await[0]["id"], json!(id));
    assert_eq!(broken.owner.delete(&format!("/destinations/{}", broken.destination)).await.status, 204);
}

#[tokio::test]
async fn deliveries_are_listed_by_what_they_are_and_mistakes_are_named() {
    let server = Server::fresh().await;
    let broken = Broken::new(&server).await;
    let dead = broken.dead(3).await;
    let made_at = broken.delivery(&dead[1]).await["created_at"].as_str().unwrap().to_owned();
    let count = async |query: &str| broken.owner.list(&format!("deliveries?{query}")).await.len();
    assert_eq!(count(&format!("destination={}", broken.destination)).await, 3);
    assert_eq!(count("destination=dst_01h455vb4pex5vsknk084sn02q").await, 0);
    assert_eq!(count("flow=telling&state=dead").await, 3);
    assert_eq!(count("state=dead&reason=answered%20422").await, 3);
    assert_eq!(count("state=dead&reason=503").await, 0);
    assert_eq!(count(&format!("from={made_at}")).await + count(&format!("to={made_at}")).await, 3);
    let page = broken.owner.get("/environments/production/deliveries?state=dead&limit=2").await.ok();
    let next = page["next"].as_str().unwrap();
    let rest = broken.owner.list(&format!("deliveries?state=dead&before={next}")).await;
    assert_eq!((rest.len(), &rest[0]["id"]), (1, &json!(dead[0])));
    for (query, said) in
        [("destination=7", "destination"), ("from=today", "from"), ("reason=503", "state=dead")]
    {
        let path = format!("/environments/production/deliveries?{query}");
        let problem = broken.owner.get(&path).await.problem(422, "invalid");
        assert!(problem["detail"].as_str().unwrap().contains(said), "{problem}");
    }
    let list =
        async |query: &str| broken.owner.get(&format!("/environments/production/deliveries?{query}")).await;
    list("state=lost").await.problem(400, "bad_request");
    list("flow=no").await.problem(404, "not_found");
}

#[tokio::test]
async fn many_letters_are_replayed_and_discarded_by_jobs() {
    let server = Server::fresh().await;
    let broken = Broken::new(&server).await;
    let dead = broken.dead(5).await;
    let made_at = broken.delivery(&dead[2]).await["created_at"].as_str().unwrap().to_owned();
    let before = broken.owner.list(&format!("deliveries?state=dead&to={made_at}")).await.len();
    broken.mend();
    let path = "/environments/production/deliveries/replay";
    let dry = json!({ "filter": { "destination": broken.destination, "flow": "telling" }, "dry_run": true });
    let counted = broken.owner.post(path, &dry).await;
    assert_eq!((counted.status, counted.ok()), (200, json!({ "matching": 5 })));
    broken.owner.key("viewer").await.post(path, &dry).await.problem(403, "forbidden");
    let none = json!({ "filter": { "reason": "503" } });
    assert_eq!(broken.owner.post(path, &none).await.ok(), json!({ "matching": 0 }));
    for (filter, said) in [(json!({ "to": "soon" }), "filter.to"), (json!({ "since": 1 }), "since")] {
        let problem = broken.owner.post(path, &json!({ "filter": filter })).await.problem(422, "invalid");
        assert!(problem["detail"].as_str().unwrap().contains(said), "{problem}");
    }

    let discarded = broken.many("discard", json!({ "to": made_at })).await;
    assert_eq!((&discarded["status"], &discarded["kind"]), (&json!("done"), &json!("letters")));
    assert_eq!(discarded["progress"], json!({ "done": before, "total": before, "skipped": 0 }));
    let replayed = broken.many("replay", json!({ "reason": "answered 422" })).await;
    assert_eq!(replayed["progress"], json!({ "done": 5 - before, "total": 5 - before, "skipped": 0 }));
    for (nth, id) in dead.iter().enumerate() {
        broken.stands(id, if nth < before { "discarded" } else { "delivered" }).await;
    }
    let ids: Vec<_> =
        broken.receiver.seen()[5..].iter().map(|seen| seen.header("webhook-id").to_owned()).collect();
    assert_eq!(ids.len(), 5 - before, "each was sent once more: {ids:?}");
    assert!(ids.iter().all(|id| dead[before..].contains(id)), "under their old ids: {ids:?}");

    let jobs = broken.owner.list("jobs").await;
    let shown: Vec<_> = jobs.iter().map(|job| (&job["action"], &job["by"], &job["matching"])).collect();
    let wanted = [
        (json!("replay"), json!("Owner"), json!(5 - before)),
        (json!("discard"), json!("Owner"), json!(before)),
    ];
    assert_eq!(shown, wanted.each_ref().map(|(action, by, matching)| (action, by, matching)));
    assert_eq!(jobs[0]["filter"]["reason"], "answered 422");
    let ended = format!("/jobs/{}/cancel", jobs[0]["id"].as_str().unwrap());
    broken.owner.post(&ended, &Value::Null).await.problem(409, "conflict");
}

#[tokio::test]
async fn a_job_goes_on_after_the_server_was_killed_and_takes_nothing_twice() {
    let home = Home::new();
    let server = home.serve().start().await;
    let broken = Broken::new(&server).await;
    let dead = broken.dead(150).await;
    broken.mend();
    let ordered =
        broken.owner.post("/environments/production/deliveries/replay", &json!({ "filter": {} })).await;
    server.kill().await;
    let server = home.serve().start().await;
    let owner = broken.owner.at(&server);
    let job = over(&owner, ordered.ok()["job_id"].as_str().unwrap()).await;
    assert_eq!(job["progress"], json!({ "done": 150, "total": 150, "skipped": 0 }), "{job}");
    let broken = Broken { owner, ..broken };
    for id in &dead {
        broken.stands(id, "delivered").await;
    }
}

#[tokio::test]
async fn an_export_has_all_that_fits_and_no_secret() {
    let server = Server::fresh().await;
    let broken = Broken::new(&server).await;
    let mut dead = broken.dead(45).await;
    let answer = broken.owner.get("/environments/production/deliveries/export?state=dead").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/x-ndjson")));
    let name = answer.header("content-disposition").unwrap();
    assert!(
        name.starts_with("attachment; filename=\"deliveries-production-") && name.ends_with(".ndjson\""),
        "{name}"
    );
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(text.ends_with('\n') && !text.contains("hunter22"));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    dead.reverse();
    assert_eq!(lines.iter().map(|line| line["id"].as_str().unwrap()).collect::<Vec<_>>(), dead);
    for line in &lines {
        assert_eq!((&line["destination_name"], &line["state"]), (&json!("tickets"), &json!("dead")));
        assert!(line["message"]["query"].is_string() && line["event"].is_string(), "{line}");
        assert_eq!(line["history"][0]["record"]["exchanges"][0]["response"]["status"], 422);
    }
    let of_one = broken.delivery(&dead[0]).await;
    assert_eq!(lines[0], of_one, "a line is what the API shows of one");
    let nothing = broken.owner.get("/environments/production/deliveries/export?state=delivered").await;
    assert_eq!((nothing.status, nothing.body.len()), (200, 0));
}
