//! Ties from a sheet. A tie is known by its kind, its two sides and its line.

use super::super::Store;
use super::super::error::StoreError;
use super::super::row::{column, word};
use super::super::sql::Sql;
use super::super::tie::tie_values;
use super::rows::Rows;
use super::units::Known;
use super::{Exactly, Happening, Import, Plan, all, events, fault};
use crate::entropy;
use chrono::NaiveDate;
use domain::id::{PlaceId, TieId, UnitId, UserId};
use domain::import::{Fault, ImportRefusal, Tally};
use domain::phone::Phone;
use domain::place::{NetRefusal, Place, PlaceCode, PlaceRefusal};
use domain::playbook::Playbook;
use domain::refusal::Refusal;
use domain::tie::{self, EVENT_VERSION, Holder, Setting, Target, Tie, TieKind, TieRefusal, check, check_end};
use domain::time::china_day;
use sea_orm::Value;
use std::collections::HashMap;
use uuid::Uuid;

/// A row of a sheet of ties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TieLine {
    /// The row, as Excel shows it.
    pub row: u32,
    /// What it is.
    pub kind: TieKind,
    /// Who is tied: the phone number of a person.
    pub phone: Option<Phone>,
    /// Or the number or name of a unit.
    pub unit: Option<String>,
    /// To which place.
    pub place: Option<PlaceCode>,
    /// Or to which unit: its number or name.
    pub of: Option<String>,
    /// For which line: its key or its name.
    pub line: Option<String>,
    /// As what.
    pub post: Option<String>,
    /// From which day on; today unless said.
    pub since: Option<NaiveDate>,
    /// The last day.
    pub until: Option<NaiveDate>,
}

/// Between whom, as what, and for which line.
type Between = (TieKind, Holder, Target, Option<String>);

/// A tie that is there, or was.
struct Going {
    id: Uuid,
    version: i32,
    since: NaiveDate,
    until: Option<NaiveDate>,
}

/// What the rows are looked up in.
struct Facts {
    units: Known,
    places: HashMap<PlaceCode, Place>,
    people: HashMap<Vec<u8>, UserId>,
    playbook: std::sync::Arc<Playbook>,
    /// Every tie that ever was.
    there: HashMap<Between, Vec<Going>>,
    /// Whoever lies below whom, those of the sheet among them.
    above: HashMap<UnitId, UnitId>,
    /// Who answers for a line at a place.
    lines: HashMap<(PlaceId, String), Holder>,
}

impl Store {
    pub(super) async fn plan_ties(
        &self,
        import: &Import<'_>,
        lines: &[TieLine],
    ) -> Result<Result<Plan, Vec<Fault>>, StoreError> {
        let county = import.county;
        let playbook = match self.playbook(county.county()) {
            Ok(playbook) => playbook,
            Err(refusal) => return Ok(Err(vec![Fault { row: 1, column: None, refusal }])),
        };
        let mut hashes: Vec<_> =
            lines.iter().filter_map(|line| Some(self.phone_hash(&line.phone?).to_vec())).collect();
        hashes.sort_unstable();
        hashes.dedup();
        let mut facts = Facts {
            units: self.units_known(&county).await?,
            places: self.places_known(&county).await?,
            people: self.people_by_hash(hashes, &county).await?,
            playbook,
            there: HashMap::new(),
            above: HashMap::new(),
            lines: HashMap::new(),
        };
        let today = china_day(import.now);
        self.ties_there(&county, &mut facts, today).await?;
        let (mut faults, mut writes) = (Vec::new(), Vec::new());
        let mut ties = Rows::new(
            "tie",
            &[
                "id",
                "kind",
                "user_id",
                "unit_id",
                "place_id",
                "of_unit_id",
                "line",
                "post",
                "since",
                "until",
                "version",
            ],
        );
        let mut events = events();
        let mut tally = Tally { rows: lines.len() as u64, ..Tally::default() };
        let mut first: HashMap<Between, u32> = HashMap::new();
        let mut fresh = Vec::new();
        // What ends, ends first: a sheet may put another in its place, in whichever order its rows are.
        for line in lines {
            let (tie, at) = match self.tie_of(import, line, &facts, today) {
                Ok(found) => found,
                Err(fault) => {
                    faults.push(fault);
                    continue;
                }
            };
            if let Some(other) = first.insert(between(&tie), line.row) {
                faults.push(fault(line.row, "kind", ImportRefusal::Twice { row: other }));
                continue;
            }
            let there = facts.there.get(&between(&tie)).map(Vec::as_slice).unwrap_or_default();
            let same = |one: &&Going| {
                one.until == line.until
                    && line.since.is_none_or(|since| one.until.is_none() || since == one.since)
            };
            if there.iter().any(|one| same(&one)) {
                continue;
            }
            let (Some(going), Some(until)) = (there.iter().find(|one| one.until.is_none()), line.until)
            else {
                fresh.push((line.row, tie, at));
                continue;
            };
            let ends = Tie { since: going.since, until: None, ..tie.clone() };
            if let Err(refusal) = check_end(&ends, &at, import.actor, until) {
                let column = if refusal == TieRefusal::BeyondScope { "place" } else { "until" };
                faults.push(fault(line.row, column, refusal));
                continue;
            }
            tally.changed += 1;
            let sql = "UPDATE tie SET until = $3, version = version + 1 WHERE id = $1 AND version = $2 AND until IS NULL";
            let values = vec![going.id.into(), going.version.into(), until.into()];
            writes.push(Exactly(self.statement(sql, values), Some(1)));
            let fact = tie::Fact::Untied { until };
            events.add(event(import, going.id, going.version + 1, &at, &fact)?);
            facts.ended(&tie);
        }
        for (row, tie, at) in fresh {
            if let Err((column, refusal)) = may_tie(import, &tie, at, &mut facts, today) {
                faults.push(fault(row, column, refusal));
                continue;
            }
            tally.added += 1;
            let fact = tie::Fact::tied(&tie);
            events.add(event(import, tie.id.0, 1, &at, &fact)?);
            let [id, kind, person, unit, place, of, net, post, since, until] = tie_values(&tie);
            ties.add([id, kind, person, unit, place, of, net, post, since, until, 1.into()]);
        }
        if !faults.is_empty() {
            return Ok(Err(faults));
        }
        tally.unchanged = tally.rows - tally.added - tally.changed;
        writes.extend(all([ties, events].into_iter().flat_map(|rows| rows.statements(self)).collect()));
        Ok(Ok(Plan { tally, writes }))
    }

    /// The tie that a row tells of, and where it counts.
    fn tie_of(
        &self,
        import: &Import<'_>,
        line: &TieLine,
        facts: &Facts,
        today: NaiveDate,
    ) -> Result<(Tie, PlaceCode), Fault> {
        let row = line.row;
        // Members check in themselves.
        if line.kind == TieKind::CheckedIn {
            return Err(fault(row, "kind", TieRefusal::Sides { kind: line.kind }));
        }
        let holder = match (line.phone, &line.unit) {
            (Some(phone), None) => {
                let person = facts.people.get(self.phone_hash(&phone).as_slice());
                let person = person.ok_or_else(|| fault(row, "phone", TieRefusal::PersonUnknown))?;
                Holder::Person(*person)
            }
            (None, Some(unit)) => {
                Holder::Unit(facts.units.named(unit).map_err(|refusal| fault(row, "unit", refusal))?.id)
            }
            _ => return Err(fault(row, "phone", TieRefusal::HolderOneOf)),
        };
        let (target, at) = match (line.place, &line.of) {
            (Some(code), None) => {
                let place = facts.places.get(&code);
                let place = place.ok_or_else(|| fault(row, "place", PlaceRefusal::Unknown { code }))?;
                if place.retired_at.is_some() {
                    return Err(fault(row, "place", NetRefusal::Retired { code }));
                }
                (Target::Place(place.id), place.code)
            }
            (None, Some(of)) => {
                let of = facts.units.named(of).map_err(|refusal| fault(row, "of", refusal))?;
                (Target::Unit(of.id), of.profile.seat.map_or(import.county, |seat| seat.code))
            }
            _ => return Err(fault(row, "place", TieRefusal::TargetOneOf)),
        };
        let known = facts.playbook.lines.iter();
        let key = |given: &String| {
            let line = known.clone().find(|line| line.key == *given || line.name == *given);
            line.map_or_else(|| given.clone(), |line| line.key.clone())
        };
        let tie = Tie {
            id: TieId(entropy::id(import.now)),
            kind: line.kind,
            holder,
            target,
            line: line.line.as_ref().map(key),
            post: line.post.clone(),
            since: line.since.unwrap_or(today),
            until: line.until,
            version: 1,
        };
        Ok((tie, at))
    }

    /// The ties of a county, those that have ended among them.
    async fn ties_there(
        &self,
        county: &PlaceCode,
        facts: &mut Facts,
        today: NaiveDate,
    ) -> Result<(), StoreError> {
        let columns = "t.id, t.kind, t.user_id, t.unit_id, t.place_id, t.of_unit_id, t.line, t.since, t.until, t.version";
        let mut sql =
            Sql::new(&format!("SELECT {columns} FROM tie t JOIN place p ON p.id = t.place_id WHERE "));
        sql.below("p.code", county).push(&format!(
            " UNION ALL SELECT {columns} FROM tie t JOIN unit o ON o.id = t.of_unit_id WHERE o.county = "
        ));
        sql.bind(county.county());
        for row in self.query_all(&sql.text, sql.values).await? {
            let of = |name| column::<Option<Uuid>>(&row, "tie", name);
            let holder = match (of("user_id")?, of("unit_id")?) {
                (Some(person), _) => Holder::Person(UserId(person)),
                (None, Some(unit)) => Holder::Unit(UnitId(unit)),
                (None, None) => continue,
            };
            let target = match (of("place_id")?, of("of_unit_id")?) {
                (Some(place), _) => Target::Place(PlaceId(place)),
                (None, Some(unit)) => Target::Unit(UnitId(unit)),
                (None, None) => continue,
            };
            let (kind, line): (TieKind, Option<String>) =
                (word(&row, "tie", "kind")?, column(&row, "tie", "line")?);
            let there = Going {
                id: column(&row, "tie", "id")?,
                version: column(&row, "tie", "version")?,
                since: column(&row, "tie", "since")?,
                until: column(&row, "tie", "until")?,
            };
            if there.until.is_none_or(|until| until >= today) {
                note(facts, kind, holder, target, line.as_ref().filter(|_| there.until.is_none()));
            }
            facts.there.entry((kind, holder, target, line)).or_default().push(there);
        }
        Ok(())
    }
}

impl Facts {
    /// What one tie no longer means.
    fn ended(&mut self, tie: &Tie) {
        if let (TieKind::Under, Holder::Unit(unit)) = (tie.kind, tie.holder) {
            self.above.remove(&unit);
        }
        if let (Some(line), Target::Place(place)) = (&tie.line, tie.target) {
            self.lines.remove(&(place, line.clone()));
        }
    }
}

fn between(tie: &Tie) -> Between {
    (tie.kind, tie.holder, tie.target, tie.line.clone())
}

/// What one tie means for those that follow.
fn note(facts: &mut Facts, kind: TieKind, holder: Holder, target: Target, line: Option<&String>) {
    if let (TieKind::Under, Holder::Unit(unit), Target::Unit(of)) = (kind, holder, target) {
        facts.above.insert(unit, of);
    }
    if let (Some(line), Target::Place(place)) = (line, target) {
        facts.lines.insert((place, line.clone()), holder);
    }
}

/// Whether a new tie may be made beside those that go on and those of the rows before.
fn may_tie(
    import: &Import<'_>,
    tie: &Tie,
    at: PlaceCode,
    facts: &mut Facts,
    today: NaiveDate,
) -> Result<(), (&'static str, Refusal)> {
    let (mut others, mut circle) = (0, false);
    if let (TieKind::Under, Holder::Unit(unit), Target::Unit(of)) = (tie.kind, tie.holder, tie.target) {
        others = i64::from(facts.above.contains_key(&unit));
        let mut up = Some(of);
        // Longer than all there are is a circle of others.
        for _ in 0..=facts.above.len() {
            let Some(above) = up else { break };
            circle |= above == unit;
            up = facts.above.get(&above).copied().filter(|_| !circle);
        }
        circle |= up.is_some();
    }
    let setting = Setting {
        playbook: &facts.playbook,
        actor: import.actor,
        today,
        at,
        // The units of a sheet are those of its county.
        holder_county: None,
        others,
        circle,
    };
    check(tie, &setting).map_err(|refusal| {
        let column = match refusal {
            TieRefusal::Dates { .. } => "since",
            TieRefusal::LineUnknown { .. } | TieRefusal::LineMisplaced => "line",
            TieRefusal::Circle | TieRefusal::OneAbove => "of",
            TieRefusal::BeyondScope => "place",
            _ => "kind",
        };
        (column, refusal.into())
    })?;
    if tie.until.is_none() {
        if let (Some(line), Target::Place(place)) = (&tie.line, tie.target)
            && facts.lines.contains_key(&(place, line.clone()))
        {
            return Err(("line", TieRefusal::LineTaken.into()));
        }
        note(facts, tie.kind, tie.holder, tie.target, tie.line.as_ref());
    }
    Ok(())
}

fn event(
    import: &Import<'_>,
    id: Uuid,
    version: i32,
    at: &PlaceCode,
    fact: &tie::Fact,
) -> Result<[Value; 11], StoreError> {
    let (kind, at) = (fact.headline().name(), at.as_str());
    let happening = Happening { aggregate: "tie", id, version, kind, v: EVENT_VERSION, at, text: None };
    super::event(import.by, import.now, happening, fact)
}
