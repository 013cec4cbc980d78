use proptest::prelude::*;

use super::*;

fn host(url: &str) -> String {
    Request::new(Method::GET, url).unwrap().host().to_owned()
}

fn refused(url: &str) -> String {
    Request::new(Method::GET, url).unwrap_err().to_string()
}

#[test]
fn every_spelling_of_an_address_is_one_address() {
    for spelling in [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "127.0.1",
        "2130706433",
        "2130706433.",
        "017700000001",
        "0177.0.0.1",
        "0177.0.0.01",
        "00000000177.1",
        "0x7f000001",
        "0x7F.1",
        "0x7f.0x0.0x0.0x1",
        "0x7f.0.01",
        "１２７.0.0.1",
        "①②⑦.⓪.⓪.①",
        "127。0．0｡1",
        "%31%32%37.0.0.1",
        "127%2e0%2E0.1",
        "0%787f.1",
        "1\u{ad}27.0.0.1",
        "12\t7.0.\n0.1",
    ] {
        assert_eq!(host(&format!("http://{spelling}/")), "127.0.0.1", "{spelling}");
    }
    for (spelling, address) in [
        ("[0:0:0:0:0:ffff:7f00:1]", "[::ffff:7f00:1]"),
        ("[::FFFF:127.0.0.1]", "[::ffff:7f00:1]"),
        ("[0000::0001]", "[::1]"),
        ("0", "0.0.0.0"),
        ("0x", "0.0.0.0"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("LOCALHOST", "localhost"),
        ("ｌｏｃａｌｈｏｓｔ", "localhost"),
        ("%6cocalhost", "localhost"),
    ] {
        assert_eq!(host(&format!("http://{spelling}/")), address, "{spelling}");
    }
}

#[test]
fn what_only_looks_like_an_address_is_refused() {
    for wrong in [
        "256.0.0.1",
        "4294967296",
        "127.0.0.0.1",
        "1.2.3.08",
        "[fe80::1%25eth0]",
        "[fe80::1%eth0]",
        "[::1",
        "[127.0.0.1]",
        "a b",
        "a%00b",
        "a%2fb",
    ] {
        refused(&format!("http://{wrong}/"));
    }
}

/// The host is what a browser would call, wherever a check by eye or by pattern would look.
#[test]
fn the_host_cannot_hide_behind_another() {
    for (trick, real) in [
        ("http://example.com\\@127.0.0.1/", "example.com"),
        ("http://127.0.0.1\\@example.com/", "127.0.0.1"),
        ("http://127.0.0.1#@example.com/", "127.0.0.1"),
        ("http://127.0.0.1?@example.com/", "127.0.0.1"),
        ("http://127.0.0.1/@example.com/", "127.0.0.1"),
        ("http:127.0.0.1/", "127.0.0.1"),
        ("http:/\\127.0.0.1/", "127.0.0.1"),
        ("  http:///127.0.0.1/", "127.0.0.1"),
    ] {
        assert_eq!(host(trick), real, "{trick}");
    }
    for credentials in [
        "http://example.com@127.0.0.1/",
        "http://example.com%40127.0.0.1:x@10.0.0.1/",
        "http://1.1.1.1 &@2.2.2.2# @3.3.3.3/",
        "http://example.com:80@127.0.0.1/",
    ] {
        assert!(refused(credentials).contains("credentials"), "{credentials}");
    }
}

#[test]
fn only_plain_http_addresses_are_taken() {
    assert!(refused("ftp://example.com/").contains("only http and https"));
    assert!(refused("file:///etc/passwd").contains("only http and https"));
    assert!(refused("http://user@example.com/").contains("credentials"));
    assert!(refused("http://:secret@example.com/").contains("credentials"));
    assert!(!refused("http://:secret@example.com/").contains("secret"));
    assert!(refused("example.com/path").contains("relative"));
    assert!(refused("http://").contains("host"));
    assert!(refused("http://example.com:0/").contains("port 0"));
    assert!(refused("http://example.com:99999/").contains("port"));
}

#[test]
fn a_request_knows_where_it_connects_to() {
    for (url, host, port, secure) in [
        ("https://shop.example/a", "shop.example", 443, true),
        ("http://shop.example/a?b", "shop.example", 80, false),
        ("https://[::1]:8443/", "[::1]", 8443, true),
        ("http://0x7f.1:80", "127.0.0.1", 80, false),
    ] {
        let endpoint = Endpoint { host: host.to_owned(), port, secure };
        assert_eq!(Request::new(Method::GET, url).unwrap().endpoint(), endpoint, "{url}");
    }
}

#[test]
fn the_fragment_is_not_sent() {
    let request = Request::new(Method::GET, "https://example.com/a?b=c#secret").unwrap();
    assert_eq!(request.uri.to_string(), "https://example.com/a?b=c");
}

#[test]
fn framing_headers_and_line_breaks_are_refused() {
    let request = || Request::new(Method::GET, "https://example.com/").unwrap();
    for name in ["Host", "content-length", "Transfer-Encoding", "Connection"] {
        assert!(request().header(name, "x").is_err(), "{name}");
    }
    let error = request().header("x-key", "secret\r\nHost: other").unwrap_err().to_string();
    assert!(error.contains("x-key") && !error.contains("secret"), "{error}");
    assert!(request().header("bad name", "x").is_err());
    let debug = format!("{:?}", request().header("authorization", "Bearer secret").unwrap());
    assert!(!debug.contains("secret"), "{debug}");
}

proptest! {
    #[test]
    fn no_address_and_no_header_panics(url in "\\PC{0,80}", name in "\\PC{0,20}", value in "\\PC{0,20}") {
        let _ = Request::new(Method::GET, &url);
        let _ = Request::new(Method::GET, &format!("http://{url}"));
        let request = Request::new(Method::GET, "http://example.com").unwrap();
        let _ = request.header(&name, &value);
    }

    /// Two parsers read the address: what one takes for the host must be what the other calls.
    #[test]
    fn the_host_that_is_judged_is_the_one_that_is_called(rest in "[a-z0-9.:@/\\\\?#%\\[\\]。１\\t -]{1,30}") {
        let text = format!("http://{rest}");
        if let Ok(request) = Request::new(Method::GET, &text) {
            let url = Url::parse(&text).unwrap();
            prop_assert_eq!(Some(request.host()), url.host_str());
            prop_assert_eq!(request.uri.port_u16(), url.port());
        }
    }
}
