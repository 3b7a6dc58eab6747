//! People who work: each takes tickets of their own through all steps, never goes on before the last step is answered, and
//! writes down what was.

use super::ledger::{Acknowledged, Body, Call, Done, Ticket, Who};
use crate::app::{COMMUNITY, here, lamp};
use crate::client::Caller;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How long a client waits for an answer before it asks again.
const ANSWERS: Duration = Duration::from_secs(5);
/// After how long without one it says so and goes on.
const GIVES_UP: Duration = Duration::from_secs(90);
/// How many tickets a client works at.
const OPEN: usize = 4;

/// Tokens of those whom all share.
#[derive(Debug)]
pub(super) struct Staff {
    pub(super) clerk: String,
    pub(super) worker: String,
    pub(super) admin: String,
    pub(super) clerk_id: String,
    pub(super) worker_id: String,
    pub(super) admin_id: String,
}

/// One who works.
#[derive(Debug)]
pub(super) struct Client {
    name: String,
    rng: fastrand::Rng,
    /// The replicas, each at its address.
    pub(super) fronts: Vec<String>,
    staff: Arc<Staff>,
    resident: String,
    pub(super) calls: Vec<Call>,
    pub(super) tickets: Vec<Ticket>,
    open: Vec<usize>,
    /// People who were entered.
    pub(super) people: Vec<String>,
    /// The newest message that was read.
    pub(super) read: i64,
    /// A call that is to be asked for again.
    pub(super) refused: Option<Call>,
    /// How many of the calls were looked for already.
    pub(super) checked: usize,
    /// What was not as it should be.
    pub(super) faults: Vec<String>,
}

/// A step of a ticket.
struct Step {
    who: Who,
    act: &'static str,
    kind: &'static str,
    body: Value,
    text: Option<String>,
}

impl Client {
    pub(super) fn new(
        name: String,
        seed: u64,
        fronts: Vec<String>,
        staff: Arc<Staff>,
        resident: String,
    ) -> Self {
        Self {
            name,
            rng: fastrand::Rng::with_seed(seed),
            fronts,
            staff,
            resident,
            calls: Vec::new(),
            tickets: Vec::new(),
            open: Vec::new(),
            people: Vec::new(),
            read: 0,
            refused: None,
            checked: 0,
            faults: Vec::new(),
        }
    }

    /// Does one thing.
    pub(super) async fn work(&mut self) {
        match self.rng.u8(0..24) {
            0 => self.enter_somebody().await,
            1 => self.read_messages().await,
            _ if self.open.len() < OPEN => self.submit(None).await,
            _ => {
                let nth = self.rng.usize(0..self.open.len());
                self.go_on(nth).await;
            }
        }
    }

    pub(super) fn caller(&self, who: Who, front: usize) -> Caller {
        let token = match who {
            Who::Resident => &self.resident,
            Who::Clerk => &self.staff.clerk,
            Who::Worker => &self.staff.worker,
            Who::Admin => &self.staff.admin,
        };
        Caller::anyone(&self.fronts[front]).with_token(token)
    }

    /// Files a ticket; at one replica only, where that is named.
    pub(super) async fn submit(&mut self, only: Option<usize>) {
        let body = self.new_ticket();
        let call = self.call(Who::Resident, "/tickets".to_owned(), body);
        self.submit_as(call, only).await;
    }

    /// The same for a call that may have been sent before.
    pub(super) async fn submit_as(&mut self, call: Call, only: Option<usize>) {
        let (key, text) = (call.key.clone(), call.body["content"].as_str().map(str::to_owned));
        let Some(ticket) = self.ask(call, only).await else { return };
        let done = Done { kind: "submitted", key, text, left: Some(left(&ticket)) };
        self.open.push(self.tickets.len());
        self.tickets.push(Ticket {
            id: ticket["id"].as_str().unwrap_or_default().to_owned(),
            status: done.left.as_ref().map(|(_, status)| status.clone()).unwrap_or_default(),
            version: ticket["version"].as_i64().unwrap_or_default(),
            round: 1,
            joined: false,
            done: vec![done],
            checked: 0,
        });
    }

    /// What a ticket says that nobody else says.
    pub(super) fn new_ticket(&mut self) -> Value {
        let mut body = lamp();
        body["content"] = Value::from(self.words("路灯不亮"));
        body
    }

    fn words(&self, what: &str) -> String {
        format!("{what}（{}）", self.key())
    }

    fn key(&self) -> String {
        format!("{}-{}", self.name, self.calls.len())
    }

    pub(super) fn call(&self, who: Who, path: String, body: Value) -> Call {
        Call { who, path, body, key: self.key(), if_match: None, doubted: false, answer: None }
    }

    /// The next step of an open ticket, or none: then its limits ring.
    async fn go_on(&mut self, nth: usize) {
        let index = self.open[nth];
        let dice = self.rng.u8(0..20);
        let ticket = &self.tickets[index];
        let (status, first) = (ticket.status.as_str(), ticket.round == 1);
        let step = match (status, dice) {
            ("submitted", 0..9) => {
                let lead = json!({"lead": {"person": self.staff.worker_id}});
                Step { who: Who::Clerk, act: "dispatch", kind: "dispatched", body: lead, text: None }
            }
            ("submitted", 9) | ("accepted", 8) if !ticket.joined && first => {
                self.texted(Who::Resident, "withdraw", "withdrawn", "reason")
            }
            ("submitted" | "dispatched", 10) if first => return self.merge(nth).await,
            ("submitted" | "dispatched" | "accepted", 11 | 12) => {
                self.texted(Who::Resident, "supplement", "supplemented", "content")
            }
            ("dispatched" | "accepted", 13) => self.texted(Who::Clerk, "note", "noted", "reason"),
            ("dispatched", 0..10) => {
                Step { who: Who::Worker, act: "accept", kind: "accepted", body: json!({}), text: None }
            }
            ("dispatched" | "accepted", 14) if first => {
                self.texted(Who::Worker, "return", "returned", "reason")
            }
            ("accepted", 0..6) => {
                let text = self.words("已更换灯泡");
                let body = json!({"outcome": "solved", "reply": text});
                Step { who: Who::Worker, act: "resolve", kind: "resolved", body, text: Some(text) }
            }
            ("accepted", 6) if !ticket.done.iter().any(|done| done.kind == "arrived") => {
                Step { who: Who::Worker, act: "arrive", kind: "arrived", body: here(), text: None }
            }
            ("accepted", 7) => self.texted(Who::Worker, "reply", "replied", "text"),
            ("resolved", 0..18) => {
                let satisfaction = if dice < 15 { "satisfied" } else { "dissatisfied" };
                let body = json!({"satisfaction": satisfaction});
                Step { who: Who::Resident, act: "rate", kind: "rated", body, text: None }
            }
            ("closed", 0..5) => self.texted(Who::Resident, "reopen", "reopened", "reason"),
            ("closed" | "withdrawn" | "merged", _) | (_, 18 | 19) => {
                self.open.swap_remove(nth);
                return;
            }
            _ => return,
        };
        self.take(index, step).await;
    }

    fn texted(&self, who: Who, act: &'static str, kind: &'static str, field: &str) -> Step {
        let text = self.words(act);
        Step { who, act, kind, body: json!({field: text}), text: Some(text) }
    }

    async fn take(&mut self, index: usize, step: Step) {
        let Step { who, act, kind, body, text } = step;
        let ticket = &self.tickets[index];
        let mut call = self.call(who, format!("/tickets/{}/{act}", ticket.id), body);
        if self.rng.u8(0..10) < 3 {
            call.if_match = Some(format!("\"{}\"", ticket.version));
        }
        let key = call.key.clone();
        match self.ask(call, None).await {
            Some(answer) => {
                let ticket = &mut self.tickets[index];
                let (version, status) = left(&answer);
                (ticket.version, ticket.status) = (version, status.clone());
                ticket.round = answer["round"].as_i64().unwrap_or_default();
                ticket.done.push(Done { kind, key, text, left: Some((version, status)) });
            }
            None => self.look_again(index).await,
        }
    }

    /// Another of one's own open tickets takes this one in.
    async fn merge(&mut self, nth: usize) {
        let open = |index: &usize| {
            let ticket = &self.tickets[*index];
            matches!(ticket.status.as_str(), "submitted" | "dispatched" | "accepted")
        };
        let (from, into) = (self.open[nth], self.open[(nth + 1) % self.open.len()]);
        if from == into || !open(&into) {
            return;
        }
        let into_id = self.tickets[into].id.clone();
        let mut step = self.texted(Who::Clerk, "merge", "merged", "reason");
        step.body["into"] = Value::from(into_id);
        self.take(from, step).await;
        if self.tickets[from].status == "merged" {
            let key = self.tickets[from].done.last().map(|done| done.key.clone()).unwrap_or_default();
            self.tickets[into].done.push(Done { kind: "absorbed", key, text: None, left: None });
            self.tickets[into].joined = true;
            // Its version has grown.
            self.look_again(into).await;
        }
    }

    async fn enter_somebody(&mut self) {
        let body = json!({"name": self.key(), "grants": [{"role": "volunteer", "places": [COMMUNITY]}]});
        let call = self.call(Who::Admin, "/users".to_owned(), body);
        if let Some(person) = self.ask(call, None).await {
            self.people.push(person["id"].as_str().unwrap_or_default().to_owned());
        }
    }

    async fn read_messages(&mut self) {
        let front = self.rng.usize(0..self.fronts.len());
        let newest = self.caller(Who::Worker, front).request(Method::GET, "/me/inbox?limit=1");
        let Ok((200, page, _, _)) = answered(newest.timeout(ANSWERS).send().await).await else { return };
        let page: Value = serde_json::from_str(&page).unwrap_or_default();
        let Some(newest) = page["items"][0]["id"].as_i64() else { return };
        let call = self.call(Who::Worker, "/me/inbox/read".to_owned(), json!({"up_to": newest}));
        if self.ask(call, None).await.is_some() {
            self.read = self.read.max(newest);
        }
    }

    /// What has become of a ticket that the sweep, or another's merge, has changed meanwhile.
    async fn look_again(&mut self, index: usize) {
        let front = self.rng.usize(0..self.fronts.len());
        let path = format!("/tickets/{}", self.tickets[index].id);
        let request = self.caller(Who::Clerk, front).request(Method::GET, &path).timeout(ANSWERS);
        // Who hears nothing asks without a version, or is told anew.
        let Ok((200, text, _, _)) = answered(request.send().await).await else { return };
        let ticket: Value = serde_json::from_str(&text).unwrap_or_default();
        (self.tickets[index].version, self.tickets[index].status) = left(&ticket);
    }

    /// Asks until it is answered, each time with the same key; nothing when another version was meant, or it is refused.
    async fn ask(&mut self, mut call: Call, only: Option<usize>) -> Option<Value> {
        let begun = Instant::now();
        let mut front = only.unwrap_or_else(|| self.rng.usize(0..self.fronts.len()));
        let said = loop {
            match answered(self.post(&call, front).send().await).await {
                Ok((503, ..)) | Err(_) => call.doubted = true,
                Ok(answer) if answer.0 < 500 => break Some(answer),
                Ok((status, text, ..)) => {
                    self.faults.push(format!("{}: {status} {text}", self.about(&call)));
                    call.doubted = true;
                }
            }
            if begun.elapsed() > GIVES_UP {
                self.faults.push(format!("{}: no answer within {GIVES_UP:?}", self.about(&call)));
                break None;
            }
            if only.is_none() {
                front = (front + 1) % self.fronts.len();
            }
            sleep(Duration::from_millis(self.rng.u64(20..60))).await;
        };
        let mut value = None;
        match said {
            Some((status, text, etag, _)) if status < 300 => {
                value = Some(serde_json::from_str(&text).unwrap_or_default());
                call.answer = Some(Acknowledged { status, etag, body: Body::Whole(text) });
            }
            Some((412, ..)) if call.if_match.is_some() => {}
            Some((status, text, ..)) => self.faults.push(format!("{}: {status} {text}", self.about(&call))),
            None => {}
        }
        self.calls.push(call);
        value
    }

    pub(super) fn about(&self, call: &Call) -> String {
        let Call { who, path, key, if_match, doubted, .. } = call;
        format!("{who:?} POST {path}, key {key}, If-Match {if_match:?}, asked again: {doubted}")
    }

    /// The request of a call.
    pub(super) fn post(&self, call: &Call, front: usize) -> reqwest::RequestBuilder {
        let request = self.caller(call.who, front).request(Method::POST, &call.path).json(&call.body);
        let request = request.header("idempotency-key", &call.key).timeout(ANSWERS);
        match &call.if_match {
            Some(version) => request.header("if-match", version),
            None => request,
        }
    }
}

/// Status, body, version, and whether it had been given before, of an answer that came whole.
pub(super) async fn answered(
    response: reqwest::Result<Response>,
) -> reqwest::Result<(u16, String, String, bool)> {
    let response = response?;
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let etag = header("etag").unwrap_or_default().to_owned();
    let replayed = header("idempotent-replayed").is_some();
    Ok((response.status().as_u16(), response.text().await?, etag, replayed))
}

/// Version and status of a ticket.
fn left(ticket: &Value) -> (i64, String) {
    let status = ticket["status"].as_str().unwrap_or_default().to_owned();
    (ticket["version"].as_i64().unwrap_or_default(), status)
}
