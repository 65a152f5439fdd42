//! From an older schema to the newest, with a way back.
//!
//! An upgrade is the one moment at which algohook itself rewrites a history. So a copy is
//! taken first, from the very state that is migrated: it is made inside the transaction
//! that keeps every other process from writing until the migration is through. It is a
//! backup as any other, which the older algohook restores.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::error::Result;
use super::file::{beside, remove_if_there, rename};
use super::{backup, schema};

/// A migration that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgrade {
    /// The schema version that was there.
    pub from: i64,
    /// The schema version that is there now.
    pub to: i64,
    /// The copy of what was there.
    pub copy: PathBuf,
}

/// Brings a database to the newest schema, after a copy of it was put into `copies`.
///
/// # Errors
///
/// [`super::StoreError::NoRoom`] where there is none for the copy, or what keeps the
/// database from being written; it is as it was then.
pub(super) fn to_newest(
    connection: &mut Connection,
    path: &Path,
    copies: &Path,
) -> Result<Option<Upgrade>> {
    // SQLite copies nothing from a connection that is writing, so another one reads.
    let copy = |_: &Connection, _| copy_before(&backup::open_to_read(path)?, copies);
    let Some((from, copy)) = schema::migrate_after(connection, path, copy)? else {
        return Ok(None);
    };
    let (to, shown) = (schema::newest_version(), copy.display());
    // Not only for the log of a service: who starts it by hand needs the way back too.
    tracing::warn!(
        "brought the database from schema version {from} to {to}; a copy of what it was is {shown}. To go back: stop \
         the server, install the older algohook, then: algohook restore {shown} --force"
    );
    Ok(Some(Upgrade { from, to, copy }))
}

/// Copies what is about to be migrated. A start that did not get further than the copy is
/// no reason for another one: the same content is kept once.
fn copy_before(moment: &Connection, copies: &Path) -> Result<PathBuf> {
    backup::make_folder(copies)?;
    backup::require_room(
        "the copy that is taken before the database is migrated",
        moment,
        copies,
    )?;
    let name = format!("before-schema-{}", schema::newest_version());
    let partial = copies.join(format!("{name}.db.partial"));
    let sum = backup::copy_sealed(moment, &partial).inspect_err(|_| {
        let _ = remove_if_there(&partial);
        let _ = remove_if_there(&beside(&partial, "-journal"));
    })?;
    for number in 1.. {
        let copy = match number {
            1 => copies.join(format!("{name}.db")),
            number => copies.join(format!("{name}-{number}.db")),
        };
        if !copy.exists() {
            rename(&partial, &copy)?;
            return Ok(copy);
        }
        if backup::sum_of(&copy) == Some(sum) {
            remove_if_there(&partial)?;
            return Ok(copy);
        }
    }
    Ok(partial)
}
