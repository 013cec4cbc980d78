//! The talk with a mail server, from its greeting to its answer to the mail.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use outbound::Line;
use vault::Secret;

use super::{
    Failure, Login, Mail, Refused, Security, Server, Stage, Taken,
    dialogue::Dialogue,
    reply::{Reading, Reply},
};
use crate::redact::HIDDEN;

/// A line to a mail server, and what has been said on it.
pub(super) struct Session<'a> {
    pub(super) line: &'a mut Line,
    pub(super) dialogue: &'a mut Dialogue,
}

impl Session<'_> {
    /// Hands a mail over.
    pub(super) async fn hand_over(mut self, mail: &Mail) -> Result<Taken, Failure> {
        let offers = self.open(&mail.server).await?;
        if let Some(login) = &mail.login {
            self.sign_in(login, &offers).await?;
        }
        let from = envelope(mail, &offers)?;
        self.say(Stage::From, &from).await?;
        let (mut accepted, mut refused) = (Vec::new(), Vec::new());
        for address in &mail.to {
            self.send(&format!("RCPT TO:<{address}>"), None).await?;
            let reply = self.hear(Stage::To).await?;
            // It is about to close the line.
            if reply.code == 421 {
                return Err(Failure::Said { at: Stage::To, reply });
            }
            if reply.is_positive() {
                accepted.push(address.clone());
            } else {
                refused.push(Refused { address: address.clone(), reply });
            }
        }
        if let Some(last) = refused.last().filter(|_| accepted.is_empty()) {
            let reply = last.reply.clone();
            self.quit().await;
            return Err(Failure::Nobody { reply, refused });
        }
        self.expect(Stage::Data, "DATA", 354).await?;
        self.dialogue.said(&format!("({} bytes)", mail.message.len()));
        self.line.write(&stuffed(&mail.message)).await.map_err(Failure::Line)?;
        let reply = self.hear(Stage::Message).await?;
        let reply = positive(Stage::Message, reply)?;
        self.quit().await;
        Ok(Taken { reply, accepted, refused })
    }

    /// Dials, secures the line as the settings want it, and gives what the server offers then.
    async fn open(&mut self, server: &Server) -> Result<Reply, Failure> {
        self.line.dial(server.security == Security::Tls).await.map_err(Failure::Line)?;
        let greeting = self.hear(Stage::Greeting).await?;
        positive(Stage::Greeting, greeting)?;
        let hello = format!("EHLO {}", server.hello);
        let offers = self.say(Stage::Hello, &hello).await?;
        if server.security != Security::Starttls {
            return Ok(offers);
        }
        if offers.offer("STARTTLS").is_none() {
            return Err(Failure::Lacks(
                "the mail server does not offer STARTTLS, so nothing was sent: set `security` to `tls` if its port \
                 is 465, or the port on which it offers that"
                    .to_owned(),
            ));
        }
        self.expect(Stage::Starttls, "STARTTLS", 220).await?;
        self.line.secure().await.map_err(Failure::Line)?;
        // What it offered in the clear anybody could have written.
        self.say(Stage::Hello, &hello).await
    }

    async fn sign_in(&mut self, login: &Login, offers: &Reply) -> Result<(), Failure> {
        // The settings see to it; should they fail to, no password goes out.
        if !self.line.is_secured() {
            return Err(Failure::Lacks("nobody signs in over a line that is not secured".to_owned()));
        }
        match login {
            Login::Password { username, password } if offers.takes_login("PLAIN") => {
                let proof = STANDARD.encode(format!("\0{username}\0{}", password.expose()));
                self.send(&format!("AUTH PLAIN {proof}"), Some("AUTH PLAIN")).await?;
            }
            Login::Password { username, password } if offers.takes_login("LOGIN") => {
                self.expect(Stage::Login, "AUTH LOGIN", 334).await?;
                self.send(&STANDARD.encode(username), Some("")).await?;
                let asked = self.hear(Stage::Login).await?;
                exactly(Stage::Login, asked, 334)?;
                self.send(&STANDARD.encode(password.expose()), Some("")).await?;
            }
            Login::Token { username, token } if offers.takes_login("XOAUTH2") => {
                let proof = STANDARD.encode(bearer(username, token));
                self.send(&format!("AUTH XOAUTH2 {proof}"), Some("AUTH XOAUTH2")).await?;
            }
            _ => return Err(Failure::Lacks(no_login(login, offers))),
        }
        let mut reply = self.hear(Stage::Login).await?;
        if reply.code == 334 && matches!(login, Login::Token { .. }) {
            // It said what is wrong with the token, and waits for a word before it refuses it.
            self.send("", None).await?;
            reply = self.hear(Stage::Login).await?;
        }
        exactly(Stage::Login, reply, 235)?;
        Ok(())
    }

    /// Says something and wants it to be agreed to.
    async fn say(&mut self, at: Stage, command: &str) -> Result<Reply, Failure> {
        self.send(command, None).await?;
        let reply = self.hear(at).await?;
        exactly(at, reply, 250)
    }

    async fn expect(&mut self, at: Stage, command: &str, code: u16) -> Result<Reply, Failure> {
        self.send(command, None).await?;
        let reply = self.hear(at).await?;
        exactly(at, reply, code)
    }

    /// Sends a line; `shown` stands in the record in place of what is secret.
    async fn send(&mut self, command: &str, shown: Option<&str>) -> Result<(), Failure> {
        match shown {
            None => self.dialogue.said(command),
            Some(shown) => self.dialogue.said(format!("{shown} {HIDDEN}").trim_start()),
        }
        self.line.write(format!("{command}\r\n").as_bytes()).await.map_err(Failure::Line)
    }

    async fn hear(&mut self, at: Stage) -> Result<Reply, Failure> {
        let mut reading = Reading::default();
        loop {
            let line = self.line.read().await.map_err(Failure::Line)?;
            let line = String::from_utf8_lossy(&line);
            self.dialogue.heard(&line);
            match reading.take(&line) {
                Ok(None) => {}
                Ok(Some(reply)) => return Ok(reply),
                Err(reason) => {
                    return Err(Failure::Garbled(format!("the answer to {at} is not SMTP: {reason}")));
                }
            }
        }
    }

    /// Takes leave. What is said to that changes nothing any more, so nobody waits for it.
    async fn quit(&mut self) {
        if let Err(Failure::Line(error)) = self.send("QUIT", None).await {
            tracing::debug!(%error, "a mail server was gone before it was taken leave of");
        }
    }
}

/// The words by which a mail begins, with what of the server's offers it uses.
fn envelope(mail: &Mail, offers: &Reply) -> Result<String, Failure> {
    let length = mail.message.len();
    let mut from = format!("MAIL FROM:<{}>", mail.from);
    if let Some(most) = offers.offer("SIZE") {
        // 0, or nothing, is no limit (RFC 1870).
        if most.parse::<usize>().is_ok_and(|most| most > 0 && length > most) {
            let reason = format!(
                "the mail has {length} bytes, and its server takes at most {most}: send less with it"
            );
            return Err(Failure::Lacks(reason));
        }
        from = format!("{from} SIZE={length}");
    }
    if mail.utf8 {
        if offers.offer("SMTPUTF8").is_none() {
            return Err(Failure::Lacks(
                "an address holds letters before its @ that are not ASCII, and the mail server does not offer \
                 SMTPUTF8, which that needs: use another address"
                    .to_owned(),
            ));
        }
        from += if offers.offer("8BITMIME").is_some() { " BODY=8BITMIME SMTPUTF8" } else { " SMTPUTF8" };
    }
    Ok(from)
}

/// A mail as it is sent: every line ends by CR and LF, none is a dot alone, and then one is.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut sent = Vec::with_capacity(message.len() + message.len() / 50 + 8);
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // Some servers take a CR alone for the end of a line.
        for line in line.split(|byte| *byte == b'\r') {
            if line.starts_with(b".") {
                sent.push(b'.');
            }
            sent.extend_from_slice(line);
            sent.extend_from_slice(b"\r\n");
        }
    }
    sent.extend_from_slice(b".\r\n");
    sent
}

/// The proof of `XOAUTH2`, in Google's and Microsoft's form.
pub(crate) fn bearer(username: &str, token: &Secret) -> String {
    format!("user={username}\x01auth=Bearer {}\x01\x01", token.expose())
}

fn no_login(login: &Login, offers: &Reply) -> String {
    let wanted = match login {
        Login::Password { .. } => "PLAIN or LOGIN",
        Login::Token { .. } => "XOAUTH2",
    };
    match offers.offer("AUTH").map(str::trim).filter(|offered| !offered.is_empty()) {
        None => "the mail server lets nobody sign in on this port: set `auth` to `none`, or another port"
            .to_owned(),
        Some(offered) => {
            format!("the mail server lets nobody sign in by {wanted}, only by {offered}: set `auth` so")
        }
    }
}

fn positive(at: Stage, reply: Reply) -> Result<Reply, Failure> {
    if reply.is_positive() { Ok(reply) } else { Err(Failure::Said { at, reply }) }
}

fn exactly(at: Stage, reply: Reply, code: u16) -> Result<Reply, Failure> {
    if reply.code == code { Ok(reply) } else { Err(Failure::Said { at, reply }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(message: &str) -> String {
        String::from_utf8(stuffed(message.as_bytes())).unwrap()
    }

    #[test]
    fn a_dot_that_begins_a_line_is_doubled_and_the_end_is_the_only_one_alone() {
        assert_eq!(sent("a\r\n.\r\nb\r\n"), "a\r\n..\r\nb\r\n.\r\n");
        assert_eq!(sent(".a"), "..a\r\n.\r\n");
        assert_eq!(sent(""), ".\r\n");
    }

    #[test]
    fn no_end_of_a_line_smuggles_a_second_mail() {
        for end in ["\n", "\r\n", "\r"] {
            let text = sent(&format!("a{end}.{end}MAIL FROM:<b@c.d>{end}"));
            assert_eq!(text.matches("\r\n.\r\n").count(), 1, "{text:?}");
            assert!(
                text.ends_with("\r\n.\r\n") && !text.replace("\r\n", "").contains(['\r', '\n']),
                "{text:?}"
            );
        }
    }
}
