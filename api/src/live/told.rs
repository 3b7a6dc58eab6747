//! What listeners are told, and how far they have heard.

use crate::cursor;
use crate::words::spoken;
use bytestring::ByteString;
use domain::id::UserId;
use domain::live::{LiveEvent, Wants};
use domain::view::{self, Unread};
use infra::Store;
use infra::store::Cursor;
use openapi::Lang;
use openapi::inbox::InboxEntry;
use openapi::live::{LiveEntry, LiveMessage};
use openapi::problem::Fault;
use serde::Serialize;
use uuid::Uuid;

const LIST: &str = "live";
const LOG: usize = 16;
const MARK: usize = LOG + 8;
/// With the restoration that it came after.
const SINCE: usize = MARK + 16;

/// How far somebody has heard: in the log, and in the inboxes, which are two orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Mark {
    pub(super) log: Cursor,
    /// The entry of an inbox that was told last, anybody's.
    pub(super) inbox: i64,
}

/// What a client brings back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// All up to there was heard.
    Heard(Mark),
    /// Of another log: the database has been restored since, and who knows what was lost and what comes in its place.
    Elsewhere,
}

impl Mark {
    /// As clients keep it.
    pub(super) fn seal(self, store: &Store) -> String {
        let mut bytes = [0; SINCE];
        bytes[..LOG].copy_from_slice(&self.log.to_bytes());
        bytes[LOG..MARK].copy_from_slice(&self.inbox.to_le_bytes());
        let whole = match store.restoration() {
            Some(restoration) => {
                bytes[MARK..].copy_from_slice(restoration.as_bytes());
                SINCE
            }
            None => MARK,
        };
        cursor::seal(store.keys(), LIST, &bytes[..whole])
    }

    /// As a client brings it back.
    ///
    /// # Errors
    /// `live.cursor_invalid` for what [`seal`](Self::seal) did not make.
    pub(crate) fn open(store: &Store, text: &str) -> Result<After, Fault> {
        let invalid = || Fault::of("?after", "live.cursor_invalid", vec![]);
        let since = cursor::open::<SINCE>(store.keys(), LIST, text);
        let before = || cursor::open::<MARK>(store.keys(), LIST, text);
        let (mark, restoration) = match since {
            Ok(since) => {
                let (mark, restoration) = since.split_first_chunk::<MARK>().ok_or_else(invalid)?;
                (*mark, Uuid::from_slice(restoration).ok())
            }
            Err(_) => (before().map_err(|_| invalid())?, None),
        };
        if restoration != store.restoration() {
            return Ok(After::Elsewhere);
        }
        let (log, inbox) = mark.split_first_chunk().ok_or_else(invalid)?;
        let inbox = inbox.try_into().map_err(|_| invalid())?;
        Ok(After::Heard(Self { log: Cursor::from_bytes(*log), inbox: i64::from_le_bytes(inbox) }))
    }
}

/// A message, put into words once for all who hear it.
#[derive(Debug)]
pub(super) struct Told {
    /// How far whoever hears it has heard.
    pub(super) mark: Mark,
    pub(super) to: To,
    /// In Chinese and in English.
    words: [ByteString; 2],
}

/// For whom a message is.
#[derive(Debug)]
pub(super) enum To {
    /// Those who listen to where it happened, or to who leads.
    Ticket(Box<LiveEvent>),
    /// One person.
    Inbox(UserId),
}

impl Told {
    /// That something happened to a ticket.
    pub(super) fn event(store: &Store, mark: Mark, event: LiveEvent) -> Self {
        let cursor = &mark.seal(store);
        let words = LANGS.map(|lang| {
            let spoken = spoken(store, Some(&event.ticket.place), lang);
            json(&LiveMessage::Event { cursor, event: LiveEntry::new(&event, &spoken) })
        });
        Self { mark, to: To::Ticket(Box::new(event)), words }
    }

    /// That something is new in an inbox.
    pub(super) fn inbox(store: &Store, mark: Mark, news: News) -> Self {
        let News { user, entry, unread: Unread { count: unread, more: unread_more } } = news;
        let cursor = &mark.seal(store);
        let message = |lang| {
            let spoken = spoken(store, entry.ticket.as_ref().map(|ticket| &ticket.place), lang);
            let entry = InboxEntry::new(entry.clone(), &spoken);
            LiveMessage::Inbox { cursor, entry, unread, unread_more }
        };
        let words = LANGS.map(|lang| json(&message(lang)));
        Self { mark, to: To::Inbox(user), words }
    }

    #[cfg(test)]
    pub(super) fn unsaid(mark: Mark, to: To) -> Self {
        Self { mark, to, words: Default::default() }
    }

    pub(super) fn words(&self, lang: Lang) -> ByteString {
        match lang {
            Lang::Chinese => self.words[0].clone(),
            Lang::English => self.words[1].clone(),
        }
    }

    /// Whether it is for somebody, who has not heard it yet.
    pub(super) fn is_for(&self, user: UserId, wants: &Wants, heard: &Mark) -> bool {
        self.is_after(heard)
            && match &self.to {
                To::Ticket(event) => wants.hears(event),
                To::Inbox(other) => wants.inbox && *other == user,
            }
    }

    /// Whether it was told after that.
    pub(super) fn is_after(&self, heard: &Mark) -> bool {
        match self.to {
            To::Ticket(_) => self.mark.log > heard.log,
            To::Inbox(_) => self.mark.inbox > heard.inbox,
        }
    }
}

/// The languages, in the order of [`Told::words`].
const LANGS: [Lang; 2] = [Lang::Chinese, Lang::English];

/// A new message in somebody's inbox. Messages are numbered in the order in which they are committed.
#[derive(Debug)]
pub(super) struct News {
    /// Whose inbox.
    pub(super) user: UserId,
    pub(super) entry: view::InboxEntry,
    /// How many they have not read, with this one.
    pub(super) unread: Unread,
}

/// A message as it goes over the wire.
pub(super) fn json(message: &impl Serialize) -> ByteString {
    // These types have string keys and no floats: nothing of them can fail to be written.
    serde_json::to_string(message).unwrap_or_default().into()
}
