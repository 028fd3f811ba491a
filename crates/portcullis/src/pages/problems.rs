//! `/problems`: what each error code means. The `type` of a problem document (RFC 9457 §3.1.1) leads
//! here.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::HeaderMap;
use identity::http::Refusal;
use kernel::{ProblemKind, problem::common};
use serde::Serialize;

use super::{Pages, html::Page, wants_html};

#[derive(Serialize)]
struct Entry {
    code: &'static str,
    status: u16,
    title: &'static str,
    advice: &'static str,
}

impl From<&'static ProblemKind> for Entry {
    fn from(kind: &'static ProblemKind) -> Self {
        Self { code: kind.code, status: kind.status, title: kind.title, advice: kind.advice }
    }
}

pub(super) async fn list(State(pages): State<Arc<Pages>>, headers: HeaderMap) -> Response {
    if !wants_html(&headers) {
        let items: Vec<Entry> = pages.catalogue.iter().copied().map(Entry::from).collect();
        return Json(serde_json::json!({ "items": items })).into_response();
    }
    Page::new("Error catalogue")
        .paragraph("Every error is a problem document (RFC 9457) with one of these codes. Codes do not change; programs may decide by them.")
        .table(["Code", "Meaning", "What to do"], pages.catalogue.iter().map(|k| [k.code, k.title, k.advice]))
        .into_response()
}

pub(super) async fn one(
    State(pages): State<Arc<Pages>>,
    Path(code): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let found = pages.catalogue.iter().find(|kind| kind.code == code);
    let kind = *found.ok_or(Refusal(common::NOT_FOUND.into()))?;
    Ok(if wants_html(&headers) {
        Page::new(kind.title)
            .paragraph(&format!("Code {}, HTTP status {}.", kind.code, kind.status))
            .paragraph(kind.advice)
            .link("/problems", "All codes")
            .into_response()
    } else {
        Json(Entry::from(kind)).into_response()
    })
}
