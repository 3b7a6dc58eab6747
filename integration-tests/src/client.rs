//! Somebody who calls the server over HTTP.

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;
use std::sync::LazyLock;
use std::time::Duration;

#[expect(clippy::disallowed_methods, reason = "this is the tests' one client, with a time limit")]
static HTTP: LazyLock<Client> = LazyLock::new(|| {
    Client::builder()
        .timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(0)
        .build()
        .expect("a client builds")
});

/// Who calls, and with which token.
#[derive(Debug, Clone)]
pub struct Caller {
    base: String,
    token: Option<String>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers, by lower-case name.
    pub headers: reqwest::header::HeaderMap,
    /// JSON; null where the body is none.
    pub json: Value,
    /// The body as it came.
    pub text: String,
}

impl Caller {
    /// Somebody without a token.
    pub fn anyone(base: &str) -> Self {
        Self { base: base.to_owned(), token: None }
    }

    /// Somebody with this token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The server that they call.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Their token.
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// A request below `/api/v1`, or below the root for a path with two slashes.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = match path.strip_prefix("//") {
            Some(path) => format!("{}/{path}", self.base),
            None => format!("{}/api/v1{path}", self.base),
        };
        let request = HTTP.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::POST, path).json(&body)).await
    }

    /// PUT of JSON with headers.
    pub async fn put_with(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
        let request = self.request(Method::PUT, path).json(&body);
        send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    }

    /// POST of JSON with headers.
    pub async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
        let request = self.request(Method::POST, path).json(&body);
        send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    }
}

/// Sends a request that is expected to be answered.
pub async fn send(request: RequestBuilder) -> Answer {
    read(request.send().await.expect("the server answers")).await
}

async fn read(response: Response) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.expect("the answer arrives whole");
    Answer { status, headers, json: serde_json::from_str(&text).unwrap_or_default(), text }
}

impl Answer {
    /// The same answer, which must have this status.
    #[track_caller]
    #[must_use]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Checks a problem: its status, its code, and that it is one.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.json["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.json["status"], status);
        assert_eq!(self.json["request_id"], self.header("x-request-id"));
        assert!(!self.json["detail"].as_str().unwrap_or_default().contains('{'), "{}", self.text);
    }

    /// Checks a problem that names a field.
    #[track_caller]
    pub fn refused_for(&self, status: u16, code: &str, field: &str) {
        self.refused(status, code);
        let fields: Vec<_> =
            self.json["errors"].as_array().into_iter().flatten().map(|e| &e["field"]).collect();
        assert!(fields.contains(&&Value::from(field)), "{field} is not among {fields:?}");
    }

    /// A header, empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// A text of the answer.
    #[track_caller]
    pub fn str(&self, name: &str) -> &str {
        self.json[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.text))
    }

    /// The entries of a list.
    #[track_caller]
    pub fn items(&self) -> &[Value] {
        self.json["items"].as_array().unwrap_or_else(|| panic!("no list: {}", self.text))
    }

    /// A clock of a ticket in a round.
    #[track_caller]
    pub fn clock(&self, kind: &str, round: u16) -> &Value {
        let clocks = self.json["clocks"].as_array().unwrap_or_else(|| panic!("no ticket: {}", self.text));
        let found = clocks.iter().find(|clock| clock["kind"] == kind && clock["round"] == round);
        found.unwrap_or_else(|| panic!("no clock {kind} of round {round}: {}", self.text))
    }
}
