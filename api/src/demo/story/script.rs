//! What a story says: `api/demo/<county>/story.toml`.

use super::super::data::{Example, id};
use anyhow::{Context, bail, ensure};
use chrono::TimeDelta;
use domain::time::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// How a county does it, told by those who do.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Story {
    pub(super) title: String,
    pub(super) chapters: Vec<Chapter>,
}

/// A part of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Chapter {
    pub(super) name: String,
    pub(super) steps: Vec<Step>,
}

/// A call, and what it is to come to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    /// The name of whoever calls.
    pub(super) who: String,
    /// What they do, in words.
    pub(super) does: String,
    /// `POST /tickets/{lamp}/accept`. In braces, here and in the body: the id of what an earlier step named, `{person:NAME}`,
    /// `{unit:NAME}`, `{place:NAME}`, or `{in:HOURS}` for a time so many hours from now.
    pub(super) call: String,
    #[serde(default)]
    pub(super) body: Option<Value>,
    /// What the id in the answer is called from then on.
    pub(super) named: Option<String>,
    /// The code with which it is refused: a step out of order, somebody who may not.
    pub(super) refused: Option<String>,
    /// Where in the answer something appears in a moment, and what: jobs are a little behind. `/items/*/id` is of any item,
    /// since others may come meanwhile, and `*` in [`Self::show`] is the same one.
    pub(super) until: Option<(String, Value)>,
    /// What of the answer is shown: a label, and where it is.
    #[serde(default)]
    pub(super) show: Vec<(String, String)>,
}

impl Step {
    /// Method and path, not filled in yet.
    pub(super) fn call(&self) -> anyhow::Result<(Method, &str)> {
        let (method, path) = self.call.split_once(' ').with_context(|| format!("{} 不是调用", self.call))?;
        ensure!(path.starts_with('/'), "{} 不是调用", self.call);
        Ok((method.parse()?, path))
    }
}

impl Story {
    /// Reads a story, and checks that each step can be told: the people are there, and what a step needs was named before.
    ///
    /// # Errors
    /// What is wrong, and in which step.
    pub(super) fn read(text: &str, example: &Example) -> anyhow::Result<Self> {
        let story: Self = toml::from_str(text)?;
        let mut known = HashSet::new();
        for (chapter, step) in
            story.chapters.iter().flat_map(|chapter| chapter.steps.iter().map(move |step| (chapter, step)))
        {
            let wrong = || format!("“{}”中“{}：{}”", chapter.name, step.who, step.does);
            let named = |name: &str| match known.contains(name) {
                true => Ok(String::new()),
                false => bail!("前面没有 {name}"),
            };
            let words = Words { example, now: Timestamp::default(), named: &named };
            let check = || {
                let _ = (example.person(&step.who)?, words.fill(step.call()?.1)?);
                let values = step.body.iter().chain(step.until.iter().map(|(_, value)| value));
                values.map(|value| words.fill_all(value)).collect::<anyhow::Result<Vec<_>>>()
            };
            let _ = check().with_context(wrong)?;
            known.extend(step.named.as_deref());
        }
        Ok(story)
    }
}

/// What stands in braces.
pub(super) struct Words<'a> {
    pub(super) example: &'a Example,
    pub(super) now: Timestamp,
    /// The id of what a step named.
    pub(super) named: &'a dyn Fn(&str) -> anyhow::Result<String>,
}

impl Words<'_> {
    /// A text with everything in braces filled in.
    ///
    /// # Errors
    /// Something in braces that is not known.
    pub(super) fn fill(&self, text: &str) -> anyhow::Result<String> {
        let mut parts = text.split('{');
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').with_context(|| format!("{text} 的括号没有配对"))?;
            filled.push_str(&self.word(name)?);
            filled.push_str(rest);
        }
        Ok(filled)
    }

    fn word(&self, name: &str) -> anyhow::Result<String> {
        Ok(match name.split_once(':') {
            Some(("person", person)) => id(self.example.person(person)?.id).to_string(),
            Some(("unit", unit)) => id(self.example.unit(unit)?).to_string(),
            Some(("place", place)) => self.example.code(place)?.to_owned(),
            Some(("in", hours)) => (self.now + TimeDelta::hours(hours.parse()?)).to_rfc3339(),
            Some((what, _)) => bail!("不知道 {what}"),
            None => (self.named)(name)?,
        })
    }

    /// A body with everything in braces filled in.
    ///
    /// # Errors
    /// As [`Self::fill`].
    pub(super) fn fill_all(&self, body: &Value) -> anyhow::Result<Value> {
        Ok(match body {
            Value::String(text) => Value::String(self.fill(text)?),
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.fill_all(item)).collect::<Result<_, _>>()?)
            }
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| Ok((name.clone(), self.fill_all(value)?)));
                Value::Object(fields.collect::<anyhow::Result<_>>()?)
            }
            other => other.clone(),
        })
    }
}

/// What steps named, by the name.
#[derive(Default)]
pub(super) struct Named(HashMap<String, String>);

impl Named {
    /// Names what an answer has.
    pub(super) fn add(&mut self, name: &str, answer: &Value) -> anyhow::Result<()> {
        let id = answer["id"].as_str().with_context(|| format!("答复里没有 {name} 的 id"))?;
        self.0.insert(name.to_owned(), id.to_owned());
        Ok(())
    }

    pub(super) fn get(&self, name: &str) -> anyhow::Result<String> {
        self.0.get(name).cloned().with_context(|| format!("前面没有 {name}"))
    }
}
