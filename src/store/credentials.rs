//! Secrets of others, sealed: here are only bytes. `vault` has the key and opens them.

use std::fmt;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::error::Result;
use super::schema;

/// Owner of a set of secrets. A kind is a name of the code's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The kind: `forward`, `channel`.
    pub kind: &'static str,
    /// Its number among those of the kind.
    pub id: i64,
}

impl fmt::Display for Owner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.kind, self.id)
    }
}

/// Sealed secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Counts the changes.
    pub version: i64,
    /// The key that they are sealed with.
    pub key_id: Vec<u8>,
    /// The sealed bytes.
    pub bytes: Vec<u8>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Sealed> {
    Ok(Sealed {
        version: row.get("version")?,
        key_id: row.get("key_id")?,
        bytes: row.get("sealed")?,
    })
}

/// The sealed secrets of an owner, where it has any.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn get(connection: &Connection, owner: Owner) -> Result<Option<Sealed>> {
    let mut select = connection.prepare_cached(
        "SELECT version, key_id, sealed FROM credentials WHERE owner = ?1 AND owner_id = ?2",
    )?;
    let found = select.query_row(params![owner.kind, owner.id], read);
    Ok(found.optional()?)
}

/// Keeps sealed secrets in the place of those that an owner had.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn put(connection: &Connection, owner: Owner, sealed: &Sealed) -> Result<()> {
    let mut put = connection.prepare_cached(
        "INSERT OR REPLACE INTO credentials (owner, owner_id, version, key_id, sealed)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    put.execute(params![
        owner.kind,
        owner.id,
        sealed.version,
        sealed.key_id,
        sealed.bytes
    ])?;
    Ok(())
}

/// Removes the secrets of an owner.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn remove(connection: &Connection, owner: Owner) -> Result<()> {
    let sql = "DELETE FROM credentials WHERE owner = ?1 AND owner_id = ?2";
    let mut delete = connection.prepare_cached(sql)?;
    delete.execute(params![owner.kind, owner.id])?;
    Ok(())
}

/// The owners, as text, whose secrets are sealed with another key than `key_id`, in their
/// order. A database of before there were any has none.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn sealed_otherwise(connection: &Connection, key_id: &[u8]) -> Result<Vec<String>> {
    if schema::version_of(connection)? < SINCE {
        return Ok(Vec::new());
    }
    let mut select = connection.prepare(
        "SELECT owner || ' ' || owner_id FROM credentials WHERE key_id <> ?1 ORDER BY owner, owner_id",
    )?;
    let owners = select.query_map([key_id], |row| row.get(0))?;
    Ok(owners.collect::<rusqlite::Result<_>>()?)
}

/// The schema version that brought the table.
const SINCE: i64 = 22;
