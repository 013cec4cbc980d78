use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Filter, Hit, Mode, Query, across};
use crate::{Change, ChunkId, Contents, DocumentId, Entry, Error, Index, Limits};

/// Each text with its vector is a document of one chunk, numbered from `first`.
fn index(first: u128, texts: &[(&str, [f32; 2])]) -> Index {
    let index = Index::new(2, Limits::default());
    for ((text, vector), id) in texts.iter().zip(first..) {
        let metadata = BTreeMap::from([("n".to_owned(), id.to_string())]);
        let entry = Entry {
            id: ChunkId(Uuid::from_u128(id)),
            text: (*text).to_owned(),
            vector: Some(vector.to_vec()),
        };
        let contents = Contents { metadata, chunks: vec![entry] };
        index.apply(Change::Put { document: DocumentId(Uuid::from_u128(id)), contents }).unwrap();
    }
    index
}

fn query(text: &str, vector: [f32; 2], mode: Mode) -> Query {
    Query { mode, ..Query::new(text, Some(vector.to_vec())) }
}

fn ids(hits: &[Hit]) -> Vec<u128> {
    hits.iter().map(|hit| hit.chunk.0.as_u128()).collect()
}

const NEAR: [f32; 2] = [1.0, 0.1];
const MIDDLE: [f32; 2] = [1.0, 1.0];
const FAR: [f32; 2] = [-1.0, 1.0];

#[test]
fn each_mode_ranks_by_its_own_measure() {
    let index = index(0, &[("a valve", NEAR), ("a red pump", FAR), ("the pump", MIDDLE)]);
    let found = |mode| ids(&index.search(&query("red pump", NEAR, mode)).unwrap());
    assert_eq!(found(Mode::Keyword), [1, 2]);
    assert_eq!(found(Mode::Vector), [0, 2, 1]);
    assert_eq!(found(Mode::Hybrid { keyword_weight: 1.0 }), [1, 2, 0]);
    assert_eq!(found(Mode::Hybrid { keyword_weight: 0.0 }), [0, 2, 1]);
    assert_eq!(found(Mode::default())[0], 2);
    assert_eq!(found(Mode::ReciprocalRank { keyword_weight: 0.5, k: 60 }), [1, 2, 0]);
    assert_eq!(found(Mode::ReciprocalRank { keyword_weight: 0.4, k: 60 }), [2, 1, 0]);
}

#[test]
fn scores_are_normalised_and_their_parts_are_told() {
    let index = index(0, &[("a pump", NEAR), ("a valve", FAR), ("the pump of a valve", MIDDLE)]);
    let hits = index.search(&query("pump", NEAR, Mode::default())).unwrap();
    assert_eq!(ids(&hits), [0, 2, 1]);
    let (first, last) = (hits[0], hits[2]);
    assert!((first.score - 1.0).abs() < 1e-6 && last.score.abs() < 1e-6);
    assert_eq!((first.parts.keyword_normalised, first.parts.vector_normalised), (Some(1.0), Some(1.0)));
    assert!(first.parts.keyword.unwrap() > 0.0 && (first.parts.vector.unwrap() - 1.0).abs() < 1e-3);
    assert_eq!(
        (last.parts.keyword, last.parts.keyword_normalised, last.parts.vector_normalised),
        (None, None, Some(0.0))
    );
    assert!(hits.iter().all(|hit| hit.parts.same_language));
}

#[test]
fn in_another_language_the_vector_decides() {
    let index = index(
        0,
        &[("Clean the pump every month.", NEAR), ("水泵的颜色是红色。", FAR), ("软管两米长。", MIDDLE)],
    );
    let hits = index.search(&query("水泵多久清洗一次？", NEAR, Mode::default())).unwrap();
    assert_eq!(ids(&hits), [0, 1, 2]);
    let first = hits[0];
    assert!((first.score - 1.0).abs() < 1e-6);
    assert_eq!((first.parts.keyword, first.parts.same_language), (None, false));
    // The word alone lifts the one in the question's own language to half.
    assert!((hits[1].score - 0.5).abs() < 1e-6);
}

#[test]
fn codes_count_in_every_language() {
    let index = index(
        0,
        &[
            ("E3: the pump is blocked.", MIDDLE),
            ("E4: the hose is blocked.", MIDDLE),
            ("机器的颜色是红色。", MIDDLE),
            ("软管两米长。", NEAR),
            ("保修期一年。", FAR),
        ],
    );
    let hits = index.search(&query("E3 是什么意思？", NEAR, Mode::default())).unwrap();
    let place = |id: u128| ids(&hits).iter().position(|found| *found == id).unwrap();
    assert!(place(0) < place(1), "{hits:#?}");
    // A question that is nothing but a code is of no language: keywords count everywhere.
    let hits = index.search(&query("E3", NEAR, Mode::default())).unwrap();
    assert!(hits.iter().all(|hit| hit.parts.same_language));
    assert_eq!(ids(&index.search(&query("E3", NEAR, Mode::Keyword)).unwrap()), [0]);
}

#[test]
fn a_question_without_a_vector_falls_back_to_keywords() {
    let index = index(0, &[("a pump", NEAR), ("a valve", FAR)]);
    let question = Query::new("valve", None);
    assert_eq!(ids(&index.search(&question).unwrap()), [1]);
    let vector_only = Query { mode: Mode::Vector, ..question };
    assert!(matches!(index.search(&vector_only), Err(Error::VectorMissing)));
    let wrong = Query::new("valve", Some(vec![1.0]));
    assert!(matches!(index.search(&wrong), Err(Error::Dimensions { expected: 2, found: 1 })));
    let nowhere = Query::new("valve", Some(vec![0.0, f32::NAN]));
    assert!(matches!(index.search(&nowhere), Err(Error::NoDirection)));
}

#[test]
fn filters_admit_only_what_they_name() {
    let index = index(0, &[("pump one", NEAR), ("pump two", MIDDLE), ("pump three", FAR)]);
    let found = |filter: Filter| {
        let hits = index.search(&Query { filter, ..query("pump", NEAR, Mode::default()) }).unwrap();
        ids(&hits)
    };
    assert_eq!(found(Filter::default()).len(), 3);
    assert_eq!(found(Filter::default().and("n", ["1", "2"])), [1, 2]);
    assert_eq!(found(Filter::default().and("n", ["1", "2"]).and("n", ["2"])), [2]);
    assert!(found(Filter::default().and("n", ["9"])).is_empty());
    assert!(found(Filter::default().and("missing", [""])).is_empty());
}

#[test]
fn top_k_and_threshold_bound_the_hits() {
    let index = index(0, &[("pump", NEAR), ("pump", MIDDLE), ("valve", FAR)]);
    let question = query("pump", NEAR, Mode::default());
    let few = Query { top_k: 2, ..question.clone() };
    assert_eq!(ids(&index.search(&few).unwrap()), [0, 1]);
    let none = Query { top_k: 0, ..question.clone() };
    assert!(index.search(&none).unwrap().is_empty());
    let strict = Query { threshold: Some(0.99), ..question };
    assert_eq!(ids(&index.search(&strict).unwrap()), [0]);
}

#[test]
fn several_bases_are_searched_as_one() {
    let texts = [("a pump", NEAR), ("the pump of a valve", MIDDLE), ("a valve", FAR), ("a hose", MIDDLE)];
    let (left, right) = (index(0, &texts[..2]), index(2, &texts[2..]));
    let question = query("pump", NEAR, Mode::Vector);
    let together = across(&[&left, &right], &question).unwrap();
    assert_eq!(together, index(0, &texts).search(&question).unwrap());
    assert_eq!(ids(&across(&[&left, &right], &query("pump", NEAR, Mode::default())).unwrap())[0], 0);
    assert!(across(&[], &question).unwrap().is_empty());
}

#[test]
fn equal_scores_are_ordered_by_id() {
    let index = index(0, &[("pump", NEAR); 9]);
    let hits = index.search(&Query { top_k: 9, ..query("pump", NEAR, Mode::default()) }).unwrap();
    assert_eq!(ids(&hits), (0..9).collect::<Vec<_>>());
}
