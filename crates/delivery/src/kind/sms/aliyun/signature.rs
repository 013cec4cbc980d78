//! The signature ACS3-HMAC-SHA256, from the vendor's page "V3 版本请求体&签名机制" (help.aliyun.com).

use bytes::Bytes;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Position;
use vault::Secret;

use super::draft;
use crate::{
    address::Address,
    call::{Call, Unsendable},
    mac::{hmac_sha256, sha256_hex},
};

const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// All but what RFC 3986 leaves as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A request to sign; its parameters stand in the query, and its body is empty.
pub(super) struct Signed<'r> {
    pub(super) action: &'static str,
    pub(super) version: &'static str,
    pub(super) parameters: &'r [(&'static str, String)],
    pub(super) at_s: i64,
    pub(super) nonce: &'r str,
}

impl Signed<'_> {
    /// The call, signed by a key.
    pub(super) fn call(&self, address: &Address, key_id: &str, key: &Secret) -> Result<Call, Unsendable> {
        let query = self.query();
        let mut address = address.clone();
        address.url.set_query(Some(&query));
        let shown = address.url[..Position::AfterQuery].to_owned();
        let address = Address { shown, ..address };
        let headers = self.headers(&address.url[Position::BeforeHost..Position::AfterPort])?;
        let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let signature = signature(&query, &headers, &names, key);
        let authorization =
            format!("{ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature}");
        let mut call = draft(address)?.call(Bytes::new());
        // The client sets `host` itself.
        for (name, value) in headers.into_iter().filter(|(name, _)| *name != "host") {
            call = call.header(name, value)?;
        }
        call.secret_header("authorization", &authorization).map(|call| call.hiding(&signature))
    }

    /// The parameters in the order of their names.
    fn query(&self) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
        let pair = |(name, value): &(&str, String)| format!("{}={}", encoded(name), encoded(value));
        let mut parameters = self.parameters.to_vec();
        parameters.sort();
        parameters.iter().map(pair).collect::<Vec<_>>().join("&")
    }

    /// The headers that are signed, in the order of their names.
    fn headers(&self, host: &str) -> Result<[(&'static str, String); 6], Unsendable> {
        let at = Timestamp::from_second(self.at_s).map_err(|error| Unsendable(error.to_string()))?;
        Ok([
            ("host", host.to_owned()),
            ("x-acs-action", self.action.to_owned()),
            ("x-acs-content-sha256", sha256_hex(b"")),
            ("x-acs-date", at.to_string()),
            ("x-acs-signature-nonce", self.nonce.to_owned()),
            ("x-acs-version", self.version.to_owned()),
        ])
    }
}

fn signature(query: &str, headers: &[(&str, String)], names: &str, key: &Secret) -> String {
    let lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}:{value}")).collect();
    let lines = lines.join("\n");
    let canonical = format!("POST\n/\n{query}\n{lines}\n\n{names}\n{}", sha256_hex(b""));
    let message = format!("{ALGORITHM}\n{}", sha256_hex(canonical.as_bytes()));
    hex::encode(hmac_sha256(key.expose(), &message))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vendor's own example, under "固定参数示例".
    #[test]
    fn the_vendors_example() {
        let parameters = [
            ("RegionId", "cn-shanghai".to_owned()),
            ("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd".to_owned()),
        ];
        let signed = Signed {
            action: "RunInstances",
            version: "2014-05-26",
            parameters: &parameters,
            at_s: 1_698_315_752,
            nonce: "3156853299f313e23d1673dc12e1703d",
        };
        let address = Address::open("base", "https://ecs.cn-shanghai.aliyuncs.com").unwrap();
        let call = signed.call(&address, "YourAccessKeyId", &"YourAccessKeySecret".into()).unwrap();
        let expected = "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0";
        assert_eq!(call.hidden[1].expose(), expected);
        assert!(
            call.own.contains(&("authorization".into(), "•••".to_owned())) && call.own.len() == 6,
            "{:?}",
            call.own
        );
        let url = "https://ecs.cn-shanghai.aliyuncs.com/?ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd\
                   &RegionId=cn-shanghai";
        assert_eq!(call.shown.url, url);
    }
}
