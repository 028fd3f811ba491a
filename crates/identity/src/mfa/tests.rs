//! Second factors as stories over the router, and the attacks on them.

mod admin;
mod enrolment;
mod logins;
mod policy;
mod races;

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::code_at;
use crate::testing::{PASSWORD, Person, Reply, TestCore, settings};

/// More than any test tries: what is tested is that one wins, not that the others are kept from trying.
async fn patient(postgres: bool) -> TestCore {
    let mut settings = settings();
    settings.lockout.failures = 1_000;
    settings.lockout.free_failures = 1_000;
    if postgres { TestCore::start_on_postgres(settings).await } else { TestCore::start_with(settings).await }
}

fn text(json: &Json) -> &str {
    json.as_str().expect("a text")
}

fn list(json: &Json) -> Vec<String> {
    json.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text").to_owned()).collect()
}

/// Somebody with an authenticator app.
struct Owner {
    person: Person,
    secret: String,
    backup: Vec<String>,
}

impl Owner {
    /// What their app shows now.
    fn code(&self, node: &TestCore) -> String {
        code_at(&self.secret, node.core.now())
    }
}

/// Sets an authenticator app up, and waits for its next code.
async fn with_totp(node: &TestCore, person: Person) -> Owner {
    let begun = node.post("/api/v1/mfa/totp", &json!({})).bearer(&person.token).send().await.expect(201);
    let secret = text(&begun["secret"]).to_owned();
    let body = json!({"id": begun["id"], "code": code_at(&secret, node.core.now())});
    let done = node.post("/api/v1/mfa/totp/confirm", &body).bearer(&person.token).send().await.expect(200);
    node.clock.advance(Duration::from_secs(30));
    Owner { person, secret, backup: list(&done["backup_codes"]) }
}

/// Somebody new with an authenticator app.
async fn owner(node: &TestCore, email: &str) -> Owner {
    let person = node.person(email, &["user"]).await;
    with_totp(node, person).await
}

async fn log_in(node: &TestCore, email: &str, password: &str) -> Reply {
    node.post("/api/v1/auth/login", &json!({"email": email, "password": password})).send().await
}

/// The id of a challenge, after the right password.
async fn challenged(node: &TestCore, email: &str) -> String {
    let answer = log_in(node, email, PASSWORD).await.expect(200);
    assert_eq!((&answer["mfa_required"], &answer["access_token"]), (&json!(true), &Json::Null), "{answer}");
    text(&answer["challenge_id"]).to_owned()
}

async fn answer(node: &TestCore, challenge: &str, method: &str, code: &str) -> Reply {
    let body = json!({"challenge_id": challenge, "method": method, "code": code});
    node.post("/api/v1/auth/mfa", &body).send().await
}

/// Logs in with both factors.
async fn fully(node: &TestCore, owner: &Owner) -> Json {
    let challenge = challenged(node, &owner.person.email).await;
    answer(node, &challenge, "totp", &owner.code(node)).await.expect(200)
}

/// The access token of a further login, with the next code.
async fn fully_later(node: &TestCore, owner: &Owner) -> String {
    node.clock.advance(Duration::from_secs(30));
    text(&fully(node, owner).await["access_token"]).to_owned()
}

/// The six digits of the text message that has just arrived.
async fn texted(node: &TestCore) -> String {
    let texts = node.texts().await;
    assert_eq!(texts.len(), 1, "one message");
    texts[0].text.chars().take_while(char::is_ascii_digit).collect()
}

/// Codes that are not this one.
fn wrong(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}
