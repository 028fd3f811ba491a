//! Users, as tests speak of them.

use std::time::Duration;

use kernel::Clock as _;
use serde_json::json;

use crate::{Answer, TestApp};

/// Every test user's password.
pub const PASSWORD: &str = "Correct-Horse-7-Battery";

/// A registered user of an app.
#[derive(Clone, Debug)]
pub struct Person<'a> {
    app: &'a TestApp,
    /// E-mail address.
    pub email: String,
    /// Id.
    pub id: String,
    /// The secret of their authenticator app, where they have one.
    secret: Option<String>,
    /// Backup codes that came with it.
    pub backup_codes: Vec<String>,
}

impl<'a> Person<'a> {
    pub(crate) const fn new(app: &'a TestApp, email: String, id: String) -> Self {
        Self { app, email, id, secret: None, backup_codes: Vec::new() }
    }

    /// Logs in with the right password.
    pub async fn login(&self) -> Answer {
        self.login_with(PASSWORD).await
    }

    /// Logs in with some password.
    pub async fn login_with(&self, password: &str) -> Answer {
        self.app.post("/api/v1/auth/login").json(&json!({"email": self.email, "password": password})).send().await
    }

    /// Sets an authenticator app up, and waits for its next code.
    pub async fn with_totp(mut self) -> Self {
        let token = self.login().await.expect_tokens().access;
        let begun = self.app.post("/api/v1/mfa/totp").bearer(&token).send().await.expect(201).json;
        self.secret = begun["secret"].as_str().map(ToOwned::to_owned);
        let body = json!({"id": begun["id"], "code": self.code()});
        let done = self.app.post("/api/v1/mfa/totp/confirm").bearer(&token).json(&body).send().await.expect(200).json;
        let codes = done["backup_codes"].as_array().expect("backup codes").iter();
        self.backup_codes = codes.map(|code| code.as_str().expect("a code").to_owned()).collect();
        self.app.clock.advance(Duration::from_secs(30));
        self
    }

    /// What their authenticator app shows now.
    pub fn code(&self) -> String {
        self.app.totp(self.secret.as_deref().expect("an app"))
    }

    /// Answers a challenge with a code of this kind.
    pub async fn answer(&self, challenge: &str, method: &str, code: &str) -> Answer {
        let body = json!({"challenge_id": challenge, "method": method, "code": code});
        self.app.post("/api/v1/auth/mfa").json(&body).send().await
    }
}

impl TestApp {
    /// What an authenticator app with this secret (base32) shows now.
    pub fn totp(&self, secret: &str) -> String {
        let secret = totp_rs::Secret::try_from_base32(secret).expect("base32");
        let totp = totp_rs::Builder::new().with_secret(secret).build().expect("a secret");
        let now = u64::try_from(self.clock.now().as_secs()).expect("after 1970");
        totp.generate(now).to_string()
    }
}
