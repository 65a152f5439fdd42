//! Strangers who hold connections: they keep no alert out, and no server from stopping.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::support::tls::{Secured, TlsStream, request};
use crate::support::{self, DataDir, PATIENCE, Server, Webhook, read_to_end, wait_until};
use serde_json::json;

/// Requests whose answers fill every buffer when nobody reads them.
const PIPELINED: usize = 40_000;

/// The beginning of a `ClientHello` whose rest never comes.
const HALF_A_HANDSHAKE: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";

/// A connection from an address of this machine, with a receive buffer as small as may be.
fn connect_from(from: [u8; 4], to: SocketAddr) -> std::io::Result<TcpStream> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(2304)?;
        socket.bind((IpAddr::from(from), 0).into())?;
        socket.connect(to).await
    })?;
    let stream = stream.into_std()?;
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    let head = [0, 0, length, kind, flags, 0, 0, 0, stream];
    [&head, payload].concat()
}

/// An HTTP/2 connection that opens a window of no bytes, and asks for something.
fn zero_window() -> Vec<u8> {
    let settings = frame(0x4, 0, 0, b"\x00\x04\x00\x00\x00\x00");
    let acknowledged = frame(0x4, 0x1, 0, b"");
    let asked = frame(0x1, 0x5, 1, b"\x82\x87\x04\x08/hooks/x\x41\x09localhost");
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    [preface, settings, acknowledged, asked].concat()
}

fn secure(secured: &Secured, tcp: TcpStream, alpn: &'static [u8]) -> std::io::Result<TlsStream> {
    let mut client = secured.client();
    client.alpn = vec![alpn];
    client.secure(tcp)
}

/// Asks again and again and reads nothing, until the other side takes no more.
fn ask_without_reading(stream: &mut impl Write, tcp: &TcpStream) {
    tcp.set_write_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    let asked = "GET /hooks/x HTTP/1.1\r\nhost: x\r\n\r\n".repeat(200);
    for _ in 0..PIPELINED / 200 {
        if stream.write_all(asked.as_bytes()).is_err() {
            return;
        }
    }
}

/// Connections of the server, without the one that asks.
fn open_connections(server: &Server) -> usize {
    let metrics = server.get("/metrics").expect(200).text;
    let mut lines = metrics.lines();
    let line = lines.find_map(|line| line.strip_prefix("algohook_open_connections "));
    line.unwrap().parse::<usize>().unwrap() - 1
}

/// One way to hold a connection.
#[derive(Debug, Clone, Copy)]
enum Hold {
    Silence,
    HalfAHandshake,
    SlowHeaders,
    SlowBody,
    UnreadAnswers,
    ZeroWindow,
}

const HOLDS: [Hold; 6] = [
    Hold::Silence,
    Hold::HalfAHandshake,
    Hold::SlowHeaders,
    Hold::SlowBody,
    Hold::UnreadAnswers,
    Hold::ZeroWindow,
];

/// A connection that is held, whatever it is made of.
type Held = Box<dyn std::any::Any>;

fn hold(secured: &Secured, how: Hold, from: [u8; 4], webhook: &Webhook) -> std::io::Result<Held> {
    let mut tcp = connect_from(from, secured.server.https_address())?;
    let h1 = |tcp| secure(secured, tcp, b"http/1.1");
    Ok(match how {
        Hold::Silence => Box::new(tcp),
        Hold::HalfAHandshake => {
            tcp.write_all(HALF_A_HANDSHAKE)?;
            Box::new(tcp)
        }
        Hold::SlowHeaders => {
            let mut stream = h1(tcp)?;
            stream.write_all(b"POST /hooks/x HTTP/1.1\r\n")?;
            Box::new(stream)
        }
        Hold::SlowBody => {
            let mut stream = h1(tcp)?;
            let id = &webhook.id;
            write!(
                stream,
                "POST /hooks/{id} HTTP/1.1\r\nhost: x\r\ncontent-length: 20000\r\n\r\n{{"
            )?;
            Box::new(stream)
        }
        Hold::UnreadAnswers => {
            let other = tcp.try_clone()?;
            let mut stream = h1(tcp)?;
            ask_without_reading(&mut stream, &other);
            Box::new(stream)
        }
        Hold::ZeroWindow => {
            let mut stream = secure(secured, tcp, b"h2")?;
            stream.write_all(&zero_window())?;
            Box::new(stream)
        }
    })
}

#[test]
fn no_answer_waits_without_end_for_one_who_does_not_read_it() {
    let secured = Secured::with(&[
        "--header-timeout",
        "1",
        "--http-listen",
        "127.0.0.1:0",
        "--max-connections",
        "256",
    ]);
    let webhook = secured.server.create_webhook("Strategy");
    let mut held: Vec<Held> = Vec::new();
    for how in [Hold::UnreadAnswers, Hold::ZeroWindow] {
        held.push(hold(&secured, how, [127, 0, 0, 1], &webhook).unwrap());
    }
    let mut plain = connect_from([127, 0, 0, 1], secured.server.http_address()).unwrap();
    let other = plain.try_clone().unwrap();
    ask_without_reading(&mut plain, &other);
    let mut local = connect_from([127, 0, 0, 1], secured.server.address()).unwrap();
    let other = local.try_clone().unwrap();
    ask_without_reading(&mut local, &other);
    wait_until("no connection is left", || {
        open_connections(&secured.server) == 0
    });
    drop(held);
}

#[test]
fn an_unread_stream_of_events_ends_too() {
    let server = Server::start_with(&["--header-timeout", "1", "--http2"]);
    let webhook = server.create_webhook("Strategy");
    let token = server.data.create_token();
    let padding = "x".repeat(20_000);
    for _ in 0..25 {
        let alert = webhook.alert(&json!({ "metadata": { "padding": padding } }));
        server.deliver(&webhook, &alert).expect(200);
    }
    let mut stream = connect_from([127, 0, 0, 1], server.address()).unwrap();
    write!(
        stream,
        "GET /api/v1/stream?after=evt_0 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n"
    )
    .unwrap();
    wait_until("the stream is open", || open_connections(&server) == 1);
    wait_until("the stream has ended", || open_connections(&server) == 0);
}

#[test]
fn a_stream_of_events_that_is_read_stays_though_nothing_happens() {
    let server = Server::start_with(&["--header-timeout", "1", "--body-timeout", "1"]);
    let webhook = server.create_webhook("Strategy");
    let token = server.data.create_token();
    let mut stream = server.connect();
    write!(
        stream,
        "GET /api/v1/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n"
    )
    .unwrap();
    let mut read = String::new();
    let mut read_until = |text: &str| {
        let begun = Instant::now();
        while !read.contains(text) {
            assert!(begun.elapsed() < PATIENCE, "in vain: {text} in {read}");
            let mut buffer = [0; 4096];
            let length = stream.read(&mut buffer).unwrap();
            assert!(length > 0, "the stream ended: {read}");
            read.push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
    };
    read_until(": hello");
    // It sends a sign of life after 15 s: the wait of one write is long over then.
    read_until(": still here");
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    read_until("id: evt_1");
}

#[test]
fn a_stranger_is_not_listened_to_for_ever_and_the_owners_sender_is() {
    let secured = Secured::with(&[
        "--header-timeout",
        "2",
        "--body-timeout",
        "1",
        "--rate-limit",
        "1000000",
    ]);
    let webhook = secured.server.create_webhook("Strategy");
    let body_of = |webhook: &Webhook| webhook.alert(&json!({})).to_string();
    let stranger = Webhook {
        id: webhook.id.clone(),
        key: "a guess".to_owned(),
    };
    let address = secured.server.https_address();
    let mut own = secured.client().connect(address).unwrap();
    let mut other = secured.client().connect(address).unwrap();
    let begun = Instant::now();
    loop {
        let answer = exchange(&mut own, &webhook.id, &body_of(&webhook));
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let answer = exchange(&mut other, &webhook.id, &body_of(&stranger));
        if answer.is_empty() || answer.contains("connection: close") {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "still listened to");
    }
    let answer = exchange(&mut own, &webhook.id, &body_of(&webhook));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// One request on an open connection; nothing where that has ended.
fn exchange(stream: &mut TlsStream, id: &str, body: &str) -> String {
    let length = body.len();
    let sent = write!(
        stream,
        "POST /hooks/{id} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let mut answer = String::new();
    let mut buffer = [0; 4096];
    while sent.is_ok() {
        match stream.read(&mut buffer) {
            Ok(length) if length > 0 => {
                answer.push_str(&String::from_utf8_lossy(&buffer[..length]));
            }
            _ => return answer,
        }
        let Some((head, body)) = answer.split_once("\r\n\r\n") else {
            continue;
        };
        let mut lines = head.lines();
        let length = lines.find_map(|line| line.strip_prefix("content-length: "));
        if body.len() == length.unwrap().parse::<usize>().unwrap() {
            break;
        }
    }
    answer
}

#[test]
fn strangers_from_many_addresses_keep_no_alert_out() {
    let secured = Secured::with(&["--max-connections", "64", "--rate-limit", "1000000"]);
    let webhook = secured.server.create_webhook("Strategy");
    let address = secured.server.https_address();
    let alert = |from| {
        let mut stream = secure(&secured, connect_from(from, address)?, b"http/1.1")?;
        let path = format!("/hooks/{}", webhook.id);
        let alert = request("POST", &path, &webhook.alert(&json!({})).to_string());
        stream.write_all(alert.as_bytes())?;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&answer).into_owned())
    };
    for how in HOLDS {
        let mut held = Vec::new();
        for host in 1..=8 {
            for _ in 0..8 {
                // Some are refused.
                held.extend(hold(&secured, how, [127, 0, 1, host], &webhook));
            }
        }
        for number in 0..5 {
            let answer = alert([127, 0, 0, 1]).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "{how:?}: {answer}");
            // Nor one from an address that was never seen.
            let answer = alert([127, 0, 2, number + 1]).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "{how:?}: {answer}");
        }
    }
}

#[test]
fn no_stranger_keeps_the_server_from_stopping() {
    for how in HOLDS {
        let mut secured = Secured::with(&["--shutdown-grace", "60"]);
        let webhook = secured.server.create_webhook("Strategy");
        let held = hold(&secured, how, [127, 0, 0, 1], &webhook).unwrap();
        wait_until(&format!("{how:?} is connected"), || {
            open_connections(&secured.server) == 1
        });
        secured.server.signal("TERM");
        let begun = Instant::now();
        assert!(secured.server.wait().success());
        // Half a second where the machine is idle.
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(5), "{how:?}: {took:?}");
        drop(held);
    }
}

#[test]
fn an_open_stream_of_events_or_upload_keeps_no_server_from_stopping() {
    let mut server = Server::start_with(&["--shutdown-grace", "60"]);
    let token = server.data.create_token();
    let heads = [
        "GET /api/v1/stream".to_owned(),
        "POST /api/v1/imports?webhook=wh_x".to_owned(),
        "POST /api/v1/session".to_owned(),
    ];
    let held: Vec<TcpStream> = heads
        .iter()
        .map(|head| {
            let mut stream = server.connect();
            let length = if head.starts_with("GET") { 0 } else { 1000 };
            write!(
                stream,
                "{head} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: {length}\r\n\r\n"
            )
            .unwrap();
            stream
        })
        .collect();
    wait_until("all are connected", || open_connections(&server) == 3);
    server.signal("TERM");
    let begun = Instant::now();
    assert!(server.wait().success());
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    drop(held);
}

#[test]
fn an_alert_that_has_arrived_is_recorded_and_answered_though_the_server_stops() {
    let mut server = Server::start();
    let webhook = server.create_webhook("Strategy");
    // Another process holds the database, so that the alert waits.
    let other = rusqlite::Connection::open(server.data.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let path = format!("/hooks/{}", webhook.id);
    let alert = request("POST", &path, &webhook.alert(&json!({})).to_string());
    let mut stream = server.connect();
    stream.write_all(alert.as_bytes()).unwrap();
    wait_until("the alert has arrived", || open_connections(&server) == 1);
    server.signal("TERM");
    wait_until("the server stops", || server.log().contains("stopping"));
    wait_until("nobody else is listened to", || {
        TcpStream::connect(server.address()).is_err()
    });
    other.execute_batch("ROLLBACK").unwrap();
    let answer = read_to_end(&stream);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(server.wait().success());
    assert_eq!(server.data.orders().len(), 1);
}

#[test]
fn running_out_of_files_is_said_once() {
    let data = DataDir::new();
    let mut command = std::process::Command::new("sh");
    let serve = data.command(&["serve", "--listen", "127.0.0.1:0"]);
    command
        .args(["-c", "ulimit -n 64; exec \"$0\" \"$@\""])
        .arg(serve.get_program())
        .args(serve.get_args());
    for (name, value) in serve.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let server = Server::run(data, command);
    let held: Vec<TcpStream> = (0..100)
        .map_while(|_| TcpStream::connect(server.address()).ok())
        .collect();
    let said = || {
        let log = server.log();
        log.matches("connections could not be accepted").count()
    };
    wait_until("it is said", || said() == 1);
    // Long enough for many more tries.
    let begun = Instant::now();
    wait_until("more tries were made", || {
        begun.elapsed() > Duration::from_secs(2)
    });
    assert_eq!(said(), 1);
    drop(held);
    wait_until("it goes on", || {
        let url = format!("{}/healthz", server.url);
        support::agent().get(url).call().is_ok()
    });
}
