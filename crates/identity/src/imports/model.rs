//! An import, and what may go wrong with a record.

use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// How a file is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Comma-separated values (RFC 4180), with a line of names first.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

/// What is done about users who are there already.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// They are skipped.
    #[default]
    Create,
    /// They are brought up to date.
    Upsert,
}

/// What was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Options {
    /// How the file is written.
    pub format: Format,
    /// What is done about users who are there already.
    pub mode: Mode,
    /// Everything is tried and nothing is kept.
    pub dry_run: bool,
    /// New people without a password get a mail with a link to choose one.
    pub invite: bool,
}

/// Where an import stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The file is being sent.
    Receiving,
    /// It is worked on, or will be.
    Running,
    /// Every record was looked at.
    Done,
    /// It cannot go on; `error` says why.
    Failed,
}

impl Status {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
    /// From what is stored.
    pub(super) fn from_stored(word: &str) -> Option<Self> {
        [Self::Receiving, Self::Running, Self::Done, Self::Failed].into_iter().find(|status| status.as_str() == word)
    }
}

/// What became of the records so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Users made.
    pub created: i64,
    /// Users brought up to date.
    pub updated: i64,
    /// Users who were there already.
    pub skipped: i64,
    /// Records that could not be done.
    pub failed: i64,
}

/// How far a job has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Progress {
    /// Bytes of the file that are done.
    pub(super) position: i64,
    pub(super) counts: Counts,
}

impl Progress {
    pub(super) const fn of(import: &Import) -> Self {
        Self { position: import.position, counts: import.counts }
    }
}

impl Counts {
    /// Records that were looked at.
    pub const fn records(self) -> i64 {
        self.created + self.updated + self.skipped + self.failed
    }
}

/// An import.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Import {
    /// Its id.
    pub id: Uuid,
    /// Where it stands.
    pub status: Status,
    /// What was asked for.
    #[serde(flatten)]
    pub options: Options,
    /// What became of the records so far.
    #[serde(flatten)]
    pub counts: Counts,
    /// Bytes of the file.
    pub bytes: i64,
    /// Bytes that were worked on.
    pub position: i64,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When it was started.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was done, or failed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
}

/// Why a record could not be done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportError)]
pub struct Problem {
    /// Line in the file, from 1.
    pub line: i64,
    /// Which field; empty for the whole record.
    pub field: String,
    /// Stable code of what is wrong.
    pub code: String,
    /// For people. Never the value.
    pub message: String,
}

/// What is wrong with a record, before its line is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Wrong {
    pub(super) field: &'static str,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Wrong {
    pub(super) fn new(field: &'static str, code: &'static str, message: impl ToString) -> Self {
        Self { field, code, message: message.to_string() }
    }
}
