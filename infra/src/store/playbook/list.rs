//! Playbooks and their versions as people read them.

use super::super::Store;
use super::super::change::ChangeError;
use super::super::error::StoreError;
use super::super::page::{Page, is_current};
use super::super::row::{Row, column};
use super::super::sql::Sql;
use super::{number, stored};
use domain::actor::{Actor, Scope};
use domain::id::UserId;
use domain::permission::{Action, reaches};
use domain::playbook::{Playbook, PlaybookRefusal, Version};
use domain::refusal::Refusal;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// A version without what it says.
const VERSION: &str = "y.county, y.version, y.made_at, y.made_by, nullif(x.body, '') AS note, \
     y.source_hash IS NOT NULL AS seeded";

impl Store {
    /// The playbooks that somebody sees, by county: those of the counties where they hold a post.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn playbooks(
        &self,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Vec<Arc<Playbook>>, ChangeError> {
        self.current_grants(asker, grants_version).await?;
        let seen = self.counties_seen(asker).await?;
        let mut books = self.playbooks.counties();
        books.retain(|book| seen.as_ref().is_none_or(|seen| seen.contains(&book.county)));
        books.sort_by(|one, other| one.county.cmp(&other.county));
        Ok(books)
    }

    /// A version of a county's playbook with what it says, the current one unless said, out of the database.
    ///
    /// # Errors
    /// [`PlaybookRefusal::NotFound`], also where it is out of sight; [`StoreError::StaleGrants`] and others.
    pub async fn playbook_version(
        &self,
        county: &str,
        version: Option<u32>,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<(Version, Playbook), ChangeError> {
        self.sees_playbook(county, asker).await?;
        // One that a program of before wrote is not among the versions yet.
        let mut sql = asked_by(asker);
        sql.push(&format!(
            "SELECT {VERSION}, CAST(y.body AS text) AS body FROM (SELECT county, version, body, "
        ));
        sql.push("source_hash, made_at, made_by, note_id FROM playbook_version WHERE county = ").bind(county);
        sql.push(" UNION ALL SELECT county, version, body, source_hash, updated_at, NULL, NULL FROM playbook WHERE county = ");
        sql.bind(county).push(" AND version = 0) y LEFT JOIN free_text x ON x.id = y.note_id");
        match version {
            Some(version) => sql.push(" WHERE y.version = ").bind(number(version)),
            None => sql
                .push(" WHERE y.version = (SELECT version FROM playbook WHERE county = ")
                .bind(county)
                .push(")"),
        };
        sql.push(" LIMIT 1) p ON true");
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let (row, mut found) = match rows.first() {
            Some(row) if column::<Option<String>>(row, "playbook_version", "county")?.is_some() => {
                (row, read(row)?)
            }
            _ => return Err(Refusal::from(PlaybookRefusal::NotFound).into()),
        };
        let body: String = column(row, "playbook_version", "body")?;
        let body = serde_json::from_str(&body)
            .map_err(|error| StoreError::corrupt("playbook_version", "body", county, error))?;
        let playbook = stored(county, body, number(found.version))?;
        found.version = playbook.policy.version;
        Ok((found, playbook))
    }

    /// A page of the versions of a county's playbook, newest first; those before `before`.
    ///
    /// # Errors
    /// As [`Self::playbook_version`].
    pub async fn playbook_versions(
        &self,
        county: &str,
        (before, limit): (Option<u32>, u16),
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Page<Version, u32>, ChangeError> {
        self.sees_playbook(county, asker).await?;
        let mut sql = asked_by(asker);
        sql.push(&format!("SELECT {VERSION} FROM playbook_version y "));
        sql.push("LEFT JOIN free_text x ON x.id = y.note_id WHERE y.county = ").bind(county);
        if let Some(before) = before {
            sql.push(" AND y.version < ").bind(number(before));
        }
        sql.push(" ORDER BY y.version DESC LIMIT ").bind(i64::from(limit) + 1);
        sql.push(") p ON true ORDER BY p.version DESC");
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let mut items = Vec::with_capacity(rows.len());
        for row in &rows {
            if column::<Option<String>>(row, "playbook_version", "county")?.is_some() {
                items.push(read(row)?);
            }
        }
        let more = items.len() > usize::from(limit);
        items.truncate(limit.into());
        let next = items.last().filter(|_| more).map(|last: &Version| last.version);
        Ok(Page { items, next })
    }

    /// Whether somebody may look at a county's playbook, and it has one.
    pub(super) async fn sees_playbook(&self, county: &str, asker: &Actor) -> Result<(), ChangeError> {
        let seen = self.counties_seen(asker).await?;
        let is_seen = seen.is_none_or(|seen| seen.contains(county));
        if is_seen && self.playbooks.get(county).is_some() {
            return Ok(());
        }
        Err(Refusal::from(PlaybookRefusal::NotFound).into())
    }

    /// The counties whose playbooks somebody sees; `None` for all. Only who works for units costs a query.
    async fn counties_seen(&self, asker: &Actor) -> Result<Option<BTreeSet<String>>, StoreError> {
        if asker.sees_every_playbook() {
            return Ok(None);
        }
        let (mut seen, mut units) = (BTreeSet::new(), Vec::new());
        for grant in asker.grants.iter().filter(|grant| !reaches(grant.role, Action::PlaybookView).is_empty())
        {
            match &grant.scope {
                Scope::Places(places) => seen.extend(places.iter().map(|place| place.county().to_owned())),
                Scope::Unit(unit) => units.push(unit.0),
            }
        }
        if !units.is_empty() {
            let mut sql = Sql::new("SELECT DISTINCT county FROM unit WHERE id IN ");
            sql.bind_all(units);
            for row in self.query_all(&sql.text, sql.values).await? {
                seen.insert(column(&row, "unit", "county")?);
            }
        }
        Ok(Some(seen))
    }
}

/// A query that says whether the asker's grants are current, whatever else it finds.
fn asked_by(asker: &Actor) -> Sql {
    let mut sql = Sql::new(
        "SELECT v.grants_version, p.* FROM (SELECT (SELECT grants_version FROM app_user WHERE id = ",
    );
    sql.bind(asker.user.0).push(") AS grants_version) v LEFT JOIN (");
    sql
}

fn read(row: &Row) -> Result<Version, StoreError> {
    let table = "playbook_version";
    let county: String = column(row, table, "county")?;
    let version: i32 = column(row, table, "version")?;
    let version =
        u32::try_from(version).map_err(|error| StoreError::corrupt(table, "version", &county, error))?;
    Ok(Version {
        county,
        version,
        made_at: column(row, table, "made_at")?,
        made_by: column::<Option<Uuid>>(row, table, "made_by")?.map(UserId),
        note: column(row, "free_text", "note")?,
        seeded: column(row, table, "seeded")?,
    })
}
