//! `/ui/preview/{token}/…`: pages in a look that is tried out, for whoever has its link.
//!
//! Invariants:
//! - **Nothing on them works**: no form is sent and no script runs ([`Policy::inert`]), whatever the look says; and
//!   nobody listens below this path, either.
//! - They know nobody: no cookie is read or set, and no secret of a form is in them.
//! - Nothing of it is kept by a cache.
//!
//! Deliberately absent: pages of somebody who is signed in.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State},
    response::{Html, IntoResponse as _, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use identity::{
    branding::{self, Kind, Place},
    language::Language,
};
use kernel::{Problem, RequestContext, Secret, problem::common};
use minijinja::{Value, context};

use crate::{
    Pages, assets,
    branding::{failed, parts},
    failure,
    headers::Policy,
    look::Look,
    new_password, view, visit,
};

/// Who signs in on these pages.
const SAMPLE: &str = "ada@example.com";

/// A page in the look.
pub(crate) async fn page(
    State(pages): State<Arc<Pages>>,
    Extension(ctx): Extension<RequestContext>,
    Path((token, page)): Path<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let before = visit::base(&pages, &ctx, host);
    let base = format!("{before}/ui/preview/{token}/");
    let chosen = visit::parameter(&uri, "lang").and_then(|text| text.parse().ok());
    let wish = chosen.or_else(|| Language::wished(&headers));
    let shown = match look(&pages, &ctx, token).await {
        Ok(look) => show(&pages, &ctx, &look, wish, &base, &page).await,
        Err(problem) => Err(problem),
    };
    shown.unwrap_or_else(|problem| {
        // In the look that is in force: there is no other.
        let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match pages.explain(&problem, &ctx.request_id, &headers, Some(&format!("{before}{}", uri.path()))) {
            Some((headers, page)) => (status, headers, page).into_response(),
            None => failure::plain(&problem),
        }
    })
}

async fn look(pages: &Pages, ctx: &RequestContext, token: String) -> Result<Look, Problem> {
    let brand = branding::preview(&pages.core, ctx.tenant.id, &Secret::new(token)).await?;
    Ok(Look::new(Arc::new(brand.ok_or(common::NOT_FOUND)?)))
}

async fn show(
    pages: &Pages,
    ctx: &RequestContext,
    look: &Look,
    wish: Option<Language>,
    base: &str,
    page: &str,
) -> Result<Response, Problem> {
    let preferences = visit::preferences(pages, ctx).await?;
    let language = wish.unwrap_or(preferences.language);
    let words = pages.engine.words(language, look);
    let rules = || new_password::said(pages, &preferences, &words);
    let (template, own) = match page {
        "login" => ("sign_in/who.html", context! { may_sign_up => preferences.may_register(&pages.core.settings) }),
        "password" => {
            let remembers = preferences.sessions.remembers();
            ("sign_in/password.html", context! { login => SAMPLE, may_be_remembered => remembers })
        }
        "signup" => ("sign_up/form.html", context! { rules => rules() }),
        "reset-password" => ("mailed/forgotten.html", context! {}),
        "invitation" => ("mailed/choose.html", context! { invited => true, email => SAMPLE, rules => rules() }),
        // What people see who find nothing is a page, too.
        _ => {
            let (title, text) = failure::title_and_text(&common::NOT_FOUND.into(), &words);
            ("problem.html", context! { title, text, status => 404, request_id => &*ctx.request_id })
        }
    };
    let (status, page) = match template {
        "problem.html" => (StatusCode::NOT_FOUND, "nowhere"),
        _ => (StatusCode::OK, page),
    };
    let common = context! {
        lang => language.as_str(),
        languages => view::languages(language, |language| format!("{base}{page}?lang={}", language.as_str())),
        base,
        sign_in_again => format!("{base}login"),
        assets => assets::addresses(),
        inert => true,
        notice => words.get("preview-note"),
        faults => Vec::<String>::new(),
        errors => context! {},
        t => Value::from_object(words),
        ..look.values(&ctx.tenant, base)
    };
    let page = pages.engine.render(template, context! { ..own, ..common });
    let page = page.map_err(|error| Problem::new(common::INTERNAL).cause(format!("{error:#}")))?;
    let mut response = (status, Html(page)).into_response();
    Policy { framed_by: look.framed_by().to_vec(), inert: true, ..Policy::default() }.write(response.headers_mut());
    Ok(response)
}

/// The style sheet or an image of the look.
pub(crate) async fn file(
    State(pages): State<Arc<Pages>>,
    Extension(ctx): Extension<RequestContext>,
    Path((token, name)): Path<(String, String)>,
) -> Response {
    match content(&pages, &ctx, token, &name).await {
        Ok((kind, content)) => {
            let mut response = (assets::kept(kind), content).into_response();
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(problem) if problem.status() == 404 => StatusCode::NOT_FOUND.into_response(),
        Err(problem) => failed(&problem),
    }
}

/// A file by its name, with its media type.
async fn content(
    pages: &Pages,
    ctx: &RequestContext,
    token: String,
    name: &str,
) -> Result<(&'static str, Bytes), Problem> {
    let (stem, hash, extension) = parts(name).ok_or(common::NOT_FOUND)?;
    if (stem, extension) == ("theme", "css") {
        let look = look(pages, ctx, token).await?;
        let sheet = look.sheet().ok_or(common::NOT_FOUND)?;
        return Ok(("text/css; charset=utf-8", sheet.content.clone()));
    }
    let (place, kind) = Place::from_stored(stem).zip(Kind::from_stored(extension)).ok_or(common::NOT_FOUND)?;
    let (token, hash) = (Secret::new(token), hash.to_owned());
    let found = branding::preview_file(&pages.core, ctx.tenant.id, &token, place, kind, hash).await?;
    Ok((kind.media_type(), found.ok_or(common::NOT_FOUND)?.into()))
}
