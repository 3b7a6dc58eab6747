//! Red flags (practices L09): the flags of a ticket follow its closings and reopenings.

use super::super::Store;
use super::super::dialect::json_rows;
use super::super::error::StoreError;
use super::super::log::Cursor;
use super::super::row::column;
use super::Happening;
use domain::flag::{FlagChange, FlagRule, Standing};
use domain::id::UserId;
use domain::person;
use domain::place::PlaceCode;
use domain::ticket::{Assignee, Ticket};
use domain::time::Timestamp;
use sea_orm::{Statement, Value};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;

/// How many people are looked up at a time.
const PEOPLE: usize = 32;

/// What follows from these events.
pub(super) async fn effects(
    store: &Store,
    happenings: &[Arc<Happening>],
    generation: i32,
) -> Result<Vec<Statement>, StoreError> {
    let changes: Vec<_> = happenings
        .iter()
        .filter_map(|happening| Some((happening, FlagChange::of(&happening.event, &happening.after)?)))
        .collect();
    let standings = store.standings(takers(changes.iter().map(|(_, change)| change))).await?;
    let (mut statements, mut earned) = (Vec::new(), Vec::new());
    for (happening, change) in changes {
        let Happening { cursor, ticket, after, .. } = &**happening;
        if !matches!(change, FlagChange::Earned { .. }) {
            statements.extend(store.give_flags(generation, &mut earned)?);
        }
        match change {
            FlagChange::Earned { by, round, at } => {
                let rule = store.flag_rule(&after.place.code);
                let eligible = by.into_iter().filter(|who| standings.earns(*who, *cursor, &rule, after));
                earned.extend(eligible.map(|who| Earned {
                    ticket_id: ticket.0,
                    user_id: who.0,
                    round,
                    scope_code: after.place.code,
                    earned_at: at,
                }));
            }
            FlagChange::TakenBack { at } => {
                let sql = "UPDATE flag SET taken_at = $3 WHERE generation = $1 AND ticket_id = $2 AND taken_at IS NULL";
                statements.push(store.statement(sql, vec![generation.into(), ticket.0.into(), at.into()]));
            }
            FlagChange::Moved { from, to } => {
                let moved = "UPDATE flag SET user_id = $4 WHERE generation = $1 AND ticket_id = $2 AND user_id = $3 \
                     AND NOT EXISTS (SELECT 1 FROM flag f WHERE f.generation = $1 AND f.ticket_id = $2 AND f.user_id = $4 \
                     AND f.round = flag.round)";
                let twice = "DELETE FROM flag WHERE generation = $1 AND ticket_id = $2 AND user_id = $3";
                let key = vec![generation.into(), ticket.0.into(), from.0.into()];
                statements.push(store.statement(moved, [key.clone(), vec![to.0.into()]].concat()));
                statements.push(store.statement(twice, key));
            }
            FlagChange::Recoded { place } => {
                let sql = "UPDATE flag SET scope_code = $3 WHERE generation = $1 AND ticket_id = $2";
                let values = vec![generation.into(), ticket.0.into(), place.as_str().into()];
                statements.push(store.statement(sql, values));
            }
        }
    }
    statements.extend(store.give_flags(generation, &mut earned)?);
    Ok(statements)
}

/// A flag to be written.
#[derive(Debug, Serialize)]
struct Earned {
    ticket_id: Uuid,
    user_id: Uuid,
    round: u16,
    scope_code: PlaceCode,
    earned_at: Timestamp,
}

/// Those who may have earned flags.
pub(super) fn takers<'a>(changes: impl Iterator<Item = &'a FlagChange>) -> HashSet<UserId> {
    let by = changes.flat_map(|change| match change {
        FlagChange::Earned { by, .. } => by.as_slice(),
        FlagChange::TakenBack { .. } | FlagChange::Moved { .. } | FlagChange::Recoded { .. } => &[],
    });
    by.copied().collect()
}

/// What people were granted and lost, in the order of the log.
#[derive(Debug, Default)]
pub(super) struct Standings(HashMap<UserId, Vec<(Cursor, person::Fact)>>);

impl Standings {
    /// Whether somebody's closing of a ticket at `cursor` earned a flag.
    pub(super) fn earns(&self, who: UserId, cursor: Cursor, rule: &FlagRule, ticket: &Ticket) -> bool {
        let unit = match ticket.lead() {
            Some(Assignee::Unit(unit)) => Some(unit),
            Some(Assignee::Person(_)) | None => None,
        };
        self.standing(who, cursor).earns(rule, &ticket.place.code, unit)
    }

    /// What somebody was granted before `cursor`.
    fn standing(&self, who: UserId, cursor: Cursor) -> Standing {
        let mut standing = Standing::default();
        let events = self.0.get(&who).map(Vec::as_slice).unwrap_or_default();
        for (at, fact) in events.iter().filter(|(at, _)| *at < cursor) {
            // An entry can only have joined before: this ends.
            standing.apply(fact, |entry| self.standing(entry, *at));
        }
        standing
    }
}

impl Store {
    /// Gives flags, however many, by one statement; none when there are none.
    fn give_flags(&self, generation: i32, earned: &mut Vec<Earned>) -> Result<Option<Statement>, StoreError> {
        if earned.is_empty() {
            return Ok(None);
        }
        const COLUMNS: [(&str, &str); 5] = [
            ("ticket_id", "uuid"),
            ("user_id", "uuid"),
            ("round", "integer"),
            ("scope_code", "text"),
            ("earned_at", "timestamptz"),
        ];
        let names = COLUMNS.map(|(name, _)| name).join(", ");
        let sql = format!(
            "INSERT INTO flag (generation, {names}) SELECT $1, {names} FROM {}",
            json_rows(self.backend(), "$2", &COLUMNS)
        );
        let rows = serde_json::to_string(&std::mem::take(earned))
            .map_err(|error| StoreError::corrupt("flag", "user_id", "?", error))?;
        Ok(Some(self.statement(&sql, vec![generation.into(), rows.into()])))
    }

    /// Who earns flags at a place.
    pub(super) fn flag_rule(&self, place: &PlaceCode) -> FlagRule {
        self.playbook(place.county()).map(|book| book.flags.clone()).unwrap_or_default()
    }

    /// The histories of grants of these people, and of the roster entries that they turned out to be.
    pub(super) async fn standings(&self, people: HashSet<UserId>) -> Result<Standings, StoreError> {
        let mut standings = Standings::default();
        let mut next: Vec<UserId> = people.into_iter().collect();
        while !next.is_empty() {
            let mut entries = Vec::new();
            for some in next.chunks(PEOPLE) {
                for (who, cursor, fact) in self.grants_of(some).await? {
                    if let person::Fact::Joined { roster } = fact
                        && !standings.0.contains_key(&roster)
                    {
                        entries.push(roster);
                    }
                    standings.0.entry(who).or_default().push((cursor, fact));
                }
            }
            next = entries;
        }
        Ok(standings)
    }

    async fn grants_of(&self, some: &[UserId]) -> Result<Vec<(UserId, Cursor, person::Fact)>, StoreError> {
        let wanted: Vec<_> = (1..=PEOPLE).map(|n| format!("${n}")).collect();
        let sql = format!(
            "SELECT e.stream, {}, CAST(e.payload AS text) AS payload FROM event e \
             WHERE e.stream IN ({}) AND e.aggregate = 'person' AND e.kind IN ('granted', 'revoked', 'joined') \
             ORDER BY e.stream, e.stream_version",
            self.order().cursor(),
            wanted.join(", ")
        );
        // Always as many parameters, so that it is always the same statement.
        let ids = some.iter().map(|who| who.0).chain(std::iter::repeat(Uuid::nil())).take(PEOPLE);
        let rows = self.query_all(&sql, ids.map(Value::from).collect()).await?;
        let read = |row| {
            let payload: String = column(row, "event", "payload")?;
            let stream: Uuid = column(row, "event", "stream")?;
            let fact = serde_json::from_str(&payload)
                .map_err(|error| StoreError::corrupt("event", "payload", stream, error))?;
            Ok((UserId(stream), Cursor::of(row)?, fact))
        };
        rows.iter().map(read).collect()
    }
}
