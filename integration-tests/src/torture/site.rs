//! What is tortured: one server on SQLite, or two replicas on a PostgreSQL and a Redis of their own, with wires between them
//! and to their clients that can be cut.

use super::crowd::Staff;
use super::replica::{AGAIN, FIRST, Process, Program};
use super::servers::Kept;
use crate::app::{COMMUNITY, MASTER_KEY};
use crate::client::Caller;
use crate::database::{Backend, execute, number};
use crate::proxy::Proxy;
use crate::services::free_port;
use chrono::DateTime;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::task::block_in_place;

/// Room for what a run writes in so many seconds, and for a copy of it, in megabytes. What is left of it is filled up, and
/// memory has to hold that for a moment.
pub(super) fn room(seconds: u64) -> String {
    format!("{}m", 256 + 2 * seconds)
}

/// Limits of Mile in seconds: short enough to pass while somebody watches.
const LIMITS: [&str; 2] = [
    "UPDATE playbook SET body = json_set(body, '$.policy.clocks[0].limit_seconds', 2, \
     '$.policy.clocks[1].limit_seconds', 4)",
    "UPDATE playbook SET body = jsonb_set(jsonb_set(body, '{policy,clocks,0,limit_seconds}', '2'), \
     '{policy,clocks,1,limit_seconds}', '4')",
];

/// Servers and all that they stand on.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) replicas: Vec<Replica>,
    pub(super) postgres: Option<Postgres>,
    pub(super) redis: Option<Kept>,
    /// Where the logs are, and the data of SQLite.
    pub(super) folder: Kept,
    pub(super) directory: PathBuf,
    /// Where the data is, by no wire that is ever cut.
    pub(super) url: String,
    /// Whether the data has a disk of its own.
    pub(super) small: bool,
    /// How long a server takes to start, for the first time and afterwards.
    pub(super) first_start: Duration,
    pub(super) start: Duration,
    /// How many tickets the example has.
    pub(super) example: i64,
    /// How many databases were made beside it.
    copies: u32,
}

/// One server, at an address that it keeps.
#[derive(Debug)]
pub(super) struct Replica {
    pub(super) program: Program,
    pub(super) process: Option<Process>,
    /// Its own address.
    pub(super) port: u16,
    /// Between it and its clients.
    pub(super) wire: Proxy,
}

/// The database and the wire to it.
#[derive(Debug)]
pub(super) struct Postgres {
    pub(super) keeper: Kept,
    pub(super) wire: Proxy,
}

impl Site {
    /// Starts it with Mile, and with limits of seconds.
    ///
    /// # Errors
    /// What a server said instead of starting.
    pub(super) async fn start(path: &Path, backend: Backend, size: Option<&str>) -> Result<Self, String> {
        let mut settings =
            vec![("HUYING_MASTER_KEY", MASTER_KEY.to_owned()), ("RUST_LOG", "warn".to_owned())];
        for rate in ["HUYING_RATE_LOGINS", "HUYING_RATE_RENEWALS", "HUYING_RATE_TICKETS", "HUYING_RATE_CALLS"]
        {
            settings.push((rate, "off".to_owned()));
        }
        let (mut folder, mut postgres, mut redis) =
            (Kept::folder(size.filter(|_| backend == Backend::Sqlite)), None, None);
        let directory = folder.directory();
        let data = directory.join("disk/data");
        settings.push(("HUYING_DATA_DIR", data.display().to_string()));
        let url = match backend {
            Backend::Sqlite => format!("sqlite://{}/huying.db", data.display()),
            Backend::Postgres => {
                let (keeper, cache) = (Kept::postgres(size), Kept::redis());
                let wire = Proxy::start((Ipv4Addr::LOCALHOST, keeper.port()).into()).await;
                settings.push((
                    "DATABASE_URL",
                    format!("postgres://postgres@{}/huying?sslmode=disable", wire.address),
                ));
                settings.push(("REDIS_URL", format!("redis://127.0.0.1:{}/", cache.port())));
                let url = at(&keeper, "huying");
                execute(&at(&keeper, "postgres"), "CREATE DATABASE huying").await;
                postgres = Some(Postgres { keeper, wire });
                redis = Some(cache);
                url
            }
        };
        let mut replicas = Vec::new();
        for n in 0..if backend == Backend::Sqlite { 1 } else { 2 } {
            let port = free_port();
            let wire = Proxy::start((Ipv4Addr::LOCALHOST, port).into()).await;
            let log = directory.join(format!("server-{n}.log"));
            let program = Program { path: path.to_owned(), settings: settings.clone(), log };
            let program = program.with("HUYING_LISTEN", format!("127.0.0.1:{port}"));
            replicas.push(Replica { program, process: None, port, wire });
        }
        let begun = Instant::now();
        let first = &mut replicas[0];
        first.process = Some(block_in_place(|| first.program.serve(&FIRST))?);
        let (first_start, start) = (begun.elapsed(), Duration::ZERO);
        first.end()?;
        let example = number(&url, "SELECT count(*) FROM ticket").await;
        let mut site = Self {
            replicas,
            postgres,
            redis,
            folder,
            directory,
            url,
            small: size.is_some(),
            first_start,
            start,
            example,
            copies: 0,
        };
        execute(&site.url, LIMITS[usize::from(backend == Backend::Postgres)]).await;
        let begun = Instant::now();
        site.replicas[0].start()?;
        site.start = begun.elapsed();
        for other in &mut site.replicas[1..] {
            other.start()?;
        }
        Ok(site)
    }

    /// Where clients ask.
    pub(super) fn fronts(&self) -> Vec<String> {
        self.replicas.iter().map(|replica| format!("http://{}", replica.wire.address)).collect()
    }

    /// Somebody's token.
    ///
    /// # Errors
    /// What the program said instead.
    pub(super) fn token(&self, role: &str, place: &str, person: &str) -> Result<String, String> {
        let arguments = ["token", "--role", role, "--place", place, "--person", person, "--ttl", "12h"];
        block_in_place(|| self.replicas[0].program.run(&arguments))
    }

    /// Those whom all share; the worker is on duty all the time.
    ///
    /// # Errors
    /// What the program said instead.
    pub(super) async fn staff(&self) -> Result<Staff, String> {
        let worker = self.token("grid_worker", COMMUNITY, "网格员孙强")?;
        let clerk = self.token("community_clerk", COMMUNITY, "社区书记赵敏")?;
        let admin = self.token("county_admin", "532504", "县管理员周强")?;
        let by = |token: &str| Caller::anyone(&self.fronts()[0]).with_token(token);
        let mut ids = Vec::new();
        for token in [&clerk, &worker, &admin] {
            let me = by(token).get("/me").await.expect(200);
            ids.push(me.json["user"]["id"].as_str().unwrap_or_default().to_owned());
        }
        let [clerk_id, worker_id, admin_id] = <[String; 3]>::try_from(ids).unwrap_or_default();
        let epoch =
            if self.postgres.is_some() { "extract(epoch FROM now())::bigint" } else { "unixepoch('now')" };
        let now = number(&self.url, &format!("SELECT {epoch}")).await;
        let hour = |n: i64| json!(DateTime::from_timestamp(now + n * 3_600, 0));
        let shift =
            json!({"place": COMMUNITY, "person": worker_id, "starts_at": hour(-1), "ends_at": hour(24)});
        let _ = by(&clerk).post("/shifts", shift).await.expect(201);
        Ok(Staff { clerk, worker, admin, clerk_id, worker_id, admin_id })
    }

    /// A program on another database: an empty one, or a copy of this one's, on which no server works now.
    pub(super) async fn beside(&mut self, copy: bool) -> (Program, String) {
        self.copies += 1;
        let name = format!("beside_{}", self.copies);
        let program = &self.replicas[0].program;
        match &self.postgres {
            Some(Postgres { keeper, .. }) => {
                let template = if copy { "TEMPLATE huying" } else { "" };
                let admin = at(keeper, "postgres");
                // Sessions of a server that was killed may still be there.
                execute(
                    &admin,
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'huying'",
                )
                .await;
                execute(&admin, &format!("CREATE DATABASE {name} {template}")).await;
                let url = at(keeper, &name);
                (program.with("DATABASE_URL", &url), url)
            }
            None => {
                let data = self.directory.join("disk").join(name);
                std::fs::create_dir(&data).expect("there is room for it");
                if copy {
                    for file in ["huying.db", "huying.db-wal"] {
                        // After a clean end there is no log.
                        let _ = std::fs::copy(self.directory.join("disk/data").join(file), data.join(file));
                    }
                }
                let url = format!("sqlite://{}/huying.db", data.display());
                (program.with("HUYING_DATA_DIR", data.display().to_string()), url)
            }
        }
    }

    /// Removes one that came of [`Self::beside`].
    pub(super) async fn forget(&self, url: &str) {
        match (&self.postgres, url.strip_prefix("sqlite://").map(Path::new).and_then(Path::parent)) {
            (Some(Postgres { keeper, .. }), _) => {
                let name = url.rsplit('/').next().unwrap_or_default();
                execute(&at(keeper, "postgres"), &format!("DROP DATABASE {name} WITH (FORCE)")).await;
            }
            (None, Some(data)) => std::fs::remove_dir_all(data).expect("it is there"),
            (None, None) => {}
        }
    }

    /// What `/ready` of each server says, if it is not ready.
    pub(super) async fn unready(&self) -> Option<String> {
        for (n, replica) in self.replicas.iter().enumerate() {
            let request = Caller::anyone(&format!("http://127.0.0.1:{}", replica.port))
                .request(reqwest::Method::GET, "//ready")
                .timeout(Duration::from_secs(5));
            let said = match request.send().await {
                Ok(answer) => (answer.status().as_u16(), answer.text().await.unwrap_or_default()),
                Err(error) => (0, error.to_string()),
            };
            let json: Value = serde_json::from_str(&said.1).unwrap_or_default();
            if said.0 != 200 || json["cache"] == "down" {
                return Some(format!("server {n}: /ready says {} {}", said.0, said.1));
            }
        }
        None
    }

    /// Keeps what is on the disk when all has ended, and says where.
    pub(super) fn keep(&mut self) -> Vec<String> {
        self.folder.tell("keep");
        let mut kept = vec![self.directory.display().to_string()];
        if let Some(Postgres { keeper, .. }) = &mut self.postgres {
            keeper.tell("keep");
            kept.push(keeper.directory().display().to_string());
        }
        kept
    }
}

impl Replica {
    pub(super) fn start(&mut self) -> Result<(), String> {
        self.process = Some(block_in_place(|| self.program.serve(&AGAIN))?);
        Ok(())
    }

    /// `kill -9`.
    pub(super) fn kill(&mut self) {
        block_in_place(|| drop(self.process.take()));
    }

    pub(super) fn end(&mut self) -> Result<(), String> {
        block_in_place(|| self.process.take().map_or(Ok(()), Process::end))
    }
}

fn at(keeper: &Kept, database: &str) -> String {
    format!("postgres://postgres@127.0.0.1:{}/{database}", keeper.port())
}
