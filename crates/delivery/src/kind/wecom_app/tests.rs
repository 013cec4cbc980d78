use super::*;
use crate::kind::testing::{answer, bodies, open, refusal, word};

fn config(more: &Value) -> Value {
    let mut all =
        json!({ "corp_id": "ww1", "agent_id": 1_000_002, "to": { "users": ["ann", "bob"], "tags": ["7"] } });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

fn app() -> WecomApp {
    open(config(&json!({})), json!({ "secret": "s3cret-0123456789" })).unwrap()
}

fn reason(body: Value) -> String {
    bodies(&app(), body).unwrap_err().0
}

#[test]
fn each_form_is_put_as_wecom_takes_it() {
    let to = json!({ "agentid": 1_000_002, "touser": "ann|bob", "totag": "7" });
    for (said, expected) in [
        (json!("漏水"), json!({ "msgtype": "text", "text": { "content": "漏水" } })),
        (
            json!({ "text": "**漏水**", "format": "markdown" }),
            json!({ "msgtype": "markdown", "markdown": { "content": "**漏水**" } }),
        ),
        (
            json!({ "card": { "title": "a", "description": "b", "url": "https://c.d", "button": "去" } }),
            json!({ "msgtype": "textcard",
                "textcard": { "title": "a", "description": "b", "url": "https://c.d", "btntxt": "去" } }),
        ),
        (
            json!({ "articles": [{ "title": "a", "url": "https://c.d", "picture": "https://p.q" }] }),
            json!({ "msgtype": "news",
                "news": { "articles": [{ "title": "a", "url": "https://c.d", "picurl": "https://p.q" }] } }),
        ),
    ] {
        let mut expected = expected;
        expected.as_object_mut().unwrap().extend(to.as_object().unwrap().clone());
        assert_eq!(bodies(&app(), said).unwrap(), [expected]);
    }
    let other = bodies(&app(), json!({ "text": "a", "to": { "parties": ["2"] } })).unwrap();
    assert_eq!((&other[0]["toparty"], &other[0]["touser"]), (&json!("2"), &Value::Null));
}

#[test]
fn a_long_text_is_divided() {
    let long = "他说漏水，请先关阀。\n\n".repeat(200);
    let sent = bodies(&app(), json!(long)).unwrap();
    assert!(sent.len() > 2);
    let length = |body: &Value| body["text"]["content"].as_str().unwrap().len();
    assert!(sent.iter().all(|body| length(body) <= LIMIT && body["touser"] == "ann|bob"));
}

#[test]
fn what_wecom_would_refuse_is_not_sent() {
    let card = json!({ "title": "a".repeat(129), "description": "b", "url": "https://c.d" });
    let good = json!({ "title": "a", "description": "b", "url": "https://c.d" });
    for (said, names) in [
        (json!(""), "the text is empty"),
        (json!({ "card": card }), "`title` has 1 to 128 bytes"),
        (json!({ "card": good, "text": "a" }), "alone"),
        (json!({ "card": good, "articles": [{ "title": "a", "url": "b" }] }), "not both"),
        (json!({ "articles": vec![json!({ "title": "a", "url": "b" }); 9] }), "at most 8"),
        (json!({ "text": "a", "to": {} }), "nobody is named"),
        (json!({ "text": "a", "to": { "users": ["a|b"] } }), "no `|`"),
        (json!({ "text": "a", "to": { "parties": vec!["1"; 101] } }), "at most 100"),
        (json!({ "text": "a", "colour": 1 }), "colour"),
    ] {
        let said = reason(said);
        assert!(said.contains(names), "{said}");
    }
}

#[test]
fn codes() {
    let verdict =
        |code: i64| answer::judge(&answer_of(&json!({ "errcode": code, "errmsg": "as the vendor says" })));
    for (codes, expected) in [
        (vec![0], "delivered"),
        (vec![45009, 45033], "later"),
        (vec![-1, 40014, 42001], "retry"),
        (vec![40001, 40013, 40056, 301_002, 48002, 60011, 60020, 81013, 82001, 40008, 45002], "permanent"),
        (vec![7, 93000], "unknown"),
    ] {
        for code in codes {
            assert_eq!(word(&verdict(code)), expected, "{code}");
        }
    }
    let Verdict::Permanent { reason, .. } = verdict(60011) else { panic!() };
    assert!(
        reason.contains("60011: as the vendor says") && reason.contains("may see the application"),
        "{reason}"
    );
    assert!(answer::is_stale(&answer_of(&json!({ "errcode": 42001 }))));
    assert!(!answer::is_stale(&answer_of(&json!({ "errcode": 40001 }))));
    assert_eq!(word(&answer::judge(&answer(200, &[], "<html>"))), "unknown");
}

#[test]
fn tokens() {
    let given = json!({ "errcode": 0, "errmsg": "ok", "access_token": "t0ken", "expires_in": 7200 });
    let granted = answer::token(&answer_of(&given)).unwrap();
    assert!(granted.token.is(b"t0ken") && granted.lasts.as_secs() == 7200);
    for (body, expected) in [
        (json!({ "errcode": 40001, "errmsg": "" }), "permanent"),
        (json!({ "errcode": -1 }), "retry"),
        (json!({ "errcode": 0 }), "unknown"),
        (json!({ "errcode": 0, "access_token": "", "expires_in": 1 }), "unknown"),
    ] {
        assert_eq!(word(&answer::token(&answer_of(&body)).unwrap_err()), expected, "{body}");
    }
}

#[test]
fn who_was_left_out_is_named() {
    let left = |body: Value| answer::left(&answer_of(&body));
    let said = left(json!({ "errcode": 0, "invaliduser": "eve|mallory", "invalidtag": "9" })).unwrap();
    assert!(said.contains("users eve|mallory") && said.contains("tags 9"), "{said}");
    assert_eq!(left(json!({ "errcode": 0, "invaliduser": "" })), None);
}

#[test]
fn settings_that_cannot_be_used_are_refused() {
    let secret = || json!({ "secret": "s" });
    for (more, secrets, begins) in [
        (json!({ "corp_id": "" }), secret(), "corp_id: "),
        (json!({}), json!({ "secret": "" }), "secrets.secret: "),
        (json!({ "to": { "users": [""] } }), secret(), "to: "),
        (json!({ "base": "qyapi" }), secret(), "base: "),
    ] {
        let said = refusal::<WecomApp>(config(&more), secrets);
        assert!(said.starts_with(begins), "{said}");
    }
}

fn answer_of(body: &Value) -> Response {
    answer(200, &[], &body.to_string())
}
