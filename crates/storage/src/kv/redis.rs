//! The Redis engine: for several nodes.
//!
//! Every operation is one command, one transaction or one script, in one round trip. Values and limits
//! have key spaces of their own, so that no caller's key can collide with a limit's.

use std::{sync::LazyLock, time::Duration};

use kernel::Decision;
use redis::{FromRedisValue, RedisError, Script, ServerErrorKind};

use super::{
    KvError, KvOptions, NOT_A_COUNTER,
    limit::{Plan, Planned, letter},
};
use crate::link::{self, Link};

static TAKE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("take.lua")));
static RENEW: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("renew.lua")));
/// Slots in one command: a script with many keys holds everybody else up.
const AT_ONCE: usize = 500;

#[derive(Debug)]
pub(super) struct Redis {
    link: Link,
    namespace: String,
}

impl From<RedisError> for KvError {
    fn from(error: RedisError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl Redis {
    pub(super) async fn open(options: &KvOptions) -> Result<Self, KvError> {
        let client = link::client(&options.url).map_err(KvError::Invalid)?;
        link::namespace(&options.namespace).map_err(KvError::Invalid)?;
        let link = Link::open(client, options.response_timeout).await;
        Ok(Self { link, namespace: options.namespace.clone() })
    }

    pub(super) async fn check(&self) -> Result<(), KvError> {
        self.ask(&redis::cmd("PING")).await
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        self.ask(redis::cmd("GET").arg(self.value(key))).await
    }

    pub(super) async fn set(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), KvError> {
        self.ask(redis::cmd("SET").arg(self.value(key)).arg(value).arg("PX").arg(millis(ttl))).await
    }

    pub(super) async fn set_if_absent(&self, key: &str, value: &[u8], ttl: Duration) -> Result<bool, KvError> {
        // `OK`, or nothing when there was a value.
        let done: Option<String> =
            self.ask(redis::cmd("SET").arg(self.value(key)).arg(value).arg("PX").arg(millis(ttl)).arg("NX")).await?;
        Ok(done.is_some())
    }

    pub(super) async fn delete(&self, key: &str) -> Result<bool, KvError> {
        self.ask(redis::cmd("DEL").arg(self.value(key))).await
    }

    pub(super) async fn consume(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        self.ask(redis::cmd("GETDEL").arg(self.value(key))).await
    }

    pub(super) async fn increment(&self, key: &str, by: u32, ttl: Duration) -> Result<u64, KvError> {
        let key = self.value(key);
        let mut transaction = redis::pipe();
        transaction.atomic();
        // Only the first increment creates the counter, and with it its end.
        transaction.cmd("SET").arg(&key).arg(0).arg("PX").arg(millis(ttl)).arg("NX").ignore();
        transaction.cmd("INCRBY").arg(&key).arg(by);
        let mut connection = self.link.connection().map_err(KvError::Unavailable)?;
        let outcome = self.link.settle(transaction.query_async::<(u64,)>(&mut connection).await);
        outcome.map(|(count,)| count).map_err(|error| match error.kind() {
            redis::ErrorKind::Server(ServerErrorKind::ResponseError) => NOT_A_COUNTER,
            _ => error.into(),
        })
    }

    pub(super) async fn take(&self, plan: &Plan, now: Option<i64>) -> Result<Vec<Decision>, KvError> {
        if plan.is_empty() {
            return Ok(Vec::new());
        }
        let mut script = TAKE.prepare_invoke();
        script.arg(now.map(|now| now.to_string()).unwrap_or_default()).arg(&plan.holder);
        for Planned { key, rate, algorithm, cost } in plan.iter() {
            script.key(self.limit(key));
            script.arg(letter(*algorithm)).arg(rate.limit).arg(micros(rate.window)).arg(*cost);
        }
        for slot in &plan.slots {
            script.key(self.limit(&slot.key));
            script.arg("c").arg(slot.limit).arg(micros(plan.ttl)).arg(1);
        }
        let mut connection = self.link.connection().map_err(KvError::Unavailable)?;
        // By its hash; a Redis that does not know the script yet is given it, then asked again.
        let answer: Vec<i64> = self.link.settle(script.invoke_async(&mut connection).await)?;
        if answer.len() != 4 * plan.len() {
            return Err(KvError::Unavailable("redis gave a wrong number of answers".to_owned()));
        }
        let limits = plan.iter().map(|planned| planned.rate.limit).chain(plan.slots.iter().map(|slot| slot.limit));
        Ok(limits.zip(answer.chunks_exact(4)).map(|(limit, words)| decision(limit, words)).collect())
    }

    /// Each is a slot's key and its holder.
    pub(super) async fn renew(&self, held: &[(String, &str)], ttl: Duration) -> Result<(), KvError> {
        for some in held.chunks(AT_ONCE) {
            let mut script = RENEW.prepare_invoke();
            script.arg(micros(ttl));
            for (key, holder) in some {
                script.key(self.limit(key)).arg(*holder);
            }
            let mut connection = self.link.connection().map_err(KvError::Unavailable)?;
            self.link.settle(script.invoke_async::<i64>(&mut connection).await)?;
        }
        Ok(())
    }

    /// Each is a slot's key and its holder.
    pub(super) async fn leave(&self, held: &[(String, &str)]) -> Result<(), KvError> {
        for some in held.chunks(AT_ONCE) {
            let mut pipe = redis::pipe();
            for (key, holder) in some {
                pipe.cmd("ZREM").arg(self.limit(key)).arg(*holder).ignore();
            }
            let mut connection = self.link.connection().map_err(KvError::Unavailable)?;
            self.link.settle(pipe.query_async::<()>(&mut connection).await)?;
        }
        Ok(())
    }

    async fn ask<T: FromRedisValue>(&self, command: &redis::Cmd) -> Result<T, KvError> {
        let mut connection = self.link.connection().map_err(KvError::Unavailable)?;
        Ok(self.link.settle(command.query_async(&mut connection).await)?)
    }

    fn limit(&self, key: &str) -> String {
        format!("{}:l:{key}", self.namespace)
    }

    fn value(&self, key: &str) -> String {
        format!("{}:v:{key}", self.namespace)
    }
}

/// At least 1: Redis refuses 0. Bounded by the caller, so it fits.
fn millis(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX).max(1)
}

/// Bounded by the caller, so it fits.
fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn decision(limit: u32, words: &[i64]) -> Decision {
    let duration = |micros: i64| Duration::from_micros(micros.max(0).unsigned_abs());
    Decision {
        allowed: words[0] == 1,
        limit,
        remaining: u32::try_from(words[1]).unwrap_or(0),
        reset_after: duration(words[2]),
        retry_after: (words[3] >= 0).then(|| duration(words[3])),
    }
}
