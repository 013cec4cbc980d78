//! How long indexing and searching take, on made-up texts in English and Chinese whose words are as
//! unevenly frequent as real ones.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::{Change, ChunkId, Contents, DocumentId, Entry, Error, Index, Limits, Mode, Query};

/// How much to measure.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Chunks in the index, half English, half Chinese.
    pub chunks: usize,
    /// Of each vector; 0 for none.
    pub dimensions: usize,
    /// Questions in each mode; 100 or more, so that there is a 99th percentile.
    pub questions: usize,
}

impl Default for Plan {
    /// What the product is held to: 100,000 chunks of 512 dimensions.
    fn default() -> Self {
        Self { chunks: 100_000, dimensions: 512, questions: 300 }
    }
}

/// What was measured, on one thread.
#[derive(Debug, Clone, PartialEq)]
pub struct Speed {
    /// Indexing, vectors included, from text to findable.
    pub indexed_chunks_per_second: f64,
    /// Memory of the index.
    pub index_bytes: usize,
    /// Searching, by mode: `keyword`, `vector`, `hybrid`, without embedding the question.
    pub searches: Vec<(&'static str, Latency)>,
    /// Replacing one document of 50 chunks.
    pub replace: Latency,
}

/// How long one call took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Latency {
    /// Half of the calls took no longer.
    pub p50: Duration,
    /// All but one in a hundred took no longer.
    pub p99: Duration,
}

/// Chunks of one made-up document.
const DOCUMENT_CHUNKS: usize = 50;
/// Words of one made-up chunk: about 256 tokens.
const CHUNK_WORDS: usize = 150;
/// Words of a made-up question.
const QUESTION_WORDS: usize = 10;
/// Different words of each language.
const VOCABULARY: f64 = 100_000.0;

/// Builds an index and asks it. At the default plan this takes about a minute in release.
pub fn measure(plan: Plan) -> Result<Speed, Error> {
    let mut random = Chance(0x2545_f491_4f6c_dd1d);
    let index = Index::new(plan.dimensions, Limits::default());
    let documents = plan.chunks.div_ceil(DOCUMENT_CHUNKS);
    let mut spent = Duration::ZERO;
    for document in 0..documents {
        let chunks = DOCUMENT_CHUNKS.min(plan.chunks - document * DOCUMENT_CHUNKS);
        let change = random.document(document, chunks, plan.dimensions);
        spent += timed(|| index.apply(change))?;
    }
    let mut searches = Vec::new();
    for (name, mode) in [("keyword", Mode::Keyword), ("vector", Mode::Vector), ("hybrid", Mode::default())] {
        if mode == Mode::Keyword || plan.dimensions > 0 {
            searches.push((name, random.ask(&index, mode, plan)?));
        }
    }
    let index_bytes = index.bytes();
    let mut replaced = Vec::new();
    for document in 0..documents.min(plan.questions) {
        let change = random.document(document, DOCUMENT_CHUNKS, plan.dimensions);
        replaced.push(timed(|| index.apply(change))?);
    }
    #[expect(clippy::cast_precision_loss, reason = "a number of chunks")]
    let indexed_chunks_per_second = plan.chunks as f64 / spent.as_secs_f64();
    Ok(Speed { indexed_chunks_per_second, index_bytes, searches, replace: Latency::of(replaced) })
}

impl Latency {
    fn of(mut taken: Vec<Duration>) -> Self {
        taken.sort_unstable();
        let at = |percent: usize| {
            taken.get(taken.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default()
        };
        Self { p50: at(50), p99: at(99) }
    }
}

fn timed<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<Duration, Error> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

/// Xorshift (Marsaglia, 2003): the same texts at every run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// 0 to 1.
    fn fraction(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
    }

    /// The rank of a word, by Zipf's law: the n-th word is 1/n as frequent as the first.
    fn rank(&mut self) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and the vocabulary"
        )]
        let rank = VOCABULARY.powf(self.fraction()) as u32;
        rank
    }

    fn text(&mut self, words: usize, is_chinese: bool) -> String {
        let mut text = String::new();
        for _ in 0..words {
            let rank = self.rank();
            if is_chinese {
                // Two characters of the 2,000 first, scattered so that neighbours differ.
                let character = |n: u32| char::from_u32(0x4e00 + n % 2_000).unwrap_or('一');
                text.extend([
                    character(rank.wrapping_mul(7_919) / 2_000),
                    character(rank.wrapping_mul(7_919)),
                ]);
            } else {
                let letters = rank.wrapping_mul(2_654_435_761);
                text.extend((0..4).map(|at| char::from(b'a' + (letters >> (at * 5) & 15) as u8)));
                text.push(char::from(b'a' + (rank % 26) as u8));
                text.push(' ');
            }
        }
        text
    }

    fn vector(&mut self, dimensions: usize) -> Option<Vec<f32>> {
        #[expect(clippy::cast_possible_truncation, reason = "f32 is what vectors consist of")]
        let vector = (0..dimensions).map(|_| self.fraction() as f32 - 0.5).collect();
        (dimensions > 0).then_some(vector)
    }

    fn document(&mut self, number: usize, chunks: usize, dimensions: usize) -> Change {
        let chunks = (0..chunks).map(|_| Entry {
            id: ChunkId(Uuid::from_u64_pair(self.next(), self.next())),
            text: self.text(CHUNK_WORDS, number % 2 == 1),
            vector: self.vector(dimensions),
        });
        let contents = Contents { metadata: BTreeMap::new(), chunks: chunks.collect() };
        Change::Put { document: DocumentId(Uuid::from_u128(number as u128)), contents }
    }

    fn ask(&mut self, index: &Index, mode: Mode, plan: Plan) -> Result<Latency, Error> {
        let mut taken = Vec::with_capacity(plan.questions);
        for number in 0..plan.questions {
            let mut query =
                Query::new(self.text(QUESTION_WORDS, number % 2 == 1), self.vector(plan.dimensions));
            query.mode = mode;
            taken.push(timed(|| index.search(&query))?);
        }
        Ok(Latency::of(taken))
    }
}
