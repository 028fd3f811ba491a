use proptest::prelude::*;

use super::found::{Found, MAX_TARGETS, Rules};

fn rules(networks: &[&str]) -> Rules {
    Rules { tls: false, networks: networks.iter().map(|network| network.parse().expect("a network")).collect() }
}

fn urls(rules: &Rules, addresses: &[&str]) -> Vec<String> {
    let found = addresses.iter().map(|a| Found { address: a.parse().expect("an address"), weight: 1 }).collect();
    rules.targets(found).0.into_iter().map(|target| target.url).collect()
}

#[test]
fn addresses_of_this_machine_the_link_and_everybody_are_left_out() {
    let refused = [
        "127.0.0.1:80",
        "127.8.9.1:80",
        "169.254.169.254:80",
        "0.0.0.0:80",
        "0.1.2.3:80",
        "224.0.0.1:80",
        "255.255.255.255:80",
        "[::1]:80",
        "[::]:80",
        "[fe80::1]:80",
        "[ff02::1]:80",
        "[::ffff:127.0.0.1]:80",
        "[::ffff:169.254.169.254]:80",
        "10.0.0.1:0",
    ];
    assert_eq!(urls(&rules(&[]), &refused), [""; 0]);
    assert_eq!(
        urls(&rules(&[]), &["10.0.0.1:80", "[2001:db8::1]:8080"]),
        ["http://10.0.0.1:80", "http://[2001:db8::1]:8080"]
    );
    // Named, they may be used, and nothing else.
    assert_eq!(urls(&rules(&["127.0.0.0/8"]), &["127.0.0.1:80", "10.0.0.1:80"]), ["http://127.0.0.1:80"]);
}

proptest! {
    /// Whatever a source says, in whatever order: a bounded set of targets, each once, always the same.
    #[test]
    fn sets_are_bounded_and_in_one_order(found in prop::collection::vec((any::<[u8; 4]>(), any::<u16>(), any::<u16>()), 0..600)) {
        let rules = Rules { tls: true, ..rules(&[]) };
        let found: Vec<Found> = found.into_iter().map(|(ip, port, weight)| Found { address: (ip, port).into(), weight }).collect();
        let mut backwards = found.clone();
        backwards.reverse();
        let (targets, _) = rules.targets(found);
        prop_assert!(targets.len() <= MAX_TARGETS);
        prop_assert!(targets.iter().all(|target| crate::config::check_target(target).is_ok()));
        let addresses: std::collections::HashSet<&str> = targets.iter().map(|target| &*target.url).collect();
        prop_assert_eq!(addresses.len(), targets.len());
        let again: std::collections::HashSet<String> = rules.targets(backwards).0.into_iter().map(|target| target.url).collect();
        prop_assert!(targets.iter().all(|target| again.contains(&target.url)));
    }
}
