//! Audit entries before they are stored.

use std::sync::Arc;

use kernel::{ApiKeyId, Principal, RequestContext, Subject, UserId};
use serde_json::{Value as Json, json};

/// Who did it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Actor {
    /// A user.
    User(UserId),
    /// An API key of the tenant itself.
    ApiKey(ApiKeyId),
    /// Somebody unknown: a failed login, a registration.
    Anonymous,
    /// Portcullis itself, or its operator on the command line.
    System,
}

impl From<&Principal> for Actor {
    fn from(principal: &Principal) -> Self {
        match principal.subject {
            Subject::User(id) => Self::User(id),
            Subject::ApiKey(id) => Self::ApiKey(id),
        }
    }
}

/// On whose behalf a service acts: what its audit entries need to know.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A caller, in a request.
    Caller(Arc<Principal>, RequestContext),
    /// Portcullis itself, or its operator on the command line.
    System,
}

impl Origin {
    /// An entry about a successful action.
    pub fn entry(&self, action: Action, target: Target) -> Entry {
        match self {
            Self::Caller(principal, ctx) => Entry::new(&**principal, action, target, ctx),
            Self::System => Entry::by_system(action, target),
        }
    }
}

/// What was done. Texts are stable: people search for them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Action(&'static str);

impl Action {
    /// For constants: an action has its text in one place, in the slice that it belongs to.
    pub const fn new(text: &'static str) -> Self {
        Self(text)
    }
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// To whom or what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// `user`, `session`, `role`, `api_key`, `tenant`, `signing_key`.
    pub kind: &'static str,
    /// Its id, where there is one.
    pub id: Option<String>,
}

impl Target {
    /// A target with an id.
    pub fn new(kind: &'static str, id: impl ToString) -> Self {
        Self { kind, id: Some(id.to_string()) }
    }
    /// A target of this kind that is not known.
    pub const fn unknown(kind: &'static str) -> Self {
        Self { kind, id: None }
    }
}

/// Whether it worked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was refused.
    Failure,
}

/// One entry. Details must hold no secret and no more personal data than the entry needs.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Who.
    pub actor: Actor,
    /// The administrator who acted as them.
    pub impersonator: Option<UserId>,
    /// What.
    pub action: Action,
    /// To what.
    pub target: Target,
    /// Whether it worked.
    pub outcome: Outcome,
    /// From where.
    pub ip: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
    /// More, by action.
    pub details: Json,
}

impl Entry {
    /// A successful action in a request.
    pub fn new(actor: impl Into<Actor>, action: Action, target: Target, ctx: &RequestContext) -> Self {
        Self {
            actor: actor.into(),
            impersonator: ctx.principal.as_ref().and_then(|principal| principal.impersonator),
            action,
            target,
            outcome: Outcome::Success,
            ip: Some(ctx.client_ip.to_string()),
            request_id: Some(ctx.request_id.to_string()),
            details: json!({}),
        }
    }
    /// A successful action of whoever calls: the principal of the request, somebody unknown if it has none, and
    /// outside of any request the system.
    pub fn by_caller(ctx: Option<&RequestContext>, action: Action, target: Target) -> Self {
        match ctx {
            Some(ctx) => Self::new(ctx.principal.as_deref().map_or(Actor::Anonymous, Actor::from), action, target, ctx),
            None => Self::by_system(action, target),
        }
    }
    /// A successful action of the system or its operator, outside of any request.
    pub fn by_system(action: Action, target: Target) -> Self {
        Self {
            actor: Actor::System,
            impersonator: None,
            action,
            target,
            outcome: Outcome::Success,
            ip: None,
            request_id: None,
            details: json!({}),
        }
    }
    /// It was refused.
    #[must_use]
    pub const fn failed(mut self) -> Self {
        self.outcome = Outcome::Failure;
        self
    }
    /// Adds details.
    #[must_use]
    pub fn details(mut self, details: Json) -> Self {
        self.details = details;
        self
    }
}
