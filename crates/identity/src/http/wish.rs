//! What a request wishes for beside what it asks.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::language::Language;

/// The language that whoever asks likes best, if they say so and it is one of ours.
#[derive(Clone, Copy, Debug)]
pub struct Wish(pub Option<Language>);

impl<S: Sync> FromRequestParts<S> for Wish {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Language::wished(&parts.headers)))
    }
}
