//! JSON Web Tokens, by keys that are given and keys that are fetched. `jwt.json` was made by `PyJWT`, with keys of which
//! nobody has the private half any more: for each algorithm a token of the same claims.

use std::{sync::LazyLock, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use gateway::{Judged, Limits, MalformedKeys};
use serde_json::{Value, json};

use crate::{
    request::{NOW, Request, Tested, compile},
    signing::jwt,
};

static MADE: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(include_str!("jwt.json")).unwrap());

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const FAMILIES: [(&str, &[&str]); 4] = [
    ("rsa", &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]),
    ("p256", &["ES256"]),
    ("p384", &["ES384"]),
    ("ed", &["EdDSA"]),
];

fn source(more: Value, keys: &[&str]) -> Tested {
    let mut verification = json!({"scheme": "jwt"});
    verification.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let secrets = json!({"scheme": "jwt", "keys": keys});
    let source = compile(&json!({ "verification": verification }), &secrets).unwrap();
    let limits = Limits::of(&source);
    Tested { source, limits }
}

fn shown(token: &str) -> Request {
    Request::good().header("authorization", &format!("Bearer {token}"))
}

fn made(algorithm: &str) -> &'static str {
    MADE["tokens"][algorithm].as_str().unwrap()
}

fn pem(key: &str) -> &'static str {
    MADE["pem"][key].as_str().unwrap()
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn hs256(claims: Value) -> Request {
    shown(&jwt(&json!({"alg": "HS256", "typ": "JWT"}), &claims, SECRET.as_bytes()))
}

#[test]
fn tokens_of_every_algorithm_are_verified_by_given_keys() {
    for (key, algorithms) in FAMILIES {
        let tested = source(json!({ "algorithms": algorithms }), &[pem(key)]);
        for algorithm in algorithms {
            let token = made(algorithm);
            assert_eq!(tested.code(&shown(token)), "accepted", "{algorithm}");
            let signature = token.rfind('.').unwrap() + 1;
            for at in (0..token.len()).step_by(7).chain([signature, signature - 2]) {
                let other = if token.as_bytes()[at] == b'A' { 'B' } else { 'A' };
                let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
                assert_eq!(tested.code(&shown(&changed)), "token_invalid", "{algorithm} at {at}");
            }
        }
    }
    let secret = source(json!({"algorithms": ["HS256"]}), &["an older secret of thirty-two bytes", SECRET]);
    assert_eq!(secret.code(&hs256(json!({"exp": 1_700_000_600}))), "accepted");
}

#[test]
fn only_the_named_algorithms_are_taken() {
    let only = source(json!({"algorithms": ["RS256"]}), &[pem("rsa")]);
    for algorithm in ["RS384", "RS512", "PS256", "ES256", "EdDSA"] {
        assert_eq!(only.code(&shown(made(algorithm))), "token_invalid", "{algorithm}");
    }
    let claims = json!({"exp": 1_700_000_600});
    let both = source(json!({"algorithms": ["HS256", "RS256"]}), &[pem("rsa"), SECRET]);
    assert_eq!(both.code(&shown(made("RS256"))), "accepted");
    for tested in [&only, &both] {
        for secret in [pem("rsa").as_bytes(), pem("rsa").trim().as_bytes(), b""] {
            let confused = jwt(&json!({"alg": "HS256"}), &claims, secret);
            assert_eq!(tested.code(&shown(&confused)), "token_invalid", "a public key is no secret");
        }
        for none in ["none", "None", "NONE", ""] {
            let unsigned = format!("{}.{}.", encode(&json!({ "alg": none })), encode(&claims));
            assert_eq!(tested.code(&shown(&unsigned)), "token_invalid", "{none}");
            let signed = jwt(&json!({ "alg": none }), &claims, SECRET.as_bytes());
            assert_eq!(tested.code(&shown(&signed)), "token_invalid", "{none}");
        }
        let critical = jwt(&json!({"alg": "HS256", "crit": ["exp"]}), &claims, SECRET.as_bytes());
        assert_eq!(tested.code(&shown(&critical)), "token_invalid", "what must be understood is not");
    }
    for odd in ["", "a", "a.b", "a.b.c", "a.b.c.d", "..", &"a".repeat(9_000)] {
        assert_eq!(only.code(&shown(odd)), "token_invalid", "{odd}");
    }
}

#[test]
fn claims_are_judged_by_the_servers_time() {
    let config = json!({"algorithms": ["HS256"], "issuer": "shop", "audience": ["a", "b"], "required": ["exp", "sub"], "leeway": "30s"});
    let tested = source(config, &[SECRET]);
    let good =
        json!({"iss": "shop", "aud": "b", "sub": "x", "exp": NOW.as_secs() + 60, "nbf": NOW.as_secs()});
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        tested.code(&hs256(claims))
    };
    assert_eq!(tested.code(&hs256(good.clone())), "accepted");
    let now = NOW.as_secs();
    for (name, value, code) in [
        ("exp", json!(now - 29), "accepted"),
        ("exp", json!(now - 30), "token_expired"),
        ("exp", json!(1_700_000_060.5), "accepted"),
        ("exp", json!("1700000060"), "token_invalid"),
        ("exp", Value::Null, "token_invalid"),
        ("exp", json!(f64::MAX), "accepted"),
        ("exp", json!(-1), "token_expired"),
        ("nbf", json!(now + 30), "accepted"),
        ("nbf", json!(now + 31), "token_expired"),
        ("nbf", json!("soon"), "token_invalid"),
        ("iss", json!("other"), "token_invalid"),
        ("iss", json!(["shop"]), "token_invalid"),
        ("iss", Value::Null, "token_invalid"),
        ("aud", json!(["x", "a"]), "accepted"),
        ("aud", json!(["x"]), "token_invalid"),
        ("aud", json!({"a": 1}), "token_invalid"),
        ("aud", Value::Null, "token_invalid"),
        ("sub", Value::Null, "token_invalid"),
    ] {
        assert_eq!(with(name, value.clone()), code, "{name}: {value}");
    }
    let without_time = source(json!({"algorithms": ["HS256"], "required": []}), &[SECRET]);
    assert_eq!(without_time.code(&hs256(json!({}))), "accepted");
    assert_eq!(
        without_time.code(&shown(&jwt(&json!({"alg": "HS256"}), &json!([]), SECRET.as_bytes()))),
        "token_invalid"
    );
}

#[test]
fn a_token_comes_once_where_it_is_expected() {
    let token = jwt(&json!({"alg": "HS256"}), &json!({"exp": 1_700_000_600}), SECRET.as_bytes());
    let bearer = source(json!({"algorithms": ["HS256"]}), &[SECRET]);
    assert_eq!(bearer.code(&Request::good()), "token_missing");
    assert_eq!(bearer.code(&Request::good().header("authorization", &token)), "token_missing");
    assert_eq!(
        bearer.code(&shown(&token).header("authorization", &format!("Bearer {token}"))),
        "token_missing"
    );
    let header = source(json!({"algorithms": ["HS256"], "header": "X-Jwt"}), &[SECRET]);
    assert_eq!(header.code(&shown(&token)), "token_missing");
    assert_eq!(header.code(&Request::good().header("x-jwt", &token)), "accepted");
    assert_eq!(header.code(&Request::good().header("x-jwt", &format!("bearer {token}"))), "accepted");
    let accepted = header.judge(&Request::good().header("x-jwt", &token)).unwrap();
    assert!(
        !String::from_utf8(accepted.content.to_vec()).unwrap().contains(&token),
        "a token is not recorded"
    );
}

const URL: &str = "https://issuer.example/jwks";

fn fetching() -> Tested {
    let algorithms: Vec<_> = FAMILIES.iter().flat_map(|(_, algorithms)| *algorithms).collect();
    source(json!({"algorithms": algorithms, "jwks_url": URL}), &[])
}

/// Whether the source wants keys for the request, and what it is answered without.
fn wanted(tested: &Tested, request: &Request) -> Option<(String, &'static str)> {
    match tested.judged(request) {
        Ok(Judged::KeysWanted(wanted)) => {
            Some((wanted.keys.url().to_owned(), wanted.otherwise.code.as_str()))
        }
        _ => None,
    }
}

#[test]
fn keys_are_wanted_when_there_are_none_or_not_the_right_one() {
    let tested = fetching();
    assert_eq!(wanted(&tested, &shown(made("RS256"))), Some((URL.to_owned(), "keys_unavailable")));
    let refused = tested.judge(&shown(made("RS256"))).unwrap_err();
    assert_eq!(refused.status(), 503);
    assert!(refused.headers.iter().any(|(name, value)| name == "retry-after" && value == "5"));
    let keys = tested.source.keys().next().unwrap().clone();
    let mut some = MADE["jwks"].clone();
    let rsa = some["keys"].as_array_mut().unwrap().remove(0);
    keys.learn(some.to_string().as_bytes(), NOW, None).unwrap();
    assert_eq!(
        wanted(&tested, &shown(made("RS256"))),
        Some((URL.to_owned(), "token_invalid")),
        "an unknown key"
    );
    for algorithm in ["ES256", "ES384", "EdDSA"] {
        assert_eq!(tested.code(&shown(made(algorithm))), "accepted", "{algorithm}");
    }
    some["keys"].as_array_mut().unwrap().push(rsa);
    keys.learn(some.to_string().as_bytes(), NOW, None).unwrap();
    for algorithm in FAMILIES[0].1 {
        assert_eq!(tested.code(&shown(made(algorithm))), "accepted", "{algorithm}");
    }
    assert_eq!(wanted(&tested, &shown("a.b.c")), None, "what is no token wants no key");
    let none = format!("{}.{}.", encode(&json!({"alg": "none", "kid": "new"})), encode(&json!({})));
    assert_eq!(wanted(&tested, &shown(&none)), None, "nor what is not signed");
}

#[test]
fn keys_that_cannot_be_renewed_count_for_a_day() {
    let tested = fetching();
    let keys = tested.source.keys().next().unwrap().clone();
    let json = MADE["jwks"].to_string();
    let after = |seconds| NOW.after(Duration::from_secs(seconds));
    for (max_age_s, fresh_s) in [(None, 300), (Some(0), 300), (Some(3_600), 3_600), (Some(u64::MAX), 86_400)]
    {
        keys.learn(json.as_bytes(), NOW, max_age_s.map(Duration::from_secs)).unwrap();
        assert!(!keys.is_stale(after(fresh_s - 1)) && keys.is_stale(after(fresh_s)), "{max_age_s:?}");
        assert!(keys.is_known(after(86_399)) && !keys.is_known(after(86_400)));
    }
    let later = fetching();
    later.source.take_keys(&tested.source);
    assert_eq!(later.code(&shown(made("EdDSA"))), "accepted", "saving a source does not forget its keys");
    let elsewhere = source(json!({"algorithms": ["EdDSA"], "jwks_url": "https://other.example/jwks"}), &[]);
    elsewhere.source.take_keys(&tested.source);
    assert!(wanted(&elsewhere, &shown(made("EdDSA"))).is_some());
}

#[test]
fn a_document_without_keys_changes_nothing() {
    let tested = fetching();
    let keys = tested.source.keys().next().unwrap().clone();
    keys.learn(MADE["jwks"].to_string().as_bytes(), NOW, None).unwrap();
    let rsa = &MADE["jwks"]["keys"][0];
    let changed = |name: &str, value: &str| {
        let mut key = rsa.clone();
        key[name] = value.into();
        json!({ "keys": [key] })
    };
    for (document, error) in [
        (json!([]), MalformedKeys::Form),
        (json!({"keys": {}}), MalformedKeys::Form),
        (json!({"keys": []}), MalformedKeys::Empty),
        (json!({"keys": [{"kty": "oct", "k": "AAAA", "kid": "rsa"}, {"kty": "X"}, 5]}), MalformedKeys::Empty),
        (changed("use", "enc"), MalformedKeys::Empty),
        (json!({"keys": vec![rsa; 101]}), MalformedKeys::TooMany),
    ] {
        assert_eq!(keys.learn(document.to_string().as_bytes(), NOW, None), Err(error), "{document}");
    }
    assert_eq!(keys.learn(b"<html>", NOW, None), Err(MalformedKeys::Form));
    assert_eq!(tested.code(&shown(made("RS256"))), "accepted");
    keys.learn(changed("alg", "RS512").to_string().as_bytes(), NOW, None).unwrap();
    assert_eq!(tested.code(&shown(made("RS512"))), "accepted");
    assert_eq!(
        tested.code(&shown(made("RS256"))),
        "token_invalid",
        "a key is for the algorithm that it names"
    );
}

#[test]
fn what_would_verify_nothing_does_not_compile() {
    let private = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----";
    for (config, keys, said) in [
        (json!({"algorithms": []}), vec![SECRET], "no algorithm is allowed"),
        (json!({"algorithms": ["none"]}), vec![SECRET], "known are HS256"),
        (json!({"algorithms": ["HS256"]}), vec![], "there is none"),
        (json!({"algorithms": ["HS256"]}), vec!["too short"], "fewer than 32"),
        (json!({"algorithms": ["RS256"]}), vec![SECRET], "no key for `RS256`"),
        (json!({"algorithms": ["HS256"]}), vec![SECRET, pem("rsa")], "another kind"),
        (json!({"algorithms": ["RS256"]}), vec!["-----BEGIN PUBLIC KEY-----\nAAAA"], "no public key"),
        (json!({"algorithms": ["EdDSA"]}), vec![private], "the private one stays there"),
        (json!({"algorithms": ["HS256"], "jwks_url": URL}), vec![], "proves nothing"),
        (json!({"algorithms": ["RS256"], "jwks_url": URL}), vec![pem("rsa")], "unclear which"),
        (json!({"algorithms": ["RS256"], "jwks_url": "ftp://x/y"}), vec![], "no URL"),
        (json!({"algorithms": ["RS256"], "jwks_url": "/jwks"}), vec![], "no URL"),
        (json!({"algorithms": ["HS256"], "leeway": "11m"}), vec![SECRET], "from 0ms to 10m"),
        (json!({"algorithms": ["HS256"], "header": "a b"}), vec![SECRET], "no name for a header"),
    ] {
        let mut verification = json!({"scheme": "jwt"});
        verification.as_object_mut().unwrap().extend(config.as_object().unwrap().clone());
        let secrets = json!({"scheme": "jwt", "keys": keys});
        let error = compile(&json!({ "verification": verification }), &secrets).unwrap_err().to_string();
        assert!(error.contains(said), "{verification}: {error}");
    }
    let printed = format!("{:?}", source(json!({"algorithms": ["HS256"]}), &[SECRET]).source);
    assert!(!printed.contains(SECRET) && !printed.contains("48, 49, 50"), "{printed}");
}
