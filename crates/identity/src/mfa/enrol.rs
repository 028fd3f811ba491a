//! Beginning with a factor, and showing that it works.
//!
//! Called by a person who is logged in, and inside the challenge of one who must have a factor and has none.

use std::time::Duration;

use kernel::{Amr, FactorId, Problem, RequestContext, Secret, Timestamp, UserId, assurance, random};
use storage::{StoreError, TenantTx};
use subtle::ConstantTimeEq as _;

use super::{
    BackupCodes, Enrolment, Kind, MAX_FACTORS, OFF, Requirement, SMS_LIMITED, TOO_MANY,
    challenges::{self, Presented},
    prove::opened,
    store::{self, NewFactor},
    totp,
};
use crate::{
    Core,
    language::Language,
    outbox::{Channel, Fate, Letter, Post, limits},
    preferences,
    templates::Name,
    users::{Phone, User},
    vault::Vault,
};

/// How long an authenticator app may take to be set up.
const SETUP: Duration = Duration::from_secs(15 * 60);
/// How long a code in a text message works.
const SMS: Duration = Duration::from_secs(5 * 60);

/// A factor about to be begun with: made before the unit that writes it.
#[derive(Debug)]
pub struct Beginning {
    factor: NewFactor,
    enrolment: Enrolment,
    letter: Option<(Letter, Post)>,
    language: Option<Language>,
}

/// A code of six digits.
fn six_digits(core: &Core) -> Secret {
    // Of 2^64 numbers, so that no code is more likely by anything that matters.
    Secret::new(format!("{:06}", u64::from_be_bytes(random::bytes(&*core.random)) % 1_000_000))
}

/// A text message that carries a code.
fn sms(user: UserId, phone: &str, code: &Secret) -> Letter {
    Letter { channel: Channel::Sms, ..Letter::mail(Name::SmsCode, Language::default(), phone) }
        .of(Some(user))
        .with("code", code.expose().as_str())
}

/// Writes it in the language that the person likes best.
async fn send(tx: &mut TenantTx, (letter, post): (Letter, Post), wish: Option<Language>) -> Result<(), StoreError> {
    let language = wish.unwrap_or(preferences::load(tx).await?.language);
    post.write(tx, Letter { language, ..letter }.valid_for(SMS), Fate::Send).await.map(drop)
}

impl Beginning {
    /// With an authenticator app.
    pub fn totp(core: &Core, ctx: &RequestContext, user: &User) -> Result<Self, Problem> {
        let (now, tenant, random) = (core.now(), &ctx.tenant, &*core.random);
        let id = FactorId::new(now, random);
        let secret = totp::mint(random);
        let account = user.email.clone().or_else(|| user.username.clone()).unwrap_or_else(|| user.id.to_string());
        let enrolment = totp::enrolment(&secret, &tenant.name, &account)?;
        let factor = NewFactor {
            id,
            user: user.id,
            kind: Kind::Totp,
            sealed: Some(totp::seal(&core.vault, random, tenant.id, id, &secret)?),
            phone: None,
            code_hash: None,
            expires_at: now + SETUP,
        };
        Ok(Self { factor, enrolment: Enrolment { id, totp: Some(enrolment) }, letter: None, language: None })
    }

    /// With a phone, to which a code is sent.
    pub async fn sms(
        core: &Core,
        ctx: &RequestContext,
        user: &User,
        phone: &Phone,
        wish: Option<Language>,
    ) -> Result<Self, Problem> {
        let (now, id) = (core.now(), FactorId::new(core.now(), &*core.random));
        let within = limits::sms(core, ctx.tenant.id, user.id, phone.as_str()).await;
        within.map_err(|wait| Problem::new(SMS_LIMITED).retry_after(wait))?;
        let code = six_digits(core);
        let factor = NewFactor {
            id,
            user: user.id,
            kind: Kind::Sms,
            sealed: None,
            phone: Some(phone.to_string()),
            code_hash: Some(core.vault.hash_code(id.uuid().as_bytes(), code.expose().as_bytes())),
            expires_at: now + SMS,
        };
        let letter = Some((sms(user.id, phone.as_str(), &code), Post::new(core)));
        Ok(Self { factor, enrolment: Enrolment { id, totp: None }, letter, language: wish })
    }

    /// Writes it, if the tenant lets people have factors and this one has not too many.
    pub async fn write(self, tx: &mut TenantTx, now: Timestamp) -> Result<Enrolment, Problem> {
        if preferences::load(tx).await?.mfa.required == Requirement::Never {
            return Err(OFF.into());
        }
        if store::confirmed(tx, self.factor.user).await?.len() >= MAX_FACTORS {
            return Err(TOO_MANY.into());
        }
        store::insert(tx, &self.factor, now).await?;
        if let Some(letter) = self.letter {
            send(tx, letter, self.language).await?;
        }
        Ok(self.enrolment)
    }

    /// Writes it inside a challenge. `false`: the challenge is not (any more) one that asks for it.
    pub async fn write_in(
        self,
        tx: &mut TenantTx,
        challenge: Presented,
        now: Timestamp,
    ) -> Result<Option<Enrolment>, Problem> {
        match challenges::note_factor(tx, challenge, self.factor.id, now).await? {
            true => self.write(tx, now).await.map(Some),
            false => Ok(None),
        }
    }
}

/// A factor that has been shown to work.
#[derive(Clone, Debug)]
pub struct Confirmed {
    /// What it is.
    pub kind: Kind,
    /// What showing it proved.
    pub amr: Amr,
    /// Made with the first factor.
    pub backup_codes: Option<BackupCodes>,
}

/// What became of a confirmation.
#[derive(Debug)]
enum Judged {
    Right(Kind, i64),
    Wrong,
}

/// Judges the code that is to show that a factor works. It counts as a guess: see [`confirm`].
async fn judge(
    tx: &mut TenantTx,
    vault: &Vault,
    user: UserId,
    id: FactorId,
    code: &str,
    now: Timestamp,
) -> Result<Judged, StoreError> {
    let Some((factor, code_hash)) = store::guess(tx, user, id, now).await? else { return Ok(Judged::Wrong) };
    Ok(match (factor.kind, code_hash) {
        (Kind::Totp, _) => {
            let step = opened(tx, vault, &factor)?.and_then(|secret| totp::step_of(secret.expose(), code, now));
            step.map_or(Judged::Wrong, |step| Judged::Right(Kind::Totp, step))
        }
        (Kind::Sms, Some(hash)) if vault.hash_code(id.uuid().as_bytes(), code.as_bytes()).ct_eq(&hash).into() => {
            Judged::Right(Kind::Sms, 0)
        }
        (Kind::Sms, _) => Judged::Wrong,
    })
}

/// Confirms a factor by the code it shows. The guess counts, so whatever this answers the unit must be committed, or
/// the guess have been counted before it began, as answers to a challenge are. The unit holds the person's
/// [lock](crate::users::lock). `None`: wrong, too late or too often. `codes` become the person's backup codes if it is
/// their first factor.
pub async fn confirm(
    tx: &mut TenantTx,
    vault: &Vault,
    user: UserId,
    id: FactorId,
    code: &str,
    codes: BackupCodes,
    now: Timestamp,
) -> Result<Option<Confirmed>, StoreError> {
    let Judged::Right(kind, step) = judge(tx, vault, user, id, code.trim(), now).await? else { return Ok(None) };
    if !store::confirm(tx, id, step, now).await? {
        return Ok(None);
    }
    let first = store::confirmed(tx, user).await?.len() == 1;
    if first {
        store::replace_codes(tx, user, &codes.hashes(vault, user), now).await?;
    }
    let method = match kind {
        Kind::Totp => assurance::Method::Otp,
        Kind::Sms => assurance::Method::Sms,
    };
    Ok(Some(Confirmed { kind, amr: Amr::of(method), backup_codes: first.then_some(codes) }))
}

/// Sends a code to the phone of a person who is challenged; where there are several, to the newest. `Err` with
/// [`super::NO_PHONE`]: there is none.
pub async fn send_code(
    core: &Core,
    ctx: &RequestContext,
    challenge: Presented,
    wish: Option<Language>,
) -> Result<(), Problem> {
    let (now, tenant) = (core.now(), ctx.tenant.id);
    let found = core.read(tenant, move |tx| {
        Box::pin(async move {
            let Some(pending) = challenges::peek(tx, challenge, now).await? else { return Ok(None) };
            let factors = store::confirmed(tx, pending.user).await?;
            let phone = factors.into_iter().rev().find_map(|factor| factor.phone);
            Ok::<_, StoreError>(Some((pending.user, phone)))
        })
    });
    let (user, phone) = found.await?.ok_or(super::CHALLENGE)?;
    let phone = phone.ok_or(super::NO_PHONE)?;
    let within = limits::sms(core, tenant, user, &phone).await;
    within.map_err(|wait| Problem::new(SMS_LIMITED).retry_after(wait))?;
    let code = six_digits(core);
    let (hash, letter) = (challenge.code_hash(&core.vault, code.expose()), (sms(user, &phone, &code), Post::new(core)));
    let work = core.write(tenant, move |tx| {
        Box::pin(async move {
            if challenges::note_code(tx, challenge, hash, now).await? {
                send(tx, letter, wish).await?;
            }
            Ok::<_, StoreError>(())
        })
    });
    work.await?;
    core.outbox.wake();
    Ok(())
}
