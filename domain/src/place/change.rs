//! How the net of places changes: 设立、更名、划转、拆分、合并、撤销.

use super::code::{Levels, PlaceCode};
use super::event::Fact;
use super::{NetRefusal, Place};
use crate::actor::Actor;
use crate::id::PlaceId;
use crate::permission::Action;
use crate::playbook::Playbook;
use std::collections::BTreeSet;

/// Codes that were given directly below some places, those of places that are none any more included.
pub type Codes = BTreeSet<PlaceCode>;

/// What is to be done with a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// 设立: a new place directly below this one.
    Found {
        /// Who it will be.
        id: PlaceId,
        /// What it is called.
        name: String,
        /// Its code; the next one that is free where none is named.
        code: Option<PlaceCode>,
    },
    /// 更名.
    Rename {
        /// What it is called from then on.
        name: String,
    },
    /// 划转: it goes below another place, with all below it; or gets another code where it is.
    Move(Wanted),
    /// 拆分: parts of it become places beside it. What lies in none of them stays.
    Split {
        /// At least one.
        parts: Vec<Part>,
    },
    /// 合并: another goes on as it, and has all that lies below it.
    Merge {
        /// Which.
        into: Place,
    },
    /// 划界.
    Bound {
        /// Whether it has a boundary.
        had: bool,
        /// How much ground the new one encloses; without one it has none any more.
        square_metres: Option<u64>,
    },
    /// 撤销: nothing lies there any more.
    Retire {
        /// Whether open tickets do.
        open_tickets: bool,
        /// Whether points do.
        points: bool,
    },
}

/// Where a place is to lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Directly below which.
    pub parent: Place,
    /// Its code there; unless named the digits that it has, or the next that are free.
    pub code: Option<PlaceCode>,
}

/// A part of a place that becomes a place of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Who it will be.
    pub id: PlaceId,
    /// What it is called.
    pub name: String,
    /// Its code; the next one that is free where none is named.
    pub code: Option<PlaceCode>,
    /// The places directly below the one that is split that go along.
    pub places: Vec<PlaceCode>,
}

/// What a change of the net needs to know of it.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// Of the county.
    pub playbook: &'a Playbook,
    /// Who asks.
    pub actor: &'a Actor,
    /// What is to be changed.
    pub place: &'a Place,
    /// The places directly below it that are places still.
    pub children: &'a [Place],
    /// What was given directly below it, below its parent, and below where it goes.
    pub given: &'a Codes,
}

/// What happens to one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// To which.
    pub place: PlaceId,
    /// The version in which it is then.
    pub version: i32,
    /// The code that it has then.
    pub code: PlaceCode,
    /// What.
    pub fact: Fact,
}

/// What happens to the net, in the order in which it is to be done.
///
/// # Errors
/// [`NetRefusal`].
pub fn decide(setting: Setting<'_>, command: &Command) -> Result<Vec<Change>, NetRefusal> {
    let mut net =
        Net { setting, levels: setting.playbook.code_levels(), taken: Codes::new(), changes: Vec::new() };
    let place = setting.place;
    net.within(&place.code)?;
    active(place)?;
    if !matches!(command, Command::Found { .. } | Command::Bound { .. })
        && place.code.level(&net.levels) == Some(0)
    {
        return Err(NetRefusal::County);
    }
    match command {
        Command::Found { id, name, code } => {
            let code = net.free(&place.code, *code, None)?;
            net.found(*id, code, name);
        }
        Command::Rename { name } if *name == place.name => return Err(NetRefusal::Same),
        Command::Rename { name } => net.change(place, place.code, Fact::PlaceRenamed { name: name.clone() }),
        Command::Move(wanted) => net.go(wanted)?,
        Command::Split { parts } => net.split(parts)?,
        Command::Merge { into } => net.merge(into)?,
        Command::Bound { had: false, square_metres: None } => return Err(NetRefusal::Same),
        Command::Bound { had: _, square_metres } => {
            net.change(place, place.code, Fact::Bounded { square_metres: *square_metres });
        }
        Command::Retire { .. } if !setting.children.is_empty() => return Err(NetRefusal::HasPlaces),
        Command::Retire { open_tickets: true, .. } => return Err(NetRefusal::HasTickets),
        Command::Retire { points: true, .. } => return Err(NetRefusal::HasPoints),
        Command::Retire { open_tickets: false, points: false } => {
            net.change(place, place.code, Fact::Retired { successor: None });
        }
    }
    Ok(net.changes)
}

fn active(place: &Place) -> Result<(), NetRefusal> {
    match place.retired_at {
        Some(_) => Err(NetRefusal::Retired { code: place.code }),
        None => Ok(()),
    }
}

struct Net<'a> {
    setting: Setting<'a>,
    levels: Levels,
    /// Codes that this change gives.
    taken: Codes,
    changes: Vec<Change>,
}

impl Net<'_> {
    fn within(&self, code: &PlaceCode) -> Result<(), NetRefusal> {
        let theirs = self.setting.actor.area_of(Action::PlaceEdit).any(|area| area.covers(code));
        if theirs { Ok(()) } else { Err(NetRefusal::BeyondScope { code: *code }) }
    }

    fn go(&mut self, wanted: &Wanted) -> Result<(), NetRefusal> {
        let Wanted { parent, code } = wanted;
        let place = self.setting.place;
        active(parent)?;
        self.same_county(parent)?;
        self.within(&parent.code)?;
        let above = place.code.parent(&self.levels);
        if parent.code.as_str().len() != above.map_or(0, |above| above.as_str().len()) {
            return Err(NetRefusal::OtherLevel { code: parent.code });
        }
        if code.is_none_or(|code| code == place.code) && above == Some(parent.code) {
            return Err(NetRefusal::Same);
        }
        let to = self.free(&parent.code, *code, Some(place.code))?;
        self.change(place, to, Fact::Moved { from: place.code, to });
        Ok(())
    }

    fn split(&mut self, parts: &[Part]) -> Result<(), NetRefusal> {
        let place = self.setting.place;
        let parent = place.code.parent(&self.levels).ok_or(NetRefusal::County)?;
        if parts.is_empty() {
            return Err(NetRefusal::NoParts);
        }
        let mut gone = Codes::new();
        for part in parts {
            let code = self.free(&parent, part.code, None)?;
            self.found(part.id, code, &part.name);
            for below in &part.places {
                let child = self.setting.children.iter().find(|child| child.code == *below);
                let child = child.ok_or(NetRefusal::NotAChild { code: *below })?;
                if !gone.insert(*below) {
                    return Err(NetRefusal::Twice { code: *below });
                }
                let to = self.free(&code, None, Some(child.code))?;
                self.change(child, to, Fact::Moved { from: child.code, to });
            }
        }
        let into = parts.iter().map(|part| part.id).collect();
        self.change(place, place.code, Fact::Split { into });
        Ok(())
    }

    fn merge(&mut self, into: &Place) -> Result<(), NetRefusal> {
        let place = self.setting.place;
        if into.id == place.id {
            return Err(NetRefusal::Itself);
        }
        active(into)?;
        self.same_county(into)?;
        self.within(&into.code)?;
        if into.code.level(&self.levels) != place.code.level(&self.levels) {
            return Err(NetRefusal::OtherLevel { code: into.code });
        }
        for child in self.setting.children {
            let to = self.free(&into.code, None, Some(child.code))?;
            self.change(child, to, Fact::Moved { from: child.code, to });
        }
        self.change(place, place.code, Fact::Retired { successor: Some(into.id) });
        Ok(())
    }

    fn same_county(&self, other: &Place) -> Result<(), NetRefusal> {
        let same = other.code.county() == self.setting.place.code.county();
        if same { Ok(()) } else { Err(NetRefusal::OtherCounty { code: other.code }) }
    }

    fn found(&mut self, id: PlaceId, code: PlaceCode, name: &str) {
        let fact = Fact::Founded { code, name: name.to_owned() };
        self.changes.push(Change { place: id, version: 1, code, fact });
    }

    fn change(&mut self, place: &Place, code: PlaceCode, fact: Fact) {
        self.changes.push(Change { place: place.id, version: place.version + 1, code, fact });
    }

    /// A code directly below `parent`: the one that is wanted, or with the digits that a place had elsewhere, or the next.
    fn free(
        &mut self,
        parent: &PlaceCode,
        wanted: Option<PlaceCode>,
        had: Option<PlaceCode>,
    ) -> Result<PlaceCode, NetRefusal> {
        let lengths = self.levels.lengths();
        let level = parent.level(&self.levels).map_or(usize::MAX, |level| level + 1);
        let Some(width) = lengths.get(level).map(|end| end - parent.as_str().len()) else {
            return Err(NetRefusal::Lowest { code: *parent });
        };
        let is_household = self.setting.playbook.levels.last().is_some_and(|last| last.household);
        if is_household && level + 1 == lengths.len() {
            return Err(NetRefusal::Household);
        }
        let given = |code: &PlaceCode| self.setting.given.contains(code) || self.taken.contains(code);
        let code = if let Some(code) = wanted {
            if code.parent(&self.levels) != Some(*parent) {
                return Err(NetRefusal::NotBelow { code, parent: *parent });
            }
            if given(&code) {
                return Err(NetRefusal::CodeUsed { code });
            }
            code
        } else {
            let kept = had.and_then(|had| {
                let digits = &had.as_str()[had.parent(&self.levels)?.as_str().len()..];
                parent.with(digits).filter(|code| !given(code))
            });
            kept.or_else(|| self.next(parent, width)).ok_or(NetRefusal::Full { parent: *parent })?
        };
        self.within(&code)?;
        self.taken.insert(code);
        Ok(code)
    }

    /// The code after the last that was given, or else the first that never was. All zeros are none.
    fn next(&self, parent: &PlaceCode, width: usize) -> Option<PlaceCode> {
        let most = 10_u32.pow(u32::try_from(width).ok()?) - 1;
        let of = |number: u32| parent.with(&format!("{number:0width$}"));
        let given: BTreeSet<u32> = self
            .setting
            .given
            .iter()
            .chain(&self.taken)
            .filter(|code| code.parent(&self.levels) == Some(*parent))
            .filter_map(|code| code.as_str()[parent.as_str().len()..].parse().ok())
            .collect();
        let last = given.last().copied().unwrap_or(0);
        if last < most { of(last + 1) } else { (1..=most).find(|n| !given.contains(n)).and_then(of) }
    }
}
