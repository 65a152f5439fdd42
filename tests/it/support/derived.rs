//! What a database has derived from its orders.

use std::path::Path;

use rusqlite::Connection;

/// Everything that is derived, but for numbers that only count.
pub fn derived(database: &Path) -> Vec<String> {
    let of = [
        "SELECT * FROM trades ORDER BY exit_order, entry_order",
        "SELECT * FROM pairings ORDER BY order_id",
        "SELECT webhook_id, ticker, row_number() OVER (PARTITION BY webhook_id, ticker ORDER BY number),
             entry_order, direction, quantity, entry_time, entry_price, entry_signal, commission
             FROM lots ORDER BY webhook_id, ticker, number",
        "SELECT webhook_id, ticker, is_stale, newest_price, drift, stated_before, position_before, newest_second
             FROM ledgers ORDER BY webhook_id, ticker",
    ];
    rows(database, &of)
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
