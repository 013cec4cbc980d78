//! Lines for protocols other than HTTP.

use std::sync::Arc;

use outbound::{Client, Kind, Policy, SystemResolver};
use tokio::io::AsyncWriteExt;

use crate::server::{LONG, SHORT, client, hang, start};

/// A server that says something to each connection and then nothing more.
async fn saying(said: impl Into<Vec<u8>>) -> u16 {
    let said: Arc<[u8]> = said.into().into();
    let address = start(move |mut stream| {
        let said = Arc::clone(&said);
        async move {
            let _ = stream.write_all(&said).await;
            hang(stream).await;
        }
    });
    address.await.port()
}

#[tokio::test]
async fn lines_come_one_by_one_without_their_ends() {
    let mut line = client().line("127.0.0.1", saying("one\r\ntwo\n").await, LONG);
    line.dial(false).await.unwrap();
    assert_eq!((line.read().await.unwrap(), line.read().await.unwrap()), (b"one".to_vec(), b"two".to_vec()));
    let trace = line.trace();
    assert!(trace.remote.is_some() && trace.first_byte_ms.is_some() && trace.tls_ms.is_none(), "{trace:?}");
}

#[tokio::test]
async fn a_line_without_an_end_is_not_read_on() {
    let mut line = client().line("127.0.0.1", saying("x".repeat(1 << 20)).await, LONG);
    line.dial(false).await.unwrap();
    assert_eq!(line.read().await.unwrap_err().kind(), Kind::Protocol);
    let gone = start(|mut stream| async move {
        let _ = stream.write_all(b"half").await;
    });
    let mut line = client().line("127.0.0.1", gone.await.port(), LONG);
    line.dial(false).await.unwrap();
    assert_eq!(line.read().await.unwrap_err().kind(), Kind::Reset);
}

#[tokio::test]
async fn what_came_in_the_clear_is_not_taken_for_secured() {
    let mut line = client().line("127.0.0.1", saying("220 go\r\n250 injected\r\n").await, LONG);
    line.dial(false).await.unwrap();
    assert_eq!(line.read().await.unwrap(), b"220 go");
    assert_eq!(line.secure().await.unwrap_err().kind(), Kind::Protocol);
    assert_eq!(line.read().await.unwrap_err().kind(), Kind::Reset, "nothing goes on in the clear");
}

#[tokio::test]
async fn a_line_goes_where_the_guard_lets_it_and_no_longer_than_its_limit() {
    let guarded = Client::new(Policy::new("test/1"), Arc::new(SystemResolver::default())).unwrap();
    let mut line = guarded.line("127.0.0.1", 25, LONG);
    assert_eq!(line.dial(false).await.unwrap_err().kind(), Kind::Refused);
    let mut line = client().line("127.0.0.1", saying("").await, SHORT);
    assert_eq!(
        line.dial(true).await.unwrap_err().kind(),
        Kind::Timeout,
        "of a handshake that nobody answers"
    );
    assert!(line.overdue().to_string().contains("securing"), "{}", line.overdue());
}
