//! What listeners are told, and how far they have heard.

use crate::cursor;
use bytestring::ByteString;
use domain::id::UserId;
use domain::live::{LiveEvent, Wants};
use domain::view::{self, Unread};
use infra::Keyring;
use infra::store::Cursor;
use openapi::Lang;
use openapi::inbox::InboxEntry;
use openapi::live::{LiveEntry, LiveMessage};
use openapi::problem::Fault;
use serde::Serialize;

const LIST: &str = "live";
const LOG: usize = 16;

/// How far somebody has heard: in the log, and in the inboxes, which are two orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Mark {
    pub(super) log: Cursor,
    /// The entry of an inbox that was told last, anybody's.
    pub(super) inbox: i64,
}

impl Mark {
    /// As clients keep it.
    pub(super) fn seal(self, keys: &Keyring) -> String {
        let mut bytes = [0; LOG + 8];
        bytes[..LOG].copy_from_slice(&self.log.to_bytes());
        bytes[LOG..].copy_from_slice(&self.inbox.to_le_bytes());
        cursor::seal(keys, LIST, &bytes)
    }

    /// As a client brings it back.
    ///
    /// # Errors
    /// `live.cursor_invalid` for what [`seal`](Self::seal) did not make.
    pub(crate) fn open(keys: &Keyring, text: &str) -> Result<Self, Fault> {
        let invalid = || Fault::of("?after", "live.cursor_invalid", vec![]);
        let bytes: [u8; LOG + 8] = cursor::open(keys, LIST, text).map_err(|_| invalid())?;
        let (log, inbox) = bytes.split_first_chunk().ok_or_else(invalid)?;
        let inbox = inbox.try_into().map_err(|_| invalid())?;
        Ok(Self { log: Cursor::from_bytes(*log), inbox: i64::from_le_bytes(inbox) })
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
    pub(super) fn event(keys: &Keyring, mark: Mark, event: LiveEvent) -> Self {
        let cursor = &mark.seal(keys);
        let words =
            LANGS.map(|lang| json(&LiveMessage::Event { cursor, event: LiveEntry::new(&event, lang) }));
        Self { mark, to: To::Ticket(Box::new(event)), words }
    }

    /// That something is new in an inbox.
    pub(super) fn inbox(keys: &Keyring, mark: Mark, news: News) -> Self {
        let News { user, entry, unread: Unread { count: unread, more: unread_more } } = news;
        let cursor = &mark.seal(keys);
        let message = |lang| {
            let entry = InboxEntry::new(entry.clone(), lang);
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
