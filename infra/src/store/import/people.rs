//! People from a sheet: a row a post, and somebody with several posts has several rows. A person is known by their phone
//! number; what they hold already they do not get twice, and nothing is taken from them.

use super::super::Store;
use super::super::error::StoreError;
use super::super::person::{COLUMNS, GRANT_COLUMNS, GrantAsked, known_in};
use super::super::row::column;
use super::super::sql::Sql;
use super::rows::ASKED;
use super::tables::Tables;
use super::{Exactly, Import, Plan, all, fault};
use crate::entropy;
use domain::actor::Scope;
use domain::id::{GrantId, UserId};
use domain::import::{Fault, ImportRefusal, Tally};
use domain::permission::{Action, Role};
use domain::person::{
    Fact, GrantRefusal, Happened, Held, Person, PlacedGrant, Profile, Whereabouts, by_county, may_grant,
    register,
};
use domain::phone::Phone;
use domain::place::PlaceCode;
use domain::time::Timestamp;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// A row of a sheet of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonLine {
    /// The row, as Excel shows it.
    pub row: u32,
    /// In plain.
    pub name: String,
    /// In plain.
    pub phone: Phone,
    /// What they are to hold.
    pub role: Option<Role>,
    /// For which places.
    pub places: Vec<PlaceCode>,
    /// Or for which unit: its number or name.
    pub unit: Option<String>,
    /// What they can do, want to do, and when they are free, where the row says something of it.
    pub profile: Option<Profile>,
}

/// Somebody of the sheet: their rows, and what they are to hold.
struct Wanted<'a> {
    first: &'a PersonLine,
    /// With the row that grants it, and why whoever asks may not.
    grants: Vec<(u32, PlacedGrant, Option<GrantRefusal>)>,
    profile: Option<(u32, &'a Profile)>,
}

/// Somebody who has the phone number of a row.
struct KnownPerson {
    /// With what they hold.
    person: Person,
    /// Whether the county knows them.
    is_here: bool,
}

impl KnownPerson {
    fn holds(&self, placed: &PlacedGrant) -> bool {
        self.person.place.grants.iter().any(|own| own.placed.grant == placed.grant)
    }
}

impl Store {
    pub(super) async fn plan_people(
        &self,
        import: &Import<'_>,
        lines: &[PersonLine],
    ) -> Result<Result<Plan, Vec<Fault>>, StoreError> {
        if let Err(refusal) = import.actor.has(Action::PersonEdit) {
            let first = lines.first().map_or(1, |line| line.row);
            return Ok(Err(vec![Fault { row: first, column: None, refusal: refusal.into() }]));
        }
        let (placed, mut faults) = self.placed(import, lines).await?;
        let mut wanted: HashMap<Phone, Wanted<'_>> = HashMap::with_capacity(lines.len());
        for (line, grant) in lines.iter().zip(placed) {
            let one = wanted.entry(line.phone).or_insert_with(|| Wanted {
                first: line,
                grants: vec![],
                profile: None,
            });
            if one.first.name != line.name {
                faults.push(fault(line.row, "name", ImportRefusal::NameDiffers { row: one.first.row }));
            }
            if let Some(profile) = &line.profile {
                let (row, said) = *one.profile.get_or_insert((line.row, profile));
                if said != profile {
                    faults.push(fault(line.row, "skills", ImportRefusal::ProfileDiffers { row }));
                }
            }
            let Some(grant) = grant else {
                let same = line.role.is_none() && one.first.row != line.row;
                faults.extend(
                    same.then(|| fault(line.row, "phone", ImportRefusal::Twice { row: one.first.row })),
                );
                continue;
            };
            if let Some((first, ..)) = one.grants.iter().find(|(_, held, _)| held.grant == grant.grant) {
                faults.push(fault(line.row, "role", ImportRefusal::Twice { row: *first }));
            } else {
                let refusal = may_grant(import.actor, &grant).err();
                one.grants.push((line.row, grant, refusal));
            }
        }
        let hashes: Vec<_> = wanted.keys().map(|phone| self.phone_hash(phone).to_vec()).collect();
        let known = self.people_known(hashes, &import.county).await?;
        let mut tally = Tally { rows: lines.len() as u64, ..Tally::default() };
        let mut tables = Tables::new();
        // In the order of the sheet, so that the newest in a list are its last.
        let mut wanted: Vec<_> = wanted.into_values().collect();
        wanted.sort_by_key(|one| one.first.row);
        for one in wanted {
            let row = one.first.row;
            // What they hold already nobody gives them.
            let has = known.get(&one.first.phone);
            let lacks = one.grants.iter().filter(|(_, placed, _)| !has.is_some_and(|who| who.holds(placed)));
            let denied: Vec<_> = lacks.filter_map(|(row, _, refusal)| Some((*row, (*refusal)?))).collect();
            if !denied.is_empty() {
                faults.extend(denied.into_iter().map(|(row, refusal)| fault(row, "role", refusal)));
                continue;
            }
            let taken = match has {
                Some(person) => self.extend_person(import, person, one, &mut tables).await?.map(|changed| {
                    if changed {
                        tally.changed += 1;
                    } else {
                        tally.unchanged += 1;
                    }
                }),
                None => self.new_person(import, one, &mut tables)?.map(|()| tally.added += 1),
            };
            if let Err(refusal) = taken {
                faults.push(Fault { row, column: Some("phone"), refusal });
            }
        }
        if !faults.is_empty() {
            return Ok(Err(faults));
        }
        let Tables { people, grants, places, events, tokens, mut changes } = tables;
        let rows = [people, grants, places, events, tokens];
        changes.extend(all(rows.into_iter().flat_map(|rows| rows.statements(self)).collect()));
        Ok(Ok(Plan { tally, writes: changes }))
    }

    /// What each row grants, as places and units are today.
    async fn placed(
        &self,
        import: &Import<'_>,
        lines: &[PersonLine],
    ) -> Result<(Vec<Option<PlacedGrant>>, Vec<Fault>), StoreError> {
        let units = self.units_known(&import.county).await?;
        let places = self.places_known(&import.county).await?;
        let today = |code: &PlaceCode| places.get(code).map(|place| place.code);
        let mut faults = Vec::new();
        let mut placed = Vec::with_capacity(lines.len());
        for line in lines {
            let scope = match (line.role, line.places.as_slice(), &line.unit) {
                (None, [], None) => {
                    placed.push(None);
                    continue;
                }
                (Some(role), places, None) if !places.is_empty() => {
                    let foreign = places.iter().any(|place| place.county() != import.county.as_str());
                    if foreign {
                        Err(("places", ImportRefusal::OtherCounty.into()))
                    } else {
                        let asked = GrantAsked { role, scope: Scope::Places(places.to_vec()) };
                        super::super::person::placed_at(&asked, today).map_err(|refusal| ("places", refusal))
                    }
                }
                (Some(role), [], Some(unit)) => match units.named(unit) {
                    Ok(unit) => Ok(PlacedGrant {
                        grant: domain::actor::Grant { role, scope: Scope::Unit(unit.id) },
                        county: Some(import.county),
                    }),
                    Err(refusal) => Err(("unit", refusal)),
                },
                _ => Err(("role", ImportRefusal::RoleIncomplete.into())),
            };
            placed.push(match scope {
                Ok(grant) => Some(grant),
                Err((column, refusal)) => {
                    faults.push(fault(line.row, column, refusal));
                    None
                }
            });
        }
        Ok((placed, faults))
    }

    /// The people who have these phone numbers, with what they hold.
    async fn people_known(
        &self,
        hashes: Vec<Vec<u8>>,
        county: &PlaceCode,
    ) -> Result<HashMap<Phone, KnownPerson>, StoreError> {
        let mut known: HashMap<UserId, KnownPerson> = HashMap::new();
        for some in hashes.chunks(ASKED) {
            let mut sql = Sql::new(&format!("SELECT {COLUMNS}, {GRANT_COLUMNS}, "));
            known_in(&mut sql, county);
            sql.push(
                " AS is_here FROM app_user u LEFT JOIN role_grant g ON g.user_id = u.id \
                 LEFT JOIN unit n ON n.id = g.unit_id WHERE u.erased_at IS NULL AND u.joined_into IS NULL AND u.phone_hash IN ",
            );
            sql.bind_all(some.iter().cloned()).push(" ORDER BY g.id");
            for row in self.query_all(&sql.text, sql.values).await? {
                let id = UserId(column(&row, "app_user", "id")?);
                let person = match known.entry(id) {
                    Entry::Occupied(there) => there.into_mut(),
                    Entry::Vacant(free) => free.insert(KnownPerson {
                        person: self.stored_person(&row)?,
                        is_here: column(&row, "app_user", "is_here")?,
                    }),
                };
                person.person.place.grants.extend(self.stored_held(&row, id.0)?);
            }
        }
        let by_phone = known.into_values().filter_map(|known| Some((known.person.phone?, known)));
        Ok(by_phone.collect())
    }

    fn new_person(
        &self,
        import: &Import<'_>,
        wanted: Wanted<'_>,
        tables: &mut Tables,
    ) -> Result<Result<(), domain::refusal::Refusal>, StoreError> {
        let id = UserId(entropy::id(import.now));
        let PersonLine { name, phone, .. } = wanted.first;
        let grants: Vec<_> =
            wanted.grants.into_iter().map(|(_, placed, _)| held(import.now, placed)).collect();
        let person = Person {
            id,
            name: name.clone(),
            phone: Some(*phone),
            place: Whereabouts { grants, ..Whereabouts::default() },
            version: 0,
            created_at: import.now,
            erased_at: None,
            profile: wanted.profile.map(|(_, profile)| profile.clone()),
        };
        let happened = match register(&person, import.actor, |county| self.levels(county)) {
            Ok(happened) => happened,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let version = i32::try_from(happened.len()).unwrap_or(i32::MAX);
        let [name, phone, hash, profile] = self.sealed(&person)?;
        if person.place.is_staff() {
            for token in self.name_tokens(&person.name) {
                tables.tokens.add([token.to_vec().into(), id.0.into()]);
            }
        }
        tables.people.add([
            id.0.into(),
            name,
            phone,
            hash,
            profile,
            1.into(),
            version.into(),
            import.now.into(),
        ]);
        for held in &person.place.grants {
            tables.grant(id, held)?;
        }
        tables.happened(import, id, 0, &happened)?;
        Ok(Ok(()))
    }

    /// Gives somebody who is there what they lack; whether they lacked anything.
    async fn extend_person(
        &self,
        import: &Import<'_>,
        known: &KnownPerson,
        wanted: Wanted<'_>,
        tables: &mut Tables,
    ) -> Result<Result<bool, domain::refusal::Refusal>, StoreError> {
        let KnownPerson { person, is_here } = known;
        let reached = import.actor.reaches_person(Action::PersonEdit, &person.place);
        let lacks = wanted.grants.into_iter().filter(|(_, placed, _)| !known.holds(placed));
        let given: Vec<_> = lacks.map(|(_, placed, _)| held(import.now, placed)).collect();
        // Who is nobody's staff yet may become it, for they bound their number before the roster came; of whom the county knows
        // nothing it says nothing.
        let theirs =
            if person.place.is_staff() { !reached.is_empty() } else { *is_here || !given.is_empty() };
        if !theirs {
            return Ok(Err(ImportRefusal::PhoneElsewhere.into()));
        }
        let renamed = person.name != wanted.first.name;
        let before = person.profile.clone().unwrap_or_default();
        let after = wanted.profile.map_or_else(|| before.clone(), |(_, said)| said.over(&before));
        let described = after != before;
        if given.is_empty() && !renamed && !described {
            return Ok(Ok(false));
        }
        let levels = |county: &str| self.levels(county);
        let mut happened = Vec::new();
        let places = if reached.is_empty() { vec![import.county] } else { reached };
        let edited = renamed.then_some(Fact::Edited { name: true, phone: false });
        for fact in edited.into_iter().chain(described.then_some(Fact::Profiled)) {
            let counties = by_county(&places, levels).into_iter();
            happened.extend(counties.map(|(at, _)| Happened { at: Some(at), fact: fact.clone() }));
        }
        for held in &given {
            let granted = |(at, own)| Happened { at: Some(at), fact: held.granted(own) };
            happened.extend(by_county(held.placed.places(), levels).into_iter().map(granted));
        }
        let events = i32::try_from(happened.len()).unwrap_or(i32::MAX);
        let now = Person { name: wanted.first.name.clone(), profile: after.or_none(), ..person.clone() };
        let [name, _, _, profile] = self.sealed(&now)?;
        let sql = "UPDATE app_user SET version = version + $3, grants_version = grants_version + $4, name = $5, profile = $6 \
             WHERE id = $1 AND version = $2 AND erased_at IS NULL";
        let values = vec![
            person.id.0.into(),
            person.version.into(),
            events.into(),
            i32::from(!given.is_empty()).into(),
            name,
            profile,
        ];
        tables.changes.push(Exactly(self.statement(sql, values), Some(1)));
        if person.place.is_staff() || !given.is_empty() {
            let found = self.found_by(person.id.0, Some(&wanted.first.name));
            tables.changes.extend(all(found));
        }
        if !given.is_empty() {
            let mut now = person.clone();
            now.place.grants.extend(given.iter().cloned());
            tables.changes.extend(all(self.end_stand_ins(&now, import.now).await?));
        }
        for held in &given {
            tables.grant(person.id, held)?;
        }
        tables.happened(import, person.id, person.version, &happened)?;
        Ok(Ok(true))
    }
}

fn held(now: Timestamp, placed: PlacedGrant) -> Held {
    Held { id: GrantId(entropy::id(now)), placed }
}
