//! Whether what reactors keep is what the log says as far as they have come.

use super::super::Store;
use super::super::error::StoreError;
use super::super::row::{Row, column};
use super::fold::Walk;
use super::{Reactor, appraisal, figures};
use domain::figure::{Figures, Tally};
use std::collections::BTreeMap;
use uuid::Uuid;

type Flags = BTreeMap<(Uuid, Uuid, i32), (String, i64, Option<i64>)>;

impl Store {
    /// What does not add up, a sentence each.
    pub(in crate::store) async fn verify_reactors(&self) -> Result<Vec<String>, StoreError> {
        Ok([self.verify_figures().await?, self.verify_flags().await?, self.verify_appraisals().await?]
            .concat())
    }

    async fn verify_figures(&self) -> Result<Vec<String>, StoreError> {
        let place = self.reactor_reached(Reactor::Figures).await?;
        let mut expected = Figures::new();
        let mut walk = Walk::new(self, place.cursor, false);
        while let Some(folded) = walk.next().await? {
            self.count_folded(&mut expected, &folded);
        }
        let expected: BTreeMap<_, _> = expected
            .into_iter()
            .filter(|(_, tally)| *tally != Tally::default())
            .map(|((scope, day), tally)| ((scope.to_string(), day), tally))
            .collect();
        let mut stored = BTreeMap::new();
        let rows =
            self.query_all("SELECT * FROM figure WHERE generation = $1", vec![place.generation.into()]);
        for row in rows.await? {
            let tally = figures::tally(&row)?;
            if tally != Tally::default() {
                stored.insert((column(&row, "figure", "scope")?, column(&row, "figure", "day")?), tally);
            }
        }
        Ok(differences("figures", &expected, &stored))
    }

    async fn verify_appraisals(&self) -> Result<Vec<String>, StoreError> {
        let place = self.reactor_reached(Reactor::Appraisals).await?;
        let mut expected = appraisal::Kept::new();
        let mut walk = Walk::new(self, place.cursor, false);
        while let Some(folded) = walk.next().await? {
            expected.extend(folded.iter().flat_map(|folded| appraisal::expected(&folded.ticket)));
        }
        let rows =
            self.query_all("SELECT * FROM appraisal WHERE generation = $1", vec![place.generation.into()]);
        let stored = rows.await?.iter().map(appraisal::kept).collect::<Result<_, _>>()?;
        Ok(differences("appraisals", &expected, &stored))
    }

    async fn verify_flags(&self) -> Result<Vec<String>, StoreError> {
        let place = self.reactor_reached(Reactor::Flags).await?;
        let mut expected = Flags::new();
        let mut walk = Walk::new(self, place.cursor, true);
        while let Some(folded) = walk.next().await? {
            for (ticket, scope, flag) in self.flags_of(folded).await? {
                let taken_at = flag.taken_at.map(|at| at.timestamp_micros());
                let value = (scope, flag.earned_at.timestamp_micros(), taken_at);
                expected.insert((ticket.0, flag.person.0, flag.round.into()), value);
            }
        }
        let rows = self.query_all("SELECT * FROM flag WHERE generation = $1", vec![place.generation.into()]);
        let stored = rows.await?.iter().map(flag).collect::<Result<Flags, _>>()?;
        Ok(differences("flags", &expected, &stored))
    }
}

fn flag(row: &Row) -> Result<<Flags as IntoIterator>::Item, StoreError> {
    let key =
        (column(row, "flag", "ticket_id")?, column(row, "flag", "user_id")?, column(row, "flag", "round")?);
    let micros = |at: domain::time::Timestamp| at.timestamp_micros();
    let earned_at = micros(column(row, "flag", "earned_at")?);
    let taken_at = column::<Option<_>>(row, "flag", "taken_at")?.map(micros);
    Ok((key, (column(row, "flag", "scope_code")?, earned_at, taken_at)))
}

fn differences<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
    what: &str,
    expected: &BTreeMap<K, V>,
    stored: &BTreeMap<K, V>,
) -> Vec<String> {
    let keys: std::collections::BTreeSet<&K> = expected.keys().chain(stored.keys()).collect();
    keys.into_iter()
        .filter(|key| expected.get(*key) != stored.get(*key))
        .map(|key| {
            format!(
                "{what} of {key:?}: the log says {:?}, stored is {:?}",
                expected.get(key),
                stored.get(key)
            )
        })
        .collect()
}
