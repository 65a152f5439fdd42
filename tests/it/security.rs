//! What nobody can do, tried over the wire.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::tls::{HOST, Secured, request};
use crate::support::{self, Answer, DataDir, PATIENCE, Server, Webhook, read_to_end};
use http_body_util::channel::Channel;
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};

const PASSWORD: &str = "a long password";

/// Sends bytes as they are and reads all that comes back.
fn raw(server: &Server, request: &str) -> String {
    let mut stream = server.connect();
    // The server may hang up before it has read everything.
    let _ = stream.write_all(request.as_bytes());
    read_to_end(&stream)
}

/// How many answers are in what came back.
fn answers(text: &str) -> usize {
    text.matches("HTTP/1.1 ").count()
}

/// Sets the owner's password and logs in; the session's cookie.
fn log_in(server: &Server) -> String {
    let answer = server.choose_password(PASSWORD, &[]);
    let cookie = answer.header("set-cookie");
    cookie.split(';').next().unwrap().to_owned()
}

fn try_password(server: &Server, password: &str, headers: &[(&str, &str)]) -> Answer {
    let body = json!({ "password": password });
    server.request("POST", "/session", headers, Some(body))
}

#[test]
fn no_path_leads_to_a_file_or_past_a_prefix() {
    let server = Server::start();
    for path in [
        "/../../../../etc/passwd",
        "/..%2f..%2f..%2fetc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/hooks/../../../etc/passwd",
        "/hooks/..%5c..%5cetc%5cpasswd",
        "/api/v1/../../algohook.db",
        "/api/v1/%2e%2e/metrics",
        "/algohook.db",
        "/serve.lock",
        "//etc/passwd",
        "/hooks/%00",
    ] {
        for method in ["GET", "POST"] {
            let request = format!(
                "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            );
            let answer = raw(&server, &request);
            let status: u16 = answer[9..12].parse().unwrap();
            assert!((400..500).contains(&status), "{path}: {answer}");
            assert!(
                !answer.contains("root:") && !answer.contains("SQLite"),
                "{answer}"
            );
        }
    }
}

#[test]
fn no_header_is_large_or_numerous_enough_to_do_harm() {
    let server = Server::start();
    let large = format!(
        "GET /healthz HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n",
        "a".repeat(1 << 20)
    );
    let mut many = "GET /healthz HTTP/1.1\r\nhost: x\r\n".to_owned();
    for number in 0..500 {
        write!(many, "x-{number}: y\r\n").unwrap();
    }
    many.push_str("\r\n");
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(1 << 20));
    for request in [large, many, long] {
        let answer = raw(&server, &request);
        let is_refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
        assert!(is_refused, "{answer}");
    }
    server.get("/healthz").expect(200);
}

#[test]
fn no_body_is_kept_beyond_its_limit_stated_or_not() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let stated = format!(
        "POST /hooks/{} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n{}",
        webhook.id,
        "a".repeat(300_000)
    );
    let mut chunked = format!(
        "POST /hooks/{} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n",
        webhook.id
    );
    for _ in 0..300 {
        write!(chunked, "400\r\n{}\r\n", "a".repeat(1024)).unwrap();
    }
    for request in [stated, chunked] {
        let answer = raw(&server, &request);
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    }
    assert!(server.data.events().is_empty());
}

#[test]
fn nobody_holds_a_connection_by_being_slow_not_even_in_tls() {
    let secured = Secured::with(&["--header-timeout", "1", "--body-timeout", "1"]);
    let webhook = secured.server.create_webhook("Strategy");
    let headers = "POST /hooks/x HTTP/1.1\r\nhost: x\r\n".to_owned();
    let body = format!(
        "POST /hooks/{} HTTP/1.1\r\nhost: x\r\ncontent-length: 20000\r\n\r\n",
        webhook.id
    );
    for begin in [headers, body] {
        let mut stream = secured
            .client()
            .connect(secured.server.https_address())
            .unwrap();
        stream
            .sock
            .set_read_timeout(Some(Duration::from_millis(50)))
            .unwrap();
        stream.write_all(begin.as_bytes()).unwrap();
        let begun = Instant::now();
        let mut is_cut = false;
        while !is_cut {
            assert!(begun.elapsed() < PATIENCE, "still connected: {begin}");
            let waits = [std::io::ErrorKind::WouldBlock, std::io::ErrorKind::TimedOut];
            let read = stream.read(&mut [0; 512]);
            is_cut = stream.write_all(b"x").is_err()
                || matches!(read, Ok(0))
                || read.is_err_and(|error| !waits.contains(&error.kind()));
        }
    }
    assert!(secured.server.data.events().is_empty());
}

#[test]
fn one_address_cannot_take_every_place() {
    let secured = Secured::with(&["--max-connections", "32"]);
    let address = secured.server.https_address();
    let held: Vec<_> = (0..8)
        .map(|_| secured.client().connect(address).unwrap())
        .collect();
    assert!(secured.client().connect(address).is_err());
    drop(held);
    support::wait_until("there is room again", || {
        secured.client().connect(address).is_ok()
    });
}

#[test]
fn one_address_cannot_take_every_place_of_plain_http() {
    let secured = Secured::with(&["--max-connections", "32", "--http-listen", "127.0.0.1:0"]);
    let address = secured.server.http_address();
    let answers = || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let _ = stream.write_all(request("GET", "/", "").as_bytes());
        !read_to_end(&stream).is_empty()
    };
    let held: Vec<_> = (0..8)
        .map(|_| std::net::TcpStream::connect(address).unwrap())
        .collect();
    assert!(!answers());
    drop(held);
    support::wait_until("there is room again", answers);
}

#[test]
fn an_alert_to_an_unknown_webhook_is_answered_before_it_is_there() {
    let server = Server::start();
    let mut stream = server.connect();
    let id = "wh_0000000000000000000000";
    write!(
        stream,
        "POST /hooks/{id} HTTP/1.1\r\nhost: x\r\ncontent-length: 20000\r\n\r\n{{"
    )
    .unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    assert_eq!(line, "HTTP/1.1 404 Not Found\r\n");
    // The same answer as ever.
    let answer = server.post(id, "{}").expect(404);
    assert_eq!(answer.json()["error"]["code"], "unknown_webhook");
}

#[test]
fn bodies_that_never_end_take_little_memory_and_leave_room_for_others() {
    const CONNECTIONS: usize = 64;
    const STREAMS: usize = 40;
    let secured = Secured::with(&[
        "--max-connections",
        "256",
        "--body-timeout",
        "3",
        "--trusted-proxy",
        "127.0.0.1/32",
        "--rate-limit",
        "1000",
    ]);
    let server = &secured.server;
    let webhook = server.create_webhook("Strategy");
    let before = server.memory("VmRSS");
    let mut client = secured.client();
    client.alpn = vec![b"h2"];
    let (config, address) = (Arc::new(client.config()), server.https_address());
    let url = format!("https://{HOST}/hooks/{}", webhook.id);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let statuses = runtime.block_on(async move {
        for _ in 0..CONNECTIONS {
            let tcp = tokio::net::TcpStream::connect(address).await.unwrap();
            let name = rustls::pki_types::ServerName::try_from(HOST).unwrap();
            let connector = tokio_rustls::TlsConnector::from(Arc::clone(&config));
            let stream = connector.connect(name, tcp).await.unwrap();
            let builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
            let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
            tokio::spawn(connection);
            for _ in 0..STREAMS {
                let (mut sender, url, tell) = (sender.clone(), url.clone(), tell.clone());
                tokio::spawn(async move {
                    let (mut rest, body) = Channel::<Bytes>::new(2);
                    let begin = Bytes::from(vec![b' '; 25_000]);
                    rest.send_data(begin).await.unwrap();
                    let request = hyper::Request::post(url).body(body).unwrap();
                    // Streams beyond those that a connection may have are reset.
                    let answer = sender.send_request(request).await;
                    let _ = tell.send(answer.map_or(0, |answer| answer.status().as_u16()));
                    drop(rest);
                });
            }
        }
        drop(tell);
        let mut statuses = Vec::new();
        while let Some(status) = told.recv().await {
            if status == 503 && !statuses.contains(&503) {
                // While the others still hold what they have.
                let alert = webhook.alert(&json!({})).to_string();
                let headers = [("x-forwarded-for", "203.0.113.9")];
                let answer = server.post_with(&webhook.id, &alert, &headers);
                assert_eq!(answer.status, 200, "{answer:?}");
            }
            statuses.push(status);
        }
        statuses
    });
    assert!(statuses.contains(&503) && statuses.contains(&408));
    let most = server.memory("VmHWM");
    assert!(most < before + 40, "{before} {most}");
}

#[test]
fn no_request_is_smuggled_in_another_one() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let inner = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    let length = inner.len();
    let id = &webhook.id;
    let requests = [
        (
            "both lengths",
            format!(
                "POST /hooks/{id} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{inner}"
            ),
        ),
        (
            "both lengths, the other way",
            format!(
                "POST /hooks/{id} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n5c\r\n{inner}"
            ),
        ),
        (
            "two lengths",
            format!(
                "POST /hooks/{id} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\ncontent-length: {length}\r\n\r\n{inner}"
            ),
        ),
        (
            "a list of lengths",
            format!(
                "POST /hooks/{id} HTTP/1.1\r\nhost: x\r\ncontent-length: 0, {length}\r\n\r\n{inner}"
            ),
        ),
        (
            "a signed length",
            format!(
                "POST /hooks/{id} HTTP/1.1\r\nhost: x\r\ncontent-length: +{length}\r\n\r\n{inner}"
            ),
        ),
        (
            "an unknown coding",
            format!(
                "POST /hooks/{id} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n{inner}"
            ),
        ),
        (
            "chunked not last",
            format!(
                "POST /hooks/{id} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n{inner}"
            ),
        ),
        (
            "a folded header",
            format!(
                "POST /hooks/{id} HTTP/1.1\r\nhost: x\r\nx: a\r\n content-length: {length}\r\ncontent-length: 0\r\n\r\n{inner}"
            ),
        ),
        (
            "a space before the colon",
            format!(
                "POST /hooks/{id} HTTP/1.1\r\nhost: x\r\ncontent-length : {length}\r\n\r\n{inner}"
            ),
        ),
        (
            "a huge chunk",
            format!(
                "POST /hooks/{id} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff1\r\n{inner}"
            ),
        ),
    ];
    for (what, request) in requests {
        let answer = raw(&server, &request);
        assert!(answers(&answer) <= 1, "{what}: {answer}");
        assert!(!answer.contains("\r\n\r\nok\n"), "{what}: {answer}");
    }
    assert!(
        server
            .data
            .events()
            .iter()
            .all(|event| event["status"] == "failed")
    );
}

#[test]
fn nothing_of_a_request_becomes_a_header_of_the_answer() {
    let secured = Secured::with(&["--http-listen", "127.0.0.1:0"]);
    let mut stream = std::net::TcpStream::connect(secured.server.http_address()).unwrap();
    let request = "GET /%0d%0aset-cookie:%20a=b?x=%0aY:%20z HTTP/1.1\r\nhost: evil.example\r\n\
                   x-forwarded-host: evil.example\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let answer = read_to_end(&stream);
    assert!(answer.starts_with("HTTP/1.1 308"), "{answer}");
    assert!(
        answer.contains(&format!("location: https://{HOST}/%0d%0a")),
        "{answer}"
    );
    let has_header = |name: &str| answer.lines().any(|line| line.starts_with(name));
    assert!(!has_header("set-cookie") && !has_header("Y:"), "{answer}");
    assert!(!answer.contains("evil.example"), "{answer}");
}

#[test]
fn no_other_site_writes_with_the_owners_browser() {
    let server = Server::start();
    let session = log_in(&server);
    let cookie = ("cookie", session.as_str());
    let other = ("origin", "https://evil.example");
    let writes = [
        ("POST", "/webhooks"),
        ("POST", "/tokens"),
        ("POST", "/password"),
        ("POST", "/second-factor"),
        ("PATCH", "/senders"),
        ("DELETE", "/session"),
        ("POST", "/imports"),
    ];
    for (method, path) in writes {
        for headers in [
            vec![cookie],
            vec![cookie, other],
            vec![cookie, ("origin", "null")],
        ] {
            let body = Some(json!({ "name": "x" }));
            let problem = server
                .request(method, path, &headers, body)
                .expect(403)
                .json();
            assert_eq!(problem["code"], "cross_origin", "{method} {path}");
        }
    }
    let lists = server
        .request("GET", "/webhooks", &[cookie], None)
        .expect(200);
    assert_eq!(lists.json()["items"], json!([]));
    // And no other site may read the answers.
    let answer = server.request("GET", "/me", &[cookie, other], None);
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

#[test]
fn no_other_site_sets_the_password_or_logs_in_with_the_owners_browser() {
    let server = Server::start();
    let link = server.setup_link.clone().unwrap();
    let secret = link.split_once('#').unwrap().1;
    let send = |path: &str, body: &Value, origin: &str| {
        let body = Some(body.clone());
        server.request("POST", path, &[("origin", origin)], body)
    };
    let first = json!({ "token": secret, "password": PASSWORD });
    let login = json!({ "password": PASSWORD });
    for origin in ["https://evil.example", "null", ""] {
        let problem = send("/setup", &first, origin).expect(403).json();
        assert_eq!(problem["code"], "cross_origin");
    }
    send("/setup", &first, &server.url).expect(204);
    send("/session", &login, "https://evil.example").expect(403);
    send("/session", &login, &server.url).expect(204);
}

#[test]
fn no_page_of_another_name_reads_what_this_machine_reaches() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let get = |server: &Server, path: &str, host: &str, more: &str| {
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n{more}connection: close\r\n\r\n");
        raw(server, &request)
    };
    for path in [
        "/",
        "/setup",
        "/metrics",
        "/api/v1/openapi.json",
        "/api/v1/me",
    ] {
        for host in ["evil.example", "127.0.0.1.evil.example:8080"] {
            let answer = get(&server, path, host, "");
            assert!(answer.starts_with("HTTP/1.1 421"), "{path}: {answer}");
            assert!(answer.contains("--public-url"), "{answer}");
            // What a page adds makes it no proxy.
            let answer = get(&server, path, host, "x-forwarded-for: 127.0.0.1\r\n");
            assert!(answer.starts_with("HTTP/1.1 421"), "{path}: {answer}");
        }
    }
    for host in [
        "localhost:8080",
        "desk.localhost",
        "[::1]:8080",
        "192.168.1.5",
        "pi.local",
    ] {
        let answer = get(&server, "/api/v1/openapi.json", host, "");
        assert!(answer.starts_with("HTTP/1.1 200"), "{host}: {answer}");
    }
    // An alert is taken by whatever name it comes, as through a proxy nobody told of.
    let alert = webhook.alert(&json!({})).to_string();
    let alert = request("POST", &format!("/hooks/{}", webhook.id), &alert);
    let answer = raw(&server, &alert.replace(HOST, "alerts.example.com"));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let public = ["--public-url", "https://hooks.example.com"];
    let proxied = [&public[..], &["--trusted-proxy", "127.0.0.1/32"]].concat();
    // A browser on the proxy's machine can say what the proxy says.
    let of_proxy = "x-forwarded-for: 203.0.113.9\r\n";
    for arguments in [&public[..], &proxied] {
        let server = Server::start_with(arguments);
        for more in ["", of_proxy] {
            let answer = get(&server, "/", "hooks.example.com", more);
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            for path in ["/", "/metrics", "/api/v1/me"] {
                let answer = get(&server, path, "evil.example", more);
                assert!(answer.starts_with("HTTP/1.1 421"), "{path}: {answer}");
            }
        }
    }
}

#[test]
fn the_metrics_go_through_no_proxy() {
    for arguments in [&["--trusted-proxy", "127.0.0.1/32"][..], &[]] {
        let server = Server::start_with(arguments);
        server.get("/metrics").expect(200);
        for header in ["x-forwarded-for: 203.0.113.9", "via: 1.1 proxy"] {
            let request = format!(
                "GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\n{header}\r\nconnection: close\r\n\r\n"
            );
            let answer = raw(&server, &request);
            assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        }
    }
}

#[test]
fn nobody_chooses_the_owners_session() {
    let server = Server::start();
    log_in(&server);
    let chosen = format!("algohook_session={}", "A".repeat(40));
    let answer = try_password(&server, PASSWORD, &[("cookie", &chosen)]).expect(204);
    assert!(!answer.header("set-cookie").contains(&chosen));
    server
        .request("GET", "/me", &[("cookie", &chosen)], None)
        .expect(401);
}

#[test]
fn nobody_guesses_the_password_for_long() {
    let server = Server::start();
    log_in(&server);
    let begun = Instant::now();
    let mut failed = begun;
    let mut refused = 0;
    for _ in 0..5 {
        try_password(&server, "a wrong password", &[]).expect(401);
    }
    // The waits that follow are counted from the last failure: at once there is no next try.
    while begun.elapsed() < PATIENCE && refused == 0 {
        let sent = Instant::now();
        let answer = try_password(&server, "a wrong password", &[]);
        if answer.status == 401 {
            failed = sent;
        }
        if answer.status == 429 {
            refused += 1;
            assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1);
        }
    }
    assert_eq!(refused, 1);
    // Not even the right one is taken before its time, or waiting would be pointless.
    let answer = try_password(&server, PASSWORD, &[]);
    let is_over = failed.elapsed() >= Duration::from_secs(1);
    assert!(answer.status == 429 || is_over, "{answer:?}");
    // Whoever is logged in is not kept out, nor any token.
    let token = server.data.create_token();
    server.api(&token, "GET", "/me", None).expect(200);
}

#[test]
fn no_number_of_logins_takes_more_memory_than_one() {
    let server = Server::start();
    log_in(&server);
    let before = server.memory("VmRSS");
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| try_password(&server, PASSWORD, &[]).expect(204));
        }
    });
    // One takes 19 MiB while it is checked, and gives them back.
    let (after, most) = (server.memory("VmRSS"), server.memory("VmHWM"));
    assert!(after < before + 12, "{before} {after}");
    assert!(most < before + 35, "{before} {most}");
}

#[test]
fn nobody_without_the_set_up_link_has_a_password_hashed() {
    let server = Server::start();
    std::thread::scope(|scope| {
        for number in 0..50 {
            let body = json!({ "token": format!("wrong{number}"), "password": PASSWORD });
            let server = &server;
            scope.spawn(move || {
                server
                    .request("POST", "/setup", &[], Some(body))
                    .expect(409);
            });
        }
    });
    let hashes = || {
        let metrics = server.get("/metrics").expect(200).text;
        let mut lines = metrics.lines();
        let count = lines.find_map(|line| line.strip_prefix("algohook_password_hashes_total "));
        count.unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(hashes(), 0);
    log_in(&server);
    assert_eq!(hashes(), 1);
}

#[test]
fn a_token_taken_back_is_worth_nothing_at_once() {
    let server = Server::start();
    let made = server.data.json(&["token", "create", "x", "--json"]);
    let token = made["token"].as_str().unwrap();
    server.api(token, "GET", "/me", None).expect(200);
    server
        .data
        .text(&["token", "revoke", made["id"].as_str().unwrap()]);
    server.api(token, "GET", "/me", None).expect(401);
}

#[test]
fn a_session_taken_back_hears_of_no_further_event() {
    let server = Server::start();
    let webhook = server.create_webhook("My Strategy");
    let token = server.data.create_token();
    let session = log_in(&server);
    let mut stream = server.connect();
    write!(
        stream,
        "GET /api/v1/stream?after=evt_0 HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncookie: {session}\r\n\r\n"
    )
    .unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "HTTP/1.1 200 OK");
    let mut told = |id: &str| lines.any(|line| line == format!("id: {id}"));
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    assert!(told("evt_1"));

    let listed = server.api(&token, "GET", "/sessions", None).json();
    let id = listed["items"][0]["id"].as_str().unwrap().to_owned();
    server
        .api(&token, "DELETE", &format!("/sessions/{id}"), None)
        .expect(204);
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    // The stream ends instead, long before the next sign of life.
    assert!(!told("evt_2"));
}

#[test]
fn a_changed_password_ends_every_session() {
    let server = Server::start();
    let session = log_in(&server);
    let body = json!({ "current": PASSWORD, "new": "another long password" });
    let headers = [
        ("cookie", session.as_str()),
        ("origin", server.url.as_str()),
    ];
    server
        .request("POST", "/password", &headers, Some(body))
        .expect(204);
    server
        .request("GET", "/me", &[("cookie", &session)], None)
        .expect(401);
    try_password(&server, PASSWORD, &[]).expect(401);
    try_password(&server, "another long password", &[]).expect(204);
}

#[test]
fn no_secret_is_in_the_log_and_no_login_in_a_backup() {
    let server = Server::start_with(&["--log-level", "debug"]);
    let webhook = server.create_webhook("Strategy");
    let session = log_in(&server);
    let token = server.data.create_token();
    server.api(&token, "GET", "/webhooks", None).expect(200);
    try_password(&server, "a very wrong password", &[]).expect(401);
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    let wrong = webhook.alert(&json!({ "auth_key": "Z".repeat(32) }));
    server.deliver(&webhook, &wrong).expect(401);
    server.post(
        &webhook.id,
        &format!("{{ \"auth_key\": \"{}\", oops", webhook.key),
    );
    let backup = server.data.path.with_extension("backup");
    server.data.text(&["backup", backup.to_str().unwrap()]);
    let log = server.log();
    let secrets = [
        session.split_once('=').unwrap().1,
        &token,
        PASSWORD,
        "a very wrong password",
    ];
    let kept = std::fs::read(&backup).unwrap();
    let kept = String::from_utf8_lossy(&kept);
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} is in the log");
        assert!(!kept.contains(secret), "{secret} is in the backup");
    }
    for key in [webhook.key.as_str(), &"Z".repeat(32)] {
        assert!(!log.contains(key), "{key} is in the log");
    }
    for event in server.data.events() {
        assert!(!event.to_string().contains(&webhook.key), "{event}");
    }
}

#[test]
fn the_public_listener_answers_alerts_and_nothing_else() {
    let secured = Secured::start();
    let webhook = secured.server.create_webhook("Strategy");
    let session = log_in(&secured.server);
    for path in [
        "/",
        "/metrics",
        "/healthz",
        "/setup",
        "/api/v1/webhooks",
        "/api/v1/session",
        "/api/v1/stream",
    ] {
        for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "TRACE"] {
            let request = support::tls::request(method, path, "{}").replace(
                "connection: close",
                &format!("connection: close\r\ncookie: {session}"),
            );
            let answer = secured
                .client()
                .exchange(secured.server.https_address(), &request)
                .unwrap();
            assert!(
                answer.starts_with("HTTP/1.1 404"),
                "{method} {path}: {answer}"
            );
        }
    }
    for method in ["GET", "PUT", "DELETE", "OPTIONS", "TRACE"] {
        let answer = secured.exchange(method, &format!("/hooks/{}", webhook.id), "");
        assert!(answer.starts_with("HTTP/1.1 405"), "{method}: {answer}");
    }
}

#[test]
fn a_request_without_a_login_learns_nothing() {
    let server = Server::start();
    let document = server.get("/api/v1/openapi.json").expect(200).json();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let is_open = ["/setup", "/openapi.json"].contains(&path.as_str())
                || (path == "/session" && method == "post");
            if !is_open {
                let path = path.replace("{id}", "1");
                let method = method.to_uppercase();
                server
                    .request(&method, &path, &[], Some(json!({})))
                    .expect(401);
            }
        }
    }
}

#[test]
fn the_time_of_an_answer_tells_nothing_of_the_key() {
    let server = Server::start_with(&["--rate-limit", "1000000"]);
    let webhook = server.create_webhook("Strategy");
    let almost = format!("{}!", &webhook.key[..webhook.key.len() - 1]);
    let far = "!".repeat(webhook.key.len());
    let (mut of_almost, mut of_far) = (Vec::new(), Vec::new());
    for _ in 0..400 {
        of_almost.push(time_of(&server, &webhook, &almost));
        of_far.push(time_of(&server, &webhook, &far));
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64()
    };
    let ratio = median(&mut of_almost) / median(&mut of_far);
    assert!((0.8..1.25).contains(&ratio), "{ratio}");
}

fn time_of(server: &Server, webhook: &Webhook, key: &str) -> Duration {
    let alert: Value = webhook.alert(&json!({ "auth_key": key }));
    let begun = Instant::now();
    server.deliver(webhook, &alert).expect(401);
    begun.elapsed()
}

#[test]
fn a_directory_that_was_there_is_left_as_it_is_and_said_to_be_open() {
    use std::os::unix::fs::PermissionsExt;
    let data = DataDir::new();
    std::fs::create_dir(&data.path).unwrap();
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&data.path, open).unwrap();
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let server = Server::with(data, &[]);
    assert_eq!(mode(&server.data.path), 0o755);
    assert_eq!(mode(&server.data.database()), 0o600);
    assert!(server.log().contains("chmod 700"), "{}", server.log());
}

#[test]
fn what_is_kept_is_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start();
    let data: &DataDir = &server.data;
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data.path), 0o700);
    for file in std::fs::read_dir(&data.path).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}
