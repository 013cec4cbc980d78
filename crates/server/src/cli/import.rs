//! `linchpin flow import`: a flow's file, or a folder with all that the flow needs.

use std::{io::Write, path::PathBuf};

use anyhow::Context;
use clap::Args;
use flow::Definition;
use http::Method;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    folder::{Folder, Item, field},
    remote::Remote,
};

/// Save a flow on the server, publish it, and let it serve.
///
/// PATH is a flow's file, or a folder with the flow and what it needs. The files of a folder have
/// these names; only the first must be there, and each of the others may hold one or a list:
///
///   flow.yaml          the flow
///   knowledge.yaml     knowledge bases: name, settings, and documents, files of the folder
///   destinations.yaml  destinations: name and config
///   source.yaml        sources: name and config, as the API takes them; made with --deploy
///
/// Destinations and sources go to the environment of --deploy, or to `production`. What the server
/// has under the same name is changed, and what is not in the folder stays, so an import can be
/// repeated: a text that is the flow's newest version already is not published again, unless a note
/// says why.
///
/// A folder holds no secrets. They come with --with, from a YAML file that says for each name what is
/// put over what the folder says; secrets that it leaves out stay as they are on the server:
///
///   destinations:
///     wecom-support: { secrets: { url: "https://…" } }
///   sources:
///     shop: { secrets: { scheme: token, tokens: […] } }
#[derive(Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:\n  linchpin flow import flow.yaml --publish --deploy production\n  linchpin flow import examples/after-sales-assistant --deploy production --with secrets.yaml"
)]
pub(super) struct Import {
    /// The flow's file, or the folder.
    path: PathBuf,
    /// Publish the draft as a version.
    #[arg(long)]
    publish: bool,
    /// Publish it, and let the version serve this environment.
    #[arg(long, value_name = "ENVIRONMENT")]
    deploy: Option<String>,
    /// What has changed, for people.
    #[arg(long, default_value = "")]
    note: String,
    /// A YAML file with secrets, and with settings that differ from the folder's.
    #[arg(long, value_name = "FILE")]
    with: Option<PathBuf>,
    #[command(flatten)]
    remote: Remote,
    /// Print what was done as JSON, with the ids.
    #[arg(long)]
    json: bool,
}

/// What was done.
#[derive(Default, Serialize)]
struct Done {
    flow: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployed: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    knowledge_bases: Vec<Base>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    destinations: Vec<Put>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sources: Vec<Put>,
}

#[derive(Serialize)]
struct Base {
    name: String,
    documents: Vec<Document>,
}

#[derive(Serialize)]
struct Document {
    name: String,
    id: String,
}

/// A destination or a source.
#[derive(Serialize)]
struct Put {
    name: String,
    id: String,
    /// A source's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// Signing keys of a destination that were made since the folder gives none. Their secrets are shown this once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    new_keys: Vec<Value>,
    /// Whether it was made; otherwise it was changed.
    made: bool,
}

impl Import {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let folder = Folder::read(&self.path, self.with.as_deref())?;
        let done = self.import(&folder).await?;
        if self.json {
            return super::print(&done);
        }
        let mut out = std::io::stdout().lock();
        for base in &done.knowledge_bases {
            writeln!(out, "{}: {} documents, found once they are read", base.name, base.documents.len())?;
        }
        for put in done.destinations.iter().chain(&done.sources) {
            let what = if put.made { "made" } else { "changed" };
            writeln!(out, "{}: {what} {}", put.name, put.url.as_deref().unwrap_or(&put.id))?;
            for key in &put.new_keys {
                let shown = key["secret"].as_str().or(key["public_key"].as_str()).unwrap_or_default();
                writeln!(out, "{}: it signs by {}, which is shown this once", put.name, shown)?;
            }
        }
        writeln!(out, "{}: saved as a draft", done.flow)?;
        if let Some(version) = done.version {
            writeln!(out, "published as version {version}")?;
        }
        if let Some(environment) = done.deployed {
            writeln!(out, "serves {environment}")?;
        }
        Ok(())
    }

    /// In an order in which each finds what it names.
    async fn import(&self, folder: &Folder) -> anyhow::Result<Done> {
        let environment = self.deploy.as_deref().unwrap_or("production");
        let mut done = Done { flow: Definition::parse(&folder.flow)?.name, ..Done::default() };
        for base in &folder.knowledge {
            done.knowledge_bases.push(self.base(folder, base).await?);
        }
        for destination in &folder.destinations {
            done.destinations.push(self.put(environment, "destinations", destination).await?);
        }
        let flow = format!("/api/v1/flows/{}", done.flow);
        self.remote.call(Method::PUT, &flow, Some(&json!({ "definition": folder.flow }))).await?;
        if !self.publish && self.deploy.is_none() {
            return Ok(done);
        }
        let version = self.version(&flow, &folder.flow).await?;
        done.version = Some(version);
        if let Some(environment) = &self.deploy {
            let to = json!({ "environment": environment, "version": version });
            self.remote.call(Method::POST, &format!("{flow}/deployments"), Some(&to)).await?;
            done.deployed = Some(environment.clone());
            for source in &folder.sources {
                let mut source = source.clone();
                source.entry("flow").or_insert_with(|| done.flow.clone().into());
                done.sources.push(self.put(environment, "sources", &source).await?);
            }
        }
        Ok(done)
    }

    /// The version with this text: the newest, or a new one.
    async fn version(&self, flow: &str, text: &str) -> anyhow::Result<u64> {
        let number = |version: &Value| version["number"].as_u64().context("the server sent no version");
        let versions = self.remote.call(Method::GET, &format!("{flow}/versions"), None).await?;
        if let Some(newest) = versions.get(0).filter(|_| self.note.is_empty()) {
            let number = number(newest)?;
            let newest = self.remote.call(Method::GET, &format!("{flow}/versions/{number}"), None).await?;
            if newest["definition"] == text {
                return Ok(number);
            }
        }
        let against = self.deploy.as_ref().map_or_else(String::new, |name| format!("?environment={name}"));
        let note = json!({ "note": self.note });
        number(&self.remote.call(Method::POST, &format!("{flow}/versions{against}"), Some(&note)).await?)
    }

    async fn base(&self, folder: &Folder, base: &Item) -> anyhow::Result<Base> {
        let name = field(base, "name")?.to_owned();
        let path = format!("/api/v1/knowledge-bases/{name}");
        let settings = json!({ "settings": base.get("settings").unwrap_or(&json!({})) });
        let put = self.remote.call(Method::PUT, &path, Some(&settings)).await;
        put.with_context(|| format!("the knowledge base `{name}`"))?;
        let documents_of = format!("{path}/documents");
        let mut documents = Vec::new();
        for (document, content) in folder.documents(base)? {
            let media_type = mime_guess::from_path(&document).first_or_octet_stream().to_string();
            let added = self.remote.upload(&documents_of, &document, &media_type, content).await;
            let added = added.with_context(|| format!("the document `{document}`"))?;
            documents.push(Document { name: document, id: text(&added, "id") });
        }
        Ok(Base { name, documents })
    }

    /// Makes a destination or a source, or changes the one that has its name.
    async fn put(&self, environment: &str, kind: &str, item: &Item) -> anyhow::Result<Put> {
        let name = field(item, "name")?;
        let list = format!("/api/v1/environments/{environment}/{kind}");
        let there = self.remote.call(Method::GET, &list, None).await?;
        let known = there.as_array().into_iter().flatten().find(|known| known["name"] == name);
        let body = Value::Object(item.clone());
        let answer = match known {
            Some(known) => {
                let path = format!("/api/v1/{kind}/{}", text(known, "id"));
                self.remote.call(Method::PUT, &path, Some(&body)).await
            }
            None => self.remote.call(Method::POST, &list, Some(&body)).await,
        };
        let answer = answer.with_context(|| format!("`{name}` of the {kind}"))?;
        let url = answer["url"].as_str().map(str::to_owned);
        let new_keys = answer["new_keys"].as_array().cloned().unwrap_or_default();
        Ok(Put { name: name.to_owned(), id: text(&answer, "id"), url, new_keys, made: known.is_none() })
    }
}

fn text(answer: &Value, field: &str) -> String {
    answer[field].as_str().unwrap_or_default().to_owned()
}
