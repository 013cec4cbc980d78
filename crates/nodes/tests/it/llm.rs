use engine::Change;
use flow::run::Status;
use inference::{Answer, Error, Finish, Role};
use serde_json::json;

use crate::world::{Fixture, answer, failed, succeeded};

const ASK: (&str, &str) = (
    "ask",
    "kind: llm\nmessages:\n  - system: Be brief.\n  - user: '{{ input.q }}'\n  - assistant: Yes?\ntemperature: 0.5\nmax_tokens: 9\nstop: ['#']\nseed: 4",
);

#[tokio::test]
async fn a_model_is_asked_and_its_answer_streams() {
    let f = Fixture::new().await;
    f.model.answers.lock().push(Ok(answer("two years")));
    let mut updates = f.engine.updates().subscribe();
    let timeline = f.run(&[ASK], json!({ "q": "How long is the warranty?" })).await;
    let (output, input) = succeeded(&timeline, "ask");
    let usage = json!({ "input_tokens": 7, "output_tokens": 2 });
    let expected = json!({
        "text": "two years", "data": null, "model": "test-1", "finish_reason": "stop", "usage": usage,
    });
    assert_eq!(output, expected);
    let said =
        json!([{ "system": "Be brief." }, { "user": "How long is the warranty?" }, { "assistant": "Yes?" }]);
    assert_eq!(input, json!({ "model": "default", "messages": said }));
    let asked = f.model.asked.lock()[0].clone();
    assert_eq!((asked.model.as_str(), asked.messages[1].role), ("test", Role::User));
    assert_eq!((asked.temperature, asked.max_tokens, asked.seed), (Some(0.5), Some(9), Some(4)));
    assert_eq!(asked.stop, ["#"]);
    let mut streamed = String::new();
    while let Ok(update) = updates.try_recv() {
        if let Change::Token { text, .. } = update.change {
            streamed += &text;
        }
    }
    assert_eq!(streamed, "two years");
}

#[tokio::test]
async fn an_answer_by_a_schema_is_checked() {
    let f = Fixture::new().await;
    let node = "kind: llm\nmessages: [{ user: hi }]\nresponse_schema:\n  type: object\n  properties: { urgent: { type: boolean } }\n  required: [urgent]";
    f.model.answers.lock().push(Ok(answer("```json\n{\"urgent\": true}\n```")));
    let next = ("next", "kind: set\nvalues: { urgent: '{{ nodes.ask.data.urgent }}' }");
    let timeline = f.run(&[("ask", node), next], json!({})).await;
    assert_eq!(succeeded(&timeline, "next").0, json!({ "urgent": true }));
    assert_eq!(f.model.asked.lock()[0].response_schema.as_ref().unwrap()["type"], "object");
    let cut = Answer { finish: Finish::Length, ..answer("{\"urg") };
    f.model.answers.lock().push(Ok(cut));
    let (code, message, transient, input) = failed(&f.run(&[("ask", node)], json!({})).await, "ask");
    assert!(code == "answer_unfit" && transient && message.contains("max_tokens"), "{message}");
    assert_eq!(input["model"], "default");
}

#[tokio::test]
async fn what_the_model_lacks_is_the_steps_failure() {
    let f = Fixture::new().await;
    let limited =
        Error::RateLimited { provider: "vendor".into(), message: "slow down".into(), retry_after: None };
    f.model.answers.lock().push(Err(limited));
    let timeline = f.run(&[ASK], json!({ "q": "hi" })).await;
    assert_eq!(timeline.run.status, Status::Failed);
    let (code, message, transient, input) = failed(&timeline, "ask");
    assert!(code == "model_rate_limited" && transient && message.contains("slow down"), "{message}");
    assert_eq!(input["messages"][1]["user"], "hi");
    let other = ("ask", "kind: llm\nmodel: gone\nmessages: [{ user: hi }]");
    let (code, message, transient, _) = failed(&f.run(&[other], json!({})).await, "ask");
    assert!(code == "model_missing" && !transient && message.contains("`gone`"), "{message}");
}

#[tokio::test]
async fn a_failed_answer_is_asked_for_again() {
    let f = Fixture::new().await;
    let refused = Error::Busy { provider: "vendor".into(), waiting: 1 };
    f.model.answers.lock().extend([Ok(answer("at last")), Err(refused)]);
    let node = format!("{}\nretry: {{ max: 1, backoff: 1ms }}", ASK.1);
    let timeline = f.run(&[("ask", &node)], json!({ "q": "hi" })).await;
    assert_eq!(succeeded(&timeline, "ask").0["text"], "at last");
}
