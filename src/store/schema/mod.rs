//! The schema, as numbered files that are never edited after a release.
//!
//! A database of any older version takes the files that it lacks, so an edit would leave two
//! databases of one version with different schemas. All of them run in one transaction: an upgrade
//! that fails leaves the old version as it was. The files are also the measure of a database that
//! is checked: it must have the objects that they make of an empty one.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;

use super::error::{Result, StoreError};

/// Every migration in order; the first brings an empty file to version 1.
const MIGRATIONS: &[&str] = &[
    include_str!("0001_initial.sql"),
    include_str!("0002_trades.sql"),
    include_str!("0003_backtests.sql"),
    include_str!("0004_security.sql"),
    include_str!("0005_dashboard.sql"),
    include_str!("0006_trade_notes.sql"),
    include_str!("0007_commits.sql"),
    include_str!("0008_sequence.sql"),
    include_str!("0009_trade_list.sql"),
    include_str!("0010_reports.sql"),
    include_str!("0011_known_clients.sql"),
    include_str!("0012_instruments.sql"),
    include_str!("0013_entry_commission.sql"),
    include_str!("0014_arrivals.sql"),
    include_str!("0015_traces.sql"),
    include_str!("0016_backtest_terms.sql"),
    include_str!("0017_deliveries.sql"),
    include_str!("0018_books.sql"),
    include_str!("0019_messages.sql"),
    include_str!("0020_outbox.sql"),
    include_str!("0021_archive.sql"),
    include_str!("0022_credentials.sql"),
    include_str!("0023_fills.sql"),
    include_str!("0024_expectations.sql"),
    include_str!("0025_forwards.sql"),
    include_str!("0026_evidence.sql"),
    include_str!("0027_formats.sql"),
    include_str!("0028_channels.sql"),
    include_str!("0029_upstream.sql"),
    include_str!("0030_chats.sql"),
    include_str!("0031_open_at_end.sql"),
    include_str!("0032_history.sql"),
    include_str!("0033_closed_profit.sql"),
    include_str!("0034_contract_months.sql"),
    include_str!("0035_fill_places.sql"),
    include_str!("0036_alerts_of_network.sql"),
    include_str!("0037_outbox_failed.sql"),
];

/// The version whose ledgers keep what they closed.
const KEEPS_PROFITS: i64 = 33;

/// The schema version that this binary writes.
#[must_use]
pub fn newest_version() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Brings a database to the newest version, all steps in one transaction.
///
/// # Errors
///
/// [`StoreError::NewerSchema`] where a newer algohook wrote the file; the file
/// is left as it is.
pub fn migrate(connection: &mut Connection, path: &Path) -> Result<()> {
    migrate_after(connection, path, |_, _| Ok(())).map(drop)
}

/// Brings a database to the newest version in one transaction, in which `before` comes
/// first where there is something to do: nothing is written between what it reads and the
/// first step. Returns the version that was there, and what `before` did.
///
/// # Errors
///
/// As [`migrate`], and those of `before`; the file is left as it is.
pub(super) fn migrate_after<T>(
    connection: &mut Connection,
    path: &Path,
    before: impl FnOnce(&Connection, i64) -> Result<T>,
) -> Result<Option<(i64, T)>> {
    if check_version(connection, path)? == newest_version() {
        return Ok(None);
    }
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    // Another process may have migrated while this one waited for the lock.
    let found = check_version(&transaction, path)?;
    if found == newest_version() {
        return Ok(None);
    }
    let done = before(&transaction, found)?;
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(migration)?;
    }
    if found < KEEPS_PROFITS {
        super::closed_profit::settle(&transaction)?;
    }
    super::tickers::settle(&transaction)?;
    transaction.pragma_update(None, "user_version", newest_version())?;
    transaction.commit()?;
    Ok(Some((found, done)))
}

/// The schema version of a database, which this binary must know.
///
/// # Errors
///
/// [`StoreError::NewerSchema`] where a newer algohook wrote the file.
pub(super) fn check_version(connection: &Connection, path: &Path) -> Result<i64> {
    let found = version_of(connection).map_err(|error| error.of_file(path))?;
    if found > newest_version() {
        return Err(StoreError::NewerSchema {
            path: path.display().to_string(),
            found,
            known: newest_version(),
        });
    }
    Ok(found)
}

/// The reason why a database of a known version is not algohook's, where there is one:
/// a table, index or trigger that is missing or another one, or a trigger or view that is
/// not ours and would act with every alert.
///
/// # Errors
///
/// [`StoreError`] where it cannot be read.
pub(super) fn fault_of(connection: &Connection) -> Result<Option<String>> {
    let version = version_of(connection)?;
    let (ours, found) = (objects(&empty(version)?)?, objects(connection)?);
    if ours.is_empty() {
        return Ok(Some("algohook did not make it".to_owned()));
    }
    if let Some((kind, name)) = ours
        .iter()
        .find(|(name, sql)| found.get(*name) != Some(sql))
        .map(|(name, _)| name)
    {
        return Ok(Some(format!("the {kind} {name} is missing or another one")));
    }
    // Tables that others keep beside ours, as Litestream does, do nothing by themselves.
    let foreign = found.keys().find(|(kind, name)| {
        matches!(kind.as_str(), "trigger" | "view")
            && !ours.contains_key(&(kind.clone(), name.clone()))
    });
    Ok(foreign.map(|(kind, name)| {
        format!("the {kind} {name} is not algohook's (where it is yours: DROP {kind} {name})")
    }))
}

/// The names of every table of a version, in their order.
pub(super) fn tables(version: i64) -> Result<Vec<String>> {
    let objects = objects(&empty(version)?)?;
    let tables = objects.into_keys().filter(|(kind, _)| kind == "table");
    Ok(tables.map(|(_, name)| name).collect())
}

/// A database of a version, in memory.
fn empty(version: i64) -> Result<Connection> {
    let empty = Connection::open_in_memory()?;
    for (migration, _) in MIGRATIONS.iter().zip(0..version) {
        empty.execute_batch(migration)?;
    }
    Ok(empty)
}

/// Everything that a schema is made of by kind and name, with the SQL that makes it.
fn objects(connection: &Connection) -> Result<BTreeMap<(String, String), Option<String>>> {
    let mut select = connection.prepare(
        "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )?;
    let objects = select.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
    Ok(objects.collect::<rusqlite::Result<_>>()?)
}

/// The schema version of a database.
pub(super) fn version_of(connection: &Connection) -> Result<i64> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use rusqlite::params;

    use super::*;

    #[test]
    fn every_older_version_is_brought_to_the_newest() {
        for older in 0..MIGRATIONS.len() {
            let mut connection = Connection::open_in_memory().unwrap();
            for migration in &MIGRATIONS[..older] {
                connection.execute_batch(migration).unwrap();
            }
            connection
                .pragma_update(None, "user_version", i64::try_from(older).unwrap())
                .unwrap();
            migrate(&mut connection, Path::new("test.db")).unwrap();
            assert_eq!(version_of(&connection).unwrap(), newest_version());
            connection
                .query_row("SELECT revision FROM catalog", [], |_| Ok(()))
                .unwrap();
        }
    }

    /// A database of version 9 with one webhook.
    fn of_version_9() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        for migration in &MIGRATIONS[..9] {
            connection.execute_batch(migration).unwrap();
        }
        connection.pragma_update(None, "user_version", 9).unwrap();
        let webhook = "INSERT INTO webhooks (id, public_id, name, auth_key, state, notes, settings, created_at)
             VALUES (1, 'wh_1', '', '', 'active', '', '', 0)";
        connection.execute(webhook, []).unwrap();
        connection
    }

    #[test]
    fn open_trades_of_older_backtests_are_seen_by_what_they_made() {
        let mut connection = of_version_9();
        for (ticker, long, short) in [("A", "0", "0"), ("B", "0.00", "0"), ("C", "-3", "7")] {
            let sql = "INSERT INTO backtests (webhook_id, ticker, currency, point_value, open_long, open_short,
                 imported_at, digest) VALUES (1, ?1, 'USD', '1', ?2, ?3, 0, x'')";
            connection.execute(sql, [ticker, long, short]).unwrap();
        }
        migrate(&mut connection, Path::new("test.db")).unwrap();
        let sql = "SELECT open_trades FROM backtests ORDER BY ticker";
        let mut select = connection.prepare(sql).unwrap();
        let counts = select.query_map([], |row| row.get::<_, i64>(0)).unwrap();
        let counts: rusqlite::Result<Vec<i64>> = counts.collect();
        assert_eq!(counts.unwrap(), [0, 1, 2]);
    }

    #[test]
    fn what_was_kept_apart_of_one_instrument_is_taken_together() {
        let mut connection = of_version_9();
        for (id, ticker) in [
            (1, "NASDAQ:AAPL"),
            (2, "AAPL"),
            (3, "MSFT"),
            (4, "XETR:AAPL"),
            (5, "aapl"),
        ] {
            let sql = "INSERT INTO events (id, webhook_id, received_at, source, status, payload)
                 VALUES (?1, 1, 50, 'webhook', '', '')";
            connection.execute(sql, [id]).unwrap();
            let sql = "INSERT INTO orders (id, webhook_id, ticker, intent, order_type, intended_price, paired_at, received_at)
                 VALUES (?1, 1, ?2, '', '', '1', 20, 50)";
            connection.execute(sql, params![id, ticker]).unwrap();
            let sql = "INSERT INTO ledgers (webhook_id, ticker, version, is_stale, drift, stated_before, newest_second)
                 VALUES (1, ?1, 1, 0, '0', '0', 0)";
            connection.execute(sql, [ticker]).unwrap();
        }
        migrate(&mut connection, Path::new("test.db")).unwrap();
        let all = |sql: &str| -> Vec<(String, String)> {
            let mut select = connection.prepare(sql).unwrap();
            let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
            rows.unwrap().collect::<rusqlite::Result<_>>().unwrap()
        };
        let text = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            let own = |(one, other): &(&str, &str)| ((*one).to_owned(), (*other).to_owned());
            pairs.iter().map(own).collect()
        };
        assert_eq!(
            all("SELECT ticker, instrument FROM tickers ORDER BY id"),
            text(&[
                ("NASDAQ:AAPL", "NASDAQ:AAPL"),
                ("AAPL", "NASDAQ:AAPL"),
                ("MSFT", "MSFT"),
                ("XETR:AAPL", "XETR:AAPL"),
                ("aapl", "NASDAQ:AAPL"),
            ])
        );
        assert_eq!(
            all("SELECT ticker, CAST(is_stale AS TEXT) FROM ledgers ORDER BY ticker"),
            text(&[("MSFT", "1"), ("NASDAQ:AAPL", "1"), ("XETR:AAPL", "1")])
        );
    }

    #[test]
    fn contract_months_that_were_kept_apart_are_taken_together() {
        let mut connection = Connection::open_in_memory().unwrap();
        for migration in &MIGRATIONS[..32] {
            connection.execute_batch(migration).unwrap();
        }
        let rows = "PRAGMA user_version = 32;
            INSERT INTO webhooks (id, public_id, name, auth_key, state, notes, settings, created_at)
                VALUES (1, 'wh_1', '', '', 'active', '', '', 0);
            INSERT INTO tickers (id, webhook_id, ticker, instrument, symbol, exchange) VALUES
                (1, 1, 'ESZ26', 'ESZ26', 'ESZ26', NULL),
                (2, 1, 'AAPL', 'AAPL', 'AAPL', NULL),
                (3, 1, 'CME_MINI:ESZ2026', 'CME_MINI:ESZ2026', 'ESZ2026', 'NASDAQ'),
                (4, 1, 'ESZ2026', 'CME_MINI:ESZ2026', 'ESZ2026', NULL);
            INSERT INTO ledgers (webhook_id, book, ticker, version, is_stale, drift, stated_before,
                    position_before, newest_second)
                SELECT DISTINCT 1, 0, instrument, 1, 0, '0', '0', '0', 0 FROM tickers;
            INSERT INTO trades (webhook_id, book, ticker, exit_time, exit_order, entry_order, place,
                    direction, quantity, entry_time, entry_price, exit_price, point_value, commission,
                    net_profit)
                VALUES (1, 0, 'AAPL', 9, 2, 1, 0, 'long', '1', 8, '1', '2', '1', '0', '0.1'),
                    (1, 0, 'AAPL', 19, 4, 3, 0, 'long', '1', 8, '1', '2', '1', '0', '0.2'),
                    (1, 0, 'CME_MINI:ESZ2026', 9, 6, 5, 0, 'long', '1', 8, '1', '2', '1', '0', '7');";
        connection.execute_batch(rows).unwrap();
        migrate(&mut connection, Path::new("test.db")).unwrap();
        let all = |sql: &str| -> Vec<String> {
            let mut select = connection.prepare(sql).unwrap();
            let rows = select.query_map([], |row| row.get(0)).unwrap();
            rows.collect::<rusqlite::Result<_>>().unwrap()
        };
        assert_eq!(
            all("SELECT ticker || '=' || instrument FROM tickers ORDER BY id"),
            [
                "ESZ26=ESZ26",
                "AAPL=AAPL",
                "CME_MINI:ESZ2026=ESZ26",
                "ESZ2026=ESZ26"
            ]
        );
        assert_eq!(
            all("SELECT ticker || is_stale || ' ' || closed_profit FROM ledgers ORDER BY ticker"),
            ["AAPL0 0.3", "ESZ261 0"]
        );
        assert_eq!(all("SELECT DISTINCT ticker FROM trades"), ["AAPL"]);
    }

    #[test]
    fn the_delays_of_older_orders_are_found() {
        let mut connection = of_version_9();
        let sql = "INSERT INTO events (id, webhook_id, received_at, source, status, payload)
             VALUES (1, 1, 50, 'webhook', '', ''), (2, 1, 50, 'imported', '', ''), (3, 1, 50, 'webhook', '', '');
             INSERT INTO orders (id, webhook_id, ticker, intent, order_type, intended_price, paired_at,
                 signal_time, received_at)
             VALUES (1, 1, 'A', '', '', '1', 20, 20, 50), (2, 1, 'A', '', '', '1', 20, 20, 50),
                 (3, 1, 'A', '', '', '1', 20, NULL, 50);";
        connection.execute_batch(sql).unwrap();
        migrate(&mut connection, Path::new("test.db")).unwrap();
        let sql = "SELECT signal_delay FROM orders ORDER BY id";
        let mut select = connection.prepare(sql).unwrap();
        let delays = select.query_map([], |row| row.get(0)).unwrap();
        let delays: rusqlite::Result<Vec<Option<i64>>> = delays.collect();
        assert_eq!(delays.unwrap(), [Some(30), None, None]);
    }

    #[test]
    fn a_newer_database_is_refused_and_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection
            .pragma_update(None, "user_version", newest_version() + 1)
            .unwrap();
        let error = migrate(&mut connection, Path::new("test.db")).unwrap_err();
        assert!(matches!(error, StoreError::NewerSchema { .. }), "{error}");
        assert_eq!(version_of(&connection).unwrap(), newest_version() + 1);
    }
}
