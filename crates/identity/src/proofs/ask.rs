//! Asking somebody for a proof: the proof and the mail about it, in one unit.

use kernel::{Secret, SessionId, UserId, edge::Tenant};
use storage::{StoreError, TenantTx};

use super::{
    model::{self, Purpose},
    store::{self, NewProof},
};
use crate::{
    Core,
    language::Language,
    outbox::{Fate, Letter, Post},
    users::User,
};

/// A proof that is asked for by mail. Made before the unit, which takes it along.
#[derive(Clone, Debug)]
pub struct Ask {
    purpose: Purpose,
    proof: NewProof,
    code: Option<Secret>,
    link: String,
    ttl: std::time::Duration,
    post: Post,
}

impl Ask {
    /// For a person of this tenant.
    pub fn new(core: &Core, tenant: &Tenant, purpose: Purpose) -> Self {
        let (now, random) = (core.now(), &*core.random);
        let token = model::token(tenant.id, random);
        let hash = core.vault.hash_token(token.expose().as_bytes());
        let code = purpose.has_code().then(|| model::code(random));
        let link = core.settings.links.of(purpose);
        let proof = NewProof {
            hash,
            code_hash: code.as_ref().map(|code| core.vault.hash_code(&hash, code.expose().as_bytes())),
            purpose,
            expires_at: now + link.ttl,
            now,
        };
        Self { purpose, proof, link: link.with(&tenant.issuer, &token), code, ttl: link.ttl, post: Post::new(core) }
    }

    /// Writes the proof and the letter that carries it to the address. Without a user the letter is void, and a code
    /// that was sent before stays what it is.
    ///
    /// The letter says no name: whoever registered or asked may have chosen it, and it must not be a way to
    /// word our mails. An [invitation](Self::write_to) is worded by an administrator.
    pub async fn write(
        &self,
        tx: &mut TenantTx,
        user: Option<UserId>,
        session: Option<SessionId>,
        to: &str,
        language: Language,
        fate: Fate,
    ) -> Result<(), StoreError> {
        let fate = if user.is_some() { fate } else { Fate::Void };
        let letter = self.letter(user, to, language);
        let sent = matches!(fate, Fate::Send);
        store::insert(tx, &self.proof, user, to, session, sent).await?;
        self.post.write(tx, letter, fate).await.map(drop)
    }

    /// The same to somebody whose name is known.
    pub async fn write_to(
        &self,
        tx: &mut TenantTx,
        user: &User,
        to: &str,
        language: Language,
    ) -> Result<(), StoreError> {
        let letter = self.letter(Some(user.id), to, language).naming(user);
        store::insert(tx, &self.proof, Some(user.id), to, None, true).await?;
        self.post.write(tx, letter, Fate::Send).await.map(drop)
    }

    fn letter(&self, user: Option<UserId>, to: &str, language: Language) -> Letter {
        let letter = Letter::mail(self.purpose.template(), language, to)
            .of(user)
            .with("link", self.link.as_str())
            .valid_for(self.ttl);
        match &self.code {
            Some(code) => letter.with("code", code.expose().as_str()),
            None => letter,
        }
    }

    /// Writes the proof alone, of nobody. For whom another letter is written: the work is the same.
    pub async fn write_proof(&self, tx: &mut TenantTx, session: Option<SessionId>, to: &str) -> Result<(), StoreError> {
        store::insert(tx, &self.proof, None, to, session, false).await
    }
}
