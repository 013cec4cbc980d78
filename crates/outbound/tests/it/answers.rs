//! What comes back, and how much of it.

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use flate2::{Compression, write::GzEncoder};
use http::{Method, StatusCode};
use outbound::{Kind, Limit, Request};
use tokio::{
    io::AsyncWriteExt,
    sync::{Notify, mpsc},
};

use crate::server::{canned, client, get, head, start};

#[tokio::test]
async fn a_call_carries_what_was_asked_and_brings_the_answer() {
    let (sender, mut seen) = mpsc::channel(1);
    let address = start(move |mut stream| {
        let sender = sender.clone();
        async move {
            let request = head(&mut stream).await;
            let mut body = [0; 5];
            tokio::io::AsyncReadExt::read_exact(&mut stream, &mut body).await.unwrap();
            sender.send((request.to_lowercase(), body)).await.unwrap();
            stream
                .write_all(b"HTTP/1.1 201 Created\r\nx-id: 7\r\ncontent-length: 2\r\n\r\nok")
                .await
                .unwrap();
        }
    })
    .await;
    let request = Request::new(Method::POST, &format!("http://{address}/a?b=c#d"))
        .unwrap()
        .header("x-key", "v")
        .unwrap()
        .body("hello");
    let (trace, outcome) = client().attempt(request).await;
    let response = outcome.unwrap();
    assert_eq!(response.status, StatusCode::CREATED);
    assert_eq!(response.headers["x-id"], "7");
    assert_eq!(&response.body[..], b"ok");
    assert!(!response.truncated && !response.decompressed);
    assert_eq!(trace.remote, Some(address));
    assert!(!trace.reused);
    assert!(trace.connect_ms.is_some() && trace.first_byte_ms.is_some());
    assert_eq!((trace.dns_ms, trace.tls_ms), (None, None), "a literal address over plain HTTP");

    let (request, body) = seen.recv().await.unwrap();
    assert_eq!(&body, b"hello");
    assert!(request.starts_with("post /a?b=c http/1.1\r\n"), "{request}");
    for line in [&format!("host: {address}"), "x-key: v", "user-agent: test/1", "content-length: 5"] {
        assert!(request.contains(&format!("\r\n{line}\r\n")), "{line} in {request}");
    }
}

#[tokio::test]
async fn a_redirect_is_returned_and_not_followed() {
    let visited = Arc::new(AtomicU64::new(0));
    let counting = Arc::clone(&visited);
    let elsewhere = start(move |_| {
        counting.fetch_add(1, Ordering::SeqCst);
        async {}
    })
    .await;
    for status in [300, 301, 302, 303, 305, 307, 308] {
        let answer = format!(
            "HTTP/1.1 {status} There\r\nlocation: http://{elsewhere}/\r\nrefresh: 0; url=http://{elsewhere}/\r\n\
             alt-svc: http/1.1=\"{elsewhere}\"\r\ncontent-length: 0\r\n\r\n"
        );
        let response = client().send(get(canned(answer).await)).await.unwrap();
        assert_eq!(response.status, status);
        assert_eq!(response.headers["location"], format!("http://{elsewhere}/"));
        assert!(response.body.is_empty());
    }
    assert_eq!(visited.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_gigabyte_is_cut_at_the_limit_and_the_connection_dropped() {
    const GIGABYTE: u64 = 1 << 30;
    let sent = Arc::new(AtomicU64::new(0));
    let cut = Arc::new(Notify::new());
    let address = start({
        let (sent, cut) = (Arc::clone(&sent), Arc::clone(&cut));
        move |mut stream| {
            let (sent, cut) = (Arc::clone(&sent), Arc::clone(&cut));
            async move {
                head(&mut stream).await;
                let start = format!("HTTP/1.1 200 OK\r\ncontent-length: {GIGABYTE}\r\n\r\n");
                stream.write_all(start.as_bytes()).await.unwrap();
                let piece = vec![b'x'; 16 * 1024];
                while sent.load(Ordering::Relaxed) < GIGABYTE && stream.write_all(&piece).await.is_ok() {
                    sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
                }
                cut.notify_one();
            }
        }
    })
    .await;
    let client = client();
    let response = client.send(get(address).limit(Limit::truncate(1000))).await.unwrap();
    assert!(response.truncated);
    assert_eq!(&response.body[..], [b'x'; 1000]);
    cut.notified().await;
    let passed = sent.load(Ordering::Relaxed);
    assert!(
        passed < GIGABYTE / 20,
        "the server could send {passed} bytes: only the sockets' buffers should fill"
    );

    let error = client.send(get(address).limit(Limit::fail(1000))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::BodyTooLarge);
    assert!(!error.is_transient());
}

#[tokio::test]
async fn an_endless_chunked_body_fails_over_the_limit_when_asked_to() {
    let address = start(|mut stream| async move {
        head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
        while stream.write_all(b"8\r\nabcdefgh\r\n").await.is_ok() {}
    })
    .await;
    let error = client().send(get(address).limit(Limit::fail(100))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::BodyTooLarge);
}

#[tokio::test]
async fn a_body_of_just_the_limit_is_whole() {
    let address = canned("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789").await;
    for limit in [Limit::truncate(10), Limit::fail(10)] {
        let response = client().send(get(address).limit(limit)).await.unwrap();
        assert_eq!((&response.body[..], response.truncated), (&b"0123456789"[..], false));
    }
}

#[tokio::test]
async fn a_length_that_promises_too_much_is_a_reset() {
    let address = canned("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this").await;
    let error = client().send(get(address)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Reset);
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_length_that_promises_too_little_gives_what_was_promised() {
    let address = canned("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfour and more").await;
    let response = client().send(get(address)).await.unwrap();
    assert_eq!(&response.body[..], b"four");
}

#[tokio::test]
async fn what_is_not_http_is_a_protocol_error() {
    for answer in [
        "220 mail.example ESMTP\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(1_000_000)),
    ] {
        let error = client()
            .send(get(canned(answer.as_str()).await))
            .await
            .map(|response| response.status)
            .unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol, "{}: {}", &answer[..40.min(answer.len())], error.chain());
    }
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn gzipped(body: &[u8]) -> Vec<u8> {
    let body = gzip(body);
    let mut answer =
        format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", body.len())
            .into_bytes();
    answer.extend(body);
    answer
}

#[tokio::test]
async fn a_compressed_body_is_decompressed() {
    let response = client().send(get(canned(gzipped(b"hello")).await)).await.unwrap();
    assert_eq!(&response.body[..], b"hello");
    assert!(response.decompressed);
}

#[tokio::test]
async fn a_decompression_bomb_is_cut_or_fails_at_the_limit() {
    let address = canned(gzipped(&vec![0; 64 << 20])).await;
    let response = client().send(get(address).limit(Limit::truncate(5000))).await.unwrap();
    assert_eq!((response.body.len(), response.truncated), (5000, true));
    let error = client().send(get(address).limit(Limit::fail(5000))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::BodyTooLarge);
}

#[tokio::test]
async fn compression_that_never_gives_anything_ends_too() {
    let address = start(|mut stream| async move {
        head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-encoding: deflate\r\n\r\n").await.unwrap();
        // Empty stored blocks, for ever.
        let blocks = [0, 0, 0, 0xff, 0xff].repeat(1000);
        while stream.write_all(&blocks).await.is_ok() {}
    })
    .await;
    let error = client().send(get(address).limit(Limit::fail(5000))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::BodyTooLarge);
}

#[tokio::test]
async fn broken_compression_is_a_protocol_error() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\nplain";
    let error = client().send(get(canned(answer).await)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Protocol);
}

#[tokio::test]
async fn an_answer_without_a_body_is_whole_whatever_its_headers_say() {
    let address = canned("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 9000\r\n\r\n").await;
    let request = Request::new(Method::HEAD, &format!("http://{address}/")).unwrap().limit(Limit::fail(10));
    assert!(client().send(request).await.unwrap().body.is_empty());
}
