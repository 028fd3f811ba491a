//! What mails lead to, as stories over the router, and the attacks on it.

mod address;
mod change;
mod enumeration;
mod invite;
mod password;

use serde_json::{Value as Json, json};

use crate::{
    outbox::Mail,
    testing::{PASSWORD, Reply, TestCore},
};

const NEW: &str = "Amber-Lantern-58-tide";

async fn register(node: &TestCore, email: &str) -> Mail {
    let body = json!({"email": email, "password": PASSWORD, "display_name": "Ada"});
    node.post("/api/v1/auth/register", &body).send().await.expect(201);
    one(node.mails().await)
}

/// The only mail.
#[track_caller]
fn one(mut mails: Vec<Mail>) -> Mail {
    assert_eq!(mails.len(), 1, "{mails:#?}");
    mails.remove(0)
}

fn token(mail: &Mail) -> String {
    let link = mail.text.split_whitespace().find(|w| w.contains("token=")).expect("a link");
    link.split_once("token=").expect("a token").1.to_owned()
}

fn code(mail: &Mail) -> String {
    let mut words = mail.text.split(|c: char| !c.is_ascii_alphanumeric());
    words.find(|w| w.len() == 6 && w.bytes().all(|b| b.is_ascii_digit())).expect("a code").to_owned()
}

async fn call(node: &TestCore, path: &str, body: Json) -> Reply {
    node.post(&format!("/api/v1/auth/{path}"), &body).send().await
}

async fn login(node: &TestCore, email: &str, password: &str) -> Reply {
    call(node, "login", json!({"email": email, "password": password})).await
}

/// Whether the address of whoever logs in is verified.
async fn is_verified(node: &TestCore, email: &str, password: &str) -> bool {
    let tokens = login(node, email, password).await.expect(200);
    let access = tokens["access_token"].as_str().expect("a token");
    node.get("/api/v1/auth/profile").bearer(access).send().await.expect(200)["email_verified"] == true
}
