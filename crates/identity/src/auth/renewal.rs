//! What follows from a new password or a new address, whoever sets it: its owner, with or without the old one, an
//! administrator, the operator.
//!
//! Whoever knew the old one may have begun something. So, in the unit of the change: links that are under way open
//! nothing any more, second factors that are waited for are void, browsers are trusted no more, sessions end, the
//! person is told, and all of it is audited.
//!
//! Deliberately absent: whether it may be set (see [`new_password`](crate::new_password)), and first passwords from an
//! import, which take the place of none.

use std::sync::Arc;

use kernel::{Random, RequestContext, Secret, SessionId, Timestamp, UserId};
use storage::{StoreError, TenantTx};

use super::lockout;
use crate::{
    Core, api_keys,
    audit::{self, Action, Entry},
    devices,
    language::Language,
    mfa,
    new_password::NewPassword,
    outbox::{Fate, Letter, Post},
    preferences,
    proofs::{self, Purpose},
    sessions::{self, Reason, Revoked},
    templates::Name,
    users::{self, User, UserStatus},
    vault::Vault,
};

/// A new address.
pub const MOVED: Action = Action::new("user.email_changed");

/// A password or an address that is about to be renewed.
pub struct Renewal {
    keep: Option<SessionId>,
    wish: Option<Language>,
    ip: String,
    now: Timestamp,
    random: Arc<dyn Random>,
    vault: Arc<Vault>,
    post: Post,
}

impl Renewal {
    /// In this request, or by the operator at the command line.
    pub fn new(core: &Core, ctx: Option<&RequestContext>) -> Self {
        let ip = ctx.map_or_else(|| "—".to_owned(), |ctx| ctx.client_ip.to_string());
        let (random, vault, post) = (core.random.clone(), core.vault.clone(), Post::new(core));
        Self { keep: None, wish: None, ip, now: core.now(), random, vault, post }
    }

    /// The session of whoever does it stays.
    #[must_use]
    pub fn keeping(self, keep: Option<SessionId>) -> Self {
        Self { keep, ..self }
    }

    /// They are told in the language that they like best.
    #[must_use]
    pub fn told_in(self, wish: Option<Language>) -> Self {
        Self { wish, ..self }
    }

    /// Stores a new password. `None`, and nothing is done: `old` is given and is not the present one any more, or there
    /// is no such user. The sessions that have ended are still to be [told](Revoked::tell).
    pub async fn password(
        &self,
        tx: &mut TenantTx,
        user: &User,
        new: &NewPassword,
        old: Option<&Secret>,
        entry: Entry,
    ) -> Result<Option<Revoked>, StoreError> {
        new.retire_present(tx, user.id, self.now).await?;
        if !users::set_password_hash(tx, user.id, old, &new.hash, self.now).await? {
            return Ok(None);
        }
        lockout::forget_passwords(tx, &self.vault, user).await?;
        // An address that somebody has begun to verify is still theirs.
        let revoked = self
            .end(
                tx,
                user.id,
                &[Purpose::ResetPassword, Purpose::ChangeEmail, Purpose::Invitation],
                Reason::Password,
                entry,
            )
            .await?;
        if let Some(to) = &user.email {
            let letter = self.letter(tx, Name::PasswordChanged, to, user).await?;
            self.post.write(tx, letter, Fate::send_if(user.status == UserStatus::Active)).await?;
        }
        Ok(Some(revoked))
    }

    /// What follows once the user has another address than `old`, or none. Both are told.
    pub async fn address(
        &self,
        tx: &mut TenantTx,
        old: &User,
        new: Option<&str>,
        entry: Entry,
    ) -> Result<Revoked, StoreError> {
        let revoked = self.end(tx, old.id, &Purpose::ALL, Reason::Email, entry).await?;
        if let Some(new) = new {
            for to in old.email.as_deref().into_iter().chain([new]) {
                let letter = self.letter(tx, Name::EmailChanged, to, old).await?.with("new_email", new);
                self.post.write(tx, letter, Fate::Send).await?;
            }
        }
        Ok(revoked)
    }

    /// Ends what was begun before.
    async fn end(
        &self,
        tx: &mut TenantTx,
        user: UserId,
        purposes: &[Purpose],
        reason: Reason,
        mut entry: Entry,
    ) -> Result<Revoked, StoreError> {
        proofs::void(tx, user, purposes, self.now).await?;
        mfa::distrust(tx, user, self.now).await?;
        let revoked = sessions::revoke_all(tx, user, self.keep, reason, self.now).await?;
        entry.details["sessions_ended"] = revoked.count().into();
        audit::record(tx, entry, self.now, &*self.random).await?;
        Ok(revoked)
    }

    async fn letter(&self, tx: &mut TenantTx, name: Name, to: &str, user: &User) -> Result<Letter, StoreError> {
        let language = self.wish.unwrap_or(preferences::load(tx).await?.language);
        Ok(Letter::mail(name, language, to).naming(user).with("ip", self.ip.as_str()).at(self.now))
    }
}

/// Takes away what whoever registered may have left behind, when somebody proves to have the address and chooses a
/// password: anybody can register with an address. Second factors and passkeys are none of it: nobody has them before
/// the address is [verified](User::has_proven_address). Returns the entry of the feed to settle.
pub async fn evict(tx: &mut TenantTx, user: UserId, now: Timestamp) -> Result<Option<i64>, StoreError> {
    devices::delete_all(tx, user).await?;
    api_keys::revoke_all(tx, user, now).await
}
