use std::fs;

use proptest::prelude::*;

use super::*;
use crate::config::{Duration as Span, Percent, Size};

fn shedder() -> Shedder {
    let config = SheddingConfig {
        lag: Span::from_secs(3_600),
        cpu: Percent::new(80),
        memory: Percent::new(90),
        memory_limit: Some(Size::from_mib(100)),
    };
    Shedder::new(&config, 1)
}

fn refused(shedder: &Shedder, importance: Importance) -> usize {
    (0..1_000).filter(|_| shedder.admit(importance).is_err()).count()
}

#[test]
fn low_routes_go_first_and_critical_ones_never() {
    let shedder = shedder();
    assert_eq!(refused(&shedder, Importance::Low), 0);
    for (level, low, normal) in [(30, 300, 0), (100, 1_000, 0), (150, 1_000, 500), (200, 1_000, 1_000)] {
        shedder.level.store(level, Ordering::Relaxed);
        assert_eq!(refused(&shedder, Importance::Low), low);
        assert_eq!(refused(&shedder, Importance::Normal), normal);
        assert_eq!(refused(&shedder, Importance::Critical), 0);
    }
    let refusal = shedder.admit(Importance::Low).expect_err("refused");
    assert_eq!((refusal.kind, refusal.retry_after_secs()), (OVERLOADED, Some(2)));
    assert_eq!(shedder.numbers(), SheddingNumbers { level: 200, refused_low: 3_301, refused_normal: 1_500 });
}

#[test]
fn processors_and_memory_are_held_to_their_bounds() {
    let shedder = shedder();
    let idle = Some(10 << 20);
    assert!(shedder.pressure(0.5, idle) < 1.0);
    assert!(shedder.pressure(0.8, idle) >= 1.0);
    assert!(shedder.pressure(0.1, Some(89 << 20)) < 1.0);
    assert!(shedder.pressure(0.1, Some(90 << 20)) >= 1.0);
    assert!(shedder.pressure(0.1, None) < 1.0, "what is not known is no reason");
    // All processors in use are no overload by themselves.
    let free = Shedder::new(&SheddingConfig::default(), 1);
    assert!(free.pressure(1.0, None) < 1.0);
    for _ in 0..100 {
        shedder.look(1.0, idle);
    }
    assert_eq!(shedder.numbers().level, level::MOST);
    for _ in 0..100 {
        shedder.look(0.1, idle);
    }
    assert_eq!(shedder.numbers().level, 0);
}

#[test]
fn a_thread_that_does_not_get_round_is_late() {
    let shedder = shedder();
    assert_eq!(shedder.lag(), Duration::ZERO, "it has not begun");
    shedder.beats[0].1.store(70_000, Ordering::Relaxed);
    assert_eq!(shedder.lag(), Duration::from_millis(70));
    assert_eq!(shedder.lag(), Duration::ZERO, "once is enough");
    let past = Shedder { begun: Instant::now() - Duration::from_secs(5), ..self::shedder() };
    past.beats[0].0.store(1_000_000, Ordering::Relaxed);
    assert!(past.lag() >= Duration::from_millis(3_900), "it has been silent for four seconds");
}

#[test]
fn the_smallest_limit_of_the_groups_above_counts() {
    let root = std::env::temp_dir().join(format!("portcullis-cgroup-{}", std::process::id()));
    let own = root.join("a/b");
    fs::create_dir_all(&own).expect("folders");
    fs::write(own.join("memory.max"), "max\n").expect("written");
    fs::write(root.join("a/memory.max"), "1048576\n").expect("written");
    fs::write(root.join("memory.max"), "4194304\n").expect("written");
    assert_eq!(machine::limit_of("0::/a/b", &root), Some(1 << 20));
    assert_eq!(machine::limit_of("0::/", &root), Some(4 << 20));
    assert_eq!(machine::limit_of("3:cpu,cpuacct:/a", &root), None);
    fs::create_dir_all(root.join("memory/x")).expect("folders");
    fs::write(root.join("memory/x/memory.limit_in_bytes"), "9223372036854771712\n").expect("written");
    fs::write(root.join("memory/memory.limit_in_bytes"), "2097152\n").expect("written");
    assert_eq!(machine::limit_of("7:memory:/x", &root), Some(2 << 20));
    fs::remove_dir_all(root).expect("removed");
}

#[cfg(target_os = "linux")]
#[test]
fn the_machine_tells() {
    assert!(machine::memory().expect("memory") > 1 << 20);
    assert!(machine::cpu_time().is_some());
}

proptest! {
    /// It never leaves its range, rises above the bounds, falls well below them, and stays in between.
    #[test]
    fn the_level_follows_the_load(from in 0..=level::MOST, pressure in 0.0_f64..10.0) {
        let to = level::step(from, pressure);
        prop_assert!(to <= level::MOST);
        match pressure {
            1.0.. => prop_assert!(to > from || from == level::MOST),
            0.9.. => prop_assert_eq!(to, from),
            _ => prop_assert!(to < from || from == 0),
        }
        prop_assert!(level::step(from, pressure + 1.0) >= to, "more load, no less refused");
    }
}
