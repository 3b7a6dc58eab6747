//! Ticket numbers: leased 50 at a time from (county, day in China), so that a number costs no round trip.

use super::Store;
use super::error::StoreError;
use super::row::column;
use chrono::NaiveDate;
use domain::number::{LEASE, TicketNumber, ticket_number};
use domain::place::PlaceCode;
use domain::time::{Timestamp, china_day};
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

/// What this replica has leased and not yet given out. A restart loses the rest: gaps are allowed.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    leased: Mutex<HashMap<String, (NaiveDate, RangeInclusive<u32>)>>,
    /// How many leases have failed.
    failures: AtomicU64,
}

const TAKE: &str = "INSERT INTO number_lease (county, day, taken) VALUES ($1, $2, $3) \
     ON CONFLICT (county, day) DO UPDATE SET taken = number_lease.taken + excluded.taken RETURNING taken";

impl Store {
    /// A number that no other ticket has.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ticket_number(&self, place: &PlaceCode, now: Timestamp) -> Result<TicketNumber, StoreError> {
        let day = china_day(now);
        let failures = self.numbers.failures.load(Ordering::SeqCst);
        // Held while leasing: who waits for the same block would otherwise lease one each.
        let mut leased = self.numbers.leased.lock().await;
        if self.numbers.failures.load(Ordering::SeqCst) != failures {
            // The lease that all waited for has failed: trying again one after the other would only queue them up.
            return Err(StoreError::Unavailable("no ticket number could be leased".into()));
        }
        if let Some((leased_day, counts)) = leased.get_mut(place.county())
            && *leased_day == day
            && let Some(count) = counts.next()
        {
            return Ok(ticket_number(place, day, count));
        }
        let values = vec![place.county().into(), day.into(), i64::from(LEASE).into()];
        let row = self.journal.write_returning(self.statement(TAKE, values)).await.inspect_err(|_| {
            self.numbers.failures.fetch_add(1, Ordering::SeqCst);
        })?;
        let row =
            row.ok_or_else(|| StoreError::corrupt("number_lease", "taken", place.county(), "no row"))?;
        let taken: i32 = column(&row, "number_lease", "taken")?;
        let taken = u32::try_from(taken)
            .map_err(|error| StoreError::corrupt("number_lease", "taken", place.county(), error))?;
        let mut counts = taken + 1 - LEASE..=taken;
        let count = counts.next().unwrap_or(taken);
        leased.insert(place.county().to_owned(), (day, counts));
        Ok(ticket_number(place, day, count))
    }
}
