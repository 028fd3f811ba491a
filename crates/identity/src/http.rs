//! What the routes of all slices share: reading a bounded body, refusing, asking for permission.

mod body;
mod cause;
mod conditions;
mod fields;
mod params;
mod permit;
mod refusal;
mod wish;

pub mod openapi;

pub use body::{Json, Large, OrEmpty, present};
pub use cause::Cause;
pub use conditions::{Condition, tag};
pub use fields::Fields;
pub use params::{Page, PageQuery, Path, Query, Window};
pub use permit::{Caller, Ctx, Permit, Right};
pub use refusal::{Refusal, render_problems};
pub use wish::Wish;

/// Declares the rights that handlers ask for: `rights! { ManageUsers = "users:update"; }`.
/// `system` rights are held by users of the default tenant only: they reach across tenants. `in_person` ones are about
/// one's own account: nobody who acts as somebody else has them.
#[macro_export]
macro_rules! rights {
    (@is system system) => { true };
    (@is in_person in_person) => { true };
    (@is $asked:ident $($scope:ident)?) => { false };
    ($($(#[$doc:meta])* $name:ident = $permission:literal $($scope:ident)?;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl $crate::http::Right for $name {
            const NAME: &'static str = $permission;
            const SYSTEM: bool = $crate::rights!(@is system $($scope)?);
            const IN_PERSON: bool = $crate::rights!(@is in_person $($scope)?);
            fn permission() -> &'static kernel::Permission {
                // A literal: the walk over the OpenAPI document asks every one.
                static PARSED: std::sync::LazyLock<kernel::Permission> = std::sync::LazyLock::new(|| {
                    $permission.parse().expect("a permission")
                });
                &PARSED
            }
        }
    )*};
}
