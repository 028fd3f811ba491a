//! The life of a letter, on both databases.

use std::time::Duration;

use futures_util::future::join_all;
use kernel::{MessageId, OsRandom};
use serde_json::{Value as Json, json};
use storage::{StoreError, params};

use super::{model::wait_after, *};
use crate::{language::Language, templates::Name, testing::TestCore};

crate::testing::on_both_databases! {
    a_letter_leaves_once_and_is_sealed_until_then;
    a_unit_that_fails_sends_nothing;
    workers_of_many_nodes_send_every_letter_once;
    what_cannot_be_sent_yet_is_tried_less_and_less_often;
    what_is_refused_is_dead_and_an_administrator_has_it_sent_again;
    what_does_not_hold_any_more_is_not_sent;
    a_void_letter_never_leaves_and_is_never_shown;
    old_messages_are_dropped;
    administrators_see_messages_of_their_own_tenant;
}

const DAY: Duration = Duration::from_secs(86_400);

/// Writes a letter of the default tenant.
async fn write(node: &TestCore, letter: Letter, fate: Fate) -> MessageId {
    let post = Post::new(&node.core);
    let work = node
        .core
        .store
        .tenant(node.tenant().id)
        .write(move |tx| Box::pin(async move { post.write(tx, letter, fate).await }));
    work.await.map_err(|e: StoreError| e).expect("written")
}

fn verification(to: &str) -> Letter {
    Letter::mail(Name::VerifyEmail, Language::En, to)
        .with("link", "https://x.example/?token=s3cret")
        .with("code", "424242")
        .valid_for(DAY)
}

async fn of_rows(node: &TestCore, what: &'static str) -> i64 {
    let sql = format!("SELECT count(*) FROM outbox WHERE tenant_id = $1 AND {what}");
    let work = node
        .core
        .store
        .tenant(node.tenant().id)
        .read(move |tx| Box::pin(async move { tx.query_opt(&sql, params![]).await }));
    work.await.map_err(|e: StoreError| e).expect("rows").expect("a row").get(0).expect("a number")
}

async fn a_letter_leaves_once_and_is_sealed_until_then(node: TestCore) {
    let id = write(&node, verification("ada@example.com"), Fate::Send).await;
    let sealed = node.core.store.tenant(node.tenant().id).read(move |tx| {
        Box::pin(async move {
            tx.query_opt("SELECT sealed FROM outbox WHERE tenant_id = $1 AND id = $2", params![id]).await
        })
    });
    let sealed = sealed.await.map_err(|e: StoreError| e).expect("read").expect("a row").get::<Vec<u8>>(0);
    let sealed = sealed.expect("bytes");
    for secret in [&b"424242"[..], b"s3cret"] {
        assert!(!sealed.windows(secret.len()).any(|w| w == secret), "what it says is sealed");
    }
    let [mail] = &node.mails().await[..] else { panic!("one mail") };
    assert_eq!((mail.id, mail.to.as_str()), (id, "ada@example.com"));
    assert!(
        mail.text.contains("424242") && mail.html.contains("424242") && mail.text.contains("24 hours"),
        "{}",
        mail.text
    );
    assert!(node.mails().await.is_empty(), "it leaves once");
    assert_eq!(of_rows(&node, "status = 'sent' AND sealed IS NULL").await, 1, "what it said is forgotten");
}

async fn a_unit_that_fails_sends_nothing(node: TestCore) {
    let post = Post::new(&node.core);
    let work = node.core.store.tenant(node.tenant().id).write(move |tx| {
        Box::pin(async move {
            post.write(tx, verification("ada@example.com"), Fate::Send).await?;
            Err::<(), _>(StoreError::Misuse("a test"))
        })
    });
    work.await.expect_err("it fails");
    assert!(node.mails().await.is_empty());
}

async fn workers_of_many_nodes_send_every_letter_once(node: TestCore) {
    let other = node.another_node().await;
    for i in 0..40 {
        write(&node, verification(&format!("u{i}@example.com")), Fate::Send).await;
    }
    let workers = (0..10).map(|i| deliver_due(if i % 2 == 0 { &node.core } else { &other.core }));
    let attempts: u64 = join_all(workers).await.into_iter().map(|n| n.expect("delivered")).sum();
    let mut sent: Vec<String> = node.mails().await.into_iter().chain(other.mails().await).map(|m| m.to).collect();
    assert_eq!((attempts, sent.len()), (40, 40));
    sent.sort();
    sent.dedup();
    assert_eq!(sent.len(), 40, "nobody got it twice");
}

async fn what_cannot_be_sent_yet_is_tried_less_and_less_often(node: TestCore) {
    node.inbox.refuse(Some(SendError::Later("the server is away".into())));
    write(&node, verification("ada@example.com"), Fate::Send).await;
    assert_eq!(deliver_due(&node.core).await.expect("tried"), 1);
    assert_eq!(deliver_due(&node.core).await.expect("tried"), 0, "not at once again");
    let health = checks(&node.core);
    assert_eq!(health[0].check().await, Err("the server is away".into()));
    assert_eq!(health[1].check().await, Ok(()), "nothing is known against text messages");
    node.clock.advance(Duration::from_secs(20));
    assert_eq!(deliver_due(&node.core).await.expect("tried"), 1);
    node.clock.advance(Duration::from_secs(20));
    assert_eq!(deliver_due(&node.core).await.expect("tried"), 0, "the second time is longer");
    node.inbox.refuse(None);
    node.clock.advance(Duration::from_secs(60));
    assert_eq!(node.mails().await.len(), 1);
    assert_eq!(health[0].check().await, Ok(()));
}

async fn what_is_refused_is_dead_and_an_administrator_has_it_sent_again(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    node.mails().await;
    node.inbox.refuse(Some(SendError::Never("no such user".into())));
    let id = write(&node, verification("ada@example.com"), Fate::Send).await;
    node.mails().await;
    let path = format!("/api/v1/admin/messages/{id}");
    let dead = node.get(&path).bearer(&boss.token).send().await.expect(200);
    assert_eq!(
        (&dead["status"], &dead["last_error"], &dead["attempts"]),
        (&json!("dead"), &json!("no such user"), &json!(1))
    );
    let list = node.get("/api/v1/admin/messages?status=dead&channel=mail").bearer(&boss.token).send().await.expect(200);
    assert_eq!(list["items"].as_array().expect("items").len(), 1);
    assert!(!list.to_string().contains("424242"), "nobody is told what it says");

    node.inbox.refuse(None);
    let retry = format!("{path}/retry");
    let again = node.post(&retry, &json!({})).bearer(&boss.token).send().await.expect(202);
    assert_eq!((&again["status"], &again["attempts"]), (&json!("waiting"), &json!(0)));
    assert_eq!(node.mails().await.len(), 1);
    node.post(&retry, &json!({})).bearer(&boss.token).send().await.expect_problem(409, "message.not_dead");
    assert_eq!(node.audited(node.tenant().id, "message.retried").await, 1);
}

async fn what_does_not_hold_any_more_is_not_sent(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    let id = write(&node, verification("ada@example.com"), Fate::Send).await;
    node.clock.advance(DAY);
    assert!(node.mails().await.iter().all(|m| m.to != "ada@example.com"));
    assert_eq!(of_rows(&node, "status = 'dead' AND template = 'verify_email'").await, 1);
    let token = node.login(&boss).await;
    let retry = format!("/api/v1/admin/messages/{id}/retry");
    node.post(&retry, &json!({})).bearer(&token).send().await.expect_problem(409, "message.expired");
}

async fn a_void_letter_never_leaves_and_is_never_shown(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    node.mails().await;
    let id = write(&node, verification("ada@example.com"), Fate::Void).await;
    assert!(node.mails().await.is_empty());
    let path = format!("/api/v1/admin/messages/{id}");
    node.get(&path).bearer(&boss.token).send().await.expect_problem(404, "not_found");
    node.post(&format!("{path}/retry"), &json!({})).bearer(&boss.token).send().await.expect_problem(404, "not_found");
}

async fn old_messages_are_dropped(node: TestCore) {
    write(&node, verification("ada@example.com"), Fate::Send).await;
    node.mails().await;
    node.inbox.refuse(Some(SendError::Never("no".into())));
    write(&node, verification("eve@example.com"), Fate::Send).await;
    node.mails().await;
    write(&node, verification("nobody@example.com"), Fate::Void).await;
    node.clock.advance(6 * DAY);
    assert_eq!(sweep(&node.core).await.expect("swept"), 0);
    node.clock.advance(2 * DAY);
    assert_eq!(sweep(&node.core).await.expect("swept"), 2);
    assert_eq!(of_rows(&node, "status = 'dead'").await, 1, "somebody has yet to notice");
    node.clock.advance(30 * DAY);
    assert_eq!(sweep(&node.core).await.expect("swept"), 1);
}

async fn administrators_see_messages_of_their_own_tenant(node: TestCore) {
    let acme = node.new_tenant("acme").await;
    let boss = node.person_of(&acme, "boss@acme.example", &["admin"]).await;
    let id = write(&node, verification("ada@example.com"), Fate::Send).await;
    let path = format!("/api/v1/admin/messages/{id}");
    node.get(&path).bearer(&boss.token).send().await.expect_problem(404, "not_found");
    let user = node.person("user@example.com", &["user"]).await;
    node.get(&path).bearer(&user.token).send().await.expect_problem(403, "permission.denied");
    node.get("/api/v1/admin/messages?status=void")
        .bearer(&boss.token)
        .send()
        .await
        .expect_problem(400, "request.invalid");
}

async fn test_message(node: &TestCore, token: &str, channel: &str, to: &str) -> crate::testing::Reply {
    let body = json!({"channel": channel, "to": to, "language": "de"});
    node.post("/api/v1/admin/messages/test", &body).bearer(token).send().await
}

#[tokio::test]
async fn test_messages_tell_whether_mail_and_text_messages_arrive() {
    let node = TestCore::start().await;
    let boss = node.person("boss@example.com", &["admin"]).await;
    node.mails().await;
    let accepted: Json = test_message(&node, &boss.token, "mail", "Ops@example.com").await.expect(202);
    assert_eq!((&accepted["status"], &accepted["recipient"]), (&json!("waiting"), &json!("ops@example.com")));
    let [mail] = &node.mails().await[..] else { panic!("one mail") };
    assert_eq!(mail.subject, "Testnachricht von Default");
    test_message(&node, &boss.token, "sms", "+49 30 123456").await.expect(202);
    let [text] = &node.texts().await[..] else { panic!("one text message") };
    assert_eq!(text.to, "+4930123456");
    test_message(&node, &boss.token, "sms", "12345").await.expect_problem(400, "request.invalid");
    test_message(&node, &boss.token, "mail", "nobody").await.expect_problem(400, "request.invalid");
}

#[tokio::test]
async fn text_messages_are_counted_by_number_person_and_tenant() {
    let node = TestCore::start().await;
    let boss = node.person("boss@example.com", &["admin"]).await;
    let before = node.limiter.asked().len();
    test_message(&node, &boss.token, "sms", "+4930123456").await.expect(202);
    let asked = node.limiter.asked()[before..].to_vec();
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(asked.iter().all(|key| !key.contains("30123456")), "no number in the limiter's keys: {asked:?}");
    assert!(asked[1].contains(&boss.id.to_string()) && asked[2].contains(&boss.tenant.id.to_string()));
    node.limiter.refuse(true);
    test_message(&node, &boss.token, "sms", "+4930123456").await.expect_problem(429, "message.limited");
    test_message(&node, &boss.token, "mail", "ada@example.com").await.expect_problem(429, "message.limited");
}

#[test]
fn waits_grow_threefold_and_differ() {
    let random = OsRandom::new();
    for (attempt, least, most) in [(1, 11, 19), (2, 33, 57), (3, 101, 169), (9, 5_400, 9_000), (u32::MAX, 5_400, 9_000)]
    {
        for _ in 0..50 {
            let wait = wait_after(attempt, &random).as_secs();
            assert!((least..=most).contains(&wait), "{attempt}: {wait}");
        }
    }
    let waits: std::collections::BTreeSet<Duration> = (0..50).map(|_| wait_after(5, &random)).collect();
    assert!(waits.len() > 5);
}

/// A lease that is over: the node that was too slow must not overwrite what the other one did.
#[tokio::test]
async fn whoever_was_slower_than_their_lease_changes_nothing() {
    let node = TestCore::start().await;
    write(&node, verification("ada@example.com"), Fate::Send).await;
    let claim = async || {
        let now = node.core.now();
        let lease = Duration::from_secs(180);
        let work = node.core.store.system().write(move |tx| Box::pin(store::claim(tx, 8, lease, now)));
        work.await.map_err(|e: StoreError| e).expect("claimed")
    };
    let slow = claim().await.pop().expect("a letter");
    assert!(claim().await.is_empty(), "it is held");
    node.clock.advance(Duration::from_secs(181));
    assert_eq!(node.mails().await.len(), 1);
    let (now, id, attempt) = (node.core.now(), slow.id, slow.attempt);
    let outcome = store::Outcome::Dead("too late".into());
    let work =
        node.core.store.tenant(slow.tenant).write(move |tx| Box::pin(store::finish(tx, id, attempt, outcome, now)));
    assert!(!work.await.map_err(|e: StoreError| e).expect("asked"));
    assert_eq!(of_rows(&node, "status = 'sent'").await, 1);
}
