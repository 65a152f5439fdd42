//! The server as a process: connections, timeouts, proxies, start and stop.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::{self, DataDir, PATIENCE, Server, algohook, read_to_end};
use serde_json::{Value, json};

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let server = Server::start();
    let error = server.data.error(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(
        error.contains("another algohook server runs") && error.contains(&server.url),
        "{error}"
    );
    let data = server.kill();
    // What is left of a killed server keeps nobody out.
    Server::with(data, &[]);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let server = Server::start();
    let taken = server.address().to_string();
    let error = DataDir::new().error(&["serve", "--listen", &taken]);
    assert!(
        error.contains(&taken) && error.contains("--listen"),
        "{error}"
    );
}

#[test]
fn health_and_metrics_need_no_login() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    assert_eq!(server.get("/healthz").expect(200).text, "ok\n");
    let metrics = server.get("/metrics").expect(200).text;
    assert!(
        metrics.contains("algohook_deliveries_total{outcome=\"processed\"} 1"),
        "{metrics}"
    );
    assert!(
        metrics.contains("algohook_delivery_seconds_bucket"),
        "{metrics}"
    );
    assert!(metrics.contains("algohook_open_connections 1"), "{metrics}");
    let nothing = server.get("/nothing.html").expect(404).text;
    assert!(nothing.contains("/api/v1"), "{nothing}");
}

#[test]
fn a_client_that_dribbles_its_headers_is_cut_off() {
    let server = Server::start_with(&["--header-timeout", "1"]);
    let mut stream = server.connect();
    let begun = Instant::now();
    let mut is_cut = false;
    while begun.elapsed() < PATIENCE && !is_cut {
        is_cut = stream.write_all(b"X").is_err() || is_closed(&stream);
    }
    assert!(is_cut);
}

/// Whether the other side has closed the connection, found out without waiting long.
fn is_closed(mut stream: &TcpStream) -> bool {
    stream
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    match stream.read(&mut [0; 512]) {
        Ok(0) => true,
        Ok(_) => false,
        Err(error) => !matches!(
            error.kind(),
            std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
        ),
    }
}

#[test]
fn a_client_that_dribbles_its_body_is_cut_off() {
    let server = Server::start_with(&["--body-timeout", "1"]);
    let webhook = server.create_webhook("Strategy");
    let mut stream = server.connect();
    write!(
        stream,
        "POST /hooks/{} HTTP/1.1\r\nhost: x\r\ncontent-length: 20000\r\n\r\n",
        webhook.id
    )
    .unwrap();
    let begun = Instant::now();
    let mut is_cut = false;
    while begun.elapsed() < PATIENCE && !is_cut {
        is_cut = stream.write_all(b" ").is_err() || is_closed(&stream);
    }
    assert!(is_cut);
    assert!(server.data.events().is_empty());
}

#[test]
fn an_idle_connection_is_closed_and_a_busy_one_kept() {
    let server = Server::start_with(&["--header-timeout", "1"]);
    let webhook = server.create_webhook("Strategy");
    let body = webhook.alert(&json!({})).to_string();
    let stream = server.connect();
    for _ in 0..3 {
        let answer = exchange(&stream, &webhook.id, &body);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let rest = read_to_end(&stream);
    assert_eq!(rest, "");
}

/// One request on an open connection.
fn exchange(mut stream: &TcpStream, id: &str, body: &str) -> String {
    write!(
        stream,
        "POST /hooks/{id} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).unwrap();
        answer.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&answer);
        let is_whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            length.is_some_and(|length| body.len() == length.parse::<usize>().unwrap())
        });
        if is_whole || read == 0 {
            return text.into_owned();
        }
    }
}

#[test]
fn further_connections_wait_while_all_places_are_taken() {
    let server = Server::start_with(&["--max-connections", "2"]);
    let first = server.connect();
    let second = server.connect();
    assert!(exchange(&first, "wh_x", "{}").starts_with("HTTP/1.1 404"));
    assert!(exchange(&second, "wh_x", "{}").starts_with("HTTP/1.1 404"));
    let mut third = server.connect();
    write!(
        third,
        "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    third
        .set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    assert!(
        third.read(&mut [0; 16]).is_err(),
        "answered while no place was free"
    );
    drop(first);
    third.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(read_to_end(&third).starts_with("HTTP/1.1 200"));
}

#[test]
fn headers_have_a_limit() {
    let server = Server::start();
    let mut stream = server.connect();
    let large = "x".repeat(20_000);
    let _ = write!(
        stream,
        "GET /healthz HTTP/1.1\r\nhost: x\r\nx-large: {large}\r\n\r\n"
    );
    let answer = read_to_end(&stream);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
        "{answer}"
    );
    server.get("/healthz").expect(200);
}

#[test]
fn http2_without_tls_is_spoken_only_when_asked_for() {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    const SETTINGS: u8 = 4;
    let first_frame = |server: &Server| {
        let mut stream = server.connect();
        stream.write_all(PREFACE).unwrap();
        let mut frame = [0; 9];
        stream.read_exact(&mut frame).map(|()| frame[3])
    };
    let with = Server::start_with(&["--http2"]);
    assert_eq!(first_frame(&with).unwrap(), SETTINGS);
    with.get("/healthz").expect(200);
    let without = Server::start();
    assert_ne!(first_frame(&without).ok(), Some(SETTINGS));
}

#[test]
fn the_address_of_the_sender_is_believed_from_a_trusted_proxy_only() {
    let address = |arguments: &[&str]| {
        let server = Server::start_with(arguments);
        let webhook = server.create_webhook("Strategy");
        let body = webhook.alert(&json!({})).to_string();
        let mut stream = server.connect();
        write!(
            stream,
            "POST /hooks/{} HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 6.6.6.6, 203.0.113.9\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            webhook.id,
            body.len()
        )
        .unwrap();
        assert!(read_to_end(&stream).starts_with("HTTP/1.1 200"));
        server.data.events()[0]["sourceAddress"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(address(&[]), "127.0.0.1");
    assert_eq!(address(&["--trusted-proxy", "10.0.0.0/8"]), "127.0.0.1");
    for proxy in ["127.0.0.0/8", "127.0.0.1"] {
        assert_eq!(address(&["--trusted-proxy", proxy]), "203.0.113.9");
    }
}

#[test]
fn listening_for_others_without_encryption_is_said_loudly_and_once() {
    let warnings = |arguments: &[&str]| {
        let data = DataDir::new();
        let mut child = data
            .command(&["serve"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // How to get a new link is the last that a first start says.
        let announced: Vec<String> = lines
            .map(Result::unwrap)
            .take_while(|line| !line.starts_with("A new link"))
            .collect();
        child.kill().unwrap();
        let log = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
        let said = announced.join("\n") + &log;
        // In a container, where only the host knows who reaches it, in small letters.
        said.to_lowercase().matches("without encryption").count()
    };
    assert_eq!(warnings(&["--listen", "0.0.0.0:0"]), 1);
    assert_eq!(warnings(&["--listen", "127.0.0.1:0"]), 0);
    let behind_proxy = ["--listen", "0.0.0.0:0", "--trusted-proxy", "10.0.0.0/8"];
    assert_eq!(warnings(&behind_proxy), 0);
    // Past a proxy on this machine others come as well.
    let beside_proxy = ["--listen", "0.0.0.0:0", "--trusted-proxy", "127.0.0.1/32"];
    assert_eq!(warnings(&beside_proxy), 1);
}

#[test]
fn logs_can_be_json_and_have_no_secrets() {
    let server = Server::start_with(&["--log-format", "json", "--log-level", "debug"]);
    let webhook = server.create_webhook("Strategy");
    let token = server.data.create_token();
    server.api(&token, "GET", "/webhooks", None).expect(200);
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    let secret = server.setup_link.clone().unwrap();
    let data = server.stop();
    let log = std::fs::read_to_string(format!("{}.log", data.path.display())).unwrap();
    for line in log.lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        assert!(entry["level"].is_string(), "{line}");
    }
    for secret in [&webhook.key, &token, secret.split_once('#').unwrap().1] {
        assert!(!log.contains(secret));
    }
}

#[test]
fn what_was_accepted_is_answered_before_the_server_stops() {
    let mut server = Server::start_with(&["--rate-limit", "1000000"]);
    let webhook = server.create_webhook("Strategy");
    let stopping = AtomicBool::new(false);
    let acknowledged: usize = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| send_until_closed(&server, &webhook, &stopping)))
            .collect();
        support::wait_until("there is load", || server.data.events().len() > 200);
        stopping.store(true, Ordering::SeqCst);
        server.signal("TERM");
        senders
            .into_iter()
            .map(|sender| sender.join().unwrap())
            .sum()
    });
    assert!(server.wait().success());
    let log = server.log();
    assert!(
        log.contains("stopped") && !log.contains("still open"),
        "{log}"
    );
    // Every request that was taken got its answer: as many orders as answers.
    let check = rusqlite::Connection::open(server.data.database()).unwrap();
    let kept: u32 = check
        .query_row(
            "SELECT count(*) FROM events WHERE status = 'processed'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(kept as usize, acknowledged);
}

/// Sends alerts one after the other until the server stops; how many got a 200.
fn send_until_closed(server: &Server, webhook: &support::Webhook, stopping: &AtomicBool) -> usize {
    let body = webhook.alert(&json!({})).to_string();
    let url = format!("{}/hooks/{}", server.url, webhook.id);
    let agent = support::agent();
    let mut acknowledged = 0;
    loop {
        match agent.post(&url).send(&body) {
            Ok(answer) => {
                assert_eq!(answer.status(), 200);
                acknowledged += 1;
            }
            Err(error) => {
                assert!(
                    stopping.load(Ordering::SeqCst),
                    "failed before the stop: {error}"
                );
                return acknowledged;
            }
        }
    }
}

#[test]
fn ctrl_c_stops_the_server_too() {
    let mut server = Server::start();
    server.signal("INT");
    assert!(server.wait().success());
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let data = DataDir::new();
    data.create_webhook("Strategy");
    let database = rusqlite::Connection::open(data.database()).unwrap();
    database.pragma_update(None, "user_version", 999).unwrap();
    drop(database);
    let before = std::fs::read(data.database()).unwrap();
    for arguments in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["webhook", "list"],
    ] {
        let error = data.error(arguments);
        assert!(
            error.contains("version 999") && error.contains("newer algohook"),
            "{error}"
        );
    }
    assert_eq!(std::fs::read(data.database()).unwrap(), before);
}

#[test]
fn a_database_of_the_first_version_is_brought_to_the_newest_with_all_that_is_in_it() {
    let data = DataDir::new();
    std::fs::create_dir_all(&data.path).unwrap();
    let database = rusqlite::Connection::open(data.database()).unwrap();
    database
        .execute_batch(include_str!("../fixtures/schema/version-1.sql"))
        .unwrap();
    drop(database);
    let server = Server::with(data, &[]);
    let events = server.data.events();
    assert_eq!(events.len(), 2);
    assert_eq!(events[1]["order"], "ord_2");
    assert_eq!(server.data.orders()[0]["qty"], "2");
    let webhook = support::Webhook {
        id: "wh_AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        key: "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB".to_owned(),
    };
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
}

#[test]
fn the_version_is_told() {
    let output = algohook().arg("--version").output().unwrap();
    let expected = format!("algohook {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}
