//! How a tenant's pages look: colours, images, a sheet of its own, other words, links.
//!
//! What holds is read from memory ([`Brandings`]), which every node takes from the change feed: a page asks no
//! database for it. Images stay in the database; their addresses change with their content.
//!
//! Invariants:
//! - **What is in force can be read**: a change is refused that leaves a text with less contrast than WCAG 2.2 AA
//!   asks for, with the ratio.
//! - **What a tenant gives cannot act**: a sheet names no other place ([`sheet`]), an image is what its bytes say it
//!   is ([`image`]) and unpacks to no more than a page needs ([`pixels`], and within drawings and sheets [`embedded`]), a text is
//!   escaped like any other and has no variables that its page does not give it.
//! - **What is tried out changes nothing** ([`previews`]): it is judged as if it were saved, and whoever has its link
//!   sees it, for an hour.
//! - Which texts there are, the pages know ([`Wording`]).
//!
//! Deliberately absent: HTML and scripts of a tenant's own, fonts, and what mails look like (see
//! [`templates`](crate::templates)).

mod color;
mod colors;
mod embedded;
mod image;
mod model;
mod palette;
mod pixels;
mod previews;
mod routes;
mod service;
mod sheet;
mod shown;
mod store;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use color::Color;
pub use colors::{Colors, Scheme, Schemes};
pub use image::{Kind, Place};
pub use model::{Branding, Links};
pub use palette::{Palette, ROLES};
pub use previews::{preview, preview_file, sweep};
pub use routes::routes;
pub use service::file;
pub use shown::{Brand, Brandings, Image, Wording};
pub(crate) use store::shown;

kernel::problems! {
    /// If-Match or If-None-Match does not hold.
    pub CHANGED = 412 "branding.changed" "It has changed meanwhile" "Read it again and repeat the change on what you find.";
    /// The bytes are no image that pages can show at this place.
    pub NO_IMAGE = 415 "branding.not_an_image" "This is not an image that pages can show" "Send a PNG, JPEG or WebP image, an SVG without scripts and entities, or an ICO file as favicon.";
}
