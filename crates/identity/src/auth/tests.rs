//! Getting in and out, as stories over the router, and the attacks on it.

mod enumeration;
mod floods;
mod guessing;
mod limits;
mod logins;
mod passwords;
mod rotation;
mod sessions;

use std::time::Duration;

use kernel::UserId;
use serde_json::{Value as Json, json};
use storage::{StoreError, params};

use crate::{
    testing::{Reply, TestCore},
    users::{self, UserStatus},
};

const PASSWORD: &str = "Violet-Kettle-93-orbit";
const MINUTE: Duration = Duration::from_secs(60);

/// Registers a user.
async fn register(node: &TestCore, email: &str) -> Json {
    node.post("/api/v1/auth/register", &json!({"email": email, "password": PASSWORD})).send().await.expect(201)
}

/// Tries to log in.
async fn try_login(node: &TestCore, email: &str, password: &str) -> Reply {
    node.post("/api/v1/auth/login", &json!({"email": email, "password": password})).send().await
}

/// Logs in.
async fn login(node: &TestCore, email: &str) -> Json {
    try_login(node, email, PASSWORD).await.expect(200)
}

/// A registered user's tokens.
async fn newcomer(node: &TestCore, email: &str) -> Json {
    register(node, email).await;
    login(node, email).await
}

/// Tries to refresh.
async fn refresh(node: &TestCore, token: &Json) -> Reply {
    node.post("/api/v1/auth/refresh", &json!({"refresh_token": token})).send().await
}

fn text(json: &Json) -> &str {
    json.as_str().expect("a text")
}

fn user_id(tokens: &Json) -> UserId {
    text(&tokens["user"]["id"]).parse().expect("an id")
}

/// Sets a user's status, as an administrator's route does but without telling the edge.
async fn set_status(node: &TestCore, id: UserId, status: UserStatus) {
    let now = node.core.now();
    let tenant = node.tenant().id;
    let done = node.core.store.tenant(tenant).write(move |tx| Box::pin(users::set_status(tx, id, status, now)));
    assert!(done.await.map_err(|e: StoreError| e).expect("set"));
}

/// Counts rows of the default tenant; `condition` is SQL.
async fn count(node: &TestCore, table_and_condition: &'static str) -> i64 {
    let rows = node.core.store.tenant(node.tenant().id).read(move |tx| {
        Box::pin(async move {
            let sql = format!("SELECT count(*) FROM {table_and_condition} AND tenant_id = $1");
            tx.query_opt(&sql, params![]).await
        })
    });
    rows.await.map_err(|e: StoreError| e).expect("count").expect("a row").get(0).expect("a number")
}

/// How often this was audited.
async fn audited(node: &TestCore, action: &'static str) -> i64 {
    let rows = node.core.store.tenant(node.tenant().id).read(move |tx| {
        Box::pin(async move {
            let sql = "SELECT count(*) FROM audit_log WHERE tenant_id = $1 AND action = $2";
            tx.query_opt(sql, params![action]).await
        })
    });
    rows.await.map_err(|e: StoreError| e).expect("count").expect("a row").get(0).expect("a number")
}

/// Names of all members of a JSON value, nested ones with their path: its shape without its values.
fn shape(json: &Json) -> Vec<String> {
    match json {
        Json::Object(map) => map
            .iter()
            .flat_map(|(key, value)| {
                let inner = shape(value);
                if inner.is_empty() { vec![key.clone()] } else { inner.iter().map(|i| format!("{key}.{i}")).collect() }
            })
            .collect(),
        _ => Vec::new(),
    }
}
