//! Bookings (预约) of a service at a point, for a slot of its opening hours (practices F11): residents book, whoever keeps the
//! point serves them, and whoever did not come is known.

mod fact;
mod refusal;
#[cfg(test)]
mod tests;

pub use fact::BookingFact;
pub use refusal::BookingRefusal;

use crate::actor::Actor;
use crate::id::{PointId, UnitId, UserId};
use crate::matter::{Change, Columns, Matter, MatterRefusal};
use crate::notice::{Notice, Recipient};
use crate::permission::Action;
use crate::place::PlaceCode;
use crate::point::{Mode, Point, Slots};
use crate::refusal::Refusal;
use crate::text::{Text, TextRef};
use crate::tie::Holder;
use crate::time::{Timestamp, china_day};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use strum::{EnumIter, EnumString, IntoStaticStr};

/// How far ahead one books.
pub const AHEAD: TimeDelta = TimeDelta::days(30);
/// How long before it begins whoever booked is reminded.
const REMINDED: TimeDelta = TimeDelta::hours(2);
/// How early somebody can be served: they came before their time.
const EARLY: TimeDelta = TimeDelta::hours(12);
/// How long after the slot it is waited for somebody to say that they came: then they did not.
const WAITS: TimeDelta = TimeDelta::days(1);
/// How long after the slot it can still be said that they came after all.
const CORRECTED: TimeDelta = TimeDelta::days(7);

/// Where a booking stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum BookingStatus {
    /// 已预约.
    Booked,
    /// 已办理.
    Served,
    /// 未到.
    NoShow,
    /// 已取消.
    Cancelled,
}

impl BookingStatus {
    /// The word in the `status` column.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Booking {
    /// Who comes.
    pub requester: UserId,
    /// Who booked: they, or staff for them.
    pub booked_by: UserId,
    /// When.
    pub booked_at: Timestamp,
    /// Where they come to.
    pub point: PointId,
    /// What that was called then.
    pub point_name: String,
    /// The unit that runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    /// Its place then: the desk there is told.
    pub desk: PlaceCode,
    /// For which of the services of the point.
    pub service: String,
    /// When the slot begins.
    pub begins_at: Timestamp,
    /// How long it lasts, in minutes.
    pub minutes: u16,
    /// Which of its seats, from 1.
    pub seat: u16,
    /// What the requester said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<TextRef>,
    /// Whether it was time to remind them.
    pub reminded: bool,
    /// What came of it, or why it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<TextRef>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_at: Option<Timestamp>,
    /// Where it stands.
    pub status: BookingStatus,
}

impl Matter for Booking {
    const KIND: &'static str = "booking";
    const VERSION: i16 = 1;
    const VIEW: Option<Action> = Some(Action::BookingView);
    type Fact = BookingFact;

    fn columns(&self) -> Columns {
        let open = self.status == BookingStatus::Booked;
        let mut parties = vec![("requester", Holder::Person(self.requester))];
        if self.booked_by != self.requester {
            parties.push(("booked_by", Holder::Person(self.booked_by)));
        }
        parties.extend(self.unit.map(|unit| ("unit", Holder::Unit(unit))));
        let next_at = if self.reminded { self.ends_at() + WAITS } else { self.begins_at - REMINDED };
        let slots =
            [seat(self.point, self.begins_at, self.seat), own(self.requester, self.point, self.begins_at)];
        Columns {
            topic: Some(self.point.0.to_string()),
            due_at: Some(self.begins_at),
            next_at: open.then_some(next_at),
            parties,
            slots: if open { slots.into() } else { vec![] },
            ..Columns::new(self.status.name(), open, self.begins_at)
        }
    }

    /// Reminds whoever booked, and knows in the end that they did not come.
    fn settle(&self, now: Timestamp) -> Option<Change<Self>> {
        if self.status != BookingStatus::Booked {
            return None;
        }
        if !self.reminded && self.begins_at - REMINDED <= now {
            let after = Self { reminded: true, ..self.clone() };
            let change = Change::new(after, BookingFact::BookingReminded);
            // While nobody settled anything the slot may have begun.
            return Some(if now < self.begins_at { self.told(change, Notice::MatterDue) } else { change });
        }
        let after = Self { status: BookingStatus::NoShow, over_at: Some(now), ..self.clone() };
        let over = self.reminded && self.ends_at() + WAITS <= now;
        over.then(|| self.told(Change::new(after, BookingFact::BookingNoShow), Notice::MatterOverdue))
    }

    /// Whoever comes, whoever keeps the point, and whoever looks at bookings there; not who once booked for somebody.
    fn is_seen_by(&self, actor: &Actor, at: &PlaceCode) -> bool {
        let keeps = self.unit.is_some_and(|unit| actor.stands_for(Holder::Unit(unit)));
        actor.user == self.requester || keeps || actor.does_at(Action::BookingView, at)
    }
}

/// What is booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBooking {
    /// Who comes.
    pub requester: UserId,
    /// The name of the service.
    pub service: String,
    /// When the slot begins.
    pub begins_at: Timestamp,
    /// What they say of it.
    pub text: Option<Text>,
}

/// The slot of a seat: one booking has it.
pub fn seat(point: PointId, begins_at: Timestamp, seat: u16) -> String {
    format!("booking:{}:{}:{seat}", point.0, begins_at.timestamp() / 60)
}

/// All seats of a slot.
pub fn seats(point: PointId, begins_at: Timestamp, slots: &Slots) -> impl Iterator<Item = String> {
    (1..=slots.seats).map(move |number| seat(point, begins_at, number))
}

/// Whether one books for such a time: one to come, and soon.
///
/// # Errors
/// [`MatterRefusal::Time`].
pub fn must_be_near(begins_at: Timestamp, now: Timestamp) -> Result<(), MatterRefusal> {
    MatterRefusal::unless_between("/begins_at", begins_at, now, now + AHEAD)
}

/// Somebody comes to a point once a day: nobody keeps others out of it.
pub fn own(requester: UserId, point: PointId, begins_at: Timestamp) -> String {
    format!("booking:{}:{}:{}", requester.0, point.0, china_day(begins_at))
}

impl Booking {
    /// 预约: for oneself, or by whoever serves there for somebody else. `taken` are the slots that others have, of [`seats`] and
    /// [`own`].
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn book(
        new: &NewBooking,
        (point, at): (&Point, &PlaceCode),
        taken: &HashSet<String>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Change<Self>, Refusal> {
        let NewBooking { requester, service, begins_at, text } = new;
        if *requester != actor.user && !serves_at(actor, at, point.about.unit) {
            return Err(MatterRefusal::BeyondScope.into());
        }
        let details = &point.about.details;
        let slots = details.slots.as_ref().filter(|_| point.retired_at.is_none());
        let slots = slots.ok_or(BookingRefusal::NotBookable)?;
        if !details.services.iter().any(|one| one.name == *service && one.modes.contains(&Mode::Booking)) {
            return Err(BookingRefusal::NoSuchService { allowed: bookable(point).join("、") }.into());
        }
        must_be_near(*begins_at, now)?;
        if !slots.begin_at(&details.hours, *begins_at) {
            return Err(BookingRefusal::NoSlot.into());
        }
        if taken.contains(&own(*requester, point.id, *begins_at)) {
            return Err(BookingRefusal::OnceADay.into());
        }
        // Each begins to look somewhere else, so that many at once are seldom after the same.
        let first = requester.0.as_u128() % u128::from(slots.seats);
        let by_turns = (0..slots.seats).map(|n| (u128::from(n) + first) % u128::from(slots.seats) + 1);
        let mut numbers = by_turns.filter_map(|number| u16::try_from(number).ok());
        let free = |number: &u16| !taken.contains(&seat(point.id, *begins_at, *number));
        let seat = numbers.find(free).ok_or(BookingRefusal::Full)?;
        let booking = Self {
            requester: *requester,
            booked_by: actor.user,
            booked_at: now,
            point: point.id,
            point_name: point.about.name.clone(),
            unit: point.about.unit,
            desk: *at,
            service: service.clone(),
            begins_at: *begins_at,
            minutes: slots.minutes,
            seat,
            text: text.as_ref().map(|text| text.reference),
            // Whoever books so late knows.
            reminded: *begins_at - REMINDED <= now,
            reply: None,
            over_at: None,
            status: BookingStatus::Booked,
        };
        let fact = BookingFact::Booked {
            requester: *requester,
            point: point.id,
            begins_at: *begins_at,
            text: booking.text,
        };
        let keepers = booking.keepers();
        let change = Change::new(booking, fact).with(text.clone());
        let change = keepers.fold(change, |change, keeper| change.telling(keeper, Notice::MatterAssigned));
        Ok(change.telling(Recipient::Person(*requester), Notice::MatterReported))
    }

    /// 办理: they came; also where it was said before that they did not, for a week.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn serve(
        &self,
        reply: Option<&Text>,
        actor: &Actor,
        at: &PlaceCode,
        now: Timestamp,
    ) -> Result<Change<Self>, Refusal> {
        self.must_serve(actor, at)?;
        let corrected = self.status == BookingStatus::NoShow && now < self.ends_at() + CORRECTED;
        if !corrected {
            self.must_be_open()?;
        }
        self.must_not_be_early(self.begins_at - EARLY, now)?;
        let text = reply.map(|text| text.reference);
        let change =
            Change::new(self.over(BookingStatus::Served, text, now), BookingFact::BookingServed { text });
        Ok(self.told(change.with(reply.cloned()), Notice::MatterDone))
    }

    /// 未到: they did not come in all of their slot.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn miss(&self, actor: &Actor, at: &PlaceCode, now: Timestamp) -> Result<Change<Self>, Refusal> {
        self.must_serve(actor, at)?;
        self.must_be_open()?;
        self.must_not_be_early(self.ends_at(), now)?;
        let change = Change::new(self.over(BookingStatus::NoShow, None, now), BookingFact::BookingNoShow);
        Ok(self.told(change, Notice::MatterOverdue))
    }

    /// 取消: by whoever comes, until it begins; by whoever serves there, who is not there for them after all, at any time.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn cancel(
        &self,
        reason: &Text,
        actor: &Actor,
        at: &PlaceCode,
        now: Timestamp,
    ) -> Result<Change<Self>, Refusal> {
        let serves = serves_at(actor, at, self.unit);
        if self.requester != actor.user && !serves {
            return Err(MatterRefusal::BeyondScope.into());
        }
        self.must_be_open()?;
        if !serves && now >= self.begins_at {
            return Err(BookingRefusal::Begun.into());
        }
        let text = Some(reason.reference);
        let change = self.cancelled(text, now).with([reason.clone()]);
        Ok(self.told(change, Notice::MatterDecided))
    }

    /// 取消: whoever was to come was erased.
    pub fn given_up(&self, now: Timestamp) -> Option<Change<Self>> {
        (self.status == BookingStatus::Booked).then(|| self.cancelled(None, now))
    }

    fn cancelled(&self, text: Option<TextRef>, now: Timestamp) -> Change<Self> {
        let after = self.over(BookingStatus::Cancelled, text, now);
        let change = Change::new(after, BookingFact::BookingCancelled { text });
        self.keepers().fold(change, |change, keeper| change.telling(keeper, Notice::MatterReported))
    }

    /// Whether it can be kept at the point as it is to be: run by the same unit, and if it still takes bookings, in the same
    /// slots. One that takes no more keeps those that it took.
    pub fn fits(&self, point: &Point) -> bool {
        let details = &point.about.details;
        let slots_fit = details.slots.as_ref().is_none_or(|slots| {
            let mut cut = slots.cut(&details.hours, china_day(self.begins_at));
            (slots.minutes, cut.any(|begin| begin == self.begins_at)) == (self.minutes, true)
                && self.seat <= slots.seats
                && bookable(point).contains(&self.service.as_str())
        });
        point.retired_at.is_none() && point.about.unit == self.unit && slots_fit
    }

    /// When the slot ends.
    pub fn ends_at(&self) -> Timestamp {
        self.begins_at + TimeDelta::minutes(i64::from(self.minutes))
    }

    fn over(&self, status: BookingStatus, reply: Option<TextRef>, now: Timestamp) -> Self {
        Self { status, reply, over_at: Some(now), ..self.clone() }
    }

    /// Whoever is to know that somebody comes: nobody may handle for the unit.
    fn keepers(&self) -> impl Iterator<Item = Recipient> + use<> {
        [Some(Recipient::Desk(self.desk)), self.unit.map(Recipient::Unit)].into_iter().flatten()
    }

    /// Tells whoever comes.
    fn told(&self, change: Change<Self>, notice: Notice) -> Change<Self> {
        change.telling(Recipient::Person(self.requester), notice)
    }

    fn must_serve(&self, actor: &Actor, at: &PlaceCode) -> Result<(), MatterRefusal> {
        if serves_at(actor, at, self.unit) { Ok(()) } else { Err(MatterRefusal::BeyondScope) }
    }

    fn must_be_open(&self) -> Result<(), MatterRefusal> {
        match self.status {
            BookingStatus::Booked => Ok(()),
            status => Err(MatterRefusal::Over { status: status.name() }),
        }
    }

    /// Whether somebody reads who comes: they themselves, and whoever serves there.
    pub fn names_requester_to(&self, actor: &Actor, at: &PlaceCode) -> bool {
        actor.user == self.requester || serves_at(actor, at, self.unit)
    }

    fn must_not_be_early(&self, from: Timestamp, now: Timestamp) -> Result<(), BookingRefusal> {
        if now >= from { Ok(()) } else { Err(BookingRefusal::TooEarly { from }) }
    }
}

/// Whoever does such things at its place, or handles for the unit that runs the point.
pub fn serves_at(actor: &Actor, at: &PlaceCode, unit: Option<UnitId>) -> bool {
    actor.does_at(Action::BookingServe, at) || unit.is_some_and(|unit| actor.handles_for(unit))
}

/// The services of a point that can be booked.
pub fn bookable(point: &Point) -> Vec<&str> {
    let services = &point.about.details.services;
    let booked = services.iter().filter(|service| service.modes.contains(&Mode::Booking));
    booked.map(|service| service.name.as_str()).collect()
}
