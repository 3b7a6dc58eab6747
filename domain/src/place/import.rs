//! Places from a sheet: what each row means for the net as it is. Pure, and all faults at once.

use super::{Levels, NetRefusal, Place, PlaceCode, PlaceRefusal};
use crate::actor::Actor;
use crate::import::{Fault, ImportRefusal};
use crate::permission::Action;
use std::collections::HashMap;

/// A row of the sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceLine {
    /// The row, as Excel shows it.
    pub row: u32,
    /// The code.
    pub code: PlaceCode,
    /// The name.
    pub name: String,
}

/// What a row means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Planned {
    /// A new place.
    Found {
        /// Its code.
        code: PlaceCode,
        /// Its name.
        name: String,
    },
    /// One that is called differently from then on.
    Rename {
        /// As it is.
        place: Place,
        /// Its name from then on.
        name: String,
    },
}

/// What a sheet of places needs to know.
#[derive(Debug, Clone, Copy)]
pub struct PlaceSheet<'a> {
    /// Who asks.
    pub actor: &'a Actor,
    /// The county of the sheet.
    pub county: PlaceCode,
    /// How its codes are made.
    pub levels: &'a Levels,
    /// Whether the lowest level is the household, which is no place.
    pub has_households: bool,
    /// Whether the county itself may be entered: on the program's word only.
    pub may_found_county: bool,
    /// Every code that was ever given in the county, with what it stands for today.
    pub known: &'a HashMap<PlaceCode, Place>,
}

/// What the rows mean, parents before what lies below them; the rest of them says what is there already. Rows may come in any
/// order.
///
/// # Errors
/// Every fault of every row.
pub fn plan(lines: &[PlaceLine], sheet: &PlaceSheet<'_>) -> Result<Vec<Planned>, Vec<Fault>> {
    let mut first: HashMap<PlaceCode, u32> = HashMap::with_capacity(lines.len());
    let (mut planned, mut faults) = (Vec::new(), Vec::new());
    for line in lines {
        first.entry(line.code).or_insert(line.row);
    }
    for line in lines {
        match mean(line, sheet, &first) {
            Ok(Some(one)) => planned.push(one),
            Ok(None) => {}
            Err(fault) => faults.push(fault),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    // A code begins with that of its parent, so it comes behind it.
    planned.sort_by_key(|one| match one {
        Planned::Found { code, .. } => *code,
        Planned::Rename { place, .. } => place.code,
    });
    Ok(planned)
}

fn mean(
    line: &PlaceLine,
    sheet: &PlaceSheet<'_>,
    first: &HashMap<PlaceCode, u32>,
) -> Result<Option<Planned>, Fault> {
    let PlaceLine { row, code, name } = line;
    let at_code = |refusal| Fault::at(*row, "code", refusal);
    if first.get(code).is_some_and(|other| other != row) {
        return Err(at_code(ImportRefusal::Twice { row: first[code] }.into()));
    }
    if code.county() != sheet.county.as_str() {
        return Err(at_code(ImportRefusal::OtherCounty.into()));
    }
    if !sheet.actor.area_of(Action::PlaceEdit).any(|area| area.covers(code)) {
        return Err(at_code(crate::refusal::Refusal::from(NetRefusal::BeyondScope { code: *code })));
    }
    let level = code.level(sheet.levels).unwrap_or_default();
    if sheet.has_households && level + 1 == sheet.levels.lengths().len() {
        return Err(at_code(NetRefusal::Household.into()));
    }
    match sheet.known.get(code) {
        Some(place) if place.code != *code => Err(at_code(NetRefusal::CodeUsed { code: *code }.into())),
        Some(place) if place.retired_at.is_some() => Err(at_code(NetRefusal::Retired { code: *code }.into())),
        Some(place) if place.name == *name => Ok(None),
        Some(_) if level == 0 && !sheet.may_found_county => Err(at_code(NetRefusal::County.into())),
        Some(place) => Ok(Some(Planned::Rename { place: place.clone(), name: name.clone() })),
        None => {
            let parent = code.parent(sheet.levels);
            let there = |parent: PlaceCode| {
                let known = sheet.known.get(&parent);
                first.contains_key(&parent)
                    || known.is_some_and(|place| place.code == parent && place.retired_at.is_none())
            };
            match parent {
                None if sheet.may_found_county => {}
                None => return Err(at_code(PlaceRefusal::Unknown { code: *code }.into())),
                Some(parent) if there(parent) => {}
                Some(parent) => {
                    let parent = parent.to_string();
                    return Err(at_code(ImportRefusal::NothingAbove { parent }.into()));
                }
            }
            Ok(Some(Planned::Found { code: *code, name: name.clone() }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::{Grant, Scope};
    use crate::id::{PlaceId, UserId};
    use crate::permission::Role;
    use crate::time::Timestamp;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn code(text: &str) -> PlaceCode {
        PlaceCode::parse(text, &Levels::default()).unwrap()
    }

    fn known(text: &str, now: &str, retired: bool) -> (PlaceCode, Place) {
        let place = Place {
            id: PlaceId(Uuid::from_u128(1)),
            code: code(now),
            name: "原名".into(),
            version: 1,
            retired_at: retired.then_some(Timestamp::UNIX_EPOCH),
        };
        (code(text), place)
    }

    fn planned(lines: &[(&str, &str)], area: &str) -> Result<Vec<Planned>, Vec<(u32, &'static str)>> {
        let grants = vec![Grant { role: Role::CountyAdmin, scope: Scope::Places(vec![code(area)]) }];
        let actor = Actor { user: UserId(Uuid::nil()), grants };
        let known = HashMap::from([
            known("532504", "532504", false),
            known("532504001", "532504001", false),
            known("532504001007", "532504001007", false),
            known("532504001008", "532504002008", false),
            known("532504001009", "532504001009", true),
        ]);
        let sheet = PlaceSheet {
            actor: &actor,
            county: code("532504"),
            levels: &Levels::default(),
            has_households: true,
            may_found_county: false,
            known: &known,
        };
        let lines: Vec<_> = (2..)
            .zip(lines)
            .map(|(row, (text, name))| PlaceLine { row, code: code(text), name: (*name).to_owned() })
            .collect();
        let told = |faults: Vec<Fault>| faults.iter().map(|one| (one.row, one.refusal.code())).collect();
        plan(&lines, &sheet).map_err(told)
    }

    #[test]
    fn rows_found_rename_or_say_what_is_there() {
        let lines = [
            ("532504001010001", "一组"),
            ("532504001007", "原名"),
            ("532504001", "弥阳"),
            ("532504001010", "新社区"),
        ];
        let all = planned(&lines, "532504").unwrap();
        let [
            Planned::Rename { name, .. },
            Planned::Found { code: above, .. },
            Planned::Found { code: below, .. },
        ] = &all[..]
        else {
            panic!("{all:?}")
        };
        assert_eq!((name.as_str(), *above, *below), ("弥阳", code("532504001010"), code("532504001010001")));
    }

    #[test]
    fn every_fault_of_every_row_is_told() {
        let lines = [
            ("532504001008", "划走了"),
            ("532504001009", "撤了"),
            ("532504003001", "无上级"),
            ("532504001010", "甲"),
            ("532504001010", "乙"),
            ("140226001", "外县"),
            ("5325040010070010010001", "住户"),
            ("532504", "改县名"),
        ];
        let faults = planned(&lines, "532504").unwrap_err();
        let expected = [
            (2, "place.code_used"),
            (3, "place.retired"),
            (4, "import.nothing_above"),
            (6, "import.twice"),
            (7, "import.other_county"),
            (8, "place.household"),
            (9, "place.county"),
        ];
        assert_eq!(faults, expected);
        assert_eq!(planned(&[("532504001010", "甲")], "532504002").unwrap_err(), [(2, "place.beyond_scope")]);
    }

    proptest! {
        #[test]
        fn taken_twice_nothing_is_left_to_do(
            rows in prop::collection::btree_map("532504001(01[0-9])(00[1-9])?", "[a-z]{1,5}", 1..30),
        ) {
            let mut lines: Vec<(String, String)> = rows.into_iter().collect();
            let communities: std::collections::BTreeSet<_> =
                lines.iter().map(|(code, _)| code[..12].to_owned()).collect();
            for community in communities {
                if !lines.iter().any(|(code, _)| *code == community) {
                    lines.push((community, "x".into()));
                }
            }
            let given: Vec<_> = lines.iter().map(|(code, name)| (code.as_str(), name.as_str())).collect();
            let all = planned(&given, "532504").unwrap();
            prop_assert_eq!(all.len(), lines.len());
            // Each comes behind what it lies below.
            let codes: Vec<_> = all.iter().map(|one| match one {
                Planned::Found { code, .. } => *code,
                Planned::Rename { place, .. } => place.code,
            }).collect();
            for (i, code) in codes.iter().enumerate() {
                prop_assert!(codes[i + 1..].iter().all(|later| !later.covers(code)));
            }
        }
    }
}
