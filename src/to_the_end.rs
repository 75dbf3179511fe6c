//! Work that reaches its end although nobody waits for it any longer.
//!
//! axum drops a request's future when its client goes away, and whoever waits for a transaction may be dropped too: half-way through,
//! that would leave a transaction open, or the work of one undone.
//!
//! It is done where it was asked for, because a task of its own for each would wake another thread each time. Only what is dropped
//! half-way becomes a task.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::thread;

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
        let work = self.0.as_mut().expect("polled after its end");
        let output = ready!(work.as_mut().poll(context));
        self.0 = None;
        Poll::Ready(output)
    }
}

impl<F: Future<Output: Send> + Send + 'static> Drop for ToTheEnd<F> {
    fn drop(&mut self) {
        // What panicked cannot go on.
        if let Some(work) = self.0.take()
            && !thread::panicking()
            && let Ok(runtime) = Handle::try_current()
        {
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
