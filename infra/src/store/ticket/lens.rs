//! What a list of tickets looks through: an index serves it in the order of the list.

use super::super::dialect;
use super::super::sql::Sql;
use super::list::{Lens, TicketQuery};
use domain::place::PlaceCode;
use sea_orm::{DbBackend, Value};

/// What a page, its filters and sight look at.
pub(super) const COLUMNS: &str = "number, version, status, county, community, scope_code, place_id, requester_id, requester_unit_id, first_asked_id, \
     category, severity, affair, channel, confidential, unit_id, handler_id, handling, desk, escalated, topic_id, supervised, commonality, planned_for, \
     claim_roles, service, call_area, round, content_id, excerpt, owed_since, updated_at";

/// The lens, the span of time, and the place in the list. No more than `reach` of its entries are looked at.
pub(super) fn through_lens(backend: DbBackend, sql: &mut Sql, query: &TicketQuery, reach: i64) {
    match query.lens {
        Lens::Requester(_) | Lens::Delegate(_) | Lens::Assist(_) | Lens::Called(_) | Lens::Phone(_) => {
            merged(sql, &query.lens, |sql, part| match backend {
                // All parts come in order, and are merged as far as they are needed.
                DbBackend::Sqlite => part.tickets(sql, query, None),
                // The planner believes in the order of what says so, and begins with what is short.
                _ => {
                    sql.push("(");
                    part.tickets(sql, query, Some(reach));
                    sql.push(")");
                }
            });
            sql.push(" ticket WHERE true");
        }
        Lens::Area(place) => {
            let (area, value) = area(&place);
            sql.push(&format!("ticket WHERE {area} = ")).bind(value);
        }
        Lens::Unit(unit) => drop(sql.push("ticket WHERE unit_id = ").bind(unit.0)),
        // While nobody has accepted them.
        Lens::FirstAsked(person) => {
            sql.push("ticket WHERE status IN ('submitted', 'dispatched') AND first_asked_id = ")
                .bind(person.0);
        }
        Lens::ForUnit(unit) => drop(sql.push("ticket WHERE requester_unit_id = ").bind(unit.0)),
        Lens::Handler(handler) => drop(sql.push("ticket WHERE handler_id = ").bind(handler.0)),
        // Few at a time: partial indexes hold only these.
        Lens::Claimable(place) => {
            let (area, value) = area(&place);
            let index = match area {
                "county" => "ticket_claimable".to_owned(),
                _ => format!("ticket_claimable_{area}"),
            };
            let by_index = dialect::by_index(backend, &index);
            sql.push(&format!("ticket{by_index} WHERE claim_roles <> 0 AND {area} = ")).bind(value);
        }
        // Before the meetings of a county are few at a time, too.
        Lens::Topic(place) => {
            let by_index = dialect::by_index(backend, "ticket_topic");
            let county: i32 = place.county().parse().unwrap_or_default();
            sql.push(&format!("ticket{by_index} WHERE topic_id IS NOT NULL AND county = ")).bind(county);
        }
        Lens::Number(number) => drop(sql.push("ticket WHERE number = ").bind(number.as_str())),
    }
    span(sql, query, "created_at", "id");
}

/// The same on SQLite with nothing but the place of each entry in the list, which its index knows.
pub(super) fn end_of_scan(sql: &mut Sql, query: &TicketQuery) {
    match query.lens {
        Lens::Requester(_) | Lens::Delegate(_) | Lens::Assist(_) | Lens::Called(_) | Lens::Phone(_) => {
            merged(sql, &query.lens, |sql, part| {
                sql.push(&format!("SELECT {} AS id, created_at FROM ", part.id()));
                part.rows(sql, query);
            });
            sql.push(" WHERE true");
            span(sql, query, "created_at", "id");
        }
        _ => through_lens(DbBackend::Sqlite, sql, query, 0),
    }
}

/// The parts of a lens of somebody's own, as one.
fn merged(sql: &mut Sql, lens: &Lens, mut push: impl FnMut(&mut Sql, &Part)) {
    for (i, part) in parts(lens).iter().enumerate() {
        sql.push(if i == 0 { "(" } else { " UNION ALL " });
        push(sql, part);
    }
    sql.push(")");
}

/// A part of what is somebody's own.
enum Part {
    /// Tickets by themselves: those of which this is true of its value.
    Own(&'static str, Value, &'static str),
    /// Rows of a table that name tickets, in the order of the list: those of which this is true of its value.
    Named(&'static str, Value),
}

fn parts(lens: &Lens) -> Vec<Part> {
    match *lens {
        // What they raised, and what that was merged into.
        Lens::Requester(requester) => vec![
            Part::Own("requester_id = ", requester.0.into(), ""),
            Part::Named(
                "ticket_party WHERE active AND kind = 'requester' AND party_id = ",
                requester.0.into(),
            ),
        ],
        Lens::Delegate(person) => vec![Part::Named(
            "ticket_party WHERE active AND kind = 'delegate' AND party_id = ",
            person.0.into(),
        )],
        Lens::Assist(party) => {
            vec![Part::Named("ticket_party WHERE active AND kind = 'assist' AND party_id = ", party.into())]
        }
        Lens::Called(unit) => {
            vec![Part::Named("ticket_party WHERE active AND kind = 'called' AND party_id = ", unit.0.into())]
        }
        Lens::Phone(hash) => vec![
            Part::Named(
                "ticket_contact WHERE created_at IS NOT NULL AND phone_hash = ",
                hash.to_vec().into(),
            ),
            // The requester's own number is called only where the ticket names no other.
            Part::Own(
                "requester_id = (SELECT u.id FROM app_user u WHERE u.phone_hash = ",
                hash.to_vec().into(),
                ") AND NOT EXISTS (SELECT 1 FROM ticket_contact k WHERE k.ticket_id = ticket.id AND k.phone_hash IS NOT NULL)",
            ),
            // Written by a program of before migration 17, which knew no time of a contact.
            Part::Own(
                "id IN (SELECT k.ticket_id FROM ticket_contact k WHERE k.created_at IS NULL AND k.phone_hash = ",
                hash.to_vec().into(),
                ")",
            ),
        ],
        Lens::Area(_)
        | Lens::Unit(_)
        | Lens::Handler(_)
        | Lens::FirstAsked(_)
        | Lens::ForUnit(_)
        | Lens::Claimable(_)
        | Lens::Topic(_)
        | Lens::Number(_) => vec![],
    }
}

impl Part {
    /// The column that has the ticket's id.
    fn id(&self) -> &'static str {
        match self {
            Self::Own(..) => "id",
            Self::Named(..) => "ticket_id",
        }
    }

    /// Its rows, in the span and after the place.
    fn rows(&self, sql: &mut Sql, query: &TicketQuery) {
        match self {
            Self::Own(of, value, and) => {
                sql.push("ticket WHERE ").push(of).bind(value.clone()).push(and);
            }
            Self::Named(of, value) => drop(sql.push(of).bind(value.clone())),
        }
        span(sql, query, "created_at", self.id());
    }

    /// Its tickets; the newest of them where it says how many.
    fn tickets(&self, sql: &mut Sql, query: &TicketQuery, reach: Option<i64>) {
        let newest = |of: &str| {
            let newest =
                |reach| format!(" ORDER BY {of}created_at DESC, {of}{} DESC LIMIT {reach}", self.id());
            reach.map(newest).unwrap_or_default()
        };
        match self {
            Self::Own(..) => {
                sql.push(&format!("SELECT id, created_at, {COLUMNS} FROM "));
                self.rows(sql, query);
            }
            Self::Named(..) => {
                let columns: Vec<_> = COLUMNS.split(", ").map(|name| format!("q.{}", name.trim())).collect();
                sql.push(&format!("SELECT p.ticket_id AS id, p.created_at, {} FROM ", columns.join(", ")));
                sql.push("(SELECT ticket_id, created_at FROM ");
                self.rows(sql, query);
                // SQLite takes the order of a CROSS JOIN for an order.
                sql.push(&newest("")).push(") p CROSS JOIN ticket q WHERE q.id = p.ticket_id");
            }
        }
        sql.push(&newest(if matches!(self, Self::Named(..)) { "p." } else { "" }));
    }
}

/// The column that has the area of a place, and what is in it. Below the community the rest of the code is residual.
pub(in crate::store) fn area(place: &PlaceCode) -> (&'static str, Value) {
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
