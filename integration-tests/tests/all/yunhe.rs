//! 云禾县, which there is not: a sixth county by data alone. Its words, its levels, its affairs and its hours are
//! nobody else's, and no line of code knows any of them. Its customs are told in `yunhe_customs.rs`.

use crate::county::County;
use crate::machine::act;
use crate::story::{
    count, entry, file, labels, person, rate, resident, seen_by, steps, take, times, was_told,
};
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// Those who live and work in 碾子巷 of 稻香东坊.
pub(crate) struct Lane {
    pub(crate) county: County,
    pub(crate) resident: Caller,
    pub(crate) worker: Caller,
    pub(crate) helper: Caller,
    pub(crate) clerk: Caller,
    pub(crate) town: Caller,
    pub(crate) supervisor: Caller,
    pub(crate) admin: Caller,
    /// 坊正 of 渡口里, in the other 乡.
    pub(crate) stranger: Caller,
}

impl Lane {
    pub(crate) async fn open(backend: Backend) -> Self {
        let county = County::open(backend, "yunhe").await;
        Self {
            resident: resident(&county, "禾婶").await,
            worker: person(&county, "grid_worker", county.place("碾子巷"), "巡巷阿满").await,
            helper: person(&county, "volunteer", county.place("碾子巷"), "帮手小禾").await,
            clerk: county.staff("community_clerk", "稻香里").await,
            town: county.staff("street_dispatcher", "上禾乡").await,
            supervisor: county.staff("supervisor", "云禾县").await,
            admin: county.staff("county_admin", "云禾县").await,
            stranger: county.staff("community_clerk", "渡口里").await,
            county,
        }
    }

    pub(crate) async fn catch_up(&self) {
        self.county.app.app.catch_up().await.unwrap();
    }

    pub(crate) async fn file(&self, content: &str, place: &str, more: Value) -> String {
        file(&self.resident, content, self.county.place(place), more).await
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn fixture(name: &str) -> String {
    fs::read_to_string(root().join("integration-tests/fixtures").join(name)).unwrap()
}

/// What stands behind the keys of a table of its playbook.
fn table(name: &str) -> Vec<(String, String)> {
    let playbook = fixture("yunhe.toml");
    let lines = playbook.lines().skip_while(|line| *line != format!("[{name}]")).skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    let said = lines.filter_map(|line| line.split_once(" = "));
    said.map(|(key, word)| (key.to_owned(), word.trim_matches('"').to_owned())).collect()
}

#[rstest]
#[tokio::test]
async fn every_word_of_a_sixth_county_is_its_own(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let lane = Lane::open(backend).await;
    let me = lane.clerk.get("/me").await.expect(200);
    let playbook = &me.json["playbook"];
    assert_eq!(
        (&playbook["key"], &playbook["name"], &playbook["county"]),
        (&json!("yunhe"), &json!("云禾唱诺"), &json!("539901"))
    );
    for kind in ["steps", "statuses", "affairs", "severities", "handlings", "roles", "levels"] {
        let said = table(&format!("words.{kind}"));
        let all = playbook["vocabulary"][kind].as_object().unwrap();
        assert_eq!(said.len(), all.len(), "{kind}: nothing is called as elsewhere");
        for (key, word) in said {
            assert_eq!(playbook["vocabulary"][kind][&key], word, "{kind}.{key}");
        }
    }
    let categories: Vec<_> =
        playbook["categories"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(categories, ["水情", "灯火", "口角", "仓粮", "屋宅"]);
    // Its places, by levels that are 1, 2 and 3 digits wide.
    for (name, code, level) in [
        ("云禾县", "539901", "县"),
        ("上禾乡", "539901001", "乡"),
        ("稻香里", "539901001001", "里"),
        ("稻香东坊", "5399010010011", "坊"),
        ("碾子巷", "539901001001101", "巷"),
        ("石磨院", "539901001001101002", "院"),
    ] {
        let place = lane.resident.get(&format!("/places?code={code}")).await.expect(200);
        assert_eq!(
            (&place.items()[0]["name"], &place.items()[0]["level_name"]),
            (&json!(name), &json!(level))
        );
    }
    // Whoever answers for a place goes by the county's word for the role.
    let chain = async |code: &str| {
        let place = lane.resident.get(&format!("/places?code={code}")).await.expect(200);
        lane.resident
            .get(&format!("/places/{}/chain", place.items()[0]["id"].as_str().unwrap()))
            .await
            .expect(200)
    };
    let chain = chain(lane.county.place("碾子巷")).await;
    for word in ["巡巷人", "坊正"] {
        assert!(chain.text.contains(word), "{word}: {}", chain.text);
    }
    assert!(!chain.text.contains("网格员") && !chain.text.contains("社区"), "{}", chain.text);
    lane.county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_shared_matter_is_sung_claimed_and_burnt_incense_for(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let lane = Lane::open(backend).await;
    let Lane { county, resident, helper, worker, clerk, stranger, .. } = &lane;
    let lantern = json!({"category": "lantern", "severity": "small", "affair": "shared"});
    let ticket = lane.file("石磨院的灯笼架塌了", "石磨院", lantern).await;
    let sung = resident.get(&ticket).await.expect(200);
    let names = ["status_name", "category_name", "severity_name", "affair_name"].map(|name| sung.str(name));
    assert_eq!(names, ["待递帖", "灯火", "一折", "里事"]);
    assert!(sung.str("number").starts_with("539901-261121-"), "{}", sung.text);
    assert_eq!(sung.json["clocks"].as_array().unwrap().len(), 1, "lanterns ask for no visit");
    // 七小时，回话即可: an answer meets it.
    assert_eq!(times(&sung, "solve")[0], "2026-11-21T08:00:00Z");
    let member = county.staff("party_member", "碾子巷").await;
    let beyond = county.staff("volunteer", "渡口里").await;
    assert_eq!(count(&member, "/tickets?claimable=true").await, 1);
    act(&beyond, &ticket, "claim", json!({})).await.refused(404, "ticket.not_found");
    act(clerk, &ticket, "claim", json!({})).await.refused(403, "permission.role");
    let taken = take(helper, &ticket, "claim", json!({})).await;
    assert_eq!(taken.str("status_name"), "行帖中");
    act(&member, &ticket, "claim", json!({})).await.refused(409, "ticket.already_accepted");
    county.app.pass(60);
    let told = take(helper, &ticket, "reply", json!({"text": "木匠今晚来"})).await;
    assert_eq!(times(&told, "solve")[1], "2026-11-21T02:00:00Z");
    let _ = take(worker, &ticket, "note", json!({"reason": "木匠欠着上回的钱"})).await;
    // Urged every seven minutes at most.
    let _ = take(resident, &ticket, "urge", json!({})).await;
    county.app.pass(6);
    act(resident, &ticket, "urge", json!({})).await.refused(409, "ticket.urged_recently");
    county.app.pass(1);
    let _ = take(resident, &ticket, "urge", json!({})).await;
    let done = take(helper, &ticket, "resolve", json!({"outcome": "solved", "reply": "灯笼又亮了"})).await;
    assert_eq!(done.str("status_name"), "待点香");
    assert_eq!(done.json["resolution"]["rating_ends_at"], "2026-11-22T04:07:00Z", "26 hours");
    let burnt = take(resident, &ticket, "rate", json!({"satisfaction": "satisfied"})).await;
    assert_eq!(burnt.str("status_name"), "已收帖");
    assert_eq!(
        labels(resident, &ticket).await,
        ["唱诺", "揭帖", "回话", "头问", "催铃", "催铃", "交帖", "点香", "收帖"]
    );
    assert_eq!(labels(clerk, &ticket).await.iter().filter(|label| *label == "附签").count(), 1);
    assert_eq!(steps(resident, &ticket).await, ("唱 递 香".to_owned(), "唱 递 香".to_owned()));
    let timeline = resident.get(&format!("{ticket}/timeline?limit=100")).await.expect(200);
    assert!(!timeline.text.contains("欠着"), "{}", timeline.text);
    assert_eq!(
        seen_by(&ticket, &[worker, clerk, &lane.supervisor, stranger]).await,
        ["200", "200", "200", "ticket.not_found"]
    );
    // 帮手 alone earn flags here; the rates are its own, and no more than those.
    lane.catch_up().await;
    let held = helper.get("/flags/count").await.expect(200);
    assert_eq!(held.json["held"], 1);
    let figures = clerk.get(&format!("/figures?place={}", county.place("稻香里"))).await.expect(200);
    assert_eq!(rate(&figures, "点香率"), [json!(1), json!(1), json!(1.0)]);
    assert_eq!(figures.json["rates"].as_array().unwrap().len(), 2);
    assert!(was_told(county, helper, "rated").await);
    // Two days and four hours to open it again.
    county.app.pass(52 * 60 + 1);
    act(resident, &ticket, "reopen", json!({"reason": "又塌了"}))
        .await
        .refused(409, "ticket.reopen_window_over");
    lane.county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn what_is_the_governments_goes_by_hours_that_rest_on_mondays(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let lane = Lane::open(backend).await;
    let Lane { county, resident, clerk, worker, .. } = &lane;
    let granary = json!({"category": "granary", "severity": "large", "affair": "public"});
    let ticket = lane.file("义仓的秤不准", "碾子巷", granary).await;
    // 13 hours of work from Saturday 9: four and a half that day, Sunday's six and a half, Tuesday's first two.
    let sung = resident.get(&ticket).await.expect(200);
    assert_eq!(
        (times(&sung, "solve")[0].clone(), sung.str("affair_name"), sung.str("severity_name")),
        (json!("2026-11-24T01:00:00Z"), "官事", "三折")
    );
    let to_worker = json!({"lead": {"person": county.app.id_of(worker).await}, "handling": "pending"});
    let sent = take(clerk, &ticket, "dispatch", to_worker).await;
    assert_eq!((sent.str("status_name"), sent.str("handling_name")), ("待领帖", "限办帖"));
    assert_eq!(times(&sent, "accept")[0], "2026-11-21T01:13:00Z");
    county.app.pass(5);
    let taken = take(worker, &ticket, "accept", json!({})).await;
    assert_eq!(times(&taken, "arrive")[0], "2026-11-21T02:15:00Z", "70 minutes from acceptance");
    // Done without having come to the door: here that is a breach.
    let done = take(worker, &ticket, "resolve", json!({"outcome": "explained", "reply": "秤已校过"})).await;
    assert_eq!(done.clock("arrive", 1)["state"], "breached");
    assert_eq!(entry(resident, &ticket, "breached").await["label"], "落漏");
    lane.catch_up().await;
    let figures = clerk.get(&format!("/figures?place={}", county.place("稻香里"))).await.expect(200);
    assert_eq!(rate(&figures, "踏门率"), [json!(0), json!(1), json!(0.0)]);
    // 立办帖 has 70 minutes of any day.
    let at_once =
        lane.file("仓门锁坏了", "碾子巷", json!({"category": "granary", "severity": "large"})).await;
    let now = json!({"lead": {"person": county.app.id_of(worker).await}, "handling": "immediate"});
    let now = take(clerk, &at_once, "dispatch", now).await;
    assert_eq!(
        (now.str("handling_name"), &times(&now, "solve")[0]),
        ("立办帖", &json!("2026-11-21T02:15:00Z"))
    );
    // Nothing may be told late: what was done is told at once.
    let _ = take(worker, &at_once, "accept", json!({})).await;
    county.app.pass(10);
    let there = json!({"lat": 30.0, "lng": 103.0, "datum": "gcj02"});
    let late = json!({"position": there, "occurred_at": "2026-11-21T01:06:00Z"});
    act(worker, &at_once, "arrive", late).await.refused_for(422, "ticket.time_too_early", "/occurred_at");
    lane.county.app.stop().await;
}

/// The words that are its own: all that it says in Chinese, and the names of its places. Single characters are
/// everybody's, and so are the three that people say elsewhere.
fn own_words() -> Vec<String> {
    let everybodys = ["里事", "指路", "返工"];
    let playbook = fixture("yunhe.toml");
    let quoted = playbook
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(|line| line.split('"').skip(1).step_by(2));
    let places = fixture("yunhe-places.csv");
    let places = places.lines().skip(1).filter_map(|row| row.split_once(',')).map(|(_, name)| name);
    let all = quoted.chain(places).filter(|word| !word.is_ascii() && word.chars().count() > 1);
    let mut all: Vec<_> = all.filter(|word| !everybodys.contains(word)).map(str::to_owned).collect();
    all.sort();
    all.dedup();
    all
}

/// The files below a folder whose names end so.
fn files(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            files(&path, endings, found);
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
}

#[test]
fn no_code_and_no_other_county_knows_a_word_of_it() {
    let own = own_words();
    assert!(
        own.len() > 100 && own.contains(&"唱诺".to_owned()) && own.contains(&"碾子巷".to_owned()),
        "{own:?}"
    );
    let mut all = Vec::new();
    for (folder, endings) in [
        (".", &[".rs"][..]),
        ("playbooks", &[".toml", ".csv"]),
        ("api", &[".toml", ".csv", ".html"]),
        ("openapi", &[".json"]),
        ("migrations", &[".sql"]),
    ] {
        files(&root().join(folder), endings, &mut all);
    }
    assert!(all.len() > 500, "{} files", all.len());
    let theirs =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("yunhe"));
    let mut known = Vec::new();
    for path in all.iter().filter(|path| !theirs(path)) {
        let text = fs::read_to_string(path).unwrap();
        let mut words: Vec<_> =
            own.iter().filter(|word| text.contains(*word)).map(|word| (path.clone(), word.clone())).collect();
        if text.contains("yunhe") && !path.ends_with("main.rs") && !path.ends_with("county.rs") {
            words.push((path.clone(), "yunhe".to_owned()));
        }
        if text.contains("539901") {
            words.push((path.clone(), "539901".to_owned()));
        }
        known.append(&mut words);
    }
    assert_eq!(known, []);
}
