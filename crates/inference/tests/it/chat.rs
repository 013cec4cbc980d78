//! Chat as it should go.

use bytes::Bytes;
use inference::{ChatRequest, Error, Finish, Message, Provider, Sink, Usage};
use tokio::sync::mpsc;

use crate::server::{Reply, Server, Step, provider};

pub(crate) const HELLO: &str = concat!(
    r#"data: {"model":"m-2","choices":[{"delta":{"role":"assistant","content":""}}]}"#,
    "\n\n",
    r#"data: {"choices":[{"delta":{"content":"你好"}}]}"#,
    "\n\n",
    r#"data: {"choices":[{"delta":{"content":", world"}}]}"#,
    "\n\n",
    r#"data: {"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
    "\n\n",
    r#"data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":4}}"#,
    "\n\ndata: [DONE]\n\n",
);

pub(crate) fn request() -> ChatRequest {
    ChatRequest::new("m", vec![Message::user("hi")])
}

async fn ask(reply: Reply) -> Result<inference::Answer, Error> {
    Server::start(vec![reply]).await.provider().chat(&request(), &mut Sink::none()).await
}

#[tokio::test]
async fn an_answer_is_streamed_and_summed_up() {
    let server = Server::start(vec![Reply::events(HELLO)]).await;
    let (sender, mut watcher) = mpsc::channel(100);
    let answer = server.provider().chat(&request(), &mut Sink::new(sender)).await.unwrap();
    assert_eq!(answer.text, "你好, world");
    assert_eq!(answer.finish, Finish::Stop);
    assert_eq!(answer.usage, Usage { input_tokens: Some(5), output_tokens: Some(4) });
    assert_eq!(answer.model, "m-2");
    assert_eq!(watcher.recv().await.unwrap(), "你好");
    assert_eq!(watcher.recv().await.unwrap(), ", world");

    let seen = server.requests();
    assert_eq!(seen[0].path, "/v1/chat/completions");
    assert_eq!(seen[0].authorization.as_deref(), Some("Bearer sk-secret"));
    assert_eq!(seen[0].body["stream"], true);
}

#[tokio::test]
async fn text_is_passed_on_before_the_answer_ends() {
    let first = Bytes::from_static(b"data: {\"choices\":[{\"delta\":{\"content\":\"first\"}}]}\n\n");
    let server = Server::start(vec![Reply::stream(vec![Step::Send(first), Step::Hang])]).await;
    let provider = server.provider();
    let (sender, mut watcher) = mpsc::channel(100);
    let mut sink = Sink::new(sender);
    let request = request();
    tokio::select! {
        _ = provider.chat(&request, &mut sink) => panic!("the answer never ends"),
        piece = watcher.recv() => assert_eq!(piece.unwrap(), "first"),
    }
}

#[tokio::test]
async fn what_vendors_do_differently_is_understood() {
    let crlf = HELLO.replace('\n', "\r\n");
    let comments = format!(": ping\n\n{}", HELLO.replace("\n\n", "\n\n: ping\n\n"));
    let without_done = HELLO.replace("data: [DONE]\n\n", "");
    let without_usage =
        HELLO.replace(r#""usage":{"prompt_tokens":5,"completion_tokens":4}"#, r#""usage":null"#);
    let without_last_blank = HELLO.trim_end().to_owned();
    let multi_line = HELLO.replace(
        r#"data: {"choices":[{"delta":{"content":"你好"}}]}"#,
        "data: {\"choices\":[\ndata: {\"delta\":{\"content\":\"你好\"}}]}",
    );
    let whole = r#"{"model":"m-2","choices":[{"message":{"content":"你好, world"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":4}}"#;
    for (name, reply) in [
        ("CRLF", Reply::events(&crlf)),
        ("comments", Reply::events(&comments)),
        ("no [DONE]", Reply::events(&without_done)),
        ("no usage", Reply::events(&without_usage)),
        ("no last blank line", Reply::events(&without_last_blank)),
        ("data over several lines", Reply::events(&multi_line)),
        ("an answer in one piece", Reply::json(200, whole)),
    ] {
        let answer = ask(reply).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((answer.text.as_str(), answer.finish), ("你好, world", Finish::Stop), "{name}");
        assert_eq!(answer.usage.input_tokens.is_none(), name == "no usage", "{name}");
    }
}

#[tokio::test]
async fn a_stream_in_single_bytes_is_the_same_stream() {
    let steps = HELLO.bytes().map(|byte| Step::Send(Bytes::from(vec![byte]))).collect();
    assert_eq!(ask(Reply::stream(steps)).await.unwrap().text, "你好, world");
}

#[tokio::test]
async fn a_server_that_keeps_the_line_open_behind_the_answer_does_not_spoil_it() {
    let body = HELLO.replace("data: [DONE]\n\n", "");
    let steps = vec![Step::Send(Bytes::from(body)), Step::Hang];
    assert_eq!(ask(Reply::stream(steps)).await.unwrap().text, "你好, world");
    let steps = vec![Step::Send(Bytes::from_static(HELLO.as_bytes())), Step::Hang];
    assert_eq!(ask(Reply::stream(steps)).await.unwrap().text, "你好, world");
}

#[tokio::test]
async fn a_provider_is_an_object() {
    let server = Server::start(vec![Reply::events(HELLO)]).await;
    let provider: std::sync::Arc<dyn Provider> = std::sync::Arc::new(provider(server.config()));
    assert_eq!(provider.name(), "vendor");
    assert_eq!(provider.chat(&request(), &mut Sink::none()).await.unwrap().text, "你好, world");
    let rerank = inference::RerankRequest {
        model: "m".into(),
        query: "q".into(),
        documents: vec![],
        top: 1,
        timeout: std::time::Duration::from_secs(1),
    };
    let error = provider.rerank(&rerank).await.unwrap_err();
    assert_eq!(error.to_string(), "vendor has no rerank; choose another provider for it");
}
