//! Who is told of a change of a matter, in its own transaction.

use super::super::Store;
use super::super::dialect::ids_param;
use super::super::error::StoreError;
use super::super::row::column;
use super::super::sql::Sql;
use super::{Concerned, Row};
use domain::id::UserId;
use domain::matter::{Change, Matter, MatterView};
use domain::notice::{Notice, Recipient};
use domain::place::{PlaceCode, PlaceRef};
use domain::time::Timestamp;
use sea_orm::Statement;
use std::collections::HashMap;
use uuid::Uuid;

impl Store {
    /// What tells them, each once a change, and not whoever made it.
    pub(super) async fn telling<M: Matter>(
        &self,
        view: &MatterView<M>,
        change: &Change<M>,
        by: Option<UserId>,
        now: Timestamp,
    ) -> Result<Vec<Statement>, StoreError> {
        let mut statements = Vec::new();
        for (to, notice) in &change.tell {
            let mut people = self.people_told(*to, &view.place).await?;
            people.retain(|person| Some(*person) != by);
            if !people.is_empty() {
                statements.push(self.tell_of_matter(view, &people, *notice, change, now));
            }
        }
        if !statements.is_empty() {
            statements.splice(0..0, self.in_turn());
        }
        Ok(statements)
    }

    async fn people_told(&self, to: Recipient, place: &PlaceRef) -> Result<Vec<UserId>, StoreError> {
        Ok(match to {
            Recipient::Person(person) => vec![person],
            Recipient::Unit(unit) => {
                self.people_of_units(vec![unit.0]).await?.remove(&unit).unwrap_or_default()
            }
            Recipient::Desk(desk) => {
                let desk = self.desk_now(desk, place).await?;
                let at = self.people_at_desks(self.with_ancestors([desk].into_iter())).await?;
                self.nearest(&desk, &at)
            }
            // The bell and calls ring for tickets, and leaders hear of those.
            Recipient::Duty(_) | Recipient::Called(..) | Recipient::Leader(_) => vec![],
        })
    }

    /// The desk that one of before is now. Where the matter's place has moved away from below it, the one as high above where that
    /// place lies.
    async fn desk_now(&self, desk: PlaceCode, place: &PlaceRef) -> Result<PlaceCode, StoreError> {
        if desk.covers(&place.code) {
            return Ok(desk);
        }
        let digits = desk.as_str().len();
        let mut sql =
            Sql::new("SELECT p.code, CASE WHEN EXISTS (SELECT 1 FROM place_code o WHERE o.place_id = ");
        sql.bind(place.id.0).push(" AND ").below("o.code", &desk);
        sql.push(") THEN 1 ELSE 0 END AS above FROM place_code c JOIN place p ON p.id = c.place_id WHERE c.code = ");
        sql.bind(desk.as_str());
        let Some(row) = self.query_one(&sql.text, sql.values).await? else { return Ok(desk) };
        let above = column::<i32>(&row, "place_code", "above")? == 1;
        if let Some(above) = place.code.cut(digits).filter(|_| above) {
            return Ok(above);
        }
        self.stored_code(&column::<String>(&row, "place", "code")?)
    }

    fn tell_of_matter<M: Matter>(
        &self,
        view: &MatterView<M>,
        people: &[UserId],
        notice: Notice,
        change: &Change<M>,
        now: Timestamp,
    ) -> Statement {
        let topic = format!("matter:{}:{}", view.id, view.version);
        let sql = format!(
            "INSERT INTO inbox (user_id, kind, topic, matter_id, due_at, created_at) SELECT COALESCE(u.joined_into, u.id), $1, $2, $3, $4, $5 \
             FROM app_user u WHERE u.erased_at IS NULL AND u.id IN {} \
             ON CONFLICT (user_id, topic) WHERE topic IS NOT NULL DO NOTHING",
            ids_param(self.backend(), 6)
        );
        let people = serde_json::json!(people).to_string();
        let due = change.after.columns().due_at;
        let values =
            vec![notice.name().into(), topic.into(), view.id.into(), due.into(), now.into(), people.into()];
        self.statement(&sql, values)
    }

    /// What people and units are called, by id, in one query.
    pub(super) async fn names_of(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, String>, StoreError> {
        let sql = format!(
            "SELECT u.id, NULL AS unit, u.name AS sealed FROM app_user u WHERE u.id IN {0} \
             UNION ALL SELECT n.id, n.name, NULL FROM unit n WHERE n.id IN {0}",
            ids_param(self.backend(), 1)
        );
        let rows = self.query_all(&sql, vec![serde_json::json!(ids).to_string().into()]).await?;
        let named = |row: &Row| {
            let id: Uuid = column(row, "app_user", "id")?;
            let sealed: Option<Vec<u8>> = column(row, "app_user", "sealed")?;
            let one = Concerned { id, unit: column(row, "unit", "unit")?, person: sealed.map(hex::encode) };
            Ok(self.name_of(one)?.map(|name| (id, name)))
        };
        rows.iter().filter_map(|row| named(row).transpose()).collect()
    }
}
