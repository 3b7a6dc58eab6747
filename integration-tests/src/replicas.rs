//! Two replicas as processes on one PostgreSQL and one Redis, killed again and again while people work: every limit rings
//! once, and what follows from it follows once. Time is the machine's here, and limits are of seconds.

use crate::app::{COMMUNITY, config};
use crate::client::Caller;
use crate::database::{Backend, execute, number};
use crate::services;
use api::{App, Clock};
use chrono::DateTime;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// For how long a replica works between two kills.
const BETWEEN_KILLS: Duration = Duration::from_millis(1_500);
/// How long all that is left may take in the end.
const SETTLES: Duration = Duration::from_secs(60);
/// How many people file tickets at the same time.
const WRITERS: u32 = 4;
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

/// A replica that can be killed and started again at the same address.
struct Replica<'a> {
    at: &'a Deployment,
    port: u16,
    process: Option<Child>,
}

/// What replicas share.
struct Deployment {
    program: PathBuf,
    database: String,
    data: tempfile::TempDir,
}

impl Deployment {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .env("HUYING_DATA_DIR", self.data.path())
            .env("HUYING_MASTER_KEY", crate::app::MASTER_KEY)
            .env("DATABASE_URL", &self.database)
            .env("RUST_LOG", "error");
        command
    }

    /// A token of somebody with a role.
    fn token(&self, role: &str, place: &str, person: &str) -> String {
        let arguments = ["token", "--role", role, "--place", place, "--person", person, "--ttl", "2h"];
        let out = self.command().args(arguments).output().expect("the program runs");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).trim().to_owned()
    }
}

impl Replica<'_> {
    /// Starts it and waits until it answers.
    fn start(&mut self) {
        let mut process = self
            .at
            .command()
            .env("REDIS_URL", services::redis().url())
            .env("HUYING_LISTEN", format!("127.0.0.1:{}", self.port))
            .args(["serve", "--demo"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let said = process.stdout.take().expect("it says where");
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line).expect("it says where");
        self.process = Some(process);
        assert!(line.starts_with("huying listening on "), "{line}");
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // One that has ended by itself needs no end.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Drop for Replica<'_> {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Somebody who asks one replica and, where that is gone, the other, with the same key.
struct Patient {
    callers: [Caller; 2],
}

impl Patient {
    fn new(ports: [u16; 2], token: &str) -> Self {
        let caller = |port| Caller::anyone(&format!("http://127.0.0.1:{port}")).with_token(token);
        Self { callers: ports.map(caller) }
    }

    /// Who they are.
    async fn id(&self) -> String {
        let me = self.callers[0].get("/me").await.expect(200);
        me.json["user"]["id"].as_str().expect("an id").to_owned()
    }

    /// Asks until it is answered; what is refused ends the test.
    async fn post(&self, path: &str, body: &Value, key: &str) -> Value {
        let begun = Instant::now();
        let mut which = usize::from(key.len().is_multiple_of(2));
        loop {
            let request = self.callers[which].request(Method::POST, path).json(body);
            let request = request.header("idempotency-key", key).timeout(Duration::from_secs(5));
            if let Ok(response) = request.send().await {
                let status = response.status();
                if let Ok(text) = response.text().await
                    && !status.is_server_error()
                {
                    assert!(status.is_success(), "{path} with {key}: {status} {text}");
                    return serde_json::from_str(&text).expect("an answer is JSON");
                }
            }
            assert!(begun.elapsed() < SETTLES, "nobody answers {path}");
            which = 1 - which;
            sleep(Duration::from_millis(30)).await;
        }
    }
}

/// Everybody who works.
struct Cast {
    residents: Vec<Patient>,
    clerk: Patient,
    worker: Patient,
    worker_id: String,
    clerk_id: String,
}

impl Cast {
    /// One ticket after the other: most are left to their limits, some go all the way, some of those are reopened.
    async fn work(&self, writer: u32, working: &AtomicBool) -> Vec<String> {
        let resident = &self.residents[writer as usize];
        let mut filed = Vec::new();
        for n in 0.. {
            if !working.load(Ordering::SeqCst) {
                break;
            }
            let key = |step: &str| format!("{writer}-{n}-{step}");
            let lamp =
                json!({"content": "北门的路灯不亮", "place": {"code": COMMUNITY}, "severity": "small"});
            let ticket = resident.post("/tickets", &lamp, &key("submit")).await;
            let id = ticket["id"].as_str().expect("an id").to_owned();
            let path = |act: &str| format!("/tickets/{id}/{act}");
            if n % 2 == 0 {
                let lead = json!({"lead": {"person": self.worker_id}});
                self.clerk.post(&path("dispatch"), &lead, &key("dispatch")).await;
                self.worker.post(&path("accept"), &json!({}), &key("accept")).await;
                let solved = json!({"outcome": "solved", "reply": "已更换灯泡"});
                self.worker.post(&path("resolve"), &solved, &key("resolve")).await;
                let satisfied = json!({"satisfaction": "satisfied"});
                resident.post(&path("rate"), &satisfied, &key("rate")).await;
                if n % 6 == 0 {
                    resident.post(&path("reopen"), &json!({"reason": "又不亮了"}), &key("reopen")).await;
                }
            }
            filed.push(id);
        }
        filed
    }
}

/// Kills one of two replicas after the other for `lasting` while people work, and then counts.
///
/// # Panics
/// When a replica does not start, or refuses what it should not.
pub async fn work_while_killed(program: &Path, lasting: Duration) -> Outcome {
    let database = Backend::Postgres.empty().await;
    let data = tempfile::tempdir().expect("a directory");
    let at = Deployment { program: program.to_owned(), database: database.url.clone(), data };
    let ports = [services::free_port(), services::free_port()];
    let mut replicas = ports.map(|port| Replica { at: &at, port, process: None });
    // The first start brings in Mile; then its limits are those of this test.
    replicas[0].start();
    replicas[0].kill();
    execute(&at.database, LIMITS).await;
    replicas.iter_mut().for_each(Replica::start);

    let resident = |n| Patient::new(ports, &at.token("resident", "532504", &format!("居民{n}")));
    let worker = Patient::new(ports, &at.token("grid_worker", COMMUNITY, "网格员孙强"));
    let clerk = Patient::new(ports, &at.token("community_clerk", COMMUNITY, "社区书记赵敏"));
    let (worker_id, clerk_id) = (worker.id().await, clerk.id().await);
    // The worker is on duty all the time.
    let now = number(&at.database, "SELECT extract(epoch FROM now())::bigint").await;
    let hour = |n: i64| DateTime::from_timestamp(now + n * 3_600, 0).expect("a time");
    let shift = json!({"place": COMMUNITY, "person": worker_id, "starts_at": hour(-1), "ends_at": hour(12)});
    clerk.post("/shifts", &shift, "shift").await;
    let cast = Cast { residents: (0..WRITERS).map(resident).collect(), clerk, worker, worker_id, clerk_id };
    let working = AtomicBool::new(true);
    let killing = async {
        let (begun, mut kills) = (Instant::now(), 0);
        while begun.elapsed() < lasting {
            sleep(BETWEEN_KILLS).await;
            let replica = &mut replicas[kills as usize % 2];
            replica.kill();
            sleep(Duration::from_millis(200)).await;
            tokio::task::block_in_place(|| replica.start());
            kills += 1;
        }
        working.store(false, Ordering::SeqCst);
        kills
    };
    let writing = futures_util::future::join_all((0..WRITERS).map(|writer| cast.work(writer, &working)));
    let (kills, filed) = tokio::join!(killing, writing);
    let filed: Vec<String> = filed.into_iter().flatten().collect();
    let mut faults = settled(&at.database).await;
    let breaches = number(&at.database, "SELECT count(*) FROM event WHERE kind = 'breached'").await;
    // Every other ticket is left to both of its limits; the last ones may not have been left yet.
    let tickets = i64::try_from(filed.len()).unwrap_or(i64::MAX);
    if breaches < tickets - i64::from(2 * WRITERS) {
        faults.push(format!("only {breaches} limits rang, of {tickets} tickets"));
    }
    faults.extend(counted(&at.database, &cast, &filed).await);
    faults.extend(verified(&at.database).await);
    Outcome {
        kills,
        tickets,
        breaches,
        flags: number(&at.database, "SELECT count(*) FROM flag").await,
        faults,
    }
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
async fn counted(url: &str, cast: &Cast, filed: &[String]) -> Vec<String> {
    let Cast { worker_id: worker, clerk_id: clerk, .. } = cast;
    let mut faults = Vec::new();
    let known =
        number(url, &format!("SELECT count(*) FROM ticket WHERE id IN ('{}')", filed.join("', '"))).await;
    if usize::try_from(known) != Ok(filed.len()) {
        faults.push(format!("{} tickets were acknowledged, {known} are there", filed.len()));
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
