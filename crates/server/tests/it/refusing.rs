//! Requests that are refused: a typed answer, a record, and no event.

use axum::http::Method;
use bytes::Bytes;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Answer, Api, Body, Http, Server, Source, chunked, eventually, flow, whole};

const TOKEN: &str = "a-token-of-the-shop-0001";

const ECHO: &str = "nodes:
  say: { kind: template, text: \"{{ input.query }}\" }
edges: [start -> say]
outputs: { text: \"{{ nodes.say.text }}\" }
";

const JSON: (&str, &str) = ("content-type", "application/json");

type Headers = &'static [(&'static str, &'static str)];

/// Checks that so many requests had an outcome.
async fn counted(server: &Server, outcome: &str, requests: u32) {
    let metrics = Http::new().call(Method::GET, &format!("{}/metrics", server.url), &[], "").await;
    let counted = format!("linchpin_requests_total{{outcome=\"{outcome}\"}} {requests}");
    assert!(metrics.text().lines().any(|line| line == counted), "{}", metrics.text());
}

async fn echo() -> (Server, Api) {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("echo", &flow("echo", ECHO)).await;
    (server, owner)
}

/// A source that anybody may post to, with more settings.
async fn open(owner: &Api, mut config: Value) -> Source {
    config["verification"] = json!({ "scheme": "none" });
    owner.source("echo", config, Value::Null).await
}

/// A source that wants a token.
async fn guarded(owner: &Api, mut config: Value) -> Source {
    config["verification"] = json!({ "scheme": "token" });
    owner.source("echo", config, json!({ "scheme": "token", "tokens": [TOKEN] })).await
}

/// Checks that a refusal was typed and is kept.
async fn refused(owner: &Api, source: &Source, answer: &Answer, status: u16, code: &str) -> Value {
    let problem = answer.problem(status, code);
    let kept = owner.refusal(source, code).await;
    assert_eq!((&kept["source"], &kept["status"]), (&json!(source.id), &json!(status)), "{kept}");
    assert_eq!(kept["record"]["answer"], problem, "it is kept with what the sender was told");
    assert_eq!(kept["record"]["request"]["peer"], "127.0.0.1", "{kept}");
    assert_eq!(kept["environment"], "production", "{kept}");
    kept
}

/// Checks that nothing was taken for an event.
async fn nothing_ran(owner: &Api) {
    assert_eq!(owner.list("events").await, Vec::<Value>::new());
    assert_eq!(owner.list("runs").await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_is_not_what_it_says_is_refused() {
    let (_server, owner) = echo().await;
    let cases: [(Headers, &[u8], u16, &str); 8] = [
        (&[JSON], b"{\"query\": ", 400, "body_malformed"),
        (&[JSON], b"{\"query\": \"\xff\"}", 400, "body_malformed"),
        (&[("content-type", "application/x-www-form-urlencoded")], b"query=%ff", 400, "body_malformed"),
        (&[("content-type", "application/pdf")], b"%PDF", 422, "field_invalid"),
        (&[("content-type", "multipart/form-data; boundary=x")], b"--x--", 422, "field_invalid"),
        (&[JSON, ("content-encoding", "gzip")], b"\x1f\x8b", 400, "body_malformed"),
        (&[("content-type", "application/json; charset=gbk")], b"{}", 415, "content_type_unsupported"),
        (&[JSON], b"[1]", 422, "field_invalid"),
    ];
    for (headers, body, status, code) in cases {
        let source = open(&owner, json!({})).await;
        let answer = source.send(Method::POST, headers, body).await;
        let kept = refused(&owner, &source, &answer, status, code).await;
        assert_eq!(kept["record"]["request"]["method"], "POST", "{kept}");
    }
    assert_eq!(owner.list("refusals").await.len(), cases.len(), "each is kept once");
    nothing_ran(&owner).await;
}

#[tokio::test]
async fn fields_that_do_not_fit_are_named() {
    let (_server, owner) = echo().await;
    let source = open(&owner, json!({})).await;
    for (body, code, got) in
        [(json!({ "query": 7 }), "wrong_type", "integer"), (json!({ "qeury": "x" }), "missing", "nothing")]
    {
        let answer = source.post(&body).await;
        let errors = answer.problem(422, "field_invalid")["errors"].clone();
        assert_eq!(errors, json!([{ "field": "query", "code": code, "expected": "string", "got": got }]));
    }
    let kept = eventually("both are kept", async || {
        let kept = owner.list(&format!("refusals?source={}", source.id)).await;
        (kept.len() == 2).then_some(kept)
    });
    let kept = kept.await;
    assert!(kept.iter().all(|refusal| refusal.get("record").is_none()), "a list carries no bodies: {kept:?}");
    let newest = owner.get(&format!("/refusals/{}", kept[0]["id"].as_str().unwrap())).await.ok();
    assert_eq!(newest["record"]["request"]["body"]["text"], "{\"qeury\":\"x\"}", "the newest comes first");
    nothing_ran(&owner).await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_however_it_comes() {
    let (_server, owner) = echo().await;
    let small = open(&owner, json!({ "limits": { "body": "64B" } })).await;
    let headers = [("content-type", "application/json")];
    let body = json!({ "query": "x".repeat(64) }).to_string();
    let announced = small.send(Method::POST, &headers, body.clone()).await;
    refused(&owner, &small, &announced, 413, "body_too_large").await;

    let other = open(&owner, json!({ "limits": { "body": "64B" } })).await;
    let pieces = body.as_bytes().chunks(7).map(Bytes::copy_from_slice).collect();
    let in_chunks = other.send_body(Method::POST, &headers, chunked(pieces)).await.unwrap();
    let kept = refused(&owner, &other, &in_chunks, 413, "body_too_large").await;
    assert_eq!(kept["record"]["request"]["body"]["text"], "", "nothing of it is kept: {kept}");
    nothing_ran(&owner).await;
}

/// A body of exactly so many bytes.
fn sized(bytes: usize) -> Vec<u8> {
    let frame = r#"{"query":""}"#.len();
    json!({ "query": "x".repeat(bytes - frame) }).to_string().into_bytes()
}

#[tokio::test]
async fn a_mebibyte_is_taken_by_default_and_more_is_refused_with_an_answer() {
    let (_server, owner) = echo().await;
    let source = open(&owner, json!({ "reply": { "mode": "wait" } })).await;
    let headers = [("content-type", "application/json")];
    let limit = 1 << 20;
    let taken = source.send(Method::POST, &headers, sized(limit)).await;
    assert_eq!(taken.ok()["text"].as_str().unwrap().len(), limit - r#"{"query":""}"#.len());
    for bytes in [limit + 1, 5 * limit] {
        let announced: Body = whole(sized(bytes));
        let in_chunks = chunked(sized(bytes).chunks(100_000).map(Bytes::copy_from_slice).collect());
        for body in [announced, in_chunks] {
            let answer = source.send_body(Method::POST, &headers, body).await;
            answer.unwrap_or_else(|lost| panic!("{bytes} bytes: {lost:?}")).problem(413, "body_too_large");
        }
    }
    assert_eq!(owner.list("events").await.len(), 1);
}

#[tokio::test]
async fn the_method_and_the_path_must_be_the_sources() {
    let (_server, owner) = echo().await;
    let mut source = open(&owner, json!({ "methods": ["POST", "PUT"] })).await;
    let answer = source.send(Method::GET, &[], "").await;
    refused(&owner, &source, &answer, 405, "method_not_allowed").await;
    assert_eq!(answer.header("allow"), Some("POST, PUT"));
    source.url += "/orders/7";
    let answer = source.post(&json!({ "query": "x" })).await;
    refused(&owner, &source, &answer, 404, "path_not_found").await;
    nothing_ran(&owner).await;
}

#[tokio::test]
async fn a_token_must_be_shown_and_is_never_kept() {
    let (_server, owner) = echo().await;
    let source = guarded(&owner, json!({ "reply": { "mode": "wait" } })).await;
    let body = json!({ "query": "x" });
    let answer = source.post(&body).await;
    refused(&owner, &source, &answer, 401, "token_missing").await;
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    let wrong = "a-token-of-another-shop";
    let answer = source.post_with(&[("authorization", &format!("Bearer {wrong}"))], &body).await;
    let kept = refused(&owner, &source, &answer, 401, "token_invalid").await;
    assert!(!kept.to_string().contains(wrong), "what may have been a token is hidden: {kept}");
    nothing_ran(&owner).await;

    let mut by_query = source.clone();
    by_query.url = format!("{}?token={TOKEN}&page=2", source.url);
    let taken = by_query.post(&body).await;
    assert_eq!(taken.status, 200);
    let trace = owner.trace(taken.header("linchpin-event").unwrap()).await;
    assert_eq!(trace["request"]["query"], "token=***&page=2", "{trace}");
    assert_eq!(source.post_with(&[("x-webhook-token", TOKEN)], &body).await.status, 200);
}

#[tokio::test]
async fn too_many_requests_are_told_to_wait() {
    let (server, owner) = echo().await;
    let rate = json!({ "requests": 2, "per": "1h" });
    let by_client = open(&owner, json!({ "limits": { "client_rate": rate } })).await;
    let by_source = open(&owner, json!({ "limits": { "source_rate": rate } })).await;
    for (source, code) in [(by_client, "client_rate_limited"), (by_source, "source_rate_limited")] {
        let body = json!({ "query": "x" });
        for _ in 0..2 {
            assert_eq!(source.post(&body).await.status, 202);
        }
        for answer in join_all((0..3).map(|_| source.post(&body))).await {
            answer.problem(429, code);
            owner.refusal(&source, code).await;
            let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((1_700..=1_801).contains(&wait), "every half an hour: {wait} s");
            assert_eq!(answer.header("ratelimit-limit"), Some("2"));
        }
        counted(&server, code, 3).await;
    }
    assert_eq!(owner.list("events").await.len(), 4);
}

#[tokio::test]
async fn a_stranger_uses_up_no_senders_share() {
    let (_server, owner) = echo().await;
    let rate = json!({ "requests": 1, "per": "1h" });
    let source = guarded(&owner, json!({ "limits": { "source_rate": rate } })).await;
    for _ in 0..5 {
        source.post(&json!({ "query": "x" })).await.problem(401, "token_missing");
    }
    let headers = [("x-webhook-token", TOKEN)];
    assert_eq!(source.post_with(&headers, &json!({ "query": "x" })).await.status, 202);
    source.post_with(&headers, &json!({ "query": "x" })).await.problem(429, "source_rate_limited");
}

#[tokio::test]
async fn a_source_that_cannot_take_a_request_keeps_it_among_the_refused() {
    let (_server, owner) = echo().await;
    let body = json!({ "query": "x" });

    let source = open(&owner, json!({})).await;
    let mut off = owner.get(&format!("/sources/{}", source.id)).await.ok();
    off["flow"] = json!("echo");
    off["enabled"] = json!(false);
    owner.put(&format!("/sources/{}", source.id), &off).await.ok();
    refused(&owner, &source, &source.post(&body).await, 503, "source_unavailable").await;

    owner.put("/flows/draft", &json!({ "definition": flow("draft", ECHO) })).await.ok();
    let config = json!({ "verification": { "scheme": "none" } });
    let undeployed = owner.source("draft", config, Value::Null).await;
    refused(&owner, &undeployed, &undeployed.post(&body).await, 503, "source_unavailable").await;
    nothing_ran(&owner).await;
}

#[tokio::test]
async fn a_source_that_no_longer_fits_its_flow_keeps_what_it_refuses() {
    let (_server, owner) = echo().await;
    let fields = json!({ "query": { "type": "string", "from": "body.q", "required": true } });
    let source = open(&owner, json!({ "fields": fields })).await;
    let body = json!({ "q": "x" });
    assert_eq!(source.post(&body).await.status, 202);
    let more = flow("echo", ECHO).replace("nodes:", "  page: { type: string, required: true }\nnodes:");
    owner.deploy("echo", &more).await;
    refused(&owner, &source, &source.post(&body).await, 503, "source_unavailable").await;
}

#[tokio::test]
async fn requests_to_unknown_sources_are_only_counted() {
    let (server, owner) = echo().await;
    let http = Http::new();
    for id in ["src_00000000000000000000000000", "nonsense", "evt_01h455vb4pex5vsknk084sn02q", "a/b/c"] {
        let url = format!("{}/hooks/{id}", server.url);
        http.call(Method::POST, &url, &[], "{}").await.problem(404, "source_not_found");
    }
    counted(&server, "unknown_source", 4).await;
    assert_eq!(owner.list("refusals").await, Vec::<Value>::new());
    nothing_ran(&owner).await;
}

#[tokio::test]
async fn a_flood_is_kept_within_a_bound_and_what_is_dropped_is_counted() {
    const FLOOD: usize = 600;
    const QUIET: usize = 20;
    let (server, owner) = echo().await;
    let source = guarded(&owner, json!({})).await;
    let body = json!({ "query": "x" });
    let answers = join_all((0..FLOOD).map(|_| source.post(&body))).await;
    for answer in answers {
        answer.problem(401, "token_missing");
    }
    let quiet = guarded(&owner, json!({})).await;
    for _ in 0..QUIET {
        quiet.post(&body).await.problem(401, "token_missing");
    }
    eventually("all of a quiet source are kept", async || {
        (owner.list(&format!("refusals?source={}", quiet.id)).await.len() == QUIET).then_some(())
    })
    .await;
    let http = Http::new();
    let kept = eventually("each is kept or counted", async || {
        let metrics = http.call(Method::GET, &format!("{}/metrics", server.url), &[], "").await;
        let dropped =
            metrics.text().lines().find_map(|line| line.strip_prefix("linchpin_refusals_dropped_total "));
        let dropped: usize = dropped.map_or(0, |count| count.parse().unwrap());
        let kept = owner.list_all("refusals").await.len();
        (kept + dropped == FLOOD + QUIET).then_some(kept)
    });
    assert!(kept.await >= 256 + QUIET, "a burst has its place");
    nothing_ran(&owner).await;
}

#[tokio::test]
async fn a_large_body_is_kept_in_part() {
    let (_server, owner) = echo().await;
    let source = guarded(&owner, json!({})).await;
    let body = json!({ "query": "x".repeat(100_000) });
    let answer = source.post(&body).await;
    let kept = refused(&owner, &source, &answer, 401, "token_missing").await;
    let request = &kept["record"]["request"];
    assert_eq!(request["body"]["text"].as_str().unwrap().len(), 64 << 10);
    assert_eq!(request["cut_from"], body.to_string().len());
}
