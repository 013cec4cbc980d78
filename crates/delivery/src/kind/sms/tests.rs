use serde_json::{Value, json};

use super::*;
use crate::kind::testing::{answer, calls, open, refusal, word};

const SID: &str = "AC00000000000000000000000000000000";

fn twilio(more: &Value) -> Value {
    let mut provider = json!({ "type": "twilio", "account_sid": SID, "from": "+15005550006" });
    provider.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "provider": provider })
}

fn aliyun(more: &Value) -> Value {
    let mut provider = json!({ "type": "aliyun", "access_key_id": "LTAI-1", "sign_name": "阿里云", "template_code": "SMS_1" });
    provider.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "provider": provider })
}

fn sms(config: Value) -> Sms {
    open(config, json!({ "key": "s3cret-key" })).unwrap()
}

fn unsendable(config: Value, body: Value) -> String {
    calls(&sms(config), body).unwrap_err().0
}

fn form(call: &Call) -> Vec<(String, String)> {
    url::form_urlencoded::parse(&call.body).into_owned().collect()
}

#[test]
fn twilio_is_posted_a_form() {
    let sms = sms(twilio(&json!({})));
    let call = calls(&sms, json!({ "to": "+8613800001111", "text": "漏水 & 关阀" })).unwrap().remove(0);
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = [pair("To", "+8613800001111"), pair("From", "+15005550006"), pair("Body", "漏水 & 关阀")];
    assert_eq!(form(&call), expected);
    assert_eq!(call.shown.url, format!("https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages.json"));
    assert!(call.shown.headers.contains(&pair("authorization", "•••")), "{:?}", call.shown);
    assert_eq!(sms.redaction().scrub("key s3cret-key"), "key •••");
}

#[test]
fn a_messaging_service_may_choose_the_number() {
    let service = json!({ "type": "twilio", "account_sid": SID, "messaging_service_sid": "MG123", "api_key_sid": "SK456" });
    let call = calls(&sms(json!({ "provider": service })), json!({ "to": "+8613800001111", "text": "a" }))
        .unwrap()
        .remove(0);
    assert_eq!(form(&call)[1], ("MessagingServiceSid".to_owned(), "MG123".to_owned()));
}

#[test]
fn long_texts_go_in_parts() {
    let text = "漏水时请先关闭进水阀。".repeat(200);
    let calls = calls(&sms(twilio(&json!({}))), json!({ "to": "+8613800001111", "text": text })).unwrap();
    assert_eq!(calls.len(), 2);
    assert!(calls.iter().all(|call| form(call)[2].1.chars().count() <= 1600));
}

#[test]
fn alibaba_cloud_is_called_with_a_templates_values() {
    let sms = sms(aliyun(&json!({})));
    let call = calls(&sms, json!({ "to": "+8613800001111", "params": { "code": 7, "name": "安 娜" } }))
        .unwrap()
        .remove(0);
    let url = "https://dysmsapi.aliyuncs.com/?PhoneNumbers=8613800001111&SignName=%E9%98%BF%E9%87%8C%E4%BA%91\
               &TemplateCode=SMS_1&TemplateParam=%7B%22code%22%3A%227%22%2C%22name%22%3A%22%E5%AE%89%20%E5%A8%9C%22%7D";
    assert_eq!(call.shown.url, url);
    let own = |name: &str| call.own.iter().find(|(known, _)| known == name).unwrap().1.clone();
    assert_eq!(
        (own("x-acs-action").as_str(), own("x-acs-date").as_str()),
        ("SendSms", "2019-12-25T08:23:56Z")
    );
    assert_eq!(
        (own("x-acs-signature-nonce").as_str(), own("authorization").as_str()),
        ("msg_1-1577262236757", "•••")
    );
    let bare = calls(&sms, json!({ "to": "13800001111", "template": "SMS_2" })).unwrap().remove(0);
    assert!(bare.shown.url.ends_with("TemplateCode=SMS_2"), "{}", bare.shown.url);
}

#[test]
fn what_cannot_be_sent_is_a_failure_with_a_reason() {
    let table = [
        (twilio(&json!({})), json!("a"), "an object `{to, text}`"),
        (twilio(&json!({})), json!({ "to": "13800001111", "text": "a" }), "its country's code"),
        (twilio(&json!({})), json!({ "to": "+8613800001111", "text": "" }), "empty, which Twilio refuses"),
        (twilio(&json!({})), json!({ "to": "+8613800001111" }), "missing field `text`"),
        (aliyun(&json!({})), json!("a"), "an object `{to, params}`"),
        (aliyun(&json!({})), json!({ "to": "1,2" }), "one phone number"),
        (aliyun(&json!({})), json!({ "to": "13800001111", "text": "a" }), "unknown field `text`"),
        (
            aliyun(&json!({})),
            json!({ "to": "13800001111", "params": { "a": [1] } }),
            "params.a is not a text",
        ),
    ];
    for (config, body, reason) in table {
        let said = unsendable(config, body);
        assert!(said.contains(reason), "{said}");
    }
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let key = || json!({ "key": "s3cret-key" });
    let table = [
        (twilio(&json!({})), json!({ "key": "" }), "secrets.key: it is empty"),
        (twilio(&json!({ "account_sid": "x" })), key(), "provider.account_sid: "),
        (twilio(&json!({ "messaging_service_sid": "MG1" })), key(), "provider.from: there is a number and"),
        (twilio(&json!({ "from": null })), key(), "provider.from: it is missing"),
        (twilio(&json!({ "base": "api.twilio.com" })), key(), "provider.base: "),
        (twilio(&json!({ "form": "+1" })), key(), "provider"),
        (aliyun(&json!({ "sign_name": "" })), key(), "provider.sign_name: it is empty"),
        (aliyun(&json!({ "base": "https://a.b/c" })), key(), "provider.base: the address has a path"),
    ];
    for (config, secrets, expected) in table {
        let said = refusal::<Sms>(config, secrets);
        assert!(said.starts_with(expected), "{said}");
    }
}

#[test]
fn twilio_is_judged_by_its_code() {
    let verdict = |status: u16, body: &str| twilio::judge(&answer(status, &[], body));
    for (status, body, expected) in [
        (201, r#"{"sid":"SM1","status":"queued","error_code":null}"#, "delivered"),
        (201, r#"{"sid":"SM1","error_code":30007,"error_message":"filtered"}"#, "permanent"),
        (200, r#"{"sid":"SM1","error_code":null}"#, "unknown"),
        (201, "", "unknown"),
        (403, "<html>proxy</html>", "unknown"),
        (503, "", "retry"),
        (404, "", "permanent"),
    ] {
        assert_eq!(word(&verdict(status, body)), expected, "{status} {body}");
    }
    for (expected, codes) in [
        ("retry", vec![20_429, 30_001, 21_611, 20_500, 20_503, 30_008, 14_107]),
        ("later", vec![63_038, 30_023]),
        (
            "permanent",
            vec![
                20_003, 20_404, 20_005, 30_002, 21_211, 21_212, 21_214, 21_266, 21_408, 21_602, 21_606,
                21_608, 21_610, 21_612, 21_614, 21_617, 21_703, 30_003, 30_004, 30_005, 30_006, 30_007,
                30_034,
            ],
        ),
        ("unknown", vec![1, 99_999]),
    ] {
        for code in codes {
            let body = json!({ "code": code, "message": "hint", "status": 400 }).to_string();
            assert_eq!(word(&verdict(400, &body)), expected, "{code}");
        }
    }
    let limited = twilio::judge(&answer(429, &[("retry-after", "9")], r#"{"code":20429}"#));
    assert!(matches!(limited, Verdict::Retry { after: Some(after), .. } if after.as_secs() == 9));
}

#[test]
fn alibaba_cloud_is_judged_by_its_code() {
    let verdict = |status: u16, body: &str| aliyun::judge(&answer(status, &[], body));
    for (expected, codes) in [
        ("delivered", vec!["OK"]),
        (
            "later",
            vec!["isv.BUSINESS_LIMIT_CONTROL", "isv.DAY_LIMIT_CONTROL", "Throttling", "Throttling.User"],
        ),
        ("retry", vec!["isp.SYSTEM_ERROR", "ServiceUnavailable", "InternalError", "SignatureNonceUsed"]),
        (
            "permanent",
            vec![
                "isv.MOBILE_NUMBER_ILLEGAL",
                "isv.AMOUNT_NOT_ENOUGH",
                "isv.OUT_OF_SERVICE",
                "isv.MONTH_LIMIT_CONTROL",
                "isv.SMS_SIGNATURE_ILLEGAL",
                "isv.SMS_TEMPLATE_ILLEGAL",
                "isv.TEMPLATE_MISSING_PARAMETERS",
                "isv.INVALID_JSON_PARAM",
                "isv.SMS_CONTENT_ILLEGAL",
                "isv.BLACK_KEY_CONTROL_LIMIT",
                "isv.PRODUCT_UNSUBSCRIBE",
                "isp.RAM_PERMISSION_DENY",
                "SignatureDoesNotMatch",
                "InvalidAccessKeyId.NotFound",
                "InvalidTimeStamp.Expired",
            ],
        ),
        ("unknown", vec!["ok", "isv.SOMETHING_NEW", ""]),
    ] {
        for code in codes {
            let body = json!({ "Code": code, "Message": "hint", "RequestId": "1" }).to_string();
            assert_eq!(word(&verdict(200, &body)), expected, "{code}");
        }
    }
    for (status, body, expected) in [
        (400, r#"{"Code":"OK"}"#, "unknown"),
        (200, "{}", "unknown"),
        (200, "<html>", "unknown"),
        (503, r#"{"Code":"ServiceUnavailable"}"#, "retry"),
        (502, "", "retry"),
    ] {
        assert_eq!(word(&verdict(status, body)), expected, "{status} {body}");
    }
}
