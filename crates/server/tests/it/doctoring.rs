//! `linchpin doctor`: what it finds, what it says to do, and that it changes nothing.

use std::path::Path;

use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    commands::{Done, linchpin},
    support::{Api, Home, Receiver, Server},
};

/// Runs it with the settings of that home, and gives what it found, by check.
async fn examined(home: &Home, variables: &[(&str, &str)], arguments: &[&str]) -> (Done, Value) {
    let data = home.path().join("data");
    let database = home.database();
    let mut all = vec![("LINCHPIN_DATA_DIR", data.to_str().unwrap()), ("LINCHPIN_LISTEN", "127.0.0.1:0")];
    all.extend(database.as_deref().map(|url| ("LINCHPIN_DATABASE__URL", url)));
    all.extend(variables);
    let done = linchpin(home.path(), &all, &[&["doctor", "--json"], arguments].concat()).await;
    let found = serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("{done:?}"));
    (done, found)
}

#[track_caller]
fn check<'v>(found: &'v Value, name: &str) -> &'v Value {
    let checks = found["checks"].as_array().unwrap();
    checks.iter().find(|check| check["check"] == name).unwrap_or_else(|| panic!("{name} in {found:#}"))
}

#[track_caller]
fn is(found: &Value, name: &str, status: &str, words: &[&str]) {
    let check = check(found, name);
    assert_eq!(check["status"], status, "{check:#}");
    let said = format!("{} {}", check["cause"], check["action"]);
    assert!(words.iter().all(|word| said.contains(word)), "{words:?} in {said}");
}

fn files(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn destinations_are_reached_or_it_is_said_what_they_need() {
    let receiver = Receiver::accepting().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let webhook = |url: String| json!({ "kind": "webhook", "url": url });
    owner.destination("good", webhook(receiver.url("in?a=hunter2")), json!({})).await;
    owner.destination("closed", webhook(format!("http://{closed}/")), json!({})).await;
    owner.destination("private", webhook("http://10.255.255.1/".to_owned()), json!({})).await;
    owner
        .destination("silent", webhook(format!("https://{}/", silent.local_addr().unwrap())), json!({}))
        .await;
    let robot = json!({ "url": "https://0x7f.2/cgi-bin/webhook/send?key=hunter2" });
    owner.destination("robot", json!({ "kind": "wecom" }), robot).await;

    let allowed = ["--allow-cidr", "127.0.0.1/32", "--timeout", "1s"];
    let (done, found) = examined(server.home(), &[], &allowed).await;
    assert_eq!(done.code, Some(1), "{done:?}");
    assert_eq!(found["ok"], false);
    is(&found, "destination production/good", "ok", &["127.0.0.1", "in the clear"]);
    is(&found, "destination production/closed", "failed", &["refused", "firewall"]);
    let words = ["10.255.255.1", "private address", "outbound.allow_cidrs", "--allow-cidr 10.255.255.1/32"];
    is(&found, "destination production/private", "failed", &words);
    is(&found, "destination production/silent", "failed", &["time ran out", "securing"]);
    is(&found, "destination production/robot", "failed", &["127.0.0.2", "loopback address"]);
    is(&found, "master key", "ok", &["opens"]);
    is(&found, "database", "ok", &["schema"]);
    is(&found, "clock", "ok", &[]);
    if !Home::is_on_postgres() {
        is(&found, "data folder", "ok", &["a server has it open"]);
    }
    assert!(done.said.starts_with("linchpin: 4 checks failed"), "{done:?}");
    assert!(!format!("{done:?}").contains("hunter2"), "{done:?}");
    assert!(receiver.seen().is_empty(), "nothing is asked of a receiver");

    // Allowed as it says, they are called.
    let (_, found) =
        examined(server.home(), &[], &[&allowed[..], &["--allow-cidr", "127.0.0.2/32"]].concat()).await;
    let said = check(&found, "destination production/robot")["cause"].as_str().unwrap();
    assert!(!said.contains("loopback address"), "{said}");
}

#[tokio::test]
async fn it_works_beside_a_server_and_without_one() {
    let home = Home::new();
    let server = home.serve().start().await;
    Api::set_up(&server).await;
    let url = server.url.clone();
    let listening = url.strip_prefix("http://").unwrap().to_owned();
    let at = [("LINCHPIN_LISTEN", listening.as_str()), ("LINCHPIN_PUBLIC_URL", url.as_str())];
    let (done, found) = examined(&home, &at, &[]).await;
    assert_eq!((done.code, &found["ok"]), (Some(0), &json!(true)), "{found:#}");
    is(&found, "listen", "ok", &["a server of Linchpin answers"]);
    is(&found, "public URL", "ok", &["is reached"]);
    server.kill().await;

    let (done, found) = examined(&home, &at, &[]).await;
    assert_eq!(done.code, Some(0), "{found:#}");
    is(&found, "listen", "ok", &["is free"]);
    is(&found, "public URL", "warning", &["not reached from here"]);
    is(&found, "database", "ok", &["schema"]);
    home.serve().start().await;
}

#[tokio::test]
async fn a_fresh_folder_is_left_as_it_is() {
    let home = Home::on(None);
    let (done, found) = examined(&home, &[], &[]).await;
    assert_eq!(done.code, Some(0), "{found:#}");
    is(&found, "data folder", "ok", &["is made by the first start"]);
    is(&found, "database", "ok", &["there is none yet"]);
    is(&found, "master key", "ok", &["there is none yet"]);
    assert_eq!(files(home.path()), [""; 0]);
}

#[tokio::test]
async fn what_is_wrong_here_is_named() {
    let home = Home::on(None);
    let server = home.serve().in_folder().start().await;
    let owner = Api::set_up(&server).await;
    owner.destination("erp", json!({ "kind": "webhook", "url": "https://127.0.0.1:1/" }), json!({})).await;
    server.kill().await;

    let other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let (done, found) = examined(&home, &[("LINCHPIN_KEY", other)], &[]).await;
    assert_eq!(done.code, Some(1));
    is(&found, "master key", "failed", &["not that of the data", "older_keys"]);
    assert!(!format!("{done:?}").contains(other));

    let key = home.path().join("data/key");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(&key, open).unwrap();
    let busy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = busy.local_addr().unwrap().to_string();
    let (_, found) = examined(&home, &[("LINCHPIN_LISTEN", &address)], &["--timeout", "1s"]).await;
    is(&found, "key file", "warning", &["644", "chmod 600"]);
    is(&found, "listen", "failed", &[&address, "set `listen`"]);
    std::fs::remove_file(&key).unwrap();
    let (_, found) = examined(&home, &[], &[]).await;
    is(&found, "master key", "failed", &["restore it from your backup"]);

    let (done, found) = examined(&home, &[("LINCHPIN_LISTEN", "nowhere")], &[]).await;
    assert_eq!((done.code, found["checks"].as_array().unwrap().len()), (Some(1), 1));
    is(&found, "configuration", "failed", &["LISTEN"]);
    let gone = "postgres://ann:hunter2@127.0.0.1:1/linchpin";
    let (done, found) = examined(&home, &[("LINCHPIN_DATABASE__URL", gone)], &[]).await;
    is(&found, "database", "failed", &["database.url"]);
    assert!(!format!("{done:?}").contains("hunter2"), "{done:?}");
    let proxy = ("LINCHPIN_OUTBOUND__PROXY", "socks5://ann:hunter2@127.0.0.1");
    let (done, found) = examined(&home, &[proxy], &[]).await;
    is(&found, "outbound", "failed", &["outbound.proxy"]);
    assert!(!format!("{done:?}").contains("hunter2"), "{done:?}");
}

#[tokio::test]
async fn people_get_lines_without_colours_where_there_is_no_terminal() {
    let home = Home::on(None);
    let done = linchpin(home.path(), &[("LINCHPIN_LISTEN", "127.0.0.1:0")], &["doctor"]).await;
    assert_eq!((done.code, done.said.as_str()), (Some(0), ""));
    let lines: Vec<&str> = done.out.lines().collect();
    assert_eq!(lines[0], "✓ configuration: it can be read");
    assert!(lines.iter().any(|line| line.starts_with("! public URL: ")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("  → set `public_url`")), "{lines:?}");
    assert!(!done.out.contains('\u{1b}'));
}
