//! The owner's notes on trades, and tags to report on.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params, params_from_iter};

use super::conflict::Conflict;
use super::error::Result;
use super::sql::parsed;
use super::trades::{self, StoredTrade, TradeFilter};
use crate::domain::book::Book;
use crate::domain::money::Decimal;
use crate::domain::tag::Tag;
use crate::domain::trade::TradeId;

/// A change of a trade's notes; `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct NotesChange {
    /// Other notes.
    pub notes: Option<String>,
    /// All of its tags.
    pub tags: Option<BTreeSet<Tag>>,
}

/// The profit of the trades with a tag, in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagTotal {
    /// The tag.
    pub tag: Tag,
    /// Currency of the webhooks.
    pub currency: String,
    /// Number of trades that have it.
    pub trades: u64,
    /// Number of those that made money.
    pub winning: u64,
    /// Their profit together.
    pub net_profit: Decimal,
}

/// Writes down what the owner says of a trade, and returns it as it is then.
///
/// # Errors
///
/// [`super::StoreError::NotFound`] where there is no such trade, or
/// [`super::StoreError::Unavailable`].
pub fn change(connection: &Connection, id: TradeId, change: &NotesChange) -> Result<StoredTrade> {
    let trade = trades::get(connection, id)?;
    if trade.book != Book::Alerts {
        return Err(Conflict::TradeOfAnotherBook.into());
    }
    let key = [id.exit.0, id.entry.0];
    if let Some(notes) = &change.notes {
        connection.execute(
            "INSERT INTO trade_notes (exit_order, entry_order, notes) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET notes = ?3",
            params![key[0], key[1], notes],
        )?;
    }
    if let Some(tags) = &change.tags {
        let sql = "DELETE FROM trade_tags WHERE exit_order = ?1 AND entry_order = ?2";
        connection.execute(sql, key)?;
        let mut insert = connection.prepare_cached(
            "INSERT INTO trade_tags (exit_order, entry_order, tag) VALUES (?1, ?2, ?3)",
        )?;
        for tag in tags {
            insert.execute(params![key[0], key[1], tag.as_str()])?;
        }
    }
    trades::get(connection, id)
}

/// Every tag of some trades of alerts, with what they made.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn totals(connection: &Connection, of: &TradeFilter) -> Result<Vec<TagTotal>> {
    let conditions = of.conditions(connection)?;
    let mut select = connection.prepare_cached(&format!(
        "SELECT g.tag, w.settings ->> '$.currency', t.net_profit
         FROM trade_tags g CROSS JOIN orders o ON o.id = g.exit_order
             CROSS JOIN trades t INDEXED BY trades_by_exit
                 ON t.book = 0 AND t.exit_time = o.paired_at AND t.exit_order = o.id AND t.entry_order = g.entry_order
             JOIN webhooks w ON w.id = t.webhook_id
         WHERE {}",
        conditions.text()
    ))?;
    let mut totals: BTreeMap<(Tag, String), (u64, u64, Decimal)> = BTreeMap::new();
    let mut rows = select.query(params_from_iter(conditions.values))?;
    while let Some(row) = rows.next()? {
        let net_profit: Decimal = parsed(row, 2)?;
        let (trades, winning, sum) = totals.entry((parsed(row, 0)?, row.get(1)?)).or_default();
        *trades += 1;
        *winning += u64::from(net_profit > Decimal::ZERO);
        *sum = sum.saturating_add(net_profit);
    }
    let totals = totals.into_iter();
    Ok(totals
        .map(
            |((tag, currency), (trades, winning, net_profit))| TagTotal {
                tag,
                currency,
                trades,
                winning,
                net_profit,
            },
        )
        .collect())
}
