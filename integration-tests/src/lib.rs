//! The harness of the black-box tests: the real server on a free port with a clock that tests move, a database of its
//! own for each test, on SQLite and on PostgreSQL with Redis, driven over HTTP.
//!
//! What must never appear here or in the tests: anything that reaches into `infra` or `domain`. To add a test: a
//! function in `tests/all/<concept>.rs` over both backends, named after the practice row that it shows where it shows
//! one.

pub mod app;
pub mod client;
pub mod database;
pub mod listener;
pub mod metrics;
mod people;
pub mod proxy;
mod replicas;
pub mod safe;
pub mod services;
pub mod torture;
pub mod upgrade;
pub mod wechat;

pub use app::TestApp;
pub use client::{Answer, Caller};
pub use database::Backend;
pub use listener::Listener;
pub use metrics::Numbers;
