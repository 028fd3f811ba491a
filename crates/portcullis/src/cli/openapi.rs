//! `portcullis openapi`: the API's description, without starting anything.

use super::{Failure, output};

/// Prints the OpenAPI 3.1 document.
pub(super) fn run() -> Result<(), Failure> {
    let document = identity::Identity::openapi();
    output::line(&serde_json::to_string_pretty(&document).map_err(Failure::new)?);
    Ok(())
}
