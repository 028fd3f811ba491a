//! A tenant's decisions.

use http::Method;
use serde_json::json;

use crate::testing::TestCore;

crate::testing::on_both_databases! {
    a_tenant_decides_for_itself;
    what_a_change_does_not_name_stays;
}

async fn a_tenant_decides_for_itself(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    let acme = node.new_tenant("acme").await;
    let other = node.person_of(&acme, "boss@acme.example", &["admin"]).await;
    let path = "/api/v1/admin/settings";
    let default = json!({"language": "en", "verified_login": false, "new_login_mail": true, "account_deletion": true, "signup_work": 0,
        "mfa": {"required": "optional", "roles": [], "trust_days": 30}, "sessions": {"when_full": "end_oldest"}});
    assert_eq!(node.get(path).bearer(&boss.token).send().await.expect(200), default);
    let change = json!({"language": "cs"});
    let changed = node.call(Method::PATCH, path).json(&change).bearer(&boss.token).send().await.expect(200);
    let mut wanted = default.clone();
    wanted["language"] = json!("cs");
    assert_eq!(changed, wanted);
    assert_eq!(node.get(path).bearer(&boss.token).send().await.expect(200), changed);
    assert_eq!(node.get(path).bearer(&other.token).send().await.expect(200), default, "nobody else's");
    for wrong in
        [json!({"language": "xx"}), json!({"languag": "cs"}), json!({"verified_login": 1}), json!({"signup_work": -1})]
    {
        let refused = node.call(Method::PATCH, path).json(&wrong).bearer(&boss.token).send().await;
        refused.expect_problem(400, "request.malformed");
    }
    // Messages to people who asked for no language are in the tenant's.
    node.mails().await;
    let body = json!({"email": "ada@example.com", "password": crate::testing::PASSWORD});
    node.post("/api/v1/auth/register", &body).send().await.expect(201);
    node.post("/api/v1/auth/register", &body).header("accept-language", "de, en;q=0.5").send().await.expect(201);
    let mut subjects: Vec<String> = node.mails().await.into_iter().map(|m| m.subject).collect();
    subjects.sort();
    assert_eq!(subjects, ["Potvrďte svou e-mailovou adresu", "Sie haben bereits ein Konto bei Default"]);
    assert_eq!(node.audited(node.tenant().id, "settings.changed").await, 1);
}

async fn what_a_change_does_not_name_stays(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    let change = async |body: serde_json::Value| {
        node.call(Method::PATCH, "/api/v1/admin/settings").json(&body).bearer(&boss.token).send().await
    };
    let mfa = json!({"required": "always", "roles": ["admin"], "trust_days": 30});
    assert_eq!(change(json!({"mfa": {"required": "always", "roles": ["admin"]}})).await.expect(200)["mfa"], mfa);
    let shorter = change(json!({"mfa": {"trust_days": 7}})).await.expect(200);
    assert_eq!(shorter["mfa"], json!({"required": "always", "roles": ["admin"], "trust_days": 7}));

    let limits = json!({"idle_minutes": 30, "absolute_hours": 12, "at_once": 3});
    change(json!({ "sessions": limits })).await.expect(200);
    let changed = change(json!({"sessions": {"idle_minutes": 20, "at_once": null}})).await.expect(200);
    assert_eq!(changed["sessions"], json!({"idle_minutes": 20, "absolute_hours": 12, "when_full": "end_oldest"}));
    // Judged with what stays, and together with everything else that is wrong.
    let refused = change(json!({"sessions": {"idle_minutes": 721}, "mfa": {"roles": ["admin", "nobody"]}})).await;
    let told = refused.expect_problem(400, "request.invalid");
    let mut found: Vec<_> =
        told["errors"].as_array().expect("errors").iter().map(|e| (&e["field"], &e["code"])).collect();
    found.sort_by_key(|(field, _)| field.to_string());
    let wanted = [("/mfa/roles/1", "unknown_role"), ("/sessions/absolute_hours", "too_small")];
    assert_eq!(
        found,
        wanted.map(|(field, code)| (json!(field), json!(code))).iter().map(|(a, b)| (a, b)).collect::<Vec<_>>()
    );
    let told = change(json!({"mfa": {"required": "never"}})).await.expect_problem(400, "request.invalid");
    assert_eq!(told["errors"][0]["field"], "/mfa/roles");
    change(json!({"mfa": {"required": "never", "roles": []}})).await.expect(200);
}
