//! Providers and the models that flows call by name.

use serde::{Deserialize, Serialize};

use crate::{
    Error, ModelId, ProviderId, Store, WorkspaceId,
    sql::{Row, Statement, values},
};

/// Where model calls go.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Its id.
    pub id: ProviderId,
    /// Its name in the workspace.
    pub name: String,
    /// Kind and address as JSON, without secrets.
    pub config: String,
    /// Its secrets as JSON; sealed where it is stored.
    pub secrets: Vec<u8>,
}

/// A model under the name that flows use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// How flows call it, such as `default`.
    pub name: String,
    /// The provider's name; `local` for the models in the process.
    pub provider: String,
    /// `chat`, `embedding` or `rerank`.
    pub purpose: String,
    /// The provider's own name for it and its defaults, as JSON.
    pub config: String,
}

impl Store {
    /// Stores a provider, new or changed, under its name.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn provider_put(
        &self,
        workspace: WorkspaceId,
        name: &str,
        config: &str,
        secrets: &[u8],
    ) -> Result<(), Error> {
        let sealed = self.seal("provider", &provider_id(workspace, name), secrets);
        let statement = Statement::new(
            "INSERT INTO provider (workspace, id, name, config, sealed, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)
             ON CONFLICT (workspace, name) DO UPDATE SET config = ?4, sealed = ?5, updated_at = ?6",
            values![workspace, self.ids.next::<ProviderId>(), name, config, sealed, self.now()],
        );
        self.change(vec![statement]).await.map(drop)
    }

    /// The providers of a workspace, by name.
    ///
    /// # Errors
    /// When the database cannot be read or the secrets do not open.
    pub async fn provider_list(&self, workspace: WorkspaceId) -> Result<Vec<Provider>, Error> {
        let rows: Vec<Provider> = self
            .rows(
                "SELECT id, name, config, sealed FROM provider WHERE workspace = ?1 ORDER BY name",
                values![workspace],
                |row: &Row| {
                    Ok(Provider {
                        id: row.get(0)?,
                        name: row.get(1)?,
                        config: row.get(2)?,
                        secrets: row.get(3)?,
                    })
                },
            )
            .await?;
        let open = |mut provider: Provider| {
            provider.secrets =
                self.unseal("provider", &provider_id(workspace, &provider.name), &provider.secrets)?;
            Ok(provider)
        };
        rows.into_iter().map(open).collect()
    }

    /// Stores a model, new or changed, under its name.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn model_put(&self, workspace: WorkspaceId, model: &Model) -> Result<(), Error> {
        let statement = Statement::new(
            "INSERT INTO model (workspace, id, name, provider, purpose, config, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (workspace, name) DO UPDATE SET provider = ?4, purpose = ?5, config = ?6, updated_at = ?7",
            values![
                workspace,
                self.ids.next::<ModelId>(),
                model.name.as_str(),
                model.provider.as_str(),
                model.purpose.as_str(),
                model.config.as_str(),
                self.now()
            ],
        );
        self.change(vec![statement]).await.map(drop)
    }

    /// The models of a workspace, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn model_list(&self, workspace: WorkspaceId) -> Result<Vec<Model>, Error> {
        self.rows(
            "SELECT name, provider, purpose, config FROM model WHERE workspace = ?1 ORDER BY name",
            values![workspace],
            |row: &Row| {
                Ok(Model {
                    name: row.get(0)?,
                    provider: row.get(1)?,
                    purpose: row.get(2)?,
                    config: row.get(3)?,
                })
            },
        )
        .await
    }
}

fn provider_id(workspace: WorkspaceId, name: &str) -> Vec<u8> {
    [workspace.as_bytes(), name.as_bytes()].concat()
}
