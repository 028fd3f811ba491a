use super::*;

async fn browser() -> Gate {
    let gate = Gate::new();
    gate.know("cookie s3ss10n", |session| {
        session.method = AuthMethod::Session;
        session.session = Some(SESSION);
    });
    gate.identify(&Call::get().cookie()).await.expect("valid");
    gate
}

impl Call {
    fn cookie(self) -> Self {
        self.header("cookie", "theme=dark; __Host-portcullis_session=s3ss10n; lang=de")
    }
}

#[tokio::test]
async fn a_cookie_identifies_wherever_it_stands() {
    let gate = browser().await;
    let caller = gate.at_once(&Call::get().cookie()).expect("valid").expect("a caller");
    assert_eq!((caller.method, caller.session), (AuthMethod::Session, Some(SESSION)));
    let split = Call::get().header("cookie", "a=b").header("cookie", "__Host-portcullis_session=s3ss10n");
    assert!(gate.at_once(&split).is_ok(), "HTTP/2 splits the field");
    let similar = Call::get().header("cookie", "x__Host-portcullis_session=s3ss10n; __host-portcullis_session=s3ss10n");
    assert_eq!(gate.at_once(&similar).err(), Some("credentials.missing"));
}

#[tokio::test]
async fn the_insecure_name_is_for_development() {
    let cookie = || Call::get().header("cookie", "portcullis_session=s3ss10n");
    assert_eq!(browser().await.at_once(&cookie()).err(), Some("credentials.missing"));
    let gate = Gate::with(Identity::default(), Settings { insecure_development: true, ..Settings::default() });
    gate.know("cookie s3ss10n", |_| {});
    assert!(gate.identify(&cookie()).await.is_ok());
}

#[tokio::test]
async fn an_explicit_credential_goes_before_the_cookie() {
    let gate = browser().await;
    let call = Call::bearer(&gate.token(|_| {})).cookie();
    assert_eq!(gate.at_once(&call).expect("valid").expect("a caller").method, AuthMethod::Jwt);
    assert_eq!(gate.at_once(&Call::bearer("nonsense").cookie()).err(), Some("credentials.refused"));
}

#[tokio::test]
async fn changing_something_needs_proof_of_origin() {
    let gate = browser().await;
    let accepted = [
        Call::post().header("sec-fetch-site", "same-origin"),
        Call::post().header("sec-fetch-site", "none"),
        Call::post().header("origin", "https://gate.example.com"),
        Call::post().header("origin", "https://GATE.example.com:443"),
        Call { host: "gate.example.com:443", ..Call::post() }.header("origin", "https://gate.example.com"),
        Call { host: "127.0.0.1:8080", secure: false, ..Call::post() }.header("origin", "http://127.0.0.1:8080"),
        Call { method: Method::HEAD, ..Call::get() },
        Call { method: Method::OPTIONS, ..Call::get() },
    ];
    for call in accepted {
        assert!(gate.at_once(&call.cookie()).is_ok());
    }
    let refused = [
        Call::post(),
        Call { method: Method::DELETE, ..Call::get() },
        Call { method: Method::from_bytes(b"PURGE").expect("method"), ..Call::get() },
        Call::post().header("sec-fetch-site", "cross-site"),
        Call::post().header("sec-fetch-site", "same-site"),
        Call::post().header("sec-fetch-site", "cross-site").header("origin", "https://gate.example.com"),
        Call::post().header("sec-fetch-site", "same-origin").header("sec-fetch-site", "cross-site"),
        Call::post().header("origin", "null"),
        Call::post().header("origin", "http://gate.example.com"),
        Call::post().header("origin", "https://gate.example.com:8443"),
        Call::post().header("origin", "https://gate.example.com.evil.example"),
        Call::post().header("origin", "https://evil.example"),
        Call::post().header("origin", "https://gate.example.com").header("origin", "https://evil.example"),
        Call { host: "", ..Call::post() }.header("origin", "https://"),
        Call::get().header("upgrade", "websocket").header("origin", "https://evil.example"),
    ];
    for call in refused {
        let call = call.cookie();
        assert_eq!(gate.at_once(&call).err(), Some("session.csrf"), "{:?}", call.headers);
    }
}

#[tokio::test]
async fn tokens_need_no_proof_of_origin() {
    let gate = browser().await;
    let call = Call { method: Method::POST, ..Call::bearer(&gate.token(|_| {})) };
    assert!(gate.at_once(&call.header("sec-fetch-site", "cross-site")).is_ok());
}

#[tokio::test]
async fn where_nobody_is_needed_a_cookie_that_is_no_good_counts_as_none() {
    let gate = browser().await;
    let optional = || Policy::optional(ALL);
    let anonymous = |answer: Result<Option<Arc<Principal>>, &str>| answer.expect("let in").is_none();
    assert!(!anonymous(gate.at_once(&Call::get().cookie().policy(optional()))));
    assert!(anonymous(gate.at_once(&Call::post().cookie().policy(optional()))), "from another site");
    assert!(anonymous(gate.at_once(&Call::get().cookie().policy(optional()).tenant(OTHER))), "of another tenant");
    gate.edge.revocations.revoke_session(SESSION, Timestamp::MAX);
    assert!(anonymous(gate.at_once(&Call::get().cookie().policy(optional()))), "of a session that has ended");
    assert_eq!(gate.at_once(&Call::get().cookie()).err(), Some("credentials.refused"));
    assert_eq!(gate.at_once(&Call::bearer("nonsense").policy(optional())).err(), Some("credentials.refused"));
    *gate.identity.down.lock() = Some(kernel::problem::common::UNAVAILABLE.into());
    let unseen = Call::get().header("cookie", "__Host-portcullis_session=other").policy(optional());
    assert_eq!(gate.identify(&unseen).await.err(), Some("unavailable"), "our own failure is no answer");
}
