//! The ledger of fills: each fill as the order that is paired, its fee for a commission.

use rusqlite::Connection;

use crate::domain::event::EventId;
use crate::domain::ledger::Ledger;
use crate::domain::money::Decimal;
use crate::domain::order::{Order, OrderId};
use crate::domain::signal::{Direction, Intent, OrderType, StatedPosition};
use crate::domain::webhook::{Commission, CommissionKind, Reversal, Settings, Slippage};
use crate::store::error::Result;
use crate::store::fills::{self, StoredFill};
use crate::store::ledger_key::LedgerKey;
use crate::store::{trades, webhooks};

/// Folds the fills of a ledger that are of a time (microseconds), stores the trades that they
/// closed, and returns how many there are.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub(in crate::journal) fn fold(
    connection: &Connection,
    key: &LedgerKey,
    ledger: &mut Ledger,
    part: (i64, i64),
) -> Result<i64> {
    let settings = webhooks::settings(connection, key.webhook)?;
    let mut terms = Settings {
        slippage: Slippage {
            value: Decimal::ZERO,
            ..settings.slippage
        },
        reversal: Reversal::Net,
        ..settings
    };
    let mut folded = 0;
    fills::for_each_instant_between(connection, key, part, |together| {
        folded += i64::try_from(together.len()).unwrap_or(i64::MAX);
        for stored in together {
            let order = order(stored, &terms.currency, &mut terms.commission);
            // One that no decimal can count is left out, as an alert's order is.
            if let Ok(applied) = ledger.apply_next(&order, &terms) {
                trades::insert_applied(connection, key, &applied)?;
            }
        }
        Ok(())
    })?;
    Ok(folded)
}

/// A fill as the order that the ledger pairs, and its fee as the commission of that order.
fn order(stored: &StoredFill, currency: &str, commission: &mut Commission) -> Order {
    let fill = &stored.fill;
    let counted = fill.counted(currency);
    *commission = Commission {
        kind: CommissionKind::PerOrder,
        value: counted.commission.unwrap_or_default(),
    };
    Order {
        id: OrderId(stored.id.0),
        event: EventId(0),
        ticker: stored.ticker.clone(),
        intent: match fill.side {
            Direction::Long => Intent::Buy,
            Direction::Short => Intent::Sell,
        },
        closes_opposite: false,
        // It filled at its price, whatever was asked for.
        order_type: OrderType::Market,
        quantity: Some(counted.quantity),
        intended_price: fill.price,
        market_price: None,
        paired_at: fill.time,
        signal_time: None,
        stated_position: StatedPosition::default(),
        signal_name: None,
        adjusting: false,
    }
}
