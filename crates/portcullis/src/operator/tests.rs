use std::collections::HashSet;

use identity::passwords::{About, Policy, check_policy};
use kernel::OsRandom;

use super::password;

#[test]
fn a_made_password_satisfies_every_policy_and_differs_each_time() {
    let mut seen = HashSet::new();
    for _ in 0..50 {
        let made = password::generate(&OsRandom::new());
        for policy in [Policy::Complex, Policy::Nist] {
            check_policy(policy, &made, About::default(), "/password").expect("acceptable");
        }
        assert!(seen.insert(made.expose().clone()));
    }
}
