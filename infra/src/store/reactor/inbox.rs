//! Tells whom it concerns. What an audience comes down to is asked of the roster once a batch: the people of all its units in
//! one query, those of all its desks in another, who leads its grids in a third, who hears calls in a fourth (`call.rs`), who
//! stands in for those who are away in a fifth.

use super::super::Store;
use super::super::error::StoreError;
use super::super::inbox::Told;
use super::super::row::column;
use super::super::sql::Sql;
use super::Happening;
use domain::id::{UnitId, UserId};
use domain::notice::{Notice, Recipient, is_belated, recipients};
use domain::permission::{Action, Role};
use domain::place::PlaceCode;
use domain::ticket::Fact;
use domain::time::Timestamp;
use sea_orm::Statement;
use std::collections::{HashMap, HashSet};
use std::iter::successors;
use std::sync::Arc;
use uuid::Uuid;

/// What follows from events for inboxes.
pub(super) async fn effects(
    store: &Store,
    happenings: &[Arc<Happening>],
    now: Timestamp,
) -> Result<Vec<Statement>, StoreError> {
    let each: Vec<_> = happenings.iter().map(|happening| (happening, of(happening))).collect();
    let all = || each.iter().flat_map(|(_, told)| told).map(|(to, _)| *to);
    let (mut units, mut desks, mut leaders, mut calls) = (Vec::new(), Vec::new(), Vec::new(), HashSet::new());
    for to in all() {
        match to {
            Recipient::Unit(unit) => units.push(unit.0),
            Recipient::Desk(desk) => desks.push(desk),
            Recipient::Leader(place) => leaders.push(place),
            Recipient::Called(area, roles) => drop(calls.insert((area, roles))),
            Recipient::Person(_) | Recipient::Duty(_) => {}
        }
    }
    let called = store.people_called(calls).await?;
    let of_units = store.people_of_units(units).await?;
    let at_desks = store.people_at_desks(store.with_ancestors(desks.into_iter())).await?;
    let leading = store.people_at(store.with_ancestors(leaders.into_iter()), &[Role::GridLeader]).await?;
    let people = |to: &Recipient| match to {
        Recipient::Person(person) => vec![*person],
        Recipient::Unit(unit) => of_units.get(unit).cloned().unwrap_or_default(),
        Recipient::Desk(desk) => store.nearest(desk, &at_desks),
        Recipient::Leader(place) => store.nearest(place, &leading),
        Recipient::Called(area, roles) => called.get(&(*area, *roles)).cloned().unwrap_or_default(),
        // The bell's.
        Recipient::Duty(_) => vec![],
    };
    let told = each.iter().map(|(happening, to)| {
        (*happening, each_once(happening, to.iter().map(|(to, notice)| (people(to), *notice))))
    });
    let told: Vec<_> = told.collect();
    let pressed = told.iter().flat_map(|(_, told)| told).filter(|one| one.notice.presses());
    let stand_ins = store.stand_ins(pressed.map(|one| one.person).collect(), now).await?;
    let told: Vec<_> =
        told.into_iter().flat_map(|(happening, told)| with_stand_ins(happening, told, &stand_ins)).collect();
    Ok(store.tell(&told, now))
}

/// What presses is told as well to whoever stands in for those who are away, who can do it now; they themselves miss nothing.
fn with_stand_ins(
    happening: &Happening,
    mut told: Vec<Told>,
    stand_ins: &HashMap<UserId, Vec<UserId>>,
) -> Vec<Told> {
    let mut seen: HashSet<UserId> = told.iter().map(|one| one.person).chain(happening.event.actor).collect();
    let mut more = Vec::new();
    for one in told.iter().filter(|one| one.notice.presses()) {
        for person in stand_ins.get(&one.person).into_iter().flatten() {
            if seen.insert(*person) {
                more.push(Told { person: *person, ..one.clone() });
            }
        }
    }
    told.append(&mut more);
    told
}

fn of(happening: &Happening) -> Vec<(Recipient, Notice)> {
    recipients(happening.before.as_ref(), &happening.event, &happening.after)
}

/// Each person once, as what comes first, and not whoever did it.
pub(super) fn each_once(
    happening: &Happening,
    told: impl Iterator<Item = (Vec<UserId>, Notice)>,
) -> Vec<Told> {
    let event = &happening.event;
    let mut seen: HashSet<UserId> = event.actor.into_iter().collect();
    // A ring says which limit it is about; what was escalated by itself was due then.
    let (clock, due_at) = match &event.fact {
        Fact::Warned { .. } | Fact::Breached { .. } => {
            event.clocks.first().map_or((None, None), |clock| (Some(clock.kind), Some(clock.due_at)))
        }
        Fact::Escalated { .. } if event.actor.is_none() => (None, Some(event.occurred_at)),
        _ => (None, None),
    };
    let belated = is_belated(event).then_some(event.recorded_at);
    let mut all = Vec::new();
    for (people, notice) in told {
        for person in people {
            if seen.insert(person) {
                let position = happening.cursor.position();
                all.push(Told { person, notice, ticket: happening.ticket, position, clock, due_at, belated });
            }
        }
    }
    all
}

impl Store {
    /// These places and all above them, each once.
    pub(in crate::store) fn with_ancestors(&self, places: impl Iterator<Item = PlaceCode>) -> Vec<PlaceCode> {
        let all: HashSet<_> = places.flat_map(|place| self.upwards(place)).collect();
        all.into_iter().collect()
    }

    /// A place and all above it, the nearest first.
    fn upwards(&self, place: PlaceCode) -> Vec<PlaceCode> {
        let levels = self.levels(place.county());
        successors(Some(place), |place| place.parent(&levels)).collect()
    }

    /// Whoever is at a place, or at the nearest above it that has somebody.
    pub(in crate::store) fn nearest(
        &self,
        place: &PlaceCode,
        at: &HashMap<PlaceCode, Vec<UserId>>,
    ) -> Vec<UserId> {
        self.upwards(*place).iter().find_map(|place| at.get(place).cloned()).unwrap_or_default()
    }

    /// Who handles for units.
    pub(in crate::store) async fn people_of_units(
        &self,
        units: Vec<Uuid>,
    ) -> Result<HashMap<UnitId, Vec<UserId>>, StoreError> {
        let mut people: HashMap<UnitId, Vec<UserId>> = HashMap::new();
        if units.is_empty() {
            return Ok(people);
        }
        let units: HashSet<_> = units.into_iter().collect();
        let mut sql = Sql::new("SELECT DISTINCT unit_id, user_id FROM role_grant WHERE unit_id IN ");
        sql.bind_all(units).push(" AND role IN ").bind_all(roles_with(Action::TicketAccept));
        for row in self.query_all(&sql.text, sql.values).await? {
            let unit = UnitId(column(&row, "role_grant", "unit_id")?);
            people.entry(unit).or_default().push(UserId(column(&row, "role_grant", "user_id")?));
        }
        Ok(people)
    }

    /// Who dispatches by a grant for exactly these places.
    pub(in crate::store) async fn people_at_desks(
        &self,
        desks: Vec<PlaceCode>,
    ) -> Result<HashMap<PlaceCode, Vec<UserId>>, StoreError> {
        let dispatch: Vec<_> = Action::TicketDispatch.roles().collect();
        self.people_at(desks, &dispatch).await
    }

    /// Who holds one of these roles by a grant for exactly these places.
    async fn people_at(
        &self,
        places: Vec<PlaceCode>,
        roles: &[Role],
    ) -> Result<HashMap<PlaceCode, Vec<UserId>>, StoreError> {
        let mut people: HashMap<PlaceCode, Vec<UserId>> = HashMap::new();
        if places.is_empty() {
            return Ok(people);
        }
        let mut sql = Sql::new(
            "SELECT DISTINCT p.code, p.user_id FROM grant_place p JOIN role_grant g ON g.id = p.grant_id WHERE p.code IN ",
        );
        sql.bind_all(places.iter().map(ToString::to_string));
        sql.push(" AND g.role IN ").bind_all(roles.iter().map(<&str>::from));
        for row in self.query_all(&sql.text, sql.values).await? {
            let code: String = column(&row, "grant_place", "code")?;
            let person = UserId(column(&row, "grant_place", "user_id")?);
            people.entry(self.stored_code(&code)?).or_default().push(person);
        }
        Ok(people)
    }
}

/// The words of the roles that have an action.
fn roles_with(action: Action) -> impl Iterator<Item = &'static str> {
    action.roles().map(Into::into)
}
