//! That this database was made from a backup: each time, a row.

use super::error::StoreError;
use super::row::{Row, column};
use domain::time::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use uuid::Uuid;

/// Which was the last, if there was one.
pub(super) async fn last(db: &DatabaseConnection) -> Result<Option<Uuid>, StoreError> {
    let sql = "SELECT id FROM restoration ORDER BY restored_at DESC, id DESC LIMIT 1";
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    row.map(|row| column(&Row::from(row), "restoration", "id")).transpose()
}

/// The statement that writes it down in a table of this name.
pub(super) fn statement(table: &str, id: Uuid, now: Timestamp, taken_at: Timestamp) -> String {
    let [now, taken_at] = [now, taken_at].map(|at| at.to_rfc3339());
    format!("INSERT INTO {table} (id, restored_at, taken_at) VALUES ('{id}', '{now}', '{taken_at}');\n")
}

/// Writes down that it was restored, from a backup of then.
pub(super) async fn remember(
    db: &DatabaseConnection,
    id: Uuid,
    now: Timestamp,
    taken_at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO restoration (id, restored_at, taken_at) VALUES ($1, $2, $3)";
    let values = [id.into(), now.into(), taken_at.into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    Ok(db.execute_raw(statement).await.map(drop)?)
}
