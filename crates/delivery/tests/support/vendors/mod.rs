//! Vendors that keep their rules: who may write, how it is signed, how long it may be, how often it may come; and that
//! say what is wrong in their own words. They know no server: a test gives them what came, and sends what they say.

mod aliyun;
mod dingtalk;
mod discord;
mod feishu;
mod slack;
mod teams;
mod twilio;
mod wecom_app;

use std::{
    collections::VecDeque,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use parking_lot::Mutex;
use serde_json::Value;
use sha2::Sha256;

pub(crate) use self::{
    aliyun::Aliyun,
    dingtalk::Dingtalk,
    discord::Discord,
    feishu::Feishu,
    slack::Slack,
    teams::{Connector, Workflow},
    twilio::Twilio,
    wecom_app::WecomApp,
};

/// What a vendor is asked.
pub(crate) struct Asked<'r> {
    pub(crate) method: &'r str,
    pub(crate) path: &'r str,
    pub(crate) query: &'r str,
    pub(crate) headers: &'r HeaderMap,
    pub(crate) body: &'r [u8],
}

/// What it says.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// What a vendor holds to.
pub(crate) trait Rules: Send + Sync {
    /// At most so many calls within so long.
    fn pace(&self) -> (usize, Duration);
    /// What it says beyond that.
    fn limited(&self) -> Told;
    /// What it says to a call that is not beyond that.
    fn judge(&self, asked: &Asked) -> Told;
}

/// A vendor at work.
pub(crate) struct Vendor {
    rules: Box<dyn Rules>,
    calls: Mutex<Vec<Instant>>,
    first: Mutex<VecDeque<Told>>,
}

impl Vendor {
    pub(crate) fn new(rules: Box<dyn Rules>) -> Self {
        Self { rules, calls: Mutex::default(), first: Mutex::default() }
    }

    /// Says these first, whatever it is asked.
    pub(crate) fn saying(self, told: impl IntoIterator<Item = Told>) -> Self {
        self.first.lock().extend(told);
        self
    }

    /// Others have just made as many calls as it takes.
    pub(crate) fn spent(self) -> Self {
        self.calls.lock().extend(std::iter::repeat_n(Instant::now(), self.rules.pace().0));
        self
    }

    /// Answers, and repeats in a header where it was asked, as proxies do.
    pub(crate) fn answer(&self, asked: &Asked) -> Told {
        let mut told =
            self.first.lock().pop_front().unwrap_or_else(|| {
                if self.has_room() { self.rules.judge(asked) } else { self.rules.limited() }
            });
        told.headers.push(("x-asked", format!("{}?{}", asked.path, asked.query)));
        told
    }

    fn has_room(&self) -> bool {
        let (most, within) = self.rules.pace();
        let mut calls = self.calls.lock();
        calls.retain(|at| at.elapsed() < within);
        calls.push(Instant::now());
        calls.len() <= most
    }
}

impl Told {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { status, headers, body: body.to_string() }
    }

    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self { status, headers: vec![("content-type", "text/plain".to_owned())], body: body.to_owned() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

impl Asked<'_> {
    /// The body, if it is JSON and says so.
    fn json(&self) -> Option<Value> {
        let is_json = self.header("content-type").starts_with("application/json");
        is_json.then(|| serde_json::from_slice(self.body).ok()).flatten()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// A parameter of the query, decoded.
    fn parameter(&self, name: &str) -> String {
        let found = pairs(self.query.as_bytes()).into_iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value).unwrap_or_default()
    }
}

/// The pairs of a query or a form, decoded.
fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(encoded).into_owned().collect()
}

fn hmac_sha256(key: &str, message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Whether a time in seconds is at most so far from now.
fn is_recent(at_s: i64, tolerance_s: u64) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    now.abs_diff(u64::try_from(at_s).unwrap_or_default()) <= tolerance_s
}
