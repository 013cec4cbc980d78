//! Makes requests up: most of them nearly right, since what is wholly wrong does not get far.

use std::sync::Arc;

use fastrand::Rng;

use super::sender::{Proof, Sender};

/// A kind of source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    Open,
    /// One whose sender proves itself.
    Proven(Sender),
    Files,
    Ruled,
    Mapped,
    Answering,
}

/// The sources that are sent to.
#[derive(Clone, Default)]
pub(super) struct Targets(Arc<[(Target, String)]>);

impl Targets {
    pub(super) fn all(&self) -> impl Iterator<Item = Target> {
        self.0.iter().map(|(target, _)| *target)
    }

    pub(super) fn add(&mut self, target: Target, id: String) {
        self.0 = self.0.iter().cloned().chain([(target, id)]).collect();
    }
}

/// What is done behind a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// It is whole: the connection can go on.
    GoOn,
    /// It may be whole or not: after one answer, another connection.
    Leave,
    /// It is not whole, and nothing more will come.
    HangUp,
}

pub(super) struct Request {
    pub(super) target: Target,
    pub(super) bytes: Vec<u8>,
    /// Whether its answer has no body, whatever its length says.
    pub(super) is_head: bool,
    pub(super) then: Then,
}

pub(super) struct Forge {
    rng: Rng,
    targets: Targets,
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=cut";

/// Headers that mean something somewhere.
const ODD: [&str; 16] = [
    "content-encoding: gzip",
    "content-encoding: identity",
    "expect: 100-continue",
    "x-forwarded-for: 1.2.3.4, ::1, x",
    "forwarded: for=\"[::1]\"",
    "origin: https://shop.example",
    "range: bytes=0-",
    "upgrade: websocket",
    "te: trailers",
    "connection: close",
    "accept: text/html",
    "cookie: a=b; linchpin=x",
    "x-latin: \u{e9}\u{ff}",
    "last-event-id: 7",
    "access-control-request-method: POST",
    "host: other.example",
];

/// Lines that are no headers.
const BROKEN: [&str; 6] = ["no colon", ": no name", "sp ace: 1", " folded: 1", "nul: \u{0}", "bare: \r1"];

impl Forge {
    pub(super) fn new(seed: u64, targets: Targets) -> Self {
        Self { rng: Rng::with_seed(seed), targets }
    }

    pub(super) fn request(&mut self) -> Request {
        let (target, id) = self.targets.0[self.rng.usize(..self.targets.0.len())].clone();
        let (content_type, body) = self.body(target);
        let Proof { headers, query, body, method } = match target {
            Target::Proven(sender) => sender.prove(&mut self.rng, body),
            _ => Proof { body, ..Proof::default() },
        };
        let method = method.map_or_else(|| self.method(target), str::to_owned);
        let path = with_query(self.path(target, &id), &query);
        let request = format!("{method} {path} {}", self.version());
        let mut lines = vec![request, "host: hub.example".to_owned()];
        lines.extend(self.content_type(content_type));
        lines.extend(headers);
        lines.extend(self.oddities());
        let head = lines.iter().flat_map(|line| [line, "\r\n"]).collect();
        let mut bytes = self.in_latin_1(head);
        let then = self.frame(&mut bytes, &body);
        Request { target, bytes, is_head: method == "HEAD", then }
    }

    /// True once in so many times.
    fn once_in(&mut self, times: u32) -> bool {
        self.rng.u32(..times) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.rng.usize(..from.len())]
    }

    fn text(&mut self, most: usize) -> String {
        let length = self.rng.usize(..=most);
        (0..length)
            .map(|_| {
                self.pick(&['a', 'Z', '0', ' ', '%', '&', '=', '"', '\\', '{', '}', '<', '你', '\u{1F600}'])
            })
            .collect()
    }

    fn word(&mut self) -> String {
        let length = self.rng.usize(1..9);
        (0..length).map(|_| self.rng.alphanumeric()).collect()
    }

    fn method(&mut self, target: Target) -> String {
        if !self.once_in(8) {
            return (if target == Target::Mapped { self.pick(&["GET", "POST", "PUT"]) } else { "POST" })
                .to_owned();
        }
        if self.once_in(4) {
            return self.word();
        }
        self.pick(&["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "post"]).to_owned()
    }

    fn version(&mut self) -> &'static str {
        if self.once_in(60) {
            self.pick(&["HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "HTP/1.1"])
        } else {
            "HTTP/1.1"
        }
    }

    fn path(&mut self, target: Target, id: &str) -> String {
        let mut path = format!("/hooks/{id}");
        if self.once_in(30) {
            path = format!("/hooks/{}", self.word());
        }
        if target == Target::Mapped && !self.once_in(10) {
            path.push_str(self.pick(&[
                "/orders/17",
                "/orders/x",
                "/orders/%E4%BD%A0",
                "/orders/9223372036854775808",
            ]));
        } else if self.once_in(12) {
            path.push_str(self.pick(&["/", "//", "/..", "/%ff", "/%", "/a/b/c", "/?", "/%00", "/orders/"]));
        }
        if self.once_in(3) {
            let values = ["1", "", "%E4%BD%A0", "%zz", "%ff", "+", "a=b", "%00"];
            let keys = ["tag", "tag", "token", "x", "", "query"];
            let pairs = self.rng.usize(1..6);
            let pairs: Vec<_> =
                (0..pairs).map(|_| format!("{}={}", self.pick(&keys), self.pick(&values))).collect();
            path = format!("{path}?{}", pairs.join("&"));
        }
        if self.once_in(300) {
            path.push_str(&"?x".repeat(self.pick(&[1_000, 40_000])));
        }
        path
    }

    /// The content type of the body; sometimes another one, or none.
    fn content_type(&mut self, own: &str) -> Vec<String> {
        let odd = [
            JSON,
            FORM,
            MULTIPART,
            "multipart/form-data",
            "text/plain; charset=gbk",
            "application/xml",
            "text/xml; charset=\"utf-8\"",
            "application/octet-stream",
            "application/pdf",
            "application/json; charset=utf-16",
            "image/png",
            "x",
            "/",
            ";",
            "",
        ];
        match self.rng.u32(..20) {
            0 => Vec::new(),
            1..3 => vec![format!("content-type: {}", self.pick(&odd))],
            3 if self.once_in(4) => {
                [own, self.pick(&odd)].map(|said| format!("content-type: {said}")).to_vec()
            }
            _ => vec![format!("content-type: {own}")],
        }
    }

    /// Headers that nobody asked for.
    fn oddities(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.once_in(4) {
            lines.push(format!("idempotency-key: {}", self.pick(&["a", "b", "c", "", "\u{e9}"])));
        }
        if self.once_in(4) {
            let at = ["2026-01-02T03:04:05Z", "yesterday", "2026-13-01T00:00:00Z", ""];
            lines.push(format!("x-at: {}", self.pick(&at)));
        }
        if self.once_in(10) {
            lines.push(self.pick(&ODD).to_owned());
        }
        if self.once_in(400) {
            lines.extend(vec!["x-many: 1".to_owned(); self.pick(&[50, 99, 300])]);
        }
        if self.once_in(400) {
            lines.push(format!("x-long: {}", "x".repeat(self.pick(&[8_000, 100_000, 500_000]))));
        }
        if self.once_in(200) {
            lines.push(self.pick(&BROKEN).to_owned());
        }
        lines
    }

    /// Bytes of the head: what is beyond ASCII as one byte, as old senders do it, or as UTF-8.
    fn in_latin_1(&mut self, head: String) -> Vec<u8> {
        if self.once_in(2) {
            return head.into_bytes();
        }
        head.chars()
            .flat_map(|char| u8::try_from(u32::from(char)).map_or_else(|_| vec![b'?'], |byte| vec![byte]))
            .collect()
    }

    /// A body for the target and its content type, damaged now and then.
    fn body(&mut self, target: Target) -> (&'static str, Vec<u8>) {
        if self.once_in(600) {
            return (JSON, vec![b'x'; 1_200_000]);
        }
        let kind = if target == Target::Files { self.rng.u32(10..18) } else { self.rng.u32(..20) };
        let (content_type, body) = match kind {
            0..11 => (JSON, self.fitting(target)),
            11..13 => (JSON, self.value(0)),
            13..15 => (FORM, self.form()),
            15 => (MULTIPART, self.multipart()),
            16 => ("application/xml", self.xml()),
            17 => ("text/plain", self.text(200)),
            18 => (JSON, self.odd_json()),
            _ => (JSON, String::new()),
        };
        let mut body = body.into_bytes();
        if self.once_in(6) {
            self.damage(&mut body);
        }
        (content_type, body)
    }

    fn fitting(&mut self, target: Target) -> String {
        let query = serde_json::Value::from(self.text(40)).to_string();
        match target {
            Target::Mapped => format!(r#"{{"data":{{"items":[{{"query":{query}}}]}}}}"#),
            _ if self.once_in(3) => {
                let (count, at) = (self.value(3), self.value(3));
                format!(r#"{{"query":{query},"count":{count},"at":{at},"tags":[{}]}}"#, self.value(2))
            }
            _ => {
                format!(r#"{{"query":{query},"count":7,"at":"2026-01-02T03:04:05+08:00","tags":["a","b"]}}"#)
            }
        }
    }

    /// Any JSON.
    fn value(&mut self, depth: u32) -> String {
        match self.rng.u32(if depth < 4 { 0..9 } else { 0..7 }) {
            0 => "null".to_owned(),
            1 => self.pick(&["true", "false"]).to_owned(),
            2 => self.rng.i64(..).to_string(),
            3 => self
                .pick(&["1e400", "-0", "0.1", "123456789012345678901234567890", "1e-400", "-1E+2"])
                .to_owned(),
            4..6 => serde_json::Value::from(self.text(12)).to_string(),
            6 => self.pick(&[r#""\ud800""#, r#""\u0000""#, r#""2026-01-02T03:04:05Z""#]).to_owned(),
            7 => {
                let items = self.rng.usize(..4);
                let items: Vec<_> = (0..items).map(|_| self.value(depth + 1)).collect();
                format!("[{}]", items.join(","))
            }
            _ => {
                let items = self.rng.usize(..4);
                let names = ["query", "count", "a", "", "你"];
                let items: Vec<_> = (0..items)
                    .map(|_| format!("\"{}\":{}", self.pick(&names), self.value(depth + 1)))
                    .collect();
                format!("{{{}}}", items.join(","))
            }
        }
    }

    fn odd_json(&mut self) -> String {
        match self.rng.u32(..5) {
            0 => "[".repeat(self.pick(&[10, 127, 128, 100_000])),
            1 => format!("{}1{}", r#"{"a":"#.repeat(126), "}".repeat(126)),
            2 => format!("{{\"query\":\"x\",{}\"a\":1}}", r#""a":1,"#.repeat(2_000)),
            3 => format!("\u{FEFF}{}", self.value(0)),
            _ => format!("[{}0]", "0,".repeat(20_000)),
        }
    }

    fn form(&mut self) -> String {
        let pairs = self.rng.usize(..8);
        let (names, values) =
            (["query", "count", "tags", "at", "", "%zz"], ["x", "7", "", "%E4%BD%A0", "%ff", "a+b", "%"]);
        let pairs: Vec<_> =
            (0..pairs).map(|_| format!("{}={}", self.pick(&names), self.pick(&values))).collect();
        pairs.join(self.pick(&["&", "&&", ";", "&"]))
    }

    fn multipart(&mut self) -> String {
        let parts = self.rng.usize(..5);
        let part = |forge: &mut Self| {
            let name = forge.pick(&["query", "count", "file", "", "q\"uote"]);
            let file = forge.pick(&[
                "",
                "; filename=\"a.txt\"",
                "; filename=\"../../etc/passwd\"",
                "; filename*=UTF-8''%E4%BD%A0.pdf",
            ]);
            let content_type =
                forge.pick(&["", "content-type: text/plain\r\n", "content-type: image/png\r\n"]);
            let text = forge.text(60);
            format!(
                "--cut\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n{content_type}\r\n{text}\r\n"
            )
        };
        let parts: String = (0..parts).map(|_| part(self)).collect();
        format!("{parts}{}", self.pick(&["--cut--\r\n", "--cut--", "--cut", ""]))
    }

    fn xml(&mut self) -> String {
        let text = self.text(20);
        match self.rng.u32(..5) {
            0 => "<!DOCTYPE x [<!ENTITY a \"b\"><!ENTITY c \"&a;&a;&a;&a;\">]><x>&c;</x>".to_owned(),
            1 => "<a>".repeat(self.pick(&[10, 1_000, 50_000])),
            2 => format!("<?xml version=\"1.0\" encoding=\"gbk\"?><query>{text}</query>"),
            3 => format!("<x query=\"1\"><query><![CDATA[{text}]]></query><query/></x>"),
            _ => "<xml><query>你好</query><count>7</count></xml>".to_owned(),
        }
    }

    /// Changes, cuts or repeats some of the bytes.
    fn damage(&mut self, body: &mut Vec<u8>) {
        for _ in 0..self.rng.usize(1..4) {
            if body.is_empty() {
                body.push(self.rng.u8(..));
                continue;
            }
            let at = self.rng.usize(..body.len());
            match self.rng.u32(..4) {
                0 => body[at] = self.rng.u8(..),
                1 => body.truncate(at),
                2 => body.insert(at, self.rng.u8(..)),
                _ => body.extend_from_within(at..),
            }
        }
    }

    /// Puts the body behind the head, as it should be or otherwise.
    fn frame(&mut self, bytes: &mut Vec<u8>, body: &[u8]) -> Then {
        let length = body.len();
        match self.rng.u32(..40) {
            0..4 => {
                self.chunks(bytes, body);
                Then::GoOn
            }
            // Less than is said, and no more.
            4 => {
                let said = length + self.rng.usize(1..100);
                put(bytes, &format!("content-length: {said}\r\n\r\n"), body);
                Then::HangUp
            }
            // More than is said: what is behind is no request.
            5 => {
                put(bytes, &format!("content-length: {}\r\n\r\n", length / 2), body);
                Then::Leave
            }
            6 => {
                let odd = [
                    "content-length: x\r\n\r\n",
                    "content-length: -1\r\n\r\n",
                    "content-length: 1\r\ncontent-length: 2\r\n\r\n",
                    "content-length: 99999999999999999999999\r\n\r\n",
                    "transfer-encoding: gzip\r\n\r\n",
                    "transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n",
                    "transfer-encoding: chunked\r\n\r\nzz\r\n",
                    "transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
                    "transfer-encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
                ];
                put(bytes, self.pick(&odd), body);
                Then::HangUp
            }
            // The head does not end, or only with the connection.
            7 if self.once_in(4) => Then::HangUp,
            _ => {
                put(bytes, &format!("content-length: {length}\r\n\r\n"), body);
                Then::GoOn
            }
        }
    }

    fn chunks(&mut self, bytes: &mut Vec<u8>, mut body: &[u8]) {
        put(bytes, "transfer-encoding: chunked\r\n\r\n", b"");
        while !body.is_empty() {
            let (chunk, rest) = body.split_at(self.rng.usize(1..=body.len().min(5_000)));
            put(bytes, &format!("{:x}\r\n", chunk.len()), chunk);
            put(bytes, "\r\n", b"");
            body = rest;
        }
        put(bytes, self.pick(&["0\r\n\r\n", "0\r\nx-trailer: 1\r\n\r\n", "00;a=b\r\n\r\n"]), b"");
    }
}

/// A path with more pairs in its query.
fn with_query(path: String, more: &[String]) -> String {
    if more.is_empty() {
        return path;
    }
    let joint = if path.contains('?') { '&' } else { '?' };
    format!("{path}{joint}{}", more.join("&"))
}

fn put(bytes: &mut Vec<u8>, head: &str, body: &[u8]) {
    bytes.extend_from_slice(head.as_bytes());
    bytes.extend_from_slice(body);
}
