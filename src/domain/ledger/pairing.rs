//! One order against the open lots: which it closes, first in first out, what
//! it opens, and what that costs and gains.

use std::collections::VecDeque;

use super::fill::{commissions, split};
use super::stated::{closes_only, same_size, step};
use crate::domain::exact::{Computed, difference, is_finer_than_a_double};
use crate::domain::money::{Decimal, Price, Quantity};
use crate::domain::order::Order;
use crate::domain::signal::{Direction, Intent, StatedPosition};
use crate::domain::terms::{Contract, Terms};
use crate::domain::trade::{Leg, Lot, Trade};
use crate::domain::webhook::{Reversal, Settings};

/// An order's request, given the position it meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instruction {
    /// Side: it buys or sells.
    pub(super) direction: Direction,
    /// The quantity; `None` is the whole position.
    quantity: Option<Decimal>,
    /// True if what exceeds the position is dropped, not opened.
    closes_only: bool,
    /// True if it closes the position beside its own quantity.
    closes_all_first: bool,
}

impl Instruction {
    /// The request of `order` while the signed position is `position`.
    pub(super) fn of(order: &Order, position: Decimal, reversal: Reversal) -> Self {
        // Who accepted TradingView's position meant the position, not the
        // difference that there was then: the missing alert may have come since.
        if let (true, Some(accepted)) = (order.adjusting, order.stated_position.new) {
            let (direction, difference) = step(position, accepted);
            let is_there = same_size(position, accepted);
            return Self {
                direction,
                quantity: Some(if is_there { Decimal::ZERO } else { difference }),
                closes_only: false,
                closes_all_first: false,
            };
        }
        Self {
            direction: order.intent.direction_at(position),
            quantity: order.quantity.map(Quantity::get),
            closes_only: closes_only(order),
            closes_all_first: closes_all_first(order, position.abs(), reversal),
        }
    }

    /// The position that it leads to from `position`.
    pub(super) fn leads_to(&self, position: Decimal) -> Decimal {
        let sign = self.direction.sign();
        let meets_its_opposite =
            !position.is_zero() && position.is_sign_negative() != sign.is_sign_negative();
        let open = if meets_its_opposite {
            position.abs()
        } else {
            Decimal::ZERO
        };
        let Some(division) = self.divide(open) else {
            return position;
        };
        let opened = division.opening.map_or(Decimal::ZERO, Quantity::get);
        let closed = division.closing.unwrap_or(open);
        position
            .saturating_add(closed * sign)
            .saturating_add(opened * sign)
    }

    /// Divides the quantity while `open` can be closed; `None`
    /// where it is beyond a [`Quantity`].
    fn divide(&self, open: Decimal) -> Option<Division> {
        let Some(quantity) = self.quantity else {
            return Some(Division {
                closing: None,
                opening: None,
                dropped: Decimal::ZERO,
            });
        };
        let fits = same_size(quantity, open);
        let closes_all = self.closes_all_first || quantity >= open || fits;
        let rest = if self.closes_all_first {
            quantity
        } else if closes_all && !fits {
            quantity - open
        } else {
            Decimal::ZERO
        };
        let opening = !rest.is_zero() && !self.closes_only;
        Some(Division {
            closing: (!closes_all).then_some(quantity),
            opening: opening.then(|| Quantity::new(rest)).transpose().ok()?,
            dropped: if opening { Decimal::ZERO } else { rest },
        })
    }
}

/// Reports whether an order closes all of an opposite position of `open` beside its own
/// quantity.
///
/// Of an entry [`entry_closes_all_first`] tells. A purchase or sale that says so may be a part of
/// the position, or the whole new one. Some services close with a smaller order, and take the other
/// side with its full quantity otherwise. A stated side tells which of the two it is. Else an order
/// that is smaller than the position only reduces it.
#[must_use]
pub fn closes_all_first(order: &Order, open: Decimal, reversal: Reversal) -> bool {
    let is_full = reversal == Reversal::Full;
    match order.intent {
        Intent::EntryLong | Intent::EntryShort => entry_closes_all_first(
            order.closes_opposite,
            &order.stated_position,
            order.quantity,
            reversal,
        ),
        Intent::Buy | Intent::Sell if order.closes_opposite => {
            let Some(quantity) = order.quantity.map(Quantity::get) else {
                return false;
            };
            let fits = same_size(quantity, open);
            match order.stated_position.side {
                Some(side) if Some(side) != order.intent.direction() => false,
                // Netting a larger one leads to the stated side, too.
                Some(_) => is_full || fits || quantity < open,
                None => is_full && (fits || quantity > open) && !states_size(order),
            }
        }
        _ => false,
    }
}

/// True if an entry closes all of an opposite position beside its own quantity: where it says so
/// (`closes_opposite`), or where `reversal` does and its quantity is not the whole move of a stated
/// reversal already.
#[must_use]
pub fn entry_closes_all_first(
    closes_opposite: bool,
    stated: &StatedPosition,
    quantity: Option<Quantity>,
    reversal: Reversal,
) -> bool {
    let sizes = stated.reversal().zip(quantity);
    let is_whole_move =
        sizes.is_some_and(|(moved, quantity)| same_size(moved.abs(), quantity.get()));
    closes_opposite || reversal == Reversal::Full && !is_whole_move
}

/// True if an order that may take the other side with its full quantity was counted on the net
/// position, for nothing but the settings decides.
pub(super) fn is_net_by_setting(order: &Order, position: Decimal, reversal: Reversal) -> bool {
    let is_against = order
        .intent
        .direction()
        .is_some_and(|own| !position.is_zero() && own != Direction::of_position(position));
    order.stated_position.side.is_none()
        && is_against
        && !closes_all_first(order, position.abs(), reversal)
        && closes_all_first(order, position.abs(), Reversal::Full)
        && matches!(order.intent, Intent::Buy | Intent::Sell)
}

/// True if TradingView states a size of the position before or after an order.
fn states_size(order: &Order) -> bool {
    order.stated_position.new.is_some() || order.stated_position.previous.is_some()
}

/// An order's quantity, divided into what closes, opens and is dropped.
struct Division {
    /// The quantity of open lots to close; `None` is all.
    closing: Option<Decimal>,
    /// The quantity to open.
    opening: Option<Quantity>,
    /// The excess of an exit over the position.
    dropped: Decimal,
}

/// An order's effect on the lots, computed before any lot is changed.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    /// The trades it closes, oldest lot first.
    pub(super) trades: Vec<Trade>,
    /// Number of lots that it closes wholly, from the oldest.
    pub(super) closed_lots: usize,
    /// The rest of the lot after those, where it closes a part of it.
    pub(super) left: Option<Lot>,
    /// The lot it opens.
    pub(super) opened: Option<Lot>,
    /// The excess of an exit over the position, which is dropped.
    pub(super) dropped: Decimal,
}

/// The part of a lot that an order closes.
struct Portion<'a> {
    lot: &'a Lot,
    quantity: Quantity,
}

/// Reason that an order cannot be paired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unpairable {
    /// An amount is beyond a [`Decimal`].
    #[error("price, quantity and point value multiply to more than algohook can count")]
    TooLarge,
    /// An amount has more digits than a [`Decimal`], and a number of the order has more than
    /// a binary fraction: rounding would lose what somebody meant.
    #[error(
        "price, quantity and point value multiply to more than 28 digits, and algohook rounds no amount"
    )]
    TooFine,
    /// The price of an inverse contract is not above zero.
    #[error(
        "the settings say that this is an inverse contract, which has no value at a price of zero or below"
    )]
    NoValue,
}

impl Unpairable {
    /// The code of the warning that says so.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "amount_too_large",
            Self::TooFine => "amount_too_fine",
            Self::NoValue => "no_inverse_value",
        }
    }
}

/// Checks results of arithmetic for one order.
#[derive(Debug, Clone, Copy)]
struct Precision {
    /// True if a result must have every digit.
    is_strict: bool,
}

impl Precision {
    /// TradingView's numbers are binary fractions, whose tails (`1800.8000000000002`) mean
    /// nothing: of products with those, 28 digits are more than enough. Whoever states more
    /// digits than that means them.
    fn of(order: &Order) -> Self {
        let quantity = order.quantity.map(Quantity::get);
        Self {
            is_strict: is_finer_than_a_double(order.intended_price.get())
                || quantity.is_some_and(is_finer_than_a_double),
        }
    }

    fn with(self, lot: &Lot) -> Self {
        Self {
            is_strict: self.is_strict || is_finer_than_a_double(lot.entry.price.get()),
        }
    }

    fn check(self, computed: Option<Computed>) -> Result<Decimal, Unpairable> {
        let Computed { value, is_exact } = computed.ok_or(Unpairable::TooLarge)?;
        if self.is_strict && !is_exact {
            return Err(Unpairable::TooFine);
        }
        Ok(value)
    }
}

/// Pairs an order that fills at `price` with the open lots, which are all of
/// one direction and `open` together.
///
/// # Errors
///
/// [`Unpairable`]; nothing was changed.
pub(super) fn pair(
    order: &Order,
    instruction: &Instruction,
    price: Price,
    lots: &VecDeque<Lot>,
    open: Decimal,
    settings: &Settings,
) -> Result<Pairing, Unpairable> {
    let terms = settings.terms_of(order.ticker.as_str());
    if terms.contract == Contract::Inverse && !price.is_positive() {
        return Err(Unpairable::NoValue);
    }
    let precision = Precision::of(order);
    let meets_its_opposite = lots
        .front()
        .is_some_and(|lot| lot.direction != instruction.direction);
    let closable = if meets_its_opposite {
        open
    } else {
        Decimal::ZERO
    };
    let division = instruction.divide(closable).ok_or(Unpairable::TooLarge)?;
    let portions = if meets_its_opposite {
        portions(lots, division.closing)
    } else {
        Vec::new()
    };
    let parts: Vec<Quantity> = portions
        .iter()
        .map(|portion| portion.quantity)
        .chain(division.opening)
        .collect();
    let costs = commissions(&settings.commission, price, terms, &parts);
    let costs = costs.ok_or(Unpairable::TooLarge)?;

    let leg = Leg {
        order: order.id,
        time: order.paired_at,
        price,
        signal: order.signal_name.clone(),
    };
    let mut pairing = Pairing {
        dropped: division.dropped,
        ..Pairing::default()
    };
    for (portion, cost) in portions.iter().zip(&costs) {
        let (trade, left) =
            portion.close(order, &leg, *cost, (terms, precision.with(portion.lot)))?;
        pairing.trades.push(trade);
        pairing.closed_lots += usize::from(left.is_none());
        pairing.left = left;
    }
    if let (Some(quantity), Some(cost)) = (division.opening, costs.last()) {
        // A lot whose value no decimal can hold could never be closed.
        precision.check(terms.value(price, quantity))?;
        let others = if meets_its_opposite {
            Decimal::ZERO
        } else {
            open
        };
        precision.check(difference(others, -quantity.get()))?;
        pairing.opened = Some(Lot {
            direction: instruction.direction,
            quantity,
            entry: leg,
            commission: cost.normalize(),
        });
    }
    Ok(pairing)
}

/// The parts of the lots, oldest first, that make up `closing`; all of them
/// where it is `None`.
fn portions(lots: &VecDeque<Lot>, closing: Option<Decimal>) -> Vec<Portion<'_>> {
    let Some(mut rest) = closing else {
        let whole = |lot| Portion {
            lot,
            quantity: lot.quantity,
        };
        return lots.iter().map(whole).collect();
    };
    let mut portions = Vec::new();
    for lot in lots {
        let available = lot.quantity.get();
        // A float's tail neither leaves a speck of a lot open nor closes one of the next.
        let taken = if rest >= available || same_size(rest, available) {
            available
        } else {
            rest
        };
        let Ok(quantity) = Quantity::new(taken) else {
            break;
        };
        portions.push(Portion { lot, quantity });
        rest = if same_size(rest, taken) {
            Decimal::ZERO
        } else {
            rest - taken
        };
    }
    portions
}

impl Portion<'_> {
    /// The trade that closing this part makes, and what is left of the lot.
    fn close(
        &self,
        order: &Order,
        exit: &Leg,
        exit_commission: Decimal,
        (terms, precision): (Terms, Precision),
    ) -> Result<(Trade, Option<Lot>), Unpairable> {
        let (lot, quantity) = (self.lot, self.quantity);
        let (entry_commission, left) = if quantity == lot.quantity {
            (lot.commission, None)
        } else {
            let shares = split(lot.commission, quantity.get(), lot.quantity.get());
            let (share, rest) = shares.ok_or(Unpairable::TooLarge)?;
            let left = precision.check(difference(lot.quantity.get(), quantity.get()))?;
            let left = Lot {
                quantity: Quantity::new(left).map_err(|_| Unpairable::TooFine)?,
                commission: rest,
                ..lot.clone()
            };
            (share, Some(left))
        };
        let commission = entry_commission.checked_add(exit_commission);
        let commission = commission.ok_or(Unpairable::TooLarge)?.normalize();
        let (entry, direction) = (lot.entry.price, lot.direction);
        let gross = terms.gross_profit(direction, quantity, entry, exit.price);
        let gross = precision.check(gross)?;
        let trade = Trade {
            ticker: order.ticker.clone(),
            direction: lot.direction,
            quantity,
            entry: lot.entry.clone(),
            exit: exit.clone(),
            point_value: terms.point_value,
            contract: terms.contract,
            commission,
            entry_commission: entry_commission.normalize(),
            net_profit: precision.check(difference(gross, commission))?.normalize(),
        };
        Ok((trade, left))
    }
}
