//! Black-box tests over HTTP, each on SQLite and on PostgreSQL with Redis.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod audit;
mod bad_input;
mod calendar;
mod contact;
mod contract;
mod cost;
mod demo;
mod duty;
mod figure;
mod flag;
mod floors;
mod grants;
mod identity;
mod inbox;
mod leave;
mod limits;
mod list;
mod live;
mod log;
mod machine;
mod matrix;
mod messages;
mod outage;
mod overdue;
mod oversight;
mod password;
mod people;
mod practices;
mod privacy;
mod race;
mod reactor;
mod session;
mod slow;
mod start;
mod sweep;
mod ticket;
mod torture;
mod units;
mod upgrade;
mod wechat;
mod wire;
