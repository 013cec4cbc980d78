//! Rows as PostgreSQL's COPY takes and gives them in its binary format, and sums of rows.
//!
//! A file of that format is a header, the rows, and a trailer. A row is the number of its columns in two bytes, then
//! each as its length in four and its bytes; a length of -1 stands for nothing (PostgreSQL's manual, COPY, "Binary
//! Format"). It is written by one of the databases and made here of what the other holds, so that it is also what two
//! rows are compared by.

use std::fmt;

use rusqlite::types::ValueRef;
use sha2::{Digest, Sha256};

use crate::sql::Value;

/// What a file begins with: the signature, no flags, no extension.
pub(crate) const HEADER: &[u8; 19] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// What a file ends with, in place of a number of columns.
pub(crate) const TRAILER: &[u8; 2] = &[0xff; 2];

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    Text,
    Bytes,
    /// 16 bytes.
    Id,
}

impl Kind {
    /// That of a column by its types in SQLite and in PostgreSQL.
    pub(crate) fn of(sqlite: &str, postgres: &str) -> Option<Self> {
        match (sqlite, postgres) {
            ("INTEGER", "bigint") => Some(Self::Integer),
            ("TEXT", "text") => Some(Self::Text),
            ("BLOB", "bytea") => Some(Self::Bytes),
            ("BLOB", "uuid") => Some(Self::Id),
            _ => None,
        }
    }

    /// What is put into a row for a value; says what should be there when PostgreSQL cannot hold it.
    pub(crate) fn put(self, value: ValueRef<'_>, row: &mut Vec<u8>) -> Result<(), &'static str> {
        let number;
        let bytes: &[u8] = match (self, value) {
            (_, ValueRef::Null) => {
                row.extend((-1_i32).to_be_bytes());
                return Ok(());
            }
            (Self::Integer, ValueRef::Integer(value)) => {
                number = value.to_be_bytes();
                &number
            }
            (Self::Text, ValueRef::Text(text)) if std::str::from_utf8(text).is_ok() && !text.contains(&0) => {
                text
            }
            (Self::Bytes, ValueRef::Blob(bytes)) => bytes,
            (Self::Id, ValueRef::Blob(bytes)) if bytes.len() == 16 => bytes,
            (Self::Integer, _) => return Err("a whole number"),
            (Self::Text, _) => {
                return Err("text without the character NUL, which PostgreSQL has no place for");
            }
            (Self::Bytes, _) => return Err("bytes"),
            (Self::Id, _) => return Err("an id of 16 bytes"),
        };
        let length = i32::try_from(bytes.len()).map_err(|_| "less than 2 GiB")?;
        row.extend(length.to_be_bytes());
        row.extend(bytes);
        Ok(())
    }
}

/// The values of columns that were put one after the other; nothing when these are no such.
pub(crate) fn values(kinds: impl IntoIterator<Item = Kind>, mut bytes: &[u8]) -> Option<Vec<Value>> {
    let value = |kind| {
        let (length, rest) = bytes.split_first_chunk()?;
        let (value, rest) = rest.split_at_checked(i32::from_be_bytes(*length).try_into().ok()?)?;
        bytes = rest;
        Some(match kind {
            Kind::Integer => Value::Integer(i64::from_be_bytes(value.try_into().ok()?)),
            Kind::Text => Value::Text(String::from_utf8(value.to_vec()).ok()?),
            Kind::Bytes | Kind::Id => Value::Bytes(value.to_vec()),
        })
    };
    kinds.into_iter().map(value).collect()
}

/// The row in a message of a COPY, which holds one, or none beside what begins and ends a file.
pub(crate) fn row(message: &[u8]) -> Option<&[u8]> {
    let row = message.strip_prefix(HEADER).unwrap_or(message);
    (!row.is_empty() && row != TRAILER).then_some(row)
}

/// How many rows there are, and a checksum of them that does not depend on their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub rows: u64,
    /// The sum of the rows' SHA-256, as numbers of 256 bits, big endian.
    pub checksum: [u8; 32],
}

impl Sum {
    /// Adds a row.
    pub(crate) fn add(&mut self, row: &[u8]) {
        self.join(&Self { rows: 1, checksum: Sha256::digest(row).into() });
    }

    /// Adds the rows of another.
    pub(crate) fn join(&mut self, other: &Self) {
        self.rows += other.rows;
        let mut carry = 0;
        for (byte, more) in self.checksum.iter_mut().zip(other.checksum).rev() {
            let [high, low] = (u16::from(*byte) + u16::from(more) + carry).to_be_bytes();
            (*byte, carry) = (low, high.into());
        }
    }
}

/// The checksum.
impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex::encode(self.checksum))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum<Row: AsRef<[u8]>>(rows: impl IntoIterator<Item = Row>) -> Sum {
        let mut sum = Sum::default();
        for row in rows {
            sum.add(row.as_ref());
        }
        sum
    }

    #[test]
    fn a_sum_is_that_of_numbers_and_knows_how_often_a_row_is_there() {
        let once = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sum([b"abc"]).to_string(), once, "SHA-256 of FIPS 180-4's example");
        let mut max = Sum { rows: 1, checksum: [0xff; 32] };
        max.join(&Sum { rows: 1, checksum: std::array::from_fn(|at| u8::from(at == 31)) });
        assert_eq!(max, Sum { rows: 2, checksum: [0; 32] });
        assert_ne!(sum([b"a", b"a", b"b"]), sum([b"b", b"b", b"a"]));
        assert_ne!(sum([b"a", b"a"]).checksum, [0; 32]);
    }

    #[test]
    fn what_postgresql_cannot_hold_is_told() {
        let put = |kind: Kind, value| kind.put(value, &mut Vec::new());
        assert!(put(Kind::Text, ValueRef::Text(b"a\0b")).unwrap_err().contains("NUL"));
        assert!(put(Kind::Text, ValueRef::Text(b"\xff")).is_err());
        assert!(put(Kind::Text, ValueRef::Integer(1)).is_err());
        assert!(put(Kind::Id, ValueRef::Blob(&[0; 15])).unwrap_err().contains("16"));
        assert!(put(Kind::Integer, ValueRef::Real(0.5)).is_err());
        assert_eq!(values([Kind::Integer], &[0, 0, 0, 8, 1]), None);
    }

    #[test]
    fn a_message_holds_a_row_or_what_frames_a_file() {
        assert_eq!(row(HEADER), None);
        assert_eq!(row(TRAILER), None);
        assert_eq!(row(&[HEADER, TRAILER.as_slice()].concat()), None);
        assert_eq!(row(&[HEADER, &[0, 1][..]].concat()), Some(&[0, 1][..]));
        assert_eq!(row(&[0, 1]), Some(&[0, 1][..]));
    }

    proptest! {
        #[test]
        fn a_key_is_read_as_it_was_put(number: i64, text in "[^\0]*", bytes: Vec<u8>, id: [u8; 16]) {
            let mut row = Vec::new();
            Kind::Integer.put(ValueRef::Integer(number), &mut row).unwrap();
            Kind::Text.put(ValueRef::Text(text.as_bytes()), &mut row).unwrap();
            Kind::Bytes.put(ValueRef::Blob(&bytes), &mut row).unwrap();
            Kind::Id.put(ValueRef::Blob(&id), &mut row).unwrap();
            let expected =
                vec![Value::Integer(number), Value::Text(text), Value::Bytes(bytes), Value::Bytes(id.to_vec())];
            let kinds = [Kind::Integer, Kind::Text, Kind::Bytes, Kind::Id];
            prop_assert_eq!(values(kinds, &row), Some(expected));
        }

        #[test]
        fn a_sum_does_not_depend_on_the_order(rows: Vec<Vec<u8>>, at: prop::sample::Index) {
            let (head, tail) = rows.split_at(at.index(rows.len() + 1));
            let forth = sum(&rows);
            prop_assert_eq!(sum(rows.iter().rev()), forth);
            let mut parts = sum(tail);
            parts.join(&sum(head));
            prop_assert_eq!(parts, forth);
        }
    }
}
