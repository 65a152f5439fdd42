//! Databases of older versions: brought up to date by the server alone, after a copy, and
//! left as they are by every command.

use std::path::Path;

use crate::support::{self, DataDir, Server, Webhook};
use rusqlite::Connection;
use serde_json::json;

/// Rows for every version, and the schema that they are put into.
const ROWS: &str = include_str!("../fixtures/schema/rows.sql");

/// Every schema file in order.
fn schema_files() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/schema");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect()
}

/// The version that the binary works with.
fn newest() -> i64 {
    i64::try_from(schema_files().len()).unwrap()
}

/// A data directory with a database of a version, with the rows that one could have.
fn of_version(version: i64) -> DataDir {
    let data = DataDir::new();
    std::fs::create_dir_all(&data.path).unwrap();
    let database = Connection::open(data.database()).unwrap();
    for (number, schema) in (1..=version).zip(schema_files()) {
        database.execute_batch(&schema).unwrap();
        database
            .pragma_update(None, "user_version", number)
            .unwrap();
        let rows = ROWS.split_once(&format!("-- version {number}\n"));
        let rows = rows.map_or("", |(_, rows)| rows.split("-- version").next().unwrap());
        database.execute_batch(rows).unwrap();
    }
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    data
}

fn version_of(database: &Path) -> i64 {
    let database = Connection::open(database).unwrap();
    database
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap()
}

/// The webhook of those rows.
fn webhook() -> Webhook {
    Webhook {
        id: "wh_AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        key: "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB".to_owned(),
    }
}

#[test]
fn a_database_of_every_older_version_is_brought_to_the_newest_with_all_that_is_in_it() {
    let newest = newest();
    for version in 1..newest {
        let server = Server::with(of_version(version), &[]);
        let log = server.log();
        let named = format!("from schema version {version} to {newest}");
        assert_eq!(log.matches(&named).count(), 1, "{log}");
        assert_eq!(
            log.lines().filter(|line| line.contains("schema")).count(),
            1,
            "{log}"
        );
        let data = &server.data;
        assert_eq!(data.events().len(), 3, "version {version}");
        assert_eq!(data.orders().len(), 2, "version {version}");
        let report = || data.json(&["report", "Strategy", "--json"]);
        support::wait_until("the trades are derived", || {
            report()["reports"][0]["all"]["netProfit"] == "10"
        });
        let shown = data.json(&["webhook", "show", "Strategy", "--json"]);
        assert_eq!(shown["rejections"].as_array().unwrap().len(), 1);
        server
            .deliver(&webhook(), &webhook().alert(&json!({})))
            .expect(200);

        // The way back: what was there before, whole.
        let copy = data.path.join(format!("backups/before-schema-{newest}.db"));
        assert_eq!(version_of(&copy), version);
        let restored = DataDir::new();
        restored.text(&["restore", copy.to_str().unwrap()]);
        assert_eq!(restored.events().len(), 3);
        // What the owner said of a trade, and the lists of the strategy tester, are kept.
        let kept = Connection::open(data.database()).unwrap();
        let count = |table: &str| -> i64 {
            let sql = format!("SELECT count(*) FROM {table}");
            kept.query_row(&sql, [], |row| row.get(0)).unwrap()
        };
        assert_eq!(count("backtest_trades"), i64::from(version >= 3));
        assert_eq!(
            count("trade_notes") + count("trade_tags"),
            2 * i64::from(version >= 6)
        );
    }
}

#[test]
fn no_command_but_serve_migrates_and_each_says_what_to_do() {
    let data = of_version(9);
    let id = webhook().id;
    for arguments in [
        &["webhook", "list"][..],
        &["webhook", "create", "Another"],
        &["webhook", "pause", &id],
        &["events"],
        &["orders"],
        &["report", &id],
        &["rebuild"],
        &["senders", "show"],
        &["token", "create", "phone"],
    ] {
        let error = data.error(arguments);
        assert!(
            error.contains("schema version 9") && error.contains("start `algohook serve` once"),
            "{arguments:?}: {error}"
        );
        assert_eq!(version_of(&data.database()), 9, "{arguments:?}");
    }
    let output = data.run(&["doctor"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("note   database: sound, of schema version 9"),
        "{said}"
    );
    assert_eq!(version_of(&data.database()), 9);
    // A backup is what comes before an upgrade.
    let backup = data.path.join("mine.db");
    data.text(&["backup", backup.to_str().unwrap()]);
    assert_eq!(version_of(&backup), 9);
    assert_eq!(version_of(&data.database()), 9);
}

#[test]
fn a_start_that_ends_in_the_middle_of_a_migration_leaves_the_old_version_or_the_new_one() {
    let newest = newest();
    for round in 0..12 {
        let data = of_version(1 + round % 9);
        let before = version_of(&data.database());
        let mut serve = data
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let copies = data.path.join("backups");
        let lock = data.path.join("serve.lock");
        // At another moment each time: once something of the start is to be seen.
        support::wait_until("the start is under way", || {
            if round % 3 == 0 {
                lock.exists()
            } else {
                copies.exists()
            }
        });
        for _ in 0..round {
            std::thread::yield_now();
        }
        serve.kill().unwrap();
        serve.wait().unwrap();
        let after = version_of(&data.database());
        assert!(
            after == before || after == newest,
            "{before} became {after}"
        );
        let server = Server::with(data, &[]);
        assert_eq!(server.data.events().len(), 3);
        // The same content is kept once, however often a start was tried.
        let copies = std::fs::read_dir(&copies).unwrap();
        let whole = copies.filter(|file| {
            let name = file.as_ref().unwrap().file_name();
            !name.to_str().unwrap().contains("partial")
        });
        assert_eq!(whole.count(), 1);
    }
}

#[test]
fn without_a_database_commands_name_the_directory_and_make_nothing() {
    let data = DataDir::new();
    let history = data.path.with_extension("jsonl");
    std::fs::write(&history, "").unwrap();
    for arguments in [
        &["webhook", "list"][..],
        &["webhook", "show", "Strategy"],
        &["webhook", "delete", "Strategy", "--yes"],
        &["events"],
        &["events", "--follow"],
        &["orders"],
        &["report", "Strategy"],
        &["rebuild"],
        &["senders", "show"],
        &["token", "list"],
        &["token", "create", "phone"],
        &["user", "reset-second-factor"],
        &["backup", "copy.db"],
    ] {
        let error = data.error(arguments);
        let directory = data.path.to_str().unwrap();
        assert!(
            error.contains(directory) && error.contains("there is no database"),
            "{arguments:?}: {error}"
        );
        assert!(!data.path.exists(), "{arguments:?} made {directory}");
    }
    assert!(!data.run(&["doctor"]).status.success());
    assert!(!data.path.exists());
}

#[test]
fn a_start_on_nothing_says_nothing_of_schemas() {
    let server = Server::start();
    assert!(!server.log().contains("schema"), "{}", server.log());
    assert!(server.setup_link.is_some());
    assert!(!server.data.path.join("backups").exists());
}
