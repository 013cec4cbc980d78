//! Measures the chat model: `cargo run --release -p local-models --features chat --example chat_speed -- MODELS`
//! answers a short question, reads a long text, and keeps a schema; it prints tokens a second, and the memory of
//! both models.

use std::{fs, process::ExitCode, time::Instant};

use inference::{ChatRequest, EmbedRequest, Error, Message, Provider, Purpose, Sink};
use local_models::{Local, Settings, chat::MODEL, embedding};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(models) = std::env::args().nth(1) else {
        eprintln!("usage: chat_speed MODELS");
        return ExitCode::FAILURE;
    };
    match measure(&Local::new(&Settings::new(models))).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(local: &Local) -> Result<(), Error> {
    let texts = vec!["loads the other model too".to_owned()];
    local.embed(&EmbedRequest::new(embedding::MODEL, texts, Purpose::Query)).await?;
    let question = "Explain in two sentences what a webhook is.";
    let warm = ChatRequest { max_tokens: Some(1), ..ChatRequest::new(MODEL, vec![Message::user(question)]) };
    ask("load and one token", local, &warm).await?;
    ask("answer", local, &ChatRequest { max_tokens: Some(128), ..warm.clone() }).await?;
    let long =
        "A webhook is an HTTP callback that one system sends to another when an event happens. ".repeat(60);
    let read = vec![Message::user(format!("Summarise: {long}"))];
    ask("long prompt, one token", local, &ChatRequest { messages: read, ..warm.clone() }).await?;
    let schema = json!({
        "type": "object",
        "properties": {
            "sentiment": { "enum": ["positive", "negative", "neutral"] },
            "topics": { "type": "array", "items": { "type": "string", "maxLength": 40 }, "minItems": 5, "maxItems": 9 },
        },
        "required": ["sentiment", "topics"],
    });
    let review =
        vec![Message::user("Classify the review as JSON: The delivery was late and the box was broken.")];
    let json = ChatRequest { response_schema: Some(schema), max_tokens: Some(200), messages: review, ..warm };
    ask("schema", local, &json).await?;
    if let Ok(status) = fs::read_to_string("/proc/self/status") {
        for line in status.lines().filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS")) {
            println!("{line}");
        }
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
async fn ask(what: &str, local: &Local, request: &ChatRequest) -> Result<(), Error> {
    let begun = Instant::now();
    let answer = local.chat(request, &mut Sink::none()).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let (input, output) = (answer.usage.input_tokens.unwrap_or(0), answer.usage.output_tokens.unwrap_or(0));
    println!(
        "{what}: {input} tokens in, {output} out, {seconds:.2} s, {:.0} tokens/s; {:?}",
        (input + output) as f64 / seconds,
        answer.text.chars().take(300).collect::<String>()
    );
    Ok(())
}
