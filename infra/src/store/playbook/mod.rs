//! Playbooks, with the days of their calendars. A seed is imported by its hash; the database is the truth once it is there.
//! What they say now, and what tickets began under lately, is in memory: whoever handles a ticket asks for nothing.

mod change;
mod list;
mod older;
mod preview;
#[cfg(test)]
mod tests;

pub use preview::MOST_OPEN;

use super::Store;
use super::calendar::{StoredYear, Years};
use super::change::ChangeError;
use super::entity::playbook;
use super::error::StoreError;
use super::row::{Row, column};
use domain::calendar::Days;
use domain::place::{Levels, PlaceCode, PlaceRefusal};
use domain::playbook::Playbook;
use domain::refusal::Refusal;
use domain::ticket::Ticket;
use older::Older;
use sea_orm::{DatabaseConnection, EntityTrait};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What was changed since it was read: each playbook by its source and version, each year of a calendar by its version.
const STAMPS: &str = "SELECT county AS scope, 0 AS year, source_hash || ':' || version AS stamp FROM playbook \
     UNION ALL SELECT scope, year, CAST(version AS text) FROM calendar_year";

/// Versions that somebody goes by and that are gone.
const LOST: &str = "SELECT l.county, l.version FROM (SELECT county, version FROM playbook WHERE version > 0 \
     UNION SELECT CAST(county AS text), playbook FROM ticket WHERE playbook IS NOT NULL) l \
     WHERE NOT EXISTS (SELECT 1 FROM playbook_version v WHERE v.county = l.county AND v.version = l.version)";

/// The playbooks of all counties with the days of their calendars. A request reads them without a query.
#[derive(Debug)]
pub(super) struct Playbooks(RwLock<Loaded>);

#[derive(Debug, Default)]
struct Loaded {
    /// By county.
    books: HashMap<String, Book>,
    /// What came before, as far as tickets were decided by it lately.
    older: Older,
    years: Years,
}

#[derive(Debug)]
struct Book {
    stamp: String,
    /// With the days of its county.
    playbook: Arc<Playbook>,
}

/// A playbook from its row.
fn stored(county: &str, body: Value, version: i32) -> Result<Playbook, StoreError> {
    let unreadable =
        |reason: &dyn ToString| StoreError::corrupt("playbook", "body", county, reason.to_string());
    let mut playbook: Playbook = Playbook::from_stored(body).map_err(|error| unreadable(&error))?;
    // 0 where a program of before wrote the row: there the body says it.
    if version != 0 {
        playbook.policy.version = u32::try_from(version).map_err(|error| unreadable(&error))?;
    }
    Ok(playbook)
}

/// A version as its column holds it.
fn number(version: u32) -> i32 {
    i32::try_from(version).unwrap_or(i32::MAX)
}

fn stamp(source_hash: &str, version: i32) -> String {
    format!("{source_hash}:{version}")
}

impl Loaded {
    async fn read(db: &DatabaseConnection) -> Result<Self, StoreError> {
        let mut loaded = Self { years: Years::read(db).await?, ..Self::default() };
        for playbook::Model { county, source_hash, body, updated_at: _, version } in
            playbook::Entity::find().all(db).await?
        {
            let playbook = stored(&county, body, version)?;
            loaded.put(stamp(&source_hash, version), playbook);
        }
        Ok(loaded)
    }

    /// Takes a playbook, unless a newer version of it is there.
    fn put(&mut self, stamp: String, playbook: Playbook) {
        let version = playbook.policy.version;
        let there = self.books.get(&playbook.county).map(|book| book.playbook.clone());
        let known = there.filter(|there| there.policy.version != version);
        if let Some(known) = known {
            if known.policy.version > version {
                return;
            }
            self.older.put(known.policy.version, known);
        }
        let playbook = self.with_days(playbook);
        self.books.insert(playbook.county.clone(), Book { stamp, playbook });
    }

    fn with_days(&self, mut playbook: Playbook) -> Arc<Playbook> {
        playbook.policy.calendar = playbook.policy.calendar.with_days(self.years.days(&playbook.county));
        Arc::new(playbook)
    }

    /// Gives every playbook the days that hold by now, whatever its version.
    fn lay_days(&mut self) {
        let Self { books, older, years } = self;
        let renew = |playbook: &mut Arc<Playbook>| {
            let mut renewed = (**playbook).clone();
            renewed.policy.calendar = renewed.policy.calendar.with_days(years.days(&renewed.county));
            *playbook = Arc::new(renewed);
        };
        books.values_mut().map(|book| &mut book.playbook).chain(older.all()).for_each(renew);
    }

    fn stamps(&self) -> HashSet<(String, i32, String)> {
        let books = self.books.iter().map(|(county, book)| (county.clone(), 0, book.stamp.clone()));
        books.chain(self.years.stamps()).collect()
    }
}

impl Playbooks {
    pub(super) async fn load(db: &DatabaseConnection) -> Result<Self, StoreError> {
        Ok(Self(RwLock::new(Loaded::read(db).await?)))
    }

    fn get(&self, county: &str) -> Option<Arc<Playbook>> {
        self.loaded().books.get(county).map(|book| book.playbook.clone())
    }

    /// What a county's playbook said in a version, where that is at hand.
    fn of(&self, county: &str, version: u32) -> Option<Arc<Playbook>> {
        let loaded = self.loaded();
        let current = loaded.books.get(county).map(|book| &book.playbook);
        let current = current.filter(|book| book.policy.version == version).cloned();
        current.or_else(|| loaded.older.get(county, version))
    }

    /// The counties that have one.
    pub(super) fn counties(&self) -> Vec<Arc<Playbook>> {
        self.loaded().books.values().map(|book| book.playbook.clone()).collect()
    }

    /// Takes years that were written, where they are newer than what is known.
    pub(super) fn take_years(&self, years: impl IntoIterator<Item = ((String, i32), StoredYear)>) {
        let mut loaded = self.loaded_mut();
        loaded.years.extend(years);
        loaded.lay_days();
    }

    /// What is known of the years of the whole country.
    pub(super) fn nation(&self) -> Days {
        self.loaded().years.nation()
    }

    fn loaded(&self) -> RwLockReadGuard<'_, Loaded> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn loaded_mut(&self) -> RwLockWriteGuard<'_, Loaded> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// The playbook of a county (six digits) as it is now.
    ///
    /// # Errors
    /// [`PlaceRefusal::Unknown`] as a refusal: a county without a playbook is not served here.
    pub fn playbook(&self, county: &str) -> Result<Arc<Playbook>, Refusal> {
        self.playbooks.get(county).ok_or_else(|| match PlaceCode::parse(county, &Levels::default()) {
            Ok(code) => PlaceRefusal::Unknown { code }.into(),
            Err(refusal) => refusal.into(),
        })
    }

    /// The playbook by which a ticket is decided: in the version that it began under. Needs no query but for a version that no
    /// ticket was decided by lately.
    pub(super) async fn playbook_of(&self, ticket: &Ticket) -> Result<Arc<Playbook>, ChangeError> {
        let county = ticket.place.code.county();
        let Some(version) = ticket.begun_under() else { return Ok(self.playbook(county)?) };
        if let Some(there) = self.playbooks.of(county, version) {
            return Ok(there);
        }
        match self.read_version(county, version).await? {
            Some(playbook) => Ok(self.playbooks.loaded_mut().keep(playbook)),
            // It began before versions were kept. Kept as that version, what holds now would outlast the next change here, and
            // no other process would know of it.
            None => Ok(self.playbook(county)?),
        }
    }

    /// Every version that a county or a ticket goes by and that is not kept, a sentence each.
    pub(super) async fn verify_playbooks(&self) -> Result<Vec<String>, StoreError> {
        let lost = |row: &Row| {
            let county: String = column(row, "playbook", "county")?;
            let version: i32 = column(row, "playbook", "version")?;
            Ok(format!("playbook of {county}: version {version} is gone"))
        };
        self.query_all(LOST, vec![]).await?.iter().map(lost).collect()
    }

    /// The only county of this deployment, where there is just one.
    pub fn only_county(&self) -> Option<Arc<Playbook>> {
        let mut books = self.playbooks.counties();
        if books.len() == 1 { books.pop() } else { None }
    }

    /// The playbooks of all counties.
    pub fn all_playbooks(&self) -> Vec<Arc<Playbook>> {
        self.playbooks.counties()
    }

    /// Reads a place code by the levels of its county's playbook.
    ///
    /// # Errors
    /// [`PlaceRefusal`].
    pub fn place_code(&self, text: &str) -> Result<PlaceCode, PlaceRefusal> {
        let levels =
            text.get(..6).and_then(|county| self.playbooks.get(county)).map(|book| book.code_levels());
        PlaceCode::parse(text, &levels.unwrap_or_default())
    }

    /// A place code that was valid when it was stored.
    pub(super) fn stored_code(&self, text: &str) -> Result<PlaceCode, StoreError> {
        self.place_code(text).map_err(|refusal| StoreError::corrupt("place", "code", text, refusal))
    }

    /// Reads playbooks and calendars anew where another process changed any; whether it did.
    ///
    /// # Errors
    /// [`StoreError`]; what was known stays then.
    pub async fn reload_playbooks(&self) -> Result<bool, StoreError> {
        let rows = self.query_all(STAMPS, vec![]).await?;
        let stamp = |row: &Row| {
            let table = "calendar_year";
            Ok((column(row, table, "scope")?, column(row, table, "year")?, column(row, table, "stamp")?))
        };
        let stamps = rows.iter().map(stamp).collect::<Result<HashSet<_>, StoreError>>()?;
        if self.playbooks.loaded().stamps() == stamps {
            return Ok(false);
        }
        let Loaded { books, older: _, years } = Loaded::read(&self.db).await?;
        let mut loaded = self.playbooks.loaded_mut();
        // What was written here meanwhile is newer than what was read.
        loaded.years.extend(years);
        for Book { stamp, playbook } in books.into_values() {
            loaded.put(stamp, Arc::unwrap_or_clone(playbook));
        }
        loaded.lay_days();
        Ok(true)
    }
}
