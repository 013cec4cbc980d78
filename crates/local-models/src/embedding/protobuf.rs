//! Reads the fields of a Protocol Buffers message, as far as a SentencePiece model needs them.
//!
//! Source: the Protocol Buffers encoding guide (base 128 varints, wire types 0, 1, 2 and 5).

/// One field of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field<'a> {
    pub(super) number: u64,
    pub(super) value: Value<'a>,
}

/// A field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Bytes(&'a [u8]),
    Fixed32([u8; 4]),
}

/// The fields of a message in their order; ends with an error where the message is broken.
pub(super) fn fields(message: &[u8]) -> impl Iterator<Item = Result<Field<'_>, String>> {
    let mut rest = message;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let field = field(&mut rest);
        if field.is_none() {
            rest = &[];
        }
        Some(field.ok_or_else(|| "a field is cut short or of an unknown kind".to_owned()))
    })
}

fn field<'a>(rest: &mut &'a [u8]) -> Option<Field<'a>> {
    let tag = varint(rest)?;
    let value = match tag & 7 {
        0 => Value::Varint(varint(rest)?),
        1 => Value::Fixed64(*rest.split_off(..8)?.first_chunk()?),
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            Value::Bytes(rest.split_off(..length)?)
        }
        5 => Value::Fixed32(*rest.split_off(..4)?.first_chunk()?),
        _ => return None,
    };
    Some(Field { number: tag >> 3, value })
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *rest.split_off_first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_kind_of_field_is_read() {
        let message =
            [0x08, 0x96, 0x01, 0x12, 0x02, b'h', b'i', 0x1d, 1, 0, 0, 0, 0x21, 2, 0, 0, 0, 0, 0, 0, 0];
        let fields: Vec<_> = fields(&message).map(Result::unwrap).collect();
        assert_eq!(fields[0], Field { number: 1, value: Value::Varint(150) });
        assert_eq!(fields[1], Field { number: 2, value: Value::Bytes(b"hi") });
        assert_eq!(fields[2], Field { number: 3, value: Value::Fixed32([1, 0, 0, 0]) });
        assert_eq!(fields[3], Field { number: 4, value: Value::Fixed64([2, 0, 0, 0, 0, 0, 0, 0]) });
    }

    #[test]
    fn a_broken_message_ends_with_an_error() {
        for message in
            [&[0x12, 0x05, b'a'][..], &[0x1d, 1], &[0x0b], &[0xff; 11], &[0x12, 0xff, 0xff, 0xff, 0xff, 0x7f]]
        {
            assert!(fields(message).last().unwrap().is_err(), "{message:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(message in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(fields(&message).count() <= 200);
        }
    }
}
