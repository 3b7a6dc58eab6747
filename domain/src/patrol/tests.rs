//! What may happen on a patrol.

use super::*;
use crate::actor::{Grant, Scope};
use crate::geo::{Datum, Position};
use crate::id::TextId;
use crate::permission::Role;
use crate::place::Levels;
use crate::text::FreeText;
use rstest::rstest;
use uuid::Uuid;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn code(text: &str) -> PlaceCode {
    PlaceCode::parse(text, &Levels::default()).unwrap()
}

fn worker(n: u128) -> Actor {
    let scope = Scope::Places(vec![code("532504001007")]);
    Actor { user: UserId(Uuid::from_u128(n)), grants: vec![Grant { role: Role::GridWorker, scope }] }
}

fn fix(time: &str) -> Fix {
    Fix::new(Position::new(24.4, 103.4, Datum::Wgs84).unwrap(), at(time))
}

fn begun() -> Patrol {
    Patrol::begin(&worker(1), &code("532504001007"), at("2026-11-21T01:00:00Z")).unwrap().after
}

#[rstest]
#[case::in_order(&["2026-11-21T01:01:00Z", "2026-11-21T01:01:00Z", "2026-11-21T01:02:00Z"], Ok(3))]
#[case::none(&[], Err("matter.range"))]
#[case::back_in_time(&["2026-11-21T01:02:00Z", "2026-11-21T01:01:00Z"], Err("patrol.order"))]
#[case::before_it_began(&["2026-11-21T00:50:00Z"], Err("matter.time"))]
#[case::in_time_to_come(&["2026-11-21T01:30:00Z"], Err("matter.time"))]
fn m09_positions_come_in_order(#[case] times: &[&str], #[case] expected: Result<usize, &str>) {
    let fixes: Vec<_> = times.iter().map(|time| fix(time)).collect();
    let tracked = begun().tracked(&fixes, &worker(1), at("2026-11-21T01:05:00Z"));
    assert_eq!(tracked.map(|change| change.after.track.0.len()).map_err(|refusal| refusal.code()), expected);
}

#[test]
fn m09_positions_have_a_measure() {
    let now = at("2026-11-21T01:05:00Z");
    let mut patrol = begun();
    let some = vec![fix("2026-11-21T01:01:00Z"); MOST_AT_ONCE];
    for _ in 0..MOST_FIXES / MOST_AT_ONCE {
        patrol = patrol.tracked(&some, &worker(1), now).unwrap().after;
    }
    assert_eq!(patrol.tracked(&some[..1], &worker(1), now).unwrap_err().code(), "matter.full");
    let more = [&some[..], &some[..1]].concat();
    assert_eq!(begun().tracked(&more, &worker(1), now).unwrap_err().code(), "matter.range");
    // What is kept is read again, and short.
    let json = serde_json::to_string(&patrol).unwrap();
    assert!(json.len() < 20_000, "{}", json.len());
    assert_eq!(serde_json::from_str::<Patrol>(&json).unwrap(), patrol);
}

#[test]
fn m09_a_patrol_is_its_workers_and_ends() {
    let now = at("2026-11-21T01:05:00Z");
    let patrol = begun();
    assert_eq!(patrol.columns().slots, [Patrol::slot(worker(1).user)]);
    assert_eq!(patrol.end(None, &worker(2), now).unwrap_err().code(), "matter.beyond_scope");
    let ended = patrol.end(None, &worker(1), now).unwrap().after;
    assert_eq!((ended.status(), ended.columns().slots), (PatrolStatus::Ended, vec![]));
    assert_eq!(ended.end(None, &worker(1), now).unwrap_err().code(), "matter.over");
    // Forgotten, it ends after a day.
    assert_eq!(patrol.settle(at("2026-11-22T00:59:59Z")), None);
    let forgotten = patrol.settle(at("2026-11-22T09:00:00Z")).unwrap().after;
    assert_eq!(forgotten.ended_at, Some(at("2026-11-22T01:00:00Z")));
    let elsewhere = Patrol::begin(&worker(1), &code("532504001022"), now);
    assert_eq!(elsewhere.unwrap_err().code(), "matter.beyond_scope");
}

#[test]
fn m09_a_photo_shows_one_finding_and_findings_have_a_measure() {
    let now = at("2026-11-21T01:05:00Z");
    let text = || Text {
        reference: TextRef { id: TextId(Uuid::from_u128(9)), hash: [0; 32] },
        body: FreeText::parse("路灯不亮".to_owned()).unwrap(),
    };
    let found = |patrol: &Patrol, photos: &[u128]| {
        let photos: Vec<_> = photos.iter().map(|n| PhotoId(Uuid::from_u128(*n))).collect();
        patrol.found(&text(), None, &photos, &worker(1), now).map_err(|refusal| refusal.code())
    };
    assert_eq!(found(&begun(), &[1, 1]).unwrap_err(), "duty.photo_used");
    let once = found(&begun(), &[1, 2]).unwrap().after;
    assert_eq!(found(&once, &[3, 2]).unwrap_err(), "duty.photo_used");
    let finding = once.findings[0].clone();
    let full = Patrol { findings: vec![finding; MOST_FINDINGS], ..begun() };
    assert_eq!(found(&full, &[]).unwrap_err(), "matter.full");
}
