//! The live feed: one hub a process, which follows the log while somebody listens, reads each event once, puts it into
//! words once, and hands it to those whom it concerns. It waits for none of them.
//!
//! Whoever comes back says what they heard last. What happened since they are told first: out of what the hub remembers,
//! or out of the log; then they hear what follows. Where that ends and this begins is one point of the log, taken under the
//! lock under which the hub tells, so nothing is missed and nothing told twice.

mod audience;
mod listener;
mod told;

pub(crate) use listener::attend;
pub(crate) use told::{After, Mark};

use crate::app::State;
use crate::error::{ApiError, ApiResult};
use audience::{Audience, End, Seat};
use domain::view::Unread;
use infra::store::{Admission, InboxPage, StoreError};
use openapi::problem::Fault;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval, sleep};
use told::{News, Told};

/// How many messages may wait for somebody before they are too slow.
const QUEUE: usize = 256;
/// How many messages the hub remembers for those who come back.
const REMEMBERED: usize = 1024;
/// How many events are read at once,
const PAGE: u32 = 100;
/// and how many messages.
const PAGE_OF_MESSAGES: u16 = 100;
/// Between two reads while something happens,
const BUSY: Duration = Duration::from_millis(50);
/// for so many reads after the last that found something: what rings may not be safe to read at once.
const QUIET: u32 = 20;
/// Between two reads otherwise, when nothing rings.
const IDLE: Duration = Duration::from_secs(1);
/// Between two full pages: those who listen take what they were told.
const BREATH: Duration = Duration::from_millis(5);
/// How long an empty room is kept.
const LINGER: Duration = Duration::from_secs(60);
/// How many connections one person may have.
const EACH: usize = 20;
/// How many may read the log for themselves at once.
const READERS: usize = 4;

/// The hub of this process.
pub(crate) struct Live {
    room: Mutex<Room>,
    /// Somebody came into the empty room.
    somebody: Notify,
    readers: Semaphore,
    most: usize,
}

#[derive(Default)]
struct Room {
    audience: Audience,
    /// How far they were told; `None` while nobody listens.
    at: Option<Mark>,
    /// What was told last, oldest first,
    recent: VecDeque<Arc<Told>>,
    /// and behind what: all since then is remembered.
    recent_after: Mark,
    /// Since when it is empty.
    empty: Option<Instant>,
    closed: bool,
}

/// Somebody who was let in.
pub(crate) struct Joined {
    admission: Admission,
    queue: mpsc::Receiver<Arc<Told>>,
    end: oneshot::Receiver<End>,
    /// How far they have heard, or where they begin.
    heard: Mark,
    missed: Missed,
    seat: Seated,
}

/// What they did not hear.
enum Missed {
    /// Nothing but this.
    Remembered(Vec<Arc<Told>>),
    /// What the log has until then.
    Logged(Mark),
    /// They are ahead in the log: another replica had read further than this one, which is there. Their messages, which have
    /// an order of their own, they may have missed.
    Ahead(Mark, Vec<Arc<Told>>),
    /// Nobody can say: what they heard was of another log. They begin anew from there.
    Unknown(Mark),
}

/// A place in the room, left when it is dropped.
struct Seated {
    state: actix_web::web::Data<State>,
    number: u64,
}

impl Drop for Seated {
    fn drop(&mut self) {
        let mut room = self.state.live.room();
        room.audience.remove(self.number);
        if room.audience.len() == 0 {
            room.empty = Some(Instant::now());
        }
    }
}

impl Live {
    /// With room for so many.
    pub(crate) fn new(most: usize) -> Self {
        Self { room: Mutex::default(), somebody: Notify::new(), readers: Semaphore::new(READERS), most }
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many listen.
    pub(crate) fn listeners(&self) -> usize {
        self.room().audience.len()
    }

    /// Whether somebody may come in at all.
    ///
    /// # Errors
    /// `live.full`.
    pub(crate) fn has_room(&self) -> ApiResult<()> {
        let room = self.room();
        let full = room.closed || room.audience.len() >= self.most;
        if full { Err(ApiError::new("live.full")) } else { Ok(()) }
    }

    /// Follows the log for ever, while somebody listens, and looks whether they still may.
    pub(crate) async fn run(&self, state: &State) {
        tokio::join!(self.follow_for_ever(state), self.look_for_ever(state));
    }

    async fn follow_for_ever(&self, state: &State) {
        loop {
            self.somebody.notified().await;
            self.follow(state).await;
        }
    }

    /// Until nobody listens.
    async fn follow(&self, state: &State) {
        let (mut bell, mut quiet, mut failed) = (state.store.wake().listen(), 0, false);
        while let Some(at) = self.here() {
            let read = match self.read_on(state, at).await {
                Ok(events) => self.read_inboxes(state).await.map(|messages| events.max(messages)),
                failed => failed,
            };
            match read {
                Ok(PAGE) => {
                    sleep(BREATH).await;
                    continue;
                }
                Ok(0) => quiet += 1,
                Ok(_) => quiet = 0,
                Err(error) => {
                    if !std::mem::replace(&mut failed, true) {
                        tracing::warn!(%error, "those who listen hear nothing: the log was not read");
                    }
                    sleep(IDLE).await;
                    continue;
                }
            }
            failed = false;
            if quiet < QUIET {
                sleep(BUSY).await;
            } else if bell.heard(IDLE).await {
                quiet = 0;
            }
        }
    }

    fn here(&self) -> Option<Mark> {
        self.room().here()
    }

    /// Reads a page of the log behind `at` and tells it; how many events were read.
    async fn read_on(&self, state: &State, at: Mark) -> Result<u32, StoreError> {
        let page = state.store.live_events(at.log, None, PAGE).await?;
        let read = u32::try_from(page.read).unwrap_or(PAGE);
        let mut last = at;
        for (log, event) in page.events {
            let mark = Mark { log, ..last };
            let told = Told::event(&state.store, mark, event);
            if !self.tell(last, told) {
                return Ok(read);
            }
            last = mark;
        }
        let end = Mark { log: page.end, ..last };
        self.room().go_on(last, end);
        Ok(read)
    }

    /// The same with the second source: a page of everybody's messages, in the order in which they came.
    async fn read_inboxes(&self, state: &State) -> Result<u32, StoreError> {
        let Some(at) = self.room().at else { return Ok(0) };
        let InboxPage { messages, end, read } = state.store.inbox_after(at.inbox, PAGE_OF_MESSAGES).await?;
        let read = u32::try_from(read).unwrap_or(PAGE);
        let listening = self.room().audience.of_inboxes(messages.iter().map(|(user, _)| *user));
        let unread = match listening.is_empty() {
            true => HashMap::new(),
            false => state.store.unread(&listening).await?,
        };
        let mut from = at;
        for (user, entry) in messages.into_iter().filter(|(user, _)| listening.contains(user)) {
            let mark = Mark { inbox: entry.id, ..from };
            let news = News {
                user,
                unread: unread.get(&user).copied().unwrap_or(Unread { count: 0, more: false }),
                entry,
            };
            if !self.tell(from, Told::inbox(&state.store, mark, news)) {
                return Ok(read);
            }
            from = mark;
        }
        self.room().go_on(from, Mark { inbox: end, ..from });
        Ok(read)
    }

    /// Tells those whom it concerns; not when the room is elsewhere by now, because all left and others came.
    fn tell(&self, after: Mark, told: Told) -> bool {
        let mut room = self.room();
        if !room.go_on(after, told.mark) {
            return false;
        }
        let told = Arc::new(told);
        room.audience.tell(&told);
        room.recent.push_back(told);
        if room.recent.len() > REMEMBERED
            && let Some(forgotten) = room.recent.pop_front()
        {
            room.recent_after = forgotten.mark;
        }
        true
    }

    /// Lets somebody in, who heard everything up to `after`, or begins now.
    ///
    /// # Errors
    /// `live.full`, `live.too_many`, and when the log cannot be read.
    pub(crate) async fn join(
        state: &actix_web::web::Data<State>,
        admission: Admission,
        after: Option<After>,
    ) -> ApiResult<Joined> {
        let live = &state.live;
        loop {
            // Whoever comes first begins where the log ends.
            let somewhere = live.room().at.is_some();
            let end = match somewhere {
                true => None,
                false => {
                    let log = state.store.safe_end_of_log().await?;
                    Some(Mark { log, inbox: state.store.inbox_end().await? })
                }
            };
            if let Some(joined) = live.room().join(state, &admission, after, end, live.most)? {
                live.somebody.notify_one();
                return Ok(joined);
            }
        }
    }

    async fn look_for_ever(&self, state: &State) {
        let mut looks = interval(state.wire.ping);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let users = self.room().audience.users();
            if users.is_empty() {
                continue;
            }
            match state.store.grants_versions(&users).await {
                // Whoever came meanwhile may have newer grants than were found.
                Ok(versions) => self.room().audience.end_where(End::Changed, |seat| {
                    versions.get(&seat.user).is_some_and(|version| *version > seat.grants_version)
                }),
                Err(error) => {
                    tracing::warn!(%error, "whether those who listen still may was not looked at");
                }
            }
        }
    }

    /// Ends all connections, and lets nobody in any more: the server goes away.
    pub(crate) fn close(&self) {
        let mut room = self.room();
        room.closed = true;
        room.audience.end_where(End::Leaving, |_| true);
    }
}

impl Room {
    /// Where it is. Nobody follows for an empty room, save for a while: all may come back at once.
    fn here(&mut self) -> Option<Mark> {
        if self.empty.is_some_and(|since| since.elapsed() > LINGER) {
            self.at = None;
            self.recent.clear();
        }
        self.at
    }

    /// Takes somebody in; `None` when nobody knows where the room is, and `end` does not say it.
    fn join(
        &mut self,
        state: &actix_web::web::Data<State>,
        admission: &Admission,
        after: Option<After>,
        end: Option<Mark>,
        most: usize,
    ) -> ApiResult<Option<Joined>> {
        if self.closed || self.audience.len() >= most {
            return Err(ApiError::new("live.full"));
        }
        if self.audience.of_user(admission.user) >= EACH {
            return Err(Fault::new("live.too_many").with("max", EACH).with("seconds", 30).into());
        }
        let at = match (self.at, end) {
            (Some(at), _) => at,
            (None, Some(end)) => {
                (self.at, self.recent_after) = (Some(end), end);
                end
            }
            (None, None) => return Ok(None),
        };
        let (sender, queue) = mpsc::channel(QUEUE);
        let (end_sender, end) = oneshot::channel();
        let number = self.audience.add(Seat {
            user: admission.user,
            grants_version: admission.grants_version,
            wants: admission.wants.clone(),
            queue: sender,
            end: end_sender,
        });
        self.empty = None;
        let (heard, missed) = match after {
            Some(After::Heard(heard)) => (heard, self.missed(admission, heard, at)),
            Some(After::Elsewhere) => (at, Missed::Unknown(at)),
            None => (at, self.missed(admission, at, at)),
        };
        let seat = Seated { state: state.clone(), number };
        Ok(Some(Joined { admission: admission.clone(), queue, end, heard, missed, seat }))
    }

    /// Goes from `from` to `to`, when that is where it is.
    fn go_on(&mut self, from: Mark, to: Mark) -> bool {
        let here = self.at == Some(from);
        if here {
            self.at = Some(to);
        }
        here
    }

    fn missed(&self, Admission { user, wants, .. }: &Admission, heard: Mark, at: Mark) -> Missed {
        if heard.log >= self.recent_after.log && heard.inbox >= self.recent_after.inbox {
            let recent = self.recent.iter().filter(|told| told.is_for(*user, wants, &heard));
            let recent = recent.cloned().collect();
            return if heard.log > at.log { Missed::Ahead(at, recent) } else { Missed::Remembered(recent) };
        }
        Missed::Logged(at)
    }
}
