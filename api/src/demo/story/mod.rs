//! The story of a county, told over HTTP against a running server with its example: who does what, by which call, and what
//! it comes to in the county's own words; also what is refused. Each county's is in its `story.toml`, see [`script`].

mod script;

use super::client::{Client, Failed};
use super::data::Example;
use super::files;
use crate::config::Demo;
use anyhow::{Context, bail, ensure};
use chrono::{DateTime, Utc};
use domain::time::china;
use infra::Clock;
use reqwest::Method;
use script::{Named, Step, Story, Words};
use serde_json::Value;
use std::collections::HashMap;
use std::io::Write;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long something may take that jobs do.
const MOMENT: Duration = Duration::from_secs(60);
/// Between two looks at it.
const LOOK: Duration = Duration::from_millis(100);

/// How a story is told.
pub(crate) struct Settings {
    /// `http://HOST:PORT` of the server.
    pub(crate) url: String,
    /// Whose story.
    pub(crate) county: Demo,
    /// After each step.
    pub(crate) pause: Duration,
}

/// Tells the story of a county to its end.
///
/// # Errors
/// A server that is not there, does not let people in by name or does not have the county; and the first step that does not
/// come to what the story says.
pub(crate) async fn tell(Settings { url, county, pause }: Settings) -> anyhow::Result<()> {
    let files = files(county);
    let example = Example::read(&files)?;
    let story = Story::read(files.story, &example).context("story.toml")?;
    let client = Client::new(&url)?;
    client.is_huying().await?;
    let clock = Clock::system();
    let mut teller =
        Teller { client, clock, example: &example, tokens: HashMap::new(), named: Named::default() };
    teller.must_have_the_county().await?;
    say(&story.title);
    for (n, chapter) in (1..).zip(&story.chapters) {
        say(&format!("\n{n}. {}", chapter.name));
        for step in &chapter.steps {
            teller.take(step).await.with_context(|| format!("“{}”的“{}”", chapter.name, step.does))?;
            sleep(pause).await;
        }
    }
    Ok(())
}

struct Teller<'a> {
    client: Client,
    clock: Clock,
    example: &'a Example,
    tokens: HashMap<&'a str, String>,
    named: Named,
}

impl<'a> Teller<'a> {
    /// Its administrator reads its playbook; whoever comes in by a name that nobody has is a resident, who does not.
    async fn must_have_the_county(&mut self) -> anyhow::Result<()> {
        let (code, name) = self.example.places.first().context("没有地点")?;
        let token = self.token(self.example.first("county_admin")?).await?;
        let there = self.client.get(&format!("/playbooks/{code}"), &token).await;
        ensure!(
            there.is_ok(),
            "{} 没有{name}的示例数据，请以 make run DEMO=… 或 huying serve --demo … 启动",
            self.client.base()
        );
        Ok(())
    }

    async fn token(&mut self, name: &'a str) -> anyhow::Result<String> {
        if let Some(token) = self.tokens.get(name) {
            return Ok(token.clone());
        }
        let answer = self.client.sign_in(name).await?;
        let token = answer["access_token"].as_str().context("登录的答复不完整")?.to_owned();
        self.tokens.insert(name, token.clone());
        Ok(token)
    }

    async fn take(&mut self, step: &'a Step) -> anyhow::Result<()> {
        let token = self.token(&step.who).await?;
        let (method, path) = step.call()?;
        let named = |name: &str| self.named.get(name);
        let words = Words { example: self.example, now: self.clock.now(), named: &named };
        let path = words.fill(path)?;
        let body = step.body.as_ref().map(|body| words.fill_all(body)).transpose()?;
        say(&format!("  {}：{}", step.who, step.does));
        say(&format!("      {method} {path}"));
        let (at, answer) = match &step.until {
            Some((pointer, value)) => {
                let value = words.fill_all(value)?;
                self.awaited((&method, &path), &token, (pointer, &value)).await?
            }
            None => (None, self.client.call(method, &path, &token, body.as_ref()).await),
        };
        match (answer, &step.refused) {
            (Ok(answer), None) => {
                if let Some(name) = &step.named {
                    self.named.add(name, &answer)?;
                }
                for line in shown(&answer, &step.show, at)? {
                    say(&format!("      → {line}"));
                }
            }
            (Err(Failed { why, code, .. }), Some(refused)) if code == *refused => {
                say(&format!("      ✗ {why}"));
            }
            (Err(failed), _) => bail!(failed.why),
            (Ok(_), Some(refused)) => bail!("应被拒绝：{refused}"),
        }
        Ok(())
    }

    /// Asks until something appears in the answer; which of the items it is, where the pointer has a `*`.
    async fn awaited(
        &self,
        (method, path): (&Method, &str),
        token: &str,
        (pointer, value): (&str, &Value),
    ) -> anyhow::Result<(Option<usize>, Result<Value, Failed>)> {
        let begun = Instant::now();
        loop {
            let answer = match self.client.call(method.clone(), path, token, None).await {
                Ok(answer) => answer,
                Err(failed) => return Ok((None, Err(failed))),
            };
            if let Some(at) = found(&answer, pointer, value) {
                return Ok((at, Ok(answer)));
            }
            if begun.elapsed() >= MOMENT {
                bail!("{} 秒内没有等到 {pointer} 为 {value}，只有 {answer}", MOMENT.as_secs());
            }
            sleep(LOOK).await;
        }
    }
}

/// Whether a value is where a pointer says, and in which of the items where it has a `*`: others may have come meanwhile.
fn found(answer: &Value, pointer: &str, value: &Value) -> Option<Option<usize>> {
    let Some((items, field)) = pointer.split_once("/*") else {
        return (answer.pointer(pointer) == Some(value)).then_some(None);
    };
    let at = answer.pointer(items)?.as_array()?.iter().position(|item| item.pointer(field) == Some(value));
    at.map(Some)
}

/// What is shown of an answer: how a ticket stands, and what the step asks for, `*` being the item that was waited for.
fn shown(answer: &Value, asked: &[(String, String)], item: Option<usize>) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    let text = |field: &str| answer[field].as_str();
    if let (Some(number), Some(status)) = (text("number"), text("status_name")) {
        let names = ["category_name", "affair_name", "severity_name", "handling_name"];
        let sorting: Vec<_> = names.into_iter().filter_map(text).collect();
        lines.push(format!("{number}　{status}　{}", sorting.join(" · ")).trim_end().to_owned());
    }
    for (label, pointer) in asked {
        let pointer = item.map_or_else(|| pointer.clone(), |at| pointer.replacen('*', &at.to_string(), 1));
        let value = answer.pointer(&pointer).with_context(|| format!("答复里没有 {pointer}"))?;
        lines.push(format!("{label}：{}", plain(value)));
    }
    Ok(lines)
}

/// A value as people read it: times are those of China.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => match text.parse::<DateTime<Utc>>() {
            Ok(at) => at.with_timezone(&china()).format("%m-%d %H:%M:%S").to_string(),
            Err(_) => text.clone(),
        },
        Value::Null => "无".to_owned(),
        Value::Array(items) if items.iter().any(Value::is_object) => format!("{} 项", items.len()),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join("、"),
        other => other.to_string(),
    }
}

fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;
    use serde_json::json;

    #[test]
    fn every_county_s_story_can_be_told() {
        for county in Demo::value_variants() {
            let files = files(*county);
            let story = Story::read(files.story, &Example::read(&files).unwrap()).unwrap();
            let steps: Vec<_> = story.chapters.iter().flat_map(|chapter| &chapter.steps).collect();
            assert!(steps.len() >= 12, "{county:?}");
            assert!(steps.iter().any(|step| step.refused.is_some()), "{county:?}");
        }
    }

    #[test]
    fn a_step_that_cannot_be_taken_is_told() {
        let example = Example::read(&files(Demo::Mile)).unwrap();
        for (who, call, why) in [
            ("居民王芳", "POST /tickets/{lamp}/accept", "前面没有 lamp"),
            ("没有这人", "POST /tickets", "没有人员"),
            ("居民王芳", "POST tickets", "不是调用"),
            ("居民王芳", "GET /tickets?place={place:哪里}", "没有地点"),
            ("居民王芳", "GET /tickets?place={what:哪里}", "不知道 what"),
            ("居民王芳", "GET /tickets/{lamp", "括号没有配对"),
        ] {
            let step = format!("[[chapters.steps]]\nwho = '{who}'\ndoes = '接单'\ncall = '{call}'\n");
            let text = format!("title = 'x'\n[[chapters]]\nname = '一'\n{step}");
            let error = format!("{:#}", Story::read(&text, &example).err().unwrap());
            assert!(error.contains(why) && error.contains("接单"), "{error}");
        }
    }

    #[test]
    fn what_is_waited_for_is_found_among_others() {
        let answer = json!({"status": "dispatched", "items": [{"duty": "d"}, {"ticket": {"id": "a"}, "label": "派单"}]});
        for (pointer, value, there) in [
            ("/status", "dispatched", Some(None)),
            ("/status", "submitted", None),
            ("/items/0/duty", "d", Some(None)),
            ("/items/*/ticket/id", "a", Some(Some(1))),
            ("/items/*/ticket/id", "b", None),
            ("/status/*/id", "a", None),
            ("/nothing/*/id", "a", None),
        ] {
            assert_eq!(found(&answer, pointer, &json!(value)), there, "{pointer} {value}");
        }
        let asked = [("消息".to_owned(), "/items/*/label".to_owned())];
        assert_eq!(shown(&answer, &asked, Some(1)).unwrap(), ["消息：派单"]);
    }

    #[test]
    fn what_is_shown_is_for_people() {
        let answer = json!({
            "number": "532504-261121-00001", "status_name": "待接单", "affair_name": "小事", "category_name": null,
            "clocks": [{"due_at": "2026-11-21T01:05:00Z"}], "names": ["甲", "乙"],
        });
        let asked = [("到场期限", "/clocks/0/due_at"), ("谁", "/names"), ("类别", "/category_name")];
        let asked = asked.map(|(label, at)| (label.to_owned(), at.to_owned()));
        assert_eq!(
            shown(&answer, &asked, None).unwrap(),
            ["532504-261121-00001　待接单　小事", "到场期限：11-21 09:05:00", "谁：甲、乙", "类别：无"]
        );
        assert!(shown(&answer, &[("x".to_owned(), "/nothing".to_owned())], None).is_err());
    }
}
