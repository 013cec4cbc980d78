//! A flow that mails what it found, with the file that came, by a mail server of one's own.

use axum::http::Method;
use mail_parser::{MessageParser, MimeHeaders};
use serde_json::{Value, json};

use crate::{
    mail_server::{MailServer, Manners},
    support::{Api, Home, flow},
};

const ACCOUNT: &str = "hr-bot@example.com";
const PASSWORD: &str = "app-pass-0123456789";

const SCREENING: &str = "  cv: { type: file }
nodes:
  tell:
    kind: deliver
    destination: hr
    body:
      to: [\"招聘 <hr@example.com>\"]
      subject: \"候选人：{{ input.query }}\"
      text: \"{{ input.query }} 适合这个职位。\"
      html: \"<p>{{ input.query }} <b>适合</b></p>\"
      attachments: [\"{{ input.cv }}\"]
edges: [start -> tell]
";

const MULTIPART: (&str, &str) = ("content-type", "multipart/form-data; boundary=b0undary");

fn application(name: &str) -> Vec<u8> {
    format!(
        "--b0undary\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\n{name}\r\n--b0undary\r\n\
         Content-Disposition: form-data; name=\"cv\"; filename=\"简历.pdf\"\r\nContent-Type: application/pdf\r\n\r\n\
         %PDF-1.7 my life\r\n--b0undary--\r\n"
    )
    .into_bytes()
}

fn settings(server: &MailServer) -> Value {
    json!({ "kind": "email", "host": "127.0.0.1", "port": server.port(), "from": "HR Bot <hr-bot@example.com>",
        "auth": { "type": "password", "username": ACCOUNT } })
}

#[tokio::test]
async fn a_flow_mails_a_file_that_came_and_escapes_what_people_wrote() {
    let mail = MailServer::start(Manners::usual(ACCOUNT, PASSWORD)).await;
    let home = Home::new();
    let authority = home.path().join("authority.pem");
    std::fs::write(&authority, mail.pem()).unwrap();
    let trusted = json!([authority]).to_string();
    let server = home.serve().variable("LINCHPIN_OUTBOUND__AUTHORITIES", &trusted).start().await;
    let owner = Api::set_up(&server).await;
    let id = owner.destination("hr", settings(&mail), json!({ "auth": PASSWORD })).await;
    owner.deploy("screening", &flow("screening", SCREENING)).await;
    let source = owner.open_source("screening", "accept").await;
    let name = "张三 <script>alert(1)</script>";
    let receipt = source.send(Method::POST, &[MULTIPART], application(name)).await.ok();
    let trace = owner.settled(receipt["event_id"].as_str().unwrap(), 1).await;

    let delivery = &trace["runs"][0]["deliveries"][0];
    assert_eq!(delivery["state"], "delivered", "{delivery}");
    let exchange = &delivery["attempts"][0]["record"]["exchanges"][0];
    assert_eq!(
        (&exchange["request"]["method"], &exchange["response"]["status"]),
        (&json!("SMTP"), &json!(250))
    );
    assert!(!trace.to_string().contains(PASSWORD), "{trace}");
    let received = mail.received();
    assert!(received.len() == 1 && received[0].secured && received[0].signed_in);
    let parsed = MessageParser::default().parse(&received[0].message).unwrap();
    assert_eq!(parsed.subject().unwrap(), format!("候选人：{name}"));
    assert_eq!(parsed.body_text(0).unwrap().trim_end(), format!("{name} 适合这个职位。"));
    let html = "<p>张三 &lt;script&gt;alert(1)&lt;&#x2f;script&gt; <b>适合</b></p>";
    assert_eq!(parsed.body_html(0).unwrap().trim_end(), html);
    let file = parsed.attachments().next().unwrap();
    assert_eq!((file.attachment_name(), file.contents()), (Some("简历.pdf"), &b"%PDF-1.7 my life"[..]));

    // The same message again, by hand, with its file.
    let again = json!({ "delivery": delivery["id"] });
    let preview = owner.post(&format!("/destinations/{id}/preview"), &again).await.ok();
    let headers = preview["requests"][0]["headers"].to_string();
    assert!(headers.contains("简历.pdf") && headers.contains("16 bytes"), "{preview}");
    let tried = owner.post(&format!("/destinations/{id}/test"), &again).await.ok();
    assert_eq!(tried["outcome"], "delivered", "{tried}");
    assert!(mail.received().len() == 2 && !tried.to_string().contains(PASSWORD));
}

#[tokio::test]
async fn a_mail_server_on_a_private_address_has_to_be_allowed() {
    let mail = MailServer::start(Manners::usual(ACCOUNT, PASSWORD)).await;
    let server = Home::new().guarded().start().await;
    let owner = Api::set_up(&server).await;
    let id = owner.destination("hr", settings(&mail), json!({ "auth": PASSWORD })).await;
    let body = json!({ "body": { "to": "hr@example.com", "subject": "a", "text": "b" } });
    let tried = owner.post(&format!("/destinations/{id}/test"), &body).await.ok();
    assert_eq!(tried["outcome"], "permanent");
    let reason = tried["record"]["reason"].as_str().unwrap();
    assert!(reason.contains("127.0.0.1") && reason.contains("outbound.allow_cidrs"), "{reason}");
    assert!(mail.commands().is_empty() && !tried.to_string().contains(PASSWORD));
}
