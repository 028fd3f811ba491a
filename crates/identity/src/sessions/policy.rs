//! What a tenant decides about sessions: how long they last, and how many a person has at once. Pure.

use std::time::Duration;

use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Span;
use crate::{
    http::{Fields, present},
    settings::SessionSettings,
};

/// What becomes of a login by somebody who has as many sessions as they may.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenFull {
    /// The session that was begun first ends.
    #[default]
    EndOldest,
    /// It is refused.
    Refuse,
}

/// What a tenant decides about sessions. Where it says nothing, the operator's limits hold.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SessionPolicy {
    /// A session that is not used for so many minutes ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 525_600)]
    pub idle_minutes: Option<u32>,
    /// A session ends so many hours after the login, whatever happens.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 8_760)]
    pub absolute_hours: Option<u32>,
    /// So many days instead of both, for people who ask to be remembered. 0: nobody is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, maximum = 365)]
    pub remember_days: Option<u32>,
    /// How many a person may have at once; absent for as many as they like.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 1_000)]
    pub at_once: Option<u32>,
    /// What becomes of a login by somebody who has so many.
    pub when_full: WhenFull,
}

/// What is to change about sessions. A field that is absent stays as it is; `null` leaves it to the operator.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionChange {
    /// A session that is not used for so many minutes ends.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 525_600)]
    idle_minutes: Option<Option<u32>>,
    /// A session ends so many hours after the login, whatever happens.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 8_760)]
    absolute_hours: Option<Option<u32>>,
    /// So many days instead of both, for people who ask to be remembered. 0: nobody is.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u32>, maximum = 365)]
    remember_days: Option<Option<u32>>,
    /// How many a person may have at once; `null` for as many as they like.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1_000)]
    at_once: Option<Option<u32>>,
    /// What becomes of a login by somebody who has so many.
    when_full: Option<WhenFull>,
}

impl SessionChange {
    /// The policy as it is to be.
    pub(crate) fn apply(&self, old: &SessionPolicy) -> SessionPolicy {
        SessionPolicy {
            idle_minutes: self.idle_minutes.unwrap_or(old.idle_minutes),
            absolute_hours: self.absolute_hours.unwrap_or(old.absolute_hours),
            remember_days: self.remember_days.unwrap_or(old.remember_days),
            at_once: self.at_once.unwrap_or(old.at_once),
            when_full: self.when_full.unwrap_or(old.when_full),
        }
    }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

impl SessionPolicy {
    /// The limits that hold. Without a `remember` nobody is remembered: see [`remembers`](Self::remembers).
    pub fn limits(&self, operator: &SessionSettings) -> SessionSettings {
        let time = |own: Option<u32>, unit: u64, else_: Duration| {
            own.map_or(else_, |count| Duration::from_secs(u64::from(count) * unit))
        };
        SessionSettings {
            idle: time(self.idle_minutes, MINUTE, operator.idle),
            absolute: time(self.absolute_hours, HOUR, operator.absolute),
            remember: time(self.remember_days, DAY, operator.remember),
        }
    }

    /// When a session that is used at `now` ends unless it is used again. One that was begun by somebody who asked to
    /// be remembered goes by the others' limit once nobody is.
    pub fn idle(&self, operator: &SessionSettings, remember: bool, until: Timestamp, now: Timestamp) -> Timestamp {
        Span::idle(&self.limits(operator), remember && self.remembers(), until, now)
    }

    /// Whether people may ask to be remembered.
    pub fn remembers(&self) -> bool {
        self.remember_days != Some(0)
    }

    /// Names what cannot be, below `/sessions`.
    pub(crate) fn check(&self, operator: &SessionSettings, fields: &mut Fields) {
        for (name, value, range) in [
            ("idle_minutes", self.idle_minutes, 1..=525_600),
            ("absolute_hours", self.absolute_hours, 1..=8_760),
            ("remember_days", self.remember_days, 0..=365),
            ("at_once", self.at_once, 1..=1_000),
        ] {
            if value.is_some_and(|value| !range.contains(&value)) {
                let message = format!("must be from {} to {}", range.start(), range.end());
                fields.wrong(format!("/sessions/{name}"), "range", message);
            }
        }
        let limits = self.limits(operator);
        if limits.absolute < limits.idle {
            let message = "a session would end before it is idle for too long";
            fields.wrong("/sessions/absolute_hours", "too_small", message);
        }
        if self.remembers() && limits.remember < limits.absolute {
            let message = "who is remembered would be signed out before the others; 0 if nobody is to be";
            fields.wrong("/sessions/remember_days", "too_small", message);
        }
    }
}
