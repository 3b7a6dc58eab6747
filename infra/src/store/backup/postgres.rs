//! PostgreSQL: `pg_dump` of one exported snapshot; and all that is restored in one transaction of `psql`.

use super::archive::Writer;
use super::manifest::{Kept, Manifest};
use super::programs::Programs;
use super::tally::Source;
use super::xids::Segments;
use super::{BackupError, Job, Step, blocking, preamble};
use sea_orm::sqlx::Connection;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use std::fs::File;
use std::io::{self, BufReader, PipeWriter, Seek, Write};
use std::process::Stdio;
use std::time::Duration;
use tokio::time::interval;

/// Between two looks at how far it has come.
const LOOK: Duration = Duration::from_millis(200);
/// The first version that ends transactions by how long they take.
const TIMES_TRANSACTIONS: u32 = 17;
/// The advisory lock of the transaction that loads.
const LOADING: (i32, i32) = (0x6875_7969, 0x6c6f_6164);

/// Dumps the tables into the file, and says what the same snapshot has in them. The transaction that holds the snapshot
/// has no id of its own, so it holds back nobody who follows the log.
pub(super) async fn dump(
    options: &PgConnectOptions,
    job: &Job<'_>,
    mut writer: Writer,
) -> Result<(Writer, Manifest), BackupError> {
    let mut source = Source::postgres(PgConnection::connect_with(options).await?).await?;
    let server = source.server().await?;
    let programs = Programs::find(job.programs, &["pg_dump"], server, options).await?;
    if server >= TIMES_TRANSACTIONS {
        source.run("SET transaction_timeout = 0").await?;
    }
    source.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let snapshot = source.text("SELECT pg_export_snapshot()").await?;
    let taken_at = job.clock.now();
    let manifest = source.manifest(job.master, taken_at, &job.told).await?;
    let schema = manifest.schema.as_deref().unwrap_or_default();
    let mut arguments = vec![
        format!("--snapshot={snapshot}"),
        "--format=custom".into(),
        "--no-owner".into(),
        "--no-privileges".into(),
        "--no-password".into(),
        // Behind somebody who changes the schema others would wait too.
        "--lock-wait-timeout=60s".into(),
    ];
    arguments.extend(manifest.tables.keys().map(|table| format!("--table=\"{schema}\".\"{table}\"")));
    let (mut output, input) = pipe()?;
    let running = programs.start("pg_dump", &arguments, Stdio::null(), input.into())?;
    let told = job.told.clone();
    let copied = blocking(move || {
        writer.database(Kept::Postgres.entry(), &mut output, None, &told)?;
        Ok(writer)
    });
    let writer = copied.await?;
    running.end().await?;
    Ok((writer, manifest))
}

/// Where a backup is to be restored.
pub(super) struct Site<'a> {
    programs: Programs<'a>,
    options: &'a PgConnectOptions,
    segments: Segments,
    /// The major version of the server.
    server: u32,
}

impl<'a> Site<'a> {
    /// A database that takes it, with nothing in it.
    pub(super) async fn new(
        options: &'a PgConnectOptions,
        job: &Job<'_>,
        manifest: &Manifest,
    ) -> Result<Self, BackupError> {
        let mut source = Source::postgres(PgConnection::connect_with(options).await?).await?;
        let (server, least) = (source.server().await?, manifest.server.unwrap_or_default());
        if server < least {
            return Err(BackupError::OldServer { backup: least, here: server });
        }
        let (here, backup) = (
            source.text("SELECT current_schema()::text").await?,
            manifest.schema.clone().unwrap_or_default(),
        );
        if here != backup {
            return Err(BackupError::OtherSchema { backup, here });
        }
        let there = source.tables().await?;
        if !there.is_empty() {
            return Err(BackupError::NotEmpty(format!("数据库里已有表 {}", there.join("、"))));
        }
        let segments = Segments::new(manifest.reactors.iter().map(|reactor| reactor.cursor));
        // Those of the segments must be ids of long ago. Making a cluster takes hundreds.
        let past: Vec<(i64,)> =
            source.all("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint").await?;
        if past
            .first()
            .is_none_or(|(xmin,)| u64::try_from(*xmin).unwrap_or_default() <= segments.greatest() as u64)
        {
            return Err(BackupError::Damaged("后台任务的游标太多".into()));
        }
        let programs = Programs::find(job.programs, &["pg_restore", "psql"], least, options).await?;
        Ok(Self { programs, options, segments, server })
    }

    /// Loads a dump and whatever else is to be with it: all of it or nothing, and nobody sees a part.
    pub(super) async fn load(
        &self,
        dump: &File,
        size: u64,
        manifest: &Manifest,
        also: &str,
        job: &Job<'_>,
    ) -> Result<(), BackupError> {
        let (input, script) = pipe()?;
        let arguments = ["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1"];
        let psql = self.programs.start("psql", &arguments, input.into(), Stdio::null())?;
        let written = async {
            let look = async {
                let mut looks = interval(LOOK);
                loop {
                    looks.tick().await;
                    // The programs read on from where this stands.
                    let done = (&mut &*dump).stream_position().unwrap_or_default();
                    (job.told)(Step::Load, done, Some(size));
                }
            };
            tokio::select! {
                written = self.write(script, dump, manifest, also) => written,
                () = look => unreachable!("it looks for ever"),
            }
        };
        // What went wrong in the database its own program says best.
        let written = written.await;
        psql.end().await?;
        written
    }

    /// Without its last word nothing of it stands.
    async fn write(
        &self,
        script: PipeWriter,
        dump: &File,
        manifest: &Manifest,
        also: &str,
    ) -> Result<(), BackupError> {
        let schema = manifest.schema.as_deref().unwrap_or_default();
        let table = |name: &str| format!("\"{schema}\".\"{name}\"");
        let without_limit =
            if self.server >= TIMES_TRANSACTIONS { "SET transaction_timeout = 0;\n" } else { "" };
        let (one, two) = LOADING;
        let begin = format!("{without_limit}BEGIN;\nSELECT pg_advisory_xact_lock({one}, {two});\n");
        let script = say(script, begin).await?;
        let script = self.section(&["--section=pre-data", "--section=data"], dump, script).await?;
        let script = say(script, self.segments.renumber_events(&table("event"))).await?;
        let script = self.section(&["--section=post-data"], dump, script).await?;
        let cursors = self.segments.move_cursors(&table("reactor"), &table("event"));
        say(script, format!("{cursors}{also}COMMIT;\n")).await.map(drop)
    }

    async fn section(
        &self,
        sections: &[&str],
        mut dump: &File,
        mut script: PipeWriter,
    ) -> Result<PipeWriter, BackupError> {
        let dump = dump.rewind().and_then(|()| dump.try_clone()).map_err(pipe_fault)?;
        let (output, input) = pipe()?;
        let arguments = [&["--no-owner", "--no-privileges", "--file=-"], sections].concat();
        let running = self.programs.start("pg_restore", &arguments, dump.into(), input.into())?;
        let copied = blocking(move || {
            preamble::copy(BufReader::new(output), &mut script).map_err(pipe_fault)?;
            Ok(script)
        });
        let script = copied.await?;
        running.end().await?;
        Ok(script)
    }

    /// For looking at what was loaded.
    pub(super) async fn source(&self) -> Result<Source, BackupError> {
        Source::postgres(PgConnection::connect_with(self.options).await?).await
    }

    /// Takes away what was loaded.
    pub(super) async fn clear(&self) -> Result<(), BackupError> {
        let mut source = self.source().await?;
        // Its program may be gone while the server still loads, or commits: until that has ended nobody sees the tables.
        let (one, two) = LOADING;
        let end = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = {one} \
             AND objid = {two} AND objsubid = 2 \
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        );
        source.run(&end).await?;
        source.run(&format!("SELECT pg_advisory_xact_lock({one}, {two})")).await?;
        let tables = source.tables().await?;
        let tables: Vec<_> = tables.into_iter().map(|table| format!("\"{table}\"")).collect();
        match tables.is_empty() {
            true => Ok(()),
            false => source.run(&format!("DROP TABLE {} CASCADE", tables.join(", "))).await,
        }
    }
}

async fn say(mut script: PipeWriter, words: String) -> Result<PipeWriter, BackupError> {
    blocking(move || {
        script.write_all(words.as_bytes()).map_err(pipe_fault)?;
        Ok(script)
    })
    .await
}

fn pipe() -> Result<(io::PipeReader, PipeWriter), BackupError> {
    io::pipe().map_err(pipe_fault)
}

fn pipe_fault(error: io::Error) -> BackupError {
    BackupError::Program { program: "psql", said: error.to_string() }
}
