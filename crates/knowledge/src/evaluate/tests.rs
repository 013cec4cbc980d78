use super::xquad::{Set, run};
use super::{Figures, speed};
use crate::{Embed, EmbedError, Error, Purpose};

#[test]
fn figures_follow_their_definitions() {
    let figures = Figures::of(&[Some(1), Some(3), None, Some(11)]);
    assert!((figures.ndcg_10 - (1.0 + 0.5) / 4.0).abs() < 1e-9);
    assert!((figures.recall_1 - 0.25).abs() < 1e-9);
    assert!((figures.recall_10 - 0.5).abs() < 1e-9);
    assert!((figures.mrr_10 - (1.0 + 1.0 / 3.0) / 4.0).abs() < 1e-9);
    assert_eq!(Figures::of(&[]), Figures::default());
}

/// Knows which of four themes a text is about, in either language.
struct Themes;

#[async_trait::async_trait]
impl Embed for Themes {
    async fn embed(&self, texts: &[String], _: Purpose) -> Result<Vec<Vec<f32>>, EmbedError> {
        const THEMES: [[&str; 2]; 4] =
            [["pump", "水泵"], ["hose", "软管"], ["filter", "滤芯"], ["switch", "开关"]];
        let vector = |text: &String| {
            THEMES
                .iter()
                .map(|words| if words.iter().any(|word| text.contains(word)) { 1.0 } else { 0.1 })
                .collect()
        };
        Ok(texts.iter().map(vector).collect())
    }
}

fn set(pairs: &[(&str, &str)]) -> Set {
    let paragraph = |(context, question): &(&str, &str)| serde_json::json!({ "context": context, "qas": [{ "question": question, "id": "1", "answers": [] }] });
    let data = serde_json::json!({ "version": "1", "data": [
        { "title": "t", "paragraphs": pairs.iter().map(paragraph).collect::<Vec<_>>() }
    ] });
    Set::parse(&data.to_string()).unwrap()
}

fn english() -> Set {
    set(&[
        ("Clean the pump every month.", "How often is the pump cleaned?"),
        ("The hose is 2 m long.", "How long is the hose?"),
        ("Replace the filter yearly.", "When is the filter replaced?"),
        ("The switch is at the back.", "Where is the switch?"),
    ])
}

fn chinese() -> Set {
    set(&[
        ("水泵应每月清洗一次。", "水泵多久清洗一次？"),
        ("软管长两米。", "软管有多长？"),
        ("滤芯应每年更换。", "滤芯什么时候更换？"),
        ("开关在背面。", "开关在哪里？"),
    ])
}

#[tokio::test]
async fn every_task_is_run_with_every_method() {
    let report = run(&english(), &chinese(), &Themes).await.unwrap();
    assert_eq!(report.rows.len(), 3);
    for row in &report.rows {
        assert_eq!((row.paragraphs, row.questions), (4, 4));
        for method in ["vector", "hybrid"] {
            assert!((row.figures_of(method).unwrap().ndcg_10 - 1.0).abs() < 1e-9, "{} {method}", row.task);
        }
    }
    // Words of one language find nothing in the other: two of the four paragraphs.
    assert!(report.rows[2].figures_of("keyword").unwrap().recall_10 < 0.6);
    assert!(report.to_string().contains("| English | 4 | 4 |"));
}

#[tokio::test]
async fn sets_that_do_not_correspond_are_refused() {
    let one = set(&[("a", "b")]);
    assert!(matches!(run(&one, &chinese(), &Themes).await, Err(Error::EvaluationPair { .. })));
    assert!(matches!(Set::parse("{}"), Err(Error::EvaluationParse(_))));
}

#[test]
fn speed_is_measured_for_every_mode() {
    let plan = speed::Plan { chunks: 120, dimensions: 8, questions: 4 };
    let speed = speed::measure(plan).unwrap();
    assert_eq!(
        speed.searches.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["keyword", "vector", "hybrid"]
    );
    assert!(speed.searches.iter().all(|(_, latency)| latency.p50 <= latency.p99 && !latency.p99.is_zero()));
    assert!(speed.indexed_chunks_per_second > 0.0 && speed.index_bytes > 120 * 8 * 2);
}
