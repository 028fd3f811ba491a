//! Every kind of problem that a caller may meet, from every room: what `/problems` serves and the
//! reference is generated from.

use std::fmt::Write as _;

use kernel::ProblemKind;

/// Every kind, sorted by code, each once.
pub fn problems() -> Vec<&'static ProblemKind> {
    let mut all: Vec<&'static ProblemKind> = [
        kernel::problem::common::PROBLEMS,
        identity::api_keys::PROBLEMS,
        identity::auth::PROBLEMS,
        identity::keys::PROBLEMS,
        identity::passwords::PROBLEMS,
        identity::roles::PROBLEMS,
        identity::sessions::PROBLEMS,
        identity::tenants::PROBLEMS,
        identity::tokens::PROBLEMS,
        identity::users_admin::PROBLEMS,
        identity::users::PROBLEMS,
    ]
    .concat();
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

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
