//! How stored tickets and events of earlier versions are read. Each step lifts the JSON by one version; the committed
//! fixtures of every version must read.

use super::transition::UNSAID_RATING;
use super::{EVENT_VERSION, Fact, STATE_VERSION, Ticket};
use crate::time::Timestamp;
use serde_json::{Value, json};

/// JSON that is no ticket or event of any version.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// Of a version that only newer programs write.
    #[error("version {0} is newer than this program")]
    Newer(i16),
    /// Of a version that there never was.
    #[error("unknown version {0}")]
    Version(i16),
    /// Not what its version says.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// A ticket's state from its row. What an earlier version did not keep (who dispatched, when it was accepted) is only in
/// the events: a change of such a ticket folds them anew.
///
/// # Errors
/// [`Unreadable`].
pub fn ticket_from_json(text: &str, version: i16) -> Result<Ticket, Unreadable> {
    match version {
        // What version 5 says more of, it leaves out where there is none.
        STATE_VERSION | 4 => Ok(serde_json::from_str(text)?),
        3 => Ok(serde_json::from_value(ticket_v4(serde_json::from_str(text)?))?),
        2 => Ok(serde_json::from_value(ticket_v4(ticket_v3(serde_json::from_str(text)?)))?),
        1 => Ok(serde_json::from_value(ticket_v4(ticket_v3(ticket_v2(serde_json::from_str(text)?))))?),
        other => Err(unknown(other, STATE_VERSION)),
    }
}

/// A fact from its event.
///
/// # Errors
/// [`Unreadable`].
pub fn fact_from_json(fact: Value, version: i16) -> Result<Fact, Unreadable> {
    match version {
        // What version 3 says more of, a breach's audience, version 2 leaves out; versions 4 and 5 know of more kinds, and
        // what 5 says more of, earlier ones leave out.
        EVENT_VERSION | 4 | 3 | 2 => Ok(serde_json::from_value(fact)?),
        1 => Ok(serde_json::from_value(fact_v2(fact))?),
        other => Err(unknown(other, EVENT_VERSION)),
    }
}

fn unknown(version: i16, newest: i16) -> Unreadable {
    if version > newest { Unreadable::Newer(version) } else { Unreadable::Version(version) }
}

/// The skeleton's tickets: no desk, nobody who assists, nothing paused, and the work of a round spread over its state.
fn ticket_v2(mut ticket: Value) -> Value {
    let submitted_at = ticket["submitted_at"].clone();
    let new = json!({
        "joined": [], "desk": community(&ticket), "origin": null, "handling": null, "confidential": false,
        "occurred_at": submitted_at, "round_at": submitted_at, "paused": null, "paused_ms": 0, "claim": 0,
        "dispatched_by": null, "assist": [], "supervision": null, "extension": null, "urged": 0, "urged_at": null,
    });
    lift_channel(&mut ticket);
    let state = ticket["state"].take();
    ticket["state"] = state_v2(state);
    put(&mut ticket, new);
    ticket
}

/// How long it had rested is now when; what was done for its clocks is kept, and supervision ends with it.
fn ticket_v3(mut ticket: Value) -> Value {
    let over = ["closed", "withdrawn", "declined", "merged"];
    if ticket["state"]["status"].as_str().is_some_and(|status| over.contains(&status)) {
        ticket["supervision"] = Value::Null;
    }
    let at = |name: &str| {
        ticket["state"]["work"].get(name).or(ticket["state"].get(name)).map(|done| done["at"].clone())
    };
    let done =
        |(name, kind): (&str, &str)| Some(json!({"kind": kind, "at": at(name).filter(|at| !at.is_null())?}));
    let done: Vec<_> =
        [("arrival", "arrive"), ("plan", "plan"), ("reply", "answer")].into_iter().filter_map(done).collect();
    if let Value::Object(fields) = &mut ticket {
        fields.remove("paused_ms");
    }
    put(&mut ticket, json!({"rests": [], "done": done}));
    ticket
}

/// What was done is named after the act and not after the clock; when the round came how far is only in the events.
fn ticket_v4(mut ticket: Value) -> Value {
    for done in ticket["done"].as_array_mut().into_iter().flatten() {
        let act = if done["kind"] == "answer" { "reply".into() } else { done["kind"].take() };
        *done = json!({"act": act, "at": done["at"]});
    }
    put(&mut ticket, json!({"accepted_at": null, "steps": {"dispatched": null, "accepted": null}}));
    ticket
}

fn state_v2(mut state: Value) -> Value {
    let take = |state: &mut Value, name: &str| state.get_mut(name).map_or(Value::Null, Value::take);
    let status = state["status"].as_str().map(str::to_owned);
    match status.as_deref() {
        Some("accepted") => {
            put(&mut state, json!({"plan": null, "reply": null}));
            state
        }
        Some(status @ ("resolved" | "closed")) => {
            let mut resolution = take(&mut state, "resolution");
            let at = resolution["at"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
            put(&mut resolution, json!({"closes_at": at.map(|at| at + UNSAID_RATING)}));
            let mut lifted = json!({"status": status, "resolution": resolution, "work": {
                "lead": take(&mut state, "lead"), "handler": take(&mut state, "handler"),
                "arrival": take(&mut state, "arrival"), "plan": null, "reply": null, "at": resolution["at"],
            }});
            if status == "closed" {
                lifted["at"] = take(&mut state, "at");
            }
            lifted
        }
        _ => state,
    }
}

fn fact_v2(mut fact: Value) -> Value {
    match fact["kind"].as_str() {
        Some("submitted") => {
            let desk = community(&fact);
            lift_channel(&mut fact);
            put(&mut fact, json!({"desk": desk, "origin": null, "confidential": false, "claim": 0}));
        }
        Some("dispatched") => put(&mut fact, json!({"assist": [], "handling": null})),
        Some("resolved") => put(&mut fact, json!({"closes_at": null})),
        Some("reworked") => put(&mut fact, json!({"lead_left": false})),
        _ => {}
    }
    fact
}

fn community(of: &Value) -> Value {
    let code = of["place"]["code"].as_str().unwrap_or_default();
    code.get(..12).unwrap_or(code).into()
}

/// Meetings are told apart since.
fn lift_channel(of: &mut Value) {
    if of["channel"] == "meeting" {
        of["channel"] = "mass_meeting".into();
    }
}

fn put(into: &mut Value, fields: Value) {
    if let (Value::Object(into), Value::Object(fields)) = (into, fields) {
        into.extend(fields);
    }
}
