//! Senders that sign the bytes as they are: generic HMAC, GitHub, GitLab, Shopify, Slack, Stripe, DingTalk's robots;
//! and name and password.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};

use crate::{
    request::{NOW, Request, Tested, compile, tested},
    signing::hmac_sha256,
};

/// A source of a scheme that takes the body's `query` or nothing.
fn lenient(verification: Value, secrets: Value) -> Tested {
    let fields = json!({"query": {"type": "string", "from": "body.query", "default": "none"}});
    let config = json!({"verification": verification, "fields": fields});
    let source = compile(&config, &secrets).unwrap();
    let limits = gateway::Limits::of(&source);
    Tested { source, limits }
}

fn with(request: &Request, name: &'static str, value: &str) -> Request {
    let mut request = request.clone();
    request.headers.insert(name, value.parse().unwrap());
    request
}

/// Whatever is changed in a good request's body or in the named headers is noticed; each header must come once.
fn is_tamper_proof(tested: &Tested, good: &Request, headers: &[&'static str]) {
    assert_eq!(tested.code(good), "accepted");
    for at in 0..good.body.len() {
        let mut changed = good.clone();
        changed.body[at] ^= 1;
        assert_eq!(tested.code(&changed), "signature_invalid", "byte {at} of the body");
    }
    are_tamper_proof(tested, good, headers);
}

fn are_tamper_proof(tested: &Tested, good: &Request, headers: &[&'static str]) {
    for name in headers {
        let value = good.headers[*name].to_str().unwrap().to_owned();
        for at in 0..value.len() {
            let other = if value.as_bytes()[at] == b'0' { '1' } else { '0' };
            let changed = with(good, name, &format!("{}{other}{}", &value[..at], &value[at + 1..]));
            let code = tested.code(&changed);
            assert!(["signature_invalid", "signature_missing"].contains(&code), "{name} at {at}: {code}");
        }
        let mut without = good.clone();
        without.headers.remove(*name);
        assert_eq!(tested.code(&without), "signature_missing", "{name}");
        assert_eq!(tested.code(&good.clone().header(name, &value)), "signature_missing", "{name} twice");
        assert_eq!(tested.code(&with(good, name, "")), "signature_missing", "{name} empty");
    }
}

const SECRET: &str = "It's a Secret to Everybody";

fn github(body: &str, signature: &str) -> Request {
    Request::of("text/plain", body)
        .header("x-hub-signature-256", signature)
        .header("x-github-delivery", "d-1")
}

#[test]
fn github_by_its_documented_example() {
    let tested = lenient(
        json!({"scheme": "github"}),
        json!({"scheme": "github", "secrets": ["another, older one", SECRET]}),
    );
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let good = github("Hello, World!", signature);
    is_tamper_proof(&tested, &good, &["x-hub-signature-256"]);
    assert_eq!(tested.code(&with(&good, "x-hub-signature-256", &signature[7..])), "signature_invalid");
    assert_eq!(tested.code(&with(&good, "x-hub-signature-256", "sha256=")), "signature_invalid");
    assert_eq!(tested.code(&with(&good, "x-hub-signature-256", &signature.repeat(40))), "signature_invalid");
    let claim = |request: &Request| tested.judge(request).unwrap().dedupe.map(|claim| claim.key);
    assert_eq!(claim(&good), claim(&good));
    assert_ne!(claim(&good), claim(&with(&good, "x-github-delivery", "d-2")));
}

#[test]
fn shopify_signs_in_base64() {
    let secrets = json!({"scheme": "shopify", "client_secrets": ["hush, a shared secret"]});
    let tested = tested("shopify", secrets, json!({}));
    let body = Request::good().body;
    let signature = STANDARD.encode(hmac_sha256(b"hush, a shared secret", &[&body]));
    let good =
        Request::good().header("x-shopify-hmac-sha256", &signature).header("x-shopify-webhook-id", "w-1");
    assert_eq!(tested.code(&good), "accepted");
    for at in 0..body.len() {
        let mut changed = good.clone();
        changed.body[at] ^= 1;
        assert_eq!(tested.code(&changed), "signature_invalid");
    }
    // The last digit of a base64 holds two bits that say nothing.
    assert_eq!(tested.code(&with(&good, "x-shopify-hmac-sha256", &signature[..42])), "signature_invalid");
    assert!(tested.judge(&good).unwrap().dedupe.is_some());
}

const SLACK_BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
    channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&\
    response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&\
    trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";

#[test]
fn slack_by_its_documented_example() {
    let secret = "8f742231b10e8888abcd99yyyzzz85a5";
    let secrets = json!({"scheme": "slack", "signing_secrets": [secret]});
    let tested = lenient(json!({"scheme": "slack"}), secrets);
    let mut good = Request::of("application/x-www-form-urlencoded", SLACK_BODY)
        .header("x-slack-signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503")
        .header("x-slack-request-timestamp", "1531420618");
    good.at = clock::Timestamp::from_millis(1_531_420_618_000);
    is_tamper_proof(&tested, &good, &["x-slack-signature", "x-slack-request-timestamp"]);
    let told = tested.judge(&good).unwrap().acknowledgement.unwrap();
    assert!(told.body.is_empty(), "a command's answer would be shown to its user");
    for (offset_ms, code) in
        [(300_999, "accepted"), (301_000, "timestamp_out_of_range"), (-301_000, "timestamp_out_of_range")]
    {
        let at = clock::Timestamp::from_millis(good.at.as_millis() + offset_ms);
        assert_eq!(tested.code(&Request { at, ..good.clone() }), code, "{offset_ms}");
    }
}

fn slack(secret: &str, body: &Value) -> Request {
    let request = Request::json(body);
    let at = NOW.as_secs().to_string();
    let signature = hmac_sha256(secret.as_bytes(), &[b"v0:", at.as_bytes(), b":", &request.body]);
    request
        .header("x-slack-request-timestamp", &at)
        .header("x-slack-signature", &format!("v0={}", hex::encode(signature)))
}

#[test]
fn slack_is_answered_its_challenge_once_it_is_known() {
    let secret = "8f742231b10e8888abcd99yyyzzz85a5";
    let tested = lenient(json!({"scheme": "slack"}), json!({"scheme": "slack", "signing_secrets": [secret]}));
    let question = json!({"token": "Jhj5", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P", "type": "url_verification"});
    let answer = tested.handshake(&slack(secret, &question));
    assert_eq!(
        (answer.content_type, &*answer.body),
        ("text/plain; charset=utf-8", question["challenge"].as_str().unwrap().as_bytes())
    );
    assert_eq!(tested.code(&slack("another secret", &question)), "signature_invalid");
    assert_eq!(tested.code(&Request::json(&question)), "signature_missing");
    let event = json!({"type": "event_callback", "event_id": "Ev1", "challenge": "x"});
    assert!(tested.judge(&slack(secret, &event)).unwrap().dedupe.is_some(), "by the event's id");
}

fn stripe(secret: &str, offset_s: i64) -> Request {
    let request = Request::json(&json!({"id": "evt_1", "query": "E3"}));
    let at = (NOW.as_secs() + offset_s).to_string();
    let signature = hex::encode(hmac_sha256(secret.as_bytes(), &[at.as_bytes(), b".", &request.body]));
    request.header("stripe-signature", &format!("t={at},v1={signature},v0={signature}"))
}

#[test]
fn stripe_puts_time_and_signatures_into_one_header() {
    let secret = "whsec_test_secret_of_an_endpoint";
    let secrets = json!({"scheme": "stripe", "signing_secrets": [secret]});
    let tested = tested("stripe", secrets, json!({}));
    let good = stripe(secret, 0);
    assert_eq!(tested.code(&good), "accepted");
    assert!(tested.judge(&good).unwrap().dedupe.is_some(), "by the event's id");
    for at in 0..good.body.len() {
        let mut changed = good.clone();
        changed.body[at] ^= 1;
        assert_eq!(tested.code(&changed), "signature_invalid", "byte {at}");
    }
    for (offset_s, code) in [
        (-300, "accepted"),
        (300, "accepted"),
        (-301, "timestamp_out_of_range"),
        (301, "timestamp_out_of_range"),
    ] {
        assert_eq!(tested.code(&stripe(secret, offset_s)), code, "{offset_s}");
    }
    assert_eq!(tested.code(&stripe("whsec_another_secret", 0)), "signature_invalid");
    assert_eq!(
        tested.code(&stripe("whsec_another_secret", 400)),
        "signature_invalid",
        "only who holds a secret learns of the clock"
    );
    let header = good.headers["stripe-signature"].to_str().unwrap().to_owned();
    let (time, signatures) = header.split_once(',').unwrap();
    let v1 = signatures.split(',').next().unwrap();
    for (value, code) in [
        (format!("v1=00,{v1}, {time}"), "accepted"),
        (v1.to_owned(), "signature_invalid"),
        (time.to_owned(), "signature_invalid"),
        (format!("{time},{time},{v1}"), "signature_invalid"),
        (format!("{time},{}", v1.replace("v1", "v0")), "signature_invalid"),
        (format!("t=soon,{v1}"), "signature_invalid"),
        (format!("{time},{}{v1}", "v1=00,".repeat(8)), "signature_invalid"),
    ] {
        assert_eq!(tested.code(&with(&good, "stripe-signature", &value)), code, "{value}");
    }
    assert_eq!(tested.code(&good.clone().header("stripe-signature", &header)), "signature_missing");
}

#[test]
fn gitlab_shows_a_token_or_signs() {
    let token = "a gitlab secret token";
    let shown = tested("gitlab", json!({"scheme": "gitlab", "tokens": [token]}), json!({}));
    let good = Request::good().header("x-gitlab-token", token).header("idempotency-key", "k");
    assert_eq!(shown.code(&good), "accepted");
    assert!(shown.judge(&good).unwrap().dedupe.is_some());
    assert_eq!(shown.code(&Request::good()), "token_missing");
    assert_eq!(shown.code(&good.clone().header("x-gitlab-token", token)), "token_missing");
    assert_eq!(shown.code(&with(&good, "x-gitlab-token", "a gitlab secret tokem")), "token_invalid");

    let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let secrets = json!({"scheme": "gitlab", "tokens": [token], "signing_tokens": [key]});
    let signed = tested("gitlab", secrets, json!({}));
    assert_eq!(
        signed.code(&good),
        "signature_missing",
        "where signatures are asked for, a token is not enough"
    );
    let at = NOW.as_secs();
    let signature = standardwebhooks::Webhook::new(key).unwrap().sign("m", at, &good.body).unwrap();
    let good = good
        .header("webhook-id", "m")
        .header("webhook-timestamp", &at.to_string())
        .header("webhook-signature", &signature);
    assert_eq!(signed.code(&good), "accepted");
    let mut changed = good;
    changed.body[3] ^= 1;
    assert_eq!(signed.code(&changed), "signature_invalid");
}

fn robot(secret: &str, at_ms: i64) -> Request {
    let at = at_ms.to_string();
    let sign = STANDARD.encode(hmac_sha256(secret.as_bytes(), &[at.as_bytes(), b"\n", secret.as_bytes()]));
    Request::json(&json!({"query": "hello", "msgId": "msg1"})).header("timestamp", &at).header("sign", &sign)
}

#[test]
fn dingtalks_robots_sign_the_time() {
    let secret = "the app secret of a robot";
    let secrets = json!({"scheme": "dingtalk", "app_secrets": [secret]});
    let tested = tested("dingtalk", secrets, json!({}));
    let now = NOW.as_millis();
    let good = robot(secret, now);
    assert_eq!(tested.code(&good), "accepted");
    assert!(tested.judge(&good).unwrap().dedupe.is_some(), "by the message's id");
    assert!(tested.judge(&good).unwrap().acknowledgement.unwrap().body.is_empty());
    assert_eq!(tested.code(&robot(secret, now - 3_600_000)), "accepted");
    assert_eq!(tested.code(&robot(secret, now - 3_601_000)), "timestamp_out_of_range");
    assert_eq!(tested.code(&robot(secret, now + 3_601_000)), "timestamp_out_of_range");
    assert_eq!(tested.code(&robot("another app secret", now)), "signature_invalid");
    are_tamper_proof(&tested, &good, &["timestamp"]);
    for at in 0..43 {
        let sign = good.headers["sign"].to_str().unwrap();
        let changed = with(&good, "sign", &format!("{}~{}", &sign[..at], &sign[at + 1..]));
        assert_eq!(tested.code(&changed), "signature_invalid");
    }
    assert_eq!(tested.code(&good.clone().header("sign", "x")), "signature_missing");
}

#[test]
fn a_senders_own_way_is_described() {
    let secret = "0123456789abcdef";
    let way = |more: Value| {
        let mut verification = json!({"scheme": "hmac", "header": "X-Sig"});
        verification.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        verification
    };
    let source =
        |more: Value| lenient(way(more), json!({"scheme": "hmac", "secrets": ["an older secret!", secret]}));
    let good = Request::good();
    let signature = hmac_sha256(secret.as_bytes(), &[&good.body]);
    let plain = good.clone().header("x-sig", &hex::encode(&signature));
    is_tamper_proof(&source(json!({})), &plain, &["x-sig"]);
    assert_eq!(source(json!({})).code(&with(&plain, "x-sig", &hex::encode_upper(&signature))), "accepted");
    let base64 = STANDARD.encode(&signature);
    assert_eq!(source(json!({"encoding": "base64"})).code(&with(&plain, "x-sig", &base64)), "accepted");
    let url = base64.replace('+', "-").replace('/', "_");
    assert_eq!(
        source(json!({"encoding": "base64url"})).code(&with(&plain, "x-sig", url.trim_end_matches('='))),
        "accepted"
    );
    assert_eq!(source(json!({"algorithm": "sha1"})).code(&plain), "signature_invalid");
    let mut sha1 = Hmac::<sha1::Sha1>::new_from_slice(secret.as_bytes()).unwrap();
    sha1.update(&good.body);
    let sha1 = hex::encode(sha1.finalize().into_bytes());
    assert_eq!(
        source(json!({"algorithm": "sha1", "prefix": "sha1="})).code(&with(
            &plain,
            "x-sig",
            &format!("sha1={sha1}")
        )),
        "accepted"
    );
    let mut sha512 = Hmac::<sha2::Sha512>::new_from_slice(secret.as_bytes()).unwrap();
    sha512.update(&good.body);
    let sha512 = hex::encode(sha512.finalize().into_bytes());
    assert_eq!(source(json!({"algorithm": "sha512"})).code(&with(&plain, "x-sig", &sha512)), "accepted");
}

#[test]
fn a_template_signs_headers_parameters_and_the_time() {
    let secret = "0123456789abcdef";
    let verification = json!({
        "scheme": "hmac", "header": "x-sig", "signed": "v1:{timestamp}:{header.x-id}:{query.shop}:{body}",
        "timestamp": {"header": "x-at", "unit": "ms", "tolerance": "1m"},
    });
    let tested = lenient(verification, json!({"scheme": "hmac", "secrets": [secret]}));
    let at = NOW.as_millis().to_string();
    let body = Request::good().body;
    let signature = hmac_sha256(secret.as_bytes(), &[b"v1:", at.as_bytes(), b":7:eu 1:", &body]);
    let good = Request::good()
        .query("shop=eu%201")
        .header("x-at", &at)
        .header("x-id", "7")
        .header("x-sig", &hex::encode(signature));
    is_tamper_proof(&tested, &good, &["x-sig", "x-at", "x-id"]);
    for (query, code) in [
        ("shop=eu+1", "accepted"),
        ("shop=eu2", "signature_invalid"),
        ("", "signature_missing"),
        ("shop=eu+1&shop=eu+1", "signature_missing"),
    ] {
        assert_eq!(tested.code(&good.clone().query(query)), code, "{query}");
    }
    let later = Request { at: NOW.after(std::time::Duration::from_secs(61)), ..good };
    assert_eq!(tested.code(&later), "timestamp_out_of_range");
}

#[test]
fn name_and_password() {
    let verification = json!({"scheme": "basic", "username": "shop"});
    let passwords = json!({"scheme": "basic", "passwords": ["an older password", "pass:word:0123456"]});
    let tested = lenient(verification, passwords);
    let shown =
        |pair: &str| Request::good().header("authorization", &format!("Basic {}", STANDARD.encode(pair)));
    assert_eq!(tested.code(&shown("shop:pass:word:0123456")), "accepted");
    assert_eq!(tested.code(&shown("shop:an older password")), "accepted");
    for (request, code) in [
        (shown("shop:pass:word:0123457"), "credentials_invalid"),
        (shown("shoq:pass:word:0123456"), "credentials_invalid"),
        (shown(":"), "credentials_invalid"),
        (Request::good().header("authorization", "Basic %"), "credentials_invalid"),
        (Request::good().header("authorization", "Bearer c2hvcA=="), "credentials_missing"),
        (Request::good(), "credentials_missing"),
        (shown("shop:an older password").header("authorization", "Basic x"), "credentials_missing"),
    ] {
        let refused = tested.judge(&request).unwrap_err();
        assert_eq!(refused.code.as_str(), code);
        assert!(refused.headers[0].1.to_str().unwrap().starts_with("Basic realm="));
    }
}

#[test]
fn what_would_verify_nothing_does_not_compile() {
    let hmac = |more: Value| {
        let mut verification = json!({"scheme": "hmac", "header": "x-sig"});
        verification.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        verification
    };
    let secret = json!({"scheme": "hmac", "secrets": ["0123456789abcdef"]});
    for (verification, secrets, said) in [
        (hmac(json!({"signed": "{timestamp}"})), secret.clone(), "lacks `{body}`"),
        (hmac(json!({"signed": "{body"})), secret.clone(), "not closed"),
        (hmac(json!({"signed": "{bodi}"})), secret.clone(), "`{bodi}` is not known"),
        (hmac(json!({"signed": "{header.a b}{body}"})), secret.clone(), "is not known"),
        (hmac(json!({"signed": "{timestamp}{body}"})), secret.clone(), "or neither"),
        (hmac(json!({"timestamp": {"header": "x-at"}})), secret.clone(), "or neither"),
        (hmac(json!({"header": "x sig"})), secret.clone(), "no name for a header"),
        (
            hmac(json!({"signed": "{timestamp}{body}", "timestamp": {"header": "x", "tolerance": "2d"}})),
            secret.clone(),
            "from 1s to 1d",
        ),
        (hmac(json!({"algorithm": "md5"})), secret, "known are sha1, sha256, sha512"),
        (hmac(json!({})), json!({"scheme": "hmac", "secrets": ["short"]}), "could be guessed"),
        (
            json!({"scheme": "basic", "username": "a:b"}),
            json!({"scheme": "basic", "passwords": ["0123456789abcdef"]}),
            "colon",
        ),
        (
            json!({"scheme": "basic", "username": "a"}),
            json!({"scheme": "basic", "passwords": []}),
            "there is none",
        ),
        (json!({"scheme": "gitlab"}), json!({"scheme": "gitlab"}), "there is none"),
        (json!({"scheme": "gitlab"}), json!({"scheme": "gitlab", "signing_tokens": ["x"]}), "whsec_"),
        (
            json!({"scheme": "github"}),
            json!({"scheme": "gitlab", "tokens": ["0123456789abcdef"]}),
            "not those of the scheme",
        ),
        (
            json!({"scheme": "slack", "tolerance": "0s"}),
            json!({"scheme": "slack", "signing_secrets": ["0123456789abcdef"]}),
            "from 1s to 1d",
        ),
    ] {
        let error = compile(&json!({ "verification": verification }), &secrets).unwrap_err().to_string();
        assert!(error.contains(said), "{verification}: {error}");
        assert!(!error.contains("0123456789abcdef"), "{error}");
    }
}
