//! A user's own keys, for those who are not the API: the pages.

use std::time::Duration;

use kernel::{ApiKeyId, Problem, Secret, Timestamp};

use super::{
    ApiKey, ReadOwnKeys, WriteOwnKeys,
    dto::CreateApiKey,
    model::MAX_OF_USER,
    service::{self, Renewal, Scope},
};
use crate::{
    Core,
    http::{Permit, Window},
    language::Language,
    users,
};

/// A key to be, which may be used from anywhere.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// For people.
    pub name: String,
    /// What it is narrowed to; `None` for all that its owner may.
    pub permissions: Option<Vec<String>>,
    /// When it ends; `None` for never.
    pub expires_at: Option<Timestamp>,
}

/// The caller's keys, newest first: as many as may live, among them those that ended lately.
pub async fn list_own(core: &Core, permit: &Permit<ReadOwnKeys>) -> Result<Vec<ApiKey>, Problem> {
    let window = Window::parse(u32::try_from(MAX_OF_USER).ok(), None)?;
    service::list(core, permit, Some(users::own(&permit.principal)?), window).await
}

/// Makes a key. The secret is told this once.
pub async fn create_own(
    core: &Core,
    permit: &Permit<WriteOwnKeys>,
    wanted: Wanted,
    wish: Option<Language>,
) -> Result<(Secret, ApiKey), Problem> {
    let Wanted { name, permissions, expires_at } = wanted;
    let draft = CreateApiKey::plain(name, permissions, expires_at).parse(false, core.now())?;
    service::create(core, permit, Scope::own(permit)?, draft, wish).await
}

/// Replaces a key by one of the same rights and life; the old one ends after the overlap, a week at most.
pub async fn rotate_own(
    core: &Core,
    permit: &Permit<WriteOwnKeys>,
    id: ApiKeyId,
    overlap: Duration,
    wish: Option<Language>,
) -> Result<(Secret, ApiKey), Problem> {
    service::rotate(core, permit, Scope::own(permit)?, id, Renewal { overlap, expires_at: None }, wish).await
}

/// Takes a key back.
pub async fn revoke_own(core: &Core, permit: &Permit<WriteOwnKeys>, id: ApiKeyId) -> Result<(), Problem> {
    service::revoke(core, permit, Scope::own(permit)?, id).await
}
