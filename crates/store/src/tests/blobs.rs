//! Files: each content once, there before its event is, gone after its last.

use std::{
    path::{Path, PathBuf},
    slice::from_ref,
};

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::fixture::Fixture;
use crate::*;

pub(super) fn file(content: impl Into<Bytes>) -> NewFile {
    let content = content.into();
    NewFile { sha256: Sha256::digest(&content).into(), content }
}

impl Fixture {
    /// An event with files, whose run has ended.
    pub(super) async fn with_files(&self, files: &[NewFile]) -> EventId {
        let event = self.queued_with(files).await;
        self.run_to_end(event.original_run(), vec![]).await;
        event
    }

    pub(super) async fn queued_with(&self, files: &[NewFile]) -> EventId {
        let admission = Admission { files: files.to_vec(), ..self.admission(None, Begin::Queued) };
        let event = admission.event.id;
        assert_eq!(self.store.event_admit(admission).await.unwrap(), Admitted::New);
        event
    }

    /// How many contents there are, and how many uses.
    async fn blobs(&self) -> (i64, i64) {
        let sql = "SELECT (SELECT count(*) FROM blob), (SELECT count(*) FROM blob_use)";
        self.store.row(sql, vec![], |row| Ok((row.get(0)?, row.get(1)?))).await.unwrap().unwrap()
    }

    pub(super) async fn content(&self, file: &NewFile) -> Option<Bytes> {
        self.store.blob_get(self.place.workspace, file.sha256).await.unwrap()
    }
}

/// The files below a folder.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}

/// Everything, with the contents in the database and with them in a folder.
async fn both() -> [(Fixture, Option<tempfile::TempDir>); 2] {
    let folder = tempfile::tempdir().unwrap();
    let beside = Fixture::with_folder(folder.path()).await;
    [(Fixture::new().await, None), (beside, Some(folder))]
}

#[tokio::test]
async fn a_content_is_stored_once_and_found_by_those_who_use_it() {
    for (mut f, folder) in both().await {
        let (cv, photo) = (file("the résumé"), file(vec![0xff; 2 << 20]));
        let first = f.queued_with(&[cv.clone(), photo.clone(), cv.clone()]).await;
        let second = f.queued_with(from_ref(&cv)).await;
        assert_eq!(f.blobs().await, (2, 3));
        f.reopen().await;
        let workspace = f.place.workspace;
        for (event, of, content) in [
            (first, &cv, Some(&cv.content)),
            (first, &photo, Some(&photo.content)),
            (second, &cv, Some(&cv.content)),
            (second, &photo, None),
        ] {
            let found = f.store.event_file(workspace, event, of.sha256).await.unwrap();
            assert_eq!(found.as_ref(), content);
        }
        assert_eq!(f.store.event_file(workspace, first, [0; 32]).await.unwrap(), None);
        let stranger = WorkspaceId::from_bytes([1; 16]);
        assert_eq!(f.store.event_file(stranger, first, cv.sha256).await.unwrap(), None);
        assert_eq!(f.store.blob_get(stranger, cv.sha256).await.unwrap(), None);
        let kept = folder.map(|folder| files_in(folder.path()).len());
        assert!(kept.is_none_or(|kept| kept == 2), "{kept:?}");
    }
}

#[tokio::test]
async fn a_content_is_sealed_where_it_lies() {
    for (f, folder) in both().await {
        let secret = file("nobody reads this");
        f.queued_with(from_ref(&secret)).await;
        let at_rest = match &folder {
            None => {
                let sql = "SELECT sealed FROM blob WHERE file IS NULL";
                f.store.row(sql, vec![], |row| row.get::<Vec<u8>>(0)).await.unwrap().unwrap()
            }
            Some(folder) => {
                let files = files_in(folder.path());
                let depth = files[0].strip_prefix(folder.path()).unwrap().components().count();
                assert_eq!((files.len(), depth), (1, 3));
                std::fs::read(&files[0]).unwrap()
            }
        };
        assert!(!at_rest.windows(6).any(|six| six == b"nobody"));
        // What is put in the place of another does not open.
        let sql = "UPDATE blob SET sha256 = ?1";
        let other = [7; 32];
        f.store.change(vec![sql::Statement::new(sql, sql::values![other])]).await.unwrap();
        let moved = f.store.blob_get(f.place.workspace, other).await;
        assert!(matches!(moved, Err(Error::Unseal { kind: "blob", .. })), "{moved:?}");
    }
}

#[tokio::test]
async fn a_duplicate_uses_nothing() {
    let f = Fixture::new().await;
    let with = |content: &'static str| Admission {
        files: vec![file(content)],
        ..f.admission(Some(1), Begin::Queued)
    };
    let first = with("a");
    let id = first.event.id;
    assert_eq!(f.store.event_admit(first).await.unwrap(), Admitted::New);
    assert_eq!(f.store.event_admit(with("b")).await.unwrap(), Admitted::Duplicate(id));
    assert_eq!(f.blobs().await, (2, 1));
}

#[tokio::test]
async fn what_nobody_uses_goes_after_a_day() {
    for (f, folder) in both().await {
        let (used, orphan, again) = (file("used"), file("orphan"), file("again"));
        let event = f.with_files(from_ref(&used)).await;
        f.store.blobs_put(f.place.workspace, &[orphan.clone(), again.clone()]).await.unwrap();
        f.prune().await;
        assert_eq!(f.blobs().await, (3, 1));
        // Given again when half of its day is over.
        f.clock.skew(13 * 3_600_000);
        f.store.blobs_put(f.place.workspace, from_ref(&again)).await.unwrap();
        f.clock.skew(12 * 3_600_000);
        f.prune().await;
        assert_eq!(f.blobs().await, (2, 1));
        assert_eq!((f.content(&orphan).await, f.content(&again).await), (None, Some(again.content.clone())));
        f.days_pass(2);
        f.prune().await;
        assert_eq!(f.blobs().await, (1, 1));
        assert_eq!(f.content(&used).await, Some(used.content.clone()), "its event is still here");
        f.days_pass(45);
        f.prune().await;
        f.nothing_is_half().await;
        assert_eq!(f.store.event_get(f.place.workspace, event).await.unwrap().map(|event| event.id), None);
        assert_eq!(f.blobs().await, (0, 0));
        if let Some(folder) = folder {
            for part in 0..=u8::MAX {
                f.store.sweep_blobs(part).await.unwrap();
            }
            assert_eq!(files_in(folder.path()), Vec::<PathBuf>::new());
        }
    }
}

#[tokio::test]
async fn only_what_no_row_names_is_swept_away() {
    let folder = tempfile::tempdir().unwrap();
    let f = Fixture::with_folder(folder.path()).await;
    let kept = file("kept");
    f.queued_with(from_ref(&kept)).await;
    let place = files_in(folder.path()).remove(0);
    let half = place.with_extension("half");
    std::fs::write(&half, b"a crash left this").unwrap();
    f.store.sweep_blobs(kept.sha256[0]).await.unwrap();
    assert_eq!(files_in(folder.path()).len(), 2, "somebody may be writing it");
    f.days_pass(2);
    f.store.sweep_blobs(kept.sha256[0].wrapping_add(1)).await.unwrap();
    assert_eq!(files_in(folder.path()).len(), 2, "it lies in another part");
    f.store.sweep_blobs(kept.sha256[0]).await.unwrap();
    assert_eq!(files_in(folder.path()), [place]);
    assert_eq!(f.content(&kept).await, Some(kept.content.clone()));
}

#[tokio::test]
async fn many_contents_are_pruned_in_slices() {
    let f = Fixture::new().await;
    let used = file("used");
    f.queued_with(from_ref(&used)).await;
    let orphans: Vec<NewFile> = (0..600).map(|n| file(format!("{n}"))).collect();
    f.store.blobs_put(f.place.workspace, &orphans).await.unwrap();
    f.days_pass(2);
    f.prune().await;
    assert_eq!(f.blobs().await, (1, 1));
    assert_eq!(f.content(&used).await, Some(used.content));
}

#[tokio::test]
async fn an_event_whose_files_cannot_be_stored_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let f = Fixture::with_folder(folder.path()).await;
    let cv = file("x");
    // A file where a folder should be: also who may write anywhere cannot.
    std::fs::write(folder.path().join(hex::encode(&cv.sha256[..1])), b"").unwrap();
    let admission = Admission { files: vec![cv], ..f.admission(None, Begin::Queued) };
    let id = admission.event.id;
    let refused = f.store.event_admit(admission).await;
    assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
    assert!(f.store.event_get(f.place.workspace, id).await.unwrap().is_none());
}

#[tokio::test]
async fn a_folder_that_is_not_named_any_more_is_missed() {
    let folder = tempfile::tempdir().unwrap();
    let mut f = Fixture::with_folder(folder.path()).await;
    let cv = file("x");
    f.queued_with(from_ref(&cv)).await;
    f.without_folder();
    f.reopen().await;
    let missed = f.store.blob_get(f.place.workspace, cv.sha256).await.unwrap_err();
    assert!(missed.to_string().contains("blobs.directory"), "{missed}");
}
