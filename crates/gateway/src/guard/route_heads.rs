//! Bounds on heads that a route sets for itself. The server's own hold before, while a head is read.

use http::HeaderMap;
use kernel::Problem;

use super::problems::HEAD_TOO_LARGE;
use crate::config::Size;

/// How many header fields a route takes, and how many bytes of names and values together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RouteHeads {
    fields: usize,
    bytes: usize,
}

impl RouteHeads {
    /// The bounds; `None` when the route sets none.
    pub(crate) fn new(fields: Option<u16>, bytes: Option<Size>) -> Option<Self> {
        let any = fields.is_some() || bytes.is_some();
        any.then(|| Self {
            fields: fields.map_or(usize::MAX, usize::from),
            bytes: bytes.map_or(usize::MAX, Size::to_usize),
        })
    }

    /// Whether the head is within them.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if headers.len() > self.fields || bytes > self.bytes {
            return Err(HEAD_TOO_LARGE.into());
        }
        Ok(())
    }
}
