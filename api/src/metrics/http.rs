//! What is asked for over HTTP: by the pattern of its route, never by what is in it.

use actix_web::http::Method;
use openapi::document::Call;
use openapi::problem::find;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

/// Upper ends of how long an answer may take, in seconds.
const ANSWERS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
/// What is no call of the document: pages of the documentation, and whatever somebody makes up.
const OTHER: &str = "other";

type Answers = Family<[(&'static str, String); 3], Counter>;
type Seconds = Family<[(&'static str, String); 2], Histogram, fn() -> Histogram>;

/// The numbers of requests.
pub(crate) struct Http {
    answers: Answers,
    seconds: Seconds,
    in_flight: Gauge,
    refusals: Family<[(&'static str, &'static str); 1], Counter>,
    /// By the path's pattern, each of its methods.
    routes: HashMap<String, Vec<Route>>,
    other: Route,
}

/// The numbers of one call, looked up when it is asked for the first time. Those that nobody asks for are not printed.
struct Route {
    method: String,
    path: String,
    answers: [OnceLock<Counter>; 5],
    seconds: OnceLock<Histogram>,
}

/// A request that is being answered.
pub(crate) struct Asked<'a>(&'a Gauge);

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Http {
    pub(super) fn new(calls: &[Call]) -> Self {
        let mut routes: HashMap<String, Vec<Route>> = HashMap::new();
        for call in calls {
            routes.entry(call.path.clone()).or_default().push(Route::new(&call.method, &call.path));
        }
        Self {
            answers: Answers::default(),
            seconds: Seconds::new_with_constructor(|| Histogram::new(ANSWERS)),
            in_flight: Gauge::default(),
            refusals: Family::default(),
            routes,
            other: Route::new(OTHER, OTHER),
        }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("http_requests", "Requests that were answered", self.answers.clone());
        let help = "From the head of a request to the head of its answer";
        registry.register_with_unit("http_request", help, Unit::Seconds, self.seconds.clone());
        registry.register(
            "http_requests_in_flight",
            "Requests that are being answered",
            self.in_flight.clone(),
        );
        registry.register("refusals", "Requests that were refused, by code", self.refusals.clone());
    }

    /// A request has come; what this answers is dropped when it is answered, or gone.
    pub(crate) fn asked(&self) -> Asked<'_> {
        self.in_flight.inc();
        Asked(&self.in_flight)
    }

    /// It was answered. A HEAD is a GET.
    pub(crate) fn answered(&self, method: &Method, route: &str, status: u16, took: Duration) {
        let method = if method == Method::HEAD { Method::GET.as_str() } else { method.as_str() };
        let of_path = self.routes.get(route).map(Vec::as_slice).unwrap_or_default();
        let route = of_path.iter().find(|of| of.method == method).unwrap_or(&self.other);
        let class = usize::from(status / 100).clamp(1, CLASSES.len()) - 1;
        let counter = route.answers[class].get_or_init(|| {
            self.answers.get_or_create_owned(&[
                ("route", route.path.clone()),
                ("method", route.method.clone()),
                ("status", CLASSES[class].to_owned()),
            ])
        });
        counter.inc();
        let seconds = route.seconds.get_or_init(|| {
            let labels = [("route", route.path.clone()), ("method", route.method.clone())];
            self.seconds.get_or_create_owned(&labels)
        });
        seconds.observe(took.as_secs_f64());
    }

    /// It was refused with this code.
    pub(crate) fn refused(&self, code: &str) {
        self.refusals.get_or_create(&[("code", find(code).code)]).inc();
    }
}

impl Route {
    fn new(method: &str, path: &str) -> Self {
        let (method, path) = (method.to_owned(), path.to_owned());
        Self { method, path, answers: Default::default(), seconds: OnceLock::new() }
    }
}
