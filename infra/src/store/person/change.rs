//! The guarded change of a person: load them, let the rules decide, write down what happened.

use super::super::change::{Answer, ChangeError, Delivered, Failed, Request};
use super::super::dialect::is_duplicate_of;
use super::super::error::StoreError;
use super::super::handover::Handover;
use super::super::record::{PersonEvent, Recorded};
use super::super::user::UserRow;
use super::super::{ATTEMPTS, Store};
use crate::entropy;
use domain::actor::Grant;
use domain::id::{GrantId, UserId};
use domain::permission::{Action, Role};
use domain::person::{
    Change, Command, Happened, Held, Person, PersonRefusal, PlacedGrant, Whereabouts, by_county, decide,
    register,
};
use domain::phone::Phone;
use domain::refusal::Refusal;
use domain::text::Text;
use domain::time::Timestamp;
use sea_orm::{Statement, Value};

/// Somebody who is to be entered into the roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPerson {
    /// Identity.
    pub id: UserId,
    /// In plain.
    pub name: String,
    /// In plain.
    pub phone: Option<Phone>,
    /// What they are granted at once.
    pub grants: Vec<PlacedGrant>,
}

impl Store {
    /// 建档. `render` makes the answer, which commits with the person.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn create_person(
        &self,
        request: &Request<'_>,
        new: &NewPerson,
        render: impl Fn(&Person) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        self.current_grants(request.actor, request.grants_version).await?;
        let held =
            |placed: &PlacedGrant| Held { id: GrantId(entropy::id(request.now)), placed: placed.clone() };
        let mut person = Person {
            id: new.id,
            name: new.name.clone(),
            phone: new.phone,
            profile: None,
            place: Whereabouts { grants: new.grants.iter().map(held).collect(), ..Whereabouts::default() },
            version: 0,
            created_at: request.now,
            erased_at: None,
        };
        let attempt = async {
            let events = register(&person, request.actor, |county| self.levels(county))?;
            person.version = i32::try_from(events.len()).unwrap_or(i32::MAX);
            let [name, phone, hash, _] = self.sealed(&person)?;
            let sql = "INSERT INTO app_user (id, name, phone, phone_hash, grants_version, version, created_at) \
                 VALUES ($1, $2, $3, $4, 1, $5, $6)";
            let values = vec![new.id.0.into(), name, phone, hash, person.version.into(), request.now.into()];
            let mut rest = Vec::new();
            for held in &person.place.grants {
                rest.extend(self.give(new.id.0, held)?);
            }
            if person.place.is_staff() {
                rest.extend(self.found_by(new.id.0, Some(&person.name)));
            }
            let answer = render(&person);
            let recorded = recorded(request, new.id, 0);
            let guard = self.statement(sql, values);
            self.record_happened(&recorded, guard, rest, &events, None, Some(&answer)).await?;
            Ok(answer)
        };
        let result = attempt.await;
        self.or_kept(request.key.as_ref(), result).await
    }

    /// What is done with a person who is there. `render` makes the answer, which commits with the change.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn change_person(
        &self,
        request: &Request<'_>,
        id: UserId,
        command: &Command,
        render: impl Fn(&Person) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let attempt = || self.try_change_person(request, id, command, &render);
        let delivered = self.until_changed(request.key.as_ref(), attempt).await?;
        if matches!(command, Command::Erase { .. } | Command::EraseOwn) {
            self.journal.forget().await;
        }
        self.handed.notify_one();
        Ok(delivered)
    }

    async fn try_change_person(
        &self,
        request: &Request<'_>,
        id: UserId,
        command: &Command,
        render: impl Fn(&Person) -> Answer,
    ) -> Result<Answer, Failed> {
        let Request { actor, grants_version, now, if_match, key: _ } = *request;
        let person = self.person(id, actor, grants_version).await?;
        let person = person.ok_or_else(|| Refusal::from(PersonRefusal::NotFound))?;
        let seen = || id == actor.user || !actor.reaches_person(Action::PersonView, &person.place).is_empty();
        if if_match.is_some_and(|expected| expected != person.version) && seen() {
            return Err(Failed::Error(ChangeError::OtherVersion));
        }
        let change = decide(&person, command, actor, |county| self.levels(county), now)?;
        let answer = render(&change.after);
        let mut rest = self.consequences(id, &change, actor.user, now)?;
        rest.extend(self.found_anew(&person, &change.after));
        if !change.taken.is_empty() {
            rest.extend(self.end_shifts(&change.after, now).await?);
        }
        if !change.taken.is_empty() || !change.given.is_empty() {
            rest.extend(self.end_stand_ins(&change.after, now).await?);
        }
        if matches!(command, Command::Leave { .. }) {
            rest.extend(self.end_ties_of_person(id, now));
        }
        if change.erases() {
            rest.extend(self.erasure(id.0, now).await?);
        }
        let guard = self.guard(&person, &change)?;
        let recorded = recorded(request, id, person.version);
        self.record_happened(&recorded, guard, rest, &change.events, command.text(), Some(&answer)).await?;
        Ok(answer)
    }

    /// Writes down that somebody took a copy of all that is held on them.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub(super) async fn record_export(&self, person: &Person, now: Timestamp) -> Result<(), Failed> {
        let mut after = person.clone();
        after.version += 1;
        let events = [Happened { at: person.place.traced, fact: domain::person::Fact::Exported }];
        let change = Change { after, events: events.to_vec(), given: vec![], taken: vec![], handover: None };
        let recorded =
            Recorded { person: person.id, version: person.version, by: Some(person.id), now, key: None };
        let guard = self.guard(person, &change)?;
        self.record_happened(&recorded, guard, vec![], &events, None, None).await
    }

    /// The person's row, if nobody else was faster. Their tokens end when what they were granted is another.
    fn guard(&self, before: &Person, change: &Change) -> Result<Statement, StoreError> {
        let after = &change.after;
        let tokens_end = !change.given.is_empty() || !change.taken.is_empty() || change.erases();
        let [name, phone, hash, profile] = self.sealed(after)?;
        let sql = "UPDATE app_user SET version = $3, grants_version = grants_version + $4, name = $5, phone = $6, \
             phone_hash = $7, erased_at = $8, profile = $9 WHERE id = $1 AND version = $2";
        let values: Vec<Value> = vec![
            before.id.0.into(),
            before.version.into(),
            after.version.into(),
            i32::from(tokens_end).into(),
            name,
            phone,
            hash,
            after.erased_at.into(),
            profile,
        ];
        Ok(self.statement(sql, values))
    }

    /// What goes with the person's row.
    fn consequences(
        &self,
        id: UserId,
        change: &Change,
        by: UserId,
        now: Timestamp,
    ) -> Result<Vec<Statement>, StoreError> {
        let mut rest = Vec::new();
        for held in &change.given {
            rest.extend(self.give(id.0, held)?);
        }
        rest.extend(change.taken.iter().flat_map(|held| self.take(held)));
        if let Some(successor) = change.handover {
            rest.push(self.hand_over_later(Handover::Left { person: id, successor, by }, now));
        }
        Ok(rest)
    }

    async fn record_happened(
        &self,
        recorded: &Recorded,
        guard: Statement,
        rest: Vec<Statement>,
        happened: &[Happened],
        text: Option<&Text>,
        answer: Option<&Answer>,
    ) -> Result<(), Failed> {
        let events: Vec<_> = happened
            .iter()
            .map(|event| PersonEvent {
                fact: event.fact.clone(),
                scope_code: event.at.as_ref().map_or("", |at| at.as_str()),
                text: text.filter(|_| event.fact.text().is_some()),
            })
            .collect();
        self.record_person(recorded, guard, rest, &events, answer).await.map_err(phone_taken)
    }

    /// Grants a role on the command line's word, unless the user has the very same grant. Everybody is a resident.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn grant(&self, user: &UserRow, grant: &Grant, now: Timestamp) -> Result<(), StoreError> {
        let mut user = user.clone();
        for _ in 0..ATTEMPTS {
            if grant.role == Role::Resident || user.actor.grants.contains(grant) {
                return Ok(());
            }
            match self.try_grant(&user, grant, now).await {
                Ok(()) => return Ok(()),
                Err(Failed::Error(ChangeError::Store(error))) => return Err(error),
                Err(Failed::Error(error)) => return Err(StoreError::Unavailable(error.to_string())),
                Err(Failed::Conflict | Failed::KeyTaken) => {}
            }
            let gone = || StoreError::corrupt("app_user", "id", user.actor.user, "the user is not there");
            user = self.user(user.actor.user).await?.ok_or_else(gone)?;
        }
        Err(StoreError::Unavailable("too many changes at once".into()))
    }

    async fn try_grant(&self, user: &UserRow, grant: &Grant, now: Timestamp) -> Result<(), Failed> {
        let id = user.actor.user;
        let asked = super::GrantAsked { role: grant.role, scope: grant.scope.clone() };
        let placed = self.placed_grants(&[asked]).await?.pop();
        let placed = placed.ok_or_else(|| StoreError::Unavailable("no grant".into()))??;
        let held = Held { id: GrantId(entropy::id(now)), placed };
        let counties = by_county(held.placed.places(), |county| self.levels(county));
        let events: Vec<_> = counties
            .into_iter()
            .map(|(at, places)| Happened { at: Some(at), fact: held.granted(places) })
            .collect();
        let added = i32::try_from(events.len()).unwrap_or(i32::MAX);
        let sql = "UPDATE app_user SET version = $3, grants_version = grants_version + 1 WHERE id = $1 AND version = $2";
        let values = vec![id.0.into(), user.version.into(), (user.version + added).into()];
        let recorded = Recorded { person: id, version: user.version, by: None, now, key: None };
        let (guard, mut rest) = (self.statement(sql, values), self.give(id.0, &held)?);
        rest.extend(self.found_by(id.0, Some(&user.name)));
        self.record_happened(&recorded, guard, rest, &events, None, None).await
    }
}

fn recorded(request: &Request<'_>, person: UserId, version: i32) -> Recorded {
    Recorded { person, version, by: Some(request.actor.user), now: request.now, key: request.key }
}

/// The phone number is the one thing about a person that must be theirs alone.
fn phone_taken(failed: Failed) -> Failed {
    match failed {
        Failed::Error(ChangeError::Store(error)) if is_duplicate_of(&error, "app_user") => {
            Refusal::from(PersonRefusal::PhoneTaken).into()
        }
        failed => failed,
    }
}
