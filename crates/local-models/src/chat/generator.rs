//! The chat model as a whole, in the caller's thread.

use std::{
    fs::File,
    io::Read,
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use inference::{ChatRequest, Finish};
use llama_cpp_2::{
    LlamaCppError,
    context::{LlamaContext, params::LlamaContextParams},
    llama_backend::LlamaBackend,
    llama_batch::LlamaBatch,
    model::{LlamaModel, params::LlamaModelParams},
    token::LlamaToken,
};

use super::{prompt, sampler::Sampler, text::Text};
use crate::error::Error;

/// Tokens of the prompt that are worked on at once; between them a call can be given up. About half a second of
/// one core.
const STEP: usize = 64;

/// What the operator sets for the chat model.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// The model's file.
    pub(crate) file: PathBuf,
    /// The tokens of a conversation, the answer included.
    pub(crate) context: u32,
    /// The cores that it may keep busy.
    pub(crate) threads: i32,
}

/// The chat model, loaded.
pub(super) struct Generator {
    backend: &'static LlamaBackend,
    model: LlamaModel,
    source: Source,
}

/// An answer as it was generated; its text went out piece by piece.
pub(super) struct Generated {
    pub(super) finish: Finish,
    pub(super) input_tokens: usize,
    pub(super) output_tokens: usize,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nobody waits for it any more.
    Cancelled,
    /// The conversation is too long.
    ContextTooLong { tokens: usize, most: usize },
    /// The request asks for what cannot be done.
    BadRequest(String),
    /// llama.cpp failed.
    Broken(String),
}

impl Generator {
    /// Loads the model.
    pub(super) fn load(source: &Source) -> Result<Self, Error> {
        check_processor()?;
        check_file(&source.file)?;
        let damaged = |reason: String| Error::Damaged { path: source.file.clone(), reason };
        let backend = backend().map_err(|error| damaged(error.to_string()))?;
        let model = LlamaModel::load_from_file(backend, &source.file, &LlamaModelParams::default())
            .map_err(|error| damaged(error.to_string()))?;
        Ok(Self { backend, model, source: source.clone() })
    }

    /// Answers a conversation. `out` takes the text piece by piece and says whether to go on; it is asked, with
    /// no text, also while the prompt is read.
    pub(super) fn answer(
        &self,
        request: &ChatRequest,
        out: &mut dyn FnMut(String) -> bool,
    ) -> Result<Generated, Failure> {
        let prompt = prompt::tokens(&self.model, &request.messages).map_err(Failure::BadRequest)?;
        let most = self.source.context as usize;
        // One token at least must remain for the answer.
        if prompt.len() >= most {
            return Err(Failure::ContextTooLong { tokens: prompt.len(), most });
        }
        let mut sampler = Sampler::new(&self.model, request).map_err(Failure::BadRequest)?;
        let room = most - prompt.len();
        let limit = request.max_tokens.map_or(room, |max| room.min(max as usize));
        let mut context = self.context()?;
        let mut run = Run { context: &mut context, batch: LlamaBatch::new(STEP, 1), position: 0 };
        run.read(&prompt, out)?;
        let mut text = Text::new(&request.stop);
        let mut output_tokens = 0;
        let finish = loop {
            if output_tokens == limit {
                break Finish::Length;
            }
            let token = sampler.next(run.context, run.batch.n_tokens() - 1).map_err(Failure::Broken)?;
            output_tokens += 1;
            let vocabulary = self.model.vocab();
            if vocabulary.is_eog(token) {
                break Finish::Stop;
            }
            if !out(text.push(&vocabulary.token_to_piece(token, false, None))) {
                return Err(Failure::Cancelled);
            }
            if text.is_stopped() {
                break Finish::Stop;
            }
            if output_tokens < limit {
                run.feed(&[token])?;
            }
        };
        if !out(text.finish()) {
            return Err(Failure::Cancelled);
        }
        Ok(Generated { finish, input_tokens: prompt.len(), output_tokens })
    }

    /// A fresh memory for a conversation. It is made for each, so that an idle model holds its weights alone.
    fn context(&self) -> Result<LlamaContext<'_>, Failure> {
        let step = u32::try_from(STEP).unwrap_or(u32::MAX);
        let params = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(self.source.context))
            .with_n_batch(step)
            .with_n_ubatch(step)
            .with_n_threads(self.source.threads)
            .with_n_threads_batch(self.source.threads);
        self.model.new_context(self.backend, params).map_err(|error| Failure::Broken(error.to_string()))
    }
}

/// A conversation under way.
struct Run<'a, 'model> {
    context: &'a mut LlamaContext<'model>,
    batch: LlamaBatch<'static>,
    position: i32,
}

impl Run<'_, '_> {
    /// Reads the prompt, step by step.
    fn read(&mut self, prompt: &[LlamaToken], out: &mut dyn FnMut(String) -> bool) -> Result<(), Failure> {
        for step in prompt.chunks(STEP) {
            if !out(String::new()) {
                return Err(Failure::Cancelled);
            }
            self.feed(step)?;
        }
        Ok(())
    }

    /// Works on tokens; what follows the last of them can then be sampled.
    fn feed(&mut self, tokens: &[LlamaToken]) -> Result<(), Failure> {
        let broken = |error: &dyn std::error::Error| Failure::Broken(error.to_string());
        self.batch.clear();
        for (number, token) in tokens.iter().enumerate() {
            let last = number + 1 == tokens.len();
            self.batch.add(*token, self.position, &[0], last).map_err(|error| broken(&error))?;
            self.position += 1;
        }
        self.context.decode(&mut self.batch).map_err(|error| broken(&error))
    }
}

/// llama.cpp, set up once for the process and silent.
fn backend() -> Result<&'static LlamaBackend, LlamaCppError> {
    static BACKEND: OnceLock<LlamaBackend> = OnceLock::new();
    if let Some(backend) = BACKEND.get() {
        return Ok(backend);
    }
    match LlamaBackend::init() {
        Ok(mut backend) => {
            backend.void_logs();
            Ok(BACKEND.get_or_init(|| backend))
        }
        // Another thread was faster and is about to store it.
        Err(LlamaCppError::BackendAlreadyInitialized) => Ok(BACKEND.wait()),
        Err(error) => Err(error),
    }
}

/// Whether the processor has what llama.cpp is compiled for; an instruction it lacks would end the process.
#[cfg(target_arch = "x86_64")]
fn check_processor() -> Result<(), Error> {
    let features = [
        ("AVX2", std::arch::is_x86_feature_detected!("avx2")),
        ("FMA", std::arch::is_x86_feature_detected!("fma")),
        ("F16C", std::arch::is_x86_feature_detected!("f16c")),
        ("BMI2", std::arch::is_x86_feature_detected!("bmi2")),
    ];
    match features.into_iter().find(|(_, present)| !present) {
        Some((feature, _)) => Err(Error::Processor { feature }),
        None => Ok(()),
    }
}

/// Whether the processor has what llama.cpp is compiled for: the base of the architecture.
#[cfg(not(target_arch = "x86_64"))]
fn check_processor() -> Result<(), Error> {
    Ok(())
}

/// Whether there is a GGUF file at all; llama.cpp's own messages go nowhere.
fn check_file(file: &Path) -> Result<(), Error> {
    let read = |source| Error::Read { path: file.to_owned(), source };
    let mut magic = [0; 4];
    File::open(file).map_err(read)?.read_exact(&mut magic).map_err(read)?;
    if &magic != b"GGUF" {
        return Err(Error::Damaged { path: file.to_owned(), reason: "it is no GGUF file".to_owned() });
    }
    Ok(())
}
