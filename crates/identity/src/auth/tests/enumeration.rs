//! Nobody learns whether an account exists: same status, same body, same work.

use serde_json::{Value as Json, json};

use super::*;

/// Everything an answer shows, but for what differs between any two requests.
fn visible(reply: &Reply) -> (u16, Vec<(String, String)>, Json) {
    let mut headers: Vec<_> = reply
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().expect("text").to_owned()))
        .collect();
    headers.sort();
    (reply.status, headers, reply.json.clone())
}

#[tokio::test]
async fn registering_a_taken_address_looks_and_costs_like_registering_a_new_one() {
    let node = TestCore::start().await;
    let body =
        |email: &str| json!({"email": email, "password": PASSWORD, "company_name": "Engines", "external_id": email});
    let hashes = || node.core.hasher.computed();

    let before = hashes();
    let new = node.post("/api/v1/auth/register", &body("ada@example.com")).send().await;
    let new_cost = hashes() - before;
    let taken = node.post("/api/v1/auth/register", &body("ada@example.com")).send().await;
    let taken_cost = hashes() - before - new_cost;

    assert_eq!(visible(&new), visible(&taken));
    assert_eq!((new.status, new_cost, taken_cost), (201, 1, 1));
    assert_eq!(new.json["user"]["email"], "ada@example.com");
    assert!(!new.json.to_string().contains("\"id\""), "an id would be the existing account's, or a lie");
    assert_eq!(count(&node, "users WHERE 1 = 1").await, 1);
    assert_eq!((audited(&node, "user.registered").await, audited(&node, "user.register_duplicate").await), (1, 1));
}

#[tokio::test]
async fn an_external_id_that_somebody_says_to_have_takes_it_from_nobody() {
    let node = TestCore::start().await;
    let body = |email: &str| json!({"email": email, "password": PASSWORD, "external_id": "crm-1"});
    let first = node.post("/api/v1/auth/register", &body("ada@example.com")).send().await.expect(201);
    let second = node.post("/api/v1/auth/register", &body("bob@example.com")).send().await.expect(201);
    assert_eq!(shape(&first), shape(&second));
    assert_eq!(count(&node, "users WHERE external_id = 'crm-1' AND external_id_claimed").await, 2);
    let boss = node.person("boss@example.com", &["admin"]).await;
    let give = async |email: &str| {
        let id = user_id(&login(&node, email).await);
        let path = format!("/api/v1/admin/users/{id}");
        let call = node.call(http::Method::PATCH, &path).json(&json!({"external_id": "crm-1"}));
        call.bearer(&boss.token).send().await
    };
    give("bob@example.com").await.expect(200);
    give("ada@example.com").await.expect_problem(409, "user.exists");
}

#[tokio::test]
async fn the_existing_account_is_untouched_by_a_second_registration() {
    let node = TestCore::start().await;
    register(&node, "ada@example.com").await;
    let other = json!({"email": "ADA@example.com", "password": "Another-Kettle-94-orbit", "display_name": "Mallory"});
    node.post("/api/v1/auth/register", &other).send().await.expect(201);
    try_login(&node, "ada@example.com", "Another-Kettle-94-orbit").await.expect_problem(401, "credentials.invalid");
    let tokens = login(&node, "ada@example.com").await;
    assert_eq!(tokens["user"]["display_name"], Json::Null);
}

/// Unknown, wrong password, disabled with the right password, no password, deleted: one answer.
#[tokio::test]
async fn every_failed_login_looks_and_costs_the_same() {
    let node = TestCore::start().await;
    for name in ["known", "disabled", "deleted"] {
        register(&node, &format!("{name}@example.com")).await;
    }
    for (name, status) in [("disabled", UserStatus::Disabled), ("deleted", UserStatus::Deleted)] {
        let id = user_id(&login(&node, &format!("{name}@example.com")).await);
        set_status(&node, id, status).await;
    }
    let mut answers = Vec::new();
    for (email, password) in [
        ("unknown@example.com", PASSWORD),
        ("known@example.com", "wrong"),
        ("disabled@example.com", PASSWORD),
        ("deleted@example.com", PASSWORD),
        ("not an address @", "wrong"),
    ] {
        let (before, failures) = (node.core.hasher.computed(), audited(&node, "login.failed").await);
        let reply = try_login(&node, email, password).await;
        assert_eq!(reply.code(), "credentials.invalid", "{email}");
        let cost = (node.core.hasher.computed() - before, audited(&node, "login.failed").await - failures);
        answers.push((email, visible(&reply), cost));
    }
    let (_, expected, cost) = &answers[0];
    assert_eq!(*cost, (1, 1), "one hash and one entry");
    for (email, answer, work) in &answers {
        assert_eq!((answer, work), (expected, cost), "{email}");
    }
}

#[tokio::test]
async fn unknown_accounts_lock_exactly_like_known_ones() {
    let node = TestCore::start().await;
    register(&node, "known@example.com").await;
    let mut stories = Vec::new();
    for email in ["known@example.com", "unknown@example.com"] {
        let before = node.core.hasher.computed();
        let mut story = Vec::new();
        for _ in 0..7 {
            let reply = try_login(&node, email, "wrong").await;
            node.wait(&reply);
            story.push(visible(&reply));
        }
        stories.push((story, node.core.hasher.computed() - before));
    }
    assert_eq!(stories[0], stories[1]);
    assert_eq!(stories[0].1, 5, "what is locked is not hashed");
    let codes: Vec<_> = stories[0].0.iter().map(|(status, _, _)| *status).collect();
    assert_eq!(codes, [401, 401, 401, 401, 401, 429, 429]);
}

#[tokio::test]
async fn wrong_fields_are_all_told_before_anything_is_looked_up() {
    let node = TestCore::start().await;
    let body = json!({"email": "nobody", "password": "x", "phone": "1", "external_id": "a b", "display_name": "\u{7}"});
    let problem = node.post("/api/v1/auth/register", &body).send().await.expect_problem(400, "request.invalid");
    let fields: Vec<_> = problem["errors"].as_array().expect("errors").iter().map(|e| text(&e["field"])).collect();
    assert_eq!(fields, ["/email", "/display_name", "/phone", "/external_id"]);
    let weak = json!({"email": "ada@example.com", "password": "short"});
    let problem = node.post("/api/v1/auth/register", &weak).send().await.expect_problem(400, "password.weak");
    assert!(problem["errors"].as_array().expect("errors").len() >= 4, "{problem}");
    assert_eq!(node.core.hasher.computed(), 0);
}
