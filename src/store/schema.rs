//! The schema, as numbered files that are never edited after a release.

use std::path::Path;

use rusqlite::Connection;

use super::error::{Result, StoreError};

/// Every migration in order; the first brings an empty file to version 1.
const MIGRATIONS: &[&str] = &[
    include_str!("schema/0001_initial.sql"),
    include_str!("schema/0002_trades.sql"),
    include_str!("schema/0003_backtests.sql"),
    include_str!("schema/0004_security.sql"),
    include_str!("schema/0005_dashboard.sql"),
    include_str!("schema/0006_trade_notes.sql"),
    include_str!("schema/0007_commits.sql"),
    include_str!("schema/0008_sequence.sql"),
    include_str!("schema/0009_trade_list.sql"),
];

/// The schema version that this binary writes.
#[must_use]
pub fn newest_version() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Brings a database to the newest version, each step in a transaction of its own.
///
/// # Errors
///
/// [`StoreError::NewerSchema`] where a newer algohook wrote the file; the file
/// is left as it is.
pub fn migrate(connection: &mut Connection, path: &Path) -> Result<()> {
    let found = version_of(connection)?;
    if found > newest_version() {
        return Err(StoreError::NewerSchema {
            path: path.display().to_string(),
            found,
            known: newest_version(),
        });
    }
    for (migration, version) in MIGRATIONS
        .iter()
        .zip(1..)
        .skip_while(|(_, version)| *version <= found)
    {
        let transaction =
            connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        // Another process may have migrated while this one waited for the lock.
        if version_of(&transaction)? < version {
            transaction.execute_batch(migration)?;
            transaction.pragma_update(None, "user_version", version)?;
            transaction.commit()?;
            tracing::info!(version, "database schema migrated");
        }
    }
    Ok(())
}

/// The schema version of a database.
pub(super) fn version_of(connection: &Connection) -> Result<i64> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
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
