//! Answers of the API as they go over the wire.

use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use ureq::http::HeaderMap;

use crate::support::{Server, Webhook, agent};

/// A server with enough trades for large answers.
struct Desk {
    server: Server,
    webhook: Webhook,
    token: String,
}

/// What came: status, headers, and the bytes as they were sent.
struct Sent {
    status: u16,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Sent {
    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    fn unpacked(&self) -> String {
        assert_eq!(self.header("content-encoding"), "gzip");
        let mut text = String::new();
        let mut decoder = GzDecoder::new(self.bytes.as_slice());
        decoder.read_to_string(&mut text).unwrap();
        text
    }

    fn plain(&self) -> &str {
        assert_eq!(self.header("content-encoding"), "");
        std::str::from_utf8(&self.bytes).unwrap()
    }
}

impl Desk {
    fn new() -> Self {
        let server = Server::start();
        let webhook = server.create_webhook("Strategy");
        let token = server.data.create_token();
        for direction in ["entryLong", "exitLong"].repeat(10) {
            let alert = webhook.alert(&json!({ "positionDirection": direction }));
            server.deliver(&webhook, &alert).expect(200);
        }
        Self {
            server,
            webhook,
            token,
        }
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Sent {
        let url = format!("{}/api/v1{path}", self.server.url);
        let mut request = match method {
            "HEAD" => agent().head(url),
            _ => agent().get(url),
        };
        let login = format!("Bearer {}", self.token);
        request = request.header("authorization", login);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = request.call().unwrap();
        Sent {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            bytes: answer.body_mut().read_to_vec().unwrap(),
        }
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> Sent {
        let sent = self.send("GET", path, headers);
        assert_eq!(sent.status, 200, "{path}");
        sent
    }
}

const BROWSER: (&str, &str) = ("accept-encoding", "gzip, deflate, br, zstd");

#[test]
fn a_large_answer_is_compressed_for_who_takes_gzip_and_the_same_for_others() {
    let desk = Desk::new();
    for path in [
        "/trades",
        "/orders",
        "/performance?timeZone=UTC",
        "/export/trades.csv",
        "/export/orders.csv",
        "/openapi.json",
    ] {
        let plain = desk.get(path, &[]);
        let packed = desk.get(path, &[BROWSER]);
        assert_eq!(packed.unpacked(), plain.plain(), "{path}");
        assert!(packed.bytes.len() * 3 < plain.bytes.len(), "{path}");
        for sent in [&plain, &packed] {
            assert_eq!(sent.header("vary"), "accept-encoding", "{path}");
            assert_eq!(sent.header("cache-control"), "no-store", "{path}");
            let is_whole = sent.header("transfer-encoding").is_empty();
            let length = sent.bytes.len().to_string();
            let stated = if is_whole { length.as_str() } else { "" };
            assert_eq!(sent.header("content-length"), stated, "{path}");
        }
        for taken in ["identity", "br", "gzip;q=0, *"] {
            let sent = desk.get(path, &[("accept-encoding", taken)]);
            assert_eq!(sent.plain(), plain.plain(), "{path}: {taken}");
        }
    }
}

#[test]
fn head_says_of_a_compressed_answer_what_get_says() {
    let desk = Desk::new();
    for path in ["/trades", "/tags", "/export/trades.csv"] {
        let (head, get) = (
            desk.send("HEAD", path, &[BROWSER]),
            desk.get(path, &[BROWSER]),
        );
        assert!(head.bytes.is_empty());
        assert_eq!(head.status, 200);
        for name in ["content-type", "content-length", "content-encoding", "vary"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
    }
}

#[test]
fn a_small_answer_goes_as_it_is() {
    let desk = Desk::new();
    let sent = desk.get("/tags", &[BROWSER]);
    assert_eq!(sent.plain(), r#"{"items":[],"nextCursor":null}"#);
    assert_eq!(sent.header("vary"), "accept-encoding");
}

#[test]
fn an_answer_with_keys_or_messages_tells_nothing_by_its_length() {
    let desk = Desk::new();
    let one = format!("/webhooks/{}", desk.webhook.id);
    for path in [
        "/webhooks",
        &one,
        "/events",
        "/events/evt_1",
        "/export/events.csv",
    ] {
        let sent = desk.get(path, &[BROWSER]);
        assert!(sent.bytes.len() > 1024, "{path}");
        assert!(sent.plain().contains("Strategy") || sent.plain().contains("AAPL"));
    }
    // Nor does any answer, to a page of somebody else.
    for site in ["cross-site", "same-site"] {
        desk.get("/trades", &[BROWSER, ("sec-fetch-site", site)])
            .plain();
    }
    desk.get("/trades", &[BROWSER, ("sec-fetch-site", "same-origin")])
        .unpacked();
}

#[test]
fn the_stream_is_not_compressed_so_that_no_event_waits() {
    let desk = Desk::new();
    let url = format!("{}/api/v1/stream", desk.server.url);
    let login = format!("Bearer {}", desk.token);
    let request = agent().get(url).header("authorization", login);
    let mut answer = request.header(BROWSER.0, BROWSER.1).call().unwrap();
    assert!(!answer.headers().contains_key("content-encoding"));
    let mut first = [0; 7];
    let mut body = answer.body_mut().as_reader();
    body.read_exact(&mut first).unwrap();
    assert_eq!(&first, b": hello");
}

#[test]
fn a_refusal_is_read_without_unpacking() {
    let desk = Desk::new();
    let sent = desk.send("GET", "/trades?limit=0", &[BROWSER]);
    assert_eq!(sent.status, 400);
    let problem: Value = serde_json::from_str(sent.plain()).unwrap();
    assert_eq!(problem["code"], "invalid_query");
}
