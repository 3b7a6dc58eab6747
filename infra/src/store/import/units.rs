//! Units from a sheet. A unit is known by its number, or by its name where the sheet gives none.

use super::super::Store;
use super::super::error::StoreError;
use super::super::row::{Row, column, word};
use super::super::unit::{described, profile_values};
use super::rows::Rows;
use super::{Exactly, Happening, Import, Plan, all, event, events, fault};
use crate::entropy;
use domain::id::{PlaceId, UnitId};
use domain::import::{Fault, ImportRefusal, Tally};
use domain::place::{PlaceCode, PlaceRef, PlaceRefusal};
use domain::tie::TieRefusal;
use domain::time::Timestamp;
use domain::unit::{EVENT_VERSION, Profile, UnitKind, UnitRefusal};
use std::collections::{HashMap, HashSet};

/// A row of a sheet of units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitLine {
    /// The row, as Excel shows it.
    pub row: u32,
    /// The name.
    pub name: String,
    /// What it is.
    pub kind: UnitKind,
    /// Its number.
    pub code: Option<String>,
    /// The place that it belongs to.
    pub seat: Option<PlaceCode>,
}

/// A unit as it is.
#[derive(Debug, Clone)]
pub(super) struct KnownUnit {
    pub(super) id: UnitId,
    pub(super) version: i32,
    pub(super) profile: Profile,
}

/// The units of a county.
#[derive(Debug, Default)]
pub(super) struct Known {
    all: Vec<KnownUnit>,
    /// The numbers of those that are none any more: they keep them.
    retired: HashSet<String>,
    by_code: HashMap<String, usize>,
    by_name: HashMap<String, Vec<usize>>,
}

impl Known {
    pub(super) fn read(store: &Store, rows: &[Row]) -> Result<Self, StoreError> {
        let mut known = Self::default();
        for row in rows {
            if column::<Option<Timestamp>>(row, "unit", "retired_at")?.is_some() {
                known.retired.extend(column::<Option<String>>(row, "unit", "code")?);
                continue;
            }
            let seat = column::<Option<uuid::Uuid>>(row, "unit", "seat_id")?.map(PlaceId);
            let seat_code = store.optional_code(row, "place", "seat_code")?;
            let profile = Profile {
                kind: word(row, "unit", "kind")?,
                name: column(row, "unit", "name")?,
                code: column(row, "unit", "code")?,
                seat: seat.zip(seat_code).map(|(id, code)| PlaceRef { id, code }),
            };
            let (id, version) = (UnitId(column(row, "unit", "id")?), column(row, "unit", "version")?);
            let at = known.all.len();
            known.by_code.extend(profile.code.clone().map(|code| (code, at)));
            known.by_name.entry(profile.name.clone()).or_default().push(at);
            known.all.push(KnownUnit { id, version, profile });
        }
        Ok(known)
    }

    /// The unit that has this number, or else the one that is called so.
    pub(super) fn named(&self, text: &str) -> Result<&KnownUnit, domain::refusal::Refusal> {
        if let Some(at) = self.by_code.get(&text.to_ascii_uppercase()) {
            return Ok(&self.all[*at]);
        }
        match self.by_name.get(text).map(Vec::as_slice) {
            Some([at]) => Ok(&self.all[*at]),
            Some(several) => Err(ImportRefusal::Ambiguous { count: several.len() }.into()),
            None => Err(TieRefusal::UnitUnknown.into()),
        }
    }

    /// What a row is about: by its number where it has one, else by its name among those without a number or with any.
    fn of(&self, line: &UnitLine) -> Result<Option<&KnownUnit>, ImportRefusal> {
        let by_code = line.code.as_ref().and_then(|code| self.by_code.get(code));
        if let Some(at) = by_code {
            return Ok(Some(&self.all[*at]));
        }
        let called = self.by_name.get(&line.name).map(Vec::as_slice).unwrap_or_default();
        // Who has another number is another unit.
        let fits = |at: &&usize| line.code.is_none() || self.all[**at].profile.code.is_none();
        match called.iter().filter(fits).collect::<Vec<_>>()[..] {
            [] => Ok(None),
            [at] => Ok(Some(&self.all[*at])),
            ref several => Err(ImportRefusal::Ambiguous { count: several.len() }),
        }
    }
}

impl Store {
    pub(super) async fn plan_units(
        &self,
        import: &Import<'_>,
        lines: &[UnitLine],
    ) -> Result<Result<Plan, Vec<Fault>>, StoreError> {
        let county = import.county;
        if let Err(refusal) = import.actor.may_edit_units(&county) {
            let first = lines.first().map_or(1, |line| line.row);
            return Ok(Err(vec![Fault { row: first, column: None, refusal: refusal.into() }]));
        }
        let known = self.units_known(&county).await?;
        let places = self.places_known(&county).await?;
        let (mut faults, mut writes) = (Vec::new(), Vec::new());
        let mut units =
            Rows::new("unit", &["id", "county", "version", "name", "kind", "code", "seat_id", "initials"]);
        let mut events = events();
        let mut tally = Tally { rows: lines.len() as u64, ..Tally::default() };
        let (mut codes, mut names, mut matched) = (HashMap::new(), HashMap::new(), HashMap::new());
        for line in lines {
            let UnitLine { row, name, kind, code, seat } = line;
            if let Some(code) = code
                && let Some(first) = codes.insert(code.clone(), *row)
            {
                faults.push(fault(*row, "code", ImportRefusal::Twice { row: first }));
                continue;
            }
            if code.is_none()
                && let Some(first) = names.insert(name.clone(), *row)
            {
                faults.push(fault(*row, "name", ImportRefusal::Twice { row: first }));
                continue;
            }
            if code.as_ref().is_some_and(|code| known.retired.contains(code)) {
                faults.push(fault(*row, "code", UnitRefusal::CodeTaken));
                continue;
            }
            let seat = match seat {
                None => None,
                Some(code) if code.county() != county.as_str() => {
                    faults.push(fault(*row, "seat", ImportRefusal::OtherCounty));
                    continue;
                }
                Some(code) => match places.get(code).filter(|place| place.retired_at.is_none()) {
                    Some(place) => Some(PlaceRef { id: place.id, code: place.code }),
                    None => {
                        faults.push(fault(*row, "seat", PlaceRefusal::Unknown { code: *code }));
                        continue;
                    }
                },
            };
            let before = match known.of(line) {
                Ok(before) => before,
                Err(refusal) => {
                    faults.push(fault(*row, "name", refusal));
                    continue;
                }
            };
            if let Some(before) = before
                && let Some(first) = matched.insert(before.id, *row)
            {
                faults.push(fault(*row, "name", ImportRefusal::Twice { row: first }));
                continue;
            }
            let mut profile = Profile { kind: *kind, name: name.clone(), code: code.clone(), seat };
            let (id, version) = match before {
                Some(before) => {
                    // A sheet without a number takes none away.
                    profile.code = profile.code.or_else(|| before.profile.code.clone());
                    if before.profile == profile {
                        continue;
                    }
                    tally.changed += 1;
                    let id = before.id.0;
                    let sql = "UPDATE unit SET version = version + 1, name = $3, kind = $4, code = $5, seat_id = $6, initials = $7 \
                         WHERE id = $1 AND version = $2";
                    let mut values = vec![id.into(), before.version.into()];
                    values.extend(profile_values(&profile));
                    writes.push(Exactly(self.statement(sql, values), Some(1)));
                    (id, before.version + 1)
                }
                None => {
                    tally.added += 1;
                    let id = entropy::id(import.now);
                    let [name, kind, code, seat, initials] = profile_values(&profile);
                    units.add([
                        id.into(),
                        county.as_str().into(),
                        1.into(),
                        name,
                        kind,
                        code,
                        seat,
                        initials,
                    ]);
                    (id, 1)
                }
            };
            let fact = described(&profile);
            let (kind, at) = (fact.headline().name(), county.as_str());
            let happening =
                Happening { aggregate: "unit", id, version, kind, v: EVENT_VERSION, at, text: None };
            events.add(event(import.by, import.now, happening, &fact)?);
        }
        if !faults.is_empty() {
            return Ok(Err(faults));
        }
        tally.unchanged = tally.rows - tally.added - tally.changed;
        writes.extend(all([units, events].into_iter().flat_map(|rows| rows.statements(self)).collect()));
        Ok(Ok(Plan { tally, writes }))
    }
}
