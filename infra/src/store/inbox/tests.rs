//! What no call shows: how messages and shifts are found, and what is of no ticket.

use super::super::row::column;
use super::super::shift::{ShiftQuery, page_sql};
use super::super::{Database, PlaceRow, Store};
use super::read::{message_sql, page_sql as inbox_sql};
use crate::{Clock, MasterKey};
use domain::actor::{Actor, Grant, Scope};
use domain::id::{PlaceId, ShiftId, UserId};
use domain::notice::Notice;
use domain::permission::Role;
use domain::place::{Levels, PlaceCode, PlaceRef};
use domain::time::Timestamp;
use uuid::Uuid;

fn place(code: &str) -> PlaceCode {
    PlaceCode::parse(code, &Levels::default()).unwrap()
}

fn now() -> Timestamp {
    "2026-11-21T01:00:00Z".parse().unwrap()
}

async fn store(dir: &tempfile::TempDir) -> Store {
    let database = Database::sqlite_file(dir.path().join("huying.db"));
    let master = MasterKey::parse(&MasterKey::generate()).unwrap();
    Store::open(&database, &master, &Clock::system()).await.unwrap()
}

#[tokio::test]
async fn no_table_is_read_from_end_to_end() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let asker = Actor { user: UserId(Uuid::nil()), grants: vec![] };
    let shifts = |person| ShiftQuery {
        places: vec![place("532504001"), place("532504002")],
        person,
        at: Some(now()),
        from: None,
        to: None,
        limit: 20,
        after: Some((now(), ShiftId(Uuid::nil()))),
    };
    // With what was found already, which is gone through; the tables are not.
    let queries = [
        (inbox_sql(&asker, None, Some(7), 20), ["n", "i", "c"]),
        (inbox_sql(&asker, Some(true), None, 20), ["n", "i", "c"]),
        (message_sql(&asker, 1, Some(7), 20), ["n", "x", "c"]),
        (page_sql(&shifts(None), &asker), ["v", "s", "h"]),
        (page_sql(&shifts(Some(UserId(Uuid::nil()))), &asker), ["v", "s", "h"]),
    ];
    for (sql, found) in queries {
        let plan = format!("EXPLAIN QUERY PLAN {}", sql.text);
        for row in store.query_all(&plan, sql.values).await.unwrap() {
            let step: String = column(&row, "plan", "detail").unwrap();
            let Some(read) = step.strip_prefix("SCAN ") else { continue };
            let read = read.split(" LEFT").next().unwrap_or_default();
            let known = found.contains(&read) || read == "CONSTANT ROW" || read.starts_with("(subquery");
            assert!(known, "{step}: {}", sql.text);
        }
    }
    store.close().await.unwrap();
}

#[tokio::test]
async fn administrators_are_told_once_a_topic() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir).await;
    let row = |(n, code): (u128, &str)| {
        let place = PlaceRef { id: PlaceId(Uuid::from_u128(n)), code: place(code) };
        PlaceRow { place, name: code.to_owned(), retired_at: None }
    };
    let places = [(1, "532504"), (2, "532504001"), (3, "140226")].map(row);
    store.add_places(&places).await.unwrap();
    let mut admins = Vec::new();
    for (name, role, code) in [
        ("县管理员", Role::CountyAdmin, "532504"),
        ("系统管理员", Role::SystemAdmin, "532504"),
        ("街道管理员", Role::CountyAdmin, "532504001"),
        ("邻县管理员", Role::CountyAdmin, "140226"),
        ("社区工作人员", Role::CommunityClerk, "532504"),
    ] {
        let user = store.sign_in("local", name, name, None, now()).await.unwrap();
        let grant = Grant { role, scope: Scope::Places(vec![place(code)]) };
        store.grant(&user, &grant, now()).await.unwrap();
        admins.push(user.actor.user);
    }
    for topic in ["calendar:2027", "calendar:2027", "calendar:2028"] {
        store
            .tell_administrators(&place("532504"), Notice::CalendarMissing, topic, now(), now())
            .await
            .unwrap();
    }
    let told = store.inbox_after(0, 100).await.unwrap().messages;
    let of = |user: UserId| told.iter().filter(|(person, _)| *person == user).count();
    assert_eq!(admins.iter().map(|admin| of(*admin)).collect::<Vec<_>>(), [2, 2, 0, 0, 0]);
    assert!(told.iter().all(|(_, entry)| entry.kind == Notice::CalendarMissing && entry.ticket.is_none()));
    let last = told.last().unwrap().1.id;
    assert_eq!(store.inbox_after(last - 1, 100).await.unwrap().messages.len(), 1);
    store.close().await.unwrap();
}
