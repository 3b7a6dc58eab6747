//! Whether the net of places adds up.

use super::super::Store;
use super::super::error::StoreError;
use super::super::row::column;
use uuid::Uuid;

/// What must not be there, and what it is.
const FAULTS: [(&str, &str); 3] = [
    (
        "its code does not stand for it",
        "SELECT p.id FROM place p WHERE p.retired_at IS NULL AND NOT EXISTS \
         (SELECT 1 FROM place_code c WHERE c.code = p.code AND c.place_id = p.id AND c.ended_at IS NULL)",
    ),
    (
        "a ticket lies there under another code, and nothing says that it is to follow",
        "SELECT p.id FROM ticket t JOIN place_code c ON c.code = t.scope_code JOIN place p ON p.id = c.place_id \
         WHERE (p.code <> t.scope_code OR p.id <> t.place_id) AND NOT EXISTS (SELECT 1 FROM recoding)",
    ),
    (
        "a matter lies there although another goes on as it, and nothing says that it is to follow",
        "SELECT p.id FROM matter m JOIN place p ON p.id = m.place_id JOIN place_code c ON c.code = p.code \
         WHERE p.retired_at IS NOT NULL AND c.place_id <> p.id AND m.kind <> 'estate' AND NOT EXISTS (SELECT 1 FROM recoding)",
    ),
];

impl Store {
    /// Everything about places that does not add up.
    pub(in crate::store) async fn verify_places(&self) -> Result<Vec<String>, StoreError> {
        let mut faults = Vec::new();
        for (what, sql) in FAULTS {
            for row in self.query_all(sql, vec![]).await? {
                let id: Uuid = column(&row, "place", "id")?;
                faults.push(format!("place {id}: {what}"));
            }
        }
        Ok(faults)
    }
}
