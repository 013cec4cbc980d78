//! An installation moves from SQLite to PostgreSQL by the command line; needs `POSTGRES_FOR_TESTS`.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use serde_json::json;
use tokio::sync::Semaphore;

use crate::{
    calling::asking,
    commands::{Done, linchpin},
    failing::succeeded,
    support::{Home, Receiver, Reply, eventually},
};

/// A home and the address of its schema, if there is a server for tests.
fn home_or_skip() -> Option<(Home, String)> {
    let home = Home::new();
    let database = home.database();
    if database.is_none() {
        eprintln!("skipped: POSTGRES_FOR_TESTS names no server to move to");
    }
    database.map(|database| (home, database))
}

async fn migrate(home: &Home, to: &str, more: &[&str]) -> Done {
    let arguments = [&["migrate", "--from", "sqlite:data", "--to", to], more].concat();
    linchpin(home.path(), &[], &arguments).await
}

#[tokio::test]
async fn what_was_begun_on_sqlite_is_finished_on_postgresql() {
    let Some((home, database)) = home_or_skip() else { return };
    let gate = Arc::new(Semaphore::new(1));
    let guard = Arc::clone(&gate);
    let erp = Receiver::start(move |_, _| {
        Reply::Gate(Arc::clone(&guard), Box::new(Reply::json(200, &json!("in stock"))))
    });
    let erp = erp.await;
    // One run at a time, so that the second waits in flight and the third in the queue.
    let server = home.serve().in_folder().variable("LINCHPIN_ENGINE__MAX_RUNS", "1").start().await;
    let owner = asking(&server, &erp.url("stock")).await;
    let source = owner.open_source("asking", "accept").await;
    let mut events = Vec::new();
    for query in ["one", "two", "three"] {
        let headers = [("idempotency-key", query)];
        let receipt = source.post_with(&headers, &json!({ "query": query })).await.ok();
        events.push(receipt["event_id"].as_str().unwrap().to_owned());
        if query == "one" {
            succeeded(&owner, &events[0], 0).await;
        }
    }
    let before = owner.trace(&events[0]).await;
    erp.until(2).await;
    migrate(&home, &database, &[]).await.failed(&["a server has it open"]);
    server.kill().await;

    let done = migrate(&home, &database, &[]).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    for (line, words) in [("event ", ["3", "the same"]), ("run_live ", ["1", "the same"])] {
        let line = done.out.lines().find(|said| said.starts_with(line)).unwrap();
        assert!(words.iter().all(|word| line.contains(word)), "{line}");
    }
    assert!(done.out.contains("data/key") && done.out.contains("LINCHPIN_KEY"), "{done:?}");
    assert!(
        done.said.lines().any(|line| line.starts_with("event ") && line.ends_with(" 3 rows")),
        "{done:?}"
    );
    let kept = home.serve().in_folder().fail().await;
    assert!(kept.said.contains("moved to PostgreSQL"), "{}", kept.said);
    let again = migrate(&home, &database, &[]).await;
    assert!(again.code == Some(0) && again.out.contains("moved before"), "{again:?}");
    let variables = [("LINCHPIN_DATABASE__URL", database.as_str())];
    let verify = ["migrate", "--from", "sqlite:data", "--verify-only"];
    assert!(!linchpin(home.path(), &variables, &verify).await.ok().contains("DIFFERS"));

    gate.add_permits(1_000);
    let server = home.serve().start().await;
    let owner = owner.at(&server);
    for event in &events {
        succeeded(&owner, event, 0).await;
    }
    let mut after = owner.trace(&events[0]).await;
    // It has the server's address, which is another one.
    after["status_url"] = before["status_url"].clone();
    assert_eq!(after, before);
    let there = source.at(format!("{}/hooks/{}", server.url, source.id));
    let twin = there.post_with(&[("idempotency-key", "two")], &json!({ "query": "two" })).await.ok();
    assert_eq!(twin["event_id"], json!(events[1]), "{twin}");
    let calls = erp.seen();
    let calls: Vec<_> = calls.iter().filter(|call| call.json()["query"] == "two").collect();
    let keys: Vec<_> = calls.iter().map(|call| call.header("idempotency-key")).collect();
    assert!(keys.len() == 2 && keys[0] == keys[1], "it is not known whether the first arrived: {keys:?}");
    let out = migrate(&home, &database, &["--verify-only"]).await.failed(&["a server may have changed it"]);
    assert!(out.contains("DIFFERS"), "{out}");
}

/// A session that keeps a table of the schema locked until it is dropped.
struct Lock(Child);

impl Lock {
    fn on(database: &str, table: &str) -> Self {
        let mut psql = Command::new("psql");
        psql.args([database, "-qAt"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut session = psql.spawn().unwrap();
        let lock = format!("BEGIN; LOCK TABLE {table} IN EXCLUSIVE MODE; SELECT 'locked';\n");
        session.stdin.as_mut().unwrap().write_all(lock.as_bytes()).unwrap();
        let mut said = String::new();
        BufReader::new(session.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "locked\n");
        Self(session)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test]
async fn a_migration_that_is_killed_goes_on_where_it_stood() {
    let Some((home, database)) = home_or_skip() else { return };
    let erp = Receiver::start(|_, _| Reply::json(200, &json!("in stock"))).await;
    let server = home.serve().in_folder().start().await;
    let owner = asking(&server, &erp.url("stock")).await;
    let source = owner.open_source("asking", "wait").await;
    for query in ["one", "two", "three"] {
        source.post(&json!({ "query": query })).await.ok();
    }
    server.kill().await;

    home.psql("CREATE TABLE invoice (id bigint)");
    migrate(&home, &database, &[]).await.failed(&["`invoice`", "not of this installation"]);
    home.psql("DROP TABLE invoice");
    // The schema is made now, and the journal is a table in the midst of the others: there it is held up.
    let lock = Lock::on(&database, "journal");
    let mut command = Command::new(env!("CARGO_BIN_EXE_linchpin"));
    command.args(["migrate", "--from", "sqlite:data", "--to", &database]).current_dir(home.path());
    let mut killed = command.env_clear().stderr(Stdio::null()).spawn().unwrap();
    eventually("the events are copied", async || {
        let known = home.psql("SELECT to_regclass('linchpin_transfer_table') IS NOT NULL") == "t";
        let rows = "SELECT rows FROM linchpin_transfer_table WHERE name = 'event'";
        (known && home.psql(rows) == "3").then_some(())
    })
    .await;
    assert!(killed.try_wait().unwrap().is_none(), "it waits for the journal");
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert_eq!(home.psql("SELECT count(*) FROM run"), "0");
    let half = home.serve().fail().await;
    assert!(half.said.contains("only a part of an installation"), "{}", half.said);
    drop(lock);

    let done = migrate(&home, &database, &[]).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.said.contains("goes on where it stood"), "{done:?}");
    let server = home.serve().start().await;
    assert_eq!(owner.at(&server).list("events").await.len(), 3);
}

#[tokio::test]
async fn what_differs_fails_the_migration() {
    let Some((home, database)) = home_or_skip() else { return };
    let server = home.serve().in_folder().start().await;
    server.link_token().await;
    server.kill().await;
    home.psql("CREATE TABLE invoice (id bigint)");
    migrate(&home, &database, &[]).await.failed(&["`invoice`"]);
    home.psql(
        "DROP TABLE invoice;
         CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.name := NEW.name || ''!''; RETURN NEW; END';
         CREATE TRIGGER spoil BEFORE INSERT ON workspace FOR EACH ROW EXECUTE FUNCTION spoil()",
    );
    let done = migrate(&home, &database, &[]).await;
    assert!(
        done.code == Some(1) && done.said.contains("`workspace`") && done.said.contains("--restart"),
        "{done:?}"
    );
    assert!(
        done.out.lines().any(|line| line.starts_with("workspace ") && line.contains("DIFFERS")),
        "{done:?}"
    );
    let half = home.serve().fail().await;
    assert!(half.said.contains("only a part of an installation"), "{}", half.said);
    home.psql("DROP TRIGGER spoil ON workspace");
    migrate(&home, &database, &["--verify-only"]).await.failed(&["`workspace`"]);
    assert_eq!(migrate(&home, &database, &["--restart"]).await.code, Some(0));
    home.serve().start().await;
}
