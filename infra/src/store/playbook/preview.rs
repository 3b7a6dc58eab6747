//! What another version would mean for the tickets of a county that are open, were they decided by it: counted where they
//! are stored, a query each, and none is loaded.

use super::super::Store;
use super::super::change::ChangeError;
use super::super::dialect::open_clocks;
use super::super::error::StoreError;
use super::super::row::{column, optional_word, word};
use super::super::sql::Sql;
use domain::actor::Actor;
use domain::playbook::{Affected, Late, OpenTickets, Playbook, PlaybookRefusal, latest_start};
use domain::policy::ClockRule;
use domain::refusal::Refusal;
use domain::ticket::{Affair, Handling, Severity};
use domain::time::Timestamp;
use sea_orm::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The clocks of so many open tickets are looked at, the newest first.
pub const MOST_OPEN: u32 = 50_000;

/// What is open.
const OPEN: &str = "t.status IN ('submitted', 'dispatched', 'accepted') AND t.county = ";

impl Store {
    /// A county's playbook and what the open tickets there have to do with another one. Changes nothing.
    ///
    /// # Errors
    /// [`PlaybookRefusal`]; [`StoreError::StaleGrants`] and others.
    pub async fn preview_playbook(
        &self,
        county: &str,
        playbook: Option<&Playbook>,
        (asker, grants_version): (&Actor, i32),
        now: Timestamp,
    ) -> Result<(Arc<Playbook>, Affected), ChangeError> {
        self.current_grants(asker, grants_version).await?;
        self.sees_playbook(county, asker).await?;
        let place = self.stored_code(county)?;
        asker.may_edit_playbook(&place).map_err(Refusal::from)?;
        self.playbook_effects(county, playbook, now).await
    }

    /// The same on the program's own word.
    ///
    /// # Errors
    /// A county without a playbook is refused; [`StoreError`].
    pub async fn playbook_effects(
        &self,
        county: &str,
        playbook: Option<&Playbook>,
        now: Timestamp,
    ) -> Result<(Arc<Playbook>, Affected), ChangeError> {
        let current = self.playbooks.get(county).ok_or_else(|| Refusal::from(PlaybookRefusal::NotFound))?;
        let mut affected = self.open_tickets(county).await?;
        if let Some(playbook) = playbook {
            let before = self.current_playbook(county).await?;
            affected.breaks_levels = self.breaks_levels(before.as_ref(), playbook).await?;
            let kept = |category: &str| playbook.categories.iter().any(|known| known.key == category);
            affected.categories.retain(|category, _| !kept(category));
            // The days of the county count in either.
            let mut policy = playbook.policy.clone();
            policy.calendar = policy.calendar.with_days(current.policy.calendar.days.clone());
            affected.late = self.late_clocks(county, &Playbook { policy, ..playbook.clone() }, now).await?;
        } else {
            affected.categories.clear();
        }
        Ok((current, affected))
    }

    /// How many tickets are open, by the version that they began under and by category.
    async fn open_tickets(&self, county: &str) -> Result<Affected, StoreError> {
        let mut sql = Sql::new("SELECT t.playbook, t.category, count(*) AS n FROM ticket t WHERE ");
        sql.push(OPEN)
            .bind(county.parse::<i32>().unwrap_or_default())
            .push(" GROUP BY t.playbook, t.category");
        let mut affected = Affected::default();
        let mut versions: BTreeMap<Option<i32>, i64> = BTreeMap::new();
        for row in self.query_all(&sql.text, sql.values).await? {
            let count: i64 = column(&row, "ticket", "n")?;
            *versions.entry(column(&row, "ticket", "playbook")?).or_default() += count;
            if let Some(category) = column::<Option<String>>(&row, "ticket", "category")? {
                *affected.categories.entry(category).or_default() += count;
            }
        }
        let version = |version: Option<i32>| version.and_then(|version| u32::try_from(version).ok());
        affected.open =
            versions.into_iter().map(|(of, count)| OpenTickets { version: version(of), count }).collect();
        Ok(affected)
    }

    /// How many limits run, by kind and severity, and how many of them would be over.
    async fn late_clocks(
        &self,
        county: &str,
        playbook: &Playbook,
        now: Timestamp,
    ) -> Result<Vec<Late>, StoreError> {
        let starts: Vec<_> =
            playbook.policy.clocks.iter().map(|rule| latest_start(rule, &playbook.policy, now)).collect();
        let mut sql = Sql::new("SELECT c.kind, c.severity, count(*) AS running, ");
        sql.push("CAST(sum(CASE WHEN c.began < c.latest THEN 1 ELSE 0 END) AS bigint) AS late FROM (");
        sql.push("SELECT k.kind, k.severity, k.began, CASE");
        for (rule, latest) in playbook.policy.clocks.iter().zip(starts) {
            fits(&mut sql, rule);
            match latest {
                Some(latest) => sql.push(" THEN CAST(").bind(latest.timestamp()).push(" AS bigint)"),
                None => sql.push(" THEN CAST(NULL AS bigint)"),
            };
        }
        sql.push(" ELSE CAST(NULL AS bigint) END AS latest FROM (SELECT t.severity, t.affair, t.category, t.handling, ");
        let (columns, clocks) = open_clocks(self.backend());
        sql.push(columns).push(" FROM (SELECT * FROM ticket t WHERE ").push(OPEN);
        sql.bind(county.parse::<i32>().unwrap_or_default());
        sql.push(" ORDER BY t.created_at DESC LIMIT ").bind(i64::from(MOST_OPEN)).push(") t, ").push(clocks);
        sql.push(") k) c GROUP BY c.kind, c.severity ORDER BY c.kind, c.severity");
        let late = |row: &_| {
            Ok(Late {
                kind: word(row, "ticket", "kind")?,
                severity: optional_word(row, "ticket", "severity")?,
                running: column(row, "ticket", "running")?,
                late: column(row, "ticket", "late")?,
            })
        };
        self.query_all(&sql.text, sql.values).await?.iter().map(late).collect()
    }
}

/// Whether a rule is for a clock: the first for which this holds.
fn fits(sql: &mut Sql, rule: &ClockRule) {
    let kind: &'static str = rule.kind.into();
    sql.push(" WHEN k.kind = ").bind(kind);
    let narrower: [(&str, Option<Value>); 4] = [
        ("severity", rule.severity.map(Severity::name).map(Value::from)),
        ("affair", rule.affair.map(Affair::name).map(Value::from)),
        ("category", rule.category.as_deref().map(Value::from)),
        ("handling", rule.handling.map(Handling::name).map(Value::from)),
    ];
    for (column, value) in narrower {
        if let Some(value) = value {
            sql.push(&format!(" AND k.{column} = ")).bind(value);
        }
    }
}
