//! Templates: what they say by default, what they may not do, and wording them by the API.

use http::Method;
use serde_json::{Value as Json, json};

use super::{
    defaults, engine,
    model::{Name, Source, Values},
};
use crate::{
    language::Language,
    outbox::{Fate, Letter, Post},
    testing::{Person, Reply, TestCore},
};

#[test]
fn every_default_works_in_every_language() {
    for language in Language::ALL {
        for name in Name::ALL {
            let source = defaults::source(name, language);
            for person in ["Ada <Lovelace>", ""] {
                let mut values = name.samples();
                values.insert("name".into(), person.into());
                let rendered = engine::render(&source, &values)
                    .unwrap_or_else(|e| panic!("{name} {}: {}: {e}", language.as_str(), e.field));
                for text in [&rendered.subject, &rendered.text, &rendered.html] {
                    assert!(!text.contains("{{") && !text.contains("[["), "{name}: {text}");
                }
                // What the message is for is in both forms.
                for value in name.own_values().iter().filter(|v| !["ip", "device"].contains(v)) {
                    if values.contains_key(*value) && source.text.contains(&format!("{{{{ {value} }}}}")) {
                        assert!(rendered.text.contains(&values[*value]), "{name} {value}");
                        let html = rendered.html.replace("&#x2f;", "/");
                        assert!(html.contains(&values[*value]), "{name} {value}");
                    }
                }
                assert!(!rendered.html.contains("<Lovelace>") && !rendered.html.contains("Example & Sons"));
                assert!(rendered.html.contains(&format!("lang=\"{}\"", language.as_str())));
            }
        }
    }
}

#[test]
fn people_are_greeted_as_in_their_language() {
    for (language, with, without) in [
        (Language::En, "Hello Ada,", "Hello,"),
        (Language::De, "Guten Tag Ada,", "Guten Tag,"),
        (Language::Fr, "Bonjour Ada,", "Bonjour,"),
        (Language::Es, "Hola, Ada:", "Hola:"),
        (Language::Cs, "Dobrý den, Ada,", "Dobrý den,"),
    ] {
        for name in Name::ALL.into_iter().filter(|name| *name != Name::SmsCode) {
            let source = defaults::source(name, language);
            for (person, greeting) in [("Ada", with), ("", without)] {
                let mut values = name.samples();
                values.insert("name".into(), person.into());
                let rendered = engine::render(&source, &values).expect("rendered");
                let rest = rendered.text.strip_prefix(&format!("{greeting}\n\n")).expect(greeting);
                let begins = rest.chars().next().expect("a sentence");
                assert!(language != Language::Es || begins.is_uppercase(), "{name}: {rest}");
                assert!(rendered.html.contains(&format!("<p>{greeting}</p>")), "{name}: {}", rendered.html);
            }
        }
    }
}

#[test]
fn defaults_say_what_they_must() {
    for language in Language::ALL {
        for (name, must) in [
            (Name::VerifyEmail, &["link", "code", "valid_for"][..]),
            (Name::ResetPassword, &["link", "valid_for"]),
            (Name::ChangeEmail, &["link", "valid_for"]),
            (Name::Invitation, &["link", "valid_for"]),
            (Name::EmailChangeRequested, &["new_email", "time", "ip"]),
            (Name::NewLogin, &["time", "ip", "device"]),
            (Name::PasskeyAdded, &["time", "ip", "device"]),
            (Name::ApiKeyAdded, &["time", "ip", "key"]),
            (Name::PasskeyRemoved, &["time", "ip", "device"]),
            (Name::Impersonated, &["time", "reason"]),
            (Name::PasswordChanged, &["time", "ip"]),
        ] {
            let source = defaults::source(name, language);
            for value in must {
                let said = format!("{{{{ {value} }}}}");
                assert!(
                    source.text.contains(&said) && source.html.contains(&said),
                    "{name} {}: {value}",
                    language.as_str()
                );
            }
        }
    }
}

/// What an English verification looks like, so that a change of the layout is seen in a review.
#[test]
fn a_message_in_full() {
    let rendered = engine::render(&defaults::source(Name::VerifyEmail, Language::En), &Name::VerifyEmail.samples());
    let text = rendered.expect("it works").text;
    assert_eq!(
        text,
        "Hello Ada <Lovelace>,\n\nplease confirm that ada@example.com is your address at Example & Sons. The link and \
         the code are valid for 24 h.\n\nConfirm address:\nhttps://id.example.com/verify-email?token=sample\n\nOr enter \
         this code: 123456\n\nIf you did not register, ignore this message: nothing happens without you.\n\n-- \n\
         Example & Sons\nhttps://id.example.com"
    );
}

fn with_text(text: &str) -> Source {
    Source { subject: "x".into(), text: text.into(), html: "<p>x</p>".into() }
}

fn broken(text: &str) -> engine::Broken {
    engine::render(&with_text(text), &Values::from([("name".into(), "Ada".into())])).expect_err(text)
}

#[test]
fn a_template_cannot_harm_the_program() {
    for (text, why) in [
        ("a\n{% set x = 'a' %}", "`set` is not available"),
        ("{%- with y = 'a' %}{% endwith %}", "`with` is not available"),
        ("{%+ macro m() %}{% endmacro %}", "unknown statement macro"),
        ("{% include 'x' %}", "`include` is not available"),
        ("{{ name | safe }}", "filter"),
        ("{{ range(10) }}", "a call is not available"),
        ("{{ unknown }}", "undefined"),
        ("{{ 'x' * 100000000 }}", ""),
        ("{{ name", ""),
        ("{% if name %}", ""),
        ("{% for a in name %}{% endfor %}", "`for` is not available"),
        ("{{ ([[0]*100000000]*100000000) == ([[0]*100000000]*100000000) }}", "arithmetic is not available"),
        ("{% if [1] == [1] %}{% endif %}", "a list or map is not available"),
        ("{% if name in 'abc' %}{% endif %}", "not available"),
        ("{% if name < 'abc' %}{% endif %}", "not available"),
        ("{{ name[::-1] }}", "a part of a value is not available"),
        ("{{ name ~ name }}", "arithmetic is not available"),
        ("{{ name if name else name }}", "not available"),
        ("{{ (1, 2) }}", "a list or map is not available"),
        ("{{ name.upper() }}", "a call is not available"),
        ("{{ name | upper(2) }}", "an argument of a filter is not available"),
    ] {
        let error = broken(text);
        assert!(error.to_string().contains(why), "{text}: {error}");
        assert_eq!(error.field, "text");
    }
    assert_eq!(broken("a\n{% set x = 'a' %}").line, 2);
    assert_eq!(broken("a\nb\n{{ unknown }}").line, 3);
}

/// Each of these is as long as a template may be, and nested as deeply as that lets it.
#[test]
fn a_template_cannot_take_the_stack() {
    for text in [
        format!("{{% if {}name %}}x{{% endif %}}", "not ".repeat(4_000)),
        format!("{{% if name{} %}}x{{% endif %}}", " and name".repeat(1_800)),
        format!("{{{{ name{} }}}}", "|trim".repeat(3_200)),
        format!("{{% if name{} %}}x{{% endif %}}", "==name".repeat(2_700)),
        format!("{{{{ {}name{} }}}}", "(".repeat(8_000), ")".repeat(8_000)),
        format!("{{{{ name{} }}}}", ".a".repeat(8_000)),
        format!("{{% if name %}}{}{{% endif %}}", "{% elif name %}".repeat(1_000)),
        format!("{}{}", "{% if name %}".repeat(600), "{% endif %}".repeat(600)),
    ] {
        let refused = broken(&text);
        assert!(refused.message.starts_with("more than"), "{refused}");
    }
}

#[test]
fn values_are_escaped_in_html_and_a_subject_is_one_line() {
    let source =
        Source { subject: "{{ name }}".into(), text: "{{ name }}".into(), html: "{{ name }}{{ name | upper }}".into() };
    let values = Values::from([("name".into(), "<b>\r\nBcc: x\u{7}y".into())]);
    let rendered = engine::render(&source, &values).expect("it works");
    assert_eq!(rendered.subject, "<b> Bcc: x y");
    assert!(rendered.html.contains("&lt;b&gt;") && rendered.html.contains("&lt;B&gt;") && !rendered.html.contains('<'));
    assert!(rendered.text.starts_with("<b>"));
}

const PATH: &str = "/api/v1/admin/message-templates/verify_email/de";

async fn put(node: &TestCore, by: &Person, source: &Json) -> Reply {
    node.call(Method::PUT, PATH).json(source).bearer(&by.token).send().await
}

async fn verification(node: &TestCore, tenant: kernel::TenantId) {
    let post = Post::new(&node.core);
    let letter = Letter::mail(Name::VerifyEmail, Language::De, "ada@example.com")
        .with("link", "https://x.example?token=t")
        .with("code", "123456")
        .valid_for(std::time::Duration::from_secs(60));
    let work = node
        .core
        .store
        .tenant(tenant)
        .write(move |tx| Box::pin(async move { post.write(tx, letter, Fate::Send).await }));
    work.await.map_err(|e: storage::StoreError| e).expect("written");
}

crate::testing::on_both_databases! {
    a_tenant_words_a_message_anew_and_goes_back;
}

async fn a_tenant_words_a_message_anew_and_goes_back(node: TestCore) {
    let boss = node.person("boss@example.com", &["admin"]).await;
    let default = node.get(PATH).bearer(&boss.token).send().await.expect(200);
    assert_eq!(default["default"], true);
    // The default is a beginning: it can be given back as it came.
    let mut source = json!({"subject": default["subject"], "text": default["text"], "html": default["html"]});
    put(&node, &boss, &source).await.expect(200);
    source["subject"] = json!("Ihr Code: {{ code }}");
    assert_eq!(put(&node, &boss, &source).await.expect(200)["default"], false);
    assert_eq!(node.get(PATH).bearer(&boss.token).send().await.expect(200)["subject"], "Ihr Code: {{ code }}");
    let list = node.get("/api/v1/admin/message-templates").bearer(&boss.token).send().await.expect(200);
    let item = list["items"].as_array().expect("items").iter().find(|i| i["name"] == "verify_email").expect("it");
    assert_eq!(item["own"], json!(["de"]));

    // Another tenant's stays as it was.
    let acme = node.new_tenant("acme").await;
    node.mails().await;
    verification(&node, node.tenant().id).await;
    verification(&node, acme.id).await;
    let mut subjects: Vec<String> = node.mails().await.into_iter().map(|m| m.subject).collect();
    subjects.sort();
    assert_eq!(subjects, ["Bestätigen Sie Ihre E-Mail-Adresse", "Ihr Code: 123456"]);

    for _ in 0..2 {
        node.call(Method::DELETE, PATH).bearer(&boss.token).send().await.expect(204);
    }
    assert_eq!(node.get(PATH).bearer(&boss.token).send().await.expect(200)["default"], true);
    let tenant = node.tenant().id;
    assert_eq!((node.audited(tenant, "template.changed").await, node.audited(tenant, "template.reset").await), (2, 1));
}

#[tokio::test]
async fn a_broken_template_is_refused_with_its_line() {
    let node = TestCore::start().await;
    let boss = node.person("boss@example.com", &["admin"]).await;
    let source = json!({"subject": "{{ tenat }}", "text": "a\n\n{% if name %}", "html": "{{ code }}"});
    for reply in [
        put(&node, &boss, &source).await,
        node.post(&format!("{PATH}/preview"), &source).bearer(&boss.token).send().await,
    ] {
        let problem = reply.expect_problem(400, "template.broken");
        let errors = problem["errors"].as_array().expect("errors");
        assert_eq!((&errors[0]["field"], &errors[1]["field"]), (&json!("/subject"), &json!("/text")));
        assert!(errors[0]["message"].as_str().expect("text").contains("line 1"), "{problem}");
        assert!(errors[1]["message"].as_str().expect("text").contains("line 3"), "{problem}");
    }
    assert_eq!(node.get(PATH).bearer(&boss.token).send().await.expect(200)["default"], true);
    let long = json!({"subject": "x".repeat(301), "text": "", "html": "x\u{0}"});
    let problem = put(&node, &boss, &long).await.expect_problem(400, "request.invalid");
    assert_eq!(problem["errors"].as_array().expect("errors").len(), 3);
    let elsewhere = "/api/v1/admin/message-templates/verify_email/tlh";
    node.get(elsewhere).bearer(&boss.token).send().await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_preview_shows_sample_values_and_stores_nothing() {
    let node = TestCore::start().await;
    let boss = node.person("boss@example.com", &["admin"]).await;
    let source = json!({"subject": "Hi {{ name }}", "text": "{{ code }}", "html": "<b>{{ name }}</b>"});
    let shown = node.post(&format!("{PATH}/preview"), &source).bearer(&boss.token).send().await.expect(200);
    assert_eq!(shown, json!({"subject": "Hi Ada <Lovelace>", "text": "123456", "html": "<b>Ada &lt;Lovelace&gt;</b>"}));
    assert_eq!(node.get(PATH).bearer(&boss.token).send().await.expect(200)["default"], true);
}
