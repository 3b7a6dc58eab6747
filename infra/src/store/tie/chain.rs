//! The chain of responsibility (责任链条, practices L03): everyone who answers for a place, from itself up to the county,
//! in one query.

use super::super::Store;
use super::super::error::StoreError;
use super::super::page::is_current;
use super::super::row::{Row, column, word};
use super::super::sql::{Sql, prefixes};
use super::COLUMNS;
use domain::actor::Actor;
use domain::id::{PlaceId, UserId};
use domain::permission::Role;
use domain::place::PlaceRef;
use domain::time::{Timestamp, china_day};
use domain::view::{ChainLink, Post};
use uuid::Uuid;

/// The most entries of one chain.
const MOST: usize = 1_000;
/// Who answers for a place by a role that they were granted for just that place.
const POSTS: [Role; 4] = [Role::GridWorker, Role::GridLeader, Role::CommunityClerk, Role::StreetDispatcher];

/// A chain: the place first, the county last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The places.
    pub links: Vec<ChainLink>,
    /// Whether more answer than are shown.
    pub more: bool,
}

impl Store {
    /// Everyone who answers for a place today; `None` when there is no such place.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn chain(
        &self,
        place: PlaceId,
        now: Timestamp,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Option<Chain>, StoreError> {
        let sql = chain_sql(place, now, asker);
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let (mut links, more) = (Vec::<ChainLink>::new(), rows.len() > MOST);
        for row in rows.iter().take(MOST) {
            let Some(id) = column::<Option<Uuid>>(row, "place", "link")? else { break };
            let id = PlaceId(id);
            if links.last().is_none_or(|last| last.place.id != id) {
                let code: String = column(row, "place", "link_code")?;
                let place = PlaceRef { id, code: self.stored_code(&code)? };
                let name = column(row, "place", "link_name")?;
                links.push(ChainLink { place, name, ties: vec![], posts: vec![] });
            }
            let Some(link) = links.last_mut() else { break };
            if column::<Option<String>>(row, "role_grant", "role")?.is_some() {
                link.posts.push(self.post(row)?);
            } else if column::<Option<Uuid>>(row, "tie", "id")?.is_some() {
                link.ties.push(self.stored_tie(row)?);
            }
        }
        Ok((!links.is_empty()).then_some(Chain { links, more }))
    }

    fn post(&self, row: &Row) -> Result<Post, StoreError> {
        let person = UserId(column(row, "role_grant", "user_id")?);
        let (name, phone) = self.named_person(row, person)?;
        Ok(Post { role: word(row, "role_grant", "role")?, person, name, phone })
    }
}

pub(super) fn chain_sql(place: PlaceId, now: Timestamp, asker: &Actor) -> Sql {
    let today = china_day(now);
    let mut sql =
        Sql::new("WITH up AS (SELECT a.id, a.code, a.name FROM place b JOIN place a ON a.code IN (");
    sql.push(&prefixes("b.code")).push(") WHERE b.id = ").bind(place.0);
    sql.push(" AND (a.retired_at IS NULL OR a.id = b.id)) SELECT v.grants_version, c.* FROM (SELECT (SELECT grants_version FROM app_user WHERE id = ");
    sql.bind(asker.user.0);
    sql.push(&format!(
        ") AS grants_version) v LEFT JOIN (SELECT p.id AS link, p.code AS link_code, p.name AS link_name, \
         CAST(NULL AS text) AS role, {COLUMNS} FROM up p LEFT JOIN tie t ON t.place_id = p.id AND t.since <= "
    ));
    sql.bind(today).push(" AND (t.until IS NULL OR t.until >= ").bind(today);
    // Of the columns of a tie a grant has its id, its person, and what they are called.
    let none = vec!["NULL"; 14].join(", ");
    sql.push(&format!(
        ") LEFT JOIN unit n ON n.id = t.unit_id LEFT JOIN unit o ON o.id = t.of_unit_id LEFT JOIN place s ON s.id = o.seat_id \
         LEFT JOIN app_user u ON u.id = t.user_id UNION ALL SELECT p.id, p.code, p.name, g.role, \
         g.id, NULL, g.user_id, {none}, u.name, u.phone"
    ));
    sql.push(" FROM up p JOIN grant_place d ON d.code = p.code JOIN role_grant g ON g.id = d.grant_id JOIN app_user u ON u.id = g.user_id WHERE g.role IN ");
    sql.bind_all(POSTS.map(|role| -> &'static str { role.into() }));
    sql.push(&format!(
        ") c ON true ORDER BY c.link_code DESC, c.role IS NULL, c.role, c.id LIMIT {}",
        MOST + 1
    ));
    sql
}
