//! The live feed: who may listen to what, and that nothing is missed and nothing told twice.

use crate::ticket::{Cast, path};
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT, config, lamp};
use integration_tests::database::execute;
use integration_tests::listener::url;
use integration_tests::proxy::Proxy;
use integration_tests::{Backend, Caller, Listener, services};
use rstest::rstest;
use serde_json::{Value, json};
use std::time::Duration;

const COUNTY: &str = "532504";

fn at(place: &str) -> Value {
    json!({"place": place})
}

/// The id in the path of a ticket.
pub(crate) fn id(ticket: &str) -> String {
    ticket.trim_start_matches("/tickets/").to_owned()
}

async fn refused(caller: &Caller, path: &str, status: u16, code: &str) {
    let refused = Listener::open(caller, path).await.err().expect("nobody is let in");
    assert_eq!((refused.status, refused.json["code"].as_str()), (status, Some(code)), "{}", refused.json);
}

#[rstest]
#[tokio::test]
async fn those_who_listen_follow_their_place(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let street = app.staff("street_dispatcher", STREET).await;
    let neighbour = app.staff("community_clerk", NEIGHBOUR).await;
    let mut own = Listener::to(&cast.clerk, &at(COMMUNITY)).await;
    let mut above = Listener::to(&street, &at(STREET)).await;
    let mut next_door = Listener::to(&neighbour, &at(NEIGHBOUR)).await;
    let mut body = lamp();
    body["contact"] = json!({"name": "李四", "phone": "13800000000"});
    body["confidential"] = json!(true);
    let filed = cast.resident.post("/tickets", body).await.expect(201);
    let ticket = path(&filed);
    let _ = cast.dispatch(&ticket).await.expect(200);
    let _ = cast.accept(&ticket).await.expect(200);
    for listener in [&mut own, &mut above] {
        let message = listener.next().await;
        let event = &message["event"];
        assert_eq!((&message["type"], &event["kind"]), (&json!("event"), &json!("submitted")));
        let subject = &event["ticket"];
        assert_eq!((&subject["id"], &subject["number"]), (&filed.json["id"], &filed.json["number"]));
        assert_eq!(subject["place"], json!({"code": COMMUNITY, "name": "温泉社区"}));
        assert_eq!((&subject["severity"], &event["label"]), (&json!("small"), &json!("群众点单")));
        for secret in ["路灯", "李四", "王芳", "13800000000", "confidential", "actor", "requester"] {
            assert!(!message.to_string().contains(secret), "{secret}: {message}");
        }
        assert_eq!(listener.event().await, ("dispatched".to_owned(), id(&ticket)));
        assert_eq!(listener.event().await, ("accepted".to_owned(), id(&ticket)));
    }
    // Nothing came to those next door, until something is theirs.
    let mut theirs = lamp();
    theirs["place"]["code"] = json!(NEIGHBOUR);
    let theirs = cast.resident.post("/tickets", theirs).await.expect(201);
    assert_eq!(next_door.event().await, ("submitted".to_owned(), id(&path(&theirs))));
    assert_eq!(above.event().await.1, id(&path(&theirs)));
    own.ping().await;
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_unit_hears_of_what_it_leads_and_of_its_return(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let handler = app.of_unit("department_handler", UNIT).await;
    let mut unit = Listener::to(&handler, &json!({"unit": UNIT})).await;
    let ticket = cast.ticket().await;
    let lead = json!({"lead": {"unit": UNIT}});
    let _ = cast.clerk.post(&format!("{ticket}/dispatch"), lead.clone()).await.expect(200);
    let _ = handler.post(&format!("{ticket}/return"), json!({"reason": "不归我们"})).await.expect(200);
    let _ = cast.dispatch(&ticket).await.expect(200);
    let other = cast.ticket().await;
    let _ = cast.clerk.post(&format!("{other}/dispatch"), lead).await.expect(200);
    let expected = [("dispatched", &ticket), ("returned", &ticket), ("dispatched", &other)];
    let mut again = Listener::after(&handler, &json!({"unit": UNIT}), Some(&unit.cursor)).await;
    for (kind, ticket) in expected {
        assert_eq!(unit.event().await, (kind.to_owned(), id(ticket)));
        assert_eq!(again.event().await, (kind.to_owned(), id(ticket)));
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn whoever_listens_stays_within_their_scope(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let open = "/live/tickets";
    let beyond = "live.place_beyond_scope";
    cast.resident.post(open, at(COMMUNITY)).await.refused_for(403, beyond, "/place");
    let both = json!({"place": COMMUNITY, "inbox": true});
    cast.resident.post(open, both).await.refused_for(403, beyond, "/place");
    let _ = cast.resident.post(open, json!({"inbox": true})).await.expect(201);
    cast.clerk.post(open, at(STREET)).await.refused_for(403, beyond, "/place");
    cast.clerk.post(open, at(NEIGHBOUR)).await.refused_for(403, beyond, "/place");
    cast.clerk.post(open, json!({"unit": UNIT})).await.refused_for(403, "live.unit_beyond_scope", "/unit");
    cast.clerk.post(open, json!({})).await.refused_for(422, "live.nothing", "/place");
    cast.clerk.post(open, json!({"inbox": false})).await.refused(422, "live.nothing");
    cast.clerk.post(open, at("53250400")).await.refused_for(422, "place.no_level", "/place");
    cast.clerk.post(open, json!({"places": []})).await.refused(400, "request.unknown_field");
    app.anyone().post(open, at(COMMUNITY)).await.refused(401, "auth.token_missing");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_ticket_is_good_once_and_for_a_minute(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let wants = at(COMMUNITY);
    let path = url(&clerk, &wants, None).await;
    // What is wrong before it is looked at does not use it up.
    clerk.get(path.trim_start_matches("/api/v1")).await.refused(426, "live.upgrade_required");
    refused(&clerk, &format!("{path}&after=x"), 422, "live.cursor_invalid").await;
    let _listener = Listener::open(&clerk, &path).await.expect("let in");
    refused(&clerk, &path, 401, "live.ticket_invalid").await;
    let old = url(&clerk, &wants, None).await;
    app.pass(2);
    refused(&clerk, &old, 401, "live.ticket_invalid").await;
    refused(&clerk, "/api/v1/live?ticket=none", 401, "live.ticket_invalid").await;
    refused(&clerk, "/api/v1/live", 400, "request.missing_field").await;
    // Of two at once, one is let in.
    let path = url(&clerk, &wants, None).await;
    let (one, two) = tokio::join!(Listener::open(&clerk, &path), Listener::open(&clerk, &path));
    assert!(one.is_ok() != two.is_ok());
    // A ticket is worth no more than the token that it was given out for.
    let path = url(&clerk, &wants, None).await;
    let _ = clerk.post("/auth/logout-all", json!({})).await.expect(204);
    refused(&clerk, &path, 401, "auth.grants_changed").await;
    app.app.forget().await.unwrap();
    app.stop().await;
}

/// Whoever comes back hears what they missed and nothing that they heard, whether the hub remembers it or not; then what
/// follows.
#[rstest]
#[tokio::test]
async fn nothing_is_missed_by_whoever_comes_back(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let wants = at(COMMUNITY);
    let mut first = Listener::to(&cast.clerk, &wants).await;
    let before = first.cursor.clone();
    let one = cast.ticket().await;
    assert_eq!(first.event().await.1, id(&one));
    let heard = first.cursor.clone();
    drop(first);
    let two = cast.ticket().await;
    // Another replica has told nobody anything yet: what was missed it knows from the log alone.
    let replica = app.replica(config(&app.url, backend.redis_url())).await;
    let there = Caller::anyone(&replica.url()).with_token(cast.clerk.token());
    let mut here = Listener::after(&cast.clerk, &wants, Some(&heard)).await;
    let mut elsewhere = Listener::after(&there, &wants, Some(&heard)).await;
    let mut all = Listener::after(&there, &wants, Some(&before)).await;
    assert_eq!(all.event().await.1, id(&one));
    let three = cast.ticket().await;
    for listener in [&mut here, &mut elsewhere, &mut all] {
        assert_eq!(listener.event().await.1, id(&two));
        assert_eq!(listener.event().await.1, id(&three));
    }
    // Where another replica was ahead, nothing comes again.
    let mut ahead = Listener::after(&there, &wants, Some(&here.cursor)).await;
    let four = cast.ticket().await;
    assert_eq!(ahead.event().await.1, id(&four));
    replica.stop().await.unwrap();
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn who_was_away_too_long_begins_anew(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(true, false)] long: bool,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let wants = at(COMMUNITY);
    let heard = Listener::to(&clerk, &wants).await.cursor;
    let missed = cast.ticket().await;
    if long {
        app.pass(24 * 60 + 1);
    } else {
        execute(&app.url, MUCH).await;
        cast.ticket().await;
    }
    let replica = app.replica(config(&app.url, backend.redis_url())).await;
    let there = Caller::anyone(&replica.url()).with_token(clerk.token());
    let mut listener = Listener::after(&there, &wants, Some(&heard)).await;
    assert_eq!(listener.next().await["type"], "reset");
    let since = cast.ticket().await;
    assert_ne!(missed, since);
    assert_eq!(listener.event().await.1, id(&since));
    replica.stop().await.unwrap();
    // They belong to no unit.
    execute(&app.url, "DELETE FROM event WHERE kind = 'much'").await;
    app.stop().await;
}

/// More events than are gone through for one who comes back.
const MUCH: &str = "INSERT INTO event (aggregate, stream, stream_version, kind, v, scope_code, occurred_at, recorded_at, payload) \
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10001) \
    SELECT 'unit', e.stream, n.i + 100, 'much', e.v, e.scope_code, e.occurred_at, e.recorded_at, e.payload \
    FROM n, (SELECT * FROM event WHERE aggregate = 'ticket' LIMIT 1) e";

#[rstest]
#[tokio::test]
async fn whoever_is_too_slow_is_let_go_and_the_others_go_on(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let wants = at(COMMUNITY);
    let path = url(&cast.clerk, &wants, None).await;
    let mut slow = Listener::with_buffer(&cast.clerk, &path, Some(4096)).await.expect("let in");
    let mut quick = Listener::to(&cast.clerk, &wants).await;
    const TICKETS: usize = 1000;
    let filing = async {
        for _ in 0..TICKETS / 20 {
            futures_util::future::join_all((0..20).map(|_| cast.ticket())).await;
        }
    };
    let hearing = async {
        for _ in 0..TICKETS {
            assert_eq!(quick.event().await.0, "submitted");
        }
    };
    tokio::join!(filing, hearing);
    // It hears what was on its way, why it is let go, and, when it comes back, the rest.
    let (mut heard, mut code) = (0, None);
    while code.is_none() {
        match slow.any().await {
            Ok(message) => heard += usize::from(message["type"] == "event"),
            Err(why) => code = Some(why),
        }
    }
    assert!(heard < TICKETS, "all of it was taken for it");
    assert_eq!(code, Some(1013));
    let mut again = Listener::after(&cast.clerk, &wants, Some(&slow.cursor)).await;
    for _ in heard..TICKETS {
        let _ = again.event().await;
    }
    again.ping().await;
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn other_grants_end_the_connection(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    // So often it is looked, and whoever says nothing for longer than that is gone: calls come between.
    let often = Duration::from_secs(1);
    let app = TestApp::with(backend, |config| config.wire.ping = often).await;
    let cast = Cast::of(&app).await;
    let mut listener = Listener::to(&cast.clerk, &at(COMMUNITY)).await;
    let mut other = Listener::to(&cast.worker, &at(COMMUNITY)).await;
    let _ = cast.clerk.post("/auth/logout-all", json!({})).await.expect(204);
    assert_eq!(listener.closed().await, 4401);
    let ticket = cast.ticket().await;
    assert_eq!(other.event().await.1, id(&ticket));
    let admin = app.staff("county_admin", COUNTY).await;
    let leave = format!("/users/{}/leave", cast.worker_id);
    let _ = admin.post(&leave, json!({"reason": "调往别处"})).await.expect(200);
    assert_eq!(other.closed().await, 4401);
    app.stop().await;
}

/// Whoever does not answer is gone; whoever answers stays, though nothing happens for long.
#[tokio::test]
async fn silence_ends_the_connection() {
    let often = Duration::from_millis(500);
    let app = TestApp::with(Backend::Sqlite, |config| {
        config.wire = api::Wire { ping: often, ..crate::wire::short() };
    })
    .await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let mut silent = Listener::to(&clerk, &at(COMMUNITY)).await;
    let mut listener = Listener::to(&clerk, &at(COMMUNITY)).await;
    // Reads, and so answers, for longer than a silent or an idle connection lasts.
    let answering = tokio::time::timeout(often * 5, listener.closed()).await;
    assert!(answering.is_err(), "it was let go: {answering:?}");
    // The pong that it sends on hearing of it may come too late to hear why.
    assert!(matches!(silent.closed().await, 4408 | 0));
    listener.ping().await;
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_server_that_goes_away_says_so(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let mut listeners = Vec::new();
    for _ in 0..20 {
        listeners.push(Listener::to(&clerk, &at(COMMUNITY)).await);
    }
    let path = url(&clerk, &at(COMMUNITY), None).await;
    refused(&clerk, &path, 429, "live.too_many").await;
    let closing = async {
        for listener in &mut listeners {
            assert_eq!(listener.closed().await, 1001);
        }
        drop(listeners);
    };
    let stopping = tokio::time::timeout(Duration::from_secs(8), app.stop());
    let (stopped, ()) = tokio::join!(stopping, closing);
    stopped.expect("nobody is waited for who was let go");
}

#[tokio::test]
async fn there_is_room_for_only_so_many() {
    let app = TestApp::with(Backend::Sqlite, |config| config.wire.listeners = 2).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let one = Listener::to(&clerk, &at(COMMUNITY)).await;
    let _two = Listener::to(&clerk, &at(COMMUNITY)).await;
    let path = url(&clerk, &at(COMMUNITY), None).await;
    refused(&clerk, &path, 503, "live.full").await;
    drop(one);
    // The ticket is still good, once the server has seen that one of them left.
    let coming = async {
        loop {
            if let Ok(listener) = Listener::open(&clerk, &path).await {
                return listener;
            }
            tokio::task::yield_now().await;
        }
    };
    let mut third = tokio::time::timeout(Duration::from_secs(20), coming).await.expect("room for another");
    assert_eq!(third.next().await["type"], "ready");
    app.stop().await;
}

/// What is written on one replica is heard on another at once by way of Redis, and a little later without.
#[tokio::test]
async fn replicas_hear_of_each_other() {
    let redis = Proxy::start(services::redis().address()).await;
    let through = Some(format!("redis://{}/", redis.address));
    let database = Backend::Postgres.database().await;
    let url = database.url.clone();
    let app = TestApp::on(database, config(&url, through.clone())).await;
    let cast = Cast::of(&app).await;
    let replica = app.replica(config(&app.url, through)).await;
    let there = Caller::anyone(&replica.url()).with_token(cast.clerk.token());
    let mut listener = Listener::to(&there, &at(COMMUNITY)).await;
    let ticket = cast.ticket().await;
    assert_eq!(listener.event().await.1, id(&ticket));
    redis.cut();
    let ticket = cast.ticket().await;
    assert_eq!(listener.event().await.1, id(&ticket));
    redis.mend();
    let ticket = cast.ticket().await;
    assert_eq!(listener.event().await.1, id(&ticket));
    replica.stop().await.unwrap();
    app.stop().await;
}
