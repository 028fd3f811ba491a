//! Names and phone.

use std::sync::Arc;

use axum::{Router, response::Response, routing::get};
use identity::{
    attributes,
    http::{Fields, Refusal},
    users::{self, Attributes, Phone, ProfileChange, ReadProfile, WriteProfile},
};
use kernel::{Problem, problem::common};

use super::{own::Own, page};
use crate::{
    Pages,
    attributes::Asked,
    form::{Form, Posted},
    notice::Notice,
    view::View,
};

const SECTION: &str = "account/profile";

pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new().route("/ui/account/profile", get(ask).post(save))
}

/// What the tenant keeps of people beside that.
async fn asked<R>(own: &Own<R>) -> Result<Asked, Problem> {
    let schema = attributes::schema_of(own.core(), own.permit.principal.tenant).await?;
    Ok(Asked::of(schema.as_ref()))
}

fn view(display_name: &str, company_name: &str, phone: &str) -> View {
    page("account/profile.html", SECTION)
        .with("display_name", display_name)
        .with("company_name", company_name)
        .with("phone", phone)
}

async fn ask(own: Own<ReadProfile>) -> Result<Response, Refusal> {
    let user = own.user().await?;
    let text = |value: Option<String>| value.unwrap_or_default();
    let (name, company, phone) = (text(user.display_name), text(user.company_name), text(user.phone));
    let shown = view(&name, &company, &phone).with("email", user.email);
    Ok(own.visit.show(asked(&own).await?.show_known(shown, &own.visit.words(), &user.attributes)))
}

/// Empty means none.
fn read(form: &Form, asked: &Asked, before: &Attributes) -> Result<ProfileChange, Problem> {
    let mut fields = Fields::new();
    let mut text = |name: &str| {
        let typed = form.text(name);
        (!typed.is_empty()).then(|| fields.keep(format!("/{name}"), "format", users::text(typed))).flatten()
    };
    let (display_name, company_name) = (text("display_name"), text("company_name"));
    let phone = form.text("phone");
    let phone = (!phone.is_empty()).then(|| fields.keep("/phone", "format", phone.parse::<Phone>())).flatten();
    fields.check()?;
    // Those that stay as they are need not meet a schema that is younger.
    let attributes = Some(asked.read(form, before)?).filter(|said| said != before);
    Ok(ProfileChange {
        display_name: Some(display_name),
        company_name: Some(company_name),
        phone: Some(phone),
        attributes,
    })
}

async fn save(own: Own<WriteProfile>, Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let (user, asked) = (own.user().await?, asked(&own).await?);
    let saved = match read(&form, &asked, &user.attributes) {
        Ok(change) => users::change_profile(own.core(), &own.permit, change).await,
        Err(problem) => Err(problem),
    };
    match saved {
        Ok(_) => Ok(visit.go_saying(&visit.url(SECTION), Notice::ProfileSaved)),
        Err(problem) if !problem.is_fault() => {
            let shown = view(form.text("display_name"), form.text("company_name"), form.text("phone"));
            let shown = asked.show_typed(shown.with("email", user.email), &visit.words(), &form);
            Ok(visit.show(match asked.at_fields(problem) {
                Some(problem) => shown.refused(problem),
                None => shown.with("stuck", true).refused(Problem::new(common::INVALID)),
            }))
        }
        Err(problem) => Err(problem.into()),
    }
}
