//! Thousands who listen, on one process: nothing is missed and nothing told twice, although half of them are cut off while
//! tickets are filed. Says how much memory that takes, and how long until the last one has heard.
//!
//! `listeners [SERVER] [COUNT] [postgres]`: the program to start, `target/release/huying`; how many listen, 5000; on what,
//! SQLite, or a private PostgreSQL with Redis.

use integration_tests::app::{COMMUNITY, MASTER_KEY, NEIGHBOUR, STREET};
use integration_tests::database::Database;
use integration_tests::listener::url;
use integration_tests::{Backend, Caller, Listener};
use serde_json::json;
use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

/// How many connections one person has.
const EACH: usize = 20;
/// How many tickets are filed in each part.
const TICKETS: usize = 100;
/// How many connect, or file, at once.
const ABREAST: usize = 16;
/// Longer than anything may take.
const EVER: Duration = Duration::from_secs(300);
const PLACES: [&str; 4] = ["532504", STREET, COMMUNITY, NEIGHBOUR];

struct Server {
    process: Child,
    base: String,
    /// Somebody reads it, or it says that nobody does.
    _said: BufReader<ChildStdout>,
}

impl Server {
    fn start(mut huying: Command) -> Self {
        let mut process = huying
            .args(["serve", "--demo"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts: cargo build --release -p api");
        let mut line = String::new();
        let mut said = BufReader::new(process.stdout.take().expect("it says where"));
        said.read_line(&mut line).expect("it says where");
        let base = line.trim().strip_prefix("huying listening on ").expect("it is ready").to_owned();
        Self { process, base, _said: said }
    }

    /// Megabytes: now, and at most so far.
    fn memory(&self) -> [u64; 2] {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        ["VmRSS:", "VmHWM:"].map(|name| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
            kilobytes.unwrap_or_default() / 1024
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A program that has ended already needs no end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn huying(program: &Path, data: &Path, postgres: Option<&Database>) -> Command {
    let mut command = Command::new(program);
    if let Some(database) = postgres {
        let redis = Backend::Postgres.redis_url().unwrap_or_default();
        command
            .env("DATABASE_URL", &database.url)
            .env("REDIS_URL", redis)
            .env("HUYING_MASTER_KEY", MASTER_KEY);
    }
    command
        .env("HUYING_DATA_DIR", data)
        .env("HUYING_LISTEN", "127.0.0.1:0")
        .env("HUYING_MAX_CONNECTIONS", "50000")
        .env("RUST_LOG", "warn");
    command
}

/// What one has heard.
#[derive(Default)]
struct Heard {
    tickets: Vec<String>,
    cursor: Option<String>,
}

/// One who listens.
struct Ear {
    caller: Caller,
    place: &'static str,
    heard: Arc<Mutex<Heard>>,
    task: Option<JoinHandle<()>>,
}

impl Ear {
    /// Begins to listen, or goes on after what was heard.
    async fn listen(mut self) -> Self {
        let cursor = self.heard().cursor.clone();
        let wants = json!({"place": self.place});
        let url = url(&self.caller, &wants, cursor.as_deref()).await;
        let mut listener = Listener::open(&self.caller, &url).await.expect("let in");
        let first = listener.hear().await.expect("a first message");
        assert_eq!(first["type"], "ready");
        self.heard().cursor = Some(listener.cursor.clone());
        let heard = self.heard.clone();
        self.task = Some(tokio::spawn(async move {
            loop {
                let message = listener.hear().await.expect("nobody is let go");
                assert_eq!(message["type"], "event");
                let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                let id = message["event"]["ticket"]["id"].as_str().expect("an id");
                heard.tickets.push(id.to_owned());
                heard.cursor = Some(listener.cursor.clone());
            }
        }));
        self
    }

    /// Goes away without a word.
    async fn cut(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            // That it was ended is what it ends with.
            let _ = task.await;
        }
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// So many at once.
async fn abreast<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    work: impl IntoIterator<Item = F>,
) -> Vec<T> {
    let (mut set, mut done) = (JoinSet::new(), Vec::new());
    for one in work {
        if set.len() == ABREAST {
            done.extend(set.join_next().await.map(|done| done.expect("it is done")));
        }
        set.spawn(one);
    }
    while let Some(one) = set.join_next().await {
        done.push(one.expect("it is done"));
    }
    done
}

/// Files tickets in two communities; their ids with where they lie.
async fn file(resident: &Caller) -> Vec<(String, &'static str)> {
    let one = |i: usize| {
        let (resident, place) = (resident.clone(), PLACES[2 + i % 2]);
        async move {
            let body = json!({"content": "路灯不亮", "place": {"code": place}});
            (resident.post("/tickets", body).await.expect(201).str("id").to_owned(), place)
        }
    };
    abreast((0..TICKETS).map(one)).await
}

/// Waits until each has heard all that is theirs.
async fn all_heard(ears: &[Ear], filed: &[(String, &'static str)]) {
    let count = |ear: &Ear| filed.iter().filter(|(_, place)| place.starts_with(ear.place)).count();
    let wanted: Vec<_> = ears.iter().map(count).collect();
    let waiting = async {
        while ears.iter().zip(&wanted).any(|(ear, wanted)| ear.heard().tickets.len() < *wanted) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    if timeout(EVER, waiting).await.is_err() {
        let late = ears.iter().zip(&wanted).filter(|(ear, wanted)| ear.heard().tickets.len() < **wanted);
        panic!("{} have not heard all", late.count());
    }
    // What would come twice would come now.
    sleep(Duration::from_millis(500)).await;
    for (ear, wanted) in ears.iter().zip(&wanted) {
        let heard = &ear.heard().tickets;
        let once: HashSet<_> = heard.iter().collect();
        let theirs = filed.iter().filter(|(_, place)| place.starts_with(ear.place)).map(|(id, _)| id);
        assert_eq!((heard.len(), once.len()), (*wanted, *wanted), "something came twice");
        assert_eq!(once, theirs.collect(), "something else came");
    }
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let program = arguments.next().unwrap_or_else(|| "target/release/huying".to_owned());
    let count: usize = arguments.next().map_or(5_000, |count| count.parse().expect("how many"));
    let data = tempfile::tempdir().expect("a directory");
    let postgres = match arguments.next().as_deref() {
        Some("postgres") => Some(Backend::Postgres.empty().await),
        Some(other) => panic!("not a database: {other}"),
        None => None,
    };
    let huying = || huying(Path::new(&program), data.path(), postgres.as_ref());
    let server = Server::start(huying());
    let anyone = Caller::anyone(&server.base);
    let login = anyone.post("/auth/wechat", json!({"code": "dev:王芳"})).await.expect(200);
    let resident = anyone.with_token(login.str("access_token"));
    let token = |i: usize| {
        let mut command = huying();
        let place = PLACES[i % PLACES.len()];
        command.args(["token", "--role", "grid_worker", "--place", place, "--person", &format!("网格员{i}")]);
        async move { tokio::task::spawn_blocking(move || command.output()).await }
    };
    let mut ears = Vec::new();
    for i in 0..count.div_ceil(EACH) {
        let said = token(i).await.expect("it ends").expect("it runs");
        let token = String::from_utf8(said.stdout).expect("a token");
        let caller = anyone.with_token(token.trim());
        for _ in 0..EACH.min(count - ears.len()) {
            let (place, heard) = (PLACES[i % PLACES.len()], Arc::default());
            ears.push(Ear { caller: caller.clone(), place, heard, task: None });
        }
    }
    let [before, _] = server.memory();
    let began = Instant::now();
    let mut ears = abreast(ears.into_iter().map(Ear::listen)).await;
    let [now, most] = server.memory();
    println!("{count} listen after {:.1} s: {now} MB (at most {most}, {before} before)", seconds(began));

    let began = Instant::now();
    let mut filed = file(&resident).await;
    println!("{TICKETS} tickets filed in {:.2} s", seconds(began));
    let last = Instant::now();
    all_heard(&ears, &filed).await;
    println!("all have heard {:.2} s after the last", seconds(last) - 0.5);

    let away = count / 2;
    for ear in &mut ears[..away] {
        ear.cut().await;
    }
    filed.extend(file(&resident).await);
    let began = Instant::now();
    let coming = abreast(ears.drain(..away).collect::<Vec<_>>().into_iter().map(Ear::listen));
    let (back, more) = tokio::join!(coming, file(&resident));
    ears.extend(back);
    filed.extend(more);
    println!("{away} were cut off and are back after {:.1} s", seconds(began));
    let last = Instant::now();
    all_heard(&ears, &filed).await;
    println!("all have heard everything once {:.2} s after the last", seconds(last) - 0.5);
    let [now, most] = server.memory();
    println!("{now} MB (at most {most})");
    let told: usize = ears.iter().map(|ear| ear.heard().tickets.len()).sum();
    println!("{}", json!({"listeners": count, "messages": told, "rss_mb": now, "rss_most_mb": most}));
    for ear in &mut ears {
        ear.cut().await;
    }
}

fn seconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64()
}
