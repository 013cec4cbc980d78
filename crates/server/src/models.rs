//! The models that flows call by name, and the providers behind them.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use inference::{
    Provider,
    openai::{ApiKey, Auth, OpenAi, SchemaMode, TokenLimit},
};
use knowledge::{Embedder, Embedders, ModelError};
use parking_lot::RwLock;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Model, Place, Store, WorkspaceId};
use vault::Secret;

use crate::config::Config;

/// The chat model that is always there, under this name.
pub(crate) const DEFAULT_CHAT: &str = "default";

/// The embedding model that is always there, under this name.
pub(crate) const DEFAULT_EMBEDDING: &str = "default-embedding";

/// The provider of the models inside the process.
pub(crate) const LOCAL: &str = "local";

/// The provider that the operator's configuration names.
const OPERATORS: &str = "openai";

/// What a workspace sets for a provider.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderConfig {
    /// The address before `/chat/completions` and `/embeddings`.
    pub(crate) base_url: String,
    /// The header that carries the key, where it is not `Authorization: Bearer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key_header: Option<String>,
    /// Calls at once.
    #[serde(default = "ProviderConfig::default_concurrency")]
    pub(crate) concurrency: usize,
    /// Whether a JSON Schema is passed as `json_object` with the schema among the instructions, as DeepSeek,
    /// Moonshot and GLM need it.
    #[serde(default)]
    pub(crate) schema_in_instructions: bool,
    /// Whether the limit is called `max_completion_tokens`, as OpenAI's reasoning models require.
    #[serde(default)]
    pub(crate) max_completion_tokens: bool,
}

/// A provider's secrets.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderSecrets {
    /// The key.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub(crate) api_key: Option<Secret>,
}

/// What a workspace sets for a model.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ModelConfig {
    /// What the provider calls it; the model's own name when it is not set.
    pub(crate) model: Option<String>,
}

/// The models of the workspace.
pub(crate) struct Models {
    store: Store,
    client: outbound::Client,
    jitter: inference::Jitter,
    local: Option<Arc<dyn Provider>>,
    local_chat: Option<String>,
    local_embedding: Option<String>,
    operators: Option<(Arc<dyn Provider>, String)>,
    /// What the store holds of them, as far as it has been read since it last changed.
    known: RwLock<Option<Arc<Known>>>,
    /// Held over a reading, so that an older one does not overtake a newer one.
    reading: tokio::sync::Mutex<()>,
}

/// The workspace's models and providers.
struct Known {
    models: HashMap<String, Model>,
    /// By name; `None` for one whose row cannot be read.
    providers: HashMap<String, Option<Arc<dyn Provider>>>,
}

impl Models {
    /// The models that the configuration gives, and those of the store.
    pub(crate) fn new(
        config: &Config,
        store: Store,
        client: outbound::Client,
        random: &clock::Random,
    ) -> Self {
        let chance = random.clone();
        let jitter: inference::Jitter =
            Arc::new(move || f64::from(u32::from_be_bytes(chance.bytes())) / f64::from(u32::MAX));
        let operators = config.openai_base_url.as_ref().map(|base_url| {
            let key = config.openai_api_key.as_ref().map(Secret::expose);
            let auth = key.map_or(Auth::None, |key| Auth::Bearer(ApiKey::new(key)));
            let settings = inference::openai::Config::new(OPERATORS, base_url, auth);
            let provider: Arc<dyn Provider> =
                Arc::new(OpenAi::new(settings, client.clone(), Arc::clone(&jitter)));
            (provider, config.openai_model.clone())
        });
        let (local, local_chat, local_embedding) = local(config);
        Self {
            store,
            client,
            jitter,
            local,
            local_chat,
            local_embedding,
            operators,
            known: RwLock::default(),
            reading: tokio::sync::Mutex::default(),
        }
    }

    /// The names that are there without anybody adding them.
    pub(crate) fn built_in(&self) -> Vec<(&'static str, &'static str)> {
        let chat = (self.operators.is_some() || self.local_chat.is_some()).then_some((DEFAULT_CHAT, "chat"));
        let embedding = self.local_embedding.is_some().then_some((DEFAULT_EMBEDDING, "embedding"));
        chat.into_iter().chain(embedding).collect()
    }

    /// Reads them anew, after a change.
    ///
    /// # Errors
    /// When the store cannot be read; then they are read at the next call.
    pub(crate) async fn reload(&self, workspace: WorkspaceId) -> Result<(), store::Error> {
        let _reading = self.reading.lock().await;
        // Nobody goes on with what was before, also when it cannot be read now.
        *self.known.write() = None;
        self.fill(workspace).await.map(drop)
    }

    async fn known(&self, workspace: WorkspaceId) -> Result<Arc<Known>, store::Error> {
        if let Some(known) = &*self.known.read() {
            return Ok(Arc::clone(known));
        }
        let _reading = self.reading.lock().await;
        // Somebody may have read them while this one waited for its turn.
        let filled = self.known.read().as_ref().map(Arc::clone);
        match filled {
            Some(known) => Ok(known),
            None => self.fill(workspace).await,
        }
    }

    async fn fill(&self, workspace: WorkspaceId) -> Result<Arc<Known>, store::Error> {
        let known = Arc::new(self.read(workspace).await?);
        *self.known.write() = Some(Arc::clone(&known));
        Ok(known)
    }

    async fn read(&self, workspace: WorkspaceId) -> Result<Known, store::Error> {
        let models = self.store.model_list(workspace).await?;
        let providers = self.store.provider_list(workspace).await?;
        Ok(Known {
            models: models.into_iter().map(|model| (model.name.clone(), model)).collect(),
            providers: providers.into_iter().map(|row| (row.name.clone(), self.provider(&row))).collect(),
        })
    }

    fn provider(&self, row: &store::Provider) -> Option<Arc<dyn Provider>> {
        let (Ok(config), Ok(secrets)) = (
            serde_json::from_str::<ProviderConfig>(&row.config),
            serde_json::from_slice::<ProviderSecrets>(&row.secrets),
        ) else {
            tracing::error!(provider = row.name, "a stored provider cannot be read");
            return None;
        };
        let settings = settings(&row.name, config, secrets);
        Some(Arc::new(OpenAi::new(settings, self.client.clone(), Arc::clone(&self.jitter))))
    }

    /// The provider and its own name for the model of a name.
    pub(crate) async fn find(
        &self,
        workspace: WorkspaceId,
        name: &str,
        purpose: &'static str,
    ) -> Result<(Arc<dyn Provider>, String), ModelError> {
        let lookup = |error: store::Error| ModelError::Lookup(Box::new(error));
        let known = self.known(workspace).await.map_err(lookup)?;
        let Some(model) = known.models.get(name) else { return self.find_built_in(name, purpose) };
        if model.purpose != purpose {
            return Err(ModelError::WrongPurpose {
                name: name.to_owned(),
                purpose: model.purpose.clone(),
                wanted: purpose,
            });
        }
        let unusable = |reason: String| ModelError::Provider { name: name.to_owned(), reason };
        let config: ModelConfig =
            serde_json::from_str(&model.config).map_err(|error| unusable(error.to_string()))?;
        let provider = match model.provider.as_str() {
            LOCAL => self.local.clone(),
            provider => known.providers.get(provider).cloned().flatten(),
        };
        let provider =
            provider.ok_or_else(|| unusable(format!("its provider `{}` is gone", model.provider)))?;
        Ok((provider, config.model.unwrap_or_else(|| name.to_owned())))
    }

    fn find_built_in(
        &self,
        name: &str,
        purpose: &'static str,
    ) -> Result<(Arc<dyn Provider>, String), ModelError> {
        let missing = || ModelError::Missing { name: name.to_owned() };
        match (name, purpose) {
            (DEFAULT_CHAT, "chat") => match (&self.operators, &self.local, &self.local_chat) {
                (Some((provider, model)), _, _) => Ok((Arc::clone(provider), model.clone())),
                (None, Some(local), Some(model)) => Ok((Arc::clone(local), model.clone())),
                _ => Err(ModelError::Provider {
                    name: name.to_owned(),
                    reason: "this build has no chat model inside; set LINCHPIN_OPENAI_BASE_URL, or add a provider and a \
                             model"
                        .to_owned(),
                }),
            },
            (DEFAULT_EMBEDDING, "embedding") => {
                let found = self.local.as_ref().zip(self.local_embedding.as_ref());
                found.map(|(local, model)| (Arc::clone(local), model.clone())).ok_or_else(missing)
            }
            _ => Err(missing()),
        }
    }
}

impl ProviderConfig {
    const fn default_concurrency() -> usize {
        8
    }
}

fn settings(name: &str, config: ProviderConfig, secrets: ProviderSecrets) -> inference::openai::Config {
    let key = secrets.api_key.map(|key| ApiKey::new(key.expose()));
    let auth = match (key, config.key_header) {
        (None, _) => Auth::None,
        (Some(key), None) => Auth::Bearer(key),
        (Some(key), Some(header)) => Auth::Header(header, key),
    };
    let mut settings = inference::openai::Config::new(name, config.base_url, auth);
    settings.concurrency = config.concurrency.clamp(1, 256);
    if config.schema_in_instructions {
        settings.schema = SchemaMode::JsonObject;
    }
    if config.max_completion_tokens {
        settings.token_limit = TokenLimit::MaxCompletionTokens;
    }
    settings
}

/// The models inside the process: the provider, its chat model, its embedding model.
type Inside = (Option<Arc<dyn Provider>>, Option<String>, Option<String>);

#[cfg(feature = "local-embedding")]
fn local(config: &Config) -> Inside {
    let local = local_models::Local::new(&local_models::Settings::new(&config.models_dir));
    let chat = local.chat_model().map(str::to_owned);
    let embedding = local.embedding_model().map(str::to_owned);
    (Some(Arc::new(local)), chat, embedding)
}

#[cfg(not(feature = "local-embedding"))]
fn local(_: &Config) -> Inside {
    (None, None, None)
}

#[async_trait]
impl Embedders for Models {
    async fn embedder(&self, workspace: WorkspaceId, name: &str) -> Result<Embedder, ModelError> {
        let (provider, model) = self.find(workspace, name, "embedding").await?;
        Ok(Embedder { provider, model })
    }
}

#[async_trait]
impl nodes::Models for Models {
    async fn chat(&self, place: Place, name: &str) -> Result<(Arc<dyn Provider>, String), ModelError> {
        self.find(place.workspace, name, "chat").await
    }
}
