//! A tenant's custom attributes on the pages, without scripts; and who somebody's sessions are, in words.

use serde_json::{Value, json};
use testkit::{Answer, Browser, PASSWORD, TestApp};

use crate::pages::sign_in;

async fn schema(app: &TestApp, schema: Value) {
    app.admin_call("PUT", "/api/v1/admin/attributes-schema", &schema).await.expect(200);
}

/// What is kept of somebody.
async fn kept(app: &TestApp, email: &str) -> Value {
    let body = json!({"email": email, "password": PASSWORD});
    let token = app.post("/api/v1/auth/login").json(&body).send().await.expect_tokens().access;
    let profile: Answer = app.get("/api/v1/auth/profile").bearer(&token).send().await.expect(200);
    profile.json["attributes"].clone()
}

#[tokio::test]
async fn what_a_tenant_requires_is_asked_for_when_somebody_signs_up() {
    let app = TestApp::start().await;
    schema(&app, json!({
        "type": "object", "required": ["grade", "plan", "terms"], "additionalProperties": false,
        "properties": {
            "grade": {"type": "integer", "minimum": 1, "title": "Your <grade>", "description": "As the school says."},
            "plan": {"enum": ["free", "paid"]}, "terms": {"const": true, "title": "I agree"},
            "note": {"type": "string"},
        },
    }))
    .await;
    let mut browser = Browser::at(&app);
    let page = browser.open("/ui/signup").await.expect(200);
    assert!(page.says("Your &lt;grade&gt;") && page.says("As the school says. At least 1."), "{}", page.html());
    assert!(page.says("<select id=\"attribute-plan\"") && !page.says("attribute-note"), "{}", page.html());
    let empty = browser.submit(&page, "/ui/signup", &[("email", "ada")]).await.expect(400);
    for field in ["email", "password", "attribute-grade", "attribute-plan"] {
        assert!(empty.says(&format!("<a href=\"#{field}\">")), "all at once, {field}: {}", empty.html());
    }
    let person =
        [("email", "ada@example.com"), ("password", PASSWORD), ("attribute-grade", "0"), ("attribute-plan", "paid")];
    let page = browser.submit(&page, "/ui/signup", &person).await.expect(400);
    assert!(
        page.says("<a href=\"#attribute-grade\">Your &lt;grade&gt;: This number is too small.</a>"),
        "{}",
        page.html()
    );
    assert!(page.says("<a href=\"#attribute-terms\">I agree: Please fill in this field.</a>"), "{}", page.html());
    // What was typed and chosen is kept.
    assert!(page.says("name=\"attribute-grade\" type=\"text\" value=\"0\" inputmode=\"numeric\""), "{}", page.html());
    assert!(page.says("<option value=\"paid\" selected>"), "{}", page.html());
    let more = [("password", PASSWORD), ("attribute-grade", "7"), ("attribute-plan", "paid"), ("attribute-terms", "1")];
    let page = browser.submit(&page, "/ui/signup", &more).await.expect(200);
    assert_eq!(page.path, "/ui/verify-email");
    app.mail_to("ada@example.com").await;
    assert_eq!(kept(&app, "ada@example.com").await, json!({"grade": 7, "plan": "paid", "terms": true}));
}

#[tokio::test]
async fn where_no_field_can_ask_for_it_the_page_says_so_instead_of_asking() {
    let app = TestApp::start().await;
    schema(&app, json!({"properties": {"tags": {"type": "array"}}, "required": ["tags"]})).await;
    let mut browser = Browser::at(&app);
    let page = browser.open("/ui/signup").await.expect(200);
    assert!(page.says("through the application only") && !page.says("name=\"password\""), "{}", page.html());
    // What only the whole schema knows, it says when it is asked.
    schema(&app, json!({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]})).await;
    let page = browser.open("/ui/signup").await.expect(200);
    let person = [("email", "ada@example.com"), ("password", PASSWORD)];
    let page = browser.submit(&page, "/ui/signup", &person).await.expect(400);
    assert!(page.says("through the application only"), "{}", page.html());
}

#[tokio::test]
async fn people_change_their_attributes_and_what_no_field_shows_stays() {
    let app = TestApp::start().await;
    let ada = app.user("ada@example.com").await;
    let token = ada.login().await.expect_tokens().access;
    let before = json!({"attributes": {"tags": ["a"], "height": 1.5, "grade": 3}});
    app.call("PUT", "/api/v1/auth/profile").bearer(&token).json(&before).send().await.expect(200);
    schema(&app, json!({"required": ["house"], "properties": {
        "house": {"type": "string", "maxLength": 5}, "height": {"type": "number"}, "grade": {"type": "integer", "readOnly": true},
    }}))
    .await;
    let mut browser = Browser::at(&app);
    let page = sign_in(&mut browser, "/ui/account/profile", "ada@example.com", PASSWORD).await.expect(200);
    assert!(
        page.says("maxlength=\"5\"") && page.says("value=\"1.5\"") && !page.says("attribute-grade"),
        "{}",
        page.html()
    );
    // A name can be changed by whoever does not meet the schema, which is younger.
    let page = browser.submit(&page, "/ui/account/profile", &[("display_name", "Ada")]).await.expect(200);
    let page = browser.submit(&page, "/ui/account/profile", &[("attribute-height", "1,6")]).await.expect(400);
    assert!(page.says("<a href=\"#attribute-house\">Please fill in this field.</a>"), "{}", page.html());
    browser.submit(&page, "/ui/account/profile", &[("attribute-house", "Elm")]).await.expect(200);
    assert_eq!(kept(&app, "ada@example.com").await, json!({"tags": ["a"], "height": 1.6, "grade": 3, "house": "Elm"}));
}

#[tokio::test]
async fn sessions_and_devices_without_a_name_are_called_something() {
    let app = TestApp::start().await;
    let ada = app.user("ada@example.com").await;
    app.admin_call("POST", &format!("/api/v1/admin/users/{}/impersonate", ada.id), &json!({"reason": "a call"}))
        .await
        .expect(200);
    let mut browser = Browser::at(&app);
    browser.send_header("accept-language", "de");
    sign_in(&mut browser, "/ui/account", "ada@example.com", PASSWORD).await.expect(200);
    let page = browser.open("/ui/account/sessions").await.expect(200);
    assert!(page.says("Eine Administratorin oder ein Administrator in Ihrem Namen"), "{}", page.html());
    assert!(page.says("<h2>Unbekanntes Programm") && !page.says("<h2></h2>"), "{}", page.html());
    let page = browser.open("/ui/account/devices").await.expect(200);
    assert!(page.says("<h2>Unbekanntes Programm") && !page.says("Unknown device"), "{}", page.html());
}
