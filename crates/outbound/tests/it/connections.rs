//! Connections: refused, cut, kept.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use outbound::Kind;
use tokio::{io::AsyncWriteExt, net::TcpListener};

use crate::server::{client, get, head, start};

#[tokio::test]
async fn a_port_that_nobody_listens_on_is_a_connect_error() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (trace, outcome) = client().attempt(get(address)).await;
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), Kind::Connect);
    assert!(error.is_transient());
    assert!(error.chain().contains("refused"), "{}", error.chain());
    assert_eq!(trace.remote, None);
}

#[tokio::test]
async fn a_connection_that_is_cut_is_a_reset() {
    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-le"] {
        let address = start(move |mut stream| async move {
            head(&mut stream).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
            // Unread input at closing time makes the kernel send a reset; no linger does so too.
            stream.set_zero_linger().unwrap();
        })
        .await;
        let error = client().send(get(address)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Reset, "{}", error.chain());
        assert!(error.is_transient());
    }
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_call() {
    let accepted = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&accepted);
    let address = start(move |mut stream| {
        counter.fetch_add(1, Ordering::SeqCst);
        async move {
            while !head(&mut stream).await.is_empty() {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            }
        }
    })
    .await;
    let client = client();
    let (first, outcome) = client.attempt(get(address)).await;
    outcome.unwrap();
    let (second, outcome) = client.attempt(get(address)).await;
    outcome.unwrap();
    assert!(!first.reused && first.connect_ms.is_some());
    assert!(second.reused && second.connect_ms.is_none(), "{second:?}");
    assert_eq!(second.remote, Some(address));
    assert_eq!(accepted.load(Ordering::SeqCst), 1);
}
