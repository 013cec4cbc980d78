//! The command line: what it prints, where, and how it exits.

use std::{net::TcpListener, path::Path};

use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::{Api, Home, Server, eventually, flow};

const ECHO: &str = "# kept as it was written
nodes:
  say: { kind: template, text: \"{{ input.query }}\" }   # so many spaces
edges: [start -> say]
outputs: { text: \"{{ nodes.say.text }}\" }
";

/// What a command did.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) said: String,
}

pub(crate) async fn linchpin(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_linchpin"));
    command.args(arguments).env_clear().envs(variables.iter().copied()).current_dir(folder);
    let output = command.output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Done { code: output.status.code(), out: text(output.stdout), said: text(output.stderr) }
}

impl Done {
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!((self.code, self.said.as_str()), (Some(0), ""), "{self:?}");
        self.out
    }

    /// What is said of a failure, for people, behind the program's name.
    #[track_caller]
    pub(crate) fn failed(self, words: &[&str]) -> String {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert!(self.said.starts_with("linchpin: "), "{self:?}");
        assert!(words.iter().all(|word| self.said.contains(word)), "{self:?}");
        self.out
    }
}

#[tokio::test]
async fn a_flow_is_checked_without_a_server() {
    let home = Home::new();
    let write = |name: &str, text: &str| std::fs::write(home.path().join(name), text).unwrap();
    let validate = async |arguments: &[&str]| {
        linchpin(home.path(), &[], &[&["flow", "validate"], arguments].concat()).await
    };
    write("good.yaml", &flow("echo", ECHO));
    assert_eq!(validate(&["good.yaml"]).await.ok(), "good.yaml: valid\n");
    let checked: Value = serde_json::from_str(&validate(&["--json", "good.yaml"]).await.ok()).unwrap();
    assert_eq!(checked, json!({ "valid": true, "problems": [] }));

    let bad = flow("echo", &ECHO.replace("input.query", "input.qeury").replace("nodes.say", "nodes.sya"));
    write("bad.yaml", &bad);
    let out = validate(&["bad.yaml"]).await.failed(&["bad.yaml has 2 problems", "qeury", "sya"]);
    assert_eq!(out, "", "what is wrong goes to the standard error");
    let out = validate(&["--json", "bad.yaml"]).await.failed(&["2 problems"]);
    let checked: Value = serde_json::from_str(&out).unwrap();
    let problems = checked["problems"].as_array().unwrap();
    assert_eq!((&checked["valid"], problems.len()), (&json!(false), 2), "{checked}");
    let at_say = problems.iter().find(|problem| problem["node"] == "say").unwrap();
    assert!(at_say["reason"].as_str().unwrap().contains("qeury"), "{at_say}");

    write("broken.yaml", "linchpin: flow/v1\nname: [");
    validate(&["broken.yaml"]).await.failed(&["broken.yaml"]);
    validate(&["missing.yaml"]).await.failed(&["missing.yaml cannot be read"]);
}

#[tokio::test]
async fn wrong_arguments_are_told_apart_from_failures() {
    let home = Home::new();
    let wrong: [(&[&str], &str); 9] = [
        (&["flow", "validate"], "FILE"),
        (&["flow", "vaildate", "x"], "validate"),
        (&["flow", "export", "echo"], "--api-key"),
        (&["event", "replay", "evt_x", "--version", "newest", "--api-key", "lpk_x"], "deployed"),
        (&["flow", "export", "echo", "--version", "one", "--api-key", "lpk_x"], "one"),
        (&["migrate", "--from", "sqlite:data"], "--to"),
        (&["migrate", "--from", "data", "--to", "postgres://host/db"], "sqlite:DIR"),
        (&["migrate", "--from", "sqlite:data", "--to", "mysql://me:swordfish@host/db"], "postgres:URL"),
        (&["migrate", "--from", "sqlite:x", "--to", "postgres:x", "--restart", "--verify-only"], "--restart"),
    ];
    for (arguments, word) in wrong {
        let done = linchpin(home.path(), &[], arguments).await;
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{arguments:?}: {done:?}");
        assert!(done.said.contains(word), "{arguments:?}: {done:?}");
        assert!(!done.said.contains("swordfish"), "{arguments:?}: {done:?}");
    }
    let version = linchpin(home.path(), &[], &["--version"]).await.ok();
    assert_eq!(version, format!("linchpin {}\n", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn without_a_server_it_says_where_none_answers() {
    let home = Home::new();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{closed}");
    let variables = [("LINCHPIN_URL", url.as_str()), ("LINCHPIN_API_KEY", "lpk_swordfish")];
    let commands: [&[&str]; 3] = [
        &["flow", "export", "echo"],
        &["event", "replay", "evt_01h455vb4pex5vsknk084sn02q"],
        &["flow", "import", "echo.yaml"],
    ];
    std::fs::write(home.path().join("echo.yaml"), flow("echo", ECHO)).unwrap();
    for command in commands {
        let done = linchpin(home.path(), &variables, command).await;
        assert!(!done.said.contains("swordfish"), "{done:?}");
        assert_eq!(done.failed(&[url.as_str(), "does not answer"]), "", "{command:?}");
    }
}

/// An owner whose flow is deployed.
async fn desk() -> (Server, Api) {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("echo", &flow("echo", ECHO)).await;
    (server, owner)
}

async fn key(owner: &Api, role: &str) -> String {
    let made = owner.post("/api-keys", &json!({ "name": role, "role": role })).await.ok();
    made["key"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_flow_is_exported_as_it_was_written() {
    let (server, owner) = desk().await;
    let draft = flow("echo", ECHO).replace("kept", "changed");
    owner.put("/flows/echo", &json!({ "definition": draft })).await.ok();
    let key = key(&owner, "viewer").await;
    let variables = [("LINCHPIN_URL", server.url.as_str()), ("LINCHPIN_API_KEY", key.as_str())];
    let export = async |arguments: &[&str]| {
        linchpin(server.home().path(), &variables, &[&["flow", "export"], arguments].concat()).await
    };
    assert_eq!(export(&["echo"]).await.ok(), draft);
    assert_eq!(export(&["echo", "--version", "1"]).await.ok(), flow("echo", ECHO));
    assert_eq!(export(&["other"]).await.failed(&["other"]), "");
    assert_eq!(export(&["echo", "--version", "9"]).await.failed(&["version"]), "");
    let strange = [variables[0], ("LINCHPIN_API_KEY", "lpk_bm90IGEga2V5")];
    linchpin(server.home().path(), &strange, &["flow", "export", "echo"]).await.failed(&["key"]);
}

#[tokio::test]
async fn an_event_is_replayed_on_the_version_that_is_wanted() {
    let (server, owner) = desk().await;
    let source = owner.open_source("echo", "wait").await;
    let answer = source.post(&json!({ "query": "x" })).await;
    let event = answer.header("linchpin-event").unwrap();
    owner.deploy("echo", &flow("echo", &ECHO.replace("input.query }}", "input.query }}!"))).await;
    let key_of = async |role| key(&owner, role).await;
    let (operator, viewer) = (key_of("operator").await, key_of("viewer").await);
    let replay = async |key: &str, arguments: &[&str]| {
        let variables = [("LINCHPIN_URL", server.url.as_str()), ("LINCHPIN_API_KEY", key)];
        linchpin(server.home().path(), &variables, &[&["event", "replay"], arguments].concat()).await
    };
    let ran = replay(&operator, &[event]).await.ok();
    let deployed = replay(&operator, &[event, "--version", "deployed", "--json"]).await.ok();
    let deployed: Value = serde_json::from_str(&deployed).unwrap();
    for (run, text) in [(ran.trim_end(), "x"), (deployed["run_id"].as_str().unwrap(), "x!")] {
        let run = eventually("the replay has succeeded", async || {
            let run = owner.get(&format!("/runs/{run}")).await.ok();
            (run["status"] == "succeeded").then_some(run)
        });
        let run = run.await;
        assert_eq!((&run["cause"], &run["outputs"]), (&json!("replay"), &json!({ "text": text })), "{run}");
        assert_eq!(run["event"], event);
    }
    replay(&viewer, &[event]).await.failed(&["role"]);
    replay(&operator, &["evt_01h455vb4pex5vsknk084sn02q"]).await.failed(&["no such event"]);
    assert_eq!(
        owner.trace(event).await["runs"].as_array().unwrap().len(),
        3,
        "what failed has begun nothing"
    );
}
