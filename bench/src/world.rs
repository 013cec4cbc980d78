//! The outside world: a model endpoint and a receiver that answer at once, models that take their time, and one that
//! never answers.

mod mailbox;
mod wire;

use std::{borrow::Cow, net::SocketAddr, sync::Arc, time::Duration};

use bench::process::{Process, free_address};
use clap::Args;
use tokio::net::TcpListener;

use mailbox::Mailboxes;
pub(crate) use mailbox::{Counts, Mood, arrived, counts, open, set, shut};
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
    /// Starts one, in a process of its own.
    pub(crate) async fn start() -> anyhow::Result<Process> {
        let listen = free_address()?;
        let arguments = ["world", "--listen", &listen.to_string()];
        Process::start(&std::env::current_exe()?, &arguments, listen, "/counts/e2e").await
    }

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
        "/v1/chat/completions" => Some(said()),
        "/held/v1/chat/completions" => None,
        path => match path.strip_prefix("/after/").and_then(|path| path.split_once('/')) {
            Some((ms, "v1/chat/completions")) => {
                mailboxes.count(&slow_mailbox(ms));
                let after = Duration::from_millis(ms.parse().unwrap_or_default());
                Some(Answer { after, ..said() })
            }
            _ => mailboxes.respond(request),
        },
    }
}

fn said() -> Answer {
    let (content_type, body) = ("text/event-stream", Cow::Borrowed(ANSWER));
    Answer { status: "200 OK", content_type, body, after: Duration::ZERO, endless: None }
}

/// Where the calls of a model are counted that answers after so many milliseconds.
pub(crate) fn slow_mailbox(ms: impl std::fmt::Display) -> String {
    format!("after-{ms}")
}
