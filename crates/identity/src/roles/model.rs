//! Roles and the rules of inheritance: pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kernel::{GrantSet, RoleId, RoleName, Timestamp, permission::Grant};

/// Most roles of a tenant, the built-in ones included.
pub(super) const MAX_ROLES: usize = 500;
/// Most roles that one role inherits from directly.
pub(super) const MAX_INHERITS: usize = 32;
/// Most grants that one role holds itself.
pub(super) const MAX_GRANTS: usize = 256;
/// Most roles of one user.
pub const MAX_ROLES_OF_USER: usize = 32;
/// Most roles in a chain of inheritance. The built-in ladder takes eight.
pub(super) const MAX_DEPTH: usize = 16;
/// Longest description, in characters.
pub(super) const MAX_DESCRIPTION: usize = 200;

/// A role as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Role {
    /// Its id. Roles are named by name everywhere else.
    pub id: RoleId,
    /// Unique in the tenant; never changes.
    pub name: RoleName,
    /// For people.
    pub description: String,
    /// Whether it came with the tenant.
    pub builtin: bool,
    /// What it grants itself.
    pub grants: Vec<Grant>,
    /// Roles whose grants it has too.
    pub inherits: Vec<RoleName>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a caller wants a role to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Draft {
    /// Its name.
    pub(super) name: RoleName,
    /// For people.
    pub(super) description: String,
    /// What it grants itself.
    pub(super) grants: Vec<Grant>,
    /// Roles whose grants it has too.
    pub(super) inherits: Vec<RoleName>,
}

/// Why roles cannot inherit like this.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HierarchyError {
    /// Some names are no roles of the tenant; their places in `inherits`.
    #[error("there is no such role")]
    Unknown(Vec<usize>),
    /// The role would inherit from itself.
    #[error("the role would inherit from itself: {}", path(.0))]
    Cycle(Vec<RoleName>),
    /// A chain is longer than [`MAX_DEPTH`].
    #[error("a chain of inheritance may have {MAX_DEPTH} roles at most")]
    TooDeep,
}

fn path(roles: &[RoleName]) -> String {
    roles.iter().map(RoleName::as_str).collect::<Vec<_>>().join(" → ")
}

#[derive(Clone, Debug)]
struct Node {
    grants: Vec<Grant>,
    inherits: Vec<RoleName>,
}

/// All roles of a tenant, to ask what each grants in the end.
#[derive(Clone, Debug, Default)]
pub struct Hierarchy {
    roles: BTreeMap<RoleName, Node>,
}

impl<'a> FromIterator<&'a Role> for Hierarchy {
    fn from_iter<I: IntoIterator<Item = &'a Role>>(roles: I) -> Self {
        let node = |r: &Role| (r.name.clone(), Node { grants: r.grants.clone(), inherits: r.inherits.clone() });
        Self { roles: roles.into_iter().map(node).collect() }
    }
}

impl Hierarchy {
    /// The hierarchy with this role put in, or in place of the one of its name. Refused if it would
    /// not be sound any more.
    pub(super) fn with(&self, draft: &Draft) -> Result<Self, HierarchyError> {
        let unknown = |name: &RoleName| *name != draft.name && !self.roles.contains_key(name);
        let places: Vec<usize> =
            draft.inherits.iter().enumerate().filter(|(_, name)| unknown(name)).map(|(i, _)| i).collect();
        if !places.is_empty() {
            return Err(HierarchyError::Unknown(places));
        }
        let mut next = self.clone();
        let node = Node { grants: draft.grants.clone(), inherits: draft.inherits.clone() };
        next.roles.insert(draft.name.clone(), node);
        if let Some(circle) = next.circle(&draft.name) {
            return Err(HierarchyError::Cycle(circle));
        }
        let mut depths = HashMap::new();
        if next.roles.keys().any(|name| next.depth(name, &mut depths) > MAX_DEPTH) {
            return Err(HierarchyError::TooDeep);
        }
        Ok(next)
    }

    /// A path from the role back to itself, if there is one.
    fn circle(&self, start: &RoleName) -> Option<Vec<RoleName>> {
        let mut seen = BTreeSet::new();
        let mut trails = vec![vec![start.clone()]];
        while let Some(trail) = trails.pop() {
            let node = trail.last().and_then(|last| self.roles.get(last));
            for next in node.map_or(&[] as &[_], |n| &n.inherits) {
                let longer = || trail.iter().cloned().chain([next.clone()]).collect::<Vec<_>>();
                if next == start {
                    return Some(longer());
                }
                if seen.insert(next.clone()) {
                    trails.push(longer());
                }
            }
        }
        None
    }

    /// Roles in the longest chain that begins with this one. Recursion ends: there is no circle, and
    /// every role is looked at once.
    fn depth<'s>(&'s self, name: &'s RoleName, known: &mut HashMap<&'s RoleName, usize>) -> usize {
        if let Some(depth) = known.get(name) {
            return *depth;
        }
        let inherits = self.roles.get(name).map_or(&[] as &[_], |n| n.inherits.as_slice());
        let below = inherits.iter().map(|next| self.depth(next, known)).max().unwrap_or(0);
        known.insert(name, below + 1);
        below + 1
    }

    /// Whether the tenant has the role.
    pub fn contains(&self, name: &RoleName) -> bool {
        self.roles.contains_key(name)
    }

    /// The roles and all that they inherit from. Unknown names are left out; a circle, which only a damaged database
    /// has, does no harm.
    pub fn inherited<'r>(&self, roles: impl IntoIterator<Item = &'r RoleName>) -> BTreeSet<RoleName> {
        let mut pending: Vec<RoleName> = roles.into_iter().cloned().collect();
        let mut seen = BTreeSet::new();
        while let Some(name) = pending.pop() {
            let Some(node) = self.roles.get(&name) else { continue };
            if seen.insert(name) {
                pending.extend(node.inherits.iter().cloned());
            }
        }
        seen
    }

    /// What the roles grant together, inheritance applied.
    pub fn grants<'r>(&self, roles: impl IntoIterator<Item = &'r RoleName>) -> GrantSet {
        let all = self.inherited(roles);
        GrantSet::new(all.iter().filter_map(|name| self.roles.get(name)).flat_map(|node| node.grants.iter().cloned()))
    }

    /// What every role grants.
    pub fn effective(&self) -> HashMap<RoleName, GrantSet> {
        self.roles.keys().map(|name| (name.clone(), self.grants([name]))).collect()
    }

    /// Roles that inherit from this one directly.
    pub fn heirs(&self, name: &RoleName) -> usize {
        self.roles.values().filter(|node| node.inherits.contains(name)).count()
    }
}
