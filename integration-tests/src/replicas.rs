//! Replicas as processes on one PostgreSQL and one Redis, started and ended while people work: every limit rings once, and
//! what follows from it follows once. Time is the machine's here, and limits are of seconds.

use crate::database::{Backend, Database, execute, number};
use crate::people::{Cast, WRITERS};
use crate::services;
use crate::torture::count::{doubled, followed, settled, verified};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

/// Limits of Mile in seconds: short enough to pass while somebody watches.
const LIMITS: &str = "UPDATE playbook SET body = jsonb_set(jsonb_set(body, '{policy,clocks,0,limit_seconds}', '2'), \
     '{policy,clocks,1,limit_seconds}', '4')";

/// What replicas share.
pub(crate) struct Deployment {
    pub(crate) url: String,
    data: tempfile::TempDir,
    _database: Database,
}

/// A replica that can be ended and started again at the same address, by whichever program.
pub(crate) struct Replica<'a> {
    at: &'a Deployment,
    pub(crate) port: u16,
    process: Option<Child>,
}

impl Deployment {
    /// A database with Mile in it, brought in by `program`, and limits that pass while somebody watches.
    pub(crate) async fn begin(program: &Path) -> Self {
        let database = Backend::Postgres.empty().await;
        let data = tempfile::tempdir().expect("a directory");
        let at = Self { url: database.url.clone(), data, _database: database };
        Replica::of(&at).start_with(program, &["--demo"]).expect("the first one starts");
        execute(&at.url, LIMITS).await;
        at
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HUYING_DATA_DIR", self.data.path())
            .env("HUYING_MASTER_KEY", crate::app::MASTER_KEY)
            .env("DATABASE_URL", &self.url)
            .env("RUST_LOG", "error");
        for rate in ["LOGINS", "RENEWALS", "TICKETS", "CALLS"] {
            command.env(format!("HUYING_RATE_{rate}"), "off");
        }
        command
    }

    /// A token of somebody with a role.
    pub(crate) fn token(&self, program: &Path, role: &str, place: &str, person: &str) -> String {
        let arguments = ["token", "--role", role, "--place", place, "--person", person, "--ttl", "2h"];
        let out = self.command(program).args(arguments).output().expect("the program runs");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).trim().to_owned()
    }
}

impl<'a> Replica<'a> {
    /// One that has not started yet.
    pub(crate) fn of(at: &'a Deployment) -> Self {
        Self { at, port: services::free_port(), process: None }
    }

    /// Starts it and waits until it answers.
    ///
    /// # Errors
    /// What it says when it does not start.
    pub(crate) fn start(&mut self, program: &Path) -> Result<(), String> {
        self.start_with(program, &[])
    }

    fn start_with(&mut self, program: &Path, arguments: &[&str]) -> Result<(), String> {
        let mut process = self
            .at
            .command(program)
            .env("REDIS_URL", services::redis().url())
            .env("HUYING_LISTEN", format!("127.0.0.1:{}", self.port))
            .arg("serve")
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let said = process.stdout.take().expect("it says where");
        let mut fault = process.stderr.take().expect("it says why not");
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line).expect("it says where");
        if !line.starts_with("huying listening on ") {
            let _ = process.kill();
            let _ = process.wait();
            let _ = fault.read_to_string(&mut line);
            return Err(line);
        }
        // Somebody must read it, or it cannot be written any more.
        std::thread::spawn(move || std::io::copy(&mut fault, &mut std::io::stderr()));
        self.process = Some(process);
        Ok(())
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // One that has ended by itself needs no end.
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn end(&mut self) -> Option<ExitStatus> {
        let mut process = self.process.take()?;
        let asked = Command::new("kill").args(["-TERM", &process.id().to_string()]).status();
        assert!(asked.is_ok_and(|asked| asked.success()), "it can be asked");
        process.wait().ok()
    }
}

impl Drop for Replica<'_> {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn breaches(url: &str) -> i64 {
    number(url, "SELECT count(*) FROM event WHERE kind = 'breached'").await
}

/// What did not add up, once all has followed.
pub(crate) async fn faults(at: &Deployment, cast: &Cast<'_>, filed: &[String]) -> Vec<String> {
    let Cast { worker_id, clerk_id, .. } = cast;
    let mut faults = settled(&at.url).await;
    let breaches = breaches(&at.url).await;
    // Every other ticket is left to both of its limits; the last ones may not have been left yet.
    let tickets = i64::try_from(filed.len()).unwrap_or(i64::MAX);
    if breaches < tickets - i64::from(2 * WRITERS) {
        faults.push(format!("only {breaches} limits rang, of {tickets} tickets"));
    }
    let known = format!("SELECT count(*) FROM ticket WHERE id IN ('{}')", filed.join("', '"));
    let known = number(&at.url, &known).await;
    // Those of the example have ids that are fixed.
    let all = "SELECT count(*) FROM ticket WHERE id::text NOT LIKE '01990000-0000-7000-8000-%'";
    let all = number(&at.url, all).await;
    if [known, all].map(usize::try_from) != [Ok(filed.len()), Ok(filed.len())] {
        faults.push(format!("{} tickets were acknowledged, {known} of {all} are those", filed.len()));
    }
    faults.extend(doubled(&at.url).await);
    faults.extend(followed(&at.url, worker_id, clerk_id, filed.iter().map(String::as_str)).await);
    faults.extend(verified(&at.url).await);
    faults
}
