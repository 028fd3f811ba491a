//! Answering a challenge: the second half of a login.
//!
//! In order: count the answer, for the challenge and for the person over all sources → judge it, use it up, use the
//! challenge up and begin the session, all in one unit. If any of these fails, none of it happened.

use kernel::{Amr, Problem, RequestContext, Secret, Timestamp, UserId};
use serde_json::json;
use storage::{StoreError, TenantTx};
use url::Url;
use webauthn_rs::prelude::PublicKeyCredential;

use super::{
    Entering, Entrance, LoggedIn, Replaced, Verified,
    attempts::forgive,
    enter::Entered,
    lockout::{self, Attempt, Counter},
};
use crate::{
    Core,
    audit::{self, Action, Actor, Entry, Target},
    devices::{self, Shown},
    language::Language,
    mfa::{
        self, BackupCodes, CHALLENGE, CODE, Enrolment, Proof, SecondProof, USED,
        challenges::{self, Pending, Presented, Purpose},
        enrol::{self, Beginning},
    },
    outbox::Post,
    passkeys::{self, Begun, INVALID, Proven},
    preferences, sessions,
    settings::LockoutSettings,
    strength,
    users::{self, Account, Phone},
    vault::Vault,
};

const FACTOR_FAILED: Action = Action::new("login.factor_failed");

/// Failures of one person's factors over all sources until none is looked at for a while: more than one source may
/// have, because somebody who knows the password could lock its owner out.
const SOURCES: u32 = 4;

/// Who answers.
#[derive(Clone, Debug)]
pub struct Answering {
    /// The challenge's id.
    pub challenge: Secret,
    /// With which device.
    pub device: Shown,
    /// The language they like best.
    pub language: Option<Language>,
}

impl Answering {
    pub(super) fn presented(&self, core: &Core, ctx: &RequestContext, purpose: Purpose) -> Result<Presented, Problem> {
        let found = Presented::new(&core.vault, ctx.tenant.id, purpose, &self.challenge, self.device.user_agent());
        found.ok_or_else(|| CHALLENGE.into())
    }
}

/// What a challenge is answered with.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A code.
    Code(SecondProof),
    /// A passkey.
    Passkey {
        /// What it was [asked](begin_passkey) by.
        ceremony: Secret,
        /// What the authenticator answered.
        credential: Box<PublicKeyCredential>,
    },
}

/// An answer that the unit judges or notes.
enum Evidence {
    Code(SecondProof),
    Signed(Box<Proven>),
}

/// What a right answer leads to.
#[derive(Debug)]
pub struct Completed {
    /// They are in.
    pub logged_in: LoggedIn,
    /// Made where the answer confirmed their first factor.
    pub backup_codes: Option<BackupCodes>,
}

/// An answer that has been counted.
struct Counted {
    pending: Pending,
    account: Account,
    counter: Counter,
    attempt: Attempt,
}

/// Answers a challenge. `trust`: the browser is not to be asked for a second factor for a while, if the tenant lets
/// people have it so.
pub async fn answer(
    core: &Core,
    ctx: &RequestContext,
    who: Answering,
    answer: Answer,
    trust: bool,
) -> Result<Completed, Problem> {
    let presented = who.presented(core, ctx, Purpose::Login)?;
    let counted = count(core, ctx, presented).await?;
    let (user, attempt) = (counted.account.user.id, counted.attempt);
    let counters = [Some(counted.counter), counted.pending.counted.map(Counter::kept)];
    let done = match evidence(core, ctx, presented, user, answer).await {
        Ok(evidence) => complete(core, ctx, &who, presented, counted, evidence, trust).await,
        Err(problem) => Err(problem),
    };
    match done {
        Ok((entered, backup_codes, seq)) => {
            core.settle(seq).await?;
            Ok(Completed { logged_in: entered.hand_out(core, ctx).await?, backup_codes })
        }
        Err(problem) if [CODE, USED, INVALID].contains(&problem.kind) => {
            note_failure(core, ctx, (Actor::Anonymous, FACTOR_FAILED), user, attempt).await?;
            Err(attempt.refuse(problem, core.now()))
        }
        Err(problem) if problem.kind == sessions::FULL => {
            // All that was counted was right.
            for counter in counters.into_iter().flatten() {
                forgive(core, ctx.tenant.id, counter).await?;
            }
            Err(problem)
        }
        Err(problem) => Err(problem),
    }
}

/// How many failures a person's factors may have.
pub(super) const fn factor_settings(core: &Core) -> LockoutSettings {
    let lockout = core.settings.lockout;
    LockoutSettings { failures: lockout.failures.saturating_mul(SOURCES), ..lockout }
}

/// Judges a signature, which needs no database. Whether a code is right is asked in the unit that uses it up.
async fn evidence(
    core: &Core,
    ctx: &RequestContext,
    presented: Presented,
    user: UserId,
    answer: Answer,
) -> Result<Evidence, Problem> {
    match answer {
        Answer::Code(proof) => Ok(Evidence::Code(proof)),
        Answer::Passkey { ceremony, credential } => {
            let proven = passkeys::prove_second(core, ctx, user, presented.hash(), &ceremony, &credential).await?;
            Ok(Evidence::Signed(Box::new(proven)))
        }
    }
}

/// Counts the answer, durably, before it is looked at.
async fn count(core: &Core, ctx: &RequestContext, presented: Presented) -> Result<Counted, Problem> {
    let (now, vault) = (core.now(), core.vault.clone());
    let settings = factor_settings(core);
    let work = core.write(ctx.tenant.id, move |tx| {
        Box::pin(async move {
            let Some(pending) = challenges::attempt(tx, presented, now).await? else {
                return Ok(Err(Problem::new(CHALLENGE)));
            };
            let Some(account) = users::account_by_id(tx, pending.user).await? else {
                return Ok(Err(Problem::new(CHALLENGE)));
            };
            let counter = Counter::factors(&vault, pending.user);
            let attempt = lockout::count(tx, &counter, &settings, now).await?;
            Ok::<_, StoreError>(attempt.map(|attempt| Counted { pending, account, counter, attempt }))
        })
    });
    work.await?
}

/// The password that was verified, if it is still the account's.
fn still_verified(vault: &Vault, pending: &Pending, account: &Account) -> Result<Option<Verified>, Problem> {
    let Some(stamp) = pending.password else { return Ok(None) };
    let hash = account.password_hash.clone().ok_or(CHALLENGE)?;
    let verified = Verified { hash, rehashed: None };
    if verified.stamp(vault) == stamp { Ok(Some(verified)) } else { Err(CHALLENGE.into()) }
}

type Done = (Entered, Option<BackupCodes>, Option<i64>);

/// The unit that does it all.
async fn complete(
    core: &Core,
    ctx: &RequestContext,
    who: &Answering,
    presented: Presented,
    counted: Counted,
    evidence: Evidence,
    trust: bool,
) -> Result<Done, Problem> {
    let Counted { pending, account, counter, .. } = counted;
    let password = still_verified(&core.vault, &pending, &account)?;
    let (now, vault, random) = (core.now(), core.vault.clone(), core.random.clone());
    let (codes, post, wish) = (BackupCodes::mint(&*random), Post::new(core), who.language);
    let entrance = Entrance {
        user: account.user,
        amr: pending.amr,
        password,
        counter: pending.counted.map(Counter::kept),
        wishes: pending.wishes.clone(),
        device: who.device.clone(),
        language: wish,
        replaces: Replaced::by_login(ctx),
    };
    let mut entering = Entering::new(core, ctx, entrance);
    let ctx = ctx.clone();
    let work = core.write(ctx.tenant.id, move |tx| {
        Box::pin(async move {
            // Whoever changes what the answer stands on holds the person first, and then makes challenges void.
            if !users::lock(tx, pending.user).await? {
                return Err(Problem::new(CHALLENGE));
            }
            // Of many answers at once all but one stop here and use nothing up.
            if !challenges::consume(tx, presented, now).await? {
                return Err(Problem::new(CHALLENGE));
            }
            let (amr, backup_codes, seq) = if pending.enrol {
                let Evidence::Code(answer) = &evidence else { return Err(CHALLENGE.into()) };
                let first = first_factor(tx, &vault, &pending, answer, codes, now).await?;
                mfa::notify(tx, &post, entering.user(), &ctx, wish, now).await?;
                let seq = mfa::end_others(tx, pending.user, None, now).await?;
                let details = json!({"kind": first.kind, "enrolment": "login"});
                let target = Target::new("user", pending.user);
                let entry = Entry::new(Actor::User(pending.user), mfa::ADDED, target, &ctx);
                audit::record(tx, entry.details(details), now, &*random).await?;
                (first.amr, first.backup_codes, seq)
            } else {
                (second_factor(tx, &vault, presented, pending.user, &evidence, now).await?, None, None)
            };
            entering.strengthen(amr);
            lockout::clear(tx, &counter).await?;
            let entered = entering.commit(tx, &*random).await?.ok_or(CHALLENGE)?;
            if trust {
                trust_device(tx, pending.user, &entered, now).await?;
            }
            Ok((entered, backup_codes, seq))
        })
    });
    work.await
}

/// What the answer proves, and it is used up.
async fn second_factor(
    tx: &mut TenantTx,
    vault: &Vault,
    presented: Presented,
    user: UserId,
    evidence: &Evidence,
    now: Timestamp,
) -> Result<Amr, Problem> {
    match evidence {
        Evidence::Signed(proven) => proven.note(tx, now).await?.then_some(proven.amr).ok_or_else(|| INVALID.into()),
        Evidence::Code(answer) => match mfa::prove(tx, vault, presented, user, answer, now).await? {
            Proof::Proven(amr) => Ok(amr),
            Proof::Used => Err(USED.into()),
            Proof::Wrong => Err(mfa::wrong(answer.method)),
        },
    }
}

/// Trusts the device of a login; what is no browser is not trusted.
async fn trust_device(tx: &mut TenantTx, user: UserId, entered: &Entered, now: Timestamp) -> Result<(), StoreError> {
    let policy = preferences::load(tx).await?.mfa;
    if policy.trusts() {
        devices::trust(tx, user, entered.device(), now).await?;
    }
    Ok(())
}

/// Confirms the factor that the enrolment began with, if the person still has no other and no passkey. A wrong code is
/// kept as a guess by the challenge's count alone: the unit falls back.
async fn first_factor(
    tx: &mut TenantTx,
    vault: &Vault,
    pending: &Pending,
    answer: &SecondProof,
    codes: BackupCodes,
    now: Timestamp,
) -> Result<enrol::Confirmed, Problem> {
    let factor = pending.factor.ok_or(CODE)?;
    if strength::beyond_password(tx, pending.user).await? {
        return Err(CHALLENGE.into());
    }
    let code = answer.code.expose();
    let confirmed = enrol::confirm(tx, vault, pending.user, factor, code, codes, now).await?;
    confirmed.ok_or_else(|| CODE.into())
}

/// Notes a wrong answer: of a stranger, or of whoever the session belongs to that asks for more.
pub(super) async fn note_failure(
    core: &Core,
    ctx: &RequestContext,
    (by, action): (Actor, Action),
    user: UserId,
    attempt: Attempt,
) -> Result<(), Problem> {
    let entry = Entry::new(by, action, Target::new("user", user), ctx)
        .failed()
        .details(json!({"failures": attempt.number(), "locked": attempt.is_last()}));
    audit::note(core, ctx.tenant.id, entry).await
}

/// Sends a code for the challenge to the person's phone.
pub async fn send_sms(core: &Core, ctx: &RequestContext, who: &Answering) -> Result<(), Problem> {
    enrol::send_code(core, ctx, who.presented(core, ctx, Purpose::Login)?, who.language).await
}

/// Asks for one of the person's passkeys, for a page at this origin.
pub async fn begin_passkey(
    core: &Core,
    ctx: &RequestContext,
    who: &Answering,
    page: Option<&Url>,
) -> Result<Begun, Problem> {
    let (presented, now) = (who.presented(core, ctx, Purpose::Login)?, core.now());
    let found = core.read(ctx.tenant.id, move |tx| Box::pin(challenges::peek(tx, presented, now))).await?;
    let pending = found.filter(|pending| !pending.enrol).ok_or(CHALLENGE)?;
    passkeys::begin_second(core, ctx, page, pending.user, presented.hash()).await
}

/// Begins with a first factor inside a challenge that asks for one: an authenticator app, or a phone where one is
/// given. It is confirmed by [answering](answer) the challenge with its code.
pub async fn begin_factor(
    core: &Core,
    ctx: &RequestContext,
    who: &Answering,
    phone: Option<Phone>,
) -> Result<Enrolment, Problem> {
    let (presented, now) = (who.presented(core, ctx, Purpose::Login)?, core.now());
    let found = core.read(ctx.tenant.id, move |tx| {
        Box::pin(async move {
            match challenges::peek(tx, presented, now).await?.filter(|pending| pending.enrol) {
                Some(pending) => users::by_id(tx, pending.user).await,
                None => Ok(None),
            }
        })
    });
    let user = found.await?.ok_or(CHALLENGE)?;
    let beginning = match phone {
        None => Beginning::totp(core, ctx, &user)?,
        Some(phone) => Beginning::sms(core, ctx, &user, &phone, who.language).await?,
    };
    let enrolment = core
        .write(ctx.tenant.id, move |tx| Box::pin(async move { beginning.write_in(tx, presented, now).await }))
        .await?
        .ok_or(CHALLENGE)?;
    core.outbox.wake();
    Ok(enrolment)
}
