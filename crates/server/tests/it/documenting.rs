//! Each source's own documentation: the page, the OpenAPI document, and samples that run.

use std::process::Stdio;

use axum::http::Method;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::{Answer, Api, Server, Source, flow};

const TOKEN: &str = "swordfish-swordfish-swordfish";
const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const ORDERS: &str = "linchpin: flow/v1
name: orders
inputs:
  id: { type: integer, required: true, description: \"The order's number\" }
  query: { type: string, required: true, example: \"it's \\\"here\\\" – 你好 `$HOME` \\\\n\" }
  page: { type: integer }
nodes:
  say: { kind: template, text: \"{{ input.id }}: {{ input.query }}\" }
edges: [start -> say]
outputs: { said: \"{{ nodes.say.text }}\" }
";

fn config(verification: &Value, docs: &str) -> Value {
    json!({
        "verification": verification,
        "path": "orders/{order_id}",
        "fields": {
            "id": { "type": "integer", "from": "path.order_id", "required": true, "example": 7 },
            "query": { "type": "string", "from": "body.lines[0].text", "required": true },
            "page": { "type": "integer", "from": "query.page" },
        },
        "reply": { "mode": "wait" },
        "docs": docs,
    })
}

/// Gets what stands below a server's address.
async fn get(api: &Api, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut headers = headers.to_vec();
    headers.extend(api.credentials.iter().map(|(name, value)| (*name, value.as_str())));
    api.http.call(Method::GET, &format!("{}{path}", api.url), &headers, "").await
}

async fn orders(server: &Server, verification: Value, secrets: Value) -> (Api, Source) {
    let owner = Api::set_up(server).await;
    owner.deploy("orders", ORDERS).await;
    let source = owner.source("orders", config(&verification, "public"), secrets).await;
    (owner, source)
}

/// A part of a page as a browser shows it.
fn shown(html: &str) -> String {
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&#x60;", "`"),
        ("&amp;", "&"),
    ];
    entities.iter().fold(html.to_owned(), |text, (entity, letter)| text.replace(entity, letter))
}

/// The code of each sample of a page, by language.
async fn samples(server: &Server, source: &Source) -> Vec<(&'static str, String)> {
    let page = get(&Api::nobody(server), &format!("/docs/sources/{}", source.id), &[]).await;
    let code = |nth: usize| {
        let (_, rest) = page.text().split_once(&format!("id=\"sample-{nth}\">")).unwrap();
        let (code, _) = rest.split_once("</code>").unwrap();
        shown(code)
    };
    ["curl", "Python", "JavaScript", "Go"].into_iter().zip((1..).map(code)).collect()
}

/// Runs a sample as somebody who copied it.
async fn run(server: &Server, language: &str, code: &str) -> Option<String> {
    let folder = server.home().path();
    let (file, program, arguments): (_, _, &[&str]) = match language {
        "curl" => ("send.sh", "sh", &[]),
        "Python" => ("send.py", "python3", &[]),
        "JavaScript" => ("send.mjs", "node", &[]),
        _ => ("send.go", "go", &["run"]),
    };
    std::fs::write(folder.join(file), code).unwrap();
    let mut command = Command::new(program);
    command.args(arguments).arg(file).current_dir(folder).stdin(Stdio::null());
    command.env("WEBHOOK_TOKEN", TOKEN).env("WEBHOOK_PASSWORD", TOKEN).env("WEBHOOK_SECRET", KEY);
    command.env("NO_PROXY", "127.0.0.1");
    let done = match command.output().await {
        // Go is not everywhere.
        Err(error) if language == "Go" && error.kind() == std::io::ErrorKind::NotFound => return None,
        done => done.unwrap(),
    };
    let out = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success(), "{language}: {}{out}\n{code}", String::from_utf8_lossy(&done.stderr));
    Some(out)
}

async fn every_sample_is_taken(verification: Value, secrets: Value) {
    let server = Server::fresh().await;
    let (owner, source) = orders(&server, verification, secrets).await;
    every_sample_is_taken_by(&server, &owner, &source).await;
}

async fn every_sample_is_taken_by(server: &Server, owner: &Api, source: &Source) {
    let mut sent = 0;
    for (language, code) in samples(server, source).await {
        assert!(!code.contains(TOKEN) && !code.contains(KEY), "{code}");
        let Some(out) = run(server, language, &code).await else { continue };
        let expected = "7: it's \\\"here\\\" – 你好 `$HOME` \\\\n";
        assert!(out.contains(&format!("{{\"said\":\"{expected}\"}}")), "{language}: {out}\n{code}");
        sent += 1;
    }
    assert!(sent >= 3);
    assert_eq!(owner.list(&format!("events?source={}", source.id)).await.len(), sent);
}

#[tokio::test]
async fn samples_show_a_token_wherever_the_source_takes_it() {
    let secrets = json!({ "scheme": "token", "tokens": [TOKEN] });
    for place in [json!({}), json!({ "bearer": false }), json!({ "bearer": false, "header": null })] {
        let mut verification = place;
        verification["scheme"] = json!("token");
        every_sample_is_taken(verification, secrets.clone()).await;
    }
}

#[tokio::test]
async fn samples_sign_by_the_standard_webhooks_specification() {
    let secrets = json!({ "scheme": "standard_webhooks", "signing_keys": [KEY] });
    every_sample_is_taken(json!({ "scheme": "standard_webhooks" }), secrets).await;
}

#[tokio::test]
async fn samples_log_in_by_name_and_password() {
    let verification = json!({ "scheme": "basic", "username": "o'brien & sons" });
    every_sample_is_taken(verification, json!({ "scheme": "basic", "passwords": [TOKEN] })).await;
}

/// With what a vendor of one's own may think of: each hash, each encoding, times of both units, and texts between which
/// the time and the body stand that mean something to a shell.
#[tokio::test]
async fn samples_sign_as_a_source_describes_it() {
    let (server, secrets) = (Server::fresh().await, json!({ "scheme": "hmac", "secrets": [KEY] }));
    let owner = Api::set_up(&server).await;
    owner.deploy("orders", ORDERS).await;
    let timestamp = |unit: &str| json!({ "header": "x-time", "unit": unit, "tolerance": "5m" });
    for mut verification in [
        json!({}),
        json!({ "algorithm": "sha1", "prefix": "sha1=" }),
        json!({ "algorithm": "sha512", "encoding": "base64", "signed": "v0:{timestamp}:{body}", "timestamp": timestamp("s") }),
        json!({ "encoding": "base64url", "signed": "{body}{timestamp}", "timestamp": timestamp("ms") }),
        json!({ "prefix": "$v=", "signed": "{timestamp}_{body}.\"$HOME\" `id` \\\\n", "timestamp": timestamp("s") }),
    ] {
        verification["scheme"] = "hmac".into();
        verification["header"] = "x-signature".into();
        let source = owner.source("orders", config(&verification, "public"), secrets.clone()).await;
        every_sample_is_taken_by(&server, &owner, &source).await;
    }
}

#[tokio::test]
async fn samples_of_an_open_source_just_send() {
    every_sample_is_taken(json!({ "scheme": "none" }), Value::Null).await;
}

#[tokio::test]
async fn a_page_says_all_of_a_source_and_none_of_its_secrets() {
    let server = Server::fresh().await;
    let secrets = json!({ "scheme": "token", "tokens": [TOKEN] });
    let (owner, source) = orders(&server, json!({ "scheme": "token" }), secrets).await;
    let nobody = Api::nobody(&server);
    let path = format!("/docs/sources/{}", source.id);
    let english = get(&nobody, &path, &[]).await;
    assert_eq!(english.status, 200, "{english:?}");
    assert!(english.header("content-type").unwrap().starts_with("text/html"));
    let policy = english.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let text = english.text();
    for part in [
        &source.url,
        "body.lines[0].text",
        "The order's number",
        "x-webhook-token",
        "token_invalid",
        "lang=\"en\"",
    ] {
        assert!(shown(text).contains(part), "{part}: {text}");
    }
    assert!(!text.contains(TOKEN) && !text.contains("http://www") && !text.contains("src=\"http"), "{text}");

    let chinese = get(&nobody, &path, &[("accept-language", "zh-CN,zh;q=0.9,en;q=0.5")]).await;
    assert!(chinese.text().contains("<h2>字段</h2>") && chinese.text().contains("lang=\"zh-CN\""));
    let asked = get(&nobody, &format!("{path}?lang=en"), &[("accept-language", "zh")]).await;
    assert!(asked.text().contains("<h2>Fields</h2>"));

    // A later version is documented as soon as it is deployed, and what it changed is told.
    let later =
        ORDERS.replace("  page: { type: integer }", "  page: { type: integer }\n  note: { type: string }");
    owner.put("/flows/orders", &json!({ "definition": later })).await.ok();
    let note = json!({ "note": "Notes <from> the shop" });
    owner.post("/flows/orders/versions", &note).await.ok();
    assert!(!get(&nobody, &path, &[]).await.text().contains("Notes &lt;from&gt;"), "it is not deployed");
    let deployment = json!({ "environment": "production", "version": 2 });
    owner.post("/flows/orders/deployments", &deployment).await.ok();
    let text = get(&nobody, &path, &[]).await.text().to_owned();
    assert!(
        text.contains("Notes &lt;from&gt; the shop") && text.contains("New: <code>note</code>"),
        "{text}"
    );
    assert!(text.contains("New: <code>id</code>"), "the first version is part of it: {text}");
}

#[tokio::test]
async fn private_pages_are_for_those_who_may_look() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("orders", ORDERS).await;
    let source = owner.source("orders", config(&json!({ "scheme": "none" }), "private"), Value::Null).await;
    let viewer = owner.key("viewer").await;
    for path in [format!("/docs/sources/{}", source.id), format!("/docs/sources/{}/openapi.json", source.id)]
    {
        get(&Api::nobody(&server), &path, &[]).await.problem(401, "unauthenticated");
        assert_eq!(get(&viewer, &path, &[]).await.status, 200);
        assert_eq!(get(&owner, &path, &[]).await.status, 200);
    }
    for unknown in ["src_01h455vb4pex5vsknk084sn02q", "x"] {
        get(&owner, &format!("/docs/sources/{unknown}"), &[]).await.problem(404, "not_found");
    }
    let echo = "nodes:\n  say: { kind: template, text: \"{{ input.query }}\" }\nedges: [start -> say]\n";
    owner.put("/flows/idle", &json!({ "definition": flow("idle", echo) })).await.ok();
    let config = json!({ "verification": { "scheme": "none" }, "docs": "public" });
    let idle = owner.source("idle", config, Value::Null).await;
    let early = get(&Api::nobody(&server), &format!("/docs/sources/{}", idle.id), &[]).await;
    early.problem(409, "conflict");
}

#[tokio::test]
async fn the_openapi_document_is_there_for_programs() {
    let server = Server::fresh().await;
    let secrets = json!({ "scheme": "standard_webhooks", "signing_keys": [KEY] });
    let (_, source) = orders(&server, json!({ "scheme": "standard_webhooks" }), secrets).await;
    let answer = get(&Api::nobody(&server), &format!("/docs/sources/{}/openapi.json", source.id), &[]).await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let document = answer.ok();
    assert_eq!((&document["openapi"], &document["info"]["version"]), (&json!("3.1.0"), &json!("1")));
    assert_eq!(document["servers"][0]["url"], server.url);
    let operation = &document["paths"][format!("/hooks/{}/orders/{{order_id}}", source.id)]["post"];
    assert_eq!(operation["security"], json!([{ "signature": [] }]), "{document}");
    assert!(!document.to_string().contains(KEY));
}
