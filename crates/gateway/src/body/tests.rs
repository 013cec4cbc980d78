use flate2::{Compression, read::GzEncoder};
use http::HeaderValue;
use proptest::prelude::*;
use serde_json::json;

use super::*;

/// What a body is: its value and, for a form in parts, its files by `part name media_type content`.
fn read(content_type: &str, body: &[u8]) -> Result<(Value, Vec<String>), Refused> {
    let body = Bytes::copy_from_slice(body);
    let parsed = Parsed::read(content_type, &body, &FileLimits::default())?;
    let files = match &parsed {
        Parsed::Multipart(contents) => contents.files.iter().map(shown).collect(),
        _ => Vec::new(),
    };
    let value = match &parsed {
        Parsed::Nothing => Value::Null,
        Parsed::Json(value) | Parsed::Xml(value, _) => value.clone(),
        Parsed::Text(text) => json!({ "text": text }),
        Parsed::Bytes(bytes) => json!({ "bytes": bytes.len() }),
        Parsed::Form(form) => form.object(|_| false),
        Parsed::Multipart(contents) => contents.form.object(|_| false),
    };
    Ok((value, files))
}

fn shown(upload: &crate::files::Upload) -> String {
    let content = String::from_utf8_lossy(&upload.stored.content);
    let part = upload.part.as_deref().unwrap_or_default();
    format!("{part} {} {} {content}", upload.file.name, upload.file.media_type)
}

fn value(content_type: &str, body: impl AsRef<[u8]>) -> Value {
    read(content_type, body.as_ref()).unwrap().0
}

fn refusal(content_type: &str, body: impl AsRef<[u8]>) -> (Code, String) {
    let refused = read(content_type, body.as_ref()).unwrap_err();
    (refused.code, refused.detail.into_owned())
}

fn gbk(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

/// A form of these parts: headers and content of each.
fn parts(parts: &[(&str, &str)]) -> Vec<u8> {
    let part = |(headers, content): &(&str, &str)| {
        format!("--b\r\nContent-Disposition: form-data; {headers}\r\n\r\n{content}\r\n")
    };
    (parts.iter().map(part).collect::<String>() + "--b--\r\n").into_bytes()
}

const MULTIPART: &str = "multipart/form-data; boundary=b";

#[test]
fn any_json_value_is_taken() {
    for content_type in
        ["", "application/json", "Application/JSON ; charset=\"UTF-8\"", "application/cloudevents+json"]
    {
        for (text, expected) in [("[1]", json!([1])), ("\u{FEFF}null", json!(null)), ("\"x\"", json!("x"))] {
            assert_eq!(value(content_type, text), expected, "{content_type}");
        }
    }
    assert!(matches!(
        Parsed::read("application/json", &Bytes::new(), &FileLimits::default()).unwrap(),
        Parsed::Nothing
    ));
    let last = value("", br#"{"a":1,"b":2,"a":3}"#);
    assert_eq!(last, json!({"a": 3, "b": 2}), "the last of two equal keys counts");
    assert_eq!(content_type(&HeaderMap::new()).unwrap(), "application/json");
}

#[test]
fn values_are_counted_before_they_take_memory() {
    assert_eq!(values(br#"{"a":[1,2,{"b":"x,[{\",y"}],"c\\":{}}"#), 8);
    let many = |count: usize| format!("[{}0]", "0,".repeat(count - 1));
    assert!(read("", many(MAX_VALUES - 1).as_bytes()).is_ok());
    let refused = read("", many(MAX_VALUES + 1).as_bytes()).unwrap_err();
    assert_eq!(
        (refused.code, &*refused.detail),
        (Code::BodyMalformed, "The body has more than 1000000 values.")
    );
    let text = json!(",[".repeat(MAX_VALUES + 1)).to_string();
    assert!(read("", text.as_bytes()).is_ok(), "one text is one value");
}

#[test]
fn of_two_content_types_it_is_unclear_which_counts() {
    let mut headers = HeaderMap::new();
    for said in ["application/json", "text/plain"] {
        headers.append(header::CONTENT_TYPE, HeaderValue::from_static(said));
    }
    assert_eq!(content_type(&headers).unwrap_err().code, Code::ContentTypeUnsupported);
}

#[test]
fn broken_json_is_placed_and_not_repeated() {
    let (code, detail) = refusal("application/json", b"{\"secret\":\n tru}");
    assert_eq!(code, Code::BodyMalformed);
    assert_eq!(detail, "The body is not valid JSON: expected ident at line 2 column 5.");
    let (_, detail) = refusal("", b"[".repeat(100_000));
    assert!(detail.contains("recursion limit exceeded at line 1 column 128"), "{detail}");
    assert_eq!(refusal("", b"{\"a\":\"\xff\"}").0, Code::BodyMalformed);
}

#[test]
fn text_is_read_in_the_character_set_that_is_named() {
    assert_eq!(value("text/plain", "你"), json!({"text": "你"}));
    assert_eq!(value("text/csv; charset=GBK", gbk("型号,你")), json!({"text": "型号,你"}));
    assert_eq!(value("text/plain; Charset = \"iso-8859-1\"", b"\xe9"), json!({"text": "é"}));
    assert_eq!(value("text/plain; charset=utf-16", b"\xff\xfe\x60\x4f"), json!({"text": "你"}));
    let (code, detail) = refusal("text/plain", b"ab\xff");
    assert_eq!((code, detail.contains("byte 2")), (Code::BodyMalformed, true));
    let (code, detail) = refusal("text/plain; charset=gbk", b"\xff\xff");
    assert_eq!((code, detail.contains("GBK")), (Code::BodyMalformed, true));
    assert_eq!(refusal("text/plain; charset=klingon", b"x").0, Code::ContentTypeUnsupported);
    assert_eq!(refusal("application/json; charset=gbk", b"1").0, Code::ContentTypeUnsupported);
}

#[test]
fn forms_are_read_in_the_character_set_that_is_named() {
    let form = "application/x-www-form-urlencoded";
    assert_eq!(value(form, "a=1&b=%E4%BD%A0&a=2"), json!({"a": ["1", "2"], "b": "你"}));
    let in_gbk = format!("{form}; charset=gb2312");
    assert_eq!(value(&in_gbk, "b=%C4%E3+x&&c&d=%3D=&"), json!({"b": "你 x", "c": "", "d": "=="}));
    let (code, detail) = refusal(form, b"a=%ff");
    assert_eq!((code, detail.contains("byte 2")), (Code::BodyMalformed, true));
    assert_eq!(refusal(&in_gbk, b"a=%ff%ff").0, Code::BodyMalformed);
    assert!(refusal(form, "a&".repeat(MAX_PAIRS)).1.contains("10000"));
}

#[test]
fn what_is_not_known_is_bytes() {
    for content_type in
        ["application/octet-stream", "application/pdf", "image/png", "image/svg+xml", "x", "multipart/mixed"]
    {
        assert_eq!(value(content_type, b"\xff\x00"), json!({"bytes": 2}), "{content_type}");
    }
}

#[test]
fn xml_becomes_json() {
    let order = r#"<?xml version="1.0"?>
        <!-- an order -->
        <order id="7" xmlns:x="urn:x">
            paid
            <item><sku>A &amp; B</sku></item>
            <item><sku><![CDATA[<C>]]></sku><x:n>&#x4f60;</x:n></item>
            <note lang="de"> hi </note><empty/><none></none>
        </order>"#;
    let expected = json!({"order": {
        "@id": "7",
        "@xmlns:x": "urn:x",
        "item": [{"sku": "A & B"}, {"sku": "<C>", "x:n": "你"}],
        "note": {"@lang": "de", "#text": " hi "},
        "empty": "",
        "none": "",
        "#text": "paid",
    }});
    for content_type in ["application/xml", "text/xml; charset=utf-8", "application/atom+xml"] {
        assert_eq!(value(content_type, order), expected, "{content_type}");
    }
    assert_eq!(value("text/xml", "\u{FEFF}<a>x\r\ny</a>"), json!({"a": "x\ny"}));
}

#[test]
fn xml_is_read_in_its_own_character_set() {
    let declared = gbk("<?xml version='1.0' encoding='GBK'?><a b='你'/>");
    assert_eq!(value("text/xml", &declared), json!({"a": {"@b": "你"}}));
    assert_eq!(refusal("text/xml; charset=utf-8", &declared).0, Code::BodyMalformed);
    let utf16 = b"\xff\xfe<\0a\0/\0>\0";
    assert_eq!(value("text/xml", utf16), json!({"a": ""}));
}

#[test]
fn xml_that_is_not_taken_says_why() {
    let said = |xml: &str| {
        let (code, detail) = refusal("text/xml", xml);
        assert_eq!(code, Code::BodyMalformed);
        detail
    };
    let bomb = r#"<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><a>&c;</a>"#;
    assert!(said(bomb).contains("document type"));
    assert!(said(r#"<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>"#).contains("document type"));
    assert!(said("<a>&b;</a>").contains("entity"));
    assert!(said("<a b='&c;'/>").contains("refers"));
    assert!(said("<a b='1' b='2'/>").contains("twice"));
    assert!(said("<a><b></a>").contains("not well-formed"));
    assert!(said("<a/><b/>").contains("more than one root"));
    assert!(said("<a/>x").contains("outside"));
    for unfinished in ["<a>", "<!-- -->", " ", "<a><b/>"] {
        assert!(said(unfinished).contains("ends before"), "{unfinished}");
    }
    assert!(said(&"<a>".repeat(100_000)).contains("128 deep"));
    let many = format!("<a>{}</a>", "<b/>".repeat(250_001));
    assert!(said(&many).contains("250000"));
}

#[test]
fn a_form_in_parts_has_texts_and_files() {
    let body = parts(&[
        ("name=\"a\"", "1"),
        ("name=\"a\"", "你\r\n2"),
        ("name=\"cv\"; filename=\"../简历.pdf\"\r\nContent-Type: application/PDF; x=y", "%PDF-1.7"),
        ("name=\"cv\"; filename=\"b\"\r\nContent-Type: application/octet-stream", "\u{89}x"),
        ("name=\"unnamed\"\r\nContent-Type: image/png", "png"),
        ("name=\"json\"\r\nContent-Type: application/json", "{}"),
        ("name=\"nobody\"; filename=\"\"\r\nContent-Type: application/octet-stream", ""),
        ("name=\"empty\"; filename=\"e.txt\"", ""),
    ]);
    let (texts, files) = read(MULTIPART, &body).unwrap();
    assert_eq!(texts, json!({"a": ["1", "你\r\n2"], "json": "{}"}));
    let expected = [
        "cv 简历.pdf application/pdf %PDF-1.7",
        "cv b application/octet-stream \u{89}x",
        "unnamed file image/png png",
        "empty e.txt application/octet-stream ",
    ];
    assert_eq!(files, expected);
    assert_eq!(read(MULTIPART, b"--b--\r\n").unwrap(), (json!({}), vec![]));
}

#[test]
fn the_text_of_a_part_may_be_in_another_character_set() {
    let head =
        b"--b\r\nContent-Disposition: form-data; name=a\r\nContent-Type: text/plain; charset=gbk\r\n\r\n";
    let body = [&head[..], &gbk("你"), b"\r\n--b--"].concat();
    assert_eq!(value(MULTIPART, body), json!({"a": "你"}));
    let body =
        [&b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n"[..], &gbk("你"), b"\r\n--b--"].concat();
    assert_eq!(refusal(MULTIPART, body).0, Code::BodyMalformed);
}

#[test]
fn broken_parts_are_refused_and_not_repeated() {
    let said = |content_type, body: &[u8]| {
        let (code, detail) = refusal(content_type, body);
        assert_eq!(code, Code::BodyMalformed, "{detail}");
        detail
    };
    assert!(said("multipart/form-data", b"x").contains("boundary"));
    assert!(said(MULTIPART, b"x").contains("ends before"));
    assert!(said("multipart/form-data; boundary=c", &parts(&[("name=\"a\"", "1")])).contains("boundary"));
    let whole = parts(&[("name=\"secret\"", "1")]);
    let cut = said(MULTIPART, &whole[..whole.len() - 12]);
    assert!(cut.contains("ends before") && !cut.contains("secret"), "{cut}");
    assert!(said(MULTIPART, &parts(&[("filename=\"a\"", "1")])).contains("no name"));
    let long = format!("name=\"a\"\r\nX: {}", "x".repeat(9_000));
    assert!(said(MULTIPART, &parts(&[(&long, "1")])).contains("8192 bytes of headers"));
    let many = format!("name=\"a\"{}", "\r\nX: 1".repeat(40));
    assert!(said(MULTIPART, &parts(&[(&many, "1")])).contains("malformed"));
    assert!(said(MULTIPART, &parts(&vec![("name=\"a\"", "1"); 1_001])).contains("1000 parts"));
}

#[test]
fn files_over_the_limits_are_named() {
    let limits = FileLimits {
        count: 2,
        size: Some(flow::ByteSize(4)),
        media_types: vec!["image/*".to_owned(), "text/plain".to_owned()],
    };
    let file = |name: &str, media_type: &str| {
        format!("name=\"{name}\"; filename=\"f\"\r\nContent-Type: {media_type}")
    };
    let refused = |body: &[(&str, &str)]| {
        let refused = Parsed::read(MULTIPART, &parts(body).into(), &limits).unwrap_err();
        let problem = &refused.errors[0];
        format!("{} {} {} {} {}", refused.code, problem.code, problem.field, problem.expected, problem.got)
    };
    let (png, pdf, text) = (file("a", "image/png"), file("cv", "application/pdf"), file("t", "Text/Plain"));
    assert!(Parsed::read(MULTIPART, &parts(&[(&png, "1234"), (&text, "")]).into(), &limits).is_ok());
    assert_eq!(
        refused(&[(&png, ""), (&text, ""), (&text, "")]),
        "too_many_files too_many_files file.t at most 2 files 3 files"
    );
    assert_eq!(refused(&[(&png, "12345")]), "file_too_large file_too_large file.a at most 4B 5 bytes");
    assert_eq!(
        refused(&[(&pdf, "1")]),
        "file_type_unsupported file_type_unsupported file.cv image/*, text/plain application/pdf"
    );
}

fn packed(coding: &'static str, body: &[u8], limit: u64) -> Result<Bytes, Refused> {
    let headers = HeaderMap::from_iter([(header::CONTENT_ENCODING, HeaderValue::from_static(coding))]);
    unpacked(&headers, &Bytes::copy_from_slice(body), limit)
}

fn gzipped(body: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    std::io::Read::read_to_end(&mut GzEncoder::new(body, Compression::best()), &mut packed).unwrap();
    packed
}

#[test]
fn a_compressed_body_is_bounded_by_what_it_was() {
    let body = gzipped(&vec![b'x'; 1_000_000]);
    assert!(body.len() < 2_000);
    assert_eq!(packed("GZIP", &body, 1_000_000).unwrap().len(), 1_000_000);
    assert_eq!(packed("gzip", &body, 999_999).unwrap_err().code, Code::BodyTooLarge);
    assert_eq!(packed("identity", b"x", 1).unwrap(), "x");
    assert_eq!(packed("gzip", &body[..500], 1_000_000).unwrap_err().code, Code::BodyMalformed);
    assert_eq!(packed("gzip", b"{}", 10).unwrap_err().code, Code::BodyMalformed);
    assert_eq!(packed("br", b"x", 10).unwrap_err().code, Code::ContentTypeUnsupported);
    let mut headers = HeaderMap::new();
    for coding in ["gzip", "gzip"] {
        headers.append(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    assert_eq!(unpacked(&headers, &Bytes::new(), 1).unwrap_err().code, Code::ContentTypeUnsupported);
}

proptest! {
    #[test]
    fn takes_or_refuses_any_body(
        content_type in "(application/(json|xml|x-www-form-urlencoded|octet-stream)|text/(plain|xml)(; charset=(gbk|utf-16|x))?|[ -~]{0,20})",
        body in any::<Vec<u8>>(),
    ) {
        if let Err(refused) = read(&content_type, &body) {
            prop_assert!(matches!(refused.code, Code::BodyMalformed | Code::ContentTypeUnsupported));
        }
    }

    #[test]
    fn takes_or_refuses_any_multipart(pieces in prop::collection::vec(prop_oneof![
        Just("--b".to_owned()),
        Just("--b--".to_owned()),
        Just("\r\n".to_owned()),
        Just("\r\n\r\n".to_owned()),
        Just("Content-Disposition: form-data; name=\"a\"".to_owned()),
        Just("; filename*=UTF-8''%E4%".to_owned()),
        Just("; filename=\"a\\\"".to_owned()),
        Just("Content-Type: text/plain; charset=gbk".to_owned()),
        ".{0,8}",
    ], 0..30)) {
        if let Err(refused) = read(MULTIPART, pieces.concat().as_bytes()) {
            let expected = [Code::BodyMalformed, Code::ContentTypeUnsupported, Code::TooManyFiles];
            prop_assert!(expected.contains(&refused.code));
        }
    }

    #[test]
    fn files_arrive_as_they_are(content in any::<Vec<u8>>(), name in "[^\"\\\\/\r\n;\\p{C}]{1,20}") {
        prop_assume!(!content.windows(5).any(|five| five == b"\r\n--b"));
        let head = format!("--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"{name}\"\r\n\r\n");
        let body = Bytes::from([head.as_bytes(), &content, b"\r\n--b--\r\n"].concat());
        let parsed = Parsed::read(MULTIPART, &body, &FileLimits::default()).unwrap();
        let Parsed::Multipart(contents) = parsed else { panic!("no parts") };
        prop_assert_eq!(&contents.files[0].stored.content[..], &content);
        prop_assert_eq!(contents.files[0].file.size, content.len() as u64);
    }

    #[test]
    fn takes_or_refuses_any_xml(pieces in prop::collection::vec(prop_oneof![
        Just("<a>".to_owned()),
        Just("</a>".to_owned()),
        Just("<b c='d'/>".to_owned()),
        Just("&amp;".to_owned()),
        Just("&#x0;".to_owned()),
        Just("<![CDATA[".to_owned()),
        Just("]]>".to_owned()),
        Just("<?xml".to_owned()),
        Just("<!DOCTYPE".to_owned()),
        ".{0,6}",
    ], 0..30)) {
        let xml = pieces.concat();
        match read("text/xml", xml.as_bytes()) {
            Ok((value, _)) => prop_assert!(xml.is_empty() || value.as_object().is_some_and(|root| root.len() == 1)),
            Err(refused) => prop_assert_eq!(refused.code, Code::BodyMalformed),
        }
    }
}
