//! Whom a ticket fits (精准派单, practices L05): by skill, by what they said they want to do, by the hours that they are free,
//! by the post that they hold. What each is recommended for is said in words, and whoever dispatches decides.

#[cfg(test)]
mod tests;

use crate::id::UserId;
use crate::permission::Role;
use crate::person::{FreeSpan, Profile};
use crate::time::{Timestamp, china};
use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveTime, TimeDelta};
use std::cmp::Reverse;

/// Who is recommended: those who work among neighbours.
pub const CANDIDATES: [Role; 4] = [Role::Volunteer, Role::PartyMember, Role::GridWorker, Role::GridLeader];
/// The most who are recommended for a ticket.
pub const MOST: usize = 20;
/// Whoever is free within so much time is free soon.
const SOON: TimeDelta = TimeDelta::hours(3);

/// Somebody who could be dispatched to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub person: UserId,
    /// What they can do, want to do, and when they are free.
    pub profile: Profile,
    /// The posts that they hold in the community.
    pub posts: Vec<HeldPost>,
    /// Whether they are on duty (值班) there.
    pub on_duty: bool,
    /// How many tickets they have open.
    pub open: u32,
    /// Whether they are away (请假).
    pub away: bool,
}

/// A post that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPost {
    /// What it is called.
    pub name: String,
    /// The skills that fit it, and the services that they promised.
    pub words: Vec<String>,
}

/// Why somebody is recommended. Each is true of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// They can do it: the skill as they wrote it.
    Skill(String),
    /// They hold a post for it: its name.
    Post(String),
    /// They want to do it: the wish as they wrote it.
    Wish(String),
    /// They are on duty there now.
    OnDuty,
    /// They are free now, until then.
    FreeUntil(Timestamp),
    /// They are free soon, from then on.
    FreeFrom(Timestamp),
    /// They have so many open tickets.
    Open(u32),
}

/// Somebody who is recommended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fit {
    /// Who.
    pub person: UserId,
    /// Why, what weighs most first.
    pub reasons: Vec<Reason>,
}

/// What decides who comes first: what they can do, the posts that they hold, what they want, whether they are on duty, free now,
/// free soon; of those alike, whoever has less to do.
type Rank = (Reverse<[usize; 6]>, u32, UserId);

/// The candidates, the best first, [`MOST`] of them; nobody who is away. `needed` is what fits the ticket, in words.
pub fn rank(candidates: &[Candidate], needed: &[String], now: Timestamp) -> Vec<Fit> {
    let there = candidates.iter().filter(|candidate| !candidate.away);
    let mut ranked: Vec<(Rank, Fit)> = there.map(|candidate| fit(candidate, needed, now)).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().take(MOST).map(|(_, fit)| fit).collect()
}

fn fit(candidate: &Candidate, needed: &[String], now: Timestamp) -> (Rank, Fit) {
    let Candidate { person, profile, posts, on_duty, open, away: _ } = candidate;
    let fits = |word: &String| needed.iter().any(|needed| word.contains(needed.as_str()));
    let reasons_of = |words: &[String], reason: fn(String) -> Reason| -> Vec<Reason> {
        words.iter().filter(|word| fits(word)).cloned().map(reason).collect()
    };
    let skills = reasons_of(&profile.skills, Reason::Skill);
    let wishes = reasons_of(&profile.wishes, Reason::Wish);
    let held = posts.iter().filter(|post| post.words.iter().any(fits));
    let held: Vec<_> = held.map(|post| Reason::Post(post.name.clone())).collect();
    let free = free(&profile.free, now);
    let weights = [
        skills.len(),
        held.len(),
        wishes.len(),
        usize::from(*on_duty),
        usize::from(matches!(free, Some(Reason::FreeUntil(_)))),
        usize::from(matches!(free, Some(Reason::FreeFrom(_)))),
    ];
    let duty = on_duty.then_some(Reason::OnDuty);
    let reasons = skills.into_iter().chain(held).chain(wishes).chain(duty).chain(free);
    let reasons = reasons.chain([Reason::Open(*open)]).collect();
    ((Reverse(weights), *open, *person), Fit { person: *person, reasons })
}

/// Whether somebody is free now, or soon.
fn free(spans: &[FreeSpan], now: Timestamp) -> Option<Reason> {
    let today = now.with_timezone(&china()).date_naive();
    let days = [Some(today), today.checked_add_days(Days::new(1))];
    let of_day = |day: NaiveDate| {
        let that_day =
            spans.iter().filter(move |free| u32::from(free.weekday) == day.weekday().number_from_monday());
        that_day.filter_map(move |free| Some((at(day, free.span.begin())?, at(day, free.span.end())?)))
    };
    let forward = |span: &(Timestamp, Timestamp)| span.0 < span.1;
    let mut free: Vec<_> = days.into_iter().flatten().flat_map(of_day).filter(forward).collect();
    free.sort_unstable();
    let until = free.iter().filter(|(begin, end)| *begin <= now && now < *end).map(|(_, end)| *end).next();
    let from = free.iter().map(|(begin, _)| *begin).find(|begin| now < *begin && *begin <= now + SOON);
    until.map(Reason::FreeUntil).or(from.map(Reason::FreeFrom))
}

/// The moment so long after midnight in China.
fn at(day: NaiveDate, since_midnight: TimeDelta) -> Option<Timestamp> {
    let midnight: DateTime<FixedOffset> =
        day.and_time(NaiveTime::MIN).and_local_timezone(china()).single()?;
    Some((midnight + since_midnight).to_utc())
}
