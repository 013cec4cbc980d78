//! Python 3, with nothing but its own library.

use super::{Part, best, literal, parts};
use crate::docs::{
    example::Call,
    proof::{Hmac, Place, Proof},
};

pub(super) fn code(call: &Call, proof: &Proof) -> String {
    let mut imports = vec!["urllib.error", "urllib.request"];
    let mut lines = vec![
        format!("url = {}", literal(&call.url)),
        call.text()
            .map_or_else(|| "body = b\"\"".to_owned(), |body| format!("body = {}.encode()", string(&body))),
        "headers = {".to_owned(),
    ];
    let kind = call.content_type().map(|kind| ("Content-Type".to_owned(), kind.to_owned()));
    lines.extend(
        kind.into_iter()
            .chain(call.headers.iter().cloned())
            .map(|(name, value)| format!("    {}: {},", literal(&name), literal(&value))),
    );
    lines.push("}".to_owned());
    let (more, proof) = proven(proof);
    imports.extend(more);
    lines.extend(proof);
    lines.push(format!(
        "request = urllib.request.Request(url, data={}, headers=headers, method={})",
        if call.text().is_some() { "body" } else { "None" },
        literal(call.method)
    ));
    lines.extend(
        [
            "try:",
            "    response = urllib.request.urlopen(request)",
            "except urllib.error.HTTPError as error:",
            "    response = error",
            "print(response.status, response.read().decode())",
        ]
        .map(str::to_owned),
    );
    imports.sort_unstable();
    imports.dedup();
    let used = |import: &&&str| lines.iter().any(|line| line.contains(&format!("{import}.")));
    let imports: Vec<String> = imports.iter().filter(used).map(|import| format!("import {import}")).collect();
    format!("{}\n\n{}\n", imports.join("\n"), lines.join("\n"))
}

/// The modules and the lines that prove who sends.
fn proven(proof: &Proof) -> (Vec<&'static str>, Vec<String>) {
    let (mut imports, mut lines) = (Vec::new(), Vec::new());
    match proof {
        Proof::None => {}
        Proof::Token(places) => {
            imports.extend(["os", "urllib.parse"]);
            lines.extend(best(places).map(token));
        }
        Proof::Basic(user) => {
            imports.extend(["base64", "os"]);
            lines
                .push(format!("login = {} + os.environ[\"WEBHOOK_PASSWORD\"]", literal(&format!("{user}:"))));
            lines.push(
                "headers[\"Authorization\"] = \"Basic \" + base64.b64encode(login.encode()).decode()"
                    .to_owned(),
            );
        }
        Proof::StandardWebhooks => {
            imports.extend(["base64", "hashlib", "hmac", "os", "time", "uuid"]);
            lines.extend(
                [
                    "message = \"msg_\" + uuid.uuid4().hex",
                    "timestamp = str(int(time.time()))",
                    "key = base64.b64decode(os.environ[\"WEBHOOK_SECRET\"].removeprefix(\"whsec_\"))",
                    "signed = f\"{message}.{timestamp}.\".encode() + body",
                    "signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()",
                    "headers[\"webhook-id\"] = message",
                    "headers[\"webhook-timestamp\"] = timestamp",
                    "headers[\"webhook-signature\"] = f\"v1,{signature}\"",
                ]
                .map(str::to_owned),
            );
        }
        Proof::Hmac(hmac) => {
            imports.extend(["base64", "hashlib", "hmac", "os", "time"]);
            lines.extend(signed(hmac));
        }
        Proof::Other(_) => lines.push("# Sign the request as the page says.".to_owned()),
    }
    (imports, lines)
}

fn token(place: &Place) -> String {
    match place {
        Place::Bearer => {
            "headers[\"Authorization\"] = \"Bearer \" + os.environ[\"WEBHOOK_TOKEN\"]".to_owned()
        }
        Place::Header(name) => format!("headers[{}] = os.environ[\"WEBHOOK_TOKEN\"]", literal(name)),
        Place::Query(name) => format!(
            "url += (\"&\" if \"?\" in url else \"?\") + urllib.parse.urlencode({{{}: os.environ[\"WEBHOOK_TOKEN\"]}})",
            literal(name)
        ),
    }
}

fn signed(hmac: &Hmac) -> Vec<String> {
    let text: Vec<String> = parts(&hmac.signed)
        .iter()
        .map(|part| match part {
            Part::Text(text) => format!("{}.encode()", literal(text)),
            Part::Timestamp => "timestamp.encode()".to_owned(),
            Part::Body => "body".to_owned(),
        })
        .collect();
    let encoded = match hmac.encoding.as_str() {
        "base64" => "base64.b64encode(digest).decode()",
        "base64url" => "base64.urlsafe_b64encode(digest).decode().rstrip(\"=\")",
        _ => "digest.hex()",
    };
    let mut lines = Vec::new();
    if let Some((header, is_ms)) = &hmac.timestamp {
        let scale = if *is_ms { " * 1000" } else { "" };
        lines.push(format!("timestamp = str(int(time.time(){scale}))"));
        lines.push(format!("headers[{}] = timestamp", literal(header)));
    }
    lines.push(format!("signed = {}", text.join(" + ")));
    lines.push(format!(
        "digest = hmac.new(os.environ[\"WEBHOOK_SECRET\"].encode(), signed, hashlib.{}).digest()",
        hmac.algorithm
    ));
    lines.push(format!("headers[{}] = {} + {encoded}", literal(&hmac.header), literal(&hmac.prefix)));
    lines
}

/// A text, over lines as it is where Python takes that.
fn string(text: &str) -> String {
    let is_plain = text.contains('\n') && !text.contains("'''") && !text.ends_with('\\');
    if is_plain { format!("r'''{text}'''") } else { literal(text) }
}
