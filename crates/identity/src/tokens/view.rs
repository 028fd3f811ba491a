//! Tokens as they are handed out.

use kernel::{Problem, RoleName, Secret, Subject, edge::Tenant};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Grant, issue_access};
use crate::{
    Core,
    sessions::{Live, Owner},
};

/// Tokens (RFC 6749 §5.1), and whose they are.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TokenSet {
    /// A JWT for `Authorization: Bearer`.
    pub access_token: String,
    /// For one use, at `/api/v1/auth/refresh`. Absent where there is another way to ask again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub refresh_token: Option<String>,
    /// `Bearer`.
    pub token_type: String,
    /// Seconds until the access token expires.
    pub expires_in: u64,
    /// Scopes, space separated.
    pub scope: String,
    /// Whose they are; absent for an API key of the tenant itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub user: Option<OwnerView>,
}

/// A user, in a few words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct OwnerView {
    /// Id; the `sub` of the tokens.
    pub id: Uuid,
    /// E-mail address.
    pub email: Option<String>,
    /// Login name.
    pub username: Option<String>,
    /// How to call them.
    pub display_name: Option<String>,
    /// Role names.
    pub roles: Vec<String>,
}

impl OwnerView {
    /// Describes a user with these roles.
    pub fn new(owner: &Owner, roles: &[RoleName]) -> Self {
        Self {
            id: owner.id.uuid(),
            email: owner.email.clone(),
            username: owner.username.clone(),
            display_name: owner.display_name.clone(),
            roles: roles.iter().map(ToString::to_string).collect(),
        }
    }
}

impl TokenSet {
    /// Signs an access token for a session, and puts the refresh token beside it.
    pub fn for_session(
        core: &Core,
        tenant: &Tenant,
        live: &Live,
        roles: &[RoleName],
        refresh_token: Option<&Secret>,
    ) -> Result<Self, Problem> {
        let access = issue_access(
            core,
            &Grant {
                tenant,
                subject: Subject::User(live.owner.id),
                session: Some(live.id),
                api_key: None,
                roles,
                scope: &live.scope,
                narrowed_to: None,
                authenticated_at: Some(live.authenticated_at),
                amr: live.amr,
                impersonator: None,
                email: live.owner.email.as_deref(),
                not_after: live.span.absolute,
            },
        )?;
        Ok(Self {
            access_token: access.jwt,
            refresh_token: refresh_token.map(|token| token.expose().clone()),
            token_type: "Bearer".into(),
            expires_in: access.expires_in,
            scope: live.scope.clone(),
            user: Some(OwnerView::new(&live.owner, roles)),
        })
    }
}
