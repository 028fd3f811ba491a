use kernel::{OsRandom, Waiting};

use super::*;

const TINY: Cost = Cost { memory_kib: 64, iterations: 1, parallelism: 1 };

fn hasher(cost: Cost, waiting: usize) -> Hasher {
    Hasher::with_cost(cost, 1, waiting, Arc::new(OsRandom::new())).expect("a pool")
}
fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}
/// What an account that does not exist is answered with.
async fn unknown(hasher: &Hasher) -> Verdict {
    let place = hasher.reserve().expect("a place");
    place.verify(None, secret("x"), None).await.expect("verify").expect("a verdict")
}

#[tokio::test]
async fn the_right_password_verifies_and_no_other() {
    let hasher = hasher(TINY, 8);
    let stored = hasher.hash(secret("correct horse")).await.expect("hash");
    assert_ne!(stored, hasher.hash(secret("correct horse")).await.expect("hash"), "salts differ");
    let verify = async |password| hasher.verify(secret(password), stored.clone()).await.expect("verify");
    assert_eq!(verify("correct horse").await, Verdict { ok: true, needs_rehash: false });
    assert_eq!(verify("correct horsf").await, Verdict { ok: false, needs_rehash: false });
    assert!(!verify("").await.ok);
}

#[tokio::test]
async fn an_unknown_account_costs_one_hash_too_and_never_verifies() {
    let hasher = hasher(TINY, 8);
    let stored = hasher.hash(secret("x")).await.expect("hash");
    let before = hasher.computed();
    hasher.verify(secret("wrong"), stored).await.expect("verify");
    let known = hasher.computed() - before;
    assert!(!unknown(&hasher).await.ok);
    assert_eq!((known, hasher.computed() - before), (1, 2));
}

#[tokio::test]
async fn other_parameters_verify_and_ask_for_a_new_hash() {
    let old = hasher(Cost { memory_kib: 128, iterations: 2, parallelism: 2 }, 8);
    let stored = old.hash(secret("x")).await.expect("hash");
    let hasher = hasher(TINY, 8);
    let right = hasher.verify(secret("x"), stored.clone()).await.expect("verify");
    assert_eq!(right, Verdict { ok: true, needs_rehash: true });
    let wrong = hasher.verify(secret("y"), stored).await.expect("verify");
    assert_eq!(wrong, Verdict { ok: false, needs_rehash: false });
}

#[tokio::test]
async fn a_tenant_has_a_cost_of_its_own() {
    let hasher = hasher(TINY, 8);
    let own = hasher.at(Some(Cost { memory_kib: 128, iterations: 2, parallelism: 1 }));
    let stored = own.hash(secret("x")).await.expect("hash");
    assert!(stored.starts_with("$argon2id$v=19$m=128,t=2,p=1$"), "{stored}");
    let verify = async |hasher: &Hasher| hasher.verify(secret("x"), stored.clone()).await.expect("verify").needs_rehash;
    assert_eq!((verify(&own).await, verify(&hasher).await, verify(&own.at(None)).await), (false, true, true));
    assert!(!unknown(&own).await.ok);
}

#[test]
fn a_tenant_may_not_take_the_whole_pool() {
    let usual = Cost { memory_kib: 64 * 1024, iterations: 2, parallelism: 4 };
    let hasher = Hasher::with_cost(usual, 1, 1, Arc::new(OsRandom::new())).expect("a pool");
    let cases = [(19 * 1024, 2, 1), (256 * 1024, 2, 4), (64 * 1024, 8, 4), (64 * 1024, 9, 4), (18 * 1024, 2, 1)];
    let allowed =
        cases.map(|(memory_kib, iterations, parallelism)| hasher.allows(Cost { memory_kib, iterations, parallelism }));
    assert_eq!(allowed, [true, true, true, false, false]);
}

#[tokio::test]
async fn a_hash_of_another_kind_verifies_and_asks_for_a_new_one() {
    let hasher = hasher(TINY, 8);
    let stored = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
    let verify = async |password| hasher.verify(secret(password), stored.into()).await.expect("verify");
    assert_eq!(verify("correct horse").await, Verdict { ok: true, needs_rehash: true });
    assert_eq!(verify("correct horsf").await, Verdict { ok: false, needs_rehash: false });
    assert_eq!(hasher.computed(), 2, "on the pool, like ours");
}

#[tokio::test]
async fn a_full_pool_refuses_at_once_and_a_place_comes_back() {
    let hasher = hasher(TINY, 1);
    let (first, second) = (hasher.reserve().expect("a thread"), hasher.reserve().expect("the queue"));
    let refused = hasher.hash(secret("x")).await.expect_err("no place");
    assert_eq!((refused.kind.code, refused.retry_after_secs()), ("passwords.busy", Some(1)));
    assert_eq!(hasher.computed(), 0);
    drop(first);
    hasher.hash(secret("x")).await.expect("a place");
    second.hash(secret("x")).await.expect("the reserved place");
    assert_eq!(hasher.pending(), 0, "every place came back");
}

#[tokio::test]
async fn strangers_cannot_take_the_places_that_are_kept_for_those_who_are_known() {
    let pool = hasher(TINY, 8);
    let known = pool.for_known();
    let taken: Vec<_> = std::iter::from_fn(|| pool.reserve().ok()).collect();
    assert_eq!((taken.len(), pool.pending()), (7, 7));
    // Somebody who says that they are known, and is not.
    let unfounded = known.reserve().expect("a kept place");
    assert_eq!(unfounded.of(false).expect_err("refused").kind.code, "passwords.busy");
    let kept: Vec<_> = std::iter::from_fn(|| known.reserve().ok()?.of(true).ok()).collect();
    assert_eq!((kept.len(), pool.pending()), (2, 9));
    drop((taken, kept));
    // They begin with those that are open to all.
    let open: Vec<_> = std::iter::from_fn(|| known.reserve().ok()?.of(false).ok()).collect();
    assert_eq!(open.len(), 7);
}

#[tokio::test]
async fn what_nobody_waits_for_is_not_computed() {
    let hasher = hasher(TINY, 8);
    let stored = hasher.hash(secret("x")).await.expect("hash");
    let (waiting, before) = (Waiting::default(), hasher.computed());
    let caller = waiting.caller();
    let verify = async || {
        let place = hasher.reserve().expect("a place");
        place.verify(Some(&caller), secret("x"), Some(stored.clone())).await.expect("verify")
    };
    assert_eq!((verify().await.map(|v| v.ok), hasher.computed()), (Some(true), before + 1));
    drop(waiting);
    assert_eq!((verify().await, hasher.computed(), hasher.pending()), (None, before + 1, 0));
}

#[test]
fn without_a_number_each_core_has_a_thread() {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let pool = |threads| Hasher::with_cost(TINY, threads, 5, Arc::new(OsRandom::new())).expect("a pool");
    assert_eq!([pool(0).capacity, pool(3).capacity], [cores + 5, 8]);
}

#[tokio::test]
async fn a_damaged_hash_is_our_fault_and_costs_nothing() {
    let hasher = hasher(TINY, 8);
    let refused = hasher.verify(secret("x"), "$argon2id$v=19$m=99999999,t=9,p=1$c29tZXNhbHQ$AAAA".into()).await;
    assert_eq!(refused.expect_err("not a hash").status(), 500);
    assert_eq!(hasher.computed(), 0);
}

#[test]
fn configuration_cannot_go_below_the_floor() {
    let start = |memory_kib, iterations, parallelism| {
        let settings = PasswordSettings { memory_kib, iterations, parallelism, ..crate::Settings::default().passwords };
        Hasher::start(&settings, Arc::new(OsRandom::new()))
    };
    assert!(start(65_536, 2, 4).is_ok());
    for (m, t, p) in [(1024, 2, 1), (65_536, 1, 4), (65_536, 2, 0), (1 << 20, 2, 4), (65_536, 100, 4)] {
        assert!(matches!(start(m, t, p), Err(HasherError::Cost)), "{m} {t} {p}");
    }
}
