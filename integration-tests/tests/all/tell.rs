//! How counties' stories are told: people with names, places below the community, what is read of a ticket.

use crate::call::named;
use crate::county::County;
use crate::inbox;
use crate::ticket::path;
use integration_tests::{Answer, Caller};
use serde_json::{Value, json};

/// Somebody of this name with a role for a place, by its code.
pub(crate) async fn person(county: &County, role: &str, place: &str, name: &str) -> Caller {
    named(&county.app, role, place, name).await
}

/// A resident of the county.
pub(crate) async fn resident(county: &County, name: &str) -> Caller {
    person(county, "resident", &county.code, name).await
}

/// A place below another, as the county's administrator draws it; its code.
pub(crate) async fn below(county: &County, parent: &str, name: &str) -> String {
    let admin = county.app.staff("county_admin", &county.code).await;
    let body = json!({"parent": parent, "name": name, "reason": "网格划分方案"});
    admin.post("/places", body).await.expect(201).str("code").to_owned()
}

/// Files a ticket; its path.
pub(crate) async fn file(caller: &Caller, content: &str, place: &str, more: Value) -> String {
    path(&caller.post("/tickets", order(content, place, more)).await.expect(201))
}

/// What somebody asks for.
pub(crate) fn order(content: &str, place: &str, more: Value) -> Value {
    let mut body = json!({"content": content, "place": {"code": place}});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// A step that must be taken.
pub(crate) async fn take(caller: &Caller, ticket: &str, step: &str, body: Value) -> Answer {
    caller.post(&format!("{ticket}/{step}"), body).await.expect(200)
}

/// What happened, in the county's own words, as this caller reads it.
pub(crate) async fn labels(caller: &Caller, ticket: &str) -> Vec<String> {
    let timeline = caller.get(&format!("{ticket}/timeline?limit=100")).await.expect(200);
    timeline.items().iter().map(|entry| entry["label"].as_str().unwrap().to_owned()).collect()
}

/// The entry of a kind, as this caller reads it.
pub(crate) async fn entry(caller: &Caller, ticket: &str, kind: &str) -> Value {
    let timeline = caller.get(&format!("{ticket}/timeline?limit=100")).await.expect(200);
    let found = timeline.items().iter().find(|entry| entry["kind"] == kind).cloned();
    found.unwrap_or_else(|| panic!("no {kind}: {}", timeline.text))
}

/// The steps that the county tells its people of: the names of all, and of those that are done.
pub(crate) async fn steps(caller: &Caller, ticket: &str) -> (String, String) {
    let steps = caller.get(&format!("{ticket}/steps")).await.expect(200);
    let names = |done: bool| {
        let some = steps.items().iter().filter(|step| !done || step["done"] == true);
        some.map(|step| step["name"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
    };
    (names(false), names(true))
}

/// When a clock of the first round is due, met and breached; null what is not.
pub(crate) fn times(ticket: &Answer, kind: &str) -> [Value; 3] {
    ["due_at", "met_at", "breached_at"].map(|at| ticket.clock(kind, 1)[at].clone())
}

/// Whether somebody was told of a kind, when all that is due has been done.
pub(crate) async fn was_told(county: &County, caller: &Caller, kind: &str) -> bool {
    county.app.app.catch_up().await.unwrap();
    inbox::told(caller).await.iter().any(|told| told == kind)
}

/// What each of them is answered for a path, in short: 200, or the code of the refusal.
pub(crate) async fn seen_by(path: &str, callers: &[&Caller]) -> Vec<String> {
    let mut seen = Vec::new();
    for caller in callers {
        let answer = caller.get(path).await;
        let code = answer.json["code"].as_str().map(str::to_owned);
        seen.push(code.unwrap_or_else(|| answer.status.to_string()));
    }
    seen
}

/// How many entries a list has.
pub(crate) async fn count(caller: &Caller, list: &str) -> usize {
    caller.get(list).await.expect(200).items().len()
}

/// A rate of some figures by its name: what it is made of, and what it is.
pub(crate) fn rate(figures: &Answer, name: &str) -> [Value; 3] {
    let rates = figures.json["rates"].as_array().unwrap();
    let found = rates.iter().find(|rate| rate["name"] == name);
    let found = found.unwrap_or_else(|| panic!("no {name}: {}", figures.text));
    ["numerator", "denominator", "value"].map(|part| found[part].clone())
}
