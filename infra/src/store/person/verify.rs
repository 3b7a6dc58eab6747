//! Whether what is stored of people adds up: the rows by which they are found are those of their grants, their history
//! has no gap, and nothing is left of who was erased.

use super::super::Store;
use super::super::error::StoreError;
use super::super::row::column;
use super::super::user::stored_grant;
use super::NAME;
use domain::actor::Scope;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

const PLACES: &str = "SELECT grant_id, code, user_id FROM grant_place ORDER BY grant_id, code";
const GRANTS: &str = "SELECT id, user_id, role, CAST(scope AS text) AS scope, unit_id FROM role_grant";
/// A version may be ahead of the last event, where a roster entry was joined to somebody or there were no events yet; never
/// behind.
const GAPS: &str = "SELECT u.id, u.version FROM app_user u JOIN (SELECT stream, max(stream_version) AS last FROM event \
     WHERE aggregate = 'person' GROUP BY stream) e ON e.stream = u.id WHERE e.last > u.version";
const LEFT: &str = "SELECT u.id FROM app_user u WHERE u.erased_at IS NOT NULL AND (u.phone IS NOT NULL OR u.phone_hash IS NOT NULL \
     OR u.profile IS NOT NULL OR EXISTS (SELECT 1 FROM identity i WHERE i.user_id = u.id) OR EXISTS (SELECT 1 FROM role_grant g WHERE g.user_id = u.id) \
     OR EXISTS (SELECT 1 FROM session s WHERE s.user_id = u.id) OR EXISTS (SELECT 1 FROM credential c WHERE c.user_id = u.id) \
     OR EXISTS (SELECT 1 FROM live_ticket l WHERE l.user_id = u.id) OR EXISTS (SELECT 1 FROM photo f WHERE f.user_id = u.id) \
     OR EXISTS (SELECT 1 FROM matter_text y JOIN free_text x ON x.id = y.text_id WHERE y.written_by = u.id AND x.body <> '') \
     OR EXISTS (SELECT 1 FROM inbox m WHERE m.user_id = u.id) OR EXISTS (SELECT 1 FROM shift d WHERE d.user_id = u.id) \
     OR EXISTS (SELECT 1 FROM absence b WHERE b.user_id = u.id OR b.stand_in = u.id))";

/// Everybody with a post, each once.
const IN_POST: &str = "SELECT u.id, u.name FROM app_user u WHERE EXISTS \
     (SELECT 1 FROM role_grant g WHERE g.user_id = u.id AND g.role <> 'resident')";

impl Store {
    /// Everything that does not add up, a sentence each.
    pub(in crate::store) async fn verify_people(&self) -> Result<Vec<String>, StoreError> {
        let mut faults = Vec::new();
        let mut places: HashMap<(Uuid, Uuid), Vec<String>> = HashMap::new();
        for row in self.query_all(PLACES, vec![]).await? {
            let key = (column(&row, "grant_place", "grant_id")?, column(&row, "grant_place", "user_id")?);
            places.entry(key).or_default().push(column(&row, "grant_place", "code")?);
        }
        for row in self.query_all(GRANTS, vec![]).await? {
            let (id, user): (Uuid, Uuid) =
                (column(&row, "role_grant", "id")?, column(&row, "role_grant", "user_id")?);
            let role: String = column(&row, "role_grant", "role")?;
            let scope: String = column(&row, "role_grant", "scope")?;
            let (mut codes, unit) = match stored_grant(user, &role, &scope)?.scope {
                Scope::Places(places) => (places.iter().map(ToString::to_string).collect(), None),
                Scope::Unit(unit) => (vec![], Some(unit.0)),
            };
            codes.sort_unstable();
            codes.dedup();
            if places.remove(&(id, user)).unwrap_or_default() != codes {
                faults.push(format!("grant {id}: its places are others"));
            }
            if column::<Option<Uuid>>(&row, "role_grant", "unit_id")? != unit {
                faults.push(format!("grant {id}: its unit is another"));
            }
        }
        faults.extend(places.into_keys().map(|(grant, _)| format!("places of {grant}: no grant")));
        faults.extend(self.verify_tokens().await?);
        for row in self.query_all(GAPS, vec![]).await? {
            let id: Uuid = column(&row, "app_user", "id")?;
            faults.push(format!("person {id}: an event is ahead of their version"));
        }
        for row in self.query_all(LEFT, vec![]).await? {
            let id: Uuid = column(&row, "app_user", "id")?;
            faults.push(format!("person {id}: erased, and something is left"));
        }
        Ok(faults)
    }

    /// Whoever holds a post is found by nothing but their name; and nobody else is.
    async fn verify_tokens(&self) -> Result<Vec<String>, StoreError> {
        let mut tokens: HashMap<Uuid, HashSet<Vec<u8>>> = HashMap::new();
        for row in self.query_all("SELECT token, user_id FROM name_token", vec![]).await? {
            let token = column(&row, "name_token", "token")?;
            tokens.entry(column(&row, "name_token", "user_id")?).or_default().insert(token);
        }
        let mut faults = Vec::new();
        for row in self.query_all(IN_POST, vec![]).await? {
            let (id, sealed): (Uuid, Vec<u8>) =
                (column(&row, "app_user", "id")?, column(&row, "app_user", "name")?);
            let name = self.unsealed(NAME, id, &sealed)?;
            let expected: HashSet<_> = self.name_tokens(&name).into_iter().map(Vec::from).collect();
            // Who was granted something by a program of before is found within the hour: until then, by nothing.
            if tokens.remove(&id).is_some_and(|held| held != expected) {
                faults.push(format!("person {id}: found by another name"));
            }
        }
        faults.extend(tokens.into_keys().map(|id| format!("person {id}: found, and holds no post")));
        Ok(faults)
    }
}
