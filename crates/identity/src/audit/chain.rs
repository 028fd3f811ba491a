//! The hash chain: what is hashed, and what is signed.
//!
//! `hash(n) = SHA-256(hash(n-1) ‖ canonical bytes of row n)`, beginning with 32 zero bytes. The
//! canonical bytes hold every column of the row, its place in the chain included, each with its length,
//! so that no two rows have the same bytes. JSON is written with sorted keys: the databases keep it in
//! an order of their own.

use aws_lc_rs::{
    digest::{Context, SHA256},
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use kernel::{AuditId, TenantId, Timestamp};
use serde_json::Value as Json;
use storage::{Row, StoreError};
use uuid::Uuid;

use crate::vault::{Purpose, Vault, VaultError};

/// SHA-256.
pub(super) type Hash = [u8; 32];

/// What the first row of a chain follows.
pub(super) const GENESIS: Hash = [0; 32];

/// A stored row, as it is hashed.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Stored {
    pub(super) id: AuditId,
    pub(super) at: Timestamp,
    pub(super) actor_kind: String,
    pub(super) actor_id: Option<Uuid>,
    pub(super) action: String,
    pub(super) target_kind: String,
    pub(super) target_id: Option<String>,
    pub(super) outcome: String,
    pub(super) ip: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) details: Json,
}

/// Its columns, in the order in which [`Stored::read`] expects them.
pub(super) const COLUMNS: &str =
    "id, at, actor_kind, actor_id, action, target_kind, target_id, outcome, ip, request_id, details";
/// How many those are.
pub(super) const WIDTH: usize = 11;

impl Stored {
    /// Reads a row that begins with [`COLUMNS`].
    pub(super) fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            at: row.get(1)?,
            actor_kind: row.get(2)?,
            actor_id: row.get(3)?,
            action: row.get(4)?,
            target_kind: row.get(5)?,
            target_id: row.get(6)?,
            outcome: row.get(7)?,
            ip: row.get(8)?,
            request_id: row.get(9)?,
            details: row.get(10)?,
        })
    }

    /// The hash of this row as number `seq` of its tenant's chain, after `previous`.
    pub(super) fn hash(&self, previous: &Hash, tenant: TenantId, seq: i64) -> Hash {
        let mut details = Vec::new();
        canonical(&self.details, &mut details);
        let mut context = Context::new(&SHA256);
        context.update(previous);
        let mut column = |value: Option<&[u8]>| {
            // One byte tells NULL from empty.
            context.update(&[u8::from(value.is_some())]);
            let value = value.unwrap_or_default();
            context.update(&(value.len() as u64).to_be_bytes());
            context.update(value);
        };
        column(Some(tenant.uuid().as_bytes()));
        column(Some(&seq.to_be_bytes()));
        column(Some(self.id.uuid().as_bytes()));
        column(Some(&self.at.as_micros().to_be_bytes()));
        column(Some(self.actor_kind.as_bytes()));
        column(self.actor_id.as_ref().map(|id| id.as_bytes().as_slice()));
        column(Some(self.action.as_bytes()));
        column(Some(self.target_kind.as_bytes()));
        column(self.target_id.as_deref().map(str::as_bytes));
        column(Some(self.outcome.as_bytes()));
        column(self.ip.as_deref().map(str::as_bytes));
        column(self.request_id.as_deref().map(str::as_bytes));
        column(Some(&details));
        let mut hash = GENESIS;
        hash.copy_from_slice(context.finish().as_ref());
        hash
    }
}

/// JSON without spaces, keys sorted by their bytes.
fn canonical(value: &Json, out: &mut Vec<u8>) {
    match value {
        Json::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            out.push(b'{');
            for (key, value) in entries {
                out.extend(Json::from(key.as_str()).to_string().bytes());
                out.push(b':');
                canonical(value, out);
                out.push(b',');
            }
            out.push(b'}');
        }
        Json::Array(values) => {
            out.push(b'[');
            for value in values {
                canonical(value, out);
                out.push(b',');
            }
            out.push(b']');
        }
        plain => out.extend(plain.to_string().bytes()),
    }
}

/// Signs and checks checkpoints, with an Ed25519 key derived from the master key.
pub(super) struct Notary(Ed25519KeyPair);

impl Notary {
    pub(super) fn new(vault: &Vault) -> Result<Self, VaultError> {
        let seed = vault.derived(Purpose::AuditCheckpoints)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.expose());
        pair.map(Self).map_err(|_| VaultError::Crypto("make the key of audit checkpoints"))
    }

    /// The public key, in base64: whoever has it can check exported checkpoints without us.
    pub(super) fn public_key(&self) -> String {
        STANDARD.encode(self.0.public_key().as_ref())
    }

    pub(super) fn sign(&self, checkpoint: &Checkpoint) -> Vec<u8> {
        self.0.sign(&checkpoint.message()).as_ref().to_vec()
    }

    pub(super) fn accepts(&self, checkpoint: &Checkpoint, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0.public_key().as_ref()).verify(&checkpoint.message(), signature).is_ok()
    }
}

/// What the chain was, at some time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Checkpoint {
    pub(super) tenant: TenantId,
    pub(super) seq: i64,
    pub(super) hash: Hash,
    pub(super) at: Timestamp,
}

impl Checkpoint {
    /// What is signed. All parts have one length, so that nothing can be shifted between them.
    fn message(&self) -> Vec<u8> {
        [
            b"portcullis/audit-checkpoint/v1".as_slice(),
            self.tenant.uuid().as_bytes(),
            &self.seq.to_be_bytes(),
            &self.hash,
            &self.at.as_micros().to_be_bytes(),
        ]
        .concat()
    }
}

/// Reads a hash from the database. `None`: it cannot be one.
pub(super) fn hash_of(bytes: &[u8]) -> Option<Hash> {
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_keys_does_not_matter_and_everything_else_does() {
        let bytes = |value: Json| {
            let mut out = Vec::new();
            canonical(&value, &mut out);
            out
        };
        let parsed: Json = serde_json::from_str(r#"{ "b": [1, {"y": null, "x": "é\n"}], "a": true }"#).expect("JSON");
        assert_eq!(bytes(parsed), bytes(json!({"a": true, "b": [1, {"x": "é\n", "y": null}]})));
        for other in [json!({"a": true}), json!({"a": "true"}), json!([true]), json!({"a": [true]}), json!({"a": 1})] {
            assert_ne!(bytes(json!({"a": true, "b": 1})), bytes(other));
        }
    }
}
