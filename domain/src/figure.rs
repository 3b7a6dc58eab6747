//! Figures (统计): what became of the tickets that were submitted on a day, by place and by unit.
//!
//! A ticket counts on the day of its submission for ever, so what is counted of a day are the same tickets throughout and
//! no rate exceeds 100%. [`Tally::of`] is a function of the ticket alone, so whoever counts anew comes to the same.

use crate::actor::{Actor, Grant, Scope};
use crate::id::UnitId;
use crate::permission::{Action, Reach, reaches};
use crate::place::{Levels, PlaceCode};
use crate::policy::Act;
use crate::ticket::{Assignee, ClockKind, Commonality, Excludable, Outcome, Satisfaction, Status, Ticket};
use crate::time::{Timestamp, china_day};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use strum::{EnumCount, EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};

/// What is counted. The word names it in the database, on the wire and in the rates of playbooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumCount, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Count {
    /// 点单数.
    Submitted,
    /// Withdrawn, declined or merged; counts as nothing else.
    Dropped,
    /// Accepted at least once.
    Accepted,
    /// Accepted for the first time before the limit for that, or for arriving where there is none, had passed.
    AcceptedInTime,
    /// On the scene at least once.
    Arrived,
    /// The same, without any breach of that limit.
    ArrivedInTime,
    /// Answered, and not opened again since.
    Resolved,
    /// The answer is that it was solved.
    Solved,
    /// The same, without any breach of the limits to solve, plan or answer, or of what was promised.
    SolvedInTime,
    /// Limits that were breached, of all rounds.
    Breaches,
    /// How often it was done again.
    Reworked,
    /// Rated.
    Rated,
    /// 满意.
    Satisfied,
    /// 基本满意.
    FairlySatisfied,
    /// 不满意.
    Dissatisfied,
    /// 共性: on the ledger as the problem of many (practices L01).
    Common,
    /// 个性: on the ledger as the problem of one.
    Individual,
}

impl Count {
    /// The word.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// How often each was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally([i64; Count::COUNT]);

impl Tally {
    /// What a ticket counts as.
    pub fn of(ticket: &Ticket) -> Self {
        Self::without(ticket, |_, _| false)
    }

    /// What of that is left out, since appeals were upheld (剔除).
    pub fn left_out(ticket: &Ticket) -> Self {
        let mut tally = Self::default();
        if !ticket.excluded.is_empty() {
            tally.add_all(&Self::of(ticket), 1);
            if !ticket.is_left_out() {
                tally.add_all(&Self::without(ticket, |what, at| ticket.leaves_out(what, at)), -1);
            }
        }
        tally
    }

    /// What a ticket counts as without what is left out.
    fn without(ticket: &Ticket, left_out: impl Fn(Excludable, Timestamp) -> bool) -> Self {
        let mut tally = Self::default();
        let mut count = |count: Count, how_often: i64| tally.add(count, how_often);
        count(Count::Submitted, 1);
        match ticket.status() {
            Status::Withdrawn | Status::Declined | Status::Merged => {
                count(Count::Dropped, 1);
                return tally;
            }
            Status::Submitted | Status::Dispatched | Status::Accepted | Status::Resolved | Status::Closed => {
            }
        }
        let counts = |breached_at: Timestamp| !left_out(Excludable::Breach, breached_at);
        let breached = |kinds: &[ClockKind]| {
            ticket
                .clocks
                .iter()
                .any(|clock| kinds.contains(&clock.kind) && clock.breached_at.is_some_and(counts))
        };
        let accepted = ticket.accepted_at;
        count(Count::Accepted, accepted.is_some().into());
        count(Count::AcceptedInTime, accepted.is_some_and(|at| in_time(ticket, at, counts)).into());
        let met = ticket.clocks.iter().any(|clock| clock.kind == ClockKind::Arrive && clock.met_at.is_some());
        let arrived = met || ticket.done.iter().any(|done| done.act == Act::Arrive);
        count(Count::Arrived, arrived.into());
        count(Count::ArrivedInTime, (arrived && !breached(&[ClockKind::Arrive])).into());
        let resolution = ticket.resolution();
        let solved = resolution.is_some_and(|resolution| resolution.outcome == Outcome::Solved);
        let late = breached(&[ClockKind::Solve, ClockKind::Plan, ClockKind::Answer, ClockKind::Promise]);
        count(Count::Resolved, resolution.is_some().into());
        count(Count::Solved, solved.into());
        count(Count::SolvedInTime, (solved && !late).into());
        let breaches = ticket.clocks.iter().filter(|clock| clock.breached_at.is_some_and(counts));
        count(Count::Breaches, breaches.map(|_| 1).sum());
        count(Count::Reworked, i64::from(ticket.round) - 1);
        if let Some(assessment) = ticket.assessment {
            let whose = match assessment.commonality {
                Commonality::Shared => Count::Common,
                Commonality::Individual => Count::Individual,
            };
            count(whose, 1);
        }
        if let Some(rating) = ticket.rating.filter(|rating| !left_out(Excludable::Rating, rating.at)) {
            count(Count::Rated, 1);
            let how = match rating.satisfaction {
                Satisfaction::Satisfied => Count::Satisfied,
                Satisfaction::FairlySatisfied => Count::FairlySatisfied,
                Satisfaction::Dissatisfied => Count::Dissatisfied,
            };
            count(how, 1);
        }
        tally
    }

    /// How often this was counted.
    pub fn get(&self, count: Count) -> i64 {
        self.0[count as usize]
    }

    /// Counts something so many times more, or fewer.
    pub fn add(&mut self, count: Count, how_often: i64) {
        self.0[count as usize] += how_often;
    }

    /// Counts all of another so many times more.
    pub fn add_all(&mut self, other: &Self, times: i64) {
        for count in Count::iter() {
            self.add(count, other.get(count) * times);
        }
    }
}

/// Whether what was first accepted at `at` was so in time.
fn in_time(ticket: &Ticket, at: Timestamp, counts: impl Fn(Timestamp) -> bool) -> bool {
    let limit = |kind| ticket.clocks.iter().find(|clock| clock.kind == kind && clock.round == 1);
    let limit = limit(ClockKind::Accept).or_else(|| limit(ClockKind::Arrive));
    limit.is_none_or(|clock| at <= clock.due_at || clock.breached_at.is_some_and(|breach| !counts(breach)))
}

/// What a figure is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FigureScope {
    /// A place, with all that lies below it.
    Place(PlaceCode),
    /// What a unit leads.
    Unit(UnitId),
}

impl fmt::Display for FigureScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(place) => place.fmt(f),
            Self::Unit(unit) => write!(f, "unit:{unit}"),
        }
    }
}

/// What a row of figures adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FigureRow {
    /// All that counts.
    All(FigureScope),
    /// What of it is left out (剔除).
    LeftOut(FigureScope),
}

impl fmt::Display for FigureRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(scope) => scope.fmt(f),
            Self::LeftOut(scope) => write!(f, "{LEFT_OUT}{scope}"),
        }
    }
}

/// With what the scope of a row of what is left out begins.
pub const LEFT_OUT: &str = "excluded:";

/// What was counted, and what of it is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// All that counts.
    pub all: Tally,
    /// What of it is left out (剔除).
    pub left_out: Tally,
}

impl Counted {
    /// The same without what is left out.
    pub fn adjusted(&self) -> Tally {
        let mut tally = self.all;
        tally.add_all(&self.left_out, -1);
        tally
    }

    /// Adds another.
    pub fn add(&mut self, other: &Self) {
        self.all.add_all(&other.all, 1);
        self.left_out.add_all(&other.left_out, 1);
    }
}

/// The figures of a place, as a table of places shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceFigures {
    /// Its code.
    pub place: PlaceCode,
    /// Its name.
    pub name: String,
    /// Of all days asked for.
    pub counted: Counted,
}

impl Actor {
    /// Whether they see the figures of a place: it lies in their area.
    pub fn sees_figures_of_place(&self, place: &PlaceCode) -> bool {
        self.area_of(Action::FigureView).any(|area| area.covers(place))
    }

    /// Whether they see the figures of a unit: it is theirs, or their area is the whole of its county.
    pub fn sees_figures_of_unit(&self, unit: UnitId, county: &PlaceCode) -> bool {
        let theirs = |grant: &Grant| {
            grant.scope == Scope::Unit(unit)
                && reaches(grant.role, Action::FigureView).contains(&Reach::Assigned)
        };
        self.grants.iter().any(theirs) || self.sees_figures_of_place(county)
    }
}

/// Figures in the making, by scope and day, in an order that all writers share.
pub type Figures = BTreeMap<(FigureRow, NaiveDate), Tally>;

/// Adds what a ticket counts as, and what of it is left out, `times` times: at its place and all that it lies in, and at the unit that leads.
pub fn count(figures: &mut Figures, ticket: &Ticket, levels: &Levels, times: i64) {
    let (tally, left_out) = (Tally::of(ticket), Tally::left_out(ticket));
    let day = china_day(ticket.submitted_at);
    let places = std::iter::successors(Some(ticket.place.code), |place| place.parent(levels));
    let unit = match ticket.lead() {
        Some(Assignee::Unit(unit)) => Some(FigureScope::Unit(unit)),
        Some(Assignee::Person(_)) | None => None,
    };
    for scope in places.map(FigureScope::Place).chain(unit) {
        figures.entry((FigureRow::All(scope), day)).or_default().add_all(&tally, times);
        if left_out != Tally::default() {
            figures.entry((FigureRow::LeftOut(scope), day)).or_default().add_all(&left_out, times);
        }
    }
}

/// A rate (率) as a playbook defines it: a quotient of sums of figures. A minus before a name subtracts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateRule {
    /// Stable key, `snake_case`.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// What of it.
    pub numerator: Vec<String>,
    /// Of what.
    pub denominator: Vec<String>,
}

/// 响应率, 解决率, 满意率.
pub fn usual_rates() -> Vec<RateRule> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let rate = |key: &str, name: &str, numerator: &[&str], denominator: &[&str]| RateRule {
        key: key.to_owned(),
        name: name.to_owned(),
        numerator: words(numerator),
        denominator: words(denominator),
    };
    vec![
        rate("response", "响应率", &["accepted_in_time"], &["submitted", "-dropped"]),
        rate("resolution", "解决率", &["solved"], &["submitted", "-dropped"]),
        rate("satisfaction", "满意率", &["satisfied", "fairly_satisfied"], &["rated"]),
    ]
}

/// A term of a rate: whether it is subtracted, and what; `None` when nothing is called so.
pub(crate) fn term(term: &str) -> Option<(bool, Count)> {
    let (minus, name) = term.strip_prefix('-').map_or((false, term), |name| (true, name));
    Some((minus, name.parse().ok()?))
}

impl RateRule {
    /// Numerator and denominator for a tally.
    pub fn sides(&self, tally: &Tally) -> (i64, i64) {
        let side = |terms: &[String]| {
            let terms = terms.iter().filter_map(|name| term(name));
            terms.map(|(minus, count)| if minus { -tally.get(count) } else { tally.get(count) }).sum()
        };
        (side(&self.numerator), side(&self.denominator))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::UserId;
    use crate::permission::Role;
    use rstest::rstest;
    use uuid::Uuid;

    #[rstest]
    #[case("submitted", Some((false, Count::Submitted)))]
    #[case("-dropped", Some((true, Count::Dropped)))]
    #[case("--dropped", None)]
    #[case("satisfaction", None)]
    #[case("", None)]
    fn a_term_names_a_figure(#[case] text: &str, #[case] expected: Option<(bool, Count)>) {
        assert_eq!(term(text), expected);
    }

    #[rstest]
    #[case(Role::GridWorker, "532504001007", [true, false, false])]
    #[case(Role::CommunityClerk, "532504001007", [true, false, false])]
    #[case(Role::StreetDispatcher, "532504001", [true, true, false])]
    #[case(Role::CountyAdmin, "532504", [true, true, true])]
    #[case(Role::SystemAdmin, "532504", [true, true, true])]
    #[case(Role::Supervisor, "140226", [false, false, false])]
    #[case(Role::Volunteer, "532504", [false, false, false])]
    fn who_sees_the_figures_of_community_street_and_unit(
        #[case] role: Role,
        #[case] area: &str,
        #[case] sees: [bool; 3],
    ) {
        let place = |code| PlaceCode::parse(code, &Levels::default()).unwrap();
        let unit = UnitId(Uuid::from_u128(90));
        let with = |role, scope| Actor { user: UserId(Uuid::nil()), grants: vec![Grant { role, scope }] };
        let actor = with(role, Scope::Places(vec![place(area)]));
        let seen = [
            actor.sees_figures_of_place(&place("532504001007")),
            actor.sees_figures_of_place(&place("532504001")),
            actor.sees_figures_of_unit(unit, &place("532504")),
        ];
        assert_eq!(seen, sees);
        assert!(
            with(Role::DepartmentHandler, Scope::Unit(unit)).sees_figures_of_unit(unit, &place("532504"))
        );
        let other = with(Role::DepartmentHandler, Scope::Unit(UnitId(Uuid::nil())));
        assert!(!other.sees_figures_of_unit(unit, &place("532504")));
    }

    #[test]
    fn a_rate_adds_and_subtracts() {
        let mut tally = Tally::default();
        for (count, how_often) in
            [(Count::Submitted, 10), (Count::Dropped, 2), (Count::AcceptedInTime, 6), (Count::Solved, 4)]
        {
            tally.add(count, how_often);
        }
        let sides: Vec<_> = usual_rates().iter().map(|rate| rate.sides(&tally)).collect();
        assert_eq!(sides, [(6, 8), (4, 8), (0, 0)]);
    }
}
