//! What the server says of itself to whoever watches it: numbers, nothing about anybody. Labels are of few and known values.
//!
//! To add a number: its field and its line in `registered`, or in the `gauge.rs` of `infra`; then a panel of the dashboard or
//! a rule in `deploy/`.

mod http;
mod process;

use crate::app::State;
use crate::error::ApiResult;
use actix_web::ResponseError;
use domain::time::Timestamp;
use http::Http;
use infra::gauge::Pool;
use infra::rate::Rate;
use infra::store::{Reactor, ReactorState, StoreError};
use infra::{Cache, Store, Wechat};
use openapi::document::Call;
use process::Process;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};
use strum::IntoEnumIterator;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// How long a look at the database is good for, however often somebody asks.
const FRESH: Duration = Duration::from_secs(5);
/// How many waiting events are counted.
const COUNTED: u32 = 10_000;
/// How long a look waits for a connection; whoever watches waits as long.
const POOL_PATIENCE: Duration = Duration::from_secs(1);
/// How long it waits to hear of the reactors.
const PATIENCE: Duration = Duration::from_secs(3);

type OfReactor<G> = Family<[(&'static str, &'static str); 1], G>;
type Seconds = Gauge<f64, AtomicU64>;

/// The numbers of one server.
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) http: Http,
    connections: Gauge,
    listeners: Gauge,
    sign_ins: Family<[(&'static str, &'static str); 2], Counter>,
    rates: Family<[(&'static str, &'static str); 1], Counter>,
    jobs: Jobs,
    pool: PoolGauges,
    reactors: Reactors,
    sweep: Seconds,
    looked: Mutex<Option<Instant>>,
}

/// What runs beside the requests.
#[derive(Default)]
struct Jobs {
    succeeded: Family<[(&'static str, &'static str); 1], Seconds>,
    restarts: Family<[(&'static str, &'static str); 1], Counter>,
}

#[derive(Default)]
struct PoolGauges {
    open: Gauge,
    idle: Gauge,
    most: Gauge,
    wait: Seconds,
}

#[derive(Default)]
struct Reactors {
    position: OfReactor<Gauge>,
    behind: OfReactor<Gauge>,
    waiting: OfReactor<Seconds>,
    set_aside: OfReactor<Gauge>,
    leads: OfReactor<Gauge>,
}

impl Metrics {
    /// Of a server with these calls and adapters.
    pub(crate) fn new(calls: &[Call], store: &Store, cache: &Cache, wechat: Option<&Wechat>) -> Self {
        let mut registry = Registry::default();
        registry.sub_registry_with_prefix("process").register_collector(Box::new(Process));
        let metrics = Self {
            http: Http::new(calls),
            connections: Gauge::default(),
            listeners: Gauge::default(),
            sign_ins: Family::default(),
            rates: Family::default(),
            jobs: Jobs::default(),
            pool: PoolGauges::default(),
            reactors: Reactors::default(),
            sweep: Seconds::default(),
            looked: Mutex::default(),
            registry,
        };
        metrics.registered(store, cache, wechat)
    }

    fn registered(mut self, store: &Store, cache: &Cache, wechat: Option<&Wechat>) -> Self {
        let of = self.registry.sub_registry_with_prefix("huying");
        let build = Info::new([("version", env!("CARGO_PKG_VERSION")), ("backend", store.database())]);
        of.register("build", "The program, and on which kind of database it runs", build);
        self.http.register(of);
        of.register("connections", "Open connections", self.connections.clone());
        of.register("listeners", "Of these, those who listen to the live feed", self.listeners.clone());
        of.register("sign_ins", "Attempts to sign in, by way and outcome", self.sign_ins.clone());
        of.register("rates_exceeded", "Calls beyond a rate", self.rates.clone());
        store.gauges().register(of);
        cache.gauges().register(of);
        if let Some(wechat) = wechat {
            wechat.gauges().register(of);
        }
        let Jobs { succeeded, restarts } = &self.jobs;
        let help = "When a job last did its work, since 1970";
        of.register_with_unit("task_succeeded_at", help, Unit::Seconds, succeeded.clone());
        of.register(
            "task_restarts",
            "How often a job ended and began anew, which none should",
            restarts.clone(),
        );
        let PoolGauges { open, idle, most, wait } = &self.pool;
        of.register("pool_connections", "Open connections to the database", open.clone());
        of.register("pool_idle_connections", "Of these, those that nobody uses", idle.clone());
        of.register("pool_max_connections", "How many there may be", most.clone());
        let help = "How long one more had to wait for a connection at the last look";
        of.register_with_unit("pool_wait", help, Unit::Seconds, wait.clone());
        let Reactors { position, behind, waiting, set_aside, leads } = &self.reactors;
        of.register("reactor_position", "Position of the event that was done last", position.clone());
        let help = format!("Events that wait for the reactor, at most {COUNTED}");
        of.register("reactor_behind_events", help, behind.clone());
        let help = "For how long the oldest event has waited for the reactor";
        of.register_with_unit("reactor_behind", help, Unit::Seconds, waiting.clone());
        of.register("reactor_set_aside_events", "Events that the reactor could not do", set_aside.clone());
        of.register("reactor_leads", "Whether this process works for the reactor", leads.clone());
        let help = "For how long the oldest limit that passed has not been settled";
        of.register_with_unit("sweep_behind", help, Unit::Seconds, self.sweep.clone());
        self
    }

    /// Open connections, for whoever opens and closes them.
    pub(crate) fn connections(&self) -> Gauge {
        self.connections.clone()
    }

    /// Counts an attempt to sign in, and hands on what came of it.
    pub(crate) fn sign_in<T>(&self, way: &'static str, result: ApiResult<T>) -> ApiResult<T> {
        let outcome = match &result {
            Ok(_) => "succeeded",
            Err(error) if error.status_code().is_server_error() => "failed",
            Err(_) => "refused",
        };
        self.sign_ins.get_or_create(&[("way", way), ("outcome", outcome)]).inc();
        result
    }

    /// Somebody came too often.
    pub(crate) fn rate_exceeded(&self, rate: Rate) {
        self.rates.get_or_create(&[("rate", rate.name())]).inc();
    }

    /// A job did its work.
    pub(crate) fn task_succeeded(&self, task: &'static str, now: Timestamp) {
        let at = now.timestamp_millis().max(0).unsigned_abs();
        self.jobs.succeeded.get_or_create(&[("task", task)]).set(Duration::from_millis(at).as_secs_f64());
    }

    /// How often a job began anew.
    pub(crate) fn task_restarts(&self, task: &'static str) -> Counter {
        self.jobs.restarts.get_or_create_owned(&[("task", task)])
    }

    /// How late the sweep is: for how long the oldest limit that has passed was not settled.
    pub(crate) fn sweep_behind(&self, late: Duration) {
        self.sweep.set(late.as_secs_f64());
    }

    /// Says whether this process works for a reactor.
    pub(crate) fn leads(&self, reactor: Reactor, leads: bool) {
        self.reactors.leads.get_or_create(&of(reactor)).set(leads.into());
    }

    /// All numbers as OpenMetrics text. Where the database is away, those of it are of the last look.
    pub(crate) async fn text(&self, state: &State) -> String {
        let mut looked = self.looked.lock().await;
        if looked.is_none_or(|at| at.elapsed() > FRESH) {
            self.look(&state.store, state.clock.now()).await;
            *looked = Some(Instant::now());
        }
        self.listeners.set(i64::try_from(state.live.listeners()).unwrap_or(i64::MAX));
        let mut text = String::new();
        // A string takes what is written to it.
        let _ = encode(&mut text, &self.registry);
        text
    }

    async fn look(&self, store: &Store, now: Timestamp) {
        let Pool { open, idle, most, wait } = store.pool(POOL_PATIENCE).await;
        self.pool.open.set(open.into());
        self.pool.idle.set(i64::try_from(idle).unwrap_or(i64::MAX));
        self.pool.most.set(most.into());
        self.pool.wait.set(wait.as_secs_f64());
        let reactors = async {
            for reactor in Reactor::iter() {
                self.took(&store.reactor_state(reactor, COUNTED).await?, now);
            }
            Ok::<_, StoreError>(())
        };
        // Whoever asks gives up after ten seconds, and wants the other numbers most when the database is away.
        match timeout(PATIENCE, reactors).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "no numbers of the reactors"),
            Err(_) => tracing::warn!("no numbers of the reactors in time"),
        }
    }

    fn took(&self, state: &ReactorState, now: Timestamp) {
        let ReactorState { reactor, cursor, behind, waiting_since, set_aside, generation: _ } = state;
        let of = of(*reactor);
        let waiting = waiting_since.map_or(0, |since| (now - since).num_milliseconds().max(0));
        let waiting = Duration::from_millis(waiting.unsigned_abs());
        self.reactors.position.get_or_create(&of).set(cursor.position());
        self.reactors.behind.get_or_create(&of).set(*behind);
        self.reactors.waiting.get_or_create(&of).set(waiting.as_secs_f64());
        self.reactors.set_aside.get_or_create(&of).set(*set_aside);
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

fn of(reactor: Reactor) -> [(&'static str, &'static str); 1] {
    [("reactor", reactor.name())]
}
