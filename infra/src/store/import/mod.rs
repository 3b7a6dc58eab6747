//! What comes from a county's sheets, all or nothing: what is there is read, the rules say what each row means, and one
//! transaction writes it. Whoever was faster with one of the rows makes it look anew.

mod export;
mod job;
mod people;
mod places;
mod rows;
mod tables;
mod ties;
mod units;

pub use export::ExportQuery;
pub use job::{ImportAsked, ImportFile, ImportJob, ImportStatus};
pub use people::PersonLine;
pub use ties::TieLine;
pub use units::UnitLine;

use super::change::ATTEMPTS;
use super::error::StoreError;
use super::journal::{Exactly, JournalError};
use super::row::column;
use super::{Store, entropy};
use domain::actor::Actor;
use domain::id::UserId;
use domain::import::{Fault, Subject, Tally};
use domain::place::{PlaceCode, PlaceLine};
use domain::refusal::Refusal;
use domain::text::Text;
use domain::time::Timestamp;
pub(in crate::store) use rows::Rows;
use sea_orm::{Statement, Value};
use serde::Serialize;
use uuid::Uuid;

/// The rows of a sheet.
#[derive(Debug, Clone, PartialEq)]
pub enum Lines {
    /// Of places.
    Places(Vec<PlaceLine>),
    /// Of units.
    Units(Vec<UnitLine>),
    /// Of people.
    People(Vec<PersonLine>),
    /// Of ties.
    Ties(Vec<TieLine>),
}

/// An import.
#[derive(Debug, Clone, Copy)]
pub struct Import<'a> {
    /// The county of the sheet.
    pub county: PlaceCode,
    /// Whose rights count.
    pub actor: &'a Actor,
    /// Who did it; `None` when the program did.
    pub by: Option<UserId>,
    /// When.
    pub now: Timestamp,
    /// Why, where histories say so.
    pub reason: &'a Text,
    /// Whether nothing is to be written.
    pub dry_run: bool,
    /// The job that it is, which ends with it.
    pub job: Option<Uuid>,
}

/// What came of an import.
#[derive(Debug)]
pub enum Imported {
    /// It is written, or would have been.
    Done(Tally),
    /// Nothing is written, for these rows cannot be taken.
    Faults(Vec<Fault>),
}

/// What the rows come to.
struct Plan {
    tally: Tally,
    writes: Vec<Exactly>,
}

impl Lines {
    /// What they are of.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Places(_) => Subject::Places,
            Self::Units(_) => Subject::Units,
            Self::People(_) => Subject::People,
            Self::Ties(_) => Subject::Ties,
        }
    }
}

impl Store {
    /// Takes the rows of a sheet, all or none.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Unavailable`] where others changed the same rows each time.
    pub async fn import(&self, import: &Import<'_>, lines: &Lines) -> Result<Imported, StoreError> {
        for attempt in 1..=ATTEMPTS {
            let planned = match lines {
                Lines::Places(lines) => self.plan_places(import, lines).await?,
                Lines::Units(lines) => self.plan_units(import, lines).await?,
                Lines::People(lines) => self.plan_people(import, lines).await?,
                Lines::Ties(lines) => self.plan_ties(import, lines).await?,
            };
            let Plan { tally, mut writes } = match planned {
                Ok(plan) => plan,
                Err(mut faults) => {
                    faults.sort_by_key(|fault| fault.row);
                    return Ok(Imported::Faults(faults));
                }
            };
            if import.dry_run {
                return Ok(Imported::Done(tally));
            }
            if !writes.is_empty() {
                writes.push(Exactly(self.imported_text(import), None));
            }
            if let Some(job) = import.job {
                writes.push(Exactly(self.job_done(job, &tally, import.now), Some(1)));
            }
            if writes.is_empty() {
                return Ok(Imported::Done(tally));
            }
            match self.journal.write_exactly(writes).await {
                Ok(true) => return Ok(Imported::Done(tally)),
                // A row that was to change has changed, or one that was to be new is there.
                Ok(false) | Err(JournalError::Store(StoreError::Duplicate(_))) => {}
                Err(JournalError::Store(error)) => return Err(error),
                Err(_) => {}
            }
            tokio::time::sleep(entropy::jitter(attempt)).await;
        }
        Err(StoreError::Unavailable("others changed the same rows each time".into()))
    }

    fn imported_text(&self, import: &Import<'_>) -> Statement {
        let Text { reference, body } = import.reason;
        let stream = import.job.unwrap_or(reference.id.0);
        let values = vec![reference.id.0.into(), stream.into(), body.as_str().to_owned().into()];
        self.statement("INSERT INTO free_text (id, stream, body) VALUES ($1, $2, $3)", values)
    }

    /// The units of a county.
    async fn units_known(&self, county: &PlaceCode) -> Result<units::Known, StoreError> {
        let sql = "SELECT u.id, u.kind, u.name, u.code, u.version, u.retired_at, s.id AS seat_id, s.code AS seat_code FROM unit u \
             LEFT JOIN place s ON s.id = u.seat_id WHERE u.county = $1";
        let rows = self.query_all(sql, vec![county.county().into()]).await?;
        units::Known::read(self, &rows)
    }

    /// The ids of people whom a county knows by the hashes of their phone numbers.
    async fn people_by_hash(
        &self,
        hashes: Vec<Vec<u8>>,
        county: &PlaceCode,
    ) -> Result<std::collections::HashMap<Vec<u8>, UserId>, StoreError> {
        let mut known = std::collections::HashMap::with_capacity(hashes.len());
        for some in hashes.chunks(rows::ASKED) {
            let mut sql = super::sql::Sql::new(
                "SELECT u.id, u.phone_hash FROM app_user u WHERE u.erased_at IS NULL \
                 AND u.joined_into IS NULL AND u.phone_hash IN ",
            );
            sql.bind_all(some.iter().cloned()).push(" AND ");
            super::person::known_in(&mut sql, county);
            for row in self.query_all(&sql.text, sql.values).await? {
                let id = UserId(column(&row, "app_user", "id")?);
                known.insert(column(&row, "app_user", "phone_hash")?, id);
            }
        }
        Ok(known)
    }
}

/// A fault that a rule gives as its refusal.
fn fault(row: u32, column: &'static str, refusal: impl Into<Refusal>) -> Fault {
    Fault::at(row, column, refusal)
}

/// Statements that must touch whatever they touch.
fn all(statements: Vec<Statement>) -> impl Iterator<Item = Exactly> {
    statements.into_iter().map(|one| Exactly(one, None))
}

/// An event of a stream, before who did it and when.
struct Happening<'a> {
    aggregate: &'static str,
    id: Uuid,
    version: i32,
    kind: &'static str,
    v: i16,
    /// Where it counts.
    at: &'a str,
    /// What was written with it.
    text: Option<Uuid>,
}

/// The row of an event, in the order of [`events`].
fn event(
    by: Option<UserId>,
    now: Timestamp,
    happening: Happening<'_>,
    fact: &impl Serialize,
) -> Result<[Value; 11], StoreError> {
    let Happening { aggregate, id, version, kind, v, at, text } = happening;
    let payload =
        serde_json::to_value(fact).map_err(|error| StoreError::corrupt("event", "payload", id, error))?;
    Ok([
        aggregate.into(),
        id.into(),
        version.into(),
        kind.into(),
        v.into(),
        by.map(|by| by.0).into(),
        at.into(),
        text.into(),
        now.into(),
        now.into(),
        payload.into(),
    ])
}

/// The rows of events.
fn events() -> Rows {
    Rows::new(
        "event",
        &[
            "aggregate",
            "stream",
            "stream_version",
            "kind",
            "v",
            "actor",
            "scope_code",
            "text_id",
            "occurred_at",
            "recorded_at",
            "payload",
        ],
    )
}
