//! A playbook (规程): how one county does it, as data. No county is ever an `if` in code.

mod admitted;
mod call;
mod diff;
pub mod duty;
mod edit;
mod estate;
mod first_asked;
mod ladder;
mod matching;
mod mediation;
mod members;
mod named;
mod posts;
mod preview;
mod read;
mod route;
mod service;
mod step;
#[cfg(test)]
pub(crate) mod tests;
mod whistle;
mod words;

pub use admitted::AdmittedTask;
pub use call::{CallLevel, CallRule};
pub use diff::{Difference, differences};
pub use edit::{EVENT_VERSION, Fact, Headline, PlaybookRefusal, Version};
pub use estate::{EstateMode, EstateRule, EstateTo};
pub use first_asked::FirstAskedRule;
pub use ladder::{Level, Meets, Rung};
pub use matching::MatchingRule;
pub use mediation::{MediationDays, MediationLevel, MediationRule};
pub use members::MemberPoints;
pub use posts::PostRules;
pub use preview::{Affected, Changes, Late, Limit, LimitChange, OpenTickets, latest_start, limit_changes};
pub use route::{Route, RouteTo};
pub use service::{MAX_CODE, MAX_GUIDE, MAX_SERVICES, Service, ServiceRow, faults as service_faults};
pub use step::{Happened, Moment, Step, usual_steps};
pub use whistle::WhistleRule;
pub use words::{LEVELS, Words};

use crate::figure::{RateRule, term, usual_rates};
use crate::flag::FlagRule;
use crate::permission::Role;
use crate::place::{Levels, PlaceCode};
use crate::policy::Policy;
use duty::DutyRule;
use serde::{Deserialize, Serialize};

/// How many categories there may be.
const MOST_CATEGORIES: usize = 2_000;

/// What a county's seed file holds, checked by [`Playbook::faults`] before it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Playbook {
    /// Short name, also the file's: `mile`.
    pub key: String,
    /// Name for people: 弥勒 53522.
    pub name: String,
    /// Code of the county, six digits.
    pub county: String,
    /// Levels below the community, from the top.
    pub levels: Vec<LevelName>,
    /// What a ticket may be about.
    pub categories: Vec<Category>,
    /// Words for what the interface says.
    #[serde(default)]
    pub words: Words,
    /// The clocks.
    pub policy: Policy,
    /// Who earns red flags.
    #[serde(default)]
    pub flags: FlagRule,
    /// What rates are made of; the usual three unless said.
    #[serde(default = "usual_rates")]
    pub rates: Vec<RateRule>,
    /// Lines of work (条线) whose nets lie on the one of places (practices Z07); the usual four unless said.
    #[serde(default = "usual_lines")]
    pub lines: Vec<Line>,
    /// How often a linked leader visits in a year (M06).
    #[serde(default = "usual_visits")]
    pub visits_a_year: u8,
    /// What the county does for its people (practices L04, Q06).
    #[serde(default)]
    pub services: Vec<Service>,
    /// Who hears calls (practices Q09); nobody may call unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallRule>,
    /// What the platform dispatches by itself (practices Z01); nothing unless said. The first that fits holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
    /// In a seed: the sheet beside it that holds the services. Once imported, they are in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services_file: Option<String>,
    /// Who consults at which level, and to whom they hand on (practices F02); community, street and county unless said.
    #[serde(default = "ladder::usual_ladder")]
    pub ladder: Vec<Rung>,
    /// Who may call units, and whose opinion of them counts (M04, Z10).
    #[serde(default)]
    pub whistle: WhistleRule,
    /// The steps that its people are told of (Z02); the usual five unless said.
    #[serde(default = "usual_steps")]
    pub steps: Vec<Step>,
    /// Who answers for what they were the first to take up (practices Q06).
    #[serde(default)]
    pub first_asked: FirstAskedRule,
    /// Members' posts (F04).
    #[serde(default)]
    pub posts: PostRules,
    /// What is worth how much to in-service members (L08).
    #[serde(default)]
    pub member_points: MemberPoints,
    /// Which skills fit which categories (L05); none unless said.
    #[serde(default)]
    pub matching: Vec<MatchingRule>,
    /// What departments may ask of a community without a decision (practices M05); nothing unless said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub admitted: Vec<AdmittedTask>,
    /// What is done regularly, and by whom (practices L02, F09, M06, M07, Q02, Q09).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duties: Vec<DutyRule>,
    /// How disputes are mediated (practices Z03); not at all unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mediation: Option<MediationRule>,
    /// The ways in which estates are looked after (practices F10); none unless said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub estate_modes: Vec<EstateMode>,
    /// What is a problem of property, and what an estate (F10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estate: Option<EstateRule>,
}

/// A line of work (条线), such as that of the party or of security.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Stable key, `snake_case`.
    pub key: String,
    /// Name for people.
    pub name: String,
}

fn usual_lines() -> Vec<Line> {
    let line = |key: &str, name: &str| Line { key: key.to_owned(), name: name.to_owned() };
    vec![
        line("party", "党建"),
        line("security", "综治"),
        line("labour", "劳动保障"),
        line("city_management", "城市管理"),
    ]
}

fn usual_visits() -> u8 {
    2
}

/// A level below the community.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelName {
    /// 小组、小区…
    pub name: String,
    /// Digits, 1 to 4.
    pub width: u8,
    /// Whether it is the household (住户): personal data, kept sealed and never part of a plain code. Only the lowest
    /// level can be.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub household: bool,
}

/// A category (类别) that tickets are sorted into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Stable key, `snake_case`.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// Whether residents learn nothing of others' tickets of it (不公开), not even that there are any.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undisclosed: bool,
}

#[cfg(test)]
impl Category {
    pub(crate) fn named(key: &str, name: &str) -> Self {
        Self { key: key.into(), name: name.into(), undisclosed: false }
    }
}

/// Why a playbook cannot be used: which key, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct Fault {
    /// Path of the key, `policy.clocks[2].limit_seconds`.
    pub key: String,
    /// For the administrator, in Chinese.
    pub reason: String,
}

impl Fault {
    /// What is wrong at a key.
    pub fn new(key: String, reason: &str) -> Self {
        Self { key, reason: reason.to_owned() }
    }

    /// Where it is, as a JSON Pointer into the playbook: `/policy/clocks/2/limit_seconds`.
    pub fn pointer(&self) -> String {
        let parts = self.key.split(['.', '[']).filter(|part| !part.is_empty());
        let part = |part: &str| part.trim_end_matches(']').replace('~', "~0").replace('/', "~1");
        parts.map(|name| format!("/{}", part(name))).collect()
    }
}

impl Playbook {
    /// The widths of its codes; the default ones when they do not fit (which [`Self::faults`] reports).
    pub fn code_levels(&self) -> Levels {
        let widths: Vec<_> = self.levels.iter().map(|level| level.width).collect();
        Levels::below_community(&widths).unwrap_or_default()
    }

    /// The building of a place that is a household, and the digits of the household in it.
    pub fn household<'a>(&self, code: &'a PlaceCode) -> Option<(PlaceCode, &'a str)> {
        self.levels.last().filter(|level| level.household)?;
        let levels = self.code_levels();
        let is_lowest = code.level(&levels)? + 1 == levels.lengths().len();
        let building = code.parent(&levels).filter(|_| is_lowest)?;
        Some((building, &code.as_str()[building.as_str().len()..]))
    }

    /// What fits a category of tickets, in words; nothing without one, or where nothing is said of it.
    pub fn skills_for(&self, category: Option<&str>) -> &[String] {
        let rule = self.matching.iter().find(|rule| Some(rule.category.as_str()) == category);
        rule.map_or(&[], |rule| &rule.skills)
    }

    /// Everything that is wrong with it, all at once.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = named::crowded(self);
        if !faults.is_empty() {
            return faults;
        }
        let mut fault = |key: String, reason| faults.push(Fault::new(key, reason));
        // The sample is of no county.
        if !PlaceCode::is_of_a_county(&self.county) && self.county != "000000" {
            fault("county".into(), "应为县级代码：6 位数字，前两位为省级代码");
        }
        let widths: Vec<_> = self.levels.iter().map(|level| level.width).collect();
        if Levels::below_community(&widths).is_none() {
            fault("levels".into(), "社区以下至多三级，每级 1 至 4 位");
        }
        if self.categories.len() > MOST_CATEGORIES {
            fault("categories".into(), "类别至多 2000 个");
        }
        for (i, category) in self.categories.iter().take(MOST_CATEGORIES).enumerate() {
            if self.categories[..i].iter().any(|other| other.key == category.key) {
                fault(format!("categories[{i}].key"), "类别重复");
            }
        }
        for (i, level) in self.levels.iter().enumerate() {
            if level.household && i + 1 < self.levels.len() {
                fault(format!("levels[{i}].household"), "只有最低一级才能是住户");
            }
        }
        for (i, rate) in self.rates.iter().enumerate() {
            if self.rates[..i].iter().any(|other| other.key == rate.key) {
                fault(format!("rates[{i}].key"), "指标重复");
            }
            for (side, terms) in [("numerator", &rate.numerator), ("denominator", &rate.denominator)] {
                if terms.is_empty() {
                    fault(format!("rates[{i}].{side}"), "至少要有一项统计数");
                }
                for (k, _) in terms.iter().enumerate().filter(|(_, name)| term(name).is_none()) {
                    fault(format!("rates[{i}].{side}[{k}]"), "没有这项统计数");
                }
            }
        }
        for (i, line) in self.lines.iter().enumerate() {
            if self.lines[..i].iter().any(|other| other.key == line.key) {
                fault(format!("lines[{i}].key"), "条线重复");
            }
        }
        if self.flags.roles.contains(&Role::Resident) {
            fault("flags.roles".into(), "居民不是授予的角色，不能积旗");
        }
        faults.extend(ladder::faults(&self.ladder));
        faults.extend(self.whistle.faults());
        faults.extend(step::faults(&self.steps));
        faults.extend(self.first_asked.faults());
        faults.extend(admitted::faults(&self.admitted));
        faults.extend(self.mediation.iter().flat_map(|rule| rule.faults(&self.categories)));
        faults.extend(estate::faults(self));
        let categories: Vec<_> = self.categories.iter().map(|category| category.key.as_str()).collect();
        faults.extend(self.posts.faults());
        faults.extend(self.member_points.faults());
        faults.extend(MatchingRule::faults(&self.matching, &categories));
        faults.extend(self.policy.faults(&categories));
        faults.extend(self.call.iter().flat_map(CallRule::faults));
        faults.extend(route::faults(self));
        faults.extend(service::faults(&self.services, &self.categories, |i| format!("services[{i}]")));
        faults.extend(duty::faults(self));
        faults.extend(self.words.faults());
        let named = named::faults(self).into_iter();
        let named: Vec<_> = named.filter(|one| faults.iter().all(|fault| fault.key != one.key)).collect();
        faults.extend(named);
        faults
    }
}
