use proptest::prelude::*;

use super::{Exact, Slot, Slots, Vectors, has_direction};

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    dot(a, b) / (dot(a, a).sqrt() * dot(b, b).sqrt())
}

fn of(vectors: &[Vec<f32>]) -> (Exact, Slots) {
    let mut exact = Exact::new(vectors[0].len());
    for (slot, vector) in (0..).zip(vectors) {
        exact.insert(slot, vector);
    }
    (exact, (0..).take(vectors.len()).collect())
}

#[test]
fn nearest_come_first_and_only_from_the_allowed() {
    let (mut exact, mut allowed) = of(&[vec![1.0, 0.0], vec![1.0, 1.0], vec![0.0, 3.0], vec![-1.0, 0.0]]);
    let found = exact.nearest(&[5.0, 0.1], &allowed, 3);
    assert_eq!(found.best.iter().map(|(slot, _)| *slot).collect::<Vec<_>>(), [0, 1, 2]);
    assert!((found.lowest.unwrap() + 1.0).abs() < 0.001);
    allowed.remove(0);
    exact.remove(1);
    let found = exact.nearest(&[5.0, 0.1], &allowed, 9);
    assert_eq!(found.best.iter().map(|(slot, _)| *slot).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(exact.similarities(&[1.0, 0.0], &[1, 2]), [None, Some(0.0)]);
}

#[test]
fn nothing_stored_gives_nothing() {
    let exact = Exact::new(3);
    assert_eq!(exact.nearest(&[1.0, 2.0, 3.0], &(0..5000).collect(), 5), super::Nearest::default());
    assert_eq!(exact.bytes(), 0);
}

#[test]
fn extreme_vectors_do_not_overflow() {
    for vector in [vec![f32::MAX; 2048], vec![f32::MIN_POSITIVE; 2048], vec![-f32::MAX; 2048]] {
        let (exact, allowed) = of(std::slice::from_ref(&vector));
        let (_, similarity) = exact.nearest(&vector, &allowed, 1).best[0];
        assert!((similarity - 1.0).abs() < 0.001, "{similarity}");
        let opposite: Vec<f32> = vector.iter().map(|x| -x).collect();
        let (_, similarity) = exact.nearest(&opposite, &allowed, 1).best[0];
        assert!((similarity + 1.0).abs() < 0.001, "{similarity}");
    }
}

#[test]
fn vectors_without_direction_are_told() {
    assert!(has_direction(&[0.0, 1e-20]));
    for vector in [&[0.0, 0.0][..], &[1.0, f32::NAN], &[f32::INFINITY, 1.0], &[]] {
        assert!(!has_direction(vector));
    }
}

#[test]
fn slots_are_a_set() {
    let mut slots: Slots = [0, 63, 64, 1000].into_iter().collect();
    slots.remove(64);
    slots.remove(70_000);
    assert_eq!(slots.iter().collect::<Vec<Slot>>(), [0, 63, 1000]);
    assert!(slots.contains(1000) && !slots.contains(64) && !slots.contains(70_000));
}

proptest! {
    /// Fixed point is exact enough: every similarity within 0.0002, so that any two that differ by
    /// more than 0.0004 keep their order.
    #[test]
    fn similarities_are_those_of_cosine(
        vectors in prop::collection::vec(prop::collection::vec(-1.0f32..1.0, 48), 2..20),
        scale in 0.001f32..1000.0,
    ) {
        prop_assume!(vectors.iter().all(|vector| has_direction(vector)));
        let scaled: Vec<Vec<f32>> = vectors.iter().map(|v| v.iter().map(|x| x * scale).collect()).collect();
        let (exact, allowed) = of(&scaled);
        let found = exact.nearest(&vectors[0], &allowed, vectors.len());
        prop_assert_eq!(found.best.len(), vectors.len());
        for (slot, similarity) in &found.best {
            let expected = cosine(&vectors[0], &vectors[*slot as usize]);
            prop_assert!((f64::from(*similarity) - expected).abs() < 0.0002, "{} {}", similarity, expected);
        }
        prop_assert!(found.best.windows(2).all(|pair| pair[0].1 >= pair[1].1));
        prop_assert_eq!(found.lowest, found.best.last().map(|(_, similarity)| *similarity));
    }
}
