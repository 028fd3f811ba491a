//! Logging in with a password.
//!
//! In order: load → the account's rate → a place in the hashing pool → count the attempt → verify →
//! commit. The place comes before the count, so that an overloaded pool costs nobody an attempt; the count
//! comes before the hash, so that parallel guesses are bounded too. Every step is taken for an unknown
//! account as for a known one.

use std::time::Duration;

use http::HeaderValue;
use kernel::{Problem, RequestContext, RoleName, Secret, SessionId, Timestamp, UserId, random};
use serde_json::json;
use storage::{StoreError, TenantTx};
use uuid::Uuid;

use super::{
    INVALID, LIMITED,
    lockout::{self, Attempt, Counter},
};
use crate::{
    Core,
    audit::{self, Action, Actor, Entry, Target},
    devices::{Arrival, Known, Shown},
    language::Language,
    outbox::{Fate, Letter, Post},
    preferences::{self, Preferences},
    roles,
    sessions::{self, Live, NewSession, Owner, Scope, Span, bearer, cookie},
    templates::Name,
    tokens::{self, TokenSet},
    users::{self, Account, Login, User, UserKind, UserStatus},
};

/// What somebody presents.
#[derive(Clone, Debug)]
pub struct LoginRequest {
    /// Who they say they are.
    pub login: Login,
    /// Their password.
    pub password: Secret,
    /// They asked to be remembered.
    pub remember: bool,
    /// Scopes of the tokens.
    pub scope: Scope,
    /// Whether to hand out a session cookie too.
    pub set_cookie: bool,
    /// With what.
    pub device: Shown,
    /// The language they like best.
    pub wish: Option<Language>,
}

/// What they get.
#[derive(Debug)]
pub struct LoggedIn {
    /// Tokens.
    pub tokens: TokenSet,
    /// `Set-Cookie`: the session's if asked for, and the device's.
    pub cookies: Vec<HeaderValue>,
}

/// Logs somebody in, in the tenant of the request.
pub async fn login(core: &Core, ctx: &RequestContext, request: LoginRequest) -> Result<LoggedIn, Problem> {
    let counter = Counter::login(&core.vault, &request.login, ctx.client_ip);
    let Found { account, known, familiar, preferences } = load(core, ctx, &request).await?;
    let counter = known.map_or(counter, |device| counter.at(&core.vault, device.id));
    within_rate(core, ctx, &counter, known, familiar).await?;
    let place = core.hasher.reserve()?;
    let attempt = count_attempt(core, ctx, counter).await?;

    let stored = account.as_ref().and_then(|a| a.password_hash.clone());
    let verdict = place.verify(request.password.clone(), stored.as_ref().map(|h| h.expose().clone())).await?;
    let whose = account.as_ref().map(|a| a.user.id);
    let allowed = account.filter(|a| verdict.ok && may_log_in(&a.user, &preferences));
    let (Some(account), Some(verified)) = (allowed, stored) else {
        return Err(fail(core, ctx, whose, attempt).await?);
    };
    // An upgrade can wait for the next login; this one must not fail for it.
    let rehashed = match verdict.needs_rehash {
        true => core.hasher.hash(request.password.clone()).await.ok().map(Secret::new),
        false => None,
    };
    let told = preferences.new_login_mail.then(|| request.wish.unwrap_or(preferences.language));
    let verified = Verified { account, hash: verified, rehashed, told };
    match begin(core, ctx, request, verified, counter).await? {
        Some(logged_in) => Ok(logged_in),
        None => Err(fail(core, ctx, whose, attempt).await?),
    }
}

/// Whether somebody whose password is right may log in. Otherwise they are told what everybody is told: an
/// answer of its own would tell whoever has just registered the address whether there was an account.
fn may_log_in(user: &User, preferences: &Preferences) -> bool {
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
}

async fn load(core: &Core, ctx: &RequestContext, request: &LoginRequest) -> Result<Found, Problem> {
    let (login, shown) = (request.login.clone(), request.device.clone());
    let (vault, ip, now) = (core.vault.clone(), ctx.client_ip, core.now());
    let found = core.store.tenant(ctx.tenant.id).read(move |tx| {
        Box::pin(async move {
            let account = users::by_login(tx, &login).await?;
            // Nobody has the nil id: the same question, for an unknown account too.
            let id = account.as_ref().map_or(UserId::from_uuid(Uuid::nil()), |a| a.user.id);
            let known = shown.recognise(tx, &vault, id).await?;
            let familiar = sessions::familiar(tx, id, ip, now).await?;
            Ok::<_, StoreError>(Found { account, known, familiar, preferences: preferences::load(tx).await? })
        })
    });
    Ok(found.await?)
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
        key = format!("{key}:{}", ctx.client_ip.to_canonical());
    }
    let taken = core.limiter.take(key, core.settings.login_by_account).await;
    taken.map_err(|wait| Problem::new(LIMITED).retry_after(wait))
}

/// Counts the attempt, durably, before it is made.
pub(super) async fn count_attempt(core: &Core, ctx: &RequestContext, counter: Counter) -> Result<Attempt, Problem> {
    let (settings, now) = (core.settings.lockout, core.now());
    let counted = core
        .store
        .tenant(ctx.tenant.id)
        .write(move |tx| Box::pin(async move { lockout::count(tx, &counter, &settings, now).await }));
    counted.await.map_err(|e: StoreError| Problem::from(e))?
}

/// Notes the failure and says what everybody is told. The entry names no more than the account: what was
/// typed may be a password in the wrong field.
async fn fail(core: &Core, ctx: &RequestContext, known: Option<UserId>, attempt: Attempt) -> Result<Problem, Problem> {
    let (now, random) = (core.now(), core.random.clone());
    let target = known.map_or(Target::unknown("user"), |id| Target::new("user", id));
    let entry = Entry::new(Actor::Anonymous, Action("login.failed"), target, ctx)
        .failed()
        .details(json!({"failures": attempt.number(), "locked": attempt.is_last()}));
    let noted = core
        .store
        .tenant(ctx.tenant.id)
        .write(move |tx| Box::pin(async move { audit::record(tx, entry, now, &*random).await }));
    noted.await.map_err(|e: StoreError| Problem::from(e))?;
    Ok(attempt.refuse(Problem::new(INVALID), now))
}

/// Somebody whose password was right.
struct Verified {
    account: Account,
    /// The hash it was verified against: still to be the stored one at the commit.
    hash: Secret,
    /// The same password under the current parameters, where they differ.
    rehashed: Option<Secret>,
    /// In which language they are told of a device that was not used before, if at all.
    told: Option<Language>,
}

/// Begins the session. `None`: the account was disabled, or its password changed, while we hashed.
async fn begin(
    core: &Core,
    ctx: &RequestContext,
    request: LoginRequest,
    verified: Verified,
    counter: Counter,
) -> Result<Option<LoggedIn>, Problem> {
    let (now, tenant) = (core.now(), ctx.tenant.id);
    let span = Span::begin(&core.settings.sessions, request.remember, now);
    let refresh = tokens::mint(tenant, &random::bytes(&*core.random));
    let cookie = request.set_cookie.then(|| bearer::write("", tenant, &random::bytes(&*core.random)));
    let hash = |secret: &Secret| core.vault.hash_token(secret.expose().as_bytes());
    let user = verified.account.user.clone();
    let arrival = Arrival::new(core, user.id, request.device, request.set_cookie);
    let letter = news(&verified, ctx, &arrival.name(), now);
    let device_cookie = arrival.cookie()?;
    let session = NewSession {
        id: SessionId::new(now, &*core.random),
        user: user.id,
        cookie_hash: cookie.as_ref().map(hash),
        remember: request.remember,
        scope: request.scope.clone(),
        ip: ctx.client_ip.to_canonical().to_string(),
        user_agent: arrival.user_agent().to_owned(),
        span,
    };
    let live = Live {
        id: session.id,
        owner: Owner {
            id: user.id,
            status: user.status,
            email: user.email,
            username: user.username,
            display_name: user.display_name,
        },
        scope: request.scope.as_str().to_owned(),
        remember: request.remember,
        authenticated_at: now,
        last_seen_at: now,
        span,
        revoked: None,
    };
    let entry = Entry::new(Actor::User(user.id), Action("login.succeeded"), Target::new("session", session.id), ctx)
        .details(json!({"method": "password", "remember": request.remember, "cookie": request.set_cookie}));
    let unit = Beginning {
        verified,
        arrival,
        letter: letter.map(|letter| (letter, Post::new(core))),
        session,
        counter,
        refresh: hash(&refresh),
        refresh_expires: (now + core.settings.tokens.refresh_ttl).min(span.absolute),
        entry,
        now,
    };
    let random = core.random.clone();
    let begun = core.store.tenant(tenant).write(move |tx| Box::pin(async move { unit.commit(tx, &*random).await }));
    let Some(roles) = begun.await.map_err(|e: StoreError| Problem::from(e))? else { return Ok(None) };
    core.outbox.wake();
    let tokens = TokenSet::for_session(core, &ctx.tenant, &live, &roles, Some(&refresh))?;
    let kept: Option<Duration> = request.remember.then_some(core.settings.sessions.remember);
    let cookie = cookie.map(|value| cookie::set(&value, kept)).transpose()?;
    Ok(Some(LoggedIn { tokens, cookies: cookie.into_iter().chain(device_cookie).collect() }))
}

/// What a person is told of a login with a device that was not used before.
fn news(verified: &Verified, ctx: &RequestContext, device: &str, now: Timestamp) -> Option<Letter> {
    let user = &verified.account.user;
    let letter = Letter::mail(Name::NewLogin, verified.told?, user.email.clone()?)
        .of(Some(user.id))
        .with("name", user.display_name.clone().unwrap_or_default())
        .with("ip", ctx.client_ip.to_canonical().to_string())
        .with("device", device)
        .at(now);
    Some(letter)
}

/// All that a login writes.
struct Beginning {
    verified: Verified,
    arrival: Arrival,
    /// Sent if the login is news.
    letter: Option<(Letter, Post)>,
    session: NewSession,
    counter: Counter,
    refresh: [u8; 32],
    refresh_expires: Timestamp,
    entry: Entry,
    now: Timestamp,
}

impl Beginning {
    async fn commit(self, tx: &mut TenantTx, random: &dyn kernel::Random) -> Result<Option<Vec<RoleName>>, StoreError> {
        let (Verified { hash, rehashed, .. }, user, now) = (&self.verified, self.session.user, self.now);
        if !users::note_login(tx, user, hash, now).await? {
            return Ok(None);
        }
        if let Some(new) = rehashed {
            users::rehash(tx, user, hash, new).await?;
        }
        lockout::clear(tx, &self.counter).await?;
        let device = self.arrival.note(tx, now).await?;
        if let Some((letter, post)) = self.letter.filter(|_| device.is_news) {
            post.write(tx, letter, Fate::Send).await?;
        }
        sessions::insert(tx, &self.session, device.id, now).await?;
        tokens::insert(tx, self.refresh, self.session.id, self.refresh_expires, now).await?;
        audit::record(tx, self.entry, now, random).await?;
        roles::of_user(tx, user).await.map(Some)
    }
}
