//! A commit wakes who waits for it: the stream of events needs no look now and then.

use std::time::{Duration, Instant};

use crate::support::stream::{next_message, open_stream};
use crate::support::{DataDir, Server};
use serde_json::json;

/// A server that looks for other processes' changes once an hour.
fn without_looks(data: DataDir) -> Server {
    Server::with(data, &["--look-every", "3600000", "--rate-limit", "100000"])
}

#[test]
fn an_alert_wakes_the_stream_of_events_without_a_look() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let token = data.create_token();
    let server = without_looks(data);
    let mut stream = open_stream(&server, &token, None);
    // A first sign of life, after which the stream waits.
    assert!(stream.any(|line| line.unwrap() == ": hello"));
    let mut seen = Vec::new();
    let mut times = Vec::new();
    for number in 0..200 {
        let alert = webhook.alert(&json!({ "ticker": format!("T{number}") }));
        server.deliver(&webhook, &alert).expect(200);
        let answered = Instant::now();
        let message = loop {
            let line = stream.next().unwrap().unwrap();
            // It came for the alert, not to send a sign of life.
            assert!(!line.contains("still here"), "number {number}");
            if line.starts_with("id:") {
                break line;
            }
        };
        times.push(answered.elapsed());
        seen.push(message);
    }
    seen.dedup();
    assert_eq!(seen.len(), 200);
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    // Not asserted: a busy machine takes longer.
    println!(
        "from the answer to the stream: median {:.2} ms, p99 {:.2} ms, longest {:.2} ms",
        ms(times[100]),
        ms(times[197]),
        ms(times[199])
    );
}

#[test]
fn events_of_another_process_are_streamed_as_well() {
    let server = Server::start();
    let webhook = server.create_webhook("Strategy");
    let token = server.data.create_token();
    let mut stream = open_stream(&server, &token, None);
    let csv = server.data.path.join("alerts.csv");
    let message = webhook.alert(&json!({ "ticker": "IMPORTED" })).to_string();
    let quoted = message.replace('"', "\"\"");
    let table = format!(
        "Alert ID,Ticker,Name,Description,Time\n1,IMPORTED,Strategy,\"{quoted}\",2026-01-05T10:00:00Z\n"
    );
    std::fs::write(&csv, table).unwrap();
    let path = csv.to_str().unwrap();
    server
        .data
        .text(&["import", "alerts", path, "--webhook", "Strategy"]);
    let message = next_message(&mut stream);
    assert!(message[2].contains("IMPORTED"), "{message:?}");
}
