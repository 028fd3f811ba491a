//! Devices, as stories over the router, and who must not pass for one.

use std::time::Duration;

use http::Method;
use serde_json::{Value as Json, json};
use storage::StoreError;

use super::*;
use crate::testing::{PASSWORD, Person, Reply, TestCore};

const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; rv:132.0) Gecko/20100101 Firefox/132.0";

crate::testing::on_both_databases! {
    a_browser_is_known_by_its_cookie_alone;
    what_keeps_no_cookies_is_known_by_program_and_network;
    a_device_is_named_and_sent_away_by_its_user_alone;
    fifty_first_logins_at_once_are_one_device;
    only_browsers_are_trusted_and_trust_is_forgotten;
    an_administrator_sends_devices_away;
    a_user_has_a_hundred_devices_at_most;
    a_browser_in_use_is_not_locked_out_by_a_stranger_beside_it;
}

/// Logs in as from a page of ours, with the device's cookie if there is one; a second after whatever was before.
async fn browse(node: &TestCore, person: &Person, cookie: Option<&str>, ip: &str) -> Reply {
    node.clock.advance(Duration::from_secs(1));
    let body = json!({"email": person.email, "password": PASSWORD});
    let call = node.post("/api/v1/auth/login", &body).tenant(&person.tenant).from(ip);
    let call = call.header("user-agent", FIREFOX).header("sec-fetch-site", "same-origin");
    match cookie {
        Some(value) => call.header("cookie", &format!("theme=dark; {}={value}", cookie::NAME)).send().await,
        None => call.send().await,
    }
}

/// The device's cookie that an answer sets.
fn given(reply: &Reply) -> Option<String> {
    let cookies = reply.headers.get_all("set-cookie").iter().map(|value| value.to_str().expect("text"));
    let ours = cookies.filter_map(|text| text.strip_prefix("__Host-portcullis_device="));
    let mut values = ours.map(|text| {
        assert!(text.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=34560000"), "{text}");
        text.split(';').next().expect("a value").to_owned()
    });
    let value = values.next();
    assert!(values.next().is_none(), "once");
    value
}

fn token(reply: &Reply) -> String {
    reply.json["access_token"].as_str().expect("a token").to_owned()
}

/// What the caller of this token has logged in with.
async fn devices(node: &TestCore, token: &str) -> Vec<Json> {
    let mut list = node.get("/api/v1/devices").bearer(token).send().await.expect(200);
    list["items"].as_array_mut().expect("items").drain(..).collect()
}

async fn a_browser_is_known_by_its_cookie_alone(node: TestCore) {
    let ada = node.person("ada@example.com", &["user"]).await;
    let bob = node.person("bob@example.com", &["user"]).await;
    let first = browse(&node, &ada, None, "192.0.2.1").await;
    let cookie = given(&first).expect("a cookie");
    assert_eq!(node.mails().await.len(), 1, "another program than the one before");
    let again = browse(&node, &ada, Some(&cookie), "203.0.113.9").await;
    assert_eq!(given(&again), Some(cookie.clone()), "renewed");
    assert!(node.mails().await.is_empty(), "known wherever it is");
    let listed = devices(&node, &token(&again)).await;
    assert_eq!(listed.len(), 2, "the program that the account was made with, and the browser");
    assert_eq!((&listed[0]["name"], &listed[0]["current"]), (&json!("Firefox on Windows"), &json!(true)));
    assert_eq!((&listed[0]["ip"], &listed[1]["current"]), (&json!("203.0.113.9"), &json!(false)));

    // The same program in the same network, without the cookie or with one that is none.
    for cookie in [None, Some("short"), Some("a=b"), Some(&"A".repeat(44))] {
        let other = browse(&node, &ada, cookie, "192.0.2.1").await;
        assert_ne!(given(&other).as_deref(), cookie);
        assert_eq!(node.mails().await.len(), 1, "{cookie:?}");
    }
    // Two people with one browser: one cookie, and two devices.
    let theirs = browse(&node, &bob, Some(&cookie), "192.0.2.1").await;
    assert_eq!(given(&theirs), Some(cookie.clone()));
    let (hers, his) = (devices(&node, &token(&again)).await, devices(&node, &token(&theirs)).await);
    assert!(his.iter().all(|device| hers.iter().all(|other| other["id"] != device["id"])));
    // A session says which device it is on.
    let sessions = node.get("/api/v1/sessions").bearer(&token(&again)).send().await.expect(200);
    let current = sessions["items"].as_array().expect("items").iter().find(|s| s["current"] == true).expect("one");
    assert_eq!((&current["device_id"], &current["device_name"]), (&listed[0]["id"], &listed[0]["name"]));
}

async fn what_keeps_no_cookies_is_known_by_program_and_network(node: TestCore) {
    let ada = node.person("ada@example.com", &["user"]).await;
    let login = async |ip: &str, agent: &str, site: Option<&str>| {
        let body = json!({"email": ada.email, "password": PASSWORD});
        let call = node.post("/api/v1/auth/login", &body).from(ip).header("user-agent", agent);
        let call = if let Some(site) = site { call.header("sec-fetch-site", site) } else { call };
        let reply = call.send().await;
        (given(&reply), node.mails().await.len(), devices(&node, &token(&reply)).await.len())
    };
    assert_eq!(login("198.51.100.1", "app/1", None).await, (None, 1, 2));
    assert_eq!(login("198.51.7.8", "app/1", None).await, (None, 0, 2));
    assert_eq!(login("198.51.7.8", "app/2", None).await, (None, 1, 3));
    assert_eq!(login("198.52.7.8", "app/1", None).await, (None, 1, 4));
    assert_eq!(login("2001:db8:1::1", "app/1", None).await, (None, 1, 5));
    assert_eq!(login("2001:db8:ffff::1", "app/1", None).await, (None, 0, 5));
    // A page of another site may not keep a cookie of ours: it would be news every time.
    assert_eq!(login("198.51.7.8", "app/1", Some("cross-site")).await, (None, 0, 5));
    assert_eq!(login("198.51.7.8", "app/1", Some("same-site")).await, (None, 0, 5));
    assert!(login("198.51.7.8", "app/1", Some("same-origin")).await.0.is_some());
    // Whoever asks for the session's cookie keeps ours.
    let body = json!({"email": ada.email, "password": PASSWORD, "set_cookie": true});
    let reply = node.post("/api/v1/auth/login", &body).send().await;
    assert!(given(&reply).is_some());
}

async fn a_device_is_named_and_sent_away_by_its_user_alone(node: TestCore) {
    let ada = node.person("ada@example.com", &["user"]).await;
    let bob = node.person("bob@example.com", &["user"]).await;
    let acme = node.new_tenant("acme").await;
    let other = node.person_of(&acme, "ada@example.com", &["user"]).await;
    let browser = browse(&node, &ada, None, "192.0.2.1").await;
    let cookie = given(&browser).expect("a cookie");
    let second = browse(&node, &ada, Some(&cookie), "192.0.2.1").await;
    node.mails().await;
    let id = devices(&node, &token(&browser)).await[0]["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/devices/{id}");
    let rename = async |token: &str, name: &str| {
        node.call(Method::PATCH, &path).json(&json!({"name": name})).bearer(token).send().await
    };
    for stranger in [&bob.token, &other.token] {
        rename(stranger, "Mine").await.expect_problem(404, "not_found");
        let removed = node.call(Method::DELETE, &path).bearer(stranger).send().await;
        removed.expect_problem(404, "not_found");
    }
    for wrong in ["", "  ", "a\u{7}b", &"x".repeat(65)] {
        rename(&ada.token, wrong).await.expect_problem(400, "request.invalid");
    }
    rename(&ada.token, " The old laptop ").await.expect(204);
    browse(&node, &ada, Some(&cookie), "192.0.2.1").await;
    assert_eq!(devices(&node, &ada.token).await[0]["name"], "The old laptop", "a login does not name it again");

    node.call(Method::DELETE, &path).bearer(&ada.token).send().await.expect(204);
    for reply in [&browser, &second] {
        assert!(node.judge(&token(reply)).is_err() && node.another_node().await.judge(&token(reply)).is_err());
    }
    assert!(node.judge(&ada.token).is_ok(), "other devices stay");
    assert_eq!(devices(&node, &ada.token).await.len(), 1);
    node.call(Method::DELETE, &path).bearer(&ada.token).send().await.expect_problem(404, "not_found");
    // What was sent away is unknown again.
    browse(&node, &ada, Some(&cookie), "192.0.2.1").await;
    assert_eq!(node.mails().await.len(), 1);
    // Also when nothing else is left.
    for device in devices(&node, &node.login(&bob).await).await {
        let path = format!("/api/v1/devices/{}", device["id"].as_str().expect("an id"));
        node.call(Method::DELETE, &path).bearer(&bob.token).send().await.expect(204);
    }
    assert!(node.judge(&bob.token).is_err(), "one's own session ends too");
    node.login(&bob).await;
    assert_eq!(node.mails().await.len(), 1);
}

async fn fifty_first_logins_at_once_are_one_device(node: TestCore) {
    let ada = node.person("ada@example.com", &["user"]).await;
    let cookie = given(&browse(&node, &ada, None, "192.0.2.1").await).expect("a cookie");
    let bob = node.person("bob@example.com", &["user"]).await;
    node.mails().await;
    // The lock counts attempts under way, so that fifty passwords at once would not be looked at.
    let arrive = async || {
        let request = Shown::read(&headers(&cookie), "192.0.2.1".parse().expect("an address"));
        let arrival = Arrival::new(&node.core, bob.id, request, false);
        let now = node.core.now();
        let work = node
            .core
            .store
            .tenant(node.tenant().id)
            .write(move |tx| Box::pin(async move { arrival.note(tx, now).await }));
        work.await.map_err(|e: StoreError| e).expect("noted")
    };
    let noted = futures_util::future::join_all((0..50).map(|_| arrive())).await;
    assert!(noted.iter().all(|one| one.id == noted[0].id));
    assert_eq!(noted.iter().filter(|one| one.is_news).count(), 1);
}

fn headers(cookie: &str) -> http::HeaderMap {
    let mut headers = http::HeaderMap::new();
    headers.insert("cookie", format!("{}={cookie}", cookie::NAME).parse().expect("a header"));
    headers
}

/// The browser with this cookie, as the account knows it.
async fn known(node: &TestCore, person: &Person, cookie: &str) -> Option<Known> {
    let (shown, user) = (Shown::read(&headers(cookie), [192, 0, 2, 1].into()), person.id);
    let vault = node.core.vault.clone();
    let work = node
        .core
        .store
        .tenant(person.tenant.id)
        .read(move |tx| Box::pin(async move { shown.recognise(tx, &vault, user).await }));
    work.await.map_err(|e: StoreError| e).expect("asked")
}

async fn only_browsers_are_trusted_and_trust_is_forgotten(node: TestCore) {
    let ada = node.person("ada@example.com", &["user"]).await;
    let bob = node.person("bob@example.com", &["user"]).await;
    let cookie = given(&browse(&node, &ada, None, "192.0.2.1").await).expect("a cookie");
    let device = known(&node, &ada, &cookie).await.expect("known");
    assert!(known(&node, &bob, &cookie).await.is_none(), "another account does not know it");
    assert!(known(&node, &ada, "nothing").await.is_none());
    let hour = Duration::from_secs(3_600);
    assert!(!device.is_trusted(node.core.now(), hour));

    let program = devices(&node, &ada.token).await[1]["id"].as_str().expect("an id").parse().expect("an id");
    let since = node.core.now();
    let (hers, his) = (ada.id, bob.id);
    let trust = async |user, id| {
        let work = node.core.store.tenant(node.tenant().id).write(move |tx| Box::pin(trust(tx, user, id, since)));
        work.await.map_err(|e: StoreError| e).expect("asked")
    };
    assert!(!trust(hers, program).await, "a program can be imitated");
    assert!(!trust(his, device.id).await, "not his");
    assert!(trust(hers, device.id).await);
    let device = known(&node, &ada, &cookie).await.expect("known");
    assert!(device.is_trusted(since, hour) && !device.is_trusted(since + hour, hour));
    let month = Duration::from_secs(30 * 86_400);
    assert_eq!(devices(&node, &ada.token).await[0]["trusted_until"], json!(since + month));

    let forget = async |user| {
        let work = node.core.store.tenant(node.tenant().id).write(move |tx| Box::pin(forget_trust(tx, user)));
        work.await.map_err(|e: StoreError| e).expect("forgotten")
    };
    assert_eq!((forget(his).await, forget(hers).await, forget(hers).await), (0, 1, 0));
    assert!(known(&node, &ada, &cookie).await.is_some_and(|device| !device.is_trusted(node.core.now(), hour)));
}

async fn an_administrator_sends_devices_away(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let root = node.person("root@example.com", &["super_admin"]).await;
    let browser = browse(&node, &ada, None, "192.0.2.1").await;
    let path = |person: &Person| format!("/api/v1/admin/users/{}/devices", person.id);
    let list = async |who: &Person| node.get(&path(&ada)).bearer(&who.token).send().await;
    list(&ada).await.expect_problem(403, "permission.denied");
    let listed = list(&boss).await.expect(200);
    let items = listed["items"].as_array().expect("items");
    assert_eq!(items.len(), 2);
    assert!(items.iter().all(|device| device["current"] == false));
    let id = items[0]["id"].as_str().expect("an id");
    let delete = async |path: String| node.call(Method::DELETE, &path).bearer(&boss.token).send().await;
    delete(format!("{}/{id}", path(&boss))).await.expect_problem(404, "not_found");
    delete(format!("{}/{id}", path(&ada))).await.expect(204);
    assert!(node.judge(&token(&browser)).is_err() && node.judge(&ada.token).is_ok());
    delete(path(&ada)).await.expect(204);
    assert!(node.judge(&ada.token).is_err());
    assert_eq!(list(&boss).await.expect(200)["items"], json!([]));
    delete(path(&root)).await.expect_problem(403, "user.outranks");
    assert_eq!(node.audited(node.tenant().id, "device.removed").await, 2);
}

async fn a_user_has_a_hundred_devices_at_most(node: TestCore) {
    let ada = node.person("ada@example.com", &["user"]).await;
    let first = given(&browse(&node, &ada, None, "192.0.2.1").await).expect("a cookie");
    for number in 0..120 {
        node.clock.advance(Duration::from_secs(1));
        let mut headers = http::HeaderMap::new();
        headers.insert("user-agent", format!("app-{number}").parse().expect("a header"));
        let arrival = Arrival::new(&node.core, ada.id, Shown::read(&headers, [192, 0, 2, 1].into()), false);
        let now = node.core.now();
        let work = node
            .core
            .store
            .tenant(node.tenant().id)
            .write(move |tx| Box::pin(async move { arrival.note(tx, now).await }));
        work.await.map_err(|e: StoreError| e).expect("noted");
    }
    let listed = devices(&node, &node.login(&ada).await).await;
    assert_eq!(listed.len(), 100);
    assert!(known(&node, &ada, &first).await.is_none(), "the one that was not seen for longest made room");
    node.clock.advance(cookie::KEPT);
    assert_eq!(sweep(&node.core).await.expect("swept"), 100);
}

async fn a_browser_in_use_is_not_locked_out_by_a_stranger_beside_it(node: TestCore) {
    let ada = node.person("ada@example.com", &["user"]).await;
    let cookie = given(&browse(&node, &ada, None, "192.0.2.1").await).expect("a cookie");
    let guess = async |cookie: Option<&str>, password: &str| {
        let body = json!({"email": ada.email, "password": password});
        let call = node.post("/api/v1/auth/login", &body);
        match cookie {
            Some(value) => call.header("cookie", &format!("{}={value}", cookie::NAME)).send().await,
            None => call.send().await,
        }
    };
    // Somebody else's browser is a stranger here, and so is a cookie that nobody has.
    let strange = "A".repeat(43);
    for wait in [0, 0, 1, 2, 4] {
        node.clock.advance(Duration::from_secs(wait));
        guess((wait == 0).then_some(strange.as_str()), "wrong").await.expect_problem(401, "credentials.invalid");
    }
    guess(None, PASSWORD).await.expect_problem(429, "login.locked");
    guess(Some(&cookie), PASSWORD).await.expect(200);
    // It is no way around the lock either.
    for wait in [0, 0, 1, 2, 4] {
        node.clock.advance(Duration::from_secs(wait));
        guess(Some(&cookie), "wrong").await.expect_problem(401, "credentials.invalid");
    }
    guess(Some(&cookie), PASSWORD).await.expect_problem(429, "login.locked");
    // Its rate is its own, and names nobody.
    let keys: Vec<String> = node.limiter.asked().into_iter().filter(|key| key.starts_with("login:")).collect();
    let own = keys.iter().filter(|key| key.matches(':').count() == 3 && !key.ends_with("192.0.2.1")).count();
    assert_eq!(own, 7);
}
