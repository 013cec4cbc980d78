//! Reads the head of a numpy array file.
//!
//! Source: numpy's description of the `.npy` format, versions 1 to 3: a magic, a version, the head's length, and
//! a Python dictionary with `descr`, `fortran_order` and `shape`.

use std::io::{self, Read};

const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// The longest head that is read, in bytes.
const HEAD: usize = 64 * 1024;

/// What kind of numbers an array holds, all little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Byte,
    Single,
    Double,
}

/// An array's head.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: Kind,
    /// The extents, outermost first; the numbers follow in that order.
    pub(super) shape: Vec<usize>,
}

impl Kind {
    /// The bytes of a number.
    pub(super) fn size(self) -> usize {
        match self {
            Self::Byte => 1,
            Self::Single => 4,
            Self::Double => 8,
        }
    }
}

impl Head {
    /// Reads the head, leaving `file` at the first number.
    pub(super) fn read(file: &mut impl Read) -> io::Result<Self> {
        let mut start = [0; 8];
        file.read_exact(&mut start)?;
        if &start[..6] != MAGIC {
            return Err(invalid("it is no numpy array"));
        }
        let length = match start[6] {
            1 => {
                let mut length = [0; 2];
                file.read_exact(&mut length)?;
                usize::from(u16::from_le_bytes(length))
            }
            2 | 3 => {
                let mut length = [0; 4];
                file.read_exact(&mut length)?;
                usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX)
            }
            _ => return Err(invalid("its version is not known")),
        };
        if length > HEAD {
            return Err(invalid("its head is too long"));
        }
        let mut head = vec![0; length];
        file.read_exact(&mut head)?;
        let head = std::str::from_utf8(&head).map_err(|_| invalid("its head is not text"))?;
        parse(head).ok_or_else(|| invalid("its head is not understood"))
    }
}

fn parse(head: &str) -> Option<Head> {
    if !after(head, "'fortran_order'")?.starts_with("False") {
        return None;
    }
    let (descr, _) = after(head, "'descr'")?.strip_prefix('\'')?.split_once('\'')?;
    let kind = match descr {
        "|u1" | "<u1" => Kind::Byte,
        "<f4" => Kind::Single,
        "<f8" => Kind::Double,
        _ => return None,
    };
    let (extents, _) = after(head, "'shape'")?.strip_prefix('(')?.split_once(')')?;
    let shape = extents.split(',').map(str::trim).filter(|extent| !extent.is_empty());
    Some(Head { kind, shape: shape.map(|extent| extent.parse().ok()).collect::<Option<_>>()? })
}

/// What follows a key and its colon.
fn after<'a>(head: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = head.split_once(key)?;
    Some(rest.trim_start().strip_prefix(':')?.trim_start())
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(version: u8, head: &str) -> Vec<u8> {
        let mut file = MAGIC.to_vec();
        file.extend([version, 0]);
        let length = u32::try_from(head.len()).unwrap().to_le_bytes();
        file.extend(if version == 1 { &length[..2] } else { &length[..] });
        file.extend(head.as_bytes());
        file
    }

    fn read(file: &[u8]) -> io::Result<Head> {
        Head::read(&mut &*file)
    }

    #[test]
    fn heads_are_read() {
        let head = |version, text| read(&file(version, text)).unwrap();
        let matrix = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }   \n";
        assert_eq!(head(1, matrix), Head { kind: Kind::Single, shape: vec![3, 4] });
        assert_eq!(head(2, matrix).shape, [3, 4]);
        let scalar = "{'descr': '<f8', 'fortran_order': False, 'shape': (), }";
        assert_eq!(head(1, scalar), Head { kind: Kind::Double, shape: vec![] });
        let row = "{'shape': (5,), 'descr': '|u1', 'fortran_order': False}";
        assert_eq!(head(3, row), Head { kind: Kind::Byte, shape: vec![5] });
    }

    #[test]
    fn heads_that_are_not_understood_are_errors() {
        for head in [
            "",
            "{'descr': '>f4', 'fortran_order': False, 'shape': (3,)}",
            "{'descr': '<f4', 'fortran_order': True, 'shape': (3,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-3,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
            "{'descr': '<f4', 'fortran_order': False}",
        ] {
            assert!(read(&file(1, head)).is_err(), "{head}");
        }
        assert!(read(b"PK\x03\x04 and more").is_err());
        assert!(read(&file(9, "{}")).is_err());
        assert!(read(&file(2, "{}")[..9]).is_err());
        let mut endless = file(2, "");
        endless[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(read(&endless).unwrap_err().to_string().contains("too long"));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(head in "[{}'a-z0-9:,()<| ]{0,80}", bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = read(&file(1, &head));
            let _ = read(&bytes);
        }
    }
}
