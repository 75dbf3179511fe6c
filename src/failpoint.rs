//! Places where a story stops the service for good, as a crash would: whoever arrives at the armed one never goes on.
//!
//! A crash matters between two steps that others can see: a commit here, a call of Lever's API. Each such place of the write protocol
//! has a name. In the production image (without `fake-lever`) there is nothing behind them.

/// The step that was done last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The `Idempotency-Key` is claimed; nothing else is done.
    KeyClaimed,
    /// The operation is committed, and not sent.
    Recorded,
    /// Lever has answered, and nothing of it is stored.
    Answered,
    /// What Lever answered is stored.
    Stored,
    /// The answer is kept under its key, and the caller does not have it.
    KeyKept,
    /// A second attempt is committed, and not sent.
    RecordedAgain,
    /// Lever has answered it, and nothing of it is stored.
    AnsweredAgain,
}

/// At most one armed place; nothing happens at the others.
#[derive(Default)]
pub struct Failpoints {
    /// With whether somebody has arrived.
    #[cfg(feature = "fake-lever")]
    armed: tokio::sync::watch::Sender<Option<(Step, bool)>>,
}

#[cfg(feature = "fake-lever")]
impl Failpoints {
    /// Stops the next one who arrives there.
    pub fn arm(&self, step: Step) {
        self.armed.send_replace(Some((step, false)));
    }

    /// Stops nobody any more.
    pub fn disarm(&self) {
        self.armed.send_replace(None);
    }

    /// Waits until somebody is stopped.
    pub async fn reached(&self) {
        // The sender lives in `self`, so this cannot fail.
        let _ = self.armed.subscribe().wait_for(|armed| armed.is_some_and(|(_, reached)| reached)).await;
    }

    /// Goes on, unless this is where a story wants the crash.
    pub(crate) async fn after(&self, step: Step) {
        let stopped = self.armed.send_if_modified(|armed| match armed {
            Some((at, reached)) if *at == step && !*reached => {
                *reached = true;
                true
            }
            _ => false,
        });
        if stopped {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(not(feature = "fake-lever"))]
impl Failpoints {
    /// Goes on.
    pub(crate) async fn after(&self, _: Step) {}
}
