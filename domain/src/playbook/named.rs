//! What a playbook calls things, and how many of them there are: names end up in rows and lists, and requests go through lists.

use super::{Fault, MOST_CATEGORIES, Playbook, RouteTo};
use crate::text::{FreeText, MAX_CATEGORY};

/// The longest name, in characters.
const MAX_NAME: usize = 60;
/// The longest name of what departments may ask for, which is a sentence.
const MAX_TASK: usize = 200;
/// The most of a list that has no bound of its own.
const MOST: usize = 200;
/// The most of what departments may ask for.
const MOST_TASKS: usize = 1_000;

/// Whether it is one line of so many characters at most that says something.
pub(super) fn is_word(text: &str, max: usize) -> bool {
    FreeText::check(text, max).is_ok() && !text.chars().any(char::is_control)
}

/// Lists that are too long to be looked at one by one.
pub(super) fn crowded(playbook: &Playbook) -> Vec<Fault> {
    let lists = [
        ("rates", playbook.rates.len(), MOST),
        ("lines", playbook.lines.len(), MOST),
        ("routes", playbook.routes.len(), MOST),
        ("ladder", playbook.ladder.len(), MOST),
        ("steps", playbook.steps.len(), MOST),
        ("duties", playbook.duties.len(), MOST),
        ("estate_modes", playbook.estate_modes.len(), MOST),
        ("policy.claims", playbook.policy.claims.len(), MOST),
        ("admitted", playbook.admitted.len(), MOST_TASKS),
    ];
    let crowded = lists.into_iter().filter(|(_, length, most)| length > most);
    crowded.map(|(key, _, most)| Fault::new(key.to_owned(), &format!("至多 {most} 项"))).collect()
}

/// Keys and names that are blank, too long, or not in one line of plain characters.
pub(super) fn faults(playbook: &Playbook) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut check = |at: String, text: &str, max| {
        if !is_word(text, max) {
            faults.push(Fault::new(at, &format!("应为 1 至 {max} 字，不能换行，不能有控制字符")));
        }
    };
    check("key".into(), &playbook.key, MAX_CATEGORY);
    check("name".into(), &playbook.name, MAX_NAME);
    for (i, level) in playbook.levels.iter().enumerate() {
        check(format!("levels[{i}].name"), &level.name, MAX_NAME);
    }
    let categories = playbook.categories.iter().take(MOST_CATEGORIES).map(|one| (&one.key, &one.name));
    let lists: [(&str, Vec<(&String, &String)>); 7] = [
        ("categories", categories.collect()),
        ("rates", playbook.rates.iter().map(|one| (&one.key, &one.name)).collect()),
        ("lines", playbook.lines.iter().map(|one| (&one.key, &one.name)).collect()),
        ("ladder", playbook.ladder.iter().map(|one| (&one.key, &one.name)).collect()),
        ("steps", playbook.steps.iter().map(|one| (&one.key, &one.name)).collect()),
        ("duties", playbook.duties.iter().map(|one| (&one.key, &one.name)).collect()),
        ("estate_modes", playbook.estate_modes.iter().map(|one| (&one.key, &one.name)).collect()),
    ];
    for (list, named) in lists {
        for (i, (key, name)) in named.into_iter().enumerate() {
            check(format!("{list}[{i}].key"), key, MAX_CATEGORY);
            check(format!("{list}[{i}].name"), name, MAX_NAME);
        }
    }
    for (i, route) in playbook.routes.iter().enumerate() {
        if let RouteTo::Unit(name) = &route.to {
            check(format!("routes[{i}].to.unit"), name, MAX_NAME);
        }
    }
    for (i, task) in playbook.admitted.iter().enumerate() {
        check(format!("admitted[{i}].key"), &task.key, MAX_CATEGORY);
        check(format!("admitted[{i}].name"), &task.name, MAX_TASK);
        if let Some(department) = &task.department {
            check(format!("admitted[{i}].department"), department, MAX_NAME);
        }
    }
    if let Some(file) = &playbook.services_file {
        check("services_file".into(), file, MAX_TASK);
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::tests::with;
    use super::super::{Category, Line, Step};
    use crate::playbook::Playbook;
    use rstest::rstest;

    fn category(key: &str, name: &str) -> Category {
        Category::named(key, name)
    }

    fn changed(change: fn(&mut Playbook)) -> Vec<String> {
        let mut playbook = with(vec![category("water", "供水")]);
        // Without a limit of its own the policy of this one is never whole.
        let before: Vec<_> = playbook.faults().into_iter().map(|fault| fault.key).collect();
        change(&mut playbook);
        let after = playbook.faults().into_iter().map(|fault| fault.key);
        after.filter(|key| !before.contains(key)).collect()
    }

    #[rstest]
    #[case::nul("name", |p: &mut Playbook| p.name = "弥\0勒".into())]
    #[case::two_lines("key", |p: &mut Playbook| p.key = "a\nb".into())]
    #[case::nothing("categories[0].key", |p: &mut Playbook| p.categories[0].key = String::new())]
    #[case::longer_than_its_column("categories[0].key", |p: &mut Playbook| p.categories[0].key = "k".repeat(51))]
    #[case::of_a_category("categories[0].name", |p: &mut Playbook| p.categories[0].name = "水\0".into())]
    #[case::of_a_rate("rates[0].name", |p: &mut Playbook| p.rates[0].name = "率".repeat(61))]
    #[case::of_a_line("lines[1].key", |p: &mut Playbook| p.lines[1].key = " ".into())]
    #[case::of_a_rung("ladder[2].name", |p: &mut Playbook| p.ladder[2].name = String::new())]
    #[case::of_a_step_once("steps[0].name", |p: &mut Playbook| p.steps[0].name = String::new())]
    #[case::of_a_unit("routes[0].to.unit", |p: &mut Playbook| p.routes = serde_json::from_str(r#"[{"to": {"unit": "局\u0000"}}]"#).unwrap())]
    #[case::of_a_task("admitted[0].department", |p: &mut Playbook| p.admitted = serde_json::from_str(r#"[{"key": "a", "name": "a", "department": ""}]"#).unwrap())]
    #[case::of_a_service("services[0].name", |p: &mut Playbook| p.services = serde_json::from_str(r#"[{"code": "A", "name": "a\u0000", "category": "water"}]"#).unwrap())]
    #[case::of_the_court("mediation.court", |p: &mut Playbook| p.mediation = serde_json::from_str(r#"{"category": "water", "court": "a\u0000"}"#).unwrap())]
    fn a_name_is_one_line_that_says_something(#[case] key: &str, #[case] change: fn(&mut Playbook)) {
        assert_eq!(changed(change), [key]);
    }

    #[rstest]
    #[case("lines", |p: &mut Playbook| p.lines = (0..201).map(|i| Line { key: format!("l{i}"), name: "条".into() }).collect())]
    #[case("steps", |p: &mut Playbook| p.steps = vec![Step { key: "a".into(), name: "a".into(), of: vec![] }; 201])]
    #[case("rates", |p: &mut Playbook| p.rates = vec![p.rates[0].clone(); 201])]
    #[case("ladder", |p: &mut Playbook| p.ladder = vec![p.ladder[0].clone(); 201])]
    #[case("policy.claims", |p: &mut Playbook| p.policy.claims = vec![serde_json::from_str(r#"{"category": "water", "roles": []}"#).unwrap(); 201])]
    fn a_list_that_is_too_long_is_not_gone_through(#[case] key: &str, #[case] change: fn(&mut Playbook)) {
        assert_eq!(changed(change), [key]);
    }
}
