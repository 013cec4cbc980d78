//! Go, with nothing but its own library.

use super::{Part, best, literal, parts};
use crate::docs::{
    example::Call,
    proof::{Hmac, Place, Proof},
};

pub(super) fn code(call: &Call, proof: &Proof) -> String {
    let mut imports = vec!["fmt", "io", "log", "net/http", "strings"];
    let body = call.text().map_or_else(|| "\"\"".to_owned(), |body| string(&body));
    let mut lines = vec![
        format!("body := {body}"),
        format!(
            "request, err := http.NewRequest({}, {}, strings.NewReader(body))",
            literal(call.method),
            literal(&call.url)
        ),
        "if err != nil {".to_owned(),
        "\tlog.Fatal(err)".to_owned(),
        "}".to_owned(),
    ];
    let kind = call.content_type().map(|kind| ("Content-Type".to_owned(), kind.to_owned()));
    let set = |(name, value): (String, String)| {
        format!("request.Header.Set({}, {})", literal(&name), literal(&value))
    };
    lines.extend(kind.into_iter().chain(call.headers.iter().cloned()).map(set));
    let (more, proof) = proven(proof);
    imports.extend(more);
    lines.extend(proof);
    lines.extend(
        [
            "response, err := http.DefaultClient.Do(request)",
            "if err != nil {",
            "\tlog.Fatal(err)",
            "}",
            "defer response.Body.Close()",
            "answer, err := io.ReadAll(response.Body)",
            "if err != nil {",
            "\tlog.Fatal(err)",
            "}",
            "fmt.Println(response.StatusCode, string(answer))",
        ]
        .map(str::to_owned),
    );
    imports.sort_unstable();
    let imports: Vec<String> = imports.iter().map(|import| format!("\t\"{import}\"")).collect();
    let lines: Vec<String> = lines.iter().map(|line| format!("\t{line}")).collect();
    let (imports, lines) = (imports.join("\n"), lines.join("\n"));
    format!("package main\n\nimport (\n{imports}\n)\n\nfunc main() {{\n{lines}\n}}\n")
}

/// The packages and the lines that prove who sends.
fn proven(proof: &Proof) -> (Vec<&'static str>, Vec<String>) {
    let (mut imports, mut lines) = (Vec::new(), Vec::new());
    match proof {
        Proof::None => {}
        Proof::Token(places) => {
            imports.push("os");
            lines.extend(best(places).into_iter().flat_map(token));
        }
        Proof::Basic(user) => {
            imports.push("os");
            lines.push(format!("request.SetBasicAuth({}, os.Getenv(\"WEBHOOK_PASSWORD\"))", literal(user)));
        }
        Proof::StandardWebhooks => {
            imports.extend(["crypto/hmac", "crypto/rand", "crypto/sha256", "encoding/base64", "os", "time"]);
            lines.extend(
                [
                    "id := \"msg_\" + rand.Text()",
                    "timestamp := fmt.Sprint(time.Now().Unix())",
                    "key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(os.Getenv(\"WEBHOOK_SECRET\"), \"whsec_\"))",
                    "if err != nil {",
                    "\tlog.Fatal(err)",
                    "}",
                    "mac := hmac.New(sha256.New, key)",
                    "mac.Write([]byte(id + \".\" + timestamp + \".\" + body))",
                    "request.Header.Set(\"webhook-id\", id)",
                    "request.Header.Set(\"webhook-timestamp\", timestamp)",
                    "request.Header.Set(\"webhook-signature\", \"v1,\"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))",
                ]
                .map(str::to_owned),
            );
        }
        Proof::Hmac(hmac) => {
            imports.extend(["crypto/hmac", hash(hmac)[0], "os"]);
            imports.push(if hmac.encoding == "hex" { "encoding/hex" } else { "encoding/base64" });
            imports.extend(hmac.timestamp.iter().map(|_| "time"));
            lines.extend(signed(hmac));
        }
        Proof::Other(_) => lines.push("// Sign the request as the page says.".to_owned()),
    }
    (imports, lines)
}

fn token(place: &Place) -> Vec<String> {
    match place {
        Place::Bearer => {
            vec!["request.Header.Set(\"Authorization\", \"Bearer \"+os.Getenv(\"WEBHOOK_TOKEN\"))".to_owned()]
        }
        Place::Header(name) => {
            vec![format!("request.Header.Set({}, os.Getenv(\"WEBHOOK_TOKEN\"))", literal(name))]
        }
        Place::Query(name) => vec![
            "query := request.URL.Query()".to_owned(),
            format!("query.Set({}, os.Getenv(\"WEBHOOK_TOKEN\"))", literal(name)),
            "request.URL.RawQuery = query.Encode()".to_owned(),
        ],
    }
}

/// The package of a hash function, and the function.
fn hash(hmac: &Hmac) -> [&'static str; 2] {
    match hmac.algorithm.as_str() {
        "sha1" => ["crypto/sha1", "sha1.New"],
        "sha512" => ["crypto/sha512", "sha512.New"],
        _ => ["crypto/sha256", "sha256.New"],
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
    let encode = match hmac.encoding.as_str() {
        "base64" => "base64.StdEncoding.EncodeToString",
        "base64url" => "base64.RawURLEncoding.EncodeToString",
        _ => "hex.EncodeToString",
    };
    let mut lines = Vec::new();
    if let Some((header, is_ms)) = &hmac.timestamp {
        let unit = if *is_ms { "UnixMilli" } else { "Unix" };
        lines.push(format!("timestamp := fmt.Sprint(time.Now().{unit}())"));
        lines.push(format!("request.Header.Set({}, timestamp)", literal(header)));
    }
    lines.push(format!("mac := hmac.New({}, []byte(os.Getenv(\"WEBHOOK_SECRET\")))", hash(hmac)[1]));
    lines.push(format!("mac.Write([]byte({}))", text.join(" + ")));
    lines.push(format!(
        "request.Header.Set({}, {}+{encode}(mac.Sum(nil)))",
        literal(&hmac.header),
        literal(&hmac.prefix)
    ));
    lines
}

/// A text, over lines as it is where Go takes that.
fn string(text: &str) -> String {
    if text.contains('\n') && !text.contains(['`', '\r']) { format!("`{text}`") } else { literal(text) }
}
