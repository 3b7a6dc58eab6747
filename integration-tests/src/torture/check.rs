//! Whether what was acknowledged is there, once, with all its events, and is answered as it was. Asked over HTTP.

use super::crowd::{Client, answered};
use super::ledger::{ASKED, Acknowledged, Body, Call, Done, Ticket, Who, status_after};
use reqwest::Method;
use serde_json::Value;
use std::time::Duration;
use tokio::time::sleep;

/// How often a question is asked before it counts as not answered: the servers have recovered.
const ASKS: u32 = 20;

/// What of somebody's work is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// What was done since the last time.
    New,
    /// Everything.
    All,
}

/// Notes in the client what is not as it was told.
pub(super) async fn check(client: &mut Client, scope: Scope) {
    let all = scope == Scope::All;
    let mut faults = Vec::new();
    for ticket in &client.tickets {
        if all || ticket.checked < ticket.done.len() {
            faults.extend(history(client, ticket).await);
        }
    }
    let first = if all { 0 } else { client.checked };
    for call in &client.calls[first..] {
        faults.extend(replay(client, call).await);
    }
    for ticket in &mut client.tickets {
        ticket.checked = ticket.done.len();
    }
    for call in &mut client.calls[first..] {
        if let Some(answer) = &mut call.answer {
            answer.body = Body::Digest(answer.body.digest());
        }
    }
    client.checked = client.calls.len();
    client.faults.extend(faults);
}

async fn get(client: &Client, path: &str) -> Result<Value, String> {
    let mut last = String::new();
    for ask in 0..ASKS {
        let front = ask as usize % client.fronts.len();
        let request = client.caller(Who::Clerk, front).request(Method::GET, path);
        match answered(request.send().await).await {
            Ok((200, text, ..)) => return Ok(serde_json::from_str(&text).unwrap_or_default()),
            Ok((status, text, ..)) if status < 500 => return Err(format!("{status} {text}")),
            Ok((status, text, ..)) => last = format!("{status} {text}"),
            Err(error) => last = error.to_string(),
        }
        sleep(Duration::from_millis(100)).await;
    }
    Err(last)
}

/// The same key gets the same answer.
async fn replay(client: &Client, call: &Call) -> Option<String> {
    let told = call.answer.as_ref()?;
    let mut last = String::new();
    for ask in 0..ASKS {
        match answered(client.post(call, ask as usize % client.fronts.len()).send().await).await {
            Ok((503, text, ..)) => last = text,
            Ok((status, text, etag, replayed)) => {
                let again = Acknowledged { status, etag, body: Body::Whole(text) };
                let same = again == *told && replayed;
                return (!same).then(|| {
                    let was = format!("{} {} {}", told.status, told.etag, told.body.start());
                    let is = format!("{} {} {}", again.status, again.etag, again.body.start());
                    format!(
                        "{}: was answered with {was}; is (a kept answer: {replayed}) {is}",
                        client.about(call)
                    )
                });
            }
            Err(error) => last = error.to_string(),
        }
        sleep(Duration::from_millis(100)).await;
    }
    Some(format!("{}: not answered again: {last}", client.about(call)))
}

/// The timeline of a ticket is what was done with it, and each answer was the ticket at some point of it.
async fn history(client: &Client, ticket: &Ticket) -> Vec<String> {
    let Ticket { id, done, .. } = ticket;
    let told =
        || done.iter().map(|done| format!("{} {}", done.kind, done.key)).collect::<Vec<_>>().join(", ");
    let (timeline, now) = match read(client, id).await {
        Ok(both) => both,
        Err(error) => return vec![format!("ticket {id}: {error}; acknowledged: {}", told())],
    };
    let kinds: Vec<_> = timeline.iter().map(|event| event["kind"].as_str().unwrap_or_default()).collect();
    let mut faults = Vec::new();
    let contiguous = timeline.iter().zip(1_i64..).all(|(event, version)| event["version"] == version);
    let last = i64::try_from(timeline.len()).unwrap_or(i64::MAX);
    // Limits may ring between the two questions.
    if !contiguous || now["version"].as_i64().is_none_or(|version| version < last) {
        faults.push(format!("versions are not 1 to {last}, as the ticket says {}", now["version"]));
    }
    let asked: Vec<_> =
        timeline.iter().filter(|event| ASKED.iter().any(|kind| event["kind"] == *kind)).collect();
    let is = |event: &Value, done: &Done| {
        event["kind"] == done.kind && done.text.as_ref().is_none_or(|text| event["text"] == text.as_str())
    };
    if asked.len() != done.len() || !asked.iter().zip(done).all(|(event, done)| is(event, done)) {
        faults.push("its history is another".to_owned());
    }
    for (event, Done { key, left, .. }) in asked.iter().zip(done) {
        let Some((version, status)) = left else { continue };
        let known =
            event["version"].as_i64().is_some_and(|happened| happened <= *version) && *version <= last;
        let so_far = kinds.iter().take(usize::try_from(*version).unwrap_or_default());
        if !known || so_far.rev().find_map(|kind| status_after(kind)) != Some(status) {
            faults.push(format!("{key} was answered with version {version}, {status}"));
        }
    }
    let there = || kinds.join(", ");
    faults
        .into_iter()
        .map(|fault| format!("ticket {id}: {fault}; acknowledged: {}; there: {}", told(), there()))
        .collect()
}

async fn read(client: &Client, id: &str) -> Result<(Vec<Value>, Value), String> {
    let mut timeline = Vec::new();
    let mut next = String::new();
    loop {
        let page = get(client, &format!("/tickets/{id}/timeline?limit=100{next}")).await?;
        timeline.extend(page["items"].as_array().cloned().unwrap_or_default());
        match page["next_cursor"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => return Ok((timeline, get(client, &format!("/tickets/{id}")).await?)),
        }
    }
}
