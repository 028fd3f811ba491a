//! Every change is seen by every node's edge: the one that made it, another one, and one that starts
//! afterwards.

use std::{sync::Arc, time::Duration};

use http::Method;
use kernel::{
    Secret, Timestamp, TokenId, UserId,
    edge::{Credential, Edge, Standing},
};
use serde_json::json;
use storage::{
    StoreError,
    feed::{self, Apply as _},
    params,
};

use super::{Change, Publisher, append};
use crate::{
    keys::Signers,
    sessions::{self, Reason},
    testing::{Person, TestCore, on_both_databases},
};

on_both_databases! {
    a_started_node_knows_tenants_roles_and_keys;
    a_logout_is_refused_everywhere;
    a_disabled_user_is_refused_everywhere_until_enabled;
    new_roles_hold_for_old_tokens_everywhere;
    what_a_role_grants_changes_everywhere;
    a_denied_token_is_refused_everywhere;
    a_revoked_api_key_is_refused_everywhere;
    a_suspended_tenant_is_known_everywhere;
    an_unknown_change_loads_everything;
    applying_twice_does_no_harm;
}

/// This node, another one that was there before the change, and one that starts now.
async fn all_nodes(node: TestCore, other: TestCore) -> [TestCore; 3] {
    other.core.settle(node.core.feed.position()).await.expect("the other node follows");
    let restarted = node.another_node().await;
    [node, other, restarted]
}

async fn a_started_node_knows_tenants_roles_and_keys(node: TestCore) {
    let edge = &node.core.edge;
    assert!(edge.is_ready());
    assert_eq!(&*node.tenant().slug, "default");
    let key = node.core.signers.active(node.tenant().id).expect("a key that signs");
    assert!(edge.keys.load().accepts(key.kid()));
    assert!(edge.access.load().role(node.tenant().id, "user").is_some());
}

async fn a_logout_is_refused_everywhere(node: TestCore) {
    let other = node.another_node().await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let again = node.login(&ada).await;
    assert!(other.judge(&ada.token).is_ok());
    node.call(Method::POST, "/api/v1/auth/logout").bearer(&ada.token).send().await.expect(204);
    for node in all_nodes(node, other).await {
        assert!(node.judge(&ada.token).is_err());
        assert!(node.judge(&again).is_ok(), "another session goes on");
    }
}

/// Does something to a user as an administrator.
async fn administer(node: &TestCore, user: &Person, what: &str) {
    let root = node.person("root@example.com", &["super_admin"]).await;
    let path = format!("/api/v1/admin/users/{}/{what}", user.id);
    let reply = node.call(Method::POST, &path).bearer(&root.token).send().await;
    assert!((200..300).contains(&reply.status), "{what}: {}", reply.json);
}

async fn a_disabled_user_is_refused_everywhere_until_enabled(node: TestCore) {
    let other = node.another_node().await;
    let ada = node.person("ada@example.com", &["user"]).await;
    administer(&node, &ada, "disable").await;
    // Long after every token has expired they are still refused.
    node.clock.advance(Duration::from_secs(86_400));
    let nodes = all_nodes(node, other).await;
    for node in &nodes {
        node.core.edge.revocations.sweep(node.core.now());
        assert_eq!(node.core.edge.revocations.standing(ada.id), Some(Standing::Disabled));
    }
    let [node, other, _] = nodes;
    let root = node.login(&Person { email: "root@example.com".into(), ..ada.clone() }).await;
    let path = format!("/api/v1/admin/users/{}/enable", ada.id);
    node.call(Method::POST, &path).bearer(&root).send().await;
    for node in all_nodes(node, other).await {
        assert_ne!(node.core.edge.revocations.standing(ada.id), Some(Standing::Disabled));
        let token = node.login(&ada).await;
        assert!(node.judge(&token).is_ok());
    }
}

async fn new_roles_hold_for_old_tokens_everywhere(node: TestCore) {
    let other = node.another_node().await;
    let ada = node.person("ada@example.com", &["admin"]).await;
    let root = node.person("root@example.com", &["super_admin"]).await;
    let path = format!("/api/v1/admin/users/{}/roles", ada.id);
    let roles = json!({ "roles": ["user"] });
    node.call(Method::PUT, &path).json(&roles).bearer(&root.token).send().await.expect(200);
    for node in all_nodes(node, other).await {
        let ada = node.judge(&ada.token).expect("still accepted");
        assert_eq!(ada.roles.iter().map(|r| r.as_str()).collect::<Vec<_>>(), ["user"]);
        assert!(!node.core.edge.access.load().permits(&ada, &"users:read".parse().expect("a permission")));
        // Once every token says so itself, nothing needs to be remembered.
        node.core.edge.revocations.sweep(node.core.now() + node.core.settings.tokens.outlives());
        assert_eq!(node.core.edge.revocations.standing(ada.subject.user().expect("a user")), None);
    }
}

async fn what_a_role_grants_changes_everywhere(node: TestCore) {
    let other = node.another_node().await;
    let root = node.person("root@example.com", &["super_admin"]).await;
    let role = json!({ "name": "clerk", "permissions": ["orders:read"] });
    node.post("/api/v1/admin/roles", &role).bearer(&root.token).send().await.expect(201);
    for node in all_nodes(node, other).await {
        let access = node.core.edge.access.load();
        let clerk = access.role(node.tenant().id, "clerk").expect("the role");
        assert!(clerk.allows(&"orders:read".parse().expect("a permission")));
    }
}

async fn a_denied_token_is_refused_everywhere(node: TestCore) {
    let other = node.another_node().await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let again = node.login(&ada).await;
    let jti: TokenId = node.judge(&ada.token).expect("a caller").token.expect("an id");
    let (now, until) = (node.core.now(), node.core.now() + Duration::from_secs(900));
    let denied = node.core.store.tenant(node.tenant().id).write(move |tx| {
        Box::pin(async move {
            crate::tokens::deny(tx, jti, until, now).await?;
            append(tx, &Change::TokenDenied { jti, until }, now).await
        })
    });
    node.core.settle(denied.await.expect("denied")).await.expect("settled");
    for node in all_nodes(node, other).await {
        assert!(node.judge(&ada.token).is_err());
        assert!(node.judge(&again).is_ok(), "another token of the user goes on");
    }
}

async fn a_revoked_api_key_is_refused_everywhere(node: TestCore) {
    let other = node.another_node().await;
    let ada = node.person("ada@example.com", &["user"]).await;
    let made = node.post("/api/v1/api-keys", &json!({ "name": "ci" })).bearer(&ada.token).send().await.expect(201);
    let secret = made["key"].as_str().expect("the key, shown once").to_owned();
    let key = || Credential::ApiKey(Secret::new(secret.clone()));
    let id = made["id"].as_str().expect("an id").to_owned();
    let principal = other.identity.authenticator().authenticate(key()).await.expect("accepted");
    node.call(Method::DELETE, &format!("/api/v1/api-keys/{id}")).bearer(&ada.token).send().await.expect(204);
    for node in all_nodes(node, other).await {
        assert!(node.core.edge.revocations.covers(&principal), "one that the edge has cached");
        let refused = node.identity.authenticator().authenticate(key()).await;
        assert_eq!(refused.expect_err("revoked").status(), 401);
    }
}

async fn a_suspended_tenant_is_known_everywhere(node: TestCore) {
    let other = node.another_node().await;
    let acme = node.new_tenant("acme").await;
    let root = node.person("root@example.com", &["super_admin"]).await;
    let before = node.core.edge.credentials_epoch();
    let path = format!("/api/v1/admin/tenants/{}/suspend", acme.id);
    let reply = node.call(Method::POST, &path).bearer(&root.token).send().await;
    assert!((200..300).contains(&reply.status), "{}", reply.json);
    assert!(node.core.edge.credentials_epoch() > before, "cached credentials are asked for again");
    for node in all_nodes(node, other).await {
        assert!(node.core.edge.tenants.load().by_slug("acme").expect("known").suspended);
        assert!(!node.tenant().suspended);
        assert!(node.core.signers.active(acme.id).is_ok(), "its keys came with it");
    }
}

async fn an_unknown_change_loads_everything(node: TestCore) {
    let other = node.another_node().await;
    let now = node.core.now();
    // A newer program: renames the tenant, and tells of it in words that we do not know.
    let renamed = node.core.store.tenant(node.tenant().id).write(move |tx| {
        Box::pin(async move {
            tx.execute("UPDATE tenants SET name = 'Renamed' WHERE id = $1", params![]).await?;
            feed::append(tx, "tenant_renamed", &json!({}), now).await
        })
    });
    node.core.settle(renamed.await.expect("renamed")).await.expect("settled");
    for node in all_nodes(node, other).await {
        assert_eq!(&*node.tenant().name, "Renamed");
    }
}

async fn applying_twice_does_no_harm(node: TestCore) {
    let ada = node.person("ada@example.com", &["user"]).await;
    let session = node.judge(&ada.token).expect("a caller").session.expect("a session");
    let now = node.core.now();
    let ended = node.core.store.tenant(node.tenant().id).write(move |tx| {
        Box::pin(async move {
            sessions::revoke_all(tx, ada.id, None, Reason::Admin, now).await?.tell(tx, now).await?;
            append(tx, &Change::UserStanding { user: ada.id }, now).await?;
            append(tx, &Change::UserStanding { user: UserId::new(Timestamp::EPOCH, &kernel::OsRandom::new()) }, now)
                .await?;
            append(tx, &Change::RolesChanged, now).await?;
            append(tx, &Change::KeysChanged, now).await?;
            append(tx, &Change::TenantChanged, now).await
        })
    });
    ended.await.expect("changes");
    let changes = node.core.store.system().read(|tx| {
        Box::pin(async move {
            let rows = tx.query("SELECT seq, tenant_id, kind, payload FROM feed ORDER BY seq", params![]).await?;
            rows.iter()
                .map(|r| Ok(feed::Change { seq: r.get(0)?, tenant: r.get(1)?, kind: r.get(2)?, payload: r.get(3)? }))
                .collect::<Result<Vec<_>, StoreError>>()
        })
    });
    let changes = changes.await.expect("the feed");
    let publisher = Publisher {
        gate: node.core.gate.clone(),
        store: node.core.store.clone(),
        edge: Arc::new(Edge::new()),
        signers: Arc::new(Signers::default()),
        brandings: Arc::default(),
        vault: node.core.vault.clone(),
        clock: node.clock.clone(),
        settings: node.core.settings.clone(),
    };
    publisher.load().await.expect("load");
    let state = || {
        let edge = &publisher.edge;
        let tenant = edge.tenants.load().default_tenant().expect("a default tenant").clone();
        let kid = publisher.signers.active(tenant.id).expect("a key").kid().to_owned();
        (edge.revocations.len(), edge.keys.load().len(), edge.tenants.load().iter().count(), kid, tenant)
    };
    publisher.apply(&changes).await.expect("apply");
    let once = state();
    publisher.apply(&changes).await.expect("apply again");
    assert_eq!(state(), once);
    let mut caller = (*node.judge(&ada.token).expect("this node has not heard")).clone();
    caller.session = Some(session);
    assert!(publisher.edge.revocations.covers(&caller));
}

#[tokio::test]
async fn what_no_token_can_concern_any_more_is_not_loaded() {
    let node = TestCore::start().await;
    let ada = node.person("ada@example.com", &["user"]).await;
    node.call(Method::POST, "/api/v1/auth/logout").bearer(&ada.token).send().await.expect(204);
    let outlives = node.core.settings.tokens.outlives();
    node.clock.advance(outlives);
    assert_eq!(node.another_node().await.core.edge.revocations.len(), 1);
    node.clock.advance(Duration::from_micros(1));
    assert_eq!(node.another_node().await.core.edge.revocations.len(), 0);
    assert_eq!(node.core.edge.revocations.len(), 1);
    node.core.edge.revocations.sweep(node.core.now());
    assert_eq!(node.core.edge.revocations.len(), 0);
}
