//! What goes into sheets: the same columns that come from them.

use super::super::Store;
use super::super::error::StoreError;
use super::super::person::stored_profile;
use super::super::row::{Row, column, optional_word, word};
use super::super::sql::Sql;
use super::super::user::{NAME, stored_grant};
use super::Happening;
use crate::entropy;
use domain::actor::Scope;
use domain::id::UserId;
use domain::import::{EXPORTED, Subject};
use domain::person::FreeSpan;
use domain::place::PlaceCode;
use domain::text::Text;
use domain::tie::TieKind;
use domain::time::Timestamp;
use domain::unit::UnitKind;
use uuid::Uuid;

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportQuery {
    /// What.
    pub subject: Subject,
    /// Of this place and all below it.
    pub place: PlaceCode,
}

impl Store {
    /// The rows of a sheet, with their columns in the order of its layout. People with their phone numbers in plain: it is
    /// the caller's to write down who took them, and why.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn export_rows(&self, query: &ExportQuery) -> Result<Vec<Vec<String>>, StoreError> {
        let sql = match query.subject {
            Subject::Places => places(&query.place),
            Subject::Units => units(&query.place),
            Subject::People => people(&query.place),
            Subject::Ties => ties(&query.place),
        };
        let rows = self.query_all(&sql.text, sql.values).await?;
        rows.iter()
            .map(|row| match query.subject {
                Subject::Places => Ok(vec![column(row, "place", "code")?, column(row, "place", "name")?]),
                Subject::Units => unit(row),
                Subject::People => self.person_row(row),
                Subject::Ties => self.tie_row(row, &query.place),
            })
            .collect()
    }

    /// Writes down that somebody takes a sheet with personal data home.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn record_sheet_export(
        &self,
        subject: Subject,
        place: PlaceCode,
        by: UserId,
        reason: &Text,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let stream = entropy::id(now);
        let text = vec![reason.reference.id.0.into(), stream.into(), reason.body.as_str().to_owned().into()];
        let happening = Happening {
            aggregate: "export",
            id: stream,
            version: 1,
            kind: EXPORTED,
            v: 1,
            at: place.as_str(),
            text: Some(reason.reference.id.0),
        };
        let fact = serde_json::json!({"kind": EXPORTED, "name": subject.chinese()});
        let mut exported = super::events();
        exported.add(super::event(Some(by), now, happening, &fact)?);
        let mut statements =
            vec![self.statement("INSERT INTO free_text (id, stream, body) VALUES ($1, $2, $3)", text)];
        statements.extend(exported.statements(self));
        self.journal.write(statements).await
    }

    /// What people call a line of work.
    fn line_name(&self, place: &PlaceCode, key: String) -> String {
        let playbook = self.playbook(place.county()).ok();
        let lines = playbook.iter().flat_map(|playbook| &playbook.lines);
        lines.into_iter().find(|line| line.key == key).map_or(key, |line| line.name.clone())
    }

    fn phone_of(&self, row: &Row, id: Uuid) -> Result<String, StoreError> {
        Ok(self.unsealed_column(row, "phone", super::super::phone::PHONE, id)?.unwrap_or_default())
    }

    fn person_row(&self, row: &Row) -> Result<Vec<String>, StoreError> {
        let id: Uuid = column(row, "app_user", "id")?;
        let name: Vec<u8> = column(row, "app_user", "name")?;
        let role: String = column(row, "role_grant", "role")?;
        let scope: String = column(row, "role_grant", "scope")?;
        let grant = stored_grant(id, &role, &scope)?;
        let places = match &grant.scope {
            Scope::Places(places) => places.iter().map(ToString::to_string).collect::<Vec<_>>().join("、"),
            Scope::Unit(_) => String::new(),
        };
        let unit: Option<String> = column(row, "unit", "unit")?;
        let profile = stored_profile(row, id)?.unwrap_or_default();
        let day = |free: &FreeSpan| {
            let (from, to) = free.times();
            let days = ["一", "二", "三", "四", "五", "六", "日"];
            let name = days.get(usize::from(free.weekday.saturating_sub(1))).copied().unwrap_or_default();
            format!("周{name}{from}-{to}")
        };
        Ok(vec![
            self.unsealed(NAME, id, &name)?,
            self.phone_of(row, id)?,
            grant.role.chinese().to_owned(),
            places,
            unit.unwrap_or_default(),
            profile.skills.join("、"),
            profile.wishes.join("、"),
            profile.free.iter().map(day).collect::<Vec<_>>().join("、"),
        ])
    }

    fn tie_row(&self, row: &Row, place: &PlaceCode) -> Result<Vec<String>, StoreError> {
        let kind: TieKind = word(row, "tie", "kind")?;
        let text =
            |name| Ok::<_, StoreError>(column::<Option<String>>(row, "tie", name)?.unwrap_or_default());
        let person = column::<Option<Uuid>>(row, "tie", "user_id")?.map(UserId);
        let phone = person.map(|person| self.phone_of(row, person.0)).transpose()?.unwrap_or_default();
        let day = |name| {
            let day = column::<Option<chrono::NaiveDate>>(row, "tie", name)?;
            Ok::<_, StoreError>(day.map(|day| day.to_string()).unwrap_or_default())
        };
        Ok(vec![
            kind.chinese().to_owned(),
            phone,
            text("unit")?,
            text("place")?,
            text("of_unit")?,
            self.line_name(place, text("line")?),
            text("post")?,
            day("since")?,
            day("until")?,
        ])
    }
}

fn unit(row: &Row) -> Result<Vec<String>, StoreError> {
    let kind: Option<UnitKind> = optional_word(row, "unit", "kind")?;
    let text = |name| Ok::<_, StoreError>(column::<Option<String>>(row, "unit", name)?.unwrap_or_default());
    Ok(vec![text("name")?, kind.unwrap_or_default().chinese().to_owned(), text("code")?, text("seat")?])
}

fn places(place: &PlaceCode) -> Sql {
    let mut sql = Sql::new("SELECT p.code, p.name FROM place p WHERE p.retired_at IS NULL AND ");
    sql.below("p.code", place).push(" ORDER BY p.code");
    sql
}

fn units(place: &PlaceCode) -> Sql {
    let mut sql = Sql::new(
        "SELECT u.name, u.kind, u.code, s.code AS seat FROM unit u LEFT JOIN place s ON s.id = u.seat_id \
         WHERE u.retired_at IS NULL AND u.county = ",
    );
    sql.bind(place.county());
    if place.as_str() != place.county() {
        sql.push(" AND ").below("s.code", place);
    }
    sql.push(" ORDER BY u.kind, u.name, u.id");
    sql
}

fn people(place: &PlaceCode) -> Sql {
    let mut sql = Sql::new(
        "SELECT u.id, u.name, u.phone, CAST(u.profile AS text) AS profile, g.role, CAST(g.scope AS text) AS scope, COALESCE(n.code, n.name) AS unit \
         FROM role_grant g JOIN app_user u ON u.id = g.user_id LEFT JOIN unit n ON n.id = g.unit_id \
         WHERE u.erased_at IS NULL AND u.phone IS NOT NULL AND (g.id IN (SELECT d.grant_id FROM grant_place d WHERE ",
    );
    sql.below("d.code", place).push(")");
    if place.as_str() == place.county() {
        sql.push(" OR n.county = ").bind(place.county());
    }
    sql.push(") ORDER BY u.id, g.id");
    sql
}

/// Those that go on; who has no phone number cannot be told in a sheet.
fn ties(place: &PlaceCode) -> Sql {
    let mut sql = Sql::new(
        "SELECT t.kind, t.user_id, u.phone, COALESCE(n.code, n.name) AS unit, p.code AS place, COALESCE(o.code, o.name) AS of_unit, \
         t.line, t.post, t.since, t.until FROM tie t LEFT JOIN app_user u ON u.id = t.user_id LEFT JOIN unit n ON n.id = t.unit_id \
         LEFT JOIN place p ON p.id = t.place_id LEFT JOIN unit o ON o.id = t.of_unit_id LEFT JOIN place s ON s.id = o.seat_id \
         WHERE t.until IS NULL AND t.kind <> 'checked_in' AND (t.user_id IS NULL OR u.phone IS NOT NULL) AND (",
    );
    sql.below("p.code", place).push(" OR ").below("s.code", place);
    if place.as_str() == place.county() {
        sql.push(" OR o.county = ").bind(place.county());
    }
    sql.push(") ORDER BY t.kind, t.id");
    sql
}
