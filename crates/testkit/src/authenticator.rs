//! A software authenticator (WebAuthn Level 2): ES256 keys, and CBOR by hand. It can be told to misbehave.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use serde_json::{Value, json};

const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const ATTESTED: u8 = 1 << 6;

/// A device with one key, and the page that talks to it.
#[derive(Debug)]
pub struct Authenticator {
    key: EcdsaKeyPair,
    /// What its key is known by.
    pub credential_id: Vec<u8>,
    /// Whom it belongs to, once it is registered.
    pub user_handle: Vec<u8>,
    /// The origin of the page.
    pub origin: String,
    /// The host that it believes to be at, if not the one that it is told.
    pub rp_id: Option<String>,
    /// Signatures so far; `None`: it does not count.
    pub counter: Option<u32>,
    /// Whether the key may be on several devices.
    pub synced: bool,
    /// Whether it asks its user for a PIN.
    pub verifies: bool,
}

impl Authenticator {
    /// A new device that counts and verifies, at a page of this origin.
    pub fn new(origin: &str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
        let credential_id = digest(&SHA256, key.public_key().as_ref()).as_ref().to_vec();
        Self {
            key,
            credential_id,
            user_handle: Vec::new(),
            origin: origin.to_owned(),
            rp_id: None,
            counter: Some(0),
            synced: false,
            verifies: true,
        }
    }

    /// What `navigator.credentials.create` makes of these options.
    pub fn create(&mut self, options: &Value) -> Value {
        let options = &options["publicKey"];
        self.user_handle = bytes(&options["user"]["id"]);
        let mut data = self.data(options["rp"]["id"].as_str().expect("a host"), ATTESTED);
        // No make of authenticator, the key's id, and the key itself (RFC 9053 §7.1.1).
        data.extend([0; 16]);
        data.extend(u16::try_from(self.credential_id.len()).expect("a length").to_be_bytes());
        data.extend(&self.credential_id);
        let point = self.key.public_key().as_ref();
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..65]);

        let mut object = vec![0xa3];
        object.extend(b"\x63fmt\x64none\x67attStmt\xa0\x68authData\x59");
        object.extend(u16::try_from(data.len()).expect("a length").to_be_bytes());
        object.extend(data);
        let id = B64.encode(&self.credential_id);
        json!({"id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {}, "response": {
            "attestationObject": B64.encode(object),
            "clientDataJSON": B64.encode(self.client_data("webauthn.create", options)),
            "transports": ["internal"],
        }})
    }

    /// What `navigator.credentials.get` makes of these options.
    pub fn get(&mut self, options: &Value) -> Value {
        let options = &options["publicKey"];
        let data = self.data(options["rpId"].as_str().expect("a host"), 0);
        let client_data = self.client_data("webauthn.get", options);
        let mut signed = data.clone();
        signed.extend(digest(&SHA256, &client_data).as_ref());
        #[expect(clippy::disallowed_methods, reason = "the library signs with its own randomness only")]
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("a signature");
        let id = B64.encode(&self.credential_id);
        json!({"id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {}, "response": {
            "authenticatorData": B64.encode(data),
            "clientDataJSON": B64.encode(client_data),
            "signature": B64.encode(signature.as_ref()),
            "userHandle": B64.encode(&self.user_handle),
        }})
    }

    /// Authenticator data (§6.1): the host, flags and the counter, which rises.
    fn data(&mut self, rp_id: &str, flags: u8) -> Vec<u8> {
        let rp_id = self.rp_id.as_deref().unwrap_or(rp_id);
        let mut data = digest(&SHA256, rp_id.as_bytes()).as_ref().to_vec();
        let verified = if self.verifies { VERIFIED } else { 0 };
        let synced = if self.synced { BACKUP_ELIGIBLE | BACKED_UP } else { 0 };
        data.push(flags | PRESENT | verified | synced);
        self.counter = self.counter.map(|counter| counter + 1);
        data.extend(self.counter.unwrap_or(0).to_be_bytes());
        data
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let data =
            json!({"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false});
        data.to_string().into_bytes()
    }
}

fn bytes(text: &Value) -> Vec<u8> {
    B64.decode(text.as_str().expect("base64url")).expect("base64url")
}
