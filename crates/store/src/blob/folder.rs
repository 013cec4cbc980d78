//! A folder with the contents of files, sealed, in two levels of folders by their digests.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use clock::Timestamp;

use crate::WorkspaceId;

/// What a file is called that is not whole yet.
const HALF: &str = "half";

/// The folder.
pub(crate) struct Folder(PathBuf);

/// A name in the folder, which says whose content it has. The mark makes it one that no other has: so a file without a
/// row can be deleted, although the same content may come in at that moment.
pub(super) fn name(workspace: WorkspaceId, sha256: &[u8; 32], mark: &[u8; 16]) -> String {
    let [digest, workspace, mark] = [&sha256[..], workspace.as_bytes(), mark].map(hex::encode);
    format!("{}/{}/{digest}.{workspace}.{mark}", &digest[..2], &digest[2..4])
}

/// Whose content a name says it has.
pub(super) fn content(name: &str) -> Option<(WorkspaceId, [u8; 32])> {
    let mut parts = name.rsplit('/').next()?.split('.');
    let sha256 = hex::decode(parts.next()?).ok()?.try_into().ok()?;
    let workspace: [u8; 16] = hex::decode(parts.next()?).ok()?.try_into().ok()?;
    Some((WorkspaceId::from_bytes(workspace), sha256))
}

impl Folder {
    /// Opens the folder, which is made if it is missing.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Self(path.to_owned()))
    }

    /// Puts bytes on stable storage under a name that is new.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let place = self.0.join(name);
        let half = place.with_extension(HALF);
        let outer = place.parent().and_then(Path::parent).unwrap_or(&self.0);
        let inner = place.parent().unwrap_or(outer);
        fs::create_dir_all(inner)?;
        let mut file = File::create_new(&half)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&half, &place)?;
        // Also where the folders were there: somebody else may have made them just now.
        [inner, outer, &self.0].into_iter().try_for_each(|folder| File::open(folder)?.sync_all())
    }

    pub(super) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.0.join(name))
    }

    /// The names in one of 256 parts that were written before a time.
    pub(super) fn older_than(&self, part: u8, before: Timestamp) -> io::Result<Vec<String>> {
        let outer = format!("{part:02x}");
        let mut old = Vec::new();
        for inner in entries(&self.0.join(&outer))? {
            for file in entries(&inner.path())? {
                let written = file.metadata()?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
                if written < Timestamp::from_millis(0).until(before) {
                    let names = [inner.file_name(), file.file_name()];
                    let [inner, file] = names.map(|name| name.to_string_lossy().into_owned());
                    old.push(format!("{outer}/{inner}/{file}"));
                }
            }
        }
        Ok(old)
    }

    pub(super) fn remove(&self, names: &[String]) -> io::Result<()> {
        names.iter().try_for_each(|name| fs::remove_file(self.0.join(name)))
    }
}

/// What is in a folder; nothing where there is none.
fn entries(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.collect(),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
