//! What is done to the servers.

use super::count::verified;
use super::crowd::{Client, answered};
use super::ledger::Who;
use super::replica::{AGAIN, FIRST, last_lines};
use super::site::{Postgres, Site};
use crate::database::{Backend, number};
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

/// Within which time everything works again by itself.
const RECOVERS: Duration = Duration::from_secs(30);
/// How many steps the schema goes back before it comes forward again: no further than tickets keep all that they have.
const STEPS_BACK: u32 = 5;

/// A blow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blow {
    /// `kill -9` at any moment.
    Kill,
    /// `kill -9` again and again while it starts.
    KillAtStart,
    /// The same where there is no data yet.
    KillAtFirstStart,
    /// `kill -9` again and again while a copy of the data is brought to the newest schema.
    KillAtMigration,
    /// PostgreSQL is stopped without a checkpoint, as in a crash.
    DatabaseCrash,
    /// PostgreSQL is stopped.
    DatabaseStop,
    /// Redis is killed.
    RedisKill,
    /// Redis does not answer.
    RedisHang,
    /// There is no room left where the data is.
    DiskFull,
    /// Clients lose their connection in the middle of an answer.
    AnswerCut,
    /// Servers lose theirs to PostgreSQL in the middle of an answer, and then altogether.
    DatabaseCut,
    /// Clients go away in the middle of a request, or before its answer.
    HalfSent,
}

impl Blow {
    /// All that there are for a database.
    pub fn all(backend: Backend) -> Vec<Self> {
        let both = [
            Self::Kill,
            Self::KillAtStart,
            Self::KillAtFirstStart,
            Self::KillAtMigration,
            Self::DiskFull,
            Self::AnswerCut,
            Self::HalfSent,
        ];
        let postgres =
            [Self::DatabaseCrash, Self::DatabaseStop, Self::RedisKill, Self::RedisHang, Self::DatabaseCut];
        match backend {
            Backend::Sqlite => both.to_vec(),
            Backend::Postgres => [both.as_slice(), &postgres].concat(),
        }
    }

    /// Those that tell most in a few seconds.
    pub fn few(backend: Backend) -> Vec<Self> {
        let both = [Self::Kill, Self::KillAtMigration, Self::DiskFull, Self::AnswerCut];
        let other = match backend {
            Backend::Sqlite => [Self::KillAtStart, Self::HalfSent].as_slice(),
            Backend::Postgres => &[Self::DatabaseCrash, Self::RedisKill, Self::RedisHang, Self::DatabaseCut],
        };
        [both.as_slice(), other].concat()
    }

    /// In a table.
    pub fn label(self) -> &'static str {
        match self {
            Self::Kill => "kill -9 at any moment",
            Self::KillAtStart => "kill -9 while it starts",
            Self::KillAtFirstStart => "kill -9 while it starts for the first time",
            Self::KillAtMigration => "kill -9 while it migrates",
            Self::DatabaseCrash => "PostgreSQL crashes",
            Self::DatabaseStop => "PostgreSQL is stopped",
            Self::RedisKill => "Redis is killed",
            Self::RedisHang => "Redis hangs",
            Self::DiskFull => "disk full",
            Self::AnswerCut => "client cut off in mid-answer",
            Self::DatabaseCut => "database cut off in mid-answer",
            Self::HalfSent => "half-sent requests",
        }
    }
}

/// Strikes (where it is a start that is killed, so often), takes the cause away, and says how long it took from then until
/// everything worked again.
///
/// # Errors
/// That it does not.
pub(super) async fn strike(
    blow: Blow,
    site: &mut Site,
    prober: &mut Client,
    (rng, starts): (&mut fastrand::Rng, u32),
) -> Result<Duration, String> {
    let nth = rng.usize(0..site.replicas.len());
    match blow {
        Blow::Kill => {
            site.replicas[nth].kill();
            some_time(rng, 0..300).await;
            let lifted = Instant::now();
            site.replicas[nth].start()?;
            return recovered(site, prober, lifted).await;
        }
        Blow::KillAtStart => {
            site.replicas[nth].kill();
            for _ in 0..starts {
                let start = site.replicas[nth].program.begin(&AGAIN);
                cut_short(rng, site.start).await;
                tokio::task::block_in_place(|| drop(start));
            }
            let lifted = Instant::now();
            site.replicas[nth].start()?;
            return recovered(site, prober, lifted).await;
        }
        Blow::KillAtFirstStart => return first_start(site, rng, starts).await,
        Blow::KillAtMigration => return migration(site, prober, rng, starts * 2).await,
        Blow::DatabaseCrash => stop_postgres(site, "immediate", rng).await?,
        Blow::DatabaseStop => stop_postgres(site, "fast", rng).await?,
        Blow::RedisKill => stop_redis(site, ["kill", "start"], rng).await?,
        Blow::RedisHang => stop_redis(site, ["hang", "go"], rng).await?,
        Blow::DiskFull => fill_disk(site, prober, rng).await?,
        Blow::AnswerCut => {
            for _ in 0..12 {
                site.replicas[rng.usize(0..site.replicas.len())].wire.cut_in_answer(rng.u32(0..1_500));
                some_time(rng, 10..80).await;
            }
        }
        Blow::DatabaseCut => {
            let Some(Postgres { wire, .. }) = &site.postgres else { return Err("no wire to cut".into()) };
            for _ in 0..12 {
                wire.cut_in_answer(rng.u32(0..4_000));
                some_time(rng, 10..80).await;
            }
            wire.cut();
            some_time(rng, 100..1_500).await;
            wire.mend();
        }
        Blow::HalfSent => {
            for _ in 0..8 {
                half_send(site.replicas[rng.usize(0..site.replicas.len())].port, prober, rng).await;
            }
        }
    }
    recovered(site, prober, Instant::now()).await
}

async fn some_time(rng: &mut fastrand::Rng, millis: std::ops::Range<u64>) {
    sleep(Duration::from_millis(rng.u64(millis))).await;
}

/// Somewhere within something that takes so long.
async fn cut_short(rng: &mut fastrand::Rng, whole: Duration) {
    sleep(whole.mul_f64(rng.f64())).await;
}

/// Until every server is ready and has answered a change.
async fn recovered(site: &Site, prober: &mut Client, lifted: Instant) -> Result<Duration, String> {
    while let Some(why) = site.unready().await {
        if lifted.elapsed() > RECOVERS {
            let logs = site.replicas.iter().map(|replica| last_lines(&replica.program.log));
            let logs: Vec<_> = logs.collect();
            return Err(format!("not recovered within {RECOVERS:?}: {why}\n{}", logs.join("\n")));
        }
        sleep(Duration::from_millis(10)).await;
    }
    if let Some(call) = prober.refused.take() {
        prober.submit_as(call, None).await;
    }
    for nth in 0..site.replicas.len() {
        prober.submit(Some(nth)).await;
    }
    let took = lifted.elapsed();
    if took > RECOVERS { Err(format!("recovered only after {took:?}")) } else { Ok(took) }
}

async fn stop_postgres(site: &mut Site, how: &str, rng: &mut fastrand::Rng) -> Result<(), String> {
    let Some(Postgres { keeper, .. }) = &mut site.postgres else { return Err("no PostgreSQL".into()) };
    let stopped = keeper.tell(how);
    some_time(rng, 100..1_500).await;
    if stopped && keeper.tell("start") { Ok(()) } else { Err("PostgreSQL does not stop or start".into()) }
}

async fn stop_redis(site: &mut Site, words: [&str; 2], rng: &mut fastrand::Rng) -> Result<(), String> {
    let Some(redis) = &mut site.redis else { return Err("no Redis".into()) };
    redis.tell(words[0]);
    some_time(rng, 200..1_500).await;
    if redis.tell(words[1]) { Ok(()) } else { Err("Redis does not start".into()) }
}

async fn fill_disk(site: &mut Site, prober: &mut Client, rng: &mut fastrand::Rng) -> Result<(), String> {
    let (small, process) = (site.small, site.replicas[0].process.as_ref());
    match (&mut site.postgres, process) {
        (Some(Postgres { keeper, .. }), _) => {
            keeper.tell("fill");
            until_refused(prober).await?;
            some_time(rng, 500..2_000).await;
            keeper.tell("empty");
            // It comes back by itself, unless there was no room to recover in: then somebody has to start it again.
            let begun = Instant::now();
            while !keeper.tell("start") {
                if begun.elapsed() > RECOVERS {
                    return Err("PostgreSQL does not start although there is room again".into());
                }
            }
        }
        (None, _) if small => {
            site.folder.tell("fill");
            until_refused(prober).await?;
            some_time(rng, 500..2_000).await;
            site.folder.tell("empty");
        }
        (None, Some(process)) => {
            if !process.limit_files(Some(64 * 1024)) {
                return Err("prlimit does not work".into());
            }
            until_refused(prober).await?;
            some_time(rng, 500..2_000).await;
            process.limit_files(None);
        }
        (None, None) => return Err("no server".into()),
    }
    Ok(())
}

/// Files tickets until one is refused, since what was written ahead has room yet. That one is asked for again afterwards.
async fn until_refused(prober: &mut Client) -> Result<(), String> {
    let begun = Instant::now();
    while begun.elapsed() < RECOVERS {
        let body = prober.new_ticket();
        let call = prober.call(Who::Resident, "/tickets".to_owned(), body);
        match answered(prober.post(&call, 0).send().await).await {
            Ok((201, ..)) => prober.submit_as(call, None).await,
            Ok((503, ..)) | Err(_) => {
                prober.refused = Some(call);
                return Ok(());
            }
            Ok((status, text, ..)) => return Err(format!("on a full disk: {status} {text}")),
        }
    }
    Err(format!("nobody is refused on a full disk for {RECOVERS:?}"))
}

/// A start without data, killed again and again, comes to the same as one that was not.
async fn first_start(site: &mut Site, rng: &mut fastrand::Rng, starts: u32) -> Result<Duration, String> {
    let (program, url) = site.beside(false).await;
    let program = program.with("HUYING_LISTEN", "127.0.0.1:0");
    for _ in 0..starts {
        let start = program.begin(&FIRST);
        cut_short(rng, site.first_start).await;
        tokio::task::block_in_place(|| drop(start));
    }
    let lifted = Instant::now();
    let process = tokio::task::block_in_place(|| program.serve(&FIRST))?;
    let took = lifted.elapsed();
    tokio::task::block_in_place(|| process.end())?;
    let tickets = number(&url, "SELECT count(*) FROM ticket").await;
    let mut faults = verified(&url).await;
    if tickets != site.example {
        faults.push(format!("{tickets} tickets of the example, not {}", site.example));
    }
    kept_or_forgotten(site, &url, faults).await?;
    Ok(took)
}

/// A copy of the data goes back in its schema, and forward although the program is killed again and again.
async fn migration(
    site: &mut Site,
    prober: &mut Client,
    rng: &mut fastrand::Rng,
    starts: u32,
) -> Result<Duration, String> {
    const LOG: &str = "SELECT coalesce(sum(e.stream_version * 31 + length(e.kind) * 7 + length(CAST(e.payload AS text))), 0) FROM event e";
    site.replicas.iter_mut().for_each(super::site::Replica::kill);
    let (program, url) = site.beside(true).await;
    for replica in &mut site.replicas {
        replica.start()?;
    }
    recovered(site, prober, Instant::now()).await?;
    let before = number(&url, LOG).await;
    let (mut faults, mut took) = (Vec::new(), Duration::ZERO);
    for _ in 0..starts {
        let steps = rng.u32(1..=STEPS_BACK).to_string();
        let begun = Instant::now();
        tokio::task::block_in_place(|| program.run(&["migrate", "down", &steps]))?;
        let start = program.begin(&["migrate", "up"]);
        // Forward takes about as long as back.
        cut_short(rng, begun.elapsed()).await;
        tokio::task::block_in_place(|| drop(start));
        let lifted = Instant::now();
        let migrated = tokio::task::block_in_place(|| program.run(&["migrate", "up"]));
        took = took.max(lifted.elapsed());
        faults.extend(migrated.err().map(|error| format!("migrate up after {steps} back: {error}")));
        if !faults.is_empty() {
            break;
        }
    }
    if faults.is_empty() {
        faults.extend(verified(&url).await);
        if number(&url, LOG).await != before {
            faults.push("the log is another".to_owned());
        }
    }
    kept_or_forgotten(site, &url, faults).await?;
    Ok(took)
}

async fn kept_or_forgotten(site: &Site, url: &str, faults: Vec<String>) -> Result<(), String> {
    if !faults.is_empty() {
        return Err(format!("{url}: {}", faults.join("; ")));
    }
    site.forget(url).await;
    Ok(())
}

/// Sends a part of a request, or all of it, and resets the connection; then asks properly, with the same key.
async fn half_send(port: u16, prober: &mut Client, rng: &mut fastrand::Rng) {
    let body: Value = prober.new_ticket();
    let call = prober.call(Who::Resident, "/tickets".to_owned(), body);
    let (token, key, text) =
        (prober.caller(Who::Resident, 0).token().to_owned(), call.key.clone(), call.body.to_string());
    let request = format!(
        "POST /api/v1/tickets HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer {token}\r\n\
         idempotency-key: {key}\r\ncontent-length: {}\r\n\r\n{text}",
        text.len()
    );
    let sent = if rng.bool() { request.len() } else { rng.usize(1..request.len()) };
    if let Ok(mut wire) = TcpStream::connect(("127.0.0.1", port)).await {
        // Whoever is cut off by the other side has sent a part, too.
        let _ = wire.write_all(&request.as_bytes()[..sent]).await;
        some_time(rng, 0..4).await;
        let _ = wire.set_zero_linger();
    }
    prober.submit_as(call, None).await;
}
