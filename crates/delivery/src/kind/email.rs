//! Mail, by the SMTP server of whoever sends it.
//!
//! Rules: RFC 5321 (SMTP), 5322 (the form of a mail), 2047 and 2231 (what is not ASCII), 3834 (what no person wrote),
//! 8314 (TLS). Exchange Online takes 30 mails a minute over three lines from an account, the fewest of the large
//! providers (learn.microsoft.com, "Exchange Online limits").

mod address;
mod attachment;
mod compose;
mod config;

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use outbound::Endpoint;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;
use store::Message;
use vault::Secret;

use super::{Kind, Stamp, Window, chat};
use crate::{
    Error,
    call::{Call, Unsendable},
    credential::Credential,
    files,
    redact::Redaction,
    smtp::{Login, Mail, Security, Server, bearer},
};
use address::Mailbox;
use compose::Composed;
use config::{Auth, Config, Said, Secrets};

/// The most addresses that a mail goes to; every server takes so many (RFC 5321, section 4.5.3.1.8).
const RECIPIENTS: usize = 100;

pub(crate) struct Email {
    server: Arc<Server>,
    auth: Auth,
    secret: Option<Secret>,
    credential: Option<Credential>,
    usual: Usual,
    redaction: Redaction,
}

/// What a mail says unless its message says otherwise.
struct Usual {
    from: Mailbox,
    reply_to: Option<Mailbox>,
    to: Vec<Mailbox>,
    cc: Vec<Mailbox>,
    bcc: Vec<Mailbox>,
    subject: Option<String>,
}

/// Whom a mail is for, as it says so, and who gets it besides.
struct Recipients {
    to: Vec<Mailbox>,
    cc: Vec<Mailbox>,
    bcc: Vec<Mailbox>,
}

impl Kind for Email {
    const NAME: &'static str = "email";
    const CONCURRENCY: u16 = 2;
    const PACE: &'static [Window] = &[Window { calls: 30, within: Duration::from_secs(60) }];
    // Servers look through a mail before they take it, and one that is tried again comes twice.
    const TIMEOUT: Duration = Duration::from_secs(30);
    const HTML: Option<&'static str> = Some("html");
    const MESSAGE: Option<fn(&mut SchemaGenerator) -> Schema> = Some(Said::json_schema);
    type Config = Config;
    type Secrets = Secrets;

    fn open(config: Config, secrets: Secrets) -> Result<Self, Error> {
        let Config { host, port, security, auth, from, reply_to, to, cc, bcc, subject, hello } = config;
        let secret = secrets.auth;
        let usual = Usual {
            from: one("from", &from)?,
            reply_to: reply_to.map(|text| one("reply_to", &text)).transpose()?,
            to: list("to", &to)?,
            cc: list("cc", &cc)?,
            bcc: list("bcc", &bcc)?,
            subject,
        };
        auth.check(secret.as_ref(), security)?;
        let hello = hello.unwrap_or_else(|| usual.from.domain().to_owned());
        let server = Server {
            host: config::host("host", &host)?,
            port: config::port(port, security)?,
            security,
            hello: config::host("hello", &hello)?,
        };
        let credential = auth.credential(secret.as_ref())?;
        let mut redaction = Redaction::default();
        if let Some(secret) = &secret {
            for proof in proofs(&auth, secret) {
                redaction.add(&proof);
            }
        }
        Ok(Self { server: Arc::new(server), auth, secret, credential, usual, redaction })
    }

    fn endpoint(&self) -> Endpoint {
        let Server { host, port, security, .. } = &*self.server;
        Endpoint { host: host.clone(), port: *port, secure: *security == Security::Tls }
    }

    fn calls(&self, message: Message, stamp: &Stamp) -> Result<Vec<Call>, Unsendable> {
        let said: Said = chat::said(message.body, "a mail")?;
        let login = self.login(stamp);
        let hidden = match &login {
            Some(Login::Token { username, token }) => {
                vec![token.expose().to_owned(), STANDARD.encode(bearer(username, token))]
            }
            _ => Vec::new(),
        };
        let Composed { recipients, message, utf8, headers, shown } =
            compose::compose(said, &self.usual, stamp)?;
        let mail = Mail {
            server: Arc::clone(&self.server),
            login,
            from: self.usual.from.address().to_owned(),
            to: recipients,
            message,
            utf8,
        };
        let call = Call::mail(mail, self.url(), headers, shown);
        Ok(vec![hidden.iter().fold(call, |call, secret| call.hiding(secret))])
    }

    fn files(&self, body: &Value) -> Vec<files::Digest> {
        attachment::files(body)
    }

    fn credential(&self) -> Option<&Credential> {
        self.credential.as_ref()
    }

    fn redaction(&self) -> &Redaction {
        &self.redaction
    }
}

impl Email {
    fn url(&self) -> String {
        let Server { host, port, security, .. } = &*self.server;
        let scheme = if *security == Security::Tls { "smtps" } else { "smtp" };
        format!("{scheme}://{host}:{port}")
    }

    fn login(&self, stamp: &Stamp) -> Option<Login> {
        match &self.auth {
            Auth::None => None,
            Auth::Password { username } => {
                let password = self.secret.clone()?;
                Some(Login::Password { username: username.clone(), password })
            }
            Auth::Oauth2(grant) => {
                // A message that is only shown has no token.
                let token = stamp.token.clone().unwrap_or_else(|| Secret::from(""));
                Some(Login::Token { username: grant.username.clone(), token })
            }
        }
    }
}

impl Usual {
    fn recipients(&self, said: &Said) -> Result<Recipients, Unsendable> {
        let own = |name: &str, own: &Option<config::Addresses>, usual: &[Mailbox]| match own {
            None => Ok(usual.to_vec()),
            Some(own) => {
                address::read(own.as_slice()).map_err(|reason| Unsendable(format!("`{name}`: {reason}")))
            }
        };
        let to = own("to", &said.to, &self.to)?;
        let (cc, bcc) = (own("cc", &said.cc, &self.cc)?, own("bcc", &said.bcc, &self.bcc)?);
        let count = to.len() + cc.len() + bcc.len();
        if count == 0 {
            let reason = "nobody is named to write to: set the destination's `to`, or that of the message";
            return Err(Unsendable(reason.to_owned()));
        }
        if count > RECIPIENTS {
            return Err(Unsendable(format!(
                "the mail is for {count} addresses, and at most {RECIPIENTS} are taken: write to a list, or by several \
                 deliver nodes"
            )));
        }
        Ok(Recipients { to, cc, bcc })
    }
}

/// What goes over the wire of a secret, in the forms in which a server may repeat it.
fn proofs(auth: &Auth, secret: &Secret) -> Vec<String> {
    let secret = secret.expose();
    let mut proofs = vec![secret.to_owned(), STANDARD.encode(secret)];
    if let Auth::Password { username } = auth {
        proofs.push(STANDARD.encode(format!("\0{username}\0{secret}")));
    }
    proofs
}

fn one(field: &str, text: &str) -> Result<Mailbox, Error> {
    Mailbox::read(text).map_err(|reason| Error::config(field, format!("{reason}.")).suggest(EXAMPLE))
}

fn list(field: &str, texts: &config::Addresses) -> Result<Vec<Mailbox>, Error> {
    let read = address::read(texts.as_slice());
    let read = read.map_err(|reason| Error::config(field, format!("{reason}.")).suggest(EXAMPLE))?;
    if read.len() > RECIPIENTS {
        return Err(Error::config(field, format!("there are more than {RECIPIENTS}.")));
    }
    Ok(read)
}

const EXAMPLE: &str = "Write it like `Ann Lee <ann@example.com>`, or the address alone.";

#[cfg(test)]
mod tests;
