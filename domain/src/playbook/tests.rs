//! What is wrong with a playbook.

use super::*;
use crate::calendar::Calendar;
use crate::policy::{ClaimRule, ClockRule, DeskRule, Unmet};
use crate::ticket::{Affair, ClockKind};

fn rate(key: &str, numerator: &[&str], denominator: &[&str]) -> RateRule {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    RateRule {
        key: key.into(),
        name: "率".into(),
        numerator: words(numerator),
        denominator: words(denominator),
    }
}

/// A playbook with these categories and nothing else.
pub(crate) fn with(categories: Vec<Category>) -> Playbook {
    let said = [
        "submitted",
        "dispatched",
        "claimed",
        "accepted",
        "arrived",
        "resolved",
        "rated",
        "reworked",
        "closed",
    ];
    let steps: std::collections::BTreeMap<_, _> = said.iter().map(|step| (*step, "步骤")).collect();
    let words = serde_json::json!({"steps": steps});
    serde_json::from_value(serde_json::json!({
        "key": "mile", "name": "弥勒", "county": "532504", "levels": [], "words": words,
        "categories": categories, "policy": {"version": 1, "arrive_unmet_at_resolve": "cancel", "clocks": []},
    }))
    .unwrap()
}

#[test]
fn a_bad_playbook_names_every_fault_at_once() {
    let category = Category::named("water", "供水");
    let playbook = Playbook {
        key: "bad".into(),
        name: "坏".into(),
        county: "5325".into(),
        levels: vec![
            LevelName { name: "户".into(), width: 9, household: true },
            LevelName { name: "组".into(), width: 3, household: false },
        ],
        categories: vec![category.clone(), category],
        words: Words::default(),
        policy: Policy {
            version: 1,
            arrive_unmet_at_resolve: Unmet::Cancel,
            rating_window_seconds: 0,
            reopen_window_seconds: 0,
            urge_every_seconds: 0,
            offline_seconds: 0,
            refer: vec![Affair::Private],
            desks: vec![
                DeskRule { category: "gas".into(), level: Level::County },
                DeskRule { category: "water".into(), level: Level::County },
                DeskRule { category: "water".into(), level: Level::Street },
            ],
            claims: vec![ClaimRule {
                affair: Some(Affair::Private),
                category: None,
                roles: vec![Role::DepartmentHandler],
            }],
            discuss_first: vec![Affair::Public, Affair::Public],
            calendar: Calendar { weekdays: vec![8], ..Calendar::default() },
            clocks: vec![ClockRule::natural(ClockKind::Solve, None, 0)],
        },
        flags: FlagRule { roles: vec![Role::Resident] },
        lines: vec![
            Line { key: "party".into(), name: "党建".into() },
            Line { key: "party".into(), name: "组织".into() },
        ],
        visits_a_year: 2,
        services: vec![],
        services_file: None,
        routes: vec![Route {
            category: None,
            affair: None,
            service: None,
            to: RouteTo::Role(Role::Supervisor),
        }],
        call: Some(CallRule { roles: vec![Role::Supervisor], level: CallLevel::Street }),
        ladder: vec![],
        steps: vec![],
        whistle: WhistleRule { weight_percent: 200, ..WhistleRule::default() },
        admitted: vec![AdmittedTask { key: "census".into(), name: String::new(), department: None }],
        estate_modes: vec![],
        estate: Some(EstateRule { category: "moon".into(), level: None }),
        first_asked: FirstAskedRule { roles: vec![Role::GridWorker, Role::Resident] },
        posts: PostRules { most: 0, promises: [3, 4] },
        member_points: MemberPoints { promise_kept: 1, promise_late: 2, ..MemberPoints::default() },
        matching: vec![MatchingRule { category: "moon".into(), skills: vec!["电工".into()] }],
        duties: vec![],
        mediation: Some(MediationRule { category: "gas".into(), levels: vec![], court: "诉".into() }),
        rates: vec![
            rate("response", &["accepted"], &["submitted", "-lost"]),
            rate("response", &[], &["rated"]),
        ],
    };
    let keys: Vec<_> = playbook.faults().into_iter().map(|fault| fault.key).collect();
    assert_eq!(
        keys,
        [
            "county",
            "levels",
            "categories[1].key",
            "levels[0].household",
            "rates[0].denominator[1]",
            "rates[1].key",
            "rates[1].numerator",
            "lines[1].key",
            "flags.roles",
            "ladder",
            "whistle.weight_percent",
            "steps",
            "first_asked.roles",
            "admitted[0].name",
            "mediation.category",
            "mediation.levels",
            "estate.category",
            "posts.most",
            "member_points.promise_late",
            "matching[0].category",
            "policy.claims[0].roles",
            "policy.discuss_first[1]",
            "policy.desks[0].category",
            "policy.desks[2].category",
            "policy.rating_window_seconds",
            "policy.reopen_window_seconds",
            "policy.calendar.weekdays[0]",
            "policy.clocks[0].limit_seconds",
            "call.roles",
            "routes[0].to.role",
            "words.steps.submitted",
            "words.steps.dispatched",
            "words.steps.claimed",
            "words.steps.accepted",
            "words.steps.arrived",
            "words.steps.resolved",
            "words.steps.rated",
            "words.steps.reworked",
            "words.steps.closed"
        ]
    );
}

#[test]
fn a_fault_has_its_place_as_a_pointer() {
    let pointer = |key: &str| Fault::new(key.to_owned(), "").pointer();
    assert_eq!(pointer("policy.clocks[2].limit_seconds"), "/policy/clocks/2/limit_seconds");
    assert_eq!(pointer("rates[0].denominator[1]"), "/rates/0/denominator/1");
    assert_eq!((pointer("levels").as_str(), pointer("").as_str()), ("/levels", ""));
}

/// What comes with the program holds.
#[test]
fn the_playbooks_that_come_with_the_program_are_without_faults() {
    for source in
        [include_str!("../../../playbooks/mile.toml"), include_str!("../../../playbooks/default.toml")]
    {
        let value = toml::from_str::<serde_json::Value>(source).unwrap();
        assert_eq!(Playbook::read(value).map(|_| ()), Ok(()));
    }
}
