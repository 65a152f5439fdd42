//! A leg: one fill of a book, as it is matched with one of another.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::event::text_enum;
use crate::domain::money::{Decimal, Price, Quantity};
use crate::domain::order::OrderId;
use crate::domain::signal::{Direction, Ticker};

text_enum! {
    /// The effect of a leg on the position.
    Action, "action" {
        /// Opens a position or adds to one.
        Entry = "entry",
        /// Closes a position or a part of one.
        Exit = "exit",
    }
}

/// One fill of a book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// The instrument.
    pub ticker: Ticker,
    /// Bought or sold.
    pub side: Direction,
    /// Opening or closing.
    pub action: Action,
    /// True where the source states it. Else it follows from the fills before, and is wrong
    /// after one that is missing.
    pub is_action_stated: bool,
    /// Time of the fill. In a backtest, the opening of its bar.
    pub time: Timestamp,
    /// The fill price.
    pub price: Price,
    /// Contracts, shares or coins.
    pub quantity: Quantity,
    /// Name of the signal, where it has one: many legs share it.
    pub signal: Option<Arc<str>>,
    /// The signed position after it, where the source states one.
    pub position_after: Option<Decimal>,
    /// The order that it is of; of a fill, the one that the broker's order names.
    pub order: Option<OrderId>,
}

impl Leg {
    /// Reports whether both can be one fill, whenever they were.
    #[must_use]
    pub fn is_alike(&self, other: &Self) -> bool {
        self.side == other.side && self.action == other.action && self.ticker.may_be(&other.ticker)
    }
}

/// A row of a list of trades: when it filled, at which price, and the name of its signal.
pub type Row = (Timestamp, Price, Option<Arc<str>>);

/// Both rows of a trade in a list of trades, the entry first.
#[must_use]
pub fn of_trade(
    ticker: &Ticker,
    direction: Direction,
    quantity: Quantity,
    [entry, exit]: [Row; 2],
) -> [Leg; 2] {
    [
        of_row(ticker, (direction, Action::Entry), quantity, entry),
        of_row(ticker, (direction.opposite(), Action::Exit), quantity, exit),
    ]
}

/// A row of a list of trades: bought or sold, and the effect.
#[must_use]
pub fn of_row(
    ticker: &Ticker,
    (side, action): (Direction, Action),
    quantity: Quantity,
    (time, price, signal): Row,
) -> Leg {
    Leg {
        ticker: ticker.clone(),
        side,
        action,
        is_action_stated: true,
        time,
        price,
        quantity,
        signal,
        position_after: None,
        order: None,
    }
}

/// The rows of a list of trades as legs: those that are one order are joined, for TradingView
/// sends one alert for them. They are equal in time, effect, signal and price.
#[derive(Debug, Clone, Default)]
pub struct Joined {
    /// The legs, in order of the first row of each.
    pub legs: Vec<Leg>,
    /// The leg of each row.
    pub leg_of: Vec<usize>,
}

impl Joined {
    /// Joins rows, and sorts the legs by time.
    #[must_use]
    pub fn of(rows: impl IntoIterator<Item = Leg>) -> Self {
        let mut joined = Self::default();
        let mut places = HashMap::new();
        let mut tickers: Vec<Ticker> = Vec::new();
        let mut signals: HashMap<Option<Arc<str>>, usize> = HashMap::new();
        for row in rows {
            // By number: a hundred thousand rows have one ticker and a few names.
            let known = tickers.iter().position(|ticker| *ticker == row.ticker);
            let ticker = known.unwrap_or(tickers.len());
            if known.is_none() {
                tickers.push(row.ticker.clone());
            }
            let next = signals.len();
            let signal = match signals.get(&row.signal) {
                Some(known) => *known,
                None => *signals.entry(row.signal.clone()).or_insert(next),
            };
            let effect = (row.side, row.action, row.price.get().normalize());
            let key = (ticker, row.time, effect, signal);
            let place = *places.entry(key).or_insert(joined.legs.len());
            joined.leg_of.push(place);
            match joined.legs.get_mut(place) {
                Some(leg) => leg.add(&row),
                None => joined.legs.push(row),
            }
        }
        joined.sorted()
    }

    fn sorted(mut self) -> Self {
        let mut sequence: Vec<usize> = (0..self.legs.len()).collect();
        sequence.sort_by_key(|&index| self.legs[index].time);
        let mut place_of = vec![0; sequence.len()];
        for (place, &index) in sequence.iter().enumerate() {
            place_of[index] = place;
        }
        for leg in &mut self.leg_of {
            *leg = place_of[*leg];
        }
        // Each swap brings one to its place, so that large books are not held twice.
        for index in 0..place_of.len() {
            while place_of[index] != index {
                let place = place_of[index];
                self.legs.swap(index, place);
                place_of.swap(index, place);
            }
        }
        self
    }
}

impl Leg {
    /// Takes in another row of the same order.
    fn add(&mut self, row: &Self) {
        let sum = self.quantity.get().checked_add(row.quantity.get());
        if let Some(quantity) = sum.and_then(|sum| Quantity::new(sum).ok()) {
            self.quantity = quantity;
        }
        self.position_after = row.position_after;
    }
}
