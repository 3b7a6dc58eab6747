//! Matters: rows with their whole state and a history, of every kind in one table. [`Store::begin_matter`] and
//! [`Store::change_matter`] are the one door through which they change; [`kinds`] lists what time alone changes.

mod booking;
mod bulk;
mod change;
mod claims;
mod count;
mod duty;
mod estate;
mod kinds;
mod list;
mod tell;
mod topics;
mod verify;

pub use change::NewMatter;
pub use duty::{Coverage, CoverageRow, OwedBy};
pub use kinds::DueMatter;
pub use list::{MatterLens, MatterQuery};
pub use topics::TopicCount;

use super::Store;
use super::error::StoreError;
use super::row::{Row, column};
use super::user::NAME;
use domain::actor::Actor;
use domain::id::PlaceId;
use domain::matter::{Matter, MatterView};
use domain::place::PlaceRef;
use sea_orm::DbBackend;
use serde::Deserialize;
use std::collections::HashMap;
use uuid::Uuid;

/// What of a matter `m` and its place `p` a [`MatterView`] is made of, but for what is written and who they are.
const COLUMNS: &str = "m.id, CAST(m.state AS text) AS state, m.state_v, m.version, m.created_at, m.updated_at, m.sorted_at, m.place_id, \
     p.code AS place_code, p.name AS place_name";

/// A text of a matter.
#[derive(Deserialize)]
struct Written {
    id: Uuid,
    body: String,
}

/// Whom a matter concerns: a unit by its name, a person by a sealed one in hexadecimal digits.
#[derive(Deserialize)]
struct Concerned {
    id: Uuid,
    unit: Option<String>,
    person: Option<String>,
}

/// The columns of a view of the matter `m`, all of them.
fn columns(backend: DbBackend) -> String {
    let (texts, names) = match backend {
        DbBackend::Postgres => (
            "json_agg(json_build_object('id', x.id, 'body', x.body))::text",
            "json_agg(json_build_object('id', y.party_id, 'unit', n.name, 'person', encode(u.name, 'hex')))::text",
        ),
        _ => (
            "json_group_array(json_object('id', lower(hex(x.id)), 'body', x.body))",
            "json_group_array(json_object('id', lower(hex(y.party_id)), 'unit', n.name, 'person', CASE WHEN u.id IS NULL THEN NULL \
             ELSE hex(u.name) END))",
        ),
    };
    format!(
        "{COLUMNS}, (SELECT {texts} FROM matter_text y JOIN free_text x ON x.id = y.text_id WHERE y.matter_id = m.id AND x.body <> '') \
         AS texts, (SELECT {names} FROM matter_party y LEFT JOIN unit n ON n.id = y.party_id LEFT JOIN app_user u ON u.id = y.party_id \
         WHERE y.matter_id = m.id) AS names"
    )
}

impl Store {
    /// A matter; `None` where there is none of that id and kind. Whether the asker may see it, the kind says.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn matter<M: Matter>(
        &self,
        id: Uuid,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Option<MatterView<M>>, StoreError> {
        let sql = format!(
            "SELECT v.grants_version, m.* FROM (SELECT grants_version FROM app_user WHERE id = $1) v LEFT JOIN (SELECT {} FROM matter m \
             JOIN place p ON p.id = m.place_id WHERE m.id = $2 AND m.kind = $3) m ON true",
            columns(self.backend())
        );
        let values = vec![asker.user.0.into(), id.into(), M::KIND.into()];
        let rows = self.query_all(&sql, values).await?;
        super::page::is_current(&rows, grants_version)?;
        let there = |row: &&Row| column::<Option<Uuid>>(row, "matter", "id").is_ok_and(|id| id.is_some());
        rows.iter().find(there).map(|row| self.stored_matter(row)).transpose()
    }

    fn stored_matter<M: Matter>(&self, row: &Row) -> Result<MatterView<M>, StoreError> {
        let id: Uuid = column(row, "matter", "id")?;
        let code: String = column(row, "place", "place_code")?;
        let place =
            PlaceRef { id: PlaceId(column(row, "matter", "place_id")?), code: self.stored_code(&code)? };
        let parsed = |column: &'static str| move |error| StoreError::corrupt("matter", column, id, error);
        let texts: Option<String> = column(row, "free_text", "texts")?;
        let texts: Vec<Written> =
            texts.map_or(Ok(vec![]), |json| serde_json::from_str(&json)).map_err(parsed("texts"))?;
        let names: Option<String> = column(row, "matter_party", "names")?;
        let names: Vec<Concerned> =
            names.map_or(Ok(vec![]), |json| serde_json::from_str(&json)).map_err(parsed("names"))?;
        let named = names.into_iter().filter_map(|one| Some((one.id, self.name_of(one).transpose()?)));
        Ok(MatterView {
            id,
            matter: stored_state::<M>(row, id)?,
            place,
            place_name: column(row, "place", "place_name")?,
            version: column(row, "matter", "version")?,
            created_at: column(row, "matter", "created_at")?,
            updated_at: column(row, "matter", "updated_at")?,
            texts: texts.into_iter().map(|text| (text.id, text.body)).collect(),
            names: named.map(|(id, name)| Ok((id, name?))).collect::<Result<HashMap<_, _>, StoreError>>()?,
        })
    }

    fn name_of(&self, one: Concerned) -> Result<Option<String>, StoreError> {
        let Concerned { id, unit, person } = one;
        let Some(sealed) = person else { return Ok(unit) };
        let sealed =
            hex::decode(sealed).map_err(|error| StoreError::corrupt("app_user", "name", id, error))?;
        self.unsealed(NAME, id, &sealed).map(Some)
    }
}

/// The state of a row.
fn stored_state<M: Matter>(row: &Row, id: Uuid) -> Result<M, StoreError> {
    let version: i16 = column(row, "matter", "state_v")?;
    if version > M::VERSION {
        return Err(StoreError::Newer { table: "matter", id: id.to_string(), version });
    }
    let state: String = column(row, "matter", "state")?;
    serde_json::from_str(&state).map_err(|error| StoreError::corrupt("matter", "state", id, error))
}
