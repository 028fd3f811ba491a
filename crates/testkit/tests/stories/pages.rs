//! The pages that people see, through the whole gate and without scripts.

use testkit::{Browser, PASSWORD, Page, TestApp};

const SESSION: &str = "__Host-portcullis_session";

/// Signs in by the pages, as far as they let.
pub(crate) async fn sign_in(browser: &mut Browser<'_>, start: &str, login: &str, password: &str) -> Page {
    let page = browser.open(start).await.expect(200);
    let page = browser.submit(&page, "/ui/login", &[("login", login)]).await.expect(200);
    browser.submit(&page, "/ui/login/password", &[("password", password)]).await
}

#[tokio::test]
async fn somebody_signs_in_and_out() {
    let app = TestApp::start().await;
    app.user("ada@example.com").await;
    let mut browser = Browser::at(&app);
    // The account is for people who are signed in, and is where they come back to.
    let page = sign_in(&mut browser, "/ui/account", "ada@example.com", PASSWORD).await.expect(200);
    assert!(page.path == "/ui/account" && page.says("ada@example.com"), "{}", page.html());
    assert!(browser.cookie(SESSION).is_some());
    let page = browser.open("/ui/login").await;
    assert_eq!(page.path, "/ui/account", "is signed in already");
    assert!(page.says("href=\"/ui/logout\""), "{}", page.html());
    let page = browser.open("/ui/logout").await.expect(200);
    let page = browser.submit(&page, "/ui/logout", &[]).await.expect(200);
    assert!(page.path == "/ui/login" && page.says("You are signed out."));
    assert!(!browser.open("/ui/login").await.says("You are signed out."), "said once");
    assert_eq!(browser.cookie(SESSION), None);
    assert!(browser.open("/ui/account").await.path.starts_with("/ui/login?return_to="));
}

#[tokio::test]
async fn a_tenant_that_remembers_nobody_does_not_offer_it() {
    let app = TestApp::start().await;
    app.user("ada@example.com").await;
    let mut browser = Browser::at(&app);
    for (days, offered) in [(30, true), (0, false)] {
        let policy = serde_json::json!({"sessions": {"remember_days": days}});
        app.admin_call("PATCH", "/api/v1/admin/settings", &policy).await.expect(200);
        let page = browser.open("/ui/login").await.expect(200);
        let page = browser.submit(&page, "/ui/login", &[("login", "ada@example.com")]).await.expect(200);
        assert_eq!(page.says("name=\"remember\""), offered, "{}", page.html());
    }
}

#[tokio::test]
async fn a_tenant_that_closed_registration_does_not_offer_it() {
    let app = TestApp::start().await;
    let mut browser = Browser::at(&app);
    for (registration, offered) in [("open", true), ("closed", false)] {
        let policy = serde_json::json!({ "registration": registration });
        app.admin_call("PATCH", "/api/v1/admin/settings", &policy).await.expect(200);
        let page = browser.open("/ui/login").await.expect(200);
        assert_eq!(page.says("/ui/signup"), offered, "{}", page.html());
        browser.open("/ui/signup").await.expect(if offered { 200 } else { 403 });
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_like_an_unknown_account() {
    let app = TestApp::start().await;
    app.user("ada@example.com").await;
    let mut pages = Vec::new();
    for login in ["ada@example.com", "nobody@example.com"] {
        let mut browser = Browser::at(&app);
        let page = sign_in(&mut browser, "/ui/login", login, "Wrong-Horse-7-Battery").await.expect(401);
        assert!(page.says("role=\"alert\"") && page.says("<title>Error:"), "{}", page.html());
        assert!(!page.says("Wrong-Horse") && browser.cookie(SESSION).is_none());
        let token = page.form("password").1.into_iter().find(|(name, _)| name == "csrf").expect("a token").1;
        let mut headers: Vec<String> = page.answer.headers.keys().map(ToString::to_string).collect();
        headers.sort();
        pages.push((page.html().replace(&token, "").replace(login, ""), headers));
    }
    assert_eq!(pages[0], pages[1]);
    // What was not filled in is told at its field.
    let mut browser = Browser::at(&app);
    let page = browser.open("/ui/login").await;
    let page = browser.submit(&page, "/ui/login", &[("login", " ")]).await.expect(400);
    assert!(page.says("aria-invalid=\"true\"") && page.says("aria-describedby=\" login-faults\""), "{}", page.html());
}

/// Whoever comes when there is too much to do keeps the form, and what they typed.
#[tokio::test]
async fn too_much_to_do_is_said_beside_the_form() {
    let app = TestApp::start().await;
    app.user("ada@example.com").await;
    let mut browser = Browser::at(&app);
    let places = app.take_hashing();
    let page = sign_in(&mut browser, "/ui/login", "ada@example.com", PASSWORD).await.expect(503);
    assert_eq!(page.answer.headers["retry-after"], "1");
    assert!(page.says("role=\"alert\"") && page.says("Please try again in 1 second"), "{}", page.html());
    drop(places);
    browser.submit(&page, "/ui/login/password", &[("password", PASSWORD)]).await.expect(200);
    assert!(browser.cookie(SESSION).is_some());
}

#[tokio::test]
async fn forms_of_other_sites_are_refused() {
    let app = TestApp::start().await;
    app.user("ada@example.com").await;
    let mut browser = Browser::at(&app);
    let page = browser.open("/ui/login").await;
    let page = browser.submit(&page, "/ui/login", &[("login", "ada@example.com")]).await;
    let (target, fields) = page.filled_in("password", &[("password", PASSWORD)]);

    let mut elsewhere = Browser::at(&app);
    elsewhere.open("/ui/login").await;
    let refused = elsewhere.once("POST", &target, Some(&fields)).await.expect(403);
    assert!(refused.text.contains("cookies"), "another browser's token: {}", refused.text);
    let mut fresh = Browser::at(&app);
    fresh.once("POST", &target, Some(&fields)).await.expect(403);
    browser.send_header("sec-fetch-site", "cross-site");
    browser.once("POST", &target, Some(&fields)).await.expect(403);
    browser.send_header("sec-fetch-site", "same-site");
    browser.once("POST", &target, Some(&fields)).await.expect(403);
    let without: Vec<_> = fields.iter().filter(|(name, _)| name != "csrf").cloned().collect();
    browser.send_header("sec-fetch-site", "same-origin");
    browser.once("POST", &target, Some(&without)).await.expect(403);
    browser.once("POST", &target, Some(&fields)).await.expect(303);
}

#[tokio::test]
async fn nobody_is_sent_to_a_foreign_site() {
    let app = TestApp::start().await;
    app.user("ada@example.com").await;
    for (wanted, got) in [
        ("/orders?x=1", "/orders?x=1"),
        ("https%3A%2F%2Fevil.example%2F", "/ui/account"),
        ("%2F%2Fevil.example", "/ui/account"),
        ("%2F%5Cevil.example", "/ui/account"),
        ("javascript%3Aalert(1)", "/ui/account"),
    ] {
        let mut browser = Browser::at(&app);
        let page = browser.open(&format!("/ui/login?return_to={wanted}")).await;
        let page = browser.submit(&page, "/ui/login", &[("login", "ada@example.com")]).await;
        let (target, fields) = page.filled_in("password", &[("password", PASSWORD)]);
        let answer = browser.once("POST", &target, Some(&fields)).await.expect(303);
        assert_eq!(answer.header("location"), got, "{wanted}");
    }
}

#[tokio::test]
async fn a_tenant_without_a_host_of_its_own_is_reached_by_its_path() {
    let app = TestApp::start().await;
    let tenant = serde_json::json!({"slug": "acme", "name": "Acme <Corp>"});
    app.admin_call("POST", "/api/v1/admin/tenants", &tenant).await.expect(201);
    app.user("ada@example.com").await;
    let mut browser = Browser::at(&app);
    let page = browser.open("/t/acme/ui/account").await.expect(200);
    assert!(page.path.starts_with("/t/acme/ui/login?return_to=%2Ft%2Facme%2Fui%2Faccount"), "{}", page.path);
    assert!(page.says("Acme &lt;Corp&gt;") && !page.says("<Corp>"));
    let page = browser.submit(&page, "/t/acme/ui/login", &[("login", "ada@example.com")]).await.expect(200);
    browser.submit(&page, "/t/acme/ui/login/password", &[("password", PASSWORD)]).await.expect(401);
}

#[tokio::test]
async fn pages_speak_the_language_of_their_reader() {
    let app = TestApp::start().await;
    let mut browser = Browser::at(&app);
    browser.send_header("accept-language", "cs-CZ,cs;q=0.9");
    assert!(browser.open("/ui/login").await.says("<html lang=\"cs\""));
    let page = browser.open("/ui/login?return_to=%2Fx&lang=de").await;
    assert!(page.says("<html lang=\"de\"") && page.says("return_to=%2Fx&amp;lang=fr"), "{}", page.html());
    assert!(browser.open("/ui/login").await.says("<html lang=\"de\""), "remembered");
    assert!(browser.open("/ui/login?lang=xx").await.says("<html lang=\"de\""));
    // Without a wish, it is the tenant's.
    browser.forget();
    browser.send_header("accept-language", "pl");
    let change = serde_json::json!({"language": "es"});
    app.admin_call("PATCH", "/api/v1/admin/settings", &change).await.expect(200);
    assert!(browser.open("/ui/login").await.says("<html lang=\"es\""));
}

#[tokio::test]
async fn pages_are_small_and_load_nothing_from_elsewhere() {
    let app = TestApp::start().await;
    let mut browser = Browser::at(&app);
    let page = browser.open("/ui/login").await.expect(200);
    let policy = page.answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe") && !policy.contains("http"));
    assert_eq!(page.answer.header("cache-control"), "no-store");
    assert_eq!(page.answer.header("x-frame-options"), "DENY");
    let mut size = page.html().len();
    let mut assets: Vec<&str> = page.html().split('"').filter(|text| text.starts_with("/ui/assets/")).collect();
    assert!(assets.len() >= 3 && !page.says("http:") && !page.says("https:") && !page.says("//"), "{}", page.html());
    assets.dedup();
    for asset in assets {
        let plain = app.get(asset).send().await.expect(200);
        assert!(plain.header("cache-control").contains("immutable"));
        assert_eq!(plain.header("content-encoding"), "");
        size += plain.text.len();
        for coding in ["gzip", "br"] {
            let small = app.get(asset).header("accept-encoding", coding).send().await.expect(200);
            assert_eq!(small.header("content-encoding"), coding);
        }
    }
    assert!(size < 60 * 1024, "{size}");
    app.get("/ui/assets/pages.css").send().await.expect(404);
}

#[tokio::test]
async fn what_is_not_there_is_told_to_people() {
    let app = TestApp::start().await;
    let mut browser = Browser::at(&app);
    let page = browser.open("/ui/nowhere").await.expect(404);
    assert!(page.says("<h1>Page not found</h1>") && page.says(page.answer.header("x-request-id")), "{}", page.html());
    let answer = browser.once("PUT", "/ui/login", None).await.expect(405);
    assert!(answer.text.contains("<h1>"));
}

#[tokio::test]
async fn forms_count_against_the_limits_of_the_calls_they_stand_for() {
    let app = TestApp::builder().config("[identity.limits]\nlogin = \"3/minute\"\n").start().await;
    let ada = app.user("ada@example.com").await;
    for _ in 0..2 {
        ada.login_with("Wrong-Horse-7-Battery").await.expect(401);
    }
    let mut browser = Browser::at(&app);
    sign_in(&mut browser, "/ui/login", "other@example.com", PASSWORD).await.expect(401);
    let page = sign_in(&mut browser, "/ui/login", "third@example.com", PASSWORD).await.expect(429);
    assert_ne!(page.answer.header("retry-after"), "");
    ada.login().await.expect_problem(429, "limit.exceeded");
}

#[tokio::test]
async fn somebody_signs_up_confirms_their_address_and_signs_in() {
    let app = TestApp::start().await;
    let mut browser = Browser::at(&app);
    let page = browser.open("/ui/signup").await.expect(200);
    assert!(!page.says("value=\"display_name\""), "{}", page.html());
    let wrong = [("email", "ada"), ("display_name", "Ada L."), ("password", "sesame")];
    let weak = browser.submit(&page, "/ui/signup", &wrong).await.expect(400);
    assert!(weak.says("value=\"Ada L.\""), "{}", weak.html());
    assert!(weak.says("id=\"email-faults\"") && weak.says("value=\"ada\"") && !weak.says("sesame"), "{}", weak.html());
    let fields = [("email", "ada@example.com"), ("display_name", "Ada"), ("password", PASSWORD)];
    let page = browser.submit(&weak, "/ui/signup", &fields).await.expect(200);
    assert!(page.path == "/ui/verify-email" && page.says("ada@example.com"), "{}", page.html());
    // Somebody who signs up with a known address sees the same.
    let mut other = Browser::at(&app);
    let again = other.open("/ui/signup").await;
    let again = other.submit(&again, "/ui/signup", &fields).await.expect(200);
    let token = |page: &Page| page.form("verify-email").1[0].1.clone();
    assert_eq!(page.html().replace(&token(&page), ""), again.html().replace(&token(&again), ""));

    // Looking at the link, as mail scanners do, uses nothing up.
    let mail = app.mail_to("ada@example.com").await;
    let link = mail.link().replace("http://portcullis.test", "");
    assert!(link.starts_with("/ui/verify-email?token="));
    let mut scanner = Browser::at(&app);
    scanner.open(&link).await.expect(200);
    let shown = browser.open(&link).await.expect(200);
    let done = browser.submit(&shown, "/ui/verify-email", &[]).await.expect(200);
    assert!(done.path == "/ui/login" && done.says("is confirmed"), "{}", done.html());
    let used = browser.submit(&shown, "/ui/verify-email", &[]).await.expect(400);
    assert!(used.says("does not work any more") && used.says("/ui/verify-email/resend"), "{}", used.html());
    assert!(sign_in(&mut browser, "/ui/login", "ada@example.com", PASSWORD).await.says("Ada"));
}

#[tokio::test]
async fn an_address_is_confirmed_by_a_code_that_may_be_sent_again() {
    let app = TestApp::start().await;
    let mut browser = Browser::at(&app);
    let page = browser.open("/ui/signup").await;
    let fields = [("email", "ada@example.com"), ("password", PASSWORD)];
    let page = browser.submit(&page, "/ui/signup", &fields).await.expect(200);
    app.mail_to("ada@example.com").await;
    let page = browser.submit(&page, "/ui/verify-email/resend", &[]).await.expect(200);
    assert!(page.says("a new mail is on its way"));
    let code = app.mail_to("ada@example.com").await.code();
    let wrong = browser.submit(&page, "/ui/verify-email", &[("code", "12")]).await.expect(400);
    assert!(wrong.says("Please enter the six digits."));
    // Another browser knows no address: one field serves both to confirm and to ask for another mail.
    let mut other = Browser::at(&app);
    let unknown = other.open("/ui/verify-email").await.expect(200);
    assert_eq!(unknown.html().matches("name=\"email\"").count(), 1, "{}", unknown.html());
    assert!(unknown.says("formaction=\"/ui/verify-email/resend\""), "{}", unknown.html());
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let done = browser.submit(&wrong, "/ui/verify-email", &[("code", &spaced)]).await.expect(200);
    assert!(done.says("is confirmed"), "{}", done.html());
}

#[tokio::test]
async fn who_forgot_their_password_chooses_another() {
    const NEW: &str = "Amber-Lantern-58-tide";
    let app = TestApp::start().await;
    app.user("ada@example.com").await;
    let mut pages = Vec::new();
    for email in ["nobody@example.com", "ada@example.com"] {
        let mut browser = Browser::at(&app);
        let page = browser.open("/ui/reset-password").await.expect(200);
        let page = browser.submit(&page, "/ui/reset-password", &[("email", email)]).await.expect(200);
        assert_eq!(page.path, "/ui/reset-password/sent");
        pages.push(page.html().replace(email, ""));
    }
    assert_eq!(pages[0], pages[1]);
    let link = app.mail_to("ada@example.com").await.link().replace("http://portcullis.test", "");
    let mut browser = Browser::at(&app);
    browser.open(&link).await.expect(200);
    let page = browser.open(&link).await.expect(200);
    let whose = "value=\"ada@example.com\" autocomplete=\"username\"";
    assert!(page.says(whose), "for password managers: {}", page.html());
    let weak = browser.submit(&page, "reset-password/choose", &[("new_password", "short")]).await.expect(400);
    assert!(weak.says("Please use more characters.") && weak.says(whose), "{}", weak.html());
    let done = browser.submit(&weak, "reset-password/choose", &[("new_password", NEW)]).await.expect(200);
    assert!(done.path == "/ui/login" && done.says("Your password is saved."), "nobody is signed in by a mail");
    assert!(browser.cookie(SESSION).is_none());
    assert!(done.says("value=\"ada@example.com\""), "not to be typed again: {}", done.html());
    browser.submit(&page, "reset-password/choose", &[("new_password", NEW)]).await.expect(400);
    let dead = browser.open(&link).await.expect(400);
    assert!(dead.says("does not work any more") && !dead.says("type=\"password\""), "{}", dead.html());
    assert_eq!(sign_in(&mut browser, "/ui/login", "ada@example.com", NEW).await.path, "/ui/account");
}

#[tokio::test]
async fn who_was_invited_or_moves_to_another_address_is_led_by_their_mail() {
    let app = TestApp::start().await;
    let invite = serde_json::json!({"email": "ada@example.com", "invite": true});
    app.admin_call("POST", "/api/v1/admin/users", &invite).await.expect(201);
    let link = app.mail_to("ada@example.com").await.link().replace("http://portcullis.test", "");
    let mut browser = Browser::at(&app);
    let page = browser.open(&link).await.expect(200);
    assert!(page.says("Welcome to") && page.says("ada@example.com"));
    browser.submit(&page, "/ui/invitation", &[("new_password", PASSWORD)]).await.expect(200);
    let dead = browser.open(&link).await.expect(400);
    assert!(dead.says("ask whoever invited you") && !dead.says("type=\"password\""), "{}", dead.html());
    sign_in(&mut browser, "/ui/login", "ada@example.com", PASSWORD).await.expect(200);

    let login = serde_json::json!({"email": "ada@example.com", "password": PASSWORD});
    let tokens = app.post("/api/v1/auth/login").json(&login).send().await.expect_tokens();
    let change = serde_json::json!({"new_email": "ada@example.org", "current_password": PASSWORD});
    app.post("/api/v1/auth/change-email").bearer(&tokens.access).json(&change).send().await.expect(202);
    let link = app.mail_to("ada@example.org").await.link().replace("http://portcullis.test", "");
    let page = browser.open(&link).await.expect(200);
    assert!(page.says("ada@example.org"));
    let done = browser.submit(&page, "/ui/change-email", &[]).await.expect(200);
    assert!(done.says("is confirmed"), "{}", done.html());
    let used = browser.submit(&page, "/ui/change-email", &[]).await.expect(400);
    let opened = browser.open(&link).await.expect(400);
    assert!(used.says("does not work any more") && opened.says("does not work any more"));
}

#[tokio::test]
async fn refusals_of_the_gate_are_pages_for_browsers_and_documents_for_programs() {
    let routes = "[[routes]]\nname = \"orders\"\nmatch = { path = \"/orders/{*rest}\" }\nupstream = \"echo\"\nauth = [\"session\"]\n";
    let app = TestApp::builder().config(routes).start().await;
    let mut browser = Browser::at(&app);
    browser.send_header("accept-language", "de");
    let page = browser.open("/orders/1?x=y").await.expect(401);
    assert_eq!(page.answer.header("content-type"), "text/html; charset=utf-8");
    assert!(page.answer.header("content-security-policy").starts_with("default-src 'none'"));
    assert!(
        page.says("<html lang=\"de\"") && page.says("/ui/login?return_to=%2Forders%2F1%3Fx%3Dy"),
        "{}",
        page.html()
    );
    assert!(page.says(page.answer.header("x-request-id")));
    assert!(browser.open("/nowhere").await.expect(404).says("Seite nicht gefunden"));
    app.get("/orders/1").send().await.expect_problem(401, "credentials.missing");
    app.get("/nowhere").send().await.expect_problem(404, "route.unknown");

    let limits = "[identity.limits]\nip = [\"20/minute\"]\n";
    let app = TestApp::builder().config(limits).start().await;
    let mut browser = Browser::at(&app);
    let mut page = browser.open("/ui/login").await;
    for _ in 0..30 {
        page = browser.open("/ui/login").await;
    }
    let page = page.expect(429);
    assert!(page.says("Please wait") && page.says("try again in") && !page.answer.header("retry-after").is_empty());
}

#[tokio::test]
async fn who_must_have_a_second_factor_sets_one_up_and_is_asked_for_it() {
    const PHONE: &str = "+4930123456";
    let app = TestApp::start().await;
    app.user("ada@example.com").await;
    let policy = serde_json::json!({"mfa": {"required": "always"}});
    app.admin_call("PATCH", "/api/v1/admin/settings", &policy).await.expect(200);
    let mut browser = Browser::at(&app);
    let page = sign_in(&mut browser, "/ui/login?return_to=%2Forders", "ada@example.com", PASSWORD).await.expect(200);
    assert!(page.path == "/ui/mfa" && browser.cookie(SESSION).is_none(), "{}", page.html());
    let app_page = browser.submit(&page, "/ui/mfa/enrol", &[]).await.expect(200);
    assert!(app_page.says("src=\"data:image/svg+xml;base64,") && !key_of(&app_page).is_empty());
    let wrong = browser.submit(&page, "/ui/mfa/enrol/sms", &[("phone", "123")]).await.expect(400);
    assert!(wrong.says("id=\"phone-faults\""), "{}", wrong.html());
    let asked = browser.submit(&wrong, "/ui/mfa/enrol/sms", &[("phone", PHONE)]).await.expect(200);
    let code = app.sms_to(PHONE).await.code();
    let codes = browser.submit(&asked, "/ui/mfa/enrol/confirm", &[("code", &code)]).await.expect(200);
    assert_eq!(codes.html().matches("<li><code>").count(), 10, "{}", codes.html());
    assert_eq!(codes.path, "/ui/mfa/codes?return_to=%2Forders", "what was changed by a form is shown by a page");
    assert!(codes.says("href=\"/orders\"") && codes.says("download=") && browser.cookie(SESSION).is_some());
    assert_eq!(browser.open("/ui/mfa/codes").await.path, "/ui/account", "codes are shown once");
    let backup = codes.html().split("<li><code>").nth(1).and_then(|rest| rest.split('<').next()).expect("a code");

    let mut other = Browser::at(&app);
    let page = sign_in(&mut other, "/ui/login", "ada@example.com", PASSWORD).await.expect(200);
    assert!(page.path == "/ui/mfa" && page.says("+49") && !page.says(PHONE), "{}", page.html());
    let page = other.submit(&page, "/ui/mfa/sms", &[]).await.expect(200);
    assert!(page.says("on its way to your phone"));
    let code = app.sms_to(PHONE).await.code();
    let page = other.submit(&page, "/ui/mfa", &[("code", &code)]).await.expect(200);
    assert_eq!(page.path, "/ui/account");

    let mut third = Browser::at(&app);
    sign_in(&mut third, "/ui/login", "ada@example.com", PASSWORD).await.expect(200);
    let page = third.open("/ui/mfa?method=backup_code").await.expect(200);
    let wrong = third.submit(&page, "/ui/mfa", &[("code", "nonsense")]).await.expect(401);
    assert!(wrong.says("The code is not right.") && third.cookie(SESSION).is_none());
    app.clock.advance(std::time::Duration::from_secs(60));
    let page = third.submit(&wrong, "/ui/mfa", &[("code", backup)]).await.expect(200);
    assert_eq!(page.path, "/ui/account");
    // Over is over.
    let page = third.open("/ui/mfa").await;
    assert!(page.path == "/ui/account" || page.path == "/ui/login", "{}", page.path);
}

#[tokio::test]
async fn an_app_is_set_up_on_the_way_to_another_host_of_the_tenant() {
    const TO: &str = "/ui/login?return_to=https%3A%2F%2Fshop.test%2Forders";
    let may_end = |page: &Page| {
        let policy = page.answer.header("content-security-policy");
        assert!(policy.contains("form-action 'self' https://shop.test;"), "{}: {policy}", page.path);
    };
    let app = TestApp::start().await;
    app.user("ada@example.com").await;
    let tenants = app.admin_get("/api/v1/admin/tenants").await.expect(200).json;
    let path = format!("/api/v1/admin/tenants/{}", tenants["items"][0]["id"].as_str().expect("an id"));
    app.admin_call("PATCH", &path, &serde_json::json!({"hosts": ["shop.test"]})).await.expect(200);
    let policy = serde_json::json!({"mfa": {"required": "always"}});
    app.admin_call("PATCH", "/api/v1/admin/settings", &policy).await.expect(200);

    let mut browser = Browser::at(&app);
    let page = sign_in(&mut browser, TO, "ada@example.com", PASSWORD).await.expect(200);
    may_end(&page);
    let page = browser.submit(&page, "/ui/mfa/enrol", &[]).await.expect(200);
    may_end(&page);
    let secret = key_of(&page);
    // A wrong code loses nothing: the same key is shown again.
    let page = browser.submit(&page, "/ui/mfa/enrol/confirm", &[("code", "000000")]).await;
    assert!(page.says("The code is not right.") && page.says("data:image/svg+xml;base64,"), "{}", page.html());
    assert_eq!(key_of(&page), secret);
    may_end(&page);
    let codes = browser.submit(&page, "/ui/mfa/enrol/confirm", &[("code", &app.totp(&secret))]).await.expect(200);
    assert!(codes.says("href=\"https://shop.test/orders\"") && browser.cookie(SESSION).is_some(), "{}", codes.html());

    app.clock.advance(std::time::Duration::from_secs(60));
    let mut other = Browser::at(&app);
    let page = sign_in(&mut other, TO, "ada@example.com", PASSWORD).await.expect(200);
    may_end(&page);
    let page = other.submit(&page, "/ui/mfa", &[("code", "000000")]).await.expect(401);
    may_end(&page);
    let (target, fields) = page.filled_in("/ui/mfa", &[("code", &app.totp(&secret))]);
    let answer = other.once("POST", &target, Some(&fields)).await.expect(303);
    assert_eq!(answer.header("location"), "https://shop.test/orders");
    // The form that comes too late begins anew, to the same end.
    let late = other.once("POST", &target, Some(&fields)).await.expect(303);
    assert_eq!(late.header("location"), "/ui/login?return_to=https%3A%2F%2Fshop.test%2Forders");
}

/// The key that is to be typed into an app.
fn key_of(page: &Page) -> String {
    let shown = page.html().split(" id=\"secret\">").nth(1).and_then(|rest| rest.split('<').next());
    shown.expect("a key to type").replace(' ', "")
}

#[tokio::test]
async fn somebody_sets_an_app_up_in_their_account_and_takes_it_away() {
    let app = TestApp::start().await;
    app.user("ada@example.com").await;
    let mut browser = Browser::at(&app);
    let list = sign_in(&mut browser, "/ui/account/factors", "ada@example.com", PASSWORD).await.expect(200);
    assert!(list.path == "/ui/account/factors" && list.says("You have not set up a second step yet."));
    let page = browser.open("/ui/account/factors/app").await.expect(200);
    let page = browser.submit(&page, "/ui/account/factors/app", &[]).await.expect(200);
    assert!(page.says("src=\"data:image/svg+xml;base64,"), "{}", page.html());
    let secret = key_of(&page);
    // A wrong code loses nothing: the same key is shown again.
    let page = browser.submit(&page, "/ui/account/factors/confirm", &[("code", "000000")]).await.expect(403);
    assert!(page.says("The code is not right, or it has expired.") && page.says("data:image/svg+xml;base64,"));
    let code = app.totp(&secret);
    let codes = browser.submit(&page, "/ui/account/factors/confirm", &[("code", &code)]).await.expect(200);
    let shown = codes.html().matches("<li><code>").count();
    assert_eq!((codes.path.as_str(), shown), ("/ui/account/factors/codes", 10));
    let list = browser.open("/ui/account/factors").await.expect(200);
    assert!(list.says("Authenticator app") && list.says("10 codes left"), "{}", list.html());

    // Taking it away needs a code of it, and no other sign-in.
    let link = list.html().split("/ui/account/factors/").find(|part| part.contains("/remove\"")).expect("a link");
    let remove = format!("/ui/account/factors/{}", link.split('"').next().expect("an address"));
    let page = browser.open(&remove).await.expect(200);
    let page = browser.submit(&page, &remove, &[]).await;
    assert_eq!(page.path, format!("/ui/step-up?return_to={}", remove.replace('/', "%2F")), "and back to the question");
    assert!(page.says("Confirm it is you") && !page.says("type=\"password\""), "{}", page.html());
    app.clock.advance(std::time::Duration::from_secs(60));
    let before = browser.cookie(SESSION).map(str::to_owned);
    let page = browser.submit(&page, "/ui/step-up", &[("code", "000000")]).await.expect(401);
    assert!(page.says("The code is not right."), "{}", page.html());
    let page = browser.submit(&page, "/ui/step-up", &[("code", &app.totp(&secret))]).await.expect(200);
    assert_eq!(page.path, remove);
    assert_ne!(browser.cookie(SESSION).map(str::to_owned), before);
    assert_eq!(browser.open("/ui/step-up").await.path, "/ui/account", "nothing is missing");

    // Later on everything is asked for anew.
    app.clock.advance(std::time::Duration::from_secs(601));
    let page = browser.open(&remove).await.expect(200);
    let page = browser.submit(&page, &remove, &[]).await;
    let answer = [("password", PASSWORD), ("code", &app.totp(&secret))];
    let page = browser.submit(&page, "/ui/step-up", &answer).await.expect(200);
    assert_eq!(page.path, remove);
    let page = browser.submit(&page, &remove, &[]).await.expect(200);
    assert!(page.path == "/ui/account/factors" && page.says("You have not set up a second step yet."));
}
