//! 值班铃: rings whoever is on duty when it is written down, for the nearest place that has somebody; nobody on duty,
//! nobody rung. Whoever is away is none, but their stand-in is. One query a batch.

use super::super::Store;
use super::super::error::StoreError;
use super::Happening;
use super::inbox::each_once;
use domain::notice::{Recipient, recipients};
use domain::time::Timestamp;
use sea_orm::Statement;
use std::sync::Arc;

/// What follows from events for whoever is on duty.
pub(super) async fn effects(
    store: &Store,
    happenings: &[Arc<Happening>],
    now: Timestamp,
) -> Result<Vec<Statement>, StoreError> {
    let rung = |happening: &Happening| {
        let all = recipients(happening.before.as_ref(), &happening.event, &happening.after);
        all.into_iter().find_map(|(to, notice)| match to {
            Recipient::Duty(place) => Some((place, notice)),
            Recipient::Person(_) | Recipient::Unit(_) | Recipient::Desk(_) | Recipient::Called(..) => None,
        })
    };
    let each: Vec<_> =
        happenings.iter().filter_map(|happening| Some((happening, rung(happening)?))).collect();
    let places = store.with_ancestors(each.iter().map(|(_, (place, _))| *place));
    let on_duty = store.on_duty(places, now).await?;
    let told: Vec<_> = each
        .iter()
        .flat_map(|(happening, (place, notice))| {
            each_once(happening, std::iter::once((store.nearest(place, &on_duty), *notice)))
        })
        .collect();
    Ok(store.tell(&told, now))
}
