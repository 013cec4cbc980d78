use proptest::prelude::*;

use super::*;

fn parse(pieces: &[&[u8]]) -> Vec<Event> {
    let mut parser = Parser::new(1000);
    let mut events = Vec::new();
    for piece in pieces {
        parser.push(piece, &mut events).unwrap();
    }
    events.extend(parser.finish().unwrap());
    events
}

fn data(text: &str) -> Vec<String> {
    parse(&[text.as_bytes()]).into_iter().map(|event| String::from_utf8(event.data).unwrap()).collect()
}

#[test]
fn fields_comments_and_line_ends_are_read() {
    assert_eq!(data("data: a\n\ndata:b\n\n"), ["a", "b"]);
    assert_eq!(data("data: a\r\n\r\ndata: b\r\n\r\n"), ["a", "b"]);
    assert_eq!(data("data: a\r\rdata: b\r\r"), ["a", "b"]);
    assert_eq!(data(": keep-alive\n\n:\n\ndata: a\n\n"), ["a"]);
    assert_eq!(data("data: a\ndata:  b\ndata\ndata: c\n\n"), ["a\n b\n\nc"]);
    assert_eq!(data("id: 7\nretry: 10\nevent: ping\n\ndata: a\n\n"), ["a"]);
    assert_eq!(data("\u{feff}data: a\n\n"), ["a"]);
    assert_eq!(data("data\n\n"), [""]);
    assert_eq!(data("data: cut short"), ["cut short"]);
    assert!(data("").is_empty());
}

#[test]
fn an_events_name_belongs_to_it_alone() {
    let events = parse(&[b"event: error\ndata: x\n\ndata: y\n\n"]);
    assert_eq!(events[0].name, "error");
    assert_eq!(events[1].name, "");
}

#[test]
fn a_line_or_an_event_over_the_bound_is_an_error() {
    let mut events = Vec::new();
    let long = vec![b'x'; 1001];
    assert_eq!(Parser::new(1000).push(&long, &mut events), Err(TooLong { limit: 1000 }));
    let mut parser = Parser::new(1000);
    let mut result = Ok(());
    for _ in 0..1000 {
        result = result.and_then(|()| parser.push(b"data: 0123456789\n", &mut events));
    }
    assert_eq!(result, Err(TooLong { limit: 1000 }));
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = proptest::sample::select(vec![
        "data: {\"a\":1}",
        "data:",
        "data",
        "event: x",
        ": ping",
        "\n",
        "\r",
        "\r\n",
        "\n\n",
        "你好",
        " ",
        ":",
        "\u{feff}",
    ]);
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #[test]
    fn cuts_anywhere_give_the_same_events(stream in stream(), cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..20)) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut from = 0;
        for cut in cuts {
            pieces.push(&stream[from..cut]);
            from = cut;
        }
        pieces.push(&stream[from..]);
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        let whole = parse(&[&stream]);
        prop_assert_eq!(parse(&pieces), whole.clone());
        prop_assert_eq!(parse(&bytes), whole);
    }

    #[test]
    fn no_bytes_panic(stream in proptest::collection::vec(any::<u8>(), 0..500), limit in 0usize..200) {
        let mut parser = Parser::new(limit);
        let mut events = Vec::new();
        if parser.push(&stream, &mut events).is_ok() {
            let _ = parser.finish();
        }
        prop_assert!(events.iter().all(|event| event.data.len() <= limit));
    }
}
