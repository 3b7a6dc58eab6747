//! The store: one code base over SQLite and PostgreSQL (sea-orm). Reads go to a pool; every change of an aggregate goes
//! through [`change`](Store::change_ticket) and the journal.

mod absence;
mod account;
mod appraisal;
mod assignee;
mod audit;
mod backup;
mod calendar;
mod candidate;
mod change;
mod connect;
mod deed;
mod dialect;
mod entity;
mod error;
mod failure;
mod figure;
mod flag;
mod handover;
mod health;
mod idempotency;
mod import;
mod inbox;
mod journal;
mod key;
mod live;
mod log;
mod lookup;
mod matter;
mod member;
mod number;
mod otp;
mod page;
mod patience;
mod person;
mod phone;
mod photo;
mod place;
mod playbook;
mod point;
mod reactor;
mod record;
mod restoration;
mod row;
mod seed;
mod session;
mod shift;
mod sql;
mod sqlite;
mod team;
mod ticket;
mod tie;
mod together;
mod unit;
mod user;
mod verify;

pub use absence::AbsenceQuery;
pub use account::{Account, PasswordSet};
pub use appraisal::{AppraisalQuery, UnitAnswers};
pub use audit::AuditQuery;
pub use backup::{BackupError, Job, Kept, Manifest, Needed, Restored, Stands, Step, Tally, Told};
pub use candidate::{Recommended, Wanted};
use change::ATTEMPTS;
pub use change::{Answer, ChangeError, Delivered, Request};
pub use connect::{Database, Direction, StartLock};
pub use deed::{DeedLens, DeedQuery, NewDeed};
pub use error::StoreError;
pub use failure::Guess;
pub use flag::{FlagEnd, FlagQuery};
pub use health::{Engine, Look, NoLook, Schema};
pub use idempotency::IdempotencyKey;
pub use import::{
    ExportQuery, Import, ImportAsked, ImportFile, ImportJob, ImportStatus, Imported, Lines, PersonLine,
    TieLine, UnitLine,
};
pub use inbox::{InboxPage, Message};
pub use live::{Admission, Gap, LivePage, TICKET_LIFETIME};
pub use log::{Cursor, LoggedEvent};
pub use matter::{Coverage, CoverageRow, DueMatter, MatterLens, MatterQuery, NewMatter, OwedBy, TopicCount};
pub use member::{MemberRow, MembersQuery};
pub use migrations::Standing;
pub use page::Page;
pub use person::{GrantAsked, NewPerson, PeopleLens, PeopleQuery};
pub use phone::Bound;
pub use photo::{NewPhoto, PhotoView};
pub use place::{PlaceChange, PlaceCodes, PlaceCommand, PlaceEntry, PlaceEvents, PlaceQuery, PlaceRow};
pub use playbook::MOST_OPEN;
pub use point::{MOST_AROUND, NearQuery, Nearby, PointCommand, PointFilter, PointQuery};
pub use reactor::{Memory, Progress, Reactor, ReactorState, Rebuild, Retried, Share};
pub use record::{PersonEvent, Recorded};
pub use seed::Seed;
pub use session::Refreshed;
pub use shift::ShiftQuery;
pub use ticket::{Alike, AlikeQuery, Carried, End, Lens, SWEPT_AT_ONCE, Swept, TicketQuery};
pub use tie::{Chain, NewTie, TieEnd, TieLens, TieQuery};
pub use unit::{UnitCommand, UnitQuery};
pub use user::UserRow;

use crate::gauge::{JournalGauges, Pool};
use crate::trace::step;
use crate::{Clock, Keyring, MasterKey, Wake, entropy};
use domain::text::{FreeText, Text, TextRef};
use domain::time::Timestamp;
use journal::Journal;
use patience::{limited, patience};
use row::Row;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, QueryResult, Statement, Value};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tracing::Instrument;
use uuid::Uuid;

/// How long readiness waits for the database.
const PING: Duration = Duration::from_secs(2);

/// The database, its journal and what must be at hand to use them.
#[derive(Debug)]
pub struct Store {
    db: DatabaseConnection,
    /// Who reads, on SQLite.
    readers: Option<sqlite::Readers>,
    journal: Journal,
    keys: Arc<Keyring>,
    master: MasterKey,
    numbers: number::Numbers,
    playbooks: playbook::Playbooks,
    restoration: Option<Uuid>,
    handed: Notify,
    sheets: Notify,
    leadership: reactor::Leadership,
    recent: reactor::Recent,
    places: lookup::Lookup<String>,
    grids: place::Grids,
    tickets: lookup::Lookup<Uuid>,
}

impl Store {
    /// Connects, migrates under a lock, makes the keys that are not there yet, and opens them.
    ///
    /// # Errors
    /// [`StoreError`]; a wrong master key among them.
    pub async fn open(database: &Database, master: &MasterKey, clock: &Clock) -> Result<Self, StoreError> {
        let lock = database.lock().await?;
        Self::prepare(database, master, clock.now()).await?;
        drop(lock);
        Self::open_prepared(database, master, clock.now()).await
    }

    /// What only one process may do at a time. The caller holds the start lock.
    async fn prepare(database: &Database, master: &MasterKey, now: Timestamp) -> Result<(), StoreError> {
        let migration = database.connect_for_migration().await?;
        connect::migrate(&migration, Direction::Up).await?;
        key::make_missing(&migration, master, now).await?;
        reactor::make_missing(&migration, now).await?;
        Ok(migration.close().await?)
    }

    async fn open_prepared(
        database: &Database,
        master: &MasterKey,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let db = database.connect_for_reading().await?;
        let journal = database.journal(&db)?;
        let readers = database.file().map(sqlite::Readers::start).transpose()?;
        let keys = Arc::new(Keyring::open(&key::all(&db).await?, master, now)?);
        let restoration = restoration::last(&db).await?;
        let playbooks = playbook::Playbooks::load(&db).await?;
        Ok(Self {
            places: lookup::Lookup::new(&db, place::BY_CODE),
            tickets: lookup::Lookup::new(&db, &ticket::BY_ID),
            grids: place::Grids::default(),
            db,
            readers,
            journal,
            keys,
            master: master.clone(),
            numbers: number::Numbers::default(),
            playbooks,
            restoration,
            handed: Notify::new(),
            sheets: Notify::new(),
            leadership: reactor::Leadership::new(database),
            recent: reactor::Recent::default(),
        })
    }

    /// Migrates without opening anything else.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn migrate(database: &Database, direction: Direction) -> Result<(), StoreError> {
        let _lock = database.lock().await?;
        let migration = database.connect_for_migration().await?;
        connect::migrate(&migration, direction).await?;
        Ok(migration.close().await?)
    }

    /// Rung after each write of a history, and of what follows from one.
    pub fn wake(&self) -> &Wake {
        self.journal.wake()
    }

    /// What it counts of its writes.
    pub fn gauges(&self) -> &JournalGauges {
        self.journal.gauges()
    }

    /// How its pool does: asks for one more connection, and waits as long for it as `patience`.
    pub async fn pool(&self, patience: Duration) -> Pool {
        match &self.readers {
            Some(readers) => readers.look(patience).await,
            None => connect::pool(&self.db, patience).await,
        }
    }

    /// `sqlite` or `postgres`.
    pub fn database(&self) -> &'static str {
        match self.backend() {
            DbBackend::Sqlite => "sqlite",
            _ => "postgres",
        }
    }

    /// By which restoration this database came to be; `None` when it never was restored. What was said of its log before, a
    /// cursor or how many grants somebody has had, may mean something else since.
    pub fn restoration(&self) -> Option<Uuid> {
        self.restoration
    }

    /// The keys.
    pub fn keys(&self) -> &Arc<Keyring> {
        &self.keys
    }

    /// A text with its reference, ready to be stored with the event that refers to it.
    pub fn text(&self, body: FreeText, now: Timestamp) -> Text {
        let hash = self.text_hash(body.as_str());
        Text { reference: TextRef { id: domain::id::TextId(entropy::id(now)), hash }, body }
    }

    fn text_hash(&self, body: &str) -> [u8; 32] {
        self.keys.digest(&[b"free_text", body.as_bytes()])
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        limited(PING, async {
            match &self.readers {
                Some(readers) => readers.query(self.statement("SELECT 1", vec![])).await.map(drop),
                None => Ok(self.db.ping().await?),
            }
        })
        .await
    }

    /// Ends the journal's writer after all that is queued, and closes the connections.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn close(&self) -> Result<(), StoreError> {
        self.journal.close().await;
        self.leadership.end().await;
        if let Some(readers) = &self.readers {
            readers.close().await;
        }
        Ok(self.db.clone().close().await?)
    }

    fn backend(&self) -> DbBackend {
        self.db.get_database_backend()
    }

    /// The row of a query that has at most one.
    async fn query_one(&self, sql: &str, values: Vec<Value>) -> Result<Option<Row>, StoreError> {
        Ok(self.query_all(sql, values).await?.into_iter().next())
    }

    /// The rows of a query.
    async fn query_all(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let statement = self.statement(sql, values);
        if let Some(readers) = &self.readers {
            return patience(readers.query(statement)).instrument(step("store read")).await;
        }
        // Boxed, for it holds all that opening a connection may need, and is moved a few times.
        let read = Box::pin(async { Ok(self.db.query_all_raw(statement).await?) });
        let rows: Vec<QueryResult> = patience(read).instrument(step("store read")).await?;
        Ok(rows.into_iter().map(Row::from).collect())
    }

    /// A statement for this database.
    fn statement(&self, sql: &str, values: Vec<Value>) -> Statement {
        Statement::from_sql_and_values(self.backend(), sql, values)
    }
}
