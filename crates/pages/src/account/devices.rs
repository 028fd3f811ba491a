//! What one has signed in with.

use std::sync::Arc;

use axum::{Router, response::Response, routing::get};
use identity::{
    devices::{self, Device},
    http::{Path, Refusal},
    users::{ReadProfile, WriteProfile},
};
use kernel::{DeviceId, Problem, Timestamp, problem::common};
use minijinja::{Value, context};

use super::{Sure, at_field_of, called, own::Own, page, sure, when};
use crate::{Pages, form::Posted, notice::Notice, texts::Words};

const SECTION: &str = "account/devices";
const FORGET: Sure = Sure { title: "device-forget-title", text: "device-forget-text", submit: "device-forget" };

pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new()
        .route("/ui/account/devices", get(list).post(rename))
        .route("/ui/account/devices/{id}/forget", get(ask_forget).post(forget))
}

/// The caller's devices.
pub(super) async fn of<R>(own: &Own<R>) -> Result<Vec<Device>, Problem> {
    let (user, principal) = (own.id, &own.permit.principal);
    let session = principal.session;
    own.core().read(principal.tenant, move |tx| Box::pin(devices::list(tx, user, session))).await
}

fn row(device: &Device, words: &Words, now: Timestamp) -> Value {
    context! {
        id => device.id.to_string(),
        name => called(&device.name, words),
        ip => device.ip.clone(),
        current => device.current,
        trusted => device.trusted_until.filter(|until| now < *until).map(|until| when::day(words, until)),
        first => when::ago(words, now, device.first_seen_at),
        seen => when::ago(words, now, device.last_seen_at),
    }
}

/// The list, with what was wrong about a name.
async fn view<R>(own: &Own<R>, refused: Option<Problem>) -> Result<Response, Problem> {
    let (words, now) = (own.visit.words(), own.core().now());
    let rows: Vec<Value> = of(own).await?.iter().map(|device| row(device, &words, now)).collect();
    let view = page("account/devices.html", SECTION).with("devices", rows);
    Ok(own.visit.show(view.refused_if(refused)))
}

async fn list(own: Own<ReadProfile>) -> Result<Response, Refusal> {
    Ok(view(&own, None).await?)
}

async fn rename(own: Own<WriteProfile>, Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let id: DeviceId = form.text("device").parse().map_err(|_| common::NOT_FOUND)?;
    match devices::rename_own(own.core(), &own.permit, id, form.text("name")).await {
        Ok(()) => Ok(visit.go_saying(&visit.url(SECTION), Notice::DeviceNamed)),
        Err(problem) if problem.status() == 400 => Ok(view(&own, Some(at_field_of(&problem, &id))).await?),
        Err(problem) => Err(problem.into()),
    }
}

async fn ask_forget(own: Own<ReadProfile>, Path(id): Path<DeviceId>) -> Result<Response, Refusal> {
    let device = of(&own).await?.into_iter().find(|device| device.id == id).ok_or(common::NOT_FOUND)?;
    Ok(own.visit.show(sure(SECTION, FORGET, &called(&device.name, &own.visit.words()))))
}

async fn forget(
    own: Own<WriteProfile>,
    Path(id): Path<DeviceId>,
    Posted { visit, .. }: Posted,
) -> Result<Response, Refusal> {
    devices::remove_own(own.core(), &own.permit, id).await?;
    Ok(visit.go_saying(&visit.url(SECTION), Notice::DeviceRemoved))
}
