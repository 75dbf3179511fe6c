//! Requests held until a test lets them go on: to be in between needs no sleeping.

use tokio::sync::watch;

/// Where held requests wait.
#[derive(Default)]
pub struct Hold {
    /// Grows with every release.
    round: watch::Sender<u64>,
    held: watch::Sender<usize>,
}

/// One held request; it counts as held until this is dropped.
pub struct Held {
    round: watch::Receiver<u64>,
    entered_in: u64,
    held: watch::Sender<usize>,
}

impl Hold {
    /// Holds one more.
    pub fn enter(&self) -> Held {
        let round = self.round.subscribe();
        let entered_in = *round.borrow();
        self.held.send_modify(|held| *held += 1);
        Held { round, entered_in, held: self.held.clone() }
    }

    /// How many are held now.
    pub fn count(&self) -> usize {
        *self.held.borrow()
    }

    /// Waits until so many are held.
    pub async fn wait(&self, many: usize) {
        // The sender lives in `self`, so this cannot fail.
        let _ = self.held.subscribe().wait_for(|held| *held >= many).await;
    }

    /// Lets everybody go who is held now, and waits until they have done what they came for.
    pub async fn release(&self) {
        self.round.send_modify(|round| *round += 1);
        let _ = self.held.subscribe().wait_for(|held| *held == 0).await;
    }
}

impl Held {
    /// Waits for the release.
    pub async fn released(&self) {
        let entered_in = self.entered_in;
        let _ = self.round.clone().wait_for(|round| *round > entered_in).await;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.held.send_modify(|held| *held -= 1);
    }
}
