//! Torture: people work while servers are killed, databases crash, disks fill up and wires are cut; then everything that
//! was acknowledged must be there, once, with all that follows from it. Time is the machine's here.
//!
//! `make torture` does it for minutes, `tests/all/torture.rs` deals each blow once. To add a blow: a variant of [`Blow`] and
//! its arm in `blow.rs`. What must be so is in `check.rs` (asked over HTTP) and `count.rs` (counted in the database).

mod blow;
mod check;
pub(crate) mod count;
mod crowd;
mod ledger;
mod replica;
mod report;
mod servers;
mod site;

pub use blow::Blow;
pub use report::{Outcome, table};

use crate::database::Backend;
use blow::strike;
use check::{Scope, check};
use crowd::Client;
use futures_util::future::join_all;
use replica::say;
use site::Site;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{sleep, timeout};

/// How long everybody may take to finish what they are at.
const FINISH: Duration = Duration::from_secs(120);

/// What is to be done.
#[derive(Debug)]
pub struct Plan {
    /// The program.
    pub program: PathBuf,
    /// On what.
    pub backend: Backend,
    /// What is done to it.
    pub blows: Vec<Blow>,
    /// For how long; each blow comes once at least.
    pub lasting: Duration,
    /// What is drawn comes of it: the order of blows, their moments, and who does what. The machine's own pace does not.
    pub seed: u64,
    /// How long each of those who work rests between two steps.
    pub rest: Duration,
    /// How many of them there are.
    pub clients: u64,
    /// How often a start is killed before one is let be.
    pub starts: u32,
    /// Whether to tell on standard error how it goes.
    pub aloud: bool,
}

/// Does it.
///
/// # Panics
/// When what it needs itself fails: PostgreSQL, Redis, a directory.
pub async fn torture(plan: &Plan) -> Outcome {
    let mut outcome = Outcome::new(plan.backend, plan.seed);
    let small = servers::may_mount();
    let mut blows = plan.blows.clone();
    if !small && plan.backend == Backend::Postgres {
        say("这里不能挂载 tmpfs：PostgreSQL 的磁盘写满从略");
        blows.retain(|blow| *blow != Blow::DiskFull);
    } else if !small {
        say("这里不能挂载 tmpfs：磁盘写满改以限制文件大小代替（prlimit）");
    }
    let room = small.then(|| site::room(plan.lasting.as_secs()));
    let mut site = match Site::start(&plan.program, plan.backend, room.as_deref()).await {
        Ok(site) => site,
        Err(error) => {
            outcome.fault(None, vec![error]);
            return outcome;
        }
    };
    if let Err(error) = endure(plan, &mut site, &blows, &mut outcome).await {
        outcome.fault(None, vec![error]);
    }
    if !outcome.violations.is_empty() {
        outcome.kept = site.keep();
    }
    tokio::task::block_in_place(|| drop(site));
    outcome
}

async fn endure(plan: &Plan, site: &mut Site, blows: &[Blow], outcome: &mut Outcome) -> Result<(), String> {
    let mut rng = fastrand::Rng::with_seed(plan.seed);
    let staff = Arc::new(site.staff().await?);
    let one = |n: u64| {
        let resident = site.token("resident", "532504", &format!("居民{n}"))?;
        Ok::<_, String>(Client::new(format!("c{n}"), plan.seed ^ n, site.fronts(), staff.clone(), resident))
    };
    let mut prober = one(plan.clients)?;
    let clients =
        (0..plan.clients).map(|n| Ok(Arc::new(Mutex::new(one(n)?)))).collect::<Result<Vec<_>, String>>()?;
    let working = Arc::new(AtomicBool::new(true));
    let at_work = clients.iter().cloned().map(|client| {
        let (working, rest) = (working.clone(), plan.rest);
        tokio::spawn(async move {
            while working.load(Ordering::SeqCst) {
                client.lock().await.work().await;
                sleep(rest).await;
            }
        })
    });
    let at_work: Vec<_> = at_work.collect();
    let begun = Instant::now();
    let mut left: Vec<Blow> = Vec::new();
    let mut told = 0;
    loop {
        let Some(blow) = left.pop() else {
            if begun.elapsed() >= plan.lasting && told > 0 {
                break;
            }
            left = blows.to_vec();
            rng.shuffle(&mut left);
            continue;
        };
        if begun.elapsed() >= plan.lasting && outcome.has_all(blows) {
            break;
        }
        sleep(Duration::from_millis(rng.u64(100..600))).await;
        if plan.aloud {
            say(&format!("{:4} s  {:?}: {}", begun.elapsed().as_secs(), plan.backend, blow.label()));
        }
        let struck = strike(blow, site, &mut prober, (&mut rng, plan.starts)).await;
        let mut faults: Vec<_> = struck.as_ref().err().cloned().into_iter().collect();
        let mut all = finished(&clients).await?;
        faults.extend(looked_at(site, &mut all, &mut prober, Scope::New).await);
        let total = acknowledged(&all) + prober.calls.len();
        if plan.aloud {
            let after = struck.as_ref().map_or(f64::NAN, Duration::as_secs_f64);
            say(&format!(
                "        recovered after {after:.2} s; acknowledged {}, violations {}",
                total - told,
                faults.len()
            ));
        }
        outcome.add(blow, struck.ok(), total - told, faults);
        told = total;
        if !outcome.violations.is_empty() {
            break;
        }
    }
    working.store(false, Ordering::SeqCst);
    join_all(at_work).await;
    let mut all = finished(&clients).await?;
    let step = |what: &str| {
        if plan.aloud {
            say(&format!("{:4} s  {:?}: {what}", begun.elapsed().as_secs(), plan.backend));
        }
    };
    step("everything is looked for");
    let mut faults = looked_at(site, &mut all, &mut prober, Scope::All).await;
    step("what is left settles");
    faults.extend(count::settled(&site.url).await);
    step("it is counted");
    let everybody: Vec<&Client> = all.iter().map(|client| &**client).chain([&prober]).collect();
    faults.extend(count::counted(&site.url, &staff, &everybody).await);
    step("the servers end");
    for replica in &mut site.replicas {
        faults.extend(replica.end().err());
        let said = std::fs::read_to_string(&replica.program.log).unwrap_or_default();
        faults.extend(said.lines().filter(|line| line.contains("panicked at")).map(str::to_owned));
    }
    step("the store is checked");
    faults.extend(count::made_anew(&site.url).await);
    step("done");
    let total = acknowledged(&all) + prober.calls.len();
    let doubted = everybody.iter().flat_map(|client| &client.calls).filter(|call| call.doubted).count();
    outcome.end(total, doubted, faults);
    Ok(())
}

type Held = OwnedMutexGuard<Client>;

/// Everybody, when they have finished what they were at; nobody begins anything while they are held.
async fn finished(clients: &[Arc<Mutex<Client>>]) -> Result<Vec<Held>, String> {
    let all = join_all(clients.iter().cloned().map(Mutex::lock_owned));
    timeout(FINISH, all).await.map_err(|_| format!("nobody has an answer after {FINISH:?}"))
}

fn acknowledged(all: &[Held]) -> usize {
    all.iter().map(|client| client.calls.len()).sum()
}

async fn looked_at(site: &Site, all: &mut [Held], prober: &mut Client, scope: Scope) -> Vec<String> {
    let everybody = all.iter_mut().map(|client| &mut **client).chain([prober]);
    let checks = everybody.map(|client| async {
        check(client, scope).await;
        std::mem::take(&mut client.faults)
    });
    let mut faults = join_all(checks).await.concat();
    faults.extend(count::doubled(&site.url).await);
    faults
}
