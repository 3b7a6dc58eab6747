//! Real input: what residents really wrote goes through the whole loop and comes back as it was.

use crate::ticket::{Cast, path, solved};
use integration_tests::Backend;
use integration_tests::app::TestApp;
use rstest::rstest;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::path::PathBuf;

/// How many of them.
const MESSAGES: usize = 200;

#[derive(Deserialize)]
struct Message {
    detail: String,
}

#[derive(Deserialize)]
struct Place {
    code: String,
    level: String,
}

/// Where the real data is; it belongs to others and is not part of this repository.
fn data() -> Option<PathBuf> {
    let given = std::env::var_os("HUYING_TEST_DATA").map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let data = given.unwrap_or(beside);
    data.exists().then_some(data)
}

fn read<T: DeserializeOwned>(file: PathBuf) -> Vec<T> {
    csv::Reader::from_path(file).unwrap().into_deserialize().map(Result::unwrap).collect()
}

#[rstest]
#[tokio::test]
async fn real_messages_go_through_the_whole_loop(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let Some(data) = data() else {
        println!("没有真实诉求数据，本项测试未运行；请把 HUYING_TEST_DATA 指向数据目录");
        return;
    };
    let mut messages: Vec<Message> = read(data.join("messages/unlabelled.csv"));
    let mut places: Vec<Place> = read(data.join("places/seed_counties_flat.csv"));
    places.retain(|place| place.code.starts_with("532504") && place.level == "village");
    // The shortest, the longest and what lies between.
    messages.sort_by_key(|message| message.detail.chars().count());
    let last = messages.len() - 1;
    let app = TestApp::start(backend).await;
    let cast = Cast {
        clerk: app.staff("county_admin", "532504").await,
        worker: app.staff("grid_leader", "532504").await,
        ..Cast::of(&app).await
    };
    let cast = Cast { worker_id: app.id_of(&cast.worker).await, ..cast };
    for i in 0..MESSAGES {
        let content = &messages[i * last / (MESSAGES - 1)].detail;
        let place = &places[i % places.len()].code;
        let body = json!({"content": content, "place": {"code": place}});
        let filed = cast.resident.post("/tickets", body).await.expect(201);
        let ticket = path(&filed);
        let _ = cast.dispatch(&ticket).await.expect(200);
        let _ = cast.accept(&ticket).await.expect(200);
        let _ = cast.worker.post(&format!("{ticket}/resolve"), solved()).await.expect(200);
        let closed = cast.rate(&ticket, "satisfied").await.expect(200);
        assert_eq!((closed.str("content"), closed.str("status")), (content.as_str(), "closed"));
        assert_eq!(cast.resident.get(&ticket).await.json, closed.json);
    }
    let lengths = [&messages[0], &messages[last]].map(|message| message.detail.chars().count());
    println!("{MESSAGES} 条真实诉求走完全程，长 {} 至 {} 字", lengths[0], lengths[1]);
    app.stop().await;
}
