//! The assembled server.

use crate::auth::Tokens;
use crate::config::Config;
use crate::extract::MAX_BODY;
use crate::people::{self, NewToken};
use crate::{demo, docs, edge, jobs, routes};
use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, HttpServer, web};
use anyhow::Context;
use domain::permission::Action;
use infra::store::{Cursor, LoggedEvent};
use infra::{Cache, Clock, Store};
use openapi::document::{Call, Permission, calls, lint};
use secrecy::ExposeSecret;
use std::future::Future;
use std::net::SocketAddr;
use tokio::task::JoinHandle;
use utoipa_actix_web::AppExt;

/// What every handler can reach.
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) cache: Cache,
    pub(crate) tokens: Tokens,
    pub(crate) clock: Clock,
    pub(crate) dev_login: bool,
    pub(crate) document: String,
    pub(crate) calls: Vec<Call>,
}

impl State {
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
        let state = web::Data::new(State {
            tokens: Tokens::new(store.keys())?,
            cache: Cache::connect(redis_url).context("REDIS_URL 无法识别")?,
            store,
            clock,
            dev_login: config.dev_login,
            calls: calls(&document),
            document: document.to_pretty_json()?,
        });
        if let Some(demo) = config.demo {
            demo::load(demo, &state).await.context("无法载入示例数据")?;
        }
        let shared = state.clone();
        let mut server = HttpServer::new(move || {
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
        if let Some(workers) = config.workers {
            server = server.workers(workers);
        }
        let server = server
            .bind(config.listen)
            .with_context(|| format!("无法监听 {}", config.listen))?
            .shutdown_timeout(10)
            .disable_signals();
        let address = server.addrs().first().copied().context("没有监听地址")?;
        let running = server.run();
        let handle = running.handle();
        let jobs = tokio::spawn(jobs::run(state.clone()));
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

    /// A county's playbook, places and units without any people or tickets.
    ///
    /// # Errors
    /// [`anyhow::Error`] in words for the administrator.
    pub async fn load_county(&self, county: crate::Demo) -> anyhow::Result<()> {
        demo::load_county(county, &self.state).await
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

    /// Serves until `end`, then answers what has been asked, and ends.
    ///
    /// # Errors
    /// A fault of the server's sockets, or while ending.
    pub async fn serve_until(mut self, end: impl Future<Output = ()>) -> anyhow::Result<()> {
        tokio::select! {
            served = &mut self.running => {
                self.jobs.abort();
                self.state.store.close().await?;
                Ok(served??)
            }
            () = end => self.stop().await,
        }
    }

    /// Answers what has been asked, then ends.
    ///
    /// # Errors
    /// A fault of the server's sockets, or while ending.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.server.stop(true).await;
        self.jobs.abort();
        let served = self.running.await;
        self.state.store.close().await?;
        Ok(served??)
    }
}
