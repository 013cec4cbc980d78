//! Schedules as members make them, and what comes of their ticks.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Api, Home, Server, eventually, flow};

const ECHO: &str = "nodes:
  say: { kind: template, text: \"{{ input.query }}\" }
edges: [start -> say]
outputs: { text: \"{{ nodes.say.text }}\" }
";

const PATH: &str = "/environments/production/sources";

fn schedule(name: &str, cron: &str, query: &str) -> Value {
    json!({
        "name": name,
        "flow": "echo",
        "kind": "schedule",
        "config": { "cron": cron, "time_zone": "Asia/Shanghai", "input": { "query": query } },
    })
}

/// The events of a source, oldest first.
async fn events(owner: &Api, source: &Value) -> Vec<Value> {
    let path = format!("/environments/production/events?source={}", source["id"].as_str().unwrap());
    let mut events = owner.get(&path).await.ok()["items"].as_array().unwrap().clone();
    events.reverse();
    events
}

#[tokio::test]
async fn a_schedule_of_each_second_makes_events_that_are_traced_and_replayed() {
    let home = Home::new();
    let server = home.serve().start().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("echo", &flow("echo", ECHO)).await;
    let made = owner.post(PATH, &schedule("Each second", "* * * * * *", "{{ tick.at }}")).await;
    assert_eq!(made.status, 201);
    let made = made.ok();
    assert_eq!((&made["kind"], &made["url"]), (&json!("schedule"), &Value::Null));
    eventually("it has ticked three times", async || (events(&owner, &made).await.len() >= 3).then_some(()))
        .await;
    drop(server);
    let server = home.serve().start().await;
    let owner = owner.at(&server);
    let before = events(&owner, &made).await.len();
    let all = eventually("it goes on after the server was killed", async || {
        Some(events(&owner, &made).await).filter(|events| events.len() > before + 1)
    })
    .await;
    // Every second from the first to the last has one tick, those too in which there was no server.
    let mut times = Vec::new();
    for event in &all {
        assert_eq!((&event["kind"], &event["source"]), (&json!("schedule"), &made["id"]));
        let trace = owner.settled(event["id"].as_str().unwrap(), 0).await;
        let at = trace["tick"]["at"].as_str().unwrap().to_owned();
        assert_eq!(trace["runs"][0]["outputs"]["text"], at.as_str(), "{trace}");
        assert!(trace["tick"]["local"].as_str().unwrap().ends_with("+08:00"), "{trace}");
        times.push(at.parse::<jiff::Timestamp>().unwrap().as_second());
    }
    let seconds: Vec<i64> = (times[0]..=times[times.len() - 1]).collect();
    assert_eq!(times, seconds);
    let replay = format!("/events/{}/replay", all[0]["id"].as_str().unwrap());
    let run = owner.post(&replay, &json!({})).await.ok()["run_id"].as_str().unwrap().to_owned();
    let outputs = eventually("the replay has ended", async || {
        let run = owner.get(&format!("/runs/{run}")).await.ok();
        Some(run["outputs"].clone()).filter(|outputs| !outputs.is_null())
    });
    assert!(outputs.await["text"].as_str().unwrap().starts_with("20"), "as the tick was");
}

#[tokio::test]
async fn a_schedule_is_looked_at_changed_switched_off_and_deleted() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("echo", &flow("echo", ECHO)).await;
    let preview = json!({ "cron": "0 9 1 JAN *", "time_zone": "Asia/Shanghai" });
    let ticks = owner.post("/schedules/preview", &preview).await.ok()["ticks"].take();
    assert_eq!(ticks.as_array().unwrap().len(), 5);
    assert!(ticks[0]["at"].as_str().unwrap().ends_with("-01-01T01:00:00.000Z"), "{ticks}");
    assert!(ticks[0]["local"].as_str().unwrap().ends_with("-01-01T09:00:00+08:00"), "{ticks}");

    let mut wanted = schedule("New year", "0 9 1 JAN *", "x");
    let made = owner.post(PATH, &wanted).await.ok();
    assert_eq!(made["schedule"]["next_at"], ticks[0]["at"]);
    let path = format!("/sources/{}", made["id"].as_str().unwrap());
    wanted["config"]["time_zone"] = "UTC".into();
    wanted["enabled"] = false.into();
    let changed = owner.put(&path, &wanted).await.ok();
    assert!(changed["schedule"]["next_at"].as_str().unwrap().ends_with("-01-01T09:00:00.000Z"), "{changed}");
    assert_eq!(owner.get(PATH).await.ok()[0], changed);
    wanted["kind"] = "webhook".into();
    let said = owner.put(&path, &wanted).await.problem(422, "invalid");
    assert!(said["detail"].as_str().unwrap().contains("kind"), "{said}");
    let hook = format!("{}/hooks/{}", server.url, made["id"].as_str().unwrap());
    owner.http.call(Method::POST, &hook, &[], "{}").await.problem(404, "source_not_found");
    assert_eq!(owner.delete(&path).await.status, 204);
    owner.get(&path).await.problem(404, "not_found");
}

#[tokio::test]
async fn what_is_wrong_with_a_schedule_is_said_when_it_is_saved_and_when_its_flow_is_deployed() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("echo", &flow("echo", ECHO)).await;
    let refused = async |change: fn(&mut Value), (field, expected): (&str, &str)| {
        let mut wanted = schedule("Digest", "0 9 * * *", "x");
        change(&mut wanted["config"]);
        let problem = owner.post(PATH, &wanted).await.problem(422, "invalid");
        let said = problem["detail"].as_str().unwrap();
        assert!(said.starts_with(&format!("`{field}`: ")) && said.contains(expected), "{problem}");
        // A form says it at the field.
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    };
    refused(|config| config["cron"] = "0 25 * * *".into(), ("config.cron", "the hour `25`")).await;
    let zone = ("config.time_zone", "Did you mean `Asia/Shanghai`?");
    refused(|config| config["time_zone"] = "shanghai".into(), zone).await;
    refused(|config| config["missed"] = "two".into(), ("config.missed", "unknown variant")).await;
    refused(|config| config["input"] = json!([]), ("config.input", "invalid type")).await;
    refused(|config| config["input"] = json!({}), ("config.input.query", "the flow needs it")).await;
    let template = ("config.input.query", "is missing");
    refused(|config| config["input"]["query"] = "{{ tick.att }}".into(), template).await;
    refused(|config| *config = json!({}), ("config", "missing field `cron`")).await;
    let wrong = json!({ "cron": "0 0 30 2 *" });
    let problem = owner.post("/schedules/preview", &wrong).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "cron", "{problem}");
    assert!(problem["detail"].as_str().unwrap().starts_with("`cron`: there is no such day"), "{problem}");

    let made = owner.post(PATH, &schedule("Digest", "0 9 * * *", "x")).await.ok();
    let asking_more =
        flow("echo", ECHO).replace("inputs:", "inputs:\n  tone: { type: string, required: true }");
    owner.put("/flows/echo", &json!({ "definition": asking_more })).await.ok();
    let version = owner.post("/flows/echo/versions", &json!({})).await.ok()["number"].clone();
    let deployment = json!({ "environment": "production", "version": version });
    let problem = owner.post("/flows/echo/deployments", &deployment).await.problem(422, "invalid");
    let said = problem["detail"].as_str().unwrap();
    assert!(said.starts_with("The source `Digest` does not fit this version: "), "{problem}");
    assert!(said.ends_with(": input.tone: the flow needs it: string."), "{problem}");
    let elsewhere = json!({ "environment": "test", "version": version });
    assert_eq!(owner.post("/flows/echo/deployments", &elsewhere).await.status, 204, "it is not there");
    // It is switched off, the version is deployed, and then it is changed.
    let path = format!("/sources/{}", made["id"].as_str().unwrap());
    let mut wanted = schedule("Digest", "0 9 * * *", "x");
    wanted["enabled"] = false.into();
    owner.put(&path, &wanted).await.ok();
    assert_eq!(owner.post("/flows/echo/deployments", &deployment).await.status, 204);
    wanted["enabled"] = true.into();
    owner.put(&path, &wanted).await.problem(422, "invalid");
    wanted["config"]["input"]["tone"] = "dry".into();
    owner.put(&path, &wanted).await.ok();
}
