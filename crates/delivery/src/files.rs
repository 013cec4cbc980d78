//! Files that came with an event, for messages that send them on.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use store::{Message, Store, WorkspaceId};

use crate::Destination;

/// The most bytes of all files of one message.
pub(crate) const MOST: usize = 10 << 20;

/// The SHA-256 of a file's content, by which a message names it.
pub(crate) type Digest = [u8; 32];

/// The files that a message names, by their content's SHA-256. Those that are not there, or too large, are left out.
#[derive(Clone, Debug, Default)]
pub struct Files(Arc<HashMap<Digest, Bytes>>);

impl Files {
    /// Reads the files that a message to a destination names. They are those of its event, and no others.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn of(
        destination: &Destination,
        message: &Message,
        store: &Store,
        workspace: WorkspaceId,
    ) -> Result<Self, store::Error> {
        let mut wanted = destination.target.files(&message.body);
        wanted.sort_unstable();
        wanted.dedup();
        if wanted.is_empty() {
            return Ok(Self::default());
        }
        let sizes = store.blob_sizes(workspace, wanted.iter().copied()).await?;
        let total = sizes.values().fold(0_u64, |total, size| total.saturating_add(*size));
        if usize::try_from(total).map_or(true, |total| total > MOST) {
            return Ok(Self::default());
        }
        let mut files = HashMap::new();
        for digest in wanted {
            if let Some(content) = store.event_file(workspace, message.event, digest).await? {
                files.insert(digest, content);
            }
        }
        Ok(Self(Arc::new(files)))
    }

    pub(crate) fn get(&self, digest: &Digest) -> Option<&Bytes> {
        self.0.get(digest)
    }
}

/// A SHA-256 as messages write it.
pub(crate) fn digest(hex: &str) -> Option<Digest> {
    hex::decode(hex).ok()?.try_into().ok()
}

#[cfg(test)]
impl FromIterator<(Digest, Bytes)> for Files {
    fn from_iter<I: IntoIterator<Item = (Digest, Bytes)>>(files: I) -> Self {
        Self(Arc::new(files.into_iter().collect()))
    }
}
