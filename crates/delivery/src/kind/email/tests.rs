use mail_parser::{MessageParser, MimeHeaders};
use serde_json::json;

use super::*;
use crate::{
    call::Wire,
    files::Files,
    kind::testing::{calls, message, open, refusal, stamp},
};

fn config() -> Value {
    json!({ "host": "smtp.example.com", "from": "Shop <shop@example.com>", "to": ["hr@example.com"], "subject": "News" })
}

fn with(more: &Value) -> Value {
    let mut config = config();
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    config
}

fn mail_of(config: Value, body: Value) -> Mail {
    let email: Email = open(config, json!({})).unwrap();
    mail(calls(&email, body).unwrap().remove(0))
}

fn mail(call: Call) -> Mail {
    match call.wire {
        Wire::Smtp(mail) => *mail,
        Wire::Http(request) => panic!("{request:?} is no mail"),
    }
}

fn unsendable(body: Value) -> String {
    calls(&open::<Email>(config(), json!({})).unwrap(), body).unwrap_err().0
}

fn parsed(mail: &Mail) -> mail_parser::Message<'_> {
    MessageParser::default().parse(&mail.message).unwrap()
}

/// The lines above the body, unfolded.
fn head(mail: &Mail) -> Vec<String> {
    let text = String::from_utf8(mail.message.clone()).unwrap();
    text.split_once("\r\n\r\n").unwrap().0.replace("\r\n ", " ").split("\r\n").map(str::to_owned).collect()
}

#[test]
fn a_text_alone_is_a_mail() {
    let mail = mail_of(config(), json!("漏水了。\r\nSecond line."));
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice(), mail.utf8),
        ("shop@example.com", &["hr@example.com".to_owned()][..], false)
    );
    let parsed = parsed(&mail);
    assert_eq!(
        parsed.body_text(0).unwrap().trim_end(),
        "漏水了。\r\nSecond line.".replace("\r\n", "\n").replace('\n', "\r\n").trim_end()
    );
    assert_eq!((parsed.subject(), parsed.message_id()), (Some("News"), Some("msg_1@example.com")));
    assert_eq!(parsed.date().unwrap().to_timestamp(), crate::kind::testing::AT_S);
    let head = head(&mail);
    for line in ["Auto-Submitted: auto-generated", "X-Linchpin-Delivery: msg_1", "MIME-Version: 1.0"] {
        assert!(head.iter().any(|known| known == line), "{line}: {head:?}");
    }
}

#[test]
fn text_and_html_are_one_or_the_other_and_attachments_hang_on_both() {
    let body = json!({
        "subject": "候选人张三：简历初筛通过，请安排面试，候选人张三：简历初筛通过，请安排面试",
        "to": ["\"李, 四\" <li@example.com>", "ann@example.com"], "cc": "Bob <bob@example.com>",
        "bcc": ["eve@example.com", "ANN2@example.com", "ann@example.com"], "reply_to": "答复 <reply@example.com>",
        "text": ".\n漏水", "html": "<p>漏水</p>",
        "attachments": [
            { "name": "../简历.txt", "text": "甲\n乙\r\n.\n" },
            { "name": "data.json", "json": { "a": [1, "汉"] } },
            { "name": "a.pdf", "media_type": "application/pdf", "base64": "JVBE\nRg==" },
        ],
    });
    let mail = mail_of(config(), body.clone());
    assert!(mail.message.is_ascii(), "what goes over the wire needs no 8BITMIME");
    let mut to = mail.to.clone();
    to.sort_unstable();
    assert_eq!(
        to,
        ["ANN2@example.com", "ann@example.com", "bob@example.com", "eve@example.com", "li@example.com"]
    );
    let parsed = parsed(&mail);
    assert_eq!(parsed.subject(), body["subject"].as_str());
    let name = |list: Option<&mail_parser::Address<'_>>| {
        let first = list.unwrap().first().unwrap().clone();
        (first.name.map(std::borrow::Cow::into_owned), first.address.unwrap().into_owned())
    };
    assert_eq!(name(parsed.to()), (Some("李, 四".into()), "li@example.com".into()));
    assert_eq!(name(parsed.reply_to()), (Some("答复".into()), "reply@example.com".into()));
    assert!(
        parsed.bcc().is_none() && !String::from_utf8_lossy(&mail.message).contains("eve@"),
        "nobody sees who else"
    );
    assert_eq!(parsed.body_text(0).unwrap().trim_end(), ".\r\n漏水");
    assert_eq!(parsed.body_html(0).unwrap().trim_end(), "<p>漏水</p>");
    let attachments: Vec<_> = parsed
        .attachments()
        .map(|part| {
            let kind = part.content_type().unwrap();
            let kind = format!("{}/{}", kind.ctype(), kind.subtype().unwrap());
            (part.attachment_name().unwrap().to_owned(), kind, part.contents().to_vec())
        })
        .collect();
    assert_eq!(attachments[0], ("简历.txt".into(), "text/plain".into(), "甲\n乙\r\n.\n".into()));
    let json: Value = serde_json::from_slice(&attachments[1].2).unwrap();
    assert_eq!((attachments[1].1.as_str(), json), ("application/json", json!({ "a": [1, "汉"] })));
    assert_eq!(attachments[2], ("a.pdf".into(), "application/pdf".into(), b"%PDF".to_vec()));
}

#[test]
fn an_attempt_sends_the_same_bytes_again() {
    let email: Email = open(config(), json!({})).unwrap();
    let body = json!({ "text": "a", "html": "b", "attachments": [{ "name": "c", "text": "d" }] });
    let bytes = || mail(calls(&email, body.clone()).unwrap().remove(0)).message;
    assert_eq!(bytes(), bytes());
}

#[test]
fn a_file_of_the_event_is_attached_as_it_came() {
    let digest = [7; 32];
    let file = json!({ "name": "cv.pdf", "media_type": "application/pdf", "size": 4, "sha256": hex::encode(digest) });
    let body = json!({ "text": "a", "attachments": [file] });
    let email: Email = open(config(), json!({})).unwrap();
    assert_eq!(Kind::files(&email, &body), [digest]);
    let files: Files = [(digest, bytes::Bytes::from_static(b"%PDF"))].into_iter().collect();
    let stamp = Stamp { files, ..stamp() };
    let mail = mail(Kind::calls(&email, message(body.clone()), &stamp).unwrap().remove(0));
    let parsed = parsed(&mail);
    let part = parsed.attachments().next().unwrap();
    assert_eq!((part.attachment_name(), part.contents()), (Some("cv.pdf"), &b"%PDF"[..]));
    let said = calls(&email, body).unwrap_err().0;
    assert!(said.contains("attachments[0]") && said.contains("no such file"), "{said}");
}

#[test]
fn nothing_in_a_message_adds_a_header_or_a_recipient() {
    let evil = "x\r\nBcc: eve@evil.example\r\n\r\nbody\r\n.\r\nRCPT TO:<eve@evil.example>";
    let body = json!({ "subject": evil, "text": evil, "html": evil,
        "attachments": [{ "name": format!("a\"\r\nX-Evil: 1; filename=b{evil}"), "text": evil }] });
    let mail = mail_of(config(), body);
    assert_eq!(mail.to, ["hr@example.com"]);
    let head = head(&mail);
    assert!(!head.iter().any(|line| line.starts_with("Bcc") || line.starts_with("X-Evil")), "{head:?}");
    let parsed = parsed(&mail);
    assert_eq!(parsed.subject().unwrap(), "x Bcc: eve@evil.example body . RCPT TO:<eve@evil.example>");
    assert_eq!(parsed.attachments().count(), 1);
    let part = parsed.attachments().next().unwrap();
    assert!(part.headers.iter().all(|header| header.name() != "X-Evil"), "{:?}", part.headers);
    for (field, value) in [
        ("to", json!([evil])),
        ("cc", json!("a@example.com\nBcc: b@example.com")),
        ("reply_to", json!(evil)),
        ("to", json!("ann@example.com, bob@example.com")),
    ] {
        let said = unsendable(json!({ "text": "a", field: value }));
        assert!(said.contains(&format!("`{field}`")) && !said.contains(['\r', '\n']), "{said}");
    }
}

#[test]
fn what_is_no_mail_says_why() {
    let many: Vec<String> = (0..101).map(|at| format!("u{at}@example.com")).collect();
    let attached = |attachment: Value| json!({ "text": "a", "attachments": [attachment] });
    let large = STANDARD.encode(vec![0; (10 << 20) + 1]);
    for (body, wanted) in [
        (json!(5), "a text, or an object"),
        (json!(""), "empty"),
        (json!({ "text": "a", "subject": "\r\n" }), "subject"),
        (json!({ "text": "a", "subject": "x".repeat(501) }), "500"),
        (json!({ "text": "a", "to": [] }), "nobody"),
        (json!({ "text": "a", "to": many }), "101 addresses"),
        (json!({ "text": "a", "nope": 1 }), "nope"),
        (json!({ "text": "x".repeat((1 << 20) + 1) }), "1 MiB"),
        (attached(json!({ "text": "a" })), "`name`"),
        (attached(json!({ "name": "a" })), "one of"),
        (attached(json!({ "name": "a", "text": "b", "base64": "" })), "one of"),
        (attached(json!({ "name": "a", "base64": "!" })), "base64"),
        (attached(json!({ "name": "a", "text": "b", "media_type": "x\r\nEvil: 1" })), "media_type"),
        (attached(json!({ "name": "a", "base64": large })), "10 MiB"),
        (json!({ "text": "a", "attachments": vec![json!({ "name": "a", "text": "b" }); 21] }), "21"),
    ] {
        let said = unsendable(body);
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
}

#[test]
fn letters_before_the_at_need_a_server_that_takes_them() {
    assert!(mail_of(config(), json!({ "text": "a", "to": ["用户@example.com"] })).utf8);
    let mail = mail_of(config(), json!({ "text": "a", "to": ["ann@bücher.example"] }));
    assert!(!mail.utf8, "a domain has a form in ASCII");
    assert_eq!(mail.to, ["ann@xn--bcher-kva.example"]);
}

#[test]
fn settings_that_cannot_be_used_are_refused() {
    let password = json!({ "type": "password", "username": "shop@example.com" });
    for (config, secrets, field) in [
        (with(&json!({ "host": "smtp example.com" })), json!({}), "host"),
        (with(&json!({ "host": "" })), json!({}), "host"),
        (with(&json!({ "port": 0 })), json!({}), "port"),
        (with(&json!({ "from": "shop" })), json!({}), "from"),
        (with(&json!({ "from": "a@b.example\r\nBcc: c@d.example" })), json!({}), "from"),
        (with(&json!({ "to": ["a@b.example, c@d.example"] })), json!({}), "to"),
        (with(&json!({ "hello": "a b" })), json!({}), "hello"),
        (with(&json!({ "auth": password })), json!({}), "secrets.auth"),
        (with(&json!({ "auth": password })), json!({ "auth": "" }), "secrets.auth"),
        (config(), json!({ "auth": "hunter22" }), "auth"),
        (
            with(&json!({ "auth": { "type": "password", "username": "a\nb" } })),
            json!({ "auth": "hunter22" }),
            "auth.username",
        ),
        (with(&json!({ "auth": password, "security": "none" })), json!({ "auth": "hunter22" }), "security"),
    ] {
        let said = refusal::<Email>(config, secrets);
        assert!(said.starts_with(&format!("{field}: ")) && !said.contains("hunter22"), "{field}: {said}");
    }
}

#[test]
fn what_is_not_set_is_as_usual() {
    for (security, port, url) in [
        ("tls", 465, "smtps://smtp.example.com:465"),
        ("starttls", 587, "smtp://smtp.example.com:587"),
        ("none", 25, "smtp://smtp.example.com:25"),
    ] {
        let email: Email = open(with(&json!({ "security": security })), json!({})).unwrap();
        assert_eq!((email.server.port, email.url().as_str()), (port, url));
    }
    let email: Email = open(config(), json!({})).unwrap();
    assert_eq!((email.server.security, email.server.hello.as_str()), (Security::Starttls, "example.com"));
}

#[test]
fn a_token_is_shown_by_xoauth2_and_never_recorded() {
    let auth = json!({ "type": "oauth2", "username": "shop@example.com", "client_id": "linchpin",
        "token_url": "https://login.example.com/token", "scope": "https://outlook.office365.com/.default" });
    let email: Email = open(with(&json!({ "auth": auth })), json!({ "auth": "client-s3cret" })).unwrap();
    assert!(Kind::credential(&email).is_some());
    let stamp = Stamp { token: Some("t0ken-0123".into()), ..stamp() };
    let call = Kind::calls(&email, message(json!("a")), &stamp).unwrap().remove(0);
    let hidden: Vec<&str> = call.hidden.iter().map(Secret::expose).collect();
    assert_eq!(hidden[0], "t0ken-0123");
    assert_eq!(
        STANDARD.decode(hidden[1]).unwrap(),
        b"user=shop@example.com\x01auth=Bearer t0ken-0123\x01\x01"
    );
    assert!(matches!(mail(call).login, Some(Login::Token { .. })));
}
