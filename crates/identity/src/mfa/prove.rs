//! Judging and using up what answers a challenge.

use kernel::{Amr, Secret, Timestamp, UserId, assurance};
use storage::{StoreError, TenantTx};
use subtle::ConstantTimeEq as _;

use super::{
    Kind, Method, backup,
    challenges::{self, Presented},
    store, totp,
};
use crate::vault::Vault;

/// What somebody answers with.
#[derive(Clone, Debug)]
pub struct SecondProof {
    /// In which way.
    pub method: Method,
    /// The code.
    pub code: Secret,
}

impl SecondProof {
    /// Longest code that is looked at.
    pub const MAX_LEN: usize = 64;
}

/// What it proves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Proof {
    /// This, and it is used up.
    Proven(Amr),
    /// It would have, had it not been used before.
    Used,
    /// Nothing.
    Wrong,
}

/// Judges an answer and uses it up, in the unit that consumes the challenge.
pub async fn prove(
    tx: &mut TenantTx,
    vault: &Vault,
    challenge: Presented,
    user: UserId,
    answer: &SecondProof,
    now: Timestamp,
) -> Result<Proof, StoreError> {
    let code = answer.code.expose().trim();
    match answer.method {
        Method::Totp => by_app(tx, vault, user, code, now).await,
        Method::Sms => {
            let Some(stored) = challenges::sent_code(tx, challenge).await? else { return Ok(Proof::Wrong) };
            if !bool::from(challenge.code_hash(vault, code).ct_eq(&stored)) {
                return Ok(Proof::Wrong);
            }
            store::note_sms(tx, user, now).await?;
            Ok(Proof::Proven(Amr::of(assurance::Method::Sms)))
        }
        Method::BackupCode => Ok(match store::use_code(tx, user, backup::hash(vault, user, code), now).await? {
            Some(true) => Proof::Proven(Amr::of(assurance::Method::Otp)),
            Some(false) => Proof::Used,
            None => Proof::Wrong,
        }),
        // No code is one.
        Method::Passkey => Ok(Proof::Wrong),
    }
}

/// By one of the person's authenticator apps.
async fn by_app(
    tx: &mut TenantTx,
    vault: &Vault,
    user: UserId,
    code: &str,
    now: Timestamp,
) -> Result<Proof, StoreError> {
    let mut proof = Proof::Wrong;
    let factors = store::confirmed(tx, user).await?;
    for factor in factors.iter().filter(|factor| factor.kind == Kind::Totp) {
        let Some(step) = opened(tx, vault, factor)?.and_then(|secret| totp::step_of(secret.expose(), code, now)) else {
            continue;
        };
        if store::use_step(tx, factor.id, step, now).await? {
            return Ok(Proof::Proven(Amr::of(assurance::Method::Otp)));
        }
        proof = Proof::Used;
    }
    Ok(proof)
}

/// The secret of an authenticator app.
pub(super) fn opened(
    tx: &TenantTx,
    vault: &Vault,
    factor: &super::model::Factor,
) -> Result<Option<Secret<Vec<u8>>>, StoreError> {
    let Some(sealed) = &factor.sealed else { return Ok(None) };
    let opened = totp::open(vault, tx.tenant(), factor.id, sealed);
    opened.map(Some).map_err(|_| StoreError::Misuse("a factor's secret does not open: another master key sealed it"))
}
