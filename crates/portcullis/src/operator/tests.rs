use std::collections::HashSet;

use identity::passwords::{About, Policy, broken_rules};
use kernel::OsRandom;

use super::password;

#[test]
fn a_made_password_satisfies_every_policy_and_differs_each_time() {
    let mut seen = HashSet::new();
    for _ in 0..50 {
        let made = password::generate(&OsRandom::new());
        for policy in [Policy::COMPLEX, Policy::NIST] {
            assert_eq!(broken_rules(&policy.rules(), made.expose(), About::default()), []);
        }
        assert!(seen.insert(made.expose().clone()));
    }
}
