//! What can be decided about sessions without a database.

use std::time::Duration;

use kernel::{OsRandom, SessionId, TenantId, Timestamp, UserId};

use super::*;
use crate::{Settings, users::UserStatus};

const NOW: Timestamp = Timestamp::from_secs(1_000_000);

fn live() -> Live {
    let owner = Owner {
        id: UserId::new(NOW, &OsRandom::new()),
        status: UserStatus::Active,
        email: None,
        username: None,
        display_name: None,
    };
    Live {
        id: SessionId::new(NOW, &OsRandom::new()),
        owner,
        scope: String::new(),
        remember: false,
        authenticated_at: NOW,
        cookie: false,
        trusted_at: None,
        amr: kernel::Amr::NONE,
        last_seen_at: NOW,
        span: Span::begin(&Settings::default().sessions, false, NOW),
        revoked: None,
    }
}

#[test]
fn a_session_ends_when_idle_and_at_its_absolute_limit() {
    let settings = Settings::default().sessions;
    let live = live();
    let before = Duration::from_micros(1);
    assert_eq!(live.check(NOW + settings.idle - before), Ok(()));
    assert_eq!(live.check(NOW + settings.idle), Err(Ended::Expired));
    // Used all the time, it still ends.
    let late = NOW + settings.absolute - Duration::from_secs(60);
    let span = Span { idle: Span::idle(&settings, false, live.span.absolute, late), ..live.span };
    assert_eq!(span.idle, span.absolute);
    let used = Live { span, ..live };
    assert_eq!(used.check(used.span.absolute - before), Ok(()));
    assert_eq!(used.check(used.span.absolute), Err(Ended::Expired));
}

#[test]
fn who_asked_to_be_remembered_is_for_the_whole_time() {
    let settings = Settings::default().sessions;
    let span = Span::begin(&settings, true, NOW);
    assert_eq!((span.idle, span.absolute), (NOW + settings.remember, NOW + settings.remember));
}

#[test]
fn a_revoked_session_says_so_rather_than_expired() {
    let long_ago = NOW + Duration::from_secs(365 * 86_400);
    let ended = |revoked: &str| Live { revoked: Some(revoked.into()), ..live() }.check(long_ago);
    assert_eq!(ended("logout"), Err(Ended::Revoked));
    assert_eq!(ended(""), Err(Ended::Revoked), "without a reason too");
    assert_eq!(ended("reuse"), Err(Ended::Reused));
    let disabled = Owner { status: UserStatus::Disabled, ..live().owner };
    assert_eq!(Live { owner: disabled, ..live() }.check(NOW), Err(Ended::Revoked));
}

#[test]
fn use_is_noted_once_a_minute() {
    assert!(!needs_touch(NOW, NOW + Duration::from_secs(59)) && needs_touch(NOW, NOW + Duration::from_secs(60)));
    assert!(!needs_touch(NOW, NOW - Duration::from_secs(600)), "a clock that went back writes nothing");
}

#[test]
fn a_login_cannot_give_itself_rights_by_scope() {
    assert_eq!("email  openid email".parse::<Scope>().expect("scopes").as_str(), "email openid");
    assert_eq!("".parse::<Scope>().expect("none").as_str(), "");
    for text in ["admin", "openid admin:all", "openid\temail", "OPENID"] {
        assert_eq!(text.parse::<Scope>(), Err(InvalidScope), "{text:?}");
    }
}

#[test]
fn a_bearer_secret_says_its_tenant_and_nothing_else_parses() {
    let tenant = TenantId::new(NOW, &OsRandom::new());
    let secret = bearer::write("prt_", tenant, &[7; 32]);
    assert_eq!(secret.expose().len(), 68);
    assert_eq!(bearer::tenant_of("prt_", &secret), Some(tenant));
    assert_eq!(bearer::tenant_of("", &secret), None, "a refresh token is no cookie");
    let text = secret.expose().clone();
    for wrong in [String::new(), "prt_".into(), text[..67].into(), format!("{text}A"), text.replacen('_', "-", 1)] {
        assert_eq!(bearer::tenant_of("prt_", &wrong.clone().into()), None, "{wrong}");
    }
}

#[test]
fn the_cookie_is_for_this_host_and_not_for_scripts() {
    let header = cookie::set(&"secret".to_owned().into(), None).expect("a header");
    let text = header.to_str().expect("text");
    assert!(text.starts_with("__Host-portcullis_session=secret; Path=/; "), "{text}");
    for attribute in ["Secure", "HttpOnly", "SameSite=Lax"] {
        assert!(text.contains(attribute) && cookie::clear().to_str().expect("text").contains(attribute));
    }
    assert!(header.is_sensitive() && !text.contains("Max-Age") && !text.contains("Domain"));
    let kept = cookie::set(&"s".to_owned().into(), Some(Duration::from_secs(60))).expect("a header");
    assert!(kept.to_str().expect("text").ends_with("; Max-Age=60"));
}
