use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use proptest::prelude::*;
use uuid::Uuid;

use super::{Change, ChunkId, Contents, DocumentId, Entry, Index, Limits};
use crate::{Error, Filter, Mode, Query};

fn document(id: u8) -> DocumentId {
    DocumentId(Uuid::from_u128(id.into()))
}

/// A document whose chunks are named by it and their place; every third has no vector.
fn put(id: u8, kind: &str, texts: &[String]) -> Change {
    let float = |n: usize| f32::from(u16::try_from(n).unwrap());
    let chunk = |(place, text): (usize, &String)| Entry {
        id: ChunkId(Uuid::from_u128(u128::from(id) << 64 | place as u128)),
        text: text.clone(),
        vector: (place % 3 != 2).then(|| vec![f32::from(id) + 1.0, float(text.len()), float(place)]),
    };
    let contents = Contents {
        metadata: BTreeMap::from([("kind".to_owned(), kind.to_owned())]),
        chunks: texts.iter().enumerate().map(chunk).collect(),
    };
    Change::Put { document: document(id), contents }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn found(index: &Index, text: &str) -> Vec<u128> {
    let hits = index.search(&Query { mode: Mode::Keyword, top_k: 100, ..Query::new(text, None) }).unwrap();
    hits.iter().map(|hit| hit.chunk.0.as_u128()).collect()
}

#[test]
fn documents_are_put_replaced_and_removed() {
    let index = Index::new(3, Limits::default());
    index.apply(put(1, "a", &texts(&["old pump", "old valve"]))).unwrap();
    index.apply(put(2, "a", &texts(&["other hose"]))).unwrap();
    assert_eq!((index.chunks(), index.documents()), (3, 2));
    index.apply(put(1, "a", &texts(&["new pump"]))).unwrap();
    assert_eq!((index.chunks(), index.documents()), (2, 2));
    assert!(found(&index, "old").is_empty());
    assert_eq!(found(&index, "pump").len(), 1);
    index.apply(Change::Remove { document: document(1) }).unwrap();
    index.apply(Change::Remove { document: document(9) }).unwrap();
    assert_eq!((index.chunks(), index.documents()), (1, 1));
    assert!(found(&index, "pump").is_empty());
    assert_eq!(found(&index, "hose").len(), 1);
}

#[test]
fn a_refused_change_changes_nothing() {
    let index = Index::new(3, Limits { chunks: 2, bytes: usize::MAX });
    index.apply(put(1, "a", &texts(&["pump", "valve"]))).unwrap();
    let refused = index.apply(put(2, "a", &texts(&["hose"])));
    assert!(matches!(refused, Err(Error::Full { used: 2, limit: 2, unit: "chunks" })));
    let mut wrong = put(1, "a", &texts(&["hose"]));
    if let Change::Put { contents, .. } = &mut wrong {
        contents.chunks[0].vector = Some(vec![1.0]);
    }
    assert!(matches!(index.apply(wrong), Err(Error::Dimensions { expected: 3, found: 1 })));
    assert_eq!(found(&index, "pump valve hose").len(), 2);
    // Replacing stays possible in a full index.
    index.apply(put(1, "a", &texts(&["hose", "hose"]))).unwrap();
    assert_eq!(found(&index, "hose").len(), 2);
}

#[test]
fn memory_is_reported_and_limited() {
    let index = Index::new(3, Limits { chunks: usize::MAX, bytes: 100_000 });
    assert_eq!(index.bytes(), 0);
    let many: Vec<String> = (0..1_000).map(|n| format!("word{n} and word{}", n * 7)).collect();
    index.apply(put(1, "a", &many)).unwrap();
    assert!(index.bytes() > 100_000);
    assert!(matches!(
        index.apply(put(2, "a", &many)),
        Err(Error::Full { limit: 100_000, unit: "bytes", .. })
    ));
    index.apply(Change::Remove { document: document(1) }).unwrap();
    // A change of this size is purged at once.
    assert!(index.bytes() < 100_000, "{}", index.bytes());
    index.apply(put(2, "a", &many)).unwrap();
}

#[test]
fn searches_during_changes_see_whole_documents() {
    const CHUNKS: usize = 20;
    let index = Index::new(3, Limits::default());
    let version = |n: usize| -> Vec<String> { (0..CHUNKS).map(|_| format!("pump version{n}")).collect() };
    index.apply(put(1, "a", &version(0))).unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let searching = scope.spawn(|| {
            let mut searches = 0;
            while !done.load(Ordering::Relaxed) || searches == 0 {
                let query = Query { mode: Mode::Keyword, top_k: 2 * CHUNKS, ..Query::new("pump", None) };
                assert_eq!(index.search(&query).unwrap().len(), CHUNKS);
                searches += 1;
            }
        });
        for n in 1..200 {
            index.apply(put(1, "a", &version(n))).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        searching.join().unwrap();
    });
    assert_eq!(index.chunks(), CHUNKS);
}

/// Changes over few documents, so that most replace or remove one that is there; some are large
/// enough to be purged.
fn changes() -> impl Strategy<Value = Vec<(u8, Option<Vec<String>>)>> {
    let text = "[a-f]( [a-f]){0,4}|[水泵软管]{1,5}|E[0-9]";
    let texts =
        prop_oneof![9 => prop::collection::vec(text, 0..5), 1 => prop::collection::vec(text, 100..200)];
    prop::collection::vec((0..5u8, prop::option::weighted(0.7, texts)), 1..30)
}

fn kind(id: u8) -> &'static str {
    if id.is_multiple_of(2) { "even" } else { "odd" }
}

fn apply(index: &Index, id: u8, contents: Option<&Vec<String>>) {
    let change = contents.map_or(Change::Remove { document: document(id) }, |texts| put(id, kind(id), texts));
    index.apply(change).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn after_any_changes_it_equals_one_built_anew(changes in changes()) {
        let changed = Index::new(3, Limits::default());
        let mut last = BTreeMap::new();
        for (id, contents) in &changes {
            apply(&changed, *id, contents.as_ref());
            last.insert(*id, contents.as_ref());
        }
        let rebuilt = Index::new(3, Limits::default());
        for (id, contents) in &last {
            apply(&rebuilt, *id, *contents);
        }
        prop_assert_eq!(changed.chunks(), rebuilt.chunks());
        prop_assert_eq!(changed.documents(), rebuilt.documents());
        let modes = [Mode::Keyword, Mode::Vector, Mode::default(), Mode::ReciprocalRank { keyword_weight: 0.3, k: 60 }];
        for (text, mode) in ["a b", "水泵 E1", "E2"].into_iter().flat_map(|text| modes.map(|mode| (text, mode))) {
            for filter in [Filter::default(), Filter::default().and("kind", ["odd"])] {
                let vector = Some(vec![2.0, 5.0, 1.0]);
                let query = Query { mode, filter, top_k: 1000, ..Query::new(text, vector) };
                prop_assert_eq!(changed.search(&query).unwrap(), rebuilt.search(&query).unwrap());
            }
        }
    }
}
