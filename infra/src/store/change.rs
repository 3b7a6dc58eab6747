//! The one door through which an aggregate changes: load it, let the rules decide, write down what happened.

use super::Store;
use super::error::StoreError;
use super::idempotency::{IdempotencyKey, Kept};
use super::journal::JournalError;
use crate::entropy;
use domain::actor::Actor;
use domain::id::TicketId;
use domain::refusal::Refusal;
use domain::ticket::{Command, Event, Submission, Ticket, TicketRefusal, decide, submit};
use domain::time::Timestamp;
use domain::view::{TicketTexts, TicketView};

/// How often a change is decided anew when somebody else was faster.
const ATTEMPTS: u32 = 3;

/// Who asks for a change, and how.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// The version of their grants that `actor` shows.
    pub grants_version: i32,
    /// When.
    pub now: Timestamp,
    /// The only version that may be changed, where the client named one.
    pub if_match: Option<i32>,
    /// Where the client sent one.
    pub key: Option<IdempotencyKey>,
}

/// An answer as the client gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Version of the aggregate, for `ETag`.
    pub version: i32,
    /// JSON.
    pub body: Vec<u8>,
}

/// An answer, and whether it had been given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// What to send.
    pub answer: Answer,
    /// Whether it is the kept answer of an earlier call with the same key.
    pub replayed: bool,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The ticket is not in the version that `If-Match` names.
    #[error("the ticket is not in the version named")]
    OtherVersion,
    /// The key was used for another body.
    #[error("the key was used for another body")]
    KeyReused,
    /// Others were faster three times.
    #[error("too many changes at once")]
    Contended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Answer {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        [&self.status.to_le_bytes(), self.version.to_le_bytes().as_slice(), &self.body].concat()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (status, rest) = bytes.split_first_chunk()?;
        let (version, body) = rest.split_first_chunk()?;
        let (status, version) = (u16::from_le_bytes(*status), i32::from_le_bytes(*version));
        Some(Self { status, version, body: body.to_vec() })
    }
}

impl Store {
    /// 点单. `render` makes the answer, which commits with the ticket. `place_name` is the place's name today.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn submit_ticket(
        &self,
        request: &Request<'_>,
        submission: &Submission,
        place_name: &str,
        render: impl Fn(&TicketView) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let attempt = async {
            let playbook = self.playbook(submission.place.code.county())?;
            let events = submit(submission, request.actor, &playbook, request.now)?;
            let ticket = fold(None, &events)?;
            let texts = TicketTexts {
                content: Some(submission.content.body.as_str().to_owned()),
                address: submission.address.as_ref().map(|text| text.body.as_str().to_owned()),
                ..TicketTexts::default()
            };
            let view = view_after(ticket, 0, &events, place_name.to_owned(), texts, request.now);
            let answer = render(&view);
            let texts = submission.texts().collect();
            self.append_ticket(request, None, &view, &events, texts, &answer).await?;
            Ok(answer)
        };
        self.or_replay(request, attempt.await).await
    }

    /// What is done with a ticket that is there. `render` makes the answer, which commits with the change. When somebody
    /// else was faster, the ticket is read and decided on anew; what the command knows of others (whether its lead can
    /// handle the ticket) stays what it was when the call came in.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn change_ticket(
        &self,
        request: &Request<'_>,
        id: TicketId,
        command: &Command,
        render: impl Fn(&TicketView) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let mut attempt = 1;
        loop {
            let result = self.try_change_ticket(request, id, command, &render).await;
            match result {
                Err(Failed::Conflict) if request.if_match.is_none() && attempt < ATTEMPTS => {
                    tokio::time::sleep(entropy::jitter(attempt)).await;
                    attempt += 1;
                }
                result => return self.or_replay(request, result).await,
            }
        }
    }

    async fn try_change_ticket(
        &self,
        request: &Request<'_>,
        id: TicketId,
        command: &Command,
        render: impl Fn(&TicketView) -> Answer,
    ) -> Result<Answer, Failed> {
        let loaded = self.ticket(id, request.actor.user, request.grants_version).await?;
        let Some(loaded) = loaded else {
            return Err(Failed::Error(Refusal::from(TicketRefusal::NotFound).into()));
        };
        if let Some(expected) = request.if_match
            && expected != loaded.version
            && request.actor.may(domain::permission::Action::TicketView, &loaded.ticket.parties()).is_ok()
        {
            return Err(Failed::Error(ChangeError::OtherVersion));
        }
        let playbook = self.playbook(loaded.ticket.place.code.county())?;
        let events = decide(&loaded.ticket, command, request.actor, &playbook.policy, request.now)?;
        let ticket = fold(Some(loaded.ticket), &events)?;
        let texts = texts_after(loaded.texts, command);
        let view = view_after(ticket, loaded.version, &events, loaded.place_name, texts, request.now);
        let answer = render(&view);
        self.append_ticket(request, Some(loaded.version), &view, &events, command.texts().collect(), &answer)
            .await?;
        Ok(answer)
    }

    /// Whatever failed: a call that was carried out before gets its kept answer.
    async fn or_replay(
        &self,
        request: &Request<'_>,
        result: Result<Answer, Failed>,
    ) -> Result<Delivered, ChangeError> {
        let error = match result {
            Ok(answer) => {
                return Ok(Delivered { answer, replayed: false });
            }
            Err(Failed::Error(error @ ChangeError::Store(_))) => return Err(error),
            Err(Failed::Error(error)) => error,
            Err(Failed::KeyTaken) => ChangeError::Contended,
            Err(Failed::Conflict) if request.if_match.is_some() => ChangeError::OtherVersion,
            Err(Failed::Conflict) => ChangeError::Contended,
        };
        let Some(key) = &request.key else {
            return Err(error);
        };
        match self.kept(key).await? {
            Some(Kept::Same(answer)) => Ok(Delivered { answer, replayed: true }),
            Some(Kept::OtherBody) => Err(ChangeError::KeyReused),
            None => Err(error),
        }
    }
}

/// How an attempt fails: for good, or because somebody else was faster.
pub(super) enum Failed {
    Error(ChangeError),
    Conflict,
    KeyTaken,
}

impl<E: Into<ChangeError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl From<JournalError> for Failed {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Conflict => Self::Conflict,
            JournalError::KeyTaken => Self::KeyTaken,
            JournalError::Store(error) => Self::Error(error.into()),
        }
    }
}

fn fold(ticket: Option<Ticket>, events: &[Event]) -> Result<Ticket, StoreError> {
    let broken = |error| StoreError::corrupt("ticket", "state", "a change", error);
    let mut events = events.iter();
    let mut ticket = match (ticket, events.as_slice()) {
        (Some(ticket), _) => ticket,
        (None, [first, ..]) => {
            events.next();
            Ticket::begin(first).map_err(broken)?
        }
        (None, []) => {
            return Err(StoreError::corrupt("event", "payload", "a change", "a change without events"));
        }
    };
    for event in events {
        ticket.apply(event).map_err(broken)?;
    }
    Ok(ticket)
}

fn view_after(
    ticket: Ticket,
    version: i32,
    events: &[Event],
    place_name: String,
    mut texts: TicketTexts,
    updated_at: Timestamp,
) -> TicketView {
    if ticket.resolution().is_none() {
        texts.reply = None;
    }
    let added = i32::try_from(events.len()).expect("a change has few events");
    TicketView { ticket, version: version + added, place_name, texts, updated_at }
}

/// The texts that are current after a command.
fn texts_after(mut texts: TicketTexts, command: &Command) -> TicketTexts {
    let body = |text: &domain::text::Text| text.body.as_str().to_owned();
    match command {
        Command::Resolve { reply, .. } => texts.reply = Some(body(reply)),
        Command::Rate { comment, .. } => texts.comment = comment.as_ref().map(body),
        Command::Dispatch { .. } | Command::Accept | Command::Arrive { .. } => {}
    }
    texts
}
