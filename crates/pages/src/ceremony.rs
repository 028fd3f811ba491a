//! What a page and the browser's authenticator say to each other: the page carries what is asked, its script asks, and
//! the form brings what was answered. Nothing else is called.

use identity::passkeys::Begun;
use kernel::{Problem, Secret, problem::ProblemKind};
use serde::de::DeserializeOwned;

use crate::{form::Form, view::View};

/// The values of `parts/ceremony.html` and of its form.
pub(crate) fn asks(view: View, begun: &Begun) -> View {
    view.with("ceremony", begun.ceremony.expose().as_str()).with("options", begun.options.to_string())
}

/// What came back with the form; `refused` where that is nothing.
pub(crate) fn answer<T: DeserializeOwned>(form: &Form, refused: &'static ProblemKind) -> Result<(Secret, T), Problem> {
    let credential = serde_json::from_str(form.text("credential")).map_err(|e| Problem::new(refused).cause(e))?;
    Ok((form.secret("ceremony"), credential))
}
