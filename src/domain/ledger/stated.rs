//! The position as TradingView states it, beside the ledger's own.

use crate::domain::event::{Warning, text_enum};
use crate::domain::money::{Decimal, NumberError, Quantity};
use crate::domain::order::Order;
use crate::domain::signal::{Direction, Intent, StatedPosition};

text_enum! {
    /// The effect of an order on the position.
    PositionChange, "position change" {
        /// Opened a position.
        Entry = "entry",
        /// Made an open position larger.
        Add = "add",
        /// Closed a part of the position.
        PartialExit = "partialExit",
        /// Closed the whole position.
        Exit = "exit",
        /// Closed the whole position and opened one in the other direction.
        Reversal = "reversal",
    }
}

impl PositionChange {
    /// The change between two signed positions; `None` where they are the same size.
    #[must_use]
    pub fn between(previous: Decimal, new: Decimal) -> Option<Self> {
        if same_size(previous, new) {
            return None;
        }
        Some(if previous.is_zero() {
            Self::Entry
        } else if new.is_zero() {
            Self::Exit
        } else if previous.is_sign_negative() != new.is_sign_negative() {
            Self::Reversal
        } else if new.abs() > previous.abs() {
            Self::Add
        } else {
            Self::PartialExit
        })
    }

    /// The change that an alert states by its previous position and its new one, or the
    /// quantity that leads there; `None` where it does not state them or they are the same.
    #[must_use]
    pub fn stated(order: &Order) -> Option<Self> {
        order.stated_position.previous?;
        let (previous, new) = stated_ends(order)?;
        Self::between(previous, new)
    }
}

/// True if two sizes are the same but for the tails that TradingView's binary
/// fractions leave (`0.30000000000000004`): equal to one part in 10^9.
#[must_use]
pub fn same_size(one: Decimal, other: Decimal) -> bool {
    if one == other {
        return true;
    }
    let larger = one.abs().max(other.abs());
    let tolerance = larger.checked_mul(Decimal::new(1, 9));
    let distance = one.checked_sub(other).map(|distance| distance.abs());
    matches!((distance, tolerance), (Some(distance), Some(tolerance)) if distance <= tolerance)
}

/// True if an order can only close: an exit says so itself, and a sale that
/// leaves TradingView flat or long (a purchase: flat or short) is one too.
pub(super) fn closes_only(order: &Order) -> bool {
    order.intent.is_exit()
        || order.quantity.is_none()
        || match order.intent {
            Intent::Sell => stays(order, Direction::Long),
            Intent::Buy => stays(order, Direction::Short),
            _ => false,
        }
}

/// True if TradingView states that it is flat or on one side after an order, or before it holds
/// no less of that side than the order moves.
fn stays(order: &Order, side: Direction) -> bool {
    let stated = &order.stated_position;
    let is_on = |position: Decimal| position.is_zero() || Direction::of_position(position) == side;
    match (stated.new, stated.side) {
        (Some(new), _) => is_on(new),
        (None, Some(stated)) => stated == side,
        (None, None) => {
            let is_flat = stated.previous.is_none_or(|previous| previous.is_zero());
            !is_flat && stated_ends(order).is_some_and(|(_, new)| is_on(new))
        }
    }
}

/// The signed positions before and after an order, as far as it states them: one that
/// states only one of them tells the other by its quantity, for TradingView's contracts
/// are what the position moved by.
pub(super) fn stated_ends(order: &Order) -> Option<(Decimal, Decimal)> {
    let StatedPosition { new, previous, .. } = order.stated_position;
    if let (Some(previous), Some(new)) = (previous, new) {
        return Some((previous, new));
    }
    let moved = order.quantity?.get() * order.intent.direction()?.sign();
    match (previous, new) {
        (None, Some(new)) => Some((new.saturating_sub(moved), new)),
        (Some(previous), None) if same_size(previous, -moved) => Some((previous, Decimal::ZERO)),
        (Some(previous), None) => {
            let new = previous.saturating_add(moved);
            // No exit leads to the other side.
            let is_there =
                !previous.is_zero() && new.is_sign_negative() == previous.is_sign_negative();
            let is_beyond = order.intent.is_exit() && !is_there;
            Some((previous, if is_beyond { Decimal::ZERO } else { new }))
        }
        _ => None,
    }
}

/// A ledger whose position is not the one that TradingView states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfSync {
    /// The ledger's own signed position.
    pub own: Decimal,
    /// TradingView's: as stated last, moved along by the orders since.
    pub stated: Decimal,
}

/// The order that brings a ledger's position to the one that TradingView states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adjustment {
    /// [`Intent::Buy`] or [`Intent::Sell`].
    pub intent: Intent,
    /// The difference between the two positions.
    pub quantity: Quantity,
    /// The position for the order to state: the ledger's own before it and
    /// TradingView's after it. The ledger holds on to the latter.
    pub stated_position: StatedPosition,
}

impl OutOfSync {
    /// The adjusting order with which the owner accepts TradingView's position.
    ///
    /// # Errors
    ///
    /// [`NumberError`] where the difference is no usable quantity.
    pub fn adjustment(&self) -> Result<Adjustment, NumberError> {
        let (direction, quantity) = step(self.own, self.stated);
        Ok(Adjustment {
            intent: match direction {
                Direction::Long => Intent::Buy,
                Direction::Short => Intent::Sell,
            },
            quantity: Quantity::new(quantity)?,
            stated_position: StatedPosition {
                new: Some(self.stated),
                previous: Some(self.own),
                side: None,
            },
        })
    }
}

/// The direction and quantity that lead from one signed position to another.
pub(super) fn step(from: Decimal, to: Decimal) -> (Direction, Decimal) {
    let difference = to.saturating_sub(from);
    let direction = if difference.is_sign_negative() {
        Direction::Short
    } else {
        Direction::Long
    };
    (direction, difference.abs())
}

/// A comparison of an order's statement with the ledger's position around it.
pub(super) struct Comparison {
    /// TradingView's position less the ledger's after the order.
    pub(super) drift: Decimal,
    /// Warnings for its owner.
    pub(super) warning: Option<Warning>,
}

/// Compares what an order states with the ledger's position before and after it;
/// `drift` is what they differed by when it was stated last, and `leads_to` where the order
/// leads from the position that it states before it.
pub(super) fn compare(
    stated: &StatedPosition,
    [before, after]: [Decimal; 2],
    drift: Decimal,
    leads_to: Option<Decimal>,
) -> Comparison {
    let gap = |stated: Decimal, own: Decimal| {
        if same_size(stated, own) {
            Decimal::ZERO
        } else {
            stated.saturating_sub(own)
        }
    };
    let gap_before = stated.previous.map(|previous| gap(previous, before));
    let gap_after = stated.new.map(|new| gap(new, after));
    let differs = |gap: Option<Decimal>| gap.is_some_and(|gap| !gap.is_zero());
    // An order need not move both alike: it closes only what is there.
    let implied = stated.previous.and(leads_to).map(|new| gap(new, after));
    let drift = gap_after.or(implied).unwrap_or(drift);
    // A side without a size tells no gap, but it can tell that there is none.
    let is_on = |side: Direction, position: Decimal| {
        !position.is_zero() && Direction::of_position(position) == side
    };
    let side = stated.side.filter(|_| stated.new.is_none());
    let refutes = |side| is_on(side, after) && !is_on(side, after.saturating_add(drift));
    let warning = match (stated.previous, stated.new, side) {
        (Some(previous), _, _) if differs(gap_before) => {
            Some(out_of_sync(&position_of(previous), "before", before))
        }
        (_, Some(new), _) if differs(gap_after) => {
            Some(out_of_sync(&position_of(new), "after", after))
        }
        (_, _, Some(side)) if !is_on(side, after) => {
            Some(out_of_sync(&format!("{side} position"), "after", after))
        }
        _ => None,
    };
    Comparison {
        drift: if side.is_some_and(refutes) {
            Decimal::ZERO
        } else {
            drift
        },
        warning,
    }
}

fn position_of(size: Decimal) -> String {
    format!("position of {}", size.normalize())
}

fn out_of_sync(stated: &str, when: &str, own: Decimal) -> Warning {
    let own = own.normalize();
    let message = format!(
        "TradingView states a {stated} {when} this order, algohook's own is {own}: an alert is missing or was not processed; bring it back from TradingView's alert log, or accept TradingView's position"
    );
    Warning::new("out_of_sync", message)
}

/// The warning of an order that is older than TradingView's last word and left another
/// position than that.
pub(super) fn outdated(own: Decimal, stated: Decimal) -> Warning {
    let (own, stated) = (own.normalize(), stated.normalize());
    let message = format!(
        "by its own time this alert is older than one that was paired before it, and the positions they state do not tell where it belongs: algohook's position is {own} with it, TradingView's last word is {stated}; accept TradingView's position, or look for an alert that is missing"
    );
    Warning::new("out_of_sync", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn two_positions_tell_what_an_order_did() {
        for (previous, new, expected) in [
            ("0", "1", Some(PositionChange::Entry)),
            ("0", "-1", Some(PositionChange::Entry)),
            ("1", "3", Some(PositionChange::Add)),
            ("-1", "-3", Some(PositionChange::Add)),
            ("3", "1", Some(PositionChange::PartialExit)),
            ("-3", "-1", Some(PositionChange::PartialExit)),
            ("3", "0", Some(PositionChange::Exit)),
            ("-3", "0", Some(PositionChange::Exit)),
            ("2", "-1", Some(PositionChange::Reversal)),
            ("-2", "1", Some(PositionChange::Reversal)),
            ("2", "2.00", None),
        ] {
            let change = PositionChange::between(decimal(previous), decimal(new));
            assert_eq!(change, expected, "{previous} to {new}");
        }
    }

    #[test]
    fn sizes_are_equal_but_for_the_tails_of_binary_fractions() {
        for (one, other, same) in [
            ("0.3", "0.30000000000000004", true),
            ("1800.8", "1800.8000000000002", true),
            ("-1", "1", false),
            ("1", "1.00000001", false),
            ("0", "0.00000001", false),
            ("0.00000001", "0.00000002", false),
        ] {
            assert_eq!(same_size(decimal(one), decimal(other)), same);
            assert_eq!(same_size(decimal(other), decimal(one)), same);
        }
        assert!(!same_size(Decimal::MAX, Decimal::MIN));
    }

    #[test]
    fn an_adjustment_leads_from_our_position_to_theirs() {
        for (own, stated, intent, quantity) in [
            ("2", "3", Intent::Buy, "1"),
            ("3", "0", Intent::Sell, "3"),
            ("1", "-1.5", Intent::Sell, "2.5"),
        ] {
            let (own, stated) = (decimal(own), decimal(stated));
            let adjustment = OutOfSync { own, stated }.adjustment().unwrap();
            assert_eq!(adjustment.intent, intent);
            assert_eq!(adjustment.quantity.get(), decimal(quantity));
        }
    }
}
