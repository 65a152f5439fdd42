//! The owner gets in whoever else tries, hears of it where somebody else did, and ends
//! everything that a thief could have left.

use crate::support::{Answer, Server, wait_until};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};

const PASSWORD: &str = "a long password";

/// Where the owner logs in from.
const HOME: &str = "198.51.100.7";

/// A server behind a proxy on this machine, which says where requests come from.
fn proxied() -> Server {
    let server = Server::start_with(&["--trusted-proxy", "127.0.0.1/32"]);
    server.choose_password(PASSWORD, &from(HOME));
    server
}

fn from(address: &str) -> Vec<(&str, &str)> {
    vec![("x-forwarded-for", address), ("user-agent", "Test browser")]
}

fn log_in(server: &Server, headers: &[(&str, &str)], password: &str) -> Answer {
    let body = json!({ "password": password });
    server.request("POST", "/session", headers, Some(body))
}

/// The cookies that an answer sets, as a browser sends them back.
fn cookies(answer: &Answer) -> String {
    let set: Vec<&str> = answer
        .all("set-cookie")
        .iter()
        .map(|cookie| cookie.split(';').next().unwrap())
        .collect();
    set.join("; ")
}

fn with_session(server: &Server, cookie: &str, method: &str, path: &str, body: Value) -> Answer {
    let headers = [("cookie", cookie), ("origin", server.url.as_str())];
    let body = (!body.is_null()).then_some(body);
    server.request(method, path, &headers, body)
}

#[test]
fn strangers_who_guess_keep_nobody_out_who_logged_in_before() {
    let server = proxied();
    let browser = cookies(&log_in(&server, &from(HOME), PASSWORD).expect(204));
    let mut host = 0;
    let mut guess_until_strangers_wait = |seconds: u64| loop {
        host += 1;
        let address = format!("203.0.{}.{}", host / 250, host % 250);
        let answer = log_in(&server, &from(&address), "a wrong password");
        if answer.status == 429 && answer.header("retry-after").parse::<u64>().unwrap() >= seconds {
            return;
        }
    };
    // The waits begin with a second: on a busy machine that can be over before the next try,
    // so a longer one is waited for then.
    for seconds in [1, 2, 4, 8, 16, 32] {
        guess_until_strangers_wait(seconds);
        // Not even the right password helps a stranger before the time, nor a made-up browser.
        let mut stranger = from("192.0.2.2");
        stranger.push(("cookie", "algohook_browser=made-up"));
        let refused = log_in(&server, &stranger, PASSWORD).status == 429;
        // The same address, and the same browser wherever it is.
        log_in(&server, &from(HOME), PASSWORD).expect(204);
        let mut elsewhere = from("192.0.2.1");
        elsewhere.push(("cookie", &browser));
        log_in(&server, &elsewhere, PASSWORD).expect(204);
        let still_waits = log_in(&server, &from("192.0.2.3"), "a wrong password").status == 429;
        if refused && still_waits {
            return;
        }
    }
    panic!("no stranger was made to wait");
}

#[test]
fn a_login_from_a_new_place_is_told_until_the_owner_knows_of_it() {
    let server = proxied();
    let home = log_in(&server, &from(HOME), PASSWORD).expect(204);
    let session = cookies(&home);
    let new_logins = || {
        with_session(&server, &session, "GET", "/overview", Value::Null)
            .expect(200)
            .json()["newLogins"]
            .clone()
    };
    assert_eq!(new_logins(), json!([]));
    // The same browser elsewhere, and another one at home, are not new.
    let mut elsewhere = from("192.0.2.1");
    elsewhere.push(("cookie", &session));
    log_in(&server, &elsewhere, PASSWORD).expect(204);
    log_in(&server, &from(HOME), PASSWORD).expect(204);
    assert_eq!(new_logins(), json!([]));

    log_in(&server, &from("203.0.113.9"), PASSWORD).expect(204);
    let told = new_logins();
    assert_eq!(told.as_array().unwrap().len(), 1);
    assert_eq!(told[0]["address"], "203.0.113.9");
    assert_eq!(told[0]["userAgent"], "Test browser");
    assert!(server.log().contains("a login from a new place"));
    let seen = json!({ "newest": told[0]["id"] });
    with_session(&server, &session, "POST", "/session/seen", seen).expect(204);
    assert_eq!(new_logins(), json!([]));
}

#[test]
fn a_token_ends_with_the_one_that_made_it() {
    let server = Server::start();
    let parent = server.data.create_token();
    let make = |by: &str, name: &str| {
        let made = server.api(by, "POST", "/tokens", Some(json!({ "name": name })));
        made.expect(201).json()["token"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let child = make(&parent, "child");
    let grandchild = make(&child, "grandchild");
    let other = server.data.json(&["token", "create", "other", "--json"]);
    let other = other["token"].as_str().unwrap();
    let listed = server.api(other, "GET", "/tokens", None).expect(200).json();
    let of = |name: &str| {
        let mut items = listed["items"].as_array().unwrap().iter();
        items.find(|item| item["name"] == name).unwrap().clone()
    };
    assert_eq!(of("child")["madeBy"], of("tests")["id"]);
    assert_eq!(of("grandchild")["madeBy"], of("child")["id"]);
    assert_eq!(of("tests")["madeBy"], Value::Null);
    let path = format!("/tokens/{}", of("tests")["id"].as_str().unwrap());
    server.api(other, "DELETE", &path, None).expect(204);
    for token in [&parent, &child, &grandchild] {
        server.api(token, "GET", "/me", None).expect(401);
    }
    server.api(other, "GET", "/me", None).expect(200);

    // The command line does the same.
    let parent = server.data.json(&["token", "create", "again", "--json"]);
    let child = make(parent["token"].as_str().unwrap(), "child");
    let said = server.data.text(&["token", "revoke", "again"]);
    assert!(said.contains("and one token that it made"), "{said}");
    server.api(&child, "GET", "/me", None).expect(401);
}

#[test]
fn a_change_of_password_ends_every_token_where_that_is_asked_for() {
    let server = proxied();
    let session = cookies(&log_in(&server, &from(HOME), PASSWORD).expect(204));
    let token = server.data.create_token();
    let change = json!({ "current": PASSWORD, "new": "another password" });
    let changed = with_session(&server, &session, "POST", "/password", change).expect(204);
    server.api(&token, "GET", "/me", None).expect(200);
    let session = cookies(&changed);
    let change = json!({ "current": "another password", "new": PASSWORD, "revokeTokens": true });
    with_session(&server, &session, "POST", "/password", change).expect(204);
    server.api(&token, "GET", "/me", None).expect(401);

    let token = server.data.create_token();
    let set = |arguments: &[&str]| {
        use std::io::Write;
        let mut command = server.data.command(arguments);
        let command = command
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "a third password").unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let said = set(&["user", "set-password"]);
    assert!(said.contains("1 API token goes on working"), "{said}");
    server.api(&token, "GET", "/me", None).expect(200);
    set(&["user", "set-password", "--revoke-tokens"]);
    wait_until("the token is worth nothing", || {
        server.api(&token, "GET", "/me", None).status == 401
    });
}

#[test]
fn the_scheme_of_an_origin_counts() {
    let server = Server::start_with(&[
        "--trusted-proxy",
        "127.0.0.1/32",
        "--public-url",
        "https://hooks.example.com",
    ]);
    server.choose_password(PASSWORD, &[]);
    let authority = server.url.strip_prefix("http://").unwrap();
    let by_http = format!("http://{authority}");
    let by_https = format!("https://{authority}");
    let over_https = [("x-forwarded-proto", "https")];
    for (origin, more, status) in [
        (by_http.as_str(), &[][..], 204),
        (&by_https, &[], 403),
        (&by_http, &over_https, 403),
        (&by_https, &over_https, 204),
        // A proxy that changes Host, at the address that the owner gave.
        ("https://hooks.example.com", &[], 204),
        ("http://hooks.example.com", &[], 403),
        ("https://hooks.example.com:444", &[], 403),
        ("https://hooks.example.com.evil.example", &[], 403),
    ] {
        let mut headers = vec![("origin", origin)];
        headers.extend(more);
        let answer = log_in(&server, &headers, PASSWORD);
        assert_eq!(answer.status, status, "{origin} {more:?}");
    }
    // A browser that says where the write is from is believed, whatever the origin is.
    for (site, status) in [
        ("same-origin", 204),
        ("same-site", 403),
        ("cross-site", 403),
    ] {
        let headers = [("origin", by_http.as_str()), ("sec-fetch-site", site)];
        assert_eq!(log_in(&server, &headers, PASSWORD).status, status, "{site}");
    }
}

#[tokio::test]
async fn a_browser_logs_in_over_http2_that_says_its_origin_only() {
    let server = Server::start_with(&["--http2"]);
    let link = server.setup_link.clone().unwrap();
    let secret = link.split_once('#').unwrap().1;
    let stream = tokio::net::TcpStream::connect(server.address())
        .await
        .unwrap();
    let builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let body = json!({ "token": secret, "password": PASSWORD }).to_string();
    let post = |origin: &str, path: &str, body: &str| {
        hyper::Request::post(format!("{}/api/v1{path}", server.url))
            .header("origin", origin)
            .body(Full::new(Bytes::from(body.to_owned())))
            .unwrap()
    };
    let refused = post("http://evil.example", "/setup", &body);
    assert_eq!(sender.send_request(refused).await.unwrap().status(), 403);
    let first = post(&server.url, "/setup", &body);
    let answer = sender.send_request(first).await.unwrap();
    let status = answer.status();
    let text = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(status, 204, "{text:?}");
}

#[test]
fn cookies_last_as_long_as_what_they_are_for() {
    let server = proxied();
    let answer = log_in(&server, &from(HOME), PASSWORD).expect(204);
    let set = answer.all("set-cookie");
    let [session, browser] = set.as_slice() else {
        panic!("{set:?}");
    };
    assert!(session.starts_with("algohook_session="), "{session}");
    assert!(session.contains("Max-Age=2592000"), "{session}");
    assert!(browser.starts_with("algohook_browser="), "{browser}");
    assert!(browser.contains("Max-Age=15552000"), "{browser}");
    for cookie in &set {
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
    }
}

#[test]
fn no_answer_is_taken_for_another_kind_of_file() {
    let server = Server::start();
    let token = server.data.create_token();
    for path in [
        "/healthz",
        "/metrics",
        "/api/v1/openapi.json",
        "/nothing",
        "/",
    ] {
        let answer = server.get(path);
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
    for path in ["/me", "/export/events.csv", "/events/evt_1", "/webhooks"] {
        let answer = server.api(&token, "GET", path, None);
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
}
