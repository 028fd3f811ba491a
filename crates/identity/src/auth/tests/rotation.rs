//! Refresh tokens: used once, by whoever is first; used twice, the session is over.

use std::collections::HashSet;

use futures_util::future::join_all;
use kernel::{TenantId, edge::Tenant};

use super::*;
use crate::{sessions::bearer, tokens::PREFIX};

const GRACE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_refresh_token_is_followed_by_another() {
    let node = TestCore::start().await;
    let first = newcomer(&node, "ada@example.com").await;
    let second = refresh(&node, &first["refresh_token"]).await.expect(200);
    assert_eq!(shape(&first), shape(&second), "as login");
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_ne!(first["access_token"], second["access_token"]);
    let principal = node.judge(text(&second["access_token"])).expect("accepted");
    assert_eq!(principal.session, node.judge(text(&first["access_token"])).expect("accepted").session);
    refresh(&node, &second["refresh_token"]).await.expect(200);
}

#[tokio::test]
async fn two_tabs_at_once_get_the_same_successor() {
    let node = TestCore::start().await;
    let tokens = newcomer(&node, "ada@example.com").await;
    let first = refresh(&node, &tokens["refresh_token"]).await.expect(200);
    node.clock.advance(GRACE - Duration::from_secs(1));
    let again = refresh(&node, &tokens["refresh_token"]).await.expect(200);
    assert_eq!(first["refresh_token"], again["refresh_token"]);
    refresh(&node, &again["refresh_token"]).await.expect(200);
}

#[tokio::test]
async fn a_stolen_token_ends_the_session_for_thief_and_owner() {
    let node = TestCore::start().await;
    let stolen = newcomer(&node, "ada@example.com").await;
    let elsewhere = login(&node, "ada@example.com").await;
    let owners = refresh(&node, &stolen["refresh_token"]).await.expect(200);
    node.clock.advance(GRACE);
    refresh(&node, &stolen["refresh_token"]).await.expect_problem(401, "session.reused");
    // The whole family is out, and so are its access tokens, at once and on a node that starts later.
    refresh(&node, &owners["refresh_token"]).await.expect_problem(401, "session.reused");
    refresh(&node, &stolen["refresh_token"]).await.expect_problem(401, "session.reused");
    assert!(node.judge(text(&owners["access_token"])).is_err());
    assert!(node.another_node().await.judge(text(&owners["access_token"])).is_err());
    assert_eq!(audited(&node, "session.reuse_detected").await, 1, "told once");
    // Other sessions go on.
    refresh(&node, &elsewhere["refresh_token"]).await.expect(200);
}

#[tokio::test]
async fn fifty_at_once_leave_one_successor() {
    one_successor(&TestCore::start().await).await;
}

#[tokio::test]
async fn fifty_at_once_leave_one_successor_on_postgres() {
    one_successor(&TestCore::start_on_postgres(crate::testing::settings()).await).await;
}

async fn one_successor(node: &TestCore) {
    let tokens = newcomer(node, "ada@example.com").await;
    let replies = join_all((0..50).map(|_| refresh(node, &tokens["refresh_token"]))).await;
    let successors: HashSet<String> =
        replies.into_iter().map(|r| text(&r.expect(200)["refresh_token"]).to_owned()).collect();
    assert_eq!(successors.len(), 1);
    assert_eq!(count(node, "refresh_tokens WHERE used_at IS NULL").await, 1);
    assert_eq!(count(node, "refresh_tokens WHERE 1 = 1").await, 2);
}

/// Without a grace window all but the first are reuse: the session is over, whoever was first.
#[tokio::test]
async fn fifty_at_once_without_a_grace_window_leave_none() {
    none_is_left(&TestCore::start_with(without_grace()).await).await;
}

#[tokio::test]
async fn fifty_at_once_without_a_grace_window_leave_none_on_postgres() {
    none_is_left(&TestCore::start_on_postgres(without_grace()).await).await;
}

fn without_grace() -> crate::Settings {
    let mut settings = crate::testing::settings();
    settings.tokens.refresh_grace = Duration::ZERO;
    settings
}

async fn none_is_left(node: &TestCore) {
    let tokens = newcomer(node, "ada@example.com").await;
    let replies = join_all((0..50).map(|_| refresh(node, &tokens["refresh_token"]))).await;
    assert_eq!(replies.iter().filter(|r| r.status == 200).count(), 1);
    assert_eq!(replies.iter().filter(|r| r.code() == "session.reused").count(), 49);
    assert_eq!(count(node, "sessions WHERE revoked_at IS NULL").await, 0);
    assert_eq!(audited(node, "session.reuse_detected").await, 1);
}

#[tokio::test]
async fn what_is_no_refresh_token_of_this_tenant_is_refused() {
    let node = TestCore::start().await;
    let tokens = newcomer(&node, "ada@example.com").await;
    let token = text(&tokens["refresh_token"]);
    let unknown = bearer::write(PREFIX, node.tenant().id, &[1; 32]);
    for wrong in
        ["", "prt_", &token[..token.len() - 1], &format!("{token}A"), text(&tokens["access_token"]), unknown.expose()]
    {
        refresh(&node, &json!(wrong)).await.expect_problem(401, "refresh_token.invalid");
    }
    refresh(&node, &json!(token)).await.expect(200);
}

/// The gate resolved another tenant: there the token is nothing, whatever it says about itself.
#[tokio::test]
async fn a_token_of_another_tenant_is_refused() {
    let node = TestCore::start().await;
    let tokens = newcomer(&node, "ada@example.com").await;
    let own = node.tenant();
    let other =
        std::sync::Arc::new(Tenant { id: TenantId::new(node.core.now(), &*node.core.random), ..Tenant::clone(&own) });
    let body = json!({"refresh_token": tokens["refresh_token"]});
    let reply = node.post("/api/v1/auth/refresh", &body).tenant(&other).send().await;
    reply.expect_problem(401, "refresh_token.invalid");
    // Rewritten to name the tenant of the request, it is in nobody's table.
    let bytes = bearer::write(PREFIX, other.id, &[0; 32]);
    let forged = format!("{}{}", &bytes.expose()[..26], &text(&tokens["refresh_token"])[26..]);
    let reply = node.post("/api/v1/auth/refresh", &json!({"refresh_token": forged})).tenant(&other).send().await;
    reply.expect_problem(401, "refresh_token.invalid");
    refresh(&node, &tokens["refresh_token"]).await.expect(200);
}

#[tokio::test]
async fn a_disabled_user_does_not_refresh() {
    let node = TestCore::start().await;
    let tokens = newcomer(&node, "ada@example.com").await;
    set_status(&node, user_id(&tokens), UserStatus::Disabled).await;
    refresh(&node, &tokens["refresh_token"]).await.expect_problem(401, "session.ended");
    set_status(&node, user_id(&tokens), UserStatus::Active).await;
    refresh(&node, &tokens["refresh_token"]).await.expect(200);
}

#[tokio::test]
async fn idle_and_absolute_limits_hold() {
    let node = TestCore::start().await;
    let limits = node.core.settings.sessions.clone();
    let idle = newcomer(&node, "ada@example.com").await;
    let mut busy = login(&node, "ada@example.com").await;
    let step = limits.idle / 2;
    let steps = limits.absolute.as_secs() / step.as_secs();
    for i in 1..steps {
        node.clock.advance(step);
        busy = refresh(&node, &busy["refresh_token"]).await.expect(200);
        if i == 2 {
            refresh(&node, &idle["refresh_token"]).await.expect_problem(401, "session.expired");
        }
    }
    // Near the end the access token ends with the session, too.
    node.clock.advance(step - MINUTE);
    busy = refresh(&node, &busy["refresh_token"]).await.expect(200);
    assert_eq!(busy["expires_in"], 60);
    node.clock.advance(MINUTE);
    refresh(&node, &busy["refresh_token"]).await.expect_problem(401, "session.expired");
}
