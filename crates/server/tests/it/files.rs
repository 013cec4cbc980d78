//! Files: from the form they come in, through the run, to whoever downloads them.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Api, Server, Source, flow};

const ECHO: &str = "  cv: { type: file }
  photos: { type: array<file>, default: [] }
nodes:
  say:
    kind: template
    text: \"{{ input.query }}: {{ input.cv.name }}, {{ input.photos | length }} photos\"
edges: [start -> say]
outputs: { text: \"{{ nodes.say.text }}\" }
";

/// The same without a use for the file.
const PLAIN: &str = "  cv: { type: file }
nodes:
  say: { kind: template, text: \"{{ input.query }}\" }
edges: [start -> say]
outputs: { text: \"{{ nodes.say.text }}\" }
";

const MULTIPART: (&str, &str) = ("content-type", "multipart/form-data; boundary=b0undary");

/// A photo: bytes that are no text, larger than what is recorded in place.
fn photo() -> Vec<u8> {
    [&b"\x89PNG\r\n\x1a\n"[..], &vec![0xff; 100_000]].concat()
}

/// A form as curl sends it: of each part what stands in its disposition, its media type, and its content.
fn form(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (disposition, media_type, content) in parts {
        body.extend(format!("--b0undary\r\nContent-Disposition: form-data; {disposition}\r\n").bytes());
        body.extend(media_type.iter().flat_map(|of| format!("Content-Type: {of}\r\n").into_bytes()));
        body.extend([b"\r\n", *content, b"\r\n"].concat());
    }
    body.extend(b"--b0undary--\r\n");
    body
}

fn application(photo: &[u8]) -> Vec<u8> {
    form(&[
        ("name=\"query\"", None, "张三".as_bytes()),
        ("name=\"cv\"; filename=\"../简历 1.pdf\"", Some("application/pdf"), b"%PDF-1.7 my life"),
        ("name=\"photos\"; filename=\"me.png\"", Some("application/octet-stream"), photo),
    ])
}

async fn opened(server: &Server, limits: Value) -> (Api, Source) {
    let owner = Api::set_up(server).await;
    owner.deploy("echo", &flow("echo", ECHO)).await;
    let reply = json!({ "mode": "wait" });
    let config = json!({ "verification": { "scheme": "none" }, "reply": reply, "limits": limits });
    let source = owner.source("echo", config, Value::Null).await;
    (owner, source)
}

async fn download(owner: &Api, event: &str, file: &Value) -> Answer {
    owner.get(&format!("/events/{event}/files/{}", file["sha256"].as_str().unwrap())).await
}

/// Sends a form and follows its files to the end.
async fn goes_through(server: &Server) {
    let (owner, source) = opened(server, json!({})).await;
    let photo = photo();
    let answer = source.send(Method::POST, &[MULTIPART], application(&photo)).await;
    assert_eq!(answer.ok()["text"], "张三: 简历 1.pdf, 1 photos");

    let event = answer.header("linchpin-event").unwrap();
    let trace = owner.trace(event).await;
    let files = &trace["files"];
    assert_eq!(
        (&files[0]["name"], &files[0]["media_type"]),
        (&json!("简历 1.pdf"), &json!("application/pdf"))
    );
    assert_eq!((&files[1]["name"], &files[1]["media_type"]), (&json!("me.png"), &json!("image/png")));
    assert_eq!(trace["runs"][0]["input"]["cv"], files[0]);
    assert_eq!(trace["runs"][0]["input"]["photos"], json!([files[1]]));
    let parts = json!([
        { "name": "query", "text": "张三" },
        { "name": "cv", "file": files[0] },
        { "name": "photos", "file": files[1] },
    ]);
    assert_eq!(trace["request"]["body"], json!({ "parts": parts }));

    let cv = download(&owner, event, &files[0]).await;
    assert_eq!((cv.status, cv.text()), (200, "%PDF-1.7 my life"));
    assert_eq!(
        cv.header("content-disposition"),
        Some("attachment; filename*=UTF-8''%E7%AE%80%E5%8E%86%201.pdf")
    );
    assert_eq!(cv.header("content-type"), Some("application/octet-stream"));
    assert_eq!(cv.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(download(&owner, event, &files[1]).await.body, photo);

    let other = source.send(Method::POST, &[MULTIPART], form(&[("name=\"query\"", None, b"x")])).await;
    let other = other.header("linchpin-event").unwrap();
    download(&owner, other, &files[0]).await.problem(404, "not_found");
    download(&owner, event, &json!({ "sha256": "00".repeat(32) })).await.problem(404, "not_found");
    download(&owner, event, &json!({ "sha256": "x" })).await.problem(404, "not_found");
    download(&Api::nobody(server), event, &files[0]).await.problem(401, "unauthenticated");

    let replay = owner.post(&format!("/events/{event}/replay"), &json!({})).await.ok();
    assert!(replay["run_id"].is_string());
    assert_eq!(owner.trace(event).await["runs"][1]["input"]["cv"], files[0], "a replay has the same files");
}

#[tokio::test]
async fn files_go_from_the_form_to_whoever_downloads_them() {
    goes_through(&Server::fresh().await).await;
}

#[tokio::test]
async fn their_contents_may_lie_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let home = crate::support::Home::new();
    let serve = home.serve().variable("LINCHPIN_BLOBS__DIRECTORY", folder.path().to_str().unwrap());
    let server = serve.start().await;
    goes_through(&server).await;
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "of each file a folder");
}

#[tokio::test]
async fn files_over_the_limits_are_refused_by_name() {
    let server = Server::fresh().await;
    let limits =
        json!({ "files": { "count": 2, "size": "1KiB", "media_types": ["application/pdf", "text/*"] } });
    let (owner, source) = opened(&server, limits).await;
    let file = |name: &str| format!("name=\"{name}\"; filename=\"f\"");
    let (cv, photos) = (file("cv"), file("photos"));
    let (pdf, png) = (Some("application/pdf"), Some("image/png"));
    for (parts, status, code, field) in [
        (vec![(cv.as_str(), pdf, &b"x"[..]); 3], 413, "too_many_files", "file.cv"),
        (vec![(cv.as_str(), pdf, &[b'x'; 1025][..])], 413, "file_too_large", "file.cv"),
        (vec![(photos.as_str(), png, &b"x"[..])], 415, "file_type_unsupported", "file.photos"),
    ] {
        let answer = source.send(Method::POST, &[MULTIPART], form(&parts)).await;
        let problem = answer.problem(status, code);
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        let kept = owner.refusal(&source, code).await;
        assert_eq!(kept["record"]["answer"], problem);
    }
    let files = [("name=\"query\"", None, &b"x"[..]), (&cv, pdf, b"x"), (&photos, Some("text/plain"), b"")];
    assert_eq!(source.send(Method::POST, &[MULTIPART], form(&files)).await.ok()["text"], "x: f, 1 photos");
}

#[tokio::test]
async fn other_bodies_are_read_as_what_they_are() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("plain", &flow("plain", PLAIN)).await;
    let source = |field: Value, from: &str| {
        let (owner, from) = (owner.clone(), from.to_owned());
        async move {
            let reply = json!({ "mode": "wait" });
            let mut fields = json!({ "query": { "type": "string", "from": from, "default": "q" } });
            fields.as_object_mut().unwrap().extend(field.as_object().unwrap().clone());
            let config = json!({ "verification": { "scheme": "none" }, "reply": reply, "fields": fields });
            owner.source("plain", config, Value::Null).await
        }
    };
    let send = |source: Source, content_type: &'static str, body: Vec<u8>| async move {
        source.send(Method::POST, &[("content-type", content_type)], body).await
    };
    let xml = source(json!({}), "body.order.item[0].sku").await;
    let text = send(xml, "application/xml", b"<order><item><sku>A&amp;B</sku></item></order>".to_vec()).await;
    assert_eq!(text.ok()["text"], "A&B");
    // printf 你好 | iconv -t gbk
    let gbk = source(json!({}), "body").await;
    let text = send(gbk, "text/plain; charset=gbk", b"\xc4\xe3\xba\xc3".to_vec()).await;
    assert_eq!(text.ok()["text"], "你好");
    let raw = source(json!({ "cv": { "type": "file", "from": "body" } }), "query.q").await;
    let answer = send(raw, "image/png", photo()).await;
    answer.ok();
    let event = answer.header("linchpin-event").unwrap();
    let trace = owner.trace(event).await;
    assert_eq!(trace["request"]["body"]["file"], trace["files"][0]);
    assert_eq!(trace["runs"][0]["input"]["cv"], trace["files"][0]);
    assert_eq!(download(&owner, event, &trace["files"][0]).await.body, photo());
}

fn run(input: &Value) -> Vec<u8> {
    let run = json!({ "environment": "production", "input": input, "reply": { "mode": "wait" } });
    run.to_string().into_bytes()
}

#[tokio::test]
async fn a_run_that_the_api_starts_has_files() {
    let server = Server::fresh().await;
    let (owner, source) = opened(&server, json!({})).await;
    let start = async |body: Vec<u8>, content_type: (&str, &str)| {
        let (header, credentials) = owner.credentials.clone().unwrap();
        let headers = [(header, credentials.as_str()), content_type];
        owner.http.call(Method::POST, &format!("{}/api/v1/flows/echo/runs", owner.url), &headers, body).await
    };
    let photo = photo();
    let body = form(&[
        ("name=\"run\"", Some("application/json"), &run(&json!({ "query": "张三" }))),
        ("name=\"cv\"; filename=\"cv.pdf\"", Some("application/pdf"), b"%PDF-1.7 my life"),
        ("name=\"photos\"; filename=\"me.png\"", None, &photo),
    ]);
    let answer = start(body, MULTIPART).await;
    let event = answer.header("linchpin-event").unwrap().to_owned();
    assert_eq!(answer.ok()["text"], "张三: cv.pdf, 1 photos");
    let trace = owner.trace(&event).await;
    let files = trace["files"].clone();
    assert_eq!((&files[0]["name"], &files[1]["media_type"]), (&json!("cv.pdf"), &json!("image/png")));
    assert_eq!(trace["runs"][0]["input"]["photos"], json!([files[1]]));
    assert_eq!(download(&owner, &event, &files[1]).await.body, photo);

    // What an event brought can be named, and stays with the new one.
    let brought = source.send(Method::POST, &[MULTIPART], application(b"\x89PNG\r\n\x1a\n")).await;
    let cv = owner.trace(brought.header("linchpin-event").unwrap()).await["files"][0].clone();
    let json = ("content-type", "application/json");
    let named = start(run(&json!({ "query": "x", "cv": cv })), json).await;
    let event = named.header("linchpin-event").unwrap().to_owned();
    assert_eq!(named.ok()["text"], "x: 简历 1.pdf, 0 photos");
    assert_eq!(download(&owner, &event, &cv).await.text(), "%PDF-1.7 my life");

    let with = |key: &str, value: Value| {
        let mut cv = cv.clone();
        cv[key] = value;
        json!({ "query": "x", "cv": cv })
    };
    for (input, code) in [
        (with("sha256", json!("00".repeat(32))), "file_unknown"),
        (with("size", json!(7)), "wrong_size"),
        (json!({ "query": "x", "cv": "cv.pdf" }), "wrong_type"),
    ] {
        let problem = start(run(&input), json).await.problem(422, "field_invalid");
        let error = &problem["errors"][0];
        assert_eq!((&error["field"], &error["code"]), (&json!("cv"), &json!(code)), "{problem}");
    }
    let many: Vec<Value> = (0..101).map(|_| cv.clone()).collect();
    let problem =
        start(run(&json!({ "query": "x", "photos": many })), json).await.problem(422, "field_invalid");
    assert_eq!(problem["errors"][0]["code"], "too_many");

    let cv = ("name=\"cv\"; filename=\"cv.pdf\"", Some("application/pdf"), &b"x"[..]);
    let twice = [("name=\"run\"", None, &*run(&with("name", json!("other.pdf")))), cv];
    let problem = start(form(&twice), MULTIPART).await.problem(422, "field_invalid");
    assert_eq!(problem["errors"][0]["code"], "given_twice", "{problem}");
    let text = run(&json!({ "query": "x" }));
    let stray = ("name=\"cvv\"; filename=\"cv.pdf\"", None, &b"x"[..]);
    let problem = start(form(&[("name=\"run\"", None, &text), stray]), MULTIPART).await;
    assert_eq!(problem.problem(422, "field_invalid")["errors"][0]["expected"], "Did you mean `cv`?");
    start(form(&[cv]), MULTIPART).await.problem(422, "invalid");
    start(form(&[("name=\"run\"", None, b"{")]), MULTIPART).await.problem(422, "invalid");
    start(b"--b0undary".to_vec(), MULTIPART).await.problem(400, "body_malformed");
}
