//! The commission of each trade of a list, where the list itself does not say.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::{ListedTrade, Side, TradeList};
use crate::domain::money::{DERIVED_SCALE, Decimal, Price};
use crate::domain::signal::Direction;
use crate::domain::terms::Terms;
use crate::domain::webhook::{Commission, CommissionKind};

/// The commissions of a list.
#[derive(Debug)]
pub struct Commissions {
    /// The commission of every fill.
    of_fill: Option<Commission>,
    terms: Terms,
    fills: Fills,
}

/// The commission of a closed trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paid {
    /// Of entry and exit.
    pub whole: Decimal,
    /// Of the entry; `None` where it is not known what the commission is of.
    pub of_entry: Option<Decimal>,
}

impl Commissions {
    /// Those of a list whose profit is counted by these terms, and whose fills cost this.
    #[must_use]
    pub fn of(list: &TradeList, terms: Terms, of_fill: Option<Commission>) -> Self {
        Self {
            of_fill,
            terms,
            fills: Fills::of(list),
        }
    }

    /// The commission of a closed trade: as the list has it, else what its fills cost; else
    /// zero. Each trade is to be taken once.
    pub fn take(&mut self, trade: &ListedTrade, exit: &Side) -> Paid {
        let entry = self.of_side(trade, &trade.entry, true);
        let exit = self.of_side(trade, exit, false);
        let counted = entry.zip(exit);
        let Some(listed) = trade.commission else {
            let sum = counted.and_then(|(entry, exit)| entry.checked_add(exit));
            return Paid {
                whole: sum.unwrap_or_default().normalize(),
                of_entry: sum.and(entry).map(|entry| entry.normalize()),
            };
        };
        let of_entry = counted.and_then(|(entry, exit)| share(listed, entry, exit));
        Paid {
            whole: listed,
            of_entry,
        }
    }

    /// Takes the entry commission of an open trade, likewise.
    pub fn take_open(&mut self, trade: &ListedTrade) -> Decimal {
        let counted = self.of_side(trade, &trade.entry, true);
        let paid = trade.commission.or(counted);
        paid.unwrap_or_default().normalize()
    }

    /// The cost of a fill, or of the trade's part of it.
    fn of_side(&mut self, trade: &ListedTrade, side: &Side, is_entry: bool) -> Option<Decimal> {
        let part = self.fills.take(trade, side, is_entry);
        let commission = self.of_fill.as_ref()?;
        let counted = match commission.kind {
            CommissionKind::Percent => {
                let value = self.terms.value(side.price, trade.quantity)?.value.abs();
                value.checked_div(Decimal::ONE_HUNDRED)?
            }
            CommissionKind::PerContract => trade.quantity.get(),
            CommissionKind::PerOrder => part?,
        };
        counted.checked_mul(commission.value)
    }
}

/// The entry's share of a commission that the list has, by what its fills cost: that cost
/// itself where the list has rounded the sum of both.
fn share(listed: Decimal, entry: Decimal, exit: Decimal) -> Option<Decimal> {
    let sum = entry.checked_add(exit)?;
    let half = Decimal::new(5, listed.scale().max(2) + 1);
    if listed.checked_sub(sum)?.abs() <= half {
        return Some(entry.normalize());
    }
    let part = entry.checked_div(sum)?;
    let part = listed.checked_mul(part)?;
    Some(part.round_dp(DERIVED_SCALE).normalize())
}

/// The mark of one order's fill against another's: when, at which price, by
/// which signal, bought or sold. The list does not number orders.
type Fill = (Timestamp, Price, Option<Arc<str>>, bool);

/// The rest of each order that several trades share: quantity, and the share of the order. A
/// list has hundreds of thousands of orders, of which few are shared.
#[derive(Debug)]
pub(super) struct Fills(HashMap<Fill, (Decimal, Decimal)>);

impl Fills {
    pub(super) fn of(list: &TradeList) -> Self {
        let count = u32::try_from(list.trades.len() * 2).unwrap_or(u32::MAX);
        let side = |place: u32| {
            let trade = &list.trades[place as usize / 2];
            let side = match place % 2 {
                0 => Some(&trade.entry),
                _ => trade.exit.as_ref(),
            };
            side.map(|side| (trade, side, place.is_multiple_of(2)))
        };
        let mut places: Vec<u32> = (0..count).filter(|place| side(*place).is_some()).collect();
        let key = |place: &u32| {
            side(*place).map(|(trade, side, is_entry)| by_order(trade, side, is_entry))
        };
        places.sort_unstable_by(|one, other| key(one).cmp(&key(other)));
        let mut fills = HashMap::new();
        for same in places.chunk_by(|one, other| key(one) == key(other)) {
            if let [first, _, ..] = same
                && let Some((trade, of_first, is_entry)) = side(*first)
            {
                let quantities = same.iter().filter_map(|place| side(*place));
                let whole = quantities
                    .map(|(trade, ..)| trade.quantity.get())
                    .fold(Decimal::ZERO, Decimal::saturating_add);
                fills.insert(fill(trade, of_first, is_entry), (whole, Decimal::ONE));
            }
        }
        Self(fills)
    }

    /// The part of an order that opened or closed a trade; the parts of all its trades add up
    /// to one exactly.
    fn take(&mut self, trade: &ListedTrade, side: &Side, is_entry: bool) -> Option<Decimal> {
        let quantity = trade.quantity.get();
        let Some((whole, order)) = self.0.get_mut(&fill(trade, side, is_entry)) else {
            return Some(Decimal::ONE);
        };
        let part = order.checked_mul(quantity)?.checked_div(*whole)?;
        let part = part.round_dp(DERIVED_SCALE);
        *whole -= quantity;
        *order -= part;
        Some(part)
    }

    /// Orders that a closed trade took, of those that it shares with others its part.
    pub(super) fn orders_of(&mut self, trade: &ListedTrade, exit: &Side) -> Option<Decimal> {
        let entry = self.take(trade, &trade.entry, true)?;
        entry.checked_add(self.take(trade, exit, false)?)
    }
}

/// Identity of an order, without keeping it.
fn by_order<'a>(
    trade: &ListedTrade,
    side: &'a Side,
    is_entry: bool,
) -> (Timestamp, Decimal, Option<&'a str>, bool) {
    let is_bought = (trade.direction == Direction::Long) == is_entry;
    (
        side.time,
        side.price.get(),
        side.signal.as_deref(),
        is_bought,
    )
}

fn fill(trade: &ListedTrade, side: &Side, is_entry: bool) -> Fill {
    let is_bought = (trade.direction == Direction::Long) == is_entry;
    (side.time, side.price, side.signal.clone(), is_bought)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_s_share_is_its_cost_or_in_proportion_to_it() {
        let decimal = |text: &str| -> Decimal { text.parse().unwrap() };
        for (listed, entry, exit, expected) in [
            // Rounded to cents, as a list has it.
            ("1.30", "0.65", "0.65", "0.65"),
            ("2.10", "1.00000", "1.1016", "1"),
            ("0.00000012", "0.00000006", "0.00000006", "0.00000006"),
            // At another rate of exchange.
            ("3", "1", "2", "1"),
            ("6", "1", "2", "2"),
        ] {
            let share = share(decimal(listed), decimal(entry), decimal(exit));
            assert_eq!(share, Some(decimal(expected)), "{listed}");
        }
        assert_eq!(share(Decimal::ONE, Decimal::ZERO, Decimal::ZERO), None);
    }
}
