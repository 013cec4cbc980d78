//! Puts a message into the form of a mail.

use std::time::{Duration, SystemTime};

use lettre::message::{
    MessageBuilder, MultiPart, SinglePart,
    header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
};

use super::{
    Recipients, Usual,
    address::Mailbox,
    attachment::{self, Attached},
    config::Said,
};
use crate::{call::Unsendable, kind::Stamp};

/// The longest subject, in characters, and the longest text and HTML, in bytes.
const SUBJECT: usize = 500;
const TEXT: usize = 1 << 20;

/// A mail, and what is shown of it.
pub(super) struct Composed {
    /// The addresses that it goes to, each once.
    pub(super) recipients: Vec<String>,
    pub(super) message: Vec<u8>,
    /// Whether an address holds more than ASCII.
    pub(super) utf8: bool,
    pub(super) headers: Vec<(String, String)>,
    pub(super) shown: String,
}

pub(super) fn compose(mut said: Said, usual: &Usual, stamp: &Stamp) -> Result<Composed, Unsendable> {
    let recipients = usual.recipients(&said)?;
    let reply_to = match said.reply_to.take().filter(|text| !text.trim().is_empty()) {
        Some(text) => {
            Some(Mailbox::read(&text).map_err(|reason| Unsendable(format!("`reply_to`: {reason}")))?)
        }
        None => usual.reply_to.clone(),
    };
    let subject = subject(said.subject.as_deref().or(usual.subject.as_deref()))?;
    let (text, html) = (body("text", said.text)?, body("html", said.html)?);
    let attached = attachment::attached(said.attachments, &stamp.files)?;
    let head = Head { from: &usual.from, reply_to: reply_to.as_ref(), recipients: &recipients, subject };
    let shown = shown(text.as_deref(), html.as_deref());
    let headers = head.shown(stamp, &attached);
    let message = finish(head.builder(stamp), content(text, html)?, attached, stamp)?;
    let all = head.mailboxes();
    let utf8 = all.iter().any(|mailbox| !mailbox.address().is_ascii());
    Ok(Composed { recipients: recipients.addresses(), message, utf8, headers, shown })
}

/// What stands above a mail.
struct Head<'a> {
    from: &'a Mailbox,
    reply_to: Option<&'a Mailbox>,
    recipients: &'a Recipients,
    subject: String,
}

/// The body without attachments.
enum Content {
    One(SinglePart),
    /// The same as a text and as HTML.
    Either(SinglePart, SinglePart),
}

impl Recipients {
    /// The addresses of all, each once.
    fn addresses(&self) -> Vec<String> {
        let mut addresses: Vec<String> = Vec::new();
        for mailbox in self.to.iter().chain(&self.cc).chain(&self.bcc) {
            if !addresses.iter().any(|known| known == mailbox.address()) {
                addresses.push(mailbox.address().to_owned());
            }
        }
        addresses
    }
}

impl Head<'_> {
    fn mailboxes(&self) -> Vec<&Mailbox> {
        let Recipients { to, cc, bcc } = self.recipients;
        std::iter::once(self.from).chain(self.reply_to).chain(to).chain(cc).chain(bcc).collect()
    }

    /// The same on every attempt, so that a receiver can tell what came twice.
    fn id(&self, stamp: &Stamp) -> String {
        format!("<{}@{}>", stamp.id, self.from.domain())
    }

    fn builder(&self, stamp: &Stamp) -> MessageBuilder {
        let at = Duration::from_secs(u64::try_from(stamp.at_s).unwrap_or_default());
        let header = |name: &'static str, value: &str| {
            HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
        };
        let mut builder = lettre::Message::builder()
            .date(SystemTime::UNIX_EPOCH + at)
            .message_id(Some(self.id(stamp)))
            .from(self.from.header())
            .subject(self.subject.clone())
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("X-Linchpin-Delivery", &stamp.id));
        if let Some(reply_to) = self.reply_to {
            builder = builder.reply_to(reply_to.header());
        }
        for to in &self.recipients.to {
            builder = builder.to(to.header());
        }
        for cc in &self.recipients.cc {
            builder = builder.cc(cc.header());
        }
        // Of the others the mail itself says nothing; to whom it goes its envelope says.
        for bcc in &self.recipients.bcc {
            builder = builder.bcc(bcc.header());
        }
        builder
    }

    fn shown(&self, stamp: &Stamp, attached: &[Attached]) -> Vec<(String, String)> {
        let Recipients { to, cc, bcc } = self.recipients;
        let joined = |list: &[Mailbox]| list.iter().map(Mailbox::shown).collect::<Vec<_>>().join(", ");
        let reply_to = self.reply_to.map(Mailbox::shown).unwrap_or_default();
        let mut headers = vec![
            ("from", self.from.shown()),
            ("reply-to", reply_to),
            ("to", joined(to)),
            ("cc", joined(cc)),
            ("bcc", joined(bcc)),
            ("subject", self.subject.clone()),
            ("message-id", self.id(stamp)),
            ("auto-submitted", "auto-generated".to_owned()),
            ("x-linchpin-delivery", stamp.id.clone()),
        ];
        headers.extend(attached.iter().map(|attached| ("attachment", attached.shown())));
        headers.retain(|(_, value)| !value.is_empty());
        headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// The mail's bytes. Boundaries are chosen by the id, so that every attempt sends the same; no line of a part can be one,
/// since a `=` is encoded in all of them.
fn finish(
    builder: MessageBuilder,
    content: Content,
    attached: Vec<Attached>,
    stamp: &Stamp,
) -> Result<Vec<u8>, Unsendable> {
    let boundary = |of: &str| format!("=_{of}_{}", stamp.id);
    let either =
        |text, html| MultiPart::alternative().boundary(boundary("either")).singlepart(text).singlepart(html);
    let mixed = || MultiPart::mixed().boundary(boundary("mixed"));
    let built = match (content, attached.is_empty()) {
        (Content::One(part), true) => builder.singlepart(part),
        (Content::Either(text, html), true) => builder.multipart(either(text, html)),
        (content, false) => {
            let begun = match content {
                Content::One(part) => mixed().singlepart(part),
                Content::Either(text, html) => mixed().multipart(either(text, html)),
            };
            let add = |mixed: MultiPart, attached: Attached| Ok(mixed.singlepart(attached.part()?));
            builder.multipart(attached.into_iter().try_fold(begun, add)?)
        }
    };
    let built = built.map_err(|error| Unsendable(format!("the mail cannot be built: {error}")))?;
    Ok(built.formatted())
}

fn content(text: Option<String>, html: Option<String>) -> Result<Content, Unsendable> {
    match (text, html) {
        (Some(text), Some(html)) => {
            Ok(Content::Either(part(ContentType::TEXT_PLAIN, text), part(ContentType::TEXT_HTML, html)))
        }
        (Some(text), None) => Ok(Content::One(part(ContentType::TEXT_PLAIN, text))),
        (None, Some(html)) => Ok(Content::One(part(ContentType::TEXT_HTML, html))),
        (None, None) => Err(Unsendable("the mail is empty: give it a `text` or `html`".to_owned())),
    }
}

/// Always encoded: no line is too long, none has an end of its own, none begins as a boundary does.
fn part(kind: ContentType, text: String) -> SinglePart {
    let encoding = if text.bytes().filter(u8::is_ascii).count() * 6 > text.len() * 5 {
        ContentTransferEncoding::QuotedPrintable
    } else {
        ContentTransferEncoding::Base64
    };
    SinglePart::builder().header(kind).header(encoding).body(text)
}

/// On one line, whatever a template gave: a line's end would begin another header.
fn subject(text: Option<&str>) -> Result<String, Unsendable> {
    let words: Vec<&str> =
        text.unwrap_or_default().split(|c: char| c.is_control() || c.is_whitespace()).collect();
    let subject = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if subject.is_empty() {
        let reason = "the mail has no subject: set the destination's `subject`, or that of the message";
        return Err(Unsendable(reason.to_owned()));
    }
    if subject.chars().count() > SUBJECT {
        return Err(Unsendable(format!("the subject is longer than {SUBJECT} characters: shorten it")));
    }
    Ok(subject)
}

fn body(name: &str, text: Option<String>) -> Result<Option<String>, Unsendable> {
    match text.filter(|text| !text.trim().is_empty()) {
        Some(text) if text.len() > TEXT => {
            Err(Unsendable(format!("`{name}` is longer than {} MiB: send it as an attachment", TEXT >> 20)))
        }
        Some(text) => Ok(Some(text.replace("\r\n", "\n").replace('\r', "\n"))),
        None => Ok(None),
    }
}

/// The body as it is shown.
fn shown(text: Option<&str>, html: Option<&str>) -> String {
    match (text, html) {
        (Some(text), Some(html)) => format!("{text}\n\n----- HTML -----\n{html}"),
        (one, other) => one.or(other).unwrap_or_default().to_owned(),
    }
}
