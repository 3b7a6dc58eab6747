//! The assembled server.

use crate::address::TrustedProxies;
use crate::auth::Tokens;
use crate::config::Config;
use crate::error::{ApiError, ApiResult};
use crate::extract::MAX_BODY;
use crate::limits::Wire;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::people::{self, NewToken, NewUser};
use crate::wire::{Connections, bearable};
use crate::{demo, docs, edge, jobs, routes};
use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, HttpServer, web};
use anyhow::Context;
use domain::permission::Action;
use infra::keys::Purpose;
use infra::store::{Cursor, LoggedEvent, Reactor};
use infra::wake::Replicas;
use infra::{Cache, Clock, Passwords, Rates, Store, Wechat};
use openapi::document::{Call, Permission, calls, lint};
use secrecy::ExposeSecret;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use utoipa_actix_web::AppExt;

/// How many connections wait to be taken in; what comes beyond that is the system's to refuse.
const BACKLOG: u32 = 1024;

/// The country's holidays and make-up days, as far as they are announced.
const CHINA: (&str, &str) =
    ("playbooks/calendar/china.json", include_str!("../../playbooks/calendar/china.json"));

/// What every handler can reach.
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) cache: Cache,
    pub(crate) tokens: Tokens,
    pub(crate) passwords: Passwords,
    /// Without it only development logins work.
    pub(crate) wechat: Option<Wechat>,
    pub(crate) clock: Clock,
    pub(crate) rates: Rates,
    pub(crate) metrics: Metrics,
    pub(crate) wire: Wire,
    pub(crate) live: Live,
    /// Whether it was told to end: it still answers, and says that others should be asked.
    pub(crate) ending: AtomicBool,
    pub(crate) dev_login: bool,
    pub(crate) trusted_proxies: TrustedProxies,
    /// With what links to places begin.
    pub(crate) link_prefix: Option<String>,
    pub(crate) document: String,
    pub(crate) calls: Vec<Call>,
}

impl State {
    /// Takes keys that were added or retired since they were read.
    pub(crate) async fn reload_keys(&self) -> ApiResult<()> {
        if self.store.reload_keys(self.clock.now()).await? {
            self.tokens.replace(self.store.keys()).map_err(ApiError::internal)?;
        }
        Ok(())
    }

    /// Whether the document says that the call of this request needs this action.
    pub(crate) fn says(&self, request: &HttpRequest, action: Action) -> bool {
        let path = request.match_pattern();
        self.calls.iter().any(|call| {
            Some(&call.path) == path.as_ref()
                && call.method == request.method().as_str()
                && call.permission == Some(Permission::Action(action))
        })
    }
}

/// A running server.
pub struct App {
    state: web::Data<State>,
    address: SocketAddr,
    server: ServerHandle,
    running: JoinHandle<std::io::Result<()>>,
    jobs: JoinHandle<()>,
}

impl App {
    /// Opens the store, brings in the example data that is asked for, and serves. When this returns, the server
    /// answers.
    ///
    /// # Errors
    /// What kept it from starting, in words for the administrator.
    pub async fn start(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let document = routes::document();
        let unsaid = lint(&document);
        anyhow::ensure!(unsaid.is_empty(), "接口文档不完整：{}", unsaid.join("；"));
        let store =
            Store::open(&config.database, &config.master_key, &clock).await.context("无法打开数据库")?;
        let redis_url = config.redis_url.as_ref().map(ExposeSecret::expose_secret);
        let cache = Cache::connect(redis_url).context("REDIS_URL 无法识别")?;
        let replicas = Replicas::new(redis_url, &cache, store.keys()).context("REDIS_URL 无法识别")?;
        let wechat = config.wechat.map(|app| Wechat::new(app, cache.clone(), store.keys().clone()));
        let wechat = wechat.transpose().context("无法建立微信客户端")?;
        let calls = calls(&document);
        let metrics = Metrics::new(&calls, &store, &cache, wechat.as_ref());
        let wire = config.wire;
        let connections_borne = bearable(wire.connections);
        let state = web::Data::new(State {
            rates: Rates::new(config.rates, &clock, &cache, store.keys()),
            metrics,
            wire,
            // Whoever else calls finds a connection too.
            live: Live::new(wire.listeners.min(connections_borne - connections_borne.div_ceil(10))),
            tokens: Tokens::new(store.keys())?,
            passwords: Passwords::default(),
            wechat,
            cache,
            store,
            clock,
            ending: AtomicBool::new(false),
            dev_login: config.dev_login,
            trusted_proxies: config.trusted_proxies,
            link_prefix: config.link_prefix,
            calls,
            document: document.to_pretty_json()?,
        });
        state.store.import_calendar(CHINA.0, CHINA.1, state.clock.now()).await.context("无法导入日历")?;
        if let Some(demo) = config.demo {
            // Replicas may start together: whoever comes second finds it there.
            let _alone = config.database.lock().await.context("无法打开数据库")?;
            demo::load(demo, &state).await.context("无法载入示例数据")?;
        }
        let shared = state.clone();
        let server = HttpServer::new(move || {
            let (app, _) = actix_web::App::new()
                .app_data(shared.clone())
                .app_data(web::PayloadConfig::new(MAX_BODY))
                .into_utoipa_app()
                .configure(routes::configure)
                .split_for_parts();
            app.configure(docs::configure)
                .default_service(web::to(routes::no_such_call))
                .wrap(from_fn(edge::edge))
        });
        let connections = Connections::new(&wire, state.metrics.connections());
        let opening = connections.clone();
        let workers = config.workers.or_else(|| available_parallelism().ok().map(usize::from)).unwrap_or(1);
        let server = server
            .workers(workers)
            .max_connections(connections_borne.div_ceil(workers))
            .backlog(BACKLOG)
            .client_request_timeout(wire.head)
            .keep_alive(wire.idle)
            .on_connect(move |connection, data| opening.open(connection, data))
            .bind(config.listen)
            .with_context(|| format!("无法监听 {}", config.listen))?
            .shutdown_timeout(10)
            .disable_signals();
        let address = server.addrs().first().copied().context("没有监听地址")?;
        let running = server.run();
        let handle = running.handle();
        let (at_work, at_hand, works) = (state.clone(), state.clone(), config.jobs);
        let jobs = tokio::spawn(async move {
            let jobs = async {
                if works {
                    Box::pin(jobs::run(at_work)).await;
                }
            };
            let replicas = async {
                if let Some(replicas) = replicas {
                    replicas.connect(at_hand.store.wake()).await;
                }
            };
            tokio::join!(jobs, connections.watch(), replicas, at_hand.live.run(&at_hand));
        });
        Ok(Self { state, address, server: handle, running: tokio::spawn(running), jobs })
    }

    /// `http://HOST:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// An access token for a person of a role, made if not there.
    ///
    /// # Errors
    /// A place, unit or name that is none.
    pub async fn token(&self, token: &NewToken) -> anyhow::Result<String> {
        people::token(&self.state.store, &self.state.tokens, token, self.state.clock.now()).await
    }

    /// Somebody who signs in with a password.
    ///
    /// # Errors
    /// A name, password or scope that is none; a user name that is another's.
    pub async fn add_user(&self, user: &NewUser) -> anyhow::Result<()> {
        let State { store, passwords, clock, .. } = &**self.state;
        people::add_user(store, passwords, user, clock.now()).await
    }

    /// Adds a key, as `huying keys rotate` does. This server knows it at once, others after [`Self::reload_keys`].
    ///
    /// # Errors
    /// When the database is away.
    pub async fn rotate_key(&self, purpose: Purpose, at_once: bool) -> anyhow::Result<()> {
        self.state.store.rotate_key(purpose, at_once, self.state.clock.now()).await?;
        self.reload_keys().await
    }

    /// Reads the keys anew, as the server does every minute.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn reload_keys(&self) -> anyhow::Result<()> {
        self.state.reload_keys().await.map_err(|error| anyhow::anyhow!("{error}"))
    }

    /// Reads playbooks and calendars anew where they changed, as the server does every minute.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn reload_playbooks(&self) -> anyhow::Result<()> {
        Ok(self.state.store.reload_playbooks().await.map(drop)?)
    }

    /// Years that this server reckons without knowing their holidays.
    pub fn missing_years(&self) -> Vec<i32> {
        self.state.store.missing_years(self.state.clock.now())
    }

    /// Tells administrators of those years, as the server does every hour.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn tell_missing_years(&self) -> anyhow::Result<Vec<i32>> {
        Ok(self.state.store.tell_missing_years(self.state.clock.now()).await?)
    }

    /// Forgets what is too old, as the server does every hour.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn forget(&self) -> anyhow::Result<()> {
        Ok(jobs::forget(&self.state).await?)
    }

    /// Has everybody with a post found by their name, as the server does at its start. How many were not.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn index_names(&self) -> anyhow::Result<usize> {
        Ok(self.state.store.index_names().await?)
    }

    /// A county's playbook, places and units without any people or tickets.
    ///
    /// # Errors
    /// [`anyhow::Error`] in words for the administrator.
    pub async fn load_county(&self, county: crate::Demo) -> anyhow::Result<()> {
        demo::load_county(county, &self.state).await
    }

    /// Does what is due by now, as the background jobs do: limits that passed, ratings that nobody gave, tickets
    /// of those who left; and what follows from all events so far.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn catch_up(&self) -> anyhow::Result<()> {
        jobs::catch_up(&self.state).await
    }

    /// Has the reactors do what they can read by now.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn react(&self) -> anyhow::Result<()> {
        Ok(jobs::react(&self.state).await?)
    }

    /// Makes the tables of a reactor anew from the log, as `huying rebuild` does; whether they are read now.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn rebuild(&self, reactor: Reactor) -> anyhow::Result<bool> {
        let now = self.state.clock.now();
        Ok(self.state.store.rebuild(reactor, now, |_, _| {}).await?.took_over)
    }

    /// The event log behind a cursor: what reactors follow.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn events_after(&self, cursor: Cursor, limit: u32) -> anyhow::Result<Vec<LoggedEvent>> {
        Ok(self.state.store.events_after(cursor, limit).await?)
    }

    /// What the stored tickets and their histories do not agree on; nothing, as it should be.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn verify(&self) -> anyhow::Result<Vec<String>> {
        Ok(self.state.store.verify().await?)
    }

    /// Serves until `end`, and for as long as that says goes on answering while `/ready` sends others away. Then it answers
    /// what has been asked, and ends.
    ///
    /// # Errors
    /// A fault of the server's sockets, or while ending.
    pub async fn serve_until(mut self, end: impl Future<Output = Duration>) -> anyhow::Result<()> {
        let ending = async {
            let drain = end.await;
            self.state.ending.store(true, Ordering::Relaxed);
            sleep(drain).await;
        };
        tokio::select! {
            served = &mut self.running => {
                self.jobs.abort();
                self.state.store.close().await?;
                Ok(served??)
            }
            () = ending => self.stop().await,
        }
    }

    /// Answers what has been asked, then ends.
    ///
    /// # Errors
    /// A fault of the server's sockets, or while ending.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.state.live.close();
        self.server.stop(true).await;
        self.jobs.abort();
        let served = self.running.await;
        self.state.store.close().await?;
        Ok(served??)
    }
}
