//! Playbooks in the database.

use super::super::Store;
use crate::store::{Answer, Database, Request, Seed};
use crate::{Clock, MasterKey};
use domain::actor::{Actor, Grant, Scope};
use domain::calendar::{DayKind, EffectiveYear, NamedDay, YearDays};
use domain::id::{PlaceId, TextId, TicketId, UserId};
use domain::number::ticket_number;
use domain::permission::{Role, Roles};
use domain::place::{Levels, PlaceCode, PlaceRef};
use domain::text::TextRef;
use domain::ticket::{Channel, Event, Fact, Ticket};

const MILE: &str = include_str!("../../../../playbooks/mile.toml");

/// What the playbook of Mile takes a day for.
fn kind(store: &Store, date: &str) -> Option<DayKind> {
    store.playbook("532504").unwrap().policy.calendar.days.kind(date.parse().unwrap())
}

#[tokio::test]
async fn a_playbook_that_was_edited_is_not_undone_by_its_own_seed() {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::sqlite_file(dir.path().join("t.db"));
    let master = MasterKey::parse(&MasterKey::generate()).unwrap();
    let now = "2026-11-21T01:00:00Z".parse().unwrap();
    let clock = Clock::manual(now);
    let store = Store::open(&database, &master, &clock).await.unwrap();
    store.import_playbook(&Seed::new("mile.toml", MILE), now).await.unwrap();
    let edit = "UPDATE playbook SET body = json_set(body, '$.policy.clocks[0].limit_seconds', 7)";
    store.journal.write(vec![store.statement(edit, vec![])]).await.unwrap();
    let next = Store::open(&database, &master, &clock).await.unwrap();
    let limit = |store: &Store| store.playbook("532504").unwrap().policy.clocks[0].limit_seconds;
    for _ in 0..2 {
        next.import_playbook(&Seed::new("mile.toml", MILE), now).await.unwrap();
        assert_eq!(limit(&next), 7);
    }
    // Another seed replaces it.
    next.import_playbook(
        &Seed::new("mile.toml", &MILE.replacen("limit_seconds = 300", "limit_seconds = 400", 1)),
        now,
    )
    .await
    .unwrap();
    assert_eq!(limit(&next), 400);
}

#[tokio::test]
async fn a_playbook_with_faults_is_refused_with_file_key_and_reason() {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::sqlite_file(dir.path().join("t.db"));
    let master = MasterKey::parse(&MasterKey::generate()).unwrap();
    let now = "2026-11-21T01:00:00Z".parse().unwrap();
    let store = Store::open(&database, &master, &Clock::manual(now)).await.unwrap();
    let solve = "[[policy.clocks]]\nkind = \"solve\"\nseverity = \"small\"\nlimit_seconds = 1800\nwarn_percent = 80\n";
    for (right, wrong, expected) in [
        (
            "limit_seconds = 300\n",
            "limit_seconds = 0\n",
            "mile.toml: policy.clocks[0].limit_seconds: 时限必须大于 0",
        ),
        (solve, &solve.repeat(2), "mile.toml: policy.clocks[2].kind: 同类时限重复"),
        (solve, "", "mile.toml: policy.clocks: 轻重为 small 的诉求没有办结时限"),
        (
            "weekdays = [1, 2, 3, 4, 5]",
            "weekdays = []",
            "mile.toml: policy.calendar.weekdays: 每周至少一个工作日",
        ),
        ("[\"08:30-12:00\", \"14:00-17:30\"]", "[]", "mile.toml: policy.calendar.spans"),
        ("tells = [\"handler\"", "tells = [\"mayor\"", "mile.toml: "),
    ] {
        assert!(MILE.contains(right), "{right}");
        let refused =
            store.import_playbook(&Seed::new("mile.toml", &MILE.replacen(right, wrong, 1)), now).await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
    assert!(store.playbook("532504").is_err(), "nothing of it is taken");
}

#[tokio::test]
async fn a_playbook_has_the_days_that_hold() {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::sqlite_file(dir.path().join("t.db"));
    let master = MasterKey::parse(&MasterKey::generate()).unwrap();
    let now = "2026-11-21T01:00:00Z".parse().unwrap();
    let clock = Clock::manual(now);
    let open = || Store::open(&database, &master, &clock);
    let (store, other) = (open().await.unwrap(), open().await.unwrap());
    // Whichever comes first.
    store.import_playbook(&Seed::new("mile.toml", MILE), now).await.unwrap();
    let seed = r#"{"source": "test", "years": {"2026": {
        "holidays": [{"date": "2026-10-01", "name": "国庆节"}], "workdays": [{"date": "2026-10-10", "name": "国庆节"}]}}}"#;
    store.import_calendar("china.json", seed, now).await.unwrap();
    let both = [Some(DayKind::Holiday), Some(DayKind::Workday)];
    let days = |store: &Store| ["2026-10-01", "2026-10-10"].map(|date| kind(store, date));
    assert_eq!(days(&store), both);
    // Another process knows neither until it looks.
    assert!(other.playbook("532504").is_err());
    assert!(other.reload_playbooks().await.unwrap());
    assert_eq!((days(&other), other.reload_playbooks().await.unwrap()), (both, false));
    // What one enters counts there at once, and elsewhere at the next look.
    let admin = store.sign_in("local", "admin", "管理员", None, now).await.unwrap();
    let grants = vec![Grant { role: Role::SystemAdmin, scope: Scope::Places(vec![]) }];
    let actor = Actor { user: admin.actor.user, grants };
    let request =
        Request { actor: &actor, grants_version: admin.grants_version, now, if_match: None, key: None };
    let county = store.place_code("532504").unwrap();
    let own = YearDays {
        holidays: vec![NamedDay { date: "2026-10-10".parse().unwrap(), name: "州庆".into() }],
        workdays: vec![],
    };
    let answer = |year: &EffectiveYear| Answer {
        status: 200,
        version: year.version.unwrap_or_default(),
        body: vec![],
    };
    store.replace_calendar(&request, 2026, Some(&county), &own, answer).await.unwrap();
    let off = [Some(DayKind::Holiday); 2];
    assert_eq!((days(&store), days(&other)), (off, both));
    assert!(other.reload_playbooks().await.unwrap());
    assert_eq!((days(&other), store.reload_playbooks().await.unwrap()), (off, false));
    store.close().await.unwrap();
    other.close().await.unwrap();
}

#[tokio::test]
async fn every_version_is_kept_and_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::sqlite_file(dir.path().join("t.db"));
    let master = MasterKey::parse(&MasterKey::generate()).unwrap();
    let now = "2026-11-21T01:00:00Z".parse().unwrap();
    let clock = Clock::manual(now);
    let store = Store::open(&database, &master, &clock).await.unwrap();
    let own = toml::from_str::<domain::playbook::Playbook>(MILE).unwrap().policy.version;
    let seed = |limit: u32| MILE.replacen("limit_seconds = 300", &format!("limit_seconds = {limit}"), 1);
    for limit in [300, 301, 302, 303] {
        store.import_playbook(&Seed::new("mile.toml", &seed(limit)), now).await.unwrap();
    }
    let versions: Vec<_> = (own..own + 4).collect();
    assert_eq!(store.playbook("532504").unwrap().policy.version, own + 3);
    let limit = |version: u32| {
        let book = store.playbooks.of("532504", version);
        book.map(|book| (book.policy.version, book.policy.clocks[0].limit_seconds))
    };
    let known: Vec<_> = versions.iter().map(|version| limit(*version)).collect();
    let expected: Vec<_> =
        versions.iter().zip(300..).map(|(version, limit)| Some((*version, limit))).collect();
    assert_eq!((known, limit(own + 4)), (expected, None));
    // A process that begins knows the current one, and reads what came before when it is asked for.
    let next = Store::open(&database, &master, &clock).await.unwrap();
    assert_eq!(next.playbooks.count_older(), 0);
    let read = next.read_version("532504", own).await.unwrap().unwrap();
    assert_eq!(read.policy.clocks[0].limit_seconds, 300);
    assert_eq!(next.read_version("532504", own + 4).await.unwrap(), None);
    store.close().await.unwrap();
    next.close().await.unwrap();
}

#[tokio::test]
async fn levels_stay_while_places_lie_below_the_community() {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::sqlite_file(dir.path().join("t.db"));
    let master = MasterKey::parse(&MasterKey::generate()).unwrap();
    let now = "2026-11-21T01:00:00Z".parse().unwrap();
    let store = Store::open(&database, &master, &Clock::manual(now)).await.unwrap();
    let renamed = MILE.replacen("name = \"小组（小区）\"", "name = \"组\"", 1);
    let widened = MILE.replacen("width = 3", "width = 4", 1);
    store.import_playbook(&Seed::new("mile.toml", MILE), now).await.unwrap();
    // Nothing lies there yet.
    store.import_playbook(&Seed::new("mile.toml", &widened), now).await.unwrap();
    store.import_playbook(&Seed::new("mile.toml", MILE), now).await.unwrap();
    let place = "INSERT INTO place (id, code, name) VALUES (zeroblob(16), '532504001007001', '一组')";
    let code = "INSERT INTO place_code (code, place_id) VALUES ('532504001007001', zeroblob(16))";
    store.journal.write([place, code].map(|sql| store.statement(sql, vec![])).into()).await.unwrap();
    let refused =
        store.import_playbook(&Seed::new("mile.toml", &widened), now).await.unwrap_err().to_string();
    assert!(refused.starts_with("mile.toml: levels: "), "{refused}");
    store.import_playbook(&Seed::new("mile.toml", &renamed), now).await.unwrap();
    assert_eq!(store.playbook("532504").unwrap().levels[0].name, "组");
    store.close().await.unwrap();
}

/// A ticket that began under a version of the playbook.
fn begun_under(version: u32) -> Ticket {
    let code = PlaceCode::parse("532504001007", &Levels::default()).unwrap();
    let at = "2026-11-21T01:00:00Z".parse().unwrap();
    let (nobody, user) = (uuid::Uuid::nil(), UserId(uuid::Uuid::nil()));
    let fact = Fact::Submitted {
        ticket: TicketId(nobody),
        number: ticket_number(&code, "2026-11-21".parse().unwrap(), 1),
        requester: user,
        place: PlaceRef { id: PlaceId(nobody), code },
        desk: code,
        content: TextRef { id: TextId(nobody), hash: [0; 32] },
        address: None,
        origin: None,
        category: None,
        severity: None,
        affair: None,
        channel: Channel::MiniProgram,
        confidential: false,
        claim: Roles::default(),
        playbook: Some(version),
        service: None,
        call: None,
        hear: None,
        requester_unit: None,
    };
    let event = Event { fact, clocks: vec![], actor: Some(user), occurred_at: at, recorded_at: at };
    Ticket::begin(&event).unwrap()
}

#[tokio::test]
async fn what_began_under_a_version_that_is_not_there_goes_by_the_current_one() {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::sqlite_file(dir.path().join("t.db"));
    let master = MasterKey::parse(&MasterKey::generate()).unwrap();
    let now = "2026-11-21T01:00:00Z".parse().unwrap();
    let store = Store::open(&database, &master, &Clock::manual(now)).await.unwrap();
    let ticket = begun_under(1);
    for limit in [300, 301] {
        let seed = MILE.replacen("limit_seconds = 300", &format!("limit_seconds = {limit}"), 1);
        store.import_playbook(&Seed::new("mile.toml", &seed), now).await.unwrap();
        let decides = store.playbook_of(&ticket).await.unwrap();
        assert_eq!(decides, store.playbook("532504").unwrap(), "{limit}");
        assert!(store.playbooks.of("532504", 1).is_none(), "it is kept as what it is not");
    }
    store.close().await.unwrap();
}
