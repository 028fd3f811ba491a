//! What the gate knows about a request when it hands it to the in-process identity service.

use std::{net::IpAddr, sync::Arc};

use crate::{Caller, Principal, edge::Tenant};

/// Placed in the request's extensions by the gateway. Identity trusts nothing else about the caller:
/// no header carries identity inside the process.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// Ties the response, the logs and the audit rows of this request together.
    pub request_id: Arc<str>,
    /// The tenant the request is about: chosen by host, path, header or credential, else the default.
    pub tenant: Arc<Tenant>,
    /// The authenticated caller, unless anonymous.
    pub principal: Option<Arc<Principal>>,
    /// The client's address, as far as trusted proxies vouch for it. Always canonical: an IPv4 address is never spelled
    /// as an IPv6 one, so that addresses may be compared and stored as they are.
    pub client_ip: IpAddr,
    /// Whether the client reached us over TLS (or a trusted proxy says so).
    pub secure: bool,
    /// Whether the client still waits. What was begun runs to its end all the same.
    pub caller: Caller,
}
