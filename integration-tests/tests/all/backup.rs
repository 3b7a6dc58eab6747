//! Backups: taken while people work, of one moment, and what comes back is what was there.

use crate::ticket::{Cast, path};
use api::App;
use integration_tests::app::{COMMUNITY, MASTER_KEY, TestApp, config, lamp};
use integration_tests::database::{Database, execute, number};
use integration_tests::safe::{Safe, everything, texts};
use integration_tests::{Backend, Caller, Listener};
use rstest::rstest;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

const OTHER_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
/// What a reactor has not read, by position.
const UNREAD: &str = "SELECT CAST(e.position AS text) FROM event e JOIN reactor r ON r.name = 'REACTOR' \
     WHERE e.aggregate = 'ticket' AND (e.xid, e.position) > (r.xid::text::xid8, r.position) ORDER BY e.position";

/// A server on a database.
async fn served(database: Database) -> TestApp {
    let settings = config(&database.url, None);
    TestApp::on(database, settings).await
}

/// Has the reactors read all there is. Transactions of other tests hold readers back too.
async fn read_all(app: &App, url: &str) {
    let behind = match url.starts_with("postgres") {
        true => "(e.xid, e.position) > (r.xid::text::xid8, r.position)",
        false => "e.position > r.position",
    };
    let left = format!("SELECT COUNT(*) FROM event e, reactor r WHERE e.aggregate = 'ticket' AND {behind}");
    let reading = async {
        app.react().await.unwrap();
        while number(url, &left).await > 0 {
            tokio::task::yield_now().await;
            app.react().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(60), reading).await.expect("the reactors get there");
}

/// What people see of it.
async fn seen(base: &str, cast: &[&Caller], tickets: &[String]) -> Vec<Value> {
    let mut all = Vec::new();
    for caller in cast {
        let caller = Caller::anyone(base).with_token(caller.token());
        let lists = ["/tickets?limit=100", "/inbox", "/me", "/flags?place=532504", "/figures?place=532504"];
        let own = tickets.iter().flat_map(|ticket| [ticket.clone(), format!("{ticket}/timeline")]);
        for path in lists.into_iter().map(str::to_owned).chain(own) {
            let answer = caller.get(&path).await;
            let mut json = answer.json;
            // Of a refusal.
            json.as_object_mut().map(|problem| problem.remove("request_id"));
            all.push(json!([path, answer.status, json]));
        }
    }
    all
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_is_what_was_there(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (safe, app) = (Safe::new(), TestApp::start(backend).await);
    let cast = Cast::of(&app).await;
    let supervisor = app.staff("supervisor", "532504").await;
    let mut tickets = Vec::new();
    for status in ["submitted", "dispatched", "accepted", "resolved", "closed", "closed"] {
        tickets.push(cast.ticket_at(status).await);
        app.pass(7);
    }
    let key = [("idempotency-key", "k")];
    let kept = cast.resident.post_with("/tickets", &key, lamp()).await.expect(201);
    tickets.push(path(&kept));
    let login = app.anyone().post("/auth/wechat", json!({"code": "dev:李四"})).await.expect(200);
    app.app.catch_up().await.unwrap();
    read_all(&app.app, &app.url).await;
    // These the reactors have not read.
    let unread = cast.ticket_at("closed").await;
    tickets.push(unread);

    let file = safe.file("one.tar");
    let manifest = safe.backup(&app.url, &file, false).await.unwrap();
    assert_eq!(safe.names(), ["one.tar"], "nothing else is left");
    let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(&file).unwrap());
    assert_eq!(mode & 0o777, 0o600);
    let whole = fs::read(&file).unwrap();
    let holds = |words: &str| whole.windows(words.len()).any(|bytes| bytes == words.as_bytes());
    assert!(!holds(MASTER_KEY) && !holds("李四"), "names are sealed, and by what is elsewhere");
    assert!(manifest.tables["ticket"].rows == 8 && manifest.keys.len() == 4, "{manifest:?}");
    let before = everything(&app.url).await;
    let people = [&cast.resident, &cast.clerk, &cast.worker, &supervisor];
    let saw = seen(&app.app.url(), &people, &tickets).await;

    let database = safe.restored(backend, &file).await;
    assert_eq!(everything(&database.url).await, before);
    let other = app.replica(config(&database.url, backend.redis_url())).await;
    assert_eq!(seen(&other.url(), &people, &tickets).await, saw);
    // Who was signed in still is, and the same call is not carried out twice.
    let resident = Caller::anyone(&other.url()).with_token(cast.resident.token());
    let again = resident.post_with("/tickets", &key, lamp()).await.expect(201);
    assert_eq!((again.header("idempotent-replayed"), &again.text), ("true", &kept.text));
    let refresh = json!({"refresh_token": login.str("refresh_token")});
    let _ = Caller::anyone(&other.url()).post("/auth/refresh", refresh).await.expect(200);

    // Both go on alike from where they were: what was not read is read once, and nothing twice.
    read_all(&other, &database.url).await;
    read_all(&app.app, &app.url).await;
    let (here, there) = (everything(&app.url).await, everything(&database.url).await);
    for table in ["flag", "figure", "inbox_item", "set_aside"] {
        assert_eq!(here[table].len(), there[table].len(), "{table}");
    }
    let told = "SELECT CAST(COUNT(*) AS text) || ' ' || CAST(COUNT(DISTINCT position) AS text) FROM inbox";
    assert_eq!(texts(&app.url, told).await, texts(&database.url, told).await);
    // What happens from now on comes behind all that is old, to reactors and to those who listen.
    let clerk = Caller::anyone(&other.url()).with_token(cast.clerk.token());
    let mut listener = Listener::to(&clerk, &json!({"place": COMMUNITY})).await;
    let new = resident.post("/tickets", lamp()).await.expect(201);
    assert_eq!(listener.event().await, ("submitted".to_owned(), new.str("id").to_owned()));
    read_all(&other, &database.url).await;
    let rung = format!(
        "SELECT COUNT(*) FROM event e JOIN inbox i ON i.position = e.position WHERE e.position > {}",
        manifest.last_position
    );
    assert!(number(&database.url, &rung).await > 0, "the desk is told of the new one");
    assert_eq!(other.verify().await.unwrap(), Vec::<String>::new());
    other.stop().await.unwrap();
    app.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_while_people_work_is_of_one_moment(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (safe, app) = (Safe::new(), TestApp::start(backend).await);
    let cast = Arc::new(Cast::of(&app).await);
    let working = Arc::new(AtomicBool::new(true));
    let mut workers: JoinSet<()> = (0..4)
        .map(|_| {
            let (cast, working) = (cast.clone(), working.clone());
            async move {
                while working.load(Ordering::SeqCst) {
                    let _ = cast.ticket_at("closed").await;
                }
            }
        })
        .collect();
    let mut taken = Vec::new();
    let backups = async {
        while taken.len() < 3 {
            let file = safe.file(&format!("{}.tar", taken.len()));
            let manifest = safe.backup(&app.url, &file, false).await.unwrap();
            taken.push((file, manifest));
        }
        working.store(false, Ordering::SeqCst);
    };
    let reactors = async {
        while working.load(Ordering::SeqCst) {
            app.app.react().await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(backups, reactors);
    while let Some(worker) = workers.join_next().await {
        worker.unwrap();
    }
    app.stop().await;
    assert!(taken[0].1.last_position < taken[2].1.last_position, "people worked meanwhile");
    for (file, manifest) in taken {
        // Which looks whether the fold of every history is its ticket, and flags and figures are what the log says.
        let database = safe.restored(backend, &file).await;
        let rows = |table: &str| i64::try_from(manifest.tables[table].rows).unwrap();
        assert_eq!(number(&database.url, "SELECT COUNT(*) FROM ticket").await, rows("ticket"));
        served(database).await.stop().await;
    }
}

/// Reads until there are so many flags. Transactions of other tests hold readers back too.
async fn flagged(app: &TestApp, flags: i64) {
    let reading = async {
        while number(&app.url, "SELECT COUNT(*) FROM flag").await < flags {
            app.app.react().await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), reading).await.expect("they are read");
}

/// An event of a slow transaction has a smaller position than what the reactors have read, and a larger transaction id.
/// With all ids set to 0 it would be skipped for ever.
#[tokio::test]
async fn a_slow_transaction_is_neither_skipped_nor_read_twice() {
    let (safe, app) = (Safe::new(), TestApp::start(Backend::Postgres).await);
    let cast = Cast::of(&app).await;
    let _ = cast.ticket_at("closed").await;
    read_all(&app.app, &app.url).await;
    let flags = "SELECT COUNT(*) FROM flag";
    assert_eq!(number(&app.url, flags).await, 1);
    // Two closings, written down anew by transactions of which the first draws its position last.
    let (one, other) = (cast.ticket_at("closed").await, cast.ticket_at("closed").await);
    let of =
        |ticket: &str| format!("kind = 'closed' AND stream = '{}'", ticket.trim_start_matches("/tickets/"));
    let (of_one, of_other) = (of(&one), of(&other));
    execute(&app.url, &format!("CREATE TABLE moved AS SELECT * FROM event WHERE ({of_one}) OR ({of_other})"))
        .await;
    execute(&app.url, "DELETE FROM event WHERE position IN (SELECT position FROM moved)").await;
    let columns = "stream, stream_version, kind, v, actor, scope_code, text_id, occurred_at, recorded_at, payload, aggregate";
    let write = |of: &str| {
        sqlx::AssertSqlSafe(format!("INSERT INTO event ({columns}) SELECT {columns} FROM moved WHERE {of}"))
    };
    let (mut first, mut slow) =
        (PgConnection::connect(&app.url).await.unwrap(), PgConnection::connect(&app.url).await.unwrap());
    first.execute("BEGIN; SELECT pg_current_xact_id()").await.unwrap();
    slow.execute("BEGIN; SELECT pg_current_xact_id()").await.unwrap();
    slow.execute(write(&of_one)).await.unwrap();
    first.execute(write(&of_other)).await.unwrap();
    first.execute("COMMIT").await.unwrap();
    flagged(&app, 2).await;
    let early = safe.file("early.tar");
    let _ = safe.backup(&app.url, &early, false).await.unwrap();
    slow.execute("COMMIT").await.unwrap();
    execute(&app.url, "DROP TABLE moved").await;
    let passed = format!(
        "SELECT COUNT(*) FROM event e, reactor r WHERE r.name = 'flags' AND {of_one} AND e.position < r.position \
        AND (e.xid, e.position) > (r.xid::text::xid8, r.position)"
    );
    assert_eq!(number(&app.url, &passed).await, 1, "positions alone would skip it");
    // Those who tell others may tell them again: they stand at other places.
    execute(&app.url, "UPDATE reactor SET xid = 0, position = 0 WHERE name = 'inbox'").await;
    let middle = "UPDATE reactor r SET xid = e.xid::text::bigint, position = e.position FROM event e WHERE r.name = 'duty' \
        AND e.position = (SELECT position FROM event WHERE aggregate = 'ticket' ORDER BY xid, position OFFSET 4 LIMIT 1)";
    execute(&app.url, middle).await;
    let unread = async |url: &str| {
        let mut all = Vec::new();
        for reactor in ["inbox", "duty", "flags", "figures", "appraisals", "dispatch"] {
            all.push(texts(url, &UNREAD.replace("REACTOR", reactor)).await);
        }
        all
    };
    let before = unread(&app.url).await;
    assert!(
        before[0].len() > before[1].len() && before[1].len() > before[2].len() && before[2].len() == 1,
        "{before:?}"
    );

    let file = safe.file("late.tar");
    let _ = safe.backup(&app.url, &file, false).await.unwrap();
    let database = safe.restored(Backend::Postgres, &file).await;
    assert_eq!(unread(&database.url).await, before);
    // Histories are in order, and all that is old is safe to read, however young the cluster.
    let disorder = "SELECT COUNT(*) FROM event a JOIN event b ON a.stream = b.stream AND a.stream_version < b.stream_version \
        WHERE (a.xid, a.position) > (b.xid, b.position)";
    assert_eq!(number(&database.url, disorder).await, 0);
    assert_eq!(number(&database.url, "SELECT COUNT(*) FROM event WHERE xid > '4'::xid8").await, 0);
    let again = served(database).await;
    flagged(&again, 3).await;
    assert_eq!(number(&again.url, flags).await, 3, "the slow one's flag is there, and none is twice");
    let _ = Cast::of(&again).await.ticket_at("closed").await;
    flagged(&again, 4).await;
    assert_eq!(number(&again.url, flags).await, 4);
    again.stop().await;
    // Of the moment before the slow one was committed there is nothing of it, and nothing to wait for.
    let database = Backend::Postgres.empty().await;
    let restored = safe.restore(&database.url, &early, MASTER_KEY).await.unwrap();
    assert!(restored.manifest.reactors.iter().all(|reactor| reactor.unread.rows == 0), "{restored:?}");
    app.stop().await;
}

/// A cursor of before may stand before or behind anything in the restored log.
#[rstest]
#[tokio::test]
async fn whoever_listened_before_begins_anew(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (safe, app) = (Safe::new(), TestApp::start(backend).await);
    let cast = Cast::of(&app).await;
    let wants = json!({"place": COMMUNITY});
    let mut listener = Listener::to(&cast.clerk, &wants).await;
    let _ = cast.ticket().await;
    let _ = listener.event().await;
    let (file, mut cursors) = (safe.file("b.tar"), vec![listener.cursor.clone()]);
    let _ = safe.backup(&app.url, &file, false).await.unwrap();
    // This one is lost.
    let _ = cast.ticket().await;
    let _ = listener.event().await;
    cursors.push(listener.cursor.clone());
    for _ in 0..2 {
        let database = safe.restored(backend, &file).await;
        let other = app.replica(config(&database.url, backend.redis_url())).await;
        let callers = [&cast.clerk, &cast.resident];
        let [clerk, resident] = callers.map(|caller| Caller::anyone(&other.url()).with_token(caller.token()));
        // It takes the lost one's place in the log.
        let new = resident.post("/tickets", lamp()).await.expect(201);
        let mut heard = Listener::to(&clerk, &wants).await;
        for cursor in &cursors {
            let mut back = Listener::after(&clerk, &wants, Some(cursor)).await;
            assert_eq!(back.next().await["type"], "reset");
        }
        let next = resident.post("/tickets", lamp()).await.expect(201);
        assert_eq!(heard.event().await.1, next.str("id"));
        // From here on cursors are as good as ever.
        let ticket = path(&new);
        let _ = clerk.post(&format!("{ticket}/dispatch"), cast.to_worker()).await.expect(200);
        let mut back = Listener::after(&clerk, &wants, Some(&heard.cursor)).await;
        assert_eq!(back.event().await, ("dispatched".to_owned(), new.str("id").to_owned()));
        cursors.push(back.cursor.clone());
        other.stop().await.unwrap();
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn what_cannot_be_restored_is_refused(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (safe, app) = (Safe::new(), TestApp::start(backend).await);
    let file = safe.file("b.tar");
    let _ = safe.backup(&app.url, &file, false).await.unwrap();
    let whole = fs::read(&file).unwrap();
    let refused = async |to: &Database, file: &Path, key: &str, why: &str| {
        let said = safe.restore(&to.url, file, key).await.expect_err(why);
        assert!(said.contains(why), "{why}: {said}");
    };
    // Nothing was written by any of these: the same empty database takes the backup in the end.
    let empty = backend.empty().await;
    for cut in [whole.len() - 1, whole.len() - 600, whole.len() / 2, 700] {
        fs::write(safe.file("cut"), &whole[..cut]).unwrap();
        refused(&empty, &safe.file("cut"), MASTER_KEY, "备份已损坏").await;
    }
    let manifest = whole.windows(13).position(|bytes| bytes == b"manifest.json").unwrap();
    let in_a_header = [0, manifest, manifest + 130].map(|at| (at, "备份"));
    for (at, why) in [512, 5_000, whole.len() / 3, manifest + 600]
        .map(|at| (at, "被改动过"))
        .into_iter()
        .chain(in_a_header)
    {
        let mut altered = whole.clone();
        altered[at] ^= 1;
        fs::write(safe.file("altered"), &altered).unwrap();
        refused(&empty, &safe.file("altered"), MASTER_KEY, why).await;
    }
    fs::write(safe.file("nonsense"), "今天天气很好".repeat(1_000)).unwrap();
    refused(&empty, &safe.file("nonsense"), MASTER_KEY, "不是 huying backup 写出的备份").await;
    refused(&empty, &safe.file("none"), MASTER_KEY, "无法读写").await;
    refused(&empty, &file, OTHER_KEY, "主密钥不是备份时的那一把").await;
    let (wrong, from) = match backend {
        Backend::Sqlite => (Backend::Postgres, "备份来自 SQLite，不能恢复到 PostgreSQL"),
        Backend::Postgres => (Backend::Sqlite, "备份来自 PostgreSQL，不能恢复到 SQLite"),
    };
    refused(&wrong.empty().await, &file, MASTER_KEY, from).await;
    refused(&backend.database().await, &file, MASTER_KEY, "不是空的").await;
    let _ = safe.restore(&empty.url, &file, MASTER_KEY).await.unwrap();
    refused(&empty, &file, MASTER_KEY, "不是空的").await;
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn what_cannot_be_backed_up_is_refused_and_leaves_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (safe, app) = (Safe::new(), TestApp::start(backend).await);
    let there = safe.file("there");
    fs::write(&there, "x").unwrap();
    let nowhere = safe.file("no/where");
    let (empty, elsewhere) = (backend.empty().await, safe.file("b"));
    for (url, file, why) in [
        (&app.url, &there, "已存在"),
        (&app.url, &nowhere, "没有目录"),
        (&empty.url, &elsewhere, "这里没有呼应的数据"),
    ] {
        let said = safe.backup(url, file, false).await.expect_err(why);
        assert!(said.contains(why), "{why}: {said}");
    }
    if backend == Backend::Postgres {
        let dir = safe.dir.path();
        let missing = safe.backup_with(&app.url, &elsewhere, false, Some(dir)).await.expect_err("no pg_dump");
        assert!(missing.contains("找不到 pg_dump") && missing.contains("postgresql-client-"), "{missing}");
        let old = safe.file("pg_dump");
        fs::write(&old, "#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n").unwrap();
        fs::set_permissions(&old, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let older = safe.backup_with(&app.url, &elsewhere, false, Some(dir)).await.expect_err("an old one");
        assert!(older.contains("pg_dump 的版本 9 比需要的") && older.contains("旧"), "{older}");
        // One that fails halfway.
        fs::write(&old, "#!/bin/sh\n[ \"$1\" = --version ] && echo 'pg_dump (PostgreSQL) 99' && exit\necho some\necho 'pg_dump: error: no more\nDETAIL:  a row of hers' >&2\nexit 1\n").unwrap();
        let failed = safe.backup_with(&app.url, &elsewhere, false, Some(dir)).await.expect_err("it fails");
        assert!(failed.ends_with("pg_dump 失败：pg_dump: error: no more"), "{failed}");
        fs::remove_file(old).unwrap();
    }
    assert_eq!(safe.names(), ["there"]);
    assert_eq!(fs::read(&there).unwrap(), b"x");
    let _ = safe.backup(&app.url, &there, true).await.unwrap();
    assert_eq!(safe.names(), ["there"]);
    drop(safe.restored(backend, &there).await);
    app.stop().await;
}
