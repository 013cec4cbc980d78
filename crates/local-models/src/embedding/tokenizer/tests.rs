use proptest::prelude::*;

use super::*;

/// A length-delimited field.
fn bytes(number: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2, u8::try_from(value.len()).unwrap()];
    out.extend(value);
    out
}

fn piece(text: &str, score: f32, kind: u8) -> Vec<u8> {
    let mut message = bytes(1, text.as_bytes());
    message.push(0x15);
    message.extend(score.to_le_bytes());
    message.extend([0x18, kind]);
    bytes(1, &message)
}

fn model(pieces: &[(&str, f32)]) -> Vec<u8> {
    let mut file = [piece("<unk>", 0.0, 2), piece("<s>", 0.0, 3), piece("</s>", 0.0, 3)].concat();
    for (text, score) in pieces {
        file.extend(piece(text, *score, 1));
    }
    file
}

fn tokenizer(pieces: &[(&str, f32)]) -> Tokenizer {
    Tokenizer::parse(&model(pieces)).unwrap()
}

#[test]
fn the_likeliest_cut_wins() {
    let tokenizer =
        tokenizer(&[("▁", -3.0), ("a", -2.0), ("b", -2.0), ("ab", -3.0), ("▁ab", -9.0), ("c", -1.0)]);
    assert_eq!(tokenizer.size(), 9);
    assert_eq!(tokenizer.encode("ab"), [1, 3, 6, 2], "▁ and ab at -6 beat ▁ab at -9 and ▁, a, b at -7");
    assert_eq!(tokenizer.encode("ab c"), [1, 3, 6, 3, 8, 2]);
}

#[test]
fn the_unknown_is_one_token_and_takes_no_neighbour_with_it() {
    let tokenizer = tokenizer(&[("▁", -1.0), ("a", -1.0)]);
    assert_eq!(tokenizer.encode("a😀😀a"), [1, 3, 4, 0, 4, 2]);
    assert_eq!(tokenizer.encode("😀"), [1, 3, 0, 2]);
}

#[test]
fn a_control_piece_in_a_text_is_text() {
    let tokenizer = tokenizer(&[("▁", -1.0), ("<", -1.0), ("s", -1.0), (">", -1.0)]);
    assert_eq!(tokenizer.encode("<s>"), [1, 3, 4, 5, 6, 2]);
}

#[test]
fn no_text_is_an_unknown_one() {
    let tokenizer = tokenizer(&[("▁", -1.0)]);
    assert_eq!(tokenizer.encode(""), [1, 0, 2]);
    assert_eq!(tokenizer.encode("  "), [1, 0, 2]);
}

#[test]
fn a_file_that_is_no_model_is_an_error() {
    assert!(Tokenizer::parse(b"").unwrap_err().contains("no pieces"));
    assert!(Tokenizer::parse(b"not a model").is_err());
    assert!(Tokenizer::parse(&piece("a", f32::NAN, 1)).unwrap_err().contains("not a number"));
    let mut switched_off = model(&[]);
    switched_off.extend(bytes(3, &[0x18, 0]));
    assert!(Tokenizer::parse(&switched_off).unwrap_err().contains("blanks"));
    let missing = Tokenizer::load(Path::new("/nowhere/sp.model")).unwrap_err();
    assert!(missing.to_string().contains("/nowhere/sp.model"));
}

proptest! {
    #[test]
    fn no_text_and_no_model_panics(
        text in "\\PC{0,40}",
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let mut file = model(&[("▁", -1.0), ("a", -2.0), ("你", -2.0), ("你好", -3.0)]);
        file.extend(bytes(3, &bytes(2, &[8, 0, 0, 0, 0, 4, 0, 0, 97, 1, 0, 0, b'x', 0])));
        for (place, byte) in flips {
            let place = place.index(file.len());
            file[place] = byte;
        }
        if let Ok(tokenizer) = Tokenizer::parse(&file) {
            let tokens = tokenizer.encode(&text);
            prop_assert!(tokens.iter().all(|token| (*token as usize) < tokenizer.size().max(3)));
        }
    }
}
