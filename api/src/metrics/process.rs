//! The process itself, under the names that every Prometheus knows. Where there is no `/proc` nothing is said.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;
use std::fmt;

/// Looks when it is asked.
#[derive(Debug)]
pub(super) struct Process;

/// What the system says of a process.
struct Look {
    resident_bytes: i64,
    cpu_seconds: f64,
    open_fds: i64,
    max_fds: i64,
    /// Since 1970.
    start_seconds: f64,
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Some(look) = look() else { return Ok(()) };
        let mut say =
            |name: &str, help: &str, unit: Option<&Unit>, metric: &dyn Fn(Sink<'_>) -> fmt::Result, kind| {
                metric(encoder.encode_descriptor(name, help, unit, kind)?)
            };
        let (bytes, cpu) = (ConstGauge::new(look.resident_bytes), ConstCounter::new(look.cpu_seconds));
        let (fds, most) = (ConstGauge::new(look.open_fds), ConstGauge::new(look.max_fds));
        let start = ConstGauge::new(look.start_seconds);
        say(
            "resident_memory",
            "Resident memory",
            Some(&Unit::Bytes),
            &|to| bytes.encode(to),
            bytes.metric_type(),
        )?;
        say("cpu", "User and system time", Some(&Unit::Seconds), &|to| cpu.encode(to), cpu.metric_type())?;
        say("open_fds", "Open files and sockets", None, &|to| fds.encode(to), fds.metric_type())?;
        say("max_fds", "How many there may be", None, &|to| most.encode(to), most.metric_type())?;
        say(
            "start_time",
            "When it began, since 1970",
            Some(&Unit::Seconds),
            &|to| start.encode(to),
            start.metric_type(),
        )
    }
}

type Sink<'a> = prometheus_client::encoding::MetricEncoder<'a>;

#[cfg(target_os = "linux")]
fn look() -> Option<Look> {
    use procfs::WithCurrentSystemInfo;
    use procfs::process::{LimitValue, Process};
    let process = Process::myself().ok()?;
    let stat = process.stat().ok()?;
    let most = match process.limits().ok()?.max_open_files.soft_limit {
        LimitValue::Unlimited => i64::MAX,
        LimitValue::Value(most) => i64::try_from(most).unwrap_or(i64::MAX),
    };
    let seconds = |ticks: u64| {
        std::time::Duration::from_millis(ticks * 1000 / procfs::ticks_per_second()).as_secs_f64()
    };
    Some(Look {
        resident_bytes: i64::try_from(stat.rss_bytes().get()).unwrap_or(i64::MAX),
        cpu_seconds: seconds(stat.utime + stat.stime),
        open_fds: i64::try_from(process.fd_count().ok()?).unwrap_or(i64::MAX),
        max_fds: most,
        start_seconds: std::time::Duration::from_secs(procfs::boot_time_secs().ok()?).as_secs_f64()
            + seconds(stat.starttime),
    })
}

#[cfg(not(target_os = "linux"))]
fn look() -> Option<Look> {
    None
}
