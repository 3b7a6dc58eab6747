//! What others run for us: Redis, WeChat.

use super::database::{skew, tell_skew};
use super::report::Report;
use crate::config::Settings;
use chrono::TimeDelta;
use infra::Clock;
use infra::cache::RedisInfo;
use infra::wechat::{Checked, check};
use secrecy::ExposeSecret;
use std::time::Duration;

/// How long WeChat may take.
const WECHAT: Duration = Duration::from_secs(5);

pub(super) async fn cache(settings: &Settings) -> Report {
    let (name, title) = ("redis", "Redis");
    let mut report = Report::default();
    let Some(url) = &settings.redis_url else {
        report.skip(name, title, "未设置，用进程内缓存；多副本须设置 REDIS_URL（redis.url）");
        return report;
    };
    match RedisInfo::ask(url.expose_secret()).await {
        Ok(RedisInfo { replica: true, .. }) => {
            report.warn(name, title, "连到的是只读的从库，缓存和频率计数无法写入", "REDIS_URL 应指向主库");
        }
        Ok(RedisInfo { version, .. }) => {
            report.ok(name, title, format!("可用，版本 {}", version.as_deref().unwrap_or("未告知")));
        }
        Err(error) => {
            let mend =
                "请检查 Redis 是否在运行、REDIS_URL 的地址和密码；在此期间服务可用，但较慢，各副本各自计数";
            report.warn(name, title, format!("无法使用：{error}"), mend);
        }
    }
    report
}

pub(super) async fn wechat(settings: &Settings, clock: &Clock) -> Report {
    let (name, title) = ("wechat", "微信");
    let mut report = Report::default();
    let Some(app) = settings.wechat() else {
        report.skip(name, title, "未设置小程序，不能用微信登录");
        return report;
    };
    let before = clock.now();
    let silent = || Ok(Checked::Unreachable(format!("{} 秒内没有答复", WECHAT.as_secs())));
    let checked = tokio::time::timeout(WECHAT, check(&app)).await.unwrap_or_else(|_| silent());
    match checked {
        Ok(Checked::Good { date }) => {
            report.ok(name, title, format!("{} 认可 AppID 和 AppSecret", app.base_url));
            if let Some(date) = date {
                // It tells no parts of a second.
                let skew = skew((before, clock.now()), (date, date + TimeDelta::seconds(1)));
                tell_skew(("wechat.clock", "时钟（与微信）"), skew, &mut report);
            }
        }
        Ok(Checked::Refused { code: code @ (-1 | 45009 | 45011), said }) => {
            report.warn(
                name,
                title,
                format!("暂时无法查明：{code} {said}"),
                "微信繁忙或调用过多，请稍后再试",
            );
        }
        Ok(Checked::Refused { code, said }) => {
            report.fault(name, title, format!("微信拒绝：{code} {said}"), mend(code));
        }
        Ok(Checked::Unreachable(why)) => {
            let mend = "请检查本机能否访问该地址（网络、DNS、代理、证书）";
            report.fault(name, title, format!("无法连接 {}：{why}", app.base_url), mend);
        }
        Err(error) => report.fault(name, title, format!("无法建立客户端：{error}"), ""),
    }
    report
}

/// How to mend what WeChat refuses.
fn mend(code: i64) -> &'static str {
    match code {
        40013 | 41002 => "AppID 不对：请核对 HUYING_WECHAT_APP_ID（wechat.app_id）",
        40125 | 41004 => "AppSecret 不对：请核对 HUYING_WECHAT_SECRET（wechat.secret）；重置过的请换成新的",
        40164 | 61004 => "本机的出口 IP 不在白名单：请在微信公众平台的开发设置中加入",
        40243 | 50007 => "AppSecret 或账号已被冻结：请在微信公众平台解冻",
        89503 | 89506 | 89507 => "须由小程序管理员在微信公众平台确认",
        _ => "请按错误码查微信开放文档",
    }
}
