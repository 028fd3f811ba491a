//! Second factors: what a person has beside a password, and challenges that wait for it.
//!
//! Invariants:
//! - **A code works once.** The time step of an authenticator's code, a backup code, a code in a text message:
//!   each is used up by one conditional statement, whoever else tries at the same moment.
//! - **A guess is counted before it is looked at**, for the challenge and for the person over all sources.
//! - Secrets are sealed, codes are keyed hashes: a stolen table opens nothing.
//! - A factor is asked for once its owner has shown that it works. Backup codes are made with the first one and
//!   go with the last one.
//! - Whoever changes factors has logged in lately, with a second factor or a passkey if they have one; they are told
//!   by mail, and their other sessions end. Changes of one person's factors wait for each other.
//!
//! Deliberately absent: what follows from an answered challenge (see [`auth`](crate::auth), which knows how
//! sessions begin).

mod backup;
pub mod challenges;
mod change;
pub mod enrol;
mod fresh;
mod model;
mod owner;
mod policy;
mod prove;
mod routes;
mod store;
mod sweep;
mod totp;

pub use backup::BackupCodes;
pub use change::{ADDED, begin_sms, begin_totp, confirm, distrust, end_others, new_codes, notify, remove, reset};
pub use enrol::Confirmed;
pub use fresh::{RECENT, require_fresh};
pub use model::{Enrolment, FactorView, Factors, Kind, Method, Offer, masked};
pub use owner::{locked_owner, owner};
pub use policy::{MfaChange, MfaPolicy, Requirement};
pub use prove::{Proof, SecondProof, prove};
pub(crate) use routes::phone;
pub use routes::{EnrolmentView, routes};
pub use store::{offers, overview};
pub use sweep::sweep;
#[cfg(test)]
pub(crate) use totp::code_at;
pub use totp::qr;

/// What helps whoever typed a wrong code of a text message.
pub const SMS_ADVICE: &str = "Check that the code is from the latest message, or have another one sent.";

/// A code of this kind was wrong.
pub fn wrong(method: Method) -> kernel::Problem {
    let problem = kernel::Problem::new(CODE);
    match method {
        Method::Totp => problem.detail(
            "Check the code, and that the clock of your device is right. Codes of an app change every 30 seconds.",
        ),
        Method::Sms => problem.detail(SMS_ADVICE),
        Method::BackupCode => problem.detail("Check the code. Each of them works once, and new ones replace the old."),
        Method::Passkey => problem,
    }
}

kernel::problems! {
    /// Unknown, used up, expired, another program's, or what it stood on has changed: one answer.
    pub CHALLENGE = 401 "mfa.challenge_invalid" "The challenge is not valid" "It has expired, was answered too often, or belongs to another program. Sign in again.";
    /// Not the code.
    pub CODE = 401 "mfa.code_invalid" "The code is not valid" "Check the code. Codes of an app change every 30 seconds and need a clock that is right; of text messages, the latest counts.";
    /// Somebody was quicker.
    pub USED = 401 "mfa.code_used" "The code has been used" "Every code works once. Wait for the next one.";
    /// The code that is to show that a factor works does not, or the enrolment is too old.
    pub UNCONFIRMED = 403 "mfa.confirmation_failed" "The factor is not confirmed" "Check the code. An enrolment that was begun long ago, or guessed at too often, must be begun anew.";
    /// So many factors nobody needs.
    pub TOO_MANY = 409 "mfa.too_many" "There are too many factors" "Remove one that you do not use any more.";
    /// The tenant does not use second factors.
    pub OFF = 403 "mfa.off" "Second factors are not used here" "The tenant does not let people set up second factors.";
    /// The tenant wants one.
    pub NEEDED = 409 "mfa.needed" "A second factor is needed" "You must have a second factor here. Set up another one before you remove the last.";
    /// Nothing to send a code to.
    pub NO_PHONE = 409 "mfa.no_phone" "There is no phone to send a code to" "Answer the challenge in another way.";
    /// Too many text messages.
    pub SMS_LIMITED = 429 "sms.limited" "Too many text messages" "Try again after the time in Retry-After.";
    /// There is nothing that the login could be made so strong with.
    pub IMPOSSIBLE = 403 "auth.step_up_impossible" "You have nothing to prove this with" "Sign in again.";
    /// A second factor is asked for by whatever they want to do, and they have none.
    pub NO_FACTOR = 403 "auth.second_factor_needed" "This needs a second factor" "Set up a second factor or a passkey in your account, then try again.";
    /// An API key proves no person.
    pub NO_LOGIN = 403 "mfa.no_login" "This needs a person's login" "An API key cannot change second factors or passkeys. Sign in.";
}

/// Factors that one person may have.
pub const MAX_FACTORS: usize = 10;

#[cfg(test)]
mod tests;
