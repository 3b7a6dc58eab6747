//! Who could be dispatched to, with all that a recommendation looks at, in one query (practices L05).

use super::Store;
use super::error::StoreError;
use super::page::is_current;
use super::row::{Row, column};
use super::sql::Sql;
use super::user::NAME;
use domain::actor::Actor;
use domain::id::UserId;
use domain::matching::{CANDIDATES, Candidate, Fit, HeldPost, rank};
use domain::matter::Matter;
use domain::permission::Role;
use domain::person::Profile;
use domain::place::PlaceCode;
use domain::post::PostClaim;
use domain::time::Timestamp;
use sea_orm::DbBackend;
use std::collections::HashMap;
use uuid::Uuid;

/// How many people of a place are looked at, the latest known first.
const LOOKED_AT: u16 = 1_000;
/// The digits of a community's code.
const COMMUNITY: usize = 12;

/// For what somebody is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Where: in a community or below.
    pub place: PlaceCode,
    /// What fits, in words.
    pub needed: &'a [String],
    /// Who is not asked: those who raised it.
    pub but: &'a [UserId],
}

/// Somebody who is recommended, with what a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recommended {
    /// Who, and why.
    pub fit: Fit,
    /// What they are called.
    pub name: String,
    /// What they are granted there.
    pub roles: Vec<Role>,
}

/// What of somebody the rules do not look at.
struct Shown {
    name: Vec<u8>,
    roles: Vec<Role>,
}

impl Store {
    /// Whom a ticket fits, the best first.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn recommended(
        &self,
        wanted: &Wanted<'_>,
        asker: &Actor,
        grants_version: i32,
        now: Timestamp,
    ) -> Result<Vec<Recommended>, StoreError> {
        let sql = candidates_sql(self.backend(), wanted, asker, now);
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let (mut candidates, mut shown) = (Vec::new(), HashMap::new());
        for row in &rows {
            let Some(id) = column::<Option<Uuid>>(row, "app_user", "id")?.map(UserId) else { continue };
            if wanted.but.contains(&id) {
                continue;
            }
            candidates.push(stored_candidate(row, id)?);
            shown.insert(id, stored_shown(row, id)?);
        }
        let fits = rank(&candidates, wanted.needed, now).into_iter();
        let whole = fits.filter_map(|fit| {
            let Shown { name, roles } = shown.remove(&fit.person)?;
            let name = self.unsealed(NAME, fit.person.0, &name);
            Some(name.map(|name| Recommended { fit, name, roles }))
        });
        whole.collect()
    }
}

fn stored_candidate(row: &Row, id: UserId) -> Result<Candidate, StoreError> {
    let profile = super::person::stored_profile(row, id.0)?.unwrap_or_else(Profile::default);
    let posts: Option<String> = column(row, "matter", "posts")?;
    let claims: Vec<PostClaim> = posts
        .map_or(Ok(vec![]), |json| serde_json::from_str(&json))
        .map_err(|error| StoreError::corrupt("matter", "state", id, error))?;
    let held = |claim: PostClaim| HeldPost {
        name: claim.name,
        words: claim.skills.into_iter().chain(claim.services).collect(),
    };
    Ok(Candidate {
        person: id,
        profile,
        posts: claims.into_iter().map(held).collect(),
        on_duty: column(row, "shift", "on_duty")?,
        open: u32::try_from(column::<i64>(row, "ticket", "open_tickets")?).unwrap_or(u32::MAX),
        away: column(row, "absence", "away")?,
    })
}

fn stored_shown(row: &Row, id: UserId) -> Result<Shown, StoreError> {
    let roles: String = column(row, "role_grant", "roles")?;
    let word =
        |word: &str| word.parse().map_err(|_| StoreError::corrupt("role_grant", "role", id, word.to_owned()));
    let mut roles = roles.split(',').map(word).collect::<Result<Vec<Role>, _>>()?;
    roles.sort_unstable_by_key(|role| *role as u8);
    Ok(Shown { name: column(row, "app_user", "name")?, roles })
}

/// The asker's version of grants beside whoever is granted something for the place or what of its community it lies in.
fn candidates_sql(backend: DbBackend, wanted: &Wanted<'_>, asker: &Actor, now: Timestamp) -> Sql {
    let code = wanted.place.as_str();
    let (roles, claims) = match backend {
        DbBackend::Postgres => ("string_agg(DISTINCT g.role, ',')", "json_agg(m.state)::text"),
        _ => ("group_concat(DISTINCT g.role)", "json_group_array(json(m.state))"),
    };
    let mut sql = Sql::new(
        "SELECT v.grants_version, c.* FROM (SELECT (SELECT grants_version FROM app_user WHERE id = ",
    );
    sql.bind(asker.user.0).push(
        ") AS grants_version) v LEFT JOIN (SELECT u.id, u.name, CAST(u.profile AS text) AS profile, h.roles, \
         EXISTS (SELECT 1 FROM absence a WHERE a.user_id = u.id AND a.starts_at <= ",
    );
    sql.bind(now).push(" AND a.ends_at > ").bind(now);
    sql.push(") AS away, EXISTS (SELECT 1 FROM shift s WHERE s.user_id = u.id AND s.starts_at <= ").bind(now);
    sql.push(" AND s.ends_at > ").bind(now).push(" AND s.place = substr(CAST(").bind(code);
    sql.push(" AS text), 1, length(s.place))) AS on_duty, ");
    sql.push(
        "(SELECT COUNT(*) FROM ticket t WHERE t.handler_id = u.id AND t.status IN ('dispatched', 'accepted')) AS open_tickets, (SELECT ",
    );
    sql.push(claims).push(
        " FROM matter_party y JOIN matter m ON m.id = y.matter_id JOIN place q ON q.id = m.place_id \
         WHERE y.party_id = u.id AND y.kind = ",
    );
    sql.bind(PostClaim::KIND).push(" AND m.open AND m.state_v <= ").bind(PostClaim::VERSION);
    sql.push(" AND q.code = ")
        .bind(wanted.place.community().unwrap_or(code))
        .push(") AS posts FROM (SELECT d.user_id, ");
    sql.push(roles)
        .push(" AS roles FROM grant_place d JOIN role_grant g ON g.id = d.grant_id WHERE d.code IN ");
    sql.bind_all((COMMUNITY..=code.len()).filter_map(|digits| code.get(..digits)));
    sql.push(" AND g.role IN ").bind_all(CANDIDATES.map(<&str>::from));
    sql.push(&format!(
        " GROUP BY d.user_id ORDER BY d.user_id DESC LIMIT {LOOKED_AT}) h JOIN app_user u ON u.id = h.user_id \
         WHERE u.erased_at IS NULL AND u.joined_into IS NULL) c ON true"
    ));
    sql
}
