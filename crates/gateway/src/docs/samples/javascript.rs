//! JavaScript for Node 18 or newer, as a module.

use super::{Part, best, literal, parts};
use crate::docs::{
    example::Call,
    proof::{Hmac, Place, Proof},
};

pub(super) fn code(call: &Call, proof: &Proof) -> String {
    let mut imports = Vec::new();
    let has_body = call.text().is_some();
    let mut lines = vec![
        format!("const url = new URL({});", literal(&call.url)),
        format!("const body = {};", call.text().map_or_else(|| "\"\"".to_owned(), |body| string(&body))),
        "const headers = {".to_owned(),
    ];
    let kind = call.content_type().map(|kind| ("Content-Type".to_owned(), kind.to_owned()));
    lines.extend(
        kind.into_iter()
            .chain(call.headers.iter().cloned())
            .map(|(name, value)| format!("  {}: {},", literal(&name), literal(&value))),
    );
    lines.push("};".to_owned());
    match proof {
        Proof::None => {}
        Proof::Token(places) => lines.extend(best(places).map(token)),
        Proof::Basic(user) => {
            let login = literal(&format!("{user}:"));
            lines.push(format!("const login = Buffer.from({login} + process.env.WEBHOOK_PASSWORD);"));
            lines.push("headers[\"Authorization\"] = `Basic ${login.toString(\"base64\")}`;".to_owned());
        }
        Proof::StandardWebhooks => {
            imports.extend(["createHmac", "randomUUID"]);
            lines.extend(
                [
                    "const id = `msg_${randomUUID()}`;",
                    "const timestamp = Math.floor(Date.now() / 1000);",
                    "const key = Buffer.from(process.env.WEBHOOK_SECRET.replace(/^whsec_/, \"\"), \"base64\");",
                    "const signature = createHmac(\"sha256\", key).update(`${id}.${timestamp}.${body}`).digest(\"base64\");",
                    "headers[\"webhook-id\"] = id;",
                    "headers[\"webhook-timestamp\"] = String(timestamp);",
                    "headers[\"webhook-signature\"] = `v1,${signature}`;",
                ]
                .map(str::to_owned),
            );
        }
        Proof::Hmac(hmac) => {
            imports.push("createHmac");
            lines.extend(signed(hmac));
        }
        Proof::Other(_) => lines.push("// Sign the request as the page says.".to_owned()),
    }
    let body = if has_body { ", body" } else { "" };
    lines.push(format!(
        "const response = await fetch(url, {{ method: {}, headers{body} }});",
        literal(call.method)
    ));
    lines.push("console.log(response.status, await response.text());".to_owned());
    let imports = if imports.is_empty() {
        String::new()
    } else {
        format!("import {{ {} }} from \"node:crypto\";\n\n", imports.join(", "))
    };
    format!("{imports}{}\n", lines.join("\n"))
}

fn token(place: &Place) -> String {
    match place {
        Place::Bearer => "headers[\"Authorization\"] = `Bearer ${process.env.WEBHOOK_TOKEN}`;".to_owned(),
        Place::Header(name) => format!("headers[{}] = process.env.WEBHOOK_TOKEN;", literal(name)),
        Place::Query(name) => format!("url.searchParams.set({}, process.env.WEBHOOK_TOKEN);", literal(name)),
    }
}

fn signed(hmac: &Hmac) -> Vec<String> {
    let text: Vec<String> = parts(&hmac.signed)
        .iter()
        .map(|part| match part {
            Part::Text(text) => literal(text),
            Part::Timestamp => "timestamp".to_owned(),
            Part::Body => "body".to_owned(),
        })
        .collect();
    let mut lines = Vec::new();
    if let Some((header, is_ms)) = &hmac.timestamp {
        let now = if *is_ms { "Date.now()" } else { "Math.floor(Date.now() / 1000)" };
        lines.push(format!("const timestamp = String({now});"));
        lines.push(format!("headers[{}] = timestamp;", literal(header)));
    }
    lines.push(format!("const signed = {};", text.join(" + ")));
    lines.push(format!(
        "const signature = createHmac({}, process.env.WEBHOOK_SECRET).update(signed).digest({});",
        literal(&hmac.algorithm),
        literal(&hmac.encoding)
    ));
    lines.push(format!("headers[{}] = {} + signature;", literal(&hmac.header), literal(&hmac.prefix)));
    lines
}

/// A text, over lines as it is where JavaScript takes that.
fn string(text: &str) -> String {
    let is_plain =
        text.contains('\n') && !text.contains('`') && !text.contains("${") && !text.ends_with('\\');
    if is_plain { format!("String.raw`{text}`") } else { literal(text) }
}
