//! The change feed: in order, nothing missed, nothing lost over a restart.

use std::sync::{Arc, Mutex};

use futures_util::future::{BoxFuture, join_all};
use kernel::TenantId;
use storage::{
    Store, StoreError,
    feed::{self, Apply, Change, Feed},
};

use super::{Database, now, on_every_engine};

on_every_engine! {
    a_settled_change_is_applied;
    changes_of_many_writers_arrive_in_order_and_whole;
    a_second_node_catches_up;
    a_node_that_starts_loads_and_follows_from_there;
    pruning_keeps_the_position;
    a_node_that_was_pruned_past_loads_everything;
}

#[derive(Default)]
struct Seen {
    loads: Mutex<u32>,
    seqs: Mutex<Vec<i64>>,
}

impl Apply for Seen {
    fn load(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        *self.loads.lock().expect("lock") += 1;
        Box::pin(async { Ok(()) })
    }
    fn apply<'a>(&'a self, changes: &'a [Change]) -> BoxFuture<'a, Result<(), StoreError>> {
        self.seqs.lock().expect("lock").extend(changes.iter().map(|c| c.seq));
        Box::pin(async { Ok(()) })
    }
}

async fn node(store: &Store) -> (Feed, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    (Feed::open(store.clone(), seen.clone(), None).await.expect("open"), seen)
}

async fn change(store: &Store, tenant: TenantId) -> i64 {
    store
        .tenant(tenant)
        .write(|tx| {
            Box::pin(async move { feed::append(tx, "test.changed", &serde_json::json!({"x": 1}), now()).await })
        })
        .await
        .expect("append")
}

async fn a_settled_change_is_applied(db: &Database) {
    let tenant = db.tenant("acme").await;
    let (feed, seen) = node(&db.store).await;
    let seq = change(&db.store, tenant).await;
    feed.settle(seq).await.expect("settle");
    assert_eq!(*seen.seqs.lock().expect("lock"), vec![seq]);
    feed.settle(seq).await.expect("twice is nothing");
    assert_eq!(seen.seqs.lock().expect("lock").len(), 1);
}

async fn changes_of_many_writers_arrive_in_order_and_whole(db: &Database) {
    let tenant = db.tenant("acme").await;
    let (feed, seen) = node(&db.store).await;
    let all = join_all((0..100).map(|_| async {
        let seq = change(&db.store, tenant).await;
        feed.settle(seq).await.expect("settle");
        assert!(seen.seqs.lock().expect("lock").contains(&seq), "settled means applied");
        seq
    }))
    .await;
    let seen = seen.seqs.lock().expect("lock").clone();
    assert!(seen.is_sorted(), "{seen:?}");
    assert_eq!(seen.len(), all.len());
}

async fn a_second_node_catches_up(db: &Database) {
    let tenant = db.tenant("acme").await;
    let other_store = Store::open(&db.options).await.expect("a second node");
    let (other, seen) = node(&other_store).await;
    let following = tokio::spawn(other.clone().follow(std::time::Duration::from_secs(3_600)));
    let seq = change(&db.store, tenant).await;
    other.nudge();
    while other.position() < seq {
        tokio::task::yield_now().await;
    }
    assert_eq!(*seen.seqs.lock().expect("lock"), vec![seq]);
    following.abort();
}

async fn a_node_that_starts_loads_and_follows_from_there(db: &Database) {
    let tenant = db.tenant("acme").await;
    let before = change(&db.store, tenant).await;
    let (feed, seen) = node(&db.store).await;
    assert_eq!((*seen.loads.lock().expect("lock"), feed.position()), (1, before));
    let after = change(&db.store, tenant).await;
    feed.settle(after).await.expect("settle");
    assert_eq!(*seen.seqs.lock().expect("lock"), vec![after]);
}

async fn pruning_keeps_the_position(db: &Database) {
    let tenant = db.tenant("acme").await;
    change(&db.store, tenant).await;
    let last = change(&db.store, tenant).await;
    let later = now() + std::time::Duration::from_secs(60);
    assert_eq!(feed::prune(&db.store, later).await.expect("prune"), 1);
    let (feed, _) = node(&db.store).await;
    assert_eq!(feed.position(), last);
}

async fn a_node_that_was_pruned_past_loads_everything(db: &Database) {
    let tenant = db.tenant("acme").await;
    change(&db.store, tenant).await;
    let (away, seen) = node(&db.store).await;
    change(&db.store, tenant).await;
    let last = change(&db.store, tenant).await;
    let later = now() + std::time::Duration::from_secs(60);
    feed::prune(&db.store, later).await.expect("prune");
    away.settle(last).await.expect("settle");
    assert_eq!((*seen.loads.lock().expect("lock"), away.position()), (2, last), "a change that is gone was not missed");
    let next = change(&db.store, tenant).await;
    away.settle(next).await.expect("settle");
    assert_eq!(*seen.seqs.lock().expect("lock"), vec![next], "and then it follows again");
}
