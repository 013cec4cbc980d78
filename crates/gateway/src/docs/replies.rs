//! What a sender is answered, and the limits that it meets.

use serde_json::{Value, json};

use super::{ProblemDocs, ReplyDocs, Text};
use crate::{Code, Config, Problem, Rate, Reply, Source, codes, scheme::Scheme};

const JSON: Option<&str> = Some("application/json");

/// The answers to accepted requests, by the reply's own JSON: of a mode that is not known here, no more is said than
/// that a 2xx means that the event is safe.
pub(super) fn replies(reply: &Reply) -> Vec<ReplyDocs> {
    let reply = serde_json::to_value(reply).unwrap_or_default();
    let deadline = reply["deadline"].as_str().unwrap_or("30s").to_owned();
    let given = |default: u16| {
        reply["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(default)
    };
    match reply["mode"].as_str().unwrap_or_default() {
        "accept" => vec![receipt(given(202), Text::new("The event is on stable storage.", "事件已持久化。"))],
        "wait" => vec![
            ReplyDocs {
                status: 200,
                meaning: Text::new("The flow's outputs.", "流程的输出。"),
                content_type: JSON,
                example: None,
            },
            late(&deadline),
            failed(),
        ],
        "respond" => vec![
            ReplyDocs {
                status: 200,
                meaning: Text::new(
                    "What the flow answers; it may choose another status.",
                    "流程给出的响应；状态码可能由流程另行指定。",
                ),
                content_type: JSON,
                example: None,
            },
            ReplyDocs {
                status: 204,
                meaning: Text::new("The flow ended without an answer.", "流程结束但未给出响应。"),
                content_type: None,
                example: None,
            },
            late(&deadline),
            failed(),
        ],
        "stream" => vec![ReplyDocs {
            status: 200,
            meaning: Text::new(
                "Server-sent events, as the flow runs.",
                "随流程运行推送的服务器发送事件（SSE）。",
            ),
            content_type: Some("text/event-stream"),
            example: None,
        }],
        _ => vec![ReplyDocs {
            status: given(200),
            meaning: Text::new("The event is on stable storage.", "事件已持久化。"),
            content_type: None,
            example: None,
        }],
    }
}

fn receipt(status: u16, meaning: Text) -> ReplyDocs {
    let example = json!({
        "event_id": "evt_01h455vb4pex5vsknk084sn02q",
        "run_id": "run_01h455vb4pex5vsknk084sn02q",
        "status_url": "https://…/status/evt_01h455vb4pex5vsknk084sn02q?token=…",
    });
    let has_body = !matches!(status, 204 | 205);
    ReplyDocs {
        status,
        meaning,
        content_type: JSON.filter(|_| has_body),
        example: has_body.then(|| format!("{example:#}")),
    }
}

fn late(deadline: &str) -> ReplyDocs {
    let en = format!("The flow takes longer than {deadline}; `status_url` tells what comes of it.");
    receipt(202, Text::new(en, format!("流程运行超过 {deadline}；可通过 `status_url` 查询结果。")))
}

fn failed() -> ReplyDocs {
    let example = json!({
        "type": "/errors/run_failed", "title": "The run failed", "status": 500, "detail": "…",
        "code": "run_failed", "event_id": "evt_01h455vb4pex5vsknk084sn02q",
    });
    ReplyDocs {
        status: 500,
        meaning: Text::new(
            "The event is safe, but its run failed. It need not be sent again.",
            "事件已保存，但运行失败。无需重新发送。",
        ),
        content_type: Some(Problem::CONTENT_TYPE),
        example: Some(format!("{example:#}")),
    }
}

/// What a request may be refused for, as far as this source does.
pub(super) fn problems(config: &Config) -> Vec<ProblemDocs> {
    let scheme = config.verification.scheme();
    let limits = &config.limits;
    let happens = |code: Code| match code {
        Code::CredentialsMissing | Code::CredentialsInvalid => scheme == "basic",
        Code::TokenMissing | Code::TokenInvalid => matches!(scheme, "token" | "gitlab" | "jwt" | "feishu"),
        Code::TokenExpired | Code::KeysUnavailable => scheme == "jwt",
        Code::SignatureMissing | Code::SignatureInvalid | Code::TimestampOutOfRange => {
            !matches!(scheme, "none" | "token" | "basic" | "jwt")
        }
        Code::DecryptionFailed => matches!(scheme, "wecom" | "dingtalk_events" | "feishu"),
        Code::ClientRateLimited => limits.client_rate.is_some(),
        Code::SourceRateLimited => limits.source_rate.is_some(),
        Code::PathNotFound => config.path.is_some(),
        _ => true,
    };
    let entries = codes().iter().filter(|entry| happens(entry.code));
    let docs = |entry: &crate::CodeEntry| ProblemDocs {
        status: entry.status,
        code: entry.code.as_str(),
        advice: Text::new(entry.advice_en, entry.advice_zh),
    };
    entries.map(docs).collect()
}

/// Limits of size and rate, and how a repeated request is known.
pub(super) fn limits(source: &Source) -> Vec<Text> {
    let config = source.config();
    let mut limits = vec![Text::new(
        format!("A body has at most {}.", config.limits.body),
        format!("请求体不超过 {}。", config.limits.body),
    )];
    let rate = |rate: Rate, who: [&str; 2]| {
        Text::new(
            format!("{} may send {} requests in {}.", who[0], rate.requests, rate.per),
            format!("{}在 {} 内最多发送 {} 个请求。", who[1], rate.per, rate.requests),
        )
    };
    limits
        .extend(config.limits.client_rate.map(|known| rate(known, ["One client address", "同一客户端地址"])));
    limits.extend(
        config.limits.source_rate.map(|known| rate(known, ["All senders together", "所有发送方合计"])),
    );
    limits.extend(repeated(config, &*source.verifiers.present().scheme));
    limits
}

fn repeated(config: &Config, scheme: &dyn Scheme) -> Option<Text> {
    let dedupe = config.dedupe.as_ref()?;
    let dedupe = serde_json::to_value(dedupe).unwrap_or_default();
    let window = dedupe["window"].as_str().unwrap_or("1d");
    let place = match (&dedupe["from"], dedupe.get("key")) {
        (Value::String(from), _) => quoted(&[from]),
        (_, Some(Value::String(_))) => {
            return Some(Text::new(
                format!(
                    "A request that says the same again within {window} is known, and answered as the first."
                ),
                format!("{window} 内内容相同的重复请求会被识别，并得到与首次相同的响应。"),
            ));
        }
        _ => scheme.own_dedupe_key().unwrap_or_else(|| quoted(scheme.dedupe_keys())),
    };
    Some(Text::new(
        format!(
            "Two requests with the same {} within {window} are one event: the second is answered as the first.",
            place.en
        ),
        format!("{window} 内{}相同的两个请求视为同一事件：第二个会得到与第一个相同的响应。", place.zh),
    ))
}

/// The places of a key, of which the first that is there counts.
fn quoted(places: &[&str]) -> Text {
    let quoted: Vec<_> = places.iter().map(|place| format!("`{place}`")).collect();
    Text::new(quoted.join(" or "), format!(" {} ", quoted.join(" 或 ")))
}
