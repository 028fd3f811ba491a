//! Logging in with a passkey, without a password and without saying who one is.
//!
//! Nothing is guessed here, so nothing is locked; the gate's limits hold as for every login.

use kernel::{Problem, RequestContext, Secret};
use storage::StoreError;
use webauthn_rs::prelude::PublicKeyCredential;

use super::{Entering, Entrance, LoggedIn, Replaced, login::may_log_in};
use crate::{Core, devices::Shown, language::Language, passkeys, preferences, sessions::Wishes, users};

/// What somebody presents.
#[derive(Clone, Debug)]
pub struct PasskeyLogin {
    /// What their login began with.
    pub ceremony: Secret,
    /// What their authenticator answered.
    pub credential: PublicKeyCredential,
    /// What they ask for.
    pub wishes: Wishes,
    /// With what.
    pub device: Shown,
    /// The language they like best.
    pub language: Option<Language>,
}

/// Logs somebody in, in the tenant of the request.
pub async fn login_with_passkey(core: &Core, ctx: &RequestContext, login: PasskeyLogin) -> Result<LoggedIn, Problem> {
    let proven = passkeys::prove_login(core, ctx, &login.ceremony, login.credential).await?;
    let id = proven.user;
    let (user, preferences) = core
        .read(ctx.tenant.id, move |tx| {
            Box::pin(async move { Ok::<_, StoreError>((users::by_id(tx, id).await?, preferences::load(tx).await?)) })
        })
        .await?;
    let Some(user) = user.filter(|user| may_log_in(user, &preferences)) else {
        return Err(proven.refuse(core, ctx, "account").await?);
    };
    let entrance = Entrance {
        user,
        amr: proven.amr,
        password: None,
        counter: None,
        wishes: login.wishes,
        device: login.device,
        language: login.language,
        replaces: Replaced::by_login(ctx),
    };
    let signed = proven.clone();
    let (entering, random, now) = (Entering::new(core, ctx, entrance), core.random.clone(), core.now());
    let work = core.write(ctx.tenant.id, move |tx| {
        Box::pin(async move {
            if !proven.note(tx, now).await? {
                return Ok(None);
            }
            entering.commit(tx, &*random).await
        })
    });
    match work.await? {
        Some(entered) => entered.hand_out(core, ctx).await,
        None => Err(signed.refuse(core, ctx, "meanwhile").await?),
    }
}
