//! `portcullis config diff|apply|export`: routes and upstreams in the database, beside a server that may be
//! running. Nodes find a change when they next look at the feed.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use identity::{
    Core,
    audit::Origin,
    gateway_config::{self, Condition, Intent, Plan, Wanted},
};
use kernel::gate::{DocumentKey, Documents};
use serde_json::Value;

use super::super::{
    Failure, Settings,
    failure::{block_on, reason as why},
    output,
};
use crate::{
    app::{Missing, identity_node},
    config::made::{from_toml, to_toml},
};

/// Longest reason, in characters.
const MAX_REASON: usize = 500;

type Tables = BTreeMap<DocumentKey, Arc<Value>>;

fn read(file: &Path) -> Result<Tables, Failure> {
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("{} cannot be read: {}", file.display(), why(&error))))?;
    Ok(from_toml(file.to_owned(), &text)?)
}

async fn open(settings: &Settings) -> Result<Arc<Core>, Failure> {
    Ok(identity_node::for_command(&settings.load()?.config, Missing::Refuse).await?)
}

pub(super) fn diff(settings: &Settings, wanted: &Path) -> Result<(), Failure> {
    let wanted = read(wanted)?;
    block_on(async {
        let made = open(settings).await?.gate.made();
        let lines = differences(&made.documents, &wanted);
        if lines.is_empty() {
            output::line(&format!("nothing differs from revision {}", made.revision));
        }
        lines.iter().for_each(|line| output::line(line));
        Ok(())
    })
}

pub(super) fn apply(
    settings: &Settings,
    wanted: &Path,
    reason: String,
    if_revision: Option<i64>,
) -> Result<(), Failure> {
    let wanted = read(wanted)?;
    if reason.chars().count() > MAX_REASON || reason.chars().any(char::is_control) {
        return Err(Failure::usage("--reason takes one line of 500 characters at most"));
    }
    block_on(async {
        let core = open(settings).await?;
        let before = core.gate.made();
        let count = differences(&before.documents, &wanted).iter().filter(|line| !line.starts_with(' ')).count();
        let condition = if_revision.map_or(Condition::Always, |revision| Condition::Is(vec![revision]));
        let plan = Plan { wanted: Wanted::Replace(wanted), condition };
        let made = match gateway_config::change(&core, &Intent { origin: Origin::System, reason }, &plan).await {
            Ok(made) => made,
            Err(problem) => return Err(refused(&problem, before.revision)),
        };
        output::line(&if made.revision == before.revision {
            format!("nothing differs from revision {}", made.revision)
        } else {
            format!("revision {} is made: {count} changes", made.revision)
        });
        Ok(())
    })
}

pub(super) fn export(settings: &Settings, all: bool) -> Result<(), Failure> {
    block_on(async {
        let core = open(settings).await?;
        let mut documents = core.gate.made().documents.clone();
        if all {
            documents.extend(core.gate.written());
        }
        output::line(to_toml(&documents).map_err(Failure::new)?.trim_end());
        Ok(())
    })
}

/// A refusal with everything that is wrong, one line each.
fn refused(problem: &kernel::Problem, revision: i64) -> Failure {
    if problem.kind == gateway_config::CHANGED {
        return Failure::new(format!("the last revision is {revision}: nothing was changed"));
    }
    let errors = problem.errors.iter().map(|error| {
        let field = error.field.trim_start_matches('/').replace('/', ".");
        format!("{field}: {}", error.message)
    });
    let mut lines: Vec<String> = errors.collect();
    lines.push(format!("{}; nothing was changed", problem.kind.title));
    Failure::usage(lines.join("\n"))
}

/// What would be made, changed and deleted; a change with its document before and after.
fn differences(now: &Documents, wanted: &Tables) -> Vec<String> {
    let mut lines = Vec::new();
    for ((kind, name), document) in now {
        match wanted.get(&(*kind, name.clone())) {
            None => lines.push(format!("- {kind} {name}")),
            Some(content) if *content != document.content => {
                lines.push(format!("~ {kind} {name}"));
                lines.push(format!("    - {}", document.content));
                lines.push(format!("    + {content}"));
            }
            Some(_) => {}
        }
    }
    let new = wanted.keys().filter(|key| !now.contains_key(*key));
    lines.extend(new.map(|(kind, name)| format!("+ {kind} {name}")));
    lines
}
