//! The filter of trades, and the way they are found without reading the others.

use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite::types::ToSql;

use super::TradePlace;
use crate::domain::book::Book;
use crate::domain::instrument::Spelling;
use crate::domain::order::OrderId;
use crate::domain::tag::Tag;
use crate::domain::trade::TradeId;
use crate::domain::webhook::WebhookId;
use crate::store::error::Result;
use crate::store::filter_query::{Values, WhereClause};
use crate::store::sql::to_micros;
use crate::store::tickers;

/// A filter of trades; `None` and empty are any.
#[derive(Debug, Clone, Default)]
pub struct TradeFilter {
    /// The book that they are in.
    pub book: Book,
    /// Of some webhooks; of all but the archived ones where empty.
    pub webhooks: Vec<WebhookId>,
    /// Of one ticker.
    pub ticker: Option<String>,
    /// Only those with an alert that was brought in later, or only those without.
    pub is_imported: Option<bool>,
    /// Opened or closed by one order.
    pub order: Option<OrderId>,
    /// With this tag of the owner's.
    pub tag: Option<Tag>,
    /// Closed at this time or later.
    pub from: Option<Timestamp>,
    /// Closed before this time.
    pub to: Option<Timestamp>,
    /// Listed after this one: the next page.
    pub before: Option<TradePlace>,
}

impl TradeFilter {
    /// The filter's conditions on a trade `t` and its webhook `w`, whatever the page.
    pub(in crate::store) fn conditions(&self, connection: &Connection) -> Result<WhereClause> {
        let mut conditions = self.of("t", connection)?;
        conditions.require_all(self.within());
        self.require_source(&mut conditions);
        Ok(conditions)
    }

    /// Conditions on webhooks `w` and the instrument of a table `of`, trades, ledgers or backtests.
    fn of(&self, of: &str, connection: &Connection) -> Result<WhereClause> {
        let columns = format!("{of}.webhook_id, {of}.ticker");
        let mut of = WhereClause::with("w.deleted_at IS NULL");
        if !self.webhooks.is_empty() {
            let places = vec!["?"; self.webhooks.len()].join(", ");
            let ids = self.webhooks.iter().map(|id| id.as_str().to_owned());
            of.require(format!("w.public_id IN ({places})"), ids);
        } else if self.order.is_none() {
            of.require_all(WhereClause::with("w.is_archived = 0"));
        }
        if let Some(ticker) = &self.ticker {
            match self.book {
                Book::Alerts | Book::Route(_) => {
                    let (sql, values) = tickers::naming(&columns, ticker);
                    of.require(sql, values);
                }
                Book::Backtest => {
                    let kept = "SELECT webhook_id, ticker FROM backtests";
                    of.require_all(listed(connection, kept, &columns, ticker)?);
                }
                Book::Fills => {
                    let kept = "SELECT webhook_id, ticker FROM ledgers WHERE book = 2";
                    of.require_all(listed(connection, kept, &columns, ticker)?);
                }
            }
        }
        Ok(of)
    }

    /// The book, and the range of time.
    fn within(&self) -> WhereClause {
        let mut within = WhereClause::default();
        within.require("t.book = ?", [self.book]);
        if let Some(from) = self.from {
            within.require("t.exit_time >= ?", [to_micros(from)]);
        }
        if let Some(to) = self.to {
            within.require("t.exit_time < ?", [to_micros(to)]);
        }
        within
    }

    fn require_source(&self, conditions: &mut WhereClause) {
        if let Some(is_imported) = self.is_imported {
            conditions.require(format!("{IS_IMPORTED} = ?"), [is_imported]);
        }
    }

    /// Conditions on a trade on a page of the list, of whichever ledger and tag.
    fn on_page(&self) -> WhereClause {
        let mut on_page = self.within();
        self.require_source(&mut on_page);
        if let Some(order) = self.order {
            // No trade closes before one of its orders.
            let since = "t.exit_time >= (SELECT o.paired_at FROM orders o WHERE o.id = ?)";
            let of = "? IN (t.exit_order, t.entry_order)";
            on_page.require(format!("t.book = 0 AND {of} AND {since}"), [order.0; 2]);
        }
        if let Some(before) = self.before {
            let TradeId { entry, exit, .. } = before.id;
            let place = [to_micros(before.exit_time), exit.0, entry.0];
            let text = "(t.exit_time, t.exit_order, t.entry_order) < (?, ?, ?)";
            on_page.require(text, place);
        }
        on_page
    }

    /// To be among the newest of a ledger `l`, which may be all that are on a page: no other
    /// one can be on it.
    fn newest_of_ledger(&self, limit: u32) -> WhereClause {
        let mut newest = self.on_page();
        let of_ledger = "t.webhook_id = l.webhook_id AND t.ticker = l.ticker";
        newest.require_all(WhereClause::with(of_ledger));
        let text = format!(
            "t.exit_time >= coalesce((SELECT t.exit_time FROM trades t WHERE {}
                 ORDER BY t.exit_time DESC LIMIT 1 OFFSET {}), {})",
            newest.text(),
            limit.saturating_sub(1),
            i64::MIN
        );
        let mut among_them = WhereClause::default();
        among_them.require(text, newest.values);
        among_them
    }
}

/// A query for which trades are on a page, and its values. Nothing else is read of those
/// that it looks at.
pub(super) fn page(
    connection: &Connection,
    filter: &TradeFilter,
    limit: u32,
) -> Result<(String, Values)> {
    let is_of_ledgers = !filter.webhooks.is_empty() || filter.ticker.is_some();
    let is_by_ledger = filter.tag.is_none() && (is_of_ledgers || filter.order.is_some());
    let mut conditions = filter.of(if is_by_ledger { "l" } else { "t" }, connection)?;
    let from = if let Some(tag) = &filter.tag {
        conditions.require("g.tag = ?", [tag.as_str().to_owned()]);
        OF_TAG
    } else if is_by_ledger {
        if let Some(order) = filter.order {
            let of = "(SELECT k.webhook_id, k.instrument FROM orders o
                 JOIN tickers k ON k.webhook_id = o.webhook_id AND k.ticker = o.ticker WHERE o.id = ?)";
            conditions.require(format!("(l.webhook_id, l.ticker) = {of}"), [order.0]);
        }
        conditions.require_all(filter.newest_of_ledger(limit));
        match filter.book {
            Book::Alerts | Book::Fills | Book::Route(_) => OF_LEDGERS,
            Book::Backtest => OF_BACKTESTS,
        }
    } else {
        // Walked from the newest, however many trades there are.
        "trades t INDEXED BY trades_by_exit CROSS JOIN webhooks w ON w.id = t.webhook_id"
    };
    conditions.require_all(filter.on_page());
    let sql = format!(
        "SELECT t.webhook_id, t.book, t.ticker, t.exit_time, t.exit_order, t.entry_order FROM {from}
         WHERE {} {NEWEST_FIRST} LIMIT {limit}",
        conditions.text()
    );
    Ok((sql, conditions.values))
}

/// A condition for what is kept of an instrument that can be the one which a ticker names;
/// `kept` selects webhook and ticker of all, `of` is the pair of columns with both.
fn listed(connection: &Connection, kept: &str, of: &str, ticker: &str) -> Result<WhereClause> {
    let spelling = Spelling::of(ticker.trim());
    let mut select = connection.prepare_cached(kept)?;
    let mut rows = select.query([])?;
    let mut named: Vec<Box<dyn ToSql>> = Vec::new();
    while let Some(row) = rows.next()? {
        let (webhook, ticker): (i64, String) = (row.get(0)?, row.get(1)?);
        if Spelling::of(&ticker).may_be(&spelling) {
            named.push(Box::new(webhook));
            named.push(Box::new(ticker));
        }
    }
    let mut listed = WhereClause::default();
    if named.is_empty() {
        return Ok(WhereClause::with("0"));
    }
    let pairs = vec!["(?, ?)"; named.len() / 2].join(", ");
    listed.require(format!("({of}) IN (VALUES {pairs})"), named);
    Ok(listed)
}

/// The order of a page of trades.
pub(super) const NEWEST_FIRST: &str =
    "ORDER BY t.exit_time DESC, t.exit_order DESC, t.entry_order DESC";

/// The trades of a tag, by the tag.
pub(super) const OF_TAG: &str = "trade_tags g CROSS JOIN orders o ON o.id = g.exit_order
    CROSS JOIN trades t INDEXED BY trades_by_exit
        ON t.book = 0 AND t.exit_time = o.paired_at AND t.exit_order = o.id AND t.entry_order = g.entry_order
    CROSS JOIN webhooks w ON w.id = t.webhook_id";

/// The trades of some webhooks or tickers, a ledger at a time.
const OF_LEDGERS: &str = "webhooks w CROSS JOIN ledgers l ON l.webhook_id = w.id
    CROSS JOIN trades t ON t.webhook_id = l.webhook_id AND t.book = l.book AND t.ticker = l.ticker";

/// The same of backtests, which have no ledgers.
const OF_BACKTESTS: &str = "webhooks w CROSS JOIN backtests l ON l.webhook_id = w.id
    CROSS JOIN trades t ON t.webhook_id = l.webhook_id AND t.ticker = l.ticker";

/// Condition of a trade `t` that has an alert that was brought in later.
pub(super) const IS_IMPORTED: &str = "(t.book = 0 AND EXISTS (SELECT 1 FROM events e
    WHERE e.id IN (t.entry_order, t.exit_order) AND e.source = 'imported'))";
