//! Whether matters are what their histories say, as far as both tell; and what becomes of them when people do.

use super::super::Store;
use super::super::error::StoreError;
use super::super::row::column;
use sea_orm::{DbBackend, Statement};
use uuid::Uuid;

/// Matters whose version is not the number of their events, and what belongs to none.
const FAULTS: [(&str, &str); 3] = [
    (
        "its version is not the last of its history",
        // Ahead only of a history that somebody stands in who was joined.
        "SELECT m.id FROM matter m JOIN (SELECT o.id, (SELECT COALESCE(MAX(e.stream_version), 0) FROM event e WHERE e.stream = o.id) AS last \
         FROM matter o) h ON h.id = m.id WHERE h.last = 0 OR m.version < h.last OR (m.version > h.last AND NOT EXISTS \
         (SELECT 1 FROM matter_party y JOIN app_user u ON u.joined_into = y.party_id WHERE y.matter_id = m.id))",
    ),
    (
        "somebody takes part in no matter",
        "SELECT y.matter_id AS id FROM matter_party y WHERE NOT EXISTS (SELECT 1 FROM matter m WHERE m.id = y.matter_id)",
    ),
    (
        "no matter has what only one may have",
        "SELECT s.matter_id AS id FROM matter_slot s WHERE NOT EXISTS (SELECT 1 FROM matter m WHERE m.id = s.matter_id)",
    ),
];

impl Store {
    /// Everything about matters that does not add up, a sentence each.
    pub(in crate::store) async fn verify_matters(&self) -> Result<Vec<String>, StoreError> {
        let mut faults = Vec::new();
        for (fault, sql) in FAULTS {
            for row in self.query_all(sql, vec![]).await? {
                let id: Uuid = column(&row, "matter", "id")?;
                faults.push(format!("matter {id}: {fault}"));
            }
        }
        Ok(faults)
    }

    /// What gives somebody the matters of the roster entry that they turned out to be.
    pub(in crate::store) fn move_matters(&self, roster: Uuid, user: Uuid) -> Vec<Statement> {
        let (text, json) = match self.backend() {
            DbBackend::Postgres => ("CAST(state AS text)", "CAST(replace({}, $3, $4) AS jsonb)"),
            _ => ("state", "replace({}, $3, $4)"),
        };
        // An id is like nothing else in a state.
        let sql = format!(
            "UPDATE matter SET state = {}, version = version + 1, created_by = CASE WHEN created_by = $1 THEN $2 ELSE created_by END \
             WHERE id IN (SELECT y.matter_id FROM matter_party y WHERE y.party_id = $1)",
            json.replace("{}", text)
        );
        let both = || vec![roster.into(), user.into()];
        let mut values = both();
        values.extend([roster.to_string().into(), user.to_string().into()]);
        let twice = "DELETE FROM matter_party WHERE party_id = $1 AND EXISTS (SELECT 1 FROM matter_party o WHERE o.party_id = $2 \
             AND o.matter_id = matter_party.matter_id AND o.role = matter_party.role)";
        // What only one may have goes along where nobody has it, and else is had no more: who had both had it twice.
        let theirs = "slot LIKE '%' || $1 || '%' AND matter_id IN (SELECT y.matter_id FROM matter_party y WHERE y.party_id = $3)";
        let free = format!(
            "UPDATE matter_slot SET slot = replace(slot, $1, $2) WHERE {theirs} \
             AND NOT EXISTS (SELECT 1 FROM matter_slot o WHERE o.slot = replace(matter_slot.slot, $1, $2))"
        );
        let left = format!("DELETE FROM matter_slot WHERE {}", theirs.replace("$3", "$2"));
        vec![
            self.statement(&free, vec![roster.to_string().into(), user.to_string().into(), roster.into()]),
            self.statement(&left, vec![roster.to_string().into(), roster.into()]),
            self.statement(&sql, values),
            self.statement(twice, both()),
            self.statement("UPDATE matter_party SET party_id = $2 WHERE party_id = $1", both()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Database;
    use crate::{Clock, MasterKey};

    #[tokio::test]
    async fn what_somebodys_matters_have_is_found_by_the_matter() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::sqlite_file(dir.path().join("huying.db"));
        let master = MasterKey::parse(&MasterKey::generate()).unwrap();
        let store = Store::open(&database, &master, &Clock::system()).await.unwrap();
        for statement in store.move_matters(Uuid::nil(), Uuid::max()).into_iter().take(2) {
            let plan = format!("EXPLAIN QUERY PLAN {}", statement.sql);
            let values = statement.values.map(|values| values.0).unwrap_or_default();
            let rows = store.query_all(&plan, values).await.unwrap();
            let steps: Vec<String> = rows.iter().map(|row| column(row, "plan", "detail").unwrap()).collect();
            assert!(steps.iter().any(|step| step.contains("INDEX matter_slot_matter")), "{steps:?}");
        }
        store.close().await.unwrap();
    }
}
