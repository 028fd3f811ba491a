//! Logging in with a password.
//!
//! In order: a place in the hashing pool → load → the account's rate → count the attempt → verify → let in, or
//! ask for a second factor. The place comes first, so that an overloaded pool costs nobody an attempt, and
//! attempts without end cost no queries; somebody who shows a device's cookie may take a place that is kept for browsers
//! that the account knows, and loses it if it does not. The count comes before the hash, so that parallel guesses are
//! bounded too, and is taken back if nothing was looked at. Every step is taken for an unknown account as for a known
//! one. Whether somebody has a second factor is told after the right password
//! only; the count is cleared when they are in, so nobody who knows a password has challenges without end.

use kernel::{Amr, Problem, RequestContext, Secret, UserId, assurance::Method};
use serde_json::json;
use storage::StoreError;
use url::Url;
use uuid::Uuid;

use super::{
    Entrance, INVALID, LIMITED, LoggedIn, PASSKEY_NEEDED, Replaced, Verified,
    attempts::{count_attempt, forgive, withdraw},
    enter,
    lockout::{Attempt, Counter},
};
use crate::{
    Core,
    audit::{self, Action, Actor, Entry, Target},
    devices::{Known, Shown},
    language::Language,
    mfa::{
        self, Method as SecondFactor, Offer,
        challenges::{LIFE, Opening, Pending, Purpose},
    },
    passkeys::{self, Party},
    preferences::{self, Preferences},
    sessions::{self, Wishes},
    strength,
    users::{self, Account, Login, User, UserKind, UserStatus},
};

const CHALLENGED: Action = Action::new("login.challenged");
const NEEDS_PASSKEY: Action = Action::new("login.passkey_needed");

/// What somebody presents.
#[derive(Clone, Debug)]
pub struct LoginRequest {
    /// Who they say they are.
    pub login: Login,
    /// Their password.
    pub password: Secret,
    /// What they ask for.
    pub wishes: Wishes,
    /// With what.
    pub device: Shown,
    /// The origin of the page, if it is one.
    pub page: Option<Url>,
    /// The language they like best.
    pub language: Option<Language>,
}

/// What a right password leads to.
#[derive(Debug)]
pub enum Outcome {
    /// They are in.
    LoggedIn(Box<LoggedIn>),
    /// A second factor is waited for.
    Challenge(Challenge),
}

/// A second factor that is waited for.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// To be given with the answer.
    pub id: Secret,
    /// What it may be answered with.
    pub methods: Vec<Offer>,
    /// Seconds until it expires.
    pub expires_in: u64,
    /// They must have a factor and have none: they set one up first.
    pub enrolment_required: bool,
}

/// Logs somebody in, in the tenant of the request.
pub async fn login(core: &Core, ctx: &RequestContext, request: LoginRequest) -> Result<Outcome, Problem> {
    // Whether the account knows the browser is found out with the place in hand.
    let hasher = if request.device.has_cookie() { core.hasher.for_known() } else { core.hasher.clone() };
    let place = hasher.reserve()?;
    let counter = Counter::login(&core.vault, &request.login, ctx.client_ip);
    let Found { account, known, familiar, preferences, offers, held, wanted } = load(core, ctx, &request).await?;
    let counter = known.map_or(counter, |device| counter.at(&core.vault, device.id));
    within_rate(core, ctx, &counter, known, familiar).await?;
    let place = place.of(known.is_some())?.at(preferences.password_hashing);
    let attempt = count_attempt(core, ctx, counter).await?;

    let stored = account.as_ref().and_then(|a| a.password_hash.clone());
    let hash = stored.as_ref().map(|h| h.expose().clone());
    let Some(verdict) = place.verify(Some(&ctx.caller), request.password.clone(), hash).await? else {
        return Err(withdraw(core, ctx, counter).await?);
    };
    let whose = account.as_ref().map(|a| a.user.id);
    let allowed = account.filter(|a| verdict.ok && may_log_in(&a.user, &preferences));
    let (Some(account), Some(verified)) = (allowed, stored) else {
        return Err(fail(core, ctx, whose, attempt).await?);
    };
    // An upgrade can wait for the next login; this one must not fail for it.
    let rehashed = match verdict.needs_rehash {
        true => hasher.at(preferences.password_hashing).hash(request.password.clone()).await.ok().map(Secret::new),
        false => None,
    };
    let password = Verified { hash: verified, rehashed };
    let trusted = known.is_some_and(|device| device.is_trusted(core.now(), preferences.mfa.trust()));
    if wanted && offers.is_empty() && held {
        // They have a passkey of another host: whoever knows just the password must not add a factor of their own.
        forgive(core, ctx.tenant.id, counter).await?;
        return Err(note_passkey_needed(core, ctx, account.user.id).await?);
    }
    if wanted && offers.is_empty() && !account.user.has_proven_address() {
        // Whoever has the address would find somebody else's factor on their account.
        forgive(core, ctx.tenant.id, counter).await?;
        return Err(users::EMAIL_UNVERIFIED.into());
    }
    if wanted && (offers.is_empty() || !trusted) {
        return challenge(core, ctx, request, account.user.id, password, counter, offers).await;
    }
    let entrance = Entrance {
        user: account.user,
        amr: Amr::of(Method::Password),
        password: Some(password),
        counter: Some(counter),
        wishes: request.wishes,
        device: request.device,
        language: request.language,
        replaces: Replaced::by_login(ctx),
    };
    match enter::enter(core, ctx, entrance).await {
        Ok(Some(logged_in)) => Ok(Outcome::LoggedIn(Box::new(logged_in))),
        Ok(None) => Err(fail(core, ctx, whose, attempt).await?),
        Err(problem) => {
            if problem.kind == sessions::FULL {
                // The attempt was counted, and its password was right.
                forgive(core, ctx.tenant.id, counter).await?;
            }
            Err(problem)
        }
    }
}

/// Asks for a second factor.
async fn challenge(
    core: &Core,
    ctx: &RequestContext,
    request: LoginRequest,
    user: UserId,
    password: Verified,
    counter: Counter,
    methods: Vec<Offer>,
) -> Result<Outcome, Problem> {
    let (now, random) = (core.now(), core.random.clone());
    let enrol = methods.is_empty();
    let pending = Pending {
        user,
        session: None,
        amr: Amr::of(Method::Password),
        acr: None,
        password: Some(password.stamp(&core.vault)),
        counted: Some(counter.keep()),
        wishes: request.wishes,
        enrol,
        factor: None,
    };
    let agent = request.device.user_agent();
    let opening = Opening::new(&core.vault, &*random, ctx.tenant.id, Purpose::Login, pending, agent, now);
    let id = opening.id.clone();
    let entry = Entry::new(Actor::User(user), CHALLENGED, Target::new("user", user), ctx);
    let work = core.write(ctx.tenant.id, move |tx| {
        Box::pin(async move {
            password.upgrade(tx, user).await?;
            opening.write(tx, now).await?;
            audit::record(tx, entry, now, &*random).await
        })
    });
    work.await?;
    Ok(Outcome::Challenge(Challenge { id, methods, expires_in: LIFE.as_secs(), enrolment_required: enrol }))
}

/// Whether somebody whose password is right may log in. Otherwise they are told what everybody is told: an
/// answer of its own would tell whoever has just registered the address whether there was an account.
pub(super) fn may_log_in(user: &User, preferences: &Preferences) -> bool {
    let verified = user.email.is_none() || user.email_verified_at.is_some();
    user.status == UserStatus::Active && user.kind == UserKind::Person && (verified || !preferences.verified_login)
}

/// What a login is decided by.
struct Found {
    account: Option<Account>,
    /// The browser has logged in to the account before.
    known: Option<Known>,
    /// A device at this address is logged in to the account already.
    familiar: bool,
    preferences: Preferences,
    /// Their second factors.
    offers: Vec<Offer>,
    /// They have a factor or a passkey.
    held: bool,
    /// They have set a factor up, or must have one.
    wanted: bool,
}

async fn load(core: &Core, ctx: &RequestContext, request: &LoginRequest) -> Result<Found, Problem> {
    let (login, shown) = (request.login.clone(), request.device.clone());
    let (vault, ip, now) = (core.vault.clone(), ctx.client_ip, core.now());
    // Without a host that has a name there are no passkeys.
    let host = Party::of(&core.settings, &ctx.tenant, request.page.as_ref()).ok().map(|party| party.rp_id);
    let found = core.read(ctx.tenant.id, move |tx| {
        Box::pin(async move {
            let account = users::by_login(tx, &login).await?;
            // Nobody has the nil id: the same question, for an unknown account too.
            let id = account.as_ref().map_or(UserId::from_uuid(Uuid::nil()), |a| a.user.id);
            let known = shown.recognise(tx, &vault, id).await?;
            let familiar = sessions::familiar(tx, id, ip, now).await?;
            let (mut offers, preferences) = (mfa::offers(tx, id).await?, preferences::load(tx).await?);
            let wanted = !offers.is_empty() | preferences::demands_factor(tx, &preferences.mfa, id).await?;
            let held = strength::beyond_password(tx, id).await?;
            if let Some(host) = host
                && passkeys::exists_at(tx, id, &host).await?
            {
                offers.push(Offer { method: SecondFactor::Passkey, hint: None });
            }
            Ok::<_, StoreError>(Found { account, known, familiar, preferences, offers, held, wanted })
        })
    });
    found.await
}

/// The account's own rate. A browser that it knows has one apart, and so has an address where somebody is logged
/// in: strangers cannot use it up.
async fn within_rate(
    core: &Core,
    ctx: &RequestContext,
    counter: &Counter,
    known: Option<Known>,
    familiar: bool,
) -> Result<(), Problem> {
    let mut key = format!("login:{}:{}", ctx.tenant.id, counter.account_name());
    if let Some(device) = known {
        key = format!("{key}:{}", device.id);
    } else if familiar {
        key = format!("{key}:{}", ctx.client_ip);
    }
    let taken = core.limiter.take(key, core.settings.login_by_account).await;
    taken.map_err(|wait| Problem::new(LIMITED).retry_after(wait))
}

/// The password was right, and not enough: its owner should be able to find that out.
async fn note_passkey_needed(core: &Core, ctx: &RequestContext, user: UserId) -> Result<Problem, Problem> {
    let entry = Entry::new(Actor::Anonymous, NEEDS_PASSKEY, Target::new("user", user), ctx).failed();
    audit::note(core, ctx.tenant.id, entry).await?;
    Ok(PASSKEY_NEEDED.into())
}

/// Notes the failure and says what everybody is told. The entry names no more than the account: what was
/// typed may be a password in the wrong field.
async fn fail(core: &Core, ctx: &RequestContext, known: Option<UserId>, attempt: Attempt) -> Result<Problem, Problem> {
    let target = known.map_or(Target::unknown("user"), |id| Target::new("user", id));
    let entry = Entry::new(Actor::Anonymous, audit::LOGIN_FAILED, target, ctx)
        .failed()
        .details(json!({"failures": attempt.number(), "locked": attempt.is_last()}));
    audit::note(core, ctx.tenant.id, entry).await?;
    Ok(attempt.refuse(Problem::new(INVALID), core.now()))
}
