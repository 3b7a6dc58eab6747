//! Playbooks, with the days of their calendars. A seed is imported by its hash; the database is the truth once it is there.

use super::Store;
use super::calendar::{StoredYear, Years};
use super::entity::playbook;
use super::error::StoreError;
use super::journal::JournalError;
use super::row::{Row, column};
use super::seed::Seed;
use domain::calendar::Days;
use domain::place::{Levels, PlaceCode, PlaceRefusal};
use domain::playbook::Playbook;
use domain::refusal::Refusal;
use domain::time::Timestamp;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, DatabaseConnection, EntityTrait, QueryTrait};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What was changed since it was read: each playbook by its source, each year of a calendar by its version.
const STAMPS: &str = "SELECT county AS scope, 0 AS year, source_hash AS stamp FROM playbook \
     UNION ALL SELECT scope, year, CAST(version AS text) FROM calendar_year";

/// The playbooks of all counties with the days of their calendars. A request reads them without a query.
#[derive(Debug)]
pub(super) struct Playbooks(RwLock<Loaded>);

#[derive(Debug, Default)]
struct Loaded {
    /// By county.
    books: HashMap<String, Book>,
    years: Years,
}

#[derive(Debug)]
struct Book {
    source_hash: String,
    /// With the days of its county.
    playbook: Arc<Playbook>,
}

impl Loaded {
    async fn read(db: &DatabaseConnection) -> Result<Self, StoreError> {
        let mut loaded = Self { books: HashMap::new(), years: Years::read(db).await? };
        for row in playbook::Entity::find().all(db).await? {
            let playbook = serde_json::from_value(row.body)
                .map_err(|error| StoreError::corrupt("playbook", "body", &row.county, error))?;
            loaded.put(row.source_hash, playbook);
        }
        Ok(loaded)
    }

    fn put(&mut self, source_hash: String, mut playbook: Playbook) {
        playbook.policy.calendar = playbook.policy.calendar.with_days(self.years.days(&playbook.county));
        self.books.insert(playbook.county.clone(), Book { source_hash, playbook: Arc::new(playbook) });
    }

    /// Gives every playbook the days that hold by now.
    fn lay_days(&mut self) {
        for (county, book) in &mut self.books {
            let mut playbook = (*book.playbook).clone();
            playbook.policy.calendar = playbook.policy.calendar.with_days(self.years.days(county));
            book.playbook = Arc::new(playbook);
        }
    }

    fn stamps(&self) -> HashSet<(String, i32, String)> {
        let books = self.books.iter().map(|(county, book)| (county.clone(), 0, book.source_hash.clone()));
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
    /// The playbook of a county (six digits).
    ///
    /// # Errors
    /// [`PlaceRefusal::Unknown`] as a refusal: a county without a playbook is not served here.
    pub fn playbook(&self, county: &str) -> Result<Arc<Playbook>, Refusal> {
        self.playbooks.get(county).ok_or_else(|| match PlaceCode::parse(county, &Levels::default()) {
            Ok(code) => PlaceRefusal::Unknown { code }.into(),
            Err(refusal) => refusal.into(),
        })
    }

    /// The only county of this deployment, where there is just one.
    pub fn only_county(&self) -> Option<Arc<Playbook>> {
        let mut books = self.playbooks.counties();
        if books.len() == 1 { books.pop() } else { None }
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
        let mut read = Loaded::read(&self.db).await?;
        let mut loaded = self.playbooks.loaded_mut();
        // What was written here meanwhile is newer than what was read.
        let known = std::mem::take(&mut loaded.years);
        read.years.extend(known);
        read.lay_days();
        *loaded = read;
        Ok(true)
    }

    /// Imports a seed: a newer one replaces an older one, the very same one changes nothing. Other replicas use it within a
    /// minute.
    ///
    /// # Errors
    /// [`StoreError::Seed`] with file, key and reason of every fault.
    pub async fn import_playbook(&self, seed: &Seed<'_>, now: Timestamp) -> Result<(), StoreError> {
        let file = seed.file;
        let fault = |reason: String| StoreError::Seed(format!("{file}: {reason}"));
        let (book, hash) = seed.read()?;
        let row = playbook::ActiveModel {
            county: Set(book.county.clone()),
            source_hash: Set(hash.clone()),
            body: Set(serde_json::to_value(&book).map_err(|error| fault(error.to_string()))?),
            updated_at: Set(now),
        };
        let renew = OnConflict::column(playbook::Column::County)
            .update_columns([
                playbook::Column::SourceHash,
                playbook::Column::Body,
                playbook::Column::UpdatedAt,
            ])
            .action_and_where(Expr::cust("playbook.source_hash <> excluded.source_hash"))
            .to_owned();
        let statement = playbook::Entity::insert(row).on_conflict(renew).build(self.backend());
        let renewed = self.journal.write_guarded(vec![statement]).await.map_err(|error| match error {
            JournalError::Store(error) => error,
            JournalError::Conflict | JournalError::KeyTaken => StoreError::Seed(format!("{file}: {error}")),
        })?;
        if renewed {
            self.playbooks.loaded_mut().put(hash, book);
        } else {
            // What is there may have been edited since: the database is the truth.
            self.reload_playbooks().await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Answer, Database, Request};
    use crate::{Clock, MasterKey};
    use domain::actor::{Actor, Grant, Scope};
    use domain::calendar::{DayKind, EffectiveYear, NamedDay, YearDays};
    use domain::permission::Role;

    const MILE: &str = include_str!("../../../playbooks/mile.toml");

    /// What the playbook of Mile takes a day for.
    fn kind(store: &Store, date: &str) -> Option<DayKind> {
        store.playbook("532504").unwrap().policy.calendar.days.kind(date.parse().unwrap())
    }

    #[tokio::test]
    async fn a_playbook_that_was_edited_is_not_undone_by_its_own_seed() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::sqlite_file(dir.path().join("t.db"));
        let master = MasterKey::parse(&MasterKey::generate()).unwrap();
        let now = "2026-11-21T01:00:00Z".parse().unwrap();
        let clock = Clock::manual(now);
        let store = Store::open(&database, &master, &clock).await.unwrap();
        store.import_playbook(&Seed::new("mile.toml", MILE), now).await.unwrap();
        let edit = "UPDATE playbook SET body = json_set(body, '$.policy.clocks[0].limit_seconds', 7)";
        store.journal.write(vec![store.statement(edit, vec![])]).await.unwrap();
        let next = Store::open(&database, &master, &clock).await.unwrap();
        let limit = |store: &Store| store.playbook("532504").unwrap().policy.clocks[0].limit_seconds;
        for _ in 0..2 {
            next.import_playbook(&Seed::new("mile.toml", MILE), now).await.unwrap();
            assert_eq!(limit(&next), 7);
        }
        // Another seed replaces it.
        let longer = MILE.replacen("limit_seconds = 300", "limit_seconds = 400", 1);
        next.import_playbook(&Seed::new("mile.toml", &longer), now).await.unwrap();
        assert_eq!(limit(&next), 400);
    }

    #[tokio::test]
    async fn a_playbook_with_faults_is_refused_with_file_key_and_reason() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::sqlite_file(dir.path().join("t.db"));
        let master = MasterKey::parse(&MasterKey::generate()).unwrap();
        let now = "2026-11-21T01:00:00Z".parse().unwrap();
        let store = Store::open(&database, &master, &Clock::manual(now)).await.unwrap();
        let solve = "[[policy.clocks]]\nkind = \"solve\"\nseverity = \"small\"\nlimit_seconds = 1800\nwarn_percent = 80\n";
        for (right, wrong, expected) in [
            (
                "limit_seconds = 300\n",
                "limit_seconds = 0\n",
                "mile.toml: policy.clocks[0].limit_seconds: 时限必须大于 0",
            ),
            (solve, &solve.repeat(2), "mile.toml: policy.clocks[2].kind: 同类时限重复"),
            (solve, "", "mile.toml: policy.clocks: 轻重为 small 的诉求没有办结时限"),
            (
                "weekdays = [1, 2, 3, 4, 5]",
                "weekdays = []",
                "mile.toml: policy.calendar.weekdays: 每周至少一个工作日",
            ),
            ("[\"08:30-12:00\", \"14:00-17:30\"]", "[]", "mile.toml: policy.calendar.spans"),
            ("tells = [\"handler\"", "tells = [\"mayor\"", "mile.toml: "),
        ] {
            assert!(MILE.contains(right), "{right}");
            let seed = MILE.replacen(right, wrong, 1);
            let refused = store.import_playbook(&Seed::new("mile.toml", &seed), now).await;
            let refused = refused.unwrap_err().to_string();
            assert!(refused.contains(expected), "{refused}");
        }
        assert!(store.playbook("532504").is_err(), "nothing of it is taken");
    }

    #[tokio::test]
    async fn a_playbook_has_the_days_that_hold() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::sqlite_file(dir.path().join("t.db"));
        let master = MasterKey::parse(&MasterKey::generate()).unwrap();
        let now = "2026-11-21T01:00:00Z".parse().unwrap();
        let clock = Clock::manual(now);
        let open = || Store::open(&database, &master, &clock);
        let (store, other) = (open().await.unwrap(), open().await.unwrap());
        // Whichever comes first.
        store.import_playbook(&Seed::new("mile.toml", MILE), now).await.unwrap();
        let seed = r#"{"source": "test", "years": {"2026": {
            "holidays": [{"date": "2026-10-01", "name": "国庆节"}], "workdays": [{"date": "2026-10-10", "name": "国庆节"}]}}}"#;
        store.import_calendar("china.json", seed, now).await.unwrap();
        let both = [Some(DayKind::Holiday), Some(DayKind::Workday)];
        let days = |store: &Store| ["2026-10-01", "2026-10-10"].map(|date| kind(store, date));
        assert_eq!(days(&store), both);
        // Another process knows neither until it looks.
        assert!(other.playbook("532504").is_err());
        assert!(other.reload_playbooks().await.unwrap());
        assert_eq!((days(&other), other.reload_playbooks().await.unwrap()), (both, false));
        // What one enters counts there at once, and elsewhere at the next look.
        let admin = store.sign_in("local", "admin", "管理员", None, now).await.unwrap();
        let grants = vec![Grant { role: Role::SystemAdmin, scope: Scope::Places(vec![]) }];
        let actor = Actor { user: admin.actor.user, grants };
        let request =
            Request { actor: &actor, grants_version: admin.grants_version, now, if_match: None, key: None };
        let county = store.place_code("532504").unwrap();
        let own = YearDays {
            holidays: vec![NamedDay { date: "2026-10-10".parse().unwrap(), name: "州庆".into() }],
            workdays: vec![],
        };
        let answer = |year: &EffectiveYear| Answer {
            status: 200,
            version: year.version.unwrap_or_default(),
            body: vec![],
        };
        store.replace_calendar(&request, 2026, Some(&county), &own, answer).await.unwrap();
        let off = [Some(DayKind::Holiday); 2];
        assert_eq!((days(&store), days(&other)), (off, both));
        assert!(other.reload_playbooks().await.unwrap());
        assert_eq!((days(&other), store.reload_playbooks().await.unwrap()), (off, false));
        store.close().await.unwrap();
        other.close().await.unwrap();
    }
}
