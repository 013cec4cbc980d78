//! Reading on behind an answer that came before the end of its request.
//!
//! A connection that is closed over unread bytes is reset, and its sender may lose the answer, or the
//! next request that it has sent already (RFC 9112, section 9.6). So what a handler leaves of a body is
//! read and thrown away, within a bound.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::header,
};
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use tokio::{runtime::Handle, time::timeout};

/// How long, and how much, is read on.
const TIME: Duration = Duration::from_secs(10);
const BYTES: usize = 32 << 20;

/// A body that is read on when it is dropped before its end.
struct Lingering {
    inner: Body,
    ended: bool,
}

/// Lets what is left of the request's body be read on.
pub(crate) async fn linger(request: Request) -> Request {
    // Who waits to be told to go on has not sent the body, and need not.
    if request.body().is_end_stream() || request.headers().contains_key(header::EXPECT) {
        return request;
    }
    request.map(|inner| Body::new(Lingering { inner, ended: false }))
}

impl HttpBody for Lingering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(context);
        self.ended |= matches!(frame, Poll::Ready(None | Some(Err(_))));
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        if self.ended || self.inner.is_end_stream() {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(timeout(TIME, drain(std::mem::take(&mut self.inner))));
        }
    }
}

async fn drain(mut body: Body) {
    let mut left = BYTES;
    while let (Some(Ok(frame)), true) = (body.frame().await, left > 0) {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use futures_util::stream;

    use super::*;

    /// A body of so many pieces that counts how many of them are read.
    fn counted(pieces: usize) -> (Body, Arc<AtomicUsize>) {
        let read = Arc::<AtomicUsize>::default();
        let counter = Arc::clone(&read);
        let piece = move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
            Ok::<_, std::convert::Infallible>(Bytes::from(vec![0; 1 << 20]))
        };
        let pieces = stream::iter((0..pieces).map(piece));
        (Body::from_stream(pieces), read)
    }

    async fn dropped_after_one_piece(request: Request) {
        let mut body = linger(request).await.into_body();
        body.frame().await.unwrap().unwrap();
        drop(body);
        tokio::task::yield_now().await;
    }

    #[tokio::test]
    async fn what_is_left_is_read_within_the_bound() {
        let (body, read) = counted(5);
        dropped_after_one_piece(Request::new(body)).await;
        assert_eq!(read.load(Ordering::SeqCst), 5);
        let (body, read) = counted(100);
        dropped_after_one_piece(Request::new(body)).await;
        assert_eq!(
            read.load(Ordering::SeqCst),
            34,
            "32 MiB, the piece before them and the one that is too much"
        );
    }

    #[tokio::test]
    async fn who_waits_to_be_told_to_go_on_is_not_waited_for() {
        let (body, read) = counted(5);
        let mut request = Request::new(body);
        request.headers_mut().insert(header::EXPECT, "100-continue".parse().unwrap());
        dropped_after_one_piece(request).await;
        assert_eq!(read.load(Ordering::SeqCst), 1);
    }
}
