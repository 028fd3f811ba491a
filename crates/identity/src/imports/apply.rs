//! One record, in the unit of its batch.

use kernel::{RoleName, Secret, Timestamp, UserId};
use serde_json::json;
use storage::{StoreError, TenantTx};

use super::{Mode, Options, Starter, model::Wrong, row::Row};
use crate::{
    audit::{self, Action, Entry, Target},
    http::Right as _,
    language::Language,
    proofs::Ask,
    publish::{self, Change},
    roles::{self, Authority, Hierarchy},
    users::{self, ExternalId, Key, NewUser, User, UserKind, UserStatus, Username},
    users_admin::{self, AssignRoles, DisableUsers, UpdateUsers},
};

const UPDATED: Action = Action::new("user.imported");

/// What a batch knows.
pub(super) struct Batch<'a> {
    pub(super) options: Options,
    pub(super) starter: &'a Starter,
    /// `None`: may everything.
    pub(super) authority: Option<Authority>,
    pub(super) hierarchy: Hierarchy,
    pub(super) language: Language,
    /// Why nobody can be created without attributes, if that is so.
    pub(super) bare: Option<Wrong>,
    pub(super) now: Timestamp,
    pub(super) random: &'a dyn kernel::Random,
}

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Done {
    Created,
    /// The feed's number, if the edge must hear of it.
    Updated(Option<i64>),
    Skipped,
}

/// A record, with what was prepared for it outside of the unit.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) line: i64,
    pub(super) row: Row,
    /// For a user who is new.
    pub(super) id: UserId,
    /// Of a password, or as it was given.
    pub(super) hash: Option<Secret>,
    /// For an invitation.
    pub(super) ask: Option<Ask>,
}

type Applied = Result<Result<Done, Wrong>, StoreError>;

impl Batch<'_> {
    /// Does one record. The outer error fails the batch, the inner one the record, of which nothing was done.
    pub(super) async fn apply(&self, tx: &mut TenantTx, ready: &Ready) -> Applied {
        let row = &ready.row;
        if let Err(wrong) = self.may_give(row) {
            return Ok(Err(wrong));
        }
        match find(tx, row).await? {
            Err(wrong) => Ok(Err(wrong)),
            Ok(None) => self.create(tx, ready).await,
            Ok(Some(_)) if self.options.mode == Mode::Create => Ok(Ok(Done::Skipped)),
            Ok(Some(user)) => self.update(tx, ready, user).await,
        }
    }

    fn allows(&self, permission: &kernel::Permission) -> bool {
        self.authority.as_ref().is_none_or(|authority| authority.allows(permission))
    }

    /// Whether whoever started it may give these roles.
    fn may_give(&self, row: &Row) -> Result<(), Wrong> {
        let Some(roles) = &row.roles else { return Ok(()) };
        if let Some(unknown) = roles.iter().find(|role| !self.hierarchy.contains(role)) {
            return Err(Wrong::new("roles", "unknown_role", format!("there is no role {unknown}")));
        }
        let Some(authority) = &self.authority else { return Ok(()) };
        if !authority.allows(AssignRoles::permission()) {
            return Err(Wrong::new("roles", "not_permitted", format!("giving roles needs {}", AssignRoles::NAME)));
        }
        match authority.missing(&self.hierarchy.grants(roles)) {
            None => Ok(()),
            Some(grant) => {
                Err(Wrong::new("roles", "not_permitted", format!("grants {}, which you do not hold", grant.as_str())))
            }
        }
    }

    async fn create(&self, tx: &mut TenantTx, ready: &Ready) -> Applied {
        let (row, id, now) = (&ready.row, ready.id, self.now);
        if let (None, Some(wrong)) = (&row.attributes, &self.bare) {
            return Ok(Err(wrong.clone()));
        }
        let new = NewUser {
            kind: UserKind::Person,
            email: row.email.clone(),
            username: row.username.clone(),
            display_name: row.display_name.clone(),
            company_name: row.company_name.clone(),
            phone: row.phone.clone(),
            external_id: row.external_id.clone(),
            external_id_claimed: false,
            attributes: row.attributes.clone().unwrap_or_default(),
            password_hash: ready.hash.clone(),
        };
        if !users::create(tx, id, &new, now).await? {
            // Somebody registered with it since we looked.
            return Ok(Err(Wrong::new("", "taken", "another user has one of these")));
        }
        if let (Some(email), Some(true)) = (&row.email, row.verified) {
            users::verify_email(tx, id, email.as_str(), now).await?;
        }
        match &row.roles {
            Some(roles) => roles::assign(tx, id, roles).await?,
            None => roles::assign(tx, id, &[roles::builtin::role(roles::builtin::USER)?]).await?,
        }
        if let (Some(ask), Some(email)) = (&ready.ask, &row.email)
            && let Some(user) = users::by_id(tx, id).await?
        {
            ask.write_to(tx, &user, email.as_str(), self.language).await?;
        }
        if row.status == Some(UserStatus::Disabled) {
            users::set_status(tx, id, UserStatus::Disabled, now).await?;
        }
        Ok(Ok(Done::Created))
    }

    async fn update(&self, tx: &mut TenantTx, ready: &Ready, old: User) -> Applied {
        let (row, id, now) = (&ready.row, old.id, self.now);
        if old.status == UserStatus::Deleted {
            return Ok(Err(Wrong::new("", "deleted", "this user is deleted; restore them first")));
        }
        let before = roles::of_user(tx, id).await?;
        let covers = |authority: &Authority| authority.covers(&self.hierarchy.grants(&before));
        if !self.allows(UpdateUsers::permission()) || !self.authority.as_ref().is_none_or(covers) {
            return Ok(Err(Wrong::new("", "not_permitted", "this user holds more than you do")));
        }
        // What a file says of somebody's standing would end sessions: that is for the calls that do it.
        if row.status.is_some_and(|status| status != old.status) {
            let message = format!("is {} already; {} changes it", old.status.as_str(), DisableUsers::NAME);
            return Ok(Err(Wrong::new("status", "not_allowed", message)));
        }
        // Whoever moves to another address is told, and proves it: that is for the calls that do it, too.
        if row.email.as_ref().is_some_and(|email| old.email.as_deref() != Some(email.as_str())) {
            let message = format!("this user has another address, or none; {} changes it", UpdateUsers::NAME);
            return Ok(Err(Wrong::new("email", "not_allowed", message)));
        }
        if row.roles.is_some() && loses_the_last_super_admin(tx, &old, &before, row).await? {
            return Ok(Err(Wrong::new("roles", "last_super_admin", "this is the last active super administrator")));
        }
        if let Some(wrong) = unproven(tx, row, &old).await? {
            return Ok(Err(wrong));
        }
        let user = merged(&old, row);
        users_admin::rewrite(tx, &user, now).await?;
        if let Some(hash) = &ready.hash {
            // A password that exists was chosen since, or is no older than the file.
            users::give_password(tx, id, hash, now).await?;
        }
        let mut seq = None;
        if let Some(roles) = row.roles.as_ref().filter(|roles| !same(roles, &before)) {
            roles::assign(tx, id, roles).await?;
            users_admin::roles_changed(tx, id, now).await?;
            seq = Some(publish::append(tx, &Change::UserStanding { user: id }, now).await?);
        }
        let entry = Entry { actor: self.starter.actor(), ..Entry::by_system(UPDATED, Target::new("user", id)) };
        let details = json!({ "fields": touched(&old, &user), "roles": row.roles, "roles_changed": seq.is_some() });
        let entry = entry.details(details);
        audit::record(tx, entry, now, self.random).await?;
        Ok(Ok(Done::Updated(seq)))
    }
}

fn same(wanted: &[RoleName], before: &[RoleName]) -> bool {
    wanted.len() == before.len() && wanted.iter().all(|role| before.contains(role))
}

async fn loses_the_last_super_admin(
    tx: &mut TenantTx,
    user: &User,
    before: &[RoleName],
    row: &Row,
) -> Result<bool, StoreError> {
    let is_one = |roles: &[RoleName]| roles.iter().any(|role| role.as_str() == roles::builtin::SUPER_ADMIN);
    if user.status != UserStatus::Active || !is_one(before) || is_one(row.roles.as_deref().unwrap_or_default()) {
        return Ok(false);
    }
    Ok(users_admin::other_super_admins(tx, user.id).await? == 0)
}

/// The user with what the record says. Their address stays, and whether it is verified is not a file's to say.
fn merged(old: &User, row: &Row) -> User {
    let text = |new: Option<&str>, old: &Option<String>| new.map(str::to_owned).or_else(|| old.clone());
    User {
        username: text(row.username.as_ref().map(Username::as_str), &old.username),
        external_id: text(row.external_id.as_ref().map(ExternalId::as_str), &old.external_id),
        external_id_claimed: old.external_id_claimed && row.external_id.is_none(),
        display_name: text(row.display_name.as_deref(), &old.display_name),
        company_name: text(row.company_name.as_deref(), &old.company_name),
        phone: text(row.phone.as_ref().map(users::Phone::as_str), &old.phone),
        attributes: row.attributes.clone().unwrap_or_else(|| old.attributes.clone()),
        ..old.clone()
    }
}

/// Names of what the record changes.
fn touched(old: &User, new: &User) -> Vec<&'static str> {
    let changed = [
        ("username", old.username != new.username),
        ("external_id", (&old.external_id, old.external_id_claimed) != (&new.external_id, new.external_id_claimed)),
        ("display_name", old.display_name != new.display_name),
        ("company_name", old.company_name != new.company_name),
        ("phone", old.phone != new.phone),
        ("attributes", old.attributes != new.attributes),
    ];
    changed.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect()
}

/// Why this need not be who the record means. Anybody can register with somebody's address and a password of their
/// own: until the address is verified it says nothing about whose the account is. An external id does, if it was given or
/// confirmed by those who manage users.
async fn unproven(tx: &mut TenantTx, row: &Row, user: &User) -> Result<Option<Wrong>, StoreError> {
    let confirmed = user.external_id.is_some() && !user.external_id_claimed;
    let known = confirmed && row.external_id.as_ref().map(ExternalId::as_str) == user.external_id.as_deref();
    let verified = user.email.is_none() || user.email_verified_at.is_some();
    if known || verified || !users::has_password(tx, user.id).await? {
        return Ok(None);
    }
    let message = "whoever has this address has never proven that it is theirs, and has a password";
    Ok(Some(Wrong::new("email", "unverified", message)))
}

/// Who is meant: by external id, else by address, else by user name. The others must then be theirs or nobody's.
async fn find(tx: &mut TenantTx, row: &Row) -> Result<Result<Option<User>, Wrong>, StoreError> {
    let keys = [
        row.external_id.as_ref().map(|id| Key::ExternalId(id.as_str())),
        row.email.as_ref().map(|email| Key::Email(email.as_str())),
        row.username.as_ref().map(|name| Key::Username(name.as_str())),
    ];
    let mut meant: Option<User> = None;
    let mut stronger = false;
    for key in keys.into_iter().flatten() {
        match (users::by_key(tx, key).await?, &meant) {
            (None, _) => {}
            (Some(found), Some(user)) if found.id == user.id => {}
            // A user name alone says who is meant where there is nothing better to go by.
            (Some(found), None) if !matches!(key, Key::Username(_)) || !stronger => meant = Some(found),
            (Some(_), _) => return Ok(Err(Wrong::new(key.field().0, "taken", "another user has this"))),
        }
        stronger = true;
    }
    let other = |user: &User| {
        let theirs = user.external_id.as_ref().filter(|_| !user.external_id_claimed);
        row.external_id.as_ref().zip(theirs).is_some_and(|(new, old)| new.as_str() != old)
    };
    match meant {
        Some(user) if other(&user) => {
            Ok(Err(Wrong::new("external_id", "conflict", "whoever has this address has another external id")))
        }
        meant => Ok(Ok(meant)),
    }
}
