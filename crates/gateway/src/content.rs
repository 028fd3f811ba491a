//! Looks into bodies where a route asks for it: validates what comes in, changes JSON both ways.
//!
//! Whoever changes a body reads it whole, within the bound that the route sets. What cannot be read is
//! never passed on unread: a rule that a body could slip past by its size or media type would be none.

use http::{Method, StatusCode, header};
use kernel::Problem;

use crate::{
    body::{Body, Intake, RequestBody},
    forward::Answered,
    json::{self, JsonEdits},
    shape::Shape,
    template::Facts,
    transform::Origin,
    upstream,
    validate::{self, Head},
};

/// Validates a request and changes its body, as the route says.
pub(crate) async fn request(shape: &Shape, facts: Facts<'_>, intake: Intake) -> Result<Intake, Problem> {
    let Facts { path, query, headers, method, .. } = facts;
    let validation = shape.validation.as_ref();
    let expected = validation
        .map(|validation| validation.head(&Head { method, path, query, headers }))
        .transpose()?
        .filter(|expected| expected.matters());
    let edits = shape.request_json.as_ref();
    let mut bounds: Vec<u64> = edits.iter().map(|edits| edits.max_body).collect();
    bounds.extend(validation.filter(|_| expected.is_some()).map(|validation| validation.max_body));
    let Some(max) = bounds.into_iter().min() else { return Ok(intake) };
    let Intake { body, progress } = intake;
    // A body that the document allows and that is no JSON is not looked into, if it need not change.
    if let Some(expected) = expected.as_ref().filter(|expected| expected.is_other() && edits.is_none()) {
        expected.check(http_body::Body::is_end_stream(&body), None)?;
        return Ok(Intake { body, progress });
    }
    let bytes = json::read(headers, body, max).await?;
    if bytes.is_empty() {
        if let Some(expected) = &expected {
            expected.check(true, None)?;
        }
        return Ok(Intake { body: RequestBody::default(), progress });
    }
    let value = validate::parse(&bytes)?;
    if let Some(expected) = &expected {
        expected.check(false, Some(&value))?;
    }
    let bytes = match edits {
        None => bytes,
        Some(edits) => edits.apply(&Facts { body: Some(&value), ..facts }).to_string().into(),
    };
    Ok(Intake { body: RequestBody::of(bytes), progress })
}

/// Changes the body of an upstream's response, where it is JSON.
pub(crate) async fn response(edits: &JsonEdits, facts: Facts<'_>, answered: Answered) -> Result<Answered, Problem> {
    let status = answered.response.status();
    let bodiless = *facts.method == Method::HEAD
        || status.is_informational()
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let upgrade = matches!(answered.origin, Origin::Upstream { upgrade: true });
    if bodiless || upgrade || !json::is_json(answered.response.headers()) {
        return Ok(answered);
    }
    let Answered { response, origin, tunnel } = answered;
    let (mut parts, body) = response.into_parts();
    let broken = |why: String| Problem::new(upstream::INVALID).cause(format!("its JSON cannot be changed: {why}"));
    let bytes = json::read_response(body, edits.max_body).await.map_err(broken)?;
    let value = json::parse(&bytes).map_err(broken)?;
    let bytes = edits.apply(&Facts { body: Some(&value), ..facts }).to_string();
    // They were about other bytes.
    for name in ["content-length", "etag", "content-md5", "content-digest", "repr-digest", "accept-ranges"] {
        parts.headers.remove(name);
    }
    parts.headers.insert(header::CONTENT_LENGTH, bytes.len().into());
    let response = Box::new(http::Response::from_parts(parts, Body::Full(bytes.into())));
    Ok(Answered { response, origin, tunnel })
}
