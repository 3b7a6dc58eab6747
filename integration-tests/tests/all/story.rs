//! What the stories of the counties have in common: their people, their places, and what each of them sees.

use crate::call::named;
use crate::county::County;
use crate::inbox;
use crate::ticket::path;
use integration_tests::{Answer, Caller};
use serde_json::{Value, json};
use uuid::Uuid;

/// A resident of the county.
pub(crate) async fn resident(county: &County, name: &str) -> Caller {
    named(&county.app, "resident", &county.code, name).await
}

/// Somebody of this name with a role for a place, by its code.
pub(crate) async fn person(county: &County, role: &str, place: &str, name: &str) -> Caller {
    named(&county.app, role, place, name).await
}

/// Somebody of a role at a place of the county, by name.
pub(crate) async fn somebody(county: &County, role: &str, place: &str, name: &str) -> Caller {
    person(county, role, county.place(place), name).await
}

/// A place below another, as the county's administrator founds it; its code.
pub(crate) async fn below(county: &County, parent: &str, name: &str) -> String {
    let admin = county.app.staff("county_admin", &county.code).await;
    let body = json!({"parent": parent, "name": name, "reason": "网格划分方案"});
    admin.post("/places", body).await.expect(201).str("code").to_owned()
}

/// A tie, as the county's administrator enters it.
pub(crate) async fn tie(county: &County, body: Value) -> Answer {
    county.app.staff("county_admin", &county.code).await.post("/ties", body).await.expect(201)
}

/// A unit of a kind with its seat at a code, and somebody who handles for it.
pub(crate) async fn seated(county: &County, name: &str, kind: &str, seat: &str) -> (Uuid, Caller) {
    let admin = county.app.staff("county_admin", &county.code).await;
    let body = json!({"name": name, "kind": kind, "place": county.code, "seat": seat});
    let unit: Uuid = admin.post("/units", body).await.expect(201).str("id").parse().unwrap();
    (unit, county.app.of_unit("department_handler", unit).await)
}

/// What happened, in the county's words, as somebody sees it.
pub(crate) async fn labels(caller: &Caller, ticket: &str) -> Vec<String> {
    let timeline = caller.get(&format!("{ticket}/timeline?limit=100")).await.expect(200);
    timeline.items().iter().map(|step| step["label"].as_str().unwrap().to_owned()).collect()
}

/// The last thing of a kind that happened, as somebody sees it.
pub(crate) async fn step(caller: &Caller, ticket: &str, kind: &str) -> Value {
    let timeline = caller.get(&format!("{ticket}/timeline?limit=100")).await.expect(200);
    let last = timeline.items().iter().rev().find(|step| step["kind"] == kind).cloned();
    last.unwrap_or_else(|| panic!("no {kind}: {}", timeline.text))
}

/// The county's own steps of a ticket that are done.
pub(crate) async fn steps_done(caller: &Caller, ticket: &str) -> Vec<String> {
    let steps = caller.get(&format!("{ticket}/steps")).await.expect(200);
    let done = steps.items().iter().filter(|step| step["done"] == true);
    done.map(|step| step["name"].as_str().unwrap().to_owned()).collect()
}

/// The paths of the tickets that a list shows.
pub(crate) async fn listed(caller: &Caller, query: &str) -> Vec<String> {
    let list = caller.get(&format!("/tickets?{query}")).await.expect(200);
    list.items().iter().map(|one| format!("/tickets/{}", one["id"].as_str().unwrap())).collect()
}

/// A rate of the figures of a place: its name and its value.
pub(crate) fn rate_of(figures: &Answer, key: &str) -> (String, Value) {
    let rate = figures.json["rates"].as_array().unwrap().iter().find(|rate| rate["key"] == key);
    let rate = rate.unwrap_or_else(|| panic!("no {key}: {}", figures.text));
    (rate["name"].as_str().unwrap().to_owned(), rate["value"].clone())
}

/// Who is in a chain of responsibility: level by level the posts and the ties, by name.
pub(crate) async fn chain(caller: &Caller, code: &str) -> Vec<(String, Vec<String>)> {
    let places = caller.get(&format!("/places?code={code}")).await.expect(200);
    let id = places.items()[0]["id"].as_str().unwrap().to_owned();
    let chain = caller.get(&format!("/places/{id}/chain")).await.expect(200);
    assert!(!chain.text.contains("phone"), "{}", chain.text);
    let level = |link: &Value| {
        let all = ["posts", "ties"].iter().flat_map(|of| link[of].as_array().unwrap());
        let who = all.map(|one| if one["person"].is_null() { &one["unit"] } else { &one["person"] });
        let mut names: Vec<_> = who.map(|who| who["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        (link["level_name"].as_str().unwrap_or_default().to_owned(), names)
    };
    chain.items().iter().map(level).collect()
}

/// What somebody owes by a key of the playbook's duties.
pub(crate) async fn owed(caller: &Caller, key: &str) -> Vec<Value> {
    let duties = caller.get(&format!("/duties?mine=true&key={key}")).await.expect(200);
    duties.items().to_vec()
}

/// What somebody records of a duty.
pub(crate) async fn record(caller: &Caller, duty: &Value, body: Value) -> Answer {
    caller.post(&format!("/duties/{}/record", duty["id"].as_str().unwrap()), body).await
}

/// How a duty of a period stands at a place: due, done, late, missed.
pub(crate) async fn coverage(caller: &Caller, code: &str, query: &str) -> [Option<i64>; 4] {
    let places = caller.get(&format!("/places?code={code}")).await.expect(200);
    let id = places.items()[0]["id"].as_str().unwrap().to_owned();
    let all = caller.get(&format!("/places/{id}/duties?{query}")).await.expect(200);
    ["due", "done", "late", "missed"].map(|name| all.json[name].as_i64())
}

/// What somebody was told of tickets, the earliest first: reminders of duties are not among it.
pub(crate) async fn told_of_tickets(caller: &Caller) -> Vec<String> {
    let inbox = caller.get("/me/inbox?limit=100").await.expect(200);
    let of_tickets = inbox.items().iter().rev().filter(|one| !one["ticket"].is_null());
    of_tickets.map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
}

/// What somebody was told of matters of a kind, the latest first.
pub(crate) async fn told_of(caller: &Caller, matter: &str) -> Vec<String> {
    let inbox = caller.get("/me/inbox?limit=100").await.expect(200);
    let of_kind = inbox.items().iter().filter(|one| one["matter"]["kind"] == matter);
    of_kind.map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
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
