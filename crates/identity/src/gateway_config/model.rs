//! What is wanted, and what it changes: pure.

use std::{collections::BTreeMap, sync::Arc};

use kernel::{
    Problem, Timestamp,
    gate::{Document, DocumentKey, Documents, Finding, Made},
    problem::common,
};
use serde_json::Value as Json;
use uuid::Uuid;

use super::{CHANGED, Condition, INVALID, TOO_MANY, WRITTEN};

/// Most documents that can be made.
const MAX: usize = 20_000;
/// Most findings that are told at once.
const MAX_FINDINGS: usize = 50;

/// One change of the configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Revision {
    /// Its place in the order, from 1.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// `user`, `api_key`, or `system` for the operator at the command line.
    pub author_kind: String,
    /// Which user or key.
    pub author_id: Option<Uuid>,
    /// Why, in the author's words; may be empty.
    pub reason: String,
    /// The revision that it brought back, if it did.
    pub restores: Option<i64>,
}

/// One document that differs between two revisions.
#[derive(Clone, PartialEq, Debug)]
pub struct Difference {
    /// Which.
    pub key: DocumentKey,
    /// In the earlier one.
    pub before: Option<Json>,
    /// In the later one.
    pub after: Option<Json>,
}

/// What somebody wants done.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// This document is to be so.
    Put(DocumentKey, Arc<Json>),
    /// This document is to be gone.
    Delete(DocumentKey),
    /// These are to be all documents.
    Replace(BTreeMap<DocumentKey, Arc<Json>>),
    /// Everything is to be as it was after this revision, by these differences.
    Restore(i64, BTreeMap<DocumentKey, Option<Arc<Json>>>),
}

/// What is wanted, and under which condition.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What.
    pub wanted: Wanted,
    /// Of the document, or of everything where it is about everything.
    pub condition: Condition,
}

impl Plan {
    /// What differs from what there is: the content to be, or none. Empty when nothing does.
    pub(super) fn changes(
        &self,
        made: &Made,
        written: &Documents,
    ) -> Result<BTreeMap<DocumentKey, Option<Arc<Json>>>, Problem> {
        let now = &made.documents;
        let known = match &self.wanted {
            Wanted::Put(key, _) | Wanted::Delete(key) => now.get(key).map(|document| document.revision),
            Wanted::Replace(_) | Wanted::Restore(..) => Some(made.revision),
        };
        if let Wanted::Put(key, _) | Wanted::Delete(key) = &self.wanted
            && written.contains_key(key)
        {
            return Err(WRITTEN.into());
        }
        if let (Wanted::Delete(key), None) = (&self.wanted, known) {
            tracing::debug!(name = %key.1, "nothing of this name to delete");
            return Err(common::NOT_FOUND.into());
        }
        if !self.condition.holds(known) {
            return Err(CHANGED.into());
        }
        let mut changes = match &self.wanted {
            Wanted::Put(key, content) => BTreeMap::from([(key.clone(), Some(content.clone()))]),
            Wanted::Delete(key) => BTreeMap::from([(key.clone(), None)]),
            Wanted::Replace(all) => {
                let gone = now.keys().filter(|key| !all.contains_key(*key)).map(|key| (key.clone(), None));
                gone.chain(all.iter().map(|(key, content)| (key.clone(), Some(content.clone())))).collect()
            }
            Wanted::Restore(_, differences) => differences.clone(),
        };
        changes.retain(|key, content| now.get(key).map(|document| &document.content) != content.as_ref());
        Ok(changes)
    }

    /// The revision that is restored, if one is.
    pub(super) const fn restores(&self) -> Option<i64> {
        match self.wanted {
            Wanted::Restore(number, _) => Some(number),
            _ => None,
        }
    }
}

/// The documents after the changes, which are this revision.
pub(super) fn changed(
    made: &Made,
    changes: &BTreeMap<DocumentKey, Option<Arc<Json>>>,
    revision: i64,
) -> Result<Documents, Problem> {
    let mut documents = made.documents.clone();
    for (key, content) in changes {
        match content {
            Some(content) => {
                documents.insert(key.clone(), Document { content: content.clone(), revision });
            }
            None => drop(documents.remove(key)),
        }
    }
    if documents.len() > MAX.max(made.documents.len()) { Err(TOO_MANY.into()) } else { Ok(documents) }
}

/// Findings as a refusal. Within the one document that was sent, fields are pointers into it; elsewhere
/// they begin with the kind and name of the document they are about.
pub(super) fn refusal(findings: Vec<Finding>, wanted: &Wanted) -> Problem {
    let sent = if let Wanted::Put(key, _) = wanted { Some(key) } else { None };
    let more = findings.len().saturating_sub(MAX_FINDINGS);
    let mut problem = Problem::new(INVALID);
    if more > 0 {
        problem = problem.detail(format!("{} errors and {more} more; nothing was changed.", MAX_FINDINGS));
    }
    for Finding { about, pointer, message } in findings.into_iter().take(MAX_FINDINGS) {
        let field = match about {
            Some(key) if Some(&key) == sent => pointer,
            Some((kind, name)) => format!("/{kind}s/{name}{pointer}"),
            None => pointer,
        };
        problem = problem.field(field, "config", message);
    }
    problem
}
