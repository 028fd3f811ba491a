//! Signing in: who first, then the password.
//!
//! The first step asks nothing: it only brings the second, and the browser keeps what was typed ([`name`]). So it tells
//! nobody whether there is such an account. The second is the API's login with a cookie, and a page of its own, which
//! can be reloaded and come back to.
//!
//! Deliberately absent: any way in that is not [`auth::login`]'s.

use std::sync::Arc;

use axum::{Router, response::Response, routing::get};
use identity::{
    auth::{self, LoginRequest, Outcome},
    devices::Shown,
    http::{Fields, Refusal},
    sessions::{Scope, Wishes},
    users::{self, Login},
};
use kernel::Problem;

use crate::{
    Pages, address,
    form::{Form, Posted},
    name,
    return_to::{self, ReturnTo},
    second::Waiting,
    step_up,
    view::View,
    visit::{self, Visit},
};

pub(crate) fn routes() -> Router<Arc<Pages>> {
    Router::new()
        .route("/ui/login", get(ask).post(identify))
        .route("/ui/login/password", get(ask_password).post(sign_in))
}

/// Who are you? Whoever is signed in already is sent on, or asked to prove it once more.
async fn ask(visit: Visit) -> Response {
    let to = visit.return_to();
    if visit.principal().is_some() && visit.parameter("again").is_none() {
        let wanted = step_up::wanted(&visit);
        return match wanted.is_empty() {
            true => visit.go_on(to.as_ref()),
            false => visit.go(&step_up::address(&visit, to.as_ref(), &wanted)),
        };
    }
    let named = visit.parameter("login").filter(|name| name.len() <= Login::MAX_LEN);
    let name = named.or_else(|| name::remembered(&visit)).unwrap_or_default();
    visit.show(who(&visit, &name, to.as_ref()).await)
}

async fn who(visit: &Visit, name: &str, to: Option<&ReturnTo>) -> View {
    // Whoever has an account signs in, whether or not it is known if others may make one.
    let open = visit.may_register().await.unwrap_or(false);
    View::new("sign_in/who.html").with("login", name).with("may_sign_up", open).then(to)
}

/// The password is asked for, whoever it may be.
async fn identify(Posted { visit, form }: Posted) -> Response {
    let (name, to) = (form.text("login"), visit.judge(form.text(return_to::FIELD)));
    let mut fields = Fields::new();
    if name.is_empty() {
        fields.wrong("/login", "required", "");
    } else if name.len() > Login::MAX_LEN {
        fields.wrong("/login", "too_long", "");
    }
    match fields.check() {
        Ok(()) => {
            name::remember(&visit, name);
            let back = visit::query(to.iter().map(|to| (return_to::FIELD, to.as_str())));
            visit.go(&format!("{}{back}", visit.url("login/password")))
        }
        Err(problem) => {
            // What is too long is not shown again.
            let name = if name.len() > Login::MAX_LEN { "" } else { name };
            visit.show(who(&visit, name, to.as_ref()).await.refused(problem))
        }
    }
}

async fn password_page(visit: &Visit, name: &str, remember: bool, to: Option<&ReturnTo>) -> Result<View, Problem> {
    let view = View::new("sign_in/password.html").with("login", name).with("remember", remember);
    Ok(view.with("may_be_remembered", visit.preferences().await?.sessions.remembers()).then(to))
}

/// The second step. Without the first, it begins anew, to the same end; whoever comes back from where it led is sent
/// there again.
async fn ask_password(visit: Visit) -> Result<Response, Refusal> {
    let to = visit.return_to();
    Ok(match name::remembered(&visit) {
        Some(name) => visit.show(password_page(&visit, &name, false, to.as_ref()).await?),
        None if visit.principal().is_some() => visit.go_on(to.as_ref()),
        None => visit.go(&visit.sign_in_at(false, to.as_ref().map(ReturnTo::as_str))),
    })
}

async fn sign_in(Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let to = visit.judge(form.text(return_to::FIELD));
    let outcome = match read(&visit, &form) {
        Ok(request) => auth::login(&visit.pages().core, visit.ctx(), request).await,
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(Outcome::LoggedIn(logged_in)) => {
            name::forget(&visit);
            visit.set_cookies(logged_in.cookies);
            Ok(visit.go_on(to.as_ref()))
        }
        Ok(Outcome::Challenge(challenge)) => {
            Waiting::begin(&visit, challenge, to.as_ref());
            Ok(visit.go(&visit.url("mfa")))
        }
        Err(problem) if !problem.is_fault() => {
            let page = password_page(&visit, form.text("login"), form.is_ticked("remember"), to.as_ref()).await?;
            // The page that asks for another mail knows the address.
            let unverified = problem.kind == users::EMAIL_UNVERIFIED;
            if let Some(email) = form.text("login").parse().ok().filter(|_| unverified) {
                address::remember(&visit, &email);
            }
            Ok(visit.show(page.with("unverified", unverified).refused(problem)))
        }
        Err(problem) => Err(problem.into()),
    }
}

fn read(visit: &Visit, form: &Form) -> Result<LoginRequest, Problem> {
    let name = form.text("login");
    let mut fields = Fields::new();
    if name.is_empty() || name.len() > Login::MAX_LEN {
        fields.wrong("/login", "required", "");
    }
    let password = form.password(&mut fields, "password");
    fields.check()?;
    Ok(LoginRequest {
        login: Login::new(name),
        password,
        wishes: Wishes { remember: form.is_ticked("remember"), scope: Scope::default(), set_cookie: true },
        device: Shown::read(visit.headers(), visit.ctx().client_ip),
        page: visit.origin(),
        language: visit.wish(),
    })
}
