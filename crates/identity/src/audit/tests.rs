//! The chain: whole when left alone, and broken in the right place when touched.

use std::time::Duration;

use futures_util::future::join_all;
use kernel::{Secret, UserId};
use serde_json::json;
use storage::{StoreError, Value, params};

use super::{Action, Actor, Broken, Entry, SealError, Target, VerifyError, record, verify};
use crate::{
    Core,
    testing::{TestCore, on_both_databases},
    vault::Vault,
};

async fn seal(core: &Core) -> Result<u64, SealError> {
    super::seal(&core.store, &core.vault, core.now()).await
}

async fn write(node: &TestCore, action: &'static str, count: usize) {
    let (now, random) = (node.core.now(), node.core.random.clone());
    node.core
        .store
        .tenant(node.tenant().id)
        .write(move |tx| {
            Box::pin(async move {
                for i in 0..count {
                    let entry = Entry::by_system(Action::new(action), Target::new("thing", i))
                        .details(json!({"z": i, "a": [1.5, null]}));
                    record(tx, entry, now, &*random).await?;
                }
                Ok::<_, StoreError>(())
            })
        })
        .await
        .expect("entries");
}

/// Changes the database behind our back.
async fn tamper(node: &TestCore, sql: &'static str, values: Vec<Value<'static>>) {
    let changed = node
        .core
        .store
        .system()
        .write(move |tx| Box::pin(async move { tx.execute(sql, &values).await }))
        .await
        .expect("tampering");
    assert!(changed > 0, "nothing was touched by {sql}");
}

async fn broken(node: &TestCore) -> Option<Broken> {
    match verify(&node.core.store, &node.core.vault, Some(node.tenant().id)).await {
        Ok(_) => None,
        Err(VerifyError::Broken(broken)) => Some(broken),
        Err(other) => panic!("{other}"),
    }
}

/// A node whose default tenant has 600 entries of its own in three batches and more.
async fn sealed() -> TestCore {
    let node = TestCore::start().await;
    seal(&node.core).await.expect("seal");
    write(&node, "test.first", 300).await;
    seal(&node.core).await.expect("seal");
    node.clock.advance(Duration::from_secs(1));
    write(&node, "test.second", 300).await;
    seal(&node.core).await.expect("seal");
    node
}

#[tokio::test]
async fn a_log_left_alone_is_whole_and_counts_without_gaps() {
    let node = sealed().await;
    let all = verify(&node.core.store, &node.core.vault, None).await.expect("whole");
    let own = all.iter().find(|v| v.tenant == node.tenant().id).expect("the default tenant");
    // Making the tenant was told too.
    assert_eq!((own.rows, own.waiting), (601, 0));
    write(&node, "test.third", 3).await;
    let later = verify(&node.core.store, &node.core.vault, Some(own.tenant)).await.expect("whole");
    assert_eq!((later[0].rows, later[0].waiting, later[0].head), (own.rows, 3, own.head), "not sealed yet");
}

#[tokio::test]
async fn every_column_is_covered() {
    let node = sealed().await;
    let before = "WHERE action = 'test.first' AND target_id = '7'";
    let changes = [
        "at = at + 1",
        "actor_kind = 'user'",
        "actor_id = id",
        "action = 'test.other'",
        "target_kind = 'other'",
        "target_id = '8'",
        "outcome = 'failure'",
        "ip = '192.0.2.9'",
        "request_id = 'x'",
        "details = '{}'",
        "hash = $1",
    ];
    for change in changes {
        let node = sealed().await;
        let sql: &'static str = format!("UPDATE audit_log SET {change} {before}").leak();
        let values = if change.contains('$') { params![[9_u8; 32]].to_vec() } else { Vec::new() };
        tamper(&node, sql, values).await;
        assert!(matches!(broken(&node).await, Some(Broken::Altered { .. })), "{change}");
    }
    assert_eq!(broken(&node).await, None);
}

#[tokio::test]
async fn a_removed_row_is_missed_wherever_it_stood() {
    for (place, end) in [(1, false), (300, false), (i64::MAX, true)] {
        let node = sealed().await;
        let last = verify(&node.core.store, &node.core.vault, Some(node.tenant().id)).await.expect("whole")[0].rows;
        let seq = place.min(last);
        tamper(&node, "DELETE FROM audit_log WHERE seq = $1", params![seq].to_vec()).await;
        let expected = if end {
            Broken::CutOff { tenant: node.tenant().id, found: last - 1, signed: last }
        } else {
            Broken::Missing { tenant: node.tenant().id, seq }
        };
        assert_eq!(broken(&node).await, Some(expected.clone()));
        // Sealing on does not heal it.
        write(&node, "test.later", 5).await;
        seal(&node.core).await.expect("seal");
        assert!(matches!(broken(&node).await, Some(Broken::Missing { seq: found, .. }) if found == seq), "{expected}");
    }
}

#[tokio::test]
async fn exchanged_inserted_and_appended_rows_are_found() {
    let node = sealed().await;
    tamper(
        &node,
        "UPDATE audit_log SET seq = CASE seq WHEN 10 THEN -10 ELSE -11 END WHERE seq IN (10, 11)",
        Vec::new(),
    )
    .await;
    tamper(&node, "UPDATE audit_log SET seq = CASE seq WHEN -10 THEN 11 ELSE 10 END WHERE seq < 0", Vec::new()).await;
    assert!(matches!(broken(&node).await, Some(Broken::Altered { seq: 10, .. })));

    let node = sealed().await;
    let id = UserId::new(node.core.now(), &*node.core.random).uuid();
    let forged =
        "INSERT INTO audit_log (tenant_id, id, at, actor_kind, action, target_kind, outcome, details, seq, hash)
        SELECT tenant_id, $1, at, actor_kind, action, target_kind, outcome, details, seq + 1, hash
        FROM audit_log ORDER BY seq DESC LIMIT 1";
    tamper(&node, forged, params![id].to_vec()).await;
    assert!(matches!(broken(&node).await, Some(Broken::Altered { .. })), "a row after the last checkpoint");
}

#[tokio::test]
async fn a_rewritten_chain_does_not_match_the_signed_checkpoints() {
    // Whoever can write to the database but does not have the master key: changes a row, and computes
    // every hash and checkpoint anew.
    let node = sealed().await;
    tamper(&node, "UPDATE audit_log SET action = 'test.forged' WHERE seq = 20", Vec::new()).await;
    tamper(&node, "UPDATE audit_log SET seq = NULL, hash = NULL", Vec::new()).await;
    tamper(&node, "DELETE FROM audit_checkpoints", Vec::new()).await;
    let stolen = Vault::new(Secret::new([8; 32])).expect("a vault");
    super::seal(&node.core.store, &stolen, node.core.now()).await.expect("seal with another key");
    assert!(matches!(broken(&node).await, Some(Broken::Checkpoint { .. })));
}

#[tokio::test]
async fn a_removed_checkpoint_at_the_end_is_found() {
    let node = sealed().await;
    let last = "DELETE FROM audit_checkpoints WHERE seq = (SELECT max(seq) FROM audit_checkpoints)";
    tamper(&node, last, Vec::new()).await;
    assert!(matches!(broken(&node).await, Some(Broken::Unsigned { .. })));
}

on_both_databases! {
    nodes_that_seal_at_once_give_every_place_once;
}

async fn nodes_that_seal_at_once_give_every_place_once(node: TestCore) {
    let other = node.another_node().await;
    write(&node, "test.first", 1_000).await;
    let sealed = join_all((0..8).map(|i| seal(if i % 2 == 0 { &node.core } else { &other.core }))).await;
    let sealed: u64 = sealed.into_iter().map(|s| s.expect("seal")).sum();
    let whole = verify(&node.core.store, &node.core.vault, Some(node.tenant().id)).await.expect("whole");
    assert_eq!((whole[0].rows.unsigned_abs(), whole[0].waiting), (sealed, 0));
}

#[tokio::test]
async fn the_log_is_searched_by_what_one_knows() {
    let node = TestCore::start().await;
    let user = UserId::new(node.core.now(), &*node.core.random);
    write(&node, "test.first", 3).await;
    node.clock.advance(Duration::from_secs(60));
    let (now, random) = (node.core.now(), node.core.random.clone());
    node.core
        .store
        .tenant(node.tenant().id)
        .write(move |tx| {
            Box::pin(async move {
                let entry = Entry::by_system(Action::new("test.failed"), Target::new("user", user)).failed();
                record(tx, Entry { actor: Actor::User(user), ..entry }, now, &*random).await
            })
        })
        .await
        .expect("an entry");
    let reader = node.caller(&["audit:read"]);
    let found = async |query: &str| {
        let path = format!("/api/v1/admin/audit?{query}");
        let page = node.get(&path).by(&reader).send().await.expect(200);
        page["items"].as_array().expect("items").len()
    };
    assert_eq!(found("action=test.first").await, 3);
    assert_eq!(found(&format!("actor={user}")).await, 1);
    assert_eq!(found(&format!("target_kind=user&target={user}")).await, 1);
    assert_eq!(found("outcome=failure&action=test.failed").await, 1);
    assert_eq!(found("outcome=failure&action=test.first").await, 0);
    assert_eq!(found(&format!("from={now}")).await, 1);
    assert_eq!(found(&format!("action=test.first&to={now}")).await, 3);

    let first = node.get("/api/v1/admin/audit?action=test.first&limit=2").by(&reader).send().await.expect(200);
    let cursor = first["next_cursor"].as_str().expect("a next page");
    assert_eq!(found(&format!("action=test.first&limit=2&cursor={cursor}")).await, 1);

    node.get("/api/v1/admin/audit?from=yesterday&actor=me&outcome=maybe")
        .by(&reader)
        .send()
        .await
        .expect_problem(400, "request.invalid");
    node.get("/api/v1/admin/audit?nonsense=1").by(&reader).send().await.expect_problem(400, "request.invalid");
    node.get("/api/v1/admin/audit")
        .by(&node.caller(&["users:read"]))
        .send()
        .await
        .expect_problem(403, "permission.denied");
}
