//! How many Argon2id hashes this machine computes, with nothing around them: what logins a second are compared
//! with. Each thread keeps its buffer. Prints one line of JSON.

use std::{
    thread,
    time::{Duration, Instant},
};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use clap::Parser;
use serde_json::json;

#[derive(Clone, Copy, Debug, Parser)]
struct Arguments {
    /// Threads that hash.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// How long to measure.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// KiB of memory for each hash.
    #[arg(long, default_value_t = 64 * 1024)]
    memory_kib: u32,
    /// Passes.
    #[arg(long, default_value_t = 2)]
    iterations: u32,
    /// Lanes.
    #[arg(long, default_value_t = 4)]
    parallelism: u32,
}

fn hashes(a: Arguments, end: Instant) -> Result<u32, argon2::Error> {
    let params = Params::new(a.memory_kib, a.iterations, a.parallelism, Some(32))?;
    let mut buffer = vec![Block::new(); params.block_count()];
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let (mut count, mut output) = (0, [0; 32]);
    while Instant::now() < end {
        argon.hash_password_into_with_memory(b"Correct-Horse-7-Battery", &[7; 16], &mut output, &mut buffer)?;
        count += 1;
    }
    Ok(count)
}

#[expect(clippy::print_stdout, reason = "the result")]
fn main() -> Result<(), argon2::Error> {
    let a = Arguments::parse();
    let began = Instant::now();
    let end = began + Duration::from_secs(a.seconds);
    let threads: Vec<_> = (0..a.threads).map(|_| thread::spawn(move || hashes(a, end))).collect();
    let mut count = 0;
    for thread in threads {
        count += thread.join().unwrap_or(Ok(0))?;
    }
    println!("{}", json!({"count": count, "per_second": f64::from(count) / began.elapsed().as_secs_f64()}));
    Ok(())
}
