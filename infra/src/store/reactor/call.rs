//! Who hears a call (群众呼叫, practices Q09): whoever holds one of its roles for a place in its area.

use super::super::Store;
use super::super::error::StoreError;
use super::super::row::column;
use super::super::sql::Sql;
use domain::id::UserId;
use domain::permission::Roles;
use domain::place::PlaceCode;
use std::collections::{HashMap, HashSet};

/// The most who hear one call.
const MOST: usize = 500;
/// How many areas are asked about at a time: SQLite takes so many parts of a query and more.
const AT_ONCE: usize = 100;

/// An area, and the roles that hear calls in it.
type Heard = (PlaceCode, Roles);

impl Store {
    /// Who hears calls in these areas: one query for a hundred of them.
    pub(super) async fn people_called(
        &self,
        calls: HashSet<Heard>,
    ) -> Result<HashMap<Heard, Vec<UserId>>, StoreError> {
        let calls: Vec<_> = calls.into_iter().filter(|(_, roles)| !roles.is_empty()).collect();
        let mut people: HashMap<_, Vec<_>> = HashMap::new();
        for calls in calls.chunks(AT_ONCE) {
            let mut sql = Sql::default();
            for (i, (area, roles)) in calls.iter().enumerate() {
                sql.push(if i == 0 { "" } else { " UNION ALL " });
                sql.push(&format!(
                    "SELECT * FROM (SELECT DISTINCT {i} AS heard, p.user_id FROM grant_place p "
                ));
                sql.push("JOIN role_grant g ON g.id = p.grant_id WHERE ").below("p.code", area);
                let words = roles.iter().map(|role| -> &'static str { role.into() });
                sql.push(" AND g.role IN ").bind_all(words);
                sql.push(&format!(" ORDER BY p.user_id LIMIT {MOST}) c{i}"));
            }
            for row in self.query_all(&sql.text, sql.values).await? {
                let heard: i32 = column(&row, "grant_place", "heard")?;
                let Some(call) = usize::try_from(heard).ok().and_then(|at| calls.get(at)) else { continue };
                people.entry(*call).or_default().push(UserId(column(&row, "grant_place", "user_id")?));
            }
        }
        Ok(people)
    }
}
