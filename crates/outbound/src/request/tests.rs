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
    for spelling in
        ["127.0.0.1", "0x7f.1", "2130706433", "017700000001", "127.1", "0x7f000001", "１２７.0.0.1"]
    {
        assert_eq!(host(&format!("http://{spelling}/")), "127.0.0.1", "{spelling}");
    }
    assert_eq!(host("http://[0:0:0:0:0:ffff:7f00:1]/"), "[::ffff:7f00:1]");
    assert_eq!(host("http://bücher.example/"), "xn--bcher-kva.example");
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
}
