//! The one door through which a ticket changes: load it, let the rules decide, write down what happened.

use super::super::Store;
use super::super::change::{Answer, ChangeError, Delivered, Failed, Request};
use super::super::error::StoreError;
use super::super::journal::JournalError;
use super::super::row::column;
use super::super::sql::Sql;
use super::after::{after, count, fold};
use super::read::service_name;
use super::write::Change;
use crate::trace::step;
use domain::id::{TicketId, UserId};
use domain::permission::Action;
use domain::place::PlaceRef;
use domain::playbook::Route;
use domain::refusal::Refusal;
use domain::text::Text;
use domain::ticket::{
    Assignee, Assignment, Command, Departure, Exclusion, Satisfaction, Submission, Ticket, TicketRefusal,
    When, decide, dispatch_by_route, exclude, hand_over, identify, merge, recode, settle, submit,
};
use domain::time::Timestamp;
use domain::view::{Contact, TicketTexts, TicketView};

/// What is to be done, and what is known of when it was.
#[derive(Debug, Clone, Copy)]
pub struct Carried<'a> {
    /// What.
    pub command: &'a Command,
    /// When it was done, where that was before it was told.
    pub occurred_at: Option<Timestamp>,
}

impl<'a> From<&'a Command> for Carried<'a> {
    fn from(command: &'a Command) -> Self {
        Self { command, occurred_at: None }
    }
}

/// What happens to a ticket without anybody asking for it.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) enum Housekeeping<'a> {
    /// What time alone does.
    Settle,
    /// 移交: what somebody who left had goes on.
    HandOver(&'a Departure),
    /// 并档: a roster entry turned out to be somebody.
    Identify {
        /// The entry.
        from: UserId,
        /// Who that is.
        to: UserId,
    },
    /// 编码变更: its place lies here now.
    Recode(PlaceRef),
    /// 剔除: an appeal was upheld.
    Exclude(Exclusion),
    /// 平台智能派单: a route leads to somebody.
    Dispatch {
        /// Which.
        route: &'a Route,
        /// To whom.
        to: &'a Assignment,
        /// What says by which route.
        note: &'a Text,
    },
}

impl<'a> Housekeeping<'a> {
    /// What is written with it.
    fn note(self) -> Option<&'a Text> {
        match self {
            Self::Dispatch { note, .. } => Some(note),
            Self::Settle | Self::HandOver(_) | Self::Identify { .. } | Self::Recode(_) | Self::Exclude(_) => {
                None
            }
        }
    }
}

impl Store {
    /// 点单. `render` makes the answer, which commits with the ticket. `place_name` is the place's name today; `contact`
    /// is what the ticket says of whom to call, and `shown` that with what the requester's own profile adds.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn submit_ticket(
        &self,
        request: &Request<'_>,
        submission: &Submission,
        (contact, shown): (&Contact, Contact),
        place_name: &str,
        render: impl Fn(&TicketView) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let attempt = async {
            let playbook = self.playbook(submission.place.code.county())?;
            let message_key = self.source_key(submission, request.actor.user);
            let events =
                step("decide").in_scope(|| submit(submission, request.actor, &playbook, request.now))?;
            self.not_filed_before(submission, message_key).await?;
            let words = |text: &Text| text.body.as_str().to_owned();
            let ticket = fold(None, &events)?;
            let view = TicketView {
                service_name: service_name(&ticket, &playbook),
                ticket,
                version: count(&events),
                place_name: place_name.to_owned(),
                texts: TicketTexts {
                    content: Some(words(&submission.content)),
                    address: submission.address.as_ref().map(words),
                    origin: submission.origin.as_ref().map(|(_, title)| words(title)),
                    ..TicketTexts::default()
                },
                contact: shown,
                updated_at: request.now,
            };
            let answer = render(&view);
            let change = Change {
                from: None,
                view: &view,
                events: &events,
                texts: submission.texts().collect(),
                contact: Some(contact),
                message_key,
                answer: request.key.as_ref().map(|key| self.keep(key, &answer, request.now)),
            };
            let written = self.journal.append(self.entry(change)?).await;
            // Somebody else filed it meanwhile.
            if matches!(written, Err(JournalError::Store(StoreError::Duplicate(_)))) {
                self.not_filed_before(submission, message_key).await?;
            }
            written?;
            Ok(answer)
        };
        let result = attempt.await;
        self.or_kept(request.key.as_ref(), result).await
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
        carried: impl Into<Carried<'_>>,
        render: impl Fn(&TicketView) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let carried = carried.into();
        self.until_changed(request.key.as_ref(), || self.try_change_ticket(request, id, carried, &render))
            .await
    }

    /// 并单: both tickets change together. The answer shows the one that was merged.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn merge_tickets(
        &self,
        request: &Request<'_>,
        id: TicketId,
        into: TicketId,
        reason: &Text,
        render: impl Fn(&TicketView) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        self.until_changed(request.key.as_ref(), || {
            self.try_merge_tickets(request, (id, into), reason, &render)
        })
        .await
    }

    /// What time alone has done to a ticket; whether that was anything.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn settle_ticket(&self, id: TicketId, now: Timestamp) -> Result<bool, ChangeError> {
        self.keep_house(id, Housekeeping::Settle, now).await
    }

    /// Tickets to which time does something by `now`, the longest due first, after the last of those before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due_tickets(
        &self,
        now: Timestamp,
        after: Option<(Timestamp, TicketId)>,
        limit: u16,
    ) -> Result<Vec<(Timestamp, TicketId)>, StoreError> {
        let mut sql = Sql::new("SELECT id, next_at FROM ticket WHERE next_at IS NOT NULL AND next_at < ");
        sql.bind(now);
        if let Some((at, id)) = after {
            sql.push(" AND (next_at, id) > (").bind(at).push(", ").bind(id.0).push(")");
        }
        sql.push(" ORDER BY next_at, id LIMIT ").bind(i64::from(limit));
        let rows = self.query_all(&sql.text, sql.values).await?;
        let due = |row: &_| Ok((column(row, "ticket", "next_at")?, TicketId(column(row, "ticket", "id")?)));
        rows.iter().map(due).collect()
    }

    /// Does it; whether there was anything to do.
    pub(in crate::store) async fn keep_house(
        &self,
        id: TicketId,
        what: Housekeeping<'_>,
        now: Timestamp,
    ) -> Result<bool, ChangeError> {
        let attempt = || async move {
            let loaded = self.ticket_to_change(id, None).await?;
            let loaded = loaded.ok_or_else(|| Refusal::from(TicketRefusal::NotFound))?;
            let playbook = self.playbook_of(&loaded.ticket).await?;
            let events = match what {
                Housekeeping::Settle => settle(&loaded.ticket, &playbook.policy, now),
                Housekeeping::HandOver(departure) => {
                    hand_over(&loaded.ticket, departure, &playbook.policy, now)
                }
                Housekeeping::Identify { from, to } => {
                    identify(&loaded.ticket, from, to, &playbook.policy, now)
                }
                Housekeeping::Exclude(exclusion) => exclude(&loaded.ticket, exclusion, &playbook.policy, now),
                Housekeeping::Recode(place) => recode(&loaded.ticket, place, &playbook.policy, now),
                Housekeeping::Dispatch { route, to, note } => {
                    dispatch_by_route(&loaded.ticket, route, (to, note), &playbook, now)
                }
            };
            let nothing = Answer { status: 204, version: loaded.version, body: Vec::new() };
            if events.is_empty() {
                return Ok(nothing);
            }
            let (from, view) = after(loaded, &events, None, now)?;
            let change = Change {
                from: Some(from),
                view: &view,
                events: &events,
                texts: what.note().into_iter().collect(),
                contact: None,
                message_key: None,
                answer: None,
            };
            self.journal.append(self.entry(change)?).await?;
            Ok(Answer { status: 200, ..nothing })
        };
        Ok(self.until_changed(None, attempt).await?.answer.status == 200)
    }

    async fn loaded(&self, request: &Request<'_>, id: TicketId) -> Result<TicketView, Failed> {
        let reader = (request.actor.user, request.grants_version);
        let loaded = self.ticket_to_change(id, Some(reader)).await?;
        let loaded = loaded.ok_or_else(|| Refusal::from(TicketRefusal::NotFound))?;
        if let Some(expected) = request.if_match
            && expected != loaded.version
            && request.actor.may(Action::TicketView, &loaded.ticket.parties()).is_ok()
        {
            return Err(Failed::Error(ChangeError::OtherVersion));
        }
        Ok(loaded)
    }

    async fn try_change_ticket(
        &self,
        request: &Request<'_>,
        id: TicketId,
        carried: Carried<'_>,
        render: impl Fn(&TicketView) -> Answer,
    ) -> Result<Answer, Failed> {
        let Carried { command, occurred_at } = carried;
        let loaded = self.loaded(request, id).await?;
        let playbook = self.playbook_of(&loaded.ticket).await?;
        let when =
            When { now: request.now, occurred_at, lead_left: self.lead_left(&loaded.ticket, command).await? };
        let events =
            step("decide").in_scope(|| decide(&loaded.ticket, command, request.actor, &playbook, when))?;
        let (from, mut view) = after(loaded, &events, Some(command), request.now)?;
        view.service_name = service_name(&view.ticket, &playbook);
        let answer = render(&view);
        let change = Change {
            from: Some(from),
            view: &view,
            events: &events,
            texts: command.text().into_iter().collect(),
            contact: None,
            message_key: None,
            answer: request.key.as_ref().map(|key| self.keep(key, &answer, request.now)),
        };
        self.journal.append(self.entry(change)?).await?;
        Ok(answer)
    }

    /// Whether a new round would go to somebody who can no longer handle it; looked up for nothing else.
    async fn lead_left(&self, ticket: &Ticket, command: &Command) -> Result<bool, StoreError> {
        let begins_round = matches!(
            command,
            Command::Reopen { .. } | Command::Rate { satisfaction: Satisfaction::Dissatisfied, .. }
        );
        let (true, Some(Assignee::Person(lead))) = (begins_round, ticket.lead()) else {
            return Ok(false);
        };
        let known = self.assignments(&[Assignee::Person(self.known_as(lead).await?)]).await?;
        Ok(!known.iter().any(|one| one.facts.can_handle_at(&ticket.place.code)))
    }

    async fn try_merge_tickets(
        &self,
        request: &Request<'_>,
        (id, into): (TicketId, TicketId),
        reason: &Text,
        render: impl Fn(&TicketView) -> Answer,
    ) -> Result<Answer, Failed> {
        let source = self.loaded(request, id).await?;
        let target = self.ticket_to_change(into, None).await?;
        let facing = target.as_ref().map(|target| &target.ticket);
        let leaves_by = self.playbook_of(&source.ticket).await?;
        let stays_by = self.playbook_of(facing.unwrap_or(&source.ticket)).await?;
        let policies = [&leaves_by.policy, &stays_by.policy];
        let (leaving, staying) = merge(&source.ticket, facing, reason, request.actor, policies, request.now)?;
        let target = target.ok_or_else(|| Refusal::from(TicketRefusal::NotFound))?;
        let (source_from, mut source) = after(source, &leaving, None, request.now)?;
        source.texts.end_reason = Some(reason.body.as_str().to_owned());
        let (target_from, target) = after(target, &staying, None, request.now)?;
        let answer = render(&source);
        let mut entries = vec![
            self.entry(Change {
                from: Some(source_from),
                view: &source,
                events: &leaving,
                texts: vec![reason],
                contact: None,
                message_key: None,
                answer: request.key.as_ref().map(|key| self.keep(key, &answer, request.now)),
            })?,
            self.entry(Change {
                from: Some(target_from),
                view: &target,
                events: &staying,
                texts: vec![],
                contact: None,
                message_key: None,
                answer: None,
            })?,
        ];
        // Two merges that cross must not wait for each other.
        entries.sort_by_key(|entry| entry.stream);
        self.journal.append_all(entries).await?;
        Ok(answer)
    }
}
