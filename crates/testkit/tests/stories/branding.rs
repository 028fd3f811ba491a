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
