//! Refusals of the gate, said by the pages to people.

use std::sync::Arc;

use gateway::explain::{Explain, Explained, Reader};
use kernel::Problem;
use pages::Pages;

/// The pages say it.
pub(super) struct Told(pub Arc<Pages>);

impl Explain for Told {
    fn explain(&self, problem: &Problem, request_id: &str, reader: &Reader) -> Option<Explained> {
        let (headers, body) = self.0.explain(problem, request_id, &reader.headers(), reader.asked_for())?;
        Some(Explained { headers, body })
    }
}
