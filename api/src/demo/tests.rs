//! What the files of an example must be like. That its tickets go their way is tested over HTTP (`start.rs`).

use super::data::{Example, id};
use super::files::files;
use super::script::{Act, Step, minutes};
use crate::config::Demo;
use clap::ValueEnum;
use domain::permission::Role;
use std::collections::{BTreeSet, HashSet};
use strum::IntoEnumIterator;

fn mile() -> Example {
    Example::read(&files(Demo::Mile)).unwrap()
}

#[test]
fn every_role_has_somebody_and_every_command_its_ticket() {
    let example = mile();
    let roles: HashSet<Role> = example
        .people
        .iter()
        .map(|person| person.role.as_deref().unwrap_or("resident").parse().unwrap())
        .collect();
    assert_eq!(Role::iter().filter(|role| !roles.contains(role)).collect::<Vec<_>>(), []);
    let done =
        |act: &Act| example.tickets.iter().flat_map(|ticket| &ticket.steps).any(|step| step.act == *act);
    assert_eq!(Act::iter().filter(|act| !done(act)).collect::<Vec<_>>(), []);
}

/// One deployment may show all of them.
#[test]
fn no_two_counties_have_anybody_or_anything_in_common() {
    let all: Vec<_> =
        Demo::value_variants().iter().map(|demo| Example::read(&files(*demo)).unwrap()).collect();
    let mut ids = HashSet::new();
    let mut names = HashSet::new();
    for example in &all {
        let units = example.units.iter().map(|unit| unit.id);
        let people = example.people.iter().map(|person| person.id);
        let tickets = example.tickets.iter().map(|ticket| ticket.id);
        assert!(units.chain(people).chain(tickets).all(|id| ids.insert(id)));
        assert!(example.people.iter().all(|person| names.insert(person.name.clone())));
        assert!(example.tickets.len() >= 20, "{}", example.places[0].1);
    }
}

#[test]
fn ids_names_and_contents_are_each_ones_own() {
    let example = mile();
    // Histories lie in one table: of units, people and tickets no two may have the same id.
    let ids = example.units.iter().map(|unit| unit.id).chain(example.people.iter().map(|person| person.id));
    let ids: Vec<_> = ids.chain(example.tickets.iter().map(|ticket| ticket.id)).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
    assert_eq!(id(103).to_string(), "01990000-0000-7000-8000-000000000103");
    let names =
        example.people.iter().map(|person| &person.name).chain(example.units.iter().map(|unit| &unit.name));
    let names: Vec<_> = names.chain(example.places.iter().map(|(_, name)| name)).collect();
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    let contents: HashSet<_> = example.tickets.iter().map(|ticket| &ticket.content).collect();
    assert_eq!(contents.len(), example.tickets.len());
}

#[test]
fn there_are_two_hundred_tickets_from_everywhere_and_most_are_recent() {
    let example = mile();
    let tickets = &example.tickets;
    assert!(tickets.len() >= 200, "{}", tickets.len());
    let days = |most: i64| tickets.iter().filter(|ticket| ticket.ago <= most * 24 * 60).count();
    assert!(days(10) * 2 > tickets.len() && days(60) == tickets.len() && days(30) < tickets.len());
    let streets: BTreeSet<_> =
        tickets.iter().map(|ticket| example.code(&ticket.place).unwrap()[..9].to_owned()).collect();
    assert!(streets.len() >= 8, "{streets:?}");
    let last = |ticket: &super::data::Ticket| ticket.steps.last().map_or(0, |step| step.at);
    let ahead: Vec<_> =
        tickets.iter().filter(|ticket| last(ticket) > ticket.ago).map(|ticket| ticket.id).collect();
    assert_eq!(ahead, [0; 0], "steps that have not come yet");
}

#[test]
fn contents_are_as_long_as_what_people_write() {
    let mut lengths: Vec<_> = mile().tickets.iter().map(|ticket| ticket.content.chars().count()).collect();
    lengths.sort_unstable();
    let share = |from: usize, to: usize| {
        lengths.iter().filter(|length| (from..=to).contains(*length)).count() * 100 / lengths.len()
    };
    assert!(share(8, 400) == 100 && share(30, 120) >= 70 && share(8, 29) >= 5, "{lengths:?}");
    assert!(lengths.iter().filter(|length| **length > 150).count() >= 5, "{lengths:?}");
}

#[test]
fn a_step_says_who_does_what_and_when() {
    let step: Step = "42>1h30m @网格员李建国 resolve solved | 修好了：a | b".parse().unwrap();
    assert_eq!((step.done, step.at, step.who.as_deref()), (Some(42), 90, Some("网格员李建国")));
    assert_eq!(
        (step.act, step.words, step.text.as_deref()),
        (Act::Resolve, vec!["solved".to_owned()], Some("修好了：a | b"))
    );
    assert_eq!((minutes("15").unwrap(), minutes("2d3h").unwrap()), (15, 51 * 60));
    for wrong in ["", "accept", "5", "5 dance", "soon accept"] {
        assert!(wrong.parse::<Step>().is_err(), "{wrong}");
    }
}
