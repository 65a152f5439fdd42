//! The audit log: what was done that concerns security, by whom and from where.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::error::Result;
use super::sql::{timestamp, to_micros};

/// Entries that are kept.
const KEPT: i64 = 10_000;

/// Entries that are kept of each action that is frequent.
const KEPT_FREQUENT: i64 = 500;

/// The action of a login that failed.
pub const FAILED_LOGIN: &str = "login.failed";

/// The action of notes or tags that were written on a trade.
pub const NOTED_TRADE: &str = "trade.note";

/// The action of a stranger who wrote to the bot of a channel.
pub const REFUSED_CHAT: &str = "chat.refused";

/// Actions that are frequent: a stranger who tries for days must not push out what the owner did,
/// nor a diary that is kept well.
const FREQUENT: [&str; 3] = [FAILED_LOGIN, NOTED_TRADE, REFUSED_CHAT];

/// The actor, the time, and the place.
#[derive(Debug, Clone)]
pub struct Actor {
    /// `owner`, a token's id, `command line` or `stranger`.
    pub name: String,
    /// The address of the one who asked for it.
    pub address: Option<String>,
    /// Time of the act.
    pub at: Timestamp,
}

impl Actor {
    /// One who works on the data directory.
    #[must_use]
    pub fn command_line(at: Timestamp) -> Self {
        Self {
            name: "command line".to_owned(),
            address: None,
            at,
        }
    }
}

/// An entry as it is stored.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its number.
    pub id: i64,
    /// The actor, the time, and the place.
    pub actor: Actor,
    /// The action, as `token.create`.
    pub action: String,
    /// The subject of the action; never a secret.
    pub subject: Option<String>,
}

/// Notes what was done, in the transaction that does it.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn note(
    connection: &Connection,
    actor: &Actor,
    action: &str,
    subject: Option<&str>,
) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO audit (at, actor, address, action, subject) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    insert.execute(params![
        to_micros(actor.at),
        actor.name,
        actor.address,
        action,
        subject
    ])?;
    if FREQUENT.contains(&action) {
        let mut trim = connection.prepare_cached(
            "DELETE FROM audit WHERE action = ?1 AND id <=
                 (SELECT id FROM audit WHERE action = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        )?;
        trim.execute(params![action, KEPT_FREQUENT])?;
    }
    let mut trim = connection.prepare_cached(
        "DELETE FROM audit WHERE id <=
             (SELECT id FROM audit WHERE action NOT IN (?1, ?2, ?3) ORDER BY id DESC LIMIT 1 OFFSET ?4)",
    )?;
    let [failed, noted, refused] = FREQUENT;
    trim.execute(params![failed, noted, refused, KEPT])?;
    Ok(())
}

/// Entries, newest first, with a smaller number than `before`.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn list(connection: &Connection, before: Option<i64>, limit: u32) -> Result<Vec<Entry>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, at, actor, address, action, subject FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
    )?;
    let entries = statement.query_map(params![before.unwrap_or(i64::MAX), limit], |row| {
        Ok(Entry {
            id: row.get(0)?,
            actor: Actor {
                at: timestamp(row, 1)?,
                name: row.get(2)?,
                address: row.get(3)?,
            },
            action: row.get(4)?,
            subject: row.get(5)?,
        })
    })?;
    Ok(entries.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, StoreOptions, WriteContext};

    #[test]
    fn only_so_many_entries_are_kept_and_failed_logins_push_no_other_out() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), &StoreOptions::default()).unwrap();
        let counts = |action: &'static str| {
            let note = move |context: &mut WriteContext<'_>| {
                let actor = Actor::command_line(Timestamp::now());
                note(context.connection, &actor, action, None)
            };
            store.writer().run_blocking(note).unwrap();
            let count = |connection: &Connection| {
                let sql = "SELECT count(*) FILTER (WHERE action <> ?1), count(*) FILTER (WHERE action = ?1),
                                  min(id) FROM audit";
                Ok(connection.query_row(sql, [FAILED_LOGIN], |row| {
                    Ok((
                        row.get::<_, i64>(0)?,
                        row.get::<_, i64>(1)?,
                        row.get::<_, i64>(2)?,
                    ))
                })?)
            };
            store.readers().run_blocking(count).unwrap()
        };
        let fill = |action: &'static str, count: i64| {
            let fill = move |context: &mut WriteContext<'_>| {
                let sql =
                    "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?2)
                           INSERT INTO audit (at, actor, action) SELECT n, 'owner', ?1 FROM n";
                context.connection.execute(sql, params![action, count])?;
                Ok(())
            };
            store.writer().run_blocking(fill).unwrap();
        };
        fill("logout", KEPT + 50);
        fill(FAILED_LOGIN, KEPT_FREQUENT + 100);
        assert_eq!(counts(FAILED_LOGIN), (KEPT, KEPT_FREQUENT, 51));
        assert_eq!(counts("token.create"), (KEPT, KEPT_FREQUENT, 52));
        assert_eq!(counts(FAILED_LOGIN), (KEPT, KEPT_FREQUENT, 52));
    }
}
