//! API tokens: only a hash of each is kept.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::error::{Result, StoreError};
use super::sql::{optional_timestamp, parsed, timestamp, to_micros};
use crate::domain::event::{NotAnId, numbered_id};
use crate::domain::scope::Scope;

numbered_id! {
    /// The number of a token, `tok_3` outside.
    TokenId, "tok"
}

/// A token as it is stored.
#[derive(Debug, Clone)]
pub struct StoredToken {
    /// Its number.
    pub id: TokenId,
    /// The name that its owner gave it.
    pub name: String,
    /// Its scope.
    pub scope: Scope,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of its last use, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// The token that made it; `None` where its owner did.
    pub made_by: Option<TokenId>,
}

/// A token to be stored.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The name that its owner gives it.
    pub name: String,
    /// Its scope.
    pub scope: Scope,
    /// SHA-256 of its secret.
    pub hash: Vec<u8>,
    /// The token that makes it.
    pub made_by: Option<TokenId>,
}

/// Stores a new token by its hash.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn insert(connection: &Connection, token: &NewToken, now: Timestamp) -> Result<TokenId> {
    connection.execute(
        "INSERT INTO tokens (name, secret_hash, created_at, scope, made_by) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            token.name,
            token.hash,
            to_micros(now),
            token.scope.as_str(),
            token.made_by.map(|id| id.0),
        ],
    )?;
    Ok(TokenId(connection.last_insert_rowid()))
}

/// Every token, oldest first.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn list(connection: &Connection) -> Result<Vec<StoredToken>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, name, created_at, last_used_at, scope, made_by FROM tokens ORDER BY id",
    )?;
    let tokens = statement.query_map([], |row| {
        Ok(StoredToken {
            id: TokenId(row.get(0)?),
            name: row.get(1)?,
            created_at: timestamp(row, 2)?,
            last_used_at: optional_timestamp(row, 3)?,
            scope: parsed(row, 4)?,
            made_by: row.get::<_, Option<i64>>(5)?.map(TokenId),
        })
    })?;
    Ok(tokens.collect::<rusqlite::Result<_>>()?)
}

/// The token with this hash, what it may do, and when it was last used.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn find(
    connection: &Connection,
    hash: &[u8],
) -> Result<Option<(TokenId, Scope, Option<Timestamp>)>> {
    let mut statement = connection
        .prepare_cached("SELECT id, last_used_at, scope FROM tokens WHERE secret_hash = ?1")?;
    let found = statement.query_row([hash], |row| {
        Ok((
            TokenId(row.get(0)?),
            parsed(row, 2)?,
            optional_timestamp(row, 1)?,
        ))
    });
    Ok(found.optional()?)
}

/// Notes that a token was used.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn touch(connection: &Connection, id: TokenId, now: Timestamp) -> Result<()> {
    let sql = "UPDATE tokens SET last_used_at = ?2 WHERE id = ?1";
    connection.execute(sql, params![id.0, to_micros(now)])?;
    Ok(())
}

/// Revokes a token and every token that it made, and these made in turn: whoever stole one
/// has no other left. Returns their ids, the token's own first.
///
/// # Errors
///
/// [`StoreError::NotFound`], or [`StoreError::Unavailable`].
pub fn revoke(connection: &Connection, id: TokenId) -> Result<Vec<TokenId>> {
    let mut family = connection.prepare_cached(
        "WITH RECURSIVE family (id) AS (
             SELECT id FROM tokens WHERE id = ?1
             UNION SELECT t.id FROM tokens t JOIN family f ON t.made_by = f.id)
         SELECT id FROM family ORDER BY id",
    )?;
    let revoked = family.query_map([id.0], |row| Ok(TokenId(row.get(0)?)))?;
    let revoked: Vec<TokenId> = revoked.collect::<rusqlite::Result<_>>()?;
    if revoked.is_empty() {
        return Err(StoreError::NotFound(format!("token {id}")));
    }
    let mut delete = connection.prepare_cached("DELETE FROM tokens WHERE id = ?1")?;
    for id in &revoked {
        delete.execute([id.0])?;
    }
    Ok(revoked)
}

/// Revokes every token; returns how many there were.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn revoke_all(connection: &Connection) -> Result<usize> {
    Ok(connection.execute("DELETE FROM tokens", [])?)
}
