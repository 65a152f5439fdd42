//! Background tasks: one that panics is logged, counted, shown by `algohook doctor` and run
//! again, while alerts and the stream of events go on.

use crate::support::stream::{next_message, open_stream};
use crate::support::{Server, skipped, wait_until};
use serde_json::{Value, json};

/// Every background task of a server that has all of them.
const ALL: [&str; 11] = [
    "attention",
    "backups",
    "changes",
    "clock",
    "commands",
    "comparisons",
    "expectations",
    "health",
    "notes",
    "outbox",
    "retention",
];

/// The numbers of a metric by their tasks.
fn counted(metrics: &str, name: &str) -> Vec<(String, u64)> {
    let start = format!("{name}{{worker=\"");
    let lines = metrics.lines().filter_map(|line| line.strip_prefix(&start));
    let mut found: Vec<(String, u64)> = lines
        .map(|line| {
            let (worker, value) = line.split_once("\"} ").unwrap();
            (worker.to_owned(), value.parse().unwrap())
        })
        .collect();
    found.sort();
    found
}

fn finding(server: &Server) -> Value {
    let output = server.data.run(&["doctor", "--json"]);
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let mut findings = findings.into_iter();
    findings
        .find(|finding| finding["check"] == "background tasks")
        .unwrap()
}

#[test]
fn every_task_that_panics_is_logged_counted_and_run_again_while_the_stream_goes_on() {
    if !cfg!(debug_assertions) {
        return skipped("panics", "only debug builds panic when they are asked to");
    }
    let server = Server::start_with(&["--keep-audit", "100", "--backup-every", "24"]);
    let webhook = server.create_webhook("Strategy");
    let token = server.data.create_token();
    let mut stream = open_stream(&server, &token, None);
    let mut deliver = |ticker: &str| {
        let alert = webhook.alert(&json!({ "ticker": ticker }));
        server.deliver(&webhook, &alert).expect(200);
        let message = next_message(&mut stream);
        assert!(message[2].contains(ticker), "{message:?}");
    };
    deliver("BEFORE");
    assert_eq!(finding(&server)["verdict"], "good");

    server.signal("USR2");
    let metrics = || server.get("/metrics").expect(200).text;
    let all = |value: u64| -> Vec<(String, u64)> {
        ALL.iter().map(|name| ((*name).to_owned(), value)).collect()
    };
    wait_until("every task was run again", || {
        let metrics = metrics();
        counted(&metrics, "algohook_worker_restarts_total") == all(1)
            && counted(&metrics, "algohook_worker_up") == all(1)
    });
    deliver("AFTER");
    // What looks for other processes' changes does so again.
    server.create_webhook("Another");
    let log = server.log();
    for name in ALL {
        let mut lines = log.lines();
        let is_said = lines.any(|line| {
            line.contains("a background task failed and is run again")
                && line.contains(name)
                && line.contains("a panic that was asked for")
        });
        assert!(is_said, "no word of {name}: {log}");
    }
    let finding = finding(&server);
    assert_eq!(finding["verdict"], "notice");
    let found = finding["found"].as_str().unwrap();
    assert!(found.contains("changes (restarts: 1)"), "{found}");
    server.stop();
}
