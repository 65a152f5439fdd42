//! The ledger: orders of one webhook and ticker become lots, trades and a position.
//!
//! It is a fold. [`Ledger::apply`] takes one order in the time that the lots it
//! closes need; [`fold()`] takes all of them, and comes to the same. The rules are
//! those of TradingView's list of trades: every entry opens a lot, exits close
//! lots first in first out, a trade is one lot or the part of it that one exit
//! closes. What an order cannot do as it says is never an error: the order
//! stays, and what came of it carries a [`Warning`]. Its codes are
//!
//! - `exit_without_position`: there was nothing to close; no trade came of it;
//! - `exit_exceeds_position`: the position was closed, the rest dropped;
//! - `net_reversal`: it may have been meant to take the other side with its full quantity;
//! - `out_of_sync`: TradingView states another position than the ledger's own;
//! - `adjustment_not_needed`: the accepted position was there already;
//! - `slippage_ignored`: the assumed slippage leaves no price above zero, so the
//!   order filled at its intended price;
//! - `amount_too_large`, `amount_too_fine`, `no_inverse_value`: an amount cannot be counted,
//!   see [`Unpairable`]; the order was left out whole, and lots and position are as they
//!   were before it.

mod fill;
mod fold;
mod gap;
mod pairing;
mod sequence;
mod stated;
mod valuation;
mod warnings;

#[cfg(test)]
mod money_properties;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use jiff::Timestamp;

use super::event::Warning;
use super::exact_sum::ExactSum;
use super::money::{Decimal, Price};
use super::order::{Order, OrderId};
use super::trade::{Lot, Trade};
use super::webhook::Settings;

pub use fold::{Folded, fold, fold_each};
pub use gap::belongs_between;
use pairing::{Instruction, Pairing};
pub use pairing::{Unpairable, closes_all_first, entry_closes_all_first};
use sequence::Start;
pub use stated::{Adjustment, OutOfSync, PositionChange, same_size};
use warnings::{filled_at, net_reversal, shortfall};

/// The effect of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The order.
    pub order: OrderId,
    /// Its place among the orders of its second, from 0.
    pub place: u32,
    /// The price it filled at, assumed slippage included.
    pub fill_price: Price,
    /// Entry, add, partial exit, exit or reversal: as the alert says of itself,
    /// else as it was; `None` where the position stayed.
    pub change: Option<PositionChange>,
    /// The trades it closed, oldest lot first. All their lots are gone, but for
    /// the one in `left`.
    pub trades: Vec<Trade>,
    /// The rest of a lot that it closed a part of.
    pub left: Option<Lot>,
    /// The lot it opened.
    pub opened: Option<Lot>,
    /// Warnings for its owner.
    pub warnings: Vec<Warning>,
    /// Reason that it was left out of trades and position.
    pub unpaired: Option<Unpairable>,
}

/// The fill of an order, before anything is changed.
struct Filling {
    instruction: Instruction,
    /// Position that the order leads to from the one that it states before it.
    leads_to: Option<Decimal>,
    price: Price,
    warnings: Vec<Warning>,
    unpaired: Option<Unpairable>,
}

/// Reason that an order was not applied; the ledger is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotApplied {
    /// It belongs before one that was applied already: the orders of its webhook and
    /// instrument have to be folded again.
    #[error(
        "{0} belongs before an order that was paired already; pair its instrument's orders again"
    )]
    Late(OrderId),
    /// It cannot be counted exactly.
    #[error("{0}")]
    Unpairable(Unpairable),
}

/// All that a ledger remembers, to be kept and resumed from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checkpoint {
    /// The open lots, oldest first, all of one direction.
    pub lots: Vec<Lot>,
    /// Net profit of all trades that were closed.
    pub closed_profit: ExactSum,
    /// The newest price seen for the ticker.
    pub newest_price: Option<Price>,
    /// TradingView's position less the ledger's own, where it was stated last.
    pub drift: Decimal,
    /// Time of that statement, by TradingView's clock.
    pub last_word: Option<Timestamp>,
    /// The position stated last before the newest second.
    pub stated_before: Decimal,
    /// The ledger's own position before the newest second.
    pub position_before: Decimal,
    /// The orders of the newest second, in any sequence.
    pub newest_second: Vec<Order>,
}

/// The lots and the position of one webhook and ticker.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    /// Open lots, oldest first; all of one direction.
    lots: VecDeque<Lot>,
    /// Quantity of all lots; kept, so that it need not be added up for each order.
    open: Decimal,
    /// Net profit of all trades that were closed; kept for the same reason.
    closed_profit: ExactSum,
    /// The newest price seen, for the open profit.
    newest_price: Option<Price>,
    /// TradingView's position less the ledger's own, where it was stated last;
    /// zero in sync.
    drift: Decimal,
    /// TradingView's own time of that statement, where it has one. An order that is older
    /// by the same clock is in the statement already.
    last_word: Option<Timestamp>,
    /// The position stated last before `newest_second`: where its chain begins.
    stated_before: Decimal,
    /// The ledger's own position before `newest_second`: what its exits can close.
    position_before: Decimal,
    /// The applied orders of the newest second, to tell a late one from the next.
    newest_second: Vec<Order>,
}

impl Ledger {
    /// A ledger without orders.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The ledger that `checkpoint` was taken of, under the same settings.
    #[must_use]
    pub fn resume(checkpoint: Checkpoint, settings: &Settings) -> Self {
        let mut newest_second = checkpoint.newest_second;
        let start = Start {
            stated: checkpoint.stated_before,
            position: checkpoint.position_before,
            reversal: settings.reversal,
        };
        sequence::sort_second(&mut newest_second, start);
        let lots = VecDeque::from(checkpoint.lots);
        Self {
            open: quantity_of(&lots),
            lots,
            closed_profit: checkpoint.closed_profit,
            newest_price: checkpoint.newest_price,
            drift: checkpoint.drift,
            last_word: checkpoint.last_word,
            stated_before: checkpoint.stated_before,
            position_before: checkpoint.position_before,
            newest_second,
        }
    }

    /// A state to resume from after a restart.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            lots: self.lots.iter().cloned().collect(),
            closed_profit: self.closed_profit,
            newest_price: self.newest_price,
            drift: self.drift,
            last_word: self.last_word,
            stated_before: self.stated_before,
            position_before: self.position_before,
            newest_second: self.newest_second.clone(),
        }
    }

    /// The open lots, oldest first.
    #[must_use]
    pub fn lots(&self) -> impl ExactSizeIterator<Item = &Lot> {
        self.lots.iter()
    }

    /// The signed position: above zero long, below zero short, zero flat.
    #[must_use]
    pub fn position(&self) -> Decimal {
        match self.lots.front() {
            Some(lot) => self.open * lot.direction.sign(),
            None => Decimal::ZERO,
        }
    }

    /// Net profit of all trades that were closed.
    #[must_use]
    pub fn closed_profit(&self) -> ExactSum {
        self.closed_profit
    }

    /// TradingView's position less the ledger's own, where it was stated last.
    #[must_use]
    pub fn drift(&self) -> Decimal {
        self.drift
    }

    /// TradingView's own time of its last statement.
    #[must_use]
    pub fn last_word(&self) -> Option<Timestamp> {
        self.last_word
    }

    /// The position stated last before the newest second.
    #[must_use]
    pub fn stated_before(&self) -> Decimal {
        self.stated_before
    }

    /// The ledger's own position before the newest second.
    #[must_use]
    pub fn position_before(&self) -> Decimal {
        self.position_before
    }

    /// Pairing time of the orders of the newest second.
    #[must_use]
    pub fn newest_second(&self) -> Option<Timestamp> {
        Some(self.newest_second.first()?.paired_at)
    }

    /// The newest price seen: the market price that an alert states, else the
    /// price it intends.
    #[must_use]
    pub fn newest_price(&self) -> Option<Price> {
        self.newest_price
    }

    /// TradingView's position beside the ledger's own, where an alert is missing.
    #[must_use]
    pub fn out_of_sync(&self) -> Option<OutOfSync> {
        let own = self.position();
        (!self.drift.is_zero()).then(|| OutOfSync {
            own,
            stated: own.saturating_add(self.drift).normalize(),
        })
    }

    /// True if `order` belongs before one that was applied already, or would give
    /// those of its second another sequence.
    #[must_use]
    pub fn is_late(&self, order: &Order, settings: &Settings) -> bool {
        let Some(newest) = self.newest_second.first() else {
            return false;
        };
        let (second, newest_second) = (sequence::second_of(order), sequence::second_of(newest));
        if second != newest_second {
            return second < newest_second;
        }
        let applied_then_order = || self.newest_second.iter().chain([order]);
        let mut sorted: Vec<&Order> = applied_then_order().collect();
        let start = Start {
            stated: self.stated_before,
            position: self.position_before,
            reversal: settings.reversal,
        };
        sequence::sort_second(&mut sorted, start);
        let ids = sorted.iter().map(|order| order.id);
        !ids.eq(applied_then_order().map(|order| order.id))
    }

    /// Applies the next order, in time proportional to the lots it closes.
    ///
    /// # Errors
    ///
    /// [`NotApplied`]; the ledger is as it was.
    pub fn apply(&mut self, order: &Order, settings: &Settings) -> Result<Applied, NotApplied> {
        if self.is_late(order, settings) {
            return Err(NotApplied::Late(order.id));
        }
        let applied = self.apply_next(order, settings);
        applied.map_err(NotApplied::Unpairable)
    }

    /// Applies an order whose place in the sequence is known otherwise.
    ///
    /// # Errors
    ///
    /// [`Unpairable`]; the ledger is as it was.
    pub fn apply_next(
        &mut self,
        order: &Order,
        settings: &Settings,
    ) -> Result<Applied, Unpairable> {
        let filling = self.filling_of(order, settings);
        let pairing = self.pair(order, &filling, settings)?;
        Ok(self.settle_order(order.clone(), pairing, filling))
    }

    /// Applies orders of one second that is later than all before; they are
    /// sorted into the sequence they are paired in.
    #[must_use]
    pub fn apply_second(&mut self, second: &mut [Order], settings: &Settings) -> Vec<Applied> {
        let start = Start {
            stated: sequence::stated_after(&self.newest_second, self.stated_before),
            position: self.position(),
            reversal: settings.reversal,
        };
        sequence::sort_second(second, start);
        let apply = |order: &Order| self.apply_in_sequence(order.clone(), settings);
        second.iter().map(apply).collect()
    }

    /// Applies an order that is known not to be late. One that cannot be counted was
    /// recorded all the same, before a setting changed or from a file; it is left out.
    fn apply_in_sequence(&mut self, order: Order, settings: &Settings) -> Applied {
        let mut filling = self.filling_of(&order, settings);
        let pairing = self.pair(&order, &filling, settings);
        let pairing = pairing.unwrap_or_else(|reason| {
            filling.unpaired = Some(reason);
            let message = format!("{reason}; the order was left out of trades and position");
            filling.warnings.push(Warning::new(reason.code(), message));
            Pairing::default()
        });
        self.settle_order(order, pairing, filling)
    }

    fn filling_of(&self, order: &Order, settings: &Settings) -> Filling {
        let instruction = Instruction::of(order, self.position(), settings.reversal);
        let mut warnings = Vec::new();
        let price = filled_at(order, instruction.direction, settings, &mut warnings);
        warnings.extend(net_reversal(order, self.position(), settings.reversal));
        let from_stated =
            |previous| Instruction::of(order, previous, settings.reversal).leads_to(previous);
        Filling {
            instruction,
            leads_to: order.stated_position.previous.map(from_stated),
            price,
            warnings,
            unpaired: None,
        }
    }

    fn pair(
        &self,
        order: &Order,
        filling: &Filling,
        settings: &Settings,
    ) -> Result<Pairing, Unpairable> {
        let (instruction, price) = (&filling.instruction, filling.price);
        pairing::pair(order, instruction, price, &self.lots, self.open, settings)
    }

    /// Takes up an order with what it does to the lots.
    fn settle_order(&mut self, order: Order, pairing: Pairing, filling: Filling) -> Applied {
        let mut warnings = filling.warnings;
        let before = self.position();
        if filling.unpaired.is_none() {
            warnings.extend(shortfall(&order, &pairing));
        }
        self.settle(&pairing);
        self.compare_with_stated(&order, before, filling.leads_to, &mut warnings);
        self.newest_price = order.market_price.or(Some(order.intended_price));
        self.begin_second_of(&order, before);
        let applied = Applied {
            order: order.id,
            place: u32::try_from(self.newest_second.len()).unwrap_or(u32::MAX),
            fill_price: filling.price,
            change: PositionChange::stated(&order)
                .or_else(|| PositionChange::between(before, self.position())),
            trades: pairing.trades,
            left: pairing.left,
            opened: pairing.opened,
            warnings,
            unpaired: filling.unpaired,
        };
        self.newest_second.push(order);
        applied
    }

    /// Takes up what a pairing did to the lots.
    fn settle(&mut self, pairing: &Pairing) {
        self.lots.drain(..pairing.closed_lots);
        if let (Some(left), Some(oldest)) = (&pairing.left, self.lots.front_mut()) {
            oldest.clone_from(left);
        }
        let closed = pairing.trades.iter().map(|trade| trade.quantity.get());
        self.open = closed.fold(self.open, Decimal::saturating_sub);
        let profits = pairing.trades.iter().map(|trade| trade.net_profit);
        self.closed_profit = profits.fold(self.closed_profit, ExactSum::plus);
        if self.lots.is_empty() {
            self.open = Decimal::ZERO;
        } else if self.open <= Decimal::ZERO {
            // Lots of 10^12 and 10^-18 together have more digits than a decimal;
            // what rounding took away is found again here.
            self.open = quantity_of(&self.lots);
        }
        if let Some(opened) = &pairing.opened {
            self.open = self.open.saturating_add(opened.quantity.get());
            self.lots.push_back(opened.clone());
        }
    }

    /// Compares the position with the one that an order states.
    fn compare_with_stated(
        &mut self,
        order: &Order,
        before: Decimal,
        leads_to: Option<Decimal>,
        warnings: &mut Vec<Warning>,
    ) {
        if self.is_outdated(order) {
            // TradingView's last word has this order in it already.
            let moved = self.position().saturating_sub(before);
            self.drift = self.drift.saturating_sub(moved);
            let (own, stated) = (self.position(), self.position().saturating_add(self.drift));
            if same_size(own, stated) {
                self.drift = Decimal::ZERO;
            } else {
                warnings.push(stated::outdated(own, stated));
            }
            return;
        }
        let mut stated = order.stated_position;
        if order.adjusting {
            // Its owner knows that the position before it was another.
            stated.previous = None;
        }
        let around = [before, self.position()];
        let comparison = stated::compare(&stated, around, self.drift, leads_to);
        warnings.extend(comparison.warning);
        self.drift = comparison.drift;
        if order.adjusting {
            // The owner's word has the time of another clock.
            self.last_word = None;
        } else if stated.new.is_some() || stated.previous.is_some() {
            self.last_word = order.signal_time;
        }
    }

    /// Reports whether an order is older than TradingView's last word by TradingView's own
    /// clock, which has whole seconds.
    fn is_outdated(&self, order: &Order) -> bool {
        let second = |time: Timestamp| time.as_second();
        let times = order
            .signal_time
            .map(second)
            .zip(self.last_word.map(second));
        !order.adjusting && times.is_some_and(|(own, last)| own < last)
    }

    /// Lets go of orders that `order` is a second later than, for none can belong
    /// before them any more; `before` is the position that it met.
    fn begin_second_of(&mut self, order: &Order, before: Decimal) {
        let second = sequence::second_of(order);
        let newest = self.newest_second.first().map(sequence::second_of);
        if newest != Some(second) {
            self.stated_before = sequence::stated_after(&self.newest_second, self.stated_before);
            self.position_before = before;
            self.newest_second.clear();
        }
    }
}

/// Quantity of all lots together.
fn quantity_of(lots: &VecDeque<Lot>) -> Decimal {
    let quantities = lots.iter().map(|lot| lot.quantity.get());
    quantities.fold(Decimal::ZERO, Decimal::saturating_add)
}
