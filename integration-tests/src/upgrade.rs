//! A release rolls out while people work, and is taken back: an old program and a new one side by side on one PostgreSQL.
//! Nobody stands before the replicas who knows that one is about to end: what a client meets here is the worst of it.

use crate::people::{Cast, Front};
use crate::replicas::{Deployment, Replica, faults};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::block_in_place;
use tokio::time::sleep;

/// What came of it.
#[derive(Debug)]
pub struct Rollout {
    /// How clients were answered in each stage: by status, 0 for a door that was closed or a connection that was cut.
    pub answers: Vec<(&'static str, BTreeMap<u16, u64>)>,
    /// How long the first new replica took to start, the migration among it.
    pub migrated_in: Duration,
    /// How many tickets were filed.
    pub tickets: usize,
    /// How often a ticket and its timeline were compared between replicas.
    pub compared: u64,
    /// Why the old program does not start on the new one's schema; `None` when it does.
    pub not_taken_back: Option<String>,
    /// What did not add up, in words; nothing, as it should be.
    pub faults: Vec<String>,
}

/// The stages, one after the other, each for a while.
struct Stages<'a> {
    front: &'a Front,
    each: Duration,
    answers: Vec<(&'static str, BTreeMap<u16, u64>)>,
}

impl Stages<'_> {
    async fn last(&mut self, name: &'static str) {
        sleep(self.each).await;
        self.answers.push((name, self.front.answers()));
    }
}

fn start(front: &Front, replica: &mut Replica<'_>, program: &Path) -> Result<(), String> {
    block_in_place(|| replica.start(program))?;
    front.open(replica.port);
    Ok(())
}

/// One ends as it is told to, and is asked until it is gone.
fn end(front: &Front, replica: &mut Replica<'_>) {
    let status = block_in_place(|| replica.end());
    front.close(replica.port);
    assert!(status.is_some_and(|status| status.success()), "it ends well: {status:?}");
}

/// Rolls `new` out over `old` and takes it back while people work, each stage for `each`, and then counts.
///
/// # Panics
/// When a replica does not start or end, or refuses what it should not.
pub async fn roll_out(old: &Path, new: &Path, each: Duration) -> Rollout {
    let at = Deployment::begin(old).await;
    let front = Front::default();
    let [mut one, mut two, mut three] = [Replica::of(&at), Replica::of(&at), Replica::of(&at)];
    for replica in [&mut one, &mut two] {
        start(&front, replica, old).expect("an old one starts");
    }
    let token = |role: &str, place: &str, name: &str| at.token(old, role, place, name);
    let cast = Cast::gather(&front, token, &at.url).await;
    let working = AtomicBool::new(true);
    let rolling = async {
        let mut stages = Stages { front: &front, each, answers: Vec::new() };
        stages.last("two old").await;
        let begun = Instant::now();
        start(&front, &mut three, new).expect("a new one starts beside old ones");
        let migrated_in = begun.elapsed();
        stages.last("two old, one new").await;
        end(&front, &mut one);
        start(&front, &mut one, new).expect("a new one starts");
        stages.last("one old, two new").await;
        end(&front, &mut two);
        start(&front, &mut two, new).expect("a new one starts");
        stages.last("three new").await;
        end(&front, &mut one);
        let not_taken_back = start(&front, &mut one, old).err();
        if not_taken_back.is_none() {
            stages.last("taken back: one old, two new").await;
            for replica in [&mut two, &mut three] {
                end(&front, replica);
                start(&front, replica, old).expect("an old one starts");
            }
            stages.last("three old").await;
        }
        working.store(false, Ordering::SeqCst);
        (stages.answers, migrated_in, not_taken_back)
    };
    let (rolled, filed, compared) = tokio::join!(rolling, cast.work(&working), cast.compare(&working));
    let (answers, migrated_in, not_taken_back) = rolled;
    let mut faults = faults(&at, &cast, &filed).await;
    for (stage, answers) in &answers {
        for (status, count) in answers.iter().filter(|(status, _)| **status >= 500 && **status != 503) {
            faults.push(format!("{stage}: {count} answers with {status}"));
        }
    }
    Rollout { answers, migrated_in, tickets: filed.len(), compared, not_taken_back, faults }
}
