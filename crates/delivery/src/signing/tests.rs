use std::collections::HashSet;

use clock::Random;
use serde_json::{Value, json};

use super::*;
use crate::{
    address::Address,
    call::Draft,
    kind::testing::{AT_S, stamp},
};

const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const WHSK: &str =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";

fn open(signing: Signing, stored: Value) -> Result<Keys, Error> {
    let stored: Vec<Stored> = serde_json::from_value(stored).unwrap();
    Keys::open(signing, HmacHeader::default(), &stored)
}

/// The signature header of a message `{}` so long after the usual time.
fn signed(keys: &Keys, later_s: i64) -> (String, String) {
    let draft = Draft::json(Address::open("url", "https://example.com/").unwrap()).unwrap();
    let mut stamp = stamp();
    (stamp.at_s, stamp.at_ms) = (AT_S + later_s, (AT_S + later_s) * 1000);
    let (name, value) = keys.sign(draft.call("{}".into()), &stamp).unwrap().own.pop().unwrap();
    (name.into_owned(), value)
}

#[test]
fn both_schemes_sign_side_by_side() {
    let keys = open(Signing::StandardWebhooksBoth, json!([WHSK, WHSEC])).unwrap();
    let (name, value) = signed(&keys, 0);
    assert_eq!((name.as_str(), value.split(' ').count()), ("webhook-signature", 2));
    let public = KeyPair::parse(WHSK).unwrap().public_key();
    assert!(public.verify("msg_1", AT_S, b"{}", &value));
    assert!(SigningKey::parse(WHSEC).unwrap().verify("msg_1", AT_S, b"{}", &value));
    let shown: Vec<_> = keys.shown().map(|key| (key.scheme, key.public_key)).collect();
    assert_eq!(shown, [(Scheme::V1a, Some(public)), (Scheme::V1, None)]);
}

#[test]
fn a_key_signs_until_its_overlap_is_over() {
    let until = (AT_S + 10) * 1000;
    let other = "whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB";
    let stored = json!([other, { "secret": WHSEC, "until": until }]);
    let keys = open(Signing::StandardWebhooks, stored).unwrap();
    let old = SigningKey::parse(WHSEC).unwrap();
    for (later_s, signs) in [(0, true), (9, true), (10, false), (11, false)] {
        let (_, value) = signed(&keys, later_s);
        assert_eq!(old.verify("msg_1", AT_S + later_s, b"{}", &value), signs, "after {later_s} s");
        assert!(SigningKey::parse(other).unwrap().verify("msg_1", AT_S + later_s, b"{}", &value));
    }
}

#[test]
fn an_hmac_is_the_old_secrets_until_the_overlap_is_over() {
    // The example of GitHub's own documentation.
    let keys = open(Signing::Hmac, json!(["It's a Secret to Everybody"])).unwrap();
    let draft = Draft::json(Address::open("url", "https://example.com/").unwrap()).unwrap();
    let call = keys.sign(draft.call("Hello, World!".into()), &stamp()).unwrap();
    let expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    assert_eq!(call.own, [("x-hub-signature-256".into(), expected.to_owned())]);

    let alone = |secret: &str| signed(&open(Signing::Hmac, json!([secret])).unwrap(), 0).1;
    let stored = json!(["new", { "secret": "old", "until": (AT_S + 10) * 1000 }]);
    let keys = open(Signing::Hmac, stored).unwrap();
    assert_eq!((signed(&keys, 9).1, signed(&keys, 10).1), (alone("old"), alone("new")));
}

#[test]
fn secrets_that_do_not_fit_are_refused() {
    let ending = json!([{ "secret": WHSEC, "until": 1 }]);
    for (signing, stored, begins) in [
        (Signing::None, json!([WHSEC]), "signing: there are secrets"),
        (Signing::StandardWebhooks, json!([]), "secrets.signing: there is none for `v1`"),
        (Signing::StandardWebhooks, ending, "secrets.signing: there is none for `v1`"),
        (Signing::StandardWebhooksBoth, json!([WHSEC]), "secrets.signing: there is none for `v1a`"),
        (Signing::StandardWebhooks, json!([WHSEC, WHSK]), "secrets.signing[1]: it is a secret of `v1a`"),
        (Signing::StandardWebhooksV1a, json!([WHSEC]), "secrets.signing[0]: it is a secret of `v1`"),
        (
            Signing::StandardWebhooksV1a,
            json!(["whsk_x"]),
            "secrets.signing[0]: the signing key is not `whsk_`",
        ),
        (Signing::Hmac, json!([""]), "secrets.signing[0]: it is empty"),
        (Signing::StandardWebhooks, json!(vec![WHSEC; 6]), "secrets.signing: there are more than 5"),
    ] {
        let said = open(signing, stored.clone()).unwrap_err().to_string();
        assert!(said.starts_with(begins), "{stored}: {said}");
        assert!(!said.contains("MfKQ9r8"), "{said}");
    }
}

#[test]
fn what_is_missing_is_drawn_and_no_more() {
    let random = Random::seeded(1);
    let config = |signing: &str| json!({ "kind": "webhook", "signing": signing });
    let (secrets, keys) = completed(&config("standard_webhooks_both"), json!({ "auth": "x" }), &random);
    assert_eq!((secrets["signing"].as_array().unwrap().len(), &secrets["auth"]), (2, &json!("x")));
    let schemes: Vec<_> = keys.iter().map(|key| key.scheme).collect();
    assert_eq!(schemes, [Scheme::V1, Scheme::V1a]);
    assert!(keys[0].secret.is_some() && keys[0].public_key.is_none());
    assert!(keys[1].secret.is_none() && keys[1].public_key.is_some(), "a private key is shown to nobody");
    assert!(open(Signing::StandardWebhooksBoth, secrets["signing"].clone()).is_ok());
    let (again, keys) = completed(&config("standard_webhooks_both"), secrets.clone(), &random);
    assert_eq!((again, keys.len()), (secrets, 0));
    let (hmac, keys) = completed(&config("hmac"), json!({}), &random);
    assert_eq!(hmac["signing"][0], json!(keys[0].secret.as_ref().unwrap().expose()));
    for (config, secrets) in [
        (config("none"), json!({})),
        (config("oddly"), json!({})),
        (json!({ "kind": "wecom", "signing": "hmac" }), json!({})),
        (config("hmac"), json!({ "signing": "text" })),
        (config("hmac"), json!(7)),
    ] {
        let (same, keys) = completed(&config, secrets.clone(), &random);
        assert_eq!((same, keys.len()), (secrets, 0), "{config}");
    }
}

#[test]
fn a_rotation_keeps_the_old_beside_the_new() {
    let (random, now) = (Random::seeded(1), Timestamp::from_millis(1_000));
    let config = json!({ "kind": "webhook", "signing": "standard_webhooks_both" }).to_string();
    let stored =
        json!({ "auth": "x", "signing": [WHSEC, WHSK, { "secret": WHSEC, "until": 999 }] }).to_string();
    let rotate = |secrets: &[u8], rotation: &Rotation| {
        let (secrets, keys) = rotated((&config, secrets), rotation, now, &random).unwrap();
        (serde_json::from_slice::<Value>(&secrets).unwrap(), keys)
    };
    let until = Some(Timestamp::from_millis(5_000));
    let (secrets, keys) = rotate(stored.as_bytes(), &Rotation { until, ..Rotation::default() });
    let list = secrets["signing"].as_array().unwrap();
    assert_eq!((list.len(), keys.len(), &secrets["auth"]), (4, 2, &json!("x")), "what had ended is gone");
    assert_eq!(
        list[2..],
        [json!({ "secret": WHSEC, "until": 5_000 }), json!({ "secret": WHSK, "until": 5_000 })]
    );
    let distinct: HashSet<String> = list.iter().map(Value::to_string).collect();
    assert_eq!(distinct.len(), 4);

    let first = secrets.to_string().into_bytes();
    let scheme = Some(Scheme::V1a);
    let later = Some(Timestamp::from_millis(9_000));
    let (second, keys) = rotate(&first, &Rotation { scheme, until: later, ..Rotation::default() });
    let ends: Vec<_> =
        second["signing"].as_array().unwrap().iter().map(|key| key["until"].as_i64()).collect();
    assert_eq!(ends, [None, None, Some(9_000), Some(5_000), Some(5_000)], "an earlier overlap keeps its end");
    assert_eq!(second["signing"][1], secrets["signing"][0], "the other scheme keeps its key");
    assert_eq!(keys.len(), 1);

    let secret = Some(Secret::from(WHSK));
    let (third, keys) = rotate(&second.to_string().into_bytes(), &Rotation { secret, ..Rotation::default() });
    let left = third["signing"].as_array().unwrap();
    assert_eq!((left.len(), &left[0]), (3, &json!(WHSK)), "without an overlap all of that scheme ends");
    assert_eq!(keys[0].public_key, Some(KeyPair::parse(WHSK).unwrap().public_key()));
}

#[test]
fn a_rotation_of_what_does_not_sign_is_refused() {
    let refusal = |signing: &str, rotation| {
        let config = json!({ "kind": "webhook", "signing": signing }).to_string();
        let now = Timestamp::from_millis(0);
        rotated((&config, b"{}"), &rotation, now, &Random::seeded(1)).unwrap_err().to_string()
    };
    let none = Rotation::default();
    assert!(refusal("none", none).starts_with("signing: the destination does not sign"));
    let foreign = Rotation { secret: Some(WHSK.into()), ..Rotation::default() };
    assert!(refusal("standard_webhooks", foreign.clone()).contains("does not sign by `v1a`"));
    let torn = Rotation { scheme: Some(Scheme::V1), ..foreign };
    assert!(refusal("standard_webhooks_both", torn).contains("`v1a` and not of `v1`"));
}
