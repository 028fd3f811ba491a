//! Searching one tenant's log.

use kernel::{Problem, Timestamp};
use serde::de::{Deserialize as _, IntoDeserializer as _, value::Error as ValueError};
use storage::{StoreError, TenantTx, Value, params};
use uuid::Uuid;

use super::chain::{COLUMNS, Stored, WIDTH};
use crate::http::{Fields, Window};

/// Longest text that is searched for.
const MAX_TEXT: usize = 200;

/// What to look for. Absent: anything.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub(super) action: Option<String>,
    pub(super) actor: Option<Uuid>,
    pub(super) target_kind: Option<String>,
    pub(super) target: Option<String>,
    pub(super) outcome: Option<String>,
    /// Not earlier.
    pub(super) from: Option<Timestamp>,
    /// Earlier.
    pub(super) to: Option<Timestamp>,
}

/// What a caller wrote, before it is parsed.
#[derive(Debug, Default)]
pub(super) struct Wanted<'a> {
    pub(super) action: Option<&'a str>,
    pub(super) actor: Option<&'a str>,
    pub(super) target_kind: Option<&'a str>,
    pub(super) target: Option<&'a str>,
    pub(super) outcome: Option<&'a str>,
    pub(super) from: Option<&'a str>,
    pub(super) to: Option<&'a str>,
}

impl Filter {
    pub(super) fn parse(wanted: &Wanted<'_>) -> Result<Self, Problem> {
        let mut fields = Fields::new();
        let mut text = |name: &str, value: Option<&str>| value.and_then(|v| fields.text(name, v, MAX_TEXT));
        let action = text("action", wanted.action);
        let target_kind = text("target_kind", wanted.target_kind);
        let target = text("target", wanted.target);
        let outcome = text("outcome", wanted.outcome);
        if outcome.as_deref().is_some_and(|o| o != "success" && o != "failure") {
            fields.wrong("outcome", "format", "is `success` or `failure`");
        }
        let actor = wanted.actor.and_then(|v| fields.keep("actor", "format", Uuid::parse_str(v)));
        let mut time = |name: &str, value: Option<&str>| {
            let parsed = Timestamp::deserialize(value?.into_deserializer());
            fields.keep(name, "format", parsed.map_err(|_: ValueError| "is not a time such as 2026-01-31T12:00:00Z"))
        };
        let (from, to) = (time("from", wanted.from), time("to", wanted.to));
        fields.finish(Some(Self { action, actor, target_kind, target, outcome, from, to }))
    }
}

/// An entry and its place in the chain, once it has one.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) entry: Stored,
    pub(super) seq: Option<i64>,
    pub(super) hash: Option<Vec<u8>>,
}

/// The entries that match, newest first.
pub(super) async fn search(tx: &mut TenantTx, filter: &Filter, window: Window) -> Result<Vec<Found>, StoreError> {
    let mut sql = format!("SELECT {COLUMNS}, seq, hash FROM audit_log WHERE tenant_id = $1 AND id < $2");
    let mut values: Vec<Value<'_>> = params![window.before].to_vec();
    let mut also = |condition: &str, value: Option<Value<'static>>| {
        if let Some(value) = value {
            values.push(value);
            // The tenant is $1.
            sql += &format!(" AND {condition} ${}", values.len() + 1);
        }
    };
    also("action =", filter.action.clone().map(Value::from));
    also("actor_id =", filter.actor.map(Value::from));
    also("target_kind =", filter.target_kind.clone().map(Value::from));
    also("target_id =", filter.target.clone().map(Value::from));
    also("outcome =", filter.outcome.clone().map(Value::from));
    also("at >=", filter.from.map(Value::from));
    also("at <", filter.to.map(Value::from));
    values.push(window.fetch().into());
    sql += &format!(" ORDER BY id DESC LIMIT ${}", values.len() + 1);
    let rows = tx.query(&sql, &values).await?;
    rows.iter()
        .map(|row| Ok(Found { entry: Stored::read(row)?, seq: row.get(WIDTH)?, hash: row.get(WIDTH + 1)? }))
        .collect()
}
