//! Credentials that the edge does not know.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use kernel::{
    Principal, Problem,
    edge::{Authenticator, Credential},
};

use crate::{Core, api_keys, sessions};

/// Asks the slice that the credential belongs to.
pub(super) struct Credentials(pub(super) Arc<Core>);

impl Authenticator for Credentials {
    fn authenticate(&self, credential: Credential) -> BoxFuture<'_, Result<Arc<Principal>, Problem>> {
        Box::pin(async move {
            match credential {
                Credential::ApiKey(key) => api_keys::authenticate(&self.0, key).await,
                Credential::SessionCookie(cookie) => sessions::authenticate_cookie(&self.0, cookie).await,
            }
        })
    }
}
