//! The one interface to models.

use async_trait::async_trait;

use crate::{
    chat::{Answer, ChatRequest},
    embed::{EmbedRequest, Embeddings},
    error::Error,
    rerank::{Ranked, RerankRequest},
    sink::Sink,
};

/// Whatever runs models. Dropping a returned future cancels the call.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// The name that the workspace gave it, for messages and logs.
    fn name(&self) -> &str;

    /// Answers a conversation, giving the text to `sink` as it comes.
    async fn chat(&self, request: &ChatRequest, sink: &mut Sink) -> Result<Answer, Error> {
        let _ = (request, sink);
        Err(Error::Unsupported { provider: self.name().to_owned(), what: "chat" })
    }

    /// Turns texts into vectors, one for each text, in order, all of one length.
    async fn embed(&self, request: &EmbedRequest) -> Result<Embeddings, Error> {
        let _ = request;
        Err(Error::Unsupported { provider: self.name().to_owned(), what: "embedding" })
    }

    /// Orders documents by how well they answer a query, best first.
    async fn rerank(&self, request: &RerankRequest) -> Result<Vec<Ranked>, Error> {
        let _ = request;
        Err(Error::Unsupported { provider: self.name().to_owned(), what: "rerank" })
    }
}
