//! One person, with all that says who may see them, in one query, which also tells whether the asker's grants are current.

use super::super::Store;
use super::super::error::StoreError;
use super::super::row::{Row, column};
use super::super::sql::Sql;
use super::super::user::stored_grant;
use super::{NAME, PHONE};
use domain::actor::Actor;
use domain::id::{GrantId, UserId};
use domain::person::{Held, Person, PlacedGrant, Profile, Whereabouts};
use domain::phone::Phone;
use domain::place::PlaceCode;
use uuid::Uuid;

impl Store {
    /// A person, whoever may see them; `None` when there is nobody of that id. `asker` is who asks, with the version of
    /// their grants.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] when that version is no longer current, and others.
    pub async fn person(
        &self,
        id: UserId,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Option<Person>, StoreError> {
        let mut sql = one(asker);
        sql.push("u.id = ").bind(id.0);
        self.one_person(sql, grants_version).await
    }

    /// The same by their phone number.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn person_by_phone(
        &self,
        phone: &Phone,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Option<Person>, StoreError> {
        let mut sql = one(asker);
        sql.push("u.phone_hash = ").bind(self.phone_hash(phone).to_vec());
        self.one_person(sql, grants_version).await
    }

    async fn one_person(&self, mut sql: Sql, grants_version: i32) -> Result<Option<Person>, StoreError> {
        sql.push(" ORDER BY g.id");
        let rows = self.query_all(&sql.text, sql.values).await?;
        let Some(first) = rows.first() else { return Ok(None) };
        if column::<Option<i32>>(first, "app_user", "asker_version")? != Some(grants_version) {
            return Err(StoreError::StaleGrants);
        }
        let mut person = self.stored_person(first)?;
        person.place.traced = self.optional_code(first, "event", "traced")?;
        person.place.ticket = self.optional_code(first, "ticket", "ticket_code")?;
        for row in &rows {
            person.place.grants.extend(self.stored_held(row, person.id.0)?);
        }
        Ok(Some(person))
    }

    /// How many events somebody has, and what they hold.
    pub(in crate::store) async fn held_by(&self, id: UserId) -> Result<(i32, Vec<Held>), StoreError> {
        let sql = format!(
            "SELECT u.version, {GRANT_COLUMNS} FROM app_user u LEFT JOIN role_grant g ON g.user_id = u.id \
             LEFT JOIN unit n ON n.id = g.unit_id WHERE u.id = $1 ORDER BY g.id"
        );
        let (mut version, mut all) = (0, Vec::new());
        for row in self.query_all(&sql, vec![id.0.into()]).await? {
            version = column(&row, "app_user", "version")?;
            all.extend(self.stored_held(&row, id.0)?);
        }
        Ok((version, all))
    }

    /// What somebody can do, wants to do, and when they are free; `None` where that is not known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn profile(&self, id: UserId) -> Result<Option<Profile>, StoreError> {
        let sql = "SELECT CAST(profile AS text) AS profile FROM app_user WHERE id = $1";
        let row = self.query_one(sql, vec![id.0.into()]).await?;
        row.map_or(Ok(None), |row| stored_profile(&row, id.0))
    }

    /// A person from their row, without grants.
    pub(in crate::store) fn stored_person(&self, row: &Row) -> Result<Person, StoreError> {
        let id: Uuid = column(row, "app_user", "id")?;
        let name: Vec<u8> = column(row, "app_user", "name")?;
        let phone: Option<Vec<u8>> = column(row, "app_user", "phone")?;
        let phone = phone.map(|sealed| {
            let plain = self.unsealed(PHONE, id, &sealed)?;
            Phone::parse(&plain).map_err(|refusal| StoreError::corrupt("app_user", "phone", id, refusal))
        });
        Ok(Person {
            id: UserId(id),
            name: self.unsealed(NAME, id, &name)?,
            phone: phone.transpose()?,
            profile: stored_profile(row, id)?,
            place: Whereabouts::default(),
            version: column(row, "app_user", "version")?,
            created_at: column(row, "app_user", "created_at")?,
            erased_at: column(row, "app_user", "erased_at")?,
        })
    }

    /// The grant of a row that has one.
    pub(in crate::store) fn stored_held(&self, row: &Row, user: Uuid) -> Result<Option<Held>, StoreError> {
        let Some(id) = column::<Option<Uuid>>(row, "role_grant", "grant_id")? else { return Ok(None) };
        let role: String = column(row, "role_grant", "role")?;
        let scope: String = column(row, "role_grant", "scope")?;
        let placed = PlacedGrant {
            grant: stored_grant(user, &role, &scope)?,
            county: self.optional_code(row, "unit", "unit_county")?,
        };
        Ok(Some(Held { id: GrantId(id), placed }))
    }

    pub(in crate::store) fn optional_code(
        &self,
        row: &Row,
        table: &'static str,
        name: &'static str,
    ) -> Result<Option<PlaceCode>, StoreError> {
        let code: Option<String> = column(row, table, name)?;
        code.map(|code| self.stored_code(&code)).transpose()
    }
}

pub(in crate::store) fn stored_profile(row: &Row, user: Uuid) -> Result<Option<Profile>, StoreError> {
    let text: Option<String> = column(row, "app_user", "profile")?;
    let profile = text.map(|text| serde_json::from_str(&text)).transpose();
    profile.map_err(|error| StoreError::corrupt("app_user", "profile", user, error))
}

/// That a county knows `app_user u`: they hold a post there, or were entered into its roster. Of anybody else it is not told
/// that they are there, nor what they are called.
pub(in crate::store) fn known_in(sql: &mut Sql, county: &PlaceCode) {
    sql.push("(EXISTS (SELECT 1 FROM grant_place d WHERE d.user_id = u.id AND d.code >= ")
        .bind(county.county());
    sql.push(" AND d.code < ").bind(format!("{}:", county.county()));
    sql.push(") OR EXISTS (SELECT 1 FROM role_grant g JOIN unit n ON n.id = g.unit_id WHERE g.user_id = u.id AND n.county = ");
    sql.bind(county.county());
    sql.push(") OR EXISTS (SELECT 1 FROM event e WHERE e.stream = u.id AND e.aggregate = 'person' AND e.kind = 'registered' AND substr(e.scope_code, 1, 6) = ");
    sql.bind(county.county()).push("))");
}

/// The columns of `app_user u` that make a person.
pub(in crate::store) const COLUMNS: &str =
    "u.id, u.name, u.phone, CAST(u.profile AS text) AS profile, u.version, u.created_at, u.erased_at";
/// Those of a grant, its unit among them.
pub(in crate::store) const GRANT_COLUMNS: &str =
    "g.id AS grant_id, g.role, CAST(g.scope AS text) AS scope, n.county AS unit_county";

/// The query up to which person it is. A roster entry that turned out to be somebody is nobody of its own any more; and a
/// ticket that was raised in confidence does not tell where its requester is.
pub(super) fn one(asker: &Actor) -> Sql {
    let mut sql = Sql::new(&format!("SELECT {COLUMNS}, {GRANT_COLUMNS}, "));
    sql.push("(SELECT a.grants_version FROM app_user a WHERE a.id = ").bind(asker.user.0);
    sql.push(
        ") AS asker_version, \
         (SELECT e.scope_code FROM event e WHERE e.stream = u.id AND e.scope_code <> '' \
          ORDER BY e.stream_version DESC LIMIT 1) AS traced, ",
    );
    let counties: Vec<_> = asker.county_area().collect();
    if counties.is_empty() {
        sql.push("CAST(NULL AS text)");
    } else {
        sql.push(
            "(SELECT t.scope_code FROM ticket t WHERE t.requester_id = u.id AND NOT t.confidential AND ",
        );
        sql.below_any("t.scope_code", &counties);
        sql.push(" ORDER BY t.created_at DESC, t.id DESC LIMIT 1)");
    }
    sql.push(
        " AS ticket_code FROM app_user u LEFT JOIN role_grant g ON g.user_id = u.id \
         LEFT JOIN unit n ON n.id = g.unit_id WHERE u.joined_into IS NULL AND ",
    );
    sql
}
