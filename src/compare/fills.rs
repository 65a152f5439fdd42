//! The legs of a book of fills.
//!
//! An alert is one order, and a broker fills an order in parts. So fills of one order are one
//! leg, at their mean price by quantity; where the export names no orders, those of one
//! instant, instrument and side. Whether an order opens or closes follows from the fills
//! before it, which nobody states: an export may begin in the middle of a position.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::leg::{Action, Leg};
use super::splits::Split;
use crate::domain::fill::{Fill, FillId};
use crate::domain::money::{DERIVED_SCALE, Decimal, Price, Quantity};
use crate::domain::order::OrderId;
use crate::domain::signal::{Direction, Ticker};

/// A fill as the legs are made of it.
#[derive(Debug, Clone, Copy)]
pub struct FillOf<'a> {
    /// Its number.
    pub id: FillId,
    /// The instrument that its symbol was taken for.
    pub ticker: &'a Ticker,
    /// The fill.
    pub fill: &'a Fill,
    /// The alert's order that the broker's order names.
    pub order: Option<OrderId>,
}

/// The fills of one order.
#[derive(Debug, Clone)]
pub struct FillOrder {
    /// The instrument.
    pub ticker: Ticker,
    /// Bought or sold.
    pub side: Direction,
    /// The first of its fills.
    pub first: FillId,
    /// Number of fills.
    pub fills: usize,
    /// Time of the first of them, as the export tells it.
    pub time: Timestamp,
    /// Seconds that the export tells that time to.
    pub precision: u32,
    /// Mean price by quantity.
    pub price: Price,
    /// All that was filled.
    pub quantity: Quantity,
    /// The broker's number of the order.
    pub reference: Option<Box<str>>,
    /// The alert's order that it names.
    order: Option<OrderId>,
    /// Quantity by which the position moved.
    moved: Decimal,
    value: Decimal,
}

/// The legs of fills.
#[derive(Debug, Clone, Default)]
pub struct FillLegs {
    /// In order of time. Of times that are told to a second or a minute it is the end.
    pub legs: Vec<Leg>,
    /// The order of each leg, by its place in `orders`.
    pub order_of: Vec<usize>,
    /// The orders.
    pub orders: Vec<FillOrder>,
    /// The order of each fill.
    places: HashMap<FillId, usize>,
    /// The leg of each order and effect.
    leg_of: HashMap<(usize, Action), usize>,
}

/// A position of less than this share of an order is what fees in the coin left: a hundredth.
const DUST: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

impl FillLegs {
    /// The legs of fills that are in order of time; `money` is the currency of profit.
    #[must_use]
    pub fn of<'a>(fills: impl IntoIterator<Item = FillOf<'a>>, money: &str) -> Self {
        let mut found = Self::default();
        let mut known: HashMap<(Ticker, Direction, Box<str>), usize> = HashMap::new();
        for one in fills {
            let name = one
                .fill
                .order_id
                .clone()
                .unwrap_or_else(|| format!("at {}", one.fill.time.as_microsecond()).into());
            let key = (one.ticker.clone(), one.fill.side, name);
            let place = *known.entry(key).or_insert(found.orders.len());
            found.places.insert(one.id, place);
            match found.orders.get_mut(place) {
                Some(order) => order.add(&one, money),
                None => found.orders.push(FillOrder::of(&one, money)),
            }
        }
        found
    }

    /// Each order as one leg.
    #[must_use]
    pub fn wholes(&self) -> Vec<Leg> {
        let whole = |order: &FillOrder| order.leg(Action::Entry, order.quantity);
        self.orders.iter().map(whole).collect()
    }

    /// Joins orders that are the fill of one alert, each group in order: an export without numbers of
    /// orders tells one that took two seconds as two.
    pub fn join(&mut self, groups: &[Vec<usize>]) {
        let mut first_of: Vec<usize> = (0..self.orders.len()).collect();
        for group in groups {
            for &place in group {
                first_of[place] = group[0];
            }
        }
        let mut joined: Vec<FillOrder> = Vec::with_capacity(self.orders.len());
        let mut place_of = vec![0; self.orders.len()];
        for (before, order) in std::mem::take(&mut self.orders).into_iter().enumerate() {
            let first = first_of[before];
            if first == before {
                place_of[before] = joined.len();
                joined.push(order);
            } else {
                place_of[before] = place_of[first];
                joined[place_of[first]].join(&order);
            }
        }
        self.orders = joined;
        for place in self.places.values_mut() {
            *place = place_of[*place];
        }
    }

    /// Makes the legs of the orders: one that turns a position round has two, as its
    /// counterpart has. Without a counterpart it has one, by the fills before it.
    pub fn split(&mut self, splits: &[Option<Split>]) {
        let mut positions: HashMap<Ticker, Decimal> = HashMap::new();
        for (place, order) in self.orders.iter().enumerate() {
            let position = positions.entry(order.ticker.clone()).or_default();
            let (sign, whole) = (order.side.sign(), order.quantity.get());
            let is_against = (*position * sign).is_sign_negative() && position.abs() > whole * DUST;
            let held = match position.abs() {
                _ if !is_against => Decimal::ZERO,
                near if (near - whole).abs() <= whole * DUST => whole,
                held => held,
            };
            *position += sign * order.moved;
            let closing = match splits.get(place).copied().flatten() {
                Some(split) => split.closing_of(whole, held),
                None if is_against => whole,
                None => Decimal::ZERO,
            };
            for (action, quantity) in [(Action::Exit, closing), (Action::Entry, whole - closing)] {
                let Ok(quantity) = Quantity::new(quantity) else {
                    continue;
                };
                self.leg_of.insert((place, action), self.legs.len());
                self.order_of.push(place);
                self.legs.push(order.leg(action, quantity));
            }
        }
    }

    /// The leg that a fill is of, as what opened or closed a trade.
    #[must_use]
    pub fn place(&self, fill: FillId, action: Action) -> Option<usize> {
        let order = *self.places.get(&fill)?;
        let leg = self.leg_of.get(&(order, action));
        // Where fees left dust, both are of one leg.
        let other = match action {
            Action::Entry => Action::Exit,
            Action::Exit => Action::Entry,
        };
        leg.or_else(|| self.leg_of.get(&(order, other))).copied()
    }
}

impl FillOrder {
    fn leg(&self, action: Action, quantity: Quantity) -> Leg {
        Leg {
            ticker: self.ticker.clone(),
            side: self.side,
            action,
            is_action_stated: false,
            time: self.time + SignedDuration::from_secs(self.precision.into()),
            price: self.price,
            quantity,
            signal: None,
            position_after: None,
            order: self.order,
        }
    }

    fn of(one: &FillOf<'_>, money: &str) -> Self {
        let fill = one.fill;
        let (price, quantity) = (fill.price, fill.quantity);
        Self {
            ticker: one.ticker.clone(),
            side: fill.side,
            first: one.id,
            fills: 1,
            time: fill.time,
            precision: fill.precision,
            price,
            quantity,
            reference: fill.order_id.clone(),
            order: one.order,
            moved: fill.counted(money).quantity.get(),
            value: price.get().checked_mul(quantity.get()).unwrap_or_default(),
        }
    }

    fn add(&mut self, one: &FillOf<'_>, money: &str) {
        self.join(&Self::of(one, money));
    }

    /// Takes in another part.
    fn join(&mut self, part: &Self) {
        self.fills += part.fills;
        self.precision = self.precision.max(part.precision);
        self.moved = self.moved.saturating_add(part.moved);
        self.value = self.value.saturating_add(part.value);
        self.order = self.order.or(part.order);
        let sum = self.quantity.get().checked_add(part.quantity.get());
        if let Some(quantity) = sum.and_then(|sum| Quantity::new(sum.normalize()).ok()) {
            self.quantity = quantity;
        }
        let mean = self.value.checked_div(self.quantity.get());
        let mean = mean.map(|mean| mean.round_dp(DERIVED_SCALE).normalize());
        if let Some(price) = mean.and_then(|mean| Price::new(mean).ok()) {
            self.price = price;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fill::Fee;

    fn fill(
        second: i64,
        side: Direction,
        quantity: &str,
        price: &str,
        order: Option<&str>,
    ) -> Fill {
        Fill {
            symbol: "BTCUSDT".parse().unwrap(),
            side,
            quantity: quantity.parse().unwrap(),
            price: price.parse().unwrap(),
            time: Timestamp::from_second(second).unwrap(),
            precision: 1,
            fee: None,
            currency: None,
            order_id: order.map(Into::into),
            fill_id: None,
        }
    }

    fn legs(fills: &[Fill], splits: &[Option<Split>]) -> Vec<(i64, Action, String, String)> {
        let ticker: Ticker = "BTCUSDT".parse().unwrap();
        let numbered = (1..).zip(fills).map(|(number, fill)| FillOf {
            id: FillId(number),
            ticker: &ticker,
            fill,
            order: None,
        });
        let mut found = FillLegs::of(numbered, "USD");
        found.split(splits);
        let leg = |leg: &Leg| {
            let quantity = leg.quantity.get().normalize().to_string();
            let price = leg.price.get().normalize().to_string();
            (leg.time.as_second(), leg.action, quantity, price)
        };
        found.legs.iter().map(leg).collect()
    }

    #[test]
    fn parts_of_an_order_are_one_leg_at_their_mean_price() {
        use Action::{Entry, Exit};
        use Direction::{Long, Short};
        let of = |time: i64, action, quantity: &str, price: &str| {
            (time, action, quantity.to_owned(), price.to_owned())
        };
        let fills = [
            fill(10, Long, "60", "100", Some("a")),
            fill(12, Long, "40", "101", Some("a")),
            // Sells what is there and as much again, as the alert does.
            fill(20, Short, "200", "103", Some("b")),
        ];
        assert_eq!(
            legs(&fills, &[None, Some(Split::of_turn(100, 200))]),
            [
                of(11, Entry, "100", "100.4"),
                of(21, Exit, "100", "103"),
                of(21, Entry, "100", "103")
            ]
        );
        // Without order numbers, those of one second and side.
        let fills = [
            fill(10, Long, "60", "100", None),
            fill(10, Long, "40", "101", None),
            fill(11, Long, "1", "101", None),
        ];
        assert_eq!(
            legs(&fills, &[]),
            [of(11, Entry, "100", "100.4"), of(12, Entry, "1", "101")]
        );
    }

    #[test]
    fn fees_in_the_coin_leave_no_dust_to_close() {
        let mut bought = fill(10, Direction::Long, "1", "100", None);
        bought.fee = Some(Fee {
            amount: "0.001".parse().unwrap(),
            currency: Some("BTC".into()),
        });
        let sold = fill(20, Direction::Short, "0.9989", "110", None);
        let short = fill(30, Direction::Short, "1", "111", None);
        let actions: Vec<Action> = legs(&[bought, sold, short], &[])
            .iter()
            .map(|leg| leg.1)
            .collect();
        assert_eq!(actions, [Action::Entry, Action::Exit, Action::Entry]);
    }
}
