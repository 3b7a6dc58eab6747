//! What the database tells of itself and of the server's work.

use super::machine::Key;
use super::report::{Report, Status};
use crate::config::Settings;
use chrono::TimeDelta;
use domain::time::Timestamp;
use infra::Clock;
use infra::store::{Database, Engine, Look, NoLook, Reactor, ReactorState, Schema, Standing, StoreError};
use std::time::Duration;
use strum::IntoEnumIterator;

/// How long everything about the database may take.
const WHOLE: Duration = Duration::from_secs(9);
/// How long SQLite may look through its file.
const INTEGRITY: Duration = Duration::from_secs(4);
/// The oldest PostgreSQL that serves: 15.
const POSTGRES_LEAST: i32 = 150_000;
/// How many waiting events are counted.
const COUNTED: u32 = 10_000;
/// What waits for longer than this is said; longer than that is a fault.
const LATE: (TimeDelta, TimeDelta) = (TimeDelta::minutes(1), TimeDelta::minutes(10));
/// The same of clocks that differ.
const SKEW: (TimeDelta, TimeDelta) = (TimeDelta::seconds(1), TimeDelta::seconds(30));

const DATABASE: (&str, &str) = ("database", "数据库");
const SCHEMA: (&str, &str) = ("database.schema", "数据库结构");
const KEYS: (&str, &str) = ("master_key", "主密钥");

pub(super) async fn look(settings: &Settings, key: &Key, clock: &Clock) -> Report {
    let mut report = Report::default();
    let database = settings.database();
    if tokio::time::timeout(WHOLE, examine(&database, key, clock, &mut report)).await.is_err() {
        let text = format!("{} 秒内没有答完", WHOLE.as_secs());
        report.add(DATABASE, Status::Fault, text, "请查看数据库是否过载、被长事务占住");
    }
    report
}

async fn examine(database: &Database, key: &Key, clock: &Clock, report: &mut Report) {
    let look = match database.look().await {
        Ok(look) => look,
        Err(why) => {
            cannot_look(database, &why, report);
            if let Key::None(path) = key {
                report.skip(KEYS.0, KEYS.1, format!("{} 还没有，首次启动时生成", path.display()));
            }
            return;
        }
    };
    let before = clock.now();
    match look.engine().await {
        Ok(engine) => tell_engine(database, &engine, (before, clock.now()), report),
        Err(error) => unread(DATABASE, &error, report),
    }
    let is_current = match look.schema().await {
        Ok(schema) => tell_schema(&schema, report),
        Err(error) => {
            unread(SCHEMA, &error, report);
            false
        }
    };
    tell_keys(&look, key, clock.now(), report).await;
    if is_current {
        work(&look, clock.now(), report).await;
    } else {
        report.skip("work", "后台任务、时限、日历", "数据库结构不合，未检查");
    }
    if database.is_sqlite() {
        tell_integrity(&look, report).await;
    }
}

/// What could not be read.
fn unread(what: (&str, &str), error: &StoreError, report: &mut Report) {
    report.add(what, Status::Fault, format!("无法读取：{error}"), "库已损坏的，请从备份恢复");
}

fn cannot_look(database: &Database, why: &NoLook, report: &mut Report) {
    let place = database.place();
    let (status, text, mend) = match why {
        NoLook::NoFile => (
            Status::Warning,
            format!("{place} 还没有，首次启动时建立"),
            "若应已有数据，请核对 HUYING_DATA_DIR、DATABASE_URL",
        ),
        NoLook::NoDatabaseFile => {
            (Status::Fault, format!("{place} 不是 SQLite 数据库，或已损坏"), "请从备份恢复")
        }
        NoLook::NoDatabase(said) => (
            Status::Fault,
            format!("{place} 没有这个库：{said}"),
            "请先建库（CREATE DATABASE），或核对 DATABASE_URL",
        ),
        NoLook::Credentials(said) => (
            Status::Fault,
            format!("{place} 拒绝登录：{said}"),
            "请核对 DATABASE_URL 的用户、密码，以及服务器的 pg_hba.conf",
        ),
        NoLook::Locked(said) => (
            Status::Fault,
            format!("{place} 被占用：{said}"),
            "有别的程序独占着数据库，请等它结束或停止它（可用 fuser 查看是谁）",
        ),
        NoLook::Away(said) if database.is_sqlite() => {
            (Status::Fault, format!("{place} 无法打开：{said}"), "请用运行服务的用户执行，并检查文件权限")
        }
        NoLook::Away(said) => (
            Status::Fault,
            format!("{place} 无法连接：{said}"),
            "请检查数据库是否在运行、地址和端口、防火墙；连接数用尽时也会如此",
        ),
    };
    report.add(DATABASE, status, text, mend);
}

fn tell_engine(database: &Database, engine: &Engine, asked: (Timestamp, Timestamp), report: &mut Report) {
    let place = database.place();
    match engine {
        Engine::Sqlite { wal: true } => report.add(DATABASE, Status::Ok, format!("SQLite，{place}"), ""),
        Engine::Sqlite { wal: false } => {
            let text = format!("SQLite，{place}，日志模式不是 WAL，读会被写挡住");
            report.add(DATABASE, Status::Warning, text, "重新启动服务即会改回 WAL");
        }
        Engine::Postgres { version, off, standby, now } => {
            let text = format!("PostgreSQL {}.{}，{place}", version / 10_000, version % 10_000);
            if *version < POSTGRES_LEAST {
                report.add(DATABASE, Status::Fault, format!("{text}，过旧"), "请升级到 PostgreSQL 15 或更新");
            } else if *standby {
                report.add(
                    DATABASE,
                    Status::Fault,
                    format!("{text}，是只读的备库"),
                    "DATABASE_URL 应指向主库",
                );
            } else {
                report.add(DATABASE, Status::Ok, text, "");
            }
            let durable = ("database.durable", "数据库落盘");
            if off.is_empty() {
                report.add(durable, Status::Ok, "已确认的写入断电不丢", "");
            } else {
                let text = format!("{} 为 off：断电会丢失已确认的写入，或损坏库", off.join("、"));
                report.add(
                    durable,
                    Status::Fault,
                    text,
                    "请在 postgresql.conf（或该用户、该库的设置）中改为 on，并重新加载",
                );
            }
            tell_skew(("database.clock", "时钟（与数据库）"), skew(asked, (*now, *now)), report);
        }
    }
}

/// Whether the schema is the one of this program.
fn tell_schema(schema: &Schema, report: &mut Report) -> bool {
    let Schema { is_empty, pending, standing } = schema;
    match standing {
        Standing::Known => {}
        Standing::Newer(names) => {
            let text = format!("由更新的版本升级过（{}），本程序仍可照旧服务", names.join("、"));
            report.add(SCHEMA, Status::Warning, text, "升级或退回期间可照此运行；之后请用同一版本");
            return true;
        }
        Standing::Foreign(names) => {
            let text = format!("与本程序不合，有不认识的迁移（{}）", names.join("、"));
            report.add(SCHEMA, Status::Fault, text, "请用升级数据库的那个版本或更新的 huying");
            return false;
        }
    }
    if *is_empty {
        let mend = "首次启动时建立；若应已有数据，请核对 DATABASE_URL";
        report.add(SCHEMA, Status::Warning, "空库，还没有表", mend);
    } else if let Some(first) = pending.first() {
        let text = format!("有 {} 步待升级，第一步 {first}", pending.len());
        report.add(SCHEMA, Status::Warning, text, "启动服务时自动升级，或执行 huying migrate up；请先备份");
    } else {
        report.add(SCHEMA, Status::Ok, "与本程序一致", "");
        return true;
    }
    false
}

/// Whether the stored keys open.
async fn tell_keys(look: &Look, key: &Key, now: Timestamp, report: &mut Report) {
    let keys = ("keys", "数据库中的密钥");
    let master = match key {
        Key::There(master) => Some(master),
        Key::None(_) => None,
        Key::Unusable => return report.add(keys, Status::Skipped, "主密钥不可用，未检查", ""),
    };
    match (look.keys_open(master, now).await, key) {
        (Ok(true), Key::None(path)) => {
            let text = format!("{} 不见了，而数据库中的密钥要靠它打开", path.display());
            report.add(KEYS, Status::Fault, text, "请从备份恢复这个文件；在此之前不要启动服务");
        }
        (Ok(true), _) => report.add(keys, Status::Ok, "主密钥能打开", ""),
        (Ok(false), _) => report.add(keys, Status::Skipped, "还没有，首次启动时生成", ""),
        (Err(StoreError::Key(error)), _) => {
            let mend = "请换回原来的主密钥；没有它，姓名、电话等无法解开";
            report.add(keys, Status::Fault, error.to_string(), mend);
        }
        (Err(error), _) => unread(keys, &error, report),
    }
}

/// How far the server is behind with its work.
async fn work(look: &Look, now: Timestamp, report: &mut Report) {
    for reactor in Reactor::iter() {
        let (name, title) = (format!("reactor.{}", reactor.name()), format!("后台任务 {}", reactor.name()));
        let of = (name.as_str(), title.as_str());
        match look.reactor_state(reactor, COUNTED).await {
            Ok(state) => tell_reactor(of, &state, now, report),
            Err(error) => unread(of, &error, report),
        }
    }
    let sweep = ("sweep", "时限");
    match look.oldest_due(now).await {
        Ok(oldest) => {
            let late = oldest.map_or(TimeDelta::zero(), |at| now - at);
            let text = if late < LATE.0 {
                "到期的都已处理".to_owned()
            } else {
                format!("最早到期的已有 {} 未处理", span(late))
            };
            report.add(sweep, how_late(late), text, mend_late(late));
        }
        Err(error) => unread(sweep, &error, report),
    }
    let calendar = ("calendar", "工作日历");
    match look.missing_years(now).await {
        Ok(missing) if missing.is_empty() => report.add(calendar, Status::Ok, "年份齐全", ""),
        Ok(missing) => {
            let missing: Vec<_> = missing.iter().map(i32::to_string).collect();
            let text = format!("缺 {} 年，其节假日按平日计算", missing.join("、"));
            report.add(
                calendar,
                Status::Warning,
                text,
                "请升级程序，或由管理员录入（PUT /api/v1/calendars/年份）",
            );
        }
        Err(error) => unread(calendar, &error, report),
    }
}

fn tell_reactor(of: (&str, &str), state: &ReactorState, now: Timestamp, report: &mut Report) {
    let name = state.reactor.name();
    let late = state.waiting_since.map_or(TimeDelta::zero(), |since| now - since);
    let behind = if late < LATE.0 {
        "已跟上".to_owned()
    } else {
        format!("落后 {} 条、{}", state.behind, span(late))
    };
    if state.set_aside == 0 {
        report.add(of, how_late(late), behind, mend_late(late));
        return;
    }
    let mend = if state.reactor.is_rebuilt() {
        format!("查明日志中的原因后，执行 huying rebuild {name}")
    } else {
        format!("查明日志中的原因后，执行 huying reactors retry {name}")
    };
    let text = format!("{behind}，搁置 {} 条", state.set_aside);
    report.add(of, how_late(late).max(Status::Warning), text, mend);
}

fn how_late(late: TimeDelta) -> Status {
    match late {
        late if late >= LATE.1 => Status::Fault,
        late if late >= LATE.0 => Status::Warning,
        _ => Status::Ok,
    }
}

fn mend_late(late: TimeDelta) -> &'static str {
    if late < LATE.0 {
        ""
    } else {
        "服务没有运行时会如此，启动后即补上；正在运行的，请看它的日志"
    }
}

async fn tell_integrity(look: &Look, report: &mut Report) {
    let integrity = ("database.integrity", "数据库完整性");
    match look.integrity(INTEGRITY).await {
        Ok(Some(Ok(()))) => report.add(integrity, Status::Ok, "quick_check 通过", ""),
        Ok(Some(Err(said))) => {
            let mend = "库已损坏：请停止服务，保留原文件，从备份恢复";
            report.add(
                integrity,
                Status::Fault,
                format!("quick_check 发现：{}", said.replace('\n', "；")),
                mend,
            );
        }
        Ok(None) => {
            let text = format!(
                "库较大，{} 秒内没有查完；可另行执行 sqlite3 库文件 'PRAGMA quick_check'",
                INTEGRITY.as_secs()
            );
            report.add(integrity, Status::Skipped, text, "");
        }
        Err(error) => unread(integrity, &error, report),
    }
}

/// How far another clock is ahead of ours, at least: it told a time in `theirs` at a time in `ours`.
pub(super) fn skew(ours: (Timestamp, Timestamp), theirs: (Timestamp, Timestamp)) -> TimeDelta {
    if theirs.0 > ours.1 {
        theirs.0 - ours.1
    } else if theirs.1 < ours.0 {
        theirs.1 - ours.0
    } else {
        TimeDelta::zero()
    }
}

/// Says how far a clock is ahead.
pub(super) fn tell_skew(of: (&str, &str), skew: TimeDelta, report: &mut Report) {
    let far = skew.abs();
    let status = match far {
        far if far > SKEW.1 => Status::Fault,
        far if far > SKEW.0 => Status::Warning,
        _ => return report.add(of, Status::Ok, "相差不到 1 秒", ""),
    };
    let which = if skew > TimeDelta::zero() { "本机慢" } else { "本机快" };
    report.add(of, status, format!("{which} {}", span(far)), "时限按本机时钟计算，请校时（chrony 或 ntpd）");
}

/// How long, in words.
fn span(time: TimeDelta) -> String {
    match time {
        time if time < TimeDelta::minutes(2) => format!("{} 秒", time.num_seconds()),
        time if time < TimeDelta::hours(2) => format!("{} 分钟", time.num_minutes()),
        time if time < TimeDelta::days(2) => format!("{} 小时", time.num_hours()),
        time => format!("{} 天", time.num_days()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        chrono::DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn clocks_differ_by_what_is_certain() {
        let of = |from, until| skew((at(100), at(102)), (at(from), at(until)));
        for (from, until, ahead) in [(101, 101, 0), (99, 100, 0), (105, 106, 3), (40, 41, -59), (102, 103, 0)]
        {
            assert_eq!(of(from, until), TimeDelta::seconds(ahead), "{from} to {until}");
        }
        let told = |seconds| {
            let mut report = Report::default();
            tell_skew(("clock", "时钟"), TimeDelta::seconds(seconds), &mut report);
            (report.status(), report.text(true))
        };
        assert_eq!(told(1).0, Status::Ok);
        assert_eq!(told(-2).0, Status::Warning);
        let (status, text) = told(59);
        assert!(status == Status::Fault && text.contains("本机慢 59 秒"), "{text}");
    }

    #[test]
    fn what_waits_too_long_is_said() {
        let state = |since: i64, set_aside| ReactorState {
            reactor: Reactor::Inbox,
            cursor: infra::store::Cursor::default(),
            behind: 3,
            waiting_since: Some(at(since)),
            set_aside,
            generation: 1,
        };
        for (since, set_aside, status, piece) in [
            (950, 0, Status::Ok, "已跟上"),
            (900, 0, Status::Warning, "落后 3 条、100 秒"),
            (100, 0, Status::Fault, "落后 3 条、15 分钟"),
            (950, 2, Status::Warning, "搁置 2 条"),
            (100, 2, Status::Fault, "huying reactors retry inbox"),
        ] {
            let mut report = Report::default();
            tell_reactor(("reactor.inbox", "后台任务"), &state(since, set_aside), at(1_000), &mut report);
            assert_eq!(report.status(), status, "{since}");
            assert!(report.text(true).contains(piece), "{}", report.text(true));
        }
    }
}
