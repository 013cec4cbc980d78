//! Programs that a company has had for long and that know nothing of this server, just as they are: those of
//! `examples/existing-clients`, served by its configuration.

use std::{path::PathBuf, process::Stdio};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout},
};

use super::program;
use crate::{
    importing::Desk,
    models::model,
    support::{Receiver, Reply, Source},
};

const TOKEN: &str = "a-token-of-your-own-0001";

/// What the clients are called with: question, user, conversation.
const QUESTION: [&str; 3] = ["Where is my order? 订单在哪？", "C-1042", "chat-7f3a"];

/// For this question the model is out of order.
const HARD: [&str; 3] = ["hard", "C-7", "chat-1"];

const ANSWER: &str = "It \"arrives\" tomorrow. 明天到。";
const SORRY: &str = "The assistant cannot answer now. A colleague will.";

fn example() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/existing-clients"))
}

/// The company: its receiver, and the server that the example was imported into.
struct Company {
    desk: Desk,
    sources: Value,
    messages: Lines<BufReader<ChildStdout>>,
    _receiver: Child,
    _model: Receiver,
}

impl Company {
    async fn new() -> Self {
        let mut command = program("python3");
        command.arg(example().join("receiver.py")).env("PORT", "0").stdout(Stdio::piped());
        let mut receiver = command.kill_on_drop(true).spawn().unwrap();
        let mut messages = BufReader::new(receiver.stdout.take().unwrap()).lines();
        let port = messages.next_line().await.unwrap().unwrap().replace("listening on port ", "");

        let desk = Desk::new().await;
        let thinking = Receiver::start(|_, seen| match seen.json()["messages"][1]["content"].as_str() {
            Some("hard") => Reply::Status(401),
            _ => Reply::json(
                200,
                &json!({ "choices": [{ "message": { "content": ANSWER }, "finish_reason": "stop" }] }),
            ),
        });
        let thinking = thinking.await;
        model(&desk.owner, "default", &thinking.url("v1")).await;
        let token = json!({ "secrets": { "scheme": "token", "tokens": [TOKEN] } });
        let with = json!({
            "destinations": { "chat-windows": { "config": { "url": format!("http://127.0.0.1:{port}/messages") } } },
            "sources": { "tickets": token, "tickets-that-wait": token, "chat": token, "receipts": token },
        });
        let file = desk.server.home().path().join("with.yaml");
        std::fs::write(&file, with.to_string()).unwrap();
        let (folder, file) = (example(), file.to_str().unwrap().to_owned());
        let arguments = [folder.to_str().unwrap(), "--deploy", "production", "--with", &file];
        let sources = desk.import(&arguments).await["sources"].take();
        Self { desk, sources, messages, _receiver: receiver, _model: thinking }
    }

    /// The URL of one of the example's sources.
    fn url(&self, name: &str) -> &str {
        let mut sources = self.sources.as_array().unwrap().iter();
        sources.find(|source| source["name"] == name).unwrap()["url"].as_str().unwrap()
    }

    /// The next message that the company's receiver took.
    async fn message(&mut self) -> String {
        let next = tokio::time::timeout(std::time::Duration::from_secs(20), self.messages.next_line()).await;
        next.expect("a message comes").unwrap().expect("the receiver runs")
    }
}

/// Runs one of the company's programs; gives whether it was content, and what it printed.
async fn run(name: &str, environment: [(&str, &str); 2], question: [&str; 3]) -> (bool, String) {
    let mut command = program("python3");
    command.arg(example().join(name)).args(question).envs(environment).env("NO_PROXY", "127.0.0.1");
    let done = command.stdin(Stdio::null()).output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (done.status.success(), text(&done.stdout) + &text(&done.stderr))
}

/// `ask.py`, which can put its token nowhere but into the URL.
async fn ask(url: &str) -> (bool, String) {
    run("ask.py", [("WEBHOOK_URL", &format!("{url}?token={TOKEN}")), ("LANG", "C.UTF-8")], QUESTION).await
}

async fn chat(url: &str, question: [&str; 3]) -> (bool, String) {
    run("chat.py", [("ASSISTANT_URL", url), ("ASSISTANT_TOKEN", TOKEN)], question).await
}

#[tokio::test]
#[ignore = "needs the libraries of senders/: cargo xtask test"]
async fn a_client_that_takes_only_200_for_success_is_content() {
    let mut company = Company::new().await;
    let pushed = format!("[chat-7f3a] to C-1042: {ANSWER}");
    let (content, said) = ask(company.url("tickets")).await;
    assert!(content && said.contains("\"status_url\""), "{said}");
    assert_eq!(company.message().await, pushed);
    let (content, said) = ask(company.url("tickets-that-wait")).await;
    assert!(content && said.contains("\"status\":\"success\""), "{said}");
    assert_eq!(company.message().await, pushed);
    let events = company.desk.owner.list("events").await;
    assert_eq!(events.len(), 2, "{events:?}");

    // It does judge by the status: with the default of the mode, 202, it would not be content.
    let config = json!({ "verification": { "scheme": "token" }, "reply": { "mode": "accept" } });
    let secrets = json!({ "scheme": "token", "tokens": [TOKEN] });
    let default: Source = company.desk.owner.source("help-desk", config, secrets).await;
    let (content, said) = ask(&default.url).await;
    assert!(!content && said.starts_with("Failed: 202"), "{said}");
}

#[tokio::test]
#[ignore = "needs the libraries of senders/: cargo xtask test"]
async fn a_client_that_reads_status_and_message_has_them_by_configuration_alone() {
    let mut company = Company::new().await;
    for name in ["chat", "tickets-that-wait"] {
        assert_eq!(chat(company.url(name), QUESTION).await, (true, format!("{ANSWER}\n")), "{name}");
        assert_eq!(company.message().await, format!("[chat-7f3a] to C-1042: {ANSWER}"), "{name}");
        let failed = (false, format!("The assistant reports an error: {SORRY}\n"));
        assert_eq!(chat(company.url(name), HARD).await, failed, "{name}");
        assert_eq!(company.message().await, format!("[chat-1] to C-7: {SORRY}"), "{name}");
    }
    assert_eq!(chat(company.url("receipts"), QUESTION).await, (true, "We have your question.\n".to_owned()));
    company.message().await;

    // What is refused is told by the status, which this client looks at first.
    let stranger = [("ASSISTANT_URL", company.url("chat")), ("ASSISTANT_TOKEN", "another")];
    let (content, said) = run("chat.py", stranger, QUESTION).await;
    assert!(!content && said.contains("401 Client Error"), "{said}");
}
