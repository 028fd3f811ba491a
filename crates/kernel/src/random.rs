//! Randomness as a parameter.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

/// Fills buffers with unpredictable bytes.
pub trait Random: Send + Sync + 'static {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The operating system's generator, through aws-lc.
#[derive(Clone, Debug, Default)]
pub struct OsRandom(SystemRandom);

impl OsRandom {
    /// The generator; creating it costs nothing.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Random for OsRandom {
    #[expect(
        clippy::expect_used,
        reason = "without randomness no secret may be made: stopping is the only safe answer"
    )]
    fn fill(&self, buffer: &mut [u8]) {
        self.0.fill(buffer).expect("the operating system must provide randomness");
    }
}

/// `N` random bytes.
pub fn bytes<const N: usize>(random: &dyn Random) -> [u8; N] {
    let mut buffer = [0; N];
    random.fill(&mut buffer);
    buffer
}
