//! A disk that is full, and is freed.

use std::path::Path;

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    outside::Outside,
    senders::{Receipt, Taken},
    support::{Answer, Home, Source, eventually},
};

/// A small disk. It goes when it is dropped.
struct Disk(TempDir);

impl Disk {
    /// Mounts it; `None` where that is not permitted.
    fn mounted(bytes: usize) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = std::ffi::CString::new(format!("size={bytes}")).unwrap();
        match mount("linchpin-test", folder.path(), "tmpfs", MountFlags::empty(), options.as_c_str()) {
            Ok(()) => Some(Self(folder)),
            Err(error @ rustix::io::Errno::PERM) => {
                println!("no disk can be mounted here ({error}); this test proves nothing");
                None
            }
            Err(error) => panic!("no disk can be mounted: {error}"),
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily, since the server may still be on its way out.
        unmount(self.path(), UnmountFlags::DETACH).unwrap();
    }
}

/// Events of these sizes are posted until they no longer fit, so that in the end nothing does.
const SIZES: [usize; 3] = [300_000, 20_000, 10];

/// Fills what the server may write to; gives the key of the smallest event, which was refused.
async fn fill(source: &Source, taken: &mut Taken) -> String {
    let mut refused = String::new();
    for size in SIZES {
        loop {
            let key = format!("plain {} of {size}", taken.len());
            let answer = post(source, &key, size).await;
            if answer.status == 202 {
                taken.insert(key, Receipt::of(&answer));
                continue;
            }
            answer.problem(503, "storage_unavailable");
            let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=60).contains(&wait), "{answer:?}");
            refused = key;
            break;
        }
    }
    assert!(taken.len() > 5, "it was full from the start");
    refused
}

async fn post(source: &Source, key: &str, filling: usize) -> Answer {
    let body = json!({ "query": key, "filling": "x".repeat(filling) });
    source.post_with(&[("idempotency-key", key)], &body).await
}

/// What was refused for want of room is taken when there is some, under the same key.
async fn post_until_taken(source: &Source, refused: String, taken: &mut Taken) {
    let answer = eventually("events are taken again", async || {
        let answer = post(source, &refused, 10).await;
        (answer.status == 202).then_some(answer)
    });
    let answer = answer.await;
    assert_eq!(answer.header("linchpin-duplicate"), None, "what was refused was not stored");
    taken.insert(refused, Receipt::of(&answer));
}

#[tokio::test]
async fn a_full_disk_refuses_loses_nothing_and_is_used_again_as_soon_as_it_is_freed() {
    if Home::is_on_postgres() {
        return;
    }
    let Some(disk) = Disk::mounted(32 << 20) else { return };
    let (home, outside) = (Home::new(), Outside::start().await);
    let data = disk.path().join("data");
    let server = home.serve().arguments(&["--data-dir", data.to_str().unwrap()]).start().await;
    let owner = outside.set_up(&server).await;
    let source = owner.open_source("plain", "accept").await;
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![0; 12 << 20]).unwrap();

    // A step is under way when the disk fills, and has its answer while nothing can be stored.
    let working = owner.open_source("working", "accept").await;
    outside.close();
    let held = "working and held";
    let receipt = Receipt::of(&post(&working, held, 10).await);
    outside.asked(held).await;
    let mut taken = Taken::from([(held.to_owned(), receipt)]);
    let mut refused = fill(&source, &mut taken).await;
    outside.open();
    // Now and then the log is copied back and begins anew, and there is room for a little more.
    loop {
        let key = owner.post("/api-keys", &json!({ "name": "k", "role": "viewer" })).await;
        if key.status != 201 {
            key.problem(503, "unavailable");
            assert!(key.header("retry-after").is_some(), "{key:?}");
            break;
        }
        refused = fill(&source, &mut taken).await;
    }
    assert_eq!(owner.get("/me").await.status, 200, "what there is can be read");

    std::fs::remove_file(&ballast).unwrap();
    post_until_taken(&source, refused, &mut taken).await;
    let sum = outside.balance(&owner, taken).await;
    println!("after the full disk: {sum:?}");
    assert_eq!(
        (sum.calls, sum.repeated_calls, sum.late_calls),
        (3, 0, 0),
        "what a step got was kept until it could be stored"
    );
    server.kill().await;
}

#[tokio::test]
async fn a_database_that_may_not_grow_refuses_and_loses_nothing() {
    if Home::is_on_postgres() {
        return;
    }
    let (home, outside) = (Home::new(), Outside::start().await);
    let server = home.serve().variable("LINCHPIN_DATABASE__MAX_SIZE", "6MiB").start().await;
    let owner = outside.set_up(&server).await;
    let source = owner.open_source("plain", "accept").await;
    let mut taken = Taken::new();
    let refused = fill(&source, &mut taken).await;
    server.kill().await;

    let server = home.serve().variable("LINCHPIN_DATABASE__MAX_SIZE", "64MiB").start().await;
    let source = source.at(source.url.replace(&owner.url, &server.url));
    post_until_taken(&source, refused, &mut taken).await;
    let sum = outside.balance(&owner.at(&server), taken).await;
    println!("after the full database: {sum:?}");
}
