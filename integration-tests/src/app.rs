//! The server under test.

use crate::client::Caller;
use crate::database::{Backend, Database};
use crate::proxy::Proxy;
use crate::services;
use api::{
    App, Clock, Config, Database as DatabaseAt, MasterKey, NewToken, Quota, Quotas, Scope, TrustedProxies,
    Wire,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// 弥阳街道.
pub const STREET: &str = "532504001";
/// 温泉社区 in it.
pub const COMMUNITY: &str = "532504001007";
/// 福地社区 in it.
pub const NEIGHBOUR: &str = "532504001022";
/// 市住房和城乡建设局, a unit of the county.
pub const UNIT: Uuid = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0091);
/// A key for tests: 32 zero bytes.
pub const MASTER_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// A running server with a database of its own and a clock that stands still.
pub struct TestApp {
    /// The server.
    pub app: App,
    /// Its clock.
    pub clock: Clock,
    /// Where its data is.
    pub url: String,
    database: Database,
}

/// When tests begin: 21 November 2026, 9 in the morning in China.
pub fn morning() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_222_800, 0).expect("a time")
}

/// A server for tests on a database.
pub fn config(database_url: &str, redis_url: Option<String>) -> Config {
    Config {
        listen: ([127, 0, 0, 1], 0).into(),
        database: DatabaseAt::parse(database_url).expect("a database URL"),
        redis_url: redis_url.map(Into::into),
        master_key: MasterKey::parse(MASTER_KEY).expect("a key"),
        rates: Quotas::default(),
        wire: Wire::default(),
        dev_login: true,
        trusted_proxies: TrustedProxies::default(),
        wechat: None,
        link_prefix: None,
        demo: None,
        workers: Some(1),
        jobs: false,
    }
}

impl TestApp {
    /// A server with Mile in its database.
    pub async fn start(backend: Backend) -> Self {
        let database = backend.database().await;
        let url = database.url.clone();
        Self::on(database, config(&url, backend.redis_url())).await
    }

    /// A server with Mile in its database and other settings than most tests need: rates, say, which are off for them.
    pub async fn with(backend: Backend, change: impl FnOnce(&mut Config)) -> Self {
        let database = backend.database().await;
        let mut config = config(&database.url, backend.redis_url());
        change(&mut config);
        Self::on(database, config).await
    }

    /// Another replica of this server, with its own settings.
    pub async fn replica(&self, config: Config) -> App {
        App::start(config, self.clock.clone()).await.expect("the replica starts")
    }

    /// A server with its own configuration.
    pub async fn on(database: Database, config: Config) -> Self {
        let clock = Clock::manual(morning());
        let app = App::start(config, clock.clone()).await.expect("the server starts");
        Self { app, clock, url: database.url.clone(), database }
    }

    /// A server that reaches PostgreSQL through a wire that can be cut, held and counted on. Without TLS, so that what
    /// goes over it can be told apart.
    pub async fn behind_proxy(redis_url: Option<String>) -> (Self, Proxy) {
        let database = Backend::Postgres.database().await;
        let target = services::postgres().address();
        let proxy = Proxy::start(target).await;
        let there = database.url.replace(&target.to_string(), &proxy.address.to_string());
        let config = config(&format!("{there}?sslmode=disable"), redis_url);
        (Self::on(database, config).await, proxy)
    }

    /// Lets time pass.
    pub fn pass(&self, minutes: i64) {
        self.clock.advance(TimeDelta::minutes(minutes));
    }

    /// Somebody without a token.
    pub fn anyone(&self) -> Caller {
        Caller::anyone(&self.app.url())
    }

    /// A resident of this name.
    pub async fn resident(&self, name: &str) -> Caller {
        self.person("resident", Scope::Place("532504".to_owned()), Some(name)).await
    }

    /// Somebody with a role for a place.
    pub async fn staff(&self, role: &str, place: &str) -> Caller {
        self.person(role, Scope::Place(place.to_owned()), None).await
    }

    /// Somebody with a role for a unit.
    pub async fn of_unit(&self, role: &str, unit: Uuid) -> Caller {
        self.person(role, Scope::Unit(unit), None).await
    }

    /// Somebody whose token is good for as long as stories last.
    async fn person(&self, role: &str, scope: Scope, name: Option<&str>) -> Caller {
        let lifetime = Duration::from_secs(30 * 86_400);
        let new = NewToken { role: role.to_owned(), scope, person: name.map(str::to_owned), lifetime };
        self.anyone().with_token(&self.app.token(&new).await.expect("a token"))
    }

    /// Who somebody is.
    pub async fn id_of(&self, caller: &Caller) -> String {
        caller.get("/me").await.expect(200).json["user"]["id"].as_str().expect("an id").to_owned()
    }

    /// Ends the server, and checks that what it stored adds up.
    pub async fn stop(self) {
        drop(self.leave().await);
    }

    /// The same, and leaves the database to whoever goes on with it.
    pub async fn leave(self) -> Database {
        self.app.react().await.expect("the reactors go on");
        let faults = self.app.verify().await.expect("the store can be checked");
        assert_eq!(faults, Vec::<String>::new());
        self.app.stop().await.expect("the server stops");
        self.database
    }
}

/// So many in so many seconds.
pub fn quota(count: u32, seconds: u64) -> Option<Quota> {
    Quota::new(count, Duration::from_secs(seconds))
}

/// A ticket about a lamp, small, at [`COMMUNITY`].
pub fn lamp() -> Value {
    json!({"content": "北门的路灯不亮", "place": {"code": COMMUNITY}, "severity": "small"})
}

/// A position in Mile.
pub fn here() -> Value {
    json!({"position": {"lat": 24.4119, "lng": 103.4149, "datum": "gcj02"}})
}
