//! Purposes, tokens and codes. Pure.

use std::time::Duration;

use kernel::{Random, Secret, TenantId, random};

use crate::{sessions::bearer, templates::Name};

/// What the tokens of links begin with, so that scanners and people recognise them.
const PREFIX: &str = "ppt_";

/// How often a code may be guessed at.
pub(super) const ATTEMPTS: u32 = 5;

/// What a proof is for. As stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// This address is mine.
    VerifyEmail,
    /// Let me choose a new password.
    ResetPassword,
    /// This is to be my address.
    ChangeEmail,
    /// I accept the account that was made for me.
    Invitation,
}

impl Purpose {
    /// Everything that is waited for by mail.
    pub const ALL: [Self; 4] = [Self::VerifyEmail, Self::ResetPassword, Self::ChangeEmail, Self::Invitation];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::ChangeEmail => "change_email",
            Self::Invitation => "invitation",
        }
    }
    /// The message that asks for it.
    pub(super) const fn template(self) -> Name {
        match self {
            Self::VerifyEmail => Name::VerifyEmail,
            Self::ResetPassword => Name::ResetPassword,
            Self::ChangeEmail => Name::ChangeEmail,
            Self::Invitation => Name::Invitation,
        }
    }
    /// Whether the message holds a short code beside its link. Only where a code opens nothing but the
    /// address itself.
    pub(super) const fn has_code(self) -> bool {
        matches!(self, Self::VerifyEmail)
    }
}

/// Where the links of messages lead, and for how long they work.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Links {
    /// Confirming an address.
    pub verify_email: Link,
    /// Choosing a new password.
    pub reset_password: Link,
    /// Confirming a new address.
    pub change_email: Link,
    /// Accepting an invitation.
    pub invitation: Link,
}

/// One kind of link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// `{url}` is where the tenant is reached, `{token}` the token.
    pub to: String,
    /// For how long it works.
    pub ttl: Duration,
}

impl Default for Links {
    fn default() -> Self {
        let link = |path: &str, hours: u64| Link {
            to: format!("{{url}}/ui/{path}?token={{token}}"),
            ttl: Duration::from_secs(hours * 3_600),
        };
        Self {
            verify_email: link("verify-email", 24),
            reset_password: link("reset-password", 1),
            change_email: link("change-email", 24),
            invitation: link("invitation", 7 * 24),
        }
    }
}

impl Links {
    pub(super) const fn of(&self, purpose: Purpose) -> &Link {
        match purpose {
            Purpose::VerifyEmail => &self.verify_email,
            Purpose::ResetPassword => &self.reset_password,
            Purpose::ChangeEmail => &self.change_email,
            Purpose::Invitation => &self.invitation,
        }
    }
}

impl Link {
    pub(super) fn with(&self, url: &str, token: &Secret) -> String {
        self.to.replace("{url}", url).replace("{token}", token.expose())
    }
}

/// A new token.
pub(super) fn token(tenant: TenantId, random: &dyn Random) -> Secret {
    bearer::write(PREFIX, tenant, &random::bytes(random))
}

/// Which tenant a token says it belongs to. `None`: it is not of this form.
pub fn tenant_of(token: &Secret) -> Option<TenantId> {
    bearer::tenant_of(PREFIX, token)
}

/// A new code: six digits.
pub(super) fn code(random: &dyn Random) -> Secret {
    // Of 2^64 numbers, so that no code is more likely by anything that matters.
    Secret::new(format!("{:06}", u64::from_be_bytes(random::bytes(random)) % 1_000_000))
}

#[cfg(test)]
mod tests {
    use kernel::OsRandom;

    use super::*;

    #[test]
    fn codes_have_six_digits_and_tokens_know_their_tenant() {
        let random = OsRandom::new();
        for _ in 0..100 {
            let code = code(&random);
            assert!(code.expose().len() == 6 && code.expose().bytes().all(|b| b.is_ascii_digit()));
        }
        let tenant = TenantId::new(kernel::Timestamp::from_secs(1), &random);
        let made = token(tenant, &random);
        assert_eq!(tenant_of(&made), Some(tenant));
        assert_eq!(tenant_of(&Secret::new(made.expose().replace("ppt_", "prt_"))), None);
        let link = Links::default().reset_password.with("https://id.example.com", &made);
        assert_eq!(link, format!("https://id.example.com/ui/reset-password?token={}", made.expose()));
    }
}
