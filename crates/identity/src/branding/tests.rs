//! How pages look, on both databases.

use bytes::Bytes;
use http::Method;
use serde_json::{Value as Json, json};

use super::{Branding, Palette, Place, ROLES, Wording, model::MAX_BODY, palette, samples};
use crate::{
    http::Fields,
    testing::{Person, Reply, TestCore},
};

crate::testing::on_both_databases! {
    a_look_is_put_changed_and_taken_back_on_every_node;
    nobody_overwrites_what_they_have_not_seen;
    of_many_at_once_one_wins;
    images_are_stored_by_what_they_are;
    a_tenant_sees_its_own_look;
    a_look_at_all_of_its_limits_is_taken;
}

const PATH: &str = "/api/v1/admin/branding";

async fn send(node: &TestCore, method: Method, by: &Person, body: &Json) -> Reply {
    node.call(method, PATH).json(body).bearer(&by.token).send().await
}

async fn image(node: &TestCore, method: Method, by: &Person, place: &str, bytes: impl Into<Bytes>) -> Reply {
    node.call(method, &format!("{PATH}/images/{place}")).raw(bytes.into()).bearer(&by.token).send().await
}

fn product(node: &TestCore) -> Option<String> {
    node.core.brandings.of(node.tenant().id).branding.product_name.clone()
}

async fn a_look_is_put_changed_and_taken_back_on_every_node(node: TestCore) {
    let (boss, other) = (node.person("boss@example.com", &["admin"]).await, node.another_node().await);
    let nothing = json!({"scheme": "auto", "colors": {"light": {}, "dark": {}}, "texts": {}, "links": {},
        "frame_ancestors": []});
    assert_eq!(node.get(PATH).bearer(&boss.token).send().await.expect(200), nothing);
    let look = json!({
        "product_name": " Acme ID ",
        "colors": {"light": {"accent": "#7A1F5C"}},
        "css": ".card { border-radius: 0 }",
        "texts": {"de": {"greeting": "Moin"}},
        "links": {"terms": "https://acme.example/terms"},
        "frame_ancestors": ["https://app.acme.example"],
    });
    let put = send(&node, Method::PUT, &boss, &look).await.expect(200);
    assert_eq!((&put["product_name"], &put["colors"]["light"]["accent"]), (&json!("Acme ID"), &json!("#7a1f5c")));
    let position = node.core.feed.position();
    other.core.settle(position).await.expect("the other node follows");
    let restarted = node.another_node().await;
    for node in [&node, &other, &restarted] {
        assert_eq!(product(node).as_deref(), Some("Acme ID"));
    }
    assert_eq!(send(&node, Method::PUT, &boss, &put).await.expect(200), put, "what was read can be written");
    assert_eq!(node.core.feed.position(), position, "and then nothing changes");
    // Mails say the name, too.
    node.mails().await;
    let ada = json!({"email": "ada@example.com", "password": crate::testing::PASSWORD});
    node.post("/api/v1/auth/register", &ada).send().await.expect(201);
    assert!(node.mails().await[0].text.contains("Acme ID"));

    let change = json!({"product_name": null, "colors": {"light": {"accent": null, "ink": "#000"}}, "scheme": "light"});
    let changed = send(&node, Method::PATCH, &boss, &change).await.expect(200);
    assert_eq!(changed["colors"], json!({"light": {"ink": "#000000"}, "dark": {}}));
    assert_eq!((&changed["product_name"], &changed["css"]), (&Json::Null, &look["css"]));
    image(&node, Method::PUT, &boss, "logo", samples::png()).await.expect(200);
    node.call(Method::DELETE, PATH).bearer(&boss.token).send().await.expect(204);
    assert_eq!(node.get(PATH).bearer(&boss.token).send().await.expect(200), nothing);
    assert!(node.core.brandings.of(node.tenant().id).images.is_empty());
    node.call(Method::DELETE, PATH).bearer(&boss.token).send().await.expect(204);
    let tenant = node.tenant().id;
    assert_eq!((node.audited(tenant, "branding.changed").await, node.audited(tenant, "branding.reset").await), (2, 1));
}

async fn nobody_overwrites_what_they_have_not_seen(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    let tagged = |reply: &Reply| reply.headers["etag"].to_str().expect("text").to_owned();
    let put = |name: &str, header: &'static str, tag: &str| {
        let call = node.call(Method::PUT, PATH).json(&json!({"product_name": name})).header(header, tag);
        call.bearer(&boss.token).send()
    };
    assert_eq!(tagged(&node.get(PATH).bearer(&boss.token).send().await), "\"0\"");
    assert_eq!(tagged(&put("One", "if-none-match", "*").await), "\"1\"");
    put("Two", "if-none-match", "*").await.expect_problem(412, "branding.changed");
    assert_eq!(tagged(&put("Two", "if-match", "\"1\"").await), "\"2\"");
    put("Three", "if-match", "\"1\"").await.expect_problem(412, "branding.changed");
    let delete = |tag: &'static str| node.call(Method::DELETE, PATH).header("if-match", tag).bearer(&boss.token).send();
    delete("\"1\"").await.expect_problem(412, "branding.changed");
    delete("\"2\"").await.expect(204);
    put("Old", "if-match", "\"2\"").await.expect_problem(412, "branding.changed");
    assert_eq!(product(&node), None);
}

async fn of_many_at_once_one_wins(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    send(&node, Method::PUT, &boss, &json!({"product_name": "First"})).await.expect(200);
    let calls = (0..50).map(|i| {
        let body = json!({"product_name": format!("Name {i}")});
        node.call(Method::PUT, PATH).json(&body).header("if-match", "\"1\"").bearer(&boss.token).send()
    });
    let replies = futures_util::future::join_all(calls).await;
    let won: Vec<&Reply> = replies.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!(won.len(), 1);
    assert!(replies.iter().filter(|reply| reply.status != 200).all(|reply| reply.code() == "branding.changed"));
    assert_eq!(product(&node).as_deref(), won[0].json["product_name"].as_str());
}

async fn images_are_stored_by_what_they_are(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    let put = image(&node, Method::PUT, &boss, "logo", samples::png()).await.expect(200);
    assert_eq!((&put["type"], &put["bytes"]), (&json!("image/png"), &json!(samples::png().len())));
    let shown = |node: &TestCore| node.core.brandings.of(node.tenant().id).images.get(&Place::Logo).cloned();
    let known = shown(&node).expect("an image");
    assert_eq!(put["path"], format!("/ui/branding/logo-{}.png", known.hash));
    let bytes = super::file(&node.core, node.tenant().id, Place::Logo, known.kind, known.hash.to_string()).await;
    assert_eq!(bytes.expect("read"), Some(samples::png()));
    image(&node, Method::PUT, &boss, "logo", &b"GIF89a"[..]).await.expect_problem(415, "branding.not_an_image");
    image(&node, Method::PUT, &boss, "logo", samples::ico()).await.expect_problem(415, "branding.not_an_image");
    let huge = image(&node, Method::PUT, &boss, "logo", samples::png_of(2_049, 1)).await;
    assert_eq!(huge.expect_problem(400, "request.invalid")["errors"][0]["field"], "width");
    image(&node, Method::PUT, &boss, "favicon", samples::ico()).await.expect(200);
    image(&node, Method::PUT, &boss, "nowhere", samples::png()).await.expect_problem(404, "not_found");
    static LARGE: [u8; 64 * 1024 + 1] = [0; 64 * 1024 + 1];
    image(&node, Method::PUT, &boss, "favicon", &LARGE[..]).await.expect_problem(413, "request.too_large");
    let list = node.get(&format!("{PATH}/images")).bearer(&boss.token).send().await.expect(200);
    assert_eq!((list["items"].as_array().expect("a list").len(), &list["items"][1]), (2, &put));
    image(&node, Method::PUT, &boss, "logo", samples::jpeg()).await.expect(200);
    let gone = super::file(&node.core, node.tenant().id, Place::Logo, known.kind, known.hash.to_string()).await;
    assert_eq!(gone.expect("read"), None, "another one is there");
    image(&node, Method::DELETE, &boss, "logo", "").await.expect(204);
    image(&node, Method::DELETE, &boss, "logo", "").await.expect(204);
    assert_eq!((shown(&node), node.audited(node.tenant().id, "branding.image_removed").await), (None, 1));
}

async fn a_tenant_sees_its_own_look(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    let acme = node.new_tenant("acme").await;
    let other = node.person_of(&acme, "boss@acme.example", &["admin"]).await;
    send(&node, Method::PUT, &boss, &json!({"product_name": "Ours"})).await.expect(200);
    image(&node, Method::PUT, &boss, "logo", samples::png()).await.expect(200);
    assert_eq!(node.get(PATH).bearer(&other.token).send().await.expect(200)["product_name"], Json::Null);
    let list = node.get(&format!("{PATH}/images")).bearer(&other.token).send().await.expect(200);
    assert_eq!(list["items"], json!([]));
    let hash = node.core.brandings.of(node.tenant().id).images[&Place::Logo].hash.to_string();
    let theirs = super::file(&node.core, acme.id, Place::Logo, super::Kind::Png, hash).await;
    assert_eq!(theirs.expect("read"), None);
    let ada = node.person("ada@example.com", &["user"]).await;
    node.get(PATH).bearer(&ada.token).send().await.expect_problem(403, "permission.denied");
}

/// A document as large as it may be.
fn largest() -> Json {
    let text = "x".repeat(1_000);
    let mut texts: serde_json::Map<String, Json> =
        (0..48).map(|i| (format!("greeting-{i:02}"), text.clone().into())).collect();
    // Each has 11 bytes of key.
    texts.insert("greeting".into(), "x".repeat(48 * 1024 - 48 * 1_011 - "greeting".len()).into());
    let page = |name: &str| format!("https://acme.example/{name:/<479}");
    let origin = |i: usize| format!("https://a{i:02}{}.example", ".abcdefghi".repeat(48));
    json!({
        "product_name": "\u{1f5dd}".repeat(60),
        "scheme": "light",
        "colors": {"light": {"accent": "#7a1f5c"}},
        "css": format!("{:<width$}", "a{}", width = 32 * 1024),
        "texts": {"en": texts},
        "links": {"terms": page("terms"), "privacy": page("privacy"), "support": page("support")},
        "frame_ancestors": (0..20).map(origin).collect::<Vec<_>>(),
    })
}

/// JSON with every sign within texts escaped.
fn escaped(json: &Json) -> String {
    let (text, mut within) = (json.to_string(), false);
    let each = text.encode_utf16().map(|unit| match (unit, within) {
        (0x22, _) => {
            within = !within;
            "\"".to_owned()
        }
        (_, true) => format!("\\u{unit:04x}"),
        (_, false) => char::from_u32(unit.into()).expect("punctuation").to_string(),
    });
    each.collect()
}

async fn a_look_at_all_of_its_limits_is_taken(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    let send = async |method: Method, path: &str, body: String| {
        node.call(method, path).raw(body).bearer(&boss.token).send().await
    };
    let (look, previews) = (largest(), format!("{PATH}/previews"));
    let body = escaped(&look);
    let put = send(Method::PUT, PATH, body.clone()).await.expect(200);
    assert_eq!((&put["css"], &put["texts"]), (&look["css"], &look["texts"]));
    send(Method::PATCH, PATH, body.clone()).await.expect(200);
    send(Method::POST, &previews, body.clone()).await.expect(201);
    // One more of anything is told as what it is.
    for (field, code, most) in [("css", "css", 32 * 1024), ("product_name", "too_long", 60)] {
        let more = json!({field: "a".repeat(most + 1)});
        let refused = send(Method::PATCH, PATH, escaped(&more)).await.expect_problem(400, "request.invalid");
        assert_eq!(refused["errors"][0]["code"], code, "{refused}");
    }
    let mut more = look;
    more["texts"]["en"]["greeting"] = format!("{}x", more["texts"]["en"]["greeting"].as_str().expect("text")).into();
    let refused = send(Method::PUT, PATH, escaped(&more)).await.expect_problem(400, "request.invalid");
    assert_eq!(refused["errors"][0]["field"], "/texts");
    // The body has a bound of its own, and other calls keep theirs.
    let padded = |text: &str, most: usize| text.to_owned() + &" ".repeat(most - text.len());
    send(Method::PUT, PATH, padded(&body, MAX_BODY)).await.expect(200);
    for (method, path) in [(Method::PUT, PATH), (Method::PATCH, PATH), (Method::POST, &*previews)] {
        let refused = send(method, path, padded(&body, MAX_BODY + 1)).await.expect_problem(413, "request.too_large");
        assert_eq!(refused["detail"], "The body may have 672 KiB at most.");
    }
    let refused = send(Method::PATCH, "/api/v1/admin/settings", padded("{}", 64 * 1024 + 1)).await;
    assert_eq!(refused.expect_problem(413, "request.too_large")["detail"], "The body may have 64 KiB at most.");
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_where_it_is() {
    let node = TestCore::start().await;
    let boss = node.person("boss@example.com", &["admin"]).await;
    let wrong = json!({
        "product_name": "x".repeat(61),
        "colors": {"light": {"accent": "#9cc9f0", "line": "red"}, "dark": {"surface": "#ffffff"}},
        "css": "a {}\n@import 'x';",
        "texts": {"en": {"a/b": "x", "greeting": "x".repeat(1_001)}, "de": {"greeting": "\u{0}"}},
        "links": {"terms": "http://acme.example/", "privacy": "javascript:alert(1)", "support": "https://u:p@acme.example"},
        "frame_ancestors": ["https://app.acme.example/x", "*", "https://*.acme.example", "http://acme.example",
            "https://a;b.example", "https://a.example/", "https://192.0.2.1"],
    });
    let refused = send(&node, Method::PUT, &boss, &wrong).await.expect_problem(400, "request.invalid");
    let errors = refused["errors"].as_array().expect("errors");
    let mut told: Vec<(&str, &str)> =
        errors.iter().map(|e| (e["field"].as_str().expect("a field"), e["code"].as_str().expect("a code"))).collect();
    told.sort_unstable();
    told.dedup();
    assert_eq!(
        told,
        [
            ("/colors/dark/surface", "contrast"),
            ("/colors/light/accent", "contrast"),
            ("/colors/light/line", "format"),
            ("/css", "css"),
            ("/frame_ancestors/0", "format"),
            ("/frame_ancestors/1", "format"),
            ("/frame_ancestors/2", "format"),
            ("/frame_ancestors/3", "format"),
            ("/frame_ancestors/4", "format"),
            ("/frame_ancestors/5", "format"),
            ("/frame_ancestors/6", "format"),
            ("/links/privacy", "format"),
            ("/links/support", "format"),
            ("/links/terms", "format"),
            ("/product_name", "too_long"),
            ("/texts/de/greeting", "format"),
            ("/texts/en/a~1b", "text"),
            ("/texts/en/greeting", "too_long"),
        ]
    );
    let ratio = errors.iter().find(|e| e["field"] == "/colors/light/accent").expect("the accent");
    assert!(ratio["message"].as_str().expect("text").contains(" 1.47:1"), "{ratio}");
    for wrong in [json!({"colour": {}}), json!({"texts": {"pl": {}}}), json!({"colors": {"light": {"pink": "#fff"}}})] {
        send(&node, Method::PUT, &boss, &wrong).await.expect_problem(400, "request.malformed");
        send(&node, Method::PATCH, &boss, &wrong).await.expect_problem(400, "request.malformed");
    }
    let much: serde_json::Map<String, Json> = (0..50).map(|i| (format!("k{i}"), "x".repeat(1_000).into())).collect();
    let refused = send(&node, Method::PUT, &boss, &json!({"texts": {"en": much}})).await;
    assert_eq!(refused.expect_problem(400, "request.invalid")["errors"][0]["field"], "/texts");
}

/// What the check says about colours.
fn contrast(branding: Json) -> Result<(), kernel::Problem> {
    let branding: Branding = serde_json::from_value(branding).expect("a branding");
    let mut fields = Fields::new();
    palette::check(branding.scheme, &branding.colors, &mut fields);
    fields.check()
}

#[test]
fn the_default_colours_can_be_read() {
    // Every colour chosen as it is anyway, so that every pair is looked at.
    let of = |column: usize| -> Json { ROLES.iter().map(|(role, by)| (*role, by[column].to_string())).collect() };
    assert_eq!(contrast(json!({"colors": {"light": of(0), "dark": of(1)}})).map_err(|p| p.errors), Ok(()));
}

#[test]
fn what_cannot_be_seen_is_not_judged() {
    let pale = json!({"colors": {"light": {"accent": "#ffee00"}}});
    assert!(contrast(pale.clone()).is_err());
    assert!(contrast(json!({"scheme": "dark", "colors": pale["colors"]})).is_ok());
}

#[test]
fn what_stands_on_the_accent_follows_it() {
    let of = |accent: &str| {
        let branding = json!({"colors": {"dark": {"accent": accent}}});
        let branding: Branding = serde_json::from_value(branding).expect("a branding");
        Palette::dark(&branding.colors).get("on_accent").to_string()
    };
    assert_eq!((of("#ffee00"), of("#7a1f5c")), ("#000000".to_owned(), "#ffffff".to_owned()));
}

#[test]
fn the_port_is_what_decides_about_texts() {
    struct Refuses;
    impl Wording for Refuses {
        fn judge(&self, _: &str, _: &str) -> Result<(), String> {
            Err("no".into())
        }
    }
    let branding: Branding = serde_json::from_value(json!({"texts": {"en": {"x": "y"}}})).expect("a branding");
    assert_eq!(branding.judge(&Refuses).expect_err("refused").errors[0].field, "/texts/en/x");
}
