//! The page itself: one file that loads nothing from anywhere.

use std::sync::LazyLock;

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use minijinja::{Environment, Error, HtmlEscape, Value, context, value::Serde};
use sha2::{Digest, Sha256};

use super::Book;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    templates.add_filter("prose", prose);
    // A mistake in it is found where it is rendered.
    if let Err(error) = templates.add_template("page.html", include_str!("page.html")) {
        tracing::error!(error = &error as &dyn std::error::Error, "the page of sources cannot be read");
    }
    templates
});

/// What the page may load: nothing but the style and the script that are part of it.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// A source's page.
pub(super) fn page(book: &Book, id: &str, is_chinese: bool) -> Result<Response, Error> {
    let template = TEMPLATES.get_template("page.html")?;
    let html = template.render(context! {
        docs => Value::from(Serde(&book.docs)),
        history => Value::from(Serde(&book.history)),
        id,
        zh => is_chinese,
        style => Value::from_safe_string(STYLE.to_owned()),
        script => Value::from_safe_string(SCRIPT.to_owned()),
    })?;
    let mut response = Html(html).into_response();
    let fixed: [(HeaderName, HeaderValue); 5] = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, POLICY.clone()),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (header::VARY, HeaderValue::from_static("accept-language")),
    ];
    response.headers_mut().extend(fixed);
    Ok(response)
}

/// A text whose words in backticks are code.
fn prose(text: &str) -> Value {
    let parts = text.split('`').enumerate().map(|(at, part)| {
        let escaped = HtmlEscape(part);
        if at % 2 == 1 { format!("<code>{escaped}</code>") } else { escaped.to_string() }
    });
    Value::from_safe_string(parts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_backticks_are_code_and_nothing_is_markup() {
        let html = prose("Send `<a>` as <b> & `c`.").to_string();
        assert_eq!(html, "Send <code>&lt;a&gt;</code> as &lt;b&gt; &amp; <code>c</code>.");
    }
}
