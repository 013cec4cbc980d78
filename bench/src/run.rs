//! Starts everything, measures, prints.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::{Value, json};
use tokio::process::Command;

use bench::{
    api,
    process::{Process, free_address},
};

use crate::{
    load::Seen,
    report::{PEERS, Row},
};

#[derive(Args)]
pub(crate) struct Run {
    /// The optimised binary.
    #[arg(long)]
    linchpin: PathBuf,
    /// Numbers of connections.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 32, 64])]
    connections: Vec<usize>,
    /// How long each measurement takes, in seconds.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Only these areas: bare, accept, run, e2e.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Where to write the results as JSON.
    #[arg(long)]
    out: Option<PathBuf>,
}

const TOKEN: &str = "bench-token-0123456789abcdef";

const FLOW: &str = r#"linchpin: flow/v1
name: bench-run
inputs:
  query: { type: string, required: true, max_length: 4000 }
  user_id: { type: string, required: true }
  conversation_id: { type: string }
nodes:
  greeting: { kind: template, text: "Hello {{ input.user_id }}, you asked: {{ input.query }}" }
  long: { kind: if, condition: "{{ nodes.greeting.text | length > 40 }}" }
  reply: { kind: respond, body: { answer: "{{ nodes.greeting.text }}", long: "{{ nodes.long.result }}" } }
edges:
  - start -> greeting -> long
  - long.true -> reply
  - long.false -> reply
outputs: { answer: "{{ nodes.greeting.text }}" }
"#;

const TRIVIAL: &str = r#"linchpin: flow/v1
name: bench-accept
inputs:
  query: { type: string, required: true }
nodes:
  note: { kind: set, values: { query: "{{ input.query }}" } }
edges: [start -> note]
"#;

/// A server with its sources made.
struct Subject {
    server: Process,
    headers: Vec<String>,
}

impl Run {
    pub(crate) async fn execute(self) -> anyhow::Result<()> {
        let me = std::env::current_exe()?;
        let folder = tempfile::tempdir()?;
        let mut rows: Vec<Row> = Vec::new();
        let wanted = |area: &str| self.only.is_empty() || self.only.iter().any(|only| only == area);
        println!("{}", machine());
        Row::print_head();

        let bare_at = free_address()?;
        let database = folder.path().join("bare.db");
        let arguments =
            ["bare", "--listen", &bare_at.to_string(), "--database", &database.display().to_string()];
        let bare = Process::start(&me, &arguments, bare_at, "/fsyncs").await?;
        let subject = Subject::start(&self.linchpin, folder.path()).await?;
        let (idle, _) = subject.server.memory()?;

        for &connections in &self.connections {
            let target = Target { me: &me, area: "bare", path: "/", headers: &[], process: &bare };
            let floor = self.measure(&target, connections).await?;
            let floor_rate = floor.seen.rate();
            push(&mut rows, floor, None);
            for area in ["accept", "run"] {
                if !wanted(area) {
                    continue;
                }
                let path = subject.source(area).await?;
                let headers = vec![format!("x-webhook-token: {TOKEN}")];
                let target =
                    Target { me: &me, area, path: &path, headers: &headers, process: &subject.server };
                let row = self.measure(&target, connections).await?;
                ensure!(row.seen.refused == 0, "{area}: {} requests were refused", row.seen.refused);
                push(&mut rows, row, Some(floor_rate));
                if area == "accept" {
                    subject.backlog_is_gone().await?;
                }
            }
        }
        let (now, height) = subject.server.memory()?;
        println!();
        println!("start to /readyz: {} ms", subject.server.started_in.as_millis());
        println!("memory: {} MB idle, {} MB now, {} MB at its height", idle >> 20, now >> 20, height >> 20);
        println!("binary: {} MB", std::fs::metadata(&self.linchpin)?.len() >> 20);
        println!("{PEERS}");
        if let Some(out) = &self.out {
            let results = json!({ "machine": machine(), "rows": rows, "start_ms": subject.server.started_in.as_secs_f64() * 1000.0,
                "memory_idle_bytes": idle, "memory_peak_bytes": height });
            std::fs::write(out, serde_json::to_string_pretty(&results)? + "\n")?;
        }
        subject.server.end().await?;
        bare.end().await
    }

    async fn measure(&self, target: &Target<'_>, connections: usize) -> anyhow::Result<Row> {
        // A short run first, so that caches are warm and connections were made once.
        target.load(connections, Duration::from_millis(300)).await?;
        let (cpu, fsyncs) = (target.process.cpu(), target.fsyncs().await?);
        let seen = target.load(connections, Duration::from_secs(self.seconds)).await?;
        let events = f64_of(seen.done).max(1.0);
        Ok(Row {
            area: target.area.to_owned(),
            connections,
            of_bare: None,
            cpu_us_per_event: (target.process.cpu() - cpu) * 1e6 / events,
            fsyncs_per_event: (target.fsyncs().await? - fsyncs) / events,
            seen,
        })
    }
}

/// What the load is put on.
struct Target<'a> {
    /// This program, which is the load in a process of its own.
    me: &'a Path,
    area: &'a str,
    path: &'a str,
    headers: &'a [String],
    process: &'a Process,
}

impl Target<'_> {
    /// Runs the load in a process of its own.
    async fn load(&self, connections: usize, duration: Duration) -> anyhow::Result<Seen> {
        let mut command = Command::new(self.me);
        command.args(["load", "--keys", "--address", &self.process.address.to_string(), "--path", self.path]);
        command.args(["--connections", &connections.to_string()]);
        command.args(["--duration-ms", &duration.as_millis().to_string()]);
        for header in self.headers {
            command.args(["--header", header]);
        }
        let output = command.stderr(Stdio::inherit()).output().await?;
        ensure!(output.status.success(), "the load failed");
        serde_json::from_slice(&output.stdout).context("the load said nothing")
    }

    /// Fsyncs of the write-ahead log and of checkpoints so far.
    async fn fsyncs(&self) -> anyhow::Result<f64> {
        if self.area == "bare" {
            return Ok(api::get(self.process.address, "/fsyncs").await?.parse()?);
        }
        let metrics = api::get(self.process.address, "/metrics").await?;
        let value = |name: &str| {
            let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.and_then(|value| value.parse::<f64>().ok()).unwrap_or(0.0)
        };
        Ok(value("linchpin_store_transactions_total") + 2.0 * value("linchpin_store_checkpoints_total"))
    }
}

fn push(rows: &mut Vec<Row>, mut row: Row, floor: Option<f64>) {
    row.of_bare = floor.map(|floor| row.seen.rate() / floor);
    row.print();
    rows.push(row);
}

#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark")]
fn f64_of(count: u64) -> f64 {
    count as f64
}

impl Subject {
    async fn start(linchpin: &Path, folder: &Path) -> anyhow::Result<Self> {
        let address = free_address()?;
        let data = folder.join("data");
        let arguments = [
            "serve",
            "--listen",
            &address.to_string(),
            "--data-dir",
            &data.display().to_string(),
            "--allow-cidr",
            "127.0.0.0/8",
        ];
        let said = folder.join("server.out");
        let server = Process::start_saying(linchpin, &arguments, address, ("/readyz", &said)).await?;
        let said = std::fs::read_to_string(&said)?;
        let token =
            said.split_once("#token=").and_then(|(_, rest)| rest.lines().next()).context("no first link")?;
        let setup = json!({ "token": token, "email": "bench@example.com", "name": "Bench", "password": "bench bench bench" });
        let answer = api::call(address, "POST", "/api/v1/setup", &[], Some(&setup)).await?;
        answer.json()?;
        let cookie =
            answer.head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).context("no session")?;
        let headers = vec![format!("cookie: {}", cookie.split(';').next().unwrap_or_default())];
        let subject = Self { server, headers };
        for (text, name) in [(TRIVIAL, "bench-accept"), (FLOW, "bench-run")] {
            subject.flow(name, text).await?;
        }
        Ok(subject)
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        api::call(self.server.address, method, path, &self.headers, Some(body)).await?.json()
    }

    async fn flow(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let saved =
            self.call("PUT", &format!("/api/v1/flows/{name}"), &json!({ "definition": text })).await?;
        ensure!(saved["valid"] == true, "{saved}");
        self.call("POST", &format!("/api/v1/flows/{name}/versions"), &json!({})).await?;
        let deploy = json!({ "environment": "production", "version": 1 });
        self.call("POST", &format!("/api/v1/flows/{name}/deployments"), &deploy).await.map(drop)
    }

    /// A new source for an area; its path.
    async fn source(&self, area: &str) -> anyhow::Result<String> {
        let mode = match area {
            "accept" => json!({ "mode": "accept" }),
            _ => json!({ "mode": "wait" }),
        };
        let name = format!(
            "{area} {}",
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos()
        );
        let source = json!({
            "name": name,
            "flow": format!("bench-{area}"),
            "config": { "verification": { "scheme": "token" }, "reply": mode },
            "secrets": { "scheme": "token", "tokens": [TOKEN] },
        });
        let stored = self.call("POST", "/api/v1/environments/production/sources", &source).await?;
        let id = stored["id"].as_str().context("the source has no id")?;
        Ok(format!("/hooks/{id}"))
    }

    /// Everything accepted has been run.
    async fn backlog_is_gone(&self) -> anyhow::Result<()> {
        let path = "/api/v1/environments/production/runs?status=queued&limit=1";
        for _ in 0..200 {
            let queued = self.call("GET", path, &Value::Null).await?;
            if queued["items"].as_array().is_some_and(Vec::is_empty) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        anyhow::bail!("runs are still queued ten seconds after the load")
    }
}

fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpu.lines().find_map(|line| line.strip_prefix("model name\t: ")).unwrap_or("unknown").to_owned();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{cores} cores, {model}")
}
