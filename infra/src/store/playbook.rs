//! Playbooks. A seed is imported by its hash; the database is the truth once it is there.

use super::Store;
use super::entity::playbook;
use super::error::StoreError;
use aws_lc_rs::digest;
use base64::prelude::{BASE64_STANDARD, Engine};
use domain::place::{Levels, PlaceCode, PlaceRefusal};
use domain::playbook::Playbook;
use domain::refusal::Refusal;
use domain::time::Timestamp;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, DatabaseConnection, EntityTrait, QueryTrait};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// The playbooks of all counties, by county. A request reads them without a query.
#[derive(Debug)]
pub(super) struct Playbooks(RwLock<HashMap<String, Arc<Playbook>>>);

impl Playbooks {
    pub(super) async fn load(db: &DatabaseConnection) -> Result<Self, StoreError> {
        let rows = playbook::Entity::find().all(db).await?;
        let read = |row: playbook::Model| {
            let book: Playbook = serde_json::from_value(row.body)
                .map_err(|error| StoreError::corrupt("playbook", "body", &row.county, error))?;
            Ok((row.county, Arc::new(book)))
        };
        Ok(Self(RwLock::new(rows.into_iter().map(read).collect::<Result<_, StoreError>>()?)))
    }

    fn get(&self, county: &str) -> Option<Arc<Playbook>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(county).cloned()
    }
}

impl Store {
    /// The playbook of a county (six digits).
    ///
    /// # Errors
    /// [`PlaceRefusal::Unknown`] as a refusal: a county without a playbook is not served here.
    pub fn playbook(&self, county: &str) -> Result<Arc<Playbook>, Refusal> {
        self.playbooks.get(county).ok_or_else(|| match PlaceCode::parse(county, &Levels::default()) {
            Ok(code) => PlaceRefusal::Unknown { code }.into(),
            Err(refusal) => refusal.into(),
        })
    }

    /// The only county of this deployment, where there is just one.
    pub fn only_county(&self) -> Option<Arc<Playbook>> {
        let books = self.playbooks.0.read().unwrap_or_else(PoisonError::into_inner);
        if books.len() == 1 { books.values().next().cloned() } else { None }
    }

    /// Reads a place code by the levels of its county's playbook.
    ///
    /// # Errors
    /// [`PlaceRefusal`].
    pub fn place_code(&self, text: &str) -> Result<PlaceCode, PlaceRefusal> {
        let levels =
            text.get(..6).and_then(|county| self.playbooks.get(county)).map(|book| book.code_levels());
        PlaceCode::parse(text, &levels.unwrap_or_default())
    }

    /// A place code that was valid when it was stored.
    pub(super) fn stored_code(&self, text: &str) -> Result<PlaceCode, StoreError> {
        self.place_code(text).map_err(|refusal| StoreError::corrupt("place", "code", text, refusal))
    }

    /// Imports a seed file: a newer one replaces an older one, the very same one changes nothing. Other replicas use it
    /// from their next start on.
    ///
    /// # Errors
    /// [`StoreError::Seed`] with file, key and reason of every fault.
    pub async fn import_playbook(&self, file: &str, source: &str, now: Timestamp) -> Result<(), StoreError> {
        let fault = |reason: String| StoreError::Seed(format!("{file}: {reason}"));
        let book: Playbook = toml::from_str(source).map_err(|error| fault(error.to_string()))?;
        let faults: Vec<_> = book.faults().iter().map(ToString::to_string).collect();
        if !faults.is_empty() {
            return Err(fault(faults.join("；")));
        }
        let hash = BASE64_STANDARD.encode(digest::digest(&digest::SHA256, source.as_bytes()));
        let row = playbook::ActiveModel {
            county: Set(book.county.clone()),
            source_hash: Set(hash),
            body: Set(serde_json::to_value(&book).map_err(|error| fault(error.to_string()))?),
            updated_at: Set(now),
        };
        let renew = OnConflict::column(playbook::Column::County)
            .update_columns([
                playbook::Column::SourceHash,
                playbook::Column::Body,
                playbook::Column::UpdatedAt,
            ])
            .action_and_where(Expr::cust("playbook.source_hash <> excluded.source_hash"))
            .to_owned();
        let statement = playbook::Entity::insert(row).on_conflict(renew).build(self.backend());
        self.journal.write(vec![statement]).await?;
        let mut books = self.playbooks.0.write().unwrap_or_else(PoisonError::into_inner);
        books.insert(book.county.clone(), Arc::new(book));
        Ok(())
    }
}
