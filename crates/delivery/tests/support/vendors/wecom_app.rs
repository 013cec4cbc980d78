use std::{collections::HashSet, time::Duration};

use parking_lot::Mutex;
use serde_json::{Value, json};

use super::{Asked, Rules, Told};

/// WeCom as an application sees it: it gives tokens, and takes messages for the members that it knows.
pub(crate) struct WecomApp {
    corp_id: &'static str,
    secret: &'static str,
    agent_id: u64,
    /// The members who may see the application.
    members: &'static [&'static str],
    /// How many messages each token is good for.
    uses: usize,
    /// Tokens given so far, and how often the last one was used.
    given: Mutex<(usize, usize)>,
}

fn said(code: i64, message: &str) -> Told {
    Told::json(200, &json!({ "errcode": code, "errmsg": message }))
}

impl Rules for WecomApp {
    fn pace(&self) -> (usize, Duration) {
        (60, Duration::from_secs(60))
    }

    fn limited(&self) -> Told {
        said(45009, "api freq out of limit")
    }

    fn judge(&self, asked: &Asked) -> Told {
        match (asked.method, asked.path) {
            ("GET", "/cgi-bin/gettoken") => self.token(asked),
            ("POST", "/cgi-bin/message/send") => self.send(asked),
            _ => Told::text(404, ""),
        }
    }
}

impl WecomApp {
    /// An application with the number 7 that two members may see.
    pub(crate) fn new(corp_id: &'static str, secret: &'static str) -> Self {
        let members = &["ann", "bob"];
        Self { corp_id, secret, agent_id: 7, members, uses: usize::MAX, given: Mutex::default() }
    }

    /// The same whose tokens are good for so many messages each.
    pub(crate) fn short_lived(self, uses: usize) -> Self {
        Self { uses, ..self }
    }

    fn token(&self, asked: &Asked) -> Told {
        if asked.parameter("corpid") != self.corp_id {
            return said(40013, "invalid corpid");
        }
        if asked.parameter("corpsecret") != self.secret {
            return said(40001, &format!("invalid credential, hint: {}", asked.query));
        }
        let mut given = self.given.lock();
        *given = (given.0 + 1, 0);
        let token = format!("t0ken-{}", given.0);
        Told::json(200, &json!({ "errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": 7200 }))
    }

    fn send(&self, asked: &Asked) -> Told {
        {
            let mut given = self.given.lock();
            if asked.parameter("access_token") != format!("t0ken-{}", given.0) {
                return said(40014, "invalid access_token");
            }
            if given.1 == self.uses {
                return said(42001, "access_token expired");
            }
            given.1 += 1;
        }
        let Some(body) = asked.json() else { return said(47001, "data format error") };
        if body["agentid"] != self.agent_id {
            return said(301_002, "not allow operate another agent with this accesstoken");
        }
        if !is_formed(&body) {
            return said(40058, "invalid Request Parameter");
        }
        self.reach(&body)
    }

    fn reach(&self, body: &Value) -> Told {
        let named: HashSet<&str> = body["touser"].as_str().unwrap_or_default().split('|').collect();
        let mut unknown: Vec<&str> =
            named.iter().filter(|user| !self.members.contains(user)).copied().collect();
        unknown.sort_unstable();
        let list = unknown.join("|");
        match (named.len() == unknown.len(), list.as_str()) {
            (true, _) => said(81013, "user & party & tag all invalid"),
            (_, "") => Told::json(200, &json!({ "errcode": 0, "errmsg": "ok", "msgid": "m" })),
            (_, list) => {
                Told::json(200, &json!({ "errcode": 0, "errmsg": "ok", "invaliduser": list, "msgid": "m" }))
            }
        }
    }
}

fn is_formed(body: &Value) -> bool {
    let within =
        |value: &Value, most: usize| value.as_str().is_some_and(|text| (1..=most).contains(&text.len()));
    match body["msgtype"].as_str() {
        Some(kind @ ("text" | "markdown")) => within(&body[kind]["content"], 2048),
        Some("textcard") => {
            let card = &body["textcard"];
            within(&card["title"], 128) && within(&card["description"], 512) && within(&card["url"], 2048)
        }
        Some("news") => body["news"]["articles"].as_array().is_some_and(|articles| {
            (1..=8).contains(&articles.len())
                && articles
                    .iter()
                    .all(|article| within(&article["title"], 128) && within(&article["url"], 2048))
        }),
        _ => false,
    }
}
