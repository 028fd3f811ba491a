//! Getting in and out over HTTP.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, header};
use kernel::{AuthMethod, Problem, RequestContext, Secret};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Object};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Challenge, LoggedIn, LoginRequest, Outcome, PasswordChange, Registration, login, logout, password, register,
};
use crate::{
    Core,
    devices::Shown,
    http::{
        Caller, Ctx, Fields, Json, Permit, Refusal, Wish,
        openapi::{Body, Guarded},
    },
    language::Language,
    mfa::Offer,
    passkeys,
    passwords::too_long,
    proof_of_work::Work,
    sessions::{Scope, Wishes, cookie},
    tokens::{self, TokenSet},
    users::{self, Attributes, Email, ExternalId, Login, NewUser, Phone, WriteProfile},
};

/// The routes of this slice.
pub(super) fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new()
        .routes(routes!(post_register))
        .routes(routes!(post_login))
        .routes(routes!(post_refresh))
        .routes(routes!(post_token))
        .routes(routes!(post_logout))
        .routes(routes!(post_logout_all))
        .routes(routes!(post_change_password))
}

/// A new account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RegisterBody {
    /// How you will log in.
    #[schema(format = Email, max_length = 254)]
    email: String,
    /// Must meet the tenant's policy.
    #[schema(value_type = String, format = Password, max_length = 128)]
    password: Secret,
    /// How to call you.
    #[schema(max_length = 128)]
    display_name: Option<String>,
    /// Your company.
    #[schema(max_length = 128)]
    company_name: Option<String>,
    /// International form: `+4930123456`.
    #[schema(max_length = 32)]
    phone: Option<String>,
    /// The consuming application's own id of you, unique in the tenant.
    #[schema(max_length = 128)]
    external_id: Option<String>,
    /// Custom attributes: 16 KiB and 5 levels at most.
    #[schema(value_type = Option<Object>)]
    attributes: Option<Map<String, Object>>,
    /// A solved puzzle, where the tenant asks for one.
    proof_of_work: Option<Work>,
}

impl RegisterBody {
    fn parse(self) -> Result<Registration, Problem> {
        let mut fields = Fields::new();
        let email = fields.keep("/email", "format", self.email.parse::<Email>());
        let mut text =
            |field: &str, text: Option<String>| text.and_then(|text| fields.keep(field, "format", users::text(&text)));
        let display_name = text("/display_name", self.display_name);
        let company_name = text("/company_name", self.company_name);
        let phone = self.phone.and_then(|p| fields.keep("/phone", "format", p.parse::<Phone>()));
        let external_id =
            self.external_id.and_then(|id| fields.keep("/external_id", "format", id.parse::<ExternalId>()));
        let attributes = self.attributes.map(|map| fields.keep("/attributes", "format", Attributes::try_from(map)));
        let email = fields.finish(email)?;
        let user = NewUser {
            display_name,
            company_name,
            phone,
            external_id_claimed: external_id.is_some(),
            external_id,
            attributes: attributes.flatten().unwrap_or_default(),
            ..NewUser::person(email.clone())
        };
        Ok(Registration { email, user, password: self.password, work: self.proof_of_work })
    }
}

/// What a registration is answered with: what was submitted, normalised. The same for an address that is
/// taken, so there is no id: that comes with the first login.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct Registered {
    /// The account.
    user: RegisteredUser,
}

/// What was submitted.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct RegisteredUser {
    /// Always `registered`.
    status: String,
    /// E-mail address.
    email: String,
    /// How to call them.
    display_name: Option<String>,
    /// Company.
    company_name: Option<String>,
    /// Phone.
    phone: Option<String>,
    /// The consuming application's id.
    external_id: Option<String>,
}

impl Registered {
    fn of(registration: &Registration) -> Self {
        let user = &registration.user;
        Self {
            user: RegisteredUser {
                status: "registered".into(),
                email: registration.email.to_string(),
                display_name: user.display_name.clone(),
                company_name: user.company_name.clone(),
                phone: user.phone.as_ref().map(ToString::to_string),
                external_id: user.external_id.as_ref().map(ToString::to_string),
            },
        }
    }
}

/// Creates an account in the tenant of the request.
#[utoipa::path(post, path = "/api/v1/auth/register", tag = "auth", operation_id = "register",
    request_body = RegisterBody,
    responses((status = 201, body = Registered, description = "Also when the address is taken"), Guarded, Body),
    security(()))]
async fn post_register(
    State(core): State<Arc<Core>>,
    ctx: Ctx,
    Wish(wish): Wish,
    Json(body): Json<RegisterBody>,
) -> Result<Response, Refusal> {
    let registration = body.parse()?;
    let answer = Registered::of(&registration);
    register::register(&core, &ctx, registration, wish).await?;
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// A login. Give `email` or `username`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LoginBody {
    /// E-mail address.
    #[schema(max_length = 254)]
    email: Option<String>,
    /// Or user name.
    #[schema(max_length = 254)]
    username: Option<String>,
    /// Password.
    #[schema(value_type = String, format = Password, max_length = 128)]
    password: Secret,
    /// Keep the session for long.
    #[serde(default)]
    remember_me: bool,
    /// Of `openid profile email offline_access`, space separated.
    #[serde(default)]
    scope: String,
    /// Hand out a session cookie too.
    #[serde(default)]
    set_cookie: bool,
}

impl LoginBody {
    fn parse(self, ctx: &RequestContext, headers: &HeaderMap) -> Result<LoginRequest, Problem> {
        let mut fields = Fields::new();
        let typed = match (self.email, self.username) {
            (Some(email), None) => Some(("/email", email)),
            (None, Some(username)) => Some(("/username", username)),
            (Some(_), Some(_)) => {
                fields.wrong("/username", "ambiguous", "give either email or username");
                None
            }
            (None, None) => {
                fields.wrong("/email", "required", "give email or username");
                None
            }
        };
        let login = typed.and_then(|(field, text)| {
            if text.len() > Login::MAX_LEN {
                fields.wrong(field, "too_long", "may have 254 bytes at most");
                return None;
            }
            Some(Login::new(&text))
        });
        if too_long(self.password.expose()) {
            fields.wrong("/password", "too_long", "may have 128 characters at most");
        }
        let scope = fields.keep("/scope", "format", self.scope.parse::<Scope>());
        let (login, scope) = fields.finish(login.zip(scope))?;
        Ok(LoginRequest {
            login,
            password: self.password,
            wishes: Wishes { remember: self.remember_me, scope, set_cookie: self.set_cookie },
            device: Shown::read(headers, ctx.client_ip),
            page: passkeys::page(headers),
            language: Language::wished(headers),
        })
    }
}

/// What a login is answered with.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub(super) enum LoginAnswer {
    /// In.
    Tokens(Box<TokenSet>),
    /// Not yet: a second factor is waited for.
    Challenge(ChallengeView),
}

/// A second factor is waited for. Answer at `/api/v1/auth/mfa`, from the same program.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct ChallengeView {
    /// `true`.
    mfa_required: bool,
    /// To be given with the answer.
    challenge_id: String,
    /// What it may be answered with.
    methods: Vec<Offer>,
    /// Seconds until it expires.
    expires_in: u64,
    /// The tenant wants a second factor and there is none yet: begin with one at `/api/v1/auth/mfa/enrol/…`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    enrolment_required: bool,
}

impl From<Challenge> for ChallengeView {
    fn from(challenge: Challenge) -> Self {
        Self {
            mfa_required: true,
            challenge_id: challenge.id.expose().clone(),
            methods: challenge.methods,
            expires_in: challenge.expires_in,
            enrolment_required: challenge.enrolment_required,
        }
    }
}

/// Tokens, and cookies.
pub(super) fn logged_in<T: Serialize>(logged_in: LoggedIn, body: impl FnOnce(TokenSet) -> T) -> Response {
    let mut response = Json(body(logged_in.tokens)).into_response();
    for cookie in logged_in.cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Logs in with a password.
///
/// Whoever has a second factor is answered with a challenge instead of tokens.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth", operation_id = "login",
    request_body = LoginBody,
    responses((status = 200, body = LoginAnswer), Guarded, Body), security(()))]
async fn post_login(
    State(core): State<Arc<Core>>,
    ctx: Ctx,
    headers: HeaderMap,
    Json(body): Json<LoginBody>,
) -> Result<Response, Refusal> {
    Ok(match login::login(&core, &ctx, body.parse(&ctx, &headers)?).await? {
        Outcome::LoggedIn(session) => logged_in(*session, |tokens| LoginAnswer::Tokens(Box::new(tokens))),
        Outcome::Challenge(challenge) => Json(LoginAnswer::Challenge(challenge.into())).into_response(),
    })
}

/// A refresh token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefreshBody {
    /// As it was handed out.
    #[schema(value_type = String)]
    refresh_token: Secret,
}

/// Exchanges a refresh token for an access token and the next refresh token.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "auth", operation_id = "refresh",
    request_body = RefreshBody,
    responses((status = 200, body = TokenSet), Guarded, Body), security(()))]
async fn post_refresh(
    State(core): State<Arc<Core>>,
    ctx: Ctx,
    Json(body): Json<RefreshBody>,
) -> Result<Json<TokenSet>, Refusal> {
    Ok(Json(tokens::refresh(&core, &ctx, &body.refresh_token).await?))
}

/// Gives an access token for a session cookie or an API key.
#[utoipa::path(post, path = "/api/v1/auth/token", tag = "auth", operation_id = "exchange_token",
    responses((status = 200, body = TokenSet), Guarded),
    security(("session" = []), ("api_key" = [])))]
async fn post_token(State(core): State<Arc<Core>>, caller: Caller) -> Result<Json<TokenSet>, Refusal> {
    Ok(Json(tokens::exchange(&core, &caller.ctx, &caller.principal).await?))
}

/// No content; takes a session cookie back, too.
fn logged_out(caller: &Caller) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if caller.principal.method == AuthMethod::Session {
        response.headers_mut().append(header::SET_COOKIE, cookie::clear());
    }
    response
}

/// Ends the caller's session: its tokens and cookie are refused from now on, everywhere.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth", operation_id = "logout",
    responses((status = 204, description = "Logged out"), Guarded),
    security(("bearer" = []), ("session" = [])))]
async fn post_logout(State(core): State<Arc<Core>>, caller: Caller) -> Result<Response, Refusal> {
    logout::logout(&core, &caller.ctx, &caller.principal).await?;
    Ok(logged_out(&caller))
}

/// Ends all of the caller's sessions.
#[utoipa::path(post, path = "/api/v1/auth/logout-all", tag = "auth", operation_id = "logout_all",
    responses((status = 204, description = "Logged out everywhere"), Guarded),
    security(("bearer" = []), ("session" = [])))]
async fn post_logout_all(State(core): State<Arc<Core>>, caller: Caller) -> Result<Response, Refusal> {
    caller.in_person()?;
    logout::logout_all(&core, &caller.ctx, &caller.principal).await?;
    Ok(logged_out(&caller))
}

/// A change of password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangePasswordBody {
    /// The one you have.
    #[schema(value_type = String, format = Password, max_length = 128)]
    current_password: Secret,
    /// The one you want. Must meet the tenant's policy.
    #[schema(value_type = String, format = Password, max_length = 128)]
    new_password: Secret,
}

/// Changes the caller's password and ends their other sessions.
#[utoipa::path(post, path = "/api/v1/auth/change-password", tag = "auth", operation_id = "change_password",
    request_body = ChangePasswordBody,
    responses((status = 204, description = "Changed"), Guarded, Body),
    security(("bearer" = []), ("session" = [])))]
async fn post_change_password(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteProfile>,
    Wish(wish): Wish,
    Json(body): Json<ChangePasswordBody>,
) -> Result<StatusCode, Refusal> {
    let mut fields = Fields::new();
    if too_long(body.current_password.expose()) {
        fields.wrong("/current_password", "too_long", "may have 128 characters at most");
    }
    fields.check()?;
    let change = PasswordChange { current: body.current_password, new: body.new_password };
    password::change_password(&core, &permit.ctx, &permit.principal, change, wish).await?;
    Ok(StatusCode::NO_CONTENT)
}
