use std::{sync::Arc, time::Duration};

use kernel::{Algorithm, ManualClock, Timestamp};

use super::{
    shelf::{Full, Shelf, WhenFull},
    *,
};
use crate::kv::limit::Take;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

/// Room for so many entries with keys of one letter and nothing on the heap.
fn shelf(entries: usize) -> Shelf<u32> {
    Shelf::new(entries * 161)
}

#[test]
fn what_expires_is_gone_at_its_time_and_not_before() {
    let mut shelf = shelf(4);
    shelf.put("a", 1, 0, at(0), at(10), WhenFull::Refuse).expect("room");
    assert_eq!(shelf.get("a", at(9)), Some(&mut 1));
    assert_eq!(shelf.get("a", at(10)), None);
    assert_eq!(shelf.remove("a", at(10)), None);
}

#[test]
fn what_expired_makes_room() {
    let mut shelf = shelf(3);
    for key in ["a", "b", "c"] {
        shelf.put(key, 1, 0, at(0), at(10), WhenFull::Refuse).expect("room");
    }
    assert_eq!(shelf.put("d", 1, 0, at(9), at(20), WhenFull::Refuse), Err(Full));
    for key in ["d", "e", "f"] {
        shelf.put(key, 2, 0, at(10), at(20), WhenFull::Refuse).expect("what expired was swept");
    }
    assert_eq!(shelf.put("g", 1, 0, at(10), at(20), WhenFull::Refuse), Err(Full));
}

#[test]
fn a_full_shelf_refuses_the_new_and_keeps_the_old() {
    let mut shelf = shelf(2);
    shelf.put("a", 1, 0, at(0), at(10), WhenFull::Refuse).expect("room");
    shelf.put("b", 2, 0, at(0), at(10), WhenFull::Refuse).expect("room");
    assert_eq!(shelf.put("c", 3, 0, at(0), at(10), WhenFull::Refuse), Err(Full));
    assert_eq!(shelf.put("a", 4, 1, at(0), at(10), WhenFull::Refuse), Err(Full), "heavier than what it replaces");
    assert_eq!(shelf.get("a", at(1)), Some(&mut 1), "a refused replacement leaves what was there");
    shelf.put("a", 5, 0, at(0), at(10), WhenFull::Refuse).expect("the same weight fits");
    assert_eq!((shelf.get("a", at(1)).copied(), shelf.get("b", at(1)).copied()), (Some(5), Some(2)));
}

#[test]
fn displacing_takes_what_would_expire_first() {
    let mut shelf = shelf(3);
    for (key, expires) in [("a", 30), ("b", 10), ("c", 20)] {
        shelf.put(key, 1, 0, at(0), at(expires), WhenFull::Displace).expect("room");
    }
    shelf.put("d", 1, 0, at(0), at(40), WhenFull::Displace).expect("displaced");
    assert_eq!(shelf.get("b", at(0)), None);
    shelf.prolong("c", at(50));
    shelf.put("e", 1, 0, at(0), at(60), WhenFull::Displace).expect("displaced");
    assert_eq!(shelf.get("a", at(0)), None);
    assert!(["c", "d", "e"].iter().all(|key| shelf.get(key, at(0)).is_some()));
}

#[test]
fn an_entry_larger_than_the_shelf_displaces_everything_and_is_refused() {
    let mut shelf = shelf(2);
    assert_eq!(shelf.put("a", 1, 10_000, at(0), at(10), WhenFull::Displace), Err(Full));
    shelf.put("a", 1, 0, at(0), at(10), WhenFull::Displace).expect("room");
}

fn memory(budget: usize) -> (Memory, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::from_secs(1_700_000_000)));
    (Memory::new(budget, Arc::<ManualClock>::clone(&clock)), clock)
}

#[test]
fn a_flood_of_values_is_refused_until_they_expire() {
    let (memory, clock) = memory(64 * 1024);
    memory.set("marker", b"used", Duration::from_hours(1)).expect("room");
    let flood =
        |from: u32| (from..from + 10_000).filter(|i| memory.set(&i.to_string(), b"", Duration::from_mins(1)).is_ok());
    let kept = flood(0).count();
    assert!(kept < 1_000, "{kept}");
    assert_eq!(memory.get("marker").as_deref(), Some(&b"used"[..]));
    clock.advance(Duration::from_mins(1));
    assert!(flood(20_000).count() >= kept / 2, "what expired makes room");
}

#[test]
fn a_flood_of_limits_displaces_itself_and_not_those_who_are_held_back() {
    let (memory, _) = memory(256 * 1024);
    let rate = "5/minute".parse().expect("a rate");
    let take = |key: &str| {
        let takes = [Take { key, rate, algorithm: Algorithm::TokenBucket, cost: 1 }];
        memory.take(&Plan::new(&takes).expect("in bounds"), None)[0].allowed
    };
    assert_eq!((0..10).filter(|_| take("guesser")).count(), 5);
    for i in 0..10_000 {
        assert!(take(&i.to_string()));
    }
    assert!(!take("guesser"), "still held back");
}
