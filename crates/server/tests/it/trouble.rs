//! Receivers that hang, drip, lie, flood, redirect, break off and are gone.

use serde_json::{Value, json};

use crate::{
    endpoint::{Endpoint, Then, json_of, whole},
    support::{Api, Receiver, Server, eventually, flow},
};

/// A receiver, how many retries it gets, the outcomes that are expected, and a word of the reason.
struct Case {
    name: &'static str,
    receiver: Endpoint,
    retry: Value,
    outcomes: &'static [&'static str],
    reason: &'static str,
}

/// With `retry`, it misbehaves once and is tried twice.
async fn case(
    name: &'static str,
    (begins, then): (impl Into<String>, Then),
    retry: bool,
    (outcomes, reason): (&'static [&'static str], &'static str),
) -> Case {
    let receiver = Endpoint::start(begins, then, whole("200 OK", "", "")).await;
    let retry = if retry { json!(["1ms"]) } else { json!("none") };
    Case { name, receiver, retry, outcomes, reason }
}

async fn cases(elsewhere: &str) -> Vec<Case> {
    let (dead, slow) = (&["exhausted"], "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
    let (again, never): (&[&str], &[&str]) = (&["retry", "delivered"], &["permanent"]);
    let gigabyte = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 1 << 30);
    let flood = Then::Flood("x".repeat(16 << 10));
    let redirect = whole("307 Temporary Redirect", &format!("location: {elsewhere}\r\n"), "");
    let fails = whole("500 Internal Server Error", "", "out of tickets");
    let cases = vec![
        case("hangs", ("", Then::Hang), false, (dead, "waiting for the answer")).await,
        case("drips", (slow, Then::Drip("x")), false, (dead, "reading the answer")).await,
        case(
            "trickles",
            ("HTTP/1.1 200 OK\r\nx: ", Then::Drip("y")),
            false,
            (dead, "waiting for the answer"),
        )
        .await,
        case("lies", (json_of(99, "x"), Then::Close), true, (again, "broke")).await,
        case("nonsense", ("SMTP ready\r\n\r\n", Then::Close), true, (again, "HTTP")).await,
        case("resets", ("", Then::Reset), true, (again, "broke")).await,
        case("floods", (gigabyte, flood), false, (&["delivered"], "")).await,
        case("redirects", (redirect, Then::Close), true, (never, "not followed")).await,
        case("gone", (whole("410 Gone", "", ""), Then::Close), true, (never, "410")).await,
        case("fails", (fails, Then::Close), true, (&["retry", "exhausted"], "500")).await,
    ];
    for case in cases.iter().filter(|case| case.outcomes == again) {
        case.receiver.mend_after(1);
    }
    cases
}

/// Every receiver of ill will is told of one event; what each did is on record, and nothing is lost.
#[tokio::test]
async fn what_a_receiver_does_is_recorded_and_judged_and_a_dead_letter_arrives_when_it_is_mended() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let elsewhere = Receiver::accepting().await;
    let cases = cases(&elsewhere.url("final")).await;
    for Case { name, receiver, retry, .. } in &cases {
        let config = json!({ "kind": "webhook", "url": receiver.url, "retry": retry, "timeout": "1s" });
        owner.destination(name, config, Value::Null).await;
    }
    let all = |make: &dyn Fn(&str) -> String| cases.iter().map(|case| make(case.name)).collect::<String>();
    let line = |name: &str| {
        format!("  {name}: {{ kind: deliver, destination: {name}, body: \"{{{{ input.query }}}}\" }}\n")
    };
    let edge = |name: &str| format!("  - start -> {name}\n");
    let rest = format!("nodes:\n{}edges:\n{}", all(&line), all(&edge));
    owner.deploy("all", &flow("all", &rest)).await;
    let source = owner.open_source("all", "accept").await;
    let receipt = source.post(&json!({ "query": "x" })).await.ok();
    let event = receipt["event_id"].as_str().unwrap();
    let trace = owner.settled(event, cases.len()).await;
    assert_eq!(trace["runs"][0]["status"], "succeeded", "the flow goes on at once");
    for case in &cases {
        case.receiver.let_go().await;
        check(case, &trace);
    }
    assert!(elsewhere.seen().is_empty(), "a redirect is not followed");
    // What was gone has disabled its destination.
    for case in cases.iter().filter(|case| case.name != "gone") {
        arrives_in_the_end(&owner, event, case).await;
    }
}

fn check(case: &Case, trace: &Value) {
    let delivery = delivery(case, trace);
    let attempts = delivery["attempts"].as_array().unwrap();
    assert_eq!(outcomes(delivery), case.outcomes, "{}: {delivery}", case.name);
    let state = if case.outcomes.last() == Some(&"delivered") { "delivered" } else { "dead" };
    assert_eq!(delivery["state"], state, "{}", case.name);
    let reason = attempts[0]["record"]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains(case.reason), "{}: {reason}", case.name);
    let exchange = &attempts[0]["record"]["exchanges"][0];
    match case.name {
        "floods" => {
            let body = &exchange["response"]["body"];
            assert_eq!(body["content"].as_str().unwrap().len(), 64 << 10, "as much as is kept");
            assert_eq!(body["truncated"], true);
            let sent = case.receiver.sent();
            assert!(sent < 50 << 20, "{sent} bytes: more than the sockets' buffers hold");
        }
        "fails" => assert_eq!(exchange["response"]["body"]["content"], "out of tickets"),
        "hangs" | "drips" | "trickles" => {
            assert_eq!(exchange["error"]["kind"], "timeout", "{exchange}");
            let took_ms = exchange["timing"]["total_ms"].as_u64().unwrap();
            assert!((900..5_000).contains(&took_ms), "{}: {took_ms} ms", case.name);
        }
        _ => {}
    }
}

/// A dead letter is replayed when its receiver is mended.
async fn arrives_in_the_end(owner: &Api, event: &str, case: &Case) {
    let trace = owner.trace(event).await;
    let dead = delivery(case, &trace);
    if dead["state"] == "delivered" {
        return;
    }
    case.receiver.mend();
    let id = dead["id"].as_str().unwrap();
    assert_eq!(owner.post(&format!("/deliveries/{id}/replay"), &Value::Null).await.status, 204);
    let what = format!("{} has arrived", case.name);
    let replayed = eventually(&what, async || {
        let trace = owner.trace(event).await;
        let delivery = delivery(case, &trace);
        (delivery["state"] == "delivered").then(|| delivery.clone())
    });
    let replayed = replayed.await;
    assert_eq!(replayed["id"], id, "a replay keeps the id");
    assert_eq!(outcomes(&replayed), [case.outcomes, &["delivered"]].concat(), "{replayed}");
}

fn delivery<'t>(case: &Case, trace: &'t Value) -> &'t Value {
    let deliveries = trace["runs"][0]["deliveries"].as_array().unwrap();
    deliveries.iter().find(|delivery| delivery["destination"] == case.name).unwrap()
}

fn outcomes(delivery: &Value) -> Vec<&str> {
    let attempts = delivery["attempts"].as_array().unwrap();
    attempts.iter().map(|attempt| attempt["outcome"].as_str().unwrap()).collect()
}
