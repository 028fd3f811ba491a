//! Templates to pages.
//!
//! Templates are part of the program (`templates/`), and every value in them is escaped. A template that
//! does not work is a defect: a test renders each of them.

use std::{collections::BTreeMap, fmt, sync::Arc};

use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use identity::{http::Refusal, language::Language};
use kernel::{Problem, problem::common};
use minijinja::{AutoEscape, Environment, Value, context};
use rust_embed::RustEmbed;

use crate::{
    assets,
    failure::{self, Faults},
    headers::Policy,
    look::Look,
    return_to::{self, ReturnTo},
    texts::{Texts, Words},
    visit::{self, Visit},
};

#[derive(RustEmbed)]
#[folder = "templates"]
struct Templates;

/// Templates and texts, read once.
pub(crate) struct Engine {
    templates: Environment<'static>,
    texts: Texts,
}

impl Engine {
    /// Reads what is embedded.
    pub(crate) fn new() -> Self {
        let mut templates = Environment::new();
        templates.set_auto_escape_callback(|_| AutoEscape::Html);
        templates.set_loader(|name| {
            let file = Templates::get(name);
            Ok(file.map(|file| String::from_utf8_lossy(&file.data).into_owned()))
        });
        Self { templates, texts: Texts::new() }
    }

    /// Renders a template.
    pub(crate) fn render(&self, template: &str, values: Value) -> Result<String, minijinja::Error> {
        self.templates.get_template(template)?.render(values)
    }

    /// The words of a language, the tenant's own first.
    pub(crate) fn words(&self, language: Language, look: &Look) -> Words {
        self.texts.of(language, look.texts(language))
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine")
    }
}

/// A page to be shown.
#[derive(Debug)]
pub(crate) struct View {
    template: &'static str,
    status: StatusCode,
    values: BTreeMap<&'static str, Value>,
    problem: Option<Problem>,
    to: Option<ReturnTo>,
    /// What fields are called that only this page has, by their names.
    labels: BTreeMap<String, String>,
}

impl View {
    /// A page by its template, such as `sign_in/email.html`.
    pub(crate) fn new(template: &'static str) -> Self {
        Self {
            template,
            status: StatusCode::OK,
            values: BTreeMap::new(),
            problem: None,
            to: None,
            labels: BTreeMap::new(),
        }
    }

    /// A value of the template.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.values.insert(name, value.into());
        self
    }

    /// What fields are called that only this page has, by their names.
    #[must_use]
    pub(crate) fn labelled(mut self, labels: impl IntoIterator<Item = (String, String)>) -> Self {
        self.labels.extend(labels);
        self
    }

    /// The form again, with what was wrong.
    #[must_use]
    pub(crate) fn refused(mut self, problem: Problem) -> Self {
        self.status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.problem = Some(problem);
        self
    }

    /// The same, if anything was wrong.
    #[must_use]
    pub(crate) fn refused_if(self, problem: Option<Problem>) -> Self {
        match problem {
            Some(problem) => self.refused(problem),
            None => self,
        }
    }

    /// Where the browser goes afterwards: a field of the form, and where the form may end.
    #[must_use]
    pub(crate) fn then(mut self, to: Option<&ReturnTo>) -> Self {
        self.to = to.cloned();
        self
    }

    /// Makes the page.
    pub(crate) fn render(self, visit: &Visit) -> Response {
        let Self { template, status, values, problem, to, labels } = self;
        let ends_at = to.as_ref().and_then(ReturnTo::origin).map(str::to_owned);
        visit.allow(|policy: &mut Policy| policy.form_ends_at = ends_at);
        let to = to.as_ref().map(ReturnTo::as_str);
        let words = visit.words();
        let faults = problem.as_ref().map(|problem| failure::faults(problem, &words, &labels)).unwrap_or_default();
        let engine = &visit.pages().engine;
        let common = common_values(visit, words, &faults);
        let ways = context! {
            return_to => to,
            return_query => visit::query(to.map(|to| (return_to::FIELD, to)).into_iter()),
            sign_in_again => visit.sign_in_at(true, to),
        };
        let rendered = engine.render(template, context! { ..Value::from(values), ..ways, ..common });
        let mut response = match rendered {
            Ok(page) => (status, Html(page)).into_response(),
            Err(error) => {
                tracing::error!(template, error = format!("{error:#}"), "a page cannot be rendered");
                return Refusal(Problem::new(common::INTERNAL).cause(error)).into_response();
            }
        };
        if let Some(seconds) = problem.as_ref().and_then(Problem::retry_after_secs) {
            response.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
        }
        if let Some(problem) = problem {
            response.extensions_mut().insert(problem);
            response.extensions_mut().insert(Shown);
        }
        response
    }
}

/// The answer tells its problem itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown;

/// The languages to choose from. `here`: the address of the page in one of them.
pub(crate) fn languages(current: Language, here: impl Fn(Language) -> String) -> Vec<Value> {
    let one = |language: Language| {
        context! {
            code => language.as_str(),
            name => own_name(language),
            href => here(language),
            current => language == current,
        }
    };
    Language::ALL.into_iter().map(one).collect()
}

/// What every page knows.
fn common_values(visit: &Visit, words: Words, faults: &Faults) -> Value {
    let base = visit.url("");
    let summary: Vec<Value> = faults.summary.iter().map(|(field, text)| context! { field, text }).collect();
    let look = visit.look().values(&visit.ctx().tenant, &base);
    context! {
        lang => visit.language().as_str(),
        languages => languages(visit.language(), |language| visit.in_language(language)),
        base,
        // Somebody is signed in.
        signed_in => visit.principal().is_some(),
        api => visit.api(),
        assets => assets::addresses(),
        csrf => visit.csrf().token(&*visit.pages().core.random),
        notice => visit.notice().map(|notice| words.get(notice.key())),
        faults => faults.general.clone(),
        errors => faults.fields.clone(),
        summary => summary,
        t => Value::from_dyn_object(Arc::new(words)),
        ..look
    }
}

/// What a language calls itself.
const fn own_name(language: Language) -> &'static str {
    match language {
        Language::En => "English",
        Language::De => "Deutsch",
        Language::Fr => "Français",
        Language::Es => "Español",
        Language::Cs => "Čeština",
    }
}
