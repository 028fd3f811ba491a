//! Choosing passwords, through the calls that do it.

use http::Method;
use serde_json::{Value as Json, json};
use storage::{StoreError, params};

use crate::{
    passwords::breach::{BreachCheck, BreachSettings, BuildOptions, build_filter},
    testing::{PASSWORD, Person, Reply, TestCore, settings},
};

crate::testing::on_both_databases! {
    a_tenants_policy_holds_wherever_a_password_is_chosen;
    the_last_five_passwords_are_not_used_again;
    a_shorter_memory_forgets_what_is_too_old;
}

const SETTINGS: &str = "/api/v1/admin/settings";
/// Five that nobody guesses.
const CHOSEN: [&str; 5] = [
    "Amber-Lantern-58-tide",
    "Copper-Meadow-61-frost",
    "Indigo-Harbour-72-fern",
    "Scarlet-Thicket-83-dune",
    "Cobalt-Orchard-94-mist",
];

async fn decide(node: &TestCore, by: &Person, policy: Json) -> Reply {
    let body = json!({ "password_policy": policy });
    node.call(Method::PATCH, SETTINGS).json(&body).bearer(&by.token).send().await
}

fn codes(problem: &Json) -> Vec<&str> {
    problem["errors"].as_array().expect("errors").iter().filter_map(|e| e["code"].as_str()).collect()
}

async fn change(node: &TestCore, email: &str, current: &str, new: &str) -> Reply {
    let login = json!({"email": email, "password": current});
    let tokens = node.post("/api/v1/auth/login", &login).send().await.expect(200);
    let body = json!({"current_password": current, "new_password": new});
    let token = tokens["access_token"].as_str().expect("a token").to_owned();
    node.post("/api/v1/auth/change-password", &body).bearer(&token).send().await
}

async fn reset(node: &TestCore, email: &str, new: &str) -> Reply {
    node.mails().await;
    node.post("/api/v1/auth/password-reset", &json!({"email": email})).send().await.expect(202);
    let mail = node.mails().await.pop().expect("a mail");
    let token =
        mail.text.split("token=").nth(1).expect("a link").split_whitespace().next().expect("a token").to_owned();
    node.post("/api/v1/auth/password-reset/confirm", &json!({"token": token, "new_password": new})).send().await
}

async fn a_tenants_policy_holds_wherever_a_password_is_chosen(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    let told = node.get("/api/v1/auth/password-policy").send().await.expect(200);
    assert_eq!((&told["min_length"], &told["special"], &told["history"]), (&json!(12), &json!(true), &json!(5)));

    let wrong = json!({"min_length": 4, "blocklist": ["ab"]});
    let refused = decide(&node, &boss, wrong).await.expect_problem(400, "request.invalid");
    let fields: Vec<&str> =
        refused["errors"].as_array().expect("errors").iter().filter_map(|e| e["field"].as_str()).collect();
    let expected =
        ["/password_policy/min_length", "/password_policy/min_length_with_second_factor", "/password_policy/blocklist"];
    assert_eq!(fields, expected);
    decide(&node, &boss, json!("strong")).await.expect_problem(400, "request.malformed");

    let own = json!({"min_length": 24, "blocklist": ["violet", "kettle", "orbit"]});
    decide(&node, &boss, own).await.expect(200);
    let told = node.get("/api/v1/auth/password-policy").send().await.expect(200);
    assert_eq!((&told["min_length"], &told["special"]), (&json!(24), &json!(false)));
    assert_eq!(told.get("blocklist"), None, "the words are not told");

    let register = json!({"email": "ada@example.com", "password": PASSWORD});
    let by_registering = node.post("/api/v1/auth/register", &register).send().await;
    let by_admin = node.post("/api/v1/admin/users", &register).bearer(&boss.token).send().await;
    let given = json!({"password": PASSWORD});
    let by_reset_of_admin = node.person("eve@example.com", &[]).await;
    let path = format!("/api/v1/admin/users/{}/reset-password", by_reset_of_admin.id);
    let by_reset_of_admin = node.post(&path, &given).bearer(&boss.token).send().await;
    let by_changing = change(&node, "boss@example.com", PASSWORD, "Orbit-Kettle-12").await;
    let by_resetting = reset(&node, "boss@example.com", "Orbit-Kettle-12").await;
    let asked_for = [
        (by_registering, "/password"),
        (by_admin, "/password"),
        (by_reset_of_admin, "/password"),
        (by_changing, "/new_password"),
        (by_resetting, "/new_password"),
    ];
    for (reply, field) in asked_for {
        let problem = reply.expect_problem(400, "password.weak");
        assert_eq!(codes(&problem)[..2], ["too_short", "common"], "{problem}");
        assert_eq!(problem["errors"][0]["field"], field);
    }
    // Somebody else's policy is theirs.
    let acme = node.new_tenant("acme").await;
    node.post("/api/v1/auth/register", &register).tenant(&acme).send().await.expect(201);
    // Without one of its own the operator's holds again.
    decide(&node, &boss, Json::Null).await.expect(200);
    node.post("/api/v1/auth/register", &register).send().await.expect(201);
}

async fn kept(node: &TestCore) -> i64 {
    let counted = node.core.store.tenant(node.tenant().id).read(|tx| {
        Box::pin(async move {
            let sql = "SELECT count(*) FROM former_passwords WHERE tenant_id = $1";
            tx.query_opt(sql, params![]).await?.map_or(Ok(0), |row| row.get(0))
        })
    });
    counted.await.map_err(|e: StoreError| e).expect("a count")
}

async fn the_last_five_passwords_are_not_used_again(node: TestCore) {
    node.person("ada@example.com", &["user"]).await;
    let mut current = PASSWORD;
    for next in &CHOSEN[..4] {
        node.clock.advance(std::time::Duration::from_secs(60));
        change(&node, "ada@example.com", current, next).await.expect(204);
        current = next;
    }
    // The four before and the present one: five.
    for former in [PASSWORD, CHOSEN[0], CHOSEN[2]] {
        let refused = change(&node, "ada@example.com", current, former).await.expect_problem(400, "password.weak");
        assert_eq!(codes(&refused), ["reused"]);
        assert_eq!(
            codes(&reset(&node, "ada@example.com", former).await.expect_problem(400, "password.weak")),
            ["reused"]
        );
    }
    node.clock.advance(std::time::Duration::from_secs(60));
    reset(&node, "ada@example.com", CHOSEN[4]).await.expect(204);
    assert_eq!(kept(&node).await, 4, "older ones are forgotten");
    node.clock.advance(std::time::Duration::from_secs(60));
    change(&node, "ada@example.com", CHOSEN[4], PASSWORD).await.expect(204);
}

async fn a_shorter_memory_forgets_what_is_too_old(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    node.person("ada@example.com", &["user"]).await;
    change(&node, "ada@example.com", PASSWORD, CHOSEN[0]).await.expect(204);
    assert_eq!(kept(&node).await, 1);
    let none = json!({"min_length": 12, "history": 0});
    decide(&node, &boss, none).await.expect(200);
    let before = node.core.hasher.computed();
    change(&node, "ada@example.com", CHOSEN[0], PASSWORD).await.expect(204);
    assert_eq!(node.core.hasher.computed() - before, 3, "login, confirmation and the new hash: nothing former");
    assert_eq!(kept(&node).await, 0);
}

/// Whoever stole a session must not learn by it what the password or a former one is.
#[tokio::test]
async fn former_passwords_are_asked_about_after_the_current_one() {
    let node = TestCore::start().await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let body = json!({"current_password": "wrong", "new_password": PASSWORD});
    let reply = node.post("/api/v1/auth/change-password", &body).bearer(&ada.token).send().await;
    reply.expect_problem(403, "password.wrong");
}

/// A filter of breached passwords, as the operator has one.
fn filter(breached: &str, dir: &std::path::Path) -> std::path::PathBuf {
    use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, breached.as_bytes());
    let line: String = hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    let (mut out, options) = (Vec::new(), BuildOptions { min_count: 1, sorted: true });
    build_filter(format!("{line}:3\n").as_bytes(), &mut out, options, |_| {}).expect("a filter");
    let path = dir.join("breached.filter");
    std::fs::write(&path, out).expect("written");
    path
}

#[tokio::test]
async fn a_breached_password_is_refused_with_advice() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut settings = settings();
    settings.passwords.breaches.filter = Some(filter(CHOSEN[0], dir.path()));
    settings.passwords.breaches.check = Some(BreachCheck::Offline);
    let node = TestCore::start_with(settings).await;
    let told = node.get("/api/v1/auth/password-policy").send().await.expect(200);
    assert_eq!(told["breach_check"], true);
    let register = async |password| {
        let body = json!({"email": "ada@example.com", "password": password});
        node.post("/api/v1/auth/register", &body).send().await
    };
    let refused = register(CHOSEN[0]).await.expect_problem(400, "password.breached");
    assert_eq!(
        (&refused["errors"][0]["field"], &refused["errors"][0]["code"]),
        (&json!("/password"), &json!("breached"))
    );
    register(CHOSEN[1]).await.expect(201);
    // A tenant may want otherwise.
    let boss = node.person("boss@example.com", &["admin"]).await;
    decide(&node, &boss, json!({"min_length": 12, "breach_check": "off"})).await.expect(200);
    register(CHOSEN[0]).await.expect(201);
}

/// The preset is what SP 800-63B says, which asks for breaches to be looked up.
#[tokio::test]
async fn the_preset_nist_looks_passwords_up_unless_it_is_decided_otherwise() {
    for (check, asked) in [(None, true), (Some(BreachCheck::Off), false)] {
        let mut settings = settings();
        settings.passwords.policy = crate::passwords::Policy::NIST;
        settings.passwords.breaches.check = check;
        let node = TestCore::start_with(settings).await;
        let told = node.get("/api/v1/auth/password-policy").send().await.expect(200);
        assert_eq!(told["breach_check"], asked);
    }
}

/// Nobody is kept from choosing a password because a service is away; but it is known afterwards.
#[tokio::test]
async fn a_service_that_is_away_is_noted_and_keeps_nobody_out() {
    let mut settings = settings();
    // Nobody listens on port 9 of this machine, or speaks the discard protocol.
    settings.passwords.breaches = BreachSettings {
        check: Some(BreachCheck::Online),
        url: "http://127.0.0.1:9/range/".into(),
        ..BreachSettings::default()
    };
    let node = TestCore::start_with(settings).await;
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    node.post("/api/v1/auth/register", &body).send().await.expect(201);
    assert_eq!(node.audited(node.tenant().id, "password.breach_unchecked").await, 1);
    let boss = node.person("boss@example.com", &["admin"]).await;
    let refused = decide(&node, &boss, json!({"breach_check": "offline"})).await.expect_problem(400, "request.invalid");
    assert_eq!(refused["errors"][0]["field"], "/password_policy/breach_check");
}
