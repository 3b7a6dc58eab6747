//! Places from a sheet.

use super::super::Store;
use super::super::error::StoreError;
use super::super::place::PLACE;
use super::super::row::column;
use super::super::sql::Sql;
use super::rows::Rows;
use super::{Exactly, Happening, Import, Plan, all, events};
use crate::entropy;
use domain::import::{Fault, Tally};
use domain::place::{Dated, EVENT_VERSION, Fact, Place, PlaceCode, PlaceLine, PlaceSheet, Planned, plan};
use domain::refusal::Refusal;
use domain::time::china_day;
use sea_orm::Value;
use std::collections::HashMap;
use uuid::Uuid;

impl Store {
    pub(super) async fn plan_places(
        &self,
        import: &Import<'_>,
        lines: &[PlaceLine],
    ) -> Result<Result<Plan, Vec<Fault>>, StoreError> {
        let county = import.county;
        let Ok(playbook) = self.playbook(county.county()) else {
            let unknown = |line: &PlaceLine| {
                Fault::at(
                    line.row,
                    "code",
                    Refusal::from(domain::place::PlaceRefusal::Unknown { code: county }),
                )
            };
            return Ok(Err(lines.iter().take(1).map(unknown).collect()));
        };
        // The version of the net first: what is read behind it is not older.
        let sql = "SELECT version FROM place_net WHERE county = $1";
        let row = self.query_one(sql, vec![county.county().into()]).await?;
        let net: i64 = row.map_or(Ok(0), |row| column(&row, "place_net", "version"))?;
        let known = self.places_known(&county).await?;
        let levels = playbook.code_levels();
        let sheet = PlaceSheet {
            actor: import.actor,
            county,
            levels: &levels,
            has_households: playbook.levels.last().is_some_and(|last| last.household),
            may_found_county: import.by.is_none(),
            known: &known,
        };
        let planned = match plan(lines, &sheet) {
            Ok(planned) => planned,
            Err(faults) => return Ok(Err(faults)),
        };
        let mut tally = Tally { rows: lines.len() as u64, ..Tally::default() };
        if planned.is_empty() {
            tally.unchanged = tally.rows;
            return Ok(Ok(Plan { tally, writes: vec![] }));
        }
        let mut writes = vec![Exactly(self.net_changes(county.county(), net), Some(1))];
        let mut places = Rows::new("place", &["id", "code", "name", "version"]);
        let mut codes = Rows::new("place_code", &["code", "place_id", "holder_id", "given_at"]);
        let mut events = events();
        for one in planned {
            let (id, version, code, fact) = match one {
                Planned::Found { code, name } => {
                    tally.added += 1;
                    let id = entropy::id(import.now);
                    places.add([id.into(), code.as_str().into(), name.as_str().into(), 1.into()]);
                    codes.add([code.as_str().into(), id.into(), id.into(), import.now.into()]);
                    (id, 1, code, Fact::Founded { code, name })
                }
                Planned::Rename { place, name } => {
                    tally.changed += 1;
                    let (id, version) = (place.id.0, place.version + 1);
                    let sql =
                        "UPDATE place SET name = $3, version = version + 1 WHERE id = $1 AND version = $2";
                    let values = vec![id.into(), place.version.into(), name.as_str().into()];
                    writes.push(Exactly(self.statement(sql, values), Some(1)));
                    (id, version, place.code, Fact::PlaceRenamed { name })
                }
            };
            events.add(event(import, id, version, &code, fact)?);
        }
        tally.unchanged = tally.rows - tally.added - tally.changed;
        writes.extend(all([places, codes, events]
            .into_iter()
            .flat_map(|rows| rows.statements(self))
            .collect()));
        Ok(Ok(Plan { tally, writes }))
    }

    /// Every code that was ever given in a county, with the place that it stands for.
    pub(super) async fn places_known(
        &self,
        county: &PlaceCode,
    ) -> Result<HashMap<PlaceCode, Place>, StoreError> {
        let mut sql = Sql::new(&format!(
            "SELECT c.code AS given, {PLACE} FROM place_code c JOIN place p ON p.id = c.place_id WHERE "
        ));
        sql.below("c.code", county);
        let mut known = HashMap::new();
        for row in self.query_all(&sql.text, sql.values).await? {
            let given: String = column(&row, "place_code", "given")?;
            known.insert(self.stored_code(&given)?, self.stored_place(&row)?);
        }
        Ok(known)
    }
}

fn event(
    import: &Import<'_>,
    id: Uuid,
    version: i32,
    code: &PlaceCode,
    fact: Fact,
) -> Result<[Value; 11], StoreError> {
    let kind = fact.headline().name();
    let reference = import.reason.reference;
    let what = Dated { fact, on: china_day(import.now), reason: Some(reference) };
    let happening = Happening {
        aggregate: "place",
        id,
        version,
        kind,
        v: EVENT_VERSION,
        at: code.as_str(),
        text: Some(reference.id.0),
    };
    super::event(import.by, import.now, happening, &what)
}
