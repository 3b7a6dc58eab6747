//! What a list of tickets tries on each entry: the filters that its lens does not serve, and who may see what.

use super::super::sql::Sql;
use super::list::{Lens, TicketQuery};
use super::write::HEARD;
use domain::actor::Actor;
use domain::permission::{Action, Roles};
use domain::place::PlaceCode;
use domain::ticket::{Affair, Channel, Commonality, Handling, Severity, Status};
use domain::time::Timestamp;
use strum::IntoEnumIterator;
use uuid::Uuid;

/// Adds the filters.
pub(super) fn residual_filters(sql: &mut Sql, query: &TicketQuery, actor: &Actor, now: Timestamp) {
    sql.push("true");
    let words = [
        ("status", query.status.map(Status::name)),
        ("severity", query.severity.map(Severity::name)),
        ("affair", query.affair.map(Affair::name)),
        ("channel", query.channel.map(Channel::name)),
        ("category", query.category.as_deref()),
        ("service", query.service.as_deref()),
        ("handling", query.handling.map(Handling::name)),
        ("commonality", query.commonality.map(Commonality::name)),
        ("desk", query.desk.as_ref().map(PlaceCode::as_str)),
    ];
    for (name, word) in words {
        if let Some(word) = word {
            // A column that is NULL is no hit, and must not make the whole of it NULL.
            sql.push(&format!(" AND coalesce({name}, '') = ")).bind(word);
        }
    }
    if let Some(unit) = query.unit {
        sql.push(" AND unit_id IS NOT NULL AND unit_id = ").bind(unit.0);
    }
    if let Some(handler) = query.handler {
        sql.push(" AND handler_id IS NOT NULL AND handler_id = ").bind(handler.0);
    }
    if let Some(requester) = query.requester {
        sql.push(" AND requester_id = ").bind(requester.0);
    }
    match query.overdue {
        Some(true) => drop(sql.push(" AND owed_since IS NOT NULL AND owed_since < ").bind(now)),
        Some(false) => drop(sql.push(" AND (owed_since IS NULL OR owed_since >= ").bind(now).push(")")),
        None => {}
    }
    match query.call {
        Some(true) => drop(sql.push(" AND call_area IS NOT NULL")),
        Some(false) => drop(sql.push(" AND call_area IS NULL")),
        None => {}
    }
    match query.sorted {
        Some(true) => drop(sql.push(" AND category IS NOT NULL AND affair IS NOT NULL")),
        Some(false) => {
            let open = Status::iter().filter(|status| status.is_open()).map(Status::name);
            sql.push(" AND (category IS NULL OR affair IS NULL) AND status IN ").bind_all(open);
        }
        None => {}
    }
    if let Some(supervised) = query.supervised {
        sql.push(" AND supervised = ").bind(supervised);
    }
    if let Some(person) = query.first_asked {
        sql.push(
            " AND status IN ('submitted', 'dispatched') AND first_asked_id IS NOT NULL AND first_asked_id = ",
        )
        .bind(person.0);
    }
    if let Some(unit) = query.for_unit {
        sql.push(" AND requester_unit_id IS NOT NULL AND requester_unit_id = ").bind(unit.0);
    }
    let asked_for = if let Lens::ForUnit(unit) = query.lens { Some(unit) } else { query.for_unit };
    // Who is hidden on a ticket must not show by a list either.
    if asked_for.is_some_and(|unit| actor.raising_units().all(|own| own != unit)) {
        sql.push(" AND (NOT confidential OR requester_id = ").bind(actor.user.0).push(")");
    }
    if let Some(escalated) = query.escalated {
        sql.push(" AND escalated = ").bind(escalated);
    }
    match query.topic {
        Some(true) => drop(sql.push(" AND topic_id IS NOT NULL")),
        Some(false) => drop(sql.push(" AND topic_id IS NULL")),
        None => {}
    }
    match query.ledger {
        Some(true) => drop(sql.push(" AND commonality IS NOT NULL")),
        Some(false) => drop(sql.push(" AND commonality IS NULL")),
        None => {}
    }
    if matches!(query.lens, Lens::Phone(_)) {
        sql.push(" AND (");
        knows_whom_to_call(sql, actor);
        sql.push(")");
    }
    if let Some(place) = query.place {
        sql.push(" AND ");
        sql.below("scope_code", &place);
    }
    if let Lens::Area(place) | Lens::Claimable(place) | Lens::Topic(place) = query.lens {
        sql.push(" AND ");
        sql.below("scope_code", &place);
    }
    if !query.sees_all {
        sql.push(" AND (");
        in_sight(sql, actor);
        sql.push(")");
    }
}

/// Whether they may know whose phone number it is: a list by a number that they hold already must not tell them who asked.
fn knows_whom_to_call(sql: &mut Sql, actor: &Actor) {
    sql.push("requester_id = ").bind(actor.user.0);
    sql.push(" OR (NOT confidential AND ((handler_id IS NOT NULL AND handler_id = ")
        .bind(actor.user.0)
        .push(")");
    of_units(sql, actor);
    for place in actor.area_of(Action::TicketUnmask) {
        sql.push(" OR ");
        sql.below("scope_code", &place);
    }
    sql.push("))");
}

/// "May this person see that ticket", as [`Actor::may`] says it.
fn in_sight(sql: &mut Sql, actor: &Actor) {
    sql.push("requester_id = ").bind(actor.user.0);
    if actor.sees_assigned() {
        sql.push(" OR (handler_id IS NOT NULL AND handler_id = ").bind(actor.user.0).push(")");
    }
    let units = of_units(sql, actor);
    let raising: Vec<_> = actor.raising_units().map(|unit| unit.0).collect();
    if !raising.is_empty() {
        sql.push(" OR (requester_unit_id IS NOT NULL AND requester_unit_id IN ").bind_all(raising).push(")");
    }
    for place in actor.area() {
        sql.push(" OR ");
        sql.below("scope_code", &place);
    }
    for (role, place) in actor.claims() {
        let role = Roles::from_iter([role]).bits();
        sql.push(" OR ((claim_roles & ").bind(role).push(") <> 0 AND (");
        sql.below("scope_code", &place);
        // A call is heard by whoever holds one of its own roles anywhere in its area.
        sql.push(" OR ((claim_roles & ")
            .bind(role << HEARD)
            .push(") <> 0 AND call_area IS NOT NULL AND substr(");
        sql.bind(place.as_str());
        sql.push(", 1, length(call_area)) = call_area)))");
    }
    sql.push(" OR EXISTS (SELECT 1 FROM ticket_party p WHERE p.ticket_id = ticket.id AND p.active AND ");
    sql.push("((p.kind = 'requester' AND p.party_id = ").bind(actor.user.0).push(")");
    sql.push(" OR (p.kind = 'delegate' AND p.party_id = ").bind(actor.user.0).push(")");
    if actor.sees_assigned() {
        let mut own = vec![actor.user.0];
        own.extend(units);
        sql.push(" OR (p.kind = 'assist' AND p.party_id IN ").bind_all(own).push(")");
    }
    let called: Vec<_> = actor.called_units().map(|unit| unit.0).collect();
    if !called.is_empty() {
        sql.push(" OR (p.kind = 'called' AND p.party_id IN ").bind_all(called).push(")");
    }
    // Asked of each ticket: a planner that may fetch it once for all fetches everything they ever took part in.
    sql.push(") LIMIT 1 OFFSET 0)");
}

/// Adds the tickets that units of theirs lead, and says which units those are.
fn of_units(sql: &mut Sql, actor: &Actor) -> Vec<Uuid> {
    let units: Vec<_> = actor.units().map(|unit| unit.0).collect();
    if !units.is_empty() {
        sql.push(" OR (unit_id IS NOT NULL AND unit_id IN ").bind_all(units.iter().copied()).push(")");
    }
    units
}
