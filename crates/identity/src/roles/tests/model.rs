//! Inheritance and authority, without a database.

use std::sync::Arc;

use kernel::{GrantSet, OsRandom, RoleId, RoleName, Timestamp};
use proptest::prelude::*;

use crate::roles::{
    Authority, Hierarchy, HierarchyError, Role,
    builtin::LADDER,
    model::{Draft, MAX_DEPTH},
};

fn name(text: &str) -> RoleName {
    text.parse().expect("a role name")
}
fn set(grants: &[&str]) -> GrantSet {
    grants.iter().map(|g| g.parse().expect("a grant")).collect()
}
fn draft(role: &str, inherits: &[&str], grants: &[&str]) -> Draft {
    Draft {
        name: name(role),
        description: String::new(),
        grants: grants.iter().map(|g| g.parse().expect("a grant")).collect(),
        inherits: inherits.iter().map(|n| name(n)).collect(),
    }
}
fn ladder() -> Hierarchy {
    let role = |rung: &crate::roles::builtin::Builtin| Role {
        id: RoleId::new(Timestamp::EPOCH, &OsRandom::new()),
        name: name(rung.name),
        description: String::new(),
        builtin: true,
        grants: rung.grants.iter().map(|g| g.parse().expect("a grant")).collect(),
        inherits: rung.inherits.iter().map(|n| name(n)).collect(),
        created_at: Timestamp::EPOCH,
        updated_at: Timestamp::EPOCH,
    };
    LADDER.iter().map(role).collect::<Vec<_>>().iter().collect()
}

#[test]
fn every_rung_holds_what_the_one_below_holds() {
    let ladder = ladder();
    for pair in LADDER.windows(2) {
        let (below, above) = (ladder.grants([&name(pair[0].name)]), ladder.grants([&name(pair[1].name)]));
        assert!(Authority::new(above, None).covers(&below), "{} over {}", pair[1].name, pair[0].name);
    }
}

#[test]
fn the_ladder_grants_what_its_names_promise() {
    let ladder = ladder();
    let may = |role: &str, permission: &str| ladder.grants([&name(role)]).allows(&permission.parse().expect("one"));
    assert!(may("user", "profile:read") && may("user", "profile:write") && !may("user", "users:read"));
    assert!(may("user", "content:edit:own") && !may("user", "content:edit"));
    assert!(!may("free", "analytics:view") && may("standard", "analytics:view"));
    assert!(!may("developer", "users:read") && !may("developer", "logs:read"));
    assert!(may("admin", "users:impersonate") && may("admin", "roles:write"));
    assert!(!may("admin", "tenants:read") && !may("admin", "orders:read"));
    assert!(may("super_admin", "tenants:write") && may("super_admin", "orders:read"));
    assert!(!Authority::new(ladder.grants([&name("admin")]), None).covers(&ladder.grants([&name("super_admin")])));
}

#[test]
fn circles_are_refused_and_shown() {
    let h = ladder().with(&draft("a", &["user"], &[])).expect("a").with(&draft("b", &["a"], &[])).expect("b");
    let refused = h.with(&draft("a", &["user", "b"], &[])).expect_err("a circle");
    assert_eq!(refused, HierarchyError::Cycle(vec![name("a"), name("b"), name("a")]));
    assert_eq!(refused.to_string(), "the role would inherit from itself: a → b → a");
    assert!(matches!(h.with(&draft("c", &["c"], &[])), Err(HierarchyError::Cycle(_))));
}

#[test]
fn unknown_roles_are_told_by_place() {
    let refused = ladder().with(&draft("a", &["nobody", "user", "none"], &[])).expect_err("unknown");
    assert_eq!(refused, HierarchyError::Unknown(vec![0, 2]));
}

#[test]
fn chains_are_bounded_also_from_above() {
    let mut h = Hierarchy::default();
    for i in 0..MAX_DEPTH {
        let below = format!("r{}", i.wrapping_sub(1));
        let inherits: &[&str] = if i == 0 { &[] } else { &[&below] };
        h = h.with(&draft(&format!("r{i}"), inherits, &[])).expect("deep enough");
    }
    let last = format!("r{}", MAX_DEPTH - 1);
    assert_eq!(h.with(&draft("more", &[&last], &[])).expect_err("too deep"), HierarchyError::TooDeep);
    // Growing at the bottom lengthens chains of others.
    let h = h.with(&draft("ground", &[], &[])).expect("one more");
    assert_eq!(h.with(&draft("r0", &["ground"], &[])).expect_err("too deep"), HierarchyError::TooDeep);
}

#[test]
fn a_narrowed_credential_hands_out_no_more_than_it_may_use() {
    let own = Authority::new(set(&["users:*", "roles:read"]), Some(Arc::new(set(&["users:read", "audit:*"]))));
    assert!(own.covers(&set(&["users:read"])));
    assert!(!own.covers(&set(&["users:update"])) && !own.covers(&set(&["audit:read"])));
    assert!(own.allows(&"users:read".parse().expect("one")) && !own.allows(&"audit:read".parse().expect("one")));
    assert!(own.may_give(&set(&["users:read", "roles:read"])).is_err());
}

/// Roles `r0..r9`, each holding `p:rN` and inheriting from any others: as drafts, in any order.
fn drafts() -> impl Strategy<Value = Vec<Draft>> {
    let one = (0..10_usize, prop::collection::btree_set(0..10_usize, 0..4));
    prop::collection::vec(one, 1..40).prop_map(|all| {
        let one = |(role, inherits): (usize, std::collections::BTreeSet<usize>)| {
            let inherits: Vec<String> = inherits.iter().map(|i| format!("r{i}")).collect();
            let inherits: Vec<&str> = inherits.iter().map(String::as_str).collect();
            draft(&format!("r{role}"), &inherits, &[&format!("p:r{role}")])
        };
        all.into_iter().map(one).collect()
    })
}

proptest! {
    /// Whatever is tried in whatever order, what was let in is sound: no role reaches itself, and every
    /// role grants exactly the grants of the roles it reaches.
    #[test]
    fn only_sound_hierarchies_come_about(drafts in drafts()) {
        let mut accepted = std::collections::BTreeMap::<RoleName, Draft>::new();
        let mut hierarchy = Hierarchy::default();
        for draft in drafts {
            if let Ok(next) = hierarchy.with(&draft) {
                hierarchy = next;
                accepted.insert(draft.name.clone(), draft);
            }
        }
        // Transitive closure, the slow and obvious way.
        let mut reach: std::collections::BTreeSet<(RoleName, RoleName)> = accepted
            .values()
            .flat_map(|d| d.inherits.iter().map(|i| (d.name.clone(), i.clone())))
            .collect();
        loop {
            let more: Vec<_> = reach
                .iter()
                .flat_map(|(a, b)| reach.iter().filter(move |(c, _)| b == c).map(move |(_, d)| (a.clone(), d.clone())))
                .filter(|pair| !reach.contains(pair))
                .collect();
            if more.is_empty() { break; }
            reach.extend(more);
        }
        for role in accepted.keys() {
            prop_assert!(!reach.contains(&(role.clone(), role.clone())), "{role} inherits from itself");
            let expected: GrantSet = accepted
                .values()
                .filter(|d| d.name == *role || reach.contains(&(role.clone(), d.name.clone())))
                .flat_map(|d| d.grants.iter().cloned())
                .collect();
            prop_assert_eq!(hierarchy.grants([role]), expected);
        }
    }

    /// Adding an inheritance never takes anything away.
    #[test]
    fn inheriting_more_grants_more(drafts in drafts(), extra in 0..10_usize) {
        let mut hierarchy = Hierarchy::default();
        for draft in &drafts {
            hierarchy = hierarchy.with(draft).unwrap_or(hierarchy);
        }
        let last = drafts.last().expect("at least one");
        let mut longer = last.clone();
        longer.inherits.push(name(&format!("r{extra}")));
        if let (Ok(before), Ok(after)) = (hierarchy.with(last), hierarchy.with(&longer)) {
            for role in ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9"] {
                let (before, after) = (before.grants([&name(role)]), after.grants([&name(role)]));
                prop_assert!(Authority::new(after, None).covers(&before));
            }
        }
    }
}
