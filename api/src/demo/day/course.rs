//! What becomes of each ticket of a played day, drawn beforehand: the same seed tells the same courses.

use super::cast::Cast;
use super::pool::Pool;
use domain::ticket::{Affair, Satisfaction};
use fastrand::Rng;

/// When the day begins, in minutes after midnight.
pub(super) const BEGINS: u32 = 8 * 60;
/// How many minutes it has.
pub(super) const MINUTES: u32 = 10 * 60;
/// How many raise something in each hour: a peak in the morning, a lull at noon, once more before the evening.
const RHYTHM: [u32; 10] = [6, 11, 9, 6, 2, 2, 6, 8, 6, 8];
/// Nothing is raised in the last minutes: a day ends with most of it done.
const LAST: u32 = MINUTES - 25;

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Submit,
    Dispatch,
    Claim,
    Accept,
    Arrive,
    Reply,
    Resolve,
    Rate(Satisfaction),
    Urge,
    Supervise,
    Withdraw,
    Decline,
}

/// A ticket's.
#[derive(Debug, Clone)]
pub(super) struct Course {
    /// Which of the complaints.
    pub(super) complaint: usize,
    /// Which of the scenes.
    pub(super) scene: usize,
    /// Which of the scene's residents.
    pub(super) resident: usize,
    pub(super) spot: usize,
    /// Whatever else is drawn for it: which words are said.
    pub(super) chance: usize,
    /// What is done at which minute of the day.
    pub(super) steps: Vec<(u32, Deed)>,
}

/// A day of so many tickets, in the order in which they are raised.
pub(super) fn plan(seed: u64, count: u32, cast: &Cast<'_>, pool: &Pool) -> Vec<Course> {
    let chance = &mut Rng::with_seed(seed);
    let mut left = Vec::new();
    let mut courses = Vec::new();
    for _ in 0..count {
        // Each is said once before any is said again.
        if left.is_empty() {
            left.extend(0..pool.complaints.len());
            chance.shuffle(&mut left);
        }
        courses.extend(left.pop().map(|complaint| one(chance, complaint, cast, pool)));
    }
    courses.sort_by_key(|course| course.steps.first().map(|(minute, _)| *minute));
    courses
}

fn one(chance: &mut Rng, complaint: usize, cast: &Cast<'_>, pool: &Pool) -> Course {
    let scene = chance.usize(..cast.scenes.len());
    let about = &pool.complaints[complaint];
    let claimable = about.affair == Some(Affair::Shared) && about.unit.is_none();
    Course {
        complaint,
        scene,
        resident: chance.usize(..cast.scenes[scene].residents.len()),
        spot: chance.usize(..pool.spots.len()),
        chance: chance.usize(..1 << 16),
        steps: steps(chance, claimable),
    }
}

/// What is left when the day is over is left undone.
fn steps(chance: &mut Rng, claimable: bool) -> Vec<(u32, Deed)> {
    let mut at = raised(chance);
    let mut steps = vec![(at, Deed::Submit)];
    for (least, most, deed) in turns(chance, claimable) {
        at += chance.u32(least..=most);
        steps.push((at, deed));
    }
    steps.retain(|(minute, _)| *minute <= MINUTES);
    steps
}

fn raised(chance: &mut Rng) -> u32 {
    let mut drawn = chance.u32(..RHYTHM.iter().sum::<u32>());
    let mut hour = 0;
    for weight in RHYTHM {
        if drawn < weight {
            break;
        }
        drawn -= weight;
        hour += 60;
    }
    (hour + chance.u32(..60)).min(LAST)
}

/// The turns that a ticket takes after it was raised, each so many minutes after the one before.
fn turns(chance: &mut Rng, claimable: bool) -> Vec<(u32, u32, Deed)> {
    use Deed::{
        Accept, Arrive, Claim, Decline, Dispatch, Rate, Reply, Resolve, Submit, Supervise, Urge, Withdraw,
    };
    use Satisfaction::{Dissatisfied, FairlySatisfied, Satisfied};
    let likes = if chance.u8(..10) < 8 { Satisfied } else { FairlySatisfied };
    let way = [(2, 9, Dispatch), (1, 5, Accept), (2, 9, Arrive)];
    let done = [(6, 30, Resolve), (5, 45, Rate(likes))];
    let mut turns = Vec::new();
    match chance.u8(..100) {
        // Left to its limits: nobody dispatched it, or nobody took it.
        0..6 => {}
        6..11 => turns.extend([way[0], (20, 60, Urge)]),
        11..14 => turns.push((4, 15, Withdraw)),
        14..16 => turns.push((3, 12, Decline)),
        16..26 => {
            turns.extend(way);
            turns.extend([(6, 30, Resolve), (5, 45, Rate(Dissatisfied)), (2, 8, Accept)]);
            turns.extend(done);
        }
        26..33 => {
            turns.extend([way[0], (15, 40, Urge), way[1], way[2]]);
            turns.extend(done);
        }
        33..38 => {
            turns.extend([way[0], way[1], (20, 50, Supervise), way[2], (5, 15, Reply)]);
            turns.extend(done);
        }
        // Resolved, and nobody says what they think of it.
        38..46 => {
            turns.extend(way);
            turns.push(done[0]);
        }
        46..56 => {
            turns.extend(way);
            turns.push((5, 25, Reply));
            turns.extend(done);
        }
        _ => {
            turns.extend(way);
            turns.extend(done);
        }
    }
    if claimable && turns.starts_with(&way[..2]) {
        turns.splice(..2, [(2, 9, Claim)]);
    }
    debug_assert!(turns.iter().all(|(_, _, deed)| *deed != Submit));
    turns
}

#[cfg(test)]
mod tests {
    use super::{Deed, MINUTES, steps};
    use domain::ticket::Satisfaction;
    use fastrand::Rng;

    #[test]
    fn a_seed_tells_the_same_day_and_every_turn_is_taken() {
        let day = |seed| {
            let mut chance = Rng::with_seed(seed);
            (0..300).map(|n| steps(&mut chance, n % 4 == 0)).collect::<Vec<_>>()
        };
        assert!(day(1) == day(1) && day(1) != day(2));
        let day = day(1);
        for deed in [
            Deed::Submit,
            Deed::Dispatch,
            Deed::Claim,
            Deed::Accept,
            Deed::Arrive,
            Deed::Reply,
            Deed::Resolve,
            Deed::Rate(Satisfaction::Satisfied),
            Deed::Rate(Satisfaction::FairlySatisfied),
            Deed::Rate(Satisfaction::Dissatisfied),
            Deed::Urge,
            Deed::Supervise,
            Deed::Withdraw,
            Deed::Decline,
        ] {
            assert!(day.iter().flatten().any(|(_, done)| *done == deed), "{deed:?}");
        }
        for steps in &day {
            assert!(steps.is_sorted_by_key(|(minute, _)| *minute), "{steps:?}");
            assert!(steps[0].1 == Deed::Submit && steps.iter().all(|(minute, _)| *minute <= MINUTES));
        }
        let raised = |from, to| day.iter().filter(|steps| (from..to).contains(&steps[0].0)).count();
        assert!(raised(60, 180) > 3 * raised(240, 360), "noon is quiet");
    }
}
