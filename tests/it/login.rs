//! The owner's login: sessions, the second factor, what tokens may do, and the audit log.

use crate::support::tls::{Secured, request};
use crate::support::{Answer, Server};
use algohook::access::code::code_at;
use serde_json::{Value, json};

const PASSWORD: &str = "a long password";

/// A server whose owner has a password.
struct Owned {
    server: Server,
}

impl Owned {
    fn new() -> Self {
        Self::with(&[])
    }

    fn with(arguments: &[&str]) -> Self {
        let server = Server::start_with(arguments);
        server.choose_password(PASSWORD, &[]);
        Self { server }
    }

    fn try_login(&self, code: Option<&str>) -> Answer {
        let body = json!({ "password": PASSWORD, "code": code });
        let agent = [("user-agent", "Test browser")];
        self.server.request("POST", "/session", &agent, Some(body))
    }

    fn log_in(&self) -> String {
        session_of(&self.try_login(None).expect(204))
    }

    fn with_session(&self, session: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        let headers = [("cookie", session), ("origin", self.server.url.as_str())];
        self.server.request(method, path, &headers, body)
    }

    /// Turns the second factor on.
    fn turn_second_factor_on(&self) {
        let session = self.log_in();
        let password = json!({ "password": PASSWORD });
        let begun = self.with_session(&session, "POST", "/second-factor", Some(password));
        let secret = from_base32(begun.expect(200).json()["secret"].as_str().unwrap());
        let code = json!({ "code": code_now(&secret, 0) });
        self.with_session(&session, "POST", "/second-factor/confirm", Some(code))
            .expect(200);
    }

    fn token(&self, scope: &str) -> String {
        self.server.data.create_scoped_token(scope)
    }
}

fn session_of(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie");
    cookie.split(';').next().unwrap().to_owned()
}

fn from_base32(text: &str) -> Vec<u8> {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits = text.chars().flat_map(|letter| {
        let value = letters.find(letter).unwrap();
        (0..5).rev().map(move |bit| u8::from(value >> bit & 1 == 1))
    });
    let bits: Vec<u8> = bits.collect();
    let bytes = bits.chunks_exact(8);
    bytes
        .map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit))
        .collect()
}

fn code_now(secret: &[u8], steps_ahead: i64) -> String {
    code_at(
        secret,
        jiff::Timestamp::now().as_second() / 30 + steps_ahead,
    )
}

#[test]
fn sessions_are_listed_and_can_be_ended() {
    let owned = Owned::new();
    let (first, second) = (owned.log_in(), owned.log_in());
    let listed = owned
        .with_session(&second, "GET", "/sessions", None)
        .expect(200)
        .json();
    let sessions = listed["items"].as_array().unwrap();
    // The one of the set-up is there, too.
    assert_eq!(sessions.len(), 3);
    assert_eq!(sessions[1]["userAgent"], "Test browser");
    assert_eq!(sessions[1]["address"], "127.0.0.1");
    assert_eq!(sessions[1]["isCurrent"], false);
    assert_eq!(sessions[2]["isCurrent"], true);
    let path = format!("/sessions/{}", sessions[1]["id"].as_str().unwrap());
    owned
        .with_session(&second, "DELETE", &path, None)
        .expect(204);
    owned.with_session(&first, "GET", "/me", None).expect(401);
    owned.with_session(&second, "GET", "/me", None).expect(200);
    owned
        .with_session(&second, "DELETE", &path, None)
        .expect(404);
}

#[test]
fn over_https_the_cookie_is_bound_to_the_host() {
    let secured = Secured::with(&["--public-ui"]);
    let link = secured.server.setup_link.clone().unwrap();
    let secret = link.split_once('#').unwrap().1;
    let body = json!({ "token": secret, "password": PASSWORD }).to_string();
    let answer = secured.exchange("POST", "/api/v1/setup", &body);
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    let cookie = answer
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "))
        .unwrap();
    assert!(cookie.starts_with("__Host-algohook_session="), "{cookie}");
    for part in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    let session = cookie.split(';').next().unwrap();
    let me = |cookie: &str| {
        let request = request("GET", "/api/v1/me", "").replace(
            "connection: close",
            &format!("connection: close\r\ncookie: {cookie}"),
        );
        secured
            .client()
            .exchange(secured.server.https_address(), &request)
            .unwrap()
    };
    assert!(me(session).starts_with("HTTP/1.1 200"));
    // Another host of the domain could set the name without the prefix.
    assert!(me(session.trim_start_matches("__Host-")).starts_with("HTTP/1.1 401"));
}

#[test]
fn the_second_factor_is_asked_for_once_it_is_on_and_no_code_is_good_twice() {
    let owned = Owned::new();
    let session = owned.log_in();
    let password = || Some(json!({ "password": PASSWORD }));
    let token = owned.token("write");
    owned
        .server
        .api(&token, "POST", "/second-factor", password())
        .expect(403);
    let begun = owned.with_session(&session, "POST", "/second-factor", password());
    let begun = begun.expect(200).json();
    let text = begun["secret"].as_str().unwrap();
    assert!(begun["url"].as_str().unwrap().contains(text));
    let secret = from_base32(text);
    assert_eq!(secret.len(), 20);
    // Not on yet.
    owned.log_in();
    let confirm = |code: &str| {
        let body = Some(json!({ "code": code }));
        owned.with_session(&session, "POST", "/second-factor/confirm", body)
    };
    confirm("000000x").expect(422);
    let code = code_now(&secret, 0);
    let codes = confirm(&code).expect(200).json();
    let recovery = codes["recoveryCodes"].as_array().unwrap().clone();
    assert_eq!(recovery.len(), 10);

    let problem = owned.try_login(None).expect(401).json();
    assert_eq!(problem["code"], "second_factor_required");
    owned.try_login(Some("nonsense")).expect(401);
    owned.try_login(Some(&code)).expect(401);
    owned.try_login(Some(&code_now(&secret, 1))).expect(204);
    let lost = recovery[3].as_str().unwrap();
    owned.try_login(Some(lost)).expect(204);
    owned.try_login(Some(lost)).expect(401);
    let state = owned
        .with_session(&session, "GET", "/second-factor", None)
        .json();
    assert_eq!(state, json!({ "isOn": true, "recoveryCodesLeft": 9 }));

    owned.server.data.text(&["user", "reset-second-factor"]);
    owned.log_in();
}

#[test]
fn one_who_has_the_password_and_tries_codes_waits_and_keeps_nobody_else_out() {
    let owned = Owned::with(&["--trusted-proxy", "127.0.0.1/32"]);
    owned.turn_second_factor_on();
    let try_code = |from: &str, code: &str| {
        let body = json!({ "password": PASSWORD, "code": code });
        let headers = [("x-forwarded-for", from)];
        owned
            .server
            .request("POST", "/session", &headers, Some(body))
    };
    let mut refused = Vec::new();
    while refused.is_empty() {
        let answer = try_code("203.0.113.9", "nonsense");
        if answer.status == 429 {
            refused.push(answer);
        } else {
            answer.expect(401);
        }
    }
    let answer = refused.remove(0);
    assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1);
    let problem = answer.json();
    assert_eq!(problem["code"], "too_many_logins");
    assert!(
        problem["hint"].as_str().unwrap().contains("code"),
        "{problem}"
    );
    // From elsewhere the code is asked for as ever, and wrong passwords do not wait.
    try_code("198.51.100.1", "nonsense").expect(401);
    let body = json!({ "password": "not the password" });
    let headers = [("x-forwarded-for", "203.0.113.9")];
    owned
        .server
        .request("POST", "/session", &headers, Some(body))
        .expect(401);
}

#[test]
fn a_token_changes_no_password_and_gets_no_session() {
    let owned = Owned::new();
    let token = owned.token("write");
    let body = json!({ "current": PASSWORD, "new": "another long password" });
    let answer = owned.server.api(&token, "POST", "/password", Some(body));
    let answer = answer.expect(403);
    assert_eq!(answer.json()["code"], "session_required");
    assert_eq!(answer.header("set-cookie"), "");
    owned.log_in();
}

#[test]
fn a_token_that_may_read_sees_no_keys_and_changes_nothing() {
    let owned = Owned::new();
    let webhook = owned.server.create_webhook("Strategy");
    let token = owned.token("read");
    let api = |method, path: &str, body| owned.server.api(&token, method, path, body);
    for path in ["/webhooks".to_owned(), format!("/webhooks/{}", webhook.id)] {
        let text = api("GET", &path, None).expect(200).text;
        assert!(
            text.contains(&webhook.id) && !text.contains(&webhook.key),
            "{text}"
        );
    }
    let problem = api("POST", "/webhooks", Some(json!({ "name": "x" })))
        .expect(403)
        .json();
    assert_eq!(problem["code"], "out_of_scope");
    api("POST", "/tokens", Some(json!({ "name": "x" }))).expect(403);
    let test = format!("/webhooks/{}/test", webhook.id);
    api("POST", &test, Some(json!({}))).expect(403);
}

#[test]
fn a_token_for_tests_sends_test_alerts_and_nothing_else() {
    let owned = Owned::new();
    let webhook = owned.server.create_webhook("Strategy");
    let token = owned.token("test");
    let test = format!("/webhooks/{}/test", webhook.id);
    owned
        .server
        .api(&token, "POST", &test, Some(json!({})))
        .expect(200);
    for path in ["/webhooks", "/events", "/tokens", "/sessions", "/audit"] {
        owned.server.api(&token, "GET", path, None).expect(403);
    }
}

#[test]
fn what_concerns_security_is_in_the_audit_log() {
    let owned = Owned::new();
    let wrong = json!({ "password": "not the password" });
    owned
        .server
        .request("POST", "/session", &[], Some(wrong))
        .expect(401);
    let session = owned.log_in();
    let webhook = owned.with_session(&session, "POST", "/webhooks", Some(json!({ "name": "x" })));
    let id = webhook.expect(201).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let rotate = format!("/webhooks/{id}/rotate-key");
    owned
        .with_session(&session, "POST", &rotate, None)
        .expect(200);
    owned.token("read");
    for change in ["pause", "resume"] {
        owned.server.data.text(&["webhook", change, &id]);
    }
    let log = owned
        .with_session(&session, "GET", "/audit", None)
        .expect(200)
        .json();
    let entries: Vec<(&str, &str)> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|entry| {
            (
                entry["action"].as_str().unwrap(),
                entry["actor"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        entries,
        [
            ("setup", "owner"),
            ("login.failed", "stranger"),
            ("login", "owner"),
            ("webhook.create", "owner"),
            ("webhook.rotate-key", "owner"),
            ("token.create", "command line"),
            ("webhook.change", "command line"),
            ("webhook.change", "command line"),
        ]
    );
    let page = owned
        .with_session(&session, "GET", "/audit?limit=2", None)
        .json();
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    assert!(page["nextCursor"].is_string());
}

/// The processor's time tells, for a busy machine makes either of them wait.
#[test]
fn a_login_costs_as_much_before_a_password_is_set() {
    let cost_of_three = |server: &Server| {
        let before = server.processor_ticks();
        for _ in 0..3 {
            let body = json!({ "password": "not the password" });
            server
                .request("POST", "/session", &[], Some(body))
                .expect(401);
        }
        server.processor_ticks() - before
    };
    let (none, some) = (Server::start(), Owned::new());
    let (without, with) = (cost_of_three(&none), cost_of_three(&some.server));
    assert!(
        without > with / 3 && with > without / 3,
        "{without} and {with} ticks"
    );
}
