//! Senders that encrypt: WeCom, DingTalk's events, Feishu.

use aes::Aes256;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::NoPadding};
use clock::Timestamp;
use gateway::{Limits, RequestBody};
use http::Method;
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use crate::{
    request::{NOW, Request, Tested, compile, content},
    signing::{self, envelope, lark_signature, sha1_of_sorted},
};

/// A source that takes the whole body as its query.
fn source(verification: Value, secrets: Value) -> Tested {
    let fields = json!({"query": {"type": "string", "from": "body.text", "default": "none"}});
    source_with(verification, secrets, fields)
}

fn source_with(verification: Value, secrets: Value, fields: Value) -> Tested {
    let source = compile(&json!({"verification": verification, "fields": fields}), &secrets).unwrap();
    let limits = Limits::of(&source);
    Tested { source, limits }
}

fn at(mut request: Request, seconds: i64) -> Request {
    request.at = Timestamp::from_millis(seconds * 1_000);
    request
}

const CORP: &str = "wx5823bf96d3bd56c7";
const TOKEN: &str = "QDG6eK";
const AES_KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";

/// A source that takes the whole message, whatever its form.
fn wecom(receive_id: &str) -> Tested {
    let secrets = json!({
        "scheme": "wecom",
        "tokens": ["an older token", TOKEN],
        "aes_keys": ["A".repeat(43), AES_KEY],
    });
    let config = json!({
        "verification": {"scheme": "wecom", "receive_id": receive_id},
        "fields": {"message": {"type": "any", "from": "body"}},
    });
    let inputs: flow::Fields = serde_json::from_value(json!({"message": {"type": "any"}})).unwrap();
    let source =
        gateway::Source::compile(&config.to_string(), secrets.to_string().as_bytes(), &inputs).unwrap();
    let limits = Limits::of(&source);
    Tested { source, limits }
}

/// The example of "验证URL有效性" in WeCom's documentation.
fn echo() -> Request {
    let query = "msg_signature=5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3&timestamp=1409659589&nonce=263014780&\
                 echostr=P9nAzCzyDtyTWESHep1vC5X9xho%2FqYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp%2B4RPcs8TgAE7OaBO%2BFZXvnaqQ%3D%3D";
    at(Request { method: Method::GET, ..Request::of("text/plain", "") }.query(query), 1_409_659_589)
}

/// The example of "对用户回复的消息解密" in WeCom's documentation.
fn message() -> Request {
    let body = "<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName><Encrypt><![CDATA[RypEvHKD8QQKFhvQ6QleEB4J58\
                tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhx\
                chrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekU\
                NXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQU\
                ax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2Y\
                oyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q==]]></Encrypt><AgentID><![CDATA[218]]></AgentID></xml>";
    let query =
        "msg_signature=477715d11cdb4164915debcba66cb864d751f3e6&timestamp=1409659813&nonce=1372623149";
    at(Request::of("text/xml", body).query(query), 1_409_659_813)
}

#[test]
fn wecom_is_answered_what_its_documentation_says() {
    let answer = wecom(CORP).handshake(&echo());
    assert_eq!(
        (answer.content_type, &*answer.body),
        ("text/plain; charset=utf-8", &b"1616140317555161061"[..])
    );
    let refused = wecom("another").judge(&echo()).unwrap_err();
    assert_eq!(refused.code.as_str(), "decryption_failed", "it is meant for another receiver");
    let get = Request { method: Method::GET, ..message() };
    assert_eq!(wecom(CORP).code(&get), "signature_missing", "a GET is a question and nothing else");
    assert_eq!(wecom(CORP).code(&Request { method: Method::PUT, ..echo() }), "method_not_allowed");
}

#[test]
fn wecoms_documented_message_is_opened_and_kept_as_it_came() {
    let tested = wecom(CORP);
    let accepted = tested.judge(&message()).unwrap();
    let text = accepted.input["message"].to_string();
    assert!(text.contains("hello") && text.contains("4561255354251345929"), "{text}");
    let told = accepted.acknowledgement.clone().unwrap();
    assert!(told.body.is_empty(), "anything else would be taken for a reply to the user");
    assert_eq!(
        content(&accepted).request.unwrap().body,
        RequestBody::Text(String::from_utf8(message().body).unwrap().into())
    );
    let again = tested.judge(&message()).unwrap().dedupe.unwrap();
    assert_eq!(accepted.dedupe.unwrap().key, again.key, "by the message's id");
}

#[test]
fn every_part_of_a_wecom_message_is_signed() {
    let tested = wecom(CORP);
    let (start, end) = {
        let body = String::from_utf8(message().body).unwrap();
        let start = body.find("<Encrypt><![CDATA[").unwrap() + 18;
        (start, body.find("]]></Encrypt>").unwrap())
    };
    for at in start..end {
        let mut changed = message();
        changed.body[at] = if changed.body[at] == b'A' { b'B' } else { b'A' };
        assert_eq!(tested.code(&changed), "signature_invalid", "byte {at}");
    }
    let query = message().query.unwrap();
    for at in 0..query.len() {
        let other = if query.as_bytes()[at] == b'0' { '1' } else { '0' };
        let changed = format!("{}{other}{}", &query[..at], &query[at + 1..]);
        let code = tested.code(&message().query(&changed));
        assert!(["signature_invalid", "signature_missing"].contains(&code), "{changed}: {code}");
    }
    for name in ["msg_signature", "timestamp", "nonce"] {
        assert_eq!(
            tested.code(&message().query(&format!("{query}&{name}=1"))),
            "signature_missing",
            "{name} twice"
        );
    }
    for body in [
        "",
        "<xml/>",
        "<xml><Encrypt/></xml>",
        "{}",
        "<xml>",
        "\u{0}",
        "<!DOCTYPE x [<!ENTITY a \"b\">]><xml>&a;</xml>",
    ] {
        assert_eq!(tested.code(&Request { body: body.into(), ..message() }), "signature_missing", "{body}");
    }
    for (late_s, code) in
        [(300, "accepted"), (301, "timestamp_out_of_range"), (-301, "timestamp_out_of_range")]
    {
        assert_eq!(tested.code(&at(message(), 1_409_659_813 + late_s)), code, "{late_s}");
    }
}

const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFE";

fn sealed(body: String, timestamp: i64, ciphertext: &str) -> Request {
    let at = timestamp.to_string();
    let signature = sha1_of_sorted(["a token", &at, "n-1", ciphertext]);
    Request::of("application/json", body)
        .query(&format!("msg_signature={signature}&timestamp={at}&nonce=n-1"))
}

#[test]
fn wecoms_bots_are_told_in_json() {
    let secrets = json!({"scheme": "wecom", "tokens": ["a token"], "aes_keys": [KEY]});
    let tested = source(json!({"scheme": "wecom", "receive_id": ""}), secrets);
    let encrypt = envelope(KEY, json!({"msgid": "m1", "text": "hello"}).to_string().as_bytes(), "");
    let request = sealed(json!({ "encrypt": encrypt }).to_string(), NOW.as_secs(), &encrypt);
    assert_eq!(tested.input(&request), json!({"query": "hello"}));
    assert!(tested.judge(&request).unwrap().dedupe.is_some());
}

#[test]
fn wecoms_events_are_known_by_who_made_them_and_when() {
    let secrets = json!({"scheme": "wecom", "tokens": ["a token"], "aes_keys": [KEY]});
    let fields = json!({"query": {"type": "string", "from": "query.x", "default": "none"}});
    let tested = source_with(json!({"scheme": "wecom", "receive_id": "corp"}), secrets, fields);
    let key = |user: &str, time: &str, nonce: &str| {
        let event = format!(
            "<xml><FromUserName>{user}</FromUserName><CreateTime>{time}</CreateTime><Event>click</Event><x>{nonce}</x></xml>"
        );
        let encrypt = envelope(KEY, event.as_bytes(), "corp");
        let request = sealed(format!("<xml><Encrypt>{encrypt}</Encrypt></xml>"), NOW.as_secs(), &encrypt);
        tested.judge(&request).unwrap().dedupe.map(|claim| claim.key)
    };
    assert_eq!(key("ann", "1", "a"), key("ann", "1", "b"), "an event that is sent again");
    assert_ne!(key("ann", "1", ""), key("ann", "2", ""));
    assert_ne!(key("ann", "1", ""), key("bob", "1", ""));
    assert_eq!(key("ann", "", ""), None, "without a time, two events could not be told apart");
}

#[test]
fn what_is_signed_and_does_not_open_says_so() {
    let secrets = json!({"scheme": "wecom", "tokens": ["a token"], "aes_keys": [KEY]});
    let tested = source(json!({"scheme": "wecom", "receive_id": "corp"}), secrets);
    let good = envelope(KEY, b"{}", "corp");
    let bytes = STANDARD.decode(&good).unwrap();
    for encrypt in [
        "A",
        "AAAA",
        &envelope(KEY, b"{}", "other"),
        &envelope(KEY, b"{}", ""),
        &STANDARD.encode(&bytes[..16]),
        &STANDARD.encode(&bytes[16..]),
    ] {
        let request = sealed(json!({ "encrypt": encrypt }).to_string(), NOW.as_secs(), encrypt);
        assert_eq!(tested.code(&request), "decryption_failed", "{encrypt}");
    }
    let other_key = source(
        json!({"scheme": "wecom", "receive_id": "corp"}),
        json!({"scheme": "wecom", "tokens": ["a token"], "aes_keys": [AES_KEY]}),
    );
    assert_eq!(
        other_key.code(&sealed(json!({ "encrypt": good }).to_string(), NOW.as_secs(), &good)),
        "decryption_failed"
    );
}

#[test]
fn an_envelope_of_hostile_xml_is_none() {
    let secrets = json!({"scheme": "wecom", "tokens": ["a token"], "aes_keys": [KEY]});
    let tested = source(json!({"scheme": "wecom", "receive_id": "corp"}), secrets);
    let message = b"<xml><MsgId>7</MsgId><text>hello</text></xml>";
    let good = envelope(KEY, message, "corp");
    let code = |body: String| tested.code(&sealed(body, NOW.as_secs(), &good));
    assert_eq!(code(format!("<xml><Encrypt a='1'>{good}</Encrypt><Encrypt>x</Encrypt></xml>")), "accepted");
    let laughs = "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]>";
    for body in [
        format!("{laughs}<xml><Encrypt>{good}</Encrypt></xml>"),
        format!("<xml><Encrypt>{good}&b;</Encrypt></xml>"),
        format!("<xml><Encrypt>{good}</Encrypt>{}", "<a>".repeat(100_000)),
        format!("<xml><Encrypt>{good}</Encrypt>{}</xml>", "<a/>".repeat(250_000)),
        format!("<xml><a><Encrypt>{good}</Encrypt></a></xml>"),
        "<xml><Encrypt/></xml>".into(),
    ] {
        assert_eq!(code(body), "signature_missing");
    }
}

proptest! {
    #[test]
    fn whatever_is_signed_is_opened_or_refused(
        plain in vec(any::<u8>(), 0..200),
        cipher in ".{0,80}",
        at in any::<i64>(),
    ) {
        let secrets = json!({"scheme": "wecom", "tokens": ["a token"], "aes_keys": [KEY]});
        let tested = source(json!({"scheme": "wecom", "receive_id": ""}), secrets);
        let key: [u8; 32] = STANDARD.decode(format!("{KEY}=")).unwrap().try_into().unwrap();
        let iv: [u8; 16] = key[..16].try_into().unwrap();
        let cut = plain.len() - plain.len() % 16;
        let mut bytes = plain[..cut].to_vec();
        let encrypt = cbc::Encryptor::<Aes256>::new(&key.into(), &iv.into());
        let whole = STANDARD.encode(encrypt.encrypt_padded::<NoPadding>(&mut bytes, cut).unwrap());
        for text in [&cipher, &whole] {
            let request = sealed(json!({ "encrypt": text }).to_string(), at, text);
            let code = tested.code(&request);
            prop_assert!(["decryption_failed", "timestamp_out_of_range", "accepted"].contains(&code), "{code}");
        }
        let lark = feishu(json!({"encrypt_keys": [ENCRYPT_KEY]}));
        for body in [json!({ "encrypt": cipher }).to_string(), cipher] {
            prop_assert_ne!(lark.code(&Request::of("application/json", body.clone())), "accepted");
            prop_assert_ne!(lark.code(&signed(body, NOW.as_secs())), "accepted");
        }
    }
}

const SUITE: &str = "suite4xxxxxxxxxxxxxxx";
const SUITE_KEY: &str = "4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij";

fn dingtalk() -> Tested {
    let secrets =
        json!({"scheme": "dingtalk_events", "tokens": ["a token", "123456"], "aes_keys": [SUITE_KEY, KEY]});
    source(json!({"scheme": "dingtalk_events", "receive_id": SUITE}), secrets)
}

#[test]
fn dingtalks_own_example_is_opened_and_its_tampered_forms_are_not() {
    // From the demo of DingTalk's own encryption library.
    let encrypt = "1a3NBxmCFwkCJvfoQ7WhJHB+iX3qHPsc9JbaDznE1i03peOk1LaOQoRz3+nlyGNhwmwJ3vDMG+OzrHMeiZI7gTRWVdUBmfxjZ8Ej23JVYa9VrYeJ5as7XM/ZpulX8NEQis44w53h1qAgnC3PRzM7Zc/D6Ibr0rgUathB6zRHP8PYrfgnNOS9PhSBdHlegK+AGGanfwjXuQ9+0pZcy0w9lQ==";
    let query = "signature=5a65ceeef9aab2d149439f82dc191dd6c5cbe2c0&timestamp=1445827045067&nonce=nEXhMP4r";
    let request = at(Request::json(&json!({ "encrypt": encrypt })).query(query), 1_445_827_045);
    let tested = dingtalk();
    let accepted = tested.judge(&request).unwrap();
    assert!(accepted.acknowledgement.is_some());
    assert_eq!(tested.code(&at(request.clone(), 1_445_827_045 + 3_602)), "timestamp_out_of_range");
    assert_eq!(
        tested.code(&request.clone().query(&query.replace("nEXhMP4r", "nEXhMP4s"))),
        "signature_invalid"
    );
    assert_eq!(tested.code(&request.clone().query(&format!("{query}&signature=1"))), "signature_missing");
    assert_eq!(tested.code(&request.clone().query(&query.replace("signature", "x"))), "signature_missing");
    assert_eq!(tested.code(&Request { body: b"{}".to_vec(), ..request.clone() }), "signature_missing");
    let changed = encrypt.replacen('a', "b", 1);
    assert_eq!(
        tested.code(&Request { body: json!({ "encrypt": changed }).to_string().into(), ..request }),
        "signature_invalid"
    );
}

/// What is in an answer to DingTalk, and for whom: by the token and the key that DingTalk used.
fn opened(answer: &[u8]) -> (String, String) {
    let answer: Value = serde_json::from_slice(answer).unwrap();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    let (timestamp, nonce, encrypt) = (text("timeStamp"), text("nonce"), text("encrypt"));
    assert_eq!(text("msg_signature"), sha1_of_sorted(["a token", &timestamp, &nonce, &encrypt]));
    assert_eq!((timestamp, nonce.as_str()), (NOW.as_millis().to_string(), "n-1"));
    let key: [u8; 32] = STANDARD.decode(format!("{KEY}=")).unwrap().try_into().unwrap();
    let iv: [u8; 16] = key[..16].try_into().unwrap();
    let mut bytes = STANDARD.decode(encrypt).unwrap();
    let cipher = cbc::Decryptor::<Aes256>::new(&key.into(), &iv.into());
    let plain = cipher.decrypt_padded::<NoPadding>(&mut bytes).unwrap();
    let end = plain.len() - usize::from(*plain.last().unwrap());
    let size = usize::from(plain[19]);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&plain[20..20 + size]), text(&plain[20 + size..end]))
}

#[test]
fn dingtalk_is_answered_success_for_questions_and_events() {
    let tested = dingtalk();
    let send = |message: Value| {
        let encrypt = envelope(KEY, message.to_string().as_bytes(), SUITE);
        sealed(json!({ "encrypt": encrypt }).to_string(), NOW.as_millis(), &encrypt)
    };
    let answer = tested.handshake(&send(json!({"EventType": "check_url"})));
    assert_eq!(answer.content_type, "application/json");
    assert_eq!(opened(&answer.body), ("success".to_owned(), SUITE.to_owned()));
    let event = send(json!({"EventType": "user_add_org", "TimeStamp": "1", "text": "hi"}));
    let accepted = tested.judge(&event).unwrap();
    assert_eq!(accepted.input["query"], "hi");
    assert_eq!(opened(&accepted.acknowledgement.unwrap().body).0, "success");
    let key = |message: Value| tested.judge(&send(message)).unwrap().dedupe.map(|claim| claim.key);
    let event = |time: &str| json!({"EventType": "org_change", "TimeStamp": time});
    assert_eq!(key(event("1")), key(event("1")));
    assert_ne!(key(event("1")), key(event("2")));
    assert_eq!(key(json!({"EventType": "org_change"})), None);
    assert_eq!(
        key(json!({"eventId": "e", "TimeStamp": "1"})),
        key(json!({"eventId": "e", "TimeStamp": "2"}))
    );
}

const ENCRYPT_KEY: &str = "test key";
const VERIFICATION: &str = "rvaYgkND1GOiu5MM0E1rncYC6PLtF7JV";

fn feishu(secrets: Value) -> Tested {
    let mut all = json!({"scheme": "feishu"});
    all.as_object_mut().unwrap().extend(secrets.as_object().unwrap().clone());
    let fields = json!({
        "query": {"type": "string", "from": "body.event.text", "default": "none"},
    });
    source_with(json!({"scheme": "feishu"}), all, fields)
}

fn lark(message: &str) -> String {
    signing::lark(ENCRYPT_KEY, message.as_bytes())
}

fn signed(body: String, seconds: i64) -> Request {
    let at = seconds.to_string();
    let signature = lark_signature(ENCRYPT_KEY, [&at, "n-1"], body.as_bytes());
    Request::of("application/json; charset=utf-8", body)
        .header("x-lark-request-timestamp", &at)
        .header("x-lark-request-nonce", "n-1")
        .header("x-lark-signature", &signature)
}

fn question() -> Value {
    json!({"challenge": "ajls384kdjx98XX", "token": VERIFICATION, "type": "url_verification"})
}

fn event_2() -> Value {
    json!({
        "schema": "2.0",
        "header": {"event_id": "f7984f25108f8137722bb63cee927e66", "token": VERIFICATION, "event_type": "im.message.receive_v1"},
        "event": {"text": "hello"},
    })
}

#[test]
fn feishus_documented_ciphertext_is_opened() {
    // "test key" and "hello world" of the documentation: no JSON, so it gets as far as the token.
    let tested = feishu(json!({"encrypt_keys": [ENCRYPT_KEY], "verification_tokens": [VERIFICATION]}));
    let body = json!({"encrypt": "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk="}).to_string();
    assert_eq!(tested.code(&signed(body.clone(), NOW.as_secs())), "token_missing");
    let without_token = feishu(json!({"encrypt_keys": [ENCRYPT_KEY]}));
    let refused = without_token.judge(&signed(body, NOW.as_secs())).unwrap_err();
    assert!(refused.detail.contains("not valid JSON: expected value at line 1 column 1"), "{refused:?}");
}

#[test]
fn feishu_is_answered_its_challenge_plain_and_encrypted() {
    let plain = feishu(json!({"verification_tokens": ["an older token..", VERIFICATION]}));
    let answer = plain.handshake(&Request::json(&question()));
    assert_eq!(
        (answer.content_type, &*answer.body),
        ("application/json", &br#"{"challenge":"ajls384kdjx98XX"}"#[..])
    );
    let mut stranger = question();
    stranger["token"] = "another verification token".into();
    assert_eq!(plain.code(&Request::json(&stranger)), "token_invalid");

    let both = feishu(json!({"encrypt_keys": ["older", ENCRYPT_KEY], "verification_tokens": [VERIFICATION]}));
    let asked = Request::of("application/json", lark(&question().to_string()));
    assert_eq!(both.handshake(&asked).body, answer.body, "Feishu does not sign it");
    assert_eq!(both.handshake(&signed(lark(&question().to_string()), NOW.as_secs())).body, answer.body);
    let mut odd = question();
    odd["challenge"] = "a\"b".into();
    for body in [
        lark(&stranger.to_string()),
        lark(&odd.to_string()),
        lark(&event_2().to_string()),
        lark("x"),
        question().to_string(),
        "x".into(),
        "{\"encrypt\":\"AAAA\"}".into(),
    ] {
        let refused = both.judge(&Request::of("application/json", body.clone())).unwrap_err();
        let said = (refused.code.as_str(), &*refused.detail);
        assert_eq!(said, ("signature_missing", "The header `x-lark-signature` is missing."), "{body}");
    }
}

#[test]
fn feishus_events_of_both_forms_are_known_by_their_ids_and_lose_their_token() {
    let tested = feishu(json!({"verification_tokens": [VERIFICATION]}));
    let event_1 =
        json!({"uuid": "u-1", "token": VERIFICATION, "type": "event_callback", "event": {"text": "hello"}});
    for event in [event_1, event_2()] {
        let request = Request::json(&event);
        let accepted = tested.judge(&request).unwrap();
        assert_eq!(Value::Object(accepted.input.clone()), json!({"query": "hello"}));
        assert_eq!(&*accepted.acknowledgement.clone().unwrap().body, b"{}");
        assert!(accepted.dedupe.is_some());
        let kept = String::from_utf8(accepted.content.to_vec()).unwrap();
        assert!(!kept.contains(VERIFICATION) && kept.contains("hello"), "{kept}");
        let refused = gateway::Refused::new(gateway::Code::FieldInvalid, "");
        let kept = tested.source.refusal_content(&request.head(), &request.body, 1_000, &refused);
        assert!(!String::from_utf8(kept).unwrap().contains(VERIFICATION));
    }
    let whole = source_with(
        json!({"scheme": "feishu"}),
        json!({"scheme": "feishu", "encrypt_keys": [ENCRYPT_KEY], "verification_tokens": [VERIFICATION]}),
        json!({"query": {"type": "string", "from": "body.header.token", "default": "gone"}}),
    );
    assert_eq!(whole.input(&signed(lark(&event_2().to_string()), NOW.as_secs()))["query"], "gone");
    for body in [json!({}), json!([]), json!({"token": 5}), json!({"header": {"token": null}})] {
        assert_eq!(tested.code(&Request::json(&body)), "token_missing", "{body}");
    }
}

#[test]
fn feishus_signature_covers_time_nonce_and_body() {
    let tested = feishu(json!({"encrypt_keys": [ENCRYPT_KEY]}));
    let good = signed(lark(&event_2().to_string()), NOW.as_secs());
    assert_eq!(tested.input(&good), json!({"query": "hello"}));
    for at in 0..good.body.len() {
        let mut changed = good.clone();
        changed.body[at] ^= 1;
        assert_eq!(tested.code(&changed), "signature_invalid", "byte {at}");
    }
    for name in ["x-lark-signature", "x-lark-request-timestamp", "x-lark-request-nonce"] {
        let value = good.headers[name].to_str().unwrap().to_owned();
        for at in 0..value.len() {
            let mut changed = good.clone();
            let other = if value.as_bytes()[at] == b'0' { '1' } else { '0' };
            changed
                .headers
                .insert(name, format!("{}{other}{}", &value[..at], &value[at + 1..]).parse().unwrap());
            assert_eq!(tested.code(&changed), "signature_invalid", "{name} at {at}");
        }
        assert_eq!(tested.code(&good.clone().header(name, &value)), "signature_missing", "{name} twice");
        let mut without = good.clone();
        without.headers.remove(name);
        assert_eq!(tested.code(&without), "signature_missing", "{name}");
    }
    assert_eq!(tested.code(&signed(lark("{}"), NOW.as_secs() - 86_401)), "timestamp_out_of_range");
    assert_eq!(
        tested.code(&signed(event_2().to_string(), NOW.as_secs())),
        "decryption_failed",
        "what is not encrypted is not taken"
    );
    assert_eq!(tested.code(&Request::json(&event_2())), "signature_missing");
}

#[test]
fn what_would_open_nothing_does_not_compile() {
    let wecom = json!({"scheme": "wecom", "receive_id": "corp"});
    let keys = |tokens: Value, keys: Value| json!({"scheme": "wecom", "tokens": tokens, "aes_keys": keys});
    for (verification, secrets, said) in [
        (json!({"scheme": "wecom"}), keys(json!(["t"]), json!([KEY])), "`receive_id` is missing"),
        (wecom.clone(), keys(json!([]), json!([KEY])), "there is none"),
        (wecom.clone(), keys(json!([""]), json!([KEY])), "one is empty"),
        (wecom.clone(), keys(json!(["t"]), json!([])), "there is none"),
        (wecom, keys(json!(["t"]), json!(["short"])), "43 characters"),
        (json!({"scheme": "feishu"}), json!({"scheme": "feishu"}), "there is none"),
        (json!({"scheme": "feishu"}), json!({"scheme": "feishu", "encrypt_keys": [""]}), "one is empty"),
        (
            json!({"scheme": "feishu"}),
            json!({"scheme": "feishu", "verification_tokens": ["short"]}),
            "guessed",
        ),
    ] {
        let error = compile(&json!({ "verification": verification }), &secrets).unwrap_err().to_string();
        assert!(error.contains(said), "{verification}: {error}");
        assert!(!error.contains(KEY), "{error}");
    }
    let printed = format!(
        "{:?} {:?} {:?}",
        dingtalk().source,
        feishu(json!({"encrypt_keys": ["hidden key"]})).source,
        super::encrypted::wecom(CORP).source
    );
    assert!(
        ![SUITE_KEY, "123456", "hidden key", TOKEN, AES_KEY].iter().any(|secret| printed.contains(secret)),
        "{printed}"
    );
}
