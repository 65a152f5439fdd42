//! The seal of a backup: a digest of every row of ours, inside the file.
//!
//! SQLite's own check finds what breaks its structure, not a letter of a payload or a digit
//! of a price that a failing card has turned into another one. The digest does. It is made
//! of the rows, not of the file's bytes, so that a backup stays one when another program has
//! opened it, folded a log into it or put a table of its own beside ours.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};
use sha2::{Digest, Sha256};

use super::error::Result;
use super::schema;

/// SHA-256 of a backup's rows.
pub(super) type Sum = [u8; 32];

/// Puts the seal on a copy that is finished.
pub(super) fn put(copy: &Connection) -> Result<Sum> {
    remove(copy)?;
    let sum = sum_of(copy)?;
    let transaction = copy.unchecked_transaction()?;
    transaction.execute_batch(
        "CREATE TABLE backup_seal (id INTEGER PRIMARY KEY CHECK (id = 1), digest BLOB NOT NULL) STRICT",
    )?;
    let sql = "INSERT INTO backup_seal (id, digest) VALUES (1, ?1)";
    transaction.execute(sql, params![sum.as_slice()])?;
    transaction.commit()?;
    Ok(sum)
}

/// Takes the seal off what is to be used.
pub(super) fn remove(connection: &Connection) -> Result<()> {
    Ok(connection.execute_batch("DROP TABLE IF EXISTS backup_seal")?)
}

/// The seal of a backup, where it has one.
pub(super) fn of(backup: &Connection) -> Result<Option<Sum>> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'backup_seal'";
    if backup.query_row(sql, [], |_| Ok(())).optional()?.is_none() {
        return Ok(None);
    }
    let sql = "SELECT digest FROM backup_seal WHERE id = 1";
    let sum = backup.query_row(sql, [], |row| row.get(0)).optional()?;
    // A seal that was taken out of its table is a broken one.
    Ok(Some(sum.unwrap_or_default()))
}

/// True if a backup has the rows that it was sealed with; `None` where it has no seal.
pub(super) fn is_whole(backup: &Connection) -> Result<Option<bool>> {
    match of(backup)? {
        None => Ok(None),
        Some(sealed) => Ok(Some(sealed == sum_of(backup)?)),
    }
}

fn sum_of(connection: &Connection) -> Result<Sum> {
    let mut sum = Sha256::new();
    let version = schema::version_of(connection)?;
    sum.update(version.to_be_bytes());
    for table in schema::tables(version)? {
        sum.update(table.as_bytes());
        // In the order of the table itself, which is that of its key.
        let mut rows = connection.prepare(&format!("SELECT * FROM {table} NOT INDEXED"))?;
        let columns = rows.column_count();
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            add(&mut sum, row, columns)?;
        }
    }
    Ok(sum.finalize().into())
}

/// Adds a row, each value with its kind and length, so that no two rows look alike.
fn add(sum: &mut Sha256, row: &Row<'_>, columns: usize) -> Result<()> {
    for column in 0..columns {
        let (kind, bytes): (u8, &[u8]) = match row.get_ref(column)? {
            ValueRef::Null => (0, &[]),
            ValueRef::Integer(number) => (1, &number.to_be_bytes()),
            ValueRef::Real(number) => (2, &number.to_be_bytes()),
            ValueRef::Text(text) => (3, text),
            ValueRef::Blob(bytes) => (4, bytes),
        };
        sum.update([kind]);
        sum.update((bytes.len() as u64).to_be_bytes());
        sum.update(bytes);
    }
    Ok(())
}
