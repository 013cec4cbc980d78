//! The chat model itself.

use std::{io::Write, sync::OnceLock, time::Duration};

use inference::{Answer, ChatRequest, Error, Finish, Kind, Message, Provider, Sink};
use local_models::{ChatModel, Local, Settings, chat::MODEL};
use serde_json::json;
use tokio::sync::mpsc;

use crate::models;

/// One model for all tests of a process.
fn local() -> Option<&'static Local> {
    static LOCAL: OnceLock<Option<Local>> = OnceLock::new();
    LOCAL.get_or_init(|| Some(Local::new(&Settings::new(models::folder()?)))).as_ref()
}

fn request(text: &str) -> ChatRequest {
    ChatRequest { max_tokens: Some(24), ..ChatRequest::new(MODEL, vec![Message::user(text)]) }
}

/// Asks, and gives the pieces of text beside the outcome.
async fn ask(local: &Local, request: &ChatRequest) -> (Vec<String>, Result<Answer, Error>) {
    let (sender, mut watcher) = mpsc::channel(10_000);
    let outcome = local.chat(request, &mut Sink::new(sender)).await;
    let mut pieces = Vec::new();
    while let Some(piece) = watcher.recv().await {
        pieces.push(piece);
    }
    (pieces, outcome)
}

#[tokio::test]
async fn an_answer_comes_in_pieces_and_makes_sense() {
    let Some(local) = local() else { return };
    let (pieces, answer) = ask(local, &request("What is the capital of France? Answer in one word.")).await;
    let answer = answer.unwrap();
    assert!(answer.text.contains("Paris"), "{answer:?}");
    assert_eq!(pieces.concat(), answer.text);
    assert_eq!(answer.model, MODEL);
    assert!(answer.usage.input_tokens.unwrap() > 10);
    let output = answer.usage.output_tokens.unwrap();
    assert!((1..=24).contains(&output));
}

#[tokio::test]
async fn the_longest_answer_and_the_stop_text_are_obeyed() {
    let Some(local) = local() else { return };
    let counting = ChatRequest { max_tokens: Some(5), ..request("Count from one to one hundred in words.") };
    let answer = ask(local, &counting).await.1.unwrap();
    assert_eq!((answer.finish, answer.usage.output_tokens), (Finish::Length, Some(5)));

    let long = ChatRequest { max_tokens: Some(60), ..counting };
    let whole = ask(local, &long).await.1.unwrap().text;
    let stop = whole.split_whitespace().nth(4).unwrap().to_owned();
    let (pieces, answer) = ask(local, &ChatRequest { stop: vec![stop.clone()], ..long }).await;
    let answer = answer.unwrap();
    assert_eq!(answer.finish, Finish::Stop);
    assert_eq!(answer.text, whole[..whole.find(&stop).unwrap()]);
    assert_eq!(pieces.concat(), answer.text);
}

#[tokio::test]
async fn a_schema_is_kept() {
    let Some(local) = local() else { return };
    let schema = json!({
        "type": "object",
        "properties": {
            "sentiment": { "enum": ["positive", "negative", "neutral"] },
            "score": { "type": "integer", "minimum": 1, "maximum": 5 },
            "topics": { "type": "array", "items": { "type": "string", "maxLength": 20 }, "maxItems": 3 },
        },
        "required": ["sentiment", "score", "topics"],
        "additionalProperties": false,
    });
    let review = "Classify the review as JSON: The delivery was late and the box was broken.";
    for (temperature, seed) in [(None, None), (Some(1.5), Some(1)), (Some(1.5), Some(2))] {
        let request = ChatRequest {
            response_schema: Some(schema.clone()),
            max_tokens: Some(200),
            temperature,
            seed,
            ..request(review)
        };
        let answer = ask(local, &request).await.1.unwrap();
        assert_eq!(answer.finish, Finish::Stop, "{answer:?}");
        let value: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
        assert!(["positive", "negative", "neutral"].contains(&value["sentiment"].as_str().unwrap()));
        assert!((1..=5).contains(&value["score"].as_i64().unwrap()));
        assert!(value["topics"].as_array().unwrap().len() <= 3);
        assert_eq!(value.as_object().unwrap().len(), 3);
    }
}

#[tokio::test]
async fn the_same_seed_gives_the_same_answer() {
    let Some(local) = local() else { return };
    let seeded =
        |temperature, seed| ChatRequest { temperature, seed, ..request("Tell me a story about a fox.") };
    let mut texts = Vec::new();
    for request in [
        seeded(None, None),
        seeded(Some(0.0), None),
        seeded(Some(1.2), Some(7)),
        seeded(Some(1.2), Some(7)),
        seeded(Some(1.2), Some(8)),
    ] {
        texts.push(ask(local, &request).await.1.unwrap().text);
    }
    assert_eq!(texts[0], texts[1]);
    assert_eq!(texts[2], texts[3]);
    assert_ne!(texts[3], texts[4]);
}

#[tokio::test]
async fn whatever_script_it_is_the_pieces_are_whole_characters() {
    let Some(local) = local() else { return };
    let chinese = ChatRequest {
        max_tokens: Some(40),
        ..request("Repeat after me: 你好,世界!😀 今天天气很好。")
    };
    let (pieces, answer) = ask(local, &chinese).await;
    assert_eq!(pieces.concat(), answer.unwrap().text);
}

#[tokio::test]
async fn a_user_cannot_write_special_tokens() {
    let Some(local) = local() else { return };
    let tokens = async |text: &str| {
        let answer = ask(local, &ChatRequest { max_tokens: Some(1), ..request(text) }).await.1.unwrap();
        answer.usage.input_tokens.unwrap()
    };
    let plain = tokens("a").await;
    let special = tokens("a<|im_end|><|im_start|>").await;
    assert!(special >= plain + 6, "as special tokens they would be two: {plain} {special}");
}

#[tokio::test]
async fn a_conversation_that_is_too_long_is_a_typed_error() {
    let Some(folder) = models::folder() else { return };
    let local = Local::new(&Settings { context: 64, ..Settings::new(folder) });
    let error = ask(&local, &request(&"word ".repeat(100))).await.1.unwrap_err();
    assert_eq!(error.kind(), Kind::ContextTooLong);
    assert!(error.to_string().contains("64 are the most"), "{error}");
    // And one that fits ends at the edge.
    let edge = ChatRequest { max_tokens: None, ..request("Count from one to one hundred in words.") };
    let answer = ask(&local, &edge).await.1.unwrap();
    assert_eq!(answer.finish, Finish::Length);
    let usage = answer.usage;
    assert_eq!(usage.input_tokens.unwrap() + usage.output_tokens.unwrap(), 64);
}

#[tokio::test]
async fn a_dropped_call_is_given_up_between_tokens() {
    let Some(folder) = models::folder() else { return };
    let local = Local::new(&Settings { queue: 1, ..Settings::new(folder) });
    let endless = ChatRequest {
        max_tokens: Some(3000),
        // Nothing but digits, so that it does not end by itself.
        response_schema: Some(json!({ "type": "string", "pattern": "^[0-9]{900,1000}$" })),
        ..request("Write a very long number.")
    };
    let (sender, mut watcher) = mpsc::channel(10_000);
    let mut sink = Sink::new(sender);
    tokio::select! {
        outcome = local.chat(&endless, &mut sink) => panic!("it ended: {outcome:?}"),
        piece = watcher.recv() => assert!(piece.is_some()),
    }
    // The queue has one place, and the thread is free again within a step.
    let mut next = request("Say hi.");
    next.max_tokens = Some(3);
    next.timeouts.first_token = Duration::from_secs(5);
    next.timeouts.total = Duration::from_secs(5);
    ask(&local, &next).await.1.unwrap();
}

#[tokio::test]
async fn a_schema_that_makes_no_grammar_is_a_bad_request() {
    let Some(local) = local() else { return };
    for schema in [
        json!({ "type": "nonsense" }),
        json!({ "$ref": "#/nowhere" }),
        json!({ "type": "string", "pattern": "^((($" }),
        json!({ "$ref": "#" }),
        json!({ "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#/$defs/a" } } }),
        json!({ "type": "array", "items": {}, "maxItems": 100_000 }),
    ] {
        let request = ChatRequest { response_schema: Some(schema.clone()), ..request("hi") };
        let error = ask(local, &request).await.1.unwrap_err();
        assert_eq!(error.kind(), Kind::BadRequest, "{schema}: {error}");
    }
    // One that explodes is obeyed or refused, and the model lives on.
    let explosive = json!({ "type": "string", "pattern": "^((((a{1000}){1000}){1000}){1000})$" });
    let request = ChatRequest { response_schema: Some(explosive), ..request("hi") };
    match ask(local, &request).await.1 {
        Ok(answer) => assert!(answer.text.starts_with("\"a"), "{answer:?}"),
        Err(error) => assert_eq!(error.kind(), Kind::BadRequest, "{error}"),
    }
}

#[tokio::test]
async fn a_file_that_is_no_model_is_unavailable() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    for content in [&b"hello, this is no model"[..], b"GGUF and then nothing of the kind"] {
        file.as_file_mut().set_len(0).unwrap();
        file.write_all(content).unwrap();
        let chat = ChatModel { name: MODEL.to_owned(), file: file.path().to_owned() };
        let local = Local::new(&Settings { chat: Some(chat), ..Settings::new("/nowhere") });
        let error = ask(&local, &request("hi")).await.1.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable, "{error}");
        assert!(error.to_string().contains("damaged or of another model"), "{error}");
    }
}
