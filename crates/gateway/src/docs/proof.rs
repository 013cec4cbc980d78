//! How a sender proves who it is, in words, and as far as programs need to know it.

use serde_json::Value;

use super::Text;
use crate::Verification;

/// What a request carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// Nothing.
    None,
    /// A token, in each of these places; one is enough.
    Token(Vec<Place>),
    /// A user's name and a password.
    Basic(String),
    /// A signature by the Standard Webhooks specification.
    StandardWebhooks,
    /// A signature of the sender's own way.
    Hmac(Hmac),
    /// Something that a vendor's system makes; its name.
    Other(String),
}

/// Where a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Bearer,
    Header(String),
    Query(String),
}

/// A signature in a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hmac {
    pub(super) header: String,
    /// `sha1`, `sha256`, `sha512`.
    pub(super) algorithm: String,
    /// `hex`, `base64`, `base64url`.
    pub(super) encoding: String,
    pub(super) prefix: String,
    /// What is signed, with `{timestamp}` and `{body}` in it.
    pub(super) signed: String,
    /// The header of the time of signing, and whether it counts milliseconds.
    pub(super) timestamp: Option<(String, bool)>,
}

impl Proof {
    /// By the configuration's own JSON: what a scheme has more is only told in words.
    pub(super) fn of(verification: &Verification) -> Self {
        let config = serde_json::to_value(verification).unwrap_or_default();
        Self::of_json(verification.scheme(), &config)
    }

    pub(super) fn of_json(scheme: &str, config: &Value) -> Self {
        let text = |name: &str| config[name].as_str().map(str::to_owned);
        match scheme {
            "none" => Self::None,
            "token" => {
                let bearer = config["bearer"].as_bool().unwrap_or_default().then_some(Place::Bearer);
                let header = text("header").map(Place::Header);
                let query = text("query").filter(|name| !name.is_empty()).map(Place::Query);
                Self::Token([bearer, header, query].into_iter().flatten().collect())
            }
            "basic" => Self::Basic(text("username").unwrap_or_default()),
            "standard_webhooks" => Self::StandardWebhooks,
            "hmac" => Hmac::of(config).map_or_else(|| Self::Other(scheme.to_owned()), Self::Hmac),
            other => Self::Other(other.to_owned()),
        }
    }

    /// What to do, a step each.
    pub(super) fn recipe(&self) -> Vec<Text> {
        match self {
            Self::None => vec![Text::new(
                "None: whoever knows the URL may send. Keep it to yourself.",
                "无：任何知道此 URL 的人都可以发送，请妥善保管。",
            )],
            Self::Token(places) => token(places),
            Self::Basic(username) => vec![Text::new(
                format!(
                    "Send HTTP Basic authentication with the user `{username}` and the source's password."
                ),
                format!("使用 HTTP Basic 认证，用户名为 `{username}`，密码为该来源的密码。"),
            )],
            Self::StandardWebhooks => standard_webhooks(),
            Self::Hmac(hmac) => hmac.recipe(),
            Self::Other(scheme) => other(scheme),
        }
    }
}

impl Hmac {
    /// Nothing when more is signed than a time and the body.
    fn of(config: &Value) -> Option<Self> {
        let text = |name: &str, default: &str| config[name].as_str().unwrap_or(default).to_owned();
        let signed = text("signed", "{body}");
        let rest = signed.replace("{timestamp}", "").replace("{body}", "");
        let timestamp = &config["timestamp"];
        let header = timestamp["header"].as_str().map(str::to_owned);
        (!rest.contains(['{', '}'])).then(|| Self {
            header: text("header", "x-signature"),
            algorithm: text("algorithm", "sha256"),
            encoding: text("encoding", "hex"),
            prefix: text("prefix", ""),
            timestamp: header.map(|header| (header, timestamp["unit"] == "ms")),
            signed,
        })
    }

    fn recipe(&self) -> Vec<Text> {
        let Self { header, algorithm, encoding, prefix, signed, timestamp } = self;
        let mut steps = Vec::new();
        if let Some((name, is_ms)) = timestamp {
            let [en, zh] = if *is_ms { ["milliseconds", "毫秒"] } else { ["seconds", "秒"] };
            steps.push(Text::new(
                format!("Put the time, in {en} since 1970, into the header `{name}`."),
                format!("将当前时间（自 1970 年起的{zh}数）放入请求头 `{name}`。"),
            ));
        }
        steps.push(Text::new(
            format!(
                "Compute HMAC-{} of `{signed}` with the source's secret, over the exact bytes of the body.",
                algorithm.to_uppercase()
            ),
            format!(
                "用该来源的密钥对 `{signed}` 计算 HMAC-{}；请求体须为实际发送的原始字节。",
                algorithm.to_uppercase()
            ),
        ));
        steps.push(Text::new(
            format!("Send it in {encoding}, as `{header}: {prefix}…`."),
            format!("以 {encoding} 编码后放入请求头：`{header}: {prefix}…`。"),
        ));
        steps
    }
}

fn token(places: &[Place]) -> Vec<Text> {
    let place = |place: &Place| match place {
        Place::Bearer => Text::new("`Authorization: Bearer …`", "`Authorization: Bearer …`"),
        Place::Header(name) => Text::new(format!("the header `{name}`"), format!("请求头 `{name}`")),
        Place::Query(name) => Text::new(
            format!("the query parameter `{name}` (URLs end up in logs: prefer another way)"),
            format!("查询参数 `{name}`（URL 会被写入日志，请优先使用其他方式）"),
        ),
    };
    let known: Vec<Text> = places.iter().map(place).collect();
    let join = |texts: Vec<&str>, between: &str| texts.join(between);
    let en = join(known.iter().map(|text| text.en.as_str()).collect(), ", or ");
    let zh = join(known.iter().map(|text| text.zh.as_str()).collect(), "，或 ");
    vec![Text::new(
        format!("Send the source's token as {en}."),
        format!("通过以下方式之一携带该来源的令牌：{zh}。"),
    )]
}

fn standard_webhooks() -> Vec<Text> {
    vec![
        Text::new(
            "Sign each request as the Standard Webhooks specification says; there are libraries for most languages.",
            "按照 Standard Webhooks 规范对每个请求签名；多数语言均有现成的库。",
        ),
        Text::new(
            "`webhook-id`: a name for the message, the same each time it is tried; `webhook-timestamp`: the time in \
             seconds since 1970.",
            "`webhook-id`：消息的标识，每次重试保持不变；`webhook-timestamp`：自 1970 年起的秒数。",
        ),
        Text::new(
            "`webhook-signature`: `v1,` and the base64 of HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{body}`. The \
             key is what follows `whsec_` in the source's signing key, decoded from base64.",
            "`webhook-signature`：`v1,` 加上对 `{webhook-id}.{webhook-timestamp}.{body}` 计算的 HMAC-SHA256 的 base64 \
             编码。密钥为该来源签名密钥中 `whsec_` 之后部分的 base64 解码结果。",
        ),
    ]
}

fn other(scheme: &str) -> Vec<Text> {
    let jwt = Text::new(
        "Send a JSON Web Token as `Authorization: Bearer …`, signed by a key that the source knows.",
        "以 `Authorization: Bearer …` 携带 JSON Web Token，并由该来源信任的密钥签名。",
    );
    let vendor = Text::new(
        format!(
            "Requests are verified as `{scheme}` signs them: enter the URL and the shared secret in that system's settings."
        ),
        format!("请求按 `{scheme}` 的签名方式校验：请在该系统的设置中填写此 URL 与共享密钥。"),
    );
    let own = Text::new(
        "Requests are signed with a shared secret over more than the body; whoever gave you this URL knows the way.",
        "请求使用共享密钥签名，签名内容不止请求体；请向提供此 URL 的人了解具体方式。",
    );
    vec![match scheme {
        "jwt" => jwt,
        "hmac" => own,
        _ => vendor,
    }]
}
