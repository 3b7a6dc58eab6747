//! Points of in-service members (在职党员积分) of a community in a month: what the records say, in one query (practices L08).

use super::Store;
use super::error::StoreError;
use super::page::{Page, is_current};
use super::row::{Row, column};
use super::sql::Sql;
use super::user::NAME;
use chrono::NaiveDate;
use domain::actor::Actor;
use domain::id::UserId;
use domain::member::{MemberTally, MonthOf};
use domain::place::PlaceCode;
use domain::playbook::MemberPoints;
use uuid::Uuid;

/// Which members, and how many of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembersQuery {
    /// The community.
    pub place: PlaceCode,
    /// The month.
    pub month: MonthOf,
    /// What counts how much.
    pub points: MemberPoints,
    /// 1 to 100.
    pub limit: u16,
    /// The last of the page before: their points, and who they are.
    pub after: Option<(i64, UserId)>,
}

/// A member with their points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRow {
    /// Who.
    pub person: UserId,
    /// What they are called.
    pub name: String,
    /// Which they are: those with as many share it.
    pub rank: i64,
    /// How many points.
    pub points: i64,
    /// What they are made of.
    pub tally: MemberTally,
}

impl Store {
    /// A page of the members of a community by their points, the most first.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn member_points(
        &self,
        query: &MembersQuery,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Page<MemberRow, (i64, UserId)>, StoreError> {
        let sql = points_sql(query, asker);
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let there = |row: &&Row| column::<Option<Uuid>>(row, "app_user", "id").is_ok_and(|id| id.is_some());
        let mut items =
            rows.iter().filter(there).map(|row| self.stored_member(row)).collect::<Result<Vec<_>, _>>()?;
        let more = items.len() > usize::from(query.limit);
        items.truncate(query.limit.into());
        let next = items.last().filter(|_| more).map(|last| (last.points, last.person));
        Ok(Page { items, next })
    }

    fn stored_member(&self, row: &Row) -> Result<MemberRow, StoreError> {
        let id: Uuid = column(row, "app_user", "id")?;
        let name: Vec<u8> = column(row, "app_user", "name")?;
        let count = |name| column::<i64>(row, "member", name);
        Ok(MemberRow {
            person: UserId(id),
            name: self.unsealed(NAME, id, &name)?,
            rank: count("place_among")?,
            points: count("points")?,
            tally: MemberTally {
                promises: count("promises")?,
                late: count("late")?,
                tickets: count("tickets")?,
                posts: count("posts")?,
            },
        })
    }
}

/// What each record is worth a row of, by member; whoever belongs to the community has a row, whatever they did.
fn parts(sql: &mut Sql, query: &MembersQuery) {
    let MembersQuery { place, month, points: _, limit: _, after: _ } = query;
    let (from, to) = month.moments();
    sql.push(
        "SELECT y.party_id AS user_id, CASE WHEN m.status = 'kept' THEN 1 ELSE 0 END AS promises, \
         CASE WHEN m.status = 'kept' THEN 0 ELSE 1 END AS late, 0 AS tickets, 0 AS posts \
         FROM place q JOIN matter m ON m.place_id = q.id AND m.kind = 'promise' \
         JOIN matter_party y ON y.matter_id = m.id AND y.role = 'member' WHERE q.code = ",
    );
    sql.bind(place.as_str())
        .push(" AND m.status IN ('kept', 'kept_late') AND m.topic = ")
        .bind(month.to_string());
    sql.push(
        " UNION ALL SELECT f.user_id, 0, 0, 1, 0 FROM flag f WHERE f.taken_at IS NULL \
         AND f.generation = (SELECT r.generation FROM reactor r WHERE r.name = 'flags') AND substr(f.scope_code, 1, 12) = ",
    );
    sql.bind(place.as_str()).push(" AND f.earned_at >= ").bind(from).push(" AND f.earned_at < ").bind(to);
    // A claim that is over has not changed since.
    sql.push(
        " UNION ALL SELECT y.party_id, 0, 0, 0, 1 FROM place q JOIN matter m ON m.place_id = q.id AND m.kind = 'post_claim' \
         JOIN matter_party y ON y.matter_id = m.id AND y.role = 'member' WHERE q.code = ",
    );
    sql.bind(place.as_str()).push(" AND m.sorted_at < ").bind(to).push(" AND (m.open OR m.updated_at >= ");
    sql.bind(to);
    sql.push(") UNION ALL SELECT t.user_id, 0, 0, 0, 0 FROM place q JOIN tie t ON t.place_id = q.id WHERE t.kind = 'checked_in' AND q.code = ");
    let (first, last): (NaiveDate, NaiveDate) = month.days();
    sql.bind(place.as_str()).push(" AND t.since <= ").bind(last).push(" AND (t.until IS NULL OR t.until >= ");
    sql.bind(first);
    sql.push(") UNION ALL SELECT d.user_id, 0, 0, 0, 0 FROM grant_place d JOIN role_grant g ON g.id = d.grant_id WHERE g.role = 'party_member' AND ");
    sql.below("d.code", place);
}

/// The asker's version of grants beside one more member than the page holds.
fn points_sql(query: &MembersQuery, asker: &Actor) -> Sql {
    let MemberPoints { promise_kept, promise_late, ticket_done, post_month } = query.points;
    let mut sql = Sql::new(
        "SELECT v.grants_version, r.* FROM (SELECT (SELECT grants_version FROM app_user WHERE id = ",
    );
    sql.bind(asker.user.0).push(
        ") AS grants_version) v LEFT JOIN (SELECT u.id, u.name, s.* FROM (SELECT w.*, rank() OVER (ORDER BY w.points DESC) AS place_among \
         FROM (SELECT p.user_id, SUM(p.promises) AS promises, SUM(p.late) AS late, SUM(p.tickets) AS tickets, SUM(p.posts) AS posts, ",
    );
    sql.push(&format!(
        "SUM(p.promises * {promise_kept} + p.late * {promise_late} + p.tickets * {ticket_done} + p.posts * {post_month}) AS points FROM ("
    ));
    parts(&mut sql, query);
    sql.push(
        ") p JOIN app_user k ON k.id = p.user_id WHERE k.erased_at IS NULL AND k.joined_into IS NULL \
         AND EXISTS (SELECT 1 FROM role_grant g WHERE g.user_id = p.user_id AND g.role = 'party_member') GROUP BY p.user_id) w) s \
         JOIN app_user u ON u.id = s.user_id",
    );
    if let Some((points, person)) = query.after {
        sql.push(" WHERE (s.points, s.user_id) < (").bind(points).push(", ").bind(person.0).push(")");
    }
    sql.push(" ORDER BY s.points DESC, s.user_id DESC LIMIT ").bind(i64::from(query.limit) + 1);
    sql.push(") r ON true ORDER BY r.points DESC, r.user_id DESC");
    sql
}
