//! Proving more, or anew, while signed in: the session is replaced by one whose login is recent and strong.
//!
//! In order: what is missing is found out, and a challenge opened that is bound to the session → the answer is counted,
//! for the challenge, and a password or a code for the person too (a signature cannot be guessed) → it is judged, the
//! challenge is used up, the session that asks ends and another takes its place, all in one unit. It lasts no longer
//! than the one before would have.
//!
//! What an old proof is worth is decided by its age: while the login is recent, only what it lacks is asked for; after
//! that, everything is, whatever age is asked for. Whoever has a second factor or a passkey must show one: a stolen
//! password must not become a way to stay.

use kernel::{Acr, Amr, Assurance, Principal, Problem, RequestContext, Secret, SessionId, UserId, assurance::Method};
use storage::StoreError;
use webauthn_rs::prelude::PublicKeyCredential;

pub use super::second::Answering;
use super::{
    Entering, Entrance, LoggedIn, Replaced, Verified,
    lockout::{self, Attempt, Counter},
    password,
    second::{factor_settings, note_failure},
};
use crate::{
    Core,
    audit::{Action, Actor},
    devices::Shown,
    http::{Caller, Fields},
    mfa::{
        self, CHALLENGE, CODE, IMPOSSIBLE, NO_FACTOR, NO_LOGIN, Offer, Proof, RECENT, SecondProof, USED,
        challenges::{self, LIFE, Opening, Pending, Presented, Purpose},
    },
    passkeys, preferences,
    sessions::{self, Live, Wishes},
    strength,
    users::{self, Account},
};

/// A wrong code.
const FAILED: Action = Action::new("session.step_up_failed");

/// What is missing.
#[derive(Clone, Debug)]
pub struct Missing {
    /// To be given with the answer.
    pub challenge: Secret,
    /// The password is to be given.
    pub password: bool,
    /// And a code, in one of these ways, unless there is none.
    pub methods: Vec<Offer>,
    /// A passkey does as well, instead of all that.
    pub passkey: bool,
}

impl Missing {
    /// Seconds in which it is to be answered.
    pub const EXPIRES_IN: u64 = LIFE.as_secs();
}

/// The session that asks, which only its person may answer for.
fn own_session(caller: &Caller) -> Result<(UserId, SessionId), Problem> {
    caller.in_person()?;
    let session = caller.principal.session.filter(|_| caller.principal.amr.acr().is_some()).ok_or(NO_LOGIN)?;
    Ok((users::own(&caller.principal)?, session))
}

/// What a person has to prove it with.
struct Means {
    password: bool,
    offers: Vec<Offer>,
    passkey: bool,
    held: bool,
    demanded: bool,
    live: Option<Live>,
}

async fn means(core: &Core, principal: &Principal, user: UserId, session: SessionId) -> Result<Means, Problem> {
    let found = core.read(principal.tenant, move |tx| {
        Box::pin(async move {
            let account = users::account_by_id(tx, user).await?;
            let policy = preferences::load(tx).await?.mfa;
            Ok::<_, StoreError>(Means {
                password: account.is_some_and(|account| account.password_hash.is_some()),
                offers: mfa::offers(tx, user).await?,
                passkey: !passkeys::list(tx, user).await?.is_empty(),
                held: strength::beyond_password(tx, user).await?,
                demanded: preferences::demands_factor(tx, &policy, user).await?,
                live: sessions::by_id(tx, session).await?,
            })
        })
    });
    found.await
}

impl Means {
    /// What is missing so that what was proved adds up to `acr`.
    fn missing(self, proved: Amr, acr: Acr, challenge: Secret) -> Result<Missing, Problem> {
        let (password, code) = (proved.acr().is_none(), acr == Acr::Mfa);
        let possible = (!password || self.password) && (!code || !self.offers.is_empty());
        if !possible && !self.passkey {
            return Err(if code && !self.held { NO_FACTOR } else { IMPOSSIBLE }.into());
        }
        let methods = if possible && code { self.offers } else { Vec::new() };
        Ok(Missing { challenge, password: possible && password, methods, passkey: self.passkey })
    }
}

/// Opens a challenge for what the login lacks to be as wanted; it is at most ten minutes old where no age is said.
/// `None`: it lacks nothing.
pub async fn begin(
    core: &Core,
    caller: &Caller,
    wanted: Assurance,
    device: &Shown,
) -> Result<Option<Missing>, Problem> {
    let (user, session) = own_session(caller)?;
    let (principal, now) = (&caller.principal, core.now());
    let means = means(core, principal, user, session).await?;
    let least = if means.held || means.demanded { Acr::Mfa } else { Acr::Single };
    let acr = wanted.acr.map_or(least, |acr| acr.max(least));
    let (age, most) = (now.since(principal.authenticated_at), wanted.max_age.unwrap_or(RECENT));
    if age <= most && principal.amr.acr() >= Some(acr) {
        return Ok(None);
    }
    // Nobody may choose how old a proof can be that the new login counts as its own.
    let recent = age <= most.min(RECENT);
    let live = means.live.as_ref().ok_or(sessions::INVALID)?;
    live.check(now)?;
    let pending = Pending {
        user,
        session: Some(session),
        amr: if recent { principal.amr } else { Amr::NONE },
        acr: Some(acr),
        password: None,
        counted: None,
        wishes: Wishes {
            remember: live.remember,
            scope: live.scope.parse().map_err(|e| Problem::new(kernel::problem::common::INTERNAL).cause(e))?,
            set_cookie: live.cookie,
        },
        enrol: false,
        factor: None,
    };
    let proved = pending.amr;
    let agent = device.user_agent();
    let opening = Opening::new(&core.vault, &*core.random, principal.tenant, Purpose::StepUp, pending, agent, now);
    let missing = means.missing(proved, acr, opening.id.clone())?;
    core.write(principal.tenant, move |tx| Box::pin(async move { opening.write(tx, now).await })).await?;
    Ok(Some(missing))
}

/// What is still missing of a challenge that is open: for whoever asks again.
pub async fn missing(core: &Core, caller: &Caller, who: &Answering) -> Result<Missing, Problem> {
    let (user, session) = own_session(caller)?;
    let (presented, now) = (who.presented(core, &caller.ctx, Purpose::StepUp)?, core.now());
    let found: Option<Pending> =
        core.read(caller.principal.tenant, move |tx| Box::pin(challenges::peek(tx, presented, now))).await?;
    let pending = found.filter(|pending| pending.session == Some(session)).ok_or(CHALLENGE)?;
    let means = means(core, &caller.principal, user, session).await?;
    means.missing(pending.amr, pending.acr.unwrap_or(Acr::Single), who.challenge.clone())
}

/// Sends a code for the challenge to the person's phone.
pub async fn send_sms(core: &Core, caller: &Caller, who: &Answering) -> Result<(), Problem> {
    missing(core, caller, who).await?;
    let presented = who.presented(core, &caller.ctx, Purpose::StepUp)?;
    mfa::enrol::send_code(core, &caller.ctx, presented, who.language).await
}

/// An answer that has been counted.
struct Counted {
    pending: Pending,
    account: Account,
    live: Live,
}

/// Counts an answer, durably, before it is looked at.
async fn count(core: &Core, caller: &Caller, presented: Presented, session: SessionId) -> Result<Counted, Problem> {
    let now = core.now();
    let work = core.write(caller.principal.tenant, move |tx| {
        Box::pin(async move {
            let pending = challenges::attempt(tx, presented, now).await?;
            let Some(pending) = pending.filter(|pending| pending.session == Some(session)) else { return Ok(None) };
            let (account, live) = (users::account_by_id(tx, pending.user).await?, sessions::by_id(tx, session).await?);
            Ok::<_, StoreError>(account.zip(live).map(|(account, live)| Counted { pending, account, live }))
        })
    });
    let counted = work.await?.ok_or(CHALLENGE)?;
    counted.live.check(now)?;
    Ok(counted)
}

/// Counts a guess at a second factor, over all challenges.
async fn count_guess(core: &Core, ctx: &RequestContext, user: UserId) -> Result<(Counter, Attempt), Problem> {
    let (now, settings, counter) = (core.now(), factor_settings(core), Counter::factors(&core.vault, user));
    let work = core
        .write(ctx.tenant.id, move |tx| Box::pin(async move { lockout::count(tx, &counter, &settings, now).await }));
    Ok((counter, work.await??))
}

/// What has been proved.
struct Proved {
    amr: Amr,
    /// By the password: its hash, and what counted the attempt.
    password: Option<(Secret, Counter)>,
    last: Last,
}

/// What is judged in the unit that replaces the session.
enum Last {
    Nothing,
    Code(SecondProof, Counter),
    Passkey(passkeys::Proven),
}

/// Answers with the password, a code, or both: what the challenge said is missing.
pub async fn answer(
    core: &Core,
    caller: &Caller,
    who: Answering,
    password: Option<Secret>,
    proof: Option<SecondProof>,
) -> Result<LoggedIn, Problem> {
    let (user, session) = own_session(caller)?;
    let presented = who.presented(core, &caller.ctx, Purpose::StepUp)?;
    let counted = count(core, caller, presented, session).await?;
    let (before, acr) = (counted.pending.amr, counted.pending.acr);
    let password = password.filter(|_| before.acr().is_none());
    let proof = proof.filter(|_| acr == Some(Acr::Mfa));
    let mut fields = Fields::new();
    if before.acr().is_none() && password.is_none() {
        fields.wrong("/password", "required", "is missing");
    }
    if acr == Some(Acr::Mfa) && proof.is_none() {
        fields.wrong("/code", "required", "is missing");
    }
    fields.check()?;
    let password = match &password {
        Some(given) => Some(password::confirm(core, &caller.ctx, &caller.principal, &counted.account, given).await?),
        None => None,
    };
    let amr = if password.is_some() { Amr::of(Method::Password) } else { before };
    let Some(proof) = proof else {
        let proved = Proved { amr, password, last: Last::Nothing };
        return replace(core, caller, who, presented, counted, proved).await;
    };
    let (counter, attempt) = count_guess(core, &caller.ctx, user).await?;
    let proved = Proved { amr, password, last: Last::Code(proof, counter) };
    match replace(core, caller, who, presented, counted, proved).await {
        Err(problem) if problem.kind == CODE || problem.kind == USED => {
            note_failure(core, &caller.ctx, (Actor::from(&*caller.principal), FAILED), user, attempt).await?;
            Err(attempt.refuse(problem, core.now()))
        }
        outcome => outcome,
    }
}

/// Answers with a passkey, of which the [ceremony](passkeys::begin_login) is that of a login.
pub async fn answer_with_passkey(
    core: &Core,
    caller: &Caller,
    who: Answering,
    ceremony: &Secret,
    credential: PublicKeyCredential,
) -> Result<LoggedIn, Problem> {
    let (user, session) = own_session(caller)?;
    let presented = who.presented(core, &caller.ctx, Purpose::StepUp)?;
    let counted = count(core, caller, presented, session).await?;
    let proven = passkeys::prove_login(core, &caller.ctx, ceremony, credential).await?;
    if proven.user != user {
        return Err(proven.refuse(core, &caller.ctx, "other_user").await?);
    }
    let proved = Proved { amr: proven.amr, password: None, last: Last::Passkey(proven) };
    replace(core, caller, who, presented, counted, proved).await
}

/// The unit that does it all.
async fn replace(
    core: &Core,
    caller: &Caller,
    who: Answering,
    presented: Presented,
    counted: Counted,
    proved: Proved,
) -> Result<LoggedIn, Problem> {
    let Counted { pending, account, live } = counted;
    let Proved { amr, password, last } = proved;
    let (password, counter) = password.unzip();
    let entrance = Entrance {
        user: account.user,
        amr,
        password: password.map(|hash| Verified { hash, rehashed: None }),
        counter,
        wishes: pending.wishes,
        device: who.device,
        language: who.language,
        replaces: Some(Replaced { session: live.id, until: Some(live.span.absolute) }),
    };
    let mut entering = Entering::new(core, &caller.ctx, entrance);
    let (user, now, vault, random) = (pending.user, core.now(), core.vault.clone(), core.random.clone());
    let work = core.write(caller.principal.tenant, move |tx| {
        Box::pin(async move {
            // As with logins: of many answers at once all but one stop here and use nothing up.
            if !users::lock(tx, user).await? || !challenges::consume(tx, presented, now).await? {
                return Err(Problem::new(CHALLENGE));
            }
            match last {
                Last::Nothing => {}
                Last::Passkey(proven) if proven.note(tx, now).await? => {}
                Last::Passkey(_) => return Err(CHALLENGE.into()),
                Last::Code(proof, counter) => {
                    match mfa::prove(tx, &vault, presented, user, &proof, now).await? {
                        Proof::Proven(amr) => entering.strengthen(amr),
                        Proof::Used => return Err(USED.into()),
                        Proof::Wrong => return Err(mfa::wrong(proof.method)),
                    }
                    lockout::clear(tx, &counter).await?;
                }
            }
            entering.commit(tx, &*random).await?.ok_or_else(|| CHALLENGE.into())
        })
    });
    work.await?.hand_out(core, &caller.ctx).await
}
