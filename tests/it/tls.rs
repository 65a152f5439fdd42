//! HTTPS with a certificate of one's own, and what each listener answers.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use crate::support::tls::{Authority, HOST, Secured, TlsStream, request, serial_of, text};
use crate::support::{DataDir, Server, read_to_end, wait_until};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tempfile::TempDir;

#[test]
fn an_alert_over_https_is_taken_with_tls_1_2_and_1_3() {
    let secured = Secured::start();
    let webhook = secured.server.create_webhook("Strategy");
    let alert = webhook.alert(&json!({})).to_string();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut client = secured.client();
        client.versions = vec![version];
        let request = request("POST", &format!("/hooks/{}", webhook.id), &alert);
        let answer = client
            .exchange(secured.server.https_address(), &request)
            .unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("strict-transport-security: max-age=31536000"));
    }
    assert_eq!(secured.server.data.orders().len(), 2);
    let shown = secured
        .server
        .data
        .json(&["webhook", "show", &webhook.id, "--json"]);
    assert_eq!(shown["url"], format!("https://{HOST}/hooks/{}", webhook.id));
}

#[test]
fn http_2_is_agreed_on_and_spoken() {
    let secured = Secured::start();
    let webhook = secured.server.create_webhook("Strategy");
    let alert = webhook.alert(&json!({})).to_string();
    let mut client = secured.client();
    client.alpn = vec![b"h2", b"http/1.1"];
    let (config, address) = (client.config(), secured.server.https_address());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let status = runtime.block_on(async {
        let tcp = tokio::net::TcpStream::connect(address).await.unwrap();
        let name = rustls::pki_types::ServerName::try_from(HOST).unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let stream = connector.connect(name, tcp).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let io = TokioIo::new(stream);
        let builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
        let (mut sender, connection) = builder.handshake(io).await.unwrap();
        tokio::spawn(connection);
        let request = hyper::Request::post(format!("https://{HOST}/hooks/{}", webhook.id))
            .body(Full::new(Bytes::from(alert)))
            .unwrap();
        let response = sender.send_request(request).await.unwrap();
        let status = response.status();
        response.collect().await.unwrap();
        status
    });
    assert_eq!(status, 200);
}

#[test]
fn an_idle_http_2_connection_is_closed() {
    let secured = Secured::with(&["--header-timeout", "1"]);
    let mut client = secured.client();
    client.alpn = vec![b"h2"];
    let mut stream = client.connect(secured.server.https_address()).unwrap();
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .unwrap();
    // Ends, though this client answers no ping and sends no request.
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    assert!(!rest.is_empty());
}

#[test]
fn the_public_listener_answers_hooks_and_nothing_else() {
    let secured = Secured::start();
    for path in [
        "/",
        "/healthz",
        "/metrics",
        "/setup",
        "/api/v1/openapi.json",
        "/api/v1/me",
        "/hooks",
    ] {
        let answer = secured.exchange("GET", path, "");
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        assert!(
            !answer.contains("algohook") && !answer.contains("api"),
            "{answer}"
        );
    }
    secured.server.get("/metrics").expect(200);
}

#[test]
fn the_page_and_the_api_are_public_only_when_asked_for_and_the_metrics_never() {
    let secured = Secured::with(&["--public-ui"]);
    let answer = secured.exchange("GET", "/api/v1/openapi.json", "");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = secured.exchange("GET", "/api/v1/webhooks", "");
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let answer = secured.exchange("GET", "/metrics", "");
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

#[test]
fn a_changed_certificate_is_taken_up_and_no_connection_dropped() {
    let secured = Secured::start();
    let webhook = secured.server.create_webhook("Strategy");
    let alert = webhook.alert(&json!({})).to_string();
    let mut open = secured
        .client()
        .connect(secured.server.https_address())
        .unwrap();
    assert_eq!(serial_of(&open), 1);
    send(&mut open, &webhook.id, &alert);
    secured.authority.for_host(2).write_to(secured.files.path());
    wait_until("the new certificate is shown", || secured.serial() == 2);
    send(&mut open, &webhook.id, &alert);
    assert_eq!(secured.server.data.orders().len(), 2);
}

/// Sends an alert on an open connection and reads the answer.
fn send(stream: &mut TlsStream, id: &str, alert: &str) {
    write!(
        stream,
        "POST /hooks/{id} HTTP/1.1\r\nhost: {HOST}\r\ncontent-length: {}\r\n\r\n{alert}",
        alert.len()
    )
    .unwrap();
    let mut answer = String::new();
    let mut buffer = [0; 4096];
    while !answer.ends_with('}') {
        let read = stream.read(&mut buffer).unwrap();
        assert_ne!(read, 0, "{answer}");
        answer.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_changed_certificate_that_is_unusable_changes_nothing() {
    let secured = Secured::start();
    std::fs::write(secured.files.path().join("cert.pem"), "nonsense").unwrap();
    wait_until("the server has seen it", || {
        secured.server.log().contains("the one before is kept")
    });
    assert_eq!(secured.serial(), 1);
}

#[test]
fn a_key_of_another_certificate_is_refused_at_the_start() {
    let (authority, files) = (Authority::new("Test authority"), TempDir::new().unwrap());
    let (_, key) = authority.for_host(1).write_to(files.path());
    let other = TempDir::new().unwrap();
    let (certificate, _) = authority.for_host(2).write_to(other.path());
    let error = DataDir::new().error(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--public-listen",
        "127.0.0.1:0",
        "--tls-cert",
        text(&certificate),
        "--tls-key",
        text(&key),
    ]);
    assert!(error.contains("does not fit the certificate"), "{error}");
    assert!(error.contains(text(&key)), "{error}");
}

#[test]
fn plain_http_redirects_and_takes_no_alert() {
    let secured = Secured::with(&["--http-listen", "127.0.0.1:0"]);
    let webhook = secured.server.create_webhook("Strategy");
    let answer = over_http(&secured.server, "GET", "/a?b=c", "");
    assert!(answer.starts_with("HTTP/1.1 308"), "{answer}");
    assert!(
        answer.contains(&format!("location: https://{HOST}/a?b=c\r\n")),
        "{answer}"
    );
    let alert = webhook.alert(&json!({})).to_string();
    let answer = over_http(
        &secured.server,
        "POST",
        &format!("/hooks/{}", webhook.id),
        &alert,
    );
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(
        answer.contains("https://") && !answer.contains("location:"),
        "{answer}"
    );
    assert!(secured.server.data.events().is_empty());
}

#[test]
fn plain_http_takes_alerts_only_when_told_to_and_warns() {
    let secured = Secured::with(&["--http-listen", "127.0.0.1:0", "--allow-http-hooks"]);
    let webhook = secured.server.create_webhook("Strategy");
    let alert = webhook.alert(&json!({})).to_string();
    let answer = over_http(
        &secured.server,
        "POST",
        &format!("/hooks/{}", webhook.id),
        &alert,
    );
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let log = secured.server.log();
    assert!(log.contains("WITHOUT ENCRYPTION"), "{log}");
}

/// One request to the listener for plain HTTP; its `Host` is not ours.
fn over_http(server: &Server, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(server.http_address()).unwrap();
    let request = request(method, path, body).replace(HOST, "evil.example");
    stream.write_all(request.as_bytes()).unwrap();
    read_to_end(&stream)
}

#[test]
fn one_who_never_shakes_hands_is_cut_off() {
    let secured = Secured::with(&["--header-timeout", "1"]);
    let stream = TcpStream::connect(secured.server.https_address()).unwrap();
    assert_eq!(read_to_end(&stream), "");
}

#[test]
fn settings_that_do_not_fit_together_are_named() {
    let data = DataDir::new();
    let error = data.error(&["serve", "--public-ui"]);
    assert!(error.contains("public-ui needs HTTPS"), "{error}");
    let error = data.error(&["serve", "--allow-http-hooks"]);
    assert!(error.contains("http-listen"), "{error}");
}
