//! Work that reaches its end although nobody waits for it any longer.
//!
//! axum drops a request's future when its client goes away, and whoever waits for a transaction may be dropped too: half-way through,
//! that would leave a transaction open, or the work of one undone.
//!
//! It is done where it was asked for, because a task of its own for each would wake another thread each time. Only what is dropped
//! half-way becomes a task.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// Work that goes on in the background when it is dropped.
pub(crate) struct ToTheEnd<F>(Option<Pin<Box<F>>>)
where
    F: Future<Output: Send> + Send + 'static;

impl<F: Future<Output: Send> + Send + 'static> ToTheEnd<F> {
    pub(crate) fn of(work: F) -> Self {
        Self(Some(Box::pin(work)))
    }
}

impl<F: Future<Output: Send> + Send + 'static> Future for ToTheEnd<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // Taken out meanwhile: what panics is gone, and not tried again.
        let mut work = self.0.take().expect("polled after its end");
        let state = work.as_mut().poll(context);
        if state.is_pending() {
            self.0 = Some(work);
        }
        state
    }
}

impl<F: Future<Output: Send> + Send + 'static> Drop for ToTheEnd<F> {
    fn drop(&mut self) {
        if let (Some(work), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(work);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_is_dropped_half_way_still_reaches_its_end() {
        let ((go, gone), (end, ended)) = (oneshot::channel(), oneshot::channel());
        let mut work = ToTheEnd::of(async move {
            gone.await.expect("somebody sends");
            end.send(()).expect("somebody waits");
        });
        assert!((&mut work).now_or_never().is_none(), "it has begun, and waits");
        drop(work);
        go.send(()).expect("it is still there");
        ended.await.expect("it went on");
    }

    #[tokio::test]
    async fn what_panics_says_so_and_is_not_tried_again() {
        let work = std::panic::AssertUnwindSafe(ToTheEnd::of(async { panic!("on purpose") }));
        assert!(work.catch_unwind().await.is_err());
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
    }
}
