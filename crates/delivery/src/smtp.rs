//! Hands a mail over to its server by SMTP (RFC 5321), over a line that the outbound client dials and secures.

mod dialogue;
mod reply;
mod session;
mod verdict;

use std::{fmt, sync::Arc, time::Duration};

use outbound::{Client, Trace};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use vault::Secret;

use self::{dialogue::Dialogue, session::Session};
pub(crate) use self::{reply::Reply, session::bearer, verdict::judge};
use crate::{ErrorRecord, ResponseRecord, redact::Redaction};

/// A mail, whom it is for, and by which server it goes.
#[derive(Debug)]
pub(crate) struct Mail {
    pub(crate) server: Arc<Server>,
    pub(crate) login: Option<Login>,
    /// The address that it comes from and that failures are told to.
    pub(crate) from: String,
    /// The addresses that it is for, each once.
    pub(crate) to: Vec<String>,
    /// Headers and body.
    pub(crate) message: Vec<u8>,
    /// Whether an address holds more than ASCII, which not every server takes (RFC 6531).
    pub(crate) utf8: bool,
}

/// A mail server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: Security,
    /// What it is told of who calls.
    pub(crate) hello: String,
}

/// How what goes over the line is kept from others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Security {
    /// By TLS from the first byte on, as on port 465.
    Tls,
    /// By TLS after a word in the clear, as on port 587. A server that does not offer it gets nothing.
    #[default]
    Starttls,
    /// Not at all, for a server on the same machine or network. It goes without `auth`.
    None,
}

/// How the server is shown who calls.
#[derive(Clone, Debug)]
pub(crate) enum Login {
    /// By `PLAIN`, or `LOGIN` where the server does not know that.
    Password { username: String, password: Secret },
    /// By `XOAUTH2`, with an access token.
    Token { username: String, token: Secret },
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Talk {
    pub(crate) trace: Trace,
    /// What was said, a line each; no secret, and no more than is recorded.
    pub(crate) dialogue: Dialogue,
    pub(crate) outcome: Result<Taken, Failure>,
}

/// A mail that was taken.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) reply: Reply,
    pub(crate) accepted: Vec<String>,
    pub(crate) refused: Vec<Refused>,
}

/// A recipient that the server does not take, or not now.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) address: String,
    pub(crate) reply: Reply,
}

/// Why a mail was not taken.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There was no line, or it broke.
    Line(outbound::Error),
    /// The server said no.
    Said { at: Stage, reply: Reply },
    /// It took none of the recipients; the answer is that to the last.
    Nobody { reply: Reply, refused: Vec<Refused> },
    /// What it says is not SMTP.
    Garbled(String),
    /// It does not offer what is needed: why, and what to do.
    Lacks(String),
}

/// What an answer is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Greeting,
    Hello,
    Starttls,
    Login,
    From,
    To,
    Data,
    Message,
}

/// Hands a mail over. `limit` is for all of it, from resolving the name to the answer to the mail's last line.
pub(crate) async fn hand_over(client: &Client, mail: &Mail, limit: Duration) -> Talk {
    let mut line = client.line(&mail.server.host, mail.server.port, limit);
    let mut dialogue = Dialogue::default();
    let session = Session { line: &mut line, dialogue: &mut dialogue }.hand_over(mail);
    let ended = timeout(limit, session).await;
    let outcome = ended.unwrap_or_else(|_| Err(Failure::Line(line.overdue())));
    Talk { trace: line.trace(), dialogue, outcome }
}

impl Talk {
    /// The answer that decided, or why there is none, with what was said.
    pub(crate) fn reply(&self, redaction: &Redaction) -> crate::Reply {
        let dialogue = self.dialogue.kept(redaction);
        let failed = match &self.outcome {
            Ok(Taken { reply, .. }) | Err(Failure::Said { reply, .. } | Failure::Nobody { reply, .. }) => {
                return crate::Reply::Response(ResponseRecord::of_mail(reply.code, dialogue));
            }
            Err(Failure::Line(error)) => ErrorRecord::of(error, redaction),
            Err(Failure::Garbled(reason) | Failure::Lacks(reason)) => {
                let message = redaction.scrub(reason).into_owned();
                ErrorRecord { kind: "protocol".to_owned(), message, dialogue: None }
            }
        };
        let dialogue = Some(dialogue).filter(|_| !self.dialogue.is_empty());
        crate::Reply::Error(ErrorRecord { dialogue, ..failed })
    }

    /// Whether the server did not take who signed in.
    pub(crate) fn is_signed_out(&self) -> bool {
        matches!(&self.outcome, Err(Failure::Said { at: Stage::Login, reply }) if reply.code >= 500)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Greeting => "the connection",
            Self::Hello => "EHLO",
            Self::Starttls => "STARTTLS",
            Self::Login => "the sign-in",
            Self::From => "MAIL FROM",
            Self::To => "RCPT TO",
            Self::Data => "DATA",
            Self::Message => "the mail",
        })
    }
}
