//! Adapters: the store (SQLite or PostgreSQL), the cache (in-process or Redis), rates, keys, the clock and the source of ids.
//!
//! No HTTP routes here and no rules. To add a concept to the store: a file `store/<concept>.rs` with the queries and
//! writes of that concept, its tables in `migrations`, and, where it has a history, its guarded write beside
//! `store/ticket/write.rs`.

pub mod cache;
pub mod clock;
pub mod entropy;
pub mod gauge;
pub mod keys;
pub mod password;
pub mod pinyin;
pub mod rate;
pub mod sheet;
pub mod store;
pub mod trace;
pub mod wake;
pub mod wechat;

pub use cache::Cache;
pub use clock::Clock;
pub use keys::{Keyring, MasterKey};
pub use password::Passwords;
pub use rate::Rates;
pub use store::Store;
pub use wake::Wake;
pub use wechat::{Wechat, WechatApp, WechatError};
