//! Lockout: so many failures of one account from one source lock it, for that source, for a while.
//!
//! **An attempt is counted before it is evaluated**, by one atomic statement, and the count is cleared by
//! success: however many guesses arrive at once, no more than the allowed failures are ever looked at.
//! Accounts and sources are keyed hashes of what was typed and of the address, so accounts that do not
//! exist are counted, and lock, exactly like those that do. What was typed is the account: a person's
//! e-mail address and user name are counted apart, because a common count would tell that they belong
//! together.
//!
//! **The delay grows**: after the failures that cost nothing, an attempt is looked at only 1, 2, 4, … seconds
//! after the one before. What comes sooner is refused, and counts for nothing.
//!
//! It follows that an attempt whose outcome is not known yet counts as a failure: more attempts at once than
//! may fail without a delay are refused as well, though their password may be right.
//!
//! A source is an IPv4 address, or an IPv6 /64, which is what one subscriber has; or a browser that has logged
//! in to the account before, wherever it is. So a stranger behind the same address locks nobody out of the
//! browser that they use, and a browser that is used for guessing is locked wherever it goes.

use std::{net::IpAddr, time::Duration};

use kernel::{DeviceId, Problem, Timestamp, UserId};
use storage::{StoreError, TenantTx, params};

use super::{DELAYED, LOCKED};
use crate::{
    settings::LockoutSettings,
    users::{Login, User},
    vault::Vault,
};

/// Whose failures are counted, from where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Counter {
    account: [u8; 32],
    source: [u8; 32],
}

impl Counter {
    /// Logins as `login` from `ip`.
    pub fn login(vault: &Vault, login: &Login, ip: IpAddr) -> Self {
        Self { account: account(vault, login), source: source(vault, ip) }
    }
    /// The same, but from a browser that the account knows.
    #[must_use]
    pub fn at(self, vault: &Vault, device: DeviceId) -> Self {
        Self { source: vault.hash_failure(b"device", device.uuid().as_bytes()), ..self }
    }
    /// Confirmations of a user's current password from `ip`.
    pub fn confirmation(vault: &Vault, user: UserId, ip: IpAddr) -> Self {
        Self { account: confirmation(vault, user), source: source(vault, ip) }
    }
    /// Second factors of a user, from anywhere: whoever guesses at them knows the password already.
    pub(super) fn factors(vault: &Vault, user: UserId) -> Self {
        let account = vault.hash_failure(b"factors", user.uuid().as_bytes());
        Self { account, source: vault.hash_failure(b"anywhere", b"") }
    }
    /// Of what was kept while a second proof was waited for.
    pub(super) const fn kept((account, source): ([u8; 32], [u8; 32])) -> Self {
        Self { account, source }
    }
    /// To be kept meanwhile.
    pub(super) const fn keep(&self) -> ([u8; 32], [u8; 32]) {
        (self.account, self.source)
    }
    /// A name for the account that says nothing about it, for the limiter's keys.
    pub fn account_name(&self) -> String {
        self.account[..16].iter().map(|b| format!("{b:02x}")).collect()
    }
}

fn account(vault: &Vault, login: &Login) -> [u8; 32] {
    vault.hash_failure(b"login", login.as_str().as_bytes())
}

fn confirmation(vault: &Vault, user: UserId) -> [u8; 32] {
    vault.hash_failure(b"confirmation", user.uuid().as_bytes())
}

fn source(vault: &Vault, ip: IpAddr) -> [u8; 32] {
    match ip {
        IpAddr::V4(v4) => vault.hash_failure(b"v4", &v4.octets()),
        IpAddr::V6(v6) => vault.hash_failure(b"v6/64", &v6.octets()[..8]),
    }
}

/// An attempt that was counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attempt {
    /// Which of the allowed failures it will be, if it fails.
    number: u32,
    /// Set when there is no further one.
    locked_until: Option<Timestamp>,
    /// What its failure will cost, unless it locks.
    delay: Duration,
}

/// Longest delay: 2⁶ seconds.
const LONGEST: u32 = 6;

/// How long an attempt must wait after so many failures.
fn delay(failures: u32, free: u32) -> Duration {
    failures.checked_sub(free).map_or(Duration::ZERO, |more| Duration::from_secs(1 << more.min(LONGEST)))
}

impl Attempt {
    /// The refusal of a failed attempt, saying how long to wait before the next one.
    pub fn refuse(&self, problem: Problem, now: Timestamp) -> Problem {
        match self.locked_until.map_or(self.delay, |until| until.since(now)) {
            Duration::ZERO => problem,
            wait => problem.retry_after(wait),
        }
    }
    /// Whether its failure locks.
    pub const fn is_last(&self) -> bool {
        self.locked_until.is_some()
    }
    /// Which of the allowed failures it will be.
    pub const fn number(&self) -> u32 {
        self.number
    }
}

/// Counts an attempt, before anything is compared. `Err`: locked, or too soon; the problem says for how long.
pub async fn count(
    tx: &mut TenantTx,
    counter: &Counter,
    settings: &LockoutSettings,
    now: Timestamp,
) -> Result<Result<Attempt, Problem>, StoreError> {
    // In order: locked; the lock or the last failure is long ago, so it starts again; one more. The row is
    // left alone, and none returned, if the attempt comes too soon.
    let sql = "INSERT INTO login_failures (tenant_id, account, source, failures, last_at, locked_until)
        VALUES ($1, $2, $3, 1, $4, $5)
        ON CONFLICT (tenant_id, account, source) DO UPDATE SET
            failures = CASE
                WHEN login_failures.locked_until > $4 THEN $6
                WHEN login_failures.locked_until IS NOT NULL OR login_failures.last_at <= $7 THEN 1
                ELSE login_failures.failures + 1 END,
            last_at = $4,
            locked_until = CASE
                WHEN login_failures.locked_until > $4 THEN login_failures.locked_until
                WHEN login_failures.locked_until IS NOT NULL OR login_failures.last_at <= $7 THEN $5
                WHEN login_failures.failures + 1 >= $8 THEN $9
                ELSE NULL END
        WHERE login_failures.locked_until IS NOT NULL OR login_failures.last_at <= $7
            OR login_failures.failures < $10
            OR login_failures.last_at + (1000000 << CAST(CASE
                WHEN login_failures.failures - $10 > $11 THEN $11
                ELSE login_failures.failures - $10 END AS INTEGER)) <= $4
        RETURNING failures, locked_until";
    let allowed = settings.failures.max(1);
    let until = now + settings.duration;
    let first = (allowed == 1).then_some(until);
    let (refused, stale) = (i64::from(allowed) + 1, now - settings.duration);
    let free = settings.free_failures;
    let values = params![counter.account, counter.source, now, first, refused, stale, allowed, until, free, LONGEST];
    let Some(row) = tx.query_opt(sql, values).await? else {
        return too_soon(tx, counter, free, now).await.map(Err);
    };
    let (number, locked_until): (u32, Option<Timestamp>) = (row.get(0)?, row.get(1)?);
    Ok(if number <= allowed {
        Ok(Attempt { number, locked_until, delay: delay(number, free) })
    } else {
        Err(Problem::new(LOCKED).retry_after(locked_until.map_or(settings.duration, |until| until.since(now))))
    })
}

async fn too_soon(tx: &mut TenantTx, counter: &Counter, free: u32, now: Timestamp) -> Result<Problem, StoreError> {
    let sql = "SELECT failures, last_at FROM login_failures WHERE tenant_id = $1 AND account = $2 AND source = $3";
    let row = tx.query_opt(sql, params![counter.account, counter.source]).await?;
    let row = row.ok_or(StoreError::Misuse("an attempt was refused for a row that is not there"))?;
    let (failures, last): (u32, Timestamp) = (row.get(0)?, row.get(1)?);
    Ok(Problem::new(DELAYED).retry_after((last + delay(failures, free)).since(now)))
}

/// Takes one attempt back that was counted and never looked at. With it goes the lock that it completed.
pub async fn withdraw(tx: &mut TenantTx, counter: &Counter) -> Result<(), StoreError> {
    let sql = "UPDATE login_failures SET failures = failures - 1, locked_until = NULL
        WHERE tenant_id = $1 AND account = $2 AND source = $3 AND failures > 0";
    tx.execute(sql, params![counter.account, counter.source]).await.map(drop)
}

/// Forgets the failures: the attempt succeeded.
pub async fn clear(tx: &mut TenantTx, counter: &Counter) -> Result<(), StoreError> {
    let sql = "DELETE FROM login_failures WHERE tenant_id = $1 AND account = $2 AND source = $3";
    tx.execute(sql, params![counter.account, counter.source]).await.map(drop)
}

/// Forgets every guess at a user's password, from everywhere: there is a new one. Guesses at their second factors
/// stay, so that nobody who resets passwords without end has guesses without end. Returns whether anything was counted.
pub async fn forget_passwords(tx: &mut TenantTx, vault: &Vault, user: &User) -> Result<bool, StoreError> {
    let mut found = false;
    for account in passwords(vault, user) {
        found |= forget(tx, account).await?;
    }
    Ok(found)
}

/// What guesses at a user's password are counted under.
fn passwords(vault: &Vault, user: &User) -> impl Iterator<Item = [u8; 32]> {
    let logins = [&user.email, &user.username].into_iter().flatten().map(|name| account(vault, &Login::new(name)));
    logins.chain([confirmation(vault, user.id)])
}

/// What is counted of a user, from everywhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counted {
    /// Failures that still count: of logins, of confirmations of the password, and of second factors.
    pub failures: u64,
    /// When the last of the locks ends, if there is one.
    pub locked_until: Option<Timestamp>,
}

/// What is counted of a user now. What is refused while an account is locked is no failure.
pub async fn counted(
    tx: &mut TenantTx,
    vault: &Vault,
    user: &User,
    settings: &LockoutSettings,
    now: Timestamp,
) -> Result<Counted, StoreError> {
    let sql = "SELECT CAST(SUM(CASE WHEN failures > $3 THEN $3 ELSE failures END) AS BIGINT), MAX(locked_until)
        FROM login_failures WHERE tenant_id = $1 AND account = $2 AND last_at > $4
            AND (locked_until IS NULL OR locked_until > $5)";
    let (allowed, stale) = (i64::from(settings.failures.max(1)), now - settings.duration);
    let mut all = Counted::default();
    for account in passwords(vault, user).chain([Counter::factors(vault, user.id).account]) {
        if let Some(row) = tx.query_opt(sql, params![account, allowed, stale, now]).await? {
            let (failures, until): (Option<i64>, Option<Timestamp>) = (row.get(0)?, row.get(1)?);
            all.failures += failures.and_then(|count| u64::try_from(count).ok()).unwrap_or_default();
            all.locked_until = all.locked_until.max(until);
        }
    }
    Ok(all)
}

/// Unlocks an account for every source, its second factors included: for administrators and the operator. Returns
/// whether anything was counted.
pub async fn unlock(tx: &mut TenantTx, vault: &Vault, user: &User) -> Result<bool, StoreError> {
    let passwords = forget_passwords(tx, vault, user).await?;
    Ok(forget(tx, Counter::factors(vault, user.id).account).await? || passwords)
}

async fn forget(tx: &mut TenantTx, account: [u8; 32]) -> Result<bool, StoreError> {
    let sql = "DELETE FROM login_failures WHERE tenant_id = $1 AND account = $2";
    Ok(tx.execute(sql, params![account]).await? > 0)
}
