//! Replies that go on as the run does.

use axum::http::Method;
use clock::Random;
use serde_json::{Value, json};

use crate::{
    event_source::{Stream, Transcript},
    failing::succeeded,
    models::model,
    speaker::Speaker,
    support::{Api, Home, Http, Server, Source, eventually, flow},
};

/// A pure step, and one that thinks aloud.
pub(crate) const THINKING: &str = "nodes:
  greet: { kind: template, text: \"Hello {{ input.query }}\" }
  think: { kind: llm, model: mock, messages: [{ user: \"{{ nodes.greet.text }}\" }], retry: { max: 2, backoff: 1ms } }
edges: [start -> greet -> think]
outputs: { thought: \"{{ nodes.think.text }}\" }
";

const FAILING: &str = "nodes:
  divide: { kind: template, text: \"{{ 1 // (input.query | length) }}\" }
edges: [start -> divide]
";

/// A server whose flow thinks aloud, by a model that says what it is told.
struct Stage {
    speaker: Speaker,
    owner: Api,
    source: Source,
}

impl Stage {
    async fn on(server: &Server) -> Self {
        let (owner, speaker) = (Api::set_up(server).await, Speaker::start().await);
        model(&owner, "mock", &speaker.url).await;
        owner.deploy("thinking", &flow("thinking", THINKING)).await;
        let source = owner.open_source("thinking", "stream").await;
        Self { speaker, owner, source }
    }

    async fn post(&self, headers: &[(&str, &str)]) -> Stream {
        Stream::post(&self.source.url, headers, &json!({ "query": "you" })).await
    }
}

#[tokio::test]
async fn a_text_is_read_while_the_model_still_speaks() {
    let server = Server::fresh().await;
    let stage = Stage::on(&server).await;
    let (mut stream, mut seen) = (stage.post(&[]).await, Transcript::default());
    assert_eq!(stream.headers["cache-control"], "no-store");
    assert_eq!(stream.headers["x-accel-buffering"], "no");
    let call = stage.speaker.call(0).await;
    for (nth, piece) in ["你好", ", ", "world"].into_iter().enumerate() {
        // The next piece waits for this one to be read.
        call.say(piece);
        let said = ["你好", ", ", "world"][..=nth].concat();
        seen.read_until(&mut stream, "think", &said).await;
    }
    assert_eq!(seen.states, ["greet succeeded", "think running"]);
    call.end();
    seen.read_all(&mut stream).await;
    assert_eq!(seen.states.last().unwrap(), "think succeeded");
    assert_eq!(seen.ended("result"), &json!({ "thought": "你好, world" }));
    assert_eq!((seen.tokens, seen.resets), (3, 0));
    let event = seen.url("event_id");
    assert_eq!(stream.headers["linchpin-event"], event);
    assert_eq!(stage.owner.trace(event).await["status_url"], seen.url("status_url"));
    assert!(seen.url("run_id").starts_with("run_"));

    // From the journal, the same.
    let mut again = Transcript::default();
    again.read_all(&mut Stream::get(seen.url("stream_url"), "").await).await;
    assert_eq!((&again.texts, &again.end, &again.run), (&seen.texts, &seen.end, &seen.run));
    assert_eq!(again.states, ["greet succeeded", "think succeeded"]);
    // A client that knows the end is told to stay away.
    let headers = [("last-event-id", seen.last.as_str())];
    assert_eq!(Http::new().call(Method::GET, seen.url("stream_url"), &headers, "").await.status, 204);
}

#[tokio::test]
async fn a_run_without_a_model_is_told_at_once_and_one_that_fails_as_it_is_to_who_waits() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("failing", &flow("failing", FAILING)).await;
    let [streams, waits] =
        [owner.open_source("failing", "stream").await, owner.open_source("failing", "wait").await];
    let mut seen = Transcript::default();
    seen.read_all(&mut Stream::post(&streams.url, &[], &json!({ "query": "" })).await).await;
    assert_eq!(seen.states, ["divide failed"]);
    let (mut told, mut problem) =
        (seen.ended("error").clone(), waits.post(&json!({ "query": "" })).await.problem(500, "run_failed"));
    assert_eq!(told["event_id"].take(), json!(seen.url("event_id")));
    problem["event_id"].take();
    assert_eq!(told, problem);

    let mut fine = Transcript::default();
    fine.read_all(&mut Stream::post(&streams.url, &[], &json!({ "query": "x" })).await).await;
    assert_eq!(fine.states, ["divide succeeded"]);
    assert_eq!(fine.ended("result"), &waits.post(&json!({ "query": "x" })).await.ok());
    assert_eq!(fine.tokens, 0, "only what a model says is told as it comes");
}

#[tokio::test]
async fn a_client_that_is_cut_off_anywhere_gets_exactly_what_it_missed() {
    let server = Server::fresh().await;
    let stage = Stage::on(&server).await;
    for seed in 0..4 {
        let random = Random::seeded(seed);
        let below = |bound: u8| usize::from(random.bytes::<1>()[0] % bound);
        let key = format!("k{seed}");
        let key = [("idempotency-key", key.as_str())];
        let (mut said, mut seen) = (String::new(), Transcript::default());
        let mut stream = stage.post(&key).await;
        let call = stage.speaker.call(usize::try_from(seed).unwrap()).await;
        for round in 0..25 {
            for piece in 0..below(5) {
                let piece = format!("{round}.{piece} 你好 ");
                call.say(&piece);
                said.push_str(&piece);
            }
            let most = below(6);
            for _ in 0..most {
                if seen.text("think") == said || !seen.read(&mut stream).await {
                    break;
                }
            }
            drop(stream);
            stream = match below(2) {
                0 if !seen.run.is_null() => Stream::get(seen.url("stream_url"), &seen.last).await,
                _ => stage.post(&[key[0], ("last-event-id", &seen.last)]).await,
            };
        }
        seen.read_until(&mut stream, "think", &said).await;
        call.end();
        drop(stream);
        seen.read_all(&mut Stream::get(seen.url("stream_url"), &seen.last).await).await;
        assert_eq!(seen.ended("result"), &json!({ "thought": said }));
        assert_eq!((seen.text("think"), seen.resets), (said.as_str(), 0), "seed {seed}");
        let mut states = seen.states.clone();
        states.dedup();
        assert_eq!(states, seen.states, "nothing is told twice");
    }
    assert_eq!(stage.speaker.asked(), 4, "each event has one run");
}

#[tokio::test]
async fn another_try_of_a_step_begins_its_text_anew() {
    let server = Server::fresh().await;
    let stage = Stage::on(&server).await;
    let (mut stream, mut seen) = (stage.post(&[]).await, Transcript::default());
    let call = stage.speaker.call(0).await;
    call.say("The answer is 4");
    seen.read_until(&mut stream, "think", "The answer is 4").await;
    call.break_off();
    seen.read_until(&mut stream, "think", "").await;
    let call = stage.speaker.call(1).await;
    call.say("The answer is 42");
    call.end();
    seen.read_all(&mut stream).await;
    assert_eq!(seen.resets, 1);
    assert_eq!(seen.text("think"), "The answer is 42");
    assert_eq!(seen.ended("result"), &json!({ "thought": "The answer is 42" }));
}

#[tokio::test]
async fn the_run_goes_on_without_its_readers_and_past_their_deadline() {
    let server = Server::fresh().await;
    let stage = Stage::on(&server).await;
    let (mut stream, mut seen) = (stage.post(&[]).await, Transcript::default());
    let call = stage.speaker.call(0).await;
    call.say("a");
    seen.read_until(&mut stream, "think", "a").await;
    drop(stream);
    call.end();
    succeeded(&stage.owner, seen.url("event_id"), 0).await;

    let reply = json!({ "mode": "stream", "deadline": "1s" });
    let config = json!({ "verification": { "scheme": "none" }, "reply": reply });
    let short = stage.owner.source("thinking", config, Value::Null).await;
    let mut seen = Transcript::default();
    seen.read_all(&mut Stream::post(&short.url, &[], &json!({ "query": "x" })).await).await;
    assert_eq!(seen.ended("pending"), &seen.run);
    seen.end = None;
    let call = stage.speaker.call(1).await;
    let mut stream = Stream::get(seen.url("stream_url"), &seen.last).await;
    call.say("b");
    seen.read_until(&mut stream, "think", "b").await;
    call.end();
    seen.read_all(&mut stream).await;
    assert_eq!(seen.ended("result"), &json!({ "thought": "b" }));
}

#[tokio::test]
async fn who_comes_late_gets_all_that_was_said() {
    let server = Server::fresh().await;
    let stage = Stage::on(&server).await;
    let mut first = Transcript::default();
    first.read(&mut stage.post(&[]).await).await;
    let call = stage.speaker.call(0).await;
    call.say("one ");
    let (mut stream, mut seen) = (Stream::get(first.url("stream_url"), "").await, Transcript::default());
    seen.read_until(&mut stream, "think", "one ").await;
    assert_eq!(seen.states, ["greet succeeded", "think running"]);
    call.say("two");
    call.end();
    seen.read_all(&mut stream).await;
    assert_eq!((seen.text("think"), seen.resets), ("one two", 0));
    assert_eq!(seen.ended("result"), &json!({ "thought": "one two" }));
}

#[tokio::test]
async fn who_does_not_read_slows_nobody_and_gets_all_of_it_later() {
    let server = Server::fresh().await;
    let stage = Stage::on(&server).await;
    let mut stream = stage.post(&[]).await;
    let call = stage.speaker.call(0).await;
    // More than all the buffers between the two take.
    let piece = "0123456789abcdef".repeat(4096);
    for _ in 0..100 {
        call.say(&piece);
    }
    call.end();
    eventually("the run has ended", async || {
        let runs = stage.owner.list("runs").await;
        (runs[0]["status"] == "succeeded").then_some(())
    })
    .await;
    let mut seen = Transcript::default();
    seen.read_all(&mut stream).await;
    seen.ended("result");
    assert!(seen.text("think") == piece.repeat(100), "{} bytes", seen.text("think").len());
}

#[tokio::test]
async fn a_stream_goes_on_after_a_crash_with_the_new_try() {
    let home = Home::new();
    let server = home.serve().start().await;
    let stage = Stage::on(&server).await;
    let (mut stream, mut seen) = (stage.post(&[]).await, Transcript::default());
    let call = stage.speaker.call(0).await;
    call.say("half of ");
    seen.read_until(&mut stream, "think", "half of ").await;
    let before = server.url.clone();
    server.kill().await;
    seen.read_all(&mut stream).await;
    assert_eq!(seen.end, None);

    let server = home.serve().start().await;
    let url = seen.url("stream_url").replace(&before, &server.url);
    let mut stream = Stream::get(&url, &seen.last).await;
    let call = stage.speaker.call(1).await;
    call.say("something else");
    seen.read_until(&mut stream, "think", "something else").await;
    assert_eq!(seen.resets, 1);
    call.end();
    seen.read_all(&mut stream).await;
    assert_eq!(seen.ended("result"), &json!({ "thought": "something else" }));
}

#[tokio::test]
async fn a_stream_at_one_node_goes_on_when_the_node_that_ran_it_dies() {
    if !Home::is_on_postgres() {
        return;
    }
    let home = Home::new();
    let dies = home.serve().start().await;
    let stage = Stage::on(&dies).await;
    let lives = home.serve().start().await;
    let (mut stream, mut seen) = (stage.post(&[]).await, Transcript::default());
    let call = stage.speaker.call(0).await;
    call.say("half of ");
    seen.read_until(&mut stream, "think", "half of ").await;
    let url = seen.url("stream_url").replace(&dies.url, &lives.url);
    let (mut there, mut seen_there) = (Stream::get(&url, "").await, Transcript::default());
    seen_there.read_until(&mut there, "think", "half of ").await;
    call.say("it");
    seen_there.read_until(&mut there, "think", "half of it").await;
    dies.kill().await;

    let call = stage.speaker.call(1).await;
    call.say("something else");
    call.end();
    seen_there.read_all(&mut there).await;
    seen.read_all(&mut Stream::get(&url, &seen.last).await).await;
    for transcript in [seen_there, seen] {
        assert_eq!((transcript.text("think"), transcript.resets), ("something else", 1));
        assert_eq!(transcript.ended("result"), &json!({ "thought": "something else" }));
    }
}

#[tokio::test]
async fn a_stop_ends_streams_in_good_order() {
    let home = Home::new();
    let mut server = home.serve().variable("LINCHPIN_STOP_PATIENCE", "200ms").start().await;
    let stage = Stage::on(&server).await;
    let (mut stream, mut seen) = (stage.post(&[]).await, Transcript::default());
    let call = stage.speaker.call(0).await;
    call.say("a");
    seen.read_until(&mut stream, "think", "a").await;
    server.terminate();
    seen.read_all(&mut stream).await;
    assert_eq!(seen.end, None, "the client comes back");
    assert_eq!(server.ended().await.code(), Some(0), "{}", server.log());
    assert!(!server.log().contains("cut off"), "{}", server.log());
}

#[tokio::test]
async fn only_a_whole_url_opens_a_stream() {
    let server = Server::fresh().await;
    let stage = Stage::on(&server).await;
    let (mut stream, mut seen) = (stage.post(&[]).await, Transcript::default());
    seen.read(&mut stream).await;
    let url = seen.url("stream_url");
    let get = async |url: &str| Http::new().call(Method::GET, url, &[], "").await;
    get(url.split_once('?').unwrap().0).await.problem(404, "not_found");
    // The status URL tells less.
    get(&seen.url("status_url").replace("?token", "/stream?token")).await.problem(404, "not_found");
    get(&url.replace("token=", "token=x")).await.problem(404, "not_found");
    let (mut other, mut others) = (stage.post(&[]).await, Transcript::default());
    others.read(&mut other).await;
    let stolen = url.replace(seen.url("event_id"), others.url("event_id"));
    get(&stolen).await.problem(404, "not_found");
    // What a client read of one run means nothing for another.
    let mut strange = Transcript::default();
    strange.read(&mut Stream::get(url, &others.last).await).await;
    assert_eq!(strange.run, seen.run);
}
