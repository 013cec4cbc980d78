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
    http::{Request, header},
};
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use tokio::{runtime::Handle, time::timeout};

/// How long, and how much, is read on.
const TIME: Duration = Duration::from_secs(10);
const BYTES: usize = 32 << 20;

/// What a body needs in order to be read on by a task of its own.
pub(crate) trait Wire:
    HttpBody<Data = Bytes, Error: Into<axum::BoxError>> + Send + Unpin + 'static
{
}

impl<B: HttpBody<Data = Bytes, Error: Into<axum::BoxError>> + Send + Unpin + 'static> Wire for B {}

/// A body that is read on when it is dropped before its end.
struct Lingering<B: Wire> {
    /// The body; none once it has ended.
    inner: Option<B>,
}

/// Lets what is left of the request's body be read on.
pub(crate) fn linger<B: Wire>(request: Request<B>) -> Request<Body> {
    // Who waits to be told to go on has not sent the body, and need not.
    if request.body().is_end_stream() || request.headers().contains_key(header::EXPECT) {
        return request.map(Body::new);
    }
    request.map(|inner| Body::new(Lingering { inner: Some(inner) }))
}

impl<B: Wire> HttpBody for Lingering<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let Some(inner) = &mut self.inner else { return Poll::Ready(None) };
        let frame = Pin::new(inner).poll_frame(context);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            self.inner = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(B::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or(SizeHint::with_exact(0), B::size_hint)
    }
}

impl<B: Wire> Drop for Lingering<B> {
    fn drop(&mut self) {
        let left = self.inner.take().filter(|inner| !inner.is_end_stream());
        if let (Some(left), Ok(runtime)) = (left, Handle::try_current()) {
            runtime.spawn(timeout(TIME, drain(left)));
        }
    }
}

async fn drain(mut body: impl Wire) {
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

    async fn dropped_after_one_piece(request: Request<Body>) {
        let mut body = linger(request).into_body();
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
