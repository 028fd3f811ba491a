//! What went wrong, in words for people and in their language.
//!
//! Problems that a page expects are told beside its form, by field where they have one. All others become
//! a page of their own with the request's id, which ties it to the operator's log.

use std::{collections::BTreeMap, time::Duration};

use axum::response::{Html, IntoResponse, Response};
use fluent_bundle::FluentArgs;
use http::StatusCode;
use identity::mfa;
use kernel::{Problem, problem::common::STEP_UP};

use crate::{csrf::FORGED, texts::Words, view::View, visit::Visit};

/// What is said beside a form.
#[derive(Default, Debug)]
pub(crate) struct Faults {
    /// About no field.
    pub(crate) general: Vec<String>,
    /// By the field's name.
    pub(crate) fields: BTreeMap<String, Vec<String>>,
    /// All of them in the order of the form, each with its field. Where there are several fields, it says which one.
    pub(crate) summary: Vec<(String, String)>,
}

/// Codes of problems that have words of their own.
const PROBLEMS: &[(&str, &str)] = &[
    ("credentials.invalid", "problem-credentials-invalid"),
    ("auth.step_up_required", "problem-step-up"),
    ("login.locked", "problem-login-locked"),
    ("login.limited", "problem-too-many"),
    ("login.delayed", "problem-too-many"),
    ("session.too_many", "problem-sessions-full"),
    ("password.wrong", "problem-password-wrong"),
    ("form.refused", "problem-form-refused"),
    ("not_found", "problem-not-found"),
    ("method_not_allowed", "problem-not-found"),
    ("unavailable", "problem-unavailable"),
    ("mfa.code_invalid", "problem-code"),
    ("mfa.code_used", "problem-code-used"),
    ("mfa.no_phone", "problem-no-phone"),
    ("mfa.confirmation_failed", "problem-mfa-unconfirmed"),
    ("mfa.off", "problem-mfa-off"),
    ("mfa.needed", "problem-mfa-needed"),
    ("mfa.too_many", "problem-mfa-too-many"),
    ("user.email_unverified", "problem-email-unverified"),
    ("login.passkey_needed", "problem-passkey-needed"),
    ("passkey.invalid", "problem-passkey-invalid"),
    ("passkey.refused", "problem-passkey-refused"),
    ("passkey.exists", "problem-passkey-exists"),
    ("passkey.too_many", "problem-mfa-too-many"),
    ("passkey.none", "problem-passkey-none"),
    ("passkey.no_host", "problem-passkey-no-host"),
    ("verification.invalid", "problem-verification-invalid"),
    ("proof_of_work.required", "problem-work"),
    ("proof_of_work.invalid", "problem-work"),
    ("user.last_super_admin", "problem-last-super-admin"),
    ("registration.closed", "problem-registration-closed"),
];

/// Codes of wrong fields.
const FIELDS: &[(&str, &str)] = &[
    ("required", "fault-required"),
    ("too_long", "fault-too-long"),
    ("format", "fault-format"),
    ("unchanged", "fault-unchanged"),
    ("wrong", "problem-password-wrong"),
    ("not_the_same", "fault-not-the-same"),
    ("too_short", "fault-too-short"),
    ("no_uppercase", "fault-no-uppercase"),
    ("no_lowercase", "fault-no-lowercase"),
    ("no_digit", "fault-no-digit"),
    ("no_special", "fault-no-special"),
    ("contains_identity", "fault-contains-identity"),
    ("guessable", "fault-guessable"),
    ("common", "fault-common"),
    ("breached", "fault-breached"),
    ("reused", "fault-used-before"),
    ("email", "fault-email"),
    ("enum", "fault-choice"),
    ("too_small", "fault-too-small"),
    ("too_large", "fault-too-large"),
    ("text_too_short", "fault-text-too-short"),
    ("not_a_number", "fault-number"),
    ("not_whole", "fault-whole-number"),
];

/// What fields are called.
const LABELS: &[(&str, &str)] = &[
    ("display_name", "profile-name"),
    ("company_name", "profile-company"),
    ("phone", "profile-phone"),
    ("email", "email"),
    ("new_email", "email-new"),
    ("login", "sign-in-login"),
    ("password", "password"),
    ("current_password", "password-current"),
    ("new_password", "password-new"),
    ("code", "code-label"),
    ("name", "key-name"),
    ("life", "key-life"),
];

/// What a form says about a problem. `labels`: what fields are called that only this form has.
pub(crate) fn faults(problem: &Problem, words: &Words, labels: &BTreeMap<String, String>) -> Faults {
    let mut faults = Faults::default();
    for error in &problem.errors {
        let field = error.field.trim_start_matches('/').replace('/', "_");
        let key = match (field.as_str(), error.code) {
            ("email" | "new_email", "format") => "fault-email",
            ("code", "format") => "fault-code",
            ("phone", "format") => "fault-phone",
            (_, code) => field_key(code),
        };
        let text = words.get(key);
        faults.summary.push((field.clone(), text.clone()));
        faults.fields.entry(field).or_default().push(text);
    }
    if faults.fields.len() > 1 {
        for (field, text) in &mut faults.summary {
            let common = || LABELS.iter().find(|(known, _)| known == field).map(|(_, key)| words.get(key));
            if let Some(label) = labels.get(field).cloned().or_else(common) {
                let args = [("field", label), ("text", std::mem::take(text))];
                *text = words.with("fault-at", &FluentArgs::from_iter(args));
            }
        }
    }
    if faults.fields.is_empty() {
        faults.general.push(sentence(problem, words));
    }
    faults
}

fn field_key(code: &str) -> &'static str {
    FIELDS.iter().find(|(known, _)| *known == code).map_or("fault-other", |(_, key)| key)
}

/// One sentence about a problem.
fn sentence(problem: &Problem, words: &Words) -> String {
    let known = PROBLEMS.iter().find(|(code, _)| *code == problem.kind.code).map(|(_, key)| *key);
    // One code for all factors; what helps is not the same.
    let known = if problem.detail.as_deref() == Some(mfa::SMS_ADVICE) { Some("problem-code-sms") } else { known };
    let key = known.unwrap_or(match problem.status() {
        401 => "problem-sign-in",
        404 | 405 => "problem-not-found",
        403 => "problem-forbidden",
        429 => "problem-too-many",
        503 => "problem-unavailable",
        500.. => "problem-internal",
        _ => "problem-request",
    });
    let wait = problem.retry_after_secs().map(Duration::from_secs);
    let wait = wait.map_or_else(|| words.get("span-moment"), |wait| span(wait, words));
    words.with(key, &FluentArgs::from_iter([("wait", wait)]))
}

/// A time to wait, in words: rounded up, so that nobody comes too early.
pub(crate) fn span(wait: Duration, words: &Words) -> String {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let (key, count) = match seconds {
        0..=90 => ("span-seconds", seconds.max(1)),
        91..=5_400 => ("span-minutes", seconds.div_ceil(60)),
        _ => ("span-hours", seconds.div_ceil(3_600)),
    };
    words.with(key, &FluentArgs::from_iter([("count", count)]))
}

/// A problem's heading and one sentence about it.
pub(crate) fn title_and_text(problem: &Problem, words: &Words) -> (String, String) {
    let title = match problem.status() {
        _ if problem.kind == FORGED => "problem-title-request",
        _ if problem.kind == STEP_UP => "second-title",
        401 => "problem-title-sign-in",
        404 | 405 => "problem-title-not-found",
        403 => "problem-title-forbidden",
        429 => "problem-title-too-many",
        503 => "problem-title-unavailable",
        500.. => "problem-title-internal",
        _ => "problem-title-request",
    };
    (words.get(title), sentence(problem, words))
}

/// A page about a problem.
pub(crate) fn page(visit: &Visit, problem: &Problem) -> Response {
    let request_id = &visit.ctx().request_id;
    if problem.is_fault() {
        tracing::error!(%request_id, code = problem.kind.code, cause = problem.cause, "a page failed");
    }
    let (title, text) = title_and_text(problem, &visit.words());
    let view = View::new("problem.html")
        .with("title", title)
        .with("text", text)
        .with("status", problem.status())
        .with("request_id", &**request_id)
        // Every address that a form is sent to has a page.
        .with("here", (problem.kind == FORGED || problem.status() >= 500).then(|| visit.here()));
    let mut response = view.render(visit);
    *response.status_mut() = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(seconds) = problem.retry_after_secs() {
        response.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
    }
    response
}

/// Where not even a visit could begin.
pub(crate) fn plain(problem: &Problem) -> Response {
    tracing::error!(code = problem.kind.code, cause = problem.cause, "a page failed");
    let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (
        status,
        Html(format!("<!doctype html><html lang=\"en\"><title>{0}</title><h1>{0}</h1></html>", problem.kind.title)),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use identity::language::Language;
    use kernel::problem::common;

    use super::*;
    use crate::texts::Texts;

    #[test]
    fn waits_are_rounded_up_and_said_in_words() {
        let words = Texts::new().of(Language::En, None);
        let say = |millis| span(Duration::from_millis(millis), &words);
        assert_eq!([say(1), say(1_000), say(89_001)], ["1 second", "1 second", "90 seconds"]);
        assert_eq!([say(91_000), say(120_001), say(5_400_001)], ["2 minutes", "3 minutes", "2 hours"]);
    }

    #[test]
    fn what_is_wrong_with_a_field_is_said_there() {
        let words = Texts::new().of(Language::En, None);
        let problem = Problem::new(common::INVALID).field("/email", "format", "x").field("/name", "unheard_of", "x");
        let faults = faults(&problem, &words, &BTreeMap::new());
        assert!(faults.general.is_empty());
        assert_eq!(faults.fields["email"], [words.get("fault-email")]);
        assert_eq!(faults.fields["name"], [words.get("fault-other")]);
        let summary = faults.summary.iter().map(|(field, text)| format!("{field}, {text}")).collect::<Vec<_>>();
        assert_eq!(summary[1], "name, Name: This cannot be used.");
    }
}
