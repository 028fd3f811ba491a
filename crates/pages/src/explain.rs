//! Refusals of the gate itself, for browsers: nothing was found, too much was asked, who are you?
//!
//! No visit has begun and no database is asked: what failed may be just that. Which tenant it is says the path, or the
//! host, as far as that was read.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use identity::{language::Language, sessions};
use kernel::{Assurance, Problem, edge::Tenant, problem::common::STEP_UP};
use minijinja::{Value, context};
use url::form_urlencoded;

use crate::{
    Pages, cookies, failure,
    headers::Policy,
    return_to::{self, ReturnTo},
    visit,
};

impl Pages {
    /// A page about a refusal, in the language of whoever reads it: `headers` are their cookies and
    /// `Accept-Language`, and the host. `asked_for` is the address that they can come back to after signing in.
    pub fn explain(
        &self,
        problem: &Problem,
        request_id: &str,
        headers: &HeaderMap,
        asked_for: Option<&str>,
    ) -> Option<(HeaderMap, Bytes)> {
        let chosen = cookies::read(headers, visit::LANGUAGE).and_then(|text| text.parse().ok());
        let language = chosen.or_else(|| Language::wished(headers)).unwrap_or_default();
        let (tenant, prefix) = self.tenant(asked_for.unwrap_or_default(), headers)?;
        let look = self.look(tenant.id);
        let words = self.engine.words(language, &look);
        let base = format!("{prefix}/ui/");
        let sign_in = asked_for.filter(|_| problem.status() == 401).map(|path| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.append_pair(return_to::FIELD, path);
            if problem.kind == STEP_UP {
                let needed = problem.needed.as_deref().into_iter().flat_map(Assurance::parameters);
                return format!("{base}step-up?{}", query.extend_pairs(needed).finish());
            }
            format!("{base}login?{}", query.finish())
        });
        // What failed on our side may work the next time.
        let here = asked_for.filter(|_| problem.status() >= 500).and_then(|path| ReturnTo::parse(path, &tenant));
        let signed_in = cookies::read(headers, sessions::cookie::NAME).is_some();
        let (title, text) = failure::title_and_text(problem, &words);
        let page = self.engine.render(
            "problem.html",
            context! {
                lang => language.as_str(),
                assets => crate::assets::addresses(),
                t => Value::from_object(words),
                status => problem.status(),
                base => &*base, title, text, request_id, sign_in, signed_in, here => here.as_ref().map(ReturnTo::as_str), again => problem.kind == STEP_UP,
                ..look.values(&tenant, &base)
            },
        );
        let page = page.inspect_err(|error| tracing::error!(%error, "a refusal cannot be said")).ok()?;
        let mut answer = HeaderMap::new();
        answer.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        Policy { framed_by: look.framed_by().to_vec(), ..Policy::default() }.write(&mut answer);
        Some((answer, page.into()))
    }

    /// The tenant whose path or host it is, or the default one; and what stands before its pages.
    fn tenant<'p>(&self, path: &'p str, headers: &HeaderMap) -> Option<(Arc<Tenant>, &'p str)> {
        let tenants = self.core.edge.tenants.load();
        let prefix = of_tenant(path);
        if let Some(named) = prefix.strip_prefix("/t/").and_then(|slug| tenants.by_slug(slug)) {
            return Some((named.clone(), prefix));
        }
        let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let tenant = tenants.by_host(&visit::bare(host)).or_else(|| tenants.default_tenant())?;
        Some((tenant.clone(), ""))
    }
}

/// `/t/acme` of `/t/acme/orders`.
fn of_tenant(path: &str) -> &str {
    let Some(rest) = path.strip_prefix("/t/") else { return "" };
    &path[..3 + rest.find(['/', '?']).unwrap_or(rest.len())]
}

#[cfg(test)]
mod tests {
    use super::of_tenant;

    #[test]
    fn the_tenant_of_a_path_is_kept() {
        assert_eq!(
            ["/t/acme/x?y", "/t/acme?x=/", "/t/acme", "/orders", ""].map(of_tenant),
            ["/t/acme", "/t/acme", "/t/acme", "", ""]
        );
    }
}
