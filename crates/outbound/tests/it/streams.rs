//! Answers that are read piece by piece.

use outbound::{Error, Kind, Limit, Phase, Streaming, Timeouts};
use tokio::{io::AsyncWriteExt, sync::oneshot};

use crate::server::{LONG, SHORT, canned, client, get, hang, head, start};

const EVENTS: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";

async fn text(streaming: &mut Streaming) -> Result<String, Error> {
    let mut all = Vec::new();
    while let Some(piece) = streaming.chunk().await? {
        all.extend(piece);
    }
    Ok(String::from_utf8(all).unwrap())
}

#[tokio::test]
async fn pieces_arrive_before_the_body_ends() {
    let address = start(move |mut stream| async move {
        head(&mut stream).await;
        stream.write_all(EVENTS).await.unwrap();
        stream.write_all(b"data: 1\n\n").await.unwrap();
        // The rest never comes.
        hang(stream).await;
    })
    .await;
    let mut streaming = client().stream(get(address)).await.unwrap();
    assert_eq!(streaming.status, 200);
    assert_eq!(streaming.trace.remote, Some(address));
    assert_eq!(&streaming.chunk().await.unwrap().unwrap()[..], b"data: 1\n\n");
}

#[tokio::test]
async fn a_silent_stream_is_given_up_on_at_each_limit() {
    let before = start(hang).await;
    let within = start(move |mut stream| async move {
        head(&mut stream).await;
        stream.write_all(EVENTS).await.unwrap();
        hang(stream).await;
    })
    .await;
    let first_byte = Timeouts { first_byte: SHORT, ..Timeouts::total(LONG) };
    let error = client().stream(get(before).timeouts(first_byte)).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { phase: Phase::FirstByte, limit } if limit == SHORT), "{error}");

    for timeouts in [Timeouts { between: SHORT, ..Timeouts::total(LONG) }, Timeouts::total(SHORT)] {
        let mut streaming = client().stream(get(within).timeouts(timeouts)).await.unwrap();
        let error = streaming.chunk().await.unwrap_err();
        assert!(matches!(error, Error::Timeout { phase: Phase::Body, limit } if limit == SHORT), "{error}");
    }
}

#[tokio::test]
async fn an_endless_stream_ends_at_the_limit() {
    let address = start(|mut stream| async move {
        head(&mut stream).await;
        let _ = stream.write_all(EVENTS).await;
        while stream.write_all(b"data: again\n\n").await.is_ok() {}
    })
    .await;
    let mut cut = client().stream(get(address).limit(Limit::truncate(1000))).await.unwrap();
    assert_eq!(text(&mut cut).await.unwrap().len(), 1000);
    assert!(cut.truncated());
    let mut failing = client().stream(get(address).limit(Limit::fail(1000))).await.unwrap();
    assert_eq!(text(&mut failing).await.unwrap_err().kind(), Kind::BodyTooLarge);
}

#[tokio::test]
async fn a_stream_that_is_cut_is_a_reset() {
    let answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n";
    let mut streaming = client().stream(get(canned(answer).await)).await.unwrap();
    assert_eq!(text(&mut streaming).await.unwrap_err().kind(), Kind::Reset);
}

#[tokio::test]
async fn the_rest_of_a_stream_can_be_had_at_once() {
    let answer = "HTTP/1.1 400 Bad Request\r\ncontent-length: 5\r\n\r\nerror";
    let mut streaming = client().stream(get(canned(answer).await)).await.unwrap();
    assert_eq!(streaming.status, 400);
    assert_eq!(&streaming.rest().await.unwrap()[..], b"error");
}

#[tokio::test]
async fn dropping_a_stream_closes_its_connection() {
    let (closed, gone) = oneshot::channel();
    let closed = std::sync::Mutex::new(Some(closed));
    let address = start(move |mut stream| {
        let closed = closed.lock().unwrap().take();
        async move {
            head(&mut stream).await;
            stream.write_all(EVENTS).await.unwrap();
            hang(stream).await;
            let _ = closed.unwrap().send(());
        }
    })
    .await;
    drop(client().stream(get(address)).await.unwrap());
    gone.await.unwrap();
}

/// The memory that this process holds now, in KiB.
#[cfg(target_os = "linux")]
fn held() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_gigabyte_costs_less_than_a_megabyte_of_memory() {
    const GIGABYTE: usize = 1 << 30;
    /// What every call costs is there after the first of it.
    const WARM: usize = 16 << 20;
    let address = start(|mut stream| async move {
        head(&mut stream).await;
        let begin = format!("HTTP/1.1 200 OK\r\ncontent-length: {GIGABYTE}\r\n\r\n");
        stream.write_all(begin.as_bytes()).await.unwrap();
        let piece = vec![b'x'; 64 * 1024];
        while stream.write_all(&piece).await.is_ok() {}
    })
    .await;
    let mut streaming = client().stream(get(address).limit(Limit::truncate(usize::MAX))).await.unwrap();
    let (mut read, mut looked, mut before, mut most) = (0, 0, 0, 0);
    while let Some(piece) = streaming.chunk().await.unwrap() {
        read += piece.len();
        if read - looked >= 1 << 20 {
            looked = read;
            most = held().max(most);
            before = if read <= WARM { most } else { before };
        }
    }
    assert_eq!(read, GIGABYTE);
    assert!(before > 0 && most - before < 1024, "{before} KiB became {most}");
}
