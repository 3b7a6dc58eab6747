//! What the two databases cannot say alike.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// The event log's transaction ids. SQLite has one writer, so there the position alone is the order of commits.
pub(crate) async fn add_event_xid(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let db = manager.get_connection();
    db.execute_unprepared("ALTER TABLE event ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id()")
        .await?;
    db.execute_unprepared("CREATE INDEX event_xid ON event (xid, position)").await?;
    Ok(())
}

/// What of the log is an audit trail: who looked at personal data, and who changed what people may.
pub const AUDITED: &str = "(aggregate <> 'ticket' OR kind = 'unmasked')";

/// Serves a county's audit trail, newest first.
pub(crate) async fn index_audit(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let index =
        format!("CREATE INDEX event_audit ON event (substr(scope_code, 1, 6), position) WHERE {AUDITED}");
    manager.get_connection().execute_unprepared(&index).await.map(drop)
}

/// Takes the words for services out of the events of errands: who asked may have written anything.
pub(crate) async fn forget_services(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let without = match manager.get_database_backend() {
        DbBackend::Postgres => "payload - 'service'",
        _ => "json_remove(payload, '$.service')",
    };
    let sql = format!(
        "UPDATE event SET payload = {without} WHERE stream_version = 1 AND kind = 'errand_asked' \
         AND stream IN (SELECT m.id FROM matter m WHERE m.kind = 'errand')"
    );
    manager.get_connection().execute_unprepared(&sql).await.map(drop)
}

/// What of the audit trail somebody decided. Who did what is owed is of interest, that the program planned it is not: there are
/// thousands of these a day.
pub const DECIDED: &str = "kind NOT IN ('duty_planned', 'duty_reminded', 'patrol_tracked')";

/// Serves a county's audit trail without what nobody decided, newest first.
pub(crate) async fn index_decided(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let index = format!(
        "CREATE INDEX event_decided ON event (substr(scope_code, 1, 6), position) WHERE {AUDITED} AND {DECIDED}"
    );
    manager.get_connection().execute_unprepared(&index).await.map(drop)
}

/// Answers are sealed, so they cannot be compressed; unasked, PostgreSQL tries to, and then keeps them in pieces elsewhere.
pub(crate) async fn keep_answers_in_rows(manager: &SchemaManager<'_>, inside: bool) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let how = if inside { "SET (toast_tuple_target = 8160)" } else { "RESET (toast_tuple_target)" };
    let storage = if inside { "EXTERNAL" } else { "EXTENDED" };
    let sql = format!("ALTER TABLE idempotency {how}, ALTER COLUMN answer SET STORAGE {storage}");
    manager.get_connection().execute_unprepared(&sql).await.map(drop)
}

/// Serves what somebody takes part in, newest first, on SQLite: it reads by a partial index only what is asked for in the
/// words of the index, and never for `= TRUE`. PostgreSQL sees what is meant.
pub(crate) async fn index_parties(manager: &SchemaManager<'_>, active: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Sqlite {
        return Ok(());
    }
    let db = manager.get_connection();
    db.execute_unprepared("DROP INDEX ticket_party_party").await?;
    let index = format!(
        "CREATE INDEX ticket_party_party ON ticket_party (party_id, kind, created_at, ticket_id) WHERE {active}"
    );
    db.execute_unprepared(&index).await.map(drop)
}

/// Fills the columns of the whole machine: a ticket of the skeleton lies on the desk of its community and closes a week
/// after its answer; one that was there before the schema went back says the rest itself.
pub(crate) async fn fill_machine(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    db.execute_unprepared("UPDATE ticket SET desk = substr(scope_code, 1, 12)").await?;
    let (closes, again) = match manager.get_database_backend() {
        DbBackend::Postgres => (
            "UPDATE ticket SET next_at = updated_at + interval '7 days' WHERE status = 'resolved' AND state_v = 1",
            "UPDATE ticket SET desk = state ->> 'desk', confidential = (state ->> 'confidential')::boolean, \
             supervised = coalesce(state -> 'supervision', 'null') <> 'null'::jsonb, handling = state ->> 'handling', \
             claim_roles = CASE status WHEN 'submitted' THEN (state ->> 'claim')::integer ELSE 0 END WHERE state_v > 1",
        ),
        _ => (
            "UPDATE ticket SET next_at = strftime('%Y-%m-%dT%H:%M:%S+00:00', updated_at, '+7 days') \
             WHERE status = 'resolved' AND state_v = 1",
            "UPDATE ticket SET desk = state ->> '$.desk', confidential = state ->> '$.confidential', \
             supervised = (state ->> '$.supervision') IS NOT NULL, handling = state ->> '$.handling', \
             claim_roles = CASE status WHEN 'submitted' THEN state ->> '$.claim' ELSE 0 END WHERE state_v > 1",
        ),
    };
    db.execute_unprepared(closes).await?;
    db.execute_unprepared(again).await.map(drop)
}

/// Brings the scopes of earlier grants, which are JSON, into columns.
pub(crate) async fn fill_grant_scopes(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let (places, units) = match manager.get_database_backend() {
        DbBackend::Postgres => (
            "INSERT INTO grant_place (grant_id, code, user_id) SELECT DISTINCT g.id, p.code, g.user_id FROM role_grant g, \
             jsonb_array_elements_text(g.scope -> 'places') AS p(code) WHERE jsonb_exists(g.scope, 'places')",
            "UPDATE role_grant SET unit_id = CAST(scope ->> 'unit' AS uuid) WHERE jsonb_exists(scope, 'unit')",
        ),
        _ => (
            "INSERT INTO grant_place (grant_id, code, user_id) SELECT DISTINCT g.id, p.value, g.user_id FROM role_grant g, \
             json_each(g.scope, '$.places') AS p",
            "UPDATE role_grant SET unit_id = unhex(scope ->> '$.unit', '-') WHERE scope ->> '$.unit' IS NOT NULL",
        ),
    };
    db.execute_unprepared(places).await?;
    db.execute_unprepared(units).await.map(drop)
}

/// Brings back the calendars that their histories tell of: each as its last event left it.
pub(crate) async fn fill_calendars(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let (year, days) = match manager.get_database_backend() {
        DbBackend::Postgres => ("CAST(e.payload ->> 'year' AS integer)", "e.payload -> 'days'"),
        _ => ("e.payload ->> '$.year'", "e.payload -> '$.days'"),
    };
    let sql = format!(
        "INSERT INTO calendar_year (scope, year, id, days, version, updated_at) \
         SELECT e.scope_code, {year}, e.stream, {days}, e.stream_version, e.recorded_at FROM event e \
         WHERE e.aggregate = 'calendar' AND e.stream_version = \
         (SELECT MAX(l.stream_version) FROM event l WHERE l.stream = e.stream)"
    );
    manager.get_connection().execute_unprepared(&sql).await.map(drop)
}

/// Makes what each playbook says the version of that number.
pub(crate) async fn fill_playbook_versions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let version = match manager.get_database_backend() {
        DbBackend::Postgres => "CAST(body -> 'policy' ->> 'version' AS integer)",
        _ => "body ->> '$.policy.version'",
    };
    let db = manager.get_connection();
    db.execute_unprepared(&format!("UPDATE playbook SET version = {version}")).await?;
    let copy = "INSERT INTO playbook_version (county, version, body, source_hash, made_at) \
         SELECT county, version, body, source_hash, updated_at FROM playbook";
    db.execute_unprepared(copy).await.map(drop)
}
