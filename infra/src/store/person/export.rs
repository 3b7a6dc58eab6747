//! A copy of all that is held on somebody, for themselves. Thirteen queries, each by an index; the longer ones have a row for
//! each thing that they did.

use super::super::Store;
use super::super::absence::{self, stored_absence};
use super::super::audit::{COLUMNS, audit_entry};
use super::super::change::{ChangeError, Failed, Request};
use super::super::error::StoreError;
use super::super::inbox;
use super::super::log::{EVENT_COLUMNS, stored_event};
use super::super::row::{Row, column, word};
use super::super::shift;
use super::super::ticket::contact;
use domain::id::{TicketId, UserId};
use domain::person::{
    Export, ExportedMatter, ExportedSession, ExportedStep, ExportedTicket, Person, PersonRefusal,
};
use domain::refusal::Refusal;
use domain::ticket::Fact;
use std::collections::HashMap;
use uuid::Uuid;

const IDENTITIES: &str = "SELECT provider, subject FROM identity WHERE user_id = $1 ORDER BY provider";
const SESSIONS: &str = "SELECT created_at, used_at, expires_at, ended_at FROM session WHERE user_id = $1 ORDER BY created_at, id";
const TICKETS: &str = "SELECT t.id, t.number, t.status, t.scope_code, t.category, t.created_at, p.name AS place_name, \
     nullif(a.body, '') AS address, nullif(o.body, '') AS origin, c.name AS contact_name, c.phone AS contact_phone, c.household AS contact_household \
     FROM ticket t JOIN place p ON p.id = t.place_id LEFT JOIN free_text a ON a.id = t.address_id LEFT JOIN free_text o ON o.id = t.origin_id \
     LEFT JOIN ticket_contact c ON c.ticket_id = t.id WHERE t.requester_id IN ";
/// What they take part in, or wrote something of.
const MATTERS: &str = "SELECT m.id, m.kind, m.topic, m.status, m.created_at, m.updated_at, m.due_at, p.code, p.name AS place_name \
     FROM matter m JOIN place p ON p.id = m.place_id WHERE m.id IN (SELECT w.matter_id FROM matter_party w WHERE w.party_id IN ";
const WORDS: &str = "SELECT y.matter_id, x.body FROM matter_text y JOIN free_text x ON x.id = y.text_id \
     WHERE x.body <> '' AND y.written_by IN ";
const PHOTOS: &str = "SELECT f.id FROM photo f WHERE f.user_id IN ";
/// Who is meant by `$1`: they, and the roster entries that turned out to be them.
const THEY: &str = "SELECT m.id FROM app_user m WHERE m.id = $1 OR m.joined_into = $1";

impl Store {
    /// All that is held on who asks, after that they asked was written down.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn export(&self, request: &Request<'_>) -> Result<Export, ChangeError> {
        let Request { actor, grants_version, now, if_match: _, key: _ } = *request;
        for _ in 0..super::super::ATTEMPTS {
            let person = self.person(actor.user, actor, grants_version).await?;
            let person = person.ok_or_else(|| Refusal::from(PersonRefusal::NotFound))?;
            match self.record_export(&person, now).await {
                Ok(()) => return Ok(self.all_of(person).await?),
                Err(Failed::Error(error)) => return Err(error),
                Err(Failed::Conflict | Failed::KeyTaken) => {}
            }
        }
        Err(ChangeError::Contended)
    }

    async fn all_of(&self, person: Person) -> Result<Export, StoreError> {
        let id = person.id;
        let rows = |sql: String| async move { self.query_all(&sql, vec![id.0.into()]).await };
        let they = rows(THEY.to_owned()).await?;
        let they: Vec<_> =
            they.iter().map(|row| column(row, "app_user", "id").map(UserId)).collect::<Result<_, _>>()?;
        let identities = rows(IDENTITIES.to_owned()).await?;
        let identities = identities.iter().map(|row| self.identity_of(row, id)).collect::<Result<_, _>>()?;
        let sessions = rows(SESSIONS.to_owned()).await?;
        let about = rows(format!(
            "SELECT {COLUMNS} FROM event e LEFT JOIN free_text x ON x.id = e.text_id \
             WHERE e.stream IN ({THEY}) AND e.aggregate = 'person' ORDER BY e.position"
        ));
        let audit = about.await?.iter().map(audit_entry).collect::<Result<_, _>>()?;
        let acts = rows(format!(
            "SELECT t.id, t.number, nullif(x.body, '') AS body, {EVENT_COLUMNS} FROM event e JOIN ticket t ON t.id = e.stream \
             LEFT JOIN free_text x ON x.id = e.text_id \
             WHERE e.actor IN ({THEY}) AND e.aggregate = 'ticket' AND t.requester_id NOT IN ({THEY}) ORDER BY e.position"
        ));
        let acts =
            acts.await?.iter().filter_map(|row| step(row, &they).transpose()).collect::<Result<_, _>>()?;
        let sessions = sessions.iter().map(session).collect::<Result<_, _>>()?;
        let inbox = rows(format!("{}({THEY}) ORDER BY i.id", inbox::THEIRS)).await?;
        let inbox = inbox.iter().map(|row| self.stored_message(row)).collect::<Result<_, _>>()?;
        let shifts = rows(format!("{}({THEY}) ORDER BY s.starts_at, s.id", shift::THEIRS)).await?;
        let shifts = shifts.iter().map(|row| self.stored_shift(row)).collect::<Result<_, _>>()?;
        let absences = rows(absence::THEIRS.to_owned()).await?;
        let absences = absences.iter().map(stored_absence).collect::<Result<_, _>>()?;
        let tickets = self.tickets_of(id, &they).await?;
        let matters = self.matters_of(id).await?;
        let photos = rows(format!("{PHOTOS}({THEY}) ORDER BY f.created_at, f.id")).await?;
        let photos = photos.iter().map(|row| column(row, "photo", "id")).collect::<Result<_, _>>()?;
        Ok(Export {
            tickets,
            person,
            identities,
            sessions,
            acts,
            audit,
            inbox,
            shifts,
            absences,
            matters,
            photos,
        })
    }

    async fn matters_of(&self, id: UserId) -> Result<Vec<ExportedMatter>, StoreError> {
        let mut texts: HashMap<Uuid, Vec<String>> = HashMap::new();
        let sql = format!("{WORDS}({THEY}) ORDER BY x.id");
        for row in self.query_all(&sql, vec![id.0.into()]).await? {
            let matter = column(&row, "matter_text", "matter_id")?;
            texts.entry(matter).or_default().push(column(&row, "free_text", "body")?);
        }
        let sql = format!(
            "{MATTERS}({THEY}) UNION SELECT y.matter_id FROM matter_text y WHERE y.written_by IN ({THEY})) \
             ORDER BY m.created_at, m.id"
        );
        let rows = self.query_all(&sql, vec![id.0.into()]).await?;
        let matter = |row: &Row| {
            let id: Uuid = column(row, "matter", "id")?;
            Ok(ExportedMatter {
                id,
                kind: column(row, "matter", "kind")?,
                topic: column(row, "matter", "topic")?,
                status: column(row, "matter", "status")?,
                place: self.stored_code(&column::<String>(row, "place", "code")?)?,
                place_name: column(row, "place", "place_name")?,
                created_at: column(row, "matter", "created_at")?,
                updated_at: column(row, "matter", "updated_at")?,
                due_at: column(row, "matter", "due_at")?,
                texts: texts.remove(&id).unwrap_or_default(),
            })
        };
        rows.iter().map(matter).collect()
    }

    async fn tickets_of(&self, id: UserId, they: &[UserId]) -> Result<Vec<ExportedTicket>, StoreError> {
        let sql = format!(
            "SELECT t.id, t.number, nullif(x.body, '') AS body, {EVENT_COLUMNS} FROM ticket t JOIN event e ON e.stream = t.id \
             LEFT JOIN free_text x ON x.id = e.text_id WHERE t.requester_id IN ({THEY}) ORDER BY e.stream, e.stream_version"
        );
        let mut steps: HashMap<TicketId, Vec<ExportedStep>> = HashMap::new();
        for row in self.query_all(&sql, vec![id.0.into()]).await? {
            let Some(step) = step(&row, they)? else { continue };
            steps.entry(step.ticket).or_default().push(step);
        }
        let sql = format!("{TICKETS}({THEY}) ORDER BY t.created_at, t.id");
        let rows = self.query_all(&sql, vec![id.0.into()]).await?;
        let ticket = |row: &Row| {
            let ticket: Uuid = column(row, "ticket", "id")?;
            let code: String = column(row, "ticket", "scope_code")?;
            let sealed = |name, place| {
                let sealed: Option<Vec<u8>> = column(row, "ticket_contact", name)?;
                sealed.map(|sealed| self.unsealed(place, ticket, &sealed)).transpose()
            };
            Ok(ExportedTicket {
                id: TicketId(ticket),
                number: column(row, "ticket", "number")?,
                status: word(row, "ticket", "status")?,
                place: self.stored_code(&code)?,
                place_name: column(row, "place", "place_name")?,
                category: column(row, "ticket", "category")?,
                address: column(row, "free_text", "address")?,
                origin: column(row, "free_text", "origin")?,
                contact: [
                    sealed("contact_name", contact::NAME)?,
                    sealed("contact_phone", contact::PHONE)?,
                    sealed("contact_household", contact::HOUSEHOLD)?,
                ],
                created_at: column(row, "ticket", "created_at")?,
                steps: steps.remove(&TicketId(ticket)).unwrap_or_default(),
            })
        };
        rows.iter().map(ticket).collect()
    }

    /// Provider and subject; a subject that does not open is left out rather than keeping them from all the rest.
    fn identity_of(&self, row: &Row, id: UserId) -> Result<(String, Option<String>), StoreError> {
        let sealed: Vec<u8> = column(row, "identity", "subject")?;
        let subject = self.unsealed(super::super::user::SUBJECT, id.0, &sealed).ok();
        Ok((column(row, "identity", "provider")?, subject))
    }
}

/// A step of a ticket. What staff wrote among themselves is for those who wrote it, and so is what they did among themselves.
fn step(row: &Row, they: &[UserId]) -> Result<Option<ExportedStep>, StoreError> {
    let event = stored_event(row)?;
    let own = event.actor.is_some_and(|actor| they.contains(&actor));
    if !own && event.fact.headline().is_among_staff() {
        return Ok(None);
    }
    let text: Option<String> = column(row, "free_text", "body")?;
    let position = match &event.fact {
        Fact::Arrived { position } => Some(*position),
        _ => None,
    };
    let (satisfaction, stars) = match &event.fact {
        Fact::Rated { satisfaction, stars, comment: _ } => (Some(*satisfaction), *stars),
        _ => (None, None),
    };
    Ok(Some(ExportedStep {
        position: position.filter(|_| own),
        satisfaction,
        stars,
        ticket: TicketId(column(row, "ticket", "id")?),
        number: column(row, "ticket", "number")?,
        at: event.occurred_at,
        kind: event.fact.headline().name().to_owned(),
        own,
        text: text.filter(|_| own || !event.fact.is_internal()),
    }))
}

fn session(row: &Row) -> Result<ExportedSession, StoreError> {
    Ok(ExportedSession {
        created_at: column(row, "session", "created_at")?,
        used_at: column(row, "session", "used_at")?,
        expires_at: column(row, "session", "expires_at")?,
        ended_at: column(row, "session", "ended_at")?,
    })
}
