//! Matters that begin by themselves, very many at a time.

use super::super::Store;
use super::super::error::StoreError;
use super::super::import::Rows;
use super::super::journal::JournalError;
use super::change::{changing, uuid};
use crate::entropy;
use domain::matter::{Change, Fact, Matter};
use domain::place::PlaceRef;
use domain::time::Timestamp;
use sea_orm::Value;
use uuid::Uuid;

/// How many begin with one write.
pub(super) const AT_ONCE: usize = 500;

/// The rows of them.
struct Tables {
    matters: Rows,
    parties: Rows,
    slots: Rows,
    events: Rows,
}

impl Tables {
    fn new() -> Self {
        Self {
            matters: Rows::new(
                "matter",
                &[
                    "id",
                    "kind",
                    "county",
                    "place_id",
                    "created_by",
                    "created_at",
                    "sorted_at",
                    "status",
                    "open",
                    "topic",
                    "parent_id",
                    "ticket_id",
                    "due_at",
                    "next_at",
                    "state",
                    "state_v",
                    "version",
                    "updated_at",
                ],
            ),
            parties: Rows::new("matter_party", &["matter_id", "role", "party_id", "kind", "sorted_at"]),
            slots: Rows::new("matter_slot", &["slot", "matter_id"]),
            events: Rows::new(
                "event",
                &[
                    "aggregate",
                    "stream",
                    "stream_version",
                    "kind",
                    "v",
                    "scope_code",
                    "occurred_at",
                    "recorded_at",
                    "payload",
                ],
            ),
        }
    }

    fn add<M: Matter>(
        &mut self,
        place: &PlaceRef,
        change: &Change<M>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let id = entropy::id(now);
        let json = |what, error| StoreError::corrupt("matter", what, id, error);
        let state = serde_json::to_value(&change.after).map_err(|error| json("state", error))?;
        let payload = serde_json::to_value(&change.fact).map_err(|error| json("payload", error))?;
        let columns = change.after.columns();
        let [status, open, topic, parent, ticket, due_at, next_at] = changing(&columns);
        let nobody: Value = None::<Uuid>.into();
        self.matters.add([
            id.into(),
            M::KIND.into(),
            place.code.county().into(),
            place.id.0.into(),
            nobody,
            now.into(),
            columns.sorted_at.into(),
            status,
            open,
            topic,
            parent,
            ticket,
            due_at,
            next_at,
            state.into(),
            M::VERSION.into(),
            1_i32.into(),
            now.into(),
        ]);
        for (role, who) in &columns.parties {
            self.parties.add([
                id.into(),
                (*role).into(),
                uuid(*who).into(),
                M::KIND.into(),
                columns.sorted_at.into(),
            ]);
        }
        for slot in &columns.slots {
            self.slots.add([slot.as_str().into(), id.into()]);
        }
        self.events.add([
            M::KIND.into(),
            id.into(),
            1_i32.into(),
            change.fact.word().into(),
            M::VERSION.into(),
            place.code.as_str().into(),
            now.into(),
            now.into(),
            payload.into(),
        ]);
        Ok(())
    }
}

impl Store {
    /// Begins matters of which nobody is told and nothing is written, all or none; `false` when another has what only one may
    /// have, such as a replica that does the same.
    pub(super) async fn begin_matters<M: Matter>(
        &self,
        new: &[(PlaceRef, Change<M>)],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tables = Tables::new();
        for (place, change) in new {
            tables.add(place, change, now)?;
        }
        let Tables { matters, parties, slots, events } = tables;
        let all = [matters, parties, slots, events];
        let statements = all.into_iter().flat_map(|rows| rows.statements(self)).collect();
        match self.journal.write_guarded(statements).await {
            Ok(written) => Ok(written),
            Err(
                JournalError::Store(StoreError::Duplicate(_))
                | JournalError::Conflict
                | JournalError::KeyTaken,
            ) => Ok(false),
            Err(JournalError::Store(error)) => Err(error),
        }
    }
}
