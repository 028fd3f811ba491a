//! What the schema cannot say: bounds of times and sizes, settings that exclude each other.

use gateway::config::{Duration, GatewayConfig, Size};
use identity::passwords::breach::BreachCheck;

use crate::app::check_limits;

use super::{
    Config,
    report::{Path, did_you_mean},
};

/// Every broken rule: the setting and what to write instead.
pub(super) fn broken(config: &Config) -> Vec<(Path, String)> {
    let mut found = Vec::new();
    let mut unless = |ok: bool, setting: &str, message: String| {
        if !ok {
            found.push((Path::parse(setting), message));
        }
    };
    let within =
        |value: Duration, low: u64, high: u64| (Duration::from_secs(low)..=Duration::from_secs(high)).contains(&value);

    let server = &config.server;
    unless(
        server.listen.port() == 0 || server.listen != server.ops_listen,
        "server.ops_listen",
        format!("is the public address too ({}): give the operators' listener its own port", server.listen),
    );
    let drain = server.http.drain_timeout;
    unless(within(drain, 0, 3_600), "server.http.drain_timeout", "must be at most 1h".to_owned());

    unless(within(server.drain_delay, 0, 600), "server.drain_delay", "must be at most 10m".to_owned());

    let tokens = &config.tokens;
    unless(within(tokens.access_ttl, 10, 86_400), "tokens.access_ttl", "must be from 10s to 24h".to_owned());
    unless(within(tokens.refresh_ttl, 60, 365 * 86_400), "tokens.refresh_ttl", "must be from 1m to 365d".to_owned());
    unless(
        tokens.refresh_ttl > tokens.access_ttl,
        "tokens.refresh_ttl",
        format!("must be longer than tokens.access_ttl, which is {}", tokens.access_ttl),
    );
    unless(within(tokens.refresh_grace, 0, 60), "tokens.refresh_grace", "must be at most 60s".to_owned());
    unless(
        tokens.key_rotation.is_none_or(|age| within(age, 3_600, 3_650 * 86_400)),
        "tokens.key_rotation",
        "must be from 1h to 3650d".to_owned(),
    );

    let sessions = &config.sessions;
    unless(within(sessions.idle, 60, 365 * 86_400), "sessions.idle", "must be from 1m to 365d".to_owned());
    unless(
        sessions.absolute >= sessions.idle,
        "sessions.absolute",
        format!("must be at least sessions.idle, which is {}", sessions.idle),
    );
    unless(
        sessions.remember >= sessions.absolute,
        "sessions.remember",
        format!("must be at least sessions.absolute, which is {}", sessions.absolute),
    );
    unless(
        within(config.identity.lockout.duration, 1, 30 * 86_400),
        "identity.lockout.duration",
        "must be from 1s to 30d".to_owned(),
    );

    if let Err(error) = check_limits(&config.identity.limits) {
        unless(false, "identity.limits", error.to_string());
    }

    let argon2 = config.passwords.argon2;
    // OWASP Password Storage Cheat Sheet: Argon2id with at least 19 MiB and two passes. The passes are
    // in the schema.
    unless(
        (Size::from_mib(19)..=Size::from_mib(4 << 10)).contains(&argon2.memory),
        "passwords.argon2.memory",
        "must be from 19MiB (the least that OWASP advises) to 4GiB".to_owned(),
    );

    let passwords = &config.passwords;
    let offline = [passwords.breach_check, passwords.policy.rules().breach_check].contains(&Some(BreachCheck::Offline));
    unless(
        !offline || passwords.breach_filter.is_some(),
        "passwords.breach_filter",
        "is missing, and breach_check = \"offline\" needs it: make one with `portcullis passwords build-filter`"
            .to_owned(),
    );
    let waits = passwords.breach_timeout.get();
    unless(
        (std::time::Duration::from_millis(100)..=std::time::Duration::from_secs(10)).contains(&waits),
        "passwords.breach_timeout",
        "must be from 100ms to 10s".to_owned(),
    );
    for wrong in config.passwords.policy.rules().check() {
        unless(false, &format!("passwords.policy.{}", wrong.field), wrong.message.to_owned());
    }

    unless(
        config.mail.url.is_none() || config.mail.from != super::sections::Mail::default().from,
        "mail.from",
        "is missing, and mail.url needs it: write an address, or \"Example <no-reply@example.com>\"".to_owned(),
    );
    let links = &config.mail.links;
    for (setting, link) in [
        ("mail.links.verify_email.ttl", &links.verify_email),
        ("mail.links.reset_password.ttl", &links.reset_password),
        ("mail.links.change_email.ttl", &links.change_email),
        ("mail.links.invitation.ttl", &links.invitation),
    ] {
        unless(within(link.ttl, 300, 30 * 86_400), setting, "must be from 5m to 30d".to_owned());
    }
    let sms = &config.sms;
    if sms.url.is_some() {
        let given = [
            ("sms.account", sms.account.is_some()),
            ("sms.token", sms.token.is_some()),
            ("sms.from", sms.from.is_some()),
        ];
        for (setting, given) in given {
            unless(given, setting, "is missing, and sms.url needs it".to_owned());
        }
    }

    unless(
        config.forward_auth.is_none() || !config.server.trusted_proxies.is_empty(),
        "forward_auth",
        "nobody may ask: write the addresses of the proxies that do in server.trusted_proxies".to_owned(),
    );
    unless(
        config.secrets.master_key.is_none() || config.secrets.master_key_file.is_none(),
        "secrets.master_key_file",
        "secrets.master_key is set too: keep one of the two".to_owned(),
    );
    unless(
        config.log.level.parse::<tracing_subscriber::EnvFilter>().is_ok(),
        "log.level",
        "not a level: write error, warn, info, debug or trace, or directives such as info,gateway=debug".to_owned(),
    );
    found
}

/// What the gateway finds wrong, with the names that were probably meant, and the other place where two
/// settings do not go together.
pub(super) fn gateway(config: &GatewayConfig) -> Vec<(Path, String, Option<Path>)> {
    let problems = config.validate().into_iter().map(|problem| {
        let path = Path::parse(&problem.path);
        let meant = match (path.route(), path.ends_with("upstream")) {
            (Some(i), true) => config
                .routes
                .get(i)
                .and_then(|route| route.upstream.as_deref())
                .map(|upstream| did_you_mean(upstream, config.upstreams.keys().map(String::as_str)))
                .unwrap_or_default(),
            _ => String::new(),
        };
        let message =
            if meant.is_empty() { format!("{}. {}", problem.message, problem.hint) } else { problem.message + &meant };
        (path, message, problem.other.as_deref().map(Path::parse))
    });
    problems.collect()
}
