//! Every call of the document × every role × in scope, out of scope, own, assigned, none: so that a new call cannot be
//! forgotten. What is expected is read from `docs/permissions.md`, which people review.

use crate::contract::committed;
use crate::ticket::path;
use integration_tests::app::{COMMUNITY, TestApp, UNIT, lamp};
use integration_tests::client::send;
use integration_tests::{Answer, Backend, Caller};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::Path;

/// A street that nobody of the cast has anything to do with.
const ELSEWHERE: &str = "532504002001";

/// Action and role → how far it reaches.
type Table = HashMap<(String, String), Vec<String>>;

fn table() -> (Table, Vec<String>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/permissions.md");
    let text = std::fs::read_to_string(file).expect("docs/permissions.md is there");
    let mut rows = text
        .lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>());
    let roles = rows.next().expect("a heading").split_off(1);
    let mut table = Table::new();
    for row in rows {
        for (role, cell) in roles.iter().zip(&row[1..]) {
            let reaches = cell.split(", ").filter(|word| !word.is_empty()).map(str::to_owned);
            table.insert((row[0].clone(), role.clone()), reaches.collect());
        }
    }
    (table, roles)
}

/// What a ticket is to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Situation {
    InScope,
    OutOfScope,
    Own,
    Assigned,
    NotThere,
}

/// What a person can be to somebody.
const PEOPLE: [Situation; 3] = [Situation::InScope, Situation::OutOfScope, Situation::NotThere];
const SITUATIONS: [Situation; 5] =
    [Situation::InScope, Situation::OutOfScope, Situation::Own, Situation::Assigned, Situation::NotThere];

impl Situation {
    /// Whether one of these reaches it.
    fn within(self, reaches: &[String]) -> bool {
        reaches.iter().any(|reach| {
            matches!(
                (self, reach.as_str()),
                (Self::InScope, "area" | "desk")
                    | (Self::Own, "own")
                    | (Self::Assigned, "assigned")
                    | (Self::Assigned, "area" | "desk")
            )
        })
    }
}

/// Somebody of a role, and tickets that are something to them.
struct Player<'a> {
    app: &'a TestApp,
    admin: &'a Caller,
    resident: &'a Caller,
    caller: Caller,
    id: String,
    role: String,
    tickets: BTreeMap<Situation, String>,
    people: BTreeMap<Situation, String>,
}

impl<'a> Player<'a> {
    async fn of(app: &'a TestApp, admin: &'a Caller, resident: &'a Caller, role: &str) -> Self {
        let caller = match role {
            "department_handler" => app.of_unit(role, UNIT).await,
            _ => app.staff(role, COMMUNITY).await,
        };
        let id = app.id_of(&caller).await;
        Self {
            app,
            admin,
            resident,
            caller,
            id,
            role: role.to_owned(),
            tickets: BTreeMap::new(),
            people: BTreeMap::new(),
        }
    }

    /// Somebody of the roster who is this to them; made anew once they were changed.
    async fn person(&mut self, situation: Situation) -> String {
        if let Some(person) = self.people.get(&situation) {
            return person.clone();
        }
        let place = match situation {
            Situation::NotThere => return format!("/users/{}", uuid::Uuid::nil()),
            Situation::InScope => COMMUNITY,
            _ => ELSEWHERE,
        };
        let grants = json!([{"role": "volunteer", "places": [place]}]);
        let person = self.admin.post("/users", json!({"name": "花名册", "grants": grants})).await.expect(201);
        let person = format!("/users/{}", person.str("id"));
        self.people.insert(situation, person.clone());
        person
    }

    async fn renew(&mut self) {
        *self = Self::of(self.app, self.admin, self.resident, &self.role.clone()).await;
    }

    /// A ticket that is this to them; made anew once it was changed.
    async fn ticket(&mut self, situation: Situation) -> String {
        if let Some(ticket) = self.tickets.get(&situation) {
            return ticket.clone();
        }
        let at = |code: &str| {
            let mut body = lamp();
            body["place"]["code"] = json!(code);
            body
        };
        let ticket = match situation {
            Situation::NotThere => format!("/tickets/{}", uuid::Uuid::nil()),
            Situation::InScope => path(&self.resident.post("/tickets", at(COMMUNITY)).await.expect(201)),
            Situation::OutOfScope => path(&self.resident.post("/tickets", at(ELSEWHERE)).await.expect(201)),
            // Their own lie elsewhere, so that nothing but having raised them reaches them.
            Situation::Own => path(&self.caller.post("/tickets", at(ELSEWHERE)).await.expect(201)),
            Situation::Assigned => {
                let ticket = path(&self.resident.post("/tickets", at(COMMUNITY)).await.expect(201));
                let lead = if self.role == "department_handler" {
                    json!({"unit": UNIT})
                } else {
                    json!({"person": self.id})
                };
                let assigned = self.admin.post(&format!("{ticket}/dispatch"), json!({"lead": lead})).await;
                // Who cannot be assigned anything has nothing that is: theirs is the one in scope.
                if assigned.status != 200 {
                    assigned.refused(422, "ticket.lead_cannot_handle");
                }
                ticket
            }
        };
        self.tickets.insert(situation, ticket.clone());
        ticket
    }
}

#[rstest]
#[tokio::test]
async fn every_call_by_every_role_in_every_situation(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let document: Value = serde_json::from_str(&committed()).unwrap();
    let (table, roles) = table();
    let admin = app.staff("county_admin", "532504").await;
    let resident = app.resident("旁人").await;
    let mut tried = 0;
    for role in &roles {
        let mut player = Player::of(&app, &admin, &resident, role).await;
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                tried += every_situation(&mut player, &document, (path, method), operation, &table).await;
            }
        }
    }
    // Past the capture of the test runner: the figure is for whoever reads the log.
    let _ = writeln!(std::io::stderr(), "{tried} combinations of call, role and situation");
    assert!(tried > 1_000, "{tried}");
    app.stop().await;
}

async fn every_situation(
    player: &mut Player<'_>,
    document: &Value,
    (path, method): (&str, &str),
    operation: &Value,
    table: &Table,
) -> usize {
    let action = operation["x-permission"].as_str().unwrap();
    let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
    let body = body(document, operation);
    let of_ticket = path.contains("/tickets/{id}");
    let of_person = path.contains("/users/{id}");
    let situations = match (of_ticket, of_person) {
        (true, _) => &SITUATIONS[..],
        (_, true) => &PEOPLE[..],
        (false, false) => &SITUATIONS[..1],
    };
    let reaches = |action: &str, role: &str| {
        table.get(&(action.to_owned(), role.to_owned())).cloned().unwrap_or_default()
    };
    let mut tried = 0;
    for situation in situations {
        let at = match (of_ticket, of_person) {
            (true, _) => path.replace("/tickets/{id}", &player.ticket(*situation).await),
            (_, true) => path.replace("/users/{id}", &player.person(*situation).await),
            (false, false) => path
                .replace("{id}", &uuid::Uuid::nil().to_string())
                .replace("{year}", "2027")
                .replace("{county}", "532504")
                .replace("{version}", "3"),
        };
        let ask = |caller: &Caller| {
            let request = caller.request(method.clone(), &format!("/{at}"));
            send(match &body {
                Some(body) => request.json(body),
                None => request,
            })
        };
        tried += 1;
        let without = ask(&player.app.anyone()).await;
        if action == "public" {
            assert_ne!(without.json["code"], "auth.token_missing", "{method} {path}");
            continue;
        }
        without.refused(401, "auth.token_missing");
        let answer = ask(&player.caller).await;
        if matches!(action, "me.sign_out" | "me.erase") {
            // That was the end of the player: another one of the role goes on.
            player.renew().await;
        }
        let said = format!("{method} {at} as {} {situation:?}: {}", player.role, answer.text);
        assert!(answer.status < 500, "{said}");
        let mut own = reaches(action, "resident");
        let as_role = reaches(action, &player.role);
        if own.is_empty() && as_role.is_empty() {
            answer.refused(403, "permission.role");
            continue;
        }
        own.extend(as_role);
        if !of_ticket && !of_person {
            assert!(!refused(&answer, "permission.role"), "{said}");
            continue;
        }
        let view = if of_ticket { "ticket.view" } else { "person.view" };
        let mut sees = reaches(view, "resident");
        sees.extend(reaches(view, &player.role));
        if !situation.within(&sees) {
            assert!(answer.status == 404, "{said}");
        } else if method == Method::GET && at.ends_with("/mediation") {
            // Whether there is one, only those whom it concerns learn.
            assert!(answer.status == 404, "{said}");
        } else if situation.within(&own) {
            assert!(!matches!(answer.status, 401 | 403 | 404), "{said}");
        } else {
            // In another state it might be theirs.
            assert!(matches!(answer.status, 403 | 409), "{said}");
        }
        if answer.status < 300 && method != Method::GET {
            player.tickets.remove(situation);
            player.people.remove(situation);
        }
    }
    tried
}

fn refused(answer: &Answer, code: &str) -> bool {
    answer.json["code"] == code
}

/// The example of a call's body.
fn body(document: &Value, operation: &Value) -> Option<Value> {
    let content = operation["requestBody"]["content"].as_object()?.get("application/json")?;
    let name = content["schema"]["$ref"].as_str()?.rsplit('/').next()?;
    Some(document["components"]["schemas"][name]["example"].clone())
}
