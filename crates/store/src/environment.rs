use clock::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    EnvironmentId, Error, Store, WorkspaceId,
    sql::{Row, Statement, values},
};

/// Where something belongs: which workspace, and which of its environments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The tenant.
    pub workspace: WorkspaceId,
    /// `test`, `production`, or another of its environments.
    pub environment: EnvironmentId,
}

/// For how many days an environment can keep its history.
pub const RETENTION_DAYS: std::ops::RangeInclusive<u32> = 1..=3650;

/// An environment of a workspace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Environment {
    /// Its id.
    pub id: EnvironmentId,
    /// `test`, `production`, …
    pub name: String,
    /// For how many days history is kept: see [`Store::prune_history`].
    pub retention_days: u32,
}

/// A variable of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// How expressions call it: `env.NAME`.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Store {
    /// The only workspace of a fresh install, made with its environments if there is none yet.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn workspace_ensure(&self, name: &str) -> Result<WorkspaceId, Error> {
        let sql = "SELECT id FROM workspace ORDER BY id LIMIT 1";
        if let Some(id) = self.row(sql, values![], |row| row.get(0)).await? {
            return Ok(id);
        }
        let (id, now): (WorkspaceId, Timestamp) = (self.ids.next(), self.now());
        let mut statements = vec![Statement::new(
            "INSERT INTO workspace (id, name, created_at) VALUES (?1, ?2, ?3)",
            values![id, name, now],
        )];
        statements.extend(["test", "production"].map(|environment| {
            Statement::new(
                "INSERT INTO environment (workspace, id, name, created_at) VALUES (?1, ?2, ?3, ?4)",
                values![id, self.ids.next::<EnvironmentId>(), environment, now],
            )
        }));
        self.change(statements).await?;
        Ok(id)
    }

    /// The name of a workspace.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn workspace_name(&self, workspace: WorkspaceId) -> Result<Option<String>, Error> {
        self.row("SELECT name FROM workspace WHERE id = ?1", values![workspace], |row| row.get(0)).await
    }

    /// The environments of a workspace, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn environment_list(&self, workspace: WorkspaceId) -> Result<Vec<Environment>, Error> {
        let sql = "SELECT id, name, retention_days FROM environment WHERE workspace = ?1 ORDER BY id";
        let environment = |row: &Row<'_>| {
            Ok(Environment { id: row.get(0)?, name: row.get(1)?, retention_days: row.get(2)? })
        };
        self.rows(sql, values![workspace], environment).await
    }

    /// Sets for how many days an environment keeps its history, a number in [`RETENTION_DAYS`].
    ///
    /// # Errors
    /// [`Error::Conflict`] when there is no such environment.
    pub async fn environment_retain(&self, place: Place, days: u32) -> Result<(), Error> {
        let statement = Statement::new(
            "UPDATE environment SET retention_days = ?3 WHERE workspace = ?1 AND id = ?2",
            values![place.workspace, place.environment, days],
        );
        self.change(vec![statement.or_conflict("there is no such environment")]).await.map(drop)
    }

    /// Sets a variable.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn variable_set(&self, place: Place, name: &str, value: &str) -> Result<(), Error> {
        let statement = Statement::new(
            "INSERT INTO variable (workspace, environment, name, value, updated_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (workspace, environment, name) DO UPDATE SET value = ?4, updated_at = ?5",
            values![place.workspace, place.environment, name, value, self.now()],
        );
        self.change(vec![statement]).await.map(drop)
    }

    /// The variables of an environment, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn variable_list(&self, place: Place) -> Result<Vec<Variable>, Error> {
        self.rows(
            "SELECT name, value FROM variable WHERE workspace = ?1 AND environment = ?2 ORDER BY name",
            values![place.workspace, place.environment],
            |row: &Row| Ok(Variable { name: row.get(0)?, value: row.get(1)? }),
        )
        .await
    }

    /// Sets a secret. Its value is sealed and is never listed.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn secret_set(&self, place: Place, name: &str, value: &vault::Secret) -> Result<(), Error> {
        let sealed = self.seal("secret", &secret_id(place, name), value.expose().as_bytes());
        let statement = Statement::new(
            "INSERT INTO secret (workspace, environment, name, sealed, updated_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (workspace, environment, name) DO UPDATE SET sealed = ?4, updated_at = ?5",
            values![place.workspace, place.environment, name, sealed, self.now()],
        );
        self.change(vec![statement]).await.map(drop)
    }

    /// Deletes a secret; says whether there was one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn secret_delete(&self, place: Place, name: &str) -> Result<bool, Error> {
        let statement = Statement::new(
            "DELETE FROM secret WHERE workspace = ?1 AND environment = ?2 AND name = ?3",
            values![place.workspace, place.environment, name],
        );
        self.change(vec![statement]).await.map(|changed| changed == [1])
    }

    /// The names of an environment's secrets, and when each was set.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn secret_names(&self, place: Place) -> Result<Vec<(String, Timestamp)>, Error> {
        self.rows(
            "SELECT name, updated_at FROM secret WHERE workspace = ?1 AND environment = ?2 ORDER BY name",
            values![place.workspace, place.environment],
            |row| Ok((row.get(0)?, row.time(1)?)),
        )
        .await
    }

    /// A secret's value; `None` where there is no such secret.
    ///
    /// # Errors
    /// When the database cannot be read, or the value does not open.
    pub async fn secret_reveal(&self, place: Place, name: &str) -> Result<Option<vault::Secret>, Error> {
        let sealed: Option<Vec<u8>> = self
            .row(
                "SELECT sealed FROM secret WHERE workspace = ?1 AND environment = ?2 AND name = ?3",
                values![place.workspace, place.environment, name],
                |row| row.get(0),
            )
            .await?;
        let Some(sealed) = sealed else { return Ok(None) };
        let plain = self.unseal("secret", &secret_id(place, name), &sealed)?;
        Ok(Some(String::from_utf8_lossy(&plain).into_owned().into()))
    }
}

fn secret_id(place: Place, name: &str) -> Vec<u8> {
    [place.workspace.as_bytes(), place.environment.as_bytes(), name.as_bytes()].concat()
}
