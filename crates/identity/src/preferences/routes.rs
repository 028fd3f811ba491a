//! `/api/v1/admin/settings`.

use std::sync::Arc;

use axum::extract::State;
use kernel::Problem;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Preferences, Registration, UNVERIFIED, model::MAX_WORK, store};
use crate::{
    Core,
    audit::{Action, Target},
    http::{
        Cause, Fields, Json, Permit, Refusal,
        openapi::{Body, Changed, Guarded},
        present,
    },
    language::Language,
    mfa::MfaChange,
    passwords::{Cost, Policy, breach::BreachCheck},
    roles::{self, Hierarchy},
    sessions::SessionChange,
    settings::SessionSettings,
    templates::{ReadSettings, WriteSettings},
    users,
};

const CHANGED: Action = Action::new("settings.changed");

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new().routes(routes!(read, change))
}

/// Read the tenant's settings
///
/// Needs `settings:read`.
#[utoipa::path(get, path = "/api/v1/admin/settings", tag = "settings", operation_id = "read_settings",
    security(("bearer" = []), ("api_key" = []), ("session" = [])),
    responses((status = 200, body = Preferences), Guarded))]
async fn read(State(core): State<Arc<Core>>, permit: Permit<ReadSettings>) -> Result<Json<Preferences>, Refusal> {
    Ok(Json(core.read(permit.principal.tenant, |tx| Box::pin(store::load(tx))).await?))
}

/// What is to change. A field that is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeSettings {
    /// The language of messages to people who did not ask for one.
    language: Option<Language>,
    /// Whether people log in only after they have verified their e-mail address. Your own must be verified.
    verified_login: Option<bool>,
    /// Whether people are told by mail of a login with a device that was not used before.
    new_login_mail: Option<bool>,
    /// Whether people may delete their own account.
    account_deletion: Option<bool>,
    /// Whether anybody may register; `null` for the operator to decide. `open` is refused where the operator has closed it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Registration>)]
    registration: Option<Option<Registration>>,
    /// Who must have a second factor. Takes effect at their next login.
    mfa: Option<MfaChange>,
    /// How long sessions last, and how many a person has at once. Holds for sessions that begin from now on; how long
    /// one may be idle, for those that are used.
    sessions: Option<SessionChange>,
    /// Which passwords may be chosen from now on: `"complex"`, `"nist"` or rules of one's own; `null` for the
    /// operator's policy. Passwords that exist stay.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Policy>)]
    password_policy: Option<Option<Policy>>,
    /// What hashing a password costs from now on; `null` for the operator's cost. At most four times the
    /// operator's work. Passwords are hashed anew when their owners log in.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Cost>)]
    password_hashing: Option<Option<Cost>>,
    /// Zero bits of the proof of work that registering costs: 0 for none. 16 takes a browser about a second.
    #[schema(maximum = 24)]
    signup_work: Option<u8>,
}

impl ChangeSettings {
    /// Names rules that cannot be, or that this installation cannot keep, whatever the tenant decided before.
    fn check(&self, core: &Core, fields: &mut Fields) {
        if let Some(Some(policy)) = &self.password_policy {
            for wrong in policy.rules().check() {
                fields.wrong(format!("/password_policy/{}", wrong.field), "range", wrong.message);
            }
            if policy.rules().breach_check == Some(BreachCheck::Offline) && !core.breaches.has_filter() {
                let message = "the operator has set no filter of breached passwords: use \"online\" or \"off\"";
                fields.wrong("/password_policy/breach_check", "unavailable", message);
            }
        }
        if self.password_hashing.flatten().is_some_and(|cost| !core.hasher.allows(cost)) {
            let message = "must be 19456 to 262144 KiB, 2 to 16 passes and 1 to 16 lanes, and memory times passes at most four times the operator's";
            fields.wrong("/password_hashing", "range", message);
        }
        if self.registration == Some(Some(Registration::Open)) && !core.settings.open_registration {
            fields.wrong("/registration", "unavailable", "the operator has closed registration");
        }
        if self.signup_work.is_some_and(|bits| bits > MAX_WORK) {
            fields.wrong("/signup_work", "too_large", format!("may be {MAX_WORK} at most"));
        }
    }

    /// What the tenant decides from now on. Names what cannot be together with what it decided before.
    fn apply(
        &self,
        old: &Preferences,
        operator: &SessionSettings,
        roles: &Hierarchy,
        fields: &mut Fields,
    ) -> Preferences {
        let new = Preferences {
            language: self.language.unwrap_or(old.language),
            verified_login: self.verified_login.unwrap_or(old.verified_login),
            new_login_mail: self.new_login_mail.unwrap_or(old.new_login_mail),
            account_deletion: self.account_deletion.unwrap_or(old.account_deletion),
            registration: self.registration.unwrap_or(old.registration),
            mfa: self.mfa.as_ref().map_or_else(|| old.mfa.clone(), |change| change.apply(&old.mfa)),
            sessions: self.sessions.as_ref().map_or_else(|| old.sessions.clone(), |change| change.apply(&old.sessions)),
            password_policy: self.password_policy.clone().unwrap_or_else(|| old.password_policy.clone()),
            password_hashing: self.password_hashing.unwrap_or(old.password_hashing),
            signup_work: self.signup_work.unwrap_or(old.signup_work),
        };
        if let Some(change) = &self.mfa {
            change.check(&new.mfa, |role| roles.contains(role), fields);
        }
        if self.sessions.is_some() {
            new.sessions.check(operator, fields);
        }
        new
    }
}

/// Change the tenant's settings
///
/// Takes effect at once. Of `mfa` and `sessions`, too, only what is given changes. Needs `settings:write`.
#[utoipa::path(patch, path = "/api/v1/admin/settings", tag = "settings", operation_id = "change_settings",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), request_body = ChangeSettings,
    responses((status = 200, body = Preferences), Guarded, Body, Changed))]
async fn change(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteSettings>,
    Json(wanted): Json<ChangeSettings>,
) -> Result<Json<Preferences>, Refusal> {
    let mut fields = Fields::new();
    wanted.check(&core, &mut fields);
    let operator = core.settings.sessions.clone();
    let cause = Cause::new(&core, &permit);
    let work = core.write(cause.caller.tenant, move |tx| {
        Box::pin(async move {
            roles::lock(tx).await?;
            let old = store::load(tx).await?;
            let new = wanted.apply(&old, &operator, &roles::hierarchy(tx).await?, &mut fields);
            fields.check()?;
            if new.verified_login
                && !old.verified_login
                && let Some(id) = cause.caller.subject.user()
            {
                let user = users::by_id(tx, id).await?;
                if user.is_some_and(|u| u.email.is_some() && u.email_verified_at.is_none()) {
                    return Err(Problem::new(UNVERIFIED));
                }
            }
            store::save(tx, &new, cause.now).await?;
            let details = json!({"before": old, "after": new});
            cause.record(tx, CHANGED, Target::new("tenant", tx.tenant()), details).await?;
            Ok(new)
        })
    });
    Ok(Json(work.await?))
}
