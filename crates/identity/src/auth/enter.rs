//! The one way in: turns what somebody has proven into a session.
//!
//! Whatever was proven, and how, the same things follow in one unit: the login is noted if the account is still
//! active, its password still the verified one and still enough, failures are forgotten, the owner is told of a
//! device that was not used before, the session, its refresh token and its audit row are written. A caller with
//! something of its own to consume does so in the same unit: [`Entering::commit`] is a part of it.

use std::time::Duration;

use http::HeaderValue;
use kernel::{
    Acr, Amr, AuthMethod, DeviceId, Problem, Random, RequestContext, RoleName, Secret, SessionId, Timestamp, UserId,
    random,
};
use serde_json::json;
use storage::{StoreError, TenantTx};

use super::lockout::{self, Counter};
use crate::{
    Core,
    audit::{self, Action, Actor, Entry, Target},
    devices::{Arrival, Shown},
    language::Language,
    mfa::{self, MfaPolicy},
    outbox::{Fate, Letter, Post},
    preferences, roles,
    sessions::{self, Live, NewSession, Owner, Reason, Revoked, SessionPolicy, Span, WhenFull, Wishes, bearer, cookie},
    settings::SessionSettings,
    strength,
    templates::Name,
    tokens::{self, TokenSet},
    users::{self, User},
    vault::Vault,
};

const SUCCEEDED: Action = Action::new("login.succeeded");
const STEPPED_UP: Action = Action::new("session.stepped_up");

/// Somebody who has proven who they are.
#[derive(Clone, Debug)]
pub struct Entrance {
    /// Who.
    pub user: User,
    /// With what.
    pub amr: Amr,
    /// The password, if one was verified.
    pub password: Option<Verified>,
    /// Whose failures are forgotten.
    pub counter: Option<Counter>,
    /// What they asked for.
    pub wishes: Wishes,
    /// With which device.
    pub device: Shown,
    /// The language they like best.
    pub language: Option<Language>,
    /// The session that ends with it.
    pub replaces: Option<Replaced>,
}

/// A session that another one takes the place of.
#[derive(Clone, Copy, Debug)]
pub struct Replaced {
    /// Which.
    pub session: SessionId,
    /// When it would have ended: the other one does too, because it is the same login that has proven more.
    pub until: Option<Timestamp>,
}

impl Replaced {
    /// The one whose cookie the browser has: it is about to be overwritten, and nobody would end it any more.
    pub fn by_login(ctx: &RequestContext) -> Option<Self> {
        let present = ctx.principal.as_ref().filter(|principal| principal.method == AuthMethod::Session);
        present.and_then(|principal| principal.session).map(|session| Self { session, until: None })
    }
}

/// A password that was right.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The hash it was verified against: still to be the stored one at the commit.
    pub hash: Secret,
    /// The same password under the current parameters, where they differ.
    pub rehashed: Option<Secret>,
}

impl Verified {
    /// Stores the same password under the current parameters.
    pub(super) async fn upgrade(&self, tx: &mut TenantTx, user: UserId) -> Result<(), StoreError> {
        match &self.rehashed {
            Some(new) => users::rehash(tx, user, &self.hash, new).await,
            None => Ok(()),
        }
    }
    /// What the password will be recognised by, once it is [upgraded](Self::upgrade): changed in the meantime, it
    /// is another.
    pub(super) fn stamp(&self, vault: &Vault) -> [u8; 32] {
        vault.hash_token(self.rehashed.as_ref().unwrap_or(&self.hash).expose().as_bytes())
    }
}

/// What they get.
#[derive(Debug)]
pub struct LoggedIn {
    /// The session that began.
    pub session: SessionId,
    /// Tokens.
    pub tokens: TokenSet,
    /// `Set-Cookie`: the session's if asked for, and the device's.
    pub cookies: Vec<HeaderValue>,
}

/// A session that is about to begin: all that a login writes, made before the unit that writes it.
#[derive(Debug)]
pub struct Entering {
    entrance: Entrance,
    arrival: Arrival,
    letter: Option<(Letter, Post)>,
    session: NewSession,
    live: Live,
    refresh: Secret,
    refresh_hash: [u8; 32],
    refresh_expires: Timestamp,
    cookie: Option<Secret>,
    entry: Entry,
    operator: SessionSettings,
    now: Timestamp,
}

/// A session that has begun, once its unit is committed.
#[derive(Debug)]
pub struct Entered {
    live: Live,
    roles: Vec<RoleName>,
    refresh: Secret,
    cookie: Option<Secret>,
    arrival: Arrival,
    device: DeviceId,
    /// Where the feed says that another session has ended.
    seq: Option<i64>,
}

/// Begins a session in a unit of its own. `None`: the account was disabled, its password changed, or a second factor
/// set up, meanwhile.
pub async fn enter(core: &Core, ctx: &RequestContext, entrance: Entrance) -> Result<Option<LoggedIn>, Problem> {
    let (entering, random) = (Entering::new(core, ctx, entrance), core.random.clone());
    match core.write(ctx.tenant.id, move |tx| Box::pin(async move { entering.commit(tx, &*random).await })).await? {
        Some(entered) => entered.hand_out(core, ctx).await.map(Some),
        None => Ok(None),
    }
}

impl Entering {
    /// Makes it ready.
    pub fn new(core: &Core, ctx: &RequestContext, entrance: Entrance) -> Self {
        let (now, tenant) = (core.now(), ctx.tenant.id);
        let (user, wishes) = (&entrance.user, &entrance.wishes);
        // The tenant may have limits of its own: they are asked for in the unit.
        let span = Span::begin(&core.settings.sessions, wishes.remember, now);
        let refresh = tokens::mint(tenant, &random::bytes(&*core.random));
        let cookie = wishes.set_cookie.then(|| bearer::write("", tenant, &random::bytes(&*core.random)));
        let hash = |secret: &Secret| core.vault.hash_token(secret.expose().as_bytes());
        let session = NewSession {
            id: SessionId::new(now, &*core.random),
            user: user.id,
            cookie_hash: cookie.as_ref().map(hash),
            remember: wishes.remember,
            scope: wishes.scope.clone(),
            ip: ctx.client_ip.to_string(),
            user_agent: entrance.device.user_agent().to_owned(),
            amr: entrance.amr,
            span,
        };
        let live = Live {
            id: session.id,
            owner: Owner {
                id: user.id,
                status: user.status,
                email: user.email.clone(),
                username: user.username.clone(),
                display_name: user.display_name.clone(),
            },
            scope: wishes.scope.as_str().to_owned(),
            remember: wishes.remember,
            authenticated_at: now,
            amr: entrance.amr,
            cookie: wishes.set_cookie,
            trusted_at: None,
            last_seen_at: now,
            span,
            revoked: None,
        };
        let target = Target::new("session", session.id);
        let stronger = entrance.replaces.is_some_and(|replaced| replaced.until.is_some());
        let action = if stronger { STEPPED_UP } else { SUCCEEDED };
        let entry = Entry::new(Actor::User(user.id), action, target, ctx);
        Self {
            arrival: Arrival::new(core, user.id, entrance.device.clone(), wishes.set_cookie),
            letter: news(&entrance, ctx, now).map(|letter| (letter, Post::new(core))),
            session,
            live,
            refresh_hash: hash(&refresh),
            refresh,
            refresh_expires: now + core.settings.tokens.refresh_ttl,
            operator: core.settings.sessions.clone(),
            cookie,
            entry,
            entrance,
            now,
        }
    }

    /// Who is about to be in.
    pub const fn user(&self) -> &User {
        &self.entrance.user
    }
    /// With another factor.
    pub fn strengthen(&mut self, amr: Amr) {
        let all = self.entrance.amr.and(amr);
        self.entrance.amr = all;
        self.session.amr = all;
        self.live.amr = all;
    }

    /// Sets when it ends.
    fn end_by(&mut self, policy: &SessionPolicy) {
        let remember = self.session.remember && policy.remembers();
        let span = Span::begin(&policy.limits(&self.operator), remember, self.now);
        let until = self.entrance.replaces.and_then(|replaced| replaced.until);
        let span = until.map_or(span, |until| span.ending_by(until));
        (self.session.remember, self.session.span) = (remember, span);
        (self.live.remember, self.live.span) = (remember, span);
        self.refresh_expires = self.refresh_expires.min(span.absolute);
    }

    /// Ends the session that this one takes the place of. `None`: it was to become stronger, and has ended meanwhile.
    async fn end_replaced(&self, tx: &mut TenantTx) -> Result<Option<Revoked>, StoreError> {
        let Some(replaced) = self.entrance.replaces else { return Ok(Some(Revoked::default())) };
        let ended = sessions::revoke_one(tx, replaced.session, None, Reason::Replaced, self.now).await?;
        Ok((ended.count() > 0 || replaced.until.is_none()).then_some(ended))
    }

    /// Makes room for this one. `None`: there is none.
    async fn make_room(
        &self,
        tx: &mut TenantTx,
        policy: &SessionPolicy,
        replaced: Revoked,
    ) -> Result<Option<Revoked>, StoreError> {
        let (user, now) = (self.session.user, self.now);
        let Some(most) = policy.at_once else { return Ok(Some(replaced)) };
        match policy.when_full {
            WhenFull::Refuse if sessions::count(tx, user, now).await? >= most => Ok(None),
            WhenFull::Refuse => Ok(Some(replaced)),
            WhenFull::EndOldest => {
                let oldest = sessions::revoke_oldest(tx, user, most - 1, Reason::Displaced, now).await?;
                Ok(Some(replaced.and(oldest)))
            }
        }
    }

    /// Whether a password alone has become too little since it was decided that it is enough: a factor was confirmed,
    /// the browser is trusted no more, or the tenant demands a factor. Asked with the person locked.
    async fn is_too_weak(&self, tx: &mut TenantTx, policy: &MfaPolicy) -> Result<bool, StoreError> {
        let user = self.session.user;
        if mfa::offers(tx, user).await?.is_empty() {
            let demanded = preferences::demands_factor(tx, policy, user).await?;
            if !demanded || !strength::beyond_password(tx, user).await? {
                return Ok(demanded);
            }
        }
        let known = self.arrival.known(tx).await?;
        Ok(!known.is_some_and(|device| device.is_trusted(self.now, policy.trust())))
    }

    /// Writes it. `None`, and nothing is written: the account was disabled, its password changed, or a second factor
    /// set up, meanwhile.
    pub async fn commit(mut self, tx: &mut TenantTx, random: &dyn Random) -> Result<Option<Entered>, Problem> {
        let preferences = preferences::load(tx).await?;
        self.end_by(&preferences.sessions);
        let (user, now, entrance) = (self.session.user, self.now, &self.entrance);
        let password = entrance.password.as_ref();
        let strong = entrance.amr.acr().is_some_and(|acr| acr >= Acr::Mfa);
        if !strong && (!users::lock(tx, user).await? || self.is_too_weak(tx, &preferences.mfa).await?) {
            return Ok(None);
        }
        if !users::note_login(tx, user, password.map(|p| &p.hash), now).await? {
            return Ok(None);
        }
        // Whoever begins another holds the person's row by now.
        let Some(replaced) = self.end_replaced(tx).await? else { return Ok(None) };
        if let Some(password) = password {
            password.upgrade(tx, user).await?;
        }
        if let Some(counter) = &entrance.counter {
            lockout::clear(tx, counter).await?;
        }
        let device = self.arrival.note(tx, now).await?;
        if let Some((letter, post)) = &self.letter
            && device.is_news
            && preferences.new_login_mail
        {
            let language = entrance.language.unwrap_or(preferences.language);
            post.write(tx, Letter { language, ..letter.clone() }, Fate::Send).await?;
        }
        let ended = self.make_room(tx, &preferences.sessions, replaced).await?.ok_or(sessions::FULL)?;
        sessions::insert(tx, &self.session, device.id, now).await?;
        tokens::insert(tx, self.refresh_hash, self.session.id, self.refresh_expires, now).await?;
        let (amr, wishes) = (entrance.amr, &entrance.wishes);
        let details = json!({"amr": amr, "remember": self.live.remember, "cookie": wishes.set_cookie,
            "sessions_ended": ended.count()});
        audit::record(tx, self.entry.details(details), now, random).await?;
        let roles = roles::of_user(tx, user).await?;
        let seq = ended.tell(tx, now).await?;
        let Self { live, refresh, cookie, arrival, .. } = self;
        Ok(Some(Entered { live, roles, refresh, cookie, arrival, device: device.id, seq }))
    }
}

impl Entered {
    /// From which device.
    pub const fn device(&self) -> DeviceId {
        self.device
    }

    /// Signs the tokens. After the commit: a signature takes longer than everything the database does.
    pub async fn hand_out(self, core: &Core, ctx: &RequestContext) -> Result<LoggedIn, Problem> {
        core.outbox.wake();
        core.settle(self.seq).await?;
        let tokens = TokenSet::for_session(core, &ctx.tenant, &self.live, &self.roles, Some(&self.refresh))?;
        let kept: Option<Duration> = self.live.remember.then(|| self.live.span.absolute.since(core.now()));
        let cookie = self.cookie.map(|value| cookie::set(&value, kept)).transpose()?;
        let cookies = cookie.into_iter().chain(self.arrival.cookie()?).collect();
        Ok(LoggedIn { session: self.live.id, tokens, cookies })
    }
}

/// What a person is told of a login with a device that was not used before.
fn news(entrance: &Entrance, ctx: &RequestContext, now: Timestamp) -> Option<Letter> {
    let letter = Letter::to_user(Name::NewLogin, Language::default(), &entrance.user)?;
    Some(letter.with("device", entrance.device.name()).done(ctx, now))
}
