//! What an event makes of a ticket; where it stands then is `transition.rs`.

use super::event::{Event, Fact};
use super::{
    Assessment, Assignee, Clock, Discussion, Done, Escalation, Exclusion, Extension, Opinion, Rating,
    Referral, ReportIn, Rest, State, Steps, Supervision, Ticket, Topic,
};
use crate::id::UserId;
use crate::permission::Roles;
use crate::place::PlaceCode;
use crate::policy::Act;

/// Events that do not follow from each other: the history was damaged, or the program is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {event} cannot follow on {status}")]
pub struct BrokenHistory {
    /// The event.
    pub event: &'static str,
    /// What the ticket was then.
    pub status: &'static str,
}

impl Ticket {
    /// The ticket that a first event begins.
    ///
    /// # Errors
    /// [`BrokenHistory`] when it is no submission.
    pub fn begin(event: &Event) -> Result<Self, BrokenHistory> {
        let Fact::Submitted {
            ticket,
            number,
            requester,
            place,
            desk,
            content,
            address,
            origin,
            category,
            severity,
            affair,
            channel,
            confidential,
            claim,
            playbook,
            service,
            call,
            hear,
            requester_unit,
        } = &event.fact
        else {
            return Err(BrokenHistory { event: event.fact.headline().name(), status: "nothing" });
        };
        Ok(Self {
            id: *ticket,
            number: *number,
            requester: *requester,
            joined: Vec::new(),
            place: *place,
            desk: *desk,
            content: *content,
            address: *address,
            origin: *origin,
            category: category.clone(),
            severity: *severity,
            affair: *affair,
            handling: None,
            channel: *channel,
            confidential: *confidential,
            occurred_at: event.occurred_at,
            submitted_at: event.recorded_at,
            playbook: *playbook,
            round: 1,
            round_at: event.recorded_at,
            accepted_at: None,
            steps: Steps::default(),
            clocks: event.clocks.clone(),
            paused: None,
            rests: Vec::new(),
            done: Vec::new(),
            claim: *claim,
            dispatched_by: None,
            assist: Vec::new(),
            supervision: None,
            whistles: Vec::new(),
            opinions: Vec::new(),
            discussion: None,
            assessment: None,
            extension: None,
            urged: 0,
            urged_at: None,
            rating: None,
            service: service.clone(),
            call: *call,
            hear: *hear,
            mates: Vec::new(),
            delegates: Vec::new(),
            escalation: None,
            topic: None,
            first_asked: None,
            referral: None,
            requester_unit: *requester_unit,
            excluded: Vec::new(),
            state: State::Submitted,
        })
    }

    /// The ticket after `event`.
    ///
    /// # Errors
    /// [`BrokenHistory`]; the ticket is then as it was.
    pub fn apply(&mut self, event: &Event) -> Result<(), BrokenHistory> {
        let state = self.state_after(event).ok_or_else(|| BrokenHistory {
            event: event.fact.headline().name(),
            status: self.status().name(),
        })?;
        if self.state.is_open() && !state.is_open() {
            self.release_called(event.occurred_at);
        }
        if !state.is_open() {
            // Whatever rested rests no more: nothing is owed.
            self.stop_resting(event);
            self.extension = None;
            self.escalation = None;
            self.topic = None;
        }
        if state.is_over() {
            self.supervision = None;
        }
        if state.work().is_none() {
            // Whoever takes it next begins anew.
            self.done.clear();
        }
        self.state = state;
        self.note_what_is_beside_the_state(event);
        // Nobody watches their own work.
        let handler = self.handler();
        self.delegates.retain(|delegate| Some(*delegate) != handler);
        set_clocks(&mut self.clocks, &event.clocks);
        Ok(())
    }

    fn note_what_is_beside_the_state(&mut self, event: &Event) {
        let at = event.occurred_at;
        match &event.fact {
            Fact::Escalated { desk, reason } => {
                // A limit that passed asks for no decision; of several who ask the first is answered.
                if reason.is_some() {
                    self.escalation.get_or_insert(Escalation { from: self.desk, at });
                    // Those above meet on it now.
                    self.topic = None;
                }
                self.desk = *desk;
            }
            Fact::TopicRaised { reason } => {
                self.topic = event.actor.map(|by| Topic { by, reason: *reason, at });
            }
            Fact::DelegatesNamed { persons } => self.delegates.clone_from(persons),
            Fact::FirstAsked { person } => self.first_asked = *person,
            Fact::Referred { to, point, unit, text } => {
                self.referral = Some(Referral { to: *to, point: *point, unit: *unit, text: *text, at });
            }
            Fact::Decided { text: _, back } => {
                self.escalation = None;
                self.topic = None;
                self.desk = back.unwrap_or(self.desk);
            }
            Fact::Graded { category, severity, affair, claim, service } => {
                if category.is_some() {
                    self.category.clone_from(category);
                }
                if service.is_some() {
                    self.service.clone_from(service);
                }
                self.severity = severity.or(self.severity);
                self.affair = affair.or(self.affair);
                self.claim = *claim;
            }
            Fact::Dispatched { lead: _, assist, severity, affair, handling, note: _ } => {
                self.severity = severity.or(self.severity);
                self.affair = affair.or(self.affair);
                self.handling = handling.or(self.handling);
                self.assist.clone_from(assist);
                self.dispatched_by = event.actor;
                self.steps.dispatched.get_or_insert(at);
                self.claim = Roles::default();
            }
            Fact::Returned { .. } => self.back_to_the_desk(),
            Fact::HandedOver { from: _, to } => match to {
                Some(lead) => self.assist.retain(|assignee| assignee != lead),
                None => self.back_to_the_desk(),
            },
            Fact::Relieved { assist, to } => {
                self.assist.retain(|assignee| *assignee != Assignee::Person(*assist));
                self.assist.extend(to);
            }
            Fact::Identified { from, to } => self.identify(*from, *to),
            Fact::Recoded { place } => {
                // Whoever decides next is still as far above.
                let there = |desk: PlaceCode| place.code.cut(desk.as_str().len()).unwrap_or(place.code);
                self.call = self.call.map(there);
                self.desk = there(self.desk);
                self.escalation =
                    self.escalation.map(|asked| Escalation { from: there(asked.from), ..asked });
                self.place = *place;
            }
            Fact::Excluded { what, until } => self.excluded.push(Exclusion { what: *what, until: *until }),
            Fact::Rated { satisfaction, stars, comment } => {
                self.rating =
                    Some(Rating { satisfaction: *satisfaction, stars: *stars, comment: *comment, at });
            }
            Fact::Reworked { round, lead_left } | Fact::Reopened { round, lead_left, reason: _ } => {
                if *lead_left {
                    self.back_to_the_desk();
                }
                self.round = *round;
                self.round_at = at;
                let dispatched = (!lead_left).then_some(at);
                self.steps = Steps { dispatched, accepted: None };
            }
            Fact::Urged => {
                self.urged = self.urged.saturating_add(1);
                self.urged_at = Some(at);
            }
            Fact::ExtensionAsked { clock, until, reason: _ } => {
                self.extension = Some(Extension { clock: *clock, until: *until, asked_at: at });
            }
            Fact::ExtensionApproved { .. } | Fact::ExtensionRefused { .. } => self.extension = None,
            Fact::Paused { .. } => self.paused = Some(at),
            Fact::Resumed { .. } => self.stop_resting(event),
            Fact::Claimed { .. } | Fact::Accepted { .. } => {
                if let Fact::Claimed { handler: _, team, mates } = &event.fact {
                    self.assist.extend(team.map(Assignee::Unit));
                    self.mates.clone_from(mates);
                }
                // Whoever claims it dispatches it to themselves.
                self.steps.dispatched.get_or_insert(at);
                self.accepted_at.get_or_insert(at);
                self.steps.accepted.get_or_insert(at);
                self.done.push(Done { act: Act::Accept, at });
            }
            Fact::Arrived { .. } => self.done.push(Done { act: Act::Arrive, at }),
            Fact::Planned { .. } => self.done.push(Done { act: Act::Plan, at }),
            Fact::Replied { .. } => self.done.push(Done { act: Act::Reply, at }),
            Fact::Supervised { .. } => {
                self.supervision = event.actor.map(|by| Supervision { by, at });
            }
            Fact::Whistled { units, due_at, reason: _ } => {
                if let Some(by) = event.actor {
                    self.note_whistle(units, by, at, *due_at);
                }
            }
            Fact::ReportedIn { unit, position } => {
                if let Some(by) = event.actor {
                    self.note_report(*unit, ReportIn { by, at, position: *position });
                }
            }
            Fact::Opined { unit, appraiser, score, text: _ } => {
                if let Some(by) = event.actor {
                    let (unit, appraiser, score) = (*unit, *appraiser, *score);
                    self.note_opinion(Opinion { unit, appraiser, by, score, at });
                }
            }
            Fact::Discussed { units, conclusion: _ } => {
                let units = units.clone();
                self.discussion = event.actor.map(|by| Discussion { by, at, units });
            }
            Fact::Assessed { commonality, opinion: _, planned_for } => {
                let (commonality, planned_for) = (*commonality, *planned_for);
                self.assessment = event.actor.map(|by| Assessment { commonality, by, at, planned_for });
            }
            Fact::Absorbed { from: _, requesters } => {
                for requester in requesters {
                    if *requester != self.requester && !self.joined.contains(requester) {
                        self.joined.push(*requester);
                    }
                }
            }
            Fact::Submitted { .. }
            | Fact::Warned { .. }
            | Fact::Breached { .. }
            | Fact::Resolved { .. }
            | Fact::Closed
            | Fact::Supplemented { .. }
            | Fact::Observed { .. }
            | Fact::Promised { .. }
            | Fact::Noted { .. }
            | Fact::Withdrawn { .. }
            | Fact::Declined { .. }
            | Fact::Merged { .. }
            | Fact::Unmasked { .. } => {}
        }
    }

    /// Puts one person in another's place wherever the state does not say; nobody takes part twice.
    fn identify(&mut self, from: UserId, to: UserId) {
        let now = |user: UserId| if user == from { to } else { user };
        self.requester = now(self.requester);
        replace(&mut self.joined, from, to);
        self.joined.retain(|user| *user != self.requester);
        let lead = self.lead();
        replace(&mut self.assist, Assignee::Person(from), Assignee::Person(to));
        self.assist.retain(|one| Some(*one) != lead);
        let handler = self.handler();
        replace(&mut self.delegates, from, to);
        replace(&mut self.mates, from, to);
        self.mates.retain(|mate| Some(*mate) != handler);
        self.dispatched_by = self.dispatched_by.map(now);
        self.first_asked = self.first_asked.map(now);
        self.supervision = self.supervision.map(|there| Supervision { by: now(there.by), ..there });
        self.topic = self.topic.map(|there| Topic { by: now(there.by), ..there });
        if let Some(discussion) = &mut self.discussion {
            discussion.by = now(discussion.by);
        }
        self.assessment = self.assessment.map(|there| Assessment { by: now(there.by), ..there });
        self.identify_called(now);
    }

    fn back_to_the_desk(&mut self) {
        self.assist.clear();
        self.mates.clear();
        self.extension = None;
        self.dispatched_by = None;
    }

    fn stop_resting(&mut self, event: &Event) {
        if let Some(from) = self.paused.take() {
            self.rests.push(Rest { from, to: event.occurred_at.max(from) });
        }
    }
}

/// Puts one in another's place, or leaves it out where that one is there already.
fn replace<T: Copy + PartialEq>(all: &mut Vec<T>, from: T, to: T) {
    if all.contains(&to) {
        all.retain(|one| *one != from);
    } else if let Some(there) = all.iter_mut().find(|one| **one == from) {
        *there = to;
    }
}

/// Puts clocks in the place of their earlier selves, or at the end.
pub(super) fn set_clocks(clocks: &mut Vec<Clock>, changed: &[Clock]) {
    for clock in changed {
        match clocks.iter_mut().find(|there| there.kind == clock.kind && there.round == clock.round) {
            Some(there) => there.clone_from(clock),
            None => clocks.push(clock.clone()),
        }
    }
}
