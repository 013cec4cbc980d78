use serde_json::{Value, json};

use super::*;
use crate::kind::testing::{answer, bodies, calls, open, refusal, word};

const URL: &str =
    "https://prod-1.westeurope.logic.azure.com/workflows/0af1/triggers/manual/paths/invoke?sig=s1gnature";

fn workflow(config: Value) -> Teams {
    open(config, json!({ "url": URL })).unwrap()
}

fn cards(config: Value, body: Value) -> Vec<Value> {
    let bodies = bodies(&workflow(config), body).unwrap();
    bodies.into_iter().map(|body| body["attachments"][0]["content"].clone()).collect()
}

#[test]
fn a_text_becomes_a_card_in_an_attachment() {
    let body = bodies(&workflow(json!({})), json!("**E3**")).unwrap().remove(0);
    assert_eq!(body["type"], "message");
    assert_eq!(body["attachments"][0]["contentType"], "application/vnd.microsoft.card.adaptive");
    let card = &body["attachments"][0]["content"];
    assert_eq!((&card["type"], &card["version"]), (&json!("AdaptiveCard"), &json!("1.4")));
    assert_eq!(card["body"], json!([{ "type": "TextBlock", "text": "**E3**", "wrap": true }]));
    let plain = cards(json!({ "format": "text" }), json!("*a*"));
    let run = json!([{ "type": "RichTextBlock", "inlines": [{ "type": "TextRun", "text": "*a*" }] }]);
    assert_eq!(plain[0]["body"], run);
}

#[test]
fn title_facts_and_actions_stand_around_the_text() {
    let message = json!({ "text": "a", "facts": [{ "title": "Machine", "value": "E3" }],
        "actions": [{ "title": "Open", "url": "https://a.b/" }] });
    let card = cards(json!({ "title": "Alarm" }), message).remove(0);
    assert_eq!(card["body"][0]["text"], "Alarm");
    assert_eq!(
        card["body"][2],
        json!({ "type": "FactSet", "facts": [{ "title": "Machine", "value": "E3" }] })
    );
    assert_eq!(
        card["actions"],
        json!([{ "type": "Action.OpenUrl", "title": "Open", "url": "https://a.b/" }])
    );
}

#[test]
fn a_whole_card_goes_as_it_is() {
    let card = json!({ "type": "AdaptiveCard", "version": "1.5", "body": [] });
    assert_eq!(
        cards(json!({ "title": "Alarm" }), json!({ "card": card.clone() })),
        std::slice::from_ref(&card)
    );
    let unsendable = |body| bodies(&workflow(json!({})), body).unwrap_err().0;
    assert!(unsendable(json!({ "card": { "body": [] } })).contains("type: AdaptiveCard"));
    assert!(unsendable(json!({ "card": card, "text": "a" })).contains("leave `text`"));
    let long = json!({ "type": "AdaptiveCard", "body": ["x".repeat(LIMIT)] });
    assert!(unsendable(json!({ "card": long })).contains("at most 28000"));
}

#[test]
fn long_texts_go_in_parts_and_the_last_has_the_facts() {
    let text = "他说\"漏水\"，请先关阀。\n\n".repeat(2000);
    let message = json!({ "text": text, "title": "Alarm", "facts": [{ "title": "Machine", "value": "E3" }] });
    let calls = calls(&workflow(json!({})), message).unwrap();
    assert!(calls.len() > 2 && calls.iter().all(|call| call.body.len() <= LIMIT), "{}", calls.len());
    let with_facts: Vec<bool> =
        calls.iter().map(|call| String::from_utf8_lossy(&call.body).contains("FactSet")).collect();
    assert!(with_facts[calls.len() - 1] && with_facts.iter().filter(|has| **has).count() == 1);
}

#[test]
fn what_teams_would_refuse_is_refused_at_once() {
    let unsendable = |body| bodies(&workflow(json!({})), body).unwrap_err().0;
    assert!(unsendable(json!(true)).contains("Teams takes a text"));
    assert!(unsendable(json!("")).contains("empty, which Teams refuses"));
    let action = json!({ "title": "a", "url": "javascript:alert(1)" });
    assert!(unsendable(json!({ "text": "a", "actions": [action] })).contains("actions[0].url"));
    let facts = vec![json!({ "title": "a", "value": "x".repeat(1000) }); 28];
    assert!(unsendable(json!({ "text": "a", "facts": facts })).contains("shorten the facts"));
    let refused = refusal::<Teams>(json!({}), json!({ "url": "https://prod-1.logic.azure.com" }));
    assert!(refused.starts_with("secrets.url: the address has no path"), "{refused}");
}

#[test]
fn the_signature_never_shows() {
    let workflow = workflow(json!({}));
    assert_eq!(
        calls(&workflow, json!("a")).unwrap()[0].shown.url,
        "https://prod-1.westeurope.logic.azure.com/•••"
    );
    assert_eq!(workflow.redaction().scrub("sig s1gnature is wrong"), "sig ••• is wrong");
}

#[test]
fn workflows_and_connectors_are_judged_by_status_and_body() {
    let verdict = |status: u16, body: &str| answer::judge(&answer(status, &[], body));
    let failed = |status: &str| {
        format!(
            "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error {status} with ContextId tcid=0"
        )
    };
    let code = |code: &str| json!({ "error": { "code": code, "message": "hint" } }).to_string();
    for (status, body, expected) in [
        (202, String::new(), "delivered"),
        (202, "<html>".into(), "unknown"),
        (202, code("InvalidRequestContent"), "unknown"),
        (200, "1".into(), "delivered"),
        (200, String::new(), "unknown"),
        (200, failed("429"), "later"),
        (200, failed("413"), "permanent"),
        (200, failed("400"), "permanent"),
        (200, failed("404"), "permanent"),
        (200, failed("503"), "retry"),
        (200, failed("???"), "unknown"),
        (
            200,
            "Webhook message delivery failed with error: Error contacting Microsoft Teams endpoint".into(),
            "retry",
        ),
        (200, "Bad payload received by generic incoming webhook.".into(), "unknown"),
        (400, code("InvalidRequestContent"), "permanent"),
        (400, code("TriggerInputSchemaMismatch"), "permanent"),
        (400, code("WorkflowTriggerIsNotEnabled"), "permanent"),
        (401, code("DirectApiAuthorizationRequired"), "permanent"),
        (403, code("AuthorizationFailed"), "permanent"),
        (404, code("WorkflowNotFound"), "permanent"),
        (413, code("RequestEntityTooLarge"), "permanent"),
        (400, code("SomethingNew"), "unknown"),
        (400, "Bad payload received by generic incoming webhook.".into(), "permanent"),
        (403, "<html>proxy</html>".into(), "unknown"),
        (429, code("WorkflowRunLimit"), "later"),
        (502, String::new(), "retry"),
    ] {
        assert_eq!(word(&verdict(status, &body)), expected, "{status} {body}");
    }
}
