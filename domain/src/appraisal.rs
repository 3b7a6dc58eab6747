//! Appraisal (考评) of units by how they answered whistles (practices M04, Z10): how often they were called and came in
//! time, and what communities and streets thought of it.
//!
//! [`answers`] is a function of the ticket alone, so whoever counts anew comes to the same.

use crate::actor::{Actor, Grant, Scope};
use crate::id::UnitId;
use crate::permission::{Action, Reach, reaches};
use crate::place::PlaceCode;
use crate::playbook::WhistleRule;
use crate::ticket::{Appraiser, Ticket, WhistleState};
use crate::time::{Timestamp, china_day};
use chrono::Datelike;
use strum::{EnumCount, IntoEnumIterator};

/// How a unit answered one whistle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Which unit.
    pub unit: UnitId,
    /// Its how many-th whistle in this ticket, from 1.
    pub nth: i32,
    /// The community that the ticket lies in.
    pub community: PlaceCode,
    /// The year in China in which it was blown.
    pub year: i32,
    /// When it was blown.
    pub called_at: Timestamp,
    /// Until when the unit had to come.
    pub due_at: Timestamp,
    /// When it came; not when it came although nobody waited for it any more.
    pub reported_at: Option<Timestamp>,
    /// Since when it need not come any more: it counts as called, and neither as late nor as missing.
    pub released_at: Option<Timestamp>,
    /// What each level thought of the unit in this ticket, 0 to 100; with the first whistle only, so that it counts once.
    pub scores: Scores<Option<u8>>,
}

/// One value a level, in the order of [`Appraiser`].
pub type Scores<T> = [T; Appraiser::COUNT];

/// How the units that were called to a ticket answered.
pub fn answers(ticket: &Ticket) -> Vec<Answer> {
    let code = &ticket.place.code;
    let community = code.community().and_then(|digits| code.cut(digits.len())).unwrap_or(*code);
    let mut answers: Vec<Answer> = Vec::with_capacity(ticket.whistles.len());
    for whistle in &ticket.whistles {
        let before = answers.iter().filter(|answer| answer.unit == whistle.unit).count();
        let score = |level: Appraiser| ticket.opinion(whistle.unit, level).map(|opinion| opinion.score);
        let mut scores = [None; Appraiser::COUNT];
        if before == 0 {
            Appraiser::iter().for_each(|level| scores[level as usize] = score(level));
        }
        let due_at = whistle.due_at;
        let needed = whistle.state(due_at) != WhistleState::NotNeeded;
        answers.push(Answer {
            unit: whistle.unit,
            nth: i32::try_from(before + 1).unwrap_or(i32::MAX),
            community,
            year: china_day(whistle.at).year(),
            called_at: whistle.at,
            due_at,
            reported_at: whistle.report.filter(|_| needed).map(|report| report.at),
            released_at: whistle.released_at.filter(|_| !needed),
            scores,
        });
    }
    answers
}

/// The sum of so many values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    /// Together.
    pub total: i64,
    /// How many.
    pub count: i64,
}

impl Sum {
    /// Their mean; none of nothing.
    fn mean(self) -> Option<f64> {
        let [total, count] = [self.total, self.count].map(|n| u32::try_from(n).ok().map(f64::from));
        total.zip(count).filter(|(_, count)| *count > 0.0).map(|(total, count)| total / count)
    }
}

/// How a unit answered the whistles of a community in a year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommunityAnswers {
    /// The community.
    pub community: PlaceCode,
    /// What it is called; `None` when it is no place any more.
    pub name: Option<String>,
    /// How often it was called.
    pub whistles: i64,
    /// How often it came in time.
    pub in_time: i64,
    /// How often too late.
    pub late: i64,
    /// How often not at all, and its time is over.
    pub missing: i64,
    /// The seconds that it took, where it came.
    pub seconds: Sum,
    /// What each level thought of it.
    pub scores: Scores<Sum>,
}

/// How a unit answered whistles in a year, and what it is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Appraisal {
    /// How often it was called.
    pub whistles: i64,
    /// How often it came in time.
    pub in_time: i64,
    /// How often too late.
    pub late: i64,
    /// How often not at all, and its time is over.
    pub missing: i64,
    /// How many minutes it took on average, where it came.
    pub mean_minutes: Option<f64>,
    /// By community, in the order of their codes.
    pub communities: Vec<CommunityAppraisal>,
    /// The mean of the communities that gave an opinion, 0 to 100.
    pub score: Option<f64>,
    /// What the opinions contribute to the unit's appraisal: the score by its weight.
    pub contribution: Option<f64>,
}

/// What a community, and the street for it, thought of a unit.
#[derive(Debug, Clone, PartialEq)]
pub struct CommunityAppraisal {
    /// The community, with how the unit answered.
    pub answers: CommunityAnswers,
    /// The mean of each level that the playbook names.
    pub levels: Vec<(Appraiser, Option<f64>)>,
    /// The mean of the levels that gave an opinion.
    pub score: Option<f64>,
}

impl Appraisal {
    /// Out of the communities that called the unit: of each the mean of its levels, then the mean of the communities.
    pub fn of(communities: Vec<CommunityAnswers>, rule: &WhistleRule) -> Self {
        let sum = |of: fn(&CommunityAnswers) -> i64| communities.iter().map(of).sum();
        let seconds = Sum { total: sum(|one| one.seconds.total), count: sum(|one| one.seconds.count) };
        let (whistles, in_time) = (sum(|one| one.whistles), sum(|one| one.in_time));
        let (late, missing) = (sum(|one| one.late), sum(|one| one.missing));
        let appraised = |answers: CommunityAnswers| {
            let level = |level: &Appraiser| (*level, answers.scores[*level as usize].mean());
            let levels: Vec<_> = rule.appraisers.iter().map(level).collect();
            let score = mean(levels.iter().filter_map(|(_, score)| *score));
            CommunityAppraisal { answers, levels, score }
        };
        let communities: Vec<_> = communities.into_iter().map(appraised).collect();
        let score = mean(communities.iter().filter_map(|one| one.score));
        let contribution = score.map(|score| score * f64::from(rule.weight_percent) / 100.0);
        let mean_minutes = seconds.mean().map(|seconds| seconds / 60.0);
        Self { whistles, in_time, late, missing, mean_minutes, communities, score, contribution }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (total, count) = values.fold((0.0, 0.0), |(total, count), value| (total + value, count + 1.0));
    (count > 0.0).then(|| total / count)
}

impl Actor {
    /// Whether they see the appraisals of a place: it lies in their area.
    pub fn sees_appraisals_of_place(&self, place: &PlaceCode) -> bool {
        self.area_of(Action::AppraisalView).any(|area| area.covers(place))
    }

    /// Whether they see the whole appraisal of a unit: it is theirs, or their area is the whole of its county.
    pub fn sees_appraisal_of_unit(&self, unit: UnitId, county: &PlaceCode) -> bool {
        let theirs = |grant: &Grant| {
            grant.scope == Scope::Unit(unit)
                && reaches(grant.role, Action::AppraisalView).contains(&Reach::Assigned)
        };
        self.grants.iter().any(theirs) || self.sees_appraisals_of_place(county)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Levels;

    fn community(code: &str, scores: Scores<(i64, i64)>) -> CommunityAnswers {
        CommunityAnswers {
            community: PlaceCode::parse(code, &Levels::default()).unwrap(),
            name: None,
            whistles: 3,
            in_time: 1,
            late: 1,
            missing: 1,
            seconds: Sum { total: 600, count: 2 },
            scores: scores.map(|(total, count)| Sum { total, count }),
        }
    }

    fn jointly() -> WhistleRule {
        WhistleRule {
            appraisers: vec![Appraiser::Community, Appraiser::Street],
            weight_percent: 20,
            ..WhistleRule::default()
        }
    }

    #[test]
    fn m04_several_communities_count_by_their_mean_and_a_fifth() {
        let two = vec![
            community("532504001007", [(180, 2), (10, 1)]),
            community("532504001022", [(70, 1), (0, 0)]),
            community("532504001023", [(0, 0), (0, 0)]),
        ];
        let appraisal = Appraisal::of(two.clone(), &WhistleRule::default());
        assert_eq!((appraisal.whistles, appraisal.in_time, appraisal.late, appraisal.missing), (9, 3, 3, 3));
        assert_eq!((appraisal.mean_minutes, appraisal.score), (Some(5.0), Some(80.0)));
        assert_eq!(appraisal.contribution, Some(16.0));
        // One that nobody heard of is worth nothing, and not nought.
        let silent = Appraisal::of(two[2..].to_vec(), &WhistleRule::default());
        assert_eq!((silent.score, silent.contribution), (None, None));
        assert_eq!(Appraisal::of(vec![], &jointly()).mean_minutes, None);
    }

    #[test]
    fn z10_town_and_community_count_jointly() {
        let one = community("532504001007", [(180, 2), (70, 1)]);
        let other = community("532504001022", [(0, 0), (40, 1)]);
        let appraisal = Appraisal::of(vec![one, other], &jointly());
        let scores: Vec<_> = appraisal.communities.iter().map(|one| one.score).collect();
        assert_eq!(scores, [Some(80.0), Some(40.0)]);
        assert_eq!((appraisal.score, appraisal.contribution), (Some(60.0), Some(12.0)));
    }
}
