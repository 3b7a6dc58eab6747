//! A working day of the example county, played over HTTP against a running server: residents raise what troubles them, clerks
//! dispatch, grid workers go there, residents rate. From 8 to 18 o'clock in as many seconds as one likes; the server's
//! clock is the real one, so no limit passes that fast.
//!
//! [`pool`] has what people say, [`course`] what becomes of each ticket, [`cast`] who plays, [`client`] the calls, [`act`]
//! plays the courses, [`screen`] shows it, [`feed`] listens to the live feed.

mod act;
mod cast;
mod course;
mod feed;
mod pool;
mod screen;

use super::client::Client;
use super::data::Example;
use super::files;
use crate::config::Demo;
use act::Day;
use cast::Cast;
use pool::Pool;
use screen::Screen;
use std::time::Duration;

/// How many tickets are raised a second, so that a person can follow; and at least so many.
const TICKETS_A_SECOND: u32 = 2;
const TICKETS: u32 = 16;

/// What a day is played with.
pub(crate) struct Settings {
    /// `http://HOST:PORT` of the server.
    pub(crate) url: String,
    /// How long it takes.
    pub(crate) seconds: u16,
    /// The same seed, the same day.
    pub(crate) seed: u64,
}

/// Plays a day, until its end or Ctrl-C.
///
/// # Errors
/// A server that is not there, does not let people in by name or does not have the example; and when calls failed.
pub(crate) async fn play(Settings { url, seconds, seed }: Settings) -> anyhow::Result<()> {
    let (example, pool) = (Example::read(&files(Demo::Mile))?, Pool::mile()?);
    let client = Client::new(&url)?;
    client.is_huying().await?;
    let cast = Cast::sign_in(&example, &client).await?;
    let count = (u32::from(seconds) * TICKETS_A_SECOND).max(TICKETS);
    let courses = course::plan(seed, count, &cast, &pool);
    let screen = Screen::new(Duration::from_secs(seconds.into()));
    screen.begin(&url, courses.len(), seed);
    let day = Day::new(&client, &cast, &pool, &screen).await?;
    // The day's calls count, not those before it.
    client.tally();
    let interrupted = tokio::select! {
        () = day.all(&courses) => false,
        () = feed::listen(&client, &cast, &screen) => false,
        () = day.watch() => false,
        _ = tokio::signal::ctrl_c() => true,
    };
    day.end(interrupted).await
}
