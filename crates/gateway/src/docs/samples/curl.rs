//! A shell script with curl, and OpenSSL where it signs.

use super::{Part, best, parts};
use crate::docs::{
    example::Call,
    proof::{Hmac, Place, Proof},
};

pub(super) fn code(call: &Call, proof: &Proof) -> String {
    let mut before = Vec::new();
    let mut options = vec![format!("-X {}", call.method)];
    options.extend(call.content_type().map(|kind| format!("-H 'content-type: {kind}'")));
    options.extend(
        call.headers.iter().map(|(name, value)| format!("-H {}", quoted(&format!("{name}: {value}")))),
    );
    if let Some(body) = call.text() {
        before.push(format!("body={}", quoted(&body)));
        options.push("--data-binary \"$body\"".to_owned());
    } else {
        before.push("body=''".to_owned());
    }
    match proof {
        Proof::None => {}
        Proof::Token(places) => options.extend(best(places).map(token)),
        Proof::Basic(user) => {
            options.push(format!("-u {}\"$WEBHOOK_PASSWORD\"", quoted(&format!("{user}:"))));
        }
        Proof::StandardWebhooks => {
            before.extend(
                [
                    "id=\"msg_$(openssl rand -hex 12)\"",
                    "timestamp=\"$(date +%s)\"",
                    "key=\"$(printf '%s' \"${WEBHOOK_SECRET#whsec_}\" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')\"",
                    "signature=\"$(printf '%s' \"$id.$timestamp.$body\" |",
                    "  openssl dgst -sha256 -mac HMAC -macopt \"hexkey:$key\" -binary | openssl base64 -A)\"",
                ]
                .map(str::to_owned),
            );
            options.push("-H \"webhook-id: $id\"".to_owned());
            options.push("-H \"webhook-timestamp: $timestamp\"".to_owned());
            options.push("-H \"webhook-signature: v1,$signature\"".to_owned());
        }
        Proof::Hmac(hmac) => {
            before.extend(signed(hmac));
            options.extend(hmac.timestamp.iter().map(|(name, _)| format!("-H \"{name}: $timestamp\"")));
            options.push(format!("-H \"{}: {}$signature\"", hmac.header, escaped(&hmac.prefix)));
        }
        Proof::Other(_) => before.push("# Sign the request as the page says.".to_owned()),
    }
    before.push(format!("curl -sS {} \\\n  {}", quoted(&call.url), options.join(" \\\n  ")));
    before.join("\n") + "\n"
}

fn token(place: &Place) -> String {
    match place {
        Place::Bearer => "-H \"authorization: Bearer $WEBHOOK_TOKEN\"".to_owned(),
        Place::Header(name) => format!("-H \"{name}: $WEBHOOK_TOKEN\""),
        Place::Query(name) => format!("--url-query \"{name}=$WEBHOOK_TOKEN\""),
    }
}

fn signed(hmac: &Hmac) -> Vec<String> {
    let text: String = parts(&hmac.signed)
        .iter()
        .map(|part| match part {
            Part::Text(text) => escaped(text),
            Part::Timestamp => "${timestamp}".to_owned(),
            Part::Body => "${body}".to_owned(),
        })
        .collect();
    let encoded = match hmac.encoding.as_str() {
        "base64" => "openssl base64 -A",
        "base64url" => "openssl base64 -A | tr '+/' '-_' | tr -d '='",
        _ => "od -An -v -tx1 | tr -d ' \\n'",
    };
    let mut lines = Vec::new();
    if let Some((_, is_ms)) = &hmac.timestamp {
        lines.push(format!("timestamp=\"$(date +%s){}\"", if *is_ms { "000" } else { "" }));
    }
    lines.push("key=\"$(printf '%s' \"$WEBHOOK_SECRET\" | od -An -v -tx1 | tr -d ' \\n')\"".to_owned());
    lines.push(format!("signature=\"$(printf '%s' \"{text}\" |"));
    lines.push(format!(
        "  openssl dgst -{} -mac HMAC -macopt \"hexkey:$key\" -binary | {encoded})\"",
        hmac.algorithm
    ));
    lines
}

/// A part of a text between double quotes that the shell leaves as it is.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut all, letter| {
        all.extend(matches!(letter, '\\' | '"' | '$' | '`').then_some('\\'));
        all.push(letter);
        all
    })
}

/// A text that the shell leaves as it is.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
