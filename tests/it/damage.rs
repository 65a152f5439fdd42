//! Damaged databases and backups: named, never taken for good ones, and no reason to throw a
//! good one away.

use std::path::{Path, PathBuf};

use crate::support::{self, DataDir, Server, Webhook, wait_until};
use rusqlite::Connection;
use serde_json::{Value, json};

/// A small generator of numbers, so that every run damages the same places.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }
}

/// A database of some hundred pages, with its webhook.
fn with_history() -> (DataDir, Webhook) {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let history = data.path.with_extension("jsonl");
    let note = "x".repeat(300);
    let lines = (0..1500).map(|number| {
        let action = if number % 2 == 0 { "buy" } else { "sell" };
        let time = format!(
            "2026-01-{:02}T{:02}:{:02}:00Z",
            1 + number / 144,
            number / 6 % 24,
            number % 6
        );
        let payload = json!({
            "ticker": "T", "action": action, "qty": 1, "marketPrice": 100 + number % 7,
            "metadata": { "comment": note },
        });
        json!({ "time": time, "payload": payload }).to_string() + "\n"
    });
    std::fs::write(&history, lines.collect::<String>()).unwrap();
    let history = history.to_str().unwrap().to_owned();
    data.text(&["import", "alerts", &history, "--webhook", &webhook.id]);
    (data, webhook)
}

/// Overwrites a page in the middle of the events.
fn damage(database: &Path) {
    let page: u32 = {
        let connection = Connection::open(database).unwrap();
        let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'events'";
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let mut bytes = std::fs::read(database).unwrap();
    // The third child of the table's root.
    let root = (page as usize - 1) * 4096;
    let cell = root + usize::from(bytes[root + 12 + 4]) * 256 + usize::from(bytes[root + 13 + 4]);
    let child = bytes[cell..cell + 4]
        .iter()
        .fold(0, |sum, byte| sum * 256 + usize::from(*byte));
    bytes[(child - 1) * 4096..child * 4096].fill(0xA5);
    std::fs::write(database, bytes).unwrap();
}

fn names_in(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_backup_of_a_damaged_database_is_named_so_and_pushes_no_good_one_out() {
    let (data, webhook) = with_history();
    let folder = data.path.join("backups");
    std::fs::create_dir(&folder).unwrap();
    let good = folder.join("algohook-20260101-000000.db");
    data.text(&["backup", good.to_str().unwrap()]);
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(48);
    let file = std::fs::File::options().append(true).open(&good).unwrap();
    file.set_modified(long_ago).unwrap();
    damage(&data.database());

    let server = Server::with(data, &["--backup-every", "1", "--backup-keep", "1"]);
    let token = server.data.create_token();
    // Where what is damaged is needed for it, the dashboard says that instead.
    let overview = || server.api(&token, "GET", "/overview", None).text;
    wait_until("the owner is told", || overview().contains("damaged"));
    wait_until("the copy is kept apart", || {
        server.log().contains("kept apart as")
    });
    let names = names_in(&folder);
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(names[0], "algohook-20260101-000000.db");
    assert!(names[1].starts_with("unsound-algohook-"), "{names:?}");
    let counted = server.get("/metrics").text;
    assert!(
        counted.contains("algohook_backups_total{outcome=\"unsound\"} 1"),
        "{counted}"
    );
    let found: Value = {
        let output = server.data.run(&["doctor", "--json"]);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    for check in ["database", "backups"] {
        let mut findings = found.as_array().unwrap().iter();
        let finding = findings.find(|finding| finding["check"] == check).unwrap();
        assert_eq!(finding["verdict"], "bad", "{finding}");
        let next = finding["next"].as_str().unwrap();
        assert!(
            next.contains("restore") && next.contains("keep a copy"),
            "{next}"
        );
    }

    let mine = server.data.path.join("mine.db");
    let error = server.data.error(&["backup", mine.to_str().unwrap()]);
    assert!(
        error.contains("damaged") && error.contains("unsound-mine.db"),
        "{error}"
    );
    assert!(!mine.exists());
    let unsound = [
        folder.join(&names[1]),
        server.data.path.join("unsound-mine.db"),
    ];
    let data = server.stop();
    for unsound in unsound {
        let error = data.error(&["restore", unsound.to_str().unwrap(), "--force"]);
        assert!(error.contains("no usable algohook backup"), "{error}");
    }
    data.text(&["restore", good.to_str().unwrap(), "--force"]);
    assert_eq!(data.events().len(), 1500);
    let server = Server::with(data, &["--backup-every", "1", "--backup-keep", "1"]);
    wait_until("a sound one takes the place of the old one", || {
        !good.exists()
    });
    assert_eq!(faults_of(&server), "[]");
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
}

fn faults_of(server: &Server) -> String {
    let token = server.data.create_token();
    server.api(&token, "GET", "/overview", None).json()["faults"].to_string()
}

#[test]
fn a_file_that_is_no_whole_database_is_named_with_the_next_step() {
    let (data, _) = with_history();
    let whole = std::fs::read(data.database()).unwrap();
    for (bytes, said) in [
        (
            whole[..whole.len() / 2 / 4096 * 4096].to_vec(),
            "it is cut off",
        ),
        (whole[..whole.len() - 1000].to_vec(), "it is cut off"),
        (whole[..60].to_vec(), "it is no SQLite database"),
        (Vec::new(), "it is empty (0 bytes)"),
        (b"hello world\n".repeat(1000), "it is no SQLite database"),
        (
            [&[0xA5; 16], &whole[16..]].concat(),
            "it is no SQLite database",
        ),
        (
            [&whole[..100], &[0xA5; 100], &whole[200..]].concat(),
            "malformed",
        ),
    ] {
        std::fs::write(data.database(), &bytes).unwrap();
        for arguments in [
            &["serve", "--listen", "127.0.0.1:0"][..],
            &["webhook", "list"],
        ] {
            let error = data.error(arguments);
            assert!(error.contains(said), "{error}");
            let path = data.database();
            assert!(error.contains(path.to_str().unwrap()), "{error}");
            assert!(error.contains("algohook restore FILE --force"), "{error}");
            assert!(!error.contains("try again"), "{error}");
        }
        assert!(!data.run(&["doctor"]).status.success());
        assert_eq!(std::fs::read(data.database()).unwrap(), bytes);
    }
    std::fs::remove_file(data.database()).unwrap();
    std::fs::create_dir(data.database()).unwrap();
    let error = data.error(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(error.contains("it is no file"), "{error}");
    std::fs::remove_dir(data.database()).unwrap();
    Connection::open(data.database())
        .unwrap()
        .execute_batch("CREATE TABLE x (a); INSERT INTO x VALUES (1)")
        .unwrap();
    let before = std::fs::read(data.database()).unwrap();
    let error = data.error(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(error.contains("algohook did not make it"), "{error}");
    assert_eq!(std::fs::read(data.database()).unwrap(), before);
}

#[test]
fn what_does_not_belong_together_is_found_by_start_doctor_and_restore() {
    for (change, said, refuses_start) in [
        (
            "CREATE TRIGGER evil AFTER INSERT ON events BEGIN DELETE FROM events; END",
            "trigger evil",
            true,
        ),
        (
            "CREATE VIEW evil AS SELECT auth_key FROM webhooks",
            "view evil",
            true,
        ),
        ("DROP INDEX events_by_webhook", "events_by_webhook", true),
        (
            "PRAGMA foreign_keys = OFF; DELETE FROM webhooks",
            "that are not there",
            false,
        ),
    ] {
        let data = DataDir::new();
        let webhook = data.create_webhook("Strategy");
        let server = Server::with(data, &[]);
        server
            .deliver(&webhook, &webhook.alert(&json!({})))
            .expect(200);
        let data = server.stop();
        let copy = data.path.join("copy.db");
        data.text(&["backup", copy.to_str().unwrap()]);
        for file in [&data.database(), &copy] {
            Connection::open(file)
                .unwrap()
                .execute_batch(change)
                .unwrap();
        }
        let output = data.run(&["doctor"]);
        let found = String::from_utf8(output.stdout).unwrap();
        assert!(found.contains(said), "{change}: {found}");
        if refuses_start {
            let error = data.error(&["serve", "--listen", "127.0.0.1:0"]);
            assert!(error.contains(said), "{change}: {error}");
        }
        let error = data.error(&["restore", copy.to_str().unwrap(), "--force"]);
        assert!(error.contains(said), "{change}: {error}");
    }
}

/// A way to damage a file.
fn damaged(random: &mut Random, whole: &[u8]) -> (String, Vec<u8>) {
    let mut bytes = whole.to_vec();
    let at = random.below(bytes.len());
    let end = (at + 1 + random.below(5000)).min(bytes.len());
    let what = match random.below(4) {
        0 => {
            bytes[at] ^= 1 << random.below(8);
            "a bit flipped"
        }
        1 => {
            bytes[at..end].fill(0);
            "zeros"
        }
        2 => {
            bytes[at..end].fill_with(|| u8::try_from(random.below(256)).unwrap());
            "garbage"
        }
        _ => {
            bytes.truncate(at);
            "cut off"
        }
    };
    (format!("{what} at {at} to {end}"), bytes)
}

/// The rows of a database's tables that are told of a delivery.
fn rows(data: &DataDir) -> (Vec<Value>, Vec<Value>) {
    let list =
        |command| support::lines_of_json(&data.text(&[command, "--json", "--limit", "10000"]));
    (list("events"), list("orders"))
}

#[test]
fn restore_takes_nothing_that_is_not_what_was_backed_up() {
    let (data, _) = with_history();
    let file = data.path.with_extension("backup");
    let shown = file.to_str().unwrap();
    data.text(&["backup", shown]);
    let (whole, before) = (std::fs::read(&file).unwrap(), rows(&data));
    let database = std::fs::read(data.database()).unwrap();
    let mut random = Random(0x0A16_0F00_D5EE_D001);
    let mut refused = 0;
    for _ in 0..80 {
        let (what, bytes) = damaged(&mut random, &whole);
        std::fs::write(&file, bytes).unwrap();
        let output = data.run(&["restore", shown, "--force"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!said.contains("panicked"), "{what}: {said}");
        match output.status.code() {
            // Only bytes were changed that hold nothing.
            Some(0) => assert_eq!(rows(&data), before, "{what}"),
            Some(1) => {
                refused += 1;
                assert!(said.contains("no usable algohook backup"), "{what}: {said}");
            }
            status => panic!("{what}: {status:?} {said}"),
        }
        assert!(!data.path.join("algohook.db.partial").exists(), "{what}");
    }
    assert!(refused > 60, "{refused}");
    // What was refused changed nothing.
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    std::fs::write(data.database(), &database).unwrap();
    data.error(&["restore", shown, "--force"]);
    assert_eq!(std::fs::read(data.database()).unwrap(), database);
}

#[test]
fn no_damage_makes_the_server_panic_or_throws_a_good_backup_away() {
    let (data, _) = with_history();
    let folder = data.path.join("backups");
    std::fs::create_dir(&folder).unwrap();
    let good = folder.join("algohook-20260101-000000.db");
    data.text(&["backup", good.to_str().unwrap()]);
    let backup = std::fs::read(&good).unwrap();
    let whole = std::fs::read(data.database()).unwrap();
    let mut random = Random(0x0A16_0F00_D5EE_D002);
    let mut data = Some(data);
    for _ in 0..16 {
        let dir = data.take().unwrap();
        let (what, bytes) = damaged(&mut random, &whole);
        for suffix in ["-wal", "-shm"] {
            let mut name = dir.database().into_os_string();
            name.push(suffix);
            let _ = std::fs::remove_file(PathBuf::from(name));
        }
        for name in names_in(&folder) {
            std::fs::remove_file(folder.join(name)).unwrap();
        }
        std::fs::write(dir.database(), &bytes).unwrap();
        std::fs::write(&good, &backup).unwrap();
        let long_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(48);
        let file = std::fs::File::options().append(true).open(&good).unwrap();
        file.set_modified(long_ago).unwrap();
        data = Some(try_out(dir, &folder, &good, &what));
    }
}

/// Starts a server on what may be damaged, and looks at what it does.
fn try_out(data: DataDir, folder: &Path, good: &Path, what: &str) -> DataDir {
    let output = data.run(&["doctor"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!said.contains("panicked"), "{what}: {said}");
    let found = String::from_utf8(output.stdout).unwrap();
    let is_sound = found.contains("ok     database: sound");
    let listed = data.run(&["webhook", "list"]);
    assert!(listed.status.success() || !is_sound, "{what}: {listed:?}");
    let arguments = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--backup-every",
        "1",
        "--backup-keep",
        "1",
    ];
    let mut command = data.command(&arguments);
    let log = data.path.with_extension("serve.log");
    command
        .stderr(std::fs::File::create(&log).unwrap())
        .stdout(std::process::Stdio::null());
    let mut serve = command.spawn().unwrap();
    let text = || std::fs::read_to_string(&log).unwrap();
    let mut ended = false;
    wait_until("a backup is tried, or the start refused", || {
        ended = serve.try_wait().unwrap().is_some();
        ended || text().contains("took a backup") || text().contains("no backup could be taken")
    });
    let _ = serve.kill();
    let _ = serve.wait();
    assert!(!text().contains("panicked"), "{what}: {}", text());
    let names = names_in(folder);
    let taken = names
        .iter()
        .any(|name| name.starts_with("algohook-2") && *name != "algohook-20260101-000000.db");
    assert_eq!(taken, is_sound, "{what}: {names:?} {found} {}", text());
    // A good one goes only where another one took its place.
    assert_eq!(good.exists(), !taken, "{what}: {names:?}");
    data
}
