use proptest::prelude::*;

use super::*;

const GOOD: Outcome = Outcome { failed: false, slow: false };
const FAILED: Outcome = Outcome { failed: true, slow: false };

proptest! {
    /// Against a list of everything that happened. What is older than the window does not count; what is
    /// at most nine tenths of it old does.
    #[test]
    fn it_counts_what_a_list_would(
        length in 100_u64..5_000,
        events in prop::collection::vec((0_u64..400, any::<bool>(), any::<bool>()), 1..200),
    ) {
        let window = Window::new(length);
        let slice = length / 10;
        let (mut now, mut list) = (7_777_777, Vec::new());
        for (pause, failed, slow) in events {
            now += pause;
            window.add(now, Outcome { failed, slow });
            list.push((now / slice, failed, slow));
            let recent = || list.iter().filter(|(number, ..)| now / slice - number < 10);
            prop_assert_eq!(window.sums(now), Sums {
                total: recent().count() as u32,
                failed: recent().filter(|(_, failed, _)| *failed).count() as u32,
                slow: recent().filter(|(.., slow)| *slow).count() as u32,
            });
        }
        prop_assert_eq!(window.sums(now + 2 * length), Sums::default());
    }
}

#[test]
fn a_slice_that_is_full_keeps_its_shares() {
    let window = Window::new(10_000);
    for n in 0..100_000 {
        window.add(5, if n % 4 == 0 { FAILED } else { GOOD });
    }
    let sums = window.sums(5);
    assert!((2_000..=4_095).contains(&sums.total), "{sums:?}");
    assert!((sums.total / 4).abs_diff(sums.failed) <= 2, "{sums:?}");
    window.clear();
    assert_eq!(window.sums(5), Sums::default());
}

#[test]
fn threads_lose_no_request() {
    let window = Window::new(10_000);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..250).for_each(|n| window.add(n, FAILED)));
        }
    });
    assert_eq!(window.sums(250), Sums { total: 2_000, failed: 2_000, slow: 0 });
}
