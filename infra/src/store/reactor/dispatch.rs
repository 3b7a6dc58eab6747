//! 平台智能派单: dispatches what a route of the playbook fits (practices Z01). It changes tickets through their one door and writes
//! nothing beside its cursor: what it has done shows in the ticket, so an event that comes twice is done once.

use super::super::Store;
use super::super::change::ChangeError;
use super::super::error::StoreError;
use super::super::row::column;
use super::super::sql::Sql;
use super::super::ticket::Housekeeping;
use super::Happening;
use domain::id::{TicketId, UnitId, UserId};
use domain::permission::Role;
use domain::place::PlaceCode;
use domain::playbook::{EstateTo, Playbook, Route, RouteTo};
use domain::text::FreeText;
use domain::ticket::Assignee;
use domain::tie::TieKind;
use domain::time::{Timestamp, china_day};
use sea_orm::Statement;
use std::iter::once;
use std::sync::Arc;
use uuid::Uuid;

/// Dispatches the tickets of these events that a route fits, one after the other: who has the fewest depends on those before.
pub(super) async fn effects(
    store: &Store,
    happenings: &[Arc<Happening>],
    now: Timestamp,
) -> Result<Vec<Statement>, StoreError> {
    for happening in happenings {
        let place = happening.after.place.code;
        // By the one that decides the ticket: another may have other routes, and then nothing would come of it.
        let playbook = match store.playbook_of(&happening.after).await {
            Ok(playbook) => playbook,
            Err(ChangeError::Store(error)) => return Err(error),
            Err(_) => continue,
        };
        if let Some(route) = playbook.routed(&happening.event, &happening.after) {
            store.dispatch_by_route(happening.ticket, &place, (route, &playbook), now).await?;
        }
    }
    Ok(Vec::new())
}

impl Store {
    /// Dispatches a ticket by a route, unless somebody was faster. Where the route leads to nobody, it waits for a person.
    async fn dispatch_by_route(
        &self,
        id: TicketId,
        place: &PlaceCode,
        (route, playbook): (&Route, &Playbook),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let to = match &route.to {
            RouteTo::Role(role) => self.nearest_free(*role, place, now).await?.map(Assignee::Person),
            RouteTo::Unit(name) => self.unit_called(name, place).await?.map(Assignee::Unit),
            RouteTo::Estate(_) => self.keeper_of_estate(place, playbook, now).await?,
            RouteTo::Tie(kind) => self.nearest_tied(*kind, place, now).await?.map(Assignee::Unit),
        };
        let Some(to) = to else { return Ok(()) };
        let Some(to) = self.assignments(&[to]).await?.pop() else { return Ok(()) };
        let words = FreeText::parse(route.words(playbook));
        let words = words.map_err(|error| StoreError::corrupt("playbook", "routes", place, error))?;
        let note = self.text(words, now);
        let dispatch = Housekeeping::Dispatch { route, to: &to, note: &note };
        match self.keep_house(id, dispatch, now).await {
            Ok(_) => Ok(()),
            Err(ChangeError::Store(error)) => Err(error),
            Err(error @ ChangeError::Contended) => Err(StoreError::Unavailable(error.to_string())),
            Err(error) => Err(StoreError::corrupt("ticket", "state", id, error)),
        }
    }

    /// Whoever deals with problems of property in the estate around a place, by the mode that it has (practices F10).
    async fn keeper_of_estate(
        &self,
        place: &PlaceCode,
        playbook: &Playbook,
        now: Timestamp,
    ) -> Result<Option<Assignee>, StoreError> {
        let Some(view) = self.estate_around(place).await? else { return Ok(None) };
        let unit = match playbook.estate_mode(&view.matter.mode).map(|mode| mode.to) {
            Some(EstateTo::Property | EstateTo::Owners) => view.matter.unit,
            Some(EstateTo::Community) => {
                let clerk = self.nearest_free(Role::CommunityClerk, place, now).await?;
                return Ok(clerk.map(Assignee::Person));
            }
            // The playbook knows the mode no more: people decide.
            None => None,
        };
        let Some(unit) = unit else { return Ok(None) };
        let sql = "SELECT id FROM unit WHERE id = $1 AND retired_at IS NULL";
        let there = self.query_one(sql, vec![unit.0.into()]).await?;
        Ok(there.map(|_| Assignee::Unit(unit)))
    }

    /// Whoever holds a role for the smallest place around this one and is not away: on duty first, then with the fewest
    /// open tickets.
    async fn nearest_free(
        &self,
        role: Role,
        place: &PlaceCode,
        now: Timestamp,
    ) -> Result<Option<UserId>, StoreError> {
        let around: Vec<_> = self.with_ancestors(once(*place)).iter().map(ToString::to_string).collect();
        let mut sql = Sql::new(
            "SELECT p.user_id, CASE WHEN EXISTS (SELECT 1 FROM shift s WHERE s.user_id = p.user_id AND s.place IN ",
        );
        sql.bind_all(around.iter().cloned()).push(" AND s.starts_at <= ").bind(now);
        sql.push(" AND s.ends_at > ").bind(now).push(") THEN 0 ELSE 1 END AS off_duty, ");
        // In the words of its index.
        sql.push("(SELECT count(*) FROM ticket t WHERE t.handler_id = p.user_id AND t.status IN ('dispatched', 'accepted')) AS at_work ");
        sql.push("FROM grant_place p JOIN role_grant g ON g.id = p.grant_id WHERE p.code IN ")
            .bind_all(around);
        let role: &'static str = role.into();
        sql.push(" AND g.role = ").bind(role);
        sql.push(" AND NOT EXISTS (SELECT 1 FROM absence a WHERE a.user_id = p.user_id AND a.starts_at <= ")
            .bind(now);
        sql.push(" AND a.ends_at > ").bind(now);
        sql.push(") ORDER BY length(p.code) DESC, off_duty, at_work, p.user_id LIMIT 1");
        let row = self.query_one(&sql.text, sql.values).await?;
        row.map(|row| Ok(UserId(column(&row, "grant_place", "user_id")?))).transpose()
    }

    /// The unit of a place's county that is called so.
    async fn unit_called(&self, name: &str, place: &PlaceCode) -> Result<Option<UnitId>, StoreError> {
        let sql =
            "SELECT id FROM unit WHERE county = $1 AND name = $2 AND retired_at IS NULL ORDER BY id LIMIT 1";
        let row = self.query_one(sql, vec![place.county().into(), name.into()]).await?;
        row.map(|row| Ok(UnitId(column(&row, "unit", "id")?))).transpose()
    }

    /// The unit that is tied so to a place today, or to the nearest above; before those for one line of work, whoever is
    /// for all.
    async fn nearest_tied(
        &self,
        kind: TieKind,
        place: &PlaceCode,
        now: Timestamp,
    ) -> Result<Option<UnitId>, StoreError> {
        let today = china_day(now);
        let mut sql = Sql::new(
            "SELECT t.unit_id FROM place p JOIN tie t ON t.place_id = p.id JOIN unit n ON n.id = t.unit_id WHERE p.code IN ",
        );
        sql.bind_all(self.with_ancestors(once(*place)).iter().map(ToString::to_string));
        sql.push(" AND p.retired_at IS NULL AND n.retired_at IS NULL AND t.kind = ").bind(kind.name());
        sql.push(" AND t.since <= ").bind(today).push(" AND (t.until IS NULL OR t.until >= ").bind(today);
        sql.push(") ORDER BY length(p.code) DESC, CASE WHEN t.line IS NULL THEN 0 ELSE 1 END, t.since, t.id LIMIT 1");
        let row = self.query_one(&sql.text, sql.values).await?;
        row.map(|row| Ok(UnitId(column::<Uuid>(&row, "tie", "unit_id")?))).transpose()
    }
}
