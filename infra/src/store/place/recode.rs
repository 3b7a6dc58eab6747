//! 编码变更: when a place lies elsewhere in the net, what lies in it follows in batches, so that nobody waits for it. Codes
//! of before stand for the place all the while. Whoever was granted something there gets the same under the new code first,
//! then tickets go, then what was granted under the old code is taken: nobody is out of sight in between.

use super::super::ATTEMPTS;
use super::super::Store;
use super::super::change::{ChangeError, Failed};
use super::super::error::StoreError;
use super::super::record::{PersonEvent, Recorded};
use super::super::row::column;
use super::super::sql::Sql;
use super::super::ticket::{Housekeeping, area};
use crate::entropy;
use chrono::TimeDelta;
use domain::actor::{Grant, Scope};
use domain::id::{PlaceId, TicketId, UserId};
use domain::person::{Held, by_county, scope_of};
use domain::place::{PlaceCode, PlaceRef};
use domain::time::Timestamp;
use futures_util::future::join_all;
use sea_orm::Statement;
use std::collections::HashMap;
use uuid::Uuid;

/// How many tickets are looked up at a time, and people.
const BATCH: i64 = 200;
/// How many tickets change at a time: few, so that whoever else changes one waits for few.
const AT_ONCE: usize = 8;
/// Longer than any call takes: a ticket may be filed under the old code while its place moves.
const UNDER_WAY: TimeDelta = TimeDelta::minutes(1);

/// The codes of now, by those of before.
type Codes = HashMap<PlaceCode, PlaceCode>;

impl Store {
    /// What says that things lie under a code that its place has no more.
    pub(super) fn recode_later(&self, code: &PlaceCode, now: Timestamp) -> Statement {
        let sql = "INSERT INTO recoding (id, code, created_at) VALUES ($1, $2, $3)";
        self.statement(sql, vec![entropy::id(now).into(), code.as_str().into(), now.into()])
    }

    /// Lets everything follow that lies under a code of before, all that is due by now. How many tickets did.
    ///
    /// # Errors
    /// [`StoreError`]; what is left stays for the next time.
    pub async fn recode_due(&self, now: Timestamp) -> Result<u64, StoreError> {
        let sql = "SELECT id, code, created_at, due_at FROM recoding WHERE due_at IS NULL OR due_at <= $1 ORDER BY id";
        let mut changed = 0;
        for row in self.query_all(sql, vec![now.into()]).await? {
            let code: String = column(&row, "recoding", "code")?;
            let (done, whole) = self.follow(&self.stored_code(&code)?, now).await?;
            changed += done;
            let second = column::<Timestamp>(&row, "recoding", "created_at")? + UNDER_WAY;
            let is_first = column::<Option<Timestamp>>(&row, "recoding", "due_at")?.is_none();
            let id: Uuid = column(&row, "recoding", "id")?;
            let statement = match (whole, is_first && now < second) {
                (true, false) => self.statement("DELETE FROM recoding WHERE id = $1", vec![id.into()]),
                (whole, _) => {
                    let next = if whole { second } else { now + UNDER_WAY };
                    let sql = "UPDATE recoding SET due_at = $2 WHERE id = $1";
                    self.statement(sql, vec![id.into(), next.into()])
                }
            };
            self.journal.write(vec![statement]).await?;
        }
        Ok(changed)
    }

    /// What lies at a place that ends goes to the one that goes on as it. Said again it takes along what was put there in the
    /// very moment of the end.
    pub(super) fn goes_on_as(&self, place: PlaceId, successor: PlaceId, now: Timestamp) -> Vec<Statement> {
        let mut statements = self.move_ties_of_place(place, successor, now);
        let moves = [
            "UPDATE unit SET seat_id = $2 WHERE seat_id = $1",
            // An estate says which place it is: one goes with its place.
            "UPDATE matter SET place_id = $2 WHERE place_id = $1 AND kind <> 'estate'",
            "UPDATE photo SET place_id = $2 WHERE place_id = $1",
        ];
        statements.extend(moves.map(|sql| self.statement(sql, vec![place.0.into(), successor.0.into()])));
        statements
    }

    /// The same for what was on its way to a place while it ended: whoever wrote it had looked before.
    async fn latecomers(&self, from: &PlaceCode, now: Timestamp) -> Result<(), StoreError> {
        let sql = "SELECT p.id, c.place_id FROM place_code c JOIN place p ON p.code = c.code \
             WHERE c.code = $1 AND p.retired_at IS NOT NULL AND c.place_id <> p.id";
        let Some(row) = self.query_one(sql, vec![from.as_str().into()]).await? else { return Ok(()) };
        let place = PlaceId(column(&row, "place", "id")?);
        let successor = PlaceId(column(&row, "place_code", "place_id")?);
        self.journal.write(self.goes_on_as(place, successor, now)).await
    }

    /// How many tickets followed, and whether all did.
    async fn follow(&self, from: &PlaceCode, now: Timestamp) -> Result<(u64, bool), StoreError> {
        self.latecomers(from, now).await?;
        let codes = self.codes_now(from).await?;
        for person in self.granted_below(from).await? {
            self.grant_anew(person, &codes, now).await?;
        }
        let (mut changed, mut after, mut whole) = (0, None, true);
        loop {
            let tickets = self.tickets_below(from, after).await?;
            let Some((at, id, _)) = tickets.last() else { break };
            after = Some((*at, *id));
            for some in tickets.chunks(AT_ONCE) {
                let go =
                    some.iter().map(|(_, id, place)| self.keep_house(*id, Housekeeping::Recode(*place), now));
                for (outcome, (_, ticket, _)) in join_all(go).await.into_iter().zip(some) {
                    match outcome {
                        Ok(done) => changed += u64::from(done),
                        Err(error) => {
                            whole = false;
                            tracing::warn!(%error, %ticket, "a ticket did not go along; the next time tries again");
                        }
                    }
                }
            }
        }
        let mut shifts = Sql::new(
            "UPDATE shift SET place = (SELECT p.code FROM place_code c JOIN place p ON p.id = c.place_id \
             WHERE c.code = shift.place) WHERE ends_at > ",
        );
        shifts.bind(now).push(" AND ").below("place", from);
        self.journal.write(vec![self.statement(&shifts.text, shifts.values)]).await?;
        if whole {
            // What was begun on a ticket before that went along lies where it lay.
            self.latecomers(from, now).await?;
            for person in self.granted_below(from).await? {
                self.take_old(person, &codes, now).await?;
            }
        }
        Ok((changed, whole))
    }

    /// The next tickets under codes of before, oldest first, with where they lie now.
    async fn tickets_below(
        &self,
        from: &PlaceCode,
        after: Option<(Timestamp, TicketId)>,
    ) -> Result<Vec<(Timestamp, TicketId, PlaceRef)>, StoreError> {
        let mut sql = Sql::new(
            "SELECT t.id, t.created_at, p.id AS place, p.code FROM ticket t JOIN place_code c ON c.code = t.scope_code \
             JOIN place p ON p.id = c.place_id WHERE p.code <> t.scope_code AND ",
        );
        let (name, digits) = area(from);
        sql.push(&format!("t.{name} = ")).bind(digits).push(" AND ").below("t.scope_code", from);
        if let Some((at, id)) = after {
            sql.push(" AND (t.created_at, t.id) > (").bind(at).push(", ").bind(id.0).push(")");
        }
        sql.push(" ORDER BY t.created_at, t.id LIMIT ").bind(BATCH);
        let rows = self.query_all(&sql.text, sql.values).await?;
        let ticket = |row: &_| {
            let code: String = column(row, "place", "code")?;
            let place =
                PlaceRef { id: PlaceId(column(row, "place", "place")?), code: self.stored_code(&code)? };
            Ok((column(row, "ticket", "created_at")?, TicketId(column(row, "ticket", "id")?), place))
        };
        rows.iter().map(ticket).collect()
    }

    /// Who was granted something under codes of before.
    async fn granted_below(&self, from: &PlaceCode) -> Result<Vec<UserId>, StoreError> {
        let mut sql = Sql::new(
            "SELECT DISTINCT g.user_id FROM grant_place g JOIN place_code c ON c.code = g.code \
             JOIN place p ON p.id = c.place_id WHERE p.code <> g.code AND ",
        );
        sql.below("g.code", from);
        let rows = self.query_all(&sql.text, sql.values).await?;
        rows.iter().map(|row| Ok(UserId(column(row, "grant_place", "user_id")?))).collect()
    }

    /// The codes that some places below one have now, by those of before.
    async fn codes_now(&self, from: &PlaceCode) -> Result<Codes, StoreError> {
        let mut sql = Sql::new(
            "SELECT c.code AS before, p.code FROM place_code c JOIN place p ON p.id = c.place_id WHERE p.code <> c.code AND ",
        );
        sql.below("c.code", from);
        let rows = self.query_all(&sql.text, sql.values).await?;
        let code = |row: &_, name| self.stored_code(&column::<String>(row, "place_code", name)?);
        rows.iter().map(|row| Ok((code(row, "before")?, code(row, "code")?))).collect()
    }

    /// Grants somebody under the codes of now what they hold under those of before.
    async fn grant_anew(&self, person: UserId, codes: &Codes, now: Timestamp) -> Result<(), StoreError> {
        let Some(user) = self.user(person).await? else { return Ok(()) };
        for grant in &user.actor.grants {
            let Some(scope) = scope_now(&grant.scope, codes) else { continue };
            let Some(user) = self.user(person).await? else { return Ok(()) };
            self.grant(&user, &Grant { role: grant.role, scope }, now).await?;
        }
        Ok(())
    }

    /// Takes what somebody holds under codes of before.
    async fn take_old(&self, person: UserId, codes: &Codes, now: Timestamp) -> Result<(), StoreError> {
        for _ in 0..ATTEMPTS {
            let (version, held) = self.held_by(person).await?;
            let old: Vec<_> = held
                .into_iter()
                .filter(|held| scope_now(&held.placed.grant.scope, codes).is_some())
                .collect();
            if old.is_empty() {
                return Ok(());
            }
            match self.try_take_old(person, version, &old, now).await {
                Ok(()) => return Ok(()),
                Err(Failed::Error(ChangeError::Store(error))) => return Err(error),
                Err(Failed::Error(error)) => return Err(StoreError::Unavailable(error.to_string())),
                Err(Failed::Conflict | Failed::KeyTaken) => {}
            }
        }
        Err(StoreError::Unavailable("too many changes at once".into()))
    }

    async fn try_take_old(
        &self,
        person: UserId,
        version: i32,
        old: &[Held],
        now: Timestamp,
    ) -> Result<(), Failed> {
        let mut events = Vec::new();
        for held in old {
            for (at, places) in by_county(held.placed.places(), |county| self.levels(county)) {
                events.push((at, held.revoked(places)));
            }
        }
        let events: Vec<_> = events
            .iter()
            .map(|(at, fact)| PersonEvent { fact: fact.clone(), scope_code: at.as_str(), text: None })
            .collect();
        let added = i32::try_from(events.len()).unwrap_or(i32::MAX);
        let sql = "UPDATE app_user SET version = $3, grants_version = grants_version + 1 WHERE id = $1 AND version = $2";
        let values = vec![person.0.into(), version.into(), (version + added).into()];
        let recorded = Recorded { person, version, by: None, now, key: None };
        let rest = old.iter().flat_map(|held| self.take(held)).collect();
        self.record_person(&recorded, self.statement(sql, values), rest, &events, None).await
    }
}

/// The scope under the codes of now; `None` where it has none of before.
fn scope_now(scope: &Scope, codes: &Codes) -> Option<Scope> {
    let Scope::Places(places) = scope else { return None };
    places.iter().any(|place| codes.contains_key(place)).then_some(())?;
    let now: Vec<_> = places.iter().map(|place| *codes.get(place).unwrap_or(place)).collect();
    scope_of(&now).ok()
}
