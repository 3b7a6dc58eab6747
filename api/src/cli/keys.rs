//! `huying keys`.

use super::{Common, open};
use clap::Subcommand;
use infra::keys::Purpose;
use infra::{Clock, Store};
use std::io::Write;

#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// 列出全部密钥
    List,
    /// 换新密钥：令牌密钥的旧钥再用 15 分钟，封存密钥的旧钥仍可解开旧数据
    Rotate {
        /// 用途；不填则两种都换
        #[arg(long)]
        purpose: Option<Rotated>,
        /// 旧的令牌密钥立即作废：所有人须刷新令牌
        #[arg(long)]
        now: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Rotated {
    /// 签发访问令牌
    Token,
    /// 封存个人信息等
    Seal,
}

pub(super) async fn run(common: &Common, what: Keys) -> anyhow::Result<()> {
    let (store, clock) = open(common).await?;
    let done = keys(&store, what, &clock).await;
    store.close().await?;
    done
}

async fn keys(store: &Store, what: Keys, clock: &Clock) -> anyhow::Result<()> {
    if let Keys::Rotate { purpose, now } = what {
        for (rotated, purpose_of) in [(Rotated::Token, Purpose::Token), (Rotated::Seal, Purpose::Seal)] {
            if purpose.is_none_or(|purpose| purpose == rotated) {
                store.rotate_key(purpose_of, now, clock.now()).await?;
            }
        }
    }
    let mut out = std::io::stdout();
    for key in store.stored_keys().await? {
        let until = key.retires_at.map(|at| format!("，{} 起作废", at.to_rfc3339())).unwrap_or_default();
        writeln!(out, "{}  {:6}  {}{until}", key.id, key.purpose, key.created_at.to_rfc3339())?;
    }
    Ok(())
}
