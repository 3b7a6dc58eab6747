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
        let duty = all.into_iter().filter_map(|(to, notice)| match to {
            Recipient::Duty(place) => Some((place, notice)),
            Recipient::Person(_)
            | Recipient::Unit(_)
            | Recipient::Desk(_)
            | Recipient::Leader(_)
            | Recipient::Called(..) => None,
        });
        duty.collect::<Vec<_>>()
    };
    let each: Vec<_> = happenings.iter().map(|happening| (happening, rung(happening))).collect();
    let places = store.with_ancestors(each.iter().flat_map(|(_, rung)| rung).map(|(place, _)| *place));
    let on_duty = store.on_duty(places, now).await?;
    let told: Vec<_> = each
        .iter()
        .flat_map(|(happening, rung)| {
            let people = rung.iter().map(|(place, notice)| (store.nearest(place, &on_duty), *notice));
            each_once(happening, people)
        })
        .collect();
    Ok(store.tell(&told, now))
}
