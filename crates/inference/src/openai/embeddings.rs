//! One try of an embedding call.

use outbound::{Limit, Timeouts};
use serde::Deserialize;
use serde_json::Value;

use super::{OpenAi, request};
use crate::{
    chat::Usage,
    embed::{EmbedRequest, Embeddings},
    error::Error,
};

/// The most bytes of an answer: 2,048 vectors of 4,096 numbers of some twenty characters would be 160 MiB, but
/// batches are far smaller.
const ANSWER: usize = 32 * 1024 * 1024;

#[derive(Deserialize)]
struct Body {
    data: Vec<Item>,
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Item {
    /// Missing where the order says it.
    index: Option<usize>,
    embedding: Vec<f32>,
}

#[derive(Deserialize)]
struct Counts {
    prompt_tokens: Option<u64>,
    total_tokens: Option<u64>,
}

impl OpenAi {
    /// Embeds one batch of the request's texts.
    pub(super) async fn try_embed(
        &self,
        asked: &EmbedRequest,
        texts: &[String],
    ) -> Result<Embeddings, Error> {
        let call = self
            .post("embeddings", request::embed(asked, texts, &self.config), Limit::fail(ANSWER))?
            .timeouts(Timeouts::total(asked.timeout));
        let response = self.client.send(call).await.map_err(|error| self.broken(None, error))?;
        if !response.status.is_success() {
            return Err(self.refused(response.status, &response.headers, &response.body));
        }
        match serde_json::from_slice::<Body>(&response.body) {
            Ok(body) => in_order(body, texts.len()).map_err(|reason| self.malformed(reason)),
            Err(error) => match serde_json::from_slice::<Value>(&response.body) {
                Ok(complaint) if complaint.get("error").is_some_and(|error| !error.is_null()) => {
                    Err(self.complained(&complaint))
                }
                _ => Err(self.malformed(format!("it has another form: {error}"))),
            },
        }
    }
}

/// Appends a batch, whose vectors must be as long as those before.
pub(super) fn append(all: &mut Embeddings, batch: Embeddings) -> Result<(), String> {
    if let (Some(first), Some(next)) = (all.vectors.first(), batch.vectors.first())
        && first.len() != next.len()
    {
        return Err(format!("its vectors have {} and {} numbers", first.len(), next.len()));
    }
    all.vectors.extend(batch.vectors);
    if let Some(tokens) = batch.usage.input_tokens {
        all.usage.input_tokens = Some(all.usage.input_tokens.unwrap_or_default().saturating_add(tokens));
    }
    Ok(())
}

/// One vector for each of the `count` texts, in the texts' order.
fn in_order(body: Body, count: usize) -> Result<Embeddings, String> {
    let mut slots: Vec<Option<Vec<f32>>> = vec![None; count];
    let length = body.data.first().map_or(0, |item| item.embedding.len());
    for (place, item) in body.data.into_iter().enumerate() {
        if item.embedding.len() != length || length == 0 {
            return Err("its vectors are of different lengths, or empty".to_owned());
        }
        if !item.embedding.iter().all(|number| number.is_finite()) {
            return Err("a vector has a number that is none".to_owned());
        }
        match slots.get_mut(item.index.unwrap_or(place)) {
            Some(slot @ None) => *slot = Some(item.embedding),
            _ => return Err("it has a vector too many".to_owned()),
        }
    }
    let vectors = slots.into_iter().collect::<Option<Vec<_>>>().ok_or("a text has no vector")?;
    let tokens = body.usage.and_then(|usage| usage.prompt_tokens.or(usage.total_tokens));
    Ok(Embeddings { vectors, usage: Usage { input_tokens: tokens, output_tokens: None } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, count: usize) -> Result<Vec<Vec<f32>>, String> {
        let body = serde_json::from_str(json).map_err(|error: serde_json::Error| error.to_string())?;
        in_order(body, count).map(|embeddings| embeddings.vectors)
    }

    #[test]
    fn vectors_are_put_in_the_order_of_their_texts() {
        let shuffled = r#"{"data":[{"index":1,"embedding":[2]},{"index":0,"embedding":[1]}]}"#;
        assert_eq!(read(shuffled, 2).unwrap(), [[1.0], [2.0]]);
        let plain = r#"{"data":[{"embedding":[1]},{"embedding":[2]}]}"#;
        assert_eq!(read(plain, 2).unwrap(), [[1.0], [2.0]]);
    }

    #[test]
    fn vectors_that_do_not_fit_are_an_error() {
        for (json, count) in [
            (r#"{"data":[]}"#, 1),
            (r#"{"data":[{"embedding":[]}]}"#, 1),
            (r#"{"data":[{"embedding":[1]},{"embedding":[1,2]}]}"#, 2),
            (r#"{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}"#, 2),
            (r#"{"data":[{"index":9,"embedding":[1]}]}"#, 1),
            (r#"{"data":[{"embedding":[1]},{"embedding":[1]}]}"#, 1),
            (r#"{"data":[{"embedding":[1e999]}]}"#, 1),
            (r#"{"data":[{"embedding":[null]}]}"#, 1),
        ] {
            assert!(read(json, count).is_err(), "{json}");
        }
    }

    #[test]
    fn batches_of_different_lengths_do_not_mix() {
        let batch = |vector: &[f32]| Embeddings { vectors: vec![vector.to_vec()], usage: Usage::default() };
        let mut all = batch(&[1.0]);
        assert!(append(&mut all, batch(&[1.0, 2.0])).is_err());
        append(&mut all, batch(&[3.0])).unwrap();
        assert_eq!(all.vectors, [[1.0], [3.0]]);
    }
}
