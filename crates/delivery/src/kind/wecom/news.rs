//! Articles, in place of a text.

use bytes::Bytes;
use serde_json::{Value, json};

use super::config::{Article, Said};
use crate::call::Unsendable;

/// The most articles in a message.
const ARTICLES: usize = 8;

/// The message that articles make. WeCom itself shortens titles of over 128 bytes and descriptions of over 512.
pub(super) fn body(said: &Said) -> Result<Bytes, Unsendable> {
    if !said.text.is_empty() || said.format.is_some() || said.mentions.is_some() {
        let reason =
            "WeCom takes articles alone: send `text`, `format` and `mentions` by another deliver node";
        return Err(Unsendable(reason.to_owned()));
    }
    Ok(message(&said.articles)?.to_string().into())
}

/// The same in WeCom's form, for a robot or an application.
pub(in crate::kind) fn message(articles: &[Article]) -> Result<Value, Unsendable> {
    if articles.len() > ARTICLES {
        return Err(Unsendable(format!("WeCom takes at most {ARTICLES} articles a message")));
    }
    if let Some(at) = articles.iter().position(|article| article.title.is_empty() || article.url.is_empty()) {
        return Err(Unsendable(format!("articles[{at}] needs a `title` and a `url`")));
    }
    let articles: Vec<Value> = articles.iter().map(article).collect();
    Ok(json!({ "msgtype": "news", "news": { "articles": articles } }))
}

fn article(article: &Article) -> Value {
    let mut shown = json!({ "title": article.title, "url": article.url });
    for (name, value) in [("description", &article.description), ("picurl", &article.picture)] {
        if let Some(value) = value {
            shown[name] = value.as_str().into();
        }
    }
    shown
}
