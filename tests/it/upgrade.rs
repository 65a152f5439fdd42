//! Databases of older versions: brought up to date by the server alone, after a copy, and
//! left as they are by every command.

use std::path::Path;

use crate::support::receiver::{ALLOW, Receiver};
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
    files.retain(|file| file.extension().is_some_and(|kind| kind == "sql"));
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

#[test]
fn the_owner_is_told_of_a_migration_with_the_way_back() {
    let data = of_version(newest() - 1);
    let receiver = Receiver::start();
    let settings = json!({"topic": "alerts", "url": receiver.url("")}).to_string();
    let database = Connection::open(data.database()).unwrap();
    let sql = "INSERT INTO channels (kind, name, settings, tells, webhooks, zone, created_at)
        VALUES ('ntfy', 'Phone', ?1, 'server', '[]', 'UTC', 0)";
    database.execute(sql, [settings]).unwrap();
    drop(database);
    let server = Server::with(data, &ALLOW);
    let told = receiver.wait(1)[0].json();
    let title = told["title"].as_str().unwrap();
    assert!(title.ends_with("runs for the first time"), "{told}");
    let message = told["message"].as_str().unwrap();
    assert!(message.contains("algohook restore "), "{told}");
    let server = Server::with(server.stop(), &ALLOW);
    drop(server);
    assert_eq!(receiver.came().len(), 1, "once");
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
        let before = Connection::open(&copy).unwrap();
        assert_eq!(backtests(&kept, &before), backtests(&before, &before));
        let listed = listed(&kept);
        assert_eq!(listed, self::listed(&before), "version {version}");
        let trades = [0, 3, 4][usize::from(version >= 3) + usize::from(version >= 16)];
        assert_eq!(listed.len(), trades, "version {version}");
        shows_backtests(&server, version);
        assert_eq!(
            count("trade_notes") + count("trade_tags"),
            2 * i64::from(version >= 6)
        );
    }
}

/// The rows of a query, each as one text.
fn rows(database: &Connection, sql: &str) -> Vec<String> {
    let mut select = database.prepare(sql).unwrap();
    let columns = select.column_count();
    let rows = select.query_map([], |row| {
        let values = (0..columns).map(|column| format!("{:?}", row.get_ref(column).unwrap()));
        Ok(values.collect::<Vec<_>>().join(" | "))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

fn has_table(database: &Connection, name: &str) -> bool {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    database.prepare(sql).unwrap().exists([name]).unwrap()
}

/// The lists of the strategy tester, in the columns that another database has of them.
fn backtests(database: &Connection, columns_of: &Connection) -> Vec<String> {
    if !has_table(columns_of, "backtests") {
        return Vec::new();
    }
    let select = columns_of.prepare("SELECT * FROM backtests").unwrap();
    let columns = select.column_names().collect::<Vec<_>>().join(", ");
    rows(
        database,
        &format!("SELECT {columns} FROM backtests ORDER BY id"),
    )
}

/// The trades of those lists, in the table of their own that they had or in that of all books.
fn listed(database: &Connection) -> Vec<String> {
    let same = "direction, t.quantity, t.entry_time, t.entry_price, t.entry_signal, t.exit_time, t.exit_price,
         t.exit_signal, t.commission, t.net_profit";
    let sql = if has_table(database, "backtest_trades") {
        let select = database.prepare("SELECT * FROM backtest_trades").unwrap();
        let has_excursions = select.column_names().any(|name| name == "bars");
        let excursions = if has_excursions {
            "t.favorable, t.adverse, t.bars"
        } else {
            "NULL, NULL, NULL"
        };
        format!(
            "SELECT b.webhook_id, b.ticker, b.point_value, t.id, t.id, t.number, t.{same}, {excursions}
             FROM backtest_trades t JOIN backtests b ON b.id = t.backtest_id ORDER BY t.id"
        )
    } else if has_table(database, "backtests") {
        format!(
            "SELECT t.webhook_id, t.ticker, t.point_value, t.entry_order, t.exit_order, t.place, t.{same},
                 t.favorable, t.adverse, t.bars FROM trades t WHERE t.book = 1 ORDER BY t.exit_order"
        )
    } else {
        return Vec::new();
    };
    rows(database, &sql)
}

/// The backtests of those rows are shown as they were before.
fn shows_backtests(server: &Server, version: i64) {
    let data = &server.data;
    if version < 3 {
        return;
    }
    let reports = data.json(&["report", "Strategy", "--backtest", "--json"]);
    let profit = |number: usize| reports["reports"][number]["all"]["netProfit"].clone();
    assert_eq!(reports["reports"][0]["currency"], "EUR");
    assert_eq!(reports["reports"][0]["capital"], "5000");
    assert_eq!(profit(0), "7.8");
    assert_eq!(profit(1), if version >= 16 { "102" } else { "5" });
    let token = data.create_token();
    let shown = |path: &str| server.api(&token, "GET", path, None).expect(200).json();
    let trades = shown("/trades?book=backtest");
    let ids = trades["items"].as_array().unwrap().iter();
    let ids: Vec<&str> = ids.map(|trade| trade["id"].as_str().unwrap()).collect();
    let all = ["btr_42", "btr_5", "btr_4", "btr_1"];
    assert_eq!(ids, all[usize::from(version < 16)..]);
    assert_eq!(trades, shown("/trades?source=backtest"));
    if version >= 16 {
        let last = &trades["items"][0];
        assert_eq!(last["favorableExcursion"], "120.5");
        assert_eq!(last["bars"], 12);
        let path = format!("/backtests?webhook={}", webhook().id);
        let kept = &shown(&path)["items"][2];
        assert_eq!(kept["terms"]["commission"]["value"]["value"], "1.5");
        assert_eq!(kept["excursions"]["all"]["averageAdverse"], "-40");
        let path = format!("/backtests/comparison?webhook={}&ticker=NQ1!", webhook().id);
        let compared = &shown(&path)["items"][0];
        assert_eq!(compared["ours"]["all"], compared["theirs"]["all"]);
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
