//! A server that behaves like WeChat's: status 200 whatever happens, text/plain, codes that are good once, one access token.

use api::WechatApp;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// The mini-program that the server knows.
pub const APP_ID: &str = "wx0123456789abcdef";
/// And its secret.
pub const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The stand-in.
pub struct Wechat {
    server: MockServer,
    state: Arc<Mutex<State>>,
    path: String,
}

/// Servers are used again by later tests, and tests share a Redis: each has a path of its own.
static COUNT: AtomicU32 = AtomicU32::new(0);

#[derive(Default)]
struct State {
    /// Codes of `wx.login`, with the openid.
    logins: HashMap<String, String>,
    /// Codes of the phone button, with number, country and mini-program.
    phones: HashMap<String, (String, Value, String)>,
    used: HashSet<String>,
    tokens: u32,
    token_calls: u32,
    phone_calls: u32,
    /// What the token call answers instead.
    token_errcode: Option<i64>,
    /// So often WeChat says that it is busy.
    busy: u32,
    garbage: bool,
}

impl Wechat {
    /// Starts one.
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(State { tokens: 1, ..State::default() }));
        let server = MockServer::start().await;
        let path = format!("/{}", COUNT.fetch_add(1, Ordering::SeqCst));
        let (shared, below) = (state.clone(), path.clone());
        let respond = move |request: &Request| {
            let mut state = shared.lock().expect("no test panics in here");
            let body =
                if state.garbage { "<html>".to_owned() } else { state.answer(request, &below).to_string() };
            ResponseTemplate::new(200).set_body_raw(body, "text/plain")
        };
        Mock::given(any()).respond_with(respond).mount(&server).await;
        Self { server, state, path }
    }

    /// The settings of a server that uses it.
    pub fn app(&self) -> WechatApp {
        WechatApp {
            base_url: format!("{}{}", self.server.uri(), self.path),
            app_id: APP_ID.to_owned(),
            secret: SECRET.into(),
        }
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().expect("no test panics in here"))
    }

    /// A code of `wx.login` for this openid.
    pub fn login_code(&self, openid: &str) -> String {
        self.with(|state| {
            let code = format!("login-{}", state.logins.len());
            state.logins.insert(code.clone(), openid.to_owned());
            code
        })
    }

    /// A code of the phone button.
    pub fn phone_code(&self, number: &str) -> String {
        self.phone_code_of(number, json!("86"), APP_ID)
    }

    /// A code of the phone button of any country and mini-program.
    pub fn phone_code_of(&self, number: &str, country: Value, app_id: &str) -> String {
        self.with(|state| {
            let code = format!("phone-{}", state.phones.len());
            state.phones.insert(code.clone(), (number.to_owned(), country, app_id.to_owned()));
            code
        })
    }

    /// Ends the access token before its time.
    pub fn kill_token(&self) {
        self.with(|state| state.tokens += 1);
    }

    /// Makes the token call fail, or not.
    pub fn refuse_tokens(&self, errcode: Option<i64>) {
        self.with(|state| state.token_errcode = errcode);
    }

    /// Says so often that it is busy.
    pub fn be_busy(&self, times: u32) {
        self.with(|state| state.busy = times);
    }

    /// Answers what is not JSON, or JSON again.
    pub fn talk_garbage(&self, garbage: bool) {
        self.with(|state| state.garbage = garbage);
    }

    /// How often a token and a phone number were asked for.
    pub fn calls(&self) -> (u32, u32) {
        self.with(|state| (state.token_calls, state.phone_calls))
    }
}

fn errcode(code: i64) -> Value {
    json!({"errcode": code, "errmsg": "refused, rid: 65b-1"})
}

impl State {
    fn answer(&mut self, request: &Request, below: &str) -> Value {
        let path = request.url.path().strip_prefix(below).unwrap_or_default();
        let query: HashMap<_, _> = request.url.query_pairs().into_owned().collect();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let asked = |name: &str| query.get(name).cloned().unwrap_or_default();
        let code = if path == "/sns/jscode2session" {
            asked("js_code")
        } else {
            body["code"].as_str().unwrap_or_default().to_owned()
        };
        match (request.method.as_str(), path) {
            ("GET", "/sns/jscode2session") => {
                if asked("appid") != APP_ID {
                    return errcode(40013);
                }
                if asked("secret") != SECRET || asked("grant_type") != "authorization_code" {
                    return errcode(40125);
                }
                if let Some(refused) = self.special(&code) {
                    return refused;
                }
                match self.logins.get(&code) {
                    Some(openid) => json!({"openid": openid, "session_key": "c2Vzc2lvbiBrZXkgMTYgYg=="}),
                    None => json!({"errcode": "40029", "errmsg": "invalid code"}),
                }
            }
            ("POST", "/cgi-bin/stable_token") => {
                self.token_calls += 1;
                if let Some(code) = self.token_errcode {
                    return errcode(code);
                }
                if body["appid"] != APP_ID || body["secret"] != SECRET || body["force_refresh"] != false {
                    return errcode(40125);
                }
                json!({"access_token": self.token(), "expires_in": 7200})
            }
            ("POST", "/wxa/business/getuserphonenumber") => {
                self.phone_calls += 1;
                if asked("access_token") != self.token() {
                    return errcode(40001);
                }
                if let Some(refused) = self.special(&code) {
                    return refused;
                }
                match self.phones.get(&code) {
                    Some((number, country, app_id)) => json!({"errcode": 0, "errmsg": "ok", "phone_info": {
                        "phoneNumber": number, "purePhoneNumber": number, "countryCode": country,
                        "watermark": {"timestamp": 1_637_744_274, "appid": app_id}}}),
                    None => errcode(40029),
                }
            }
            _ => errcode(40066),
        }
    }

    fn token(&self) -> String {
        format!("{}-{}", "T".repeat(512), self.tokens)
    }

    /// What keeps a code from being looked up: WeChat is busy, it was used, or it says its own error.
    fn special(&mut self, code: &str) -> Option<Value> {
        if self.busy > 0 {
            self.busy -= 1;
            return Some(errcode(-1));
        }
        if let Some(number) = code.strip_prefix("errcode:") {
            return Some(errcode(number.parse().unwrap_or_default()));
        }
        let known = self.logins.contains_key(code) || self.phones.contains_key(code);
        (known && !self.used.insert(code.to_owned())).then(|| errcode(40163))
    }
}
