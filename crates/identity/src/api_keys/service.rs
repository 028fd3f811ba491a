//! Making, changing, replacing and taking back API keys.

use std::time::Duration;

use kernel::{ApiKeyId, GrantSet, Principal, Problem, Secret, Subject, Timestamp, UserId, problem::common};
use serde_json::json;
use storage::{StoreError, TenantTx};

use super::{
    BY_KEY, OUTRANKS, PERSONAL, ROTATED, TOO_MANY,
    model::{ApiKey, Draft, MAX_OF_TENANT, MAX_OF_USER, Patch},
    secret, store,
};
use crate::{
    Core,
    audit::{Action, Target},
    http::{Caller, Cause, Window},
    language::Language,
    mfa,
    outbox::{Fate, Letter, Post},
    preferences,
    publish::{self, Change},
    roles::{self, authority},
    strength,
    templates::Name,
    users,
};

const CREATED: Action = Action::new("api_key.created");
const UPDATED: Action = Action::new("api_key.updated");
const ROTATION: Action = Action::new("api_key.rotated");
const REVOKED: Action = Action::new("api_key.revoked");

/// Which keys a call is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Scope {
    /// The caller's own. Others do not exist.
    Own(UserId),
    /// Every key of the tenant.
    Tenant,
}

impl Scope {
    /// The caller's own keys. A tenant's key has none.
    pub(super) fn own(caller: &Caller) -> Result<Self, Problem> {
        crate::users::own(&caller.principal).map(Self::Own)
    }

    const fn owner(self) -> Option<UserId> {
        match self {
            Self::Own(user) => Some(user),
            Self::Tenant => None,
        }
    }

    async fn find(self, tx: &mut TenantTx, id: ApiKeyId) -> Result<ApiKey, Problem> {
        let key = store::by_id(tx, id).await?;
        let within = |key: &ApiKey| self == Self::Tenant || key.owner == self.owner();
        key.filter(within).ok_or_else(|| common::NOT_FOUND.into())
    }
}

/// A key that an API key made would survive it: refused, also for tokens obtained with one. So would a key that
/// somebody made who acts as somebody else.
fn by_person(core: &Core, caller: &Caller) -> Result<Cause, Problem> {
    caller.in_person()?;
    let by_key = caller.principal.api_key.is_some() || matches!(caller.principal.subject, Subject::ApiKey(_));
    if by_key { Err(BY_KEY.into()) } else { Ok(Cause::new(core, caller)) }
}

fn target(id: ApiKeyId) -> Target {
    Target::new("api_key", id)
}

/// Refuses to touch a key that holds more than the caller does.
async fn may_manage(tx: &mut TenantTx, caller: &Principal, key: &ApiKey) -> Result<(), Problem> {
    let own = key.owner.is_some() && key.owner == caller.subject.user();
    let holds = match (key.owner, &key.permissions) {
        // What an owner may narrow for themselves is theirs; somebody else needs to outrank them.
        (Some(_), Some(permissions)) if own => permissions.iter().cloned().collect(),
        (Some(user), _) => roles::granted_to(tx, user).await?,
        (None, permissions) => permissions.iter().flatten().cloned().collect::<GrantSet>(),
    };
    if authority(tx, caller).await?.covers(&holds) { Ok(()) } else { Err(OUTRANKS.into()) }
}

/// How a key is replaced.
#[derive(Clone, Copy, Debug)]
pub(super) struct Renewal {
    /// How long the old one stays valid.
    pub(super) overlap: Duration,
    /// When the new one ends, if not as the old one would have.
    pub(super) expires_at: Option<Option<Timestamp>>,
}

/// Whoever makes a key of their own has logged in lately, and with more than a password if they have more: it opens
/// their account for ever, and outlasts the session that it was made in.
async fn prove(tx: &mut TenantTx, scope: Scope, cause: &Cause) -> Result<(), Problem> {
    match scope {
        Scope::Own(user) => mfa::require_fresh(&cause.caller, strength::beyond_password(tx, user).await?, cause.now),
        Scope::Tenant => Ok(()),
    }
}

/// Tells somebody of a new key of theirs.
async fn tell(
    tx: &mut TenantTx,
    post: &Post,
    cause: &Cause,
    key: &ApiKey,
    wish: Option<Language>,
) -> Result<(), StoreError> {
    let Some(owner) = key.owner else { return Ok(()) };
    let Some(user) = users::by_id(tx, owner).await? else { return Ok(()) };
    let language = wish.unwrap_or(preferences::load(tx).await?.language);
    let Some(letter) = Letter::to_user(Name::ApiKeyAdded, language, &user) else { return Ok(()) };
    let letter = letter.with("key", key.name.as_str()).done(&cause.ctx, cause.now);
    post.write(tx, letter, Fate::Send).await.map(drop)
}

/// Makes changes of this owner's keys wait for each other.
async fn lock(tx: &mut TenantTx, owner: Option<UserId>) -> Result<(), Problem> {
    match owner {
        Some(user) if users::lock(tx, user).await? => Ok(()),
        Some(_) => Err(Problem::new(common::UNAUTHENTICATED).cause("the owner of the keys is not active")),
        None => Ok(roles::lock(tx).await?),
    }
}

/// Refuses if the owner has too many live keys now.
async fn bounded(tx: &mut TenantTx, owner: Option<UserId>, now: Timestamp) -> Result<(), Problem> {
    let most = if owner.is_some() { MAX_OF_USER } else { MAX_OF_TENANT };
    if store::count_live(tx, owner, now).await? <= most {
        Ok(())
    } else {
        Err(Problem::new(TOO_MANY).detail(format!("There may be {most} live keys at most. Revoke one first.")))
    }
}

fn contents(key: &ApiKey) -> serde_json::Value {
    json!({
        "name": key.name,
        "user_id": key.owner,
        "permissions": key.permissions,
        "networks": key.networks,
        "limits": key.limits,
        "expires_at": key.expires_at,
    })
}

/// A page of keys.
pub(super) async fn list(
    core: &Core,
    caller: &Caller,
    of: Option<UserId>,
    window: Window,
) -> Result<Vec<ApiKey>, Problem> {
    let tenant = caller.principal.tenant;
    core.read(tenant, move |tx| Box::pin(store::page(tx, of, window))).await
}

/// One key.
pub(super) async fn get(core: &Core, caller: &Caller, scope: Scope, id: ApiKeyId) -> Result<ApiKey, Problem> {
    core.read(caller.principal.tenant, move |tx| Box::pin(scope.find(tx, id))).await
}

/// Makes a key: of the caller, or of the tenant itself. The edge has nothing to learn: nobody can have
/// presented the key before.
pub(super) async fn create(
    core: &Core,
    caller: &Caller,
    scope: Scope,
    draft: Draft,
    wish: Option<Language>,
) -> Result<(Secret, ApiKey), Problem> {
    let (cause, post) = (by_person(core, caller)?, Post::new(core));
    let (owner, now, tenant) = (scope.owner(), cause.now, cause.caller.tenant);
    let secret = secret::generate(tenant, &*core.random);
    let (hash, hint) = (core.vault.hash_token(secret.expose().as_bytes()), secret::hint(&secret));
    let id = ApiKeyId::new(now, &*core.random);
    let key = core
        .write(tenant, move |tx| {
            Box::pin(async move {
                lock(tx, owner).await?;
                prove(tx, scope, &cause).await?;
                // A narrowed credential makes keys that are narrowed as much.
                let narrowed = || cause.caller.narrowed_to.as_ref().map(|own| own.iter().cloned().collect());
                let permissions = draft.permissions.or_else(narrowed);
                let grants: GrantSet = permissions.iter().flatten().cloned().collect();
                authority(tx, &cause.caller).await?.may_give(&grants)?;
                let key = ApiKey {
                    id,
                    owner,
                    name: draft.name,
                    hint,
                    permissions,
                    networks: draft.networks,
                    limits: draft.limits,
                    created_by: cause.caller.subject.user().map(UserId::uuid),
                    created_at: now,
                    expires_at: draft.expires_at,
                    last_used_at: None,
                    rotated_to: None,
                    revoked_at: None,
                };
                store::insert(tx, &key, &hash).await?;
                bounded(tx, owner, now).await?;
                cause.record(tx, CREATED, target(id), contents(&key)).await?;
                tell(tx, &post, &cause, &key, wish).await?;
                Ok::<_, Problem>(key)
            })
        })
        .await?;
    core.outbox.wake();
    Ok((secret, key))
}

/// Changes a key's name, networks, limits or expiry.
pub(super) async fn update(
    core: &Core,
    caller: &Caller,
    scope: Scope,
    id: ApiKeyId,
    patch: Patch,
) -> Result<ApiKey, Problem> {
    let cause = by_person(core, caller)?;
    let (key, seq) = core
        .write(cause.caller.tenant, move |tx| {
            Box::pin(async move {
                let old = scope.find(tx, id).await?;
                old.must_live(cause.now)?;
                may_manage(tx, &cause.caller, &old).await?;
                let key = patch.apply(&old);
                store::update(tx, &key).await?;
                let details = json!({ "before": contents(&old), "after": contents(&key) });
                cause.record(tx, UPDATED, target(id), details).await?;
                let seq = publish::append(tx, &Change::ApiKeyChanged { id }, cause.now).await?;
                Ok::<_, Problem>((key, seq))
            })
        })
        .await?;
    core.settle(seq).await?;
    Ok(key)
}

/// Replaces a key by a new one with the same rights; the old one stays valid for the overlap.
pub(super) async fn rotate(
    core: &Core,
    caller: &Caller,
    scope: Scope,
    id: ApiKeyId,
    renewal: Renewal,
    wish: Option<Language>,
) -> Result<(Secret, ApiKey), Problem> {
    let (cause, post) = (by_person(core, caller)?, Post::new(core));
    let (now, tenant) = (cause.now, cause.caller.tenant);
    let secret = secret::generate(tenant, &*core.random);
    let (hash, hint) = (core.vault.hash_token(secret.expose().as_bytes()), secret::hint(&secret));
    let new_id = ApiKeyId::new(now, &*core.random);
    let (key, seq) = core
        .write(tenant, move |tx| {
            Box::pin(async move {
                let old = scope.find(tx, id).await?;
                if scope == Scope::Tenant && old.owner.is_some() {
                    return Err(PERSONAL.into());
                }
                lock(tx, old.owner).await?;
                prove(tx, scope, &cause).await?;
                // Read again: somebody may have rotated or revoked it before we had the lock.
                let old = scope.find(tx, id).await?;
                may_manage(tx, &cause.caller, &old).await?;
                let rotation = old.rotate(renewal.overlap, renewal.expires_at, now)?;
                if !store::replace(tx, id, new_id, rotation.old_ends).await? {
                    return Err(ROTATED.into());
                }
                let key = ApiKey {
                    id: new_id,
                    hint,
                    created_by: cause.caller.subject.user().map(UserId::uuid),
                    created_at: now,
                    expires_at: rotation.new_expires,
                    last_used_at: None,
                    ..old
                };
                store::insert(tx, &key, &hash).await?;
                let at_once = rotation.old_ends <= now;
                if at_once {
                    store::revoke(tx, id, now).await?;
                }
                bounded(tx, key.owner, now).await?;
                let details = json!({ "rotated_to": new_id, "old_ends": rotation.old_ends });
                cause.record(tx, ROTATION, target(id), details).await?;
                tell(tx, &post, &cause, &key, wish).await?;
                let change = if at_once { Change::ApiKeyRevoked { id } } else { Change::ApiKeyChanged { id } };
                let seq = publish::append(tx, &change, now).await?;
                Ok::<_, Problem>((key, seq))
            })
        })
        .await?;
    core.outbox.wake();
    core.settle(seq).await?;
    Ok((secret, key))
}

/// Takes a key back. Doing it twice does no harm. An API key may revoke itself and its siblings: taking
/// back is never an escalation.
pub(super) async fn revoke(core: &Core, caller: &Caller, scope: Scope, id: ApiKeyId) -> Result<(), Problem> {
    let cause = Cause::new(core, caller);
    let seq = core
        .write(cause.caller.tenant, move |tx| {
            Box::pin(async move {
                let key = scope.find(tx, id).await?;
                if scope == Scope::Tenant {
                    may_manage(tx, &cause.caller, &key).await?;
                }
                if !store::revoke(tx, id, cause.now).await? {
                    return Ok(None);
                }
                cause.record(tx, REVOKED, target(id), json!({ "name": key.name })).await?;
                let seq = publish::append(tx, &Change::ApiKeyRevoked { id }, cause.now).await?;
                Ok::<_, Problem>(Some(seq))
            })
        })
        .await?;
    core.settle(seq).await?;
    Ok(())
}
