//! The commission of each trade of a list, where the list itself does not say.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{ListedTrade, Side, TradeList};
use crate::domain::money::{DERIVED_SCALE, Decimal, Price};
use crate::domain::signal::Direction;
use crate::domain::webhook::{Commission, CommissionKind};

/// The commissions of a list.
#[derive(Debug)]
pub struct Commissions {
    /// The commission of every fill.
    of_fill: Option<Commission>,
    point_value: Decimal,
    fills: Fills,
}

impl Commissions {
    /// Those of a list whose contracts gain this when the price rises by 1, and whose
    /// fills cost this.
    #[must_use]
    pub fn of(list: &TradeList, point_value: Decimal, of_fill: Option<Commission>) -> Self {
        Self {
            of_fill,
            point_value,
            fills: Fills::of(list),
        }
    }

    /// The commission of a trade: as the list has it, else what its fills cost; else
    /// zero. Each trade is to be taken once.
    pub fn take(&mut self, trade: &ListedTrade, exit: &Side) -> Decimal {
        if let Some(commission) = trade.commission {
            return commission;
        }
        let quantity = trade.quantity.get();
        let of_fills = self.of_fill.as_ref().and_then(|commission| {
            let counted = match commission.kind {
                CommissionKind::Percent => {
                    let (before, after) = (trade.entry.price.get(), exit.price.get());
                    let prices = before.abs().checked_add(after.abs())?;
                    let value = prices
                        .checked_mul(quantity)?
                        .checked_mul(self.point_value)?;
                    value.checked_div(Decimal::ONE_HUNDRED)?
                }
                CommissionKind::PerContract => quantity.checked_mul(Decimal::TWO)?,
                CommissionKind::PerOrder => self.fills.take(trade, exit)?,
            };
            counted.checked_mul(commission.value)
        });
        of_fills.unwrap_or_default().normalize()
    }
}

/// The mark of one order's fill against another's: when, at which price, by
/// which signal, bought or sold. The list does not number orders.
type Fill = (Timestamp, Price, Option<String>, bool);

/// The rest of each order for the trades that it opened or closed: quantity, and
/// the share of the order.
#[derive(Debug)]
pub(super) struct Fills(HashMap<Fill, (Decimal, Decimal)>);

impl Fills {
    pub(super) fn of(list: &TradeList) -> Self {
        let mut fills = HashMap::new();
        for trade in &list.trades {
            let exit = trade.exit.as_ref().map(|exit| (exit, false));
            for (side, is_entry) in exit.into_iter().chain([(&trade.entry, true)]) {
                let (quantity, _) = fills
                    .entry(fill(trade, side, is_entry))
                    .or_insert((Decimal::ZERO, Decimal::ONE));
                *quantity = quantity.saturating_add(trade.quantity.get());
            }
        }
        Self(fills)
    }

    /// Orders that a trade took, of those that it shares with others its part; the
    /// parts add up to one exactly.
    pub(super) fn take(&mut self, trade: &ListedTrade, exit: &Side) -> Option<Decimal> {
        let quantity = trade.quantity.get();
        let mut part = |side, is_entry| {
            let (whole, order) = self.0.get_mut(&fill(trade, side, is_entry))?;
            let part = order.checked_mul(quantity)?.checked_div(*whole)?;
            let part = part.round_dp(DERIVED_SCALE);
            *whole -= quantity;
            *order -= part;
            Some(part)
        };
        part(&trade.entry, true)?.checked_add(part(exit, false)?)
    }
}

fn fill(trade: &ListedTrade, side: &Side, is_entry: bool) -> Fill {
    let is_bought = (trade.direction == Direction::Long) == is_entry;
    (side.time, side.price, side.signal.clone(), is_bought)
}
