//! Tickets that were taken from elsewhere: from messages of chats (practices M10), from orders of other platforms (F11). What a
//! chat is called names people, so nothing but a keyed hash is kept: enough to see that it was filed before.

use super::super::Store;
use super::super::change::Failed;
use super::super::error::StoreError;
use super::super::row::column;
use domain::id::UserId;
use domain::number::TicketNumber;
use domain::refusal::Refusal;
use domain::ticket::{Source, Submission};

impl Store {
    /// By what it is known what a ticket was taken from: a message is the same in a county, whoever files it, and an order is
    /// that of whose platform it is.
    pub(super) fn source_key(&self, submission: &Submission, by: UserId) -> Option<[u8; 32]> {
        let county = submission.place.code.county().as_bytes();
        Some(match submission.source.as_ref()? {
            Source::Message { group, id } => {
                self.keys.digest(&[b"chat_message", county, group.as_bytes(), id.as_bytes()])
            }
            Source::Order { number } => self.keys.digest(&[b"order", by.0.as_bytes(), number.as_bytes()]),
        })
    }

    /// Refuses what was filed before, and says as which ticket.
    pub(super) async fn not_filed_before(
        &self,
        submission: &Submission,
        key: Option<[u8; 32]>,
    ) -> Result<(), Failed> {
        let (Some(source), Some(key)) = (&submission.source, key) else { return Ok(()) };
        let sql = "SELECT number FROM ticket WHERE message_key = $1";
        let Some(row) = self.query_one(sql, vec![key.to_vec().into()]).await? else { return Ok(()) };
        let number: String = column(&row, "ticket", "number")?;
        let number = TicketNumber::from(&number)
            .map_err(|error| StoreError::corrupt("ticket", "number", &number, error))?;
        Err(Refusal::from(source.filed(number)).into())
    }
}
