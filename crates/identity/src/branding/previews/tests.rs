//! Trying a look out, on both databases.

use std::time::Duration;

use http::Method;
use kernel::Secret;
use serde_json::{Value as Json, json};

use crate::{
    branding::{Brand, Kind, Place, preview, preview_file, samples, sweep},
    testing::{Person, Reply, TestCore},
};

crate::testing::on_both_databases! {
    a_preview_is_seen_by_its_link_alone_and_for_an_hour;
    a_tenant_has_ten_at_most;
    an_image_is_tried_out;
    pages_are_tried_out_without_an_image;
    what_would_not_be_saved_is_not_tried_out;
}

const PATH: &str = "/api/v1/admin/branding";

async fn post(node: &TestCore, by: &Person, body: &Json) -> Reply {
    node.post(&format!("{PATH}/previews"), body).bearer(&by.token).send().await
}

async fn put_image(node: &TestCore, by: &Person, made: &Json, place: &str, image: Vec<u8>) -> Reply {
    let path = format!("{PATH}/previews/{}/images/{place}", made["id"].as_str().expect("an id"));
    node.call(Method::PUT, &path).raw(image).bearer(&by.token).send().await
}

async fn delete_image(node: &TestCore, by: &Person, made: &Json, place: &str) -> Reply {
    let path = format!("{PATH}/previews/{}/images/{place}", made["id"].as_str().expect("an id"));
    node.call(Method::DELETE, &path).bearer(&by.token).send().await
}

/// The token of a preview's address.
fn token(made: &Json) -> Secret {
    let url = made["url"].as_str().expect("an address");
    let rest = url.strip_suffix("/login").expect("the sign-in page");
    Secret::new(rest.rsplit_once("/ui/preview/").expect("a preview").1.to_owned())
}

async fn look(node: &TestCore, made: &Json) -> Option<Brand> {
    preview(&node.core, node.tenant().id, &token(made)).await.expect("asked")
}

async fn a_preview_is_seen_by_its_link_alone_and_for_an_hour(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    let acme = node.new_tenant("acme").await;
    let live = json!({"product_name": "Live", "css": "a{}"});
    node.call(Method::PUT, PATH).json(&live).bearer(&boss.token).send().await.expect(200);
    let before = node.core.feed.position();
    let made = post(&node, &boss, &json!({"product_name": " Tried ", "scheme": "dark"})).await.expect(201);
    let seen = look(&node, &made).await.expect("a look").branding;
    assert_eq!(seen.product_name.as_deref(), Some("Tried"));
    assert_eq!(seen.css.as_deref(), Some("a{}"), "what is absent stays");
    let now = node.get(PATH).bearer(&boss.token).send().await.expect(200);
    assert_eq!((&now["product_name"], node.core.feed.position()), (&json!("Live"), before), "nothing is in force");
    let other = node.another_node().await;
    assert!(look(&other, &made).await.is_some(), "every node shows it");

    let theirs = preview(&node.core, acme.id, &token(&made)).await.expect("asked");
    assert_eq!(theirs, None, "another tenant");
    for wrong in [String::new(), "x".into(), token(&made).expose().replace("ppv_", "ppt_"), {
        let mut other = token(&made).expose().clone();
        let last = if other.pop() == Some('A') { 'B' } else { 'A' };
        other + &last.to_string()
    }] {
        assert_eq!(preview(&node.core, node.tenant().id, &Secret::new(wrong)).await.expect("asked"), None);
    }
    assert_eq!(node.audited(node.tenant().id, "branding.previewed").await, 1);
    node.clock.advance(Duration::from_secs(3_599));
    assert!(look(&node, &made).await.is_some());
    assert_eq!(sweep(&node.core).await.expect("swept"), 0);
    node.clock.advance(Duration::from_secs(1));
    assert_eq!(look(&node, &made).await, None);
    assert_eq!(sweep(&node.core).await.expect("swept"), 1);
}

async fn a_tenant_has_ten_at_most(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    let mut all = Vec::new();
    for i in 0..11 {
        node.clock.advance(Duration::from_secs(1));
        all.push(post(&node, &boss, &json!({"product_name": format!("Look {i}")})).await.expect(201));
    }
    put_image(&node, &boss, &all[1], "logo", samples::png()).await.expect(204);
    assert_eq!(look(&node, &all[0]).await, None);
    assert!(look(&node, &all[1]).await.is_some());
    // Many at once are ten, too.
    node.clock.advance(Duration::from_secs(1));
    let change = json!({"product_name": "Many"});
    let many = futures_util::future::join_all((0..20).map(|_| post(&node, &boss, &change))).await;
    let mut seen = 0;
    for made in &many {
        seen += usize::from(look(&node, &made.json).await.is_some());
    }
    assert_eq!((seen, look(&node, &all[10]).await), (10, None));
}

async fn an_image_is_tried_out(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    let put = |place: &'static str, image: Vec<u8>| {
        let path = format!("{PATH}/images/{place}");
        let (node, boss) = (&node, &boss);
        async move { node.call(Method::PUT, &path).raw(image).bearer(&boss.token).send().await.expect(200) }
    };
    put("logo", samples::png()).await;
    put("favicon", samples::png()).await;
    let made = post(&node, &boss, &json!({})).await.expect(201);
    put_image(&node, &boss, &made, "logo", samples::webp()).await.expect(204);
    put_image(&node, &boss, &made, "logo", samples::jpeg()).await.expect(204);
    let images = look(&node, &made).await.expect("a look").images;
    let kinds = |images: &std::collections::BTreeMap<Place, crate::branding::Image>| {
        images.iter().map(|(place, image)| (*place, image.kind)).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&images), [(Place::Logo, Kind::Jpeg), (Place::Favicon, Kind::Png)]);
    let live = node.core.brandings.of(node.tenant().id);
    assert_eq!(kinds(&live.images), [(Place::Logo, Kind::Png), (Place::Favicon, Kind::Png)]);
    let file = async |place: Place, image: &crate::branding::Image| {
        let (core, tenant, token) = (&node.core, node.tenant().id, token(&made));
        preview_file(core, tenant, &token, place, image.kind, image.hash.to_string()).await.expect("read")
    };
    assert_eq!(file(Place::Logo, &images[&Place::Logo]).await, Some(samples::jpeg()));
    assert_eq!(file(Place::Favicon, &images[&Place::Favicon]).await, Some(samples::png()), "the live one");
    put_image(&node, &boss, &made, "logo", b"GIF89a".to_vec()).await.expect_problem(415, "branding.not_an_image");
    let huge = put_image(&node, &boss, &made, "logo", samples::png_of(9_999, 1)).await;
    huge.expect_problem(400, "request.invalid");
    put_image(&node, &boss, &json!({"id": node.tenant().id}), "logo", samples::png())
        .await
        .expect_problem(404, "not_found");
    let acme = node.new_tenant("acme").await;
    let other = node.person_of(&acme, "boss@acme.example", &["admin"]).await;
    put_image(&node, &other, &made, "logo", samples::png()).await.expect_problem(404, "not_found");
    node.clock.advance(Duration::from_secs(3_600));
    let boss = Person { token: node.login(&boss).await, ..boss };
    put_image(&node, &boss, &made, "logo", samples::png()).await.expect_problem(404, "not_found");
    assert_eq!(sweep(&node.core).await.expect("swept"), 1, "images go with it");
}

async fn pages_are_tried_out_without_an_image(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    for place in ["logo", "favicon"] {
        let path = format!("{PATH}/images/{place}");
        node.call(Method::PUT, &path).raw(samples::png()).bearer(&boss.token).send().await.expect(200);
    }
    let shown = async |made: &Json| {
        let images = look(&node, made).await.expect("a look").images;
        images.into_iter().map(|(place, image)| (place, image.kind)).collect::<Vec<_>>()
    };
    let (made, other) = (post(&node, &boss, &json!({})).await.expect(201), post(&node, &boss, &json!({})).await);
    delete_image(&node, &boss, &made, "logo").await.expect(204);
    delete_image(&node, &boss, &made, "logo").await.expect(204);
    delete_image(&node, &boss, &made, "logo_dark").await.expect(204);
    assert_eq!(shown(&made).await, [(Place::Favicon, Kind::Png)]);
    let both = [(Place::Logo, Kind::Png), (Place::Favicon, Kind::Png)];
    assert_eq!(shown(&other.expect(201)).await, both, "another preview");
    assert_eq!(node.core.brandings.of(node.tenant().id).images.len(), 2, "nothing is in force");
    delete_image(&node, &boss, &made, "favicon").await.expect(204);
    assert_eq!(shown(&made).await, []);
    put_image(&node, &boss, &made, "logo", samples::jpeg()).await.expect(204);
    assert_eq!(shown(&made).await, [(Place::Logo, Kind::Jpeg)], "put there again");
    delete_image(&node, &boss, &made, "logo").await.expect(204);
    assert_eq!(shown(&made).await, [], "what was put there is taken away, too");
    assert_eq!(node.audited(node.tenant().id, "branding.previewed").await, 8);

    delete_image(&node, &boss, &made, "nowhere").await.expect_problem(404, "not_found");
    delete_image(&node, &boss, &json!({"id": node.tenant().id}), "logo").await.expect_problem(404, "not_found");
    let acme = node.new_tenant("acme").await;
    let theirs = node.person_of(&acme, "boss@acme.example", &["admin"]).await;
    delete_image(&node, &theirs, &made, "logo").await.expect_problem(404, "not_found");
    let ada = node.person("ada@example.com", &["user"]).await;
    delete_image(&node, &ada, &made, "logo").await.expect_problem(403, "permission.denied");
    node.clock.advance(Duration::from_secs(3_600));
    let boss = Person { token: node.login(&boss).await, ..boss };
    delete_image(&node, &boss, &made, "logo").await.expect_problem(404, "not_found");
    assert_eq!(sweep(&node.core).await.expect("swept"), 2);
}

async fn what_would_not_be_saved_is_not_tried_out(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    let ada = node.person("ada@example.com", &["user"]).await;
    for wrong in [
        json!({"css": "@import 'x';"}),
        json!({"colors": {"light": {"accent": "#9cc9f0"}}, "texts": {"en": {"a": "x".repeat(1_001)}}}),
        json!({"links": {"terms": "javascript:alert(1)"}, "frame_ancestors": ["*"]}),
        json!({"colour": {}}),
    ] {
        let saved = node.call(Method::PATCH, PATH).json(&wrong).bearer(&boss.token).send().await.expect(400);
        let tried = post(&node, &boss, &wrong).await.expect(400);
        assert_eq!((&tried["code"], &tried["errors"]), (&saved["code"], &saved["errors"]));
    }
    post(&node, &ada, &json!({})).await.expect_problem(403, "permission.denied");
    assert_eq!(node.audited(node.tenant().id, "branding.previewed").await, 0);
}
