//! Keys over their whole life.

use std::{collections::HashSet, time::Duration};

use futures_util::future::join_all;
use kernel::{
    TenantId, TokenId, UserId,
    jose::{Alg, Claims, sign},
};
use storage::{StoreError, params};

use super::{FreshKey, KeyStatus, create_for, list, retire, rotate, tick};
use crate::{
    audit::Origin,
    testing::{TestCore, on_both_databases, settings},
};

/// A token that the tenant's active key signs now.
fn token(node: &TestCore) -> String {
    let (tenant, now) = (node.tenant(), node.core.now().as_secs());
    let random = &*node.core.random;
    let claims = Claims {
        iss: tenant.issuer.to_string(),
        sub: UserId::new(node.core.now(), random).to_string(),
        aud: vec![tenant.issuer.to_string()],
        exp: now + 900,
        iat: now,
        nbf: now,
        jti: TokenId::new(node.core.now(), random),
        tid: tenant.id,
        sid: None,
        akid: None,
        roles: Vec::new(),
        scope: String::new(),
        permissions: None,
        auth_time: None,
        amr: kernel::Amr::NONE,
        acr: None,
        act: None,
        email: None,
    };
    sign(&claims, &node.core.signers.active(tenant.id).expect("a key")).expect("a token")
}

fn accepted(node: &TestCore, token: &str) -> bool {
    node.judge(token).is_ok()
}

#[tokio::test]
async fn a_rotated_key_verifies_until_its_last_token_has_expired() {
    let node = TestCore::start().await;
    let (core, tenant) = (&node.core, node.tenant().id);
    let before = token(&node);
    node.clock.advance(Duration::from_secs(1));
    let old = core.signers.active(tenant).expect("a key").kid().to_owned();
    let new = rotate(core, tenant, &Origin::System).await.expect("rotation");
    assert_ne!(new.kid, old);
    assert_eq!(core.signers.active(tenant).expect("a key").kid(), new.kid, "signs at once");
    assert!(accepted(&node, &before) && accepted(&node, &token(&node)));

    // One microsecond before its time nothing happens.
    node.clock.advance(core.settings.tokens.outlives() - Duration::from_micros(1));
    tick(core).await.expect("tick");
    assert!(core.edge.keys.load().accepts(&old));
    node.clock.advance(Duration::from_micros(1));
    tick(core).await.expect("tick");
    assert!(!core.edge.keys.load().accepts(&old) && core.edge.keys.load().accepts(&new.kid));
    let states: Vec<_> = list(core, tenant).await.expect("list").into_iter().map(|k| (k.kid, k.status)).collect();
    assert_eq!(states, [(new.kid, KeyStatus::Active), (old, KeyStatus::Retired)]);
}

#[tokio::test]
async fn retiring_the_active_key_refuses_its_tokens_at_once_and_leaves_a_key_that_signs() {
    let node = TestCore::start().await;
    let (core, tenant) = (&node.core, node.tenant().id);
    let stolen = token(&node);
    let kid = core.signers.active(tenant).expect("a key").kid().to_owned();
    let retired = retire(core, tenant, kid.clone(), &Origin::System).await.expect("retire");
    assert_eq!(retired.status, KeyStatus::Retired);
    assert!(!accepted(&node, &stolen) && accepted(&node, &token(&node)));
    let restarted = node.another_node().await;
    assert!(!accepted(&restarted, &stolen), "a restart forgets nothing");
    // Again changes nothing; an unknown one is not found.
    retire(core, tenant, kid, &Origin::System).await.expect("retire again");
    assert_eq!(list(core, tenant).await.expect("list").len(), 2);
    let unknown = retire(core, tenant, "unknown".into(), &Origin::System).await;
    assert_eq!(unknown.expect_err("unknown").kind.code, "not_found");
}

on_both_databases! {
    twenty_rotations_at_once_leave_one_active_key;
}

async fn twenty_rotations_at_once_leave_one_active_key(node: TestCore) {
    let (core, tenant) = (&node.core, node.tenant().id);
    let results = join_all((0..20).map(|_| rotate(core, tenant, &Origin::System))).await;
    let codes: HashSet<_> = results.iter().filter_map(|r| r.as_ref().err().map(|p| p.kind.code)).collect();
    assert!(codes.is_subset(&HashSet::from(["signing_key.changed", "signing_key.too_many"])), "{codes:?}");
    let done: Vec<_> = results.into_iter().flatten().collect();
    let keys = list(core, tenant).await.expect("list");
    let active: Vec<_> = keys.iter().filter(|k| k.status == KeyStatus::Active).collect();
    assert_eq!(active.len(), 1);
    assert!(done.iter().any(|k| k.kid == active[0].kid));
    assert_eq!(keys.len(), done.len() + 1, "what was refused left nothing");
    assert_eq!(core.signers.active(tenant).expect("a key").kid(), active[0].kid);
}

#[tokio::test]
async fn the_number_of_keys_that_verify_is_bounded() {
    let node = TestCore::start().await;
    let (core, tenant) = (&node.core, node.tenant().id);
    for _ in 1..16 {
        rotate(core, tenant, &Origin::System).await.expect("rotation");
    }
    let refused = rotate(core, tenant, &Origin::System).await.expect_err("one too many");
    assert_eq!(refused.kind.code, "signing_key.too_many");
}

#[tokio::test]
async fn keys_rotate_by_themselves_when_the_operator_says_so() {
    let mut settings = settings();
    settings.tokens.key_rotation = Some(Duration::from_secs(30 * 86_400));
    let node = TestCore::start_with(settings).await;
    let (core, tenant) = (&node.core, node.tenant().id);
    let kid = || core.signers.active(tenant).expect("a key").kid().to_owned();
    let first = kid();
    node.clock.advance(Duration::from_secs(30 * 86_400 - 1));
    tick(core).await.expect("tick");
    assert_eq!(kid(), first);
    node.clock.advance(Duration::from_secs(1));
    tick(core).await.expect("tick");
    let second = kid();
    assert_ne!(second, first);
    tick(core).await.expect("tick");
    assert_eq!(kid(), second, "a young key stays");
}

#[tokio::test]
async fn private_keys_are_sealed_to_their_row_and_wiped_when_they_no_longer_sign() {
    let node = TestCore::start().await;
    let (core, tenant) = (&node.core, node.tenant().id);
    let sealed = async || -> Vec<(String, Vec<u8>)> {
        let read = core.store.tenant(tenant).read(|tx| {
            Box::pin(async move {
                let sql = "SELECT status, sealed FROM signing_keys WHERE tenant_id = $1 ORDER BY created_at, kid";
                let rows = tx.query(sql, params![]).await?;
                rows.iter().map(|r| Ok((r.get(0)?, r.get(1)?))).collect::<Result<Vec<_>, StoreError>>()
            })
        });
        read.await.expect("rows")
    };
    assert!(sealed().await.iter().all(|(_, bytes)| bytes.len() > 40));
    node.clock.advance(Duration::from_secs(1));
    rotate(core, tenant, &Origin::System).await.expect("rotation");
    let rows = sealed().await;
    assert_eq!((rows[0].0.as_str(), rows[0].1.len()), ("retiring", 0));

    // A sealed key copied to another tenant does not open there.
    let other = TenantId::new(core.now(), &*core.random);
    let key = FreshKey::generate(&core.vault, &core.random, other, Alg::EdDSA).await.expect("a key");
    let misplaced = core
        .store
        .tenant(tenant)
        .write(move |tx| Box::pin(async move { create_for(tx, &key, crate::testing::START).await }))
        .await;
    assert!(misplaced.is_err(), "a key belongs to the tenant it was made for");
}

#[tokio::test]
async fn administration_needs_the_right_permission() {
    let node = TestCore::start().await;
    let reader = node.caller(&["keys:read"]);
    let keys = node.get("/api/v1/admin/keys").by(&reader).send().await.expect(200);
    assert_eq!(keys["items"][0]["status"], "active");
    assert!(keys["items"][0].get("sealed").is_none());
    let path = "/api/v1/admin/keys/rotate";
    node.call(http::Method::POST, path).by(&reader).send().await.expect_problem(403, "permission.denied");
    node.call(http::Method::POST, path).send().await.expect_problem(401, "credentials.missing");
    let writer = node.caller(&["keys:*"]);
    let key = node.call(http::Method::POST, path).by(&writer).send().await.expect(201);
    let path = format!("/api/v1/admin/keys/{}/retire", key["kid"].as_str().expect("a kid"));
    let retired = node.call(http::Method::POST, &path).by(&writer).send().await.expect(200);
    assert_eq!(retired["status"], "retired");
}

#[tokio::test]
async fn others_verify_with_the_published_documents() {
    let node = TestCore::start().await;
    let jwks = node.get("/.well-known/jwks.json").send().await;
    let etag = jwks.headers["etag"].to_str().expect("a tag").to_owned();
    assert_eq!(jwks.headers["cache-control"], "public, max-age=300");
    let keys = jwks.expect(200);
    assert_eq!(keys["keys"].as_array().map(Vec::len), Some(1));
    assert!(keys["keys"][0].get("d").is_none(), "the public half only");
    let cached = node.get("/.well-known/jwks.json").header("if-none-match", &etag).send().await;
    assert_eq!((cached.status, cached.json.is_null()), (304, true));
    rotate(&node.core, node.tenant().id, &Origin::System).await.expect("rotation");
    let changed = node.get("/.well-known/jwks.json").header("if-none-match", &etag).send().await.expect(200);
    assert_eq!(changed["keys"].as_array().map(Vec::len), Some(2));

    let discovery = node.get("/.well-known/openid-configuration").send().await.expect(200);
    let issuer = discovery["issuer"].as_str().expect("an issuer");
    assert_eq!(discovery["jwks_uri"], format!("{issuer}/.well-known/jwks.json"));
}
