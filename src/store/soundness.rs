//! Soundness of a database: whole, algohook's own, and without anything in it that acts by itself
//! and is not ours.
//!
//! There are two depths. Reading all of a million events takes seconds, which a start does
//! not have; so it looks at the schema and at both ends of each table. Backups, restores
//! and `doctor` read everything.

use rusqlite::Connection;

use super::error::{Result, StoreError};
use super::schema;

/// The depth to which a database is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The schema, and where each table begins and ends: some milliseconds.
    Quick,
    /// Every page and every reference.
    Full,
}

/// Says what is wrong with a database of a known version, where something is.
///
/// # Errors
///
/// [`StoreError`] where it could not be looked at for a reason that is not its own.
pub fn fault_of(connection: &Connection, depth: Depth) -> Result<Option<String>> {
    let looked = match depth {
        Depth::Quick => quick(connection),
        Depth::Full => full(connection),
    };
    match looked {
        Err(StoreError::Damaged(why)) => Ok(Some(why)),
        looked => looked,
    }
}

fn quick(connection: &Connection) -> Result<Option<String>> {
    if let Some(fault) = schema::fault_of(connection)? {
        return Ok(Some(fault));
    }
    let mut tables = connection.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )?;
    let tables = tables.query_map([], |row| row.get::<_, String>(0))?;
    for table in tables {
        let table = table?.replace('"', "\"\"");
        let mut first = connection.prepare(&format!("SELECT * FROM \"{table}\" LIMIT 1"))?;
        first.query([])?.next()?;
    }
    for table in ["events", "orders"] {
        let sql = format!("SELECT max(id) FROM {table}");
        connection.query_row(&sql, [], |row| row.get::<_, Option<i64>>(0))?;
    }
    Ok(None)
}

fn full(connection: &Connection) -> Result<Option<String>> {
    let check: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if check != "ok" {
        return Ok(Some(check.replace('\n', " ")));
    }
    if let Some(fault) = schema::fault_of(connection)? {
        return Ok(Some(fault));
    }
    let mut orphans = connection.prepare("PRAGMA foreign_key_check")?;
    let mut orphans = orphans.query([])?;
    let Some(first) = orphans.next()? else {
        return Ok(None);
    };
    let (table, parent): (String, String) = (first.get(0)?, first.get(2)?);
    Ok(Some(format!(
        "rows of {table} belong to rows of {parent} that are not there"
    )))
}
