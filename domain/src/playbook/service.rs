//! The catalogue of services (服务目录): what a county does for its people. Whoever files or sorts a ticket names the one that it
//! is about, which says the category, and who is to deal with it (practices L04, Q06, Z06).

use super::named::is_word;
use super::{Category, Fault, Playbook};
use crate::text::FreeText;
use crate::ticket::{Affair, TicketRefusal};
use crate::words::{pairs, shared};
use serde::{Deserialize, Serialize};

/// The most services that a county has.
pub const MAX_SERVICES: usize = 5_000;
/// The longest code, in characters.
pub const MAX_CODE: usize = 16;
/// The longest name of a service, of the unit that deals with it, and of a paper, in characters.
const MAX_NAME: usize = 60;
/// The most papers that a service asks for.
const MAX_PAPERS: usize = 30;
/// The longest guide, in characters.
pub const MAX_GUIDE: usize = 2_000;
/// The most words by which tickets are found that are alike.
const MOST_WORDS: usize = 8;
/// How many are named to whoever asked for one that there is not.
const ALIKE: usize = 5;

/// A service (服务事项).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Stable: letters, digits, `-`, `.` and `_`, 1 to 16 of them.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// Key of the playbook's category.
    pub category: String,
    /// Who is to deal with it, where that is always the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affair: Option<Affair>,
    /// The name of the unit that deals with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What must be brought.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub papers: Vec<String>,
    /// 办事指南: on what conditions, in what steps, how long it takes and what it costs, 1 to [`MAX_GUIDE`] characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guide: Option<String>,
    /// Whether it can be done without coming.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub online: bool,
}

/// A row of a catalogue as people write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns are those of the sheet")]
pub struct ServiceRow<'a> {
    pub code: &'a str,
    pub name: &'a str,
    /// Key or name.
    pub category: &'a str,
    /// 公家事, 大家事, 自家事, or the word on the wire.
    pub affair: Option<&'a str>,
    pub unit: Option<&'a str>,
    /// Separated by `;`.
    pub papers: Option<&'a str>,
    pub guide: Option<&'a str>,
}

impl Service {
    /// What a row says. A category that there is not stays as it is written, for [`faults`] to find.
    ///
    /// # Errors
    /// Why it says nothing, in Chinese.
    pub fn of_row(row: ServiceRow<'_>, categories: &[Category]) -> Result<Self, &'static str> {
        let affair =
            row.affair.map(|word| affair(word).ok_or("事权应为公家事、大家事或自家事")).transpose()?;
        let named = categories.iter().find(|category| category.name == row.category);
        let papers = row.papers.unwrap_or_default().split([';', '；']).map(str::trim);
        Ok(Self {
            code: row.code.to_owned(),
            name: row.name.to_owned(),
            category: named.map_or(row.category, |category| &category.key).to_owned(),
            affair,
            unit: row.unit.map(str::to_owned),
            papers: papers.filter(|paper| !paper.is_empty()).map(str::to_owned).collect(),
            guide: row.guide.map(str::to_owned),
            online: false,
        })
    }
}

fn affair(word: &str) -> Option<Affair> {
    match word {
        "公家事" | "大事" => Some(Affair::Public),
        "大家事" | "小事" => Some(Affair::Shared),
        "自家事" | "私事" => Some(Affair::Private),
        other => other.parse().ok(),
    }
}

/// What is wrong with a catalogue; `at` names where the one stands that is wrong.
pub fn faults(services: &[Service], categories: &[Category], at: impl Fn(usize) -> String) -> Vec<Fault> {
    let mut faults = Vec::new();
    if services.len() > MAX_SERVICES {
        faults.push(Fault::new(at(MAX_SERVICES), "服务事项至多 5000 项"));
        return faults;
    }
    let mut codes = std::collections::HashSet::new();
    let long = |text: &str| !is_word(text, MAX_NAME);
    for (i, service) in services.iter().enumerate() {
        let mut fault = |field: &str, reason| faults.push(Fault::new(format!("{}.{field}", at(i)), reason));
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        if !(1..=MAX_CODE).contains(&service.code.len()) || !service.code.chars().all(plain) {
            fault("code", "编码应为 1 至 16 个字母、数字或 - . _");
        }
        if !codes.insert(&service.code) {
            fault("code", "编码重复");
        }
        if long(&service.name) {
            fault("name", "名称应为 1 至 60 字");
        }
        if !categories.iter().any(|category| category.key == service.category) {
            fault("category", "没有这个类别");
        }
        if service.unit.as_deref().is_some_and(long) {
            fault("unit", "承办单位应为 1 至 60 字");
        }
        if service.papers.len() > MAX_PAPERS || service.papers.iter().any(|paper| long(paper)) {
            fault("papers", "材料至多 30 项，每项 1 至 60 字");
        }
        if service.guide.as_deref().is_some_and(|guide| FreeText::check(guide, MAX_GUIDE).is_err()) {
            fault("guide", "办事指南应为 1 至 2000 字");
        }
    }
    faults
}

impl Playbook {
    /// The service of a code.
    pub fn service(&self, code: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.code == code)
    }

    /// The services whose code begins like `q` or whose name has it, of a category, by their codes.
    pub fn find_services(&self, q: Option<&str>, category: Option<&str>) -> Vec<&Service> {
        let q = q.map(|q| q.trim().to_lowercase());
        let fits = |service: &&Service| {
            category.is_none_or(|category| service.category == category)
                && q.as_deref().is_none_or(|q| {
                    service.code.to_lowercase().starts_with(q) || service.name.to_lowercase().contains(q)
                })
        };
        let mut found: Vec<_> = self.services.iter().filter(fits).collect();
        found.sort_by(|one, other| one.code.cmp(&other.code));
        found
    }

    /// The pairs of a text that the county's own words have: names of its categories and services. Nothing else is looked for
    /// in what others wrote, or whoever asks could find out whom they wrote about.
    pub fn common_words(&self, text: &str) -> Vec<String> {
        let text: String = text.chars().take(MAX_NAME).collect();
        let (mut wanted, mut found) = (pairs(&text), Vec::new());
        let categories = self.categories.iter().map(|category| &category.name);
        for name in categories.chain(self.services.iter().map(|service| &service.name)) {
            let name = name.to_lowercase();
            found.extend(wanted.extract_if(.., |pair| name.contains(pair.as_str())));
            if wanted.is_empty() || found.len() >= MOST_WORDS {
                break;
            }
        }
        found.truncate(MOST_WORDS);
        found
    }

    /// The service of a code.
    ///
    /// # Errors
    /// [`TicketRefusal::ServiceUnknown`].
    pub fn must_know(&self, code: &str) -> Result<&Service, TicketRefusal> {
        self.service(code).ok_or_else(|| {
            let alike: Vec<_> =
                self.services_alike(code).iter().map(|one| format!("{} {}", one.code, one.name)).collect();
            let alike = if alike.is_empty() { "—".to_owned() } else { alike.join("、") };
            TicketRefusal::ServiceUnknown { alike }
        })
    }

    /// The services most like something that is none: by the beginning of their code, or words of their name.
    pub fn services_alike(&self, asked: &str) -> Vec<&Service> {
        let asked: String = asked.chars().take(MAX_NAME).collect();
        let pairs = pairs(&asked);
        let beginning = |code: &str| code.chars().zip(asked.chars()).take_while(|(a, b)| a == b).count();
        let score = |service: &Service| beginning(&service.code) + 2 * shared(&pairs, &service.name);
        let mut alike: Vec<_> = self.services.iter().map(|service| (score(service), service)).collect();
        alike.retain(|(score, _)| *score > 0);
        alike.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.code.cmp(&other.1.code)));
        alike.into_iter().take(ALIKE).map(|(_, service)| service).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn service(code: &str, name: &str) -> Service {
        let (code, name) = (code.to_owned(), name.to_owned());
        let category = "water".to_owned();
        Service { code, name, category, affair: None, unit: None, papers: vec![], guide: None, online: false }
    }

    fn categories() -> Vec<Category> {
        vec![Category::named("water", "供水")]
    }

    fn keys(services: &[Service]) -> Vec<String> {
        let faults = faults(services, &categories(), |i| format!("services[{i}]"));
        faults.into_iter().map(|fault| fault.key).collect()
    }

    #[rstest]
    #[case::code_empty(service("", "开户"), "code")]
    #[case::code_long(service("12345678901234567", "开户"), "code")]
    #[case::code_chinese(service("水01", "开户"), "code")]
    #[case::code_twice(service("W1", "开户"), "code")]
    #[case::name(service("W2", " "), "name")]
    #[case::category(Service { category: "fire".into(), ..service("W2", "开户") }, "category")]
    #[case::unit(Service { unit: Some(String::new()), ..service("W2", "开户") }, "unit")]
    #[case::papers(Service { papers: vec![String::new()], ..service("W2", "开户") }, "papers")]
    #[case::guide(Service { guide: Some(" ".into()), ..service("W2", "开户") }, "guide")]
    #[case::guide_long(Service { guide: Some("长".repeat(2_001)), ..service("W2", "开户") }, "guide")]
    fn what_is_wrong_with_a_service(#[case] wrong: Service, #[case] field: &str) {
        assert_eq!(keys(&[service("W1", "报修"), wrong]), [format!("services[1].{field}")]);
    }

    #[test]
    fn a_catalogue_has_its_measure() {
        let many: Vec<_> = (0..=MAX_SERVICES).map(|n| service(&format!("W{n}"), "报修")).collect();
        assert_eq!(keys(&many), ["services[5000]"]);
        assert_eq!(keys(&many[1..]), Vec::<String>::new());
    }

    #[test]
    fn only_the_countys_own_words_are_looked_for() {
        let mut playbook = crate::playbook::tests::with(categories());
        playbook.services = vec![service("W1", "路灯报修"), service("W2", "Wi-Fi 报装")];
        assert_eq!(playbook.common_words("李建国家门口的路灯不亮，供水也停了"), ["供水", "路灯"]);
        assert_eq!(playbook.common_words("WI坏了"), ["wi"]);
        assert!(playbook.common_words("李建国打人").is_empty() && playbook.common_words("灯").is_empty());
        let alike: Vec<_> = playbook.services_alike("路灯").iter().map(|one| one.code.clone()).collect();
        assert_eq!(alike, ["W1"]);
    }

    #[test]
    fn a_row_says_it_as_people_do() {
        let row = ServiceRow {
            code: "W1",
            name: "水管报修",
            category: "供水",
            affair: Some("公家事"),
            unit: Some("水务局"),
            papers: Some("身份证; 户口本；"),
            guide: Some("三日内上门"),
        };
        let read = Service::of_row(row, &categories()).unwrap();
        let papers = vec!["身份证".to_owned(), "户口本".to_owned()];
        let unit = Some("水务局".to_owned());
        let guide = Some("三日内上门".to_owned());
        assert_eq!(
            read,
            Service { affair: Some(Affair::Public), unit, papers, guide, ..service("W1", "水管报修") }
        );
        assert!(Service::of_row(ServiceRow { affair: Some("谁的事"), ..row }, &categories()).is_err());
    }
}
