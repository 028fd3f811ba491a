//! Signing up. Afterwards everybody sees the same: a mail is on its way, whether to a new account or to the
//! owner of one that was there.

use std::sync::Arc;

use axum::{Router, response::Response, routing::get};
use identity::{
    attributes,
    auth::{self, Registration},
    http::{Fields, Refusal},
    proof_of_work::{self, Puzzle, Work},
    users::{self, Attributes, Email, NewUser},
};
use kernel::{Problem, problem::common};

use crate::{
    Pages, address,
    attributes::Asked,
    form::{Form, Posted},
    new_password,
    view::View,
    visit::Visit,
};

pub(crate) fn routes() -> Router<Arc<Pages>> {
    Router::new().route("/ui/signup", get(ask).post(sign_up))
}

async fn ask(visit: Visit) -> Result<Response, Refusal> {
    Ok(visit.show(page(&visit, None).await?))
}

/// What the tenant wants to know of everybody.
async fn asked(visit: &Visit) -> Result<Asked, Problem> {
    let schema = attributes::schema_of(&visit.pages().core, visit.ctx().tenant.id).await?;
    Ok(Asked::of(schema.as_ref()).required())
}

async fn page(visit: &Visit, typed: Option<&Form>) -> Result<View, Problem> {
    if !visit.may_register().await? {
        return Err(auth::CLOSED.into());
    }
    // Where the tenant asks for work, the script does it while the form is filled in.
    let Puzzle { puzzle, bits, .. } = proof_of_work::ask(&visit.pages().core, visit.ctx()).await?;
    let view = View::new("sign_up/form.html").with("rules", new_password::rules(visit).await?);
    let asked = asked(visit).await?;
    let view = match typed {
        Some(form) => asked.show_typed(view, &visit.words(), form),
        None => asked.show_known(view, &visit.words(), &Attributes::default()),
    };
    Ok(view.with("puzzle", puzzle).with("bits", bits))
}

async fn sign_up(Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let asked = asked(&visit).await?;
    let outcome = match read(&form, &asked) {
        Ok(registration) => {
            let email = registration.email.clone();
            auth::register(&visit.pages().core, visit.ctx(), registration, visit.wish()).await.map(|()| email)
        }
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(email) => {
            address::remember(&visit, &email);
            Ok(visit.go(&visit.url("verify-email")))
        }
        Err(problem) if !problem.is_fault() => {
            let page = page(&visit, Some(&form))
                .await?
                .with("email", form.text("email"))
                .with("person", form.text("display_name"));
            Ok(visit.show(match asked.at_fields(problem) {
                Some(problem) => page.refused(problem),
                // No field of this page could put it right.
                None => page.with("beyond", true).refused(Problem::new(common::INVALID)),
            }))
        }
        Err(problem) => Err(problem.into()),
    }
}

fn read(form: &Form, asked: &Asked) -> Result<Registration, Problem> {
    let mut fields = Fields::new();
    let email = fields.keep("/email", "format", form.text("email").parse::<Email>());
    let name = form.text("display_name");
    let name = (!name.is_empty()).then(|| fields.keep("/display_name", "format", users::text(name)));
    let password = form.password(&mut fields, "password");
    asked.note_empty(form, &mut fields);
    let email = fields.finish(email)?;
    let attributes = asked.read(form, &Attributes::default())?;
    let user = NewUser { display_name: name.flatten(), attributes, ..NewUser::person(email.clone()) };
    let puzzle = form.text("puzzle").to_owned();
    let work = (!puzzle.is_empty()).then(|| Work { puzzle, nonce: form.text("nonce").to_owned() });
    Ok(Registration { email, user, password, work })
}
