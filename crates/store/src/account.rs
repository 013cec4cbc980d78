//! Members, sessions, API keys and login links.

use clock::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ApiKeyId, Error, MemberId, Store, WorkspaceId,
    sql::{Fault, Row, Statement, values},
};

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look at everything but secrets.
    Viewer,
    /// Decide what waits for a human.
    Reviewer,
    /// Replay, retry, cancel, deploy.
    Operator,
    /// Change flows, sources and destinations.
    Editor,
    /// Members, keys and settings.
    Admin,
    /// Everything.
    Owner,
}

/// A person of a workspace.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its id.
    pub id: MemberId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The address to log in with.
    pub email: String,
    /// The name that others see.
    pub name: String,
    /// What the member may do.
    pub role: Role,
    /// The password's argon2id hash, as a PHC string.
    pub password: String,
}

/// A member that is about to be made.
#[derive(Clone, Debug)]
pub struct NewMember {
    /// The address to log in with, lower case.
    pub email: String,
    /// The name that others see.
    pub name: String,
    /// The password's argon2id hash, as a PHC string.
    pub password: String,
}

/// An API key as lists show it.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// What it is for.
    pub name: String,
    /// Its last characters.
    pub hint: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// An API key that is about to be made.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// What it is for.
    pub name: String,
    /// The SHA-256 of the key.
    pub token: [u8; 32],
    /// Its last characters.
    pub hint: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// What a login link does, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkPurpose {
    /// Makes the first member, who owns the workspace.
    Owner,
    /// Logs the owner in.
    Login,
}

const MEMBER: &str = "m.id, m.workspace, m.email, m.name, m.role, m.password";

impl Store {
    /// Makes the first member by an owner link, in one write: the link is used up and every other owner link
    /// with it, or nothing has changed. `None` when the link is not good, or there is a member already.
    ///
    /// # Errors
    /// When the database cannot be written; the link stays good.
    pub async fn owner_add(
        &self,
        workspace: WorkspaceId,
        token: [u8; 32],
        new: NewMember,
    ) -> Result<Option<Member>, Error> {
        let NewMember { email, name, password } = new;
        let owner = Member { id: self.ids.next(), workspace, email, name, role: Role::Owner, password };
        let role = serde_json::json!(owner.role);
        let (email, name, password) = (owner.email.as_str(), owner.name.as_str(), owner.password.as_str());
        let link = Statement::new(
            "DELETE FROM login_link WHERE token = ?1 AND workspace = ?2 AND purpose = 'owner' AND expires_at > ?3",
            values![token, workspace, self.now()],
        );
        let member = Statement::new(
            "INSERT INTO member (workspace, id, email, name, role, password, created_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE NOT EXISTS (SELECT 1 FROM member WHERE workspace = ?1)",
            values![workspace, owner.id, email, name, role.as_str(), password, self.now()],
        );
        let others = Statement::new(
            "DELETE FROM login_link WHERE workspace = ?1 AND purpose = 'owner'",
            values![workspace],
        );
        let statements = vec![
            link.or_conflict("the link is not good"),
            member.or_conflict("there is a member already"),
            others,
        ];
        match self.change(statements).await {
            Ok(_) => Ok(Some(owner)),
            Err(Error::Conflict(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The member with an address.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn member_by_email(
        &self,
        workspace: WorkspaceId,
        email: &str,
    ) -> Result<Option<Member>, Error> {
        self.row(
            format!("SELECT {MEMBER} FROM member m WHERE m.workspace = ?1 AND m.email = ?2"),
            values![workspace, email],
            member,
        )
        .await
    }

    /// The member who was made first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn member_first(&self, workspace: WorkspaceId) -> Result<Option<Member>, Error> {
        self.row(
            format!("SELECT {MEMBER} FROM member m WHERE m.workspace = ?1 ORDER BY m.id LIMIT 1"),
            values![workspace],
            member,
        )
        .await
    }

    /// Begins a session.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn session_add(
        &self,
        member: &Member,
        token: [u8; 32],
        expires_at: Timestamp,
    ) -> Result<(), Error> {
        let statement = Statement::new(
            "INSERT INTO session (workspace, token, member, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            values![member.workspace, token, member.id, self.now(), expires_at],
        );
        self.change(vec![statement]).await.map(drop)
    }

    /// Who a running session belongs to.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn session_member(&self, token: [u8; 32]) -> Result<Option<Member>, Error> {
        let now = self.now().as_millis();
        self.row(format!(
                "SELECT {MEMBER} FROM session s JOIN member m ON m.id = s.member WHERE s.token = ?1 AND s.expires_at > ?2"
            ), values![token, now], member)
        .await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn session_end(&self, token: [u8; 32]) -> Result<(), Error> {
        let statement = Statement::new("DELETE FROM session WHERE token = ?1", values![token]);
        self.change(vec![statement]).await.map(drop)
    }

    /// Makes an API key.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn api_key_add(&self, workspace: WorkspaceId, new: NewApiKey) -> Result<ApiKeyId, Error> {
        let id: ApiKeyId = self.ids.next();
        let scopes = serde_json::json!(new.scopes);
        let statement = Statement::new(
            "INSERT INTO api_key (workspace, id, name, token, hint, scopes, created_at, expires_at, revoked_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL)",
            values![workspace, id, new.name, new.token, new.hint, &scopes, self.now(), new.expires_at],
        );
        self.change(vec![statement]).await?;
        Ok(id)
    }

    /// The living key with this hash.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn api_key_by_token(&self, token: [u8; 32]) -> Result<Option<ApiKey>, Error> {
        let now = self.now().as_millis();
        self.row(
            "SELECT id, workspace, name, hint, scopes, created_at, expires_at FROM api_key
                 WHERE token = ?1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2)",
            values![token, now],
            api_key,
        )
        .await
    }

    /// The living keys of a workspace, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn api_key_list(&self, workspace: WorkspaceId) -> Result<Vec<ApiKey>, Error> {
        self.rows(
            "SELECT id, workspace, name, hint, scopes, created_at, expires_at FROM api_key
                 WHERE workspace = ?1 AND revoked_at IS NULL ORDER BY id DESC LIMIT 1000",
            values![workspace],
            api_key,
        )
        .await
    }

    /// Ends a key. Says whether there was one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn api_key_revoke(&self, workspace: WorkspaceId, id: ApiKeyId) -> Result<bool, Error> {
        let statement = Statement::new(
            "UPDATE api_key SET revoked_at = ?1 WHERE id = ?2 AND workspace = ?3 AND revoked_at IS NULL",
            values![self.now(), id, workspace],
        );
        self.change(vec![statement]).await.map(|changed| changed == [1])
    }

    /// Makes a link that works once, until it expires.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn login_link_add(
        &self,
        workspace: WorkspaceId,
        token: [u8; 32],
        purpose: LinkPurpose,
        expires_at: Timestamp,
    ) -> Result<(), Error> {
        let purpose = serde_json::json!(purpose);
        let statement = Statement::new(
            "INSERT INTO login_link (workspace, token, purpose, expires_at) VALUES (?1, ?2, ?3, ?4)",
            values![workspace, token, purpose.as_str(), expires_at],
        );
        self.change(vec![statement]).await.map(drop)
    }

    /// What a living link is for; the link stays.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn login_link_peek(&self, token: [u8; 32]) -> Result<Option<LinkPurpose>, Error> {
        let now = self.now().as_millis();
        self.row(
            "SELECT purpose FROM login_link WHERE token = ?1 AND expires_at > ?2",
            values![token, now],
            |row| row.word(0),
        )
        .await
    }

    /// Uses a login link up. Says whether it was still good. For owner links, see [`Store::owner_add`].
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn login_link_use(&self, token: [u8; 32]) -> Result<bool, Error> {
        let statement = Statement::new(
            "DELETE FROM login_link WHERE token = ?1 AND purpose = 'login' AND expires_at > ?2",
            values![token, self.now()],
        );
        self.change(vec![statement]).await.map(|changed| changed == [1])
    }
}

fn member(row: &Row) -> Result<Member, Fault> {
    Ok(Member {
        id: row.get(0)?,
        workspace: row.get(1)?,
        email: row.get(2)?,
        name: row.get(3)?,
        role: row.word(4)?,
        password: row.get(5)?,
    })
}

fn api_key(row: &Row) -> Result<ApiKey, Fault> {
    Ok(ApiKey {
        id: row.get(0)?,
        workspace: row.get(1)?,
        name: row.get(2)?,
        hint: row.get(3)?,
        scopes: row.json(4)?,
        created_at: row.time(5)?,
        expires_at: row.get(6)?,
    })
}
