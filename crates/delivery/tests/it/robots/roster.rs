//! The vendors, how each is set up, and what it is told.

use std::time::Duration;

use serde_json::{Value, json};

use crate::vendors::{self, Rules, Told};

pub(super) const TOKEN: &str = "0123456789abcdef-token";
pub(super) const SECRET: &str = "SEC-0123456789abcdef";
const ACCOUNT: &str = "AC00000000000000000000000000000000";

/// A vendor, how it is set up, and what it is told.
pub(super) struct Robot {
    pub(super) name: &'static str,
    pub(super) rules: fn() -> Box<dyn Rules>,
    /// Its settings, when it is at such an address.
    pub(super) config: fn(&str) -> Value,
    /// Its secrets, when it is at such an address and knows us by such a word.
    pub(super) secrets: fn(&str, &str) -> Value,
    /// The word by which it knows us, and what a failure says of another one.
    pub(super) proof: (&'static str, &'static str),
    pub(super) message: Value,
    /// A message that it takes only in parts.
    pub(super) long: Option<Value>,
    /// An answer that nobody knows.
    pub(super) strange: Told,
    /// How long it wants to be left alone.
    pub(super) pause: Duration,
}

pub(super) fn robots() -> Vec<Robot> {
    vec![dingtalk(), feishu(), slack(), teams_workflow(), teams_connector(), discord(), twilio(), aliyun()]
}

pub(super) fn dingtalk() -> Robot {
    Robot {
        name: "dingtalk",
        rules: || Box::new(vendors::Dingtalk { token: TOKEN, secret: Some(SECRET) }),
        config: |_| json!({ "kind": "dingtalk", "mentions": { "mobiles": ["13800001111"] } }),
        secrets: |at, proof| json!({ "url": format!("{at}/robot/send?access_token={TOKEN}"), "secret": proof }),
        proof: (SECRET, "does not accept the signature"),
        message: json!("漏水"),
        long: Some(paragraphs()),
        strange: Told::json(200, &json!({ "errcode": 7, "errmsg": "new" })),
        pause: Duration::from_secs(600),
    }
}

pub(super) fn feishu() -> Robot {
    Robot {
        name: "feishu",
        rules: || Box::new(vendors::Feishu { token: TOKEN, secret: Some(SECRET) }),
        config: |_| json!({ "kind": "feishu", "title": "Alarm" }),
        secrets: |at, proof| json!({ "url": format!("{at}/open-apis/bot/v2/hook/{TOKEN}"), "secret": proof }),
        proof: (SECRET, "does not accept the signature"),
        message: json!({ "text": "漏水", "mentions": { "all": true } }),
        long: Some(paragraphs()),
        strange: Told::json(200, &json!({ "code": 7, "msg": "new" })),
        pause: Duration::from_secs(60),
    }
}

fn slack() -> Robot {
    Robot {
        name: "slack",
        rules: || Box::new(vendors::Slack { token: TOKEN }),
        config: |_| json!({ "kind": "slack" }),
        secrets: |at, proof| json!({ "url": format!("{at}/services/T0/B0/{proof}") }),
        proof: (TOKEN, "set the webhook URL anew"),
        message: json!("*漏水*"),
        long: Some(json!("漏水时请先关闭进水阀。\n".repeat(4000))),
        strange: Told::text(200, "fine"),
        pause: Duration::from_secs(30),
    }
}

fn teams_workflow() -> Robot {
    Robot {
        name: "teams, by a workflow",
        rules: || Box::new(vendors::Workflow { signature: TOKEN }),
        config: |_| json!({ "kind": "teams" }),
        secrets: |at, proof| json!({ "url": format!("{at}/workflows/1/triggers/manual/paths/invoke?sig={proof}") }),
        proof: (TOKEN, "does not accept the URL's signature"),
        message: json!({ "text": "漏水", "facts": [{ "title": "Machine", "value": "E3" }] }),
        long: Some(paragraphs()),
        strange: Told::text(200, "fine"),
        pause: Duration::from_secs(20),
    }
}

fn teams_connector() -> Robot {
    Robot {
        name: "teams, by a connector",
        rules: || Box::new(vendors::Connector { token: TOKEN }),
        config: |_| json!({ "kind": "teams" }),
        secrets: |at, proof| json!({ "url": format!("{at}/webhookb2/{proof}") }),
        proof: (TOKEN, "does not know the channel any more"),
        message: json!("漏水"),
        long: Some(paragraphs()),
        strange: Told::text(200, "Webhook message delivery failed with error: what"),
        pause: Duration::from_secs(30),
    }
}

fn discord() -> Robot {
    Robot {
        name: "discord",
        rules: || Box::new(vendors::Discord { token: TOKEN }),
        config: |_| json!({ "kind": "discord" }),
        secrets: |at, proof| json!({ "url": format!("{at}/api/webhooks/12/{proof}") }),
        proof: (TOKEN, "or not its token"),
        message: json!("@everyone 漏水"),
        long: Some(json!("漏水时请先关闭进水阀。\n".repeat(400))),
        strange: Told::json(400, &json!({ "code": 7, "message": "new" })),
        pause: Duration::from_millis(64_570),
    }
}

fn twilio() -> Robot {
    Robot {
        name: "sms, by Twilio",
        rules: || Box::new(vendors::Twilio { account: ACCOUNT, token: TOKEN }),
        config: |at| {
            let provider =
                json!({ "type": "twilio", "account_sid": ACCOUNT, "from": "+15005550006", "base": at });
            json!({ "kind": "sms", "provider": provider })
        },
        secrets: |_, proof| json!({ "key": proof }),
        proof: (TOKEN, "does not accept the account or its key"),
        message: json!({ "to": "+8613800001111", "text": "漏水" }),
        long: Some(json!({ "to": "+8613800001111", "text": "漏水时请先关闭进水阀。".repeat(200) })),
        strange: Told::json(400, &json!({ "code": 7, "message": "new" })),
        pause: Duration::from_secs(15),
    }
}

pub(super) fn aliyun() -> Robot {
    Robot {
        name: "sms, by Alibaba Cloud",
        rules: || Box::new(vendors::Aliyun::new("LTAI-1", SECRET)),
        config: |at| {
            let provider = json!({ "type": "aliyun", "access_key_id": "LTAI-1", "sign_name": "阿里云",
                "template_code": "SMS_1", "base": at });
            json!({ "kind": "sms", "provider": provider })
        },
        secrets: |_, proof| json!({ "key": proof }),
        proof: (SECRET, "does not accept the key"),
        message: json!({ "to": "13800001111", "params": { "code": 1234 } }),
        long: None,
        strange: Told::json(200, &json!({ "Code": "isv.NEW", "Message": "new" })),
        pause: Duration::from_secs(60),
    }
}

/// A text with much to escape, of 57,000 bytes.
fn paragraphs() -> Value {
    "他说\"漏水\"，请先关阀。\n\n".repeat(1500).into()
}
