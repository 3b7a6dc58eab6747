//! What the server bears: how long, how many.

use std::time::Duration;

/// How long clients may take, and how many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wire {
    /// For the head of a request.
    pub head: Duration,
    /// For its body, from first to last byte.
    pub body: Duration,
    /// For an answer, body included.
    pub call: Duration,
    /// Between an answer and the next request, on a connection that is kept.
    pub idle: Duration,
    /// Open connections of the process.
    pub connections: usize,
    /// How many of them may listen to the live feed.
    pub listeners: usize,
    /// Between two pings to whoever listens; after two and a half of them without an answer they are gone. So often it is
    /// looked whether they still may, too.
    pub ping: Duration,
}

impl Default for Wire {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            head: seconds(10),
            body: seconds(15),
            call: seconds(30),
            idle: seconds(60),
            connections: 10_000,
            listeners: 10_000,
            ping: seconds(30),
        }
    }
}
