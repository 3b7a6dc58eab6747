//! By what whoever holds a post is found by name. Names are sealed, so the database cannot look into them: it keeps keyed
//! hashes of the beginnings of each name and of its initials in pinyin. A hash tells nothing to who has no key.

use super::super::Store;
use super::super::error::StoreError;
use super::super::journal::JournalError;
use super::super::row::column;
use super::NAME;
use crate::pinyin::readings;
use domain::person::{Person, as_asked};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use sea_orm::Statement;
use std::collections::BTreeSet;
use uuid::Uuid;

/// How much of a name is hashed, in characters. What is looked for by more is looked for by so much, and then compared.
const LONGEST: usize = 10;
/// How many people are read at a time.
const BATCH: i64 = 500;
/// How many of them are written at a time.
const AT_ONCE: usize = 4;

/// Somebody with a grant, whom nothing finds yet.
const UNFOUND: &str = "SELECT u.id, u.name, u.version FROM (SELECT DISTINCT g.user_id FROM role_grant g WHERE g.user_id > $1 \
     AND g.role <> 'resident' AND NOT EXISTS (SELECT 1 FROM name_token t WHERE t.user_id = g.user_id) ORDER BY g.user_id LIMIT $2) s \
     JOIN app_user u ON u.id = s.user_id ORDER BY u.id";

/// The texts by which a name is found: its beginnings, and those of its initials from two letters on.
fn beginnings(name: &str) -> BTreeSet<String> {
    let (name, readings) = (as_asked(name), readings(name));
    let whole = up_to(&name, 1);
    let initials = readings.iter().flat_map(|reading| up_to(reading, 2));
    whole.chain(initials).collect()
}

/// The beginnings of a text that have at least so many characters.
fn up_to(text: &str, least: usize) -> impl Iterator<Item = String> {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    ends.take(LONGEST).skip(least - 1).map(|end| text[..end].to_owned())
}

/// Whether a name is found by what was asked for.
pub(super) fn is_found_by(name: &str, asked: &str) -> bool {
    as_asked(name).starts_with(asked) || readings(name).iter().any(|reading| reading.starts_with(asked))
}

impl Store {
    /// The keyed hashes by which a name is found, each once: at most 10 of itself and 9 of each of its readings.
    pub fn name_tokens(&self, name: &str) -> Vec<[u8; 32]> {
        beginnings(name).iter().map(|text| self.name_token(text)).collect()
    }

    /// The keyed hash to look for.
    pub(super) fn asked_token(&self, asked: &str) -> [u8; 32] {
        self.name_token(&asked.chars().take(LONGEST).collect::<String>())
    }

    fn name_token(&self, text: &str) -> [u8; 32] {
        self.keys.digest(&[b"name_token", text.as_bytes()])
    }

    /// The rows by which somebody is found from then on, in place of those before; none without a name.
    pub(in crate::store) fn found_by(&self, user: Uuid, name: Option<&str>) -> Vec<Statement> {
        let before = "DELETE FROM name_token WHERE user_id = $1";
        let before = self.statement(before, vec![user.into()]);
        [before].into_iter().chain(name.and_then(|name| self.tokens_given(user, name))).collect()
    }

    /// The same where their name or what they hold may be another; nothing where neither is.
    pub(super) fn found_anew(&self, before: &Person, after: &Person) -> Vec<Statement> {
        if before.name == after.name && before.place.grants == after.place.grants {
            return vec![];
        }
        self.found_by(after.id.0, after.place.is_staff().then_some(&after.name))
    }

    /// Nothing finds them any more who hold nothing.
    pub(in crate::store) fn unless_in_post(&self, user: Uuid) -> Statement {
        let sql = "DELETE FROM name_token WHERE user_id = $1 AND NOT EXISTS \
             (SELECT 1 FROM role_grant g WHERE g.user_id = $1 AND g.role <> 'resident')";
        self.statement(sql, vec![user.into()])
    }

    fn tokens_given(&self, user: Uuid, name: &str) -> Option<Statement> {
        let tokens = self.name_tokens(name);
        let rows: Vec<_> = (0..tokens.len()).map(|i| format!("(${}, $1)", i + 2)).collect();
        let sql = format!(
            "INSERT INTO name_token (token, user_id) VALUES {} ON CONFLICT DO NOTHING",
            rows.join(", ")
        );
        let values = tokens.iter().map(|token| token.to_vec().into());
        let values = [user.into()].into_iter().chain(values).collect();
        (!tokens.is_empty()).then(|| self.statement(&sql, values))
    }

    /// Whoever was granted something before there was such a table, or by a program that knows of none, is found too. How many
    /// they were. Several processes may do it at once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn index_names(&self) -> Result<usize, StoreError> {
        let (mut after, mut done) = (Uuid::nil(), 0);
        loop {
            let rows = self.query_all(UNFOUND, vec![after.into(), BATCH.into()]).await?;
            let mut writes = Vec::with_capacity(rows.len());
            for row in &rows {
                after = column(row, "app_user", "id")?;
                let (sealed, version): (Vec<u8>, i32) =
                    (column(row, "app_user", "name")?, column(row, "app_user", "version")?);
                match self.unsealed(NAME, after, &sealed) {
                    Ok(name) => writes.extend(self.named_in_version(after, &name, version)),
                    // One name that does not open keeps no other from being found.
                    Err(error) => tracing::error!(%error, "a name does not open; nobody finds it"),
                }
            }
            done += writes.len();
            let writes = writes.into_iter().map(|write| async {
                match self.journal.write_guarded(write).await {
                    // Somebody changed them meanwhile, and wrote by what they are found.
                    Ok(_) | Err(JournalError::Conflict | JournalError::KeyTaken) => Ok(()),
                    Err(JournalError::Store(error)) => Err(error),
                }
            });
            let () = stream::iter(writes).buffer_unordered(AT_ONCE).try_collect().await?;
            if rows.len() < usize::try_from(BATCH).unwrap_or(usize::MAX) {
                return Ok(done);
            }
        }
    }

    /// Their rows, if they are still in the version in which they have this name: whoever changes them waits, or was first.
    fn named_in_version(&self, user: Uuid, name: &str, version: i32) -> Option<Vec<Statement>> {
        let guard = "UPDATE app_user SET version = version WHERE id = $1 AND version = $2";
        let guard = self.statement(guard, vec![user.into(), version.into()]);
        Some(vec![guard, self.tokens_given(user, name)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("李建国", &["lj", "ljg", "李", "李建", "李建国"])]
    #[case("单雄", &["cx", "dx", "sx", "单", "单雄"])]
    #[case(" Anna ", &["a", "an", "ann", "anna"])]
    #[case("王", &["王"])]
    #[case("甲乙丙丁戊己庚辛壬癸子", &["jy", "jyb", "jybd", "jybdw", "jybdwj", "jybdwjg", "jybdwjgx", "jybdwjgxr", "jybdwjgxrg",
        "甲", "甲乙", "甲乙丙", "甲乙丙丁", "甲乙丙丁戊", "甲乙丙丁戊己", "甲乙丙丁戊己庚", "甲乙丙丁戊己庚辛", "甲乙丙丁戊己庚辛壬",
        "甲乙丙丁戊己庚辛壬癸"])]
    #[case("", &[])]
    fn by_what_a_name_is_found(#[case] name: &str, #[case] texts: &[&str]) {
        let found = beginnings(name);
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), texts);
        assert!(found.iter().all(|text| is_found_by(name, text)));
    }

    #[rstest]
    #[case("甲乙丙丁戊己庚辛壬癸子", "甲乙丙丁戊己庚辛壬癸子", true)]
    #[case("甲乙丙丁戊己庚辛壬癸子", "甲乙丙丁戊己庚辛壬癸丑", false)]
    #[case("李建国", "建国", false)]
    #[case("李建国", "ljg", true)]
    #[case("李建国", "jg", false)]
    fn what_is_longer_than_a_hash_is_compared(#[case] name: &str, #[case] asked: &str, #[case] found: bool) {
        assert_eq!(is_found_by(name, asked), found);
    }
}
