//! The interface of an older version of the flow, served beside a newer one.

use std::num::NonZeroU32;

use http::{HeaderName, HeaderValue, header};
use indexmap::IndexMap;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Error;

/// Which version's inputs a source takes, whatever version of the flow is deployed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// The number of the version whose inputs the source takes: their names, types and defaults.
    pub version: NonZeroU32,
    /// Values for inputs that the deployed version requires and that version lacks, or lets be left out.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub defaults: IndexMap<String, Value>,
    /// Since when the interface is deprecated, or from when on it will be, as a date and time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time", "examples" = ["2026-01-31T00:00:00Z"]))]
    pub deprecated: Option<String>,
    /// When the interface is to go. The source goes on serving it after that, until it is switched off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time", "examples" = ["2026-12-31T00:00:00Z"]))]
    pub sunset: Option<String>,
    /// A page on what to use instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "uri"))]
    pub docs: Option<String>,
}

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// The version that a source's configuration pins, if it does. What is wrong with the configuration is said when it is
/// compiled.
pub fn pinned_version(config: &str) -> Option<u32> {
    #[derive(Deserialize)]
    struct Pins {
        contract: Option<Pin>,
    }
    #[derive(Deserialize)]
    struct Pin {
        version: u32,
    }
    serde_json::from_str::<Pins>(config).ok()?.contract.map(|contract| contract.version)
}

impl Contract {
    /// What every answer says while another version is deployed: `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and a
    /// link to what to use instead.
    pub(crate) fn headers(&self) -> Result<Vec<(HeaderName, HeaderValue)>, Error> {
        let mut headers = Vec::new();
        let deprecated = self.deprecated.as_deref().map(|text| moment("deprecated", text)).transpose()?;
        let sunset = self.sunset.as_deref().map(|text| moment("sunset", text)).transpose()?;
        if let (Some(deprecated), Some(sunset)) = (deprecated, sunset)
            && sunset < deprecated
        {
            let reason = "it lies before `deprecated`.";
            return Err(Error::config("contract.sunset", "out_of_range", reason, "Choose a later time."));
        }
        if let Some(deprecated) = deprecated {
            headers.push((DEPRECATION, text(&format!("@{}", deprecated.as_second()), "deprecated")?));
        }
        if let Some(sunset) = sunset {
            let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&sunset);
            let date = date.map_err(|_| not_a_moment("sunset"))?;
            headers.push((SUNSET, text(&date, "sunset")?));
        }
        if let Some(docs) = &self.docs {
            let is_url = docs.starts_with("https://") || docs.starts_with("http://");
            let is_plain = docs.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"".contains(&byte));
            if !is_url || !is_plain {
                let reason = "it is no address of a page.";
                let suggestion = "Write it like `https://docs.example/orders`, with escapes where needed.";
                return Err(Error::config("contract.docs", "wrong_form", reason, suggestion));
            }
            let link = format!("<{docs}>; rel=\"deprecation\"; type=\"text/html\"");
            headers.push((header::LINK, text(&link, "docs")?));
        }
        Ok(headers)
    }
}

fn moment(key: &str, text: &str) -> Result<Timestamp, Error> {
    text.parse().map_err(|_| not_a_moment(key))
}

fn not_a_moment(key: &str) -> Error {
    let suggestion = "Write it like `2026-12-31T00:00:00Z`.";
    Error::config(format!("contract.{key}"), "wrong_form", "it is no date and time.", suggestion)
}

fn text(value: &str, key: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(value).map_err(|_| not_a_moment(key))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn headers(contract: Value) -> Result<Vec<String>, String> {
        let contract: Contract = serde_json::from_value(contract).unwrap();
        let headers = contract.headers().map_err(|error| error.problem().field.clone())?;
        Ok(headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect())
    }

    #[test]
    fn headers_are_as_the_standards_write_them() {
        let all = json!({
            "version": 1,
            "deprecated": "2023-07-01T01:59:29+02:00",
            "sunset": "2026-12-31T23:59:59Z",
            "docs": "https://docs.example/orders?v=2",
        });
        assert_eq!(
            headers(all).unwrap(),
            [
                "deprecation: @1688169569",
                "sunset: Thu, 31 Dec 2026 23:59:59 GMT",
                "link: <https://docs.example/orders?v=2>; rel=\"deprecation\"; type=\"text/html\"",
            ]
        );
        assert_eq!(headers(json!({"version": 1})), Ok(vec![]));
    }

    #[test]
    fn what_cannot_be_said_is_named() {
        for (key, value) in [
            ("deprecated", "soon"),
            ("sunset", "2026-12-31"),
            ("docs", "docs.example"),
            ("docs", "https://docs.example/> ; rel=\"x\""),
            ("docs", "https://docs.example/\r\nx: y"),
        ] {
            let mut contract = json!({"version": 1});
            contract[key] = json!(value);
            assert_eq!(headers(contract), Err(format!("contract.{key}")), "{value}");
        }
        let early =
            json!({"version": 1, "deprecated": "2026-01-02T00:00:00Z", "sunset": "2026-01-01T00:00:00Z"});
        assert_eq!(headers(early), Err("contract.sunset".to_owned()));
    }

    #[test]
    fn a_pin_is_read_out_of_any_configuration() {
        assert_eq!(pinned_version(r#"{"contract": {"version": 3, "more": 1}, "x": []}"#), Some(3));
        for none in ["", "{}", "[]", r#"{"contract": null}"#, r#"{"contract": {"version": -1}}"#] {
            assert_eq!(pinned_version(none), None, "{none}");
        }
    }
}
