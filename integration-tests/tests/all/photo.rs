//! Photos: what is taken, what is left out, who sees them, and that they go with whoever added them.

use crate::playbook_edit::another_county;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, TestApp, UNIT};
use integration_tests::client::{Answer, send};
use integration_tests::database::number;
use integration_tests::{Backend, Caller};
use reqwest::Method;
use rstest::rstest;

/// Where the camera says that it was.
const SECRET: &[u8] = b"24.4119N 103.4149E";

fn part(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&[0xff, marker], &length[..], content].concat()
}

/// 640 × 480, with a note of where it was taken.
pub(crate) fn jpeg() -> Vec<u8> {
    let note = part(0xe1, &[b"Exif\0\0II*\0", SECRET].concat());
    let size = part(0xc0, &[8, 0x01, 0xe0, 0x02, 0x80, 3]);
    [&[0xff, 0xd8], &note[..], &size, &part(0xda, &[1, 2, 3]), &[1, 2, 3, 0xff, 0xd9]].concat()
}

pub(crate) async fn add(caller: &Caller, place: &str, file: Vec<u8>) -> Answer {
    let request = caller.request(Method::POST, &format!("/photos?place={place}"));
    send(request.header("content-type", "image/jpeg").body(file)).await
}

async fn bytes(caller: &Caller, id: &str) -> (u16, Vec<u8>) {
    let answer = caller.request(Method::GET, &format!("/photos/{id}")).send().await.unwrap();
    (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
}

fn holds(file: &[u8], part: &[u8]) -> bool {
    file.windows(part.len()).any(|window| window == part)
}

#[rstest]
#[tokio::test]
async fn l02_a_photo_keeps_the_picture_and_not_where_it_was_taken(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let worker = app.staff("grid_worker", COMMUNITY).await;
    let added = add(&worker, COMMUNITY, jpeg()).await.expect(201);
    assert_eq!((added.json["width"].as_u64(), added.json["height"].as_u64()), (Some(640), Some(480)));
    assert_eq!(added.str("media"), "image/jpeg");
    let id = added.str("id");
    let (status, kept) = bytes(&worker, id).await;
    assert_eq!((status, holds(&kept, SECRET), kept.starts_with(&[0xff, 0xd8])), (200, false, true));
    // Who works there sees it, and nobody else.
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    assert_eq!(bytes(&clerk, id).await, (200, kept.clone()));
    for other in [
        app.staff("community_clerk", NEIGHBOUR).await,
        app.staff("grid_worker", NEIGHBOUR).await,
        app.staff("volunteer", COMMUNITY).await,
    ] {
        other.get(&format!("/photos/{id}")).await.refused(404, "photo.not_found");
    }
    app.resident("王芳").await.get(&format!("/photos/{id}")).await.refused(403, "permission.role");
    // In the database it is sealed.
    let stored = number(&app.url, "SELECT CAST(length(bytes) AS bigint) FROM photo").await;
    // With the key's name, a nonce and a tag.
    assert_eq!(usize::try_from(stored).unwrap(), kept.len() + 16 + 12 + 16);
    // What is none is refused.
    add(&worker, COMMUNITY, b"<svg onload=alert(1)/>".to_vec()).await.refused(422, "photo.not_a_picture");
    add(&worker, COMMUNITY, vec![]).await.refused(422, "photo.not_a_picture");
    add(&worker, COMMUNITY, vec![0xff; 2 * 1024 * 1024 + 1]).await.refused(413, "request.too_large");
    add(&worker, "140226001001", jpeg()).await.refused_for(422, "place.unknown", "?place");
    add(&app.resident("王芳").await, COMMUNITY, jpeg()).await.refused(403, "permission.role");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn l02_photos_a_day_are_counted_and_go_with_whoever_added_them(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let worker = app.staff("grid_worker", COMMUNITY).await;
    for _ in 0..100 {
        let _ = add(&worker, COMMUNITY, jpeg()).await.expect(201);
    }
    add(&worker, COMMUNITY, jpeg()).await.refused(409, "photo.too_many");
    app.pass(24 * 60);
    let last = add(&worker, COMMUNITY, jpeg()).await.expect(201);
    let id = app.id_of(&worker).await;
    let admin = app.staff("county_admin", "532504").await;
    let reason = serde_json::json!({"reason": "本人申请"});
    let _ = admin.post(&format!("/users/{id}/leave"), reason.clone()).await.expect(200);
    let _ = admin.post(&format!("/users/{id}/erase"), reason).await.expect(200);
    assert_eq!(number(&app.url, "SELECT COUNT(*) FROM photo").await, 0);
    admin.get(&format!("/photos/{}", last.str("id"))).await.refused(404, "photo.not_found");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn l02_who_works_for_a_unit_adds_photos_in_its_county(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    another_county(&app).await;
    let handler = app.of_unit("department_handler", UNIT).await;
    let _ = add(&handler, COMMUNITY, jpeg()).await.expect(201);
    add(&handler, "140226100013", jpeg()).await.refused(403, "photo.beyond_scope");
    app.stop().await;
}
