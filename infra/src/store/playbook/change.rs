//! How a playbook gets another version: from a seed file, or as an administrator wrote it.

use super::super::Store;
use super::super::change::{ATTEMPTS, Answer, ChangeError, Delivered, Failed, Request};
use super::super::error::StoreError;
use super::super::idempotency::IdempotencyKey;
use super::super::record::{EventRow, Stream};
use super::super::row::column;
use super::super::seed::Seed;
use super::{number, stamp, stored};
use aws_lc_rs::digest;
use domain::id::UserId;
use domain::playbook::{EVENT_VERSION, Fact, Playbook, PlaybookRefusal, Version};
use domain::refusal::Refusal;
use domain::text::Text;
use domain::time::Timestamp;
use sea_orm::{Statement, Value};
use uuid::{Builder, Uuid};

/// The playbook of a county as its row has it.
const CURRENT: &str =
    "SELECT source_hash, version, CAST(body AS text) AS body, updated_at FROM playbook WHERE county = $1";

/// What a county's playbook said in a version.
const VERSION: &str =
    "SELECT CAST(body AS text) AS body FROM playbook_version WHERE county = $1 AND version = $2";

/// Whether places lie below the communities of a county, or ever did: codes resolve for ever.
const USES_LEVELS: &str =
    "SELECT 1 AS there FROM place_code WHERE code >= $1 AND code < $2 AND length(code) > 12 LIMIT 1";

const KEPT: &str = "INSERT INTO playbook_version (county, version, body, source_hash, made_at, made_by, note_id) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (county, version) DO NOTHING";

/// A playbook as its row has it.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) playbook: Playbook,
    pub(super) source_hash: String,
    /// As the column has it, 0 where a program of before wrote the row.
    version: i32,
    updated_at: Timestamp,
}

/// A version that is to be written down in the place of `before`.
#[derive(Debug)]
pub(super) struct Renewal<'a> {
    pub(super) before: Option<&'a Current>,
    pub(super) playbook: &'a Playbook,
    /// Of the seed file that it comes from; `None` when somebody wrote it.
    pub(super) seed: Option<&'a str>,
    pub(super) by: Option<UserId>,
    pub(super) note: Option<&'a Text>,
    pub(super) now: Timestamp,
    pub(super) key: Option<IdempotencyKey>,
}

/// The history of a county's playbook: the same stream in every database.
pub(super) fn stream_of(county: &str) -> Uuid {
    let hash = digest::digest(&digest::SHA256, format!("playbook {county}").as_bytes());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
    Builder::from_custom_bytes(bytes).into_uuid()
}

impl Store {
    /// Imports a seed file: a newer one replaces an older one as another version, the very same one changes nothing. Other
    /// replicas use it within a minute.
    ///
    /// # Errors
    /// [`StoreError::Seed`] with file, key and reason of every fault.
    pub async fn import_playbook(&self, seed: &Seed<'_>, now: Timestamp) -> Result<(), StoreError> {
        let file = seed.file;
        let fault = |reason: String| StoreError::Seed(format!("{file}: {reason}"));
        let (mut playbook, hash) = seed.read()?;
        let own = playbook.policy.version;
        for _ in 0..ATTEMPTS {
            let before = self.current_playbook(&playbook.county).await?;
            if before.as_ref().is_some_and(|before| before.source_hash == hash) {
                // What is there may have been edited since: the database is the truth.
                self.reload_playbooks().await?;
                return Ok(());
            }
            if self.breaks_levels(before.as_ref(), &playbook).await? {
                return Err(fault("levels: 社区以下已有地点，级数和位数不能再改，只能改名称".to_owned()));
            }
            let known = before.as_ref().map(|before| before.playbook.policy.version);
            playbook.policy.version = Playbook::next_version(known, Some(own));
            let (before, seed) = (before.as_ref(), Some(hash.as_str()));
            let renewal = Renewal { before, playbook: &playbook, seed, by: None, note: None, now, key: None };
            match self.renew_playbook(&renewal, None).await {
                Ok(()) => return Ok(()),
                Err(Failed::Conflict) => {}
                Err(Failed::Error(error)) => return Err(fault(error.to_string())),
                Err(Failed::KeyTaken) => return Err(fault("no key was given".to_owned())),
            }
        }
        Err(StoreError::Unavailable(format!("{file}: others were faster each time")))
    }

    /// Puts a playbook in the place of what was there, as the next version. `render` makes the answer, which commits with it.
    /// This process reckons with it at once, others within a minute.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn replace_playbook(
        &self,
        request: &Request<'_>,
        county: &str,
        playbook: Playbook,
        note: &Text,
        render: impl Fn(&Version, &Playbook) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let attempt = || self.try_replace_playbook(request, county, playbook.clone(), note, &render);
        self.until_changed(request.key.as_ref(), attempt).await
    }

    async fn try_replace_playbook(
        &self,
        request: &Request<'_>,
        county: &str,
        mut playbook: Playbook,
        note: &Text,
        render: impl Fn(&Version, &Playbook) -> Answer,
    ) -> Result<Answer, Failed> {
        let Request { actor, grants_version, now, if_match, key } = *request;
        self.current_grants(actor, grants_version).await?;
        self.sees_playbook(county, actor).await?;
        actor.may_edit_playbook(&self.stored_code(county)?).map_err(Refusal::from)?;
        let before = self.current_playbook(county).await?;
        let before = before.ok_or_else(|| Refusal::from(PlaybookRefusal::NotFound))?;
        let known = before.playbook.policy.version;
        if if_match.is_some_and(|expected| expected != number(known)) {
            return Err(Failed::Error(ChangeError::OtherVersion));
        }
        if playbook.county != county {
            return Err(Refusal::from(PlaybookRefusal::OtherCounty { county: county.to_owned() }).into());
        }
        if self.breaks_levels(Some(&before), &playbook).await? {
            return Err(Refusal::from(PlaybookRefusal::LevelsInUse).into());
        }
        playbook.policy.version = Playbook::next_version(Some(known), None);
        let version = Version {
            county: county.to_owned(),
            version: playbook.policy.version,
            made_at: now,
            made_by: Some(actor.user),
            note: Some(note.body.as_str().to_owned()),
            seeded: false,
        };
        let answer = render(&version, &playbook);
        let (by, note) = (Some(actor.user), Some(note));
        let renewal = Renewal { before: Some(&before), playbook: &playbook, seed: None, by, note, now, key };
        self.renew_playbook(&renewal, Some(&answer)).await?;
        Ok(answer)
    }

    /// The playbook of a county as it is in the database.
    pub(super) async fn current_playbook(&self, county: &str) -> Result<Option<Current>, StoreError> {
        let Some(row) = self.query_one(CURRENT, vec![county.into()]).await? else { return Ok(None) };
        let body: String = column(&row, "playbook", "body")?;
        let body = serde_json::from_str(&body)
            .map_err(|error| StoreError::corrupt("playbook", "body", county, error))?;
        let version = column(&row, "playbook", "version")?;
        Ok(Some(Current {
            playbook: stored(county, body, version)?,
            source_hash: column(&row, "playbook", "source_hash")?,
            version,
            updated_at: column(&row, "playbook", "updated_at")?,
        }))
    }

    /// What a county's playbook said in a version; `None` when there was none such.
    pub(super) async fn read_version(
        &self,
        county: &str,
        version: u32,
    ) -> Result<Option<Playbook>, StoreError> {
        let (table, number) = ("playbook_version", number(version));
        let row = self.query_one(VERSION, vec![county.into(), number.into()]).await?;
        let Some(row) = row else { return Ok(None) };
        let body: String = column(&row, table, "body")?;
        let body =
            serde_json::from_str(&body).map_err(|error| StoreError::corrupt(table, "body", county, error))?;
        stored(county, body, number).map(Some)
    }

    /// Whether codes of places that there are would no longer be what they were.
    pub(super) async fn breaks_levels(
        &self,
        before: Option<&Current>,
        playbook: &Playbook,
    ) -> Result<bool, StoreError> {
        if before.is_none_or(|before| before.playbook.has_the_levels_of(playbook)) {
            return Ok(false);
        }
        let county = playbook.county.as_str();
        // Codes are digits, and `:` follows on `9`.
        let there = self.query_one(USES_LEVELS, vec![county.into(), format!("{county}:").into()]).await?;
        Ok(there.is_some())
    }

    /// Writes a version down and reckons with it at once.
    ///
    /// # Errors
    /// [`Failed::Conflict`] when the playbook is no longer what it was decided on.
    pub(super) async fn renew_playbook(
        &self,
        renewal: &Renewal<'_>,
        answer: Option<&Answer>,
    ) -> Result<(), Failed> {
        let Renewal { before, playbook, seed, by, note, now, key } = *renewal;
        let (version, name) = (playbook.policy.version, playbook.name.clone());
        let fact = match by {
            None => Fact::PlaybookImported { version, name },
            Some(_) => Fact::PlaybookEdited { version, name },
        };
        let known = before.map_or("", |before| &before.source_hash);
        let source_hash = seed.unwrap_or(known);
        let mut rest = Vec::new();
        // One that a program of before wrote is not among the versions yet.
        if let Some(before) = before {
            let Current { playbook, source_hash, version: _, updated_at } = before;
            rest.push(self.kept_version(playbook, (Some(source_hash), *updated_at), (None, None))?);
        }
        rest.push(self.kept_version(playbook, (seed, now), (by, note))?);
        let (id, was) = (stream_of(&playbook.county), number(version) - 1);
        let stream = Stream { aggregate: "playbook", id, version: was, by, now, key };
        let event = EventRow {
            kind: fact.headline().name(),
            v: EVENT_VERSION,
            scope_code: &playbook.county,
            text: note,
            payload: serde_json::to_value(&fact),
        };
        let guard = self.playbook_guard(before, playbook, source_hash, now)?;
        self.record(&stream, guard, rest, vec![event], answer).await?;
        self.playbooks.loaded_mut().put(stamp(source_hash, number(version)), playbook.clone());
        Ok(())
    }

    /// Writes the row where it is what it was; a first one where there is none.
    fn playbook_guard(
        &self,
        before: Option<&Current>,
        playbook: &Playbook,
        source_hash: &str,
        now: Timestamp,
    ) -> Result<Statement, StoreError> {
        let mut values: Vec<Value> = vec![
            playbook.county.as_str().into(),
            source_hash.into(),
            body(playbook)?.into(),
            number(playbook.policy.version).into(),
            now.into(),
        ];
        let Some(before) = before else {
            let sql = "INSERT INTO playbook (county, source_hash, body, version, updated_at) \
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (county) DO NOTHING";
            return Ok(self.statement(sql, values));
        };
        let sql = "UPDATE playbook SET source_hash = $2, body = $3, version = $4, updated_at = $5 \
             WHERE county = $1 AND version = $6 AND source_hash = $7";
        values.extend([before.version.into(), before.source_hash.as_str().into()]);
        Ok(self.statement(sql, values))
    }

    /// Keeps a version for ever.
    fn kept_version(
        &self,
        playbook: &Playbook,
        (seed, made_at): (Option<&str>, Timestamp),
        (by, note): (Option<UserId>, Option<&Text>),
    ) -> Result<Statement, StoreError> {
        let values: Vec<Value> = vec![
            playbook.county.as_str().into(),
            number(playbook.policy.version).into(),
            body(playbook)?.into(),
            seed.into(),
            made_at.into(),
            by.map(|by| by.0).into(),
            note.map(|note| note.reference.id.0).into(),
        ];
        Ok(self.statement(KEPT, values))
    }
}

fn body(playbook: &Playbook) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(playbook)
        .map_err(|error| StoreError::corrupt("playbook", "body", &playbook.county, error))
}
