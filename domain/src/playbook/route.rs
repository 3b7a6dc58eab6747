//! Routes (派单路径): which tickets the platform dispatches by itself, and to whom (平台智能派单, practices Z01). The first that
//! fits holds; what none fits waits for a person.

use super::{Fault, Playbook};
use crate::id::{PlaceId, UnitId};
use crate::permission::{Action, Role, reaches};
use crate::ticket::{Affair, Event, Fact, Ticket};
use crate::tie::{Holder, Target, TieKind};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Where tickets of a kind go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Of which category; all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Of which affair; all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affair: Option<Affair>,
    /// About which service; all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// To whom.
    pub to: RouteTo,
}

/// To whom a route leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteTo {
    /// Whoever holds the role for the smallest place around the ticket's: on duty before off duty, then who has the fewest
    /// open tickets; nobody who is away.
    Role(Role),
    /// The unit of the county that is called so.
    Unit(String),
    /// The unit that is tied so to the ticket's place, or to the nearest above.
    Tie(TieKind),
    /// Whoever looks after the estate that the ticket is in, by its mode (practices F10); `true` always.
    Estate(bool),
}

impl Route {
    fn fits(&self, category: Option<&str>, affair: Option<Affair>, service: Option<&str>) -> bool {
        (self.category.is_none() || self.category.as_deref() == category)
            && (self.affair.is_none() || self.affair == affair)
            && (self.service.is_none() || self.service.as_deref() == service)
    }

    /// Whether it fits all that `other` fits.
    fn covers(&self, other: &Self) -> bool {
        self.fits(other.category.as_deref(), other.affair, other.service.as_deref())
    }

    /// The same for tickets that are sorted as its service sorts them.
    fn sorted(&self, playbook: &Playbook) -> Self {
        let service = self.service.as_deref().and_then(|code| playbook.service(code));
        let category = service.map(|service| service.category.clone());
        let affair = service.and_then(|service| service.affair);
        Self { category: self.category.clone().or(category), affair: self.affair.or(affair), ..self.clone() }
    }

    /// What whoever takes the ticket is told of why it is theirs.
    pub fn words(&self, playbook: &Playbook) -> String {
        let category = self.category.as_deref().map(|key| {
            let named = playbook.categories.iter().find(|category| category.key == key);
            format!("类别“{}”", named.map_or(key, |category| &category.name))
        });
        let affair = self.affair.map(|affair| {
            let usual = match affair {
                Affair::Public => "公家事",
                Affair::Shared => "大家事",
                Affair::Private => "自家事",
            };
            playbook.words.affair(affair).unwrap_or(usual).to_owned()
        });
        let service = self.service.as_deref().map(|code| {
            let named = playbook.service(code).map_or(code, |service| &service.name);
            format!("服务事项“{named}”")
        });
        let what: Vec<_> = [category, affair, service].into_iter().flatten().collect();
        let what = if what.is_empty() { "所有诉求".to_owned() } else { what.join("、") };
        let to = match &self.to {
            RouteTo::Role(role) => format!("当地{}", playbook.words.role(*role).unwrap_or(role.chinese())),
            RouteTo::Unit(name) => name.clone(),
            RouteTo::Tie(kind) => format!("{}单位", kind.chinese()),
            RouteTo::Estate(_) => {
                let level = playbook.estate.as_ref().and_then(|rule| rule.level.as_deref());
                format!("所在{}的管理方", level.unwrap_or("小区"))
            }
        };
        format!("平台按规程派单：{what}派给{to}。")
    }

    fn faults(&self, playbook: &Playbook, mut fault: impl FnMut(&str, &str)) {
        let known = |key: &String| playbook.categories.iter().any(|category| category.key == *key);
        if self.category.as_ref().is_some_and(|key| !known(key)) {
            fault("category", "没有这个类别");
        }
        if self.service.as_deref().is_some_and(|code| playbook.service(code).is_none()) {
            fault("service", "没有这个服务事项");
        }
        let (unit, place) = (UnitId(Uuid::nil()), PlaceId(Uuid::nil()));
        match &self.to {
            RouteTo::Role(role) if reaches(*role, Action::TicketAccept).is_empty() => {
                fault("to.role", "这个角色不能接单");
            }
            RouteTo::Unit(name) if name.trim().is_empty() => fault("to.unit", "单位名称不能为空"),
            RouteTo::Tie(kind) if !kind.fits(Holder::Unit(unit), Target::Place(place)) => {
                fault("to.tie", "这种关系不是单位对地点的");
            }
            RouteTo::Estate(false) => fault("to.estate", "只能为 true"),
            RouteTo::Estate(true) => {
                if playbook.estate.as_ref().is_none_or(|rule| self.category.as_ref() != Some(&rule.category))
                {
                    fault("to.estate", "类别须是 [estate] 所说的物业类");
                } else if playbook.estate_modes.is_empty() {
                    fault("to.estate", "没有小区管理方式 [[estate_modes]]");
                }
            }
            RouteTo::Role(_) | RouteTo::Unit(_) | RouteTo::Tie(_) => {}
        }
    }
}

/// What is wrong with routes.
pub(super) fn faults(playbook: &Playbook) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (i, route) in playbook.routes.iter().enumerate() {
        route.faults(playbook, |key, reason| {
            faults.push(Fault::new(format!("routes[{i}].{key}"), reason));
        });
        let sorted = route.sorted(playbook);
        if playbook.routes[..i].iter().any(|earlier| earlier.covers(&sorted)) {
            faults.push(Fault::new(format!("routes[{i}]"), "已被前面的派单路径覆盖"));
        }
    }
    faults
}

impl Playbook {
    /// The route of a ticket as it is sorted now.
    pub fn route(&self, ticket: &Ticket) -> Option<&Route> {
        let (category, service) = (ticket.category.as_deref(), ticket.service.as_deref());
        self.routes.iter().find(|route| route.fits(category, ticket.affair, service))
    }

    /// The route by which the platform is to dispatch a ticket after an event: when it was submitted, or sorted since.
    pub fn routed(&self, event: &Event, after: &Ticket) -> Option<&Route> {
        let sorted = matches!(event.fact, Fact::Submitted { .. } | Fact::Graded { .. });
        self.route(after).filter(|_| sorted && after.awaits_platform())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::Category;
    use rstest::rstest;
    use serde_json::json;

    /// A playbook with these routes.
    fn playbook(routes: serde_json::Value) -> Playbook {
        let safety = Category::named("safety", "治安安全");
        let service = json!({"code": "S1", "name": "开锁", "category": "safety"});
        Playbook {
            services: vec![serde_json::from_value(service).unwrap()],
            routes: serde_json::from_value(routes).unwrap(),
            ..crate::playbook::tests::with(vec![safety])
        }
    }

    #[rstest]
    #[case::fine(json!([{"category": "safety", "to": {"role": "grid_worker"}}]), &[])]
    #[case::category(json!([{"category": "moon", "to": {"role": "grid_worker"}}]), &["routes[0].category"])]
    #[case::service(json!([{"service": "X1", "to": {"unit": "水务局"}}]), &["routes[0].service"])]
    #[case::known_service(json!([{"service": "S1", "to": {"unit": "水务局"}}]), &[])]
    #[case::role(json!([{"to": {"role": "supervisor"}}]), &["routes[0].to.role"])]
    #[case::resident(json!([{"to": {"role": "resident"}}]), &["routes[0].to.role"])]
    #[case::unit(json!([{"to": {"unit": " "}}]), &["routes[0].to.unit"])]
    #[case::tie(json!([{"to": {"tie": "member"}}]), &["routes[0].to.tie"])]
    #[case::manages(json!([{"to": {"tie": "manages"}}]), &[])]
    #[case::estate(json!([{"category": "safety", "to": {"estate": true}}]), &["routes[0].to.estate"])]
    #[case::no_estate(json!([{"category": "safety", "to": {"estate": false}}]), &["routes[0].to.estate"])]
    #[case::hidden(
        json!([
            {"category": "safety", "to": {"tie": "responsible"}},
            {"category": "safety", "affair": "public", "to": {"role": "grid_worker"}},
        ]),
        &["routes[1]"]
    )]
    #[case::hidden_service(
        json!([
            {"category": "safety", "to": {"tie": "responsible"}},
            {"service": "S1", "to": {"role": "grid_worker"}},
        ]),
        &["routes[1]"]
    )]
    #[case::service_first(
        json!([
            {"service": "S1", "to": {"role": "grid_worker"}},
            {"category": "safety", "to": {"tie": "responsible"}},
        ]),
        &[]
    )]
    #[case::narrower_first(
        json!([
            {"category": "safety", "affair": "public", "to": {"tie": "responsible"}},
            {"category": "safety", "to": {"role": "grid_worker"}},
        ]),
        &[]
    )]
    fn what_is_wrong_with_routes(#[case] routes: serde_json::Value, #[case] expected: &[&str]) {
        let keys: Vec<_> = faults(&playbook(routes)).into_iter().map(|fault| fault.key).collect();
        assert_eq!(keys, expected);
    }

    #[rstest]
    #[case::fine("safety", json!([{"key": "a", "name": "甲", "to": "owners"}]), 0)]
    #[case::no_modes("safety", json!([]), 1)]
    #[case::other_category("moon", json!([{"key": "a", "name": "甲", "to": "owners"}]), 1)]
    fn f10_a_route_to_the_estate_is_for_property(
        #[case] category: &str,
        #[case] modes: serde_json::Value,
        #[case] count: usize,
    ) {
        let playbook = Playbook {
            estate: Some(crate::playbook::EstateRule { category: category.into(), level: None }),
            estate_modes: serde_json::from_value(modes).unwrap(),
            ..playbook(json!([{"category": "safety", "to": {"estate": true}}]))
        };
        assert_eq!(faults(&playbook).len(), count);
    }

    #[test]
    fn a_route_leads_to_one() {
        for to in [json!({}), json!({"role": "grid_worker", "unit": "水务局"}), json!({"person": "王芳"})]
        {
            assert!(serde_json::from_value::<Route>(json!({"to": to})).is_err());
        }
    }

    #[test]
    fn a_route_says_why() {
        let playbook = playbook(json!([
            {"category": "safety", "affair": "public", "to": {"role": "grid_worker"}},
            {"service": "S1", "to": {"unit": "锁匠协会"}},
            {"to": {"tie": "responsible"}},
        ]));
        let words: Vec<_> = playbook.routes.iter().map(|route| route.words(&playbook)).collect();
        assert_eq!(
            words,
            [
                "平台按规程派单：类别“治安安全”、公家事派给当地网格员。",
                "平台按规程派单：服务事项“开锁”派给锁匠协会。",
                "平台按规程派单：所有诉求派给包保单位。",
            ]
        );
        // In the county's own words where it has them.
        let mut words = playbook.words.clone();
        let _ = words.affairs.insert("public".into(), "公事".into());
        let _ = words.roles.insert("grid_worker".into(), "楼长".into());
        let told = playbook.routes[0].words(&Playbook { words, ..playbook.clone() });
        assert_eq!(told, "平台按规程派单：类别“治安安全”、公事派给当地楼长。");
    }

    #[test]
    fn a_route_says_why_in_the_words_of_its_county() {
        let mut playbook = playbook(json!([
            {"affair": "public", "to": {"role": "grid_worker"}},
            {"category": "safety", "to": {"estate": true}},
        ]));
        playbook.words.affairs.insert("public".into(), "大事".into());
        playbook.words.roles.insert("grid_worker".into(), "网格长助理".into());
        let level = Some("大院".to_owned());
        playbook.estate = Some(crate::playbook::EstateRule { category: "safety".into(), level });
        let words: Vec<_> = playbook.routes.iter().map(|route| route.words(&playbook)).collect();
        assert_eq!(
            words,
            [
                "平台按规程派单：大事派给当地网格长助理。",
                "平台按规程派单：类别“治安安全”派给所在大院的管理方。"
            ]
        );
    }
}
