//! Sends spans to a collector: OTLP over HTTP, as protobuf. A thread of its own sends what waits, a few thousand at most;
//! what is more is lost, and so is what cannot be sent. Nobody waits for it.

use super::TARGET;
use crate::wechat::client::said;
use async_trait::async_trait;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;

/// Below the collector's address.
const PATH: &str = "/v1/traces";
/// How long the collector may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long the end of the server may take for what waits to be sent.
const LAST: Duration = Duration::from_secs(5);
/// How often it is said that spans are lost.
const QUIET: Duration = Duration::from_secs(60);

/// Whoever sends spans, until the server ends.
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Sends to the collector at `endpoint` (`http://HOST:4318`), of those traces that begin here a share of `sample`, 0 to
    /// 1. To be called on the runtime that is to send.
    ///
    /// # Errors
    /// An address that is none, in words for the administrator.
    pub fn start(endpoint: &str, sample: f64, version: &'static str) -> Result<Self, String> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Collector::new().map_err(said)?)
            .with_retry_policy(RetryPolicy::disabled())
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(PATIENCE)
            .with_endpoint(address(endpoint))
            .build();
        let resource = Resource::builder()
            .with_service_name("huying")
            .with_attribute(KeyValue::new("service.version", version));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter.map_err(|error| error.to_string())?)
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(sample))))
            .with_resource(resource.build());
        Ok(Self(provider.build()))
    }

    /// What makes spans out of those of this program, and out of nothing else.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("huying"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(Targets::new().with_target(TARGET, LevelFilter::DEBUG))
    }

    /// Sends what waits, for five seconds at most, and ends. It blocks.
    pub fn end(&self) {
        if let Err(error) = self.0.shutdown_with_timeout(LAST) {
            tracing::warn!(%error, "the last spans were not sent");
        }
    }
}

fn address(endpoint: &str) -> String {
    let endpoint = endpoint.trim_end_matches('/');
    if endpoint.ends_with(PATH) { endpoint.to_owned() } else { format!("{endpoint}{PATH}") }
}

/// The way to the collector. The exporter's thread has no runtime: what it sends is sent on ours.
#[derive(Debug)]
struct Collector {
    http: reqwest::Client,
    runtime: Handle,
    said: Mutex<Option<Instant>>,
}

impl Collector {
    #[expect(clippy::disallowed_methods, reason = "the one client of spans, with time limits")]
    fn new() -> reqwest::Result<Self> {
        let http = reqwest::Client::builder()
            .connect_timeout(PATIENCE)
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { http, runtime: Handle::current(), said: Mutex::default() })
    }

    /// Says once a minute that spans are lost.
    fn complain(&self, why: &str) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_none_or(|at| at.elapsed() >= QUIET) {
            *said = Some(Instant::now());
            tracing::warn!(why, "spans are lost: the collector does not take them");
        }
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let http = self.http.clone();
        let sent = self.runtime.spawn(async move {
            let answer = http.execute(request.try_into()?).await?;
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = answer.status();
            *response.body_mut() = answer.bytes().await?;
            reqwest::Result::Ok(response)
        });
        let why = match sent.await {
            Ok(Ok(response)) if response.status().is_success() => return Ok(response),
            Ok(Ok(response)) => format!("status {}", response.status()),
            Ok(Err(error)) => said(error),
            Err(error) => error.to_string(),
        };
        self.complain(&why);
        Err(why.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_traces_is_below_the_collectors() {
        for endpoint in ["http://x:4318", "http://x:4318/", "http://x:4318/v1/traces"] {
            assert_eq!(address(endpoint), "http://x:4318/v1/traces");
        }
    }
}
