use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};
use proptest::prelude::*;

use super::*;

fn headers(coding: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_ENCODING, coding.parse().unwrap())])
}

fn compressed(coding: &str, body: &[u8]) -> Vec<u8> {
    macro_rules! with {
        ($encoder:ident) => {{
            let mut encoder = $encoder::new(Vec::new(), Compression::default());
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        }};
    }
    match coding {
        "gzip" => with!(GzEncoder),
        "zlib" => with!(ZlibEncoder),
        "bare" => with!(DeflateEncoder),
        _ => body.to_vec(),
    }
}

fn name(coding: &str) -> &'static str {
    match coding {
        "gzip" => "gzip",
        "zlib" | "bare" => "deflate",
        _ => "identity",
    }
}

proptest! {
    #[test]
    fn any_split_of_any_coding_gives_the_body_back(
        body in proptest::collection::vec(any::<u8>(), 0..2000),
        coding in proptest::sample::select(vec!["gzip", "zlib", "bare", "plain"]),
        size in 1usize..50,
    ) {
        let mut decoder = Decoder::new(&headers(name(coding)), body.len());
        let mut out = Vec::new();
        for piece in compressed(coding, &body).chunks(size) {
            prop_assert!(decoder.push(piece).unwrap());
            out.extend(decoder.take());
        }
        prop_assert!(decoder.finish().unwrap());
        out.extend(decoder.take());
        prop_assert_eq!(out, body);
    }

    #[test]
    fn garbage_is_an_error_or_a_body_but_never_a_panic(
        body in proptest::collection::vec(any::<u8>(), 0..300),
        coding in proptest::sample::select(vec!["gzip", "deflate"]),
    ) {
        let mut decoder = Decoder::new(&headers(coding), 1000);
        let _ = decoder.push(&body).and_then(|_| decoder.finish());
        prop_assert!(decoder.take().len() <= 1000);
    }
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let bomb = compressed("gzip", &vec![0; 50_000_000]);
    let mut decoder = Decoder::new(&headers("gzip"), 1000);
    assert!(!decoder.push(&bomb).unwrap());
    assert_eq!(decoder.take().len(), 1000);
}

#[test]
fn a_body_of_just_the_limit_is_whole_and_one_byte_more_is_not() {
    for coding in ["gzip", "zlib", "bare", "plain"] {
        let body = compressed(coding, &[7; 1000]);
        let fits = |limit| {
            let mut decoder = Decoder::new(&headers(name(coding)), limit);
            decoder.push(&body).unwrap() && decoder.finish().unwrap()
        };
        assert!(fits(1000), "{coding}");
        assert!(!fits(999), "{coding}");
    }
}

#[test]
fn a_compressed_body_that_breaks_off_is_an_error_and_an_empty_one_is_not() {
    let body = compressed("gzip", b"hello, hello, hello");
    let mut decoder = Decoder::new(&headers("gzip"), 1000);
    decoder.push(&body[..body.len() - 5]).unwrap();
    assert!(decoder.finish().is_err());
    assert!(Decoder::new(&headers("gzip"), 1000).finish().unwrap());
}

#[test]
fn several_codings_and_unknown_ones_are_left_alone() {
    assert!(!Decoder::new(&headers("br"), 10).decodes());
    assert!(!Decoder::new(&headers("gzip, deflate"), 10).decodes());
    assert!(Decoder::new(&headers("GZip"), 10).decodes());
}
