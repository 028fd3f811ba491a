//! Which credentials a route takes.

use std::sync::Arc;

use kernel::{AuthMethod, Principal, Problem, problem::common::UNAUTHENTICATED};

use super::CERTIFICATE;
use crate::certificate::ClientCertificate;

/// Whether a caller is needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Without a caller the request is refused.
    Required,
    /// A caller is identified if there is one.
    Optional,
    /// Nobody asks: credentials are not even looked at.
    None,
}

/// Which credentials a route takes, and whether one is needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    mode: Mode,
    jwt: bool,
    api_key: bool,
    session: bool,
    certificate: bool,
}

impl Default for Policy {
    /// Closed: a credential of any kind is required.
    fn default() -> Self {
        Self::required([AuthMethod::Jwt, AuthMethod::ApiKey, AuthMethod::Session])
    }
}

impl Policy {
    /// A caller is needed, known by one of these.
    pub fn required(methods: impl IntoIterator<Item = AuthMethod>) -> Self {
        methods.into_iter().fold(Self { mode: Mode::Required, ..Self::none() }, |policy, method| match method {
            AuthMethod::Jwt => Self { jwt: true, ..policy },
            AuthMethod::ApiKey => Self { api_key: true, ..policy },
            AuthMethod::Session => Self { session: true, ..policy },
        })
    }
    /// A caller is identified by one of these, if there is one.
    pub fn optional(methods: impl IntoIterator<Item = AuthMethod>) -> Self {
        Self { mode: Mode::Optional, ..Self::required(methods) }
    }
    /// Everybody is anonymous.
    pub const fn none() -> Self {
        Self { mode: Mode::None, jwt: false, api_key: false, session: false, certificate: false }
    }
    /// A client certificate lets in too.
    #[must_use]
    pub const fn with_certificates(self) -> Self {
        Self { certificate: true, ..self }
    }
    /// Whether a caller is needed.
    pub const fn mode(&self) -> Mode {
        self.mode
    }
    /// Whether the route takes this kind of credential.
    pub const fn accepts(&self, method: AuthMethod) -> bool {
        match method {
            AuthMethod::Jwt => self.jwt,
            AuthMethod::ApiKey => self.api_key,
            AuthMethod::Session => self.session,
        }
    }

    /// Whether this certificate lets in.
    pub(super) const fn takes(&self, certificate: Option<&ClientCertificate>) -> bool {
        self.certificate && certificate.is_some()
    }

    /// What a request without a credential gets.
    pub(super) fn nobody(&self, certificate: Option<&ClientCertificate>) -> Result<Option<Arc<Principal>>, Problem> {
        match self.mode {
            Mode::Required if self.takes(certificate) => Ok(None),
            Mode::Required if self.certificate && !(self.jwt || self.api_key || self.session) => {
                Err(CERTIFICATE.into())
            }
            Mode::Required => Err(UNAUTHENTICATED.into()),
            Mode::Optional | Mode::None => Ok(None),
        }
    }
}
