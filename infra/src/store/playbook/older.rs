//! Versions of playbooks that are no longer the current ones, as far as tickets were decided by them lately.

use super::{Loaded, Playbooks};
use domain::playbook::Playbook;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many are kept: of a hundred counties two each, and more of those that change theirs often. One is 100 KB at most.
const MOST: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Older {
    /// By county and version.
    books: HashMap<String, HashMap<u32, Used>>,
    /// Grows with every use.
    turn: AtomicU64,
}

#[derive(Debug)]
struct Used {
    playbook: Arc<Playbook>,
    /// The turn in which it was used last.
    last: AtomicU64,
}

impl Older {
    pub(super) fn get(&self, county: &str, version: u32) -> Option<Arc<Playbook>> {
        let used = self.books.get(county)?.get(&version)?;
        used.last.store(self.turn.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        Some(used.playbook.clone())
    }

    /// Keeps one, in the place of the one that was used longest ago where there are [`MOST`].
    pub(super) fn put(&mut self, version: u32, playbook: Arc<Playbook>) {
        let count: usize = self.books.values().map(HashMap::len).sum();
        if count >= MOST {
            self.forget_one();
        }
        let last = AtomicU64::new(self.turn.fetch_add(1, Ordering::Relaxed));
        let of_county = self.books.entry(playbook.county.clone()).or_default();
        of_county.insert(version, Used { playbook, last });
    }

    fn forget_one(&mut self) {
        let all = self.books.iter().flat_map(|(county, of_county)| {
            of_county.iter().map(move |(version, used)| (used.last.load(Ordering::Relaxed), county, *version))
        });
        let Some((county, version)) = all.min().map(|(_, county, version)| (county.clone(), version)) else {
            return;
        };
        if let Some(of_county) = self.books.get_mut(&county) {
            of_county.remove(&version);
        }
    }

    pub(super) fn all(&mut self) -> impl Iterator<Item = &mut Arc<Playbook>> {
        self.books.values_mut().flat_map(HashMap::values_mut).map(|used| &mut used.playbook)
    }
}

impl Loaded {
    /// Keeps a version that was read, with the days of its county.
    pub(super) fn keep(&mut self, playbook: Playbook) -> Arc<Playbook> {
        let playbook = self.with_days(playbook);
        self.older.put(playbook.policy.version, playbook.clone());
        playbook
    }
}

impl Playbooks {
    /// How many versions that are not current are at hand.
    #[cfg(test)]
    pub(super) fn count_older(&self) -> usize {
        self.loaded().older.books.values().map(HashMap::len).sum()
    }
}
