//! One flow that tells every kind of chat, and a phone, each of which keeps its vendor's rules.

use serde_json::{Value, json};

use crate::{
    support::{Api, Receiver, Reply, Server, eventually, flow},
    vendors::{self, Asked, Rules, Vendor},
};

const TOKEN: &str = "0123456789abcdef-token";
const SECRET: &str = "SEC-0123456789abcdef";
const ACCOUNT: &str = "AC00000000000000000000000000000000";

const TELLING: &str = "nodes:
  dingtalk:
    kind: deliver
    destination: dingtalk
    body: { text: \"{{ input.query }}\", title: Alarm, mentions: { mobiles: [\"13800001111\"] } }
  feishu:
    kind: deliver
    destination: feishu
    body: { text: \"{{ input.query }}\", format: post, mentions: { all: true } }
  slack:
    kind: deliver
    destination: slack
    body: { text: \"{{ input.query }}\", blocks: [{ type: section, text: { type: mrkdwn, text: \"*{{ input.query }}*\" } }] }
  teams:
    kind: deliver
    destination: teams
    body: { text: \"{{ input.query }}\", facts: [{ title: Query, value: \"{{ input.query }}\" }] }
  connector: { kind: deliver, destination: connector, body: \"{{ input.query }}\" }
  discord: { kind: deliver, destination: discord, body: \"{{ input.query }}\" }
  twilio: { kind: deliver, destination: twilio, body: { to: \"+8613800001111\", text: \"{{ input.query }}\" } }
  aliyun: { kind: deliver, destination: aliyun, body: { to: \"13800001111\", params: { code: \"{{ input.query }}\" } } }
  wecom_app: { kind: deliver, destination: wecom-app, body: { text: \"{{ input.query }}\", to: { users: [ann] } } }
edges:
  - start -> wecom_app
  - start -> dingtalk
  - start -> feishu
  - start -> slack
  - start -> teams
  - start -> connector
  - start -> discord
  - start -> twilio
  - start -> aliyun
";

#[tokio::test]
async fn one_flow_tells_every_kind() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let mut receivers = Vec::new();
    for (name, rules) in rules() {
        let receiver = serve(Vendor::new(rules)).await;
        let (config, secrets) = settings(name, receiver.url("").trim_end_matches('/'));
        owner.destination(name, config, secrets).await;
        receivers.push(receiver);
    }
    owner.deploy("telling", &flow("telling", TELLING)).await;
    let source = owner.open_source("telling", "accept").await;
    let receipt = source.post(&json!({ "query": "洗衣机漏水" })).await.ok();
    let event = receipt["event_id"].as_str().unwrap();
    let trace = eventually("each has been told", async || {
        let trace = owner.trace(event).await;
        let deliveries = trace["runs"][0]["deliveries"].as_array()?;
        let tried =
            |delivery: &Value| delivery["attempts"].as_array().is_some_and(|attempts| !attempts.is_empty());
        (deliveries.len() == receivers.len() && deliveries.iter().all(tried)).then_some(trace)
    });
    let trace = trace.await;
    for delivery in trace["runs"][0]["deliveries"].as_array().unwrap() {
        assert_eq!(delivery["state"], "delivered", "{delivery}");
    }
    let text = trace.to_string();
    assert!(!text.contains(TOKEN) && !text.contains(SECRET), "a secret is in the trace: {text}");
}

fn rules() -> [(&'static str, Box<dyn Rules>); 9] {
    [
        ("dingtalk", Box::new(vendors::Dingtalk { token: TOKEN, secret: Some(SECRET) })),
        ("feishu", Box::new(vendors::Feishu { token: TOKEN, secret: Some(SECRET) })),
        ("slack", Box::new(vendors::Slack { token: TOKEN })),
        ("teams", Box::new(vendors::Workflow { signature: TOKEN })),
        ("connector", Box::new(vendors::Connector { token: TOKEN })),
        ("discord", Box::new(vendors::Discord { token: TOKEN })),
        ("twilio", Box::new(vendors::Twilio { account: ACCOUNT, token: TOKEN })),
        ("aliyun", Box::new(vendors::Aliyun::new("LTAI-1", SECRET))),
        ("wecom-app", Box::new(vendors::WecomApp::new("ww1", SECRET))),
    ]
}

/// The settings and secrets of a destination whose vendor is at such an address.
fn settings(name: &str, at: &str) -> (Value, Value) {
    let chat = |path: String| (json!({ "kind": name }), json!({ "url": format!("{at}/{path}") }));
    let signed = |path: String| {
        let (config, mut secrets) = chat(path);
        secrets["secret"] = SECRET.into();
        (config, secrets)
    };
    match name {
        "dingtalk" => signed(format!("robot/send?access_token={TOKEN}")),
        "feishu" => signed(format!("open-apis/bot/v2/hook/{TOKEN}")),
        "slack" => chat(format!("services/T0/B0/{TOKEN}")),
        "teams" => chat(format!("workflows/1/triggers/manual/paths/invoke?sig={TOKEN}")),
        "connector" => (json!({ "kind": "teams" }), json!({ "url": format!("{at}/webhookb2/{TOKEN}") })),
        "discord" => chat(format!("api/webhooks/12/{TOKEN}")),
        "twilio" => {
            let provider =
                json!({ "type": name, "account_sid": ACCOUNT, "from": "+15005550006", "base": at });
            (json!({ "kind": "sms", "provider": provider }), json!({ "key": TOKEN }))
        }
        "wecom-app" => {
            let config = json!({ "kind": "wecom_app", "corp_id": "ww1", "agent_id": 7, "base": at });
            (config, json!({ "secret": SECRET }))
        }
        _ => {
            let provider = json!({ "type": name, "access_key_id": "LTAI-1", "sign_name": "阿里云",
                "template_code": "SMS_1", "base": at });
            (json!({ "kind": "sms", "provider": provider }), json!({ "key": SECRET }))
        }
    }
}

/// A receiver that answers as a vendor does.
async fn serve(vendor: Vendor) -> Receiver {
    Receiver::start(move |_, seen| {
        let (path, query) = (seen.path.as_str(), seen.query.as_str());
        let asked = Asked { method: &seen.method, path, query, headers: &seen.headers, body: &seen.body };
        let told = vendor.answer(&asked);
        let headers: Vec<(&str, &str)> =
            told.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Reply::with(told.status, &headers, told.body)
    })
    .await
}
