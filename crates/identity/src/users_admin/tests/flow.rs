//! Administering users over HTTP.

use http::Method;
use serde_json::{Value as Json, json};

use crate::testing::{PASSWORD, Person, TestCore};

crate::testing::on_both_databases! {
    a_user_is_created_found_changed_and_shown;
    collisions_name_their_fields;
    lists_are_paged_and_filtered;
    people_are_found_by_what_is_known_of_them;
    an_administrator_vouches_for_an_address_or_has_it_verified;
    who_is_locked_out_is_seen_and_unlocked;
    a_disabled_user_is_refused_at_once_until_enabled;
    another_address_ends_what_stood_on_the_old_one;
    a_deleted_user_is_gone_until_restored;
    sessions_of_a_user_are_listed_and_ended;
}

async fn act(node: &TestCore, by: &Person, on: &Person, what: &str) -> crate::testing::Reply {
    node.post(&format!("/api/v1/admin/users/{}/{what}", on.id), &json!({})).bearer(&by.token).send().await
}

fn emails(page: &Json) -> Vec<&str> {
    page["items"].as_array().expect("items").iter().filter_map(|u| u["email"].as_str()).collect()
}

async fn find(node: &TestCore, by: &Person, filter: &str) -> Json {
    let encoded: String = filter
        .bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect();
    node.get(&format!("/api/v1/admin/users?filter={encoded}")).bearer(&by.token).send().await.expect(200)
}

async fn a_user_is_created_found_changed_and_shown(node: TestCore) {
    let admin = node.person("admin@example.com", &["admin"]).await;
    let new = json!({
        "email": "Ada@Example.com", "username": "ada", "password": PASSWORD, "display_name": "Ada",
        "external_id": "crm-7", "attributes": { "plan": "gold" }, "roles": ["user", "premium", "user"]
    });
    let made = node.post("/api/v1/admin/users", &new).bearer(&admin.token).send().await;
    let location = made.headers["location"].to_str().expect("text").to_owned();
    let made = made.expect(201);
    assert_eq!((&made["email"], &made["roles"]), (&json!("ada@example.com"), &json!(["premium", "user"])));
    assert_eq!(location, format!("/api/v1/admin/users/{}", made["id"].as_str().expect("an id")));
    let login = json!({ "username": "ada", "password": PASSWORD });
    node.post("/api/v1/auth/login", &login).send().await.expect(200);

    let patch = json!({ "display_name": null, "email": "lovelace@example.com", "attributes": {} });
    let changed = node.call(Method::PATCH, &location).json(&patch).bearer(&admin.token).send().await.expect(200);
    assert_eq!((&changed["display_name"], &changed["email"]), (&Json::Null, &json!("lovelace@example.com")));
    assert_eq!((&changed["external_id"], &changed["attributes"]), (&json!("crm-7"), &json!({})));
    let mut read = node.get(&location).bearer(&admin.token).send().await.expect(200);
    for lockout in ["failed_attempts", "locked_until"] {
        read.as_object_mut().expect("an object").remove(lockout).expect(lockout);
    }
    assert_eq!(read, changed);

    // Who has no password cannot log in; who is given no roles is a plain user.
    let plain = json!({ "email": "bob@example.com" });
    let plain = node.post("/api/v1/admin/users", &plain).bearer(&admin.token).send().await.expect(201);
    assert_eq!(plain["roles"], json!(["user"]));
    let tenant = node.tenant().id;
    assert_eq!((node.audited(tenant, "user.created").await, node.audited(tenant, "user.updated").await), (2, 1));
}

async fn collisions_name_their_fields(node: TestCore) {
    let admin = node.person("admin@example.com", &["admin"]).await;
    let ada = json!({ "email": "ada@example.com", "username": "ada", "external_id": "7" });
    node.post("/api/v1/admin/users", &ada).bearer(&admin.token).send().await.expect(201);
    let again = json!({ "email": "ADA@example.com", "username": "other", "external_id": "7" });
    let told = node.post("/api/v1/admin/users", &again).bearer(&admin.token).send().await;
    let told = told.expect_problem(409, "user.exists");
    let fields: Vec<&Json> = told["errors"].as_array().expect("errors").iter().map(|e| &e["field"]).collect();
    assert_eq!(fields, [&json!("/email"), &json!("/external_id")]);
    let bob = json!({ "email": "bob@example.com" });
    let bob = node.post("/api/v1/admin/users", &bob).bearer(&admin.token).send().await.expect(201);
    let path = format!("/api/v1/admin/users/{}", bob["id"].as_str().expect("an id"));
    let patch = json!({ "username": "ada" });
    let told = node.call(Method::PATCH, &path).json(&patch).bearer(&admin.token).send().await;
    assert_eq!(told.expect_problem(409, "user.exists")["errors"][0]["field"], "/username");
}

#[tokio::test]
async fn every_wrong_field_is_told_at_once() {
    let node = TestCore::start().await;
    let admin = node.person("admin@example.com", &["admin"]).await;
    let wrong = json!({ "email": "nobody", "username": "x", "phone": "12", "kind": "service", "password": "x", "roles": ["No"] });
    let told = node.post("/api/v1/admin/users", &wrong).bearer(&admin.token).send().await;
    assert_eq!(told.expect_problem(400, "request.invalid")["errors"].as_array().expect("errors").len(), 5);
    let nobody = node.post("/api/v1/admin/users", &json!({ "display_name": "x" })).bearer(&admin.token).send().await;
    nobody.expect_problem(400, "request.invalid");
    let weak = json!({ "email": "ada@example.com", "password": "short" });
    let told = node.post("/api/v1/admin/users", &weak).bearer(&admin.token).send().await;
    told.expect_problem(400, "password.weak");
    let unknown = json!({ "email": "ada@example.com", "roles": ["user", "nobody"] });
    let told = node.post("/api/v1/admin/users", &unknown).bearer(&admin.token).send().await;
    assert_eq!(told.expect_problem(400, "request.invalid")["errors"][0]["field"], "/roles/1");
}

async fn lists_are_paged_and_filtered(node: TestCore) {
    let admin = node.person("admin@example.com", &["admin"]).await;
    for (i, id) in ["A_1", "A%2", "a'3"].iter().enumerate() {
        node.clock.advance(std::time::Duration::from_millis(2));
        let user = json!({ "email": format!("ada.{i}@example.com"), "external_id": id });
        node.post("/api/v1/admin/users", &user).bearer(&admin.token).send().await.expect(201);
    }
    let first = node.get("/api/v1/admin/users?limit=3").bearer(&admin.token).send().await.expect(200);
    assert_eq!(emails(&first), ["ada.2@example.com", "ada.1@example.com", "ada.0@example.com"]);
    let path = format!("/api/v1/admin/users?limit=3&cursor={}", first["next_cursor"].as_str().expect("a cursor"));
    let second = node.get(&path).bearer(&admin.token).send().await.expect(200);
    assert_eq!((emails(&second), &second["next_cursor"]), (vec!["admin@example.com"], &Json::Null));
    assert_eq!(second["items"][0]["roles"], json!(["admin"]));

    assert_eq!(emails(&find(&node, &admin, r#"email eq "ADA.1@example.com""#).await), ["ada.1@example.com"]);
    assert_eq!(emails(&find(&node, &admin, r#"email sw "ada" and email co "2@""#).await), ["ada.2@example.com"]);
    // Nothing in a value is special: no wildcard, no quote, no case for ids.
    assert_eq!(emails(&find(&node, &admin, r#"external_id co "_""#).await), ["ada.0@example.com"]);
    assert_eq!(emails(&find(&node, &admin, r#"external_id sw "A%""#).await), ["ada.1@example.com"]);
    assert_eq!(emails(&find(&node, &admin, r#"external_id co "'""#).await), ["ada.2@example.com"]);
    assert_eq!(emails(&find(&node, &admin, r#"external_id sw "a""#).await), ["ada.2@example.com"]);
    assert!(emails(&find(&node, &admin, r#"email eq "' OR 1=1 --""#).await).is_empty());
    let told = node.get("/api/v1/admin/users?filter=email").bearer(&admin.token).send().await;
    assert_eq!(told.expect_problem(400, "request.invalid")["errors"][0]["field"], "filter");
    let told = node.get(&format!("/api/v1/admin/users?q={}", "x".repeat(101))).bearer(&admin.token).send().await;
    assert_eq!(told.expect_problem(400, "request.invalid")["errors"][0]["field"], "q");
    for query in ["limit=0", "limit=201", "cursor=x", "offset=3"] {
        let told = node.get(&format!("/api/v1/admin/users?{query}")).bearer(&admin.token).send().await;
        told.expect_problem(400, "request.invalid");
    }
}

async fn people_are_found_by_what_is_known_of_them(node: TestCore) {
    let admin = node.person("admin@example.com", &["admin"]).await;
    let before = node.core.now();
    node.clock.advance(std::time::Duration::from_secs(10));
    for user in [
        json!({"email": "ada@example.com", "display_name": "Ada Lovelace", "company_name": "Engines_Ltd",
            "phone": "+4930123456", "roles": ["premium"], "password": PASSWORD}),
        json!({"email": "bob@example.org", "username": "lovelock", "display_name": "Bob 100%",
            "company_name": "Élan", "phone": "+43123456"}),
        json!({"username": "carol", "display_name": "Élodie"}),
    ] {
        node.post("/api/v1/admin/users", &user).bearer(&admin.token).send().await.expect(201);
        node.clock.advance(std::time::Duration::from_secs(10));
    }
    let names = async |filter: &str| -> Vec<String> {
        let found = find(&node, &admin, filter).await;
        let items = found["items"].as_array().expect("items").iter();
        items.map(|u| u["display_name"].as_str().unwrap_or("admin").to_owned()).collect()
    };
    let (ada, bob, carol) = ("Ada Lovelace", "Bob 100%", "Élodie");
    assert_eq!(names(r#"display_name eq "ADA lovelace""#).await, [ada]);
    assert_eq!(names(r#"display_name sw "bob" and display_name co "0%""#).await, [bob]);
    assert_eq!(names(r#"display_name eq "Élodie""#).await, [carol]);
    // Nothing in a value is special.
    assert!(names(r#"display_name co "a%e""#).await.is_empty());
    assert_eq!(names(r#"company_name co "s_l""#).await, [ada]);
    assert_eq!(names(r#"company_name sw "Éla""#).await, [bob]);
    assert_eq!(names(r#"phone sw "+49 30""#).await, [ada]);
    assert_eq!(names(r#"phone co "123456" and email co "org""#).await, [bob]);
    assert_eq!(names(r#"role eq "premium""#).await, [ada]);
    assert!(names(r#"role eq "nobody""#).await.is_empty());
    assert_eq!(names("email_verified eq true").await, [ada, "admin"]);
    assert_eq!(names("email_verified eq false").await, [carol, bob]);
    assert_eq!(names(&format!(r#"created_at gt "{before}""#)).await, [carol, bob, ada]);
    assert_eq!(names(&format!(r#"created_at le "{before}""#)).await, ["admin"]);
    let later = before + std::time::Duration::from_secs(20);
    assert_eq!(names(&format!(r#"created_at ge "{later}""#)).await, [carol, bob]);
    assert_eq!(names(&format!(r#"created_at lt "{later}" and role eq "premium""#)).await, [ada]);
    assert_eq!(names(&format!(r#"last_login_at le "{later}""#)).await, ["admin"], "the others never did");

    let look_for = async |text: &str| -> Vec<String> {
        let found = node.get(&format!("/api/v1/admin/users?q={text}")).bearer(&admin.token).send().await.expect(200);
        let items = found["items"].as_array().expect("items").iter();
        items.map(|u| u["display_name"].as_str().unwrap_or("admin").to_owned()).collect()
    };
    assert_eq!(look_for("LOVEL").await, [bob, ada], "user name and name");
    assert_eq!(look_for("Example.ORG").await, [bob]);
    assert_eq!(look_for("%25").await, [bob], "no wildcard");
    assert_eq!(look_for("_").await, [""; 0]);
    assert_eq!(look_for("lovel&filter=email%20co%20%22com%22").await, [ada], "both hold");
    assert_eq!(look_for("").await.len(), 4);
}

async fn an_administrator_vouches_for_an_address_or_has_it_verified(node: TestCore) {
    let admin = node.person("admin@example.com", &["admin"]).await;
    node.mails().await;
    let make = async |body: Json| node.post("/api/v1/admin/users", &body).bearer(&admin.token).send().await;
    let ada = make(json!({"email": "ada@example.com", "password": PASSWORD})).await.expect(201);
    assert_eq!(ada["email_verified"], true);
    let bare = make(json!({"email": "bare@example.com"})).await.expect(201);
    assert_eq!(bare["email_verified"], false);
    assert_eq!(node.mails().await.len(), 0);
    let vouched = make(json!({"email": "vouched@example.com", "email_verified": true})).await.expect(201);
    assert_eq!(vouched["email_verified"], true);
    for wrong in [
        json!({"email": "x@example.com", "invite": true, "email_verified": true}),
        json!({"username": "nobody", "email_verified": true}),
    ] {
        let told = make(wrong).await.expect_problem(400, "request.invalid");
        assert_eq!(told["errors"][0]["field"], "/email_verified");
    }
    let body = json!({"email": "bob@example.com", "password": PASSWORD, "email_verified": false, "language": "de"});
    let bob = make(body).await.expect(201);
    assert_eq!(bob["email_verified"], false);
    let mails = node.mails().await;
    assert_eq!((mails.len(), &*mails[0].to), (1, "bob@example.com"));

    let path = |user: &Json| format!("/api/v1/admin/users/{}", user["id"].as_str().expect("an id"));
    let again = async |user: &Json| {
        node.call(Method::POST, &format!("{}/send-verification", path(user))).bearer(&admin.token).send().await
    };
    again(&bob).await.expect(202);
    let mail = node.mails().await.pop().expect("a mail");
    let token = mail.text.split("token=").nth(1).and_then(|t| t.split_whitespace().next()).expect("a token").to_owned();
    node.post("/api/v1/auth/verify-email", &json!({ "token": token })).send().await.expect(204);
    for nothing in [&bob, &ada] {
        again(nothing).await.expect_problem(409, "user.not_verifiable");
    }
    again(&bare).await.expect(202);
    node.mails().await;
    node.limiter.refuse(true);
    let told = again(&bare).await;
    assert!(told.headers.contains_key("retry-after"));
    told.expect_problem(429, "message.limited");
    // Whoever is made is not refused for it.
    make(json!({"email": "eve@example.com", "email_verified": false})).await.expect(201);
    node.limiter.refuse(false);
    assert_eq!(node.mails().await.len(), 0);

    let change = async |user: &Json, body: Json| {
        // So that entries of the log have an order.
        node.clock.advance(std::time::Duration::from_millis(2));
        node.call(Method::PATCH, &path(user)).json(&body).bearer(&admin.token).send().await
    };
    assert_eq!(change(&ada, json!({"display_name": "Ada"})).await.expect(200)["email_verified"], true);
    assert_eq!(change(&ada, json!({"email": "new@example.com"})).await.expect(200)["email_verified"], false);
    assert_eq!(change(&ada, json!({"email_verified": true})).await.expect(200)["email_verified"], true);
    let moved = change(&ada, json!({"email": "ada@example.com", "email_verified": true})).await.expect(200);
    assert_eq!(moved["email_verified"], true);
    assert_eq!(change(&ada, json!({"email_verified": false})).await.expect(200)["email_verified"], false);
    let told = change(&ada, json!({"email": null, "username": "ada", "email_verified": true})).await;
    assert_eq!(told.expect_problem(400, "request.invalid")["errors"][0]["field"], "/email_verified");
    let log = node.get("/api/v1/admin/audit?action=user.updated").bearer(&admin.token).send().await.expect(200);
    assert_eq!(log["items"][0]["details"], json!({"fields": ["email_verified"], "email_verified": false}));
    assert_eq!(node.audited(node.tenant().id, "user.verification_requested").await, 4);
}

async fn who_is_locked_out_is_seen_and_unlocked(node: TestCore) {
    let admin = node.person("admin@example.com", &["admin"]).await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let path = format!("/api/v1/admin/users/{}", ada.id);
    let seen = async |token: &str| {
        let user = node.get(&path).bearer(token).send().await.expect(200);
        (user["failed_attempts"].clone(), user["locked_until"].clone())
    };
    assert_eq!(seen(&admin.token).await, (json!(0), Json::Null));
    assert_eq!(act(&node, &admin, &ada, "unlock").await.expect(200), json!({"unlocked": false}));
    let fail = async |ip: &str| {
        let wrong = json!({ "email": ada.email, "password": "wrong" });
        let reply = node.post("/api/v1/auth/login", &wrong).from(ip).send().await;
        node.wait(&reply);
        reply.expect_problem(401, "credentials.invalid");
    };
    fail("198.51.100.8").await;
    assert_eq!(seen(&admin.token).await, (json!(1), Json::Null));
    let allowed = node.core.settings.lockout.failures;
    for _ in 0..allowed {
        fail("198.51.100.7").await;
    }
    let until = node.core.now() + node.core.settings.lockout.duration;
    assert_eq!(seen(&admin.token).await, (json!(allowed + 1), json!(until)));
    // What is refused meanwhile is no attempt.
    let right = json!({ "email": ada.email, "password": PASSWORD });
    let refused = node.post("/api/v1/auth/login", &right).from("198.51.100.7").send().await;
    refused.expect_problem(429, "login.locked");
    assert_eq!(seen(&admin.token).await, (json!(allowed + 1), json!(until)));
    assert_eq!(act(&node, &admin, &ada, "unlock").await.expect(200), json!({"unlocked": true}));
    assert_eq!(seen(&admin.token).await, (json!(0), Json::Null));
    // What is long ago does not count any more.
    fail("198.51.100.8").await;
    node.clock.advance(node.core.settings.lockout.duration);
    assert_eq!(seen(&node.login(&admin).await).await, (json!(0), Json::Null));
}

async fn a_disabled_user_is_refused_at_once_until_enabled(node: TestCore) {
    let admin = node.person("admin@example.com", &["admin"]).await;
    let ada = node.person("ada@example.com", &["user"]).await;
    node.get("/api/v1/me").bearer(&ada.token).send().await.expect(200);
    assert_eq!(act(&node, &admin, &ada, "disable").await.expect(200)["status"], "disabled");
    assert!(node.judge(&ada.token).is_err(), "the very next request");
    assert!(node.another_node().await.judge(&ada.token).is_err(), "also elsewhere, and after a restart");
    let login = json!({ "email": ada.email, "password": PASSWORD });
    node.post("/api/v1/auth/login", &login).send().await.expect_problem(401, "credentials.invalid");
    // Again does no harm, and is no second entry.
    act(&node, &admin, &ada, "disable").await.expect(200);
    assert_eq!(node.audited(node.tenant().id, "user.disabled").await, 1);

    assert_eq!(act(&node, &admin, &ada, "enable").await.expect(200)["status"], "active");
    assert!(node.judge(&ada.token).is_err(), "what ended stays ended");
    let token = node.login(&ada).await;
    node.get("/api/v1/me").bearer(&token).send().await.expect(200);
}

async fn a_deleted_user_is_gone_until_restored(node: TestCore) {
    let admin = node.person("admin@example.com", &["admin"]).await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let path = format!("/api/v1/admin/users/{}", ada.id);
    let delete = || node.call(Method::DELETE, &path).bearer(&admin.token).send();
    delete().await.expect(204);
    delete().await.expect(204);
    assert!(node.judge(&ada.token).is_err());
    let all = node.get("/api/v1/admin/users").bearer(&admin.token).send().await.expect(200);
    assert_eq!(emails(&all), ["admin@example.com"]);
    assert_eq!(emails(&find(&node, &admin, r#"status eq "deleted""#).await), ["ada@example.com"]);
    for what in ["disable", "enable", "unlock", "reset-password"] {
        act(&node, &admin, &ada, what).await.expect_problem(409, "user.deleted");
    }
    let patch = node.call(Method::PATCH, &path).json(&json!({})).bearer(&admin.token).send().await;
    patch.expect_problem(409, "user.deleted");
    let roles = format!("{path}/roles");
    let roles = node.call(Method::PUT, &roles).json(&json!({ "roles": [] })).bearer(&admin.token).send().await;
    roles.expect_problem(409, "user.deleted");
    assert_eq!(act(&node, &admin, &ada, "restore").await.expect(200)["status"], "active");
    node.login(&ada).await;
    // Restoring is no way around being disabled.
    act(&node, &admin, &ada, "disable").await.expect(200);
    assert_eq!(act(&node, &admin, &ada, "restore").await.expect(200)["status"], "disabled");
}

async fn another_address_ends_what_stood_on_the_old_one(node: TestCore) {
    let admin = node.person("admin@example.com", &["admin"]).await;
    let ada = node.person("ada@example.com", &["user"]).await;
    node.mails().await;
    node.post("/api/v1/auth/password-reset", &json!({ "email": ada.email })).send().await.expect(202);
    let link = node.mails().await.pop().expect("a mail").text;
    let token = link.split("token=").nth(1).and_then(|t| t.split_whitespace().next()).expect("a token").to_owned();
    let path = format!("/api/v1/admin/users/{}", ada.id);
    let change = |body: Json| {
        let (path, admin, node) = (path.clone(), admin.token.clone(), &node);
        async move { node.call(Method::PATCH, &path).json(&body).bearer(&admin).send().await.expect(200) }
    };
    change(json!({ "display_name": "Ada" })).await;
    assert!(node.judge(&ada.token).is_ok(), "the address is what it was");
    change(json!({ "email": "ada@example.org" })).await;
    assert!(node.judge(&ada.token).is_err());
    assert_eq!(node.mails().await.len(), 2, "both are told");
    change(json!({ "email": "ada@example.com" })).await;
    let choose = json!({ "token": token, "new_password": "Copper-Lantern-58-quiet" });
    let refused = node.post("/api/v1/auth/password-reset/confirm", &choose).send().await;
    refused.expect_problem(400, "verification.invalid");
    assert_eq!(node.audited(node.tenant().id, "user.email_changed").await, 2);
}

#[tokio::test]
async fn an_administrator_unlocks_an_account() {
    let node = TestCore::start().await;
    let admin = node.person("admin@example.com", &["admin"]).await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let wrong = json!({ "email": ada.email, "password": "wrong" });
    for _ in 0..node.core.settings.lockout.failures {
        let reply = node.post("/api/v1/auth/login", &wrong).from("198.51.100.7").send().await;
        node.wait(&reply);
        reply.expect_problem(401, "credentials.invalid");
    }
    let right = json!({ "email": ada.email, "password": PASSWORD });
    let try_again = || node.post("/api/v1/auth/login", &right).from("198.51.100.7").send();
    try_again().await.expect_problem(429, "login.locked");
    act(&node, &admin, &ada, "unlock").await.expect(200);
    try_again().await.expect(200);
}

#[tokio::test]
async fn a_reset_tells_a_password_once_and_ends_sessions() {
    let node = TestCore::start().await;
    let admin = node.person("admin@example.com", &["admin"]).await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let told = act(&node, &admin, &ada, "reset-password").await.expect(200);
    let temporary = told["temporary_password"].as_str().expect("a password");
    assert!(node.judge(&ada.token).is_err());
    let login = |password: &str| node.post("/api/v1/auth/login", &json!({ "email": ada.email, "password": password }));
    login(PASSWORD).send().await.expect_problem(401, "credentials.invalid");
    login(temporary).send().await.expect(200);
    let path = format!("/api/v1/admin/users/{}/reset-password", ada.id);
    let given = json!({ "password": "Copper-Lantern-58-quiet" });
    let told = node.post(&path, &given).bearer(&admin.token).send().await.expect(200);
    assert_eq!(told, json!({}));
    login("Copper-Lantern-58-quiet").send().await.expect(200);
    node.post(&path, &json!({ "password": "x" }))
        .bearer(&admin.token)
        .send()
        .await
        .expect_problem(400, "password.weak");
    act(&node, &admin, &admin, "reset-password").await.expect_problem(403, "user.self");
}

#[tokio::test]
async fn no_body_is_an_empty_one_where_nothing_must_be_said() {
    let node = TestCore::start().await;
    let admin = node.person("admin@example.com", &["admin"]).await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let call =
        |what: &str| node.call(Method::POST, &format!("/api/v1/admin/users/{}/{what}", ada.id)).bearer(&admin.token);
    assert!(call("reset-password").send().await.expect(200)["temporary_password"].is_string());
    // As a form without fields is called, and as JSON.
    call("reset-password").header("content-type", "application/x-www-form-urlencoded").send().await.expect(200);
    call("reset-password").raw("").send().await.expect(200);
    call("invite").send().await.expect_problem(409, "user.not_invitable");
    let told = call("impersonate").send().await.expect_problem(400, "request.invalid");
    assert_eq!((&told["errors"][0]["field"], &told["errors"][0]["code"]), (&json!("/reason"), &json!("required")));
    let other = call("reset-password").raw("password=x").header("content-type", "text/plain").send().await;
    assert_eq!(other.status, 415, "{}", other.json);
}

async fn sessions_of_a_user_are_listed_and_ended(node: TestCore) {
    let admin = node.person("admin@example.com", &["admin"]).await;
    let ada = node.person("ada@example.com", &["user"]).await;
    node.clock.advance(std::time::Duration::from_millis(2));
    let second = node.login(&ada).await;
    let path = format!("/api/v1/admin/users/{}/sessions", ada.id);
    let list = node.get(&path).bearer(&admin.token).send().await.expect(200);
    let ids: Vec<&str> = list["items"].as_array().expect("items").iter().filter_map(|s| s["id"].as_str()).collect();
    assert_eq!(ids.len(), 2);
    // Newest first: the second login.
    let one = format!("{path}/{}", ids[0]);
    node.call(Method::DELETE, &one).bearer(&admin.token).send().await.expect(204);
    assert!(node.judge(&second).is_err() && node.judge(&ada.token).is_ok());
    node.call(Method::DELETE, &one).bearer(&admin.token).send().await.expect_problem(404, "not_found");
    node.call(Method::DELETE, &path).bearer(&admin.token).send().await.expect(204);
    assert!(node.judge(&ada.token).is_err());
    // The administrator's own session is not one of hers.
    let own = node.judge(&admin.token).expect("still in").session.expect("a session");
    let foreign = format!("{path}/{own}");
    node.call(Method::DELETE, &foreign).bearer(&admin.token).send().await.expect_problem(404, "not_found");
}
