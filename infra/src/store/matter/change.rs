//! How matters begin and change: what happens is decided on what is there, and written with its event, its texts, who takes
//! part, what it alone may have, and who is told, all or nothing.

use super::super::Store;
use super::super::change::{Answer, ChangeError, Delivered, Failed, Request};
use super::super::dialect::is_duplicate_of;
use super::super::error::StoreError;
use super::super::record::{EventRow, Stream};
use super::super::sql::Sql;
use domain::matter::{Change, Columns, Fact, Matter, MatterView};
use domain::place::PlaceRef;
use domain::refusal::Refusal;
use domain::text::Text;
use domain::tie::Holder;
use domain::time::Timestamp;
use sea_orm::{Statement, Value};
use std::collections::HashMap;
use uuid::Uuid;

/// Where a matter is to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMatter {
    /// Its identity, drawn by the caller.
    pub id: Uuid,
    /// Where it belongs.
    pub place: PlaceRef,
    /// What that is called.
    pub place_name: String,
}

/// What is to be written of a matter.
struct Written<'a, M: Matter> {
    view: &'a MatterView<M>,
    change: &'a Change<M>,
    /// The columns that it had before; none when it begins.
    before: Option<&'a Columns>,
    by: Option<domain::id::UserId>,
    key: Option<super::super::IdempotencyKey>,
    now: Timestamp,
}

impl Store {
    /// Begins a matter. `begin` decides what it is, anew when another took what only one may have; `render` makes the answer,
    /// which commits with it.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn begin_matter<M: Matter, F>(
        &self,
        request: &Request<'_>,
        new: &NewMatter,
        begin: impl Fn() -> F,
        render: impl Fn(&MatterView<M>) -> Answer,
    ) -> Result<Delivered, ChangeError>
    where
        F: Future<Output = Result<Change<M>, ChangeError>>,
    {
        let attempt = || async {
            self.current_grants(request.actor, request.grants_version).await?;
            let change = begin().await?;
            let columns = change.after.columns();
            let view = MatterView {
                id: new.id,
                matter: change.after.clone(),
                place: new.place,
                place_name: new.place_name.clone(),
                version: 1,
                created_at: request.now,
                updated_at: request.now,
                texts: words(&change.texts).collect(),
                names: self.names(&columns).await?,
            };
            let answer = render(&view);
            let (by, key, now) = (Some(request.actor.user), request.key, request.now);
            let written = Written { view: &view, change: &change, before: None, by, key, now };
            self.write_matter(written, Some(&answer)).await?;
            Ok(answer)
        };
        self.until_changed(request.key.as_ref(), attempt).await
    }

    /// Changes a matter that is there. `decide` says what becomes of it, or why not; `missing` what it is that is not there;
    /// `render` makes the answer, which commits with the change.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn change_matter<M: Matter>(
        &self,
        request: &Request<'_>,
        id: Uuid,
        missing: impl Fn() -> Refusal,
        decide: impl Fn(&MatterView<M>) -> Result<Change<M>, Refusal>,
        render: impl Fn(&MatterView<M>) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let decide = |view: &MatterView<M>, (): ()| decide(view);
        self.change_matter_knowing(request, id, missing, || async { Ok(()) }, decide, render).await
    }

    /// The same where `decide` needs to know something else: `know` finds it out, anew when somebody else was faster.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn change_matter_knowing<M: Matter, K, F>(
        &self,
        request: &Request<'_>,
        id: Uuid,
        missing: impl Fn() -> Refusal,
        know: impl Fn() -> F,
        decide: impl Fn(&MatterView<M>, K) -> Result<Change<M>, Refusal>,
        render: impl Fn(&MatterView<M>) -> Answer,
    ) -> Result<Delivered, ChangeError>
    where
        F: Future<Output = Result<K, ChangeError>>,
    {
        let attempt = || async {
            let found = self.matter::<M>(id, request.actor, request.grants_version).await?;
            let before = found.ok_or_else(&missing)?;
            let change = decide(&before, know().await?)?;
            if request.if_match.is_some_and(|expected| expected != before.version) {
                return Err(Failed::Error(ChangeError::OtherVersion));
            }
            let had = before.matter.columns();
            let view = self.after(before, &change, &had, request.now).await?;
            let answer = render(&view);
            let (by, key, now) = (Some(request.actor.user), request.key, request.now);
            let written = Written { view: &view, change: &change, before: Some(&had), by, key, now };
            self.write_matter(written, Some(&answer)).await?;
            Ok(answer)
        };
        self.until_changed(request.key.as_ref(), attempt).await
    }

    /// What time alone makes of a matter; whether that was anything. Whoever else was faster has done it.
    pub(super) async fn settle_one<M: Matter>(
        &self,
        view: MatterView<M>,
        now: Timestamp,
    ) -> Result<bool, ChangeError> {
        let Some(change) = view.matter.settle(now) else { return Ok(false) };
        self.change_by_itself(view, change, now).await
    }

    /// Changes a matter without anybody asking for it; whether that was done. Whoever else was faster has changed it.
    pub(super) async fn change_by_itself<M: Matter>(
        &self,
        view: MatterView<M>,
        change: Change<M>,
        now: Timestamp,
    ) -> Result<bool, ChangeError> {
        let had = view.matter.columns();
        let view = self.after(view, &change, &had, now).await?;
        let written = Written { view: &view, change: &change, before: Some(&had), by: None, key: None, now };
        match self.write_matter(written, None).await {
            Ok(()) => Ok(true),
            Err(Failed::Conflict | Failed::KeyTaken) => Ok(false),
            Err(Failed::Error(error)) => Err(error),
        }
    }

    /// The view of a matter after a change.
    async fn after<M: Matter>(
        &self,
        before: MatterView<M>,
        change: &Change<M>,
        had: &Columns,
        now: Timestamp,
    ) -> Result<MatterView<M>, StoreError> {
        let columns = change.after.columns();
        let mut view = MatterView {
            matter: change.after.clone(),
            version: before.version + 1,
            updated_at: now,
            ..before
        };
        view.texts.extend(words(&change.texts));
        if columns.parties != had.parties {
            view.names = self.names(&columns).await?;
        }
        Ok(view)
    }

    async fn write_matter<M: Matter>(
        &self,
        written: Written<'_, M>,
        answer: Option<&Answer>,
    ) -> Result<(), Failed> {
        let Written { view, change, before, by, key, now } = written;
        let after = change.after.columns();
        let state = serde_json::to_value(&change.after)
            .map_err(|error| StoreError::corrupt("matter", "state", view.id, error))?;
        let mut rest = vec![];
        let guard = match (before, after.parent) {
            (None, None) => self.insert_matter(view, &after, (state, M::KIND, M::VERSION), by),
            // Nothing begins below what is over: who ends that meanwhile waits, and then finds this one.
            (None, Some(parent)) => {
                rest.push(self.insert_matter(view, &after, (state, M::KIND, M::VERSION), by));
                let sql = "UPDATE matter SET open = open WHERE id = $1 AND open";
                self.statement(sql, vec![parent.into()])
            }
            (Some(_), _) => self.update_matter(view, &after, (state, M::VERSION)),
        };
        rest.extend(self.beside::<M>(view.id, before, &after));
        for text in &change.texts {
            let sql = "INSERT INTO matter_text (matter_id, text_id, written_by) VALUES ($1, $2, $3)";
            let author = by.map(|by| by.0).into();
            rest.push(self.statement(sql, vec![view.id.into(), text.reference.id.0.into(), author]));
        }
        // The first goes with the event, where the audit trail shows it.
        let with_event = change.texts.first().filter(|_| !M::CONFIDENTIAL);
        let beside = change.texts.iter().skip(with_event.iter().len());
        rest.extend(beside.map(|text| self.text_statement(text, view.id)));
        rest.extend(self.telling(view, change, by, now).await?);
        let event = EventRow {
            kind: change.fact.word(),
            v: M::VERSION,
            scope_code: view.place.code.as_str(),
            text: with_event,
            payload: serde_json::to_value(&change.fact),
        };
        let stream = Stream { aggregate: M::KIND, id: view.id, version: view.version - 1, by, now, key };
        let done = self.record(&stream, guard, rest, vec![event], answer).await;
        done.map_err(|failed| match failed {
            // Somebody else has it by now: what is there is looked at anew.
            Failed::Error(ChangeError::Store(error)) if is_duplicate_of(&error, "matter_slot") => {
                Failed::Conflict
            }
            failed => failed,
        })
    }

    fn insert_matter<M>(
        &self,
        view: &MatterView<M>,
        columns: &Columns,
        (state, kind, version): (serde_json::Value, &str, i16),
        by: Option<domain::id::UserId>,
    ) -> Statement {
        let sql = "INSERT INTO matter (id, kind, county, place_id, created_by, created_at, sorted_at, status, open, topic, parent_id, \
             ticket_id, due_at, next_at, state, state_v, version, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
        let mut values: Vec<Value> = vec![
            view.id.into(),
            kind.into(),
            view.place.code.county().into(),
            view.place.id.0.into(),
            by.map(|by| by.0).into(),
            view.created_at.into(),
            columns.sorted_at.into(),
        ];
        values.extend(changing(columns));
        values.extend([state.into(), version.into(), view.version.into(), view.updated_at.into()]);
        self.statement(sql, values)
    }

    fn update_matter<M>(
        &self,
        view: &MatterView<M>,
        columns: &Columns,
        (state, version): (serde_json::Value, i16),
    ) -> Statement {
        let sql = "UPDATE matter SET status = $3, open = $4, topic = $5, parent_id = $6, ticket_id = $7, due_at = $8, next_at = $9, \
             state = $10, state_v = $11, version = $2 + 1, updated_at = $12 WHERE id = $1 AND version = $2";
        let mut values: Vec<Value> = vec![view.id.into(), (view.version - 1).into()];
        values.extend(changing(columns));
        values.extend([state.into(), version.into(), view.updated_at.into()]);
        self.statement(sql, values)
    }

    /// Who takes part, and what it alone has, where either has changed.
    fn beside<M: Matter>(&self, id: Uuid, before: Option<&Columns>, after: &Columns) -> Vec<Statement> {
        let mut statements = Vec::new();
        if before.is_none_or(|before| before.parties != after.parties) {
            if before.is_some() {
                let sql = "DELETE FROM matter_party WHERE matter_id = $1";
                statements.push(self.statement(sql, vec![id.into()]));
            }
            for (role, who) in &after.parties {
                let sql = "INSERT INTO matter_party (matter_id, role, party_id, kind, sorted_at) VALUES ($1, $2, $3, $4, $5) \
                     ON CONFLICT DO NOTHING";
                let values = vec![
                    id.into(),
                    (*role).into(),
                    uuid(*who).into(),
                    M::KIND.into(),
                    after.sorted_at.into(),
                ];
                statements.push(self.statement(sql, values));
            }
        }
        let had = before.map_or(&[][..], |before| &before.slots);
        for slot in had.iter().filter(|slot| !after.slots.contains(slot)) {
            // Never another's: what somebody had twice when they were joined, one matter has.
            let sql = "DELETE FROM matter_slot WHERE slot = $1 AND matter_id = $2";
            statements.push(self.statement(sql, vec![slot.as_str().into(), id.into()]));
        }
        for slot in after.slots.iter().filter(|slot| !had.contains(slot)) {
            let sql = "INSERT INTO matter_slot (slot, matter_id) VALUES ($1, $2)";
            statements.push(self.statement(sql, vec![slot.as_str().into(), id.into()]));
        }
        statements
    }

    /// What those whom a matter concerns are called.
    async fn names(&self, columns: &Columns) -> Result<HashMap<Uuid, String>, StoreError> {
        if columns.parties.is_empty() {
            return Ok(HashMap::new());
        }
        let ids: Vec<Uuid> = columns.parties.iter().map(|(_, who)| uuid(*who)).collect();
        self.names_of(&ids).await
    }

    /// Which of these slots are taken, and by which matter.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn slots_taken(&self, slots: &[String]) -> Result<HashMap<String, Uuid>, StoreError> {
        if slots.is_empty() {
            return Ok(HashMap::new());
        }
        let mut sql = Sql::new("SELECT slot, matter_id FROM matter_slot WHERE slot IN ");
        sql.bind_all(slots.iter().map(String::as_str));
        let rows = self.query_all(&sql.text, sql.values).await?;
        let taken = |row: &_| {
            use super::super::row::column;
            Ok((column(row, "matter_slot", "slot")?, column(row, "matter_slot", "matter_id")?))
        };
        rows.iter().map(taken).collect()
    }
}

/// What of the columns may change, in the order of both statements.
pub(super) fn changing(columns: &Columns) -> [Value; 7] {
    let Columns { status, open, topic, parent, ticket, sorted_at: _, due_at, next_at, parties: _, slots: _ } =
        columns;
    [
        (*status).into(),
        (*open).into(),
        topic.clone().into(),
        (*parent).into(),
        ticket.map(|ticket| ticket.0).into(),
        (*due_at).into(),
        (*next_at).into(),
    ]
}

pub(super) fn uuid(who: Holder) -> Uuid {
    match who {
        Holder::Person(person) => person.0,
        Holder::Unit(unit) => unit.0,
    }
}

fn words(texts: &[Text]) -> impl Iterator<Item = (Uuid, String)> {
    texts.iter().map(|text| (text.reference.id.0, text.body.as_str().to_owned()))
}
