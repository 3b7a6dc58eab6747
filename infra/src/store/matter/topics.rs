//! How many matters of each topic there are in an area.

use super::super::Store;
use super::super::error::StoreError;
use super::super::page::is_current;
use super::super::row::{Row, column};
use super::super::sql::Sql;
use super::list::{MatterLens, through};
use domain::actor::Actor;
use domain::matter::Matter;
use domain::place::PlaceCode;

/// How many matters of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicCount {
    /// Which topic.
    pub topic: String,
    /// To how many something is still to come.
    pub open: i64,
    /// How many are over.
    pub over: i64,
}

impl Store {
    /// How many matters of a kind lie in these places of one county and below, by topic, in one query. Topics without any
    /// are left out.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn count_topics<M: Matter>(
        &self,
        places: &[PlaceCode],
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Vec<TopicCount>, StoreError> {
        let mut sql = Sql::new(
            "SELECT v.grants_version, m.* FROM (SELECT (SELECT grants_version FROM app_user WHERE id = ",
        );
        sql.bind(asker.user.0);
        sql.push(
            ") AS grants_version) v LEFT JOIN (SELECT m.topic, count(CASE WHEN m.open THEN 1 END) AS going, \
             count(CASE WHEN m.open THEN NULL ELSE 1 END) AS gone FROM matter m",
        );
        through(&mut sql, &MatterLens::Area(places.to_vec()), M::KIND);
        sql.push(" AND m.topic IS NOT NULL AND EXISTS (SELECT 1 FROM place q WHERE q.id = m.place_id AND ");
        sql.below_any("q.code", places).push(") GROUP BY m.topic) m ON true ORDER BY m.topic");
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let one = |row: &Row| {
            let Some(topic) = column::<Option<String>>(row, "matter", "topic")? else { return Ok(None) };
            let (open, over) = (column(row, "matter", "going")?, column(row, "matter", "gone")?);
            Ok(Some(TopicCount { topic, open, over }))
        };
        rows.iter().map(one).filter_map(Result::transpose).collect()
    }
}
