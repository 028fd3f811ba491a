//! One visit of a browser: who, in which tenant and language, and what the answer has to carry.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Redirect, Response},
};
use http::{Extensions, HeaderMap, HeaderValue, Uri, header, request::Parts};
use identity::{
    http::Refusal,
    language::Language,
    preferences::{self, Preferences},
};
use kernel::{Principal, Problem, RequestContext, problem::common};
use url::{Url, form_urlencoded};

use crate::{
    Pages, cookies,
    csrf::{self, Csrf},
    headers::Policy,
    look::Look,
    notice::Notice,
    return_to::{self, ReturnTo},
    texts::Words,
    view::View,
};

/// The cookie of a language that was chosen.
pub(crate) const LANGUAGE: &str = "__Host-portcullis_language";
/// A choice of language is remembered for so long.
const REMEMBERED: Duration = Duration::from_secs(365 * 86_400);

/// A visit. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Visit(Arc<Inner>);

struct Inner {
    pages: Arc<Pages>,
    ctx: RequestContext,
    language: Language,
    look: Arc<Look>,
    /// What they wish for, if they say so: goes with mails.
    wish: Option<Language>,
    /// Chosen with this very request.
    chosen: Option<Language>,
    host: String,
    /// Before `/ui`: `/t/acme` where only the path says which tenant it is.
    base: String,
    uri: Uri,
    headers: HeaderMap,
    csrf: Csrf,
    notice: Option<Notice>,
    /// To be set with the answer.
    cookies: Mutex<Vec<HeaderValue>>,
    policy: Mutex<Policy>,
}

impl Visit {
    /// Finds out what there is to know of a request's head.
    pub(crate) async fn begin(
        pages: &Arc<Pages>,
        ctx: RequestContext,
        headers: HeaderMap,
        uri: Uri,
    ) -> Result<Self, Problem> {
        let chosen = parameter(&uri, "lang").and_then(|text| text.parse().ok());
        let kept = || cookies::read(&headers, LANGUAGE).and_then(|text| text.parse().ok());
        let wish = chosen.or_else(kept).or_else(|| Language::wished(&headers));
        let language = match wish {
            Some(wish) => wish,
            None => preferences(pages, &ctx).await?.language,
        };
        let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let look = pages.look(ctx.tenant.id);
        let policy = Policy { framed_by: look.framed_by().to_vec(), ..Policy::default() };
        let inner = Inner {
            base: base(pages, &ctx, &host),
            csrf: Csrf::of(cookies::read(&headers, csrf::COOKIE), &*pages.core.random),
            notice: Notice::of(&headers),
            pages: pages.clone(),
            ctx,
            language,
            wish,
            chosen,
            host,
            uri,
            headers,
            cookies: Mutex::default(),
            policy: Mutex::new(policy),
            look,
        };
        Ok(Self(Arc::new(inner)))
    }

    /// The visit of a request that came through [`frame`](crate::router).
    pub(crate) fn of(extensions: &Extensions) -> Result<Self, Problem> {
        let found = extensions.get::<Self>().cloned();
        found.ok_or_else(|| Problem::new(common::INTERNAL).cause("a page outside its frame"))
    }

    /// What pages are made with.
    pub(crate) fn pages(&self) -> &Arc<Pages> {
        &self.0.pages
    }
    /// What the gate knows.
    pub(crate) fn ctx(&self) -> &RequestContext {
        &self.0.ctx
    }
    /// The language of the page.
    pub(crate) fn language(&self) -> Language {
        self.0.language
    }
    /// The language that they wish for, if they say so.
    pub(crate) fn wish(&self) -> Option<Language> {
        self.0.wish
    }
    /// The host as sent, port included.
    pub(crate) fn host(&self) -> &str {
        &self.0.host
    }
    /// The page's origin: passkeys are bound to its host.
    pub(crate) fn origin(&self) -> Option<Url> {
        let scheme = if self.0.ctx.secure { "https" } else { "http" };
        format!("{scheme}://{}", self.0.host).parse().ok()
    }
    /// All headers of the request.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }
    /// How the tenant's pages look.
    pub(crate) fn look(&self) -> &Look {
        &self.0.look
    }
    /// The browser's secret for forms.
    pub(crate) fn csrf(&self) -> &Csrf {
        &self.0.csrf
    }
    /// What the service is called here.
    pub(crate) fn product(&self) -> String {
        self.0.look.product(&self.0.ctx.tenant).to_owned()
    }
    /// What is to be said once.
    pub(crate) fn notice(&self) -> Option<Notice> {
        self.0.notice
    }
    /// The texts of the page's language.
    pub(crate) fn words(&self) -> Words {
        self.0.pages.engine.words(self.0.language, &self.0.look)
    }

    /// What the tenant has decided.
    pub(crate) async fn preferences(&self) -> Result<Preferences, Problem> {
        preferences(&self.0.pages, &self.0.ctx).await
    }

    /// Whether anybody may register with this tenant.
    pub(crate) async fn may_register(&self) -> Result<bool, Problem> {
        Ok(self.preferences().await?.may_register(&self.0.pages.core.settings))
    }

    /// Who is signed in, if anybody is.
    pub(crate) fn principal(&self) -> Option<&Arc<Principal>> {
        self.0.ctx.principal.as_ref()
    }

    /// The address of a page of ours, such as `login`.
    pub(crate) fn url(&self, page: &str) -> String {
        format!("{}/ui/{page}", self.0.base)
    }

    /// Where the API's calls are, for scripts.
    pub(crate) fn api(&self) -> String {
        format!("{}/api/v1/", self.0.base)
    }

    /// A parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        parameter(&self.0.uri, name)
    }

    /// Where the browser wants to go afterwards, if that is ours to decide.
    pub(crate) fn return_to(&self) -> Option<ReturnTo> {
        self.judge(&self.parameter(return_to::FIELD)?)
    }

    /// The same for a form's field.
    pub(crate) fn judge(&self, address: &str) -> Option<ReturnTo> {
        ReturnTo::parse(address, &self.0.ctx.tenant)
    }

    /// The address of this page.
    pub(crate) fn here(&self) -> String {
        let here = self.0.uri.path_and_query().map_or("/", |path| path.as_str());
        format!("{}{here}", self.0.base)
    }

    /// This page in another language.
    pub(crate) fn in_language(&self, language: Language) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let pairs = form_urlencoded::parse(self.0.uri.query().unwrap_or_default().as_bytes());
        query.extend_pairs(pairs.filter(|(name, _)| name != "lang"));
        query.append_pair("lang", language.as_str());
        format!("{}{}?{}", self.0.base, self.0.uri.path(), query.finish())
    }

    /// Shows a page.
    pub(crate) fn show(&self, view: View) -> Response {
        view.render(self)
    }

    /// Sends the browser on by GET.
    pub(crate) fn go(&self, address: &str) -> Response {
        Redirect::to(address).into_response()
    }

    /// Sends the browser on, to be told something there.
    pub(crate) fn go_saying(&self, address: &str, notice: Notice) -> Response {
        self.set_cookie(notice.cookie());
        self.go(address)
    }

    /// Sends whoever is signed in now to where they wanted, or to their account.
    pub(crate) fn go_on(&self, to: Option<&ReturnTo>) -> Response {
        match to {
            Some(to) => self.go(to.as_str()),
            None => self.go(&self.url("account")),
        }
    }

    /// Where to sign in, to come back to `back` afterwards; `again`: whoever is signed in, too.
    pub(crate) fn sign_in_at(&self, again: bool, back: Option<&str>) -> String {
        let again = again.then_some(("again", "1"));
        format!("{}{}", self.url("login"), query(again.into_iter().chain(back.map(|back| (return_to::FIELD, back)))))
    }

    /// Sends whoever is not signed in to where they can, and back here afterwards.
    pub(crate) fn go_sign_in(&self) -> Response {
        self.go(&self.sign_in_at(false, Some(&self.here())))
    }

    /// Sets a cookie with the answer.
    pub(crate) fn set_cookie(&self, cookie: Option<HeaderValue>) {
        self.0.cookies.lock().unwrap_or_else(PoisonError::into_inner).extend(cookie);
    }

    /// Sets cookies that identity made.
    pub(crate) fn set_cookies(&self, cookies: Vec<HeaderValue>) {
        self.0.cookies.lock().unwrap_or_else(PoisonError::into_inner).extend(cookies);
    }

    /// Allows what this page's headers would forbid.
    pub(crate) fn allow(&self, change: impl FnOnce(&mut Policy)) {
        change(&mut self.0.policy.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Writes cookies and headers into the answer.
    pub(crate) fn finish(&self, mut response: Response) -> Response {
        let is_page =
            response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        if is_page {
            let kept = self.0.csrf.cookie().and_then(|value| cookies::set(csrf::COOKIE, &value, None));
            self.set_cookie(kept);
            if self.0.notice.is_some() {
                self.set_cookie(Notice::clear());
            }
        }
        if let Some(language) = self.0.chosen {
            self.set_cookie(cookies::set(LANGUAGE, language.as_str(), Some(REMEMBERED)));
        }
        let headers = response.headers_mut();
        self.0.policy.lock().unwrap_or_else(PoisonError::into_inner).write(headers);
        for cookie in self.0.cookies.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            headers.append(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// The query of an address, with its `?`; empty where there is nothing in it.
pub(crate) fn query<V: AsRef<str>>(pairs: impl Iterator<Item = (&'static str, V)>) -> String {
    let mut pairs = pairs.peekable();
    match pairs.peek() {
        None => String::new(),
        Some(_) => form_urlencoded::Serializer::for_suffix("?".to_owned(), 1).extend_pairs(pairs).finish(),
    }
}

/// A parameter of the query, decoded.
pub(crate) fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(uri.query()?.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// What the tenant has decided.
pub(crate) async fn preferences(pages: &Pages, ctx: &RequestContext) -> Result<Preferences, Problem> {
    pages.core.read(ctx.tenant.id, |tx| Box::pin(preferences::load(tx))).await
}

/// A host without its port, lower case.
pub(crate) fn bare(host: &str) -> String {
    let url = url::Url::parse(&format!("http://{host}")).ok();
    url.as_ref().and_then(|url| url.host_str()).unwrap_or_default().to_owned()
}

/// What stands before `/ui` in addresses of this tenant: nothing where the host says which one it is.
pub(crate) fn base(pages: &Pages, ctx: &RequestContext, host: &str) -> String {
    let tenants = pages.core.edge.tenants.load();
    let default = tenants.default_tenant().map(|tenant| tenant.id);
    let by_host = tenants.by_host(&bare(host)).map(|tenant| tenant.id).filter(|id| Some(*id) != default).or(default);
    if by_host == Some(ctx.tenant.id) { String::new() } else { format!("/t/{}", ctx.tenant.slug) }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Ok(Self::of(&parts.extensions)?)
    }
}

impl std::fmt::Debug for Visit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Visit").field("language", &self.0.language).finish_non_exhaustive()
    }
}

/// Somebody who is signed in. Others are sent to where they can.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    pub(crate) visit: Visit,
    pub(crate) principal: Arc<Principal>,
}

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let visit = Visit::of(&parts.extensions).map_err(|problem| Refusal(problem).into_response())?;
        match visit.principal().cloned() {
            Some(principal) => Ok(Self { visit, principal }),
            None => Err(visit.go_sign_in()),
        }
    }
}
