//! Imports as jobs: a sheet is kept before anybody is told that it was taken, and whoever is at hand works it off. Its end
//! is written with what it wrote, so it is done once however often it is begun.

use super::super::Store;
use super::super::change::{Answer, ChangeError, Delivered, Failed, Request};
use super::super::error::StoreError;
use super::super::row::{Row, column, optional_word, word};
use chrono::TimeDelta;
use domain::id::UserId;
use domain::import::{Subject, Tally};
use domain::place::PlaceCode;
use domain::time::Timestamp;
use sea_orm::Statement;
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// How long whoever works at a job may be silent before another takes it.
const SILENT: TimeDelta = TimeDelta::seconds(90);
/// For how long what came of a job is kept.
const KEPT: TimeDelta = TimeDelta::days(7);

const REASON: &str = "import_job.reason";
const FILE: &str = "import_job.file";
const REPORT: &str = "import_job.report";
const MARKED: &str = "import_job.marked";
const COLUMNS: &str = "id, county, subject, dry_run, status, step, tally, report, created_by, created_at, finished_at, marked IS NOT NULL AS is_marked";

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ImportStatus {
    /// Nobody has begun yet.
    Waiting,
    /// Somebody is at work.
    Running,
    /// All of it is written, or would have been.
    Done,
    /// None of it is: the sheet has faults.
    Refused,
    /// None of it is: it could not be carried out.
    Failed,
}

/// What somebody wants imported.
#[derive(Debug)]
pub struct ImportAsked<'a> {
    /// Who the job will be.
    pub id: Uuid,
    /// The county of the sheet.
    pub county: PlaceCode,
    /// What it is of.
    pub subject: Subject,
    /// Whether nothing is to be written.
    pub dry_run: bool,
    /// Why.
    pub reason: &'a str,
    /// The sheet as it came.
    pub file: &'a [u8],
}

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportJob {
    /// Identity.
    pub id: Uuid,
    /// The county of the sheet.
    pub county: PlaceCode,
    /// What it is of.
    pub subject: Subject,
    /// Whether nothing is written.
    pub dry_run: bool,
    /// How far it is.
    pub status: ImportStatus,
    /// What is being done.
    pub step: Option<String>,
    /// What came of it.
    pub tally: Option<Tally>,
    /// What is wrong with the sheet, as the caller wrote it down.
    pub report: Option<Vec<u8>>,
    /// Whether there is a marked copy.
    pub is_marked: bool,
    /// Who asked.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// A job that somebody begins, with its sheet.
#[derive(Debug)]
pub struct ImportFile {
    /// It.
    pub job: ImportJob,
    /// Why.
    pub reason: String,
    /// The sheet as it came.
    pub file: Vec<u8>,
    /// The how many-th time it is begun.
    pub attempts: i32,
}

impl Store {
    /// Takes a sheet. `render` makes the answer, which commits with it.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn ask_import(
        &self,
        request: &Request<'_>,
        asked: &ImportAsked<'_>,
        render: impl Fn(&ImportJob) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let ImportAsked { id, county, subject, dry_run, reason, file } = *asked;
        let job = ImportJob {
            id,
            county,
            subject,
            dry_run,
            status: ImportStatus::Waiting,
            step: None,
            tally: None,
            report: None,
            is_marked: false,
            created_by: request.actor.user,
            created_at: request.now,
            finished_at: None,
        };
        let attempt = async {
            self.current_grants(request.actor, request.grants_version).await?;
            let answer = render(&job);
            let sql = "INSERT INTO import_job (id, county, subject, dry_run, status, reason, file, created_by, created_at) \
                 VALUES ($1, $2, $3, $4, 'waiting', $5, $6, $7, $8)";
            let values = vec![
                id.into(),
                county.as_str().into(),
                subject.name().into(),
                dry_run.into(),
                self.keys.seal(REASON, id, reason.as_bytes()).into(),
                self.keys.seal(FILE, id, file).into(),
                request.actor.user.0.into(),
                request.now.into(),
            ];
            let mut statements = vec![self.statement(sql, values)];
            if let Some(key) = &request.key {
                let kept = self.keep(key, &answer, request.now);
                statements.push(kept.statement(self.backend(), id));
            }
            let written = self.journal.write_guarded(statements).await?;
            if written { Ok(answer) } else { Err(Failed::Conflict) }
        };
        let result = attempt.await;
        let delivered = self.or_kept(request.key.as_ref(), result).await?;
        self.sheets.notify_one();
        Ok(delivered)
    }

    /// Waits until a sheet comes in.
    pub async fn sheet_waits(&self) {
        self.sheets.notified().await;
    }

    /// Begins the oldest job that nobody is at work on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_import(&self, now: Timestamp) -> Result<Option<ImportFile>, StoreError> {
        let free = "(status = 'waiting' OR (status = 'running' AND claimed_at < $2))";
        let oldest = format!(
            "SELECT id FROM import_job WHERE {free} ORDER BY COALESCE(claimed_at, created_at) LIMIT 1"
        );
        let sql = format!(
            "UPDATE import_job SET status = 'running', claimed_at = $1, attempts = attempts + 1 WHERE id = ({oldest}) AND {free} \
             RETURNING {COLUMNS}, attempts, reason, file"
        );
        let statement = self.statement(&sql, vec![now.into(), (now - SILENT).into()]);
        let Some(row) = self.journal.write_returning(statement).await? else { return Ok(None) };
        let job = self.stored_job(&row)?;
        let open = |name, place| {
            let sealed: Option<Vec<u8>> = column(&row, "import_job", name)?;
            let sealed = sealed.ok_or_else(|| StoreError::corrupt("import_job", name, job.id, "is gone"))?;
            let opened = self.keys.unseal(place, job.id, &sealed);
            opened.map_err(|error| StoreError::corrupt("import_job", name, job.id, error))
        };
        let opened = open("reason", REASON).and_then(|reason| Ok((reason, open("file", FILE)?)));
        let (reason, file) = match opened {
            Ok(opened) => opened,
            // It never will.
            Err(error) => {
                self.finish_import(job.id, ImportStatus::Failed, (None, None, None), now).await?;
                return Err(error);
            }
        };
        let reason = String::from_utf8_lossy(&reason).into_owned();
        Ok(Some(ImportFile { file, reason, attempts: column(&row, "import_job", "attempts")?, job }))
    }

    /// Says what is being done with a job, and that somebody still is at it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tell_import(&self, id: Uuid, step: Option<&str>, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE import_job SET claimed_at = $2, step = COALESCE($3, step) WHERE id = $1 AND status = 'running'";
        self.journal.write(vec![self.statement(sql, vec![id.into(), now.into(), step.into()])]).await
    }

    /// What ends a job with what it wrote.
    pub(super) fn job_done(&self, id: Uuid, tally: &Tally, now: Timestamp) -> Statement {
        let sql = "UPDATE import_job SET status = 'done', step = NULL, tally = $2, finished_at = $3, file = NULL, reason = NULL \
             WHERE id = $1 AND status = 'running'";
        let tally = serde_json::to_string(tally).unwrap_or_default();
        self.statement(sql, vec![id.into(), tally.into(), now.into()])
    }

    /// Ends a job that wrote nothing: a dry run, or a sheet with faults.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn finish_import(
        &self,
        id: Uuid,
        status: ImportStatus,
        (tally, report, marked): (Option<&Tally>, Option<&[u8]>, Option<&[u8]>),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE import_job SET status = $2, step = NULL, tally = $3, report = $4, marked = $5, finished_at = $6, \
             file = NULL, reason = NULL WHERE id = $1 AND status = 'running'";
        let status: &str = status.into();
        let values = vec![
            id.into(),
            status.into(),
            tally.and_then(|tally| serde_json::to_string(tally).ok()).into(),
            report.map(|report| self.keys.seal(REPORT, id, report)).into(),
            marked.map(|marked| self.keys.seal(MARKED, id, marked)).into(),
            now.into(),
        ];
        self.journal.write(vec![self.statement(sql, values)]).await
    }

    /// A job, for who asked for it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn import_job(&self, id: Uuid, asker: UserId) -> Result<Option<ImportJob>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM import_job WHERE id = $1 AND created_by = $2");
        let row = self.query_one(&sql, vec![id.into(), asker.0.into()]).await?;
        row.map(|row| self.stored_job(&row)).transpose()
    }

    /// The marked copy of a job's sheet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn import_marked(&self, id: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        let row = self.query_one("SELECT marked FROM import_job WHERE id = $1", vec![id.into()]).await?;
        let sealed: Option<Vec<u8>> =
            row.map(|row| column(&row, "import_job", "marked")).transpose()?.flatten();
        let open = |sealed: Vec<u8>| {
            let opened = self.keys.unseal(MARKED, id, &sealed);
            opened.map_err(|error| StoreError::corrupt("import_job", "marked", id, error))
        };
        sealed.map(open).transpose()
    }

    /// Forgets jobs that ended a week ago.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_old_imports(&self, now: Timestamp) -> Result<(), StoreError> {
        let sql = "DELETE FROM import_job WHERE created_at < $1 AND status IN ('done', 'refused', 'failed')";
        self.journal.write(vec![self.statement(sql, vec![(now - KEPT).into()])]).await
    }

    fn stored_job(&self, row: &Row) -> Result<ImportJob, StoreError> {
        let id: Uuid = column(row, "import_job", "id")?;
        let county: String = column(row, "import_job", "county")?;
        let tally: Option<String> = column(row, "import_job", "tally")?;
        let corrupt = |name, error: String| StoreError::corrupt("import_job", name, id, error);
        let tally = tally.map(|tally| serde_json::from_str(&tally)).transpose();
        let report: Option<Vec<u8>> = column(row, "import_job", "report")?;
        let report = report.map(|sealed| self.keys.unseal(REPORT, id, &sealed)).transpose();
        Ok(ImportJob {
            id,
            county: self.stored_code(&county)?,
            subject: word(row, "import_job", "subject")?,
            dry_run: column(row, "import_job", "dry_run")?,
            status: word(row, "import_job", "status")?,
            step: optional_word(row, "import_job", "step")?,
            tally: tally.map_err(|error| corrupt("tally", error.to_string()))?,
            report: report.map_err(|error| corrupt("report", error.to_string()))?,
            is_marked: column(row, "import_job", "is_marked")?,
            created_by: UserId(column(row, "import_job", "created_by")?),
            created_at: column(row, "import_job", "created_at")?,
            finished_at: column(row, "import_job", "finished_at")?,
        })
    }
}
