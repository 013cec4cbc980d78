//! The example in `examples/after-sales-assistant` does what its README says.

use std::path::Path;

use delivery::parse;
use engine::{Program, Timeline};
use flow::{Definition, Resources, run::Event};
use inference::Error;
use knowledge::Settings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::world::{Fixture, succeeded};

const SIGNING_KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn read(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/after-sales-assistant");
    std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn yaml<T: DeserializeOwned>(name: &str) -> T {
    serde_saphyr::from_str(&read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

async fn assistant() -> Fixture {
    let f = Fixture::new().await;
    let base: Value = yaml("knowledge.yaml");
    let settings: Settings = serde_json::from_value(base["settings"].clone()).unwrap();
    for document in base["documents"].as_array().unwrap() {
        let name = document.as_str().unwrap();
        f.document(base["name"].as_str().unwrap(), &settings, name, &read(name)).await;
    }
    f
}

async fn ask(f: &Fixture, query: &str) -> Timeline {
    let input = json!({ "query": query, "user_id": "C-1042" });
    f.run_flow("after-sales-assistant", &read("flow.yaml"), input).await
}

/// What was sent to a destination by a step.
fn sent(timeline: &Timeline, step: &str) -> Value {
    succeeded(timeline, step).1["body"].clone()
}

fn replied(timeline: &Timeline) -> Value {
    timeline.outcome.response.as_deref().unwrap_or_else(|| panic!("{:?}", timeline.events))["body"].clone()
}

#[tokio::test]
async fn its_files_fit_each_other() {
    let f = Fixture::new().await;
    let named = |list: &[&str]| Some(list.iter().map(|name| (*name).to_owned()).collect());
    let destinations: Vec<Value> = yaml("destinations.yaml");
    let base: Value = yaml("knowledge.yaml");
    let resources = Resources {
        destinations: named(&destinations.iter().map(|d| d["name"].as_str().unwrap()).collect::<Vec<_>>()),
        knowledge_bases: named(&[base["name"].as_str().unwrap()]),
        models: Some([("default".to_owned(), Resources::CHAT.to_owned())].into()),
        variables: named(&[]),
        secrets: named(&[]),
    };
    let flow = Program::compile(&read("flow.yaml"), &Map::new(), f.registry(), &resources);
    flow.unwrap_or_else(|problems| panic!("{problems:#?}"));

    let source: Value = yaml("source.yaml");
    let definition = Definition::parse(&read("flow.yaml")).unwrap();
    assert_eq!(source["flow"], definition.name.as_str());
    let secrets = json!({ "scheme": "standard_webhooks", "signing_keys": [SIGNING_KEY] }).to_string();
    gateway::Source::compile(&source["config"].to_string(), secrets.as_bytes(), &definition.inputs)
        .unwrap_or_else(|error| panic!("{error}"));

    let robot = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1";
    let secrets = [json!({ "url": robot }), json!({ "signing": [SIGNING_KEY] })];
    for (destination, secrets) in destinations.iter().zip(secrets) {
        parse(&destination["config"].to_string(), secrets.to_string().as_bytes())
            .unwrap_or_else(|error| panic!("{}: {error}", destination["name"]));
    }
}

#[tokio::test]
async fn a_question_is_answered_from_the_manual() {
    let f = assistant().await;
    let timeline = ask(&f, "My machine shows E3. What can I do?").await;
    let reply = replied(&timeline);
    assert_eq!(
        (&reply["answer"], &reply["urgent"], &reply["safety"]),
        (&json!("fine"), &json!(false), &json!(""))
    );
    assert_eq!(reply["sources"][0]["heading"], "Brisa One › Error codes › E3 No water flow");
    let messages =
        f.model.asked.lock()[0].messages.iter().map(inference::Message::to_text).collect::<String>();
    assert!(
        messages.contains("What can I do?") && messages.contains("The pump does not get water"),
        "{messages}"
    );
    assert!(messages.len() < 1_000, "a small model reads {} bytes", messages.len());
    let ticket = sent(&timeline, "ticket");
    assert_eq!((&ticket["priority"], &ticket["needs_a_person"]), (&json!("normal"), &json!(false)));
    assert!(sent(&timeline, "notify").as_str().unwrap().starts_with("**C-1042** asks:\n> My machine"));
    assert_eq!(timeline.outcome.outputs.as_deref(), Some(&json!({ "answer": "fine", "urgent": false })));
}

#[tokio::test]
async fn a_question_in_chinese_finds_the_chinese_pages() {
    let f = assistant().await;
    let timeline = ask(&f, "咖啡机保修多久？").await;
    let source = &replied(&timeline)["sources"][0];
    assert_eq!(
        (&source["document"], &source["heading"]),
        (&json!("manual.zh.md"), &json!("Brisa One 中国大陆服务政策 › 保修与退换"))
    );
}

#[tokio::test]
async fn danger_is_answered_with_what_to_do_at_once() {
    let f = assistant().await;
    for query in ["There is SMOKE coming out!", "Water under the machine", "机器漏水了", "有焦味"] {
        let timeline = ask(&f, query).await;
        let reply = replied(&timeline);
        assert_eq!(reply["urgent"], true, "{query}");
        assert!(reply["safety"].as_str().unwrap().contains("pull the plug"), "{query}");
        let ticket = sent(&timeline, "ticket");
        assert_eq!(
            (&ticket["priority"], &ticket["needs_a_person"]),
            (&json!("high"), &json!(true)),
            "{query}"
        );
        assert!(sent(&timeline, "notify").as_str().unwrap().contains("Urgent"), "{query}");
    }
}

#[tokio::test]
async fn without_the_model_a_person_answers() {
    let f = assistant().await;
    let down = || Error::Unavailable { provider: "vendor".into(), reason: "it is down".into(), source: None };
    f.model.answers.lock().push(Err(down()));
    let timeline = ask(&f, "How do I foam milk?").await;
    assert!(replied(&timeline)["answer"].as_str().unwrap().contains("colleague"));
    assert_eq!(sent(&timeline, "ticket")["needs_a_person"], true);
    assert!(sent(&timeline, "notify").as_str().unwrap().contains("write to the customer yourself"));
    let failed = |event: &&Event| matches!(event, Event::StepFailed { .. });
    assert_eq!(timeline.events.iter().filter(failed).count(), 1, "a model that is down is not asked again");
}

#[tokio::test]
async fn what_a_customer_writes_cannot_mention_the_whole_group() {
    let f = assistant().await;
    let timeline = ask(&f, "<@all>\nsecond line").await;
    let said = sent(&timeline, "notify");
    assert!(said.as_str().unwrap().contains("> ＜@all>\n> second line"), "{said}");
}
