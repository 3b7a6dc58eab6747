//! What the adapters count of their own work: numbers for whoever watches the server, nothing about anybody. Counting costs
//! a few atomics; the registry that prints the numbers is the API's.
//!
//! To add a number: a field, its line in `register`, one call where it happens; then a panel or a rule in `deploy/`.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::time::{Duration, Instant};

/// Upper ends of what a write may take, in seconds.
const WRITES: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// Upper ends of how many changes are committed together.
const GROUPS: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];
/// Upper ends of what asking somebody outside may take, in seconds.
const OUTSIDE: [f64; 8] = [0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

/// How the journal does.
#[derive(Debug, Clone)]
pub struct JournalGauges {
    seconds: Histogram,
    groups: Histogram,
    waiting: Gauge,
    conflicts: Counter,
    retries: Counter,
}

impl Default for JournalGauges {
    fn default() -> Self {
        Self {
            seconds: Histogram::new(WRITES),
            groups: Histogram::new(GROUPS),
            waiting: Gauge::default(),
            conflicts: Counter::default(),
            retries: Counter::default(),
        }
    }
}

impl JournalGauges {
    /// Has them printed.
    pub fn register(&self, registry: &mut Registry) {
        let help = "From handing a change to the journal until it is durable or refused";
        registry.register_with_unit("journal_write", help, Unit::Seconds, self.seconds.clone());
        registry.register(
            "journal_group_changes",
            "Changes that were committed together, where changes are",
            self.groups.clone(),
        );
        registry.register(
            "journal_waiting",
            "Changes that wait until they are durable now",
            self.waiting.clone(),
        );
        registry.register(
            "change_conflicts",
            "Changes that found that somebody else had been faster",
            self.conflicts.clone(),
        );
        registry.register(
            "change_retries",
            "Changes that were decided anew after that",
            self.retries.clone(),
        );
    }

    /// A change is handed to the journal; what this answers is dropped when the journal has answered.
    pub(crate) fn write(&self) -> Writing<'_> {
        self.waiting.inc();
        Writing { gauges: self, began: Instant::now() }
    }

    /// So many changes are committed together.
    pub(crate) fn group(&self, changes: usize) {
        self.groups.observe(u32::try_from(changes).unwrap_or(u32::MAX).into());
    }

    /// Somebody else was faster; whether the change is decided anew.
    pub(crate) fn conflict(&self, again: bool) {
        self.conflicts.inc();
        if again {
            self.retries.inc();
        }
    }
}

/// A change that waits for the journal.
pub(crate) struct Writing<'a> {
    gauges: &'a JournalGauges,
    began: Instant,
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.gauges.waiting.dec();
        self.gauges.seconds.observe(self.began.elapsed().as_secs_f64());
    }
}

/// How the cache does, and Redis for all that use it.
#[derive(Debug, Clone, Default)]
pub struct CacheGauges {
    pub(crate) hits: Counter,
    pub(crate) misses: Counter,
    faults: Family<[(&'static str, &'static str); 1], Counter>,
}

impl CacheGauges {
    /// Has them printed.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("cache_hits", "Values that the cache had", self.hits.clone());
        registry.register("cache_misses", "Values that the cache did not have", self.misses.clone());
        // So that the first fault is seen as a change.
        for what in ["get", "put", "rate", "wake"] {
            drop(self.faults.get_or_create(&[("what", what)]));
        }
        registry.register("redis_faults", "Questions that Redis failed to answer", self.faults.clone());
    }

    /// Redis failed at something.
    pub(crate) fn fault(&self, what: &'static str) {
        self.faults.get_or_create(&[("what", what)]).inc();
    }
}

type Calls = Family<[(&'static str, &'static str); 3], Histogram, fn() -> Histogram>;

/// How those outside answer whom we ask.
#[derive(Debug, Clone)]
pub struct CallGauges(Calls);

impl Default for CallGauges {
    fn default() -> Self {
        Self(Family::new_with_constructor(|| Histogram::new(OUTSIDE)))
    }
}

impl CallGauges {
    /// Has them printed.
    pub fn register(&self, registry: &mut Registry) {
        let help = "Questions to others: answered, refused, busy, or lost on the way";
        registry.register_with_unit("outgoing_call", help, Unit::Seconds, self.0.clone());
    }

    /// Somebody was asked something, with what came of it.
    pub(crate) fn asked(&self, to: &'static str, call: &'static str, outcome: &'static str, took: Duration) {
        let labels = [("to", to), ("call", call), ("outcome", outcome)];
        self.0.get_or_create(&labels).observe(took.as_secs_f64());
    }
}

/// How the pool of connections to the database does now.
#[derive(Debug, Clone, Copy)]
pub struct Pool {
    /// Connections that are open.
    pub open: u32,
    /// How many of them nobody uses.
    pub idle: usize,
    /// How many there may be.
    pub most: u32,
    /// How long one more had to wait for a connection just now.
    pub wait: Duration,
}
