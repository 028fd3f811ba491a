//! What people log in with, through the whole gate: recognised, named, removed; and never told to upstreams.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Answer, Backend, PASSWORD, TestApp};

const NAME: &str = "__Host-portcullis_device";
const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1";
const ROUTE: &str = "[[routes]]\nname = \"echo\"\nmatch = { path = \"/echo\" }\nupstream = \"echo\"\nauth = \"none\"\n";

/// The device's cookie, as the browser sends it back.
fn cookie(answer: &Answer) -> String {
    let all = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().expect("text"));
    let ours = all.filter(|text| text.starts_with(NAME)).collect::<Vec<_>>();
    assert_eq!(ours.len(), 1, "{ours:?}");
    ours[0].split(';').next().expect("a pair").to_owned()
}

async fn a_phone_is_known_until_it_is_removed(backend: Backend) {
    let app = TestApp::builder().backend(backend).config(ROUTE).start().await;
    let ada = app.user("ada@example.com").await;
    ada.login().await.expect(200);
    let login = async |cookies: &str| {
        let body = json!({"email": ada.email, "password": PASSWORD, "set_cookie": true});
        let call = app.post("/api/v1/auth/login").header("user-agent", SAFARI).header("cookie", cookies);
        call.json(&body).send().await.expect(200)
    };
    let device = cookie(&login("theme=dark").await);
    let told = app.mail_to("ada@example.com").await;
    assert!(told.text.contains("Safari on iPhone"), "{}", told.text);
    app.clock.advance(Duration::from_secs(1));
    let again = login(&device).await;
    assert_eq!(cookie(&again), device);
    assert!(app.unread().is_empty(), "it is known");

    let token = again.expect_tokens().access;
    let listed = app.get("/api/v1/devices").bearer(&token).send().await.expect(200).json;
    let current: Vec<&Value> =
        listed["items"].as_array().expect("items").iter().filter(|d| d["current"] == true).collect();
    assert_eq!((current.len(), &current[0]["name"]), (1, &json!("Safari on iPhone")));
    let path = format!("/api/v1/devices/{}", current[0]["id"].as_str().expect("an id"));
    let named = app.call("PATCH", &path).bearer(&token).json(&json!({"name": "My phone"})).send().await;
    named.expect(204);
    let sessions = app.get("/api/v1/sessions").bearer(&token).send().await.expect(200).json;
    assert!(sessions["items"].as_array().expect("items").iter().any(|s| s["device_name"] == "My phone"), "{sessions}");

    // An upstream sees other cookies only.
    let echoed = app.get("/echo").header("cookie", &format!("a=b; {device}")).send().await.expect(200);
    assert!(echoed.text.contains("a=b") && !echoed.text.contains(NAME), "{}", echoed.text);

    app.call("DELETE", &path).bearer(&token).send().await.expect(204);
    app.get("/api/v1/devices").bearer(&token).send().await.expect(401);
    let unknown = login(&device).await;
    assert_eq!(cookie(&unknown), device);
    app.mail_to("ada@example.com").await;
}

#[tokio::test]
async fn on_sqlite() {
    a_phone_is_known_until_it_is_removed(Backend::SqliteAndMemory).await;
}

#[tokio::test]
async fn on_postgresql() {
    a_phone_is_known_until_it_is_removed(Backend::PostgresAndRedis).await;
}
