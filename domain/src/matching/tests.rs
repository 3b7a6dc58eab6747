//! Who comes first, and why.

use super::*;
use crate::calendar::Span;
use proptest::prelude::*;
use rstest::rstest;
use std::str::FromStr;
use uuid::Uuid;

/// Saturday, 21 November 2026, nine in the morning in China.
fn now() -> Timestamp {
    DateTime::from_timestamp(1_795_222_800, 0).unwrap()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn somebody(id: u128) -> Candidate {
    Candidate {
        person: UserId(Uuid::from_u128(id)),
        profile: Profile::default(),
        posts: vec![],
        on_duty: false,
        open: 0,
        away: false,
    }
}

fn skilled(id: u128, skills: &[&str]) -> Candidate {
    let profile = Profile { skills: words(skills), ..Profile::default() };
    Candidate { profile, ..somebody(id) }
}

fn wishing(id: u128, wishes: &[&str]) -> Candidate {
    let profile = Profile { wishes: words(wishes), ..Profile::default() };
    Candidate { profile, ..somebody(id) }
}

fn free_at(id: u128, weekday: u8, span: &str) -> Candidate {
    let free = vec![FreeSpan { weekday, span: Span::from_str(span).unwrap() }];
    Candidate { profile: Profile { free, ..Profile::default() }, ..somebody(id) }
}

fn holding(id: u128, words_of: &[&str]) -> Candidate {
    let posts = vec![HeldPost { name: "便民岗".into(), words: words(words_of) }];
    Candidate { posts, ..somebody(id) }
}

fn order(candidates: &[Candidate]) -> Vec<u128> {
    let fits = rank(candidates, &words(&["电工", "水管"]), now());
    fits.iter().map(|fit| fit.person.0.as_u128()).collect()
}

#[rstest]
#[case::skill_before_all(&[somebody(1), holding(2, &["电工"]), skilled(3, &["高级电工"])], &[3, 2, 1])]
#[case::two_skills_before_one(&[skilled(1, &["电工"]), skilled(2, &["电工", "水管维修"])], &[2, 1])]
#[case::another_skill_is_none(&[skilled(2, &["理发"]), somebody(1)], &[1, 2])]
#[case::post_before_wish(&[wishing(1, &["水管"]), holding(2, &["水管维修"])], &[2, 1])]
#[case::wish_before_duty(&[Candidate { on_duty: true, ..somebody(1) }, wishing(2, &["水管"])], &[2, 1])]
#[case::duty_before_free(&[free_at(1, 6, "08:00-12:00"), Candidate { on_duty: true, ..somebody(2) }], &[2, 1])]
#[case::free_before_soon(&[free_at(1, 6, "10:00-12:00"), free_at(2, 6, "08:00-12:00")], &[2, 1])]
#[case::soon_before_never(&[free_at(1, 5, "08:00-12:00"), free_at(2, 6, "12:00-13:00")], &[2, 1])]
#[case::less_to_do(&[Candidate { open: 2, ..somebody(1) }, Candidate { open: 1, ..somebody(2) }], &[2, 1])]
#[case::nobody_away(&[Candidate { away: true, ..skilled(1, &["电工"]) }, somebody(2)], &[2])]
fn who_fits_better_comes_first(#[case] candidates: &[Candidate], #[case] expected: &[u128]) {
    assert_eq!(order(candidates), expected);
    let back: Vec<_> = candidates.iter().rev().cloned().collect();
    assert_eq!(order(&back), expected, "in whatever order they are read");
}

#[rstest]
#[case(6, "08:00-12:00", Some("FreeUntil(2026-11-21T04:00:00Z)"))]
#[case(6, "09:00-24:00", Some("FreeUntil(2026-11-21T16:00:00Z)"))]
#[case(6, "12:00-13:00", Some("FreeFrom(2026-11-21T04:00:00Z)"))]
#[case(6, "12:01-13:00", None)]
#[case(6, "08:00-09:00", None)]
#[case(7, "09:00-10:00", None)]
fn free_hours_are_those_of_china(#[case] weekday: u8, #[case] span: &str, #[case] expected: Option<&str>) {
    let fits = rank(&[free_at(1, weekday, span)], &[], now());
    let told = fits[0].reasons.iter().find(|reason| !matches!(reason, Reason::Open(_)));
    assert_eq!(told.map(|reason| format!("{reason:?}")).as_deref(), expected);
}

#[test]
fn who_is_free_after_midnight_is_free_soon() {
    let late = now() + TimeDelta::hours(14);
    let fits = rank(&[free_at(1, 7, "00:30-02:00")], &[], late);
    assert!(matches!(fits[0].reasons[0], Reason::FreeFrom(at) if at == late + TimeDelta::minutes(90)));
}

fn any_candidate() -> impl Strategy<Value = Candidate> {
    let word = prop::sample::select(vec!["电工", "水管维修", "理发", "陪诊", "高级电工", ""]);
    let list = || prop::collection::vec(word.clone(), 0..4);
    let free = prop::collection::vec((1u8..8, 0u16..24, 0u16..25), 0..5);
    (0u128..40, list(), list(), list(), free, any::<bool>(), 0u32..4, any::<bool>()).prop_map(
        |(id, skills, wishes, of_post, free, on_duty, open, away)| {
            let span = |(weekday, begin, end): (u8, u16, u16)| {
                let span = Span::new(begin * 60, end * 60).unwrap();
                FreeSpan { weekday, span }
            };
            let free = free.into_iter().map(span).collect();
            let profile = Profile { skills: words(&skills), wishes: words(&wishes), free };
            let posts = holding(id, &of_post).posts;
            Candidate { person: UserId(Uuid::from_u128(id)), profile, posts, on_duty, open, away }
        },
    )
}

proptest! {
    /// Never the away, never more than there are; the same whichever is read first; and each reason is true.
    #[test]
    fn whoever_is_recommended_is_so_for_a_reason(
        candidates in prop::collection::vec(any_candidate(), 0..40),
        needed in prop::sample::subsequence(vec!["电工", "水管", "陪诊"], 0..=3),
        hours in 0i64..200,
    ) {
        let mut once = candidates;
        once.sort_by_key(|candidate| candidate.person);
        once.dedup_by_key(|candidate| candidate.person);
        let (needed, at) = (words(&needed), now() + TimeDelta::hours(hours));
        let fits = rank(&once, &needed, at);
        prop_assert_eq!(fits.len(), once.iter().filter(|one| !one.away).count().min(MOST));
        let back: Vec<_> = once.iter().rev().cloned().collect();
        prop_assert_eq!(&rank(&back, &needed, at), &fits);
        for fit in &fits {
            let one = once.iter().find(|one| one.person == fit.person).unwrap();
            prop_assert!(!one.away);
            let asked = |word: &String| needed.iter().any(|needed| word.contains(needed.as_str()));
            for reason in &fit.reasons {
                let is_true = match reason {
                    Reason::Skill(skill) => one.profile.skills.contains(skill) && asked(skill),
                    Reason::Wish(wish) => one.profile.wishes.contains(wish) && asked(wish),
                    Reason::Post(name) => {
                        one.posts.iter().any(|post| post.name == *name && post.words.iter().any(asked))
                    }
                    Reason::OnDuty => one.on_duty,
                    Reason::FreeUntil(until) => *until > at && is_free(one, at),
                    Reason::FreeFrom(from) => {
                        *from > at && *from <= at + SOON && is_free(one, *from) && !is_free(one, at)
                    }
                    Reason::Open(open) => *open == one.open,
                };
                prop_assert!(is_true, "{reason:?} of {one:?}");
            }
        }
    }
}

/// As one reads it off the week.
fn is_free(candidate: &Candidate, at: Timestamp) -> bool {
    let at = at.with_timezone(&china());
    let (weekday, since_midnight) = (at.weekday().number_from_monday(), at.time() - NaiveTime::MIN);
    candidate.profile.free.iter().any(|free| {
        u32::from(free.weekday) == weekday
            && free.span.begin() <= since_midnight
            && since_midnight < free.span.end()
    })
}
