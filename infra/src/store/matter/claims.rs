//! 离岗: posts of somebody who may hold them no more.

use super::super::Store;
use super::super::change::ChangeError;
use super::super::error::StoreError;
use super::super::row::column;
use super::columns;
use domain::actor::Actor;
use domain::id::{PlaceId, UserId};
use domain::matter::{Matter, MatterView};
use domain::place::PlaceCode;
use domain::post::PostClaim;
use domain::time::{Timestamp, china_day};

impl Store {
    /// Ends what somebody claimed and may hold no more; whether nobody changed any of it meanwhile.
    pub(in crate::store) async fn end_claims(
        &self,
        person: UserId,
        now: Timestamp,
    ) -> Result<bool, ChangeError> {
        let sql = format!(
            "SELECT {} FROM matter_party w JOIN matter m ON m.id = w.matter_id JOIN place p ON p.id = m.place_id \
             WHERE w.party_id = $1 AND w.kind = $2 AND w.role = 'member' AND m.open",
            columns(self.backend())
        );
        let rows = self.query_all(&sql, vec![person.0.into(), PostClaim::KIND.into()]).await?;
        if rows.is_empty() {
            return Ok(true);
        }
        let nobody = || Actor { user: person, grants: vec![] };
        let member = self.user(person).await?.map_or_else(nobody, |user| user.actor);
        let mut whole = true;
        for row in &rows {
            let view: MatterView<PostClaim> = self.stored_matter(row)?;
            let checked_in = self.checked_in(person, view.place.id, china_day(now)).await?;
            let codes = self.codes_for(view.place.id).await?;
            if let Some(change) = view.matter.end_without_role(&member, &codes, checked_in, now) {
                whole &= self.change_by_itself(view, change, now).await?;
            }
        }
        Ok(whole)
    }

    /// All codes that stand for a place.
    async fn codes_for(&self, place: PlaceId) -> Result<Vec<PlaceCode>, StoreError> {
        let sql = "SELECT code FROM place_code WHERE place_id = $1";
        let rows = self.query_all(sql, vec![place.0.into()]).await?;
        rows.iter().map(|row| self.stored_code(&column::<String>(row, "place_code", "code")?)).collect()
    }
}
