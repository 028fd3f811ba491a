//! Passkeys (WebAuthn Level 2): keys on people's devices that sign them in, without a password or beside it.
//!
//! Invariants:
//! - **A ceremony is used up by one statement**, right or wrong, whoever else tries at the same moment; it works
//!   for five minutes, for its purpose, its tenant and whoever began it.
//! - Every key verifies its user (a fingerprint, a PIN) and is found without a name being typed. So a passkey alone
//!   is two factors.
//! - Authenticators know a person by a random handle, never by an id or an address that means something elsewhere.
//! - A key is bound to one host (the RP id); pages of the tenant's own hosts only may use it (see [`party`]).
//! - A signature counter that does not rise is refused and audited: somebody has a copy of the key.
//! - As second factor a key is asked for by the challenge of one login, and answers that one alone.
//! - How a login begins is answered alike for everybody: nobody learns who has a passkey.
//!
//! Deliberately absent: attestation. Which make of authenticator somebody uses is not asked.

mod ceremonies;
mod manage;
mod model;
mod party;
mod prove;
mod routes;
mod second;
mod store;
mod sweep;

pub use ceremonies::Begun;
pub use manage::{begin_registration, finish_registration, remove, rename, tell_removed};
pub use model::{Passkey, PasskeyView};
pub use party::{Party, page};
pub use prove::{Proven, begin_login, prove_login};
pub(crate) use routes::BegunView;
pub use routes::{name_of, routes};
pub use second::{begin_second, prove_second};
pub use store::{exists_at, list, remove_all};
pub use sweep::sweep;
pub use webauthn_rs::prelude::{PublicKeyCredential, RegisterPublicKeyCredential};

kernel::problems! {
    /// Unknown, used up, expired, of another host, not signed by a key that we know, or of somebody who may not log
    /// in: one answer.
    pub INVALID = 401 "passkey.invalid" "The passkey is not valid" "Begin again. If it does not work, sign in in another way and look at your passkeys.";
    /// What the authenticator made is not what was asked for.
    pub REFUSED = 403 "passkey.refused" "The passkey cannot be registered" "Begin again, on a page of this host, with a device that checks a fingerprint or a PIN.";
    /// Somebody has registered this key.
    pub EXISTS = 409 "passkey.exists" "This passkey is registered already" "Use it, or choose another device.";
    /// So many passkeys nobody needs.
    pub TOO_MANY = 409 "passkey.too_many" "There are too many passkeys" "Remove one that you do not use any more.";
    /// There is none that this page may use.
    pub NONE = 409 "passkey.none" "There is no passkey for this host" "Answer the challenge in another way.";
    /// Passkeys are bound to names, and there is none.
    pub NO_HOST = 409 "passkey.no_host" "Passkeys need a host with a name" "The operator sets server.public_url to a name rather than an address, or gives the tenant a host.";
}
