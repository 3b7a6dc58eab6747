//! `huying demo`: what can be shown with the example data.

use crate::config;
use crate::demo::{day, story};
use clap::{Subcommand, value_parser};
use infra::entropy;
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub(super) enum Demo {
    /// 在运行中的示例服务上播放一天：居民点单、社区派单、网格员办单、居民评单
    ///
    /// 先用 make run 或 huying serve --demo 启动服务。08:00 至 18:00 压缩为几十秒，各人以开发登录逐步操作。
    /// 服务的时钟是真实时间，5 分钟、30 分钟等时限在播放中不会到期；没有办完的留在那里，过后自会超时。
    /// 示例数据里本来就有超时的工单。可以反复播放。
    Day {
        /// 服务地址
        #[arg(long, default_value = "http://127.0.0.1:8080")]
        url: String,
        /// 播放多少秒，2 至 600
        #[arg(long, default_value_t = 60, value_parser = value_parser!(u16).range(2..=600))]
        seconds: u16,
        /// 随机种子：同一种子，同样的一天；不填则任选
        #[arg(long)]
        seed: Option<u64>,
    },
    /// 在运行中的示例服务上讲一县的故事：每一步是谁、做什么、怎样调用、得到什么
    ///
    /// 先以这个县的示例数据启动服务，如 make run DEMO=longli。故事里的人以开发登录逐步操作，做错的步骤会被拒绝。
    /// 可以反复讲，每次都是新的工单。
    Story {
        /// 哪个县
        county: config::Demo,
        /// 服务地址
        #[arg(long, default_value = "http://127.0.0.1:8080")]
        url: String,
        /// 每一步之后停多少毫秒，0 至 60000
        #[arg(long, default_value_t = 1500, value_parser = value_parser!(u16).range(0..=60_000))]
        pause: u16,
    },
}

pub(super) async fn run(what: Demo) -> anyhow::Result<()> {
    match what {
        Demo::Day { url, seconds, seed } => {
            // Short enough to be typed again.
            let seed = seed.unwrap_or_else(|| u32::from_le_bytes(entropy::bytes()).into());
            day::play(day::Settings { url, seconds, seed }).await
        }
        Demo::Story { county, url, pause } => {
            let pause = Duration::from_millis(pause.into());
            story::tell(story::Settings { url, county, pause }).await
        }
    }
}
