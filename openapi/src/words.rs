//! What a county calls things: its own words before the usual ones. English is the same everywhere.

use crate::Lang;
use crate::label;
use domain::notice::Notice;
use domain::permission::Role;
use domain::playbook::{Playbook, Words};
use domain::ticket::{Affair, Handling, Headline, Severity, Status};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use strum::IntoEnumIterator;
use utoipa::ToSchema;

/// The words of a county, in a language; the usual ones where the county is not known.
#[derive(Debug, Clone)]
pub struct Spoken {
    book: Option<Arc<Playbook>>,
    lang: Lang,
}

impl Spoken {
    /// As a county says it.
    pub fn new(book: Option<Arc<Playbook>>, lang: Lang) -> Self {
        Self { book, lang }
    }

    /// The playbook that says it.
    pub(crate) fn book(&self) -> Option<&Playbook> {
        self.book.as_deref()
    }

    /// The language.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    fn say<'a>(&'a self, own: impl FnOnce(&'a Words) -> Option<&'a str>, usual: &'a str) -> &'a str {
        let book = self.book.as_deref().filter(|_| self.lang == Lang::Chinese);
        book.and_then(|book| own(&book.words)).unwrap_or(usual)
    }

    /// What happened to a ticket.
    pub fn step(&self, step: Headline) -> &str {
        self.say(|words| words.step(step), label::headline(step, self.lang))
    }

    /// How a ticket stands.
    pub fn status(&self, status: Status) -> &str {
        self.say(|words| words.status(status), label::status(status, self.lang))
    }

    /// Who is to deal with it.
    pub fn affair(&self, affair: Affair) -> &str {
        self.say(|words| words.affair(affair), usual_affair(affair, self.lang))
    }

    /// How fast it must go.
    pub fn severity(&self, severity: Severity) -> &str {
        self.say(|words| words.severity(severity), usual_severity(severity, self.lang))
    }

    /// How it is to be handled.
    pub fn handling(&self, handling: Handling) -> &str {
        self.say(|words| words.handling(handling), usual_handling(handling, self.lang))
    }

    /// Who works.
    pub fn role(&self, role: Role) -> &str {
        self.say(|words| words.role(role), label::role(role, self.lang))
    }

    /// The same of many, given as words with spaces between them; a word that is none stands as it is.
    pub fn roles(&self, words: &str) -> String {
        let name = |word: &str| word.parse().map_or(word.to_owned(), |known| self.role(known).to_owned());
        let names: Vec<_> = words.split_whitespace().map(name).collect();
        let nobody = || self.lang.of("无人", "nobody").to_owned();
        if names.is_empty() { nobody() } else { names.join(self.lang.of("、", ", ")) }
    }

    /// A level: 0 county, 1 street, 2 community, below the playbook's own.
    pub fn level(&self, level: usize) -> &str {
        let own = level.checked_sub(3).and_then(|own| self.book.as_deref()?.levels.get(own));
        let usual = usual_level(level, self.lang);
        own.map_or_else(|| self.say(|words| words.level(level), usual), |own| own.name.as_str())
    }

    /// A category of the county's; `None` for one that it has no longer.
    pub fn category(&self, key: &str) -> Option<&str> {
        let known = self.book.as_deref()?.categories.iter().find(|category| category.key == key)?;
        Some(&known.name)
    }

    /// What a message says: of a step that the county has its own word for, in that word.
    pub fn notice(&self, notice: Notice) -> String {
        let step = match notice {
            Notice::Dispatched => Headline::Dispatched,
            Notice::Accepted => Headline::Accepted,
            Notice::Arrived => Headline::Arrived,
            Notice::Resolved => Headline::Resolved,
            _ => return label::notice(notice, self.lang).to_owned(),
        };
        let own = self.book.as_deref().and_then(|book| book.words.step(step));
        match own.filter(|_| self.lang == Lang::Chinese) {
            Some(word) if notice == Notice::Resolved => format!("您的诉求有新进展：{word}，请评价"),
            Some(word) => format!("您的诉求有新进展：{word}"),
            None => label::notice(notice, self.lang).to_owned(),
        }
    }

    /// Every word, for whoever draws the interface.
    pub fn vocabulary(&self) -> Vocabulary {
        let level = |(i, key): (usize, &&'static str)| (*key, self.level(i).to_owned());
        Vocabulary {
            steps: all(|step: Headline| self.step(step)),
            statuses: all(|status: Status| self.status(status)),
            affairs: all(|affair: Affair| self.affair(affair)),
            severities: all(|severity: Severity| self.severity(severity)),
            handlings: all(|handling: Handling| self.handling(handling)),
            roles: all(|role: Role| self.role(role)),
            levels: domain::playbook::LEVELS.iter().enumerate().map(level).collect(),
        }
    }
}

/// 本县的用语：界面上每个步骤、状态、分类的叫法；县里没有自己叫法的为通行叫法。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "steps": {"submitted": "群众点单"}, "statuses": {"submitted": "待派单"}, "affairs": {"public": "大事"},
    "severities": {"small": "小问题"}, "handlings": {"immediate": "即办件"}, "roles": {"grid_worker": "网格员"},
    "levels": {"community": "社区（村）"}
}))]
pub struct Vocabulary {
    /// 办理过程的各步骤
    pub steps: BTreeMap<&'static str, String>,
    /// 工单的状态
    pub statuses: BTreeMap<&'static str, String>,
    /// 三事
    pub affairs: BTreeMap<&'static str, String>,
    /// 轻重
    pub severities: BTreeMap<&'static str, String>,
    /// 办理方式
    pub handlings: BTreeMap<&'static str, String>,
    /// 角色
    pub roles: BTreeMap<&'static str, String>,
    /// 县、街道、社区三级
    pub levels: BTreeMap<&'static str, String>,
}

/// What a county calls one of the levels above its own, 0 to 2.
pub(crate) fn level_name(level: usize, playbook: &Playbook, lang: Lang) -> &str {
    let own = playbook.words.level(level).filter(|_| lang == Lang::Chinese);
    own.unwrap_or_else(|| usual_level(level, lang))
}

/// What a county calls a role.
pub(crate) fn role_name(role: Role, playbook: &Playbook, lang: Lang) -> &str {
    let own = playbook.words.role(role).filter(|_| lang == Lang::Chinese);
    own.unwrap_or_else(|| label::role(role, lang))
}

fn all<'a, T>(say: impl Fn(T) -> &'a str) -> BTreeMap<&'static str, String>
where
    T: IntoEnumIterator + Into<&'static str> + Copy,
{
    T::iter().map(|one| (one.into(), say(one).to_owned())).collect()
}

fn usual_affair(affair: Affair, lang: Lang) -> &'static str {
    let (chinese, english) = match affair {
        Affair::Public => ("公家事", "public"),
        Affair::Shared => ("大家事", "shared"),
        Affair::Private => ("自家事", "private"),
    };
    lang.of(chinese, english)
}

fn usual_severity(severity: Severity, lang: Lang) -> &'static str {
    let (chinese, english) = match severity {
        Severity::Small => ("小问题", "small"),
        Severity::Large => ("大问题", "large"),
        Severity::Complex => ("特殊复杂问题", "complex"),
    };
    lang.of(chinese, english)
}

fn usual_handling(handling: Handling, lang: Lang) -> &'static str {
    let (chinese, english) = match handling {
        Handling::Immediate => ("即办件", "immediate"),
        Handling::Pending => ("待办件", "pending"),
        Handling::Escalated => ("上报件", "escalated"),
        Handling::Suggestion => ("建议件", "suggestion"),
        Handling::Redo => ("重办件", "redo"),
    };
    lang.of(chinese, english)
}

fn usual_level(level: usize, lang: Lang) -> &'static str {
    match level {
        0 => lang.of("县（市、区）", "county"),
        1 => lang.of("街道（乡镇）", "street or town"),
        _ => lang.of("社区（村）", "community or village"),
    }
}
