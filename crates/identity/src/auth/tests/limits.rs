//! How long sessions last, and how many there are, by the tenant's decision.

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use kernel::Secret;

use super::*;
use crate::{sessions::authenticate_cookie, testing::Person};

crate::testing::on_both_databases! {
    a_tenant_decides_how_long_sessions_last;
    one_session_more_ends_the_oldest;
    one_session_more_is_refused;
    logins_at_once_leave_no_more_than_there_may_be;
}

async fn decide(node: &TestCore, sessions: &Json) -> Reply {
    let boss = node.person(&format!("boss{}@example.com", node.core.now().as_secs()), &["admin"]).await;
    let body = json!({"sessions": sessions});
    node.call(Method::PATCH, "/api/v1/admin/settings").json(&body).bearer(&boss.token).send().await
}

async fn log_in(node: &TestCore, person: &Person, remember: bool) -> Reply {
    let body = json!({"email": person.email, "password": PASSWORD, "set_cookie": true, "remember_me": remember});
    node.post("/api/v1/auth/login", &body).send().await
}

async fn own(node: &TestCore, token: &str) -> Vec<Json> {
    let list = node.get("/api/v1/sessions").bearer(token).send().await.expect(200);
    list["items"].as_array().expect("a list").clone()
}

fn cookie(reply: &Reply) -> String {
    reply.headers["set-cookie"].to_str().expect("text").to_owned()
}

async fn a_tenant_decides_how_long_sessions_last(node: TestCore) {
    let ada = node.person("ada@example.com", &["user"]).await;
    let limits = json!({"idle_minutes": 5, "absolute_hours": 1, "remember_days": 2});
    decide(&node, &limits).await.expect(200);
    let begun = node.core.now();
    let short = log_in(&node, &ada, false).await;
    assert!(!cookie(&short).contains("Max-Age"), "goes with the browser");
    let value = cookie(&short).split(['=', ';']).nth(1).expect("a value").to_owned();
    let short = short.expect(200);
    let after = |seconds| json!(begun + Duration::from_secs(seconds));
    let current = |list: Vec<Json>| list.into_iter().find(|one| one["current"] == true).expect("this one");
    let shown = current(own(&node, text(&short["access_token"])).await);
    assert_eq!((&shown["idle_expires_at"], &shown["expires_at"]), (&after(300), &after(3_600)));
    let long = log_in(&node, &ada, true).await;
    assert!(cookie(&long).contains("; Max-Age=172800"), "{}", cookie(&long));

    // In use it does not go idle, and still it ends.
    let mut refresh_token = short["refresh_token"].clone();
    for _ in 0..14 {
        node.clock.advance(Duration::from_secs(250));
        refresh_token = refresh(&node, &refresh_token).await.expect(200)["refresh_token"].clone();
        authenticate_cookie(&node.core, Secret::new(value.clone())).await.expect("in use");
    }
    node.clock.advance(Duration::from_secs(100));
    refresh(&node, &refresh_token).await.expect_problem(401, "session.expired");
    assert!(authenticate_cookie(&node.core, Secret::new(value)).await.is_err());
    let long = long.expect(200);
    let refreshed = refresh(&node, &long["refresh_token"]).await.expect(200);

    // Nobody is remembered, whatever they ask for.
    decide(&node, &json!({"idle_minutes": 5, "remember_days": 0})).await.expect(200);
    let asked = log_in(&node, &ada, true).await;
    assert!(!cookie(&asked).contains("Max-Age"), "{}", cookie(&asked));
    assert_eq!(current(own(&node, text(&asked.expect(200)["access_token"])).await)["remember"], false);
    assert_eq!(current(own(&node, text(&refreshed["access_token"])).await)["remember"], true, "as it was begun");
    // It ends like the others from then on, and not at once.
    node.clock.advance(Duration::from_secs(250));
    let used = refresh(&node, &refreshed["refresh_token"]).await.expect(200);
    node.clock.advance(Duration::from_secs(250));
    let used = refresh(&node, &used["refresh_token"]).await.expect(200);
    node.clock.advance(Duration::from_secs(301));
    refresh(&node, &used["refresh_token"]).await.expect_problem(401, "session.expired");
}

async fn one_session_more_ends_the_oldest(node: TestCore) {
    let (ada, bob) = (node.person("ada@example.com", &["user"]).await, node.person("bob@example.com", &["user"]).await);
    decide(&node, &json!({"at_once": 2})).await.expect(200);
    let mut tokens = vec![ada.token.clone()];
    for _ in 0..3 {
        node.clock.advance(Duration::from_secs(1));
        tokens.push(text(&log_in(&node, &ada, false).await.expect(200)["access_token"]).to_owned());
    }
    let live: Vec<bool> = tokens.iter().map(|token| node.judge(token).is_ok()).collect();
    assert_eq!(live, [false, false, true, true]);
    assert!(node.judge(&bob.token).is_ok(), "others' do not count");
}

async fn one_session_more_is_refused(node: TestCore) {
    let ada = node.person("ada@example.com", &["user"]).await;
    decide(&node, &json!({"at_once": 2, "when_full": "refuse"})).await.expect(200);
    let second = log_in(&node, &ada, false).await.expect(200);
    for _ in 0..10 {
        log_in(&node, &ada, false).await.expect_problem(409, "session.too_many");
    }
    let wrong = json!({"email": ada.email, "password": "wrong"});
    node.post("/api/v1/auth/login", &wrong).send().await.expect_problem(401, "credentials.invalid");
    assert!(node.judge(&ada.token).is_ok());
    let logout = node.post("/api/v1/auth/logout", &json!({})).bearer(text(&second["access_token"])).send();
    logout.await.expect(204);
    log_in(&node, &ada, false).await.expect(200);
}

async fn logins_at_once_leave_no_more_than_there_may_be(node: TestCore) {
    let ada = node.person("ada@example.com", &["user"]).await;
    decide(&node, &json!({"at_once": 2, "when_full": "refuse"})).await.expect(200);
    // Two may be looked at at once; more than that are refused, though their password is right.
    let all = join_all((0..50).map(|_| log_in(&node, &ada, false))).await;
    assert_eq!(all.iter().filter(|reply| reply.status == 200).count(), 1, "{:?}", all[0].json);
    assert_eq!(own(&node, &ada.token).await.len(), 2);
}

#[tokio::test]
async fn limits_that_cannot_be_are_refused() {
    let node = TestCore::start().await;
    for (wrong, field) in [
        (json!({"idle_minutes": 0}), "/sessions/idle_minutes"),
        (json!({"idle_minutes": 1_000, "absolute_hours": 1}), "/sessions/absolute_hours"),
        (json!({"absolute_hours": 8_761}), "/sessions/absolute_hours"),
        (json!({"absolute_hours": 48, "remember_days": 1}), "/sessions/remember_days"),
        (json!({"remember_days": 366}), "/sessions/remember_days"),
        (json!({"at_once": 0}), "/sessions/at_once"),
        (json!({"at_once": 1_001}), "/sessions/at_once"),
    ] {
        let told = decide(&node, &wrong).await.expect_problem(400, "request.invalid");
        let errors = told["errors"].as_array().expect("errors");
        assert!(errors.iter().any(|error| error["field"] == field), "{wrong}: {told}");
        node.clock.advance(Duration::from_secs(1));
    }
    decide(&node, &json!({"when_full": "explode"})).await.expect_problem(400, "request.malformed");
}
