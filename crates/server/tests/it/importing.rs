//! `linchpin flow import`: a file, or a folder with all that the flow needs.

use std::{fs, path::Path, process::Output};

use serde_json::{Value, json};
use tokio::process::Command;

use crate::{
    models::model,
    support::{Api, Receiver, Server, flow},
};

const ANSWERING: &str = "nodes:
  manual:
    kind: knowledge
    bases: [manual]
    query: \"{{ input.query }}\"
    on_failure: { value: { context: \"\" } }  # there are no weights in the tests
  tell: { kind: deliver, destination: tickets, body: { title: \"{{ input.query | truncate(8) }}\" } }
edges: [start -> manual, start -> tell]
outputs: { query: \"{{ input.query }}\" }
";

/// An owner, and a way to run the command line with an editor's key.
pub(crate) struct Desk {
    pub(crate) server: Server,
    pub(crate) owner: Api,
    key: String,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        let server = Server::fresh().await;
        let owner = Api::set_up(&server).await;
        let made = owner.post("/api-keys", &json!({ "name": "cli", "role": "editor" })).await.ok();
        let key = made["key"].as_str().unwrap().to_owned();
        Self { server, owner, key }
    }

    async fn linchpin(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_linchpin"));
        command.args(arguments).env_clear().current_dir(self.server.home().path());
        command.env("LINCHPIN_URL", &self.server.url).env("LINCHPIN_API_KEY", &self.key);
        command.output().await.unwrap()
    }

    /// What an import that must go well did.
    pub(crate) async fn import(&self, arguments: &[&str]) -> Value {
        let output = self.linchpin(&[&["flow", "import", "--json"], arguments].concat()).await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What an import that must fail says.
    async fn fails(&self, arguments: &[&str]) -> String {
        let output = self.linchpin(&[&["flow", "import"], arguments].concat()).await;
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

fn write(folder: &Path, files: &[(&str, &str)]) {
    fs::create_dir_all(folder).unwrap();
    for (name, text) in files {
        fs::write(folder.join(name), text).unwrap();
    }
}

#[tokio::test]
async fn the_example_with_a_schedule_is_imported() {
    let desk = Desk::new().await;
    desk.owner
        .put("/environments/production/variables/SHOP", &json!({ "value": "https://s.example" }))
        .await
        .ok();
    model(&desk.owner, "default", "https://models.example/v1").await;
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/daily-digest");
    let done = desk.import(&[example.to_str().unwrap(), "--deploy", "production"]).await;
    assert_eq!(done["sources"][0]["url"], Value::Null, "{done}");
    let path = format!("/sources/{}", done["sources"][0]["id"].as_str().unwrap());
    let source = desk.owner.get(&path).await.ok();
    assert_eq!((&source["kind"], &source["name"]), (&json!("schedule"), &json!("every-morning")));
    assert!(source["schedule"]["next_at"].as_str().unwrap().ends_with(":30:00.000Z"), "{source}");
}

#[tokio::test]
async fn a_folder_is_imported_and_imported_again() {
    let desk = Desk::new().await;
    let receiver = Receiver::accepting().await;
    let folder = desk.server.home().path().join("shop");
    let text = flow("shop", ANSWERING);
    let files = [
        ("flow.yaml", text.as_str()),
        ("knowledge.yaml", "name: manual\ndocuments: [手册 1.md]\n"),
        ("手册 1.md", "# E3\n\nNo water.\n"),
        (
            "destinations.yaml",
            "- name: tickets\n  config: { kind: webhook, url: \"https://t.example\", signing: standard_webhooks }\n\
             - name: audit\n  config: { kind: webhook, url: \"https://a.example\", signing: hmac }\n",
        ),
        ("source.yaml", "name: shop\nconfig: { verification: { scheme: token }, reply: { mode: wait } }\n"),
    ];
    write(&folder, &files);
    let with = json!({
        "destinations": { "tickets": {
            "config": { "url": receiver.url("hook") },
            "secrets": { "signing": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] },
        } },
        "sources": { "shop": { "secrets": { "scheme": "token", "tokens": ["a-token-of-the-shop-0001"] } } },
    });
    write(desk.server.home().path(), &[("with.yaml", &with.to_string())]);
    let arguments = ["shop", "--deploy", "production", "--with", "with.yaml"];

    let first = desk.import(&arguments).await;
    assert_eq!(
        (&first["flow"], &first["version"], &first["deployed"]),
        (&json!("shop"), &json!(1), &json!("production"))
    );
    assert_eq!(first["knowledge_bases"][0]["documents"][0]["name"], "手册 1.md", "{first}");
    assert_eq!(
        (&first["destinations"][0]["made"], &first["sources"][0]["made"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(first["destinations"][0]["new_keys"], Value::Null, "the folder gives one");
    assert_eq!(first["destinations"][1]["new_keys"][0]["secret"].as_str().unwrap().len(), 64, "{first}");
    let documents = desk.owner.get("/knowledge-bases/manual/documents").await.ok();
    assert_eq!(
        (&documents[0]["name"], &documents[0]["media_type"]),
        (&json!("手册 1.md"), &json!("text/markdown"))
    );

    let second = desk.import(&arguments).await;
    assert_eq!(second["version"], 1, "nothing has changed: {second}");
    for what in ["destinations", "sources", "knowledge_bases"] {
        let ids = |done: &Value| (done[what][0]["id"].clone(), done[what][0]["documents"].clone());
        assert_eq!(ids(&first), ids(&second), "{what}");
    }
    assert_eq!(second["sources"][0]["made"], false);
    assert_eq!(second["destinations"][1]["new_keys"], Value::Null, "a key is made once");
    let url = first["sources"][0]["url"].as_str().unwrap();
    assert_eq!(second["sources"][0]["url"], url, "the address of a source stays");

    // Without the secrets: those on the server stay, and what the folder says now holds.
    write(&folder, &[("flow.yaml", &text.replace("truncate(8)", "truncate(9)"))]);
    write(&folder, &[("destinations.yaml", &files[3].1.replace("https://t.example", &receiver.url("hook")))]);
    let third = desk.import(&["shop", "--deploy", "production"]).await;
    assert_eq!((&third["version"], &third["sources"][0]["made"]), (&json!(2), &json!(false)), "{third}");
    let source = desk.owner.source_of(
        &desk.owner.get(&format!("/sources/{}", third["sources"][0]["id"].as_str().unwrap())).await.ok(),
    );
    let token = [("authorization", "Bearer a-token-of-the-shop-0001")];
    source.post_with(&token, &json!({ "query": "洗衣机显示E3并且漏水了怎么办" })).await.ok();
    let seen = receiver.until(1).await;
    assert_eq!(seen[0].json(), json!({ "title": "洗衣机显示E..." }));
    assert!(seen[0].header("webhook-signature").starts_with("v1,"));
}

#[tokio::test]
async fn a_file_is_imported_as_far_as_is_asked() {
    let desk = Desk::new().await;
    let text = flow("echo", "nodes:\n  say: { kind: template, text: hi }\nedges: [start -> say]\n");
    write(desk.server.home().path(), &[("echo.yaml", &text)]);
    assert_eq!(desk.import(&["echo.yaml"]).await, json!({ "flow": "echo" }));
    assert_eq!(desk.import(&["echo.yaml", "--publish"]).await, json!({ "flow": "echo", "version": 1 }));
    let deployed = json!({ "flow": "echo", "version": 1, "deployed": "test" });
    assert_eq!(desk.import(&["echo.yaml", "--deploy", "test"]).await, deployed);
    let noted = desk.import(&["echo.yaml", "--publish", "--note", "for the record"]).await;
    assert_eq!(noted["version"], 2, "a note makes a version of its own");
    let output = desk.linchpin(&["flow", "export", "echo", "--version", "2"]).await;
    assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
}

#[tokio::test]
async fn what_keeps_an_import_from_going_on_is_named() {
    let desk = Desk::new().await;
    let home = desk.server.home().path();
    let text = flow("shop", ANSWERING);
    write(&home.join("shop"), &[("flow.yaml", &text)]);
    let said = desk.fails(&["shop", "--deploy", "production"]).await;
    assert!(said.contains("there is no knowledge base `manual`") && said.contains("tickets"), "{said}");
    write(&home.join("shop"), &[("destinations.yaml", "name: tickets\nconfig: { kind: webhok }\n")]);
    let said = desk.fails(&["shop"]).await;
    assert!(said.contains("`tickets` of the destinations") && said.contains("`webhook`"), "{said}");
    write(home, &[("with.yaml", "sources: { shop: { secrets: [hunter2 } }\n")]);
    let said = desk.fails(&["shop", "--with", "with.yaml"]).await;
    assert!(said.contains("with.yaml") && !said.contains("hunter2"), "{said}");
}
