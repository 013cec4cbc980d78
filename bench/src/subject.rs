//! The server under test: started on an empty data directory and set up by its API, as anybody would.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, ensure};
use bench::{
    api,
    process::{Process, free_address},
};
use serde_json::{Value, json};

use crate::{connection::body, flows, world};

/// The token of every source.
const TOKEN: &str = "bench-token-0123456789abcdef";

/// The key that deliveries are signed with.
const SIGNING_KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// How often a condition is looked at, and how often at most: 30 seconds.
pub(crate) const LOOK: Duration = Duration::from_millis(20);
pub(crate) const LOOKS: usize = 1500;

/// A server with its owner made.
pub(crate) struct Subject {
    pub(crate) server: Process,
    headers: Vec<String>,
}

/// How a server is started.
pub(crate) struct Start<'a> {
    /// The binary.
    pub(crate) linchpin: &'a Path,
    /// A folder of its own.
    pub(crate) folder: PathBuf,
    /// Settings in TOML.
    pub(crate) settings: String,
}

impl Start<'_> {
    /// Starts a server and makes nothing in it.
    pub(crate) async fn process(&self) -> anyhow::Result<Process> {
        std::fs::create_dir_all(&self.folder)?;
        let address = free_address()?;
        let settings = self.folder.join("settings.toml");
        let text = format!(
            "listen = \"{address}\"\ndata_dir = {:?}\n{}\n[outbound]\nallow_cidrs = [\"127.0.0.0/8\"]\n",
            self.folder.join("data").display().to_string(),
            self.settings
        );
        std::fs::write(&settings, text)?;
        let arguments = ["serve", "--config", &settings.display().to_string()];
        let (said, log) = (self.folder.join("said"), self.folder.join("log"));
        let started =
            Process::start_logged(self.linchpin, &arguments, address, ("/readyz", &said, &log)).await;
        started.with_context(|| std::fs::read_to_string(log).unwrap_or_default())
    }

    /// Starts a server and makes its owner.
    pub(crate) async fn subject(&self) -> anyhow::Result<Subject> {
        let server = self.process().await?;
        let said = std::fs::read_to_string(self.folder.join("said"))?;
        let token =
            said.split_once("#token=").and_then(|(_, rest)| rest.lines().next()).context("no first link")?;
        let setup = json!({ "token": token, "email": "bench@example.com", "name": "Bench", "password": "bench bench bench" });
        let answer = api::call(server.address, "POST", "/api/v1/setup", &[], Some(&setup)).await?;
        answer.json()?;
        let cookie =
            answer.head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).context("no session")?;
        let headers = vec![format!("cookie: {}", cookie.split(';').next().unwrap_or_default())];
        Ok(Subject { server, headers })
    }
}

impl Subject {
    /// The headers by which a sender shows that it may send.
    pub(crate) fn sender() -> Vec<String> {
        vec![format!("x-webhook-token: {TOKEN}")]
    }

    /// What a source needs to know of it.
    pub(crate) fn secrets() -> Value {
        json!({ "scheme": "token", "tokens": [TOKEN] })
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let answer = api::call(self.server.address, method, path, &self.headers, Some(body)).await?;
        answer.json().with_context(|| format!("{method} {path}"))
    }

    /// Adds a chat model behind an OpenAI-compatible endpoint under this name.
    pub(crate) async fn model(&self, name: &str, base_url: &str) -> anyhow::Result<()> {
        let provider = json!({ "config": { "base_url": base_url, "concurrency": 256 } });
        self.call("PUT", &format!("/api/v1/providers/{name}"), &provider).await?;
        let model = json!({ "provider": name, "purpose": "chat", "model": "mock" });
        self.call("PUT", &format!("/api/v1/models/{name}"), &model).await.map(drop)
    }

    /// Adds a signed destination that is a mailbox of the world; gives its id.
    pub(crate) async fn destination(
        &self,
        name: &str,
        world: SocketAddr,
        concurrency: u16,
    ) -> anyhow::Result<String> {
        self.destination_with(name, world, json!({ "concurrency": concurrency })).await
    }

    /// The same with these settings, an object.
    pub(crate) async fn destination_with(
        &self,
        name: &str,
        world: SocketAddr,
        mut config: Value,
    ) -> anyhow::Result<String> {
        config["kind"] = json!("webhook");
        config["url"] = json!(format!("http://{world}/receive/{name}"));
        config["signing"] = json!("standard_webhooks");
        let destination = json!({ "name": name, "config": config, "secrets": { "signing": [SIGNING_KEY] } });
        let path = "/api/v1/environments/production/destinations";
        let made = self.call("POST", path, &destination).await?;
        made["id"].as_str().map(str::to_owned).context("the destination has no id")
    }

    /// Deploys a flow, with a source whose path is given.
    pub(crate) async fn flow(&self, text: &str, reply: &str) -> anyhow::Result<String> {
        let name = text.lines().find_map(|line| line.strip_prefix("name: ")).context("a flow has a name")?;
        let saved =
            self.call("PUT", &format!("/api/v1/flows/{name}"), &json!({ "definition": text })).await?;
        ensure!(saved["valid"] == true, "{saved}");
        let version = self.call("POST", &format!("/api/v1/flows/{name}/versions"), &json!({})).await?;
        let deploy = json!({ "environment": "production", "version": version["number"] });
        self.call("POST", &format!("/api/v1/flows/{name}/deployments"), &deploy).await?;
        let source = json!({
            "name": name,
            "flow": name,
            "config": { "verification": { "scheme": "token" }, "reply": { "mode": reply } },
            "secrets": Self::secrets(),
        });
        let stored = self.call("POST", "/api/v1/environments/production/sources", &source).await?;
        let id = stored["id"].as_str().context("the source has no id")?;
        Ok(format!("/hooks/{id}"))
    }

    /// Sends one event; its answer's status.
    pub(crate) async fn send(&self, path: &str) -> anyhow::Result<u16> {
        Self::send_to(self.server.address, path).await
    }

    /// Sends one event to any node; its answer's status.
    pub(crate) async fn send_to(node: SocketAddr, path: &str) -> anyhow::Result<u16> {
        let body = serde_json::from_str(&body(88))?;
        Ok(api::call(node, "POST", path, &Self::sender(), Some(&body)).await?.status)
    }

    /// Keeps the only worker of a server that was started with `max_runs = 1`, as long as it lives.
    pub(crate) async fn hold(&self) -> anyhow::Result<()> {
        let path = self.flow(flows::HOLD, "accept").await?;
        ensure!(self.send(&path).await? == 202, "the event that holds the worker was refused");
        for _ in 0..LOOKS {
            if self.metric("linchpin_runs_under_way").await? > 0.0 {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        anyhow::bail!("the worker is not held")
    }

    /// Everything accepted has been run, within two seconds: what is accepted is run as fast.
    pub(crate) async fn backlog_is_gone(&self) -> anyhow::Result<()> {
        let gone = self.are_gone("queued", LOOKS / 15).await?;
        ensure!(gone, "runs are still queued two seconds after the load: the backlog grew");
        Ok(())
    }

    /// Looks so many times whether there are runs that stand so, until there are none.
    pub(crate) async fn are_gone(&self, status: &str, looks: usize) -> anyhow::Result<bool> {
        let path = format!("/api/v1/environments/production/runs?status={status}&limit=1");
        for _ in 0..looks {
            let standing = self.call("GET", &path, &Value::Null).await?;
            if standing["items"].as_array().is_some_and(Vec::is_empty) {
                return Ok(true);
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(false)
    }

    /// Has a destination switched off, by a receiver that is gone for one event; what comes then waits.
    pub(crate) async fn switch_off(
        &self,
        (id, name): (&str, &str),
        world: SocketAddr,
        source: &str,
    ) -> anyhow::Result<()> {
        world::shut(world, name).await?;
        ensure!(self.send(source).await? == 202, "the event was refused");
        for _ in 0..LOOKS {
            let destination = self.call("GET", &format!("/api/v1/destinations/{id}"), &Value::Null).await?;
            if destination["disabled_reason"].is_string() {
                return world::open(world, name).await;
            }
            tokio::time::sleep(LOOK).await;
        }
        anyhow::bail!("the destination is not switched off")
    }

    /// A metric without labels; 0 where there is none yet.
    pub(crate) async fn metric(&self, name: &str) -> anyhow::Result<f64> {
        metric(self.server.address, name).await
    }

    /// Fsyncs so far: one for each transaction, two for each time the log is copied back.
    pub(crate) async fn fsyncs(&self) -> anyhow::Result<f64> {
        let transactions = self.metric("linchpin_store_transactions_total").await?;
        Ok(transactions + 2.0 * self.metric("linchpin_store_checkpoints_total").await?)
    }

    /// Puts a document into a new knowledge base and waits until it can be found.
    pub(crate) async fn document(&self, text: &str) -> anyhow::Result<()> {
        self.call("PUT", "/api/v1/knowledge-bases/bench", &json!({ "settings": {} })).await?;
        let path = "/api/v1/knowledge-bases/bench/documents";
        let headers = [self.headers.clone(), vec!["content-type: text/markdown".to_owned()]].concat();
        let add = format!("{path}?name=bench.md");
        api::send(self.server.address, ("POST", &add), &headers, text.to_owned()).await?.json()?;
        for _ in 0..LOOKS {
            let documents = self.call("GET", path, &Value::Null).await?;
            let status = documents[0]["status"].as_str().unwrap_or_default();
            ensure!(status != "failed", "the document failed: {}", documents[0]["error"]);
            if status == "ready" {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        anyhow::bail!("the document is not ready")
    }
}

/// A metric of a node without labels; 0 where there is none yet.
pub(crate) async fn metric(node: SocketAddr, name: &str) -> anyhow::Result<f64> {
    let metrics = api::get(node, "/metrics").await?;
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(line.and_then(|value| value.parse::<f64>().ok()).unwrap_or(0.0))
}
