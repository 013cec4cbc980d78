//! Chooses the next token.

use inference::ChatRequest;
use llama_cpp_2::{
    context::LlamaContext,
    json_schema_to_grammar,
    model::LlamaModel,
    sampling::LlamaSampler,
    token::{LlamaToken, data::LlamaTokenData, data_array::LlamaTokenDataArray},
};

use super::schema;

/// How many of the last tokens a repetition is looked for in, and how much it is disliked. Without it a small
/// model falls into loops.
const PENALTY_TOKENS: i32 = 64;
const PENALTY: f32 = 1.1;

/// The usual bounds on the tokens among which chance decides.
const TOP_K: i32 = 40;
const TOP_P: f32 = 0.95;

/// Makes llama.cpp choose the seed.
const ANY_SEED: u32 = u32::MAX;

/// Chooses tokens for one answer.
pub(super) struct Sampler {
    grammar: Option<LlamaSampler>,
    choice: LlamaSampler,
}

impl Sampler {
    /// A sampler as the request asks: the likeliest token without a temperature or at 0, else by chance. An
    /// error says what is wrong with the request.
    pub(super) fn new(model: &LlamaModel, request: &ChatRequest) -> Result<Self, String> {
        let grammar = request.response_schema.as_ref().map(|schema| {
            let text = schema::text(schema)?;
            let grammar = json_schema_to_grammar(&text).map_err(|error| error.to_string());
            let sampler = grammar.and_then(|grammar| {
                LlamaSampler::grammar(model, &grammar, "root").map_err(|error| error.to_string())
            });
            sampler.map_err(|error| format!("the response schema cannot be turned into a grammar: {error}"))
        });
        let mut chain = Vec::new();
        if request.response_schema.is_none() {
            // JSON repeats its quotes and names and must not be punished for it.
            chain.push(LlamaSampler::penalties(model.n_vocab(), PENALTY_TOKENS, PENALTY, 0.0, 0.0));
        }
        match request.temperature.filter(|temperature| *temperature > 0.0) {
            Some(temperature) => chain.extend([
                LlamaSampler::top_k(TOP_K),
                LlamaSampler::top_p(TOP_P, 1),
                LlamaSampler::temp(temperature.min(10.0)),
                LlamaSampler::dist(request.seed.map_or(ANY_SEED, fold)),
            ]),
            None => chain.push(LlamaSampler::greedy()),
        }
        Ok(Self { grammar: grammar.transpose()?, choice: LlamaSampler::chain(chain, true) })
    }

    /// The next token after the last that `context` has worked on, whose place in the batch is `index`.
    pub(super) fn next(&mut self, context: &LlamaContext<'_>, index: i32) -> Result<LlamaToken, String> {
        let mut candidates = context.token_data_array_ith(index);
        candidates.apply_sampler(&mut self.choice);
        let mut token = candidates.selected_token().ok_or("no token could be chosen")?;
        if let Some(grammar) = &mut self.grammar {
            // Asking the grammar about one token is far cheaper than about all, and mostly it agrees.
            if !allows(grammar, token) {
                let mut candidates = context.token_data_array_ith(index);
                candidates.apply_sampler(grammar);
                candidates.data.retain(|candidate| candidate.logit().is_finite());
                candidates.apply_sampler(&mut self.choice);
                token =
                    candidates.selected_token().ok_or("the response schema leaves the model no way on")?;
            }
            grammar.try_accept(token).map_err(|error| format!("the response schema was left: {error}"))?;
        }
        self.choice.accept(token);
        Ok(token)
    }
}

fn allows(grammar: &mut LlamaSampler, token: LlamaToken) -> bool {
    let mut one = LlamaTokenDataArray::new(vec![LlamaTokenData::new(token, 1.0, 0.0)], false);
    one.apply_sampler(grammar);
    one.data.first().is_some_and(|candidate| candidate.logit().is_finite())
}

/// The seed in the 32 bits that llama.cpp has for it, never the one that means chance.
fn fold(seed: u64) -> u32 {
    let [low, high] = [seed & u64::from(u32::MAX), seed >> 32];
    u32::try_from(low ^ high).unwrap_or_default().min(ANY_SEED - 1)
}
