//! What must add up in the database, counted beside the servers and in it when they have ended.

use super::crowd::{Client, Staff};
use super::ledger::Who;
use crate::app::config;
use crate::database::number;
use api::{App, Clock, Reactor};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How long all that is left may take in the end.
const SETTLES: Duration = Duration::from_secs(60);

/// How the two databases say it.
struct Words {
    now: &'static str,
    soon: &'static str,
    /// All clocks, a row each.
    clocks: &'static str,
    /// Events that a reactor has not come to.
    behind: &'static str,
    postgres: bool,
}

impl Words {
    fn of(url: &str) -> Self {
        if url.starts_with("postgres") {
            Self {
                now: "now()",
                soon: "now() + interval '5 seconds'",
                clocks: "(SELECT c.* FROM ticket, jsonb_to_recordset(state -> 'clocks') AS c (due_at timestamptz, \
                         met_at timestamptz, cancelled_at timestamptz, breached_at timestamptz, paused_at timestamptz)) clock",
                behind: "(e.xid, e.position) > (r.xid::text::xid8, r.position)",
                postgres: true,
            }
        } else {
            Self {
                now: "strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')",
                soon: "strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now', '+5 seconds')",
                clocks: "(SELECT value ->> 'due_at' AS due_at, value ->> 'met_at' AS met_at, \
                         value ->> 'cancelled_at' AS cancelled_at, value ->> 'breached_at' AS breached_at, \
                         value ->> 'paused_at' AS paused_at FROM ticket, json_each(state, '$.clocks')) clock",
                behind: "e.position > r.position",
                postgres: false,
            }
        }
    }

    /// An id as it stands in a column.
    fn id(&self, id: &str) -> String {
        if self.postgres { format!("'{id}'") } else { format!("x'{}'", id.replace('-', "")) }
    }

    /// A list of them that is never empty.
    fn ids<'a>(&self, ids: impl Iterator<Item = &'a str>) -> String {
        ids.map(|id| self.id(id)).chain(["NULL".to_owned()]).collect::<Vec<_>>().join(", ")
    }
}

/// Waits until all limits have passed and everything that follows is done; what is left when it should have been.
pub(crate) async fn settled(url: &str) -> Vec<String> {
    let Words { soon, behind, .. } = Words::of(url);
    let questions = [
        ("tickets that are due", format!("SELECT count(*) FROM ticket WHERE next_at < {soon}")),
        (
            "reactors behind the log",
            format!(
                "SELECT count(*) FROM reactor r WHERE EXISTS (SELECT 1 FROM event e WHERE e.aggregate = 'ticket' AND {behind})"
            ),
        ),
    ];
    let begun = Instant::now();
    loop {
        let mut left = Vec::new();
        for (what, sql) in &questions {
            let count = number(url, sql).await;
            if count > 0 {
                left.push(format!("{count} {what}"));
            }
        }
        if left.is_empty() || begun.elapsed() > SETTLES {
            return left;
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// What was done twice. True at any moment.
pub(crate) async fn doubled(url: &str) -> Vec<String> {
    let nothing = [
        (
            "clocks rang twice",
            "SELECT count(*) FROM (SELECT 1 FROM event WHERE kind = 'breached' \
             GROUP BY stream, payload -> 'clocks' -> 0 ->> 'kind', payload -> 'clocks' -> 0 ->> 'round' HAVING count(*) > 1) e",
        ),
        (
            "versions are there twice",
            "SELECT count(*) FROM (SELECT 1 FROM event GROUP BY stream, stream_version HAVING count(*) > 1) e",
        ),
        (
            "tickets have another version than their history",
            "SELECT count(*) FROM ticket t WHERE t.version <> (SELECT count(*) FROM event e WHERE e.stream = t.id)",
        ),
        (
            "messages were told twice",
            "SELECT count(*) FROM (SELECT 1 FROM inbox WHERE position IS NOT NULL GROUP BY user_id, position \
             HAVING count(*) > 1) i",
        ),
        ("events were set aside", "SELECT count(*) FROM set_aside"),
    ];
    count(url, nothing.map(|(what, sql)| (what, sql.to_owned()))).await
}

/// What did not follow from the event log as it should, when everything has: to the one who handles all of the tickets that
/// were filed, and is on duty, and to the desk on which they lie.
pub(crate) async fn followed<'a>(
    url: &str,
    worker_id: &str,
    clerk_id: &str,
    filed: impl Iterator<Item = &'a str>,
) -> Vec<String> {
    let words = Words::of(url);
    let (worker, clerk) = (words.id(worker_id), words.id(clerk_id));
    let Words { now, clocks, .. } = words;
    let filed = words.ids(filed);
    let nothing = [
        (
            "clocks should have rung and did not",
            format!(
                "SELECT count(*) FROM {clocks} WHERE due_at < {now} AND met_at IS NULL AND cancelled_at IS NULL \
                 AND breached_at IS NULL AND paused_at IS NULL"
            ),
        ),
        (
            "clocks rang without an event, or the other way round",
            format!(
                "SELECT abs((SELECT count(*) FROM {clocks} WHERE breached_at IS NOT NULL) \
                 - (SELECT count(*) FROM event WHERE kind = 'breached'))"
            ),
        ),
        (
            "red flags are not one a closed ticket",
            format!(
                "SELECT count(*) FROM ticket t WHERE t.handler_id = {worker} \
                 AND (SELECT count(*) FROM flag f WHERE f.ticket_id = t.id AND f.taken_at IS NULL) \
                 <> CASE t.status WHEN 'closed' THEN 1 ELSE 0 END"
            ),
        ),
        (
            "red flags were not given once a closing",
            format!(
                "SELECT abs((SELECT count(*) FROM flag WHERE user_id = {worker}) - (SELECT count(*) FROM event e \
                 JOIN ticket t ON t.id = e.stream WHERE e.kind = 'closed' AND t.handler_id = {worker}))"
            ),
        ),
        (
            "dispatches were not told their handler once",
            format!(
                "SELECT count(*) FROM event e WHERE e.kind = 'dispatched' \
                 AND e.payload -> 'fact' -> 'lead' ->> 'person' = '{worker_id}' \
                 AND (SELECT count(*) FROM inbox i WHERE i.user_id = {worker} AND i.position = e.position) <> 1"
            ),
        ),
        (
            "breaches were not told the desk once",
            // Of the first limit that a ticket breaks, while it still lies on the community's desk.
            format!(
                "SELECT count(*) FROM event e WHERE e.kind = 'breached' AND e.payload -> 'clocks' -> 0 ->> 'kind' = 'arrive' \
                 AND e.stream IN ({filed}) \
                 AND (SELECT count(*) FROM inbox i WHERE i.user_id = {clerk} AND i.position = e.position) <> 1"
            ),
        ),
        (
            "breaches did not ring whoever is on duty once",
            format!(
                "SELECT count(*) FROM event e WHERE e.kind = 'breached' AND e.stream IN ({filed}) \
                 AND (SELECT count(*) FROM inbox i WHERE i.user_id = {worker} AND i.position = e.position) <> 1"
            ),
        ),
    ];
    count(url, nothing).await
}

/// What else was acknowledged and is not there once.
pub(super) async fn counted(url: &str, staff: &Staff, clients: &[&Client]) -> Vec<String> {
    let words = Words::of(url);
    let ids = || clients.iter().flat_map(|client| &client.tickets).map(|ticket| ticket.id.as_str());
    let filed = words.ids(ids());
    let people = words.ids(clients.iter().flat_map(|client| &client.people).map(String::as_str));
    let calls = || clients.iter().flat_map(|client| &client.calls).filter(|call| call.answer.is_some());
    let entered = calls().filter(|call| call.who == Who::Admin).count();
    let read = clients.iter().map(|client| client.read).max().unwrap_or_default();
    let tickets = ids().count();
    let worker = words.id(&staff.worker_id);
    let nothing = [
        (
            "messages that were read are not",
            format!(
                "SELECT count(*) FROM inbox WHERE user_id = {worker} AND id <= {read} AND read_at IS NULL"
            ),
        ),
        (
            "tickets too many or too few of those who worked",
            format!(
                "SELECT abs({tickets} - (SELECT count(*) FROM ticket WHERE requester_id IN \
                 (SELECT requester_id FROM ticket WHERE id IN ({filed}))))"
            ),
        ),
        (
            "people were not entered once",
            format!(
                "SELECT abs({entered} - (SELECT count(*) FROM app_user WHERE id IN ({people}))) + abs({entered} - \
                 (SELECT count(*) FROM event WHERE kind = 'registered' AND aggregate = 'person' AND actor = {admin}))",
                admin = words.id(&staff.admin_id)
            ),
        ),
        (
            "answers too many or too few are kept",
            format!("SELECT abs({} - (SELECT count(*) FROM idempotency))", calls().count()),
        ),
    ];
    let mut faults = doubled(url).await;
    faults.extend(followed(url, &staff.worker_id, &staff.clerk_id, ids()).await);
    faults.extend(count(url, nothing).await);
    faults
}

async fn count(url: &str, nothing: impl IntoIterator<Item = (&str, String)>) -> Vec<String> {
    let mut faults = Vec::new();
    for (what, sql) in nothing {
        let count = number(url, &sql).await;
        if count != 0 {
            faults.push(format!("{count}: {what}"));
        }
    }
    faults
}

/// What the store itself says of its tables, and SQLite of its file.
pub(crate) async fn verified(url: &str) -> Vec<String> {
    stored(url, &[]).await
}

/// The same, also once flags and figures have been made anew from the log.
pub(super) async fn made_anew(url: &str) -> Vec<String> {
    stored(url, &[Reactor::Flags, Reactor::Figures]).await
}

async fn stored(url: &str, anew: &[Reactor]) -> Vec<String> {
    let mut faults = Vec::new();
    if !url.starts_with("postgres")
        && number(url, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'").await != 0
    {
        faults.push("PRAGMA integrity_check finds faults".to_owned());
    }
    let app = match App::start(config(url, None), Clock::system()).await {
        Ok(app) => app,
        Err(error) => return [faults, vec![format!("the server does not start: {error:#}")]].concat(),
    };
    app.react().await.expect("the reactors go on");
    faults.extend(app.verify().await.expect("the store can be checked"));
    for reactor in anew {
        if !app.rebuild(*reactor).await.expect("the log can be read") {
            faults.push(format!("{reactor:?} were not made anew"));
        }
    }
    if !anew.is_empty() {
        faults.extend(app.verify().await.expect("the store can be checked"));
    }
    app.stop().await.expect("the server stops");
    faults
}
