//! Flows: drafts, versions, deployments.

use clock::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    DeploymentId, EnvironmentId, Error, FlowId, Place, Store, VersionId, WorkspaceId,
    sql::{Fault, Row, Statement, values},
};

/// A flow and its draft.
#[derive(Clone, Debug)]
pub struct FlowRow {
    /// Its id.
    pub id: FlowId,
    /// Its name.
    pub name: String,
    /// The draft's YAML, as it was written.
    pub draft: String,
    /// Raised at every change of the draft.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the draft was last changed.
    pub updated_at: Timestamp,
}

/// A version that is about to be published.
#[derive(Clone, Debug)]
pub struct NewVersion {
    /// The flow.
    pub flow: FlowId,
    /// The YAML, as it was written.
    pub definition: String,
    /// The pinned kind of each node: `{"answer": "llm@1"}`.
    pub kinds: serde_json::Map<String, serde_json::Value>,
    /// What has changed, for people.
    pub note: String,
    /// Who publishes it.
    pub by: String,
}

/// An immutable version of a flow.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its id.
    pub id: VersionId,
    /// The flow.
    pub flow: FlowId,
    /// Its number within the flow, from 1; 0 for a draft that was tried.
    pub number: u32,
    /// The YAML, as it was written.
    pub definition: String,
    /// The pinned kind of each node.
    pub kinds: serde_json::Map<String, serde_json::Value>,
}

/// A version as lists show it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VersionSummary {
    /// Its id.
    pub id: VersionId,
    /// Its number within the flow, from 1.
    pub number: u32,
    /// What has changed, for people.
    pub note: String,
    /// Who published it.
    pub created_by: String,
    /// When, in milliseconds since 1970.
    pub created_at: i64,
}

/// What serves a flow in an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The flow.
    pub flow: FlowId,
    /// The environment.
    pub environment: EnvironmentId,
    /// The version that serves it.
    pub version: VersionId,
    /// Its number within the flow.
    pub number: u32,
    /// Since when.
    pub deployed_at: Timestamp,
}

const FLOW: &str = "id, name, draft, revision, created_at, updated_at";

impl Store {
    /// Makes a flow, or changes the draft of the one of this name. Gives its id.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn flow_draft(&self, workspace: WorkspaceId, name: &str, draft: &str) -> Result<FlowId, Error> {
        let statement = Statement::new(
            "INSERT INTO flow (workspace, id, name, draft, revision, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, 1, ?5, ?5)
             ON CONFLICT (workspace, name) DO UPDATE SET draft = ?4, revision = flow.revision + 1, updated_at = ?5",
            values![workspace, self.ids.next::<FlowId>(), name, draft, self.now()],
        );
        self.change(vec![statement]).await?;
        let flow = self.flow_named(workspace, name).await?;
        flow.map(|flow| flow.id).ok_or(Error::Conflict("the flow was deleted while it was saved"))
    }

    /// Changes a flow's draft, if it is still at the revision that was read.
    ///
    /// # Errors
    /// [`Error::Conflict`] when it is at another, or the flow is gone.
    pub async fn flow_revise(
        &self,
        workspace: WorkspaceId,
        name: &str,
        (revision, draft): (i64, &str),
    ) -> Result<(), Error> {
        let statement = Statement::new(
            "UPDATE flow SET draft = ?4, revision = revision + 1, updated_at = ?5
             WHERE workspace = ?1 AND name = ?2 AND revision = ?3",
            values![workspace, name, revision, draft, self.now()],
        );
        match self.change(vec![statement]).await?.first() {
            Some(1) => Ok(()),
            _ => Err(Error::Conflict(
                "the draft was changed by somebody else since it was read; read it again, then repeat your change",
            )),
        }
    }

    /// The flow of a name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn flow_named(&self, workspace: WorkspaceId, name: &str) -> Result<Option<FlowRow>, Error> {
        self.row(
            format!("SELECT {FLOW} FROM flow WHERE workspace = ?1 AND name = ?2"),
            values![workspace, name],
            flow,
        )
        .await
    }

    /// A flow.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn flow_get(&self, workspace: WorkspaceId, id: FlowId) -> Result<Option<FlowRow>, Error> {
        self.row(
            format!("SELECT {FLOW} FROM flow WHERE id = ?1 AND workspace = ?2"),
            values![id, workspace],
            flow,
        )
        .await
    }

    /// The flows of a workspace, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn flow_list(&self, workspace: WorkspaceId) -> Result<Vec<FlowRow>, Error> {
        self.rows(
            format!("SELECT {FLOW} FROM flow WHERE workspace = ?1 ORDER BY name"),
            values![workspace],
            flow,
        )
        .await
    }

    /// Publishes a version under the next number. Gives its id and number.
    ///
    /// # Errors
    /// [`Error::Conflict`] when another version was published at the same moment.
    pub async fn version_publish(
        &self,
        workspace: WorkspaceId,
        new: NewVersion,
    ) -> Result<VersionSummary, Error> {
        let id: VersionId = self.ids.next();
        let now = self.now();
        let kinds = serde_json::Value::Object(new.kinds);
        let statement = Statement::new(
            "INSERT INTO flow_version (workspace, id, flow, number, definition, kinds, note, created_by, created_at)
             SELECT ?1, ?2, ?3, coalesce(max(number), 0) + 1, ?4, ?5, ?6, ?7, ?8 FROM flow_version WHERE flow = ?3",
            values![workspace, id, new.flow, new.definition, &kinds, new.note.as_str(), new.by.as_str(), now],
        );
        self.change(vec![statement]).await?;
        let summaries = self.version_list(workspace, new.flow).await?;
        let published = summaries.into_iter().find(|version| version.id == id);
        published.ok_or(Error::Conflict("the version was not published"))
    }

    /// Keeps a flow's draft as it is at this revision, so that runs can run it. It has no number: no list shows it
    /// and it cannot be deployed. Tried again, it is the same one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn version_of_draft(
        &self,
        workspace: WorkspaceId,
        new: NewVersion,
        revision: i64,
    ) -> Result<VersionId, Error> {
        let (flow, kinds) = (new.flow, serde_json::Value::Object(new.kinds));
        let statement = Statement::new(
            "INSERT INTO flow_version
                 (workspace, id, flow, number, revision, definition, kinds, note, created_by, created_at)
             VALUES (?1, ?2, ?3, NULL, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (flow, revision) DO NOTHING",
            values![
                workspace,
                self.ids.next::<VersionId>(),
                flow,
                revision,
                new.definition,
                &kinds,
                new.note.as_str(),
                new.by.as_str(),
                self.now()
            ],
        );
        self.change(vec![statement]).await?;
        let sql = "SELECT id FROM flow_version WHERE flow = ?1 AND revision = ?2 AND workspace = ?3";
        let kept = self.row(sql, values![flow, revision, workspace], |row: &Row| row.get(0)).await?;
        kept.ok_or(Error::Conflict("the draft was not kept"))
    }

    /// A version.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn version_get(&self, workspace: WorkspaceId, id: VersionId) -> Result<Option<Version>, Error> {
        self.row(
            "SELECT id, flow, coalesce(number, 0), definition, kinds FROM flow_version WHERE id = ?1 AND workspace = ?2",
            values![id, workspace],
            version,
        )
        .await
    }

    /// The version of a flow that has a number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn version_numbered(
        &self,
        workspace: WorkspaceId,
        flow: FlowId,
        number: u32,
    ) -> Result<Option<Version>, Error> {
        self.row(
            "SELECT id, flow, number, definition, kinds FROM flow_version
                 WHERE flow = ?1 AND number = ?2 AND workspace = ?3",
            values![flow, number, workspace],
            version,
        )
        .await
    }

    /// The versions of a flow up to a number with their texts, newest first, `limit` at most.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn version_texts(
        &self,
        workspace: WorkspaceId,
        flow: FlowId,
        (number, limit): (u32, u32),
    ) -> Result<Vec<(VersionSummary, String)>, Error> {
        self.rows(
            "SELECT id, number, note, created_by, created_at, definition FROM flow_version
                 WHERE flow = ?1 AND workspace = ?2 AND number <= ?3 ORDER BY number DESC LIMIT ?4",
            values![flow, workspace, number, limit],
            |row: &Row| Ok((summary(row)?, row.get(5)?)),
        )
        .await
    }

    /// The versions of a flow, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn version_list(
        &self,
        workspace: WorkspaceId,
        flow: FlowId,
    ) -> Result<Vec<VersionSummary>, Error> {
        self.rows(
            "SELECT id, number, note, created_by, created_at FROM flow_version
                 WHERE flow = ?1 AND workspace = ?2 AND number IS NOT NULL ORDER BY number DESC LIMIT 1000",
            values![flow, workspace],
            summary,
        )
        .await
    }

    /// Makes a version serve its flow in an environment.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the version is not of that flow.
    pub async fn deployment_add(
        &self,
        place: Place,
        flow: FlowId,
        version: VersionId,
        by: &str,
    ) -> Result<(), Error> {
        let statement = Statement::new(
            "INSERT INTO deployment (workspace, environment, id, flow, version, deployed_by, deployed_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
             WHERE EXISTS (SELECT 1 FROM flow_version
                           WHERE id = ?5 AND flow = ?4 AND workspace = ?1 AND number IS NOT NULL)",
            values![
                place.workspace,
                place.environment,
                self.ids.next::<DeploymentId>(),
                flow,
                version,
                by,
                self.now()
            ],
        );
        self.change(vec![statement.or_conflict("that version is not of this flow")]).await.map(drop)
    }

    /// What serves each flow in each environment.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn deployment_list(&self, workspace: WorkspaceId) -> Result<Vec<Deployment>, Error> {
        self.rows(
            "SELECT d.flow, d.environment, d.version, v.number, d.deployed_at FROM deployment d
                 JOIN flow_version v ON v.id = d.version
                 WHERE d.workspace = ?1 AND d.id =
                     (SELECT n.id FROM deployment n
                      WHERE n.workspace = d.workspace AND n.environment = d.environment AND n.flow = d.flow
                      ORDER BY n.id DESC LIMIT 1)",
            values![workspace],
            deployment,
        )
        .await
    }

    /// What serves a flow in an environment.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn deployment_of(&self, place: Place, flow: FlowId) -> Result<Option<Deployment>, Error> {
        self.row(
            "SELECT d.flow, d.environment, d.version, v.number, d.deployed_at FROM deployment d
                 JOIN flow_version v ON v.id = d.version
                 WHERE d.workspace = ?1 AND d.environment = ?2 AND d.flow = ?3 ORDER BY d.id DESC LIMIT 1",
            values![place.workspace, place.environment, flow],
            deployment,
        )
        .await
    }
}

fn version(row: &Row) -> Result<Version, Fault> {
    Ok(Version {
        id: row.get(0)?,
        flow: row.get(1)?,
        number: row.get(2)?,
        definition: row.get(3)?,
        kinds: row.json(4)?,
    })
}

fn summary(row: &Row) -> Result<VersionSummary, Fault> {
    Ok(VersionSummary {
        id: row.get(0)?,
        number: row.get(1)?,
        note: row.get(2)?,
        created_by: row.get(3)?,
        created_at: row.get(4)?,
    })
}

fn deployment(row: &Row) -> Result<Deployment, Fault> {
    Ok(Deployment {
        flow: row.get(0)?,
        environment: row.get(1)?,
        version: row.get(2)?,
        number: row.get(3)?,
        deployed_at: row.time(4)?,
    })
}

fn flow(row: &Row) -> Result<FlowRow, Fault> {
    Ok(FlowRow {
        id: row.get(0)?,
        name: row.get(1)?,
        draft: row.get(2)?,
        revision: row.get(3)?,
        created_at: row.time(4)?,
        updated_at: row.time(5)?,
    })
}
