//! The courses of a day, each step at its time, as long as the calls before it went well.

use super::super::client::{Client, Failed};
use super::cast::{Cast, Scene};
use super::course::{Course, Deed};
use super::pool::{Complaint, Pool};
use super::screen::{Count, Screen};
use anyhow::bail;
use domain::ticket::{Satisfaction, Status};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;
use strum::IntoEnumIterator;

/// How often the clock moves.
const TICK: Duration = Duration::from_millis(100);
/// How many ticks lie between two looks at the red flags.
const LOOK: u32 = 7;
/// How many looks are taken in the end at what follows from the last steps, at most.
const FOLLOWS: u32 = 15;
/// At which minutes of the day people read their messages.
const READING: [u32; 5] = [45, 150, 300, 420, 570];
/// Somewhere in Mile.
const HERE: (f64, f64) = (24.4119, 103.4149);

/// A day that is played.
pub(super) struct Day<'a> {
    client: &'a Client,
    cast: &'a Cast<'a>,
    pool: &'a Pool,
    screen: &'a Screen,
    /// How many flags there were before.
    flags: i64,
    /// How the tickets of the day stand, as they were answered last.
    states: RefCell<BTreeMap<String, String>>,
    /// The server is gone.
    lost: Cell<bool>,
}

/// A ticket with all that its course needs.
struct Scenery<'a> {
    course: &'a Course,
    scene: &'a Scene<'a>,
    about: &'a Complaint,
    resident: &'a str,
    /// Who has it, and to whom it is dispatched.
    handler: &'a str,
    lead: Value,
}

impl<'a> Day<'a> {
    pub(super) async fn new(
        client: &'a Client,
        cast: &'a Cast<'a>,
        pool: &'a Pool,
        screen: &'a Screen,
    ) -> anyhow::Result<Self> {
        let day =
            Self { client, cast, pool, screen, flags: 0, states: RefCell::default(), lost: Cell::new(false) };
        match day.flags().await {
            Ok(flags) => Ok(Self { flags, ..day }),
            Err(Failed { why, .. }) => bail!("{why}"),
        }
    }

    /// Plays all courses to their end.
    pub(super) async fn all(&self, courses: &[Course]) {
        let tickets = join_all(courses.iter().map(|course| self.tell(course)));
        let messages = join_all(self.cast.readers().into_iter().map(|reader| self.read_messages(reader)));
        tokio::join!(tickets, messages);
        self.screen.until(super::course::MINUTES).await;
    }

    /// Keeps the clock and the flags on the screen.
    pub(super) async fn watch(&self) {
        while !self.lost.get() {
            for _ in 0..LOOK {
                tokio::time::sleep(TICK).await;
                self.screen.show();
            }
            self.look().await;
        }
    }

    async fn look(&self) {
        match self.flags().await {
            Ok(flags) => self.screen.set(Count::Flags, flags - self.flags),
            Err(failed) => self.failed(&failed),
        }
    }

    async fn flags(&self) -> Result<i64, Failed> {
        let path = format!("/flags/count?place={}", self.cast.county);
        let answer = self.client.get(&path, self.cast.token(self.cast.supervisor)).await?;
        Ok(answer["held"].as_i64().unwrap_or_default())
    }

    fn failed(&self, Failed { why, lost, .. }: &Failed) {
        if *lost {
            self.lost.set(true);
        }
        self.screen.failure(why);
    }

    async fn tell(&self, course: &Course) {
        let scene = &self.cast.scenes[course.scene];
        let about = &self.pool.complaints[course.complaint];
        let unit = about.unit.as_deref().map(|unit| self.cast.unit(unit)).transpose();
        let (handler, lead) = match unit {
            Ok(Some((handler, unit))) => (handler, json!({"unit": unit})),
            Ok(None) => (scene.worker, json!({"person": self.cast.id(scene.worker)})),
            Err(error) => return self.screen.failure(&error.to_string()),
        };
        let resident = scene.residents[course.resident];
        let mut scenery = Scenery { course, scene, about, resident, handler, lead };
        let (mut ticket, mut round) = (String::new(), 1);
        for (minute, deed) in &course.steps {
            self.screen.until(*minute).await;
            if self.lost.get() {
                return;
            }
            let (who, call, body) = self.call(&scenery, *deed, round);
            let path =
                if ticket.is_empty() { "/tickets".to_owned() } else { format!("/tickets/{ticket}/{call}") };
            match self.client.post(&path, self.cast.token(who), &body).await {
                Ok(answer) => {
                    ticket = answer["id"].as_str().unwrap_or_default().to_owned();
                    let status = answer["status"].as_str().unwrap_or_default();
                    self.states.borrow_mut().insert(ticket.clone(), status.to_owned());
                    let number = answer["number"].as_str().unwrap_or_default();
                    self.screen.happened(*deed, number, who, scene.place, said(&body));
                }
                Err(failed) => return self.failed(&failed),
            }
            match deed {
                Deed::Claim => scenery.handler = who,
                Deed::Rate(Satisfaction::Dissatisfied) => round += 1,
                _ => {}
            }
        }
    }

    /// Who makes which call, and with what body.
    fn call(&self, scenery: &Scenery<'a>, deed: Deed, round: u32) -> (&'a str, &'static str, Value) {
        let Scenery { course, scene, about, resident, handler, lead } = scenery;
        let of = |words: &'a [String]| words[course.chance % words.len()].as_str();
        let spot = &self.pool.spots[course.spot];
        // A house number or so apart.
        let (lat, lng) = (offset(HERE.0, course.chance), offset(HERE.1, course.chance / 7));
        match deed {
            Deed::Submit => {
                let mut body = json!({
                    "content": about.content.replace("{spot}", spot), "place": {"code": scene.code},
                    "address": format!("{}{spot}", scene.place), "category": about.category,
                });
                if let Some(affair) = about.affair {
                    body["affair"] = json!(affair);
                }
                (resident, "", body)
            }
            Deed::Dispatch => {
                let body = json!({"lead": lead, "severity": about.severity, "note": of(&self.pool.notes)});
                (scene.clerk, "dispatch", body)
            }
            Deed::Claim => (scene.claimer, "claim", json!({})),
            Deed::Accept => (handler, "accept", json!({})),
            Deed::Arrive => {
                (handler, "arrive", json!({"position": {"lat": lat, "lng": lng, "datum": "gcj02"}}))
            }
            Deed::Reply => (handler, "reply", json!({"text": of(&self.pool.assurances)})),
            Deed::Resolve => {
                let outcome = if about.category == "service" { "explained" } else { "solved" };
                let reply = if round > 1 { of(&self.pool.again) } else { of(&about.replies) };
                (handler, "resolve", json!({"outcome": outcome, "reply": reply}))
            }
            Deed::Rate(satisfaction) => {
                let (stars, comment) = match satisfaction {
                    Satisfaction::Satisfied => (5, of(&self.pool.satisfied)),
                    Satisfaction::FairlySatisfied => (4, ""),
                    Satisfaction::Dissatisfied => (2, of(&self.pool.dissatisfied)),
                };
                let mut body = json!({"satisfaction": satisfaction, "stars": stars});
                if !comment.is_empty() {
                    body["comment"] = json!(comment);
                }
                (resident, "rate", body)
            }
            Deed::Urge => (resident, "urge", json!({})),
            Deed::Supervise => {
                (self.cast.supervisor, "supervise", json!({"reason": of(&self.pool.supervision)}))
            }
            Deed::Withdraw => (resident, "withdraw", json!({"reason": of(&self.pool.withdrawn)})),
            Deed::Decline => (scene.clerk, "decline", json!({"reason": of(&self.pool.declined)})),
        }
    }

    async fn read_messages(&self, reader: &str) {
        let token = self.cast.token(reader);
        for minute in READING {
            self.screen.until(minute).await;
            if self.lost.get() {
                return;
            }
            let read = async {
                let page = self.client.get("/me/inbox?unread=true&limit=100", token).await?;
                let items = page["items"].as_array().map_or(&[][..], Vec::as_slice);
                let Some(newest) = items.first() else { return Ok(0) };
                self.client.post("/me/inbox/read", token, &json!({"up_to": newest["id"]})).await?;
                Ok(items.len())
            };
            match read.await {
                Ok(0) => {}
                Ok(messages) => self.screen.read(reader, messages),
                Err(failed) => return self.failed(&failed),
            }
        }
    }

    /// Waits for what follows, and says what came of it.
    ///
    /// # Errors
    /// When calls failed.
    pub(super) async fn end(&self, interrupted: bool) -> anyhow::Result<()> {
        let mut flags = None;
        for _ in 0..FOLLOWS {
            if self.lost.get() || flags == Some(self.screen.count(Count::Flags)) {
                break;
            }
            flags = Some(self.screen.count(Count::Flags));
            tokio::time::sleep(2 * TICK).await;
            self.look().await;
        }
        let states = self.states.borrow();
        let of = |status: Status| states.values().filter(|word| *word == status.name()).count();
        let states: Vec<_> = Status::iter().map(|status| (status, of(status))).collect();
        let tally = self.client.tally();
        self.screen.end(interrupted, &states, &tally, self.client.base(), self.cast.county);
        if self.lost.get() {
            bail!("服务不再应答，提前结束");
        }
        if tally.failed > 0 {
            bail!("{} 次调用失败", tally.failed);
        }
        Ok(())
    }
}

/// Up to half a kilometre away.
fn offset(degrees: f64, chance: usize) -> f64 {
    let steps = u32::try_from(chance % 100).unwrap_or_default();
    ((degrees + (f64::from(steps) - 50.0) / 10_000.0) * 10_000.0).round() / 10_000.0
}

/// What somebody said with a call, if anything.
fn said(body: &Value) -> &str {
    let words = ["content", "reply", "comment", "reason", "text"];
    words.iter().find_map(|word| body[*word].as_str()).unwrap_or_default()
}
