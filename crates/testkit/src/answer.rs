//! Responses and what tests expect of them.

use http::HeaderMap;
use serde_json::Value;

/// A response, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
    /// The body as JSON; `null` when it is none.
    pub json: Value,
}

/// What a login or refresh returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a whole body");
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status, headers, text, json }
    }

    /// A header's value, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// The answer, if it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// A problem document with this code, whole as RFC 9457 and we want it.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.json["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.json["status"], status);
        assert_eq!(self.json["type"], format!("/problems/{code}"));
        for text in ["title", "detail", "request_id"] {
            assert!(self.json[text].as_str().is_some_and(|t| !t.is_empty()), "{text}: {}", self.text);
        }
        assert_eq!(self.header("x-request-id"), self.json["request_id"].as_str().unwrap_or_default());
        self
    }

    /// Tokens, after a login or refresh.
    #[track_caller]
    pub fn expect_tokens(self) -> Tokens {
        let answer = self.expect(200);
        assert_eq!(answer.json["token_type"], "Bearer");
        assert_eq!(answer.header("cache-control"), "no-store");
        let text = |name: &str| answer.json[name].as_str().expect(name).to_owned();
        Tokens { access: text("access_token"), refresh: text("refresh_token") }
    }

    /// The id of a challenge, after the right password of somebody who has a second factor.
    #[track_caller]
    pub fn expect_mfa_challenge(self) -> String {
        let answer = self.expect(200);
        assert_eq!(answer.json["mfa_required"], true, "{}", answer.text);
        assert!(answer.json["access_token"].is_null(), "{}", answer.text);
        answer.json["challenge_id"].as_str().expect("a challenge").to_owned()
    }
}
