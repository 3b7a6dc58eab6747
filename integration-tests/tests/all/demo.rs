//! `huying demo day`: the program plays a day against a server with the example, and says what came of it.

use crate::torture::program;
use api::{App, Clock, Config, Demo, Quota};
use integration_tests::app::config;
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;
use tokio::task::spawn_blocking;

/// What the program said, and whether it ended well.
struct Played {
    well: bool,
    said: String,
    failed: String,
}

impl Played {
    /// A number of the summary: `点单 16，…`.
    fn count(&self, word: &str) -> i64 {
        let summary = self.said.split("\n到了 18:00。\n").nth(1).unwrap_or_else(|| panic!("{}", self.said));
        let (_, rest) = summary.split_once(&format!("{word} ")).unwrap_or((summary, "0"));
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap()
    }
}

async fn play(url: &str) -> Played {
    let url = url.to_owned();
    let out = spawn_blocking(move || {
        let arguments = ["demo", "day", "--seconds", "2", "--seed", "7", "--url", &url];
        Command::new(program()).args(arguments).env_clear().output().unwrap()
    });
    let out = out.await.unwrap();
    let said = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Played { well: out.status.success(), said: said(out.stdout), failed: said(out.stderr) }
}

/// A server with the example and its jobs, on real time.
async fn example(url: &str, backend: Backend, change: impl FnOnce(&mut Config)) -> App {
    let mut config = config(url, backend.redis_url());
    config.demo = Some(Demo::Mile);
    config.jobs = true;
    change(&mut config);
    App::start(config, Clock::system()).await.unwrap()
}

async fn supervisor(app: &App) -> Caller {
    let anyone = Caller::anyone(&app.url());
    let login = anyone.post("/auth/wechat", json!({"code": "dev:督查员马丽"})).await.expect(200);
    anyone.with_token(login.str("access_token"))
}

async fn totals(app: &App, who: &Caller) -> (Value, i64) {
    app.catch_up().await.unwrap();
    let figures = who.get("/figures?place=532504").await.expect(200).json["totals"].clone();
    let held = who.get("/flags/count?place=532504").await.expect(200).json["held"].as_i64().unwrap();
    (figures, held)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_played_twice_and_figures_move_by_what_it_says(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let database = backend.empty().await;
    let app = example(&database.url, backend, |_| {}).await;
    let who = supervisor(&app).await;
    let mut before = totals(&app, &who).await;
    for _ in 0..2 {
        let played = play(&app.url()).await;
        assert!(played.well, "{}{}", played.said, played.failed);
        let after = totals(&app, &who).await;
        let more = |field: &str| after.0[field].as_i64().unwrap() - before.0[field].as_i64().unwrap();
        assert_eq!((more("submitted"), played.count("失败")), (played.count("点单"), 0), "{}", played.said);
        assert!(played.count("点单") >= 16, "{}", played.said);
        // A ticket that was done twice is one ticket.
        assert_eq!(more("resolved"), played.count("待评价") + played.count("已结单"), "{}", played.said);
        assert_eq!(more("dropped"), played.count("已撤单") + played.count("不予受理"), "{}", played.said);
        let flags = after.1 - before.1;
        assert!((1..=flags).contains(&played.count("红旗")), "{flags} {}", played.said);
        assert!(played.count("推送") > played.count("点单") && played.count("读消息") > 0, "{}", played.said);
        before = after;
    }
    assert_eq!(app.verify().await.unwrap(), Vec::<String>::new());
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_fails_is_shown_and_counted() {
    let database = Backend::Sqlite.empty().await;
    let limit = Quota::new(1, Duration::from_secs(3_600));
    let app = example(&database.url, Backend::Sqlite, |config| config.rates.tickets = limit).await;
    let _ = play(&app.url()).await;
    let played = play(&app.url()).await;
    assert!(!played.well && played.failed.contains("次调用失败"), "{}{}", played.said, played.failed);
    assert!(played.said.contains("失败 POST /tickets：429 rate.exceeded"), "{}", played.said);
    assert!(played.count("失败") > 0, "{}", played.said);
    app.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_day_can_be_played_it_says_why() {
    let nobody = play("http://127.0.0.1:1").await;
    assert!(!nobody.well && nobody.failed.contains("没有应答"), "{}", nobody.failed);
    let database = Backend::Sqlite.database().await;
    let mut earnest = config(&database.url, None);
    earnest.dev_login = false;
    let app = App::start(earnest, Clock::system()).await.unwrap();
    let refused = play(&app.url()).await;
    assert!(!refused.well && refused.failed.contains("不能以 dev:"), "{}", refused.failed);
    app.stop().await.unwrap();
    // People may sign in by name, and there is no example.
    let app = App::start(config(&database.url, None), Clock::system()).await.unwrap();
    let empty = play(&app.url()).await;
    assert!(!empty.well && empty.failed.contains("没有示例数据"), "{}", empty.failed);
    app.stop().await.unwrap();
}

async fn tell(url: &str, county: &str) -> Played {
    let arguments = ["demo", "story", county, "--pause", "0", "--url", url].map(str::to_owned);
    let out = spawn_blocking(|| Command::new(program()).args(arguments).env_clear().output().unwrap());
    let out = out.await.unwrap();
    let said = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Played { well: out.status.success(), said: said(out.stdout), failed: said(out.stderr) }
}

/// In one deployment, one after the other, and each as often as one likes.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_story_of_each_county_is_told_in_its_own_words(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let database = backend.empty().await;
    let counties = [
        (Demo::Mile, "mile", "已评单"),
        (Demo::Longli, "longli", "待评议"),
        (Demo::Fuqing, "fuqing", "书记问事"),
        (Demo::Qingzhou, "qingzhou", "提事"),
        (Demo::Zuoyun, "zuoyun", "吹哨"),
    ];
    for (demo, county, word) in counties {
        let app = example(&database.url, backend, |config| config.demo = Some(demo)).await;
        for _ in 0..2 {
            let told = tell(&app.url(), county).await;
            assert!(told.well && told.said.contains(word), "{}{}", told.said, told.failed);
            assert!(told.said.contains('✗'), "{}", told.said);
        }
        app.catch_up().await.unwrap();
        assert_eq!(app.verify().await.unwrap(), Vec::<String>::new(), "{county}");
        app.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_story_can_be_told_it_says_why() {
    let nobody = tell("http://127.0.0.1:1", "mile").await;
    assert!(!nobody.well && nobody.failed.contains("没有应答"), "{}", nobody.failed);
    let database = Backend::Sqlite.empty().await;
    let app = example(&database.url, Backend::Sqlite, |_| {}).await;
    let elsewhere = tell(&app.url(), "longli").await;
    assert!(!elsewhere.well && elsewhere.failed.contains("没有龙里县的示例数据"), "{}", elsewhere.failed);
    app.stop().await.unwrap();
}
