//! `huying demo`: what can be shown with the example data.

use crate::demo::day::{self, Settings};
use clap::{Subcommand, value_parser};
use infra::entropy;

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
}

pub(super) async fn run(Demo::Day { url, seconds, seed }: Demo) -> anyhow::Result<()> {
    // Short enough to be typed again.
    let seed = seed.unwrap_or_else(|| u32::from_le_bytes(entropy::bytes()).into());
    day::play(Settings { url, seconds, seed }).await
}
