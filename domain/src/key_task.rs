//! Key tasks (重点任务) that a leader looks after (包抓) in a place: they report until they are done (practices Z09).

use crate::actor::Actor;
use crate::id::UserId;
use crate::matter::{Change, Columns, Fact, Matter, MatterRefusal};
use crate::notice::{Notice, Recipient};
use crate::permission::Action;
use crate::place::PlaceCode;
use crate::text::{Text, TextRef};
use crate::tie::Holder;
use crate::time::Timestamp;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// The most days between two reports.
pub const MOST_DAYS: u16 = 92;
/// The most reports that a task keeps.
pub const MOST_REPORTS: usize = 400;
/// How far ahead a task may end.
const AHEAD: TimeDelta = TimeDelta::days(1_100);

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum TaskStatus {
    /// 推进中.
    Open,
    /// 已销号.
    Done,
    /// 已撤销.
    Dropped,
}

/// How it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum TaskEnd {
    /// 销号.
    Done,
    /// 撤销.
    Dropped,
}

impl TaskStatus {
    /// The word in the `status` column.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A key task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyTask {
    /// What is to be reached.
    pub goal: TextRef,
    /// The leader who looks after it.
    pub leader: UserId,
    /// Who does it and reports.
    pub lead: Holder,
    /// When it was set.
    pub set_at: Timestamp,
    /// Until when it is to be done.
    pub due_at: Timestamp,
    /// A report is owed every so many days.
    pub every_days: u16,
    /// When the next report is owed; none once it is over.
    pub report_due: Option<Timestamp>,
    /// How often none came in time.
    pub missed: u32,
    /// What was reported, oldest first.
    pub reports: Vec<Report>,
    /// How far it has come, in percent.
    pub percent: u8,
    /// Where it stands.
    pub status: TaskStatus,
    /// What was said when it ended.
    pub closing: Option<TextRef>,
}

/// A report on a key task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: UserId,
    /// What.
    pub text: TextRef,
    /// How far it has come, in percent.
    pub percent: u8,
}

/// What happened to a key task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the task")]
pub enum TaskFact {
    /// 设立重点任务.
    KeyTaskSet { leader: UserId, lead: Holder, due_at: Timestamp, every_days: u16, goal: TextRef },
    /// 报告进展.
    KeyTaskReported { percent: u8, text: TextRef },
    /// 逾期未报: no report came in time.
    KeyTaskReportMissed { due_at: Timestamp },
    /// 销号.
    KeyTaskDone { text: TextRef },
    /// 撤销重点任务.
    KeyTaskDropped { text: TextRef },
}

impl Fact for TaskFact {
    fn word(&self) -> &'static str {
        match self {
            Self::KeyTaskSet { .. } => "key_task_set",
            Self::KeyTaskReported { .. } => "key_task_reported",
            Self::KeyTaskReportMissed { .. } => "key_task_report_missed",
            Self::KeyTaskDone { .. } => "key_task_done",
            Self::KeyTaskDropped { .. } => "key_task_dropped",
        }
    }
}

impl Matter for KeyTask {
    const KIND: &'static str = "key_task";
    const VERSION: i16 = 1;
    const VIEW: Option<Action> = Some(Action::KeyTaskView);
    type Fact = TaskFact;

    fn columns(&self) -> Columns {
        let open = self.status == TaskStatus::Open;
        Columns {
            due_at: Some(self.due_at),
            next_at: self.report_due,
            parties: vec![("leader", Holder::Person(self.leader)), ("lead", self.lead)],
            ..Columns::new(self.status.name(), open, self.set_at)
        }
    }

    /// A report that did not come in time is missing, and the next is owed.
    fn settle(&self, now: Timestamp) -> Option<Change<Self>> {
        let due_at = self.report_due.filter(|due| *due <= now)?;
        let mut after = self.clone();
        after.missed += 1;
        after.report_due = Some(self.next_after(now));
        let change = Change::new(after, TaskFact::KeyTaskReportMissed { due_at });
        let leader = Recipient::Person(self.leader);
        Some(change.telling(leader, Notice::MatterOverdue).telling(to(self.lead), Notice::MatterOverdue))
    }
}

/// What is asked for when a task is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// What is to be reached.
    pub goal: Text,
    /// The leader who looks after it.
    pub leader: UserId,
    /// Who does it and reports.
    pub lead: Holder,
    /// Until when it is to be done.
    pub due_at: Timestamp,
    /// A report is owed every so many days.
    pub every_days: u16,
}

impl KeyTask {
    /// 设立: by whoever supervises there.
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn set(
        new: &NewTask,
        actor: &Actor,
        at: &PlaceCode,
        now: Timestamp,
    ) -> Result<Change<Self>, MatterRefusal> {
        if !actor.does_at(Action::KeyTaskSet, at) {
            return Err(MatterRefusal::BeyondScope);
        }
        MatterRefusal::unless_between("/due_at", new.due_at, now, now + AHEAD)?;
        if !(1..=MOST_DAYS).contains(&new.every_days) {
            return Err(MatterRefusal::Range { field: "/every_days", min: 1, max: MOST_DAYS.into() });
        }
        let NewTask { goal, leader, lead, due_at, every_days } = new;
        let mut task = Self {
            goal: goal.reference,
            leader: *leader,
            lead: *lead,
            set_at: now,
            due_at: *due_at,
            every_days: *every_days,
            report_due: None,
            missed: 0,
            reports: vec![],
            percent: 0,
            status: TaskStatus::Open,
            closing: None,
        };
        task.report_due = Some(task.next_after(now));
        let fact = TaskFact::KeyTaskSet {
            leader: *leader,
            lead: *lead,
            due_at: *due_at,
            every_days: *every_days,
            goal: goal.reference,
        };
        let change = Change::new(task, fact).with([goal.clone()]);
        let leader = Recipient::Person(*leader);
        Ok(change.telling(to(*lead), Notice::MatterAssigned).telling(leader, Notice::MatterAssigned))
    }

    /// 报告进展: by whoever does it, or the leader.
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn report(
        &self,
        text: &Text,
        percent: u8,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Change<Self>, MatterRefusal> {
        if !actor.takes_part_in(&self.columns()) {
            return Err(MatterRefusal::BeyondScope);
        }
        self.must_be_open()?;
        if percent > 100 {
            return Err(MatterRefusal::Range { field: "/percent", min: 0, max: 100 });
        }
        MatterRefusal::unless_full(self.reports.len(), MOST_REPORTS)?;
        let mut after = self.clone();
        after.reports.push(Report { at: now, by: actor.user, text: text.reference, percent });
        after.percent = percent;
        after.report_due = Some(self.next_after(now));
        let fact = TaskFact::KeyTaskReported { percent, text: text.reference };
        let change = Change::new(after, fact).with([text.clone()]);
        Ok(change.telling(Recipient::Person(self.leader), Notice::MatterReported))
    }

    /// 销号 or 撤销: by the leader, or whoever supervises there. No more reports are owed.
    ///
    /// # Errors
    /// [`MatterRefusal`].
    pub fn end(
        &self,
        how: TaskEnd,
        text: &Text,
        actor: &Actor,
        at: &PlaceCode,
    ) -> Result<Change<Self>, MatterRefusal> {
        if actor.user != self.leader && !actor.does_at(Action::KeyTaskSet, at) {
            return Err(MatterRefusal::BeyondScope);
        }
        self.must_be_open()?;
        let mut after = self.clone();
        (after.report_due, after.closing) = (None, Some(text.reference));
        let fact = match how {
            TaskEnd::Dropped => {
                after.status = TaskStatus::Dropped;
                TaskFact::KeyTaskDropped { text: text.reference }
            }
            TaskEnd::Done => {
                (after.status, after.percent) = (TaskStatus::Done, 100);
                TaskFact::KeyTaskDone { text: text.reference }
            }
        };
        let change = Change::new(after, fact).with([text.clone()]);
        Ok(change.telling(to(self.lead), Notice::MatterDone))
    }

    fn must_be_open(&self) -> Result<(), MatterRefusal> {
        match self.status {
            TaskStatus::Open => Ok(()),
            status => Err(MatterRefusal::Over { status: status.name() }),
        }
    }

    fn next_after(&self, now: Timestamp) -> Timestamp {
        now + TimeDelta::days(self.every_days.into())
    }
}

/// The inbox of whoever it is.
fn to(who: Holder) -> Recipient {
    match who {
        Holder::Person(person) => Recipient::Person(person),
        Holder::Unit(unit) => Recipient::Unit(unit),
    }
}
