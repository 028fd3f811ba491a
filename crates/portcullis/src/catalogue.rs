//! Every kind of problem that a caller may meet, from every room: what `/problems` serves and the
//! reference is generated from.

use std::fmt::Write as _;

use kernel::ProblemKind;

/// Every kind, sorted by code, each once.
pub fn problems() -> Vec<&'static ProblemKind> {
    let mut all = kernel::problem::common::PROBLEMS.to_vec();
    all.extend(identity::api::PROBLEMS.concat());
    all.extend(::pages::PROBLEMS);
    all.extend(gateway::problems());
    all.sort_by_key(|kind| kind.code);
    all
}

/// The reference of error codes, in Markdown.
pub fn problems_reference() -> String {
    let mut text = "\
# Error codes

<!-- Generated from every `problems!` of the code by `make docs`. Do not edit. -->

Errors are problem documents (RFC 9457, `application/problem+json`): `type`, `title`, `status`, `detail`,
`code`, `request_id`, and `errors` for wrong fields. Programs may decide by `code`; it does not change.
`type` is a path of the deployment itself that leads to the entry below, also offline.

| code | status | meaning | what to do |
|---|---|---|---|
"
    .to_owned();
    for kind in problems() {
        let _ = writeln!(text, "| `{}` | {} | {} | {} |", kind.code, kind.status, kind.title, kind.advice);
    }
    text
}

/// The reference of permissions, in Markdown.
pub fn permissions_reference() -> String {
    let mut text = "\
# Permissions

<!-- Generated from crates/kernel/src/permission.rs by `make docs`. Do not edit. -->

A permission is `resource:action`, or `resource:action:scope` where it is narrower: `content:edit` covers
`content:edit:own`. Roles and API keys may hold wildcards: `content:*`, or `*` for everything. These are the
permissions that Portcullis itself knows; products add their own by writing them into roles and routes.

| permission | allows to |
|---|---|
"
    .to_owned();
    for (name, meaning) in kernel::permission::BUILTIN {
        let _ = writeln!(text, "| `{name}` | {} |", lower_first(meaning));
    }
    text
}

/// The reference of metrics, in Markdown.
pub fn metrics_reference() -> String {
    let mut text = "\
# Metrics

<!-- Generated from crates/observe/src/metrics/catalogue.rs and
crates/portcullis/src/app/upstream_metrics.rs by `make docs`. Do not edit. -->

Served at `/metrics` as OpenMetrics text: on the operators' address to whoever reaches it, on the public
address to callers with `metrics:read`. Labels come from the configuration, never from requests, so their
number is bounded.

| metric | kind | labels | says |
|---|---|---|---|
"
    .to_owned();
    for metric in observe::metrics::CATALOGUE.iter().chain(crate::app::upstream_metrics()) {
        let labels = metric.labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "| `{}` | {} | {labels} | {} |", metric.name, metric.kind, metric.help);
    }
    text
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
