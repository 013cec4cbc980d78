//! The outside world: a model endpoint and a receiver that answer at once, and a model that never does.

mod mailbox;
mod wire;

use std::{net::SocketAddr, sync::Arc};

use clap::Args;
use tokio::net::TcpListener;

use mailbox::Mailboxes;
pub(crate) use mailbox::{arrived, counts, open, shut};
use wire::{Answer, Request};

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
        let listener = TcpListener::bind(self.listen).await?;
        let mailboxes = Arc::<Mailboxes>::default();
        loop {
            // One that broke off before it was taken is no reason to end the others.
            let Ok((stream, _)) = listener.accept().await else { continue };
            let mailboxes = Arc::clone(&mailboxes);
            tokio::spawn(async move {
                let served = wire::serve(stream, |request| respond(&mailboxes, &request)).await;
                // A caller may break off in the middle of anything.
                served.inspect_err(|error| eprintln!("the world: {error:#}"))
            });
        }
    }
}

/// The answer to a request; none for the model that never answers.
fn respond(mailboxes: &Mailboxes, request: &Request) -> Option<Answer> {
    match request.path {
        "/v1/chat/completions" => {
            Some(Answer { status: "200 OK", content_type: "text/event-stream", body: ANSWER.into() })
        }
        "/held/v1/chat/completions" => None,
        _ => mailboxes.respond(request).or(Some(Answer::empty("404 Not Found"))),
    }
}
