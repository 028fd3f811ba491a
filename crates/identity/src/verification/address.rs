//! Verifying that an address belongs to its user.

use kernel::{Problem, RequestContext, Secret};
use storage::StoreError;

use super::INVALID;
use crate::{
    Core,
    audit::{self, Action, Actor, Entry, Target},
    http::Fields,
    language::Language,
    outbox::{Fate, limits},
    preferences,
    proofs::{self, Ask, Held, Purpose},
    users::{self, Email, UserStatus},
};

const VERIFIED: Action = Action::new("user.email_verified");
const ASKED: Action = Action::new("user.verification_requested");

/// What somebody shows.
#[derive(Clone, Debug)]
pub enum Shown {
    /// The token of a link.
    Token(Secret),
    /// A code, and the address it was sent to.
    Code(Email, Secret),
}

impl Shown {
    /// Reads what was typed or followed: a token, or an address with its code.
    pub fn parse(token: Option<Secret>, email: Option<&str>, code: Option<Secret>) -> Result<Self, Problem> {
        let mut fields = Fields::new();
        let shown = match (token, email, code) {
            (Some(given), None, None) => super::token(&mut fields, given).map(Self::Token),
            (None, Some(email), Some(code)) => {
                let email = fields.keep("/email", "format", email.parse::<Email>());
                // People copy codes with spaces.
                let digits: String = code.expose().chars().filter(|c| !c.is_whitespace()).take(7).collect();
                let digits = Secret::new(digits);
                if digits.expose().len() != 6 || !digits.expose().bytes().all(|b| b.is_ascii_digit()) {
                    fields.wrong("/code", "format", "must have six digits");
                }
                email.map(|email| Self::Code(email, digits))
            }
            _ => {
                fields.wrong("/token", "required", "give token, or email and code");
                None
            }
        };
        fields.finish(shown)
    }
}

/// Verifies the address that the proof was sent to, if it is still its user's.
pub async fn verify(core: &Core, ctx: &RequestContext, shown: Shown) -> Result<(), Problem> {
    let (now, random, vault, ctx) = (core.now(), core.random.clone(), core.vault.clone(), ctx.clone());
    let tenant = match &shown {
        Shown::Token(token) => super::tenant(core, token)?,
        Shown::Code(..) => ctx.tenant.id,
    };
    let verified = core.write(tenant, move |tx| {
        Box::pin(async move {
            let held = match &shown {
                Shown::Token(token) => {
                    let hash = vault.hash_token(token.expose().as_bytes());
                    proofs::consume(tx, hash, Purpose::VerifyEmail, now).await?
                }
                Shown::Code(email, code) => {
                    let purpose = Purpose::VerifyEmail;
                    proofs::guess(tx, &vault, email.as_str(), purpose, code.expose(), now).await?
                }
            };
            // A wrong guess has been counted: that much is committed.
            let Some(Held { user, email, .. }) = held else { return Ok(false) };
            if !users::verify_email(tx, user, &email, now).await? {
                return Ok(false);
            }
            proofs::void(tx, user, &[Purpose::VerifyEmail], now).await?;
            let entry = Entry::new(Actor::User(user), VERIFIED, Target::new("user", user), &ctx);
            audit::record(tx, entry, now, &*random).await?;
            Ok::<_, StoreError>(true)
        })
    });
    if verified.await? { Ok(()) } else { Err(INVALID.into()) }
}

/// Sends a new link and code, if the address belongs to somebody who has not verified it yet. Says nothing
/// about that.
pub async fn resend(core: &Core, ctx: &RequestContext, email: Email, wish: Option<Language>) -> Result<(), Problem> {
    let within = limits::mail(core, ctx.tenant.id, email.as_str()).await.is_ok();
    let ask = Ask::new(core, &ctx.tenant, Purpose::VerifyEmail);
    let (now, random, ctx) = (core.now(), core.random.clone(), ctx.clone());
    let written = core.write(ctx.tenant.id, move |tx| {
        Box::pin(async move {
            let language = wish.unwrap_or(preferences::load(tx).await?.language);
            let found = users::by_email(tx, &email).await?;
            let user = found.filter(|u| u.status == UserStatus::Active && u.email_verified_at.is_none()).map(|u| u.id);
            ask.write(tx, user, None, email.as_str(), language, Fate::send_if(within)).await?;
            let target = user.map_or(Target::unknown("user"), |id| Target::new("user", id));
            audit::record(tx, Entry::new(Actor::Anonymous, ASKED, target, &ctx), now, &*random).await
        })
    });
    written.await?;
    core.outbox.wake();
    Ok(())
}
