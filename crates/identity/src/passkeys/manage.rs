//! Registering, naming and removing one's own passkeys.

use kernel::{PasskeyId, Problem, Secret, problem::common, random};
use serde_json::{Value as Json, json};
use storage::{StoreError, TenantTx};
use url::Url;
use uuid::Uuid;
use webauthn_rs::prelude::{
    CreationChallengeResponse, Credential, CredentialID, PasskeyRegistration, RegisterPublicKeyCredential,
};

use super::{
    EXISTS, Party, Passkey, REFUSED, TOO_MANY,
    ceremonies::{self, Begun, Handle, Purpose},
    model::MOST,
    prove::word,
    store,
};
use crate::{
    Core,
    audit::{self, Action, Target},
    http::{Caller, Cause},
    language::Language,
    mfa,
    outbox::{Fate, Letter, Post},
    preferences,
    templates::Name,
    users::{self, User},
};

const ADDED: Action = Action::new("user.passkey_added");
const REMOVED: Action = Action::new("user.passkey_removed");
const RENAMED: Action = Action::new("user.passkey_renamed");
const REFUSAL: Action = Action::new("user.passkey_refused");

/// The keys that a person has, if they may add one: there is room for it, and their address is verified, because a
/// reset takes no passkey away.
async fn with_room(tx: &mut TenantTx, user: &User) -> Result<Vec<Passkey>, Problem> {
    if !user.has_proven_address() {
        return Err(users::EMAIL_UNVERIFIED.into());
    }
    let passkeys = store::list(tx, user.id).await?;
    if i64::try_from(passkeys.len()).is_ok_and(|count| count >= MOST) { Err(TOO_MANY.into()) } else { Ok(passkeys) }
}

/// What a key is registered with. It must be found without a name, and check its user.
fn options(response: &CreationChallengeResponse) -> Result<Json, Problem> {
    let mut options = serde_json::to_value(response).map_err(|e| Problem::new(common::INTERNAL).cause(e))?;
    // The library would leave it to the authenticator.
    options["publicKey"]["authenticatorSelection"]["residentKey"] = "required".into();
    options["publicKey"]["authenticatorSelection"]["requireResidentKey"] = true.into();
    Ok(options)
}

/// Mails a person that this happened to a passkey of theirs.
async fn tell(
    tx: &mut TenantTx,
    post: &Post,
    cause: &Cause,
    user: &User,
    what: Name,
    passkey: &str,
    wish: Option<Language>,
) -> Result<(), StoreError> {
    let language = wish.unwrap_or(preferences::load(tx).await?.language);
    let Some(letter) = Letter::to_user(what, language, user) else { return Ok(()) };
    post.write(tx, letter.with("device", passkey).done(&cause.ctx, cause.now), Fate::Send).await.map(drop)
}

/// Mails a person that an administrator has removed these.
pub async fn tell_removed(
    tx: &mut TenantTx,
    post: &Post,
    cause: &Cause,
    user: &User,
    names: &str,
) -> Result<(), StoreError> {
    tell(tx, post, cause, user, Name::PasskeyRemoved, names, None).await
}

/// Begins with a key of the caller's. Keys that they have already are named, so that a device does not make a second
/// one.
pub async fn begin_registration(core: &Core, caller: &Caller, page: Option<&Url>) -> Result<Begun, Problem> {
    let party = Party::of(&core.settings, &caller.ctx.tenant, page)?;
    let (principal, now) = (caller.principal.clone(), core.now());
    let fresh = uuid::Builder::from_random_bytes(random::bytes(&*core.random)).into_uuid();
    let work = core.write(principal.tenant, move |tx| {
        Box::pin(async move {
            let user = mfa::owner(tx, &principal, now).await?;
            let passkeys = with_room(tx, &user).await?;
            let handle = store::handle(tx, user.id, fresh).await?;
            Ok::<_, Problem>((user, passkeys, handle))
        })
    });
    let (user, passkeys, known_by): (User, Vec<Passkey>, Uuid) = work.await?;
    let name = user.email.as_deref().or(user.username.as_deref()).unwrap_or_default();
    let shown = user.display_name.as_deref().unwrap_or(name);
    let own = passkeys.into_iter().filter(|passkey| passkey.rp_id == party.rp_id);
    let exclude: Vec<CredentialID> = own.map(|passkey| passkey.credential.cred_id).collect();
    let (response, state) = party
        .webauthn()?
        .start_passkey_registration(known_by, name, shown, Some(exclude))
        .map_err(|e| Problem::new(common::INTERNAL).cause(e))?;
    let whose = Some((user.id, caller.principal.session));
    let tenant = caller.principal.tenant;
    let ceremony = ceremonies::open(core, tenant, Purpose::Register, party.rp_id, &state, whose).await?;
    Ok(Begun::new(ceremony, options(&response)?))
}

/// Registers the key that an authenticator has made. The caller is told by mail.
pub async fn finish_registration(
    core: &Core,
    caller: &Caller,
    ceremony: &Secret,
    answer: RegisterPublicKeyCredential,
    name: String,
    wish: Option<Language>,
) -> Result<Passkey, Problem> {
    let (tenant, session) = (caller.principal.tenant, caller.principal.session);
    let user = users::own(&caller.principal)?;
    let handle = Handle::presented(&core.vault, tenant, Purpose::Register, ceremony).ok_or(REFUSED)?;
    let taken = ceremonies::take_now(core, tenant, handle).await?;
    let taken = taken.filter(|taken| taken.user == Some(user) && taken.session == session).ok_or(REFUSED)?;
    let webauthn = Party::named(&core.settings, &caller.ctx.tenant, taken.rp_id.clone()).webauthn()?;
    let state: PasskeyRegistration = taken.state(&core.vault)?;
    let (cause, post) = (Cause::new(core, caller), Post::new(core));
    let credential = match webauthn.finish_passkey_registration(&answer, &state) {
        Ok(made) => Credential::from(made),
        Err(error) => {
            let details = json!({"reason": word(&error)});
            let entry = cause.entry(REFUSAL, Target::new("user", user), details).failed();
            audit::note(core, tenant, entry).await?;
            return Err(Problem::new(REFUSED).cause(error));
        }
    };
    let passkey = Passkey {
        id: PasskeyId::new(cause.now, &*cause.random),
        user,
        name,
        rp_id: taken.rp_id,
        synced: credential.backup_eligible,
        created_at: cause.now,
        last_used_at: None,
        credential,
    };
    let work = core.write(tenant, move |tx| {
        Box::pin(async move {
            let user = mfa::locked_owner(tx, &cause.caller, cause.now).await?;
            with_room(tx, &user).await?;
            if !store::insert(tx, &passkey).await? {
                return Err(Problem::new(EXISTS));
            }
            let details = json!({"passkey": passkey.id.to_string(), "synced": passkey.synced});
            cause.record(tx, ADDED, Target::new("user", user.id), details).await?;
            tell(tx, &post, &cause, &user, Name::PasskeyAdded, &passkey.name, wish).await?;
            Ok(passkey)
        })
    });
    let passkey = work.await?;
    core.outbox.wake();
    Ok(passkey)
}

/// Names one of the caller's passkeys.
pub async fn rename(core: &Core, caller: &Caller, id: PasskeyId, name: String) -> Result<(), Problem> {
    let (cause, user) = (Cause::new(core, caller), users::own(&caller.principal)?);
    core.write(caller.principal.tenant, move |tx| {
        Box::pin(async move {
            if !store::rename(tx, user, id, &name).await? {
                return Err(Problem::new(common::NOT_FOUND));
            }
            let details = json!({"passkey": id.to_string()});
            Ok(cause.record(tx, RENAMED, Target::new("user", user), details).await?)
        })
    })
    .await
}

/// Removes one of the caller's passkeys; they are told by mail.
pub async fn remove(core: &Core, caller: &Caller, id: PasskeyId, wish: Option<Language>) -> Result<(), Problem> {
    let (cause, post) = (Cause::new(core, caller), Post::new(core));
    let work = core.write(caller.principal.tenant, move |tx| {
        Box::pin(async move {
            let user = mfa::locked_owner(tx, &cause.caller, cause.now).await?;
            let name = store::delete(tx, user.id, id).await?.ok_or(common::NOT_FOUND)?;
            let details = json!({"passkey": id.to_string()});
            cause.record(tx, REMOVED, Target::new("user", user.id), details).await?;
            Ok::<_, Problem>(tell(tx, &post, &cause, &user, Name::PasskeyRemoved, &name, wish).await?)
        })
    });
    work.await?;
    core.outbox.wake();
    Ok(())
}
