//! Signs: the QR code of a place, and the page that it opens.

use crate::point::{COUNTY, place_id};
use integration_tests::Backend;
use integration_tests::app::{COMMUNITY, TestApp};
use rstest::rstest;
use serde_json::json;

const OTHER_STREET: &str = "532504002";

/// What the squares of a picture say to whoever reads them.
fn read(svg: &str) -> String {
    let (_, path) = svg.split_once(" d=\"").unwrap();
    let (path, _) = path.split_once('"').unwrap();
    let side: usize = svg.split_once("viewBox=\"0 0 ").unwrap().1.split(' ').next().unwrap().parse().unwrap();
    let mut dark = vec![false; side * side];
    for run in path.split('z').filter(|run| !run.is_empty()) {
        let (x, rest) = run.trim_start_matches('M').split_once(' ').unwrap();
        let (y, rest) = rest.split_once('h').unwrap();
        let long: usize = rest.split('v').next().unwrap().parse().unwrap();
        let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
        dark[y * side + x..][..long].fill(true);
    }
    const PIXELS: usize = 6;
    let shade = |x: usize, y: usize| if dark[y / PIXELS * side + x / PIXELS] { 0 } else { 255 };
    let mut seen = rqrr::PreparedImage::prepare_from_greyscale(side * PIXELS, side * PIXELS, shade);
    let grids = seen.detect_grids();
    assert_eq!(grids.len(), 1);
    grids[0].decode().unwrap().1
}

#[rstest]
#[tokio::test]
async fn m01_a_place_has_a_code_to_be_scanned(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with(backend, |config| {
        config.link_prefix = Some("https://mile.example.cn/huying/p/".to_owned());
    })
    .await;
    let admin = app.staff("county_admin", COUNTY).await;
    let resident = app.resident("王芳").await;
    let community = place_id(&admin, COMMUNITY).await;
    let sign = format!("/places/{community}/qr");
    let plain = resident.get(&sign).await.expect(200);
    assert_eq!(plain.header("content-type"), "image/svg+xml");
    assert_eq!(read(&plain.text), format!("https://mile.example.cn/huying/p/{COMMUNITY}"));
    assert!(!plain.text.contains("<text"));
    let labelled = resident.get(&format!("{sign}?label=true")).await.expect(200);
    assert!(
        labelled.text.contains(">温泉社区</text>") && labelled.text.contains(&format!(">{COMMUNITY}</text>"))
    );
    resident.get(&format!("{sign}?size=9")).await.refused_for(400, "request.unknown_field", "?size");
    resident.get("/places/01990000-0000-7000-8000-00000000ffff/qr").await.refused(404, "place.not_found");
    app.anyone().get(&sign).await.refused(401, "auth.token_missing");
    let moved = json!({"parent": OTHER_STREET, "reason": "区划调整"});
    let now =
        admin.post(&format!("/places/{community}/move"), moved).await.expect(200).str("code").to_owned();
    assert!(read(&resident.get(&sign).await.expect(200).text).ends_with(&now));
    // Whoever has no mini-program sees a page, and an old sign on a wall is good for ever.
    for code in [COMMUNITY, now.as_str()] {
        let page = app.anyone().get(&format!("//p/{code}")).await.expect(200);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert!(page.text.contains("<h1>温泉社区</h1>") && page.text.contains(&now), "{}", page.text);
    }
    for code in ["532504001999", "x", "%3Cscript%3E", "532504001007' --"] {
        let page = app.anyone().get(&format!("//p/{code}")).await.expect(404);
        assert!(page.text.contains("没有这个地点") && !page.text.contains("script"), "{}", page.text);
    }
    // Names are no markup.
    let named = json!({"name": "<b>&温泉", "reason": "试试"});
    let _ = admin.post(&format!("/places/{community}/rename"), named).await.expect(200);
    let page = app.anyone().get(&format!("//p/{now}")).await.expect(200);
    assert!(page.text.contains("<h1>&lt;b&gt;&amp;温泉</h1>"), "{}", page.text);
    assert!(
        resident.get(&format!("{sign}?label=true")).await.expect(200).text.contains("&lt;b&gt;&amp;温泉")
    );
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_code_without_a_prefix_opens_this_server(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let sign = format!("/places/{}/qr", place_id(&admin, COMMUNITY).await);
    let link = read(&admin.get(&sign).await.expect(200).text);
    assert_eq!(link, format!("{}/p/{COMMUNITY}", app.app.url()));
    let request = admin.request(reqwest::Method::GET, &sign).header("host", "example.cn/<script>");
    integration_tests::client::send(request).await.refused(400, "request.header");
    app.stop().await;
}
