//! What a database has derived from its events.

use std::path::Path;

use algohook::journal::rebuild::rebuild;
use algohook::journal::turns::Turns;
use algohook::store::Store;
use rusqlite::Connection;

/// Everything that is derived, but for numbers that only count.
pub fn derived(database: &Path) -> Vec<String> {
    let of = [
        "SELECT * FROM orders ORDER BY id",
        "SELECT webhook_id, ticker, instrument, symbol, exchange FROM tickers ORDER BY id",
        "SELECT id, ticker, intent, market_price, signal_time FROM events ORDER BY id",
        "SELECT * FROM trades WHERE book = 0 ORDER BY exit_order, entry_order",
        "SELECT * FROM pairings ORDER BY order_id",
        "SELECT webhook_id, ticker, row_number() OVER (PARTITION BY webhook_id, ticker ORDER BY number),
             entry_order, direction, quantity, entry_time, entry_price, entry_signal, commission
             FROM lots ORDER BY webhook_id, ticker, number",
        "SELECT webhook_id, ticker, is_stale, newest_price, drift, stated_before, position_before, newest_second
             FROM ledgers ORDER BY webhook_id, ticker",
    ];
    rows(database, &of)
}

/// Removes everything that is derived.
pub fn forget_derived(database: &Path) {
    let connection = Connection::open(database).unwrap();
    connection
        .execute_batch(
            "BEGIN IMMEDIATE;
             DELETE FROM trades WHERE book = 0; DELETE FROM lots; DELETE FROM pairings; DELETE FROM ledgers;
             DELETE FROM tickers; DELETE FROM orders;
             UPDATE events SET ticker = NULL, intent = NULL, market_price = NULL, signal_time = NULL
                 WHERE status <> 'failed';
             COMMIT",
        )
        .unwrap();
}

/// Removes everything that is derived, and derives it from the events again.
pub fn derive_again(store: &Store) {
    forget_derived(store.path());
    rebuild(Turns::without_pause(store)).unwrap();
}

/// The rows that some queries find.
pub fn rows(database: &Path, queries: &[&str]) -> Vec<String> {
    let connection = Connection::open(database).unwrap();
    let mut rows = Vec::new();
    for sql in queries {
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let mut found = statement.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let values = (0..columns).map(|column| format!("{:?}", row.get_ref(column).unwrap()));
            rows.push(values.collect::<Vec<_>>().join(" | "));
        }
    }
    rows
}
