//! 注销: what is deleted of a person, and what they wrote. Events, and the figures that are made of them, stay.

use super::super::Store;
use super::super::error::StoreError;
use super::super::row::column;
use super::super::user::SUBJECT;
use domain::id::UserId;
use domain::person::ERASED_NAME;
use domain::time::Timestamp;
use sea_orm::{DbBackend, Statement};
use uuid::Uuid;

/// The tickets that nobody but `$1` raised.
const RAISED_ALONE: &str = "SELECT t.id FROM ticket t WHERE t.requester_id = $1 AND NOT EXISTS \
     (SELECT 1 FROM ticket_party p WHERE p.ticket_id = t.id AND p.kind = 'requester' AND p.active AND p.party_id <> $1)";

/// What is done for `$1` by errand or appointment.
const SERVED: &str = "SELECT w.matter_id FROM matter_party w WHERE w.party_id = $1 AND w.kind IN ('errand', 'booking') AND w.role = 'requester'";

/// The errands that are run for `$1`.
const ERRANDS: &str = "SELECT w.matter_id FROM matter_party w WHERE w.party_id = $1 AND w.kind = 'errand' AND w.role = 'requester'";

/// The state of an errand without the word for its service, which is the requester's.
fn without_service(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "state - 'service'",
        _ => "json_remove(state, '$.service')",
    }
}

impl Store {
    /// Everything beside the person's own row. A text that is erased is empty, which no text is otherwise: the history
    /// still says that there was one.
    pub(super) async fn erasure(&self, person: Uuid, now: Timestamp) -> Result<Vec<Statement>, StoreError> {
        let mut statements = self.erased_rows(person);
        // A roster entry that turned out to be them is them.
        let joined = "SELECT id FROM app_user WHERE joined_into = $1";
        for row in self.query_all(joined, vec![person.into()]).await? {
            let entry: Uuid = column(&row, "app_user", "id")?;
            let name = self.keys.seal(super::NAME, entry, ERASED_NAME.as_bytes());
            let sql = "UPDATE app_user SET name = $2, phone = NULL, phone_hash = NULL, erased_at = $3 WHERE id = $1";
            statements.push(self.statement(sql, vec![entry.into(), name.into(), now.into()]));
            statements.extend(self.erased_rows(entry));
        }
        for account in self.accounts(person).await? {
            for table in ["login_failure", "login_address"] {
                let sql = format!("DELETE FROM {table} WHERE account_hash = $1");
                statements.push(self.statement(&sql, vec![account.clone().into()]));
            }
        }
        Ok(statements)
    }

    /// The same once more, where somebody was erased: what was under way then has been written since.
    pub(in crate::store) async fn erasure_again(&self, person: UserId) -> Result<Vec<Statement>, StoreError> {
        let sql = "SELECT id FROM app_user WHERE (id = $1 OR joined_into = $1) AND erased_at IS NOT NULL";
        let erased = self.query_all(sql, vec![person.0.into()]).await?;
        let rows = |row: &_| Ok(self.erased_rows(column(row, "app_user", "id")?));
        let again: Vec<_> = erased.iter().map(rows).collect::<Result<_, StoreError>>()?;
        Ok(again.into_iter().flatten().collect())
    }

    /// Whether somebody was erased.
    pub(in crate::store) async fn is_erased(&self, person: UserId) -> Result<bool, StoreError> {
        let sql = "SELECT id FROM app_user WHERE id = $1 AND erased_at IS NOT NULL";
        Ok(self.query_one(sql, vec![person.0.into()]).await?.is_some())
    }

    /// By what wrong passwords of theirs, and the addresses that they signed in from, are kept.
    async fn accounts(&self, person: Uuid) -> Result<Vec<Vec<u8>>, StoreError> {
        let sql = "SELECT subject FROM identity WHERE user_id = $1";
        let rows = self.query_all(sql, vec![person.into()]).await?;
        let hash = |row: &_| {
            let sealed: Vec<u8> = column(row, "identity", "subject")?;
            let subject = self.keys.unseal(SUBJECT, person, &sealed).unwrap_or_default();
            Ok(self.keys.digest(&[b"login_account", &subject]).to_vec())
        };
        rows.iter().map(hash).collect()
    }

    fn erased_rows(&self, person: Uuid) -> Vec<Statement> {
        let written = "UPDATE free_text SET body = '' WHERE body <> '' AND id IN \
             (SELECT e.text_id FROM event e WHERE (e.actor = $1 OR e.stream = $1) AND e.text_id IS NOT NULL)"
            .to_owned();
        let raised = format!(
            "UPDATE free_text SET body = '' WHERE body <> '' AND id IN (\
             SELECT e.text_id FROM event e WHERE e.text_id IS NOT NULL AND e.stream IN ({RAISED_ALONE}) \
             UNION SELECT a.address_id FROM ticket a WHERE a.address_id IS NOT NULL AND a.requester_id = $1 \
             UNION SELECT o.origin_id FROM ticket o WHERE o.origin_id IS NOT NULL AND o.requester_id = $1)"
        );
        [
            "DELETE FROM identity WHERE user_id = $1".to_owned(),
            "DELETE FROM credential WHERE user_id = $1".to_owned(),
            "DELETE FROM session WHERE user_id = $1".to_owned(),
            "DELETE FROM name_token WHERE user_id = $1".to_owned(),
            "UPDATE app_user SET profile = NULL WHERE id = $1 AND profile IS NOT NULL".to_owned(),
            "DELETE FROM live_ticket WHERE user_id = $1".to_owned(),
            "DELETE FROM shift WHERE user_id = $1".to_owned(),
            "DELETE FROM tie WHERE user_id = $1".to_owned(),
            "UPDATE free_text SET body = '' WHERE body <> '' AND id IN (SELECT d.text_id FROM deed d WHERE d.user_id = $1)"
                .to_owned(),
            "DELETE FROM deed WHERE user_id = $1".to_owned(),
            "DELETE FROM photo WHERE user_id = $1".to_owned(),
            "UPDATE free_text SET body = '' WHERE body <> '' AND id IN (SELECT y.text_id FROM matter_text y WHERE y.written_by = $1)"
                .to_owned(),
            // What is said of what is done for them is said of them, whoever wrote it.
            format!(
                "UPDATE free_text SET body = '' WHERE body <> '' AND id IN \
                 (SELECT y.text_id FROM matter_text y WHERE y.matter_id IN ({SERVED}))"
            ),
            format!(
                "UPDATE matter SET topic = NULL, state = {} WHERE topic IS NOT NULL AND id IN ({ERRANDS})",
                without_service(self.backend())
            ),
            "DELETE FROM ticket_contact WHERE ticket_id IN (SELECT t.id FROM ticket t WHERE t.requester_id = $1)"
                .to_owned(),
            written,
            raised,
            // Behind the texts that they are the beginnings of.
            "UPDATE ticket SET excerpt = '' WHERE excerpt <> '' AND (requester_id = $1 \
             OR id IN (SELECT e.stream FROM event e WHERE e.actor = $1 AND e.aggregate = 'ticket')) \
             AND EXISTS (SELECT 1 FROM free_text x WHERE x.id = ticket.content_id AND x.body = '')"
                .to_owned(),
        ]
        .iter()
        .map(|sql| self.statement(sql, vec![person.into()]))
        .chain(self.forget_inbox(person))
        .chain([self.erased_answers(person)])
        // Behind the answers that are about them.
        .chain(self.erased_absences(person))
        .collect()
    }
}
