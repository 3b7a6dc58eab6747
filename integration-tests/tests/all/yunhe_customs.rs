//! 云禾县, on: where its tickets go, who hears a call, who strikes the 梆, how quarrels end, what is owed, and who looks
//! after a courtyard; each as no other county has it.

use crate::inbox;
use crate::machine::act;
use crate::photo::{add, jpeg};
use crate::story::{count, entry, labels, order, person, seen_by, take, times, was_told};
use crate::ticket::path;
use crate::yunhe::Lane;
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const DAY: i64 = 24 * 60;

/// Where people stand.
fn there() -> Value {
    json!({"position": {"lat": 30.0, "lng": 103.0, "datum": "gcj02"}})
}

#[rstest]
#[tokio::test]
async fn floods_go_to_the_river_office_and_private_matters_to_helpers(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let lane = Lane::open(backend).await;
    let Lane { county, resident, helper, clerk, supervisor, admin, .. } = &lane;
    let river = county.unit("县河工司", "department").await;
    let handler = county.app.of_unit("department_handler", river).await;
    let watch = county.staff("grid_leader", "云禾县").await;
    let shift = json!({"place": county.code, "person": county.app.id_of(&watch).await,
        "starts_at": "2026-11-21T00:00:00Z", "ends_at": "2026-11-22T00:00:00Z"});
    let _ = admin.post("/shifts", shift).await.expect(201);
    // 水情: on the county's desk at once, seven minutes to the door, halfway whoever is on duty is warned.
    let flood =
        lane.file("河水漫到巷口了", "碾子巷", json!({"category": "flood", "severity": "large"})).await;
    lane.catch_up().await;
    let sent = handler.get(&flood).await.expect(200);
    assert_eq!((sent.str("desk"), sent.json["rung"]["name"].as_str()), ("539901", Some("县堂会")));
    assert_eq!(
        (times(&sent, "arrive")[0].clone(), &sent.json["lead"]["unit"]),
        (json!("2026-11-21T01:07:00Z"), &json!(river))
    );
    assert_eq!(entry(clerk, &flood, "dispatched").await["text"], "平台按规程派单：类别“水情”派给县河工司。");
    let _ = take(supervisor, &flood, "supervise", json!({"reason": "汛期"})).await;
    assert!(!was_told(county, &watch, "duty_warning").await);
    county.app.pass(4);
    assert!(was_told(county, &watch, "duty_warning").await);
    assert!(
        !was_told(county, supervisor, "breached").await && !was_told(county, &watch, "duty_overdue").await
    );
    county.app.pass(4);
    assert!(was_told(county, supervisor, "breached").await && was_told(county, &watch, "duty_overdue").await);
    // Of one that nobody supervises the desk hears instead.
    assert!(!was_told(county, admin, "breached").await);
    let _ = lane.file("堤上有个洞", "船缆巷", json!({"category": "flood", "severity": "large"})).await;
    county.app.pass(8);
    assert!(was_told(county, admin, "breached").await);
    // 户事: to the 帮手 of the lane; nobody else may claim it, and it may be shown the way (指路).
    let private =
        lane.file("替我看一晚孩子", "碾子巷", json!({"category": "lantern", "affair": "private"})).await;
    lane.catch_up().await;
    let sent = clerk.get(&private).await.expect(200);
    assert_eq!(
        (&sent.json["lead"]["person"], sent.str("affair_name")),
        (&json!(county.app.id_of(helper).await), "户事")
    );
    assert_eq!(entry(clerk, &private, "dispatched").await["text"], "平台按规程派单：户事派给当地帮手。");
    assert_eq!(entry(resident, &private, "dispatched").await["text"], Value::Null);
    let _ = take(clerk, &private, "refer", json!({"to": "mutual_help", "text": "隔壁禾嫂可照看"})).await;
    assert_eq!(entry(resident, &private, "referred").await["label"], "指路");
    // 里事 are shown nobody the way, and a unit takes none before it was talked over at the table.
    let shared = lane.file("井绳磨断了", "碾子巷", json!({"category": "granary", "affair": "shared"})).await;
    act(clerk, &shared, "refer", json!({"to": "self_help", "text": "自己换"}))
        .await
        .refused(409, "ticket.not_referable");
    let _ = take(clerk, &shared, "dispatch", json!({"lead": {"unit": river}})).await;
    act(&handler, &shared, "accept", json!({})).await.refused(409, "ticket.not_discussed");
    let _ = take(clerk, &shared, "discuss", json!({"conclusion": "河工司出绳，巷里出工"})).await;
    assert_eq!(take(&handler, &shared, "accept", json!({})).await.str("status_name"), "行帖中");
    assert!(labels(resident, &shared).await.contains(&"围桌".to_owned()));
    lane.county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_call_is_heard_in_the_whole_town_and_units_come_to_the_clapper(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let lane = Lane::open(backend).await;
    let Lane { county, resident, helper, worker, clerk, town, admin, stranger, .. } = &lane;
    let next = person(county, "volunteer", county.place("井台巷"), "槐荫帮手").await;
    let member = person(county, "party_member", county.place("碾子巷"), "先行人").await;
    let far = person(county, "volunteer", county.place("船缆巷"), "渡口帮手").await;
    let call = order("灶房着火了", county.place("碾子巷头院"), json!({"call": true}));
    let called = path(&resident.post("/tickets", call).await.expect(201));
    for hears in [helper, worker, &next] {
        assert!(was_told(county, hears, "called").await);
    }
    for hears_nothing in [&member, &far] {
        assert_eq!(inbox::told(hears_nothing).await, [""; 0]);
    }
    act(&far, &called, "claim", json!({})).await.refused(404, "ticket.not_found");
    county.app.pass(1);
    let taken = take(&next, &called, "claim", json!({})).await;
    assert_eq!((taken.str("status_name"), &taken.json["answered_after_seconds"]), ("行帖中", &json!(60)));
    act(helper, &called, "claim", json!({})).await.refused(409, "ticket.already_accepted");
    // 敲梆: 45 minutes; the 里 alone opines, and that is 35 of a hundred.
    let rope = county.unit("县绳作", "institution").await;
    let maker = county.app.of_unit("department_handler", rope).await;
    let well = lane
        .file("井绳断了", "碾子巷", json!({"category": "granary", "severity": "large", "affair": "public"}))
        .await;
    let blow = json!({"units": [rope], "reason": "带绳来"});
    act(stranger, &well, "whistle", blow.clone()).await.refused(404, "ticket.not_found");
    let struck = take(clerk, &well, "whistle", blow).await;
    assert_eq!(struck.json["whistles"][0]["due_at"], "2026-11-21T01:46:00Z");
    assert!(was_told(county, &maker, "whistled").await);
    county.app.pass(45);
    let came = take(&maker, &well, "report-in", there()).await;
    assert_eq!(
        (&came.json["whistles"][0]["state"], &came.json["whistles"][0]["seconds"]),
        (&json!("in_time"), &json!(2_700))
    );
    let opinion = json!({"unit": rope, "score": 80, "text": "绳够长"});
    act(town, &well, "opinions", opinion.clone()).await.refused(409, "ticket.opinion_not_yours");
    let _ = take(clerk, &well, "opinions", opinion).await;
    lane.catch_up().await;
    let found = admin.get(&format!("/units/{rope}/appraisal")).await.expect(200);
    assert_eq!(
        (&found.json["score"], &found.json["contribution"], &found.json["weight_percent"]),
        (&json!(80.0), &json!(28.0), &json!(35))
    );
    assert_eq!(labels(clerk, &well).await[1..], ["敲梆", "应梆", "评梆"]);
    assert_eq!(labels(resident, &well).await[1..], ["敲梆", "应梆"]);
    // 递上: from the 里 to the county; there is no rung of the 乡.
    let up = take(clerk, &well, "escalate", json!({"reason": "要打新井"})).await;
    assert_eq!((up.str("desk"), up.json["rung"]["name"].as_str()), ("539901", Some("县堂会")));
    act(town, &well, "decide", json!({"text": "乡里打井", "back": true}))
        .await
        .refused(403, "permission.reach");
    let back = take(admin, &well, "decide", json!({"text": "县里打井", "back": true})).await;
    assert_eq!(
        (back.str("desk"), back.json["rung"]["name"].as_str()),
        (county.place("稻香里"), Some("里堂会"))
    );
    assert_eq!(entry(resident, &well, "decided").await["label"], "落槌");
    lane.county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_quarrel_has_one_day_in_the_lane_and_four_in_the_community(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let lane = Lane::open(backend).await;
    let Lane { county, resident, worker, clerk, town, .. } = &lane;
    let quarrel = lane.file("隔壁的鸡总啄我家的谷", "碾子巷头院", json!({"category": "quarrel"})).await;
    let _ =
        take(clerk, &quarrel, "dispatch", json!({"lead": {"person": county.app.id_of(worker).await}})).await;
    let _ = take(worker, &quarrel, "accept", json!({})).await;
    let parties = json!({"parties": [
        {"side": "first", "person": county.app.id_of(resident).await}, {"side": "second", "name": "隔壁禾二叔"}
    ]});
    let begun = act(worker, &quarrel, "mediation", parties).await.expect(201);
    let until: Vec<_> =
        begun.json["levels"].as_array().unwrap().iter().map(|level| level["until"].clone()).collect();
    assert_eq!(until, ["2026-11-22T01:00:00Z", "2026-11-26T01:00:00Z"]);
    let levels = begun.json["levels"].as_array().unwrap();
    let names: Vec<_> = levels.iter().map(|level| level["level_name"].as_str().unwrap()).collect();
    assert_eq!(names, ["院", "里"], "of the place that it is about, and above");
    let at = format!("/mediations/{}", begun.str("id"));
    assert_eq!(seen_by(&at, &[resident, worker, clerk]).await, ["200", "200", "matter.not_found"]);
    county.app.pass(DAY);
    lane.catch_up().await;
    assert_eq!(clerk.get(&at).await.expect(200).str("level"), "community");
    let up = act(clerk, &at, "hand-up", json!({"reason": "乡里有人"})).await;
    up.refused(409, "mediation.top_level");
    county.app.pass(4 * DAY);
    lane.catch_up().await;
    assert_eq!(resident.get(&at).await.expect(200).str("court"), "五日未和，可持帖到云禾县讼堂。");
    town.get(&at).await.refused(404, "matter.not_found");
    lane.county.app.stop().await;
}

/// The one duty of theirs with this key.
async fn owed(caller: &Caller, key: &str) -> Value {
    let list = caller.get(&format!("/duties?mine=true&key={key}")).await.expect(200);
    assert_eq!(list.items().len(), 1, "{key}: {}", list.text);
    list.items()[0].clone()
}

#[rstest]
#[tokio::test]
async fn lanterns_are_walked_twice_a_day_and_granaries_looked_into_on_the_fifteenth(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let lane = Lane::open(backend).await;
    let Lane { county, worker, clerk, admin, stranger, .. } = &lane;
    let keeper = person(county, "grid_leader", county.place("碾子巷"), "巷老").await;
    let keeper_id = county.app.id_of(&keeper).await;
    let granary = json!({"kind": "venue", "name": "稻香义仓", "place": county.place("碾子巷"),
        "position": {"lat": 30.0, "lng": 103.0, "datum": "wgs84"}});
    let _ = clerk.post("/points", granary).await.expect(201);
    let mut tie = json!({"kind": "responsible", "person": keeper_id, "place": county.place("稻香里")});
    tie["line"] = json!("granary");
    let _ = admin.post("/ties", tie).await.expect(201);
    lane.catch_up().await;
    let record = async |caller: &Caller, duty: &Value, body: Value| {
        caller.post(&format!("/duties/{}/record", duty["id"].as_str().unwrap()), body).await
    };
    let walk = owed(worker, "lantern").await;
    assert_eq!(
        (&walk["name"], &walk["place"]["name"], &walk["times"]),
        (&json!("巡灯"), &json!("碾子巷"), &json!(2))
    );
    for status in ["planned", "done"] {
        let photo = add(worker, county.place("碾子巷"), jpeg()).await.expect(201);
        let walked =
            record(worker, &walk, json!({"text": "灯都亮着", "photos": [photo.str("id")]})).await.expect(200);
        assert_eq!(walked.str("status"), status);
    }
    record(stranger, &walk, json!({"text": "我也走了"})).await.refused(404, "matter.not_found");
    // November's fifteenth is over; in December's they stand within thirty metres, with two photos.
    assert_eq!(count(&keeper, "/duties?mine=true&key=granary").await, 0);
    county.app.pass(24 * DAY);
    lane.catch_up().await;
    let keeper = person(county, "grid_leader", county.place("碾子巷"), "巷老").await;
    let look = owed(&keeper, "granary").await;
    assert_eq!((&look["period"], &look["from"]), (&json!("2026-12"), &json!("2026-12-14T16:00:00Z")));
    let mut photos = Vec::new();
    for _ in 0..2 {
        photos.push(add(&keeper, county.place("碾子巷"), jpeg()).await.expect(201).str("id").to_owned());
    }
    let seen = |lat: f64, photos: &[String]| {
        let position = json!({"lat": lat, "lng": 103.0, "datum": "wgs84"});
        json!({"text": "谷干、秤准", "photos": photos, "position": position})
    };
    record(&keeper, &look, seen(30.0, &photos[..1])).await.refused_for(422, "matter.range", "/photos");
    record(&keeper, &look, seen(30.001, &photos)).await.refused_for(422, "duty.too_far", "/position");
    assert_eq!(record(&keeper, &look, seen(30.000_2, &photos)).await.expect(200).str("status"), "done");
    lane.county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn members_hold_three_posts_and_courtyards_are_a_clans_or_a_hired_hands(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let lane = Lane::open(backend).await;
    let Lane { county, resident, clerk, stranger, .. } = &lane;
    let member = county.staff("party_member", "稻香里").await;
    let claim = json!({"services": ["挑水"]});
    let mut held = Vec::new();
    for name in ["挑水岗", "扫巷岗", "守夜岗", "说书岗"] {
        let services = ["挑水", "扫雪", "陪夜"];
        let post =
            json!({"place": county.place("稻香里"), "name": name, "purpose": "帮衬", "services": services});
        stranger.post("/posts", post.clone()).await.refused(403, "matter.beyond_scope");
        held.push(format!("/posts/{}/claim", clerk.post("/posts", post).await.expect(201).str("id")));
    }
    // One or two promises, three posts.
    let three = json!({"services": ["挑水", "扫雪", "陪夜"]});
    member.post(&held[0], three).await.refused_for(422, "matter.range", "/services");
    for post in &held[..3] {
        let _ = member.post(post, claim.clone()).await.expect(201);
    }
    member.post(&held[3], claim).await.refused(409, "post.too_many");
    // 屋宅: by the 院, as its mode has it.
    let put = async |caller: &Caller, place: &str, mode: &str, unit: Value| {
        let body = json!({"place": county.place(place), "mode": mode, "unit": unit, "reason": "族会议定"});
        caller.put_with("/estates", &[], body).await
    };
    let hired = county.unit("看院人陈家", "property_company").await;
    let clan = county.unit("碾子巷族会", "owners_committee").await;
    put(stranger, "石磨院", "hired", json!(hired)).await.refused(403, "matter.beyond_scope");
    put(clerk, "碾子巷", "hired", json!(hired)).await.refused_for(422, "matter.place", "/place");
    assert_eq!(put(clerk, "石磨院", "hired", json!(hired)).await.expect(201).str("mode_name"), "雇人照管");
    assert_eq!(put(clerk, "碾子巷头院", "clan", json!(clan)).await.expect(201).str("mode_name"), "族人共管");
    for (place, unit) in [("石磨院", hired), ("碾子巷头院", clan)] {
        let ticket = lane.file("瓦掉了", place, json!({"category": "house"})).await;
        lane.catch_up().await;
        assert_eq!(clerk.get(&ticket).await.expect(200).json["lead"]["unit"], json!(unit), "{place}");
        assert_eq!(
            entry(clerk, &ticket, "dispatched").await["text"],
            "平台按规程派单：类别“屋宅”派给所在院的管理方。"
        );
        assert_eq!(
            seen_by(&format!("{ticket}/estate"), &[resident, stranger]).await,
            ["200", "ticket.not_found"]
        );
    }
    lane.county.app.stop().await;
}
