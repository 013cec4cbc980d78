//! Which paragraph answers the question? On `XQuAD` (Artetxe, Ruder and Yogatama, 2020), or any pair
//! of translated sets in `SQuAD`'s form.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use uuid::Uuid;

use super::Figures;
use crate::{
    Change, ChunkId, Contents, DocumentId, Embed, Entry, Error, Index, Limits, Mode, Purpose, Query,
};

/// Texts to one call of the embedding model.
const EMBED_BATCH: usize = 64;

/// The set in one language.
#[derive(Debug, Clone)]
pub struct Set {
    paragraphs: Vec<String>,
    /// Each with the place of its paragraph.
    questions: Vec<(String, usize)>,
}

impl Set {
    /// Reads a file of `SQuAD`'s form: `data[].paragraphs[].{context, qas[].question}`.
    pub fn parse(json: &str) -> Result<Self, Error> {
        let file: File = serde_json::from_str(json).map_err(Error::EvaluationParse)?;
        let mut set = Self { paragraphs: Vec::new(), questions: Vec::new() };
        for paragraph in file.data.into_iter().flat_map(|article| article.paragraphs) {
            let place = set.paragraphs.len();
            set.questions.extend(paragraph.qas.into_iter().map(|qa| (qa.question, place)));
            set.paragraphs.push(paragraph.context);
        }
        Ok(set)
    }
}

#[derive(Deserialize)]
struct File {
    data: Vec<Article>,
}

#[derive(Deserialize)]
struct Article {
    paragraphs: Vec<Paragraph>,
}

#[derive(Deserialize)]
struct Paragraph {
    context: String,
    qas: Vec<Answered>,
}

#[derive(Deserialize)]
struct Answered {
    question: String,
}

/// Ways to rank that are compared, with their names.
const METHODS: [(&str, Mode); 4] = [
    ("keyword", Mode::Keyword),
    ("vector", Mode::Vector),
    ("RRF", Mode::ReciprocalRank { keyword_weight: 0.5, k: 60 }),
    ("hybrid", Mode::Hybrid { keyword_weight: 0.5 }),
];

/// What came out, as a table: its `Display` is Markdown with nDCG@10 for each method.
#[derive(Debug, Clone)]
pub struct Report {
    /// One for each task.
    pub rows: Vec<Row>,
}

/// One task's figures.
#[derive(Debug, Clone)]
pub struct Row {
    /// Which questions over which paragraphs.
    pub task: &'static str,
    /// Number of paragraphs and of questions.
    pub paragraphs: usize,
    /// How many questions were asked.
    pub questions: usize,
    /// By method: `keyword`, `vector`, `RRF`, `hybrid`, in this order.
    pub figures: Vec<(&'static str, Figures)>,
}

impl Row {
    /// The figures of one method.
    pub fn figures_of(&self, method: &str) -> Option<Figures> {
        self.figures.iter().find(|(name, _)| *name == method).map(|(_, figures)| *figures)
    }
}

/// Runs the three tasks: English, Chinese, and Chinese questions over paragraphs of which every
/// second one, from the first, is English and the others are Chinese. Each text is embedded once.
pub async fn run(english: &Set, chinese: &Set, embed: &dyn Embed) -> Result<Report, Error> {
    let (english, chinese) = (Embedded::of(english, embed).await?, Embedded::of(chinese, embed).await?);
    let is_pair = english.questions.len() == chinese.questions.len()
        && english.questions.iter().zip(&chinese.questions).all(|(a, b)| a.relevant == b.relevant)
        && english.paragraphs.len() == chinese.paragraphs.len();
    if !is_pair {
        return Err(Error::EvaluationPair { reason: "paragraphs and questions must correspond one to one" });
    }
    let mixed = english.paragraphs.iter().zip(&chinese.paragraphs).enumerate();
    let mixed: Vec<Vectored> =
        mixed.map(|(at, (en, zh))| if at % 2 == 0 { en } else { zh }.clone()).collect();
    Ok(Report {
        rows: vec![
            row("English", &english.paragraphs, &english.questions)?,
            row("Chinese", &chinese.paragraphs, &chinese.questions)?,
            row("Chinese questions, mixed paragraphs", &mixed, &chinese.questions)?,
        ],
    })
}

#[derive(Clone)]
struct Vectored {
    text: String,
    vector: Vec<f32>,
}

struct Question {
    asked: Vectored,
    relevant: usize,
}

struct Embedded {
    paragraphs: Vec<Vectored>,
    questions: Vec<Question>,
}

impl Embedded {
    async fn of(set: &Set, embed: &dyn Embed) -> Result<Self, Error> {
        let texts: Vec<String> = set.questions.iter().map(|(text, _)| text.clone()).collect();
        let asked = vectored(&texts, embed, Purpose::Query).await?;
        let relevant = set.questions.iter().map(|(_, place)| *place);
        Ok(Self {
            paragraphs: vectored(&set.paragraphs, embed, Purpose::Document).await?,
            questions: asked
                .into_iter()
                .zip(relevant)
                .map(|(asked, relevant)| Question { asked, relevant })
                .collect(),
        })
    }
}

async fn vectored(texts: &[String], embed: &dyn Embed, purpose: Purpose) -> Result<Vec<Vectored>, Error> {
    let mut all = Vec::with_capacity(texts.len());
    for batch in texts.chunks(EMBED_BATCH) {
        let vectors = embed.embed(batch, purpose).await.map_err(Error::Embed)?;
        all.extend(batch.iter().cloned().zip(vectors).map(|(text, vector)| Vectored { text, vector }));
    }
    Ok(all)
}

fn row(task: &'static str, paragraphs: &[Vectored], questions: &[Question]) -> Result<Row, Error> {
    let index = index(paragraphs)?;
    let mut figures = Vec::new();
    for (name, mode) in METHODS {
        let ranks =
            questions.iter().map(|question| rank(&index, question, mode)).collect::<Result<Vec<_>, _>>()?;
        figures.push((name, Figures::of(&ranks)));
    }
    Ok(Row { task, paragraphs: paragraphs.len(), questions: questions.len(), figures })
}

fn index(paragraphs: &[Vectored]) -> Result<Index, Error> {
    let dimensions = paragraphs.first().map_or(0, |paragraph| paragraph.vector.len());
    let index = Index::new(dimensions, Limits::default());
    let chunks = paragraphs.iter().zip(0u128..).map(|(paragraph, id)| Entry {
        id: chunk_id(id),
        text: paragraph.text.clone(),
        vector: Some(paragraph.vector.clone()),
    });
    let contents = Contents { metadata: BTreeMap::new(), chunks: chunks.collect() };
    index.apply(Change::Put { document: DocumentId(Uuid::nil()), contents })?;
    Ok(index)
}

fn rank(index: &Index, question: &Question, mode: Mode) -> Result<Option<u32>, Error> {
    let mut query = Query::new(question.asked.text.clone(), Some(question.asked.vector.clone()));
    query.mode = mode;
    query.top_k = 10;
    let relevant = chunk_id(question.relevant as u128);
    let hits = index.search(&query)?;
    Ok(hits.iter().zip(1u32..).find(|(hit, _)| hit.chunk == relevant).map(|(_, rank)| rank))
}

fn chunk_id(place: u128) -> ChunkId {
    ChunkId(Uuid::from_u128(place))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| nDCG@10 | paragraphs | questions |")?;
        for (name, _) in METHODS {
            write!(f, " {name} |")?;
        }
        write!(f, "\n|---|---|---|{}", "---|".repeat(METHODS.len()))?;
        for row in &self.rows {
            write!(f, "\n| {} | {} | {} |", row.task, row.paragraphs, row.questions)?;
            for (_, figures) in &row.figures {
                write!(f, " {:.3} |", figures.ndcg_10)?;
            }
        }
        Ok(())
    }
}
