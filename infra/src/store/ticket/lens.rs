//! What a list of tickets looks through: an index serves it in the order of the list.

use super::super::dialect;
use super::super::sql::Sql;
use super::list::{Lens, TicketQuery};
use domain::place::PlaceCode;
use sea_orm::{DbBackend, Value};
use uuid::Uuid;

/// What a page, its filters and sight look at.
pub(super) const COLUMNS: &str = "number, version, status, county, community, scope_code, place_id, requester_id, category, severity, affair, \
     channel, confidential, unit_id, handler_id, handling, desk, supervised, claim_roles, round, content_id, owed_since, updated_at";

/// The lens, the span of time, and the place in the list. No more than `reach` of its entries are looked at.
pub(super) fn through_lens(backend: DbBackend, sql: &mut Sql, query: &TicketQuery, reach: i64) {
    match (query.lens, backend) {
        (Lens::Requester(requester), DbBackend::Sqlite) => {
            // Both parts come in order, and are merged as far as they are needed.
            sql.push(&format!("(SELECT id, created_at, {COLUMNS} FROM ticket WHERE requester_id = "));
            sql.bind(requester.0);
            span(sql, query, "created_at", "id");
            sql.push(" UNION ALL SELECT ");
            party_with_ticket(sql, query, "requester", requester.0);
            sql.push(") ticket WHERE true");
        }
        (Lens::Assist(party), DbBackend::Sqlite) => {
            sql.push("(SELECT ");
            party_with_ticket(sql, query, "assist", party);
            sql.push(") ticket WHERE true");
        }
        (Lens::Requester(requester), _) => {
            // What they raised, and what that was merged into.
            sql.push(&format!(
                "(SELECT * FROM (SELECT id, created_at, {COLUMNS} FROM ticket WHERE requester_id = "
            ));
            sql.bind(requester.0);
            span(sql, query, "created_at", "id");
            sql.push(&format!(" ORDER BY created_at DESC, id DESC LIMIT {reach}) o UNION ALL "));
            few_as_party(sql, query, "requester", requester.0, reach);
            sql.push(") ticket WHERE true");
        }
        (Lens::Assist(party), _) => {
            sql.push("(");
            few_as_party(sql, query, "assist", party, reach);
            sql.push(") ticket WHERE true");
        }
        (Lens::Area(place), _) => {
            let (area, value) = area(&place);
            sql.push(&format!("ticket WHERE {area} = ")).bind(value);
        }
        (Lens::Unit(unit), _) => drop(sql.push("ticket WHERE unit_id = ").bind(unit.0)),
        (Lens::Handler(handler), _) => drop(sql.push("ticket WHERE handler_id = ").bind(handler.0)),
        // Few at a time: partial indexes hold only these.
        (Lens::Claimable(place), _) => {
            let (area, value) = area(&place);
            let index = match area {
                "county" => "ticket_claimable".to_owned(),
                _ => format!("ticket_claimable_{area}"),
            };
            let by_index = dialect::by_index(backend, &index);
            sql.push(&format!("ticket{by_index} WHERE claim_roles <> 0 AND {area} = ")).bind(value);
        }
        (Lens::Phone(hash), _) => {
            sql.push("ticket WHERE id IN (SELECT k.ticket_id FROM ticket_contact k WHERE k.phone_hash = ");
            sql.bind(hash.to_vec());
            // The requester's own number is called only where the ticket names no other.
            sql.push(" UNION SELECT r.id FROM ticket r WHERE r.requester_id = (SELECT u.id FROM app_user u WHERE u.phone_hash = ");
            sql.bind(hash.to_vec()).push(") AND NOT EXISTS (SELECT 1 FROM ticket_contact k WHERE k.ticket_id = r.id AND k.phone_hash IS NOT NULL))");
        }
        (Lens::Number(number), _) => drop(sql.push("ticket WHERE number = ").bind(number.as_str())),
    }
    span(sql, query, "created_at", "id");
}

/// The same on SQLite with nothing but the place of each entry in the list, which its index knows.
pub(super) fn end_of_scan(sql: &mut Sql, query: &TicketQuery) {
    match query.lens {
        Lens::Requester(requester) => {
            sql.push("(SELECT id, created_at FROM ticket WHERE requester_id = ").bind(requester.0);
            span(sql, query, "created_at", "id");
            sql.push(" UNION ALL SELECT ticket_id, created_at FROM ");
            party(sql, query, "requester", requester.0);
            sql.push(") WHERE true");
        }
        Lens::Assist(assistant) => {
            sql.push("(SELECT ticket_id AS id, created_at FROM ");
            party(sql, query, "assist", assistant);
            sql.push(") WHERE true");
        }
        _ => return through_lens(DbBackend::Sqlite, sql, query, 0),
    }
    span(sql, query, "created_at", "id");
}

/// The column that has the area of a place, and what is in it. Below the community the rest of the code is residual.
fn area(place: &PlaceCode) -> (&'static str, Value) {
    if let Some(Ok(community)) = place.community().map(str::parse::<i64>) {
        ("community", community.into())
    } else if let Some(Ok(street)) = place.street().map(str::parse::<i32>) {
        ("street", street.into())
    } else {
        ("county", place.county().parse::<i32>().unwrap_or_default().into())
    }
}

/// The span of time, and the place in the list.
fn span(sql: &mut Sql, query: &TicketQuery, at: &str, id: &str) {
    if let Some(from) = query.from {
        sql.push(&format!(" AND {at} >= ")).bind(from);
    }
    if let Some(to) = query.to {
        sql.push(&format!(" AND {at} < ")).bind(to);
    }
    if let Some((after, last)) = query.after {
        sql.push(&format!(" AND ({at}, {id}) < (")).bind(after).push(", ").bind(last.0).push(")");
    }
}

/// What somebody takes part in besides, in the order of the rows that say so.
fn party(sql: &mut Sql, query: &TicketQuery, kind: &str, party: Uuid) {
    sql.push(&format!("ticket_party WHERE active AND kind = '{kind}' AND party_id = ")).bind(party);
    span(sql, query, "created_at", "ticket_id");
}

/// The tickets of the newest of these: how few is said in the text, so that PostgreSQL's planner knows.
fn few_as_party(sql: &mut Sql, query: &TicketQuery, kind: &str, who: Uuid, reach: i64) {
    sql.push(&format!(
        "SELECT p.ticket_id AS id, p.created_at, {} FROM (SELECT ticket_id, created_at FROM ",
        of("q")
    ));
    party(sql, query, kind, who);
    sql.push(&format!(
        " ORDER BY created_at DESC, ticket_id DESC LIMIT {reach}) p JOIN ticket q ON q.id = p.ticket_id"
    ));
}

/// The tickets of all of these, as they are asked for. SQLite takes the order of a CROSS JOIN for an order.
fn party_with_ticket(sql: &mut Sql, query: &TicketQuery, kind: &str, who: Uuid) {
    sql.push(&format!(
        "p.ticket_id AS id, p.created_at, {} FROM ticket_party p CROSS JOIN ticket q ON q.id = p.ticket_id \
         WHERE p.active AND p.kind = '{kind}' AND p.party_id = ",
        of("q")
    ));
    sql.bind(who);
    span(sql, query, "p.created_at", "p.ticket_id");
}

/// The columns of a table that is called so.
fn of(table: &str) -> String {
    COLUMNS.split(", ").map(|name| format!("{table}.{}", name.trim())).collect::<Vec<_>>().join(", ")
}
