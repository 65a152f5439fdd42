//! The stream of events, as a listener reads it.

use std::io::{BufRead, BufReader, Write};

use super::Server;

/// The next message of a stream of events, as its lines.
pub fn next_message(lines: &mut impl Iterator<Item = std::io::Result<String>>) -> Vec<String> {
    let mut message = Vec::new();
    for line in lines {
        let line = line.unwrap();
        let is_part =
            line.starts_with("id:") || line.starts_with("event:") || line.starts_with("data:");
        if is_part {
            message.push(line);
        } else if !message.is_empty() {
            return message;
        }
    }
    panic!("the stream ended: {message:?}");
}

/// The lines of the stream of events after its head.
pub fn open_stream(
    server: &Server,
    token: &str,
    last: Option<&str>,
) -> impl Iterator<Item = std::io::Result<String>> + use<> {
    let mut stream = server.connect();
    let last = last
        .map(|id| format!("last-event-id: {id}\r\n"))
        .unwrap_or_default();
    write!(
        stream,
        "GET /api/v1/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n{last}\r\n"
    )
    .unwrap();
    let mut lines = BufReader::new(stream).lines();
    let status = lines.next().unwrap().unwrap();
    assert!(status.starts_with("HTTP/1.1 200"), "{status}");
    let head: Vec<String> = lines
        .by_ref()
        .map(Result::unwrap)
        .take_while(|line| !line.is_empty())
        .collect();
    assert!(
        head.contains(&"content-type: text/event-stream".to_owned()),
        "{head:?}"
    );
    lines
}
