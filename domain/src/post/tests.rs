//! Who sets posts, who claims them, and how many.

use super::*;
use crate::actor::Grant;
use crate::id::{TextId, UserId};
use crate::place::Levels;
use crate::text::FreeText;
use rstest::rstest;
use uuid::Uuid;

const MEMBER: UserId = UserId(Uuid::from_u128(1));
const POST: Uuid = Uuid::from_u128(10);

fn place(code: &str) -> PlaceCode {
    PlaceCode::parse(code, &Levels::default()).unwrap()
}

fn text() -> Text {
    let reference = TextRef { id: TextId(Uuid::from_u128(7)), hash: [0; 32] };
    Text { reference, body: FreeText::parse("帮老人修灯".to_owned()).unwrap() }
}

fn actor(role: Role, at: &str) -> Actor {
    Actor { user: MEMBER, grants: vec![Grant { role, scope: Scope::Places(vec![place(at)]) }] }
}

fn words_of(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn post() -> Post {
    let offer =
        Offer::parse(" 便民岗 ", &words_of(&["修灯", "修水管", "陪诊", "代办", "理发"]), &[]).unwrap();
    let clerk = actor(Role::CommunityClerk, "532504001007");
    let set = Post::set(&offer, &text(), &clerk, &place("532504001007"), PostRules::default(), now());
    set.unwrap().after
}

#[rstest]
#[case("便民岗", &["修灯", "陪诊", "代办"], &[])]
#[case("", &["修灯"], &[("/name", "text.empty")])]
#[case("便\n民", &["修灯", " 修灯"], &[("/name", "text.control_character"), ("/services/1", "profile.twice")])]
#[case("便民岗", &["x"; 31], &[("/services", "profile.too_many")])]
fn an_offer_is_made_of_short_words(
    #[case] name: &str,
    #[case] services: &[&str],
    #[case] wrong: &[(&str, &str)],
) {
    let told = Offer::parse(name, &words_of(services), &[]).err().unwrap_or_default();
    let told: Vec<_> = told.iter().map(|refusal| (refusal.field.as_str(), refusal.code())).collect();
    assert_eq!(told, wrong);
}

#[rstest]
#[case::community(Role::CommunityClerk, "532504001007", "532504001007", 3, None)]
#[case::street(Role::StreetDispatcher, "532504001", "532504001007", 30, None)]
#[case::county(Role::CountyAdmin, "532504", "532504001007", 3, None)]
#[case::neighbour(Role::CommunityClerk, "532504001008", "532504001007", 3, Some(("matter.beyond_scope", None)))]
#[case::member(Role::PartyMember, "532504001007", "532504001007", 3, Some(("matter.beyond_scope", None)))]
#[case::of_a_street(Role::StreetDispatcher, "532504001", "532504001", 3, Some(("tie.not_a_community", Some("/place"))))]
#[case::too_few(Role::CountyAdmin, "532504", "532504001007", 2, Some(("matter.range", Some("/services"))))]
fn a_community_sets_its_posts(
    #[case] role: Role,
    #[case] granted: &str,
    #[case] at: &str,
    #[case] services: usize,
    #[case] refused: Option<(&str, Option<&str>)>,
) {
    let services = (0..services).map(|n| format!("服务{n}")).collect();
    let offer = Offer { name: "便民岗".into(), services, skills: vec![] };
    let set = Post::set(&offer, &text(), &actor(role, granted), &place(at), PostRules::default(), now());
    assert_eq!(set.err().as_ref().map(|refusal| (refusal.code(), refusal.field())), refused);
}

fn claim(
    services: &[&str],
    actor: &Actor,
    post: &Post,
    (checked_in, taken): (bool, &[String]),
) -> Result<PostClaim, Refusal> {
    let at = place("532504001007");
    let claiming = Claiming { id: POST, post, at: &at, checked_in, taken, rules: PostRules::default() };
    Ok(PostClaim::claim(&words_of(services), actor, &claiming, now())?.after)
}

const THREE: &[&str] = &["修灯", "陪诊", "代办"];

#[rstest]
#[case::three(Role::PartyMember, "532504001007", THREE, None)]
#[case::four(Role::Volunteer, "532504001", &["修灯", "陪诊", "代办", "理发"], None)]
#[case::of_a_grid_there(Role::PartyMember, "532504001007001", THREE, None)]
#[case::two(Role::PartyMember, "532504001007", &["修灯", "陪诊"], Some(("matter.range", Some("/services"))))]
#[case::one_twice(Role::PartyMember, "532504001007", &["修灯", "陪诊", "修灯"], Some(("matter.range", Some("/services"))))]
#[case::five(Role::PartyMember, "532504001007", &["修灯", "修水管", "陪诊", "代办", "理发"],
    Some(("matter.range", Some("/services"))))]
#[case::not_offered(Role::PartyMember, "532504001007", &["修灯", "陪诊", "跳舞"], Some(("matter.unknown", Some("/services"))))]
#[case::elsewhere(Role::PartyMember, "532504001008", THREE, Some(("matter.beyond_scope", None)))]
#[case::no_member(Role::CommunityClerk, "532504001007", THREE, Some(("matter.beyond_scope", None)))]
fn members_promise_three_or_four_services(
    #[case] role: Role,
    #[case] granted: &str,
    #[case] services: &[&str],
    #[case] refused: Option<(&str, Option<&str>)>,
) {
    let claimed = claim(services, &actor(role, granted), &post(), (false, &[]));
    assert_eq!(claimed.err().as_ref().map(|refusal| (refusal.code(), refusal.field())), refused);
}

#[test]
fn a_member_holds_two_posts_at_most_and_none_twice() {
    let (member, post) = (actor(Role::PartyMember, "532504001008"), post());
    let first = claim(THREE, &member, &post, (true, &[])).unwrap();
    assert_eq!(first.seat, 1);
    let all = slots_of(POST, MEMBER, PostRules::default());
    assert_eq!(first.columns().slots, [all[0].clone(), all[2].clone()]);
    let code =
        |taken: &[String]| claim(THREE, &member, &post, (true, taken)).map_err(|refusal| refusal.code());
    assert_eq!(code(&all[2..]).unwrap_err(), "post.held");
    assert_eq!(code(&all[..2]).unwrap_err(), "post.too_many");
    // Whichever is free.
    assert_eq!((code(&all[..1]).unwrap().seat, code(&all[1..2]).unwrap().seat), (2, 1));
    let mut retired = post.clone();
    retired.status = PostStatus::Retired;
    assert_eq!(claim(THREE, &member, &retired, (true, &[])).unwrap_err().code(), "matter.over");
    // Whoever leaves has their seat back, once.
    let at = place("532504001007");
    let left = first.leave(None, &member, &at, now()).unwrap().after;
    assert_eq!((left.status, left.columns().slots), (ClaimStatus::Left, vec![]));
    assert_eq!(left.leave(None, &member, &at, now()).unwrap_err().code(), "matter.over");
    assert_eq!(left.end_with_its_post(now()).unwrap_err().code(), "matter.over");
    let clerk = Actor { user: UserId(Uuid::from_u128(2)), ..actor(Role::CommunityClerk, "532504001007") };
    assert_eq!(first.leave(None, &clerk, &at, now()).unwrap().after.status, ClaimStatus::Ended);
    let other = Actor { user: UserId(Uuid::from_u128(3)), ..member };
    assert_eq!(first.leave(None, &other, &at, now()).unwrap_err().code(), "matter.beyond_scope");
}

#[rstest]
#[case::a_member_there(actor(Role::PartyMember, "532504001007"), false, false)]
#[case::a_volunteer_of_a_grid(actor(Role::Volunteer, "532504001007001"), false, false)]
#[case::under_the_code_of_before(actor(Role::PartyMember, "532504002001"), false, false)]
#[case::checked_in(actor(Role::PartyMember, "532504009"), true, false)]
#[case::a_member_elsewhere(actor(Role::PartyMember, "532504009"), false, true)]
#[case::a_clerk_there(actor(Role::CommunityClerk, "532504001007"), true, true)]
#[case::nobody(Actor { user: MEMBER, grants: vec![] }, true, true)]
fn whoever_may_hold_a_post_no_more_is_let_go(
    #[case] member: Actor,
    #[case] checked_in: bool,
    #[case] ends: bool,
) {
    let held = claim(THREE, &actor(Role::PartyMember, "532504001007"), &post(), (false, &[])).unwrap();
    let codes = [place("532504001007"), place("532504002001")];
    let ended = held.end_without_role(&member, &codes, checked_in, now());
    assert_eq!(ended.is_some(), ends);
    if let Some(Change { after, .. }) = ended {
        assert_eq!((after.status, after.columns().slots.len()), (ClaimStatus::Ended, 0));
        assert_eq!(after.end_without_role(&member, &codes, checked_in, now()), None);
    }
}
