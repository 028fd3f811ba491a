//! Quotas in the database: never more than the limit, whoever asks.

use futures_util::future::join_all;
use kernel::Timestamp;
use storage::quota::{self, Period, Reserved};

use super::{Database, on_every_engine};

on_every_engine! {
    fifty_at_once_never_get_more_than_there_is;
    what_is_given_back_can_be_set_aside_again;
    a_new_period_begins_afresh_and_old_ones_go;
}

fn period(key: &str, starts: i64) -> Period {
    Period { key: key.to_owned(), starts: Timestamp::from_secs(starts), ends: Timestamp::from_secs(starts + 10) }
}

async fn fifty_at_once_never_get_more_than_there_is(db: &Database) {
    let asked = (0..50).map(|_| quota::reserve(&db.store, period("k", 0), 100, 1, 3));
    let got = join_all(asked).await;
    let got: u32 = got.into_iter().map(|reserved| reserved.expect("asked").granted).sum();
    assert_eq!(got, 100);
    let none = quota::reserve(&db.store, period("k", 0), 100, 1, 3).await.expect("asked");
    assert_eq!(none, Reserved { granted: 0, rest: 0 });
}

async fn what_is_given_back_can_be_set_aside_again(db: &Database) {
    let reserve = |at_least, at_most| quota::reserve(&db.store, period("k", 0), 10, at_least, at_most);
    assert_eq!(reserve(1, 8).await.expect("asked"), Reserved { granted: 8, rest: 2 });
    assert_eq!(reserve(3, 8).await.expect("asked"), Reserved { granted: 0, rest: 2 }, "too few are none");
    quota::give_back(&db.store, vec![(period("k", 0), 5), (period("unknown", 0), 1)]).await.expect("given");
    assert_eq!(reserve(3, 3).await.expect("asked"), Reserved { granted: 3, rest: 4 });
    quota::give_back(&db.store, vec![(period("k", 0), 1_000)]).await.expect("given");
    assert_eq!(reserve(1, 50).await.expect("asked"), Reserved { granted: 10, rest: 0 }, "never more than the limit");
}

async fn a_new_period_begins_afresh_and_old_ones_go(db: &Database) {
    for starts in [0, 10] {
        let all = quota::reserve(&db.store, period("k", starts), 5, 1, 5).await.expect("asked");
        assert_eq!(all.granted, 5);
    }
    assert_eq!(quota::sweep(&db.store, Timestamp::from_secs(15)).await.expect("swept"), 1);
    let kept = quota::reserve(&db.store, period("k", 10), 5, 1, 5).await.expect("asked");
    assert_eq!(kept.granted, 0, "the running period is kept");
}
