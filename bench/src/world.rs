//! The outside world: a model endpoint and a receiver that answer at once.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::header,
    response::IntoResponse,
    routing::{get, post},
};
use clap::Args;
use tokio::net::TcpListener;

#[derive(Args)]
pub(crate) struct World {
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
}

/// One short answer, streamed as OpenAI's API does.
const ANSWER: &str = concat!(
    r#"data: {"id":"c1","object":"chat.completion.chunk","model":"mock","choices":[{"index":0,"delta":{"role":"assistant","content":"Press "}}]}"#,
    "\n\n",
    r#"data: {"id":"c1","object":"chat.completion.chunk","model":"mock","choices":[{"index":0,"delta":{"content":"reset."},"finish_reason":"stop"}]}"#,
    "\n\n",
    r#"data: {"id":"c1","object":"chat.completion.chunk","model":"mock","choices":[],"usage":{"prompt_tokens":20,"completion_tokens":3,"total_tokens":23}}"#,
    "\n\ndata: [DONE]\n\n"
);

impl World {
    pub(crate) async fn serve(self) -> anyhow::Result<()> {
        let received = Arc::<AtomicU64>::default();
        let router = Router::new()
            .route(
                "/v1/chat/completions",
                post(|_: Bytes| async { ([(header::CONTENT_TYPE, "text/event-stream")], ANSWER) }),
            )
            .route("/receive", post(receive))
            .route(
                "/received",
                get(|State(received): State<Arc<AtomicU64>>| async move {
                    received.load(Ordering::Relaxed).to_string()
                }),
            )
            .with_state(received);
        axum::serve(TcpListener::bind(self.listen).await?, router).await?;
        Ok(())
    }
}

async fn receive(State(received): State<Arc<AtomicU64>>, _: Bytes) -> impl IntoResponse {
    received.fetch_add(1, Ordering::Relaxed);
    "ok"
}
