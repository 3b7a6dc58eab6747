//! Where traces go, if anywhere.

use clap::Args;
use infra::trace::Traces;

#[derive(Debug, Args)]
pub(super) struct Tracing {
    /// OpenTelemetry 收集器地址（OTLP/HTTP），如 http://127.0.0.1:4318；不填则不追踪
    #[arg(long, env = "HUYING_OTLP_ENDPOINT", hide_env_values = true)]
    otlp_endpoint: Option<String>,
    /// 追踪的比例，0 至 1；上游已决定的按上游
    #[arg(long, env = "HUYING_OTLP_SAMPLE", default_value = "1.0")]
    otlp_sample: String,
}

impl Tracing {
    /// Begins to send spans, where they are asked for.
    ///
    /// # Errors
    /// All that is wrong, in words for the administrator.
    pub(super) fn start(&self) -> anyhow::Result<Option<Traces>> {
        let mut faults = Vec::new();
        let sample = self.otlp_sample.trim().parse().ok().filter(|sample| (0.0..=1.0).contains(sample));
        if sample.is_none() {
            faults.push(format!("HUYING_OTLP_SAMPLE={} 应为 0 至 1 的小数", self.otlp_sample));
        }
        let endpoint = self.otlp_endpoint.as_deref().map(str::trim).filter(|endpoint| !endpoint.is_empty());
        let is_url = |endpoint: &str| {
            let rest = endpoint.strip_prefix("http://").or_else(|| endpoint.strip_prefix("https://"));
            rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        };
        // Not repeated: it may hold a password.
        if endpoint.is_some_and(|endpoint| !is_url(endpoint)) {
            faults.push(
                "HUYING_OTLP_ENDPOINT 应为 http:// 或 https:// 开头的地址，如 http://127.0.0.1:4318"
                    .to_owned(),
            );
        }
        anyhow::ensure!(faults.is_empty(), "设置有误：{}", faults.join("；"));
        let Some((endpoint, sample)) = endpoint.zip(sample) else { return Ok(None) };
        let traces = Traces::start(endpoint, sample, env!("CARGO_PKG_VERSION"));
        traces.map(Some).map_err(|error| anyhow::anyhow!("HUYING_OTLP_ENDPOINT 无法使用：{error}"))
    }
}
