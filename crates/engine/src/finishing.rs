//! Work that goes on when whoever asked for it has gone away.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// A future that is finished even when it is dropped half way: what is left of it goes on in a task.
///
/// A server drops a request's future when its sender hangs up. A write that is on its way to the
/// store is committed all the same; without this, nobody would do what follows from it.
pub struct Finishing<F>(Option<Pin<Box<F>>>)
where
    F: Future + Send + 'static;

/// Makes a future finish whatever becomes of its caller.
pub fn finishing<F>(future: F) -> Finishing<F>
where
    F: Future + Send + 'static,
{
    Finishing(Some(Box::pin(future)))
}

impl<F> Future for Finishing<F>
where
    F: Future + Send + 'static,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // Taken out, so that one that panics is not polled again.
        let Some(mut future) = self.0.take() else { return Poll::Pending };
        let polled = future.as_mut().poll(context);
        if polled.is_pending() {
            self.0 = Some(future);
        }
        polled
    }
}

impl<F> Drop for Finishing<F>
where
    F: Future + Send + 'static,
{
    fn drop(&mut self) {
        // Outside a runtime the process is ending; what is committed is taken up at the next start.
        if let (Some(future), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                future.await;
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_is_dropped_half_way_is_finished() {
        let (go, gone) = oneshot::channel::<()>();
        let (done, finished) = oneshot::channel();
        let mut work = Box::pin(finishing(async move {
            gone.await.unwrap();
            done.send(7).unwrap();
        }));
        assert!(futures_util::poll!(&mut work).is_pending());
        drop(work);
        go.send(()).unwrap();
        assert_eq!(finished.await, Ok(7));
    }

    #[tokio::test]
    async fn what_is_finished_gives_its_result() {
        assert_eq!(finishing(async { 7 }).await, 7);
    }
}
