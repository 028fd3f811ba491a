//! A user's own keys.

use std::{sync::Arc, time::Duration};

use http::Method;
use kernel::{Secret, Subject};
use serde_json::json;
use storage::{StoreError, params};

use super::{authenticate, make, path, present};
use crate::testing::TestCore;

crate::testing::on_both_databases! {
    a_key_is_shown_once_and_speaks_for_its_owner;
    a_key_is_changed_and_the_edge_asks_again;
    rotation_overlaps_and_happens_once;
    keys_that_ended_long_ago_are_forgotten;
}

const DAY: Duration = Duration::from_secs(86_400);

async fn a_key_is_shown_once_and_speaks_for_its_owner(node: TestCore) {
    let ada = node.person("ada@example.com", &["user", "premium"]).await;
    let limits = json!({ "permissions": ["profile:read"], "networks": ["192.0.2.0/24"], "limits": ["5/minute"] });
    let made = make(&node, &ada, limits).await;
    let shown = node.get(&path(&made)).bearer(&ada.token).send().await.expect(200);
    assert_eq!((&shown["key"], &shown["status"], &shown["hint"]), (&json!(null), &json!("active"), &made["hint"]));
    let list = node.get("/api/v1/api-keys").bearer(&ada.token).send().await.expect(200);
    assert_eq!(list["items"], json!([shown]));
    let caller = present(&node, &made).await.expect("a caller");
    assert_eq!((caller.subject, caller.tenant, caller.session), (Subject::User(ada.id), ada.tenant.id, None));
    assert_eq!(caller.roles.len(), 2);
    assert!(caller.networks[0].contains([192, 0, 2, 9].into()) && caller.limits[0].limit == 5);
    let access = node.core.edge.access.load();
    let may = |permission: &str| access.permits(&caller, &permission.parse().expect("one"));
    assert!(may("profile:read") && !may("profile:write") && !may("content:read"));

    let secret = made["key"].as_str().expect("a key").to_owned();
    let stored = node.core.store.tenant(ada.tenant.id).read(move |tx| {
        Box::pin(async move {
            tx.query_opt("SELECT hash, name, prefix FROM api_keys WHERE tenant_id = $1", params![]).await
        })
    });
    let row = stored.await.map_err(|e: StoreError| e).expect("rows").expect("a row");
    let hash: Vec<u8> = row.get(0).expect("a hash");
    assert_eq!(hash, node.core.vault.hash_token(secret.as_bytes()));
}

#[tokio::test]
async fn a_key_follows_its_owners_roles() {
    let node = TestCore::start().await;
    let root = node.person("root@example.com", &["super_admin"]).await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let made = make(&node, &ada, json!({})).await;
    let roles = format!("/api/v1/admin/users/{}/roles", ada.id);
    let epoch = node.core.edge.credentials_epoch();
    node.call(Method::PUT, &roles).json(&json!({ "roles": ["guest"] })).bearer(&root.token).send().await.expect(200);
    let caller = present(&node, &made).await.expect("a caller");
    let access = node.core.edge.access.load();
    assert!(!access.permits(&caller, &"profile:read".parse().expect("one")));
    // What the edge has cached about her is not believed any more, one way or the other.
    let standing = node.core.edge.revocations.standing(ada.id).is_some();
    assert!(standing || node.core.edge.credentials_epoch() > epoch);
}

#[tokio::test]
async fn every_key_that_is_no_good_is_refused_alike() {
    let node = TestCore::start().await;
    let root = node.person("root@example.com", &["super_admin"]).await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let expires = (node.core.now() + DAY).to_string();
    let (revoked, expiring) =
        (make(&node, &ada, json!({})).await, make(&node, &ada, json!({ "expires_at": expires })).await);
    let good = make(&node, &ada, json!({})).await;
    node.call(Method::DELETE, &path(&revoked)).bearer(&ada.token).send().await.expect(204);
    node.clock.advance(DAY);
    let unknown = crate::api_keys::secret::generate(ada.tenant.id, &*node.core.random);
    let mut refusals = vec![
        present(&node, &revoked).await,
        present(&node, &expiring).await,
        authenticate(&node.core, unknown).await,
        authenticate(&node.core, Secret::new("pk_live_nonsense".to_owned())).await,
    ];
    present(&node, &good).await.expect("a good one");
    let root_token = node.login(&root).await;
    let disable = format!("/api/v1/admin/users/{}/disable", ada.id);
    node.post(&disable, &json!({})).bearer(&root_token).send().await.expect(200);
    refusals.push(present(&node, &good).await);
    for refused in refusals {
        let problem = refused.expect_err("refused");
        assert_eq!((problem.status(), problem.kind.code, &problem.detail), (401, "api_key.invalid", &None));
    }
}

#[tokio::test]
async fn a_revoked_key_is_refused_by_the_edge_at_once() {
    let node = TestCore::start().await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let made = make(&node, &ada, json!({})).await;
    let caller = present(&node, &made).await.expect("a caller");
    assert!(!node.core.edge.revocations.covers(&caller));
    // Even the key itself may take itself back.
    node.call(Method::DELETE, &path(&made)).by(&caller).send().await.expect(204);
    assert!(node.core.edge.revocations.covers(&caller));
    assert!(node.another_node().await.core.edge.revocations.covers(&caller));
    node.call(Method::DELETE, &path(&made)).bearer(&ada.token).send().await.expect(204);
    assert_eq!(node.audited(ada.tenant.id, "api_key.revoked").await, 1);
    let patch = node.call(Method::PATCH, &path(&made)).json(&json!({ "name": "x" })).bearer(&ada.token).send().await;
    patch.expect_problem(409, "api_key.ended");
    let rotate = node.post(&format!("{}/rotate", path(&made)), &json!({})).bearer(&ada.token).send().await;
    rotate.expect_problem(409, "api_key.ended");
}

async fn a_key_is_changed_and_the_edge_asks_again(node: TestCore) {
    let ada = node.person("ada@example.com", &["user"]).await;
    let expires = (node.core.now() + DAY).to_string();
    let made = make(&node, &ada, json!({ "expires_at": expires, "limits": ["5/minute"] })).await;
    let epoch = node.core.edge.credentials_epoch();
    let patch = json!({ "name": " new ", "networks": ["198.51.100.1"], "expires_at": null });
    let changed = node.call(Method::PATCH, &path(&made)).json(&patch).bearer(&ada.token).send().await.expect(200);
    assert_eq!((&changed["name"], &changed["networks"]), (&json!("new"), &json!(["198.51.100.1/32"])));
    assert_eq!((&changed["expires_at"], &changed["limits"]), (&json!(null), &json!(["5/minute"])));
    assert!(node.core.edge.credentials_epoch() > epoch);
    let wrong =
        json!({ "name": "", "networks": ["x"], "limits": ["1/minute", "never"], "expires_at": "2020-01-01T00:00:00Z" });
    let told = node.call(Method::PATCH, &path(&made)).json(&wrong).bearer(&ada.token).send().await;
    let told = told.expect_problem(400, "request.invalid");
    let fields: Vec<&str> =
        told["errors"].as_array().expect("errors").iter().filter_map(|e| e["field"].as_str()).collect();
    assert_eq!(fields, ["/name", "/networks/0", "/limits/1", "/expires_at"]);
}

async fn rotation_overlaps_and_happens_once(node: TestCore) {
    let ada = node.person("ada@example.com", &["user"]).await;
    let old = make(&node, &ada, json!({ "permissions": ["profile:read"] })).await;
    let rotate = |of: &serde_json::Value, overlap: u64| {
        node.post(&format!("{}/rotate", path(of)), &json!({ "overlap": overlap })).bearer(&ada.token).send()
    };
    rotate(&old, 604_801).await.expect_problem(400, "request.invalid");
    let (one, two) = tokio::join!(rotate(&old, 60), rotate(&old, 60));
    let (new, refused) = if one.status == 201 { (one, two) } else { (two, one) };
    refused.expect_problem(409, "api_key.rotated");
    let new = new.expect(201);
    assert_eq!(new["permissions"], json!(["profile:read"]));
    present(&node, &old).await.expect("still good");
    present(&node, &new).await.expect("good already");
    let shown = node.get(&path(&old)).bearer(&ada.token).send().await.expect(200);
    assert_eq!(shown["rotated_to"], new["id"]);
    node.clock.advance(Duration::from_secs(60));
    present(&node, &old).await.expect_err("its time is over");
    let third = rotate(&new, 0).await.expect(201);
    present(&node, &new).await.expect_err("without overlap it ends at once");
    present(&node, &third).await.expect("good");
}

#[tokio::test]
async fn keys_make_no_keys() {
    let node = TestCore::start().await;
    let root = node.person("root@example.com", &["super_admin"]).await;
    let made = make(&node, &root, json!({})).await;
    let key = present(&node, &made).await.expect("a caller");
    // A token that was obtained with the key says so.
    let token = Arc::new(kernel::Principal { method: kernel::AuthMethod::Jwt, ..(*key).clone() });
    let body = json!({ "name": "x", "permissions": ["profile:read"] });
    for by in [&key, &token] {
        for base in ["/api/v1/api-keys", "/api/v1/admin/api-keys"] {
            let own = format!("{base}/{}", made["id"].as_str().expect("an id"));
            node.post(base, &body).by(by).send().await.expect_problem(403, "api_key.by_key");
            let patch = node.call(Method::PATCH, &own).json(&json!({ "networks": [] })).by(by).send().await;
            patch.expect_problem(403, "api_key.by_key");
            let rotate = node.post(&format!("{own}/rotate"), &json!({})).by(by).send().await;
            rotate.expect_problem(403, "api_key.by_key");
            node.get(&own).by(by).send().await.expect(200);
        }
    }
}

#[tokio::test]
async fn a_key_is_narrowed_to_what_its_maker_holds() {
    let node = TestCore::start().await;
    let ada = node.person("ada@example.com", &["user"]).await;
    for beyond in ["users:read", "*", "profile:*", "orders:read"] {
        let body = json!({ "name": "x", "permissions": [beyond] });
        let told = node.post("/api/v1/api-keys", &body).bearer(&ada.token).send().await;
        told.expect_problem(403, "permission.not_held");
    }
    // A narrowed credential makes keys that are narrowed as much, and cannot ask for more.
    let known = node.judge(&ada.token).expect("a caller");
    let own = Arc::new(["profile:write".parse().expect("a grant")].into_iter().collect());
    let narrowed = Arc::new(kernel::Principal { narrowed_to: Some(own), ..(*known).clone() });
    let more = json!({ "name": "x", "permissions": ["profile:read"] });
    let told = node.post("/api/v1/api-keys", &more).by(&narrowed).send().await;
    told.expect_problem(403, "permission.not_held");
    let same = node.post("/api/v1/api-keys", &json!({ "name": "x" })).by(&narrowed).send().await.expect(201);
    assert_eq!(same["permissions"], json!(["profile:write"]));
    // Nor does it touch a key that holds more.
    let wide = make(&node, &ada, json!({})).await;
    let patch = node.call(Method::PATCH, &path(&wide)).json(&json!({ "networks": [] })).by(&narrowed).send().await;
    patch.expect_problem(403, "api_key.outranks");
}

#[tokio::test]
async fn keys_of_others_do_not_exist() {
    let node = TestCore::start().await;
    let (ada, bob) = (node.person("ada@example.com", &["user"]).await, node.person("bob@example.com", &["user"]).await);
    let made = make(&node, &ada, json!({})).await;
    node.get(&path(&made)).bearer(&bob.token).send().await.expect_problem(404, "not_found");
    let patch = node.call(Method::PATCH, &path(&made)).json(&json!({})).bearer(&bob.token).send().await;
    patch.expect_problem(404, "not_found");
    let rotate = node.post(&format!("{}/rotate", path(&made)), &json!({})).bearer(&bob.token).send().await;
    rotate.expect_problem(404, "not_found");
    let revoke = node.call(Method::DELETE, &path(&made)).bearer(&bob.token).send().await;
    revoke.expect_problem(404, "not_found");
    present(&node, &made).await.expect("untouched");
}

#[tokio::test]
async fn a_user_has_a_bounded_number_of_keys() {
    let node = TestCore::start().await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let mut last = json!(null);
    for _ in 0..100 {
        last = make(&node, &ada, json!({})).await;
    }
    let one_more = || node.post("/api/v1/api-keys", &json!({ "name": "x" })).bearer(&ada.token).send();
    one_more().await.expect_problem(409, "api_key.too_many");
    let rotate = |overlap: u64| {
        node.post(&format!("{}/rotate", path(&last)), &json!({ "overlap": overlap })).bearer(&ada.token).send()
    };
    rotate(60).await.expect_problem(409, "api_key.too_many");
    rotate(0).await.expect(201);
    let list = node.get("/api/v1/api-keys?limit=200").bearer(&ada.token).send().await.expect(200);
    let live = list["items"].as_array().expect("items").iter().filter(|k| k["status"] == "active").nth(50);
    node.call(Method::DELETE, &path(live.expect("one"))).bearer(&ada.token).send().await.expect(204);
    one_more().await.expect(201);
}

#[tokio::test]
async fn use_is_noted_once_a_minute_off_the_path() {
    let node = TestCore::start().await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let made = make(&node, &ada, json!({})).await;
    let noted = async || {
        present(&node, &made).await.expect("a caller");
        // The task has queued its write when we run again, and writes are done in the order queued.
        tokio::task::yield_now().await;
        let work = node.core.store.tenant(ada.tenant.id).write(move |tx| {
            Box::pin(
                async move { tx.query_opt("SELECT last_used_at FROM api_keys WHERE tenant_id = $1", params![]).await },
            )
        });
        let row = work.await.map_err(|e: StoreError| e).expect("rows").expect("a row");
        row.get::<Option<kernel::Timestamp>>(0).expect("a time")
    };
    let first = node.core.now();
    assert_eq!(noted().await, Some(first));
    node.clock.advance(Duration::from_secs(59));
    assert_eq!(noted().await, Some(first));
    node.clock.advance(Duration::from_secs(1));
    assert_eq!(noted().await, Some(node.core.now()));
}

async fn keys_that_ended_long_ago_are_forgotten(node: TestCore) {
    let ada = node.person("ada@example.com", &["user"]).await;
    let (kept, revoked) = (make(&node, &ada, json!({})).await, make(&node, &ada, json!({})).await);
    node.call(Method::DELETE, &path(&revoked)).bearer(&ada.token).send().await.expect(204);
    let sweep = |before| crate::api_keys::sweep(&node.core.store, before);
    assert_eq!(sweep(node.core.now()).await.expect("swept"), 0);
    assert_eq!(sweep(node.core.now() + DAY).await.expect("swept"), 1);
    present(&node, &kept).await.expect("untouched");
}
