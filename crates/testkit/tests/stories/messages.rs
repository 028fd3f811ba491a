//! Mail and text messages through the whole program, and by real servers.

use serde_json::{Value, json};
use testkit::{Answer, Backend, TestApp};
use testservers::{SmtpSecurity, SmtpServer};

async fn test_message(app: &TestApp, channel: &str, to: &str) -> Answer {
    app.admin_call("POST", "/api/v1/admin/messages/test", &json!({"channel": channel, "to": to})).await
}

/// The message, once it has been tried.
async fn settled(app: &TestApp, id: &Value) -> Value {
    let path = format!("/api/v1/admin/messages/{}", id.as_str().expect("an id"));
    loop {
        let message = app.admin_get(&path).await.expect(200).json;
        if message["attempts"] != 0 && (message["status"] != "waiting" || !message["last_error"].is_null()) {
            return message;
        }
        tokio::task::yield_now().await;
    }
}

const LIMITS: &str = "[identity.limits]\nip = [\"100000/minute\"]\nuser = [\"100000/minute\"]\n";

async fn an_administrator_tries_out_whether_messages_arrive(backend: Backend) {
    let app = TestApp::builder().backend(backend).start().await;
    test_message(&app, "mail", "ops@example.com").await.expect(202);
    let mail = app.mail_to("ops@example.com").await;
    assert_eq!(mail.subject, "Test message from Default");
    assert!(mail.html.contains("prefers-color-scheme: dark") && mail.text.contains("http://portcullis.test"));
    test_message(&app, "sms", "+49 30 123456").await.expect(202);
    assert!(app.sms_to("+4930123456").await.text.contains("Default"));
    assert!(app.unread().is_empty());
    // A stranger's number is not rung for ever.
    for _ in 0..4 {
        test_message(&app, "sms", "+4930123456").await.expect(202);
    }
    let refused = test_message(&app, "sms", "+4930123456").await.expect_problem(429, "message.limited");
    assert!(!refused.header("retry-after").is_empty());
}

#[tokio::test]
async fn messages_on_sqlite() {
    an_administrator_tries_out_whether_messages_arrive(Backend::SqliteAndMemory).await;
}

#[tokio::test]
async fn messages_on_postgresql() {
    an_administrator_tries_out_whether_messages_arrive(Backend::PostgresAndRedis).await;
}

#[tokio::test]
async fn mail_leaves_by_the_configured_server_over_tls() {
    let server = SmtpServer::start(SmtpSecurity::StartTls, Some(("portcullis", "p@ss"))).await;
    let folder = tempfile::tempdir().expect("a folder");
    let authority = folder.path().join("ca.pem");
    std::fs::write(&authority, server.certificate()).expect("written");
    let config = format!(
        "{LIMITS}\n[mail]\nurl = \"smtp://portcullis:p%40ss@localhost:{}?tls=required\"\nfrom = \"Example <id@example.com>\"\nca_file = \"{}\"\n",
        server.port(),
        authority.display()
    );
    let app = TestApp::builder().config(&config).configured_senders().start().await;
    let sent = test_message(&app, "mail", "ada@example.com").await.expect(202).json;
    assert_eq!(settled(&app, &sent["id"]).await["status"], "sent");
    let received = server.received();
    assert_eq!((received.len(), received[0].secure, received[0].from.as_str()), (1, true, "id@example.com"));

    let refused = test_message(&app, "mail", "refused@example.com").await.expect(202).json;
    let dead = settled(&app, &refused["id"]).await;
    assert_eq!(dead["status"], "dead");
    assert!(dead["last_error"].as_str().is_some_and(|e| e.contains("no such user")), "{dead}");
    let waiting = test_message(&app, "mail", "later@example.com").await.expect(202).json;
    let waiting = settled(&app, &waiting["id"]).await;
    assert_eq!((&waiting["status"], &waiting["attempts"]), (&json!("waiting"), &json!(1)));
}

#[tokio::test]
async fn without_a_server_messages_are_files_in_the_data_directory() {
    let app = TestApp::builder().config(LIMITS).configured_senders().start().await;
    let sent = test_message(&app, "mail", "ada@example.com").await.expect(202).json;
    assert_eq!(settled(&app, &sent["id"]).await["status"], "sent");
    let files: Vec<_> = std::fs::read_dir(app.data_dir().join("outbox")).expect("a folder").collect();
    let [Ok(file)] = &files[..] else { panic!("one file: {files:?}") };
    assert!(std::fs::read_to_string(file.path()).expect("text").starts_with("To: ada@example.com\n"));
}
