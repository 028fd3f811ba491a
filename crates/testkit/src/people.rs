//! Users, as tests speak of them.

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
}

impl<'a> Person<'a> {
    pub(crate) const fn new(app: &'a TestApp, email: String, id: String) -> Self {
        Self { app, email, id }
    }

    /// Logs in with the right password.
    pub async fn login(&self) -> Answer {
        self.login_with(PASSWORD).await
    }

    /// Logs in with some password.
    pub async fn login_with(&self, password: &str) -> Answer {
        self.app.post("/api/v1/auth/login").json(&json!({"email": self.email, "password": password})).send().await
    }
}
