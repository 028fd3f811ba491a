//! Password hashing at the default parameters: what one thread can do with a kept buffer (the ceiling),
//! with a buffer allocated for each hash, and through the pool.
//!
//! `cargo bench -p identity --bench passwords`

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on stops")]

use std::{hint::black_box, sync::Arc};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use criterion::{Criterion, criterion_group, criterion_main};
use identity::{
    Settings,
    passwords::{About, Hasher, Policy, broken_rules},
};
use kernel::{OsRandom, Secret};

const PASSWORD: &str = "Violet-Kettle-93-orbit";

fn hashing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("argon2id");
    group.sample_size(20);
    let settings = Settings::default().passwords;
    let params = Params::new(settings.memory_kib, settings.iterations, settings.parallelism, Some(32)).expect("params");
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let (mut out, salt) = ([0_u8; 32], [7_u8; 16]);

    let mut kept = vec![Block::new(); params.block_count()];
    group.bench_function("kept buffer", |b| {
        b.iter(|| argon.hash_password_into_with_memory(black_box(PASSWORD.as_bytes()), &salt, &mut out, &mut kept));
    });
    group.bench_function("buffer for each hash", |b| {
        b.iter(|| argon.hash_password_into(black_box(PASSWORD.as_bytes()), &salt, &mut out));
    });

    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let hasher = Hasher::start(&settings, Arc::new(OsRandom::new())).expect("a pool");
    group.bench_function("pool, verify", |b| {
        let stored = runtime.block_on(hasher.hash(Secret::new(String::from(PASSWORD)))).expect("hash");
        b.iter(|| runtime.block_on(hasher.verify(Secret::new(String::from(PASSWORD)), stored.clone())));
    });
    group.finish();
}

fn policy(criterion: &mut Criterion) {
    let (password, about) =
        (Secret::new(String::from(PASSWORD)), About { email: Some("ada@example.com"), ..About::default() });
    let rules = Policy::COMPLEX.rules().into_owned();
    criterion.bench_function("password policy", |b| {
        b.iter(|| broken_rules(&rules, black_box(password.expose()), about));
    });
}

criterion_group!(benches, hashing, policy);
criterion_main!(benches);
