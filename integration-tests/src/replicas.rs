//! Two replicas as processes on one PostgreSQL and one Redis, killed again and again while people work: every limit rings
//! once, and what follows from it follows once. Time is the machine's here, and limits are of seconds.

use crate::app::config;
use crate::database::{Backend, Database, execute, number};
use crate::people::{Cast, Front, WRITERS};
use crate::services;
use api::{App, Clock};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// For how long a replica works between two kills.
const BETWEEN_KILLS: Duration = Duration::from_millis(1_500);
/// How long all that is left may take in the end.
const SETTLES: Duration = Duration::from_secs(60);
/// Limits of Mile in seconds: short enough to pass while somebody watches.
const LIMITS: &str = "UPDATE playbook SET body = jsonb_set(jsonb_set(body, '{policy,clocks,0,limit_seconds}', '2'), \
     '{policy,clocks,1,limit_seconds}', '4')";

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// How often a replica was killed.
    pub kills: u32,
    /// How many tickets were filed.
    pub tickets: i64,
    /// How many limits rang.
    pub breaches: i64,
    /// How many red flags were given, those taken back among them.
    pub flags: i64,
    /// What did not add up, in words; nothing, as it should be.
    pub faults: Vec<String>,
}

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

/// Kills one of two replicas after the other for `lasting` while people work, and then counts.
///
/// # Panics
/// When a replica does not start, or refuses what it should not.
pub async fn work_while_killed(program: &Path, lasting: Duration) -> Outcome {
    let at = Deployment::begin(program).await;
    let mut replicas = [Replica::of(&at), Replica::of(&at)];
    let front = Front::default();
    for replica in &mut replicas {
        replica.start(program).expect("it starts");
        front.open(replica.port);
    }
    let token = |role: &str, place: &str, person: &str| at.token(program, role, place, person);
    let cast = Cast::gather(&front, token, &at.url).await;
    let working = AtomicBool::new(true);
    let killing = async {
        let (begun, mut kills) = (Instant::now(), 0);
        while begun.elapsed() < lasting {
            sleep(BETWEEN_KILLS).await;
            let replica = &mut replicas[kills as usize % 2];
            replica.kill();
            sleep(Duration::from_millis(200)).await;
            tokio::task::block_in_place(|| replica.start(program).expect("it starts"));
            kills += 1;
        }
        working.store(false, Ordering::SeqCst);
        kills
    };
    let (kills, filed) = tokio::join!(killing, cast.work(&working));
    let faults = faults(&at, &cast, &filed).await;
    Outcome {
        kills,
        tickets: i64::try_from(filed.len()).unwrap_or(i64::MAX),
        breaches: breaches(&at.url).await,
        flags: number(&at.url, "SELECT count(*) FROM flag").await,
        faults,
    }
}

async fn breaches(url: &str) -> i64 {
    number(url, "SELECT count(*) FROM event WHERE kind = 'breached'").await
}

/// What did not add up, once all has followed.
pub(crate) async fn faults(at: &Deployment, cast: &Cast<'_>, filed: &[String]) -> Vec<String> {
    let mut faults = settled(&at.url).await;
    let breaches = breaches(&at.url).await;
    // Every other ticket is left to both of its limits; the last ones may not have been left yet.
    let tickets = i64::try_from(filed.len()).unwrap_or(i64::MAX);
    if breaches < tickets - i64::from(2 * WRITERS) {
        faults.push(format!("only {breaches} limits rang, of {tickets} tickets"));
    }
    faults.extend(counted(&at.url, cast, filed).await);
    faults.extend(verified(&at.url).await);
    faults
}

/// Waits until all limits have passed and everything that follows is done; what is left when it should have been.
async fn settled(url: &str) -> Vec<String> {
    const LEFT: [(&str, &str); 2] = [
        ("tickets that are due", "SELECT count(*) FROM ticket WHERE next_at < now() + interval '5 seconds'"),
        (
            "reactors behind the log",
            "SELECT count(*) FROM reactor r WHERE EXISTS (SELECT 1 FROM event e WHERE e.aggregate = 'ticket' \
             AND (e.xid, e.position) > (r.xid::text::xid8, r.position))",
        ),
    ];
    let begun = Instant::now();
    loop {
        let mut left = Vec::new();
        for (what, sql) in LEFT {
            let count = number(url, sql).await;
            if count > 0 {
                left.push(format!("{count} {what}"));
            }
        }
        if left.is_empty() || begun.elapsed() > SETTLES {
            return left;
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// What the store itself says of its tables.
async fn verified(url: &str) -> Vec<String> {
    let app = App::start(config(url, None), Clock::system()).await.expect("a server starts");
    let faults = app.verify().await.expect("the store can be checked");
    app.stop().await.expect("the server stops");
    faults
}

/// What does not agree with the event log.
async fn counted(url: &str, cast: &Cast<'_>, filed: &[String]) -> Vec<String> {
    let Cast { worker_id: worker, clerk_id: clerk, .. } = cast;
    let mut faults = Vec::new();
    let known =
        number(url, &format!("SELECT count(*) FROM ticket WHERE id IN ('{}')", filed.join("', '"))).await;
    // Those of the example have ids that are fixed.
    let all = "SELECT count(*) FROM ticket WHERE id::text NOT LIKE '01990000-0000-7000-8000-%'";
    let all = number(url, all).await;
    if [known, all].map(usize::try_from) != [Ok(filed.len()), Ok(filed.len())] {
        faults.push(format!("{} tickets were acknowledged, {known} of {all} are those", filed.len()));
    }
    let nothing = [
        (
            "clocks rang twice",
            "SELECT count(*) FROM (SELECT 1 FROM event WHERE kind = 'breached' \
             GROUP BY stream, payload #>> '{clocks,0,kind}', payload #>> '{clocks,0,round}' HAVING count(*) > 1) e"
                .to_owned(),
        ),
        (
            "clocks should have rung and did not",
            "SELECT count(*) FROM clock WHERE due_at < now() AND met_at IS NULL AND cancelled_at IS NULL \
             AND breached_at IS NULL AND paused_at IS NULL"
                .to_owned(),
        ),
        (
            "clocks rang without an event, or the other way round",
            "SELECT abs((SELECT count(*) FROM clock WHERE breached_at IS NOT NULL) \
             - (SELECT count(*) FROM event WHERE kind = 'breached'))"
                .to_owned(),
        ),
        (
            "red flags are not one a closed ticket",
            format!(
                "SELECT count(*) FROM ticket t WHERE t.handler_id = '{worker}' \
                 AND (SELECT count(*) FROM flag f WHERE f.ticket_id = t.id AND f.taken_at IS NULL) \
                 <> CASE t.status WHEN 'closed' THEN 1 ELSE 0 END"
            ),
        ),
        (
            "red flags were not given once a closing",
            format!(
                "SELECT abs((SELECT count(*) FROM flag WHERE user_id = '{worker}') - (SELECT count(*) FROM event e \
                 JOIN ticket t ON t.id = e.stream WHERE e.kind = 'closed' AND t.handler_id = '{worker}'))"
            ),
        ),
        (
            "dispatches were not told their handler once",
            format!(
                "SELECT count(*) FROM event e WHERE e.kind = 'dispatched' AND e.payload #>> '{{fact,lead,person}}' = '{worker}' \
                 AND (SELECT count(*) FROM inbox i WHERE i.user_id = '{worker}' AND i.position = e.position) <> 1"
            ),
        ),
        (
            "breaches were not told the desk once",
            // Of the first limit that a ticket breaks, while it still lies on the community's desk.
            format!(
                "SELECT count(*) FROM event e WHERE e.kind = 'breached' AND e.payload #>> '{{clocks,0,kind}}' = 'arrive' \
                 AND e.stream IN ('{}') \
                 AND (SELECT count(*) FROM inbox i WHERE i.user_id = '{clerk}' AND i.position = e.position) <> 1",
                filed.join("', '")
            ),
        ),
        (
            "breaches did not ring whoever is on duty once",
            format!(
                "SELECT count(*) FROM event e WHERE e.kind = 'breached' AND e.stream IN ('{}') \
                 AND (SELECT count(*) FROM inbox i WHERE i.user_id = '{worker}' AND i.position = e.position) <> 1",
                filed.join("', '")
            ),
        ),
        ("events were set aside", "SELECT count(*) FROM set_aside".to_owned()),
    ];
    for (what, sql) in nothing {
        let count = number(url, &sql).await;
        if count != 0 {
            faults.push(format!("{count} {what}"));
        }
    }
    faults
}
