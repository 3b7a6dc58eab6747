//! Wakes those who follow the log. A ring carries no truth: whoever hears it reads the log, and whoever misses it reads the
//! log a little later.

mod shared;

pub use shared::Replicas;

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// Rung after each write.
#[derive(Debug, Clone, Default)]
pub struct Wake(Arc<Bells>);

#[derive(Debug, Default)]
struct Bells {
    /// Rung by whatever was written, here or by another replica.
    all: watch::Sender<u64>,
    /// Rung by what was written here: others are told of it.
    here: watch::Sender<u64>,
}

/// Hears rings.
#[derive(Debug)]
pub struct Listener(watch::Receiver<u64>);

impl Wake {
    /// Wakes all who listen, those of other replicas among them.
    pub fn ring(&self) {
        ring(&self.0.here);
        self.ring_here();
    }

    /// Wakes all who listen in this process.
    fn ring_here(&self) {
        ring(&self.0.all);
    }

    /// Begins to listen; what rang before is not heard.
    pub fn listen(&self) -> Listener {
        Listener(self.0.all.subscribe())
    }
}

fn ring(bell: &watch::Sender<u64>) {
    bell.send_modify(|rings| *rings = rings.wrapping_add(1));
}

impl Listener {
    /// Waits for a ring since the last one heard, at most for `patience`; whether there was one.
    pub async fn heard(&mut self, patience: Duration) -> bool {
        matches!(timeout(patience, self.0.changed()).await, Ok(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_ring_is_heard_once_and_many_are_one() {
        let wake = Wake::default();
        wake.ring();
        let mut listener = wake.listen();
        assert!(!listener.heard(Duration::ZERO).await, "it rang before");
        wake.ring();
        wake.clone().ring();
        assert!(listener.heard(Duration::ZERO).await);
        assert!(!listener.heard(Duration::ZERO).await);
    }

    #[tokio::test]
    async fn what_another_replica_rang_is_not_told_on() {
        let wake = Wake::default();
        let (mut all, mut here) = (wake.listen(), Listener(wake.0.here.subscribe()));
        wake.ring_here();
        assert!(all.heard(Duration::ZERO).await && !here.heard(Duration::ZERO).await);
        wake.ring();
        assert!(all.heard(Duration::ZERO).await && here.heard(Duration::ZERO).await);
    }
}
