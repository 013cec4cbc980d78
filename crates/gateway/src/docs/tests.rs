use serde_json::json;

use super::*;

const SECRETS: &str = r#"{"scheme":"token","tokens":["swordfish-swordfish"]}"#;

fn docs(config: &Value, secrets: &str, inputs: &Value) -> Docs {
    let inputs: Fields = serde_json::from_value(inputs.clone()).unwrap();
    let source = Source::compile(&config.to_string(), secrets.as_bytes(), &inputs).unwrap();
    Docs::of(&source, (&inputs, 3), "Orders", "https://hub.example.com/hooks/src_x")
}

fn orders() -> Docs {
    let config = json!({
        "verification": { "scheme": "token" },
        "path": "orders/{order_id}",
        "fields": {
            "id": { "type": "integer", "from": "path.order_id", "required": true },
            "sku": { "type": "string", "from": "body.items[0].sku", "required": true, "example": "A-1" },
            "note": { "type": "string", "from": "body.note", "max_length": 9, "description": "For the shop" },
            "page": { "type": "integer", "from": "query.page", "default": 1 },
            "shop": { "type": "string", "from": "header.x-shop", "one_of": ["a", "b"] },
        },
        "limits": { "client_rate": { "requests": 5 } },
        "reply": { "mode": "wait", "deadline": "20s" },
    });
    let inputs = json!({
        "id": { "type": "integer", "required": true },
        "sku": { "type": "string", "required": true },
        "note": { "type": "string" },
        "page": { "type": "integer" },
        "shop": { "type": "string", "description": "Which shop" },
    });
    docs(&config, SECRETS, &inputs)
}

#[test]
fn a_source_says_what_a_sender_needs_and_no_secret() {
    let docs = orders();
    assert_eq!(docs.url, "https://hub.example.com/hooks/src_x/orders/{order_id}");
    let fields: Vec<_> =
        docs.fields.iter().map(|field| (field.name.as_str(), field.place.as_str(), field.required)).collect();
    assert_eq!(
        fields,
        [
            ("id", "path.order_id", true),
            ("sku", "body.items[0].sku", true),
            ("note", "body.note", false),
            ("page", "query.page", false),
            ("shop", "header.x-shop", false),
        ]
    );
    assert_eq!(docs.fields[4].description.as_deref(), Some("Which shop"), "the flow's own");
    assert_eq!(docs.fields[4].one_of, ["\"a\"", "\"b\""]);
    assert!(docs.verification[0].en.contains("`Authorization: Bearer …`, or the header `x-webhook-token`"));
    let statuses: Vec<u16> = docs.replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200, 202, 500]);
    let codes: Vec<&str> = docs.problems.iter().map(|problem| problem.code).collect();
    assert!(codes.contains(&"token_invalid") && codes.contains(&"client_rate_limited"));
    assert!(!codes.contains(&"source_rate_limited"), "it has no such limit");
    assert!(!codes.contains(&"signature_invalid"));
    assert!(docs.limits.iter().any(|limit| limit.en == "One client address may send 5 requests in 1s."));
    let all = format!("{} {}", serde_json::to_string(&docs).unwrap(), docs.openapi());
    assert!(!all.contains("swordfish"));
}

#[test]
fn the_openapi_document_describes_the_request() {
    let docs = orders();
    let document = docs.openapi();
    assert_eq!(document["servers"][0]["url"], "https://hub.example.com");
    assert_eq!(document["info"]["version"], "3");
    let operation = &document["paths"]["/hooks/src_x/orders/{order_id}"]["post"];
    let parameters: Vec<_> = operation["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|known| format!("{} {} {}", known["in"], known["name"], known["required"]))
        .collect();
    let expected = ["\"path\" \"order_id\" true", "\"query\" \"page\" false", "\"header\" \"x-shop\" false"];
    assert_eq!(parameters, expected);
    let body = &operation["requestBody"]["content"]["application/json"];
    assert_eq!(
        body["schema"],
        json!({
            "type": "object",
            "properties": {
                "items": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": { "sku": { "type": "string", "examples": ["A-1"] } },
                        "required": ["sku"],
                    },
                },
                "note": { "type": "string", "description": "For the shop", "maxLength": 9 },
            },
            "required": ["items"],
        })
    );
    assert_eq!(body["example"], json!({ "items": [{ "sku": "A-1" }], "note": "text" }));
    assert_eq!(
        operation["security"],
        json!([{ "bearer": [] }, { "token_header": [] }, { "token_query": [] }])
    );
    let statuses: Vec<&String> = operation["responses"].as_object().unwrap().keys().collect();
    for status in ["200", "202", "401", "413", "422", "429", "500", "503"] {
        assert!(statuses.contains(&&status.to_owned()), "{status}: {statuses:?}");
    }
}

#[test]
fn samples_are_of_the_same_request_and_read_secrets_from_the_environment() {
    let docs = orders();
    let languages: Vec<&str> = docs.samples.iter().map(|sample| sample.language).collect();
    assert_eq!(languages, ["curl", "Python", "JavaScript", "Go"]);
    for sample in &docs.samples {
        for part in ["/orders/1?page=1", "A-1", "WEBHOOK_TOKEN", "x-shop", "Bearer"] {
            assert!(sample.code.contains(part), "{part}: {}", sample.code);
        }
    }
}

#[test]
fn without_fields_the_inputs_come_by_name() {
    let config = json!({ "verification": { "scheme": "none" } });
    let docs =
        docs(&config, "{}", &json!({ "query": { "type": "string", "required": true, "example": "it's" } }));
    assert_eq!((docs.fields[0].place.as_str(), docs.fields[0].required), ("body.query", true));
    assert_eq!(docs.replies[0].status, 202);
    assert!(docs.samples[0].code.contains(r#""query": "it'\''s""#), "{}", docs.samples[0].code);
    let body = &docs.openapi()["paths"]["/hooks/src_x"]["post"]["requestBody"];
    assert_eq!(body["content"]["application/json"]["example"], json!({ "query": "it's" }));
}

#[test]
fn a_signature_of_ones_own_is_told_from_its_configuration() {
    let config = json!({
        "header": "x-sig", "algorithm": "sha512", "encoding": "base64", "prefix": "v0=",
        "signed": "v0:{timestamp}:{body}", "timestamp": { "header": "x-ts", "unit": "ms" },
    });
    let Proof::Hmac(hmac) = Proof::of_json("hmac", &config) else { panic!() };
    assert_eq!(hmac.timestamp, Some(("x-ts".to_owned(), true)));
    let recipe: String = Proof::Hmac(hmac).recipe().into_iter().map(|text| text.en).collect();
    for part in ["milliseconds", "`x-ts`", "HMAC-SHA512", "`v0:{timestamp}:{body}`", "`x-sig: v0=…`"] {
        assert!(recipe.contains(part), "{part}: {recipe}");
    }
    let more = json!({ "header": "x-sig", "signed": "{header.x-a}.{body}" });
    assert_eq!(Proof::of_json("hmac", &more), Proof::Other("hmac".to_owned()));
    let vendor = Proof::of_json("stripe", &json!({})).recipe();
    assert!(vendor[0].en.contains("`stripe`"));
}

#[test]
fn changes_of_fields_are_those_that_a_sender_meets() {
    let fields = |value: Value| serde_json::from_value::<Fields>(value).unwrap();
    let before =
        fields(json!({ "a": { "type": "string" }, "b": { "type": "string" }, "c": { "type": "string" } }));
    let after = fields(json!({
        "a": { "type": "string", "description": "better" }, "b": { "type": "integer" }, "d": { "type": "string" },
    }));
    let found = changes(&before, &after);
    assert_eq!(
        (found.added, found.removed, found.changed),
        (vec!["d".into()], vec!["c".into()], vec!["b".into()])
    );
    assert!(changes(&before, &before).is_empty());
}

/// By the schema that the OpenAPI Initiative publishes of OpenAPI 3.1, 2022-10-07 (Apache-2.0).
#[test]
fn every_openapi_document_is_valid() {
    let schema: Value = serde_json::from_str(include_str!("openapi-3.1.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let is_valid = |document: &Value| {
        let wrong: Vec<String> = schema.iter_errors(document).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:#?}\n{document:#}");
    };
    assert!(!schema.is_valid(&json!({ "openapi": "3.1.0", "info": { "title": "x" } })), "it can fail");
    is_valid(orders().openapi());
    let inputs = json!({ "query": { "type": "string" }, "at": { "type": "date-time", "required": true } });
    let key = r#"{"scheme":"standard_webhooks","signing_keys":["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]}"#;
    for (verification, secrets) in [("none", "{}"), ("token", SECRETS), ("standard_webhooks", key)] {
        for reply in ["accept", "wait", "respond"] {
            for methods in [json!(["POST"]), json!(["GET", "PUT", "DELETE"])] {
                let config = json!({
                    "verification": { "scheme": verification }, "reply": { "mode": reply }, "methods": methods,
                });
                is_valid(docs(&config, secrets, &inputs).openapi());
            }
        }
    }
    let form = json!({
        "verification": { "scheme": "none" },
        "path": "a/{b}",
        "fields": {
            "query": { "type": "string", "from": "form.q" },
            "at": { "type": "date-time", "from": "query.at[0]", "required": true },
        },
    });
    is_valid(docs(&form, "{}", &inputs).openapi());
    let whole = json!({
        "verification": { "scheme": "none" },
        "fields": {
            "query": { "type": "string", "from": "body" },
            "at": { "type": "date-time", "from": "header.x-at", "required": true },
        },
    });
    is_valid(docs(&whole, "{}", &inputs).openapi());
}

/// Of each scheme its configuration and secrets, where its dedupe key is, and what a request may be refused for.
const SCHEMES: &str = r#"[
    ["none", {}, {}, ["header.idempotency-key"], "body_malformed"],
    ["token", {}, {"tokens": ["$S"]}, ["header.idempotency-key"], "token_missing"],
    ["basic", {"username": "u"}, {"passwords": ["$S"]}, ["header.idempotency-key"], "credentials_missing"],
    ["jwt", {"algorithms": ["HS256"]}, {"keys": ["$S"]}, ["header.idempotency-key"], "token_expired"],
    ["hmac", {"header": "x-sig"}, {"secrets": ["$S"]}, ["header.idempotency-key"], "signature_invalid"],
    ["standard_webhooks", {}, {"signing_keys": ["$W"]}, ["header.webhook-id"], "timestamp_out_of_range"],
    ["github", {}, {"secrets": ["$S"]}, ["header.x-github-delivery"], "signature_invalid"],
    ["gitlab", {}, {"tokens": ["$S"]}, ["header.idempotency-key"], "token_invalid"],
    ["gitlab", {}, {"signing_tokens": ["$W"]}, ["header.webhook-id"], "signature_invalid"],
    ["stripe", {}, {"signing_secrets": ["$S"]}, ["body.id"], "timestamp_out_of_range"],
    ["shopify", {}, {"client_secrets": ["$S"]}, ["header.x-shopify-webhook-id"], "signature_invalid"],
    ["slack", {}, {"signing_secrets": ["$S"]}, ["body.event_id"], "timestamp_out_of_range"],
    ["wecom", {"receive_id": "c"}, {"tokens": ["$S"], "aes_keys": ["$A"]}, ["MsgId", "FromUserName", "CreateTime"], "decryption_failed"],
    ["dingtalk", {}, {"app_secrets": ["$S"]}, ["body.msgId"], "timestamp_out_of_range"],
    ["dingtalk_events", {"receive_id": "c"}, {"tokens": ["$S"], "aes_keys": ["$A"]}, ["eventId"], "decryption_failed"],
    ["feishu", {}, {"encrypt_keys": ["$S"]}, ["body.header.event_id", "body.uuid"], "decryption_failed"]
]"#;

#[test]
fn every_scheme_names_the_key_that_it_goes_by_and_what_it_refuses() {
    let schemes = SCHEMES.replace("$S", "0123456789abcdef0123456789abcdef");
    let schemes =
        schemes.replace("$W", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").replace("$A", &"A".repeat(43));
    let schemes: Vec<(String, Value, Value, Vec<String>, String)> = serde_json::from_str(&schemes).unwrap();
    let known: std::collections::BTreeSet<&str> =
        schemes.iter().map(|(scheme, ..)| scheme.as_str()).collect();
    let schema = serde_json::to_value(schemars::schema_for!(crate::Verification)).unwrap();
    assert_eq!(known.len(), schema["oneOf"].as_array().unwrap().len(), "each scheme is here");
    for (scheme, mut config, mut secrets, keys, code) in schemes {
        config["scheme"] = scheme.as_str().into();
        secrets["scheme"] = scheme.as_str().into();
        let docs = docs(&json!({ "verification": config }), &secrets.to_string(), &json!({}));
        let said = docs.limits.last().unwrap();
        for text in [&said.en, &said.zh] {
            assert!(keys.iter().all(|key| text.contains(&format!("`{key}`"))), "{scheme}: {text}");
            let is_plain = keys == ["header.idempotency-key"];
            assert_eq!(text.contains("idempotency-key"), is_plain, "{scheme}: {text}");
        }
        let has = |code: &str| docs.problems.iter().any(|problem| problem.code == code);
        assert!(has(&code), "{scheme}: {code}");
        assert_eq!(has("credentials_invalid"), scheme == "basic", "{scheme}");
        assert_eq!(has("keys_unavailable"), scheme == "jwt", "{scheme}");
    }
}
