//! People, units and calendars change as rows with a history: a guarded row, what goes with it, and events in the one
//! log, all or nothing. Unlike a ticket they are not the fold of their events.

use super::change::{Answer, Failed};
use super::error::StoreError;
use super::{IdempotencyKey, Store};
use domain::calendar;
use domain::id::{PlaceId, UserId};
use domain::person::{EVENT_VERSION, Fact};
use domain::text::Text;
use domain::time::Timestamp;
use domain::{absence, deed, place, point, shift, tie, unit};
use sea_orm::{Statement, Value};
use uuid::Uuid;

/// A change of a person that is to be written down.
#[derive(Debug)]
pub struct PersonEvent<'a> {
    /// What happened.
    pub fact: Fact,
    /// Where it counts: the county's administrators there see it. Empty for what belongs to no place.
    pub scope_code: &'a str,
    /// What was written with it.
    pub text: Option<&'a Text>,
}

/// Who changes a person, and when.
#[derive(Debug, Clone, Copy)]
pub struct Recorded {
    /// Whose stream it is.
    pub person: UserId,
    /// The version that it was decided on; 0 for a new person.
    pub version: i32,
    /// Who did it; `None` when the program did.
    pub by: Option<UserId>,
    /// When.
    pub now: Timestamp,
    /// Under which the answer is kept.
    pub key: Option<IdempotencyKey>,
}

/// A change of a unit that is to be written down.
#[derive(Debug)]
pub(super) struct UnitEvent<'a> {
    pub(super) fact: unit::Fact,
    /// The county.
    pub(super) scope_code: &'a str,
}

/// A change of a deed that is to be written down.
#[derive(Debug)]
pub(super) struct DeedEvent<'a> {
    pub(super) fact: deed::Fact,
    /// The place.
    pub(super) scope_code: &'a str,
    pub(super) text: &'a Text,
}

/// A change of a tie that is to be written down.
#[derive(Debug)]
pub(super) struct TieEvent<'a> {
    pub(super) fact: tie::Fact,
    /// The place, or the seat or county of the unit.
    pub(super) scope_code: &'a str,
}

/// A change of a shift that is to be written down.
#[derive(Debug)]
pub(super) struct ShiftEvent<'a> {
    pub(super) fact: shift::Fact,
    /// The place.
    pub(super) scope_code: &'a str,
}

/// A change of an absence that is to be written down.
#[derive(Debug)]
pub(super) struct AbsenceEvent<'a> {
    pub(super) fact: absence::Fact,
    /// Where it counts, a place for each county.
    pub(super) scope_codes: &'a [String],
    /// What was written with it.
    pub(super) reason: Option<&'a Text>,
}

/// A change of a place that is to be written down, in the history of that place.
#[derive(Debug)]
pub(super) struct PlaceEvent<'a> {
    pub(super) place: PlaceId,
    /// The version in which the place is then.
    pub(super) version: i32,
    /// Its code then.
    pub(super) scope_code: &'a str,
    pub(super) what: place::Dated,
}

/// A change of a point that is to be written down.
#[derive(Debug)]
pub(super) struct PointEvent<'a> {
    pub(super) fact: point::Fact,
    /// The place.
    pub(super) scope_code: &'a str,
    pub(super) text: Option<&'a Text>,
}

/// Whose history it is that goes on.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) aggregate: &'static str,
    pub(super) id: Uuid,
    /// The version that was decided on.
    pub(super) version: i32,
    pub(super) by: Option<UserId>,
    pub(super) now: Timestamp,
    pub(super) key: Option<IdempotencyKey>,
}

/// An event as a row.
pub(super) struct EventRow<'a> {
    pub(super) kind: &'static str,
    pub(super) v: i16,
    /// The place.
    pub(super) scope_code: &'a str,
    pub(super) text: Option<&'a Text>,
    pub(super) payload: Result<serde_json::Value, serde_json::Error>,
}

impl Store {
    /// Writes a change of a person: `guard` (an INSERT or UPDATE that must touch a row), what goes with it, and its events.
    /// `guard` sets `app_user.version` to [`Recorded::version`] plus the number of events.
    ///
    /// # Errors
    /// [`Failed::Conflict`] when the guard found no row.
    pub(super) async fn record_person(
        &self,
        recorded: &Recorded,
        guard: Statement,
        rest: Vec<Statement>,
        events: &[PersonEvent<'_>],
        answer: Option<&Answer>,
    ) -> Result<(), Failed> {
        let Recorded { person, version, by, now, key } = *recorded;
        let stream = Stream { aggregate: "person", id: person.0, version, by, now, key };
        let rows = events.iter().map(|event| EventRow {
            kind: event.fact.headline().name(),
            v: EVENT_VERSION,
            scope_code: event.scope_code,
            text: event.text,
            payload: serde_json::to_value(&event.fact),
        });
        self.record(&stream, guard, rest, rows.collect(), answer).await
    }

    /// The same for a unit and its one event.
    ///
    /// # Errors
    /// [`Failed::Conflict`] when the guard found no row.
    pub(super) async fn record_unit(
        &self,
        stream: &Stream,
        guard: Statement,
        rest: Vec<Statement>,
        event: &UnitEvent<'_>,
        answer: Option<&Answer>,
    ) -> Result<(), Failed> {
        let row = EventRow {
            kind: event.fact.headline().name(),
            v: unit::EVENT_VERSION,
            scope_code: event.scope_code,
            text: None,
            payload: serde_json::to_value(&event.fact),
        };
        self.record(stream, guard, rest, vec![row], answer).await
    }

    /// The same for a deed and its one event.
    ///
    /// # Errors
    /// [`Failed::Conflict`] when the guard found no row.
    pub(super) async fn record_deed_event(
        &self,
        stream: &Stream,
        guard: Statement,
        event: &DeedEvent<'_>,
        answer: Option<&Answer>,
    ) -> Result<(), Failed> {
        let row = EventRow {
            kind: event.fact.headline().name(),
            v: deed::EVENT_VERSION,
            scope_code: event.scope_code,
            text: Some(event.text),
            payload: serde_json::to_value(&event.fact),
        };
        self.record(stream, guard, vec![], vec![row], answer).await
    }

    /// The same for a tie and its one event.
    ///
    /// # Errors
    /// [`Failed::Conflict`] when the guard found no row.
    pub(super) async fn record_tie(
        &self,
        stream: &Stream,
        guard: Statement,
        event: &TieEvent<'_>,
        answer: Option<&Answer>,
    ) -> Result<(), Failed> {
        let row = EventRow {
            kind: event.fact.headline().name(),
            v: tie::EVENT_VERSION,
            scope_code: event.scope_code,
            text: None,
            payload: serde_json::to_value(&event.fact),
        };
        self.record(stream, guard, vec![], vec![row], answer).await
    }

    /// The same for a year of a calendar: `scope` is the county, or empty for the whole country.
    ///
    /// # Errors
    /// [`Failed::Conflict`] when the guard found no row.
    pub(super) async fn record_calendar(
        &self,
        stream: &Stream,
        guard: Statement,
        fact: &calendar::Fact,
        scope: &str,
        answer: Option<&Answer>,
    ) -> Result<(), Failed> {
        let row = EventRow {
            kind: fact.headline().name(),
            v: calendar::EVENT_VERSION,
            scope_code: scope,
            text: None,
            payload: serde_json::to_value(fact),
        };
        self.record(stream, guard, vec![], vec![row], answer).await
    }

    /// The same for a shift and its one event, with what goes with it.
    ///
    /// # Errors
    /// [`Failed::Conflict`] when the guard found no row.
    pub(super) async fn record_shift(
        &self,
        stream: &Stream,
        guard: Statement,
        rest: Vec<Statement>,
        event: &ShiftEvent<'_>,
        answer: Option<&Answer>,
    ) -> Result<(), Failed> {
        let row = EventRow {
            kind: event.fact.headline().name(),
            v: shift::EVENT_VERSION,
            scope_code: event.scope_code,
            text: None,
            payload: serde_json::to_value(&event.fact),
        };
        self.record(stream, guard, rest, vec![row], answer).await
    }

    /// The same for an absence: an event for each county in which the person holds a post.
    ///
    /// # Errors
    /// [`Failed::Conflict`] when the guard found no row.
    pub(super) async fn record_absence(
        &self,
        stream: &Stream,
        guard: Statement,
        rest: Vec<Statement>,
        event: &AbsenceEvent<'_>,
        answer: Option<&Answer>,
    ) -> Result<(), Failed> {
        let row = |scope_code| EventRow {
            kind: event.fact.headline().name(),
            v: absence::EVENT_VERSION,
            scope_code,
            text: event.reason,
            payload: serde_json::to_value(&event.fact),
        };
        let rows = event.scope_codes.iter().map(|code| row(code.as_str())).collect();
        self.record(stream, guard, rest, rows, answer).await
    }

    /// The same for a point and its one event.
    ///
    /// # Errors
    /// [`Failed::Conflict`] when the guard found no row.
    pub(super) async fn record_point(
        &self,
        stream: &Stream,
        guard: Statement,
        rest: Vec<Statement>,
        event: &PointEvent<'_>,
        answer: Option<&Answer>,
    ) -> Result<(), Failed> {
        let row = EventRow {
            kind: event.fact.headline().name(),
            v: point::EVENT_VERSION,
            scope_code: event.scope_code,
            text: event.text,
            payload: serde_json::to_value(&event.fact),
        };
        self.record(stream, guard, rest, vec![row], answer).await
    }

    /// The same for places, each of which has a history of its own. `stream` is that of the place that was asked for.
    ///
    /// # Errors
    /// [`Failed::Conflict`] when the guard found no row.
    pub(super) async fn record_places(
        &self,
        stream: &Stream,
        guard: Statement,
        mut rest: Vec<Statement>,
        events: &[PlaceEvent<'_>],
        reason: &Text,
        answer: Option<&Answer>,
    ) -> Result<(), Failed> {
        rest.push(self.text_statement(reason, stream.id));
        for event in events {
            let row = EventRow {
                kind: event.what.fact.headline().name(),
                v: place::EVENT_VERSION,
                scope_code: event.scope_code,
                text: Some(reason),
                payload: serde_json::to_value(&event.what),
            };
            let stream = Stream { aggregate: "place", id: event.place.0, ..*stream };
            rest.push(self.event_statement(&stream, event.version, row)?);
        }
        self.record(stream, guard, rest, vec![], answer).await
    }

    /// Writes any change of a row with a history.
    ///
    /// # Errors
    /// [`Failed::Conflict`] when the guard found no row.
    pub(super) async fn record(
        &self,
        stream: &Stream,
        guard: Statement,
        rest: Vec<Statement>,
        events: Vec<EventRow<'_>>,
        answer: Option<&Answer>,
    ) -> Result<(), Failed> {
        let mut statements = vec![guard];
        statements.extend(rest);
        let mut texts: Vec<&Text> = events.iter().filter_map(|event| event.text).collect();
        // One text may belong to several events of a change.
        texts.dedup_by_key(|text| text.reference.id);
        statements.extend(texts.into_iter().map(|text| self.text_statement(text, stream.id)));
        for (event, version) in events.into_iter().zip(stream.version + 1..) {
            statements.push(self.event_statement(stream, version, event)?);
        }
        if let (Some(key), Some(answer)) = (&stream.key, answer) {
            let kept = self.keep(key, answer, stream.now);
            statements.push(kept.statement(self.backend(), stream.id));
        }
        if self.journal.write_guarded(statements).await? { Ok(()) } else { Err(Failed::Conflict) }
    }

    pub(super) fn text_statement(&self, text: &Text, stream: Uuid) -> Statement {
        let values: Vec<Value> =
            vec![text.reference.id.0.into(), stream.into(), text.body.as_str().to_owned().into()];
        self.statement("INSERT INTO free_text (id, stream, body) VALUES ($1, $2, $3)", values)
    }

    fn event_statement(
        &self,
        stream: &Stream,
        version: i32,
        event: EventRow<'_>,
    ) -> Result<Statement, StoreError> {
        let sql = "INSERT INTO event (aggregate, stream, stream_version, kind, v, actor, scope_code, text_id, occurred_at, recorded_at, payload) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let payload =
            event.payload.map_err(|error| StoreError::corrupt("event", "payload", stream.id, error))?;
        let values = vec![
            stream.aggregate.into(),
            stream.id.into(),
            version.into(),
            event.kind.into(),
            event.v.into(),
            stream.by.map(|by| by.0).into(),
            event.scope_code.into(),
            event.text.map(|text| text.reference.id.0).into(),
            stream.now.into(),
            stream.now.into(),
            payload.into(),
        ];
        Ok(self.statement(sql, values))
    }
}
