//! The account of whoever is signed in: what is kept of them, how they sign in, from where, and their keys.
//!
//! Invariants:
//! - Everything is the caller's own: pages ask for the same permission as the calls that they stand for
//!   ([`own`]), and name no user.
//! - Every form is sent to the address of a page, so whoever has to sign in first comes back to one.
//! - What cannot be taken back is asked about on a page of its own before it is done.
//! - A secret is shown once ([`once`](crate::once)).
//!
//! Deliberately absent: bringing a deleted account back, which is an administrator's to do.

mod api_keys;
mod devices;
mod email;
mod factors;
mod home;
mod leave;
mod own;
mod passkeys;
mod password;
mod privacy;
mod profile;
mod sessions;
mod when;

use std::{fmt::Display, sync::Arc};

use axum::{Router, response::Response, routing::get};
use identity::{devices as identity_devices, passwords};
use kernel::Problem;

use crate::{
    Pages, return_to,
    texts::Words,
    view::View,
    visit::{self, Visit},
};

pub(crate) fn routes() -> Router<Arc<Pages>> {
    Router::new()
        .route("/ui/account", get(home::show))
        .merge(profile::routes())
        .merge(email::routes())
        .merge(password::routes())
        .merge(factors::routes())
        .merge(passkeys::routes())
        .merge(sessions::routes())
        .merge(devices::routes())
        .merge(api_keys::routes())
        .merge(privacy::routes())
        .merge(leave::routes())
}

/// `/ui`: to the account, and so to signing in.
pub(crate) async fn enter(visit: Visit) -> Response {
    visit.go(&visit.url("account"))
}

/// To where they prove once more who they are, and back to this page: what it wants to do needs a recent sign-in.
fn step_up(visit: &Visit) -> Response {
    let back = visit.here();
    let back = visit::query([(return_to::FIELD, back.as_str())].into_iter());
    visit.go(&format!("{}{back}", visit.url("step-up")))
}

/// What a program or a device is called, in words where it has said nothing about itself.
fn called(name: &str, words: &Words) -> String {
    let name = name.trim();
    if name.is_empty() || name == identity_devices::UNKNOWN { words.get("sessions-unknown") } else { name.to_owned() }
}

/// A wrong password is said at its field.
fn at_current_password(problem: Problem) -> Problem {
    if problem.kind == passwords::WRONG { problem.field("/current_password", "wrong", "") } else { problem }
}

/// What is wrong with a name, said at the field of what was to have it: lists have many of them.
fn at_field_of(problem: &Problem, id: &impl Display) -> Problem {
    let errors = problem.errors.iter().map(|error| (error.code, error.message.clone()));
    errors.fold(Problem::new(problem.kind), |there, (code, text)| there.field(format!("/name-{id}"), code, text))
}

/// A page of the section that has this address.
fn page(template: &'static str, section: &'static str) -> View {
    View::new(template).with("section", section)
}

/// Asks whether something is really to be done: `what` begins the keys of its texts, `name` is what it is done
/// to. The form goes where the page is.
fn sure(section: &'static str, what: Sure, name: &str) -> View {
    page("account/sure.html", section)
        .with("title", what.title)
        .with("text", what.text)
        .with("submit", what.submit)
        .with("name", name)
}

/// Keys of the texts of a question.
#[derive(Clone, Copy, Debug)]
struct Sure {
    title: &'static str,
    text: &'static str,
    submit: &'static str,
}
