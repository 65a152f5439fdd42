//! The audit log: what was done that concerns security, by whom and from where.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::error::Result;
use super::sql::{timestamp, to_micros};
use crate::domain::event::text_enum;

/// Entries that are kept.
const KEPT: i64 = 10_000;

/// Entries that are kept of each act that is frequent.
const KEPT_FREQUENT: i64 = 500;

text_enum! {
    /// An act, as the log names it.
    Act, "act" {
        /// The owner logged in.
        Login = "login",
        /// A login failed.
        LoginFailed = "login.failed",
        /// A login came from a browser and an address that were both new.
        LoginNewPlace = "login.new-place",
        /// The owner knows of such logins.
        LoginAcknowledge = "login.acknowledge",
        /// The owner logged out.
        Logout = "logout",
        /// Another session was ended.
        SessionEnd = "session.end",
        /// The first password was set.
        Setup = "setup",
        /// The password was changed.
        PasswordChange = "password.change",
        /// Logins ask for a code from now on.
        SecondFactorOn = "second-factor.on",
        /// Logins ask for no code any more.
        SecondFactorOff = "second-factor.off",
        /// An API token was created.
        TokenCreate = "token.create",
        /// An API token was revoked, or all of them.
        TokenRevoke = "token.revoke",
        /// The server's rule about senders was changed.
        SendersChange = "senders.change",
        /// The issuer of TradingView's certificate was confirmed.
        IssuerPin = "issuer.pin",
        /// An issuer was forgotten.
        IssuerForget = "issuer.forget",
        /// A webhook was created.
        WebhookCreate = "webhook.create",
        /// A webhook was changed.
        WebhookChange = "webhook.change",
        /// A webhook has a new key.
        WebhookRotateKey = "webhook.rotate-key",
        /// A webhook was deleted.
        WebhookDelete = "webhook.delete",
        /// A forward was created.
        ForwardCreate = "forward.create",
        /// A forward was changed.
        ForwardChange = "forward.change",
        /// A forward was removed.
        ForwardRemove = "forward.remove",
        /// A channel was created.
        ChannelCreate = "channel.create",
        /// A channel was changed.
        ChannelChange = "channel.change",
        /// A channel was removed.
        ChannelRemove = "channel.remove",
        /// A code was given out that confirms a chat.
        ChatCode = "chat.code",
        /// A chat was confirmed by its code.
        ChatConfirm = "chat.confirm",
        /// A command came by chat.
        ChatCommand = "chat.command",
        /// A command by chat was too old.
        ChatTooOld = "chat.too-old",
        /// A stranger wrote to the bot of a channel.
        ChatRefused = "chat.refused",
        /// A channel takes no commands any more.
        ChatEnd = "chat.end",
        /// Messages of the outbox are sent again.
        OutboxSend = "outbox.send",
        /// A message of the outbox was dropped.
        OutboxDrop = "outbox.drop",
        /// An event was processed again.
        EventReprocess = "event.reprocess",
        /// TradingView's position was accepted.
        PositionAccept = "position.accept",
        /// Notes or tags were written on a trade.
        TradeNote = "trade.note",
        /// A backtest was frozen as the expected one.
        ExpectationFreeze = "expectation.freeze",
        /// Alerts were imported.
        ImportAlerts = "import.alerts",
        /// A backtest was imported.
        ImportTrades = "import.trades",
        /// Fills were imported.
        ImportFills = "import.fills",
        /// An import of fills was undone.
        ImportUndo = "import.undo",
        /// A backtest was removed.
        BacktestRemove = "backtest.remove",
    }
}

/// Acts that are frequent: a stranger who tries for days must not push out what the owner did,
/// nor a diary that is kept well.
const FREQUENT: [Act; 3] = [Act::LoginFailed, Act::TradeNote, Act::ChatRefused];

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
pub fn note(connection: &Connection, actor: &Actor, act: Act, subject: Option<&str>) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO audit (at, actor, address, action, subject) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    insert.execute(params![
        to_micros(actor.at),
        actor.name,
        actor.address,
        act.as_str(),
        subject
    ])?;
    if FREQUENT.contains(&act) {
        let mut trim = connection.prepare_cached(
            "DELETE FROM audit WHERE action = ?1 AND id <=
                 (SELECT id FROM audit WHERE action = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        )?;
        trim.execute(params![act.as_str(), KEPT_FREQUENT])?;
    }
    let mut trim = connection.prepare_cached(
        "DELETE FROM audit WHERE id <=
             (SELECT id FROM audit WHERE action NOT IN (?1, ?2, ?3) ORDER BY id DESC LIMIT 1 OFFSET ?4)",
    )?;
    let [failed, noted, refused] = FREQUENT.map(Act::as_str);
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
        let counts = |act: Act| {
            let note = move |context: &mut WriteContext<'_>| {
                let actor = Actor::command_line(Timestamp::now());
                note(context.connection, &actor, act, None)
            };
            store.writer().run_blocking(note).unwrap();
            let count = |connection: &Connection| {
                let sql = "SELECT count(*) FILTER (WHERE action <> ?1), count(*) FILTER (WHERE action = ?1),
                                  min(id) FROM audit";
                Ok(
                    connection.query_row(sql, [Act::LoginFailed.as_str()], |row| {
                        Ok((
                            row.get::<_, i64>(0)?,
                            row.get::<_, i64>(1)?,
                            row.get::<_, i64>(2)?,
                        ))
                    })?,
                )
            };
            store.readers().run_blocking(count).unwrap()
        };
        let fill = |act: Act, count: i64| {
            let fill = move |context: &mut WriteContext<'_>| {
                let sql =
                    "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?2)
                           INSERT INTO audit (at, actor, action) SELECT n, 'owner', ?1 FROM n";
                context
                    .connection
                    .execute(sql, params![act.as_str(), count])?;
                Ok(())
            };
            store.writer().run_blocking(fill).unwrap();
        };
        fill(Act::Logout, KEPT + 50);
        fill(Act::LoginFailed, KEPT_FREQUENT + 100);
        assert_eq!(counts(Act::LoginFailed), (KEPT, KEPT_FREQUENT, 51));
        assert_eq!(counts(Act::TokenCreate), (KEPT, KEPT_FREQUENT, 52));
        assert_eq!(counts(Act::LoginFailed), (KEPT, KEPT_FREQUENT, 52));
    }
}
