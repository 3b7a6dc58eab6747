//! Tickets that were taken from messages of chats (practices M10). What a group is called names people, so nothing but a keyed
//! hash of the message is kept: enough to see that it was filed before.

use super::super::Store;
use super::super::change::Failed;
use super::super::error::StoreError;
use super::super::row::column;
use domain::number::TicketNumber;
use domain::refusal::Refusal;
use domain::ticket::{ChatMessage, Submission, TicketRefusal};

impl Store {
    /// By what the message is known that a ticket was taken from; the same in a county, whoever files it.
    pub(super) fn message_key(&self, submission: &Submission) -> Option<[u8; 32]> {
        let ChatMessage { group, id } = submission.message.as_ref()?;
        let county = submission.place.code.county();
        Some(self.keys.digest(&[b"chat_message", county.as_bytes(), group.as_bytes(), id.as_bytes()]))
    }

    /// Refuses a message that was filed before, and says as which ticket.
    pub(super) async fn not_filed_before(&self, message_key: Option<[u8; 32]>) -> Result<(), Failed> {
        let Some(key) = message_key else { return Ok(()) };
        let sql = "SELECT number FROM ticket WHERE message_key = $1";
        let Some(row) = self.query_one(sql, vec![key.to_vec().into()]).await? else { return Ok(()) };
        let number: String = column(&row, "ticket", "number")?;
        let number = TicketNumber::from(&number)
            .map_err(|error| StoreError::corrupt("ticket", "number", &number, error))?;
        Err(Refusal::from(TicketRefusal::MessageFiled { number }).into())
    }
}
