//! What an upstream is told about the caller.

use http::{HeaderMap, HeaderName, HeaderValue};
use kernel::{Principal, edge::Tenant};

use crate::certificate::ClientCertificate;

const USER: HeaderName = HeaderName::from_static("x-portcullis-user");
const TENANT: HeaderName = HeaderName::from_static("x-portcullis-tenant");
const ROLES: HeaderName = HeaderName::from_static("x-portcullis-roles");
const SCOPES: HeaderName = HeaderName::from_static("x-portcullis-scopes");
const SESSION: HeaderName = HeaderName::from_static("x-portcullis-session");
const ACTOR: HeaderName = HeaderName::from_static("x-portcullis-actor");
const ASSERTION: HeaderName = HeaderName::from_static("x-portcullis-assertion");
const CERTIFICATE_SUBJECT: HeaderName = HeaderName::from_static("x-portcullis-certificate-subject");
const CERTIFICATE_NAMES: HeaderName = HeaderName::from_static("x-portcullis-certificate-names");
const CERTIFICATE_FINGERPRINT: HeaderName = HeaderName::from_static("x-portcullis-certificate-fingerprint");

/// Everything that another proxy is told.
const ALL: [HeaderName; 10] = [
    USER,
    TENANT,
    ROLES,
    SCOPES,
    SESSION,
    ACTOR,
    ASSERTION,
    CERTIFICATE_SUBJECT,
    CERTIFICATE_NAMES,
    CERTIFICATE_FINGERPRINT,
];

/// Makes short-lived signed statements about callers, for upstreams that verify. Implemented by whoever
/// holds the signing keys; called for every request with a caller, so it answers from memory.
pub trait Assertions: Send + Sync + 'static {
    /// A signed statement that this caller makes a request in this tenant, meant for this upstream and of
    /// no use at another. `None`: none can be made now.
    fn assertion(&self, principal: &Principal, tenant: &Tenant, upstream: &str) -> Option<HeaderValue>;
}

/// Makes no assertions.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoAssertions;

impl Assertions for NoAssertions {
    fn assertion(&self, _: &Principal, _: &Tenant, _: &str) -> Option<HeaderValue> {
        None
    }
}

/// Writes who is calling. Clients' copies have been removed before.
pub(super) fn write(
    headers: &mut HeaderMap,
    principal: Option<&Principal>,
    tenant: &Tenant,
    upstream: &str,
    assertions: &dyn Assertions,
) {
    let mut buffer = uuid::Uuid::encode_buffer();
    headers.insert(TENANT, uuid_value(tenant.id.uuid(), &mut buffer));
    let Some(principal) = principal else { return };
    let subject = match principal.subject {
        kernel::Subject::User(id) => id.uuid(),
        kernel::Subject::ApiKey(id) => id.uuid(),
    };
    headers.insert(USER, uuid_value(subject, &mut buffer));
    if let Some(roles) = roles(principal) {
        headers.insert(ROLES, roles);
    }
    if !principal.scope.is_empty()
        && let Ok(scopes) = HeaderValue::from_str(&principal.scope)
    {
        headers.insert(SCOPES, scopes);
    }
    if let Some(session) = principal.session {
        headers.insert(SESSION, uuid_value(session.uuid(), &mut buffer));
    }
    if let Some(actor) = principal.impersonator {
        headers.insert(ACTOR, uuid_value(actor.uuid(), &mut buffer));
    }
    if let Some(assertion) = assertions.assertion(principal, tenant, upstream) {
        headers.insert(ASSERTION, assertion);
    }
}

/// Tells another proxy who is calling. What is not known is said to be nothing, so that a client's copy of the
/// field does not stay in its place.
pub(crate) fn tell(
    headers: &mut HeaderMap,
    principal: Option<&Principal>,
    tenant: Option<&Tenant>,
    upstream: &str,
    assertions: &dyn Assertions,
) {
    for name in ALL {
        headers.insert(name, HeaderValue::from_static(""));
    }
    if let Some(tenant) = tenant {
        write(headers, principal, tenant, upstream, assertions);
    }
}

/// Writes whose certificate the connection was made with. Clients' copies have been removed before.
pub(super) fn write_certificate(headers: &mut HeaderMap, certificate: &ClientCertificate) {
    headers.insert(CERTIFICATE_SUBJECT, certificate.subject_field.clone());
    headers.insert(CERTIFICATE_NAMES, certificate.names_field.clone());
    headers.insert(CERTIFICATE_FINGERPRINT, certificate.fingerprint_field.clone());
}

/// Comma separated. A credential that is narrowed (a key with permissions of its own) hands on no roles:
/// the upstream would take it for more than it is.
fn roles(principal: &Principal) -> Option<HeaderValue> {
    if principal.roles.is_empty() || principal.narrowed_to.is_some() {
        return None;
    }
    let mut list = String::with_capacity(principal.roles.len() * 12);
    for role in &*principal.roles {
        if !list.is_empty() {
            list.push(',');
        }
        list.push_str(role.as_str());
    }
    HeaderValue::try_from(list).ok()
}

fn uuid_value(id: uuid::Uuid, buffer: &mut [u8]) -> HeaderValue {
    let text: &str = id.hyphenated().encode_lower(buffer);
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}
