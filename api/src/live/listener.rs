//! One connection: tells what was missed, then what follows; answers pings, sends some, and ends it well.

use super::audience::End;
use super::told::{Mark, News, Told, json};
use super::{Joined, Missed};
use crate::app::State;
use actix_web::web::Data;
use actix_ws::{CloseCode, CloseReason, Closed, Message, MessageStream, Session};
use chrono::TimeDelta;
use domain::live::Wants;
use domain::view::Unread;
use infra::store::{Admission, StoreError};
use openapi::Lang;
use openapi::live::LiveMessage;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::SemaphorePermit;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, interval_at, timeout};

/// So much of the log is gone through for whoever comes back,
const MOST: u32 = 10_000;
/// and no older than this.
const OLDEST: TimeDelta = TimeDelta::hours(24);
/// How many events are read at once.
const PAGE: u32 = 500;
/// And how many messages.
const MESSAGES: u16 = 100;
/// How long a client may take to hear why it is let go,
const FAREWELL: Duration = Duration::from_secs(30);
/// when the server goes away,
const HASTY: Duration = Duration::from_secs(4);
/// and to say that it heard.
const REPLY: Duration = Duration::from_secs(2);

/// What ended telling.
enum Ended {
    /// The connection is no more.
    Closed,
    /// The log was not read.
    Failed(StoreError),
}

impl From<Closed> for Ended {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// Attends to somebody until they go or are let go.
pub(crate) async fn attend(
    state: Data<State>,
    joined: Joined,
    mut session: Session,
    mut messages: MessageStream,
    lang: Lang,
) {
    let Joined { admission, queue, end, heard, missed, seat } = joined;
    let talk = Talk { state: &state, session: session.clone(), admission: &admission, heard, lang };
    let silence = state.wire.ping * 5 / 2;
    let why = tokio::select! {
        biased;
        why = end => why.unwrap_or(End::Leaving),
        why = hear(&mut session, &mut messages, silence) => why,
        why = talk.all(missed, queue) => why,
    };
    drop(seat);
    take_leave(session, messages, why).await;
}

/// What is told to somebody.
struct Talk<'a> {
    state: &'a State,
    session: Session,
    admission: &'a Admission,
    /// How far they have heard.
    heard: Mark,
    lang: Lang,
}

impl Talk<'_> {
    /// Until it ends.
    async fn all(mut self, missed: Missed, queue: Receiver<Arc<Told>>) -> End {
        let telling = async {
            self.catch_up(missed).await?;
            self.go_on(queue).await
        };
        match telling.await {
            Ok(()) | Err(Ended::Closed) => End::Gone,
            Err(Ended::Failed(error)) => {
                tracing::warn!(%error, "somebody was not told what they missed");
                End::Failed
            }
        }
    }

    async fn catch_up(&mut self, missed: Missed) -> Result<(), Ended> {
        let cursor = &self.heard.seal(&self.state.store);
        self.session.text(json(&LiveMessage::Ready { cursor })).await?;
        match missed {
            Missed::Remembered(recent) => self.tell_remembered(recent).await,
            Missed::Logged(at) => self.tell_logged(at).await,
            Missed::Ahead(at, _) if self.heard.log > self.state.store.safe_end_of_log().await? => {
                self.reset(at).await
            }
            // Ahead in the log, and perhaps not in their messages.
            Missed::Ahead(_, recent) => self.tell_remembered(recent).await,
            Missed::Unknown(at) => self.reset(at).await,
        }
    }

    async fn tell_remembered(&mut self, recent: Vec<Arc<Told>>) -> Result<(), Ended> {
        for told in recent {
            self.session.text(told.words(self.lang)).await?;
        }
        Ok(())
    }

    /// Out of the tables, as far as the hub had told when they came.
    async fn tell_logged(&mut self, at: Mark) -> Result<(), Ended> {
        let Wants { place, unit, inbox } = &self.admission.wants;
        let (wants_events, wants_messages) = (place.is_some() || unit.is_some(), *inbox);
        if wants_events && !self.tell_events(at).await? {
            return self.reset(at).await;
        }
        if wants_messages { self.tell_messages(at).await } else { Ok(()) }
    }

    /// Many may come back at once, and others want to read too.
    async fn turn(&self) -> Result<SemaphorePermit<'_>, Ended> {
        self.state.live.readers.acquire().await.map_err(|_| Ended::Closed)
    }

    /// Out of the log; whether that was not too much.
    async fn tell_events(&mut self, at: Mark) -> Result<bool, Ended> {
        let store = &self.state.store;
        let gap = store.log_gap(self.heard.log, at.log, MOST + 1).await?;
        let too_old = gap.oldest.is_some_and(|oldest| oldest < self.state.clock.now() - OLDEST);
        if gap.events > i64::from(MOST) || too_old {
            return Ok(false);
        }
        let mut mark = self.heard;
        loop {
            // Only while it is read: whoever takes long to hear it keeps nobody waiting.
            let turn = self.turn().await?;
            let page = store.live_events(mark.log, Some(at.log), PAGE).await?;
            drop(turn);
            for (log, event) in page.events {
                mark.log = log;
                if self.admission.wants.hears(&event) {
                    let told = Told::event(store, mark, event);
                    self.session.text(told.words(self.lang)).await?;
                }
            }
            mark.log = page.end;
            if !page.more {
                return Ok(true);
            }
        }
    }

    /// Out of their inbox.
    async fn tell_messages(&mut self, at: Mark) -> Result<(), Ended> {
        let store = &self.state.store;
        let mut mark = Mark { log: at.log, ..self.heard };
        let user = self.admission.user;
        let unread =
            store.unread(&[user]).await?.get(&user).copied().unwrap_or(Unread { count: 0, more: false });
        loop {
            let turn = self.turn().await?;
            let messages = store.inbox_between(user, mark.inbox, at.inbox, MESSAGES).await?;
            drop(turn);
            let whole = messages.len() < usize::from(MESSAGES);
            for entry in messages {
                mark.inbox = entry.id;
                let told = Told::inbox(store, mark, News { user, entry, unread });
                self.session.text(told.words(self.lang)).await?;
            }
            if whole {
                return Ok(());
            }
        }
    }

    /// They begin anew from there.
    async fn reset(&mut self, at: Mark) -> Result<(), Ended> {
        self.heard = at;
        let cursor = &at.seal(&self.state.store);
        Ok(self.session.text(json(&LiveMessage::Reset { cursor })).await?)
    }

    async fn go_on(&mut self, mut queue: Receiver<Arc<Told>>) -> Result<(), Ended> {
        let ping = self.state.wire.ping;
        let mut pings = interval_at(Instant::now() + ping, ping);
        loop {
            tokio::select! {
                told = queue.recv() => match told {
                    // Where another replica was ahead they have heard it.
                    Some(told) if told.is_after(&self.heard) => self.session.text(told.words(self.lang)).await?,
                    Some(_) => {}
                    // Why, they are about to be told.
                    None => std::future::pending().await,
                },
                _ = pings.tick() => self.session.ping(b"").await?,
            }
        }
    }
}

/// Listens for signs of life until there are none.
async fn hear(session: &mut Session, messages: &mut MessageStream, silence: Duration) -> End {
    loop {
        match timeout(silence, messages.recv()).await {
            Err(_) => return End::Silent,
            Ok(None | Some(Err(_) | Ok(Message::Close(_)))) => return End::Gone,
            Ok(Some(Ok(Message::Ping(bytes)))) => {
                if session.pong(&bytes).await.is_err() {
                    return End::Gone;
                }
            }
            // Clients have nothing to say here.
            Ok(Some(Ok(_))) => {}
        }
    }
}

/// Says why, to whoever still takes it; and waits a moment for them to say that they heard, since what is closed with
/// something unread may take the last words along.
async fn take_leave(session: Session, mut messages: MessageStream, why: End) {
    let patience = if why == End::Leaving { HASTY } else { FAREWELL };
    if let Ok(Ok(())) = timeout(patience, session.close(reason(why))).await {
        let reply = async {
            while let Some(Ok(message)) = messages.recv().await {
                if matches!(message, Message::Close(_)) {
                    return;
                }
            }
        };
        // Whoever does not answer is let go all the same.
        let _ = timeout(REPLY, reply).await;
    }
}

fn reason(why: End) -> Option<CloseReason> {
    let (code, description) = match why {
        End::Slow => (CloseCode::Again, "接收太慢，请带 after 重新连接"),
        End::Changed => (CloseCode::Other(4401), "权限已变更或已退出，请重新登录"),
        End::Leaving => (CloseCode::Away, "服务即将停止，请带 after 重新连接"),
        End::Silent => (CloseCode::Other(4408), "没有心跳应答"),
        End::Failed => (CloseCode::Error, "暂时无法读取，请带 after 重新连接"),
        End::Gone => return None,
    };
    Some(CloseReason { code, description: Some(description.to_owned()) })
}
