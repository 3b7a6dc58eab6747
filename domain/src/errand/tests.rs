//! What may happen to an errand.

use super::*;
use crate::actor::{Grant, Scope};
use crate::id::TextId;
use crate::permission::Role;
use crate::place::Levels;
use crate::text::FreeText;
use uuid::Uuid;

fn code() -> PlaceCode {
    PlaceCode::parse("532504001007", &Levels::default()).unwrap()
}

fn now() -> Timestamp {
    "2026-11-21T01:00:00Z".parse().unwrap()
}

fn resident(n: u128) -> Actor {
    Actor { user: UserId(Uuid::from_u128(n)), grants: vec![] }
}

fn worker(n: u128) -> Actor {
    let grant = Grant { role: Role::GridWorker, scope: Scope::Places(vec![code()]) };
    Actor { grants: vec![grant], ..resident(n) }
}

fn text(body: &str) -> Text {
    let reference = TextRef { id: TextId(Uuid::from_u128(9)), hash: [0; 32] };
    Text { reference, body: FreeText::parse(body.to_owned()).unwrap() }
}

fn asked() -> Errand {
    let new = NewErrand { requester: resident(1).user, service: None, text: text("代办社保卡") };
    Errand::ask(&new, &resident(1), &code(), now()).unwrap().after
}

fn taken() -> Errand {
    asked().take(None, &worker(2), &code(), now()).unwrap().after
}

fn refused<T>(result: Result<T, Refusal>) -> &'static str {
    result.err().map_or("", |refusal| refusal.code())
}

#[test]
fn m09_whoever_is_first_runs_it_and_nobody_their_own() {
    assert_eq!(taken().taker, Some(worker(2).user));
    assert_eq!(refused(taken().take(None, &worker(3), &code(), now())), "errand.taken");
    assert_eq!(refused(asked().take(None, &worker(1), &code(), now())), "matter.beyond_scope");
    assert_eq!(refused(asked().take(None, &resident(3), &code(), now())), "matter.beyond_scope");
    // Staff ask for others, residents for themselves.
    let for_other = NewErrand { requester: resident(1).user, service: None, text: text("x") };
    assert!(Errand::ask(&for_other, &worker(2), &code(), now()).is_ok());
    let refusal = Errand::ask(&for_other, &resident(3), &code(), now()).unwrap_err();
    assert_eq!(refusal.code(), "matter.beyond_scope");
    // Where nobody runs errands none is asked for.
    let street = PlaceCode::parse("532504001", &Levels::default()).unwrap();
    let own = NewErrand { requester: resident(3).user, ..for_other };
    assert_eq!(
        Errand::ask(&own, &resident(3), &street, now()),
        Err(MatterRefusal::Place { field: "/place" })
    );
    // For whom it is read they, and whoever runs it.
    let named = |n| taken().names_requester_to(resident(n).user);
    assert_eq!([named(1), named(2), named(3)], [true, true, false]);
}

#[test]
fn m09_it_is_not_done_before_all_papers_are_back() {
    let errand = taken().hand_over(&[text("户口簿"), text("身份证")], &worker(2), now()).unwrap().after;
    assert_eq!(refused(errand.finish(&text("办好了"), &worker(2), now())), "errand.papers_left");
    assert_eq!(refused(errand.cancel(&text("办不了"), &worker(2))), "errand.papers_left");
    let back = |number, kept| Returned { number, kept };
    assert_eq!(refused(errand.hand_back(&[back(3, None)], &worker(2), now())), "errand.no_such_paper");
    assert_eq!(refused(errand.hand_back(&[back(0, None)], &worker(2), now())), "errand.no_such_paper");
    let both = [back(1, None), back(1, None)];
    assert_eq!(refused(errand.hand_back(&both, &worker(2), now())), "errand.returned_before");
    let kept = [back(1, None), back(2, Some(text("窗口留存复印件")))];
    let returned = errand.hand_back(&kept, &worker(2), now()).unwrap().after;
    assert!(returned.papers[1].kept.is_some());
    assert_eq!(refused(returned.finish(&text("办好了"), &worker(3), now())), "matter.beyond_scope");
    let done = returned.finish(&text("办好了"), &worker(2), now()).unwrap().after;
    assert_eq!(refused(done.confirm(&worker(2))), "matter.beyond_scope");
    let closed = done.confirm(&resident(1)).unwrap().after;
    assert_eq!((closed.status, closed.confirmed), (ErrandStatus::Closed, true));
    assert_eq!(refused(closed.confirm(&resident(1))), "matter.over");
    assert_eq!(refused(taken().confirm(&resident(1))), "matter.not_yet");
}

#[test]
fn m09_what_nobody_confirms_closes_after_a_week() {
    let done = taken().finish(&text("办好了"), &worker(2), now()).unwrap().after;
    assert_eq!(done.settle(now() + TimeDelta::days(7) - TimeDelta::seconds(1)), None);
    let closed = done.settle(now() + TimeDelta::days(7)).unwrap().after;
    assert_eq!(
        (closed.status, closed.confirmed, closed.columns().next_at),
        (ErrandStatus::Closed, false, None)
    );
}

#[test]
fn m09_who_may_cancel() {
    assert!(asked().cancel(&text("不用了"), &resident(1)).is_ok());
    assert_eq!(refused(asked().cancel(&text("x"), &worker(2))), "matter.beyond_scope");
    assert_eq!(refused(taken().cancel(&text("x"), &resident(1))), "errand.taken");
    assert!(taken().cancel(&text("本人到场办理"), &worker(2)).is_ok());
    assert_eq!(refused(asked().report(&text("x"), &worker(2), now())), "matter.not_yet");
}

#[test]
fn m09_who_dispatches_there_takes_over_for_a_reason() {
    let clerk = |n| {
        let grant = Grant { role: Role::CommunityClerk, scope: Scope::Places(vec![code()]) };
        Actor { grants: vec![grant], ..resident(n) }
    };
    let reason = text("原接办人已离岗");
    let over = taken().take(Some(&reason), &clerk(3), &code(), now()).unwrap();
    assert_eq!((over.after.taker, over.after.status), (Some(clerk(3).user), ErrandStatus::Taken));
    assert_eq!(over.tell.len(), 2);
    assert!(over.tell.contains(&(Recipient::Person(worker(2).user), Notice::MatterDecided)));
    assert_eq!(refused(over.after.report(&text("x"), &worker(2), now())), "matter.beyond_scope");
    // Whoever still has papers stays a party.
    let holding = taken().hand_over(&[text("户口簿"), text("身份证")], &worker(2), now()).unwrap().after;
    let over = holding.take(Some(&reason), &clerk(3), &code(), now()).unwrap().after;
    let parties = over.columns().parties;
    let had = ("papers", Holder::Person(worker(2).user));
    assert_eq!(parties.iter().filter(|party| **party == had).count(), 1);
    let over = taken().take(Some(&reason), &clerk(3), &code(), now()).unwrap();
    // Neither without a reason, nor by who runs errands there only, nor one's own again.
    assert_eq!(refused(taken().take(None, &clerk(3), &code(), now())), "errand.taken");
    assert_eq!(refused(taken().take(Some(&reason), &worker(3), &code(), now())), "errand.taken");
    assert_eq!(refused(over.after.take(Some(&reason), &clerk(3), &code(), now())), "errand.taken");
    assert_eq!(refused(taken().take(Some(&reason), &clerk(1), &code(), now())), "matter.beyond_scope");
    let done = taken().finish(&text("办好了"), &worker(2), now()).unwrap().after;
    assert_eq!(refused(done.take(Some(&reason), &clerk(3), &code(), now())), "matter.over");
}

#[test]
fn m09_it_is_full_at_its_most_papers_and_steps() {
    let names = vec![text("户口簿"); MOST_PAPERS];
    let many = [&names[..], &names[..1]].concat();
    assert_eq!(refused(taken().hand_over(&many, &worker(2), now())), "matter.range");
    let full = taken().hand_over(&names, &worker(2), now()).unwrap().after;
    let refusal = full.hand_over(&names[..1], &worker(2), now()).unwrap_err();
    assert_eq!((refusal.code(), refusal.args()), ("matter.full", vec![("most", "50".to_owned())]));
    let step = Step { at: now(), text: text("x").reference };
    let told = Errand { steps: vec![step; MOST_STEPS], ..taken() };
    assert_eq!(refused(told.report(&text("x"), &worker(2), now())), "matter.full");
}
