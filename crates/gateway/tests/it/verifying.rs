//! Verification: token, Standard Webhooks, none.

use gateway::Refused;
use http::header;
use serde_json::{Value, json};
use vault::standard_webhooks::SigningKey;

use crate::request::{NOW, Request, TOKEN, Tested, compile, guarded, open, tested};

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OLD_KEY: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn signed_source() -> Tested {
    let secrets = json!({"scheme": "standard_webhooks", "signing_keys": [KEY, OLD_KEY]});
    tested("standard_webhooks", secrets, json!({}))
}

/// A good request, signed at an offset from now by the reference implementation.
fn signed(key: &str, offset_s: i64) -> Request {
    let request = Request::good();
    let at = NOW.as_secs() + offset_s;
    let reference = standardwebhooks::Webhook::new(key).unwrap();
    let signature = reference.sign("msg_1", at, &request.body).unwrap();
    request
        .header("webhook-id", "msg_1")
        .header("webhook-timestamp", &at.to_string())
        .header("webhook-signature", &signature)
}

fn with(request: Request, name: &'static str, value: &str) -> Request {
    let mut request = request;
    request.headers.insert(name, value.parse().unwrap());
    request
}

#[test]
fn a_token_may_come_in_three_places() {
    let tested = guarded(json!({}));
    let bearer = |value: &str| Request::good().header("authorization", value);
    for request in [
        bearer(&format!("Bearer {TOKEN}")),
        bearer(&format!("bEARER  {TOKEN} ")),
        Request::good().header("x-webhook-token", TOKEN),
        Request::good().query(&format!("a=1&token={TOKEN}")),
        Request::good().query("token=%30123456789abcdef"),
        bearer("Bearer another").query(&format!("token={TOKEN}")),
        bearer("Basic eA==").header("authorization", &format!("Bearer {TOKEN}")),
    ] {
        assert_eq!(tested.code(&request), "accepted", "{:?} {:?}", request.headers, request.query);
    }
    for (request, code) in [
        (Request::good(), "token_missing"),
        (bearer(TOKEN), "token_missing"),
        (bearer("Bearer"), "token_missing"),
        (bearer("Basic eA=="), "token_missing"),
        (bearer("Bearer "), "token_invalid"),
        (bearer(&format!("Bearer {TOKEN}x")), "token_invalid"),
        (bearer(&format!("Bearer {}", &TOKEN[1..])), "token_invalid"),
        (Request::good().query("token="), "token_invalid"),
        (Request::good().query(&"token=x&".repeat(1_000)), "token_invalid"),
        (Request::good().header("x-webhook-token", "\u{e9}"), "token_invalid"),
        (Request::json(&json!({"token": TOKEN})), "token_missing"),
    ] {
        let refused = tested.judge(&request).unwrap_err();
        assert_eq!(refused.code.as_str(), code, "{:?} {:?}", request.headers, request.query);
        assert!(refused.headers.contains(&(header::WWW_AUTHENTICATE, "Bearer".parse().unwrap())));
    }
}

#[test]
fn any_changed_byte_of_a_token_is_noticed() {
    let tested = guarded(json!({}));
    for at in 0..TOKEN.len() {
        let changed = format!("{}~{}", &TOKEN[..at], &TOKEN[at + 1..]);
        assert_eq!(
            tested.code(&Request::good().header("x-webhook-token", &changed)),
            "token_invalid",
            "{at}"
        );
    }
}

#[test]
fn places_can_be_switched_off_and_tokens_replaced() {
    let config =
        json!({"verification": {"scheme": "token", "bearer": false, "query": null, "header": "X-Key"}});
    let secrets = json!({"scheme": "token", "tokens": [TOKEN, "the other, newer token"]});
    let source = compile(&config, &secrets).unwrap();
    let limits = gateway::Limits::of(&source);
    let tested = Tested { source, limits };
    assert_eq!(tested.code(&Request::good().with_token()), "token_missing");
    assert_eq!(tested.code(&Request::good().query(&format!("token={TOKEN}"))), "token_missing");
    assert_eq!(tested.code(&Request::good().header("x-key", TOKEN)), "accepted");
    assert_eq!(tested.code(&Request::good().header("x-key", "the other, newer token")), "accepted");
}

#[test]
fn a_request_signed_by_the_reference_implementation_is_accepted() {
    let tested = signed_source();
    for request in [signed(KEY, 0), signed(OLD_KEY, 0), signed(KEY, -300), signed(KEY, 300)] {
        assert_eq!(tested.code(&request), "accepted");
    }
    let ours = SigningKey::parse(OLD_KEY).unwrap().sign("msg_1", NOW.as_secs(), &Request::good().body);
    let several = with(signed(KEY, 0), "webhook-signature", &format!("v1a,x v1,y {ours}"));
    assert_eq!(tested.code(&several), "accepted");
}

#[test]
fn a_signature_covers_id_time_and_every_byte_of_the_body() {
    let tested = signed_source();
    let right = signed(KEY, 0);
    for at in 0..right.body.len() {
        let mut request = right.clone();
        request.body[at] ^= 1;
        assert_eq!(tested.code(&request), "signature_invalid", "byte {at}");
    }
    let signature = right.headers["webhook-signature"].to_str().unwrap().to_owned();
    for at in 0..signature.len() {
        let changed = format!("{}~{}", &signature[..at], &signature[at + 1..]);
        assert_eq!(
            tested.code(&with(right.clone(), "webhook-signature", &changed)),
            "signature_invalid",
            "{at}"
        );
    }
    assert_eq!(tested.code(&with(right.clone(), "webhook-id", "msg_2")), "signature_invalid");
    let other_time = (NOW.as_secs() + 1).to_string();
    for time in [other_time.as_str(), "soon", "99999999999999999999", "1e9"] {
        assert_eq!(
            tested.code(&with(right.clone(), "webhook-timestamp", time)),
            "signature_invalid",
            "{time}"
        );
    }
    assert_eq!(tested.code(&signed("whsec_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB", 0)), "signature_invalid");
}

#[test]
fn an_old_signature_and_a_missing_one_say_so() {
    let tested = signed_source();
    for offset in [-301, 301, -3_600 * 24 * 365] {
        assert_eq!(tested.code(&signed(KEY, offset)), "timestamp_out_of_range", "{offset}");
    }
    let stranger = with(signed(KEY, -301), "webhook-id", "msg_2");
    assert_eq!(tested.code(&stranger), "signature_invalid", "only who holds a key learns of the clock");
    let extreme = with(signed(KEY, 0), "webhook-timestamp", &i64::MIN.to_string());
    assert_eq!(tested.code(&extreme), "signature_invalid");
    let detail = |refused: Refused| {
        assert_eq!(refused.code.as_str(), "signature_missing");
        refused.detail.into_owned()
    };
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let mut request = signed(KEY, 0);
        let value = request.headers.remove(name).unwrap();
        assert!(detail(tested.judge(&request).unwrap_err()).contains(&format!("`{name}` is missing")));
        request.headers.append(name, value.clone());
        request.headers.append(name, value);
        assert!(
            detail(tested.judge(&request).unwrap_err()).contains(&format!("`{name}` came more than once"))
        );
        let blank = with(request.clone(), name, "");
        assert!(detail(tested.judge(&blank).unwrap_err()).contains("is empty"));
        request.headers.remove(name);
        let odd = request.header(name, "\u{e9}");
        assert!(detail(tested.judge(&odd).unwrap_err()).contains("is not plain text"));
    }
}

#[test]
fn none_takes_anyone() {
    assert_eq!(open(json!({})).code(&Request::good()), "accepted");
}

#[test]
fn a_broken_verifier_does_not_compile() {
    let verification = |verification: Value| json!({ "verification": verification });
    let token = || json!({"scheme": "token", "tokens": [TOKEN]});
    let keys = |keys: Value| json!({"scheme": "standard_webhooks", "signing_keys": keys});
    for (config, secrets, said) in [
        (json!({}), token(), "`verification` is missing"),
        (verification(json!({"scheme": "tokn"})), token(), "Did you mean `token`?"),
        (verification(json!({"scheme": "token"})), json!({}), "`scheme` is missing"),
        (verification(json!({"scheme": "token"})), json!(null), "right form"),
        (verification(json!({"scheme": "token"})), keys(json!([KEY])), "not those of the scheme"),
        (verification(json!({"scheme": "token"})), json!({"scheme": "none"}), "not those of the scheme"),
        (verification(json!({"scheme": "token"})), json!({"scheme": "token", "tokens": []}), "there is none"),
        (
            verification(json!({"scheme": "token"})),
            json!({"scheme": "token", "tokens": ["hunter2"]}),
            "guessed",
        ),
        (
            verification(json!({"scheme": "token"})),
            json!({"scheme": "token", "tokens": "hunter2"}),
            "right form",
        ),
        (
            verification(json!({"scheme": "token"})),
            json!({"scheme": "token", "tokens": vec![TOKEN; 9]}),
            "more than 8",
        ),
        (verification(json!({"scheme": "token", "header": "a b"})), token(), "no name for a header"),
        (
            verification(json!({"scheme": "token", "header": null, "query": null, "bearer": false})),
            token(),
            "nowhere",
        ),
        (verification(json!({"scheme": "standard_webhooks"})), keys(json!(["hunter2"])), "whsec_"),
        (verification(json!({"scheme": "standard_webhooks"})), keys(json!([])), "there is none"),
        (
            verification(json!({"scheme": "standard_webhooks", "tolerance": "25h"})),
            keys(json!([KEY])),
            "from 1s to 1d",
        ),
    ] {
        let error = compile(&config, &secrets).unwrap_err();
        let said_all = format!("{error} {error:?}");
        assert!(said_all.contains(said), "{config} {secrets}: {said_all}");
        assert!(!said_all.contains("hunter2") && !said_all.contains(TOKEN), "{said_all}");
    }
}

#[test]
fn a_compiled_source_does_not_print_its_secrets() {
    let printed = format!("{:?} {:?}", guarded(json!({})).source, signed_source().source);
    assert!(!printed.contains(TOKEN) && !printed.contains("MfKQ9r8"), "{printed}");
}
