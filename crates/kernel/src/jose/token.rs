//! Access tokens: signed JWTs in the profile of RFC 9068.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Alg, KeyError, SigningKey, VerifyingKey};
use crate::{Acr, Amr, ApiKeyId, RoleName, SessionId, TenantId, TokenId, UserId, permission::Grant};

/// Longest token that is looked at.
pub const MAX_TOKEN_LEN: usize = 8 * 1024;

/// The protected header.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Header {
    /// Must be the algorithm of the key that `kid` names.
    pub alg: Alg,
    /// `at+jwt` (RFC 9068 §2.1): an ID token or any other JWT is no access token.
    pub typ: String,
    /// Which key signed.
    pub kid: String,
}

/// What an access token says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer: the tenant's.
    pub iss: String,
    /// Subject: user id, or API key id where the key belongs to the tenant itself.
    pub sub: String,
    /// Audiences. The issuer itself is one: the gate.
    #[serde(deserialize_with = "one_or_many")]
    pub aud: Vec<String>,
    /// Expires, seconds since the epoch.
    pub exp: i64,
    /// Issued.
    pub iat: i64,
    /// Not before.
    pub nbf: i64,
    /// Token id.
    pub jti: TokenId,
    /// Tenant id.
    pub tid: TenantId,
    /// Session, where the token grew from a login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    /// API key, where the token was obtained with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub akid: Option<ApiKeyId>,
    /// Roles by name.
    #[serde(default)]
    pub roles: Vec<RoleName>,
    /// OAuth scopes, space separated.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// What the token is narrowed to, where it is narrower than the subject's roles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<Grant>>,
    /// When the person last proved who they are, seconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// With what they proved it (RFC 8176).
    #[serde(default, skip_serializing_if = "no_method")]
    pub amr: Amr,
    /// What that adds up to. Told to whoever verifies our tokens; we ourselves go by `amr`.
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub acr: Option<Acr>,
    /// Who acts as the subject, where it is somebody else (RFC 8693 §4.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Act>,
    /// E-mail address, when the scope `email` was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// Somebody who acts as the subject of a token.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Act {
    /// Their user id.
    pub sub: UserId,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn no_method(amr: &Amr) -> bool {
    *amr == Amr::NONE
}

fn one_or_many<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Aud {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Aud::deserialize(d)? {
        Aud::One(one) => vec![one],
        Aud::Many(many) => many,
    })
}

/// Why a token is not accepted. All of them look the same to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not three base64url parts with a JSON header and payload.
    #[error("not a token")]
    Malformed,
    /// No published key has this `kid`.
    #[error("signed with an unknown key")]
    UnknownKey,
    /// The header's algorithm is not the key's.
    #[error("the algorithm is not the key's")]
    Algorithm,
    /// The signature is not the key's.
    #[error("bad signature")]
    Signature,
    /// Another issuer's or tenant's.
    #[error("wrong issuer")]
    Issuer,
    /// Meant for somebody else.
    #[error("wrong audience")]
    Audience,
    /// Too old.
    #[error("expired")]
    Expired,
    /// From the future.
    #[error("not yet valid")]
    NotYetValid,
}

/// Signs the claims.
pub fn sign(claims: &Claims, key: &SigningKey) -> Result<String, KeyError> {
    let header = Header { alg: key.alg(), typ: "at+jwt".into(), kid: key.kid().into() };
    let json = |value: Result<Vec<u8>, serde_json::Error>| value.map_err(|_| KeyError::Crypto("encode a token"));
    let mut token = String::with_capacity(1024);
    B64.encode_string(json(serde_json::to_vec(&header))?, &mut token);
    token.push('.');
    B64.encode_string(json(serde_json::to_vec(claims))?, &mut token);
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    B64.encode_string(signature, &mut token);
    Ok(token)
}

/// A token taken apart and not yet believed: only its header may be read, to find the key.
#[derive(Debug)]
pub struct Unverified<'a> {
    /// The protected header, untrusted.
    pub header: Header,
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Unverified<'a> {
    /// Takes the token apart (RFC 7515 §3.1).
    pub fn parse(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > MAX_TOKEN_LEN {
            return Err(TokenError::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let header = B64.decode(header).map_err(|_| TokenError::Malformed)?;
        let header: Header = serde_json::from_slice(&header).map_err(|_| TokenError::Malformed)?;
        if header.typ != "at+jwt" {
            return Err(TokenError::Malformed);
        }
        Ok(Self { header, signed, payload, signature })
    }

    /// Checks the signature, then reads the claims: nothing of an unsigned payload is ever parsed.
    pub fn verify(&self, key: &VerifyingKey) -> Result<Claims, TokenError> {
        let signature = B64.decode(self.signature).map_err(|_| TokenError::Malformed)?;
        if !key.verify(self.signed.as_bytes(), &signature) {
            return Err(TokenError::Signature);
        }
        let payload = B64.decode(self.payload).map_err(|_| TokenError::Malformed)?;
        serde_json::from_slice(&payload).map_err(|_| TokenError::Malformed)
    }
}
