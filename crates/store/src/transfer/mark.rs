//! What a folder says of its transfer: a file with the transfer's id, `moving` at first and `moved` when it is done.

use std::{
    fs::{self, File},
    io::{Error, ErrorKind, Result, Write},
    path::Path,
};

use clock::Random;
use uuid::Uuid;

const MOVING: &str = "moving";
const DONE: &str = "moved";

/// Why a folder is not served any more.
pub(super) const MOVED: &str = "this installation was moved to PostgreSQL, where it goes on: give --database to serve it; \
                                to go back to this folder, and lose what came since, delete the file `moved` in it";

/// A transfer that a folder is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) id: Uuid,
    /// Whether it is done.
    pub(super) moved: bool,
}

/// The transfer that a folder is part of.
pub(super) fn read(folder: &Path) -> Result<Option<Mark>> {
    for (name, moved) in [(MOVING, false), (DONE, true)] {
        match fs::read_to_string(folder.join(name)) {
            Ok(text) => {
                let id = text.trim().parse().map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
                return Ok(Some(Mark { id, moved }));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Begins a transfer of a folder; gives its id.
pub(super) fn draw(folder: &Path, random: &Random) -> Result<Uuid> {
    let id = Uuid::from_bytes(random.bytes());
    // Whole or not at all.
    let new = folder.join("moving.new");
    let mut file = File::create(&new)?;
    writeln!(file, "{id}")?;
    file.sync_all()?;
    fs::rename(new, folder.join(MOVING))?;
    sync(folder)?;
    Ok(id)
}

/// The transfer is done.
pub(super) fn moved(folder: &Path) -> Result<()> {
    match fs::rename(folder.join(MOVING), folder.join(DONE)) {
        // It was done before.
        Err(error) if error.kind() == ErrorKind::NotFound && folder.join(DONE).exists() => Ok(()),
        renamed => renamed.and_then(|()| sync(folder)),
    }
}

/// A server opens the folder: from now on it holds something else than what an unfinished transfer has copied. Gives
/// why it must not be served, when it must not.
pub(crate) fn served(folder: &Path) -> std::result::Result<(), String> {
    if folder.join(DONE).exists() {
        return Err(MOVED.to_owned());
    }
    match fs::remove_file(folder.join(MOVING)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed.and_then(|()| sync(folder)).map_err(|error| error.to_string()),
    }
}

fn sync(folder: &Path) -> Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_tells_how_far_its_transfer_is_and_a_server_ends_it() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        assert_eq!(read(folder).unwrap(), None);
        let random = Random::seeded(1);
        let first = draw(folder, &random).unwrap();
        assert_eq!(read(folder).unwrap(), Some(Mark { id: first, moved: false }));
        served(folder).unwrap();
        assert_eq!(read(folder).unwrap(), None);
        served(folder).unwrap();

        let second = draw(folder, &random).unwrap();
        assert_ne!(first, second, "it is another transfer");
        moved(folder).unwrap();
        moved(folder).unwrap();
        assert_eq!(read(folder).unwrap(), Some(Mark { id: second, moved: true }));
        assert!(served(folder).unwrap_err().contains("moved to PostgreSQL"));
        assert_eq!(read(folder).unwrap(), Some(Mark { id: second, moved: true }));

        fs::write(folder.join(DONE), "x").unwrap();
        assert!(read(folder).is_err());
        fs::remove_file(folder.join(DONE)).unwrap();
        assert!(moved(folder).is_err(), "there is nothing to be done with");
    }
}
