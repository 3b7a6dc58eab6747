//! The steps of an example's ticket, a line each: `WHEN [@WHO] ACT [WORDS…] [| TEXT]`.
//!
//! - `WHEN`: so long after the submission, minutes or `2h30m`, `3d`. `10>45`: done at 10, out of reach of the network, and
//!   told at 45.
//! - `@WHO`: who, where that is not who usually does so. The requester rates, urges and so on; whoever is nearest dispatches,
//!   grades, declines and merges; a supervisor pauses and supervises; the lead does the rest.
//! - `ACT`: a command, as [`Act`] has them, or `sweep`: what time alone has done by then.
//! - `WORDS`: of `dispatch` the lead, `+` and each who assists, severity, affair, handling; of `grade` severity, affair and
//!   category; of `arrive` latitude and longitude; of `plan` how long from then it takes; of `extend` how much longer from
//!   then; of `resolve` the outcome; of `rate` satisfaction and stars; of `merge` the end of the other's id.
//! - `TEXT`: reason, reply, comment, plan, note or what was concluded.

use anyhow::{Context, bail};
use serde::Deserialize;
use std::str::FromStr;
use strum::{EnumIter, EnumString};

/// One line.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Step {
    /// When it is told, in minutes after the submission.
    pub(super) at: i64,
    /// When it was done, where that was earlier.
    pub(super) done: Option<i64>,
    /// Who, where the line says so.
    pub(super) who: Option<String>,
    pub(super) act: Act,
    pub(super) words: Vec<String>,
    pub(super) text: Option<String>,
}

/// What is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, EnumIter, EnumString)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Act {
    Grade,
    Dispatch,
    Discuss,
    Claim,
    Accept,
    Return,
    Arrive,
    Plan,
    Reply,
    Resolve,
    Rate,
    Reopen,
    Supplement,
    Urge,
    Extend,
    Approve,
    Refuse,
    Escalate,
    Pause,
    Resume,
    Supervise,
    Note,
    Withdraw,
    Decline,
    Unmask,
    Merge,
    Sweep,
}

impl TryFrom<String> for Step {
    type Error = String;

    fn try_from(line: String) -> Result<Self, String> {
        line.parse().map_err(|error: anyhow::Error| format!("步骤“{line}”：{error}"))
    }
}

impl FromStr for Step {
    type Err = anyhow::Error;

    fn from_str(line: &str) -> anyhow::Result<Self> {
        let (head, text) = match line.split_once(" | ") {
            Some((head, text)) => (head, Some(text.trim().to_owned())),
            None => (line, None),
        };
        let mut words = head.split_whitespace().peekable();
        let when = words.next().context("没有时间")?;
        let (done, at) = match when.split_once('>') {
            Some((done, at)) => (Some(minutes(done)?), minutes(at)?),
            None => (None, minutes(when)?),
        };
        let who = words.next_if(|word| word.starts_with('@')).map(|who| who[1..].to_owned());
        let act = words.next().context("没有动作")?;
        let act = act.parse().with_context(|| format!("没有动作 {act}"))?;
        Ok(Self { at, done, who, act, words: words.map(str::to_owned).collect(), text })
    }
}

impl Step {
    /// What stands behind `|`.
    pub(super) fn said(&self) -> anyhow::Result<&str> {
        self.text.as_deref().with_context(|| format!("{:?} 缺少说明", self.act))
    }

    /// The word that is one of these, taken out of what is left.
    pub(super) fn take<T: FromStr>(left: &mut Vec<&str>) -> Option<T> {
        let (at, found) = left.iter().enumerate().find_map(|(at, word)| Some((at, word.parse().ok()?)))?;
        left.remove(at);
        Some(found)
    }

    /// Refuses words that mean nothing here.
    pub(super) fn nothing_left(&self, left: &[&str]) -> anyhow::Result<()> {
        if !left.is_empty() {
            bail!("{:?} 不识别 {}", self.act, left.join(" "));
        }
        Ok(())
    }
}

/// Minutes: digits alone, or `2h30m`, `3d`.
pub(super) fn minutes(text: &str) -> anyhow::Result<i64> {
    if let Ok(minutes) = text.parse() {
        return Ok(minutes);
    }
    let span = humantime::parse_duration(text).with_context(|| format!("时间 {text} 应如 15、2h30m、3d"))?;
    Ok(i64::try_from(span.as_secs() / 60)?)
}
