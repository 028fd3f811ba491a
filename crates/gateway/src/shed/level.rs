//! How much is refused: a number that rises while the load is above its bounds and falls, more slowly, while it
//! is well below. Pure.

use crate::config::Importance;

/// Everything that may be refused is: a hundred for routes of low importance, a hundred for normal ones.
pub(super) const MOST: u32 = 200;

/// Below which part of its bounds the load has to be before less is refused.
const CALM: f64 = 0.9;

/// The level after the next look, ten times a second. `pressure`: the load for its bound, the largest of all.
pub(super) fn step(level: u32, pressure: f64) -> u32 {
    if pressure >= 1.0 {
        // The further above, the faster.
        let rise = ((pressure - 1.0) * 100.0).clamp(4.0, 40.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 4 to 40")]
        (level + rise as u32).min(MOST)
    } else if pressure < CALM {
        level.saturating_sub(2)
    } else {
        level
    }
}

/// How many of a hundred requests are refused.
pub(super) fn refused(level: u32, importance: Importance) -> u32 {
    match importance {
        Importance::Low => level.min(100),
        Importance::Normal => level.saturating_sub(100),
        Importance::Critical => 0,
    }
}
