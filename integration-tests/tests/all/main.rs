//! Black-box tests over HTTP, each on SQLite and on PostgreSQL with Redis.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod bad_input;
mod contract;
mod cost;
mod floors;
mod identity;
mod list;
mod log;
mod messages;
mod outage;
mod practices;
mod race;
mod start;
mod ticket;
