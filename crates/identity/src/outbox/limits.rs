//! How many messages strangers can cause: per address, number, person and tenant.
//!
//! Counted under keyed hashes, so that the limiter's store holds nobody's address. What follows from a
//! change that its owner has proved to be theirs (a notice) is not counted: an attacker must not be able
//! to use up what would have warned their victim.

use std::time::Duration;

use kernel::{Rate, TenantId, UserId};

use crate::Core;

/// How often messages may be caused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MessageLimits {
    /// Mails to one address that anybody may ask for: verification, reset, change, invitation.
    pub mail_per_address: Rate,
    /// Text messages to one number, whoever asks.
    pub sms_per_number: Rate,
    /// Text messages of one person, whatever the number.
    pub sms_per_person: Rate,
    /// Text messages of one tenant.
    pub sms_per_tenant: Rate,
}

impl Default for MessageLimits {
    fn default() -> Self {
        let (hour, day) = (Duration::from_secs(3_600), Duration::from_secs(86_400));
        Self {
            mail_per_address: Rate { limit: 5, window: hour },
            sms_per_number: Rate { limit: 5, window: hour },
            sms_per_person: Rate { limit: 10, window: day },
            sms_per_tenant: Rate { limit: 500, window: hour },
        }
    }
}

fn key(core: &Core, tenant: TenantId, kind: &str, value: &str) -> String {
    let hash = core.vault.hash_failure(kind.as_bytes(), value.as_bytes());
    let hash: String = hash[..16].iter().map(|b| format!("{b:02x}")).collect();
    format!("{kind}:{tenant}:{hash}")
}

/// Counts a mail to the address. `Err`: too many; how long to wait.
pub async fn mail(core: &Core, tenant: TenantId, address: &str) -> Result<(), Duration> {
    let key = key(core, tenant, "mail", address);
    core.limiter.take(key, core.settings.messages.mail_per_address).await
}

/// Counts a text message to the number, of the person and of the tenant. `Err`: too many of one of them;
/// how long to wait.
pub async fn sms(core: &Core, tenant: TenantId, person: UserId, number: &str) -> Result<(), Duration> {
    let limits = core.settings.messages;
    core.limiter.take(key(core, tenant, "sms", number), limits.sms_per_number).await?;
    core.limiter.take(format!("sms-person:{tenant}:{person}"), limits.sms_per_person).await?;
    core.limiter.take(format!("sms-tenant:{tenant}"), limits.sms_per_tenant).await
}
