//! Codes of authenticator apps (RFC 6238): SHA-1, six digits, steps of 30 seconds, one step of tolerance to either
//! side. That is what every app understands. Pure.

use fast_qr::{QRBuilder, convert::svg::SvgBuilder};
use kernel::{FactorId, Problem, Random, Secret, TenantId, Timestamp, problem::common, random};
use totp_rs::{Builder, Totp};

use super::model::TotpEnrolment;
use crate::vault::{Purpose, Vault, VaultError};

/// Seconds of one step.
const STEP: u64 = 30;
/// Bytes of a secret: 160 bits (RFC 4226 §4).
const SECRET: usize = 20;

/// What a sealed secret is bound to: it does not open in another row.
fn context(tenant: TenantId, id: FactorId) -> [u8; 32] {
    let mut context = [0; 32];
    context[..16].copy_from_slice(tenant.uuid().as_bytes());
    context[16..].copy_from_slice(id.uuid().as_bytes());
    context
}

/// A new secret.
pub(super) fn mint(random: &dyn Random) -> Secret<[u8; SECRET]> {
    Secret::new(random::bytes(random))
}

pub(super) fn seal(
    vault: &Vault,
    random: &dyn Random,
    tenant: TenantId,
    id: FactorId,
    secret: &Secret<[u8; SECRET]>,
) -> Result<Vec<u8>, VaultError> {
    vault.seal(Purpose::Factors, &context(tenant, id), secret.expose(), random)
}

pub(super) fn open(
    vault: &Vault,
    tenant: TenantId,
    id: FactorId,
    sealed: &[u8],
) -> Result<Secret<Vec<u8>>, VaultError> {
    vault.open(Purpose::Factors, &context(tenant, id), sealed)
}

fn algorithm(secret: &[u8]) -> Builder {
    Builder::new().with_digits(6).with_skew(1).with_step_duration(STEP).with_secret(secret)
}

fn seconds(time: Timestamp) -> u64 {
    u64::try_from(time.as_secs()).unwrap_or_default()
}

/// Which step's code this is, of the three that count now.
pub(super) fn step_of(secret: &[u8], code: &str, now: Timestamp) -> Option<i64> {
    let totp: Totp = algorithm(secret).build().ok()?;
    totp.check(code, seconds(now)).and_then(|step| i64::try_from(step).ok())
}

/// What an app needs to know. `issuer` and `account` are for people.
pub(super) fn enrolment(secret: &Secret<[u8; SECRET]>, issuer: &str, account: &str) -> Result<TotpEnrolment, Problem> {
    // A colon parts the two in the address.
    let plain = |text: &str| text.replace(':', " ").trim().to_owned();
    let totp = algorithm(secret.expose()).with_issuer(Some(plain(issuer))).with_account_name(plain(account)).build();
    let broken = |e: &dyn std::fmt::Display| Problem::new(common::INTERNAL).cause(e);
    let totp = totp.map_err(|e| broken(&e))?;
    let otpauth_uri = totp.to_url().map_err(|e| broken(&e))?;
    let qr_svg = qr(&otpauth_uri).ok_or_else(|| broken(&"an address too long for a QR code"))?;
    Ok(TotpEnrolment { secret: totp.secret().to_base32(), qr_svg, otpauth_uri })
}

/// An SVG image of what an app scans. `None`: it is too long for one.
pub fn qr(otpauth_uri: &str) -> Option<String> {
    let qr = QRBuilder::new(otpauth_uri).build().ok()?;
    Some(SvgBuilder::default().to_str(&qr))
}

/// What an app with this secret (base32) shows at this time.
#[cfg(test)]
pub(crate) fn code_at(secret: &str, time: Timestamp) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).expect("base32");
    algorithm(secret.as_bytes()).build().expect("a secret").generate(seconds(time)).to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// RFC 6238, appendix B, SHA-1, its last six digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let secret = b"12345678901234567890";
        for (time, code) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            let now = Timestamp::from_secs(time);
            assert_eq!(step_of(secret, code, now), Some(time / 30), "{time}");
            let (early, late) = (now + Duration::from_secs(30), now + Duration::from_secs(60));
            assert_eq!(step_of(secret, code, early), Some(time / 30), "one step of tolerance");
            assert_eq!(step_of(secret, code, late), None);
        }
        for wrong in ["", "28708", "2870820", "abcdef", "287083"] {
            assert_eq!(step_of(secret, wrong, Timestamp::from_secs(59)), None, "{wrong}");
        }
    }

    #[test]
    fn an_app_is_told_all_it_needs() {
        let made = enrolment(&Secret::new([7; SECRET]), "Ex: ample", "ada@example.com").expect("enrolment");
        assert!(made.otpauth_uri.starts_with("otpauth://totp/"), "{}", made.otpauth_uri);
        assert!(made.otpauth_uri.contains(&made.secret) && made.otpauth_uri.contains("issuer="));
        assert!(made.qr_svg.starts_with("<svg ") && !made.qr_svg.contains("script"));
    }
}
