//! People who work while replicas come and go. They ask whichever is there, and ask again with the same key until they are
//! answered, as the mini-program does.

use crate::app::COMMUNITY;
use crate::client::Caller;
use crate::database::number;
use chrono::DateTime;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How many people file tickets at the same time.
pub(crate) const WRITERS: u32 = 4;
/// How long one waits to be answered, and how long all of a call may take.
const PATIENCE: Duration = Duration::from_secs(5);
const IN_ALL: Duration = Duration::from_secs(60);
/// Between two tries, and between two looks at what is done.
const PAUSE: Duration = Duration::from_millis(30);
/// How many of the tickets that went all the way are looked at each time.
const LOOKED_AT: usize = 3;

/// Which replicas are asked, and how they answered: by status, 0 for not at all.
#[derive(Debug, Default)]
pub(crate) struct Front {
    ports: Mutex<Vec<u16>>,
    next: AtomicUsize,
    answers: Mutex<BTreeMap<u16, u64>>,
}

fn lock<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Front {
    /// One that is asked from now on.
    pub(crate) fn open(&self, port: u16) {
        lock(&self.ports).push(port);
    }

    /// One that is asked no more.
    pub(crate) fn close(&self, port: u16) {
        lock(&self.ports).retain(|open| *open != port);
    }

    fn ports(&self) -> Vec<u16> {
        lock(&self.ports).clone()
    }

    /// Each in turn: what one has written, another goes on with.
    fn next(&self) -> Option<u16> {
        let ports = lock(&self.ports);
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        ports.get(turn % ports.len().max(1)).copied()
    }

    fn count(&self, status: u16) {
        *lock(&self.answers).entry(status).or_default() += 1;
    }

    /// How it was answered since this was asked last.
    pub(crate) fn answers(&self) -> BTreeMap<u16, u64> {
        std::mem::take(&mut *lock(&self.answers))
    }
}

/// Somebody who asks until they are answered.
struct Patient<'a> {
    front: &'a Front,
    token: String,
}

impl Patient<'_> {
    fn at(&self, port: u16) -> Caller {
        Caller::anyone(&format!("http://127.0.0.1:{port}")).with_token(&self.token)
    }

    /// The answer of this replica; `None` when there was none to go by.
    async fn ask(
        &self,
        port: u16,
        method: Method,
        path: &str,
        about: Option<(&Value, &str)>,
    ) -> Option<Value> {
        let mut request = self.at(port).request(method, path).timeout(PATIENCE);
        if let Some((body, key)) = about {
            request = request.json(body).header("idempotency-key", key);
        }
        let answer = async {
            let response = request.send().await?;
            Ok::<_, reqwest::Error>((response.status(), response.text().await?))
        };
        let Ok((status, text)) = answer.await else {
            self.front.count(0);
            return None;
        };
        self.front.count(status.as_u16());
        if status.is_server_error() {
            return None;
        }
        assert!(status.is_success(), "{path}: {status} {text}");
        Some(serde_json::from_str(&text).expect("an answer is JSON"))
    }

    /// Asks until it is answered; what is refused ends the test.
    async fn call(&self, method: Method, path: &str, about: Option<(&Value, &str)>) -> Value {
        let begun = Instant::now();
        loop {
            if let Some(port) = self.front.next()
                && let Some(answer) = self.ask(port, method.clone(), path, about).await
            {
                return answer;
            }
            assert!(begun.elapsed() < IN_ALL, "nobody answers {path}");
            sleep(PAUSE).await;
        }
    }

    async fn post(&self, path: &str, body: &Value, key: &str) -> Value {
        self.call(Method::POST, path, Some((body, key))).await
    }

    /// Who they are.
    async fn id(&self) -> String {
        let me = self.call(Method::GET, "/me", None).await;
        me["user"]["id"].as_str().expect("an id").to_owned()
    }
}

/// Everybody who works.
pub(crate) struct Cast<'a> {
    residents: Vec<Patient<'a>>,
    clerk: Patient<'a>,
    worker: Patient<'a>,
    pub(crate) worker_id: String,
    pub(crate) clerk_id: String,
    /// Tickets that went all the way, and which nobody changes any more.
    done: Mutex<Vec<String>>,
}

impl<'a> Cast<'a> {
    /// Residents, a clerk, and a worker who is on duty all the time. `token` is one for a role, a place and a name.
    pub(crate) async fn gather(
        front: &'a Front,
        token: impl Fn(&str, &str, &str) -> String,
        url: &str,
    ) -> Self {
        let patient = |role, place, name: &str| Patient { front, token: token(role, place, name) };
        let residents = (0..WRITERS).map(|n| patient("resident", "532504", &format!("居民{n}"))).collect();
        let worker = patient("grid_worker", COMMUNITY, "网格员孙强");
        let clerk = patient("community_clerk", COMMUNITY, "社区书记赵敏");
        let (worker_id, clerk_id) = (worker.id().await, clerk.id().await);
        let now = number(url, "SELECT extract(epoch FROM now())::bigint").await;
        let hour = |n: i64| DateTime::from_timestamp(now + n * 3_600, 0).expect("a time");
        let shift =
            json!({"place": COMMUNITY, "person": worker_id, "starts_at": hour(-1), "ends_at": hour(12)});
        clerk.post("/shifts", &shift, "shift").await;
        Self { residents, clerk, worker, worker_id, clerk_id, done: Mutex::default() }
    }

    /// Everybody at once, until they are told to stop: the tickets that were filed.
    pub(crate) async fn work(&self, working: &AtomicBool) -> Vec<String> {
        let filed = join_all((0..WRITERS).map(|writer| self.file(writer, working))).await;
        filed.into_iter().flatten().collect()
    }

    /// One ticket after the other: most are left to their limits, some go all the way, some of those are reopened.
    async fn file(&self, writer: u32, working: &AtomicBool) -> Vec<String> {
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
                } else {
                    lock(&self.done).push(id.clone());
                }
            }
            filed.push(id);
        }
        filed
    }

    /// Looks at what went all the way, until told to stop: every replica shows the same of it, whichever wrote it. How often
    /// it was looked at.
    pub(crate) async fn compare(&self, working: &AtomicBool) -> u64 {
        let mut compared = 0;
        while working.load(Ordering::SeqCst) {
            let last = {
                let done = lock(&self.done);
                let last: Range<usize> = done.len().saturating_sub(LOOKED_AT)..done.len();
                done[last].to_vec()
            };
            for id in last {
                let path = format!("/tickets/{id}");
                let looks = self.clerk.front.ports().into_iter().map(async |port| {
                    let ticket = self.clerk.ask(port, Method::GET, &path, None).await?;
                    let timeline = format!("{path}/timeline?limit=100");
                    let timeline = self.clerk.ask(port, Method::GET, &timeline, None).await?;
                    let steps: Vec<Value> =
                        timeline["items"].as_array()?.iter().map(|step| step["kind"].clone()).collect();
                    assert!(!steps.is_empty(), "{timeline}");
                    Some((ticket["status"].clone(), ticket["version"].clone(), steps))
                });
                let seen: Vec<_> = join_all(looks).await.into_iter().flatten().collect();
                assert!(seen.windows(2).all(|two| two[0] == two[1]), "{id}: {seen:?}");
                compared += seen.len() as u64;
            }
            sleep(PAUSE).await;
        }
        compared
    }
}
