//! Nobody learns whether an account exists: same status, same body, same work.

use storage::{StoreError, params};

use super::*;

/// Rows of the tables that a request writes.
async fn written(node: &TestCore) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in ["proofs", "outbox", "audit_log"] {
        let sql = format!("SELECT count(*) FROM {table} WHERE tenant_id = $1");
        let work = node
            .core
            .store
            .tenant(node.tenant().id)
            .read(move |tx| Box::pin(async move { tx.query_opt(&sql, params![]).await }));
        counts.push(work.await.map_err(|e: StoreError| e).expect("rows").expect("a row").get(0).expect("a number"));
    }
    counts
}

/// What an answer shows and what it cost.
async fn observe(node: &TestCore, path: &str, body: Json) -> (u16, Json, usize, Vec<i64>, u64) {
    let (before, hashes) = (written(node).await, node.core.hasher.computed());
    let reply = call(node, path, body).await;
    let cost = written(node).await.iter().zip(before).map(|(after, before)| after - before).collect();
    (reply.status, reply.json, reply.headers.len(), cost, node.core.hasher.computed() - hashes)
}

#[tokio::test]
async fn asking_for_a_link_looks_and_costs_the_same_for_everybody() {
    let node = TestCore::start().await;
    let mail = register(&node, "verified@example.com").await;
    call(&node, "verify-email", json!({"token": token(&mail)})).await.expect(204);
    register(&node, "known@example.com").await;
    for path in ["verify-email/resend", "password-reset"] {
        let known = observe(&node, path, json!({"email": "known@example.com"})).await;
        assert_eq!((known.0, &known.3), (202, &vec![1, 1, 1]), "{path}");
        for other in ["unknown@example.com", "verified@example.com"] {
            assert_eq!(observe(&node, path, json!({"email": other})).await, known, "{path} {other}");
        }
        // Too many for the address: still the same.
        node.limiter.refuse(true);
        assert_eq!(observe(&node, path, json!({"email": "known@example.com"})).await, known, "{path}");
        node.limiter.refuse(false);
    }
    let mut sent: Vec<String> = node.mails().await.into_iter().map(|m| m.to).collect();
    sent.sort();
    assert_eq!(sent, ["known@example.com", "known@example.com", "verified@example.com"], "nobody else gets anything");
}

#[tokio::test]
async fn registering_a_taken_address_looks_and_costs_the_same_and_tells_its_owner() {
    let node = TestCore::start().await;
    let body = |email: &str| json!({"email": email, "password": PASSWORD, "external_id": email});
    let new = observe(&node, "register", body("ada@example.com")).await;
    assert_eq!((new.0, &new.3, new.4), (201, &vec![1, 1, 1], 1));
    node.mails().await;
    let taken = observe(&node, "register", body("ada@example.com")).await;
    assert_eq!(taken, new);
    let told = one(node.mails().await);
    assert_eq!(
        (told.to.as_str(), told.subject.as_str()),
        ("ada@example.com", "You have an account at Default already")
    );
    assert!(!told.text.contains("token="));
    // Somebody else's external id makes no difference: it is what somebody says.
    let external = json!({"email": "eve@example.com", "password": PASSWORD, "external_id": "ada@example.com"});
    let (status, _, headers, cost, hashes) = observe(&node, "register", external).await;
    assert_eq!((status, headers, cost, hashes), (new.0, new.2, new.3, new.4));
    assert_eq!(one(node.mails().await).to, "eve@example.com");
}

/// The second answer to "too many mails" must be silence, and notices must not be used up.
#[tokio::test]
async fn limits_hold_for_what_strangers_ask_and_not_for_what_warns() {
    let node = TestCore::start().await;
    register(&node, "ada@example.com").await;
    let ada = login(&node, "ada@example.com", PASSWORD).await.expect(200);
    let asked = node.limiter.asked().len();
    call(&node, "password-reset", json!({"email": "ada@example.com"})).await.expect(202);
    let keys = node.limiter.asked()[asked..].to_vec();
    assert!(keys.len() == 1 && keys[0].starts_with("mail:") && !keys[0].contains("ada@"), "{keys:?}");
    node.mails().await;
    let change = json!({"current_password": PASSWORD, "new_password": NEW});
    let asked = node.limiter.asked().len();
    let access = ada["access_token"].as_str().expect("a token");
    node.post("/api/v1/auth/change-password", &change).bearer(access).send().await.expect(204);
    assert!(node.limiter.asked()[asked..].iter().all(|key| !key.starts_with("mail:")));
    assert_eq!(node.mails().await.len(), 1);
}
