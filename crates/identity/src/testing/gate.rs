//! A gate that has opinions.

use std::sync::Arc;

use kernel::gate::{Document, DocumentKind, Documents, Finding, GateConfig, Made, Purge};
use parking_lot::Mutex;
use serde_json::json;

/// The file has one route, `home`. A document with `"wrong": true` is refused, and so is a route without its
/// upstream.
#[derive(Debug, Default)]
pub(crate) struct FakeGate(Mutex<Arc<Made>>, Mutex<Vec<Purge>>);

impl GateConfig for FakeGate {
    fn written(&self) -> Documents {
        let content = Arc::new(json!({ "upstream": "web" }));
        [((DocumentKind::Route, "home".into()), Document { content, revision: 0 })].into()
    }

    fn made(&self) -> Arc<Made> {
        self.0.lock().clone()
    }

    fn judge(&self, documents: &Documents) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (key, document) in documents {
            let mut wrong = |pointer: &str, message: &str| {
                findings.push(Finding { about: Some(key.clone()), pointer: pointer.into(), message: message.into() });
            };
            if document.content["wrong"] == true {
                wrong("/wrong", "must not be");
            }
            if let Some(upstream) = document.content["upstream"].as_str()
                && !documents.contains_key(&(DocumentKind::Upstream, upstream.into()))
            {
                wrong("/upstream", "there is no such upstream");
            }
        }
        findings
    }

    fn publish(&self, made: Made) {
        *self.0.lock() = Arc::new(made);
    }

    fn purge(&self, purge: &Purge) {
        self.1.lock().push(purge.clone());
    }
}
