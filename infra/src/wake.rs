//! Wakes those who follow the log. A ring carries no truth: whoever hears it reads the log, and whoever misses it reads the
//! log a little later.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// Rung after each write.
#[derive(Debug, Clone)]
pub struct Wake(Arc<watch::Sender<u64>>);

/// Hears rings.
#[derive(Debug)]
pub struct Listener(watch::Receiver<u64>);

impl Default for Wake {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Wake {
    /// Wakes all who listen.
    pub fn ring(&self) {
        self.0.send_modify(|rings| *rings = rings.wrapping_add(1));
    }

    /// Begins to listen; what rang before is not heard.
    pub fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }
}

impl Listener {
    /// Waits for a ring since the last one heard, at most for `patience`; whether there was one.
    pub async fn heard(&mut self, patience: Duration) -> bool {
        matches!(timeout(patience, self.0.changed()).await, Ok(Ok(())))
    }
}
