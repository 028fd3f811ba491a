//! A tenant's pages look as it wants, through the whole gate.

use serde_json::json;
use testkit::{Browser, PASSWORD, TestApp};

const PATH: &str = "/api/v1/admin/branding";

#[tokio::test]
async fn pages_wear_the_colours_words_and_links_of_their_tenant() {
    let app = TestApp::start().await;
    let look = json!({
        "product_name": "Acme <ID>",
        "scheme": "dark",
        "colors": {"dark": {"accent": "#ffd479"}},
        "css": ".card { border-radius: 0; }",
        "texts": {"en": {"sign-in-title": "Come in & <b>rest</b>", "sign-in-login": "Who?"}},
        "links": {"terms": "https://acme.example/terms?a=1&b=2", "support": "https://acme.example/help"},
    });
    app.admin_call("PUT", PATH, &look).await.expect(200);
    let mut browser = Browser::at(&app);
    let page = browser.open("/ui/login").await.expect(200);
    assert!(page.says("Acme &lt;ID&gt;") && page.says("Come in &amp; &lt;b&gt;rest&lt;/b&gt;"), "{}", page.html());
    assert!(page.says("Who?") && page.says("data-theme=\"dark\"") && page.says("content=\"dark\""));
    assert!(
        page.says("href=\"https://acme.example/terms?a=1&amp;b=2\"") && page.says("href=\"https://acme.example/help\"")
    );
    let policy = page.answer.header("content-security-policy");
    assert!(
        policy.contains("style-src 'self';") && policy.contains("frame-ancestors 'none'") && !policy.contains("http")
    );

    let sheet = page.html().split('"').find(|text| text.contains("/ui/branding/theme-")).expect("a sheet").to_owned();
    let file = app.get(&sheet).send().await.expect(200);
    assert_eq!(file.header("content-type"), "text/css; charset=utf-8");
    assert!(file.header("cache-control").contains("immutable") && file.header("x-content-type-options") == "nosniff");
    assert!(
        file.text.contains("--accent:light-dark(#1f4a70,#ffd479);")
            && file.text.ends_with(".card { border-radius: 0; }")
    );
    app.get(&sheet).header("if-none-match", file.header("etag")).send().await.expect(304);
    let other = app.get("/ui/branding/theme-0123456789abcdef.css").send().await.expect(200);
    assert_eq!((other.header("cache-control"), &other.text), ("no-store", &file.text));

    let page = browser.open("/ui/signup").await.expect(200);
    assert!(page.says("By signing up you accept: <a href=\"https://acme.example/terms"), "{}", page.html());
    assert!(page.says(">Sign in</a>"), "a title is a title only: {}", page.html());
    // Other languages keep their words.
    browser.send_header("accept-language", "de");
    assert!(browser.open("/ui/login").await.says("<h1>Anmelden</h1>"));
    // Refusals of the gate, before anybody knows who asks, wear it too.
    let page = browser.open("/nowhere").await.expect(404);
    assert!(page.says("Acme &lt;ID&gt;") && page.says(&sheet), "{}", page.html());
    app.admin_call("DELETE", PATH, &json!({})).await.expect(204);
    let page = browser.open("/ui/login").await.expect(200);
    assert!(!page.says("/ui/branding/") && page.says("Portcullis") && !page.says("data-theme"), "{}", page.html());
    app.get(&sheet).send().await.expect(404);
}

#[tokio::test]
async fn images_are_served_as_what_they_are_and_do_nothing() {
    let app = TestApp::start().await;
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"><path d=\"M0 0h9\"/></svg>";
    for place in ["logo", "logo_dark", "favicon"] {
        let path = format!("{PATH}/images/{place}");
        app.admin_upload("PUT", &path, "image/svg+xml", svg).await.expect(200);
    }
    let mut browser = Browser::at(&app);
    let page = browser.open("/ui/login").await.expect(200);
    assert!(
        page.says("<img class=\"logo\"") && page.says("alt=\"Portcullis\"") && page.says("prefers-color-scheme: dark")
    );
    let files: Vec<String> =
        page.html().split('"').filter(|text| text.starts_with("/ui/branding/")).map(str::to_owned).collect();
    assert_eq!(files.len(), 3, "{files:?}");
    for file in files {
        let answer = app.get(&file).send().await.expect(200);
        assert_eq!((answer.header("content-type"), answer.text.as_str()), ("image/svg+xml", svg));
        assert!(answer.header("content-security-policy").ends_with("sandbox"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        app.get(&file).header("if-none-match", answer.header("etag")).send().await.expect(304);
        app.get(&file.replace(".svg", ".png")).send().await.expect(404);
        app.get(&format!("/t/nobody{file}")).send().await.expect(404);
    }
    for wrong in ["logo", "logo-.svg", "logo-zz.svg", "theme-0123456789abcdef.css", "-."] {
        app.get(&format!("/ui/branding/{wrong}")).send().await.expect(404);
    }
}

#[tokio::test]
async fn a_tenant_by_its_path_has_files_of_its_own() {
    let app = TestApp::start().await;
    let admin = json!({"email": "boss@acme.example", "password": PASSWORD});
    let tenant = json!({"slug": "acme", "name": "Acme", "admin": admin});
    app.admin_call("POST", "/api/v1/admin/tenants", &tenant).await.expect(201);
    let tokens = app.post("/t/acme/api/v1/auth/login").json(&admin).send().await.expect_tokens();
    let look = json!({"colors": {"light": {"accent": "#7a1f5c"}}, "frame_ancestors": ["https://app.acme.example"]});
    app.call("PUT", PATH).bearer(&tokens.access).json(&look).send().await.expect(200);
    let mut browser = Browser::at(&app);
    let page = browser.open("/t/acme/ui/login").await.expect(200);
    let sheet = page.html().split('"').find(|text| text.contains("/branding/")).expect("a sheet").to_owned();
    assert!(sheet.starts_with("/t/acme/ui/branding/theme-"), "{sheet}");
    app.get(&sheet).send().await.expect(200);
    assert!(page.answer.header("content-security-policy").contains("frame-ancestors https://app.acme.example;"));
    assert_eq!(page.answer.header("x-frame-options"), "");
    assert_eq!(browser.open("/ui/login").await.answer.header("x-frame-options"), "DENY", "of others nobody");
    assert!(browser.open("/t/acme/nowhere").await.expect(404).says(&sheet));
}

#[tokio::test]
async fn a_look_is_tried_out_before_anybody_else_sees_it() {
    let app = TestApp::start().await;
    app.admin_call("PATCH", PATH, &json!({"product_name": "Acme"})).await.expect(200);
    let svg = |fill: &str| format!("<svg xmlns=\"http://www.w3.org/2000/svg\" fill=\"{fill}\"/>");
    let upload = async |path: &str, fill: &str| app.admin_upload("PUT", path, "image/svg+xml", &svg(fill)).await;
    upload(&format!("{PATH}/images/favicon"), "red").await.expect(200);
    let mut browser = Browser::at(&app);
    let before = browser.open("/ui/login").await.expect(200);

    let look = json!({
        "product_name": "Acme <2>",
        "colors": {"light": {"accent": "#7a1f5c"}},
        "css": "p[role=status] { display: none }",
        "texts": {"de": {"sign-in-title": "Servus"}},
        "links": {"terms": "https://acme.example/terms"},
        "frame_ancestors": ["https://app.acme.example"],
    });
    let made = app.admin_call("POST", &format!("{PATH}/previews"), &look).await.expect(201);
    assert_eq!(made.header("cache-control"), "no-store");
    let id = made.json["id"].as_str().expect("an id");
    upload(&format!("{PATH}/previews/{id}/images/logo"), "blue").await.expect(204);
    let url = made.json["url"].as_str().expect("an address");
    let path = &url[url.find("/ui/").expect("a path")..];
    let base = path.strip_suffix("login").expect("the sign-in page");

    let page = browser.open(path).await.expect(200);
    assert!(page.says("Acme &lt;2&gt;") && page.says("https://acme.example/terms"), "{}", page.html());
    assert!(page.says("This is a preview.") && page.says(&format!("href=\"{base}signup\"")), "{}", page.html());
    // Nothing on it works, and nothing is kept, here or elsewhere.
    let policy = page.answer.header("content-security-policy");
    assert!(
        policy.contains("form-action 'none'; sandbox allow-same-origin;") && !policy.contains("script-src"),
        "{policy}"
    );
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors https://app.acme.example;"));
    let header = |name| page.answer.header(name).to_owned();
    assert_eq!((header("cache-control"), header("set-cookie")), ("no-store".into(), String::new()));
    assert_eq!((header("x-content-type-options"), header("cross-origin-opener-policy")), ("nosniff".into(), "".into()));
    assert!(!page.says("<script"), "{}", page.html());
    assert!(page.says("name=\"csrf\" value=\"\""), "no secret of a form is in it: {}", page.html());
    app.post(path).form(&[]).send().await.expect(405);

    // What it is made of is served below it alone, and not kept.
    let files: Vec<&str> = page.html().split('"').filter(|text| text.contains("/branding/")).collect();
    let (mut sheets, mut images) = (0, Vec::new());
    for file in files {
        assert!(file.starts_with(base), "{file}");
        let answer = app.get(file).send().await.expect(200);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.header("content-security-policy").ends_with("sandbox"));
        match answer.header("content-type") {
            "text/css; charset=utf-8" => sheets += usize::from(answer.text.contains("--accent:light-dark(#7a1f5c,")),
            _ => images.push(answer.text.clone()),
        }
        let elsewhere = file.replace(base, "/ui/");
        if !elsewhere.contains("favicon") {
            app.get(&elsewhere).send().await.expect(404);
        }
    }
    assert_eq!((sheets, images), (1, vec![svg("red"), svg("blue")]));

    // Other pages and languages in the same look.
    for (other, text) in [
        ("password?lang=de", "ada@example.com"),
        ("signup", "By signing up you accept"),
        ("reset-password", "Forgot your password?"),
        ("invitation", "Acme &lt;2&gt;"),
        ("login?lang=de", "<h1>Servus</h1>"),
    ] {
        let page = browser.open(&format!("{base}{other}")).await.expect(200);
        assert!(page.says(text) && page.says(base), "{other}: {}", page.html());
    }
    assert!(browser.open(&format!("{base}a/b\"c?x")).await.expect(404).says("Acme &lt;2&gt;"));

    // Without its logo, it says its name there.
    assert!(browser.open(path).await.expect(200).says("class=\"logo\""));
    app.admin_call("DELETE", &format!("{PATH}/previews/{id}/images/logo"), &json!({})).await.expect(204);
    let page = browser.open(path).await.expect(200);
    assert!(!page.says("class=\"logo\"") && page.says("Acme &lt;2&gt;"), "{}", page.html());

    // Others see what they saw, and so does whoever has a link that is none.
    let now = browser.open("/ui/login").await.expect(200);
    let without_secret = |html: &str| html.split("name=\"csrf\"").next().map(str::to_owned);
    assert_eq!(without_secret(now.html()), without_secret(before.html()));
    let (head, token) = base.trim_end_matches('/').rsplit_once('/').expect("a token");
    let wrong = browser.open(&format!("{head}/{}/login", token.to_uppercase())).await.expect(404);
    assert!(wrong.says("Acme –") || wrong.says("– Acme"), "{}", wrong.html());
    app.get(&format!("/t/nobody{path}")).send().await.expect(404);
    app.clock.advance(std::time::Duration::from_secs(3_600));
    browser.open(path).await.expect(404);
}

#[tokio::test]
async fn who_may_not_change_the_look_cannot_try_one_out() {
    let app = TestApp::start().await;
    let path = format!("{PATH}/previews");
    let ada = app.user("ada@example.com").await;
    let tokens = ada.login().await.expect_tokens();
    app.post(&path).json(&json!({})).bearer(&tokens.access).send().await.expect_problem(403, "permission.denied");
    app.post(&path).json(&json!({})).send().await.expect_problem(401, "credentials.missing");
    let wrong = json!({"css": "a {}\n@import 'https://evil.example/x.css';", "texts": {"en": {"no-such-text": "x"}}});
    let saved = app.admin_call("PATCH", PATH, &wrong).await.expect_problem(400, "request.invalid");
    let tried = app.admin_call("POST", &path, &wrong).await.expect_problem(400, "request.invalid");
    assert_eq!(tried.json["errors"], saved.json["errors"]);
    assert_eq!(tried.json["errors"][0]["field"], "/css");
}

#[tokio::test]
async fn a_tenant_by_its_path_tries_out_its_own_pages() {
    let app = TestApp::start().await;
    let admin = json!({"email": "boss@acme.example", "password": PASSWORD});
    let tenant = json!({"slug": "acme", "name": "Acme", "admin": admin});
    app.admin_call("POST", "/api/v1/admin/tenants", &tenant).await.expect(201);
    let tokens = app.post("/t/acme/api/v1/auth/login").json(&admin).send().await.expect_tokens();
    let look = json!({"css": ".card { border-radius: 0 }"});
    let made = app.post(&format!("{PATH}/previews")).bearer(&tokens.access).json(&look).send().await.expect(201);
    let url = made.json["url"].as_str().expect("an address");
    let path = &url[url.find("/t/acme/ui/").expect("a path of the tenant")..];
    let page = Browser::at(&app).open(path).await.expect(200);
    let sheet = page.html().split('"').find(|text| text.contains("/branding/theme-")).expect("a sheet").to_owned();
    assert!(sheet.starts_with(path.strip_suffix("login").expect("the sign-in page")), "{sheet}");
    assert_eq!(app.get(&sheet).send().await.expect(200).text, ".card { border-radius: 0 }");
    let elsewhere = path.strip_prefix("/t/acme").expect("a tenant's path");
    app.get(elsewhere).send().await.expect(404);
}
