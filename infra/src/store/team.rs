//! Teams (队伍) that take tickets together: who is in one today.

use super::Store;
use super::error::StoreError;
use super::row::{column, word};
use domain::actor::{Actor, Scope};
use domain::id::{UnitId, UserId};
use domain::ticket::{MAX_MATES, Team};
use domain::tie::TieKind;
use domain::time::{Timestamp, china_day};
use uuid::Uuid;

impl Store {
    /// What must be known of a team that somebody wants to take a ticket with, in one query.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn team(&self, unit: UnitId, actor: &Actor, now: Timestamp) -> Result<Team, StoreError> {
        // Whoever asks comes first, so that a large team has them among those who are named.
        let sql = format!(
            "SELECT n.kind, n.county, t.user_id FROM unit n LEFT JOIN tie t ON t.of_unit_id = n.id AND t.kind = $2 \
             AND t.user_id IS NOT NULL AND t.since <= $3 AND (t.until IS NULL OR t.until >= $3) \
             WHERE n.id = $1 AND n.retired_at IS NULL \
             ORDER BY CASE WHEN t.user_id = $4 THEN 0 ELSE 1 END, t.since, t.id LIMIT {}",
            MAX_MATES + 1
        );
        let values =
            vec![unit.0.into(), TieKind::Member.name().into(), china_day(now).into(), actor.user.0.into()];
        let rows = self.query_all(&sql, values).await?;
        let known = rows.first().map(|row| {
            let county: String = column(row, "unit", "county")?;
            Ok::<_, StoreError>((word(row, "unit", "kind")?, self.stored_code(&county)?))
        });
        let member = |row| Ok::<_, StoreError>(column::<Option<Uuid>>(row, "tie", "user_id")?.map(UserId));
        let members: Vec<Option<UserId>> = rows.iter().map(member).collect::<Result<_, _>>()?;
        let granted = actor.grants.iter().any(|grant| grant.scope == Scope::Unit(unit));
        Ok(Team {
            unit,
            known: known.transpose()?,
            members: members.into_iter().flatten().collect(),
            granted,
        })
    }
}
