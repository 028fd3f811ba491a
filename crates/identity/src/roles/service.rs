//! Creating, changing and deleting roles.

use kernel::{GrantSet, Problem, RoleId, RoleName, problem::common};
use serde_json::{Value as Json, json};

use super::{
    BUILTIN, EXISTS, Hierarchy, HierarchyError, IN_USE, OUTRANKS, ReadRoles, Role, TOO_MANY, WriteRoles, authority,
    builtin::SUPER_ADMIN,
    model::{Draft, MAX_ROLES},
    store,
};
use crate::{
    Core,
    audit::{Action, Target},
    http::{Cause, Fields, Permit},
    publish::{self, Change},
};

const CREATED: Action = Action::new("role.created");
const UPDATED: Action = Action::new("role.updated");
const DELETED: Action = Action::new("role.deleted");

/// A role with what it grants in the end.
pub(super) type Resolved = (Role, GrantSet);

impl From<HierarchyError> for Problem {
    fn from(error: HierarchyError) -> Self {
        let mut fields = Fields::new();
        match &error {
            HierarchyError::Unknown(places) => {
                places.iter().for_each(|i| fields.wrong(format!("/inherits/{i}"), "unknown_role", &error));
            }
            HierarchyError::Cycle(_) => fields.wrong("/inherits", "cycle", &error),
            HierarchyError::TooDeep => fields.wrong("/inherits", "too_deep", &error),
        }
        fields.into_problem()
    }
}

/// Every role of the caller's tenant.
pub(super) async fn list(core: &Core, permit: &Permit<ReadRoles>) -> Result<Vec<Resolved>, Problem> {
    let roles = core.read(permit.principal.tenant, |tx| Box::pin(store::all(tx))).await?;
    let hierarchy: Hierarchy = roles.iter().collect();
    Ok(roles.into_iter().map(|r| (hierarchy.grants([&r.name]), r)).map(|(g, r)| (r, g)).collect())
}

/// Creates a role of the tenant's own.
pub(super) async fn create(core: &Core, permit: &Permit<WriteRoles>, draft: Draft) -> Result<Resolved, Problem> {
    let cause = Cause::new(core, permit);
    let id = RoleId::new(cause.now, &*cause.random);
    let (resolved, seq) = core
        .write(cause.caller.tenant, move |tx| {
            Box::pin(async move {
                store::lock(tx).await?;
                let roles = store::all(tx).await?;
                if roles.len() >= MAX_ROLES {
                    return Err(TOO_MANY.into());
                }
                if roles.iter().any(|r| r.name == draft.name) {
                    return Err(EXISTS.into());
                }
                let grants = roles.iter().collect::<Hierarchy>().with(&draft)?.grants([&draft.name]);
                authority(tx, &cause.caller).await?.may_give(&grants)?;
                let role = Role {
                    id,
                    name: draft.name,
                    description: draft.description,
                    builtin: false,
                    grants: draft.grants,
                    inherits: draft.inherits,
                    created_at: cause.now,
                    updated_at: cause.now,
                };
                store::insert(tx, &role).await?;
                cause.record(tx, CREATED, target(&role), contents(&role)).await?;
                let seq = publish::append(tx, &Change::RolesChanged, cause.now).await?;
                Ok::<_, Problem>(((role, grants), seq))
            })
        })
        .await?;
    core.settle(seq).await?;
    Ok(resolved)
}

/// Replaces what a role grants, inherits and says. Who has the role keeps it.
pub(super) async fn update(core: &Core, permit: &Permit<WriteRoles>, draft: Draft) -> Result<Resolved, Problem> {
    let cause = Cause::new(core, permit);
    let (resolved, seq) = core
        .write(cause.caller.tenant, move |tx| {
            Box::pin(async move {
                store::lock(tx).await?;
                let roles = store::all(tx).await?;
                let old = roles.iter().find(|r| r.name == draft.name).ok_or(common::NOT_FOUND)?;
                keeps_its_rung(old, &draft)?;
                let before: Hierarchy = roles.iter().collect();
                let after = before.with(&draft)?.grants([&draft.name]);
                let authority = authority(tx, &cause.caller).await?;
                if !authority.covers(&before.grants([&old.name])) {
                    return Err(OUTRANKS.into());
                }
                // Roles that inherit from this one gain only what this one gains, so asking about this
                // one is enough.
                authority.may_give(&after)?;
                let Draft { description, grants, inherits, .. } = draft;
                let role = Role { description, grants, inherits, updated_at: cause.now, ..old.clone() };
                store::update(tx, &role).await?;
                let details = json!({ "before": contents(old), "after": contents(&role) });
                cause.record(tx, UPDATED, target(&role), details).await?;
                let seq = publish::append(tx, &Change::RolesChanged, cause.now).await?;
                Ok::<_, Problem>(((role, after), seq))
            })
        })
        .await?;
    core.settle(seq).await?;
    Ok(resolved)
}

/// Deletes a role that nobody has and nothing inherits from.
pub(super) async fn delete(core: &Core, permit: &Permit<WriteRoles>, name: RoleName) -> Result<(), Problem> {
    let cause = Cause::new(core, permit);
    let seq = core
        .write(cause.caller.tenant, move |tx| {
            Box::pin(async move {
                store::lock(tx).await?;
                let roles = store::all(tx).await?;
                let role = roles.iter().find(|r| r.name == name).ok_or(common::NOT_FOUND)?;
                if role.builtin {
                    return Err(Problem::new(BUILTIN).detail("Built-in roles cannot be deleted."));
                }
                let hierarchy: Hierarchy = roles.iter().collect();
                if !authority(tx, &cause.caller).await?.covers(&hierarchy.grants([&name])) {
                    return Err(OUTRANKS.into());
                }
                let (users, heirs) = (store::holders(tx, role.id).await?, hierarchy.heirs(&name));
                if users > 0 || heirs > 0 {
                    let detail = format!("{users} users have this role, and {heirs} roles inherit from it.");
                    return Err(Problem::new(IN_USE).detail(detail));
                }
                store::delete(tx, role.id).await?;
                cause.record(tx, DELETED, target(role), contents(role)).await?;
                Ok::<_, Problem>(publish::append(tx, &Change::RolesChanged, cause.now).await?)
            })
        })
        .await?;
    Ok(core.settle(seq).await?)
}

/// A built-in role may grant other things, but not stand elsewhere in the ladder; the topmost holds
/// everything, always, so that a tenant cannot be locked out of itself.
fn keeps_its_rung(old: &Role, draft: &Draft) -> Result<(), Problem> {
    if !old.builtin {
        Ok(())
    } else if old.name.as_str() == SUPER_ADMIN {
        Err(Problem::new(BUILTIN).detail("super_admin holds everything and cannot be changed."))
    } else if old.inherits != draft.inherits {
        Err(Problem::new(BUILTIN).detail("What a built-in role inherits cannot be changed, only what it grants."))
    } else {
        Ok(())
    }
}

fn target(role: &Role) -> Target {
    Target::new("role", &role.name)
}

fn contents(role: &Role) -> Json {
    json!({ "inherits": role.inherits, "permissions": role.grants })
}
