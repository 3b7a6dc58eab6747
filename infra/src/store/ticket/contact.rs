//! Whom to call about a ticket: sealed where it is stored, found by the keyed hash of the phone.

use super::super::Store;
use super::super::error::StoreError;
use super::super::journal::Values;
use super::super::row::{Row, column};
use super::super::{phone, user};
use domain::phone::Phone;
use domain::ticket::Ticket;
use domain::view::Contact;
use uuid::Uuid;

pub(in crate::store) const NAME: &str = "ticket_contact.name";
pub(in crate::store) const PHONE: &str = "ticket_contact.phone";
pub(in crate::store) const HOUSEHOLD: &str = "ticket_contact.household";

/// What [`Store::stored_contact`] needs of `ticket t` and `ticket_contact k`.
pub(super) const CONTACT_COLUMNS: &str = "k.name AS contact_name, k.phone AS contact_phone, k.household AS contact_household, \
     (SELECT q.name FROM app_user q WHERE q.id = t.requester_id) AS requester_name, \
     (SELECT q.phone FROM app_user q WHERE q.id = t.requester_id) AS requester_phone";

impl Store {
    /// The keyed hash under which a phone number is found.
    pub fn phone_hash(&self, phone: &Phone) -> [u8; 32] {
        self.keys().digest(&[b"phone", phone.as_str().as_bytes()])
    }

    /// What the ticket says of whom to call, as a row; `None` when it says nothing.
    pub(super) fn contact_row(&self, of: &Ticket, contact: &Contact) -> Option<Values> {
        let ticket = of.id.0;
        let Contact { name, phone, household } = contact;
        let seal = |column, value: &str| self.keys().seal(column, ticket, value.as_bytes());
        let row = || {
            vec![
                ticket.into(),
                name.as_deref().map(|name| seal(NAME, name)).into(),
                phone.as_ref().map(|phone| seal(PHONE, phone.as_str())).into(),
                phone.as_ref().map(|phone| self.phone_hash(phone).to_vec()).into(),
                household.as_deref().map(|digits| seal(HOUSEHOLD, digits)).into(),
                of.submitted_at.into(),
            ]
        };
        (name.is_some() || phone.is_some() || household.is_some()).then(row)
    }

    /// Whom to call, of a row that has [`CONTACT_COLUMNS`]: what the ticket says, else the requester.
    pub(super) fn stored_contact(
        &self,
        row: &Row,
        ticket: Uuid,
        requester: Uuid,
    ) -> Result<Contact, StoreError> {
        let phone = self.unsealed_column(row, "contact_phone", PHONE, ticket)?;
        let phone = match phone {
            Some(phone) => Some(phone),
            None => self.unsealed_column(row, "requester_phone", phone::PHONE, requester)?,
        };
        let name = match self.unsealed_column(row, "contact_name", NAME, ticket)? {
            Some(name) => Some(name),
            None => self.unsealed_column(row, "requester_name", user::NAME, requester)?,
        };
        let corrupt = |error| StoreError::corrupt("ticket_contact", "phone", ticket, error);
        Ok(Contact {
            name,
            phone: phone.map(|phone| Phone::parse(&phone)).transpose().map_err(corrupt)?,
            household: self.unsealed_column(row, "contact_household", HOUSEHOLD, ticket)?,
        })
    }

    /// A sealed column, opened.
    pub(in crate::store) fn unsealed_column(
        &self,
        row: &Row,
        alias: &'static str,
        column_name: &'static str,
        id: Uuid,
    ) -> Result<Option<String>, StoreError> {
        let (table, _) = column_name.split_once('.').unwrap_or((column_name, ""));
        let sealed = column::<Option<Vec<u8>>>(row, table, alias)?;
        sealed.map(|sealed| self.unsealed(column_name, id, &sealed)).transpose()
    }
}
