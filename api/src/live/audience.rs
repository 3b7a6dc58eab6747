//! Those who listen, found by what they listen to: an event is compared with nobody whom it does not concern.

use super::told::{To, Told};
use domain::id::{UnitId, UserId};
use domain::live::Wants;
use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

/// Why the server ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It was not taken in time what was told.
    Slow,
    /// Other grants, signed out, or erased.
    Changed,
    /// The server goes away.
    Leaving,
    /// No sign of life.
    Silent,
    /// The log could not be read.
    Failed,
    /// The client goes away.
    Gone,
}

/// Somebody who listens.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) user: UserId,
    pub(super) grants_version: i32,
    pub(super) wants: Wants,
    pub(super) queue: mpsc::Sender<Arc<Told>>,
    pub(super) end: oneshot::Sender<End>,
}

/// All who listen.
#[derive(Debug, Default)]
pub(super) struct Audience {
    /// With the message that each was told last.
    seats: HashMap<u64, (Seat, u64)>,
    by_place: Index<String>,
    by_unit: Index<UnitId>,
    by_inbox: Index<UserId>,
    by_user: Index<UserId>,
    taken: u64,
    messages: u64,
}

impl Audience {
    /// Those of them who listen to their inbox.
    pub(super) fn of_inboxes(&self, users: impl Iterator<Item = UserId>) -> Vec<UserId> {
        let mut users: Vec<_> = users.filter(|user| !self.by_inbox.of(user).is_empty()).collect();
        users.sort_unstable();
        users.dedup();
        users
    }

    /// Takes somebody in.
    pub(super) fn add(&mut self, seat: Seat) -> u64 {
        self.taken += 1;
        let number = self.taken;
        let Wants { place, unit, inbox } = &seat.wants;
        if let Some(place) = place {
            self.by_place.add(place.to_string(), number);
        }
        if let Some(unit) = unit {
            self.by_unit.add(*unit, number);
        }
        if *inbox {
            self.by_inbox.add(seat.user, number);
        }
        self.by_user.add(seat.user, number);
        self.seats.insert(number, (seat, 0));
        number
    }

    /// Lets somebody go, who may have gone.
    pub(super) fn remove(&mut self, number: u64) -> Option<Seat> {
        let (seat, _) = self.seats.remove(&number)?;
        let Wants { place, unit, inbox } = &seat.wants;
        if let Some(place) = place {
            self.by_place.remove(place.as_str(), number);
        }
        if let Some(unit) = unit {
            self.by_unit.remove(unit, number);
        }
        if *inbox {
            self.by_inbox.remove(&seat.user, number);
        }
        self.by_user.remove(&seat.user, number);
        Some(seat)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.seats.len()
    }

    /// How many of them are this person.
    pub(super) fn of_user(&self, user: UserId) -> usize {
        self.by_user.of(&user).len()
    }

    /// Everybody, each once.
    pub(super) fn users(&self) -> Vec<UserId> {
        self.by_user.0.keys().copied().collect()
    }

    /// Tells whoever it is for, each once, and waits for nobody: who has not taken what came before is let go.
    pub(super) fn tell(&mut self, told: &Arc<Told>) {
        self.messages += 1;
        let mut slow = Vec::new();
        let mut tell = |numbers: &[u64]| {
            for number in numbers {
                let Some((seat, last)) = self.seats.get_mut(number) else { continue };
                if std::mem::replace(last, self.messages) == self.messages {
                    continue;
                }
                // Whoever hears no more is about to leave.
                if let Err(TrySendError::Full(_)) = seat.queue.try_send(told.clone()) {
                    slow.push(*number);
                }
            }
        };
        match &told.to {
            To::Ticket(event) => {
                let place = event.ticket.place.as_str();
                for end in 1..=place.len() {
                    tell(self.by_place.of(&place[..end]));
                }
                for unit in event.units() {
                    tell(self.by_unit.of(&unit));
                }
            }
            To::Inbox(user) => tell(self.by_inbox.of(user)),
        }
        for number in slow {
            self.end(number, End::Slow);
        }
    }

    /// Ends the connections of those for whom `ends` says so.
    pub(super) fn end_where(&mut self, why: End, ends: impl Fn(&Seat) -> bool) {
        let ending = self.seats.iter().filter(|(_, (seat, _))| ends(seat)).map(|(number, _)| *number);
        for number in ending.collect::<Vec<_>>() {
            self.end(number, why);
        }
    }

    fn end(&mut self, number: u64, why: End) {
        if let Some(seat) = self.remove(number) {
            // Whoever hears no more is about to leave.
            let _ = seat.end.send(why);
        }
    }
}

/// Numbers by key.
#[derive(Debug)]
struct Index<K>(HashMap<K, Vec<u64>>);

impl<K> Default for Index<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Eq> Index<K> {
    fn add(&mut self, key: K, number: u64) {
        self.0.entry(key).or_default().push(number);
    }

    fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q, number: u64)
    where
        K: Borrow<Q>,
    {
        let Some(numbers) = self.0.get_mut(key) else { return };
        if let Some(at) = numbers.iter().position(|other| *other == number) {
            numbers.swap_remove(at);
        }
        if numbers.is_empty() {
            self.0.remove(key);
        }
    }

    fn of<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> &[u64]
    where
        K: Borrow<Q>,
    {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::super::told::Mark;
    use super::*;
    use uuid::Uuid;

    const QUEUE: usize = 2;

    fn user(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    type Ear = (u64, mpsc::Receiver<Arc<Told>>, oneshot::Receiver<End>);

    fn inbox(audience: &mut Audience, n: u128) -> Ear {
        let wants = Wants { place: None, unit: None, inbox: true };
        let ((queue, told), (end, ended)) = (mpsc::channel(QUEUE), oneshot::channel());
        let seat = Seat { user: user(n), grants_version: 1, wants, queue, end };
        (audience.add(seat), told, ended)
    }

    fn news(of: u128) -> Arc<Told> {
        Arc::new(Told::unsaid(Mark::default(), To::Inbox(user(of))))
    }

    #[test]
    fn an_inbox_is_its_owners_on_each_of_their_connections() {
        let mut audience = Audience::default();
        let (mut one, mut two, mut other) =
            (inbox(&mut audience, 1), inbox(&mut audience, 1), inbox(&mut audience, 2));
        audience.tell(&news(1));
        assert!(one.1.try_recv().is_ok() && two.1.try_recv().is_ok() && other.1.try_recv().is_err());
        assert_eq!((audience.len(), audience.of_user(user(1))), (3, 2));
        audience.remove(one.0);
        audience.remove(one.0);
        audience.tell(&news(1));
        assert!(one.1.try_recv().is_err() && two.1.try_recv().is_ok());
        audience.remove(two.0);
        assert_eq!((audience.len(), audience.users()), (1, vec![user(2)]));
    }

    #[test]
    fn whoever_does_not_take_it_is_let_go_and_nobody_waits() {
        let mut audience = Audience::default();
        let (mut slow, mut quick) = (inbox(&mut audience, 1), inbox(&mut audience, 1));
        for _ in 0..=QUEUE {
            audience.tell(&news(1));
            assert!(quick.1.try_recv().is_ok());
        }
        assert_eq!(slow.2.try_recv(), Ok(End::Slow));
        assert_eq!(audience.len(), 1);
        audience.end_where(End::Changed, |seat| seat.grants_version < 2);
        assert_eq!((quick.2.try_recv(), audience.len()), (Ok(End::Changed), 0));
    }
}
