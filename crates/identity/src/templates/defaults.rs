//! What messages say unless a tenant words them itself.
//!
//! A default is put together from the language's texts and one layout, so that all messages look alike
//! and a translation is nothing but sentences. What comes out is an ordinary [`Source`], which a tenant
//! may take as the beginning of its own.

use std::{collections::HashMap, fmt::Write as _, sync::LazyLock};

use serde::Deserialize;

use super::model::{Name, Source};
use crate::language::Language;

/// The sentences of one language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    /// With and without a name, and with the sign that ends it: in Spanish it is a colon, and what follows begins anew.
    greeting: String,
    code_hint: String,
    link_hint: String,
    time: String,
    ip: String,
    device: String,
    messages: HashMap<String, Message>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    subject: String,
    intro: String,
    /// On the button, where there is one.
    action: Option<String>,
    /// What else there is to know.
    outro: Option<String>,
}

#[expect(clippy::expect_used, reason = "embedded: a test reads every text of every language")]
static TEXTS: LazyLock<HashMap<Language, Texts>> = LazyLock::new(|| {
    let read = |text: &str| serde_json::from_str::<Texts>(text).expect("embedded texts");
    HashMap::from([
        (Language::En, read(include_str!("texts/en.json"))),
        (Language::De, read(include_str!("texts/de.json"))),
        (Language::Fr, read(include_str!("texts/fr.json"))),
        (Language::Es, read(include_str!("texts/es.json"))),
        (Language::Cs, read(include_str!("texts/cs.json"))),
    ])
});

const LAYOUT: &str = include_str!("layout.html");

/// The default of a message in a language.
#[expect(clippy::expect_used, reason = "embedded: a test reads every text of every language")]
pub(super) fn source(name: Name, language: Language) -> Source {
    let texts = TEXTS.get(&language).expect("every language has texts");
    let message = texts.messages.get(name.as_str()).expect("every message has texts");
    Source {
        subject: message.subject.clone(),
        text: text(texts, message, name),
        html: html(texts, message, name, language),
    }
}

/// What is told about the cause of a notice: label and value.
fn details(texts: &Texts, name: Name) -> Vec<(&str, &'static str)> {
    [(&texts.time, "time"), (&texts.ip, "ip"), (&texts.device, "device")]
        .into_iter()
        .filter(|(_, value)| name.own_values().contains(value))
        .map(|(label, value)| (label.as_str(), value))
        .collect()
}

fn text(texts: &Texts, message: &Message, name: Name) -> String {
    if name == Name::SmsCode {
        // A text message has little room.
        return message.intro.clone();
    }
    let mut text = format!("{}\n\n{}\n", texts.greeting, message.intro);
    if let Some(action) = &message.action {
        let _ = writeln!(text, "\n{action}:\n{{{{ link }}}}");
    }
    if name.own_values().contains(&"code") {
        let _ = writeln!(text, "\n{} {{{{ code }}}}", texts.code_hint);
    }
    for (i, (label, value)) in details(texts, name).into_iter().enumerate() {
        let _ = writeln!(text, "{}{label}: {{{{ {value} }}}}", if i == 0 { "\n" } else { "" });
    }
    if let Some(outro) = &message.outro {
        let _ = writeln!(text, "\n{outro}");
    }
    text + "\n-- \n{{ tenant }}\n{{ url }}\n"
}

fn html(texts: &Texts, message: &Message, name: Name, language: Language) -> String {
    let mut body = format!("<p>{}</p>\n<p>{}</p>\n", texts.greeting, message.intro);
    if let Some(action) = &message.action {
        let _ = writeln!(body, "<p class=\"center\"><a class=\"button\" href=\"{{{{ link }}}}\">{action}</a></p>");
    }
    if name.own_values().contains(&"code") {
        let _ = writeln!(body, "<p>{}</p>\n<p class=\"code\">{{{{ code }}}}</p>", texts.code_hint);
    }
    let details = details(texts, name);
    if !details.is_empty() {
        body.push_str("<table class=\"details\" role=\"presentation\">\n");
        for (label, value) in details {
            let _ = writeln!(body, "<tr><td class=\"label\">{label}</td><td>{{{{ {value} }}}}</td></tr>");
        }
        body.push_str("</table>\n");
    }
    if let Some(outro) = &message.outro {
        let _ = writeln!(body, "<p class=\"quiet\">{outro}</p>");
    }
    if message.action.is_some() {
        let hint = &texts.link_hint;
        let _ = writeln!(body, "<p class=\"quiet\">{hint}<br><span class=\"link\">{{{{ link }}}}</span></p>");
    }
    LAYOUT
        .replace("[[language]]", language.as_str())
        .replace("[[subject]]", &message.subject)
        .replace("[[body]]", &body)
}
