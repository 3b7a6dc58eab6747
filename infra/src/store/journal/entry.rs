//! An entry of the journal.

use domain::id::UserId;
use domain::text::Text;
use domain::ticket::Clock;
use domain::time::Timestamp;
use sea_orm::{DbBackend, Statement, Value};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

/// All that one change of one aggregate writes.
pub(in crate::store) struct Entry<'a> {
    /// The aggregate's row, guarded: an INSERT, or an UPDATE on id and version.
    pub(in crate::store) head: Head,
    /// Identity of the aggregate.
    pub(in crate::store) stream: Uuid,
    /// Where it lies.
    pub(in crate::store) scope_code: &'a str,
    /// When it is written.
    pub(in crate::store) now: Timestamp,
    pub(in crate::store) events: Vec<EventRow>,
    pub(in crate::store) texts: Vec<&'a Text>,
    pub(in crate::store) clocks: Vec<&'a Clock>,
    pub(in crate::store) parties: Vec<PartyRow>,
    /// Only with an INSERT.
    pub(in crate::store) contact: Option<ContactRow>,
    pub(in crate::store) answer: Option<KeptAnswer>,
}

/// The guarded row. `sql` is the whole fixed statement on PostgreSQL, the bare INSERT or UPDATE on SQLite.
pub(in crate::store) struct Head {
    pub(in crate::store) sql: &'static str,
    pub(in crate::store) values: Vec<Value>,
    /// Whether it is an INSERT.
    pub(in crate::store) begins: bool,
}

/// An event on its way into the log.
#[derive(Debug, Serialize)]
pub(in crate::store) struct EventRow {
    pub(in crate::store) version: i32,
    pub(in crate::store) kind: &'static str,
    pub(in crate::store) v: i16,
    pub(in crate::store) actor: Option<UserId>,
    pub(in crate::store) text_id: Option<Uuid>,
    pub(in crate::store) occurred_at: Timestamp,
    pub(in crate::store) recorded_at: Timestamp,
    pub(in crate::store) payload: Box<RawValue>,
}

/// Somebody who takes part besides requester, lead and handler, or does no longer.
#[derive(Debug, Serialize)]
pub(in crate::store) struct PartyRow {
    pub(in crate::store) party_id: Uuid,
    /// `requester` or `assist`.
    pub(in crate::store) kind: &'static str,
    pub(in crate::store) active: bool,
    /// When the ticket was submitted: lists are in that order.
    pub(in crate::store) created_at: Timestamp,
}

/// Whom to call, sealed.
#[derive(Debug, Default)]
pub(in crate::store) struct ContactRow {
    pub(in crate::store) name: Option<Vec<u8>>,
    pub(in crate::store) phone: Option<Vec<u8>>,
    pub(in crate::store) phone_hash: Option<Vec<u8>>,
    pub(in crate::store) household: Option<Vec<u8>>,
}

impl ContactRow {
    pub(super) fn into_values(self) -> [Value; 4] {
        [self.name.into(), self.phone.into(), self.phone_hash.into(), self.household.into()]
    }
}

/// The answer that is kept under an `Idempotency-Key`.
#[derive(Debug)]
pub(in crate::store) struct KeptAnswer {
    pub(in crate::store) key: [u8; 32],
    pub(in crate::store) body_hash: [u8; 32],
    /// Sealed.
    pub(in crate::store) answer: Vec<u8>,
}

const EVENT: &str = "INSERT INTO event (stream, stream_version, kind, v, actor, scope_code, text_id, occurred_at, recorded_at, payload) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const TEXT: &str = "INSERT INTO free_text (id, stream, body) VALUES ($1, $2, $3)";
const CLOCK: &str = "INSERT INTO clock (ticket_id, kind, round, started_at, due_at, warn_at, met_at, breached_at, cancelled_at, \
     paused_at, paused_ms, policy_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
     ON CONFLICT (ticket_id, kind, round) DO UPDATE SET ";
/// What a change of a clock sets.
pub(super) const CLOCK_SET: &str = "started_at = excluded.started_at, due_at = excluded.due_at, warn_at = excluded.warn_at, met_at = excluded.met_at, \
     breached_at = excluded.breached_at, cancelled_at = excluded.cancelled_at, paused_at = excluded.paused_at, \
     paused_ms = excluded.paused_ms, policy_version = excluded.policy_version";
const PARTY: &str = "INSERT INTO ticket_party (ticket_id, party_id, kind, active, created_at) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (ticket_id, party_id, kind) DO UPDATE SET active = excluded.active";
const CONTACT: &str =
    "INSERT INTO ticket_contact (ticket_id, name, phone, phone_hash, household) VALUES ($1, $2, $3, $4, $5)";
const ANSWER: &str =
    "INSERT INTO idempotency (key, body_hash, answer, created_at, stream) VALUES ($1, $2, $3, $4, $5)";

impl Entry<'_> {
    /// The entry as single statements, the guarded one first: how SQLite writes it.
    pub(super) fn statements(self) -> Vec<Statement> {
        let statement =
            |sql: &str, values: Vec<Value>| Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
        let mut all = vec![statement(self.head.sql, self.head.values)];
        all.extend(self.texts.iter().map(|text| {
            let values =
                vec![text.reference.id.0.into(), self.stream.into(), text.body.as_str().to_owned().into()];
            statement(TEXT, values)
        }));
        all.extend(self.events.iter().map(|event| {
            let values = vec![
                self.stream.into(),
                event.version.into(),
                event.kind.into(),
                event.v.into(),
                event.actor.map(|actor| actor.0).into(),
                self.scope_code.into(),
                event.text_id.into(),
                event.occurred_at.into(),
                event.recorded_at.into(),
                event.payload.get().into(),
            ];
            statement(EVENT, values)
        }));
        let clock_sql = format!("{CLOCK}{CLOCK_SET}");
        all.extend(self.clocks.iter().map(|clock| {
            let kind: &str = clock.kind.into();
            let values = vec![
                self.stream.into(),
                kind.into(),
                i32::from(clock.round).into(),
                clock.started_at.into(),
                clock.due_at.into(),
                clock.warn_at.into(),
                clock.met_at.into(),
                clock.breached_at.into(),
                clock.cancelled_at.into(),
                clock.paused_at.into(),
                clock.paused_ms.into(),
                i64::from(clock.policy_version).into(),
            ];
            statement(&clock_sql, values)
        }));
        all.extend(self.parties.iter().map(|party| {
            let values = vec![
                self.stream.into(),
                party.party_id.into(),
                party.kind.into(),
                party.active.into(),
                party.created_at.into(),
            ];
            statement(PARTY, values)
        }));
        all.extend(self.contact.map(|contact| {
            let values = [self.stream.into()].into_iter().chain(contact.into_values());
            statement(CONTACT, values.collect())
        }));
        all.extend(self.answer.map(|kept| answer_statement(DbBackend::Sqlite, kept, self.now, self.stream)));
        all
    }
}

/// The statement that keeps an answer about `stream`.
pub(in crate::store) fn answer_statement(
    backend: DbBackend,
    kept: KeptAnswer,
    now: Timestamp,
    stream: Uuid,
) -> Statement {
    let KeptAnswer { key, body_hash, answer } = kept;
    let values: [Value; 5] =
        [key.to_vec().into(), body_hash.to_vec().into(), answer.into(), now.into(), stream.into()];
    Statement::from_sql_and_values(backend, ANSWER, values)
}
