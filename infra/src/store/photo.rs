//! Photos: sealed rows that never change, with an event that says who added one.

use super::Store;
use super::change::{Answer, ChangeError, Delivered, Failed, Request};
use super::error::StoreError;
use super::page::is_current;
use super::record::{EventRow, Stream};
use super::row::{column, word};
use super::sql::Sql;
use chrono::{NaiveTime, TimeDelta, Utc};
use domain::actor::Actor;
use domain::id::{PhotoId, UserId};
use domain::photo::{ADDED, MOST_A_DAY, Media, PhotoRefusal, Picture};
use domain::place::{PlaceCode, PlaceRef};
use domain::refusal::Refusal;
use domain::time::{Timestamp, china, china_day};
use sea_orm::{Statement, Value};
use std::collections::HashSet;
use uuid::Uuid;

/// What a photo is sealed as.
const BYTES: &str = "photo.bytes";

/// A photo that is to be kept.
#[derive(Debug)]
pub struct NewPhoto {
    /// Its identity.
    pub id: PhotoId,
    /// Where it was taken.
    pub place: PlaceRef,
    /// The picture.
    pub picture: Picture,
}

/// A photo as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhotoView {
    /// Where it was taken, by its code of today.
    pub place: PlaceCode,
    /// Who added it.
    pub by: UserId,
    /// Its format.
    pub media: Media,
    /// The file.
    pub bytes: Vec<u8>,
}

impl Store {
    /// Keeps a photo, unless they added too many that day.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn add_photo(
        &self,
        request: &Request<'_>,
        new: &NewPhoto,
        answer: Answer,
    ) -> Result<Delivered, ChangeError> {
        let result = self.write_photo(request, new, &answer).await.map(|()| answer);
        self.or_kept(request.key.as_ref(), result).await
    }

    async fn write_photo(
        &self,
        request: &Request<'_>,
        new: &NewPhoto,
        answer: &Answer,
    ) -> Result<(), Failed> {
        self.current_grants(request.actor, request.grants_version).await?;
        let Request { actor, now, key, .. } = *request;
        let stream = Stream { aggregate: "photo", id: new.id.0, version: 0, by: Some(actor.user), now, key };
        let event = EventRow {
            kind: ADDED,
            v: 1,
            scope_code: new.place.code.as_str(),
            text: None,
            payload: Ok(serde_json::json!({"kind": ADDED, "media": new.picture.media.name()})),
        };
        let guard = self.insert_photo(new, actor.user, now);
        match self.record(&stream, guard, vec![], vec![event], Some(answer)).await {
            Err(Failed::Conflict) => Err(Failed::from(Refusal::from(PhotoRefusal::TooMany))),
            done => done,
        }
    }

    /// What adds it, if they have not added too many that day.
    fn insert_photo(&self, new: &NewPhoto, by: UserId, now: Timestamp) -> Statement {
        let sql = "INSERT INTO photo (id, county, place_id, user_id, media, width, height, bytes, created_at) \
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 WHERE (SELECT COUNT(*) FROM photo o WHERE o.user_id = $4 \
             AND o.created_at >= $10) < $11";
        let Picture { media, width, height, bytes } = &new.picture;
        let side = |side: u32| i32::try_from(side).unwrap_or(i32::MAX);
        let midnight = china_day(now).and_time(NaiveTime::MIN).and_local_timezone(china()).earliest();
        let since = midnight.map_or(now - TimeDelta::days(1), |at| at.with_timezone(&Utc));
        let values: Vec<Value> = vec![
            new.id.0.into(),
            new.place.code.county().into(),
            new.place.id.0.into(),
            by.0.into(),
            media.name().into(),
            side(*width).into(),
            side(*height).into(),
            self.keys.seal(BYTES, new.id.0, bytes).into(),
            now.into(),
            since.into(),
            MOST_A_DAY.into(),
        ];
        self.statement(sql, values)
    }

    /// A photo; whether the asker may see it, the caller says.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn photo(
        &self,
        id: PhotoId,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Option<PhotoView>, StoreError> {
        let sql = "SELECT v.grants_version, f.* FROM (SELECT grants_version FROM app_user WHERE id = $1) v LEFT JOIN \
             (SELECT f.id, f.user_id, f.media, f.bytes, p.code FROM photo f JOIN place p ON p.id = f.place_id WHERE f.id = $2) f ON true";
        let rows = self.query_all(sql, vec![asker.user.0.into(), id.0.into()]).await?;
        is_current(&rows, grants_version)?;
        let Some(row) = rows.first() else { return Ok(None) };
        if column::<Option<Uuid>>(row, "photo", "id")?.is_none() {
            return Ok(None);
        }
        let (code, sealed): (String, Vec<u8>) =
            (column(row, "place", "code")?, column(row, "photo", "bytes")?);
        let opened = self.keys.unseal(BYTES, id.0, &sealed);
        let bytes = opened.map_err(|error| StoreError::corrupt("photo", "bytes", id, error))?;
        let by = UserId(column(row, "photo", "user_id")?);
        Ok(Some(PhotoView {
            place: self.stored_code(&code)?,
            by,
            media: word(row, "photo", "media")?,
            bytes,
        }))
    }

    /// Whether somebody added all of these photos in a county.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn photos_are_theirs(
        &self,
        photos: &[PhotoId],
        by: UserId,
        county: &str,
    ) -> Result<bool, StoreError> {
        let wanted: HashSet<PhotoId> = photos.iter().copied().collect();
        if wanted.is_empty() {
            return Ok(true);
        }
        let mut sql = Sql::new("SELECT f.id FROM photo f WHERE f.user_id = ");
        sql.bind(by.0).push(" AND f.county = ").bind(county).push(" AND f.id IN ");
        sql.bind_all(wanted.iter().map(|photo| photo.0));
        Ok(self.query_all(&sql.text, sql.values).await?.len() == wanted.len())
    }
}
