//! PostgreSQL's own programs: where they are, and how they are run. What they need to sign in is in their environment, for
//! arguments are for all to see.

use super::BackupError;
use percent_encoding::percent_decode_str;
use sea_orm::sqlx::ConnectOptions;
use sea_orm::sqlx::postgres::PgConnectOptions;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::{Child, Command};

/// Where Debian has them, a directory a version; a link in PATH is a script there.
const DEBIAN: &str = "/usr/lib/postgresql";
/// How much of what a program says last is looked at.
const SAID: u64 = 16_000;
/// Who begins a line that is told on, and what must follow. Other lines may quote a row, which is what somebody wrote.
const SPEAKERS: [&str; 8] =
    ["pg_dump:", "pg_restore:", "psql:", "ERROR:", "FATAL:", "PANIC:", "错误:", "致命错误:"];
const FAULTS: [&str; 5] = ["error:", "ERROR:", "FATAL:", "PANIC:", "错误:"];
/// These of what PostgreSQL reads would lead to another server than the one that was looked at.
const ELSEWHERE: [&str; 3] = ["PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE"];
/// What programs may know of the environment beside what PostgreSQL reads.
const ENVIRONMENT: [&str; 7] = ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/// The programs of one version, for one database.
#[derive(Debug)]
pub(super) struct Programs<'a> {
    dir: PathBuf,
    database: &'a PgConnectOptions,
}

/// A program at work; it ends when nobody waits for it any more.
#[derive(Debug)]
pub(super) struct Running {
    name: &'static str,
    child: Child,
    errors: File,
}

impl<'a> Programs<'a> {
    /// The newest that are here, or those in the directory that was chosen. `pg_dump` must not be older than the server,
    /// and `pg_restore` not older than the `pg_dump` that wrote the file.
    pub(super) async fn find(
        chosen: Option<&Path>,
        names: &[&'static str],
        least: u32,
        database: &'a PgConnectOptions,
    ) -> Result<Self, BackupError> {
        let dirs = chosen.map_or_else(usual, |dir| vec![dir.to_owned()]);
        let (first, missing) = (names[0], |program| BackupError::NoProgram { program, least });
        let mut newest: Option<(u32, PathBuf)> = None;
        for dir in dirs {
            let Some(version) = version(&dir.join(first)).await else { continue };
            // Where two are as good, Debian's own directory comes last and is no script.
            if newest.as_ref().is_none_or(|(found, _)| *found <= version) {
                newest = Some((version, dir));
            }
        }
        let (found, dir) = newest.ok_or_else(|| missing(first))?;
        if found < least {
            return Err(BackupError::OldProgram { program: first, found, least });
        }
        match names.iter().find(|name| !dir.join(name).is_file()) {
            Some(program) => Err(missing(program)),
            None => Ok(Self { dir, database }),
        }
    }

    /// Starts one.
    pub(super) fn start(
        &self,
        name: &'static str,
        arguments: &[impl AsRef<OsStr>],
        input: Stdio,
        output: Stdio,
    ) -> Result<Running, BackupError> {
        let path = self.dir.join(name);
        let fault = || BackupError::file(&path);
        let errors = tempfile::tempfile().map_err(fault())?;
        let mut command = Command::new(&path);
        command.env_clear();
        command.envs(std::env::vars_os().filter(|(name, _)| is_for_programs(&name.to_string_lossy())));
        command.envs(environment(self.database));
        command.args(arguments).stdin(input).stdout(output);
        command.stderr(errors.try_clone().map_err(fault())?).kill_on_drop(true);
        let child = command.spawn().map_err(fault())?;
        Ok(Running { name, child, errors })
    }
}

impl Running {
    /// Waits until it has ended well.
    pub(super) async fn end(mut self) -> Result<(), BackupError> {
        let status = self.child.wait().await;
        let failed = |said: String| BackupError::Program { program: self.name, said };
        let status = status.map_err(|error| failed(error.to_string()))?;
        if status.success() {
            return Ok(());
        }
        let said = last_words(&mut self.errors).unwrap_or_default();
        Err(failed(if said.is_empty() { status.to_string() } else { said }))
    }
}

fn is_for_programs(variable: &str) -> bool {
    ENVIRONMENT.contains(&variable) || (variable.starts_with("PG") && !ELSEWHERE.contains(&variable))
}

fn last_words(errors: &mut File) -> io::Result<String> {
    let length = errors.seek(SeekFrom::End(0))?;
    errors.seek(SeekFrom::Start(length.saturating_sub(SAID)))?;
    let mut said = Vec::new();
    errors.take(SAID).read_to_end(&mut said)?;
    Ok(faults(&String::from_utf8_lossy(&said)))
}

fn faults(said: &str) -> String {
    let has = |line: &str| FAULTS.iter().any(|fault| line.contains(fault));
    let faults =
        said.lines().filter(|line| SPEAKERS.iter().any(|speaker| line.starts_with(speaker)) && has(line));
    faults.collect::<Vec<_>>().join("；")
}

/// The directories in which they may be, Debian's last.
fn usual() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut dirs: Vec<_> = std::env::split_paths(&path).filter(|dir| dir.is_absolute()).collect();
    let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    dirs.extend(versions.map(|entry| entry.path().join("bin")));
    dirs
}

/// The major version that a program says it has.
async fn version(program: &Path) -> Option<u32> {
    let said = Command::new(program).arg("--version").stdin(Stdio::null()).output().await.ok()?;
    major(&String::from_utf8_lossy(&said.stdout))
}

/// Out of `pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)`.
fn major(said: &str) -> Option<u32> {
    let (_, number) = said.split_once("(PostgreSQL) ")?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// How to reach a database, as libpq reads it.
fn environment(database: &PgConnectOptions) -> Vec<(&'static str, String)> {
    let host = database.get_socket().map(|socket| socket.to_string_lossy().into_owned());
    let mut all = vec![
        ("PGHOST", host.unwrap_or_else(|| database.get_host().to_owned())),
        ("PGPORT", database.get_port().to_string()),
        ("PGUSER", database.get_username().to_owned()),
        ("PGDATABASE", database.get_database().unwrap_or(database.get_username()).to_owned()),
        ("PGAPPNAME", "huying backup".to_owned()),
    ];
    all.extend(database.get_options().map(|options| ("PGOPTIONS", options.to_owned())));
    // The password and where certificates are have no other way out. The name may be one that is no part of a URL.
    let url = database.clone().username("huying").to_url_lossy();
    let password = url.password().and_then(|password| percent_decode_str(password).decode_utf8().ok());
    all.extend(password.map(|password| ("PGPASSWORD", password.into_owned())));
    for (name, value) in url.query_pairs() {
        let name = match &*name {
            "sslmode" => "PGSSLMODE",
            "sslrootcert" => "PGSSLROOTCERT",
            "sslcert" => "PGSSLCERT",
            "sslkey" => "PGSSLKEY",
            _ => continue,
        };
        // So sqlx writes a path. libpq takes no certificate itself, and says so.
        all.push((name, value.strip_prefix("file: ").unwrap_or(&value).to_owned()));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(major("pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n"), Some(15));
        assert_eq!(major("pg_dump (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major("nonsense"), None);
    }

    #[test]
    fn what_residents_wrote_is_not_told_on() {
        let said = "psql:<stdin>:41: NOTICE:  hello\npsql:<stdin>:42: ERROR:  invalid byte sequence for encoding \"UTF8\": 0xff\n\
            DETAIL:  Failing row contains (王小明, 灯坏了).\nCONTEXT:  COPY text, line 3: \"王小明 says ERROR: 灯坏了\"\n";
        assert_eq!(
            faults(said),
            "psql:<stdin>:42: ERROR:  invalid byte sequence for encoding \"UTF8\": 0xff"
        );
        let said = "psql:<stdin>:7: 错误:  关系 \"event\" 已经存在\n上下文:  COPY text, 行 3: \"王小明\"\n";
        assert_eq!(faults(said), "psql:<stdin>:7: 错误:  关系 \"event\" 已经存在");
        let said = "pg_dump: error: Dumping the contents of table \"text\" failed\n\
            pg_dump: detail: Error message from server: ERROR:  canceling statement\npg_dump: detail: Command was: COPY\n";
        assert_eq!(faults(said).matches("pg_dump:").count(), 2);
        assert_eq!(
            faults("psql: error: connection refused\n\tIs it there?\n"),
            "psql: error: connection refused"
        );
        assert_eq!(faults("王小明\n"), "");
    }

    #[test]
    fn variables_do_not_lead_elsewhere() {
        let names = [
            "PATH",
            "PGPASSFILE",
            "PGSSLMODE",
            "PGHOSTADDR",
            "PGSERVICE",
            "PGSERVICEFILE",
            "HUYING_MASTER_KEY",
        ];
        let known: Vec<_> = names.into_iter().filter(|name| is_for_programs(name)).collect();
        assert_eq!(known, ["PATH", "PGPASSFILE", "PGSSLMODE"]);
    }

    #[test]
    fn what_signs_in_is_in_the_environment() {
        let url =
            "postgres://a%40b:p%2F%C3%A4%25s@[::1]:5433/county?sslmode=verify-full&sslrootcert=/etc/ca.pem";
        let all = environment(&url.parse().unwrap());
        let value = |name| all.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str());
        assert_eq!((value("PGUSER"), value("PGPASSWORD")), (Some("a@b"), Some("p/ä%s")));
        assert_eq!((value("PGDATABASE"), value("PGPORT")), (Some("county"), Some("5433")));
        assert_eq!((value("PGSSLMODE"), value("PGSSLROOTCERT")), (Some("verify-full"), Some("/etc/ca.pem")));
        let socket = environment(&"postgres:///county?host=/run/postgresql&user=me".parse().unwrap());
        assert!(socket.contains(&("PGHOST", "/run/postgresql".to_owned())), "{socket:?}");
    }
}
