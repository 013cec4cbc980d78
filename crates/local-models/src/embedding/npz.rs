//! Reads numpy arrays from a compressed archive.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek},
    path::Path,
};

use zip::ZipArchive;

use super::npy::{Head, Kind};
use crate::error::Error;

/// The numbers that are read at once.
const BLOCK: usize = 8 * 1024;

/// An archive of numpy arrays, each read when asked for.
///
/// Whoever asks says what shape the array must have, so a damaged file costs no more memory than a sound one.
pub(super) struct Archive<R> {
    zip: ZipArchive<R>,
}

impl Archive<BufReader<File>> {
    /// Opens an archive's file.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        Self::new(BufReader::new(file)).map_err(|reason| Error::Damaged { path: path.to_owned(), reason })
    }
}

impl<R: Read + Seek> Archive<R> {
    pub(super) fn new(file: R) -> Result<Self, String> {
        let zip = ZipArchive::new(file).map_err(|error| format!("it is no archive: {error}"))?;
        Ok(Self { zip })
    }

    /// An array of floating-point numbers with this shape, row by row.
    pub(super) fn floats(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
        self.read(name, shape, |kind, bytes, out: &mut Vec<f32>| match kind {
            Kind::Single => {
                out.extend(bytes.as_chunks().0.iter().map(|number| f32::from_le_bytes(*number)));
                true
            }
            #[expect(clippy::cast_possible_truncation, reason = "the network works in single precision")]
            Kind::Double => {
                out.extend(bytes.as_chunks().0.iter().map(|number| f64::from_le_bytes(*number) as f32));
                true
            }
            Kind::Byte => false,
        })
    }

    /// An array of bytes with this shape, row by row.
    pub(super) fn bytes(&mut self, name: &str, shape: &[usize]) -> Result<Vec<u8>, String> {
        self.read(name, shape, |kind, bytes, out: &mut Vec<u8>| {
            out.extend_from_slice(bytes);
            kind == Kind::Byte
        })
    }

    /// Reads an array block by block; `take` appends a block's numbers, or says that their kind is the wrong one.
    fn read<T>(
        &mut self,
        name: &str,
        shape: &[usize],
        take: impl Fn(Kind, &[u8], &mut Vec<T>) -> bool,
    ) -> Result<Vec<T>, String> {
        let failed = |error: io::Error| format!("the array {name} cannot be read: {error}");
        let mut file = self
            .zip
            .by_name(&format!("{name}.npy"))
            .map_err(|error| format!("the array {name} cannot be read: {error}"))?;
        let head = Head::read(&mut file).map_err(failed)?;
        if head.shape != shape {
            return Err(format!("the array {name} has the shape {:?} instead of {shape:?}", head.shape));
        }
        let count = shape.iter().product::<usize>();
        let mut out = Vec::with_capacity(count);
        let mut block = vec![0; BLOCK * head.kind.size()];
        while out.len() < count {
            let block = &mut block[..(count - out.len()).min(BLOCK) * head.kind.size()];
            file.read_exact(block).map_err(failed)?;
            if !take(head.kind, block, &mut out) {
                return Err(format!("the array {name} holds another kind of numbers"));
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use proptest::prelude::*;
    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let head = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend(u16::try_from(head.len()).unwrap().to_le_bytes());
        file.extend(head.as_bytes());
        file.extend(data);
        file
    }

    fn archive(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, data) in entries {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(data).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn opened(file: Vec<u8>) -> Archive<Cursor<Vec<u8>>> {
        Archive::new(Cursor::new(file)).unwrap()
    }

    #[test]
    fn arrays_are_read_in_their_precision() {
        let single: Vec<u8> = [1.5f32, -2.0].iter().flat_map(|number| number.to_le_bytes()).collect();
        let double = 0.25f64.to_le_bytes().to_vec();
        let mut archive = opened(archive(&[
            ("a.npy", npy("<f4", "(1, 2)", &single)),
            ("b.npy", npy("<f8", "()", &double)),
            ("c.npy", npy("|u1", "(3,)", &[7, 8, 9])),
        ]));
        assert_eq!(archive.floats("a", &[1, 2]).unwrap(), [1.5, -2.0]);
        assert_eq!(archive.floats("b", &[]).unwrap(), [0.25]);
        assert_eq!(archive.bytes("c", &[3]).unwrap(), [7, 8, 9]);
    }

    #[test]
    fn what_does_not_fit_is_an_error_that_names_the_array() {
        let huge = npy("<f4", "(4611686018427387904, 4)", &[]);
        let mut archive = opened(archive(&[
            ("short.npy", npy("<f4", "(2,)", &[0; 4])),
            ("bytes.npy", npy("|u1", "(2,)", &[0; 2])),
            ("huge.npy", huge),
            ("text.npy", b"hello".to_vec()),
        ]));
        for (name, shape, part) in [
            ("missing", &[2][..], "missing"),
            ("short", &[2], "short cannot be read"),
            ("short", &[2, 1], "instead of [2, 1]"),
            ("bytes", &[2], "another kind"),
            ("huge", &[2], "instead of [2]"),
            ("text", &[2], "text cannot be read"),
        ] {
            let error = archive.floats(name, shape).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
        assert!(archive.bytes("short", &[2]).is_err());
        assert!(Archive::new(Cursor::new(b"no archive".to_vec())).is_err());
    }

    proptest! {
        #[test]
        fn no_damage_panics(flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8), cut: prop::sample::Index) {
            let mut file = archive(&[("a.npy", npy("<f4", "(2,)", &[0; 8]))]);
            for (place, byte) in flips {
                let place = place.index(file.len());
                file[place] = byte;
            }
            file.truncate(cut.index(file.len()) + 1);
            if let Ok(mut archive) = Archive::new(Cursor::new(file)) {
                let _ = archive.floats("a", &[2]);
                let _ = archive.bytes("a", &[2]);
            }
        }
    }
}
