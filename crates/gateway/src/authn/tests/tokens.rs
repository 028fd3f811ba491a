use kernel::{ApiKeyId, edge::Standing};

use super::*;

#[test]
fn a_token_stands_for_its_caller() {
    let gate = Gate::new();
    let token = gate.token(|claims| claims.auth_time = Some(NOW.as_secs() - 60));
    let ada = gate.at_once(&Call::bearer(&token)).expect("valid").expect("a caller");
    assert_eq!((ada.subject, ada.method, ada.tenant), (Subject::User(ADA), AuthMethod::Jwt, TENANT));
    assert_eq!((ada.session, ada.api_key, &*ada.scope), (Some(SESSION), None, "orders"));
    assert_eq!(ada.roles[0].as_str(), "user");
    assert_eq!(ada.authenticated_at, Timestamp::from_secs(NOW.as_secs() - 60));
    assert_eq!(ada.expires_at, Timestamp::from_secs(NOW.as_secs() + 900));
    let again = gate.at_once(&Call::get().header("authorization", &format!("bEaReR  {token}"))).expect("valid");
    assert!(Arc::ptr_eq(&ada, &again.expect("a caller")), "remembered");
    assert_eq!((gate.authn.stats().tokens.hits, gate.authn.stats().tokens.remembered), (1, 1));
}

#[test]
fn a_tenants_own_key_is_the_subject_of_its_tokens() {
    let gate = Gate::new();
    let key = ApiKeyId::from_uuid(Uuid::from_u128(21));
    let own = gate.token(|claims| {
        claims.akid = Some(key);
        claims.sub = key.to_string();
        claims.permissions = Some(vec!["orders:*".parse().expect("grant")]);
    });
    let caller = gate.at_once(&Call::bearer(&own)).expect("valid").expect("a caller");
    assert_eq!((caller.subject, caller.api_key), (Subject::ApiKey(key), Some(key)));
    assert!(caller.narrowed_to.as_ref().is_some_and(|own| own.allows(&"orders:read".parse().expect("permission"))));
    let of_ada = gate.token(|claims| claims.akid = Some(key));
    let caller = gate.at_once(&Call::bearer(&of_ada)).expect("valid").expect("a caller");
    assert_eq!((caller.subject, caller.api_key), (Subject::User(ADA), Some(key)));
}

/// Each change refuses the very next call, although the token is remembered.
#[test]
fn what_is_taken_back_is_refused_with_the_next_call() {
    type Change = fn(&Gate, &Principal);
    let changes: [(&str, Change, &str); 6] = [
        ("session", |gate, _| gate.edge.revocations.revoke_session(SESSION, Timestamp::MAX), "credentials.refused"),
        (
            "token",
            |gate, ada| gate.edge.revocations.revoke_token(ada.token.expect("jti"), Timestamp::MAX),
            "credentials.refused",
        ),
        (
            "user",
            |gate, _| gate.edge.revocations.set_standing(ADA, Standing::Disabled, Timestamp::MAX),
            "credentials.refused",
        ),
        ("key", |gate, _| gate.publish(TENANT, &["k2"]), "credentials.refused"),
        ("tenant", |gate, _| gate.edge.tenants.store(Arc::default()), "credentials.refused"),
        (
            "suspended tenant",
            |gate, _| {
                let tenants = gate.edge.tenants.load();
                let mut tenant = (**tenants.by_id(TENANT).expect("tenant")).clone();
                tenant.suspended = true;
                gate.edge.tenants.store(Arc::new(Tenants::new([tenant], TENANT)));
            },
            "tenant.suspended",
        ),
    ];
    for (what, change, code) in changes {
        let gate = Gate::new();
        let call = Call::bearer(&gate.token(|_| {}));
        let ada = gate.at_once(&call).expect("valid").expect("a caller");
        change(&gate, &ada);
        assert_eq!(gate.at_once(&call).err(), Some(code), "{what}, remembered");
        let unseen = Call::bearer(&gate.token(|claims| claims.jti = ada.token.expect("jti")));
        assert_eq!(gate.at_once(&unseen).err(), Some(code), "{what}, not seen before");
    }
}

#[test]
fn expiry_is_the_same_remembered_or_not() {
    for (secs, accepted) in [(899, true), (904, true), (905, false), (2_000, false)] {
        let gate = Gate::new();
        let call = Call::bearer(&gate.token(|_| {}));
        gate.at_once(&call).expect("valid");
        let unseen = Call::bearer(&gate.token(|_| {}));
        gate.clock.advance(Duration::from_secs(secs) + Duration::from_millis(999));
        assert_eq!(gate.at_once(&call).is_ok(), accepted, "{secs}: remembered");
        assert_eq!(gate.at_once(&unseen).is_ok(), accepted, "{secs}: not seen before");
    }
}

#[test]
fn newer_roles_replace_those_of_the_token_without_allocating_again() {
    let gate = Gate::new();
    let call = Call::bearer(&gate.token(|_| {}));
    let before = gate.at_once(&call).expect("valid").expect("a caller");
    let roles = |names: &[&str]| Standing::Roles(names.iter().map(|name| name.parse().expect("role")).collect());
    gate.edge.revocations.set_standing(ADA, roles(&["user", "admin"]), Timestamp::MAX);
    let promoted = gate.at_once(&call).expect("valid").expect("a caller");
    assert_eq!(promoted.roles.len(), 2);
    assert_eq!((promoted.token, promoted.session), (before.token, before.session));
    assert!(Arc::ptr_eq(&promoted, &gate.at_once(&call).expect("valid").expect("a caller")), "made once");
    gate.edge.revocations.set_standing(ADA, roles(&["guest"]), Timestamp::MAX);
    assert_eq!(gate.at_once(&call).expect("valid").expect("a caller").roles[0].as_str(), "guest");
    gate.edge.revocations.set_standing(ADA, roles(&["user"]), Timestamp::MAX);
    assert!(Arc::ptr_eq(&before, &gate.at_once(&call).expect("valid").expect("a caller")), "as the token says");
}

#[test]
fn a_token_of_another_tenant_than_the_named_one_is_refused() {
    let gate = Gate::new();
    let token = gate.token(|_| {});
    assert!(gate.at_once(&Call::bearer(&token).tenant(TENANT)).is_ok());
    assert_eq!(gate.at_once(&Call::bearer(&token).tenant(OTHER)).err(), Some("credentials.refused"));
}

#[test]
fn a_refused_token_is_looked_at_again_after_a_second() {
    let gate = Gate::new();
    gate.publish(TENANT, &[]);
    let call = Call::bearer(&gate.token(|_| {}));
    assert_eq!(gate.at_once(&call).err(), Some("credentials.refused"));
    gate.publish(TENANT, &["k1"]);
    assert_eq!(gate.at_once(&call).err(), Some("credentials.refused"), "remembered: no signature is checked");
    gate.clock.advance(Duration::from_secs(1));
    assert!(gate.at_once(&call).is_ok(), "the key has arrived meanwhile");
}

#[test]
fn claims_that_name_no_uuid_are_refused() {
    let gate = Gate::new();
    let call = Call::bearer(&gate.token(|claims| claims.sub = "ada".into()));
    assert_eq!(gate.at_once(&call).err(), Some("credentials.refused"));
}

#[test]
fn the_remembered_tokens_are_bounded() {
    let settings = Settings { tokens: NonZeroUsize::new(100).expect("not zero"), ..Settings::default() };
    let gate = Gate::with(Identity::default(), settings);
    for _ in 0..500 {
        gate.at_once(&Call::bearer(&gate.token(|_| {}))).expect("valid");
    }
    assert!(gate.authn.stats().tokens.remembered <= 200, "{:?}", gate.authn.stats());
}
