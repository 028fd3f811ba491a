//! From the configuration to what each room wants to be told.

use identity::{
    outbox::limits::MessageLimits,
    passwords::breach::BreachSettings,
    proofs::{Link, Links},
    settings::{LockoutSettings, PasswordSettings, SessionSettings, Settings as IdentitySettings, TokenSettings},
};

use crate::config::{Config, MailLink, MailLinks};

/// Where links lead.
fn links(links: &MailLinks) -> Links {
    let link = |link: &MailLink| Link { to: link.to.clone(), ttl: link.ttl.get() };
    Links {
        verify_email: link(&links.verify_email),
        reset_password: link(&links.reset_password),
        change_email: link(&links.change_email),
        invitation: link(&links.invitation),
    }
}

/// What identity is told. `public_url` is where clients reach us.
pub(super) fn identity(config: &Config, public_url: String) -> IdentitySettings {
    let Config { tokens, sessions, passwords, identity, .. } = config;
    let argon2 = passwords.argon2;
    IdentitySettings {
        public_url,
        tokens: TokenSettings {
            algorithm: tokens.algorithm,
            access_ttl: tokens.access_ttl.get(),
            refresh_ttl: tokens.refresh_ttl.get(),
            refresh_grace: tokens.refresh_grace.get(),
            key_rotation: tokens.key_rotation.map(|age| age.get()),
        },
        sessions: SessionSettings {
            idle: sessions.idle.get(),
            absolute: sessions.absolute.get(),
            remember: sessions.remember.get(),
        },
        passwords: PasswordSettings {
            // At most 4 GiB, by the rules of the configuration.
            memory_kib: u32::try_from(argon2.memory.bytes() >> 10).unwrap_or(u32::MAX),
            iterations: argon2.iterations,
            parallelism: argon2.parallelism,
            threads: passwords.threads.into(),
            queue: passwords.queue as usize,
            policy: passwords.policy.clone(),
            breaches: BreachSettings {
                check: passwords.breach_check,
                url: passwords.breach_url.clone(),
                timeout: passwords.breach_timeout.get(),
                filter: passwords.breach_filter.clone(),
            },
        },
        lockout: LockoutSettings {
            failures: identity.lockout.failures,
            free_failures: identity.lockout.free_failures,
            duration: identity.lockout.duration.get(),
        },
        login_by_account: identity.limits.login,
        messages: MessageLimits {
            mail_per_address: config.mail.per_address,
            sms_per_number: config.sms.per_number,
            sms_per_person: config.sms.per_person,
            sms_per_tenant: config.sms.per_tenant,
        },
        links: links(&config.mail.links),
        open_registration: identity.open_registration,
    }
}
