//! Makes the owner and imports the example, by the command line as anybody would.

use std::{net::SocketAddr, path::Path, process::Stdio, time::Duration};

use anyhow::{Context, ensure};
use bench::api;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{
    receiver::{Receiver, SIGNING_KEY},
    shop,
};

/// The owner of the fresh install.
pub(crate) struct Owner {
    address: SocketAddr,
    headers: Vec<String>,
}

/// What a source needs to be called.
pub(crate) struct Source {
    pub(crate) path: String,
}

impl Owner {
    /// Uses the link that the server printed at its first start.
    pub(crate) async fn set_up(address: SocketAddr, said: &Path) -> anyhow::Result<Self> {
        let said = std::fs::read_to_string(said)?;
        let token =
            said.split_once("#token=").and_then(|(_, rest)| rest.lines().next()).context("no first link")?;
        let owner = json!({ "token": token, "email": "owner@example.com", "name": "Owner", "password": "demo demo demo" });
        let answer = api::call(address, "POST", "/api/v1/setup", &[], Some(&owner)).await?;
        answer.json()?;
        let cookie =
            answer.head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).context("no session")?;
        let headers = vec![format!("cookie: {}", cookie.split(';').next().unwrap_or_default())];
        Ok(Self { address, headers })
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        api::call(self.address, method, path, &self.headers, body)
            .await?
            .json()
            .with_context(|| path.to_owned())
    }

    pub(crate) async fn login_link(&self) -> anyhow::Result<String> {
        let link = self.call("POST", "/api/v1/login-links", None).await?;
        link["url"].as_str().map(str::to_owned).context("no login link")
    }

    /// A key for the command line.
    async fn key(&self) -> anyhow::Result<String> {
        let key = json!({ "name": "the import", "role": "editor" });
        let made = self.call("POST", "/api/v1/api-keys", Some(&key)).await?;
        made["key"].as_str().map(str::to_owned).context("no key")
    }
}

/// Imports the folder with `linchpin flow import`, as anybody would, with the secrets and addresses of the
/// systems that the demo plays. `over` is put over what the folder says of the shop's source.
pub(crate) async fn example(
    owner: &Owner,
    (linchpin, folder): (&Path, &Path),
    receiver: &Receiver,
    over: Value,
) -> anyhow::Result<Source> {
    let with = json!({
        "destinations": {
            "wecom-support": { "secrets": { "url": receiver.robot_url() } },
            "ticket-system": {
                "secrets": { "signing": [SIGNING_KEY] },
                "config": { "url": receiver.tickets_url() },
            },
        },
        "sources": {
            "shop": {
                "secrets": { "scheme": "standard_webhooks", "signing_keys": [shop::SIGNING_KEY] },
                "config": over,
            },
        },
    });
    let file = tempfile::NamedTempFile::new()?;
    // YAML takes JSON.
    std::fs::write(file.path(), with.to_string())?;
    let import = Command::new(linchpin)
        .args(["flow", "import", "--json", "--deploy", "production", "--url"])
        .arg(format!("http://{}", owner.address))
        .arg("--with")
        .arg(file.path())
        .arg(folder)
        .env("LINCHPIN_API_KEY", owner.key().await?)
        .stderr(Stdio::inherit())
        .output()
        .await?;
    ensure!(import.status.success(), "the example could not be imported");
    let done: Value = serde_json::from_slice(&import.stdout)?;
    let base = done["knowledge_bases"][0]["name"].as_str().context("no knowledge base was imported")?;
    println!("the manual is read: {} chunks", chunks_ready(owner, base).await?);
    let source = &done["sources"][0];
    println!(
        "the flow is published and serves production behind {}",
        source["url"].as_str().unwrap_or_default()
    );
    let id = source["id"].as_str().context("the source has no id")?;
    Ok(Source { path: format!("/hooks/{id}") })
}

/// Waits until every document can be found; gives the number of chunks.
async fn chunks_ready(owner: &Owner, base: &str) -> anyhow::Result<u64> {
    let path = format!("/api/v1/knowledge-bases/{base}/documents");
    for _ in 0..600 {
        let documents = owner.call("GET", &path, None).await?;
        let documents = documents.as_array().cloned().unwrap_or_default();
        if let Some(failed) = documents.iter().find(|document| document["status"] == "failed") {
            anyhow::bail!("{}: {}", failed["name"], failed["error"]);
        }
        if documents.iter().all(|document| document["status"] == "ready") {
            return Ok(documents.iter().filter_map(|document| document["chunks"].as_u64()).sum());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("the manual is not read after a minute")
}
