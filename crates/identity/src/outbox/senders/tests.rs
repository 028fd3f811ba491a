//! Senders against servers over real sockets.

use axum::{Router, extract::State as AxumState, http::HeaderMap, routing::post};
use kernel::{MessageId, OsRandom, Secret, Timestamp};
use std::{
    os::unix::fs::PermissionsExt as _,
    sync::{Arc, Mutex},
};
use testservers::{SmtpSecurity, SmtpServer};

use super::*;
use crate::outbox::{Mail, MailSender as _, SendError, Sms, SmsSender as _};

const AT: Timestamp = Timestamp::from_secs(1_800_000_000);

fn mail(to: &str) -> Mail {
    Mail {
        id: MessageId::new(AT, &OsRandom::new()),
        at: AT,
        to: to.into(),
        subject: "Grüße\r\nBcc: evil@example.com".into(),
        text: "Hallo Ädä\n.\nEnde".into(),
        html: "<p>Hallo Ädä</p>".into(),
    }
}

fn sms(to: &str) -> Sms {
    Sms { id: MessageId::new(AT, &OsRandom::new()), at: AT, to: to.into(), text: "Your code & more: 123456".into() }
}

fn smtp(server: &SmtpServer, scheme: &str, login: &str) -> Smtp {
    let url = format!("{scheme}://{login}localhost:{}", server.port());
    Smtp::new(&Secret::new(url), "Portcullis <no-reply@example.com>", Some(server.certificate().as_bytes()))
        .expect("a sender")
}

#[tokio::test]
async fn mail_goes_over_tls_from_the_first_byte() {
    let server = SmtpServer::start(SmtpSecurity::Tls, Some(("ada", "p@ss word"))).await;
    let sent = mail("ada@example.com");
    smtp(&server, "smtps", "ada:p%40ss%20word@").send(sent.clone()).await.expect("sent");
    let [received] = &server.received()[..] else { panic!("one mail") };
    assert!(received.secure);
    assert_eq!((received.from.as_str(), &received.to), ("no-reply@example.com", &vec!["ada@example.com".to_owned()]));
    assert_eq!(received.hello, "example.com");
    for header in [
        "From: Portcullis <no-reply@example.com>\r\n".to_owned(),
        "To: ada@example.com\r\n".to_owned(),
        format!("Message-ID: <{}@example.com>\r\n", sent.id),
        "Auto-Submitted: auto-generated\r\n".to_owned(),
        "Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n".to_owned(),
        "multipart/alternative".to_owned(),
    ] {
        assert!(received.data.contains(&header), "{header} in {}", received.data);
    }
    assert!(!received.data.contains("\r\nBcc:"), "a subject is no place for headers: {}", received.data);
}

#[tokio::test]
async fn mail_changes_to_tls_and_is_not_sent_where_it_cannot() {
    let server = SmtpServer::start(SmtpSecurity::StartTls, Some(("ada", "secret"))).await;
    let explicit = format!("smtp://ada:secret@localhost:{}?tls=required", server.port());
    let sender = |url: &str, ca: Option<&[u8]>| Smtp::new(&Secret::new(url.into()), "no-reply@example.com", ca);
    let trusting = sender(&explicit, Some(server.certificate().as_bytes())).expect("a sender");
    trusting.send(mail("ada@example.com")).await.expect("sent");
    assert!(server.received()[0].secure);
    // Nobody vouches for this server.
    let wary = sender(&explicit, None).expect("a sender");
    assert!(matches!(wary.send(mail("ada@example.com")).await, Err(SendError::Later(_))));
    // Somebody took the offer of STARTTLS away.
    let stripped = SmtpServer::start(SmtpSecurity::None, None).await;
    let url = format!("smtp://localhost:{}?tls=required", stripped.port());
    let refused = sender(&url, None).expect("a sender").send(mail("ada@example.com")).await;
    assert!(matches!(refused, Err(SendError::Later(_))), "{refused:?}");
    assert!(stripped.received().is_empty() && server.received().len() == 1);
}

#[tokio::test]
async fn a_server_on_this_machine_needs_no_tls() {
    let server = SmtpServer::start(SmtpSecurity::None, None).await;
    smtp(&server, "smtp", "").send(mail("ada@example.com")).await.expect("sent");
    let received = &server.received()[0];
    assert!(!received.secure);
    assert!(received.data.contains("Hallo =C3=84d=C3=A4") || received.data.contains("Hallo Ädä"), "{}", received.data);
}

#[tokio::test]
async fn what_servers_say_decides_whether_to_try_again() {
    let server = SmtpServer::start(SmtpSecurity::None, None).await;
    let sender = smtp(&server, "smtp", "");
    assert!(
        matches!(sender.send(mail("refused@example.com")).await, Err(SendError::Never(r)) if r.contains("no such user"))
    );
    assert!(matches!(sender.send(mail("later@example.com")).await, Err(SendError::Later(_))));
    // A wrong password is the operator's fault, not the mail's.
    let closed = SmtpServer::start(SmtpSecurity::Tls, Some(("ada", "right"))).await;
    let refused = smtp(&closed, "smtps", "ada:wrong@").send(mail("ada@example.com")).await;
    assert!(matches!(&refused, Err(SendError::Later(_))), "{refused:?}");
    let port = { std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port() };
    let nobody = Smtp::new(&Secret::new(format!("smtp://localhost:{port}")), "a@example.com", None).expect("a sender");
    assert!(matches!(nobody.send(mail("ada@example.com")).await, Err(SendError::Later(_))));
}

#[test]
fn urls_that_would_expose_a_password_are_refused() {
    for good in
        ["smtps://u:p@mail.example.com", "smtp://mail.example.com", "smtp://127.0.0.1:1025", "smtp://u:p@[::1]:25"]
    {
        check_url(good).expect(good);
    }
    for (bad, why) in [
        ("smtp://u:p@mail.example.com?tls=none", InvalidMailUrl::Exposed),
        ("smtps://mail.example.com?tls=none", InvalidMailUrl::Parameter),
        ("smtp://mail.example.com?tls=opportunistic", InvalidMailUrl::Parameter),
        ("smtp://user@mail.example.com", InvalidMailUrl::Form),
        ("http://mail.example.com", InvalidMailUrl::Form),
        ("smtps://", InvalidMailUrl::Form),
        ("mail.example.com", InvalidMailUrl::Form),
        ("smtps://mail.example.com/path", InvalidMailUrl::Form),
    ] {
        assert_eq!(check_url(bad), Err(why), "{bad}");
    }
    assert!(check_from("Example <a@example.com>").is_ok() && check_from("nobody").is_err());
    assert!(matches!(
        Smtp::new(&Secret::new("smtps://h".into()), "a@example.com", Some(b"no certificate")),
        Err(InvalidMailUrl::Certificate)
    ));
}

/// A service that answers as Twilio's documentation shows, by the number that is written to.
async fn twilio() -> (String, Arc<Mutex<Vec<(String, String)>>>) {
    type Seen = Arc<Mutex<Vec<(String, String)>>>;
    async fn messages(
        AxumState(seen): AxumState<Seen>,
        headers: HeaderMap,
        body: String,
    ) -> (http::StatusCode, String) {
        let authorization = headers["authorization"].to_str().expect("text").to_owned();
        let to = url::form_urlencoded::parse(body.as_bytes()).find(|(k, _)| k == "To").expect("To").1.into_owned();
        let known = authorization == "Basic QUMxMjM6dG9rZW4=";
        seen.lock().expect("seen").push((authorization, body));
        let error = |status: u16, code: i64, message: &str| {
            let status = http::StatusCode::from_u16(status).expect("a status");
            let body = serde_json::json!({"code": code, "message": message, "status": status.as_u16(),
                "more_info": format!("https://www.twilio.com/docs/errors/{code}")});
            (status, body.to_string())
        };
        match to.as_str() {
            _ if !known => error(401, 20_003, "Authenticate"),
            "+15005550001" => error(400, 21_211, "The 'To' number +15005550001 is not a valid phone number."),
            "+15005550002" => error(429, 20_429, "Too Many Requests"),
            "+15005550003" => (http::StatusCode::BAD_GATEWAY, "<html>".to_owned()),
            _ => (http::StatusCode::CREATED, serde_json::json!({"sid": "SM1", "status": "queued"}).to_string()),
        }
    }
    let seen = Seen::default();
    let app = Router::new().route("/2010-04-01/Accounts/AC123/Messages.json", post(messages)).with_state(seen.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    (format!("http://{addr}"), seen)
}

#[tokio::test]
async fn text_messages_go_by_a_service_that_speaks_twilios_api() {
    let (url, seen) = twilio().await;
    let sender = Twilio::new(&url, "AC123", &Secret::new("token".into()), "+15005550006").expect("a sender");
    sender.send(sms("+14155552671")).await.expect("sent");
    let (_, body) = seen.lock().expect("seen")[0].clone();
    assert_eq!(body, "From=%2B15005550006&To=%2B14155552671&Body=Your+code+%26+more%3A+123456");
    let refused = sender.send(sms("+15005550001")).await;
    assert!(matches!(&refused, Err(SendError::Never(r)) if r.contains("21211")), "{refused:?}");
    for later in ["+15005550002", "+15005550003"] {
        assert!(matches!(sender.send(sms(later)).await, Err(SendError::Later(_))), "{later}");
    }
    let stranger = Twilio::new(&url, "AC123", &Secret::new("wrong".into()), "+15005550006").expect("a sender");
    assert!(matches!(stranger.send(sms("+14155552671")).await, Err(SendError::Later(_))));
    assert!(!format!("{sender:?}").contains("token"), "{sender:?}");
}

#[test]
fn the_service_is_spoken_to_over_tls() {
    for good in ["https://api.twilio.com", "http://127.0.0.1:9", "http://localhost:9/base"] {
        Twilio::check_url(good).expect(good);
    }
    for bad in ["http://api.twilio.com", "https://u:p@api.twilio.com", "ftp://x", "https://x?y", "x"] {
        assert!(Twilio::check_url(bad).is_err(), "{bad}");
    }
    let make = |account: &str, token: &str| Twilio::new("https://x.example", account, &Secret::new(token.into()), "x");
    assert!(
        make("../x", "t").is_err() && make("AC", "a:b").is_err() && make("", "t").is_err() && make("AC", "t").is_ok()
    );
}

#[tokio::test]
async fn files_hold_one_message_each_for_their_owner_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = Files::new(folder.path().join("data/outbox"));
    let sent = mail("ada@example.com");
    crate::outbox::MailSender::send(&files, sent.clone()).await.expect("written");
    crate::outbox::MailSender::send(&files, sent).await.expect("the same one again");
    crate::outbox::SmsSender::send(&files, sms("+14155552671")).await.expect("written");
    let mut entries: Vec<_> = std::fs::read_dir(folder.path().join("data/outbox"))
        .expect("the folder")
        .map(|e| e.expect("an entry"))
        .collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    assert_eq!(entries.len(), 2);
    for entry in &entries {
        assert_eq!(entry.metadata().expect("metadata").permissions().mode() & 0o777, 0o600);
    }
    let texts: Vec<String> = entries.iter().map(|e| std::fs::read_to_string(e.path()).expect("text")).collect();
    assert!(texts.iter().any(|t| t.starts_with("To: ada@example.com\nSubject: Grüße")), "{texts:?}");
    assert!(texts.iter().any(|t| t.contains("123456")), "{texts:?}");
}
