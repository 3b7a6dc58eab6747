//! Two tickets about one thing.

use super::*;
use crate::permission::Action;
use rstest::rstest;

fn other(by: &Actor) -> Story {
    Story::of(&Submission { id: TicketId(Uuid::from_u128(101)), ..submission(None) }, by)
}

fn neighbour() -> Actor {
    person(7, &[])
}

fn try_merge(
    source: &Story,
    target: Option<&Story>,
    actor: &Actor,
) -> Result<(Vec<Event>, Vec<Event>), Refusal> {
    let target = target.map(|story| &story.ticket);
    merge(&source.ticket, target, &text("同一盏灯"), actor, [&source.playbook.policy; 2], after(4))
}

#[test]
fn the_requesters_follow_the_target() {
    let (mut source, mut target) = (other(&neighbour()), Story::begin(Some(Severity::Small)));
    let (leaving, staying) = try_merge(&source, Some(&target), &clerk()).unwrap();
    source.happen(leaving);
    target.happen(staying);
    assert_eq!((source.ticket.status(), source.ticket.next_due()), (Status::Merged, None));
    assert_eq!(target.ticket.joined, [neighbour().user]);
    assert!(neighbour().may(Action::TicketView, &target.ticket.parties()).is_ok());
    // The first of the requesters who rates speaks for all; and nobody takes back what is the others' too.
    let withdraw = Command::Withdraw { reason: text("好了") };
    assert_eq!(target.step(&resident(), &withdraw, after(4)).unwrap_err().code(), "ticket.others_joined");
    let target =
        target.steps(&[(clerk(), to_person(), 4), (worker(), Command::Accept, 4), (worker(), resolve(), 4)]);
    let target = target.steps(&[(neighbour(), rate(Satisfaction::Satisfied), 4)]);
    assert_eq!(target.ticket.status(), Status::Closed);
}

#[test]
fn the_requesters_of_what_was_merged_before_follow_too() {
    let mut first = other(&neighbour());
    let mut second =
        Story::of(&Submission { id: TicketId(Uuid::from_u128(102)), ..submission(None) }, &person(8, &[]));
    let mut last = Story::begin(None);
    let (a, b) = try_merge(&first, Some(&second), &clerk()).unwrap();
    first.happen(a);
    second.happen(b);
    let (a, b) = try_merge(&second, Some(&last), &clerk()).unwrap();
    second.happen(a);
    last.happen(b);
    assert_eq!(last.ticket.joined, [person(8, &[]).user, neighbour().user]);
    // No circle: what was merged is not open.
    let refusal = try_merge(&last, Some(&first), &clerk()).unwrap_err();
    assert_eq!(refusal.code(), "ticket.merge_target_not_open");
    assert_eq!(try_merge(&first, Some(&last), &clerk()).unwrap_err().code(), "ticket.ended");
}

#[rstest]
#[case::itself(None, clerk(), "ticket.merge_into_itself", Some("/into"))]
#[case::resolved(Some(Status::Resolved), clerk(), "ticket.merge_target_not_open", None)]
#[case::closed(Some(Status::Closed), clerk(), "ticket.merge_target_not_open", None)]
#[case::withdrawn(Some(Status::Withdrawn), clerk(), "ticket.merge_target_not_open", None)]
#[case::no_right(Some(Status::Submitted), worker(), "permission.role", None)]
#[case::out_of_sight(Some(Status::Submitted), person(9, &[]), "ticket.not_found", None)]
fn what_cannot_be_merged(
    #[case] target: Option<Status>,
    #[case] actor: Actor,
    #[case] code: &str,
    #[case] field: Option<&str>,
) {
    let source = other(&neighbour());
    let target = target.map(story_at);
    let refusal = try_merge(&source, Some(target.as_ref().unwrap_or(&source)), &actor).unwrap_err();
    assert_eq!((refusal.code(), refusal.field()), (code, field));
}

#[test]
fn a_target_out_of_reach_is_as_unknown_as_none() {
    let elsewhere = PlaceRef { id: PlaceId(Uuid::from_u128(51)), code: place("532504001008") };
    let far = Story::of(&Submission { place: elsewhere, ..submission(None) }, &resident());
    let source = other(&neighbour());
    for target in [None, Some(&far)] {
        let refusal = try_merge(&source, target, &clerk()).unwrap_err();
        assert_eq!((refusal.code(), refusal.field()), ("ticket.merge_target_unknown", Some("/into")));
    }
}
