//! Makes the owner and imports the example, by the API as anybody would.

use std::{net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context, ensure};
use bench::api;
use serde_json::{Value, json};

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

    async fn upload(&self, base: &str, name: &str, text: String) -> anyhow::Result<()> {
        let path = format!("/api/v1/knowledge-bases/{base}/documents?name={name}");
        let headers = [self.headers.clone(), vec!["content-type: text/markdown".to_owned()]].concat();
        api::send(self.address, ("POST", &path), &headers, text).await?.json().map(drop)
    }
}

/// Imports knowledge, destinations, flow and source.
pub(crate) async fn example(owner: &Owner, folder: &Path, receiver: &Receiver) -> anyhow::Result<Source> {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).with_context(|| name.to_owned());
    let yaml = |name: &str| anyhow::Ok(serde_saphyr::from_str::<Value>(&read(name)?)?);

    let knowledge = yaml("knowledge.yaml")?;
    let base = knowledge["name"].as_str().context("knowledge.yaml has no name")?;
    let settings = json!({ "settings": knowledge["settings"] });
    owner.call("PUT", &format!("/api/v1/knowledge-bases/{base}"), Some(&settings)).await?;
    for document in knowledge["documents"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        owner.upload(base, document, read(document)?).await?;
    }
    println!("the manual is read: {} chunks", chunks_ready(owner, base).await?);

    for mut destination in yaml("destinations.yaml")?.as_array().cloned().unwrap_or_default() {
        let is_robot = destination["name"] == "wecom-support";
        destination["secrets"] = if is_robot {
            json!({ "url": receiver.robot_url() })
        } else {
            json!({ "signing": [SIGNING_KEY] })
        };
        if !is_robot {
            destination["config"]["url"] = receiver.tickets_url().into();
        }
        owner.call("POST", "/api/v1/environments/production/destinations", Some(&destination)).await?;
    }

    let flow = json!({ "definition": read("flow.yaml")? });
    let name = "after-sales-assistant";
    let saved = owner.call("PUT", &format!("/api/v1/flows/{name}"), Some(&flow)).await?;
    ensure!(saved["valid"] == true, "the flow has problems: {saved:#}");
    let version = owner
        .call("POST", &format!("/api/v1/flows/{name}/versions"), Some(&json!({ "note": "imported" })))
        .await?;
    let deploy = json!({ "environment": "production", "version": version["number"] });
    owner.call("POST", &format!("/api/v1/flows/{name}/deployments"), Some(&deploy)).await?;

    let mut source = yaml("source.yaml")?;
    source["secrets"] = json!({ "scheme": "standard_webhooks", "signing_keys": [shop::SIGNING_KEY] });
    let source = owner.call("POST", "/api/v1/environments/production/sources", Some(&source)).await?;
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
