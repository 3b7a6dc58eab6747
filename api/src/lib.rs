//! The HTTP face of huying 呼应: command line, assembly, authentication, routes, background jobs, Swagger UI. No SQL, no
//! rules.
//!
//! To add a call: a handler in `routes/<resource>.rs` with `#[utoipa::path]`, its permission as the type of an argument
//! ([`auth::Permit`]) and in `x-permission`, registered in [`routes::configure`].

mod address;
mod app;
mod auth;
pub mod cli;
mod config;
mod cursor;
mod demo;
mod docs;
mod edge;
mod error;
mod extract;
mod import;
mod jobs;
mod limits;
mod live;
mod metrics;
mod people;
mod qr;
mod rates;
mod routes;
mod wire;
mod words;

pub use address::TrustedProxies;
pub use app::App;
pub use config::{Config, Demo};
pub use infra::WechatApp;
pub use infra::keys::Purpose;
pub use infra::rate::{Quota, Quotas};
pub use infra::store::Direction as MigrateTo;
pub use infra::store::{Cursor, Database, LoggedEvent, Reactor};
pub use infra::store::{Job, Manifest, Restored, Step, Told};
pub use infra::{Clock, MasterKey};
pub use limits::Wire;
pub use people::{NewToken, NewUser, Scope};
pub use routes::document;

/// Brings a database's schema to where it should be, without starting anything.
///
/// # Errors
/// When the database is away, or a step fails.
pub async fn migrate(database: &Database, to: MigrateTo) -> anyhow::Result<()> {
    Ok(infra::Store::migrate(database, to).await?)
}

/// Writes a backup while servers run; replaces a file that is there only when told so.
///
/// # Errors
/// What kept it from being written, in words for the administrator; then nothing was.
pub async fn backup(database: &Database, job: &Job<'_>, force: bool) -> anyhow::Result<Manifest> {
    Ok(Box::pin(database.backup(job, force)).await?)
}

/// Makes a database from a backup, where there is none, unless it is `ended` before.
///
/// # Errors
/// What kept it from being made, in words for the administrator; then there is none still, or the words say so.
pub async fn restore(
    database: &Database,
    job: &Job<'_>,
    ended: impl Future<Output = ()>,
) -> anyhow::Result<Restored> {
    Ok(Box::pin(database.restore(job, ended)).await?)
}
