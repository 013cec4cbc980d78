//! Plays the chat robot and the ticket system: each refuses the first attempt of its life.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tokio::{net::TcpListener, sync::mpsc};

/// The key that the ticket system shares with the server.
pub(crate) const SIGNING_KEY: &str = "whsec_ZGVtby10aWNrZXQtc3lzdGVtLXNpZ25pbmcta2V5LTAx";

/// What the receiver has heard.
#[derive(Debug)]
pub(crate) enum Heard {
    /// An attempt that it refused on purpose.
    Refused { system: &'static str, how: &'static str },
    /// A message that it took.
    Took { system: &'static str, id: String, text: String },
    /// A signature of the ticket system's messages, verified or not.
    Signature(bool),
}

pub(crate) struct Receiver {
    address: SocketAddr,
}

struct Systems {
    heard: mpsc::Sender<Heard>,
    robot_failed: AtomicBool,
    tickets_failed: AtomicBool,
    verifier: Webhook,
}

impl Receiver {
    pub(crate) async fn start() -> anyhow::Result<(Self, mpsc::Receiver<Heard>)> {
        let (heard, listening) = mpsc::channel(64);
        let systems = Arc::new(Systems {
            heard,
            robot_failed: AtomicBool::new(false),
            tickets_failed: AtomicBool::new(false),
            verifier: Webhook::new(SIGNING_KEY)?,
        });
        let router =
            Router::new().route("/robot", post(robot)).route("/tickets", post(tickets)).with_state(systems);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok((Self { address }, listening))
    }

    /// The robot's whole address, with its key.
    pub(crate) fn robot_url(&self) -> String {
        format!("http://{}/robot?key=demo-robot-key", self.address)
    }

    pub(crate) fn tickets_url(&self) -> String {
        format!("http://{}/tickets", self.address)
    }
}

/// A WeCom robot refuses with a 200 and an `errcode`.
async fn robot(State(systems): State<Arc<Systems>>, Json(message): Json<Value>) -> Json<Value> {
    if !systems.robot_failed.swap(true, Ordering::SeqCst) {
        systems.tell(Heard::Refused { system: "chat robot", how: "errcode -1, the system is busy" }).await;
        return Json(json!({ "errcode": -1, "errmsg": "system busy" }));
    }
    let text =
        message["markdown"]["content"].as_str().or(message["text"]["content"].as_str()).unwrap_or_default();
    systems.tell(Heard::Took { system: "chat robot", id: String::new(), text: text.to_owned() }).await;
    Json(json!({ "errcode": 0, "errmsg": "ok" }))
}

async fn tickets(State(systems): State<Arc<Systems>>, headers: HeaderMap, body: Bytes) -> Response {
    if !systems.tickets_failed.swap(true, Ordering::SeqCst) {
        systems.tell(Heard::Refused { system: "ticket system", how: "503, being restarted" }).await;
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let genuine = systems.verifier.verify(&body, &headers).is_ok();
    systems.tell(Heard::Signature(genuine)).await;
    if !genuine {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let ticket: Value = serde_json::from_slice(&body).unwrap_or_default();
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let text = format!(
        "{} priority: {}",
        ticket["priority"].as_str().unwrap_or_default(),
        ticket["title"].as_str().unwrap_or_default()
    );
    systems.tell(Heard::Took { system: "ticket system", id, text }).await;
    StatusCode::CREATED.into_response()
}

impl Systems {
    async fn tell(&self, heard: Heard) {
        // The demo may have ended.
        let _ = self.heard.send(heard).await;
    }
}
