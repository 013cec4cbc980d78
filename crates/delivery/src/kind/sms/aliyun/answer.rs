//! What Alibaba Cloud's answers mean.

use std::time::Duration;

use outbound::Response;
use serde::Deserialize;

use crate::{
    retry::RETRY_AFTER_CAP,
    verdict::{Verdict, judge_foreign, quoted},
};

/// A number that has got too many messages may get one after a minute, an hour or a day; this is the least.
const PAUSE: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    code: String,
    #[serde(default)]
    message: String,
}

/// Alibaba Cloud says in `Code` whether it has taken the message. Codes from its pages "国内消息API错误码"
/// (help.aliyun.com, 101346) and "公共错误码".
pub(super) fn judge(response: &Response) -> Verdict {
    let Ok(Answer { code, message }) = serde_json::from_slice(&response.body) else {
        return judge_foreign(response, "Alibaba Cloud");
    };
    let said = |what: &str| format!("Alibaba Cloud {what} ({code}: {})", quoted(&message));
    let permanent = |what: &str| Verdict::permanent(said(what));
    match code.as_str() {
        "OK" if response.status.is_success() => Verdict::Delivered,
        "isv.BUSINESS_LIMIT_CONTROL" => {
            Verdict::later(said("sends this number no more messages for a while"), PAUSE)
        }
        "isv.DAY_LIMIT_CONTROL" => Verdict::later(said("sends no more messages today"), RETRY_AFTER_CAP),
        code if code.starts_with("Throttling") => {
            Verdict::later(said("takes no more calls for a while"), PAUSE)
        }
        "isp.SYSTEM_ERROR" | "isp.UNKNOWN_ERROR" | "isp.GATEWAY_ERROR" | "ServiceUnavailable"
        | "InternalError" | "SignatureNonceUsed" => Verdict::retry(said("is busy")),
        "isv.MONTH_LIMIT_CONTROL" => {
            permanent("sends no more messages this month: raise the limit in its console")
        }
        "isv.OUT_OF_SERVICE" | "isv.AMOUNT_NOT_ENOUGH" => permanent("wants money: charge the account"),
        "isv.MOBILE_NUMBER_ILLEGAL" | "isv.MOBILE_COUNT_OVER_LIMIT" | "isv.DOMESTIC_NUMBER_NOT_SUPPORTED" => {
            permanent("does not accept the number in `to`")
        }
        "isv.SMS_SIGNATURE_ILLEGAL"
        | "isv.SMS_SIGN_ILLEGAL"
        | "isv.SMS_SIGNATURE_SCENE_ILLEGAL"
        | "isv.SIGN_STATE_ILLEGAL"
        | "isv.SIGN_NAME_ILLEGAL"
        | "isv.SMS_SIGN_NOT_EXIST" => permanent("does not accept the signature (签名): check `sign_name`"),
        "isv.SMS_TEMPLATE_ILLEGAL" | "isv.TEMPLATE_NOT_EXIST" | "isv.EXTEND_CODE_ERROR" => {
            permanent("does not accept the template: check `template_code`")
        }
        "isv.TEMPLATE_MISSING_PARAMETERS"
        | "isv.TEMPLATE_PARAMS_ILLEGAL"
        | "isv.INVALID_JSON_PARAM"
        | "isv.PARAM_LENGTH_LIMIT"
        | "isv.PARAM_NOT_SUPPORT_URL"
        | "isv.INVALID_PARAMETERS" => permanent("does not accept the values in `params`"),
        "isv.SMS_CONTENT_ILLEGAL" | "isv.BLACK_KEY_CONTROL_LIMIT" => {
            permanent("does not allow what the message says")
        }
        "isp.RAM_PERMISSION_DENY" | "isv.DENY_IP_RANGE" | "Forbidden" | "Forbidden.RAM" | "NoPermission" => {
            permanent(
                "does not let this key send: grant it AliyunDysmsFullAccess, from this server's address",
            )
        }
        "isv.PRODUCT_UN_SUBSCRIPT"
        | "isv.PRODUCT_UNSUBSCRIBE"
        | "isv.ACCOUNT_NOT_EXISTS"
        | "isv.ACCOUNT_ABNORMAL" => permanent("has not opened the service for this account"),
        "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "InvalidAccessKeyId.NotFound"
        | "InvalidAccessKeyId.Inactive"
        | "InvalidAccessKeySecret" => {
            permanent("does not accept the key: set `access_key_id` and the secret `key` anew")
        }
        code if code.starts_with("InvalidTimeStamp") => {
            permanent("finds the time of the call wrong: set this machine's clock")
        }
        _ => Verdict::unknown(said("gave a code that is not known here")),
    }
}
