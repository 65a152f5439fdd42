//! The lots that are open at a report's end: now, or when its range ended.

use crate::store::Connection;
use jiff::Timestamp;

use super::live::CurrencyGroup;
use super::trade_filter;
use crate::analytics::{OpenLots, OpenSide};
use crate::domain::book::Book;
use crate::domain::money::{Decimal, Price, Quantity};
use crate::domain::signal::{Direction, Ticker};
use crate::domain::terms::{Contract, Terms};
use crate::domain::trade::{ClosedTrade, Lot};
use crate::store::orders::SeenPrice;
use crate::store::positions::StoredPosition;
use crate::store::webhooks::StoredWebhook;
use crate::store::{Result, events, fills, orders, positions, tickers, trades};

/// The positions open at the end, and the last prices seen.
pub(super) struct OpenAtEnd {
    pub(super) lots: OpenLots,
    /// The entries of lots that are still open.
    pub(super) entries: Vec<OpenEntry>,
    /// Time of the last price of any ticker of the report.
    pub(super) last_price_at: Option<Timestamp>,
}

/// The entry of a lot that is still open.
pub(super) struct OpenEntry {
    pub(super) time: Timestamp,
    pub(super) ticker: Ticker,
    pub(super) price: Price,
    pub(super) contract: Contract,
}

/// A lot, or what was left of it at the end of the range.
struct Held {
    direction: Direction,
    quantity: Quantity,
    entry_time: Timestamp,
    entry_price: Price,
    terms: Terms,
    commission: Decimal,
}

impl Held {
    fn of_lot(lot: &Lot, terms: Terms) -> Self {
        Self {
            direction: lot.direction,
            quantity: lot.quantity,
            entry_time: lot.entry.time,
            entry_price: lot.entry.price,
            terms,
            commission: lot.commission,
        }
    }

    /// The part of a lot that a later exit closed.
    fn of_trade(trade: &ClosedTrade) -> Self {
        Self {
            direction: trade.direction,
            quantity: trade.quantity,
            entry_time: trade.entry_time,
            entry_price: trade.entry_price,
            terms: trade.terms(),
            commission: trade.entry_commission,
        }
    }

    fn profit(&self, price: Price) -> Option<Decimal> {
        let (entry, quantity) = (self.entry_price, self.quantity);
        let gain = self
            .terms
            .gross_profit(self.direction, quantity, entry, price)?;
        Some(gain.value)
    }
}

/// The newest price of a ticker that was seen before a time: that of an alert, and for fills
/// also theirs.
pub(super) fn price_before(
    connection: &Connection,
    book: Book,
    webhook: &StoredWebhook,
    ticker: &Ticker,
    before: Option<Timestamp>,
) -> Result<Option<SeenPrice>> {
    let of_alert = orders::price_before(connection, webhook.row, ticker, before)?;
    if book != Book::Fills {
        return Ok(of_alert);
    }
    let instrument = tickers::find(connection, webhook.row, ticker)?;
    let of_fill = fills::price_before(connection, &fills::key(webhook.row, instrument), before)?;
    let seen = of_alert.into_iter().chain(of_fill);
    Ok(seen.max_by_key(|(time, _)| *time))
}

impl OpenAtEnd {
    /// Reads what was open when the range of `part` ended.
    pub(super) fn read(part: &CurrencyGroup<'_>, connection: &Connection) -> Result<Self> {
        let mut open = Self {
            lots: OpenLots::default(),
            entries: Vec::new(),
            last_price_at: None,
        };
        if part.filter.tag.is_some() {
            // Tags are on closed trades: what is open has none, so nothing is known of it.
            open.forget_profit();
            return Ok(open);
        }
        for webhook in part.webhooks {
            let find = |ticker| tickers::find(connection, webhook.row, ticker);
            let wanted = part.filter.ticker.as_ref().map(find).transpose()?;
            let wanted = wanted.as_ref();
            for position in positions::of_webhook(connection, webhook, part.filter.book)? {
                if wanted.is_none_or(|wanted| *wanted == position.instrument) {
                    open.add(part, webhook, &position, connection)?;
                }
            }
        }
        Ok(open)
    }

    fn add(
        &mut self,
        part: &CurrencyGroup<'_>,
        webhook: &StoredWebhook,
        position: &StoredPosition,
        connection: &Connection,
    ) -> Result<()> {
        let asked = part.filter.asked(&part.zone);
        let ticker = position.instrument.ticker();
        let seen = price_before(connection, part.filter.book, webhook, ticker, asked.to)?;
        self.last_price_at = self.last_price_at.max(seen.map(|(time, _)| time));
        let Some(ledger) = &position.ledger else {
            // It is being derived again.
            self.forget_profit();
            return Ok(());
        };
        let mut held = Vec::with_capacity(ledger.lots().len());
        for lot in ledger.lots() {
            let is_wanted = match part.filter.is_imported {
                Some(is_wanted) => events::is_imported(connection, lot.entry.order)? == is_wanted,
                None => true,
            };
            held.extend(is_wanted.then(|| Held::of_lot(lot, position.terms)));
        }
        let price = match asked.to {
            None if part.filter.book == Book::Alerts => ledger.newest_price(),
            None => seen.map(|(_, price)| price),
            Some(end) => {
                let mut closed_later = trade_filter(part.filter, &part.zone, [webhook]);
                closed_later.ticker = Some(ticker.as_str().to_owned());
                let later = trades::open_at(connection, &closed_later, end)?;
                held.retain(|lot| lot.entry_time < end);
                held.extend(later.iter().map(Held::of_trade));
                seen.map(|(_, price)| price)
            }
        };
        for lot in held {
            self.take(&lot, price, asked.from);
            self.entries.push(OpenEntry {
                time: lot.entry_time,
                ticker: ticker.clone(),
                price: lot.entry_price,
                contract: lot.terms.contract,
            });
        }
        Ok(())
    }

    fn take(&mut self, lot: &Held, price: Option<Price>, from: Option<Timestamp>) {
        let side = match lot.direction {
            Direction::Long => &mut self.lots.long,
            Direction::Short => &mut self.lots.short,
        };
        side.note_entry(lot.entry_time);
        let gain = price.and_then(|price| lot.profit(price));
        side.profit = side
            .profit
            .zip(gain)
            .and_then(|(sum, gain)| sum.checked_add(gain));
        // What was entered before the range was paid for before it.
        if from.is_none_or(|from| lot.entry_time >= from) {
            side.commission = side.commission.saturating_add(lot.commission);
        }
    }

    fn forget_profit(&mut self) {
        for side in [&mut self.lots.long, &mut self.lots.short] {
            *side = OpenSide {
                profit: None,
                ..*side
            };
        }
    }
}
