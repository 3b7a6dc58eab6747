//! What the server says of itself to whoever watches it: numbers, nothing about anybody.

use domain::time::Timestamp;
use infra::Store;
use infra::store::{Reactor, ReactorState};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};
use strum::IntoEnumIterator;
use tokio::sync::Mutex;

/// How long a look at the reactors is good for, however often somebody asks.
const FRESH: Duration = Duration::from_secs(5);
/// How many waiting events are counted.
const COUNTED: u32 = 10_000;

type OfReactor<G> = Family<[(&'static str, &'static str); 1], G>;
type Seconds = Gauge<f64, AtomicU64>;

/// The numbers of one server.
pub(crate) struct Metrics {
    registry: Registry,
    position: OfReactor<Gauge>,
    behind: OfReactor<Gauge>,
    waiting: OfReactor<Seconds>,
    set_aside: OfReactor<Gauge>,
    leads: OfReactor<Gauge>,
    sweep: Seconds,
    looked: Mutex<Option<Instant>>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("huying");
        let position = OfReactor::<Gauge>::default();
        let behind = OfReactor::<Gauge>::default();
        let waiting = OfReactor::<Seconds>::default();
        let set_aside = OfReactor::<Gauge>::default();
        let leads = OfReactor::<Gauge>::default();
        let sweep = Seconds::default();
        registry.register("reactor_position", "Position of the event that was done last", position.clone());
        registry.register(
            "reactor_behind_events",
            format!("Events that wait for the reactor, at most {COUNTED}"),
            behind.clone(),
        );
        let help = "For how long the oldest event has waited for the reactor";
        registry.register_with_unit("reactor_behind", help, Unit::Seconds, waiting.clone());
        registry.register(
            "reactor_set_aside_events",
            "Events that the reactor could not do",
            set_aside.clone(),
        );
        registry.register("reactor_leads", "Whether this process works for the reactor", leads.clone());
        let help = "For how long the oldest limit that passed has not been settled";
        registry.register_with_unit("sweep_behind", help, Unit::Seconds, sweep.clone());
        Self { registry, position, behind, waiting, set_aside, leads, sweep, looked: Mutex::new(None) }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// How late the sweep is: for how long the oldest limit that has passed was not settled.
    pub(crate) fn sweep_behind(&self, late: Duration) {
        self.sweep.set(late.as_secs_f64());
    }

    /// Says whether this process works for a reactor.
    pub(crate) fn leads(&self, reactor: Reactor, leads: bool) {
        self.leads.get_or_create(&of(reactor)).set(leads.into());
    }

    /// All numbers as OpenMetrics text. Where the database is away they are those of the last look.
    pub(crate) async fn text(&self, store: &Store, now: Timestamp) -> String {
        let mut looked = self.looked.lock().await;
        if looked.is_none_or(|at| at.elapsed() > FRESH) {
            for reactor in Reactor::iter() {
                match store.reactor_state(reactor, COUNTED).await {
                    Ok(state) => self.took(&state, now),
                    Err(error) => tracing::warn!(%error, "no numbers of a reactor"),
                }
            }
            *looked = Some(Instant::now());
        }
        let mut text = String::new();
        // A string takes what is written to it.
        let _ = encode(&mut text, &self.registry);
        text
    }

    fn took(&self, state: &ReactorState, now: Timestamp) {
        let ReactorState { reactor, cursor, behind, waiting_since, set_aside, generation: _ } = state;
        let of = of(*reactor);
        let waiting = waiting_since.map_or(0, |since| (now - since).num_milliseconds().max(0));
        self.position.get_or_create(&of).set(cursor.position());
        self.behind.get_or_create(&of).set(*behind);
        self.waiting.get_or_create(&of).set(Duration::from_millis(waiting.unsigned_abs()).as_secs_f64());
        self.set_aside.get_or_create(&of).set(*set_aside);
    }
}

fn of(reactor: Reactor) -> [(&'static str, &'static str); 1] {
    [("reactor", reactor.name())]
}
