//! What time and signatures do to a mediation.

use super::*;
use crate::actor::Grant;
use crate::id::TextId;
use crate::matter::MatterRefusal;
use crate::permission::Role;
use crate::place::Levels;
use crate::refusal::Refusal;
use crate::text::{FreeText, Text};
use chrono::TimeDelta;
use rstest::rstest;
use uuid::Uuid;

fn place() -> PlaceCode {
    PlaceCode::parse("532504001007", &Levels::default()).unwrap()
}

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

fn day(n: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::days(n)
}

fn text(words: &str) -> Text {
    let reference = TextRef { id: TextId(Uuid::nil()), hash: [0; 32] };
    Text { reference, body: FreeText::parse(words.into()).unwrap() }
}

fn clerk() -> Actor {
    let grant = Grant { role: Role::CommunityClerk, scope: Scope::Places(vec![place()]) };
    Actor { user: user(9), grants: vec![grant] }
}

/// Begun by 1 on the first day, between 2 and a name; two levels of two days each.
fn mediation() -> Mediation {
    let step = |level: MediationLevel, until| Step {
        level,
        desk: level.desk(&place()),
        from: None,
        until: day(until),
        mediator: None,
        ended: None,
    };
    let mut steps = vec![step(MediationLevel::Grid, 2), step(MediationLevel::Community, 4)];
    (steps[0].from, steps[0].mediator) = (Some(day(0)), Some(user(1)));
    let party = |side, person, name| Party { side, person, name };
    Mediation {
        ticket: TicketId(Uuid::nil()),
        round: 1,
        begun_by: user(1),
        begun_at: day(0),
        parties: vec![
            party(Side::First, Some(user(2)), None),
            party(Side::Second, None, Some(text("乙").reference)),
        ],
        steps,
        current: 0,
        court: "法院".into(),
        sessions: vec![],
        agreement: None,
        drafts: 0,
        guidance: None,
        status: MediationStatus::Open,
    }
}

#[test]
fn the_file_goes_up_when_the_days_are_over_and_then_to_the_court() {
    let begun = mediation();
    assert_eq!(begun.settle(day(2) - TimeDelta::seconds(1)), None);
    // Late by days, it still went up when the days were over.
    let risen = begun.settle(day(9)).unwrap();
    assert_eq!(risen.after.step().level, MediationLevel::Community);
    assert_eq!(risen.after.step().from, Some(day(2)));
    assert!(risen.tell.contains(&(Recipient::Desk(place()), Notice::MatterAssigned)));
    let guided = risen.after.settle(day(9)).unwrap();
    assert_eq!(guided.after.status, MediationStatus::Guided);
    assert_eq!(guided.after.steps[1].ended, Some(Ended { at: day(4), how: HowEnded::Guided, reason: None }));
    assert_eq!(guided.tell, [(Recipient::Person(user(2)), Notice::MatterDecided)]);
    assert_eq!(guided.after.settle(day(99)), None);
    assert_eq!(guided.after.columns().next_at, None);
}

#[test]
fn it_is_settled_once_all_have_signed_for_the_same_agreement() {
    let mediator = Actor { user: user(1), grants: vec![] };
    let party = Actor { user: user(2), grants: vec![] };
    let agreed =
        mediation().agree(&text("各退一步"), &mediator, &place(), (RoundStands::Open, day(1))).unwrap().after;
    let own = Signing { agreement: 1, party: None, witness: None };
    let once = agreed.sign(own, &party, &place(), (RoundStands::Open, day(1))).unwrap().after;
    assert_eq!(once.status, MediationStatus::Agreed);
    let refused = |refusal: MediationRefusal| Err(Refusal::from(refusal));
    let again = once.sign(own, &party, &place(), (RoundStands::Open, day(1))).map(|_| ());
    assert_eq!(again, refused(MediationRefusal::Signed));
    // Whoever signs for what was replaced meanwhile is told so.
    let anew = once.agree(&text("再退一步"), &mediator, &place(), (RoundStands::Open, day(1))).unwrap().after;
    let other = anew.sign(own, &party, &place(), (RoundStands::Open, day(1))).map(|_| ());
    assert_eq!(other, refused(MediationRefusal::OtherAgreement { current: 2 }));
    let witness = text("见证人");
    let paper = Signing { agreement: 1, party: Some(2), witness: Some(&witness) };
    let stranger = once.sign(paper, &clerk(), &place(), (RoundStands::Open, day(1))).map(|_| ());
    assert_eq!(stranger, Err(MatterRefusal::BeyondScope.into()));
    let without = once
        .sign(Signing { witness: None, ..paper }, &mediator, &place(), (RoundStands::Open, day(1)))
        .map(|_| ());
    assert_eq!(without, refused(MediationRefusal::Paper));
    let settled = once.sign(paper, &mediator, &place(), (RoundStands::Open, day(1))).unwrap().after;
    assert_eq!((settled.status, settled.settle(day(9))), (MediationStatus::Settled, None));
}

#[test]
fn only_the_parties_and_the_level_that_has_it_see_it() {
    let nobody = Actor { user: user(7), grants: vec![] };
    let party = Actor { user: user(2), grants: vec![] };
    let begun = mediation();
    let seen = |one: &Mediation, actor: &Actor| one.is_seen_by(actor, &place());
    assert_eq!([&party, &clerk(), &nobody].map(|actor| seen(&begun, actor)), [true, false, false]);
    let mediator = Actor { user: user(1), grants: vec![] };
    let risen =
        begun.hand_up(&text("谈不拢"), &mediator, &place(), (RoundStands::Open, day(1))).unwrap().after;
    assert_eq!(
        [&party, &clerk(), &mediator, &nobody].map(|actor| seen(&risen, actor)),
        [true, true, true, false]
    );
    let top = risen.hand_up(&text("还是谈不拢"), &clerk(), &place(), (RoundStands::Open, day(1))).map(|_| ());
    assert_eq!(top, Err(MediationRefusal::TopLevel.into()));
}

/// Two levels of two days each, and nobody has written down yet what time did.
#[rstest]
#[case::in_the_first_days(day(2) - TimeDelta::seconds(1), Ok((MediationLevel::Grid, true)))]
#[case::in_those_of_the_level_above(day(2), Ok((MediationLevel::Community, true)))]
#[case::at_its_last_moment(day(4) - TimeDelta::seconds(1), Ok((MediationLevel::Community, true)))]
#[case::after_all_days(day(4), Err("matter.over"))]
#[case::long_after_them(day(40), Err("matter.over"))]
fn z03_what_is_done_late_is_done_on_what_time_made_of_it(
    #[case] now: Timestamp,
    #[case] expected: Result<(MediationLevel, bool), &str>,
) {
    let (mediator, party) =
        (Actor { user: user(1), grants: vec![] }, Actor { user: user(2), grants: vec![] });
    let agreed =
        mediation().agree(&text("各退一步"), &mediator, &place(), (RoundStands::Open, day(1))).unwrap().after;
    let witness = text("见证人");
    let paper = Signing { agreement: 1, party: Some(2), witness: Some(&witness) };
    let once = agreed.sign(paper, &mediator, &place(), (RoundStands::Open, day(1))).unwrap().after;
    // The last signature.
    let own = Signing { agreement: 1, party: None, witness: None };
    let last = once.sign(own, &party, &place(), (RoundStands::Open, now));
    let told = last.as_ref().is_ok_and(|change| {
        let desk = (Recipient::Desk(place()), Notice::MatterAssigned);
        change.tell.contains(&desk) == (now >= day(2))
    });
    let after = last.map(|change| (change.after.step().level, change.after.status));
    let settled = |(level, status)| (level, status == MediationStatus::Settled);
    assert_eq!(after.map(settled).map_err(|refusal| refusal.code()), expected);
    assert_eq!(told, expected.is_ok());
    // Whoever has the file then goes on with it.
    let level = expected.map(|(level, _)| level);
    let who = |actor: &Actor| {
        let begun = mediation();
        [
            begun.hold((Way::Reason, &text("谈"), &[1]), actor, &place(), (RoundStands::Open, now)),
            begun.agree(&text("各退一步"), actor, &place(), (RoundStands::Open, now)),
        ]
        .map(|done| done.map(|change| change.after.step().level).map_err(|refusal| refusal.code()))
    };
    let grid = if level == Ok(MediationLevel::Grid) { level } else { Err("matter.beyond_scope") };
    assert_eq!(who(&mediator), [grid, grid]);
    let community = if level == Ok(MediationLevel::Grid) { Err("matter.beyond_scope") } else { level };
    assert_eq!(who(&clerk()), [community, community]);
    let up = mediation().hand_up(&text("谈不拢"), &mediator, &place(), (RoundStands::Open, now));
    assert_eq!(up.is_ok(), level == Ok(MediationLevel::Grid));
}

#[test]
fn with_its_ticket_it_ends_where_it_lies() {
    use RoundStands::{Answered, Gone};
    let begun = mediation();
    assert_eq!(begun.move_on(Answered, day(2) - TimeDelta::seconds(1)), None);
    let over = |at| Ended { at, how: HowEnded::TicketOver, reason: None };
    // Of what was answered the days run out; what is gone ends as soon as anybody looks, and ended with its days at the latest.
    for (round, now, at) in [(Answered, day(9), day(2)), (Gone, day(1), day(1)), (Gone, day(9), day(2))] {
        let ended = begun.move_on(round, now).unwrap();
        assert_eq!(
            (ended.after.status, ended.after.step().level),
            (MediationStatus::Ended, MediationLevel::Grid)
        );
        assert_eq!(ended.after.steps[0].ended, Some(over(at)));
        // The parties and the mediator; nobody above.
        assert_eq!(ended.tell, [user(2), user(1)].map(|one| (Recipient::Person(one), Notice::MatterDone)));
        assert_eq!((ended.after.settle(day(99)), ended.after.move_on(round, day(99))), (None, None));
        assert_eq!(ended.after.columns().next_at, None);
    }
}

/// Held, handed up, agreed on anew, and signed for by the other party, of what was agreed on and signed for once.
#[rstest]
#[case::worked_on((1, Status::Accepted), [None, None, None, None])]
#[case::handed_on((1, Status::Dispatched), [None, None, None, None])]
#[case::answered((1, Status::Resolved), [Some("resolved"), Some("resolved"), Some("resolved"), None])]
#[case::rated((1, Status::Closed), [Some("resolved"), Some("resolved"), Some("resolved"), None])]
#[case::withdrawn((1, Status::Withdrawn), [Some("ended"); 4])]
#[case::declined((1, Status::Declined), [Some("ended"); 4])]
#[case::merged((1, Status::Merged), [Some("ended"); 4])]
#[case::sent_back((2, Status::Dispatched), [Some("ended"); 4])]
#[case::answered_anew((2, Status::Resolved), [Some("ended"); 4])]
fn z03_what_may_be_done_is_said_by_the_round_of_the_ticket(
    #[case] ticket: (u16, Status),
    #[case] over: [Option<&'static str>; 4],
) {
    let mediator = Actor { user: user(1), grants: vec![] };
    let party = Actor { user: user(2), grants: vec![] };
    let open = (RoundStands::Open, day(1));
    let agreed = mediation().agree(&text("各退一步"), &mediator, &place(), open).unwrap().after;
    let witness = text("见证人");
    let paper = Signing { agreement: 1, party: Some(2), witness: Some(&witness) };
    let once = agreed.sign(paper, &mediator, &place(), open).unwrap().after;
    let now = (RoundStands::of(1, Some(ticket)), day(1));
    let own = Signing { agreement: 1, party: None, witness: None };
    let done = [
        once.hold((Way::Reason, &text("谈"), &[1]), &mediator, &place(), now),
        once.hand_up(&text("谈不拢"), &mediator, &place(), now),
        once.agree(&text("再退一步"), &mediator, &place(), now),
        once.sign(own, &party, &place(), now),
    ];
    let refused = over.map(|status| status.map(|status| Refusal::from(MatterRefusal::Over { status })));
    assert_eq!(done.map(Result::err), refused);
}
