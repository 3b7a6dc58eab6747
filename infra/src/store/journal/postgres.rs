//! One statement an aggregate: a data-modifying CTE. The guarded write comes first and everything else selects from its
//! RETURNING, so nothing is written when the guard finds no row; and it draws the transaction id before any event draws
//! its position, which the log's readers depend on. Events, texts and clocks arrive as one JSON array each, so their
//! number does not change the statement and it stays prepared.

use super::entry::{CLOCK_SET, Entry, Head, KeptAnswer};
use super::{StoreError, uninterrupted};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, TransactionTrait, Value};
use serde::Serialize;
use uuid::Uuid;

/// The whole statement around a guarded `head` that uses the parameters `$1` to `$params`. One that begins a ticket takes
/// whom to call, too.
pub(in crate::store) fn one_statement(head: &str, params: usize, begins: bool) -> String {
    let p = |n: usize| params + n;
    let contact = if begins {
        format!(
            ", contact AS (INSERT INTO ticket_contact (ticket_id, name, phone, phone_hash, household) \
             SELECT head.id, ${}::bytea, ${}::bytea, ${}::bytea, ${}::bytea FROM head WHERE ${}::boolean)",
            p(10),
            p(11),
            p(12),
            p(13),
            p(14),
        )
    } else {
        String::new()
    };
    format!(
        "WITH head AS ({head} RETURNING id), \
         texts AS (INSERT INTO free_text (id, stream, body) SELECT j.id, head.id, j.body \
           FROM head, jsonb_to_recordset(${}::jsonb) AS j(id uuid, body text)), \
         {}, {}, \
         parties AS (INSERT INTO ticket_party (ticket_id, party_id, kind, active, created_at) \
           SELECT head.id, j.party_id, j.kind, j.active, j.created_at \
           FROM head, jsonb_to_recordset(${}::jsonb) AS j(party_id uuid, kind text, active boolean, created_at timestamptz) \
           ON CONFLICT (ticket_id, party_id, kind) DO UPDATE SET active = excluded.active), \
         answers AS (INSERT INTO idempotency (key, body_hash, answer, created_at, stream) SELECT ${}, ${}, ${}, ${}, head.id \
           FROM head WHERE ${} IS NOT NULL){contact} \
         SELECT id FROM head",
        p(1),
        events(p(3), &format!("${}", p(2)), ""),
        clocks(p(4), ""),
        p(5),
        p(6),
        p(7),
        p(8),
        p(9),
        p(6),
    )
}

/// The part that writes the events of `head` out of the JSON array of a parameter. Of several aggregates, whose rows say
/// `stream`, each takes its own: [`EACH_ITS_OWN`].
pub(in crate::store) fn events(param: usize, scope_code: &str, whose: &str) -> String {
    format!(
        "events AS (INSERT INTO event (stream, stream_version, kind, v, actor, scope_code, text_id, occurred_at, recorded_at, payload) \
           SELECT head.id, j.version, j.kind, j.v, j.actor, {scope_code}, j.text_id, j.occurred_at, j.recorded_at, j.payload \
           FROM head, jsonb_to_recordset(${param}::jsonb) AS j(stream uuid, version int, kind text, v smallint, actor uuid, \
             text_id uuid, occurred_at timestamptz, recorded_at timestamptz, payload jsonb) {whose} ORDER BY head.id, j.version)"
    )
}

/// The same for clocks.
pub(in crate::store) fn clocks(param: usize, whose: &str) -> String {
    format!(
        "clocks AS (INSERT INTO clock (ticket_id, kind, round, started_at, due_at, warn_at, met_at, breached_at, cancelled_at, \
             paused_at, paused_ms, policy_version) \
           SELECT head.id, j.kind, j.round, j.started_at, j.due_at, j.warn_at, j.met_at, j.breached_at, j.cancelled_at, \
             j.paused_at, j.paused_ms, j.policy_version \
           FROM head, jsonb_to_recordset(${param}::jsonb) AS j(stream uuid, kind text, round smallint, started_at timestamptz, \
             due_at timestamptz, warn_at timestamptz, met_at timestamptz, breached_at timestamptz, cancelled_at timestamptz, \
             paused_at timestamptz, paused_ms bigint, policy_version int) {whose} \
           ON CONFLICT (ticket_id, kind, round) DO UPDATE SET {CLOCK_SET})"
    )
}

/// Of rows that say `stream`, those of each aggregate.
pub(in crate::store) const EACH_ITS_OWN: &str = "WHERE j.stream = head.id";

#[derive(Serialize)]
struct TextRow<'a> {
    id: Uuid,
    body: &'a str,
}

/// Whether the guard found its row.
pub(super) async fn append(pool: &DatabaseConnection, entry: Entry<'_>) -> Result<bool, StoreError> {
    let statement = statement(entry)?;
    let pool = pool.clone();
    uninterrupted(async move { Ok(pool.query_one_raw(statement).await?.is_some()) }).await
}

/// Several entries as one transaction, in the order given: that of their ids, so that no two wait for each other. Whether
/// all guards found their rows.
pub(super) async fn append_all(
    pool: &DatabaseConnection,
    entries: Vec<Entry<'_>>,
) -> Result<bool, StoreError> {
    let statements = entries.into_iter().map(statement).collect::<Result<Vec<_>, _>>()?;
    let pool = pool.clone();
    uninterrupted(async move {
        let transaction = pool.begin().await?;
        for statement in statements {
            if transaction.query_one_raw(statement).await?.is_none() {
                transaction.rollback().await?;
                return Ok(false);
            }
        }
        transaction.commit().await?;
        Ok(true)
    })
    .await
}

fn statement(entry: Entry<'_>) -> Result<Statement, StoreError> {
    let texts: Vec<_> = entry
        .texts
        .iter()
        .map(|text| TextRow { id: text.reference.id.0, body: text.body.as_str() })
        .collect();
    let json = |value: Result<String, serde_json::Error>| -> Result<Value, StoreError> {
        value.map(Value::from).map_err(|error| StoreError::corrupt("event", "payload", entry.stream, error))
    };
    let (key, body_hash, answer) = match entry.answer {
        Some(KeptAnswer { key, body_hash, answer }) => {
            (Some(key.to_vec()), Some(body_hash.to_vec()), Some(answer))
        }
        None => (None, None, None),
    };
    let Head { sql, mut values, begins } = entry.head;
    values.extend([
        json(serde_json::to_string(&texts))?,
        entry.scope_code.into(),
        json(serde_json::to_string(&entry.events))?,
        json(serde_json::to_string(&entry.clocks))?,
        json(serde_json::to_string(&entry.parties))?,
        key.into(),
        body_hash.into(),
        answer.into(),
        entry.now.into(),
    ]);
    if begins {
        let given = entry.contact.is_some();
        values.extend(entry.contact.unwrap_or_default().into_values());
        values.push(given.into());
    }
    Ok(Statement::from_sql_and_values(DbBackend::Postgres, sql, values))
}
