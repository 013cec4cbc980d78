//! What became of an event, and running it again.

use serde_json::{Value, json};

use crate::support::{Api, Receiver, Server, eventually, flow};

fn telling(says: &str) -> String {
    flow(
        "telling",
        &format!(
            "nodes:
  say: {{ kind: template, text: \"{says} {{{{ input.query }}}}\" }}
  tell: {{ kind: deliver, destination: shop, body: {{ text: \"{{{{ nodes.say.text }}}}\" }} }}
edges: [start -> say -> tell]
outputs: {{ text: \"{{{{ nodes.say.text }}}}\" }}
"
        ),
    )
}

async fn shop() -> (Server, Api, Receiver) {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let receiver = Receiver::accepting().await;
    let target = json!({ "kind": "webhook", "url": receiver.url("hook") });
    owner.destination("shop", target, Value::Null).await;
    owner.deploy("telling", &telling("Hello")).await;
    (server, owner, receiver)
}

#[tokio::test]
async fn a_trace_goes_from_the_request_to_the_last_attempt() {
    let (_server, owner, receiver) = shop().await;
    let source = owner.open_source("telling", "wait").await;
    let answer = source.post_with(&[("user-agent", "Shop/1")], &json!({ "query": "x" })).await;
    let event = answer.header("linchpin-event").unwrap();
    let trace = owner.settled(event, 1).await;

    assert_eq!((&trace["id"], &trace["source"]), (&json!(event), &json!(source.id)));
    assert_eq!((&trace["environment"], &trace["kind"]), (&json!("production"), &json!("webhook")));
    let request = &trace["request"];
    assert_eq!(request["body"]["text"], "{\"query\":\"x\"}", "{request}");
    assert_eq!((&request["method"], &request["headers"]["user-agent"]), (&json!("POST"), &json!("Shop/1")));

    let run = &trace["runs"][0];
    assert_eq!(
        (&run["cause"], &run["status"], &run["version"]),
        (&json!("original"), &json!("succeeded"), &json!(1))
    );
    assert_eq!((&run["input"], &run["outputs"]), (&json!({ "query": "x" }), &json!({ "text": "Hello x" })));
    let steps: Vec<_> =
        run["steps"].as_array().unwrap().iter().map(|step| (&step["id"], &step["state"])).collect();
    assert_eq!(steps, [(&json!("say"), &json!("succeeded")), (&json!("tell"), &json!("succeeded"))]);
    assert_eq!(run["steps"][0]["tries"][0]["output"], json!({ "text": "Hello x" }), "{run}");
    let input = json!({ "destination": "shop", "body": { "text": "Hello x" } });
    assert_eq!(run["steps"][1]["tries"][0]["input"], input, "{run}");

    let delivery = &run["deliveries"][0];
    assert_eq!((&delivery["destination"], &delivery["step"]), (&json!("shop"), &json!("tell")));
    assert_eq!(delivery["state"], "delivered");
    assert_eq!(run["steps"][1]["tries"][0]["output"]["delivery_id"], delivery["id"], "{run}");
    let exchange = &delivery["attempts"][0]["record"]["exchanges"][0];
    assert_eq!(exchange["response"]["status"], 200, "{delivery}");
    assert_eq!(exchange["request"]["body"]["content"], "{\"text\":\"Hello x\"}", "{delivery}");
    assert_eq!(receiver.seen()[0].header("webhook-id"), delivery["id"].as_str().unwrap());

    let listed = &owner.list("events").await[0];
    assert_eq!((&listed["id"], &listed["status"]), (&json!(event), &json!("succeeded")));
    assert_eq!(listed["deliveries"], json!(["delivered"]), "{listed}");
    let by_flow = owner.list("runs?flow=telling").await;
    assert_eq!((by_flow.len(), &by_flow[0]["event"]), (1, &json!(event)));
    assert_eq!(owner.list("runs?flow=telling&status=failed").await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_run_and_a_delivery_are_found_by_their_ids() {
    let (_server, owner, _receiver) = shop().await;
    let source = owner.open_source("telling", "accept").await;
    let receipt = source.post(&json!({ "query": "x" })).await.ok();
    let event = receipt["event_id"].as_str().unwrap();
    let trace = owner.settled(event, 1).await;
    // What a detail tells besides its part of the trace, and what a list tells of the same.
    let is_whole = |detail: &Value, part: &Value| {
        for (field, value) in part.as_object().unwrap() {
            assert_eq!(&detail[field], value, "{field}: {detail}");
        }
    };

    let run = owner.get(&format!("/runs/{}", receipt["run_id"].as_str().unwrap())).await.ok();
    is_whole(&run, &trace["runs"][0]);
    is_whole(&run, &owner.list("runs").await[0]);
    assert_eq!((&run["event"], &run["environment"]), (&json!(event), &json!("production")));

    let id = run["deliveries"][0]["id"].as_str().unwrap();
    let delivery = owner.get(&format!("/deliveries/{id}")).await.ok();
    is_whole(&delivery, &owner.list("deliveries").await[0]);
    assert_eq!(delivery["history"], run["deliveries"][0]["attempts"]);
    assert_eq!((&delivery["event"], &delivery["environment"]), (&json!(event), &json!("production")));
    assert_eq!(
        (&delivery["message"], &delivery["destination_name"]),
        (&json!({ "text": "Hello x" }), &json!("shop"))
    );

    for unknown in ["runs/run", "deliveries/msg", "refusals/ref"] {
        owner.get(&format!("/{unknown}_01h455vb4pex5vsknk084sn02q")).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_replay_is_a_run_of_its_own_on_the_version_that_is_wanted() {
    let (_server, owner, receiver) = shop().await;
    let source = owner.open_source("telling", "accept").await;
    let key = [("idempotency-key", "k")];
    let receipt = source.post_with(&key, &json!({ "query": "x" })).await.ok();
    let event = receipt["event_id"].as_str().unwrap();
    owner.settled(event, 1).await;
    owner.deploy("telling", &telling("Goodbye")).await;

    let mut replays = Vec::new();
    for (version, text) in [("ran", "Hello x"), ("deployed", "Goodbye x")] {
        let answer = owner.post(&format!("/events/{event}/replay"), &json!({ "version": version })).await;
        assert_eq!(answer.status, 201);
        let run = answer.ok()["run_id"].clone();
        let ran = eventually("the replay has ended", async || {
            let trace = owner.trace(event).await;
            let mut runs = trace["runs"].as_array().unwrap().iter();
            runs.find(|known| known["id"] == run && known["status"] == "succeeded").cloned()
        });
        let ran = ran.await;
        assert_eq!((&ran["cause"], &ran["outputs"]["text"]), (&json!("replay"), &json!(text)), "{ran}");
        replays.push(run);
    }
    assert!(replays[0] != replays[1] && !replays.contains(&receipt["run_id"]), "{replays:?}");

    let seen = receiver.until(3).await;
    let mut ids: Vec<_> = seen.iter().map(|seen| seen.header("webhook-id").to_owned()).collect();
    let mut said: Vec<_> = seen.iter().map(|seen| seen.json()["text"].as_str().unwrap().to_owned()).collect();
    said.sort_unstable();
    assert_eq!(said, ["Goodbye x", "Hello x", "Hello x"]);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3, "each run tells by deliveries of its own");

    let again = source.post_with(&key, &json!({ "query": "x" })).await;
    assert_eq!(
        (again.header("linchpin-duplicate"), &again.ok()["run_id"]),
        (Some("true"), &receipt["run_id"])
    );
    let trace = owner.trace(event).await;
    let causes: Vec<_> =
        trace["runs"].as_array().unwrap().iter().map(|run| run["cause"].as_str().unwrap()).collect();
    assert_eq!(causes, ["original", "replay", "replay"]);
    assert_eq!(owner.list("events").await.len(), 1);
}

#[tokio::test]
async fn what_there_is_not_is_said_to_be_missing() {
    let (_server, owner, _receiver) = shop().await;
    let source = owner.open_source("telling", "accept").await;
    let receipt = source.post(&json!({ "query": "x" })).await.ok();
    let (event, run) = (receipt["event_id"].as_str().unwrap(), receipt["run_id"].as_str().unwrap());
    let unknown = "evt_01h455vb4pex5vsknk084sn02q";
    owner.get(&format!("/events/{unknown}")).await.problem(404, "not_found");
    owner.post(&format!("/events/{unknown}/replay"), &json!({})).await.problem(404, "not_found");
    let said = owner.get(&format!("/events/{run}")).await.problem(404, "not_found");
    assert!(said["detail"].as_str().unwrap().contains("not the id of an event"), "{said}");
    owner.settled(event, 1).await;
    owner.post(&format!("/runs/{run}/cancel"), &Value::Null).await.problem(409, "conflict");
    let viewer = owner.key("viewer").await;
    viewer.post(&format!("/events/{event}/replay"), &json!({})).await.problem(403, "forbidden");
}
