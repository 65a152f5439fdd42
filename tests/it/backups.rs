//! Backups that the server takes by itself.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::{DataDir, Server, Webhook, wait_until};
use serde_json::json;

/// Alerts of the past that make a database large enough to be copied in several steps.
const HISTORY: usize = 40_000;

#[test]
fn backups_are_taken_by_themselves_and_only_so_many_kept() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let folder = data.path.join("backups");
    std::fs::create_dir(&folder).unwrap();
    let old = [
        "algohook-20260101-000000.db",
        "algohook-20260102-000000.db",
        "algohook-20260103-000000.db",
    ];
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(48);
    for name in old.iter().chain(&["algohook-mine.db", "notes.txt"]) {
        let file = std::fs::File::create(folder.join(name)).unwrap();
        file.set_modified(long_ago).unwrap();
    }
    let server = Server::with(data, &["--backup-every", "24", "--backup-keep", "2"]);
    wait_until("a backup is taken and old ones removed", || {
        !folder.join(old[1]).exists()
    });
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    // Files of others are left alone.
    assert_eq!(names[0], old[2]);
    assert_eq!(names[2..], ["algohook-mine.db", "notes.txt"]);
    let newest = folder.join(&names[1]);

    let data = server.stop();
    let restored = DataDir::new();
    restored.text(&["restore", newest.to_str().unwrap()]);
    let shown = restored.json(&["webhook", "show", &webhook.id, "--json"]);
    assert_eq!(shown["authKey"], webhook.key);

    // The next one is due tomorrow, whenever the server starts.
    let server = Server::with(data, &["--backup-every", "24", "--backup-keep", "2"]);
    server.get("/healthz").expect(200);
    assert!(
        !server
            .log()
            .split("stopped")
            .nth(1)
            .unwrap()
            .contains("took a backup")
    );
}

#[test]
fn a_backup_is_finished_however_many_alerts_come_meanwhile() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    data.text(&[
        "import",
        "alerts",
        &history(&data),
        "--webhook",
        &webhook.id,
    ]);
    let server = Server::with(data, &["--rate-limit", "100000000"]);
    let target = server.data.path.with_extension("backup");
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| send_until(&is_done, &server, &webhook));
        let arguments = ["backup", target.to_str().unwrap()];
        let mut backup = server.data.command(&arguments).spawn().unwrap();
        wait_until("the backup is finished", || {
            backup.try_wait().unwrap().is_some()
        });
        is_done.store(true, Ordering::Relaxed);
    });

    let restored = DataDir::new();
    restored.text(&["restore", target.to_str().unwrap()]);
    let shown = restored.json(&["webhook", "show", &webhook.id, "--json"]);
    assert_eq!(shown["authKey"], webhook.key);
}

/// A file of alerts of the past, as JSON lines.
fn history(data: &DataDir) -> String {
    let path = data.path.with_extension("jsonl");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    for number in 0..HISTORY {
        let time = format!("2026-01-{:02}T{:02}:00:00Z", 1 + number % 28, number % 24);
        let payload = json!({ "ticker": "AAPL", "action": "buy", "marketPrice": 150 + number });
        writeln!(file, "{}", json!({ "time": time, "payload": payload })).unwrap();
    }
    path.to_str().unwrap().to_owned()
}

fn send_until(is_done: &AtomicBool, server: &Server, webhook: &Webhook) {
    for number in 0.. {
        let answer = server.deliver(
            webhook,
            &webhook.alert(&json!({ "id": number.to_string() })),
        );
        answer.expect(200);
        if is_done.load(Ordering::Relaxed) {
            return;
        }
    }
}
