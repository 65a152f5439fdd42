//! A strategy whose live trading is not what its backtest promised, in each of the ways that a
//! comparison names: what the alerts lost and why, what the list of trades repainted, and what
//! a broker made of the rest.
//!
//! What is lost is lost in pairs, for the strategy turns its position with each order: after
//! two of them it is where it was, and what follows is not all wrong.

use std::fmt::Write as _;
use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use super::strategy::{Profile, StrategyOrder};

/// Prices of the alerts are this much worse than those of the backtest.
const DRIFT: f64 = 0.000_15;

/// Fate of an order on its way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It arrived.
    Arrived,
    /// It arrived more than a bar late.
    Late,
    /// It came while the webhook was paused.
    Paused,
    /// Its message was broken.
    Broken,
    /// Its key was wrong.
    WrongKey,
    /// Nobody was there to take it: the server did not run.
    NotRunning,
    /// The alert had expired.
    Expired,
    /// It never arrived, and was brought in later from TradingView's log.
    ImportedLater,
    /// The strategy gives it since it repainted its past.
    Repainted,
}

/// The fates of a strategy's orders, by number.
pub(super) struct Fates {
    orders: usize,
}

impl Fates {
    /// Those of so many orders.
    pub(super) fn of(orders: usize) -> Self {
        Self { orders }
    }

    /// An even number of orders from so many hundredths of all on.
    fn from(&self, hundredths: usize, count: usize) -> Range<usize> {
        let begin = self.orders * hundredths / 100;
        begin..begin + count
    }

    /// The orders that came while the webhook was paused.
    pub(super) fn paused(&self) -> Range<usize> {
        self.from(30, 4)
    }

    /// The orders that came while the server did not run.
    pub(super) fn not_running(&self) -> Range<usize> {
        self.from(50, 4)
    }

    /// The orders that were brought in later.
    pub(super) fn imported(&self) -> Range<usize> {
        self.from(70, 2)
    }

    /// Fate of an order.
    pub(super) fn of_order(&self, number: usize) -> Fate {
        let broken = self.from(40, 2);
        match number {
            paused if self.paused().contains(&paused) => Fate::Paused,
            first if first == broken.start => Fate::Broken,
            second if broken.contains(&second) => Fate::WrongKey,
            down if self.not_running().contains(&down) => Fate::NotRunning,
            silent if self.from(60, 6).contains(&silent) => Fate::Expired,
            late if self.imported().contains(&late) => Fate::ImportedLater,
            new if self.from(80, 2).contains(&new) => Fate::Repainted,
            late if late == self.orders * 85 / 100 => Fate::Late,
            _ => Fate::Arrived,
        }
    }

    /// Orders that an export of half a year, made when nine tenths of it had passed, had: all
    /// but those that the strategy came to give later.
    pub(super) fn exported_before(&self, orders: &[StrategyOrder]) -> Vec<StrategyOrder> {
        let until = self.orders * 9 / 10;
        let had = orders.iter().take(until).enumerate();
        had.filter(|(number, _)| self.of_order(*number) != Fate::Repainted)
            .map(|(_, order)| *order)
            .collect()
    }
}

/// An order at the price that the live market had.
pub(super) fn live(order: &StrategyOrder) -> StrategyOrder {
    let side = f64::from((order.after - order.before).signum());
    StrategyOrder {
        price: order.price * (1.0 + DRIFT * side),
        ..*order
    }
}

/// A broker's fills of the alerts that arrived, in plain columns: each a second or two late and
/// a little worse, some in two parts, two never, and a trade by hand.
pub(super) fn fills(profile: &Profile, orders: &[StrategyOrder], fates: &Fates) -> String {
    let mut list = String::from("time,symbol,side,qty,price,fee,feeCurrency,orderId,fillId\n");
    let arrived = orders.iter().enumerate();
    let arrived = arrived.filter(|(number, _)| {
        matches!(fates.of_order(*number), Fate::Arrived) && !fates.from(92, 2).contains(number)
    });
    let unit: f64 = profile.quantity.parse().unwrap_or(1.0);
    for (number, order) in arrived {
        let order = live(order);
        let milliseconds = 1_100 + (number * 733 % 1_900) as u64;
        let time = order.time + std::time::Duration::from_millis(milliseconds);
        let side = (order.after - order.before).signum();
        let steps = [1.0, 2.0, 3.0, 4.0, 5.0];
        let worse = f64::from(side) * order.price * 0.000_1 * steps[number % steps.len()];
        let quantity = unit * f64::from((order.after - order.before).abs());
        // Of each part its share of the order, and how much worse it is than the first.
        let parts: &[(f64, f64)] = match number % 3 {
            0 => &[(0.6, 1.0), (0.4, 1.2)],
            _ => &[(1.0, 1.0)],
        };
        for (part, (share, worse_by)) in parts.iter().enumerate() {
            let price = order.price + worse * worse_by;
            let fill = Fill {
                time,
                side,
                quantity: quantity * share,
                price,
                order: &format!("B{number}"),
                number: &format!("{number}-{part}"),
            };
            fill.write(profile, &mut list);
        }
    }
    if let Some(order) = orders.get(orders.len() * 95 / 100) {
        for (number, side) in [(0, 1), (1, -1)] {
            let fill = Fill {
                time: order.time + SignedDuration::from_mins(5 + 3 * number),
                side,
                quantity: unit,
                price: order.price,
                order: &format!("hand-{number}"),
                number: &format!("hand-{number}"),
            };
            fill.write(profile, &mut list);
        }
    }
    list
}

/// A row of the list.
struct Fill<'a> {
    time: Timestamp,
    side: i32,
    quantity: f64,
    price: f64,
    order: &'a str,
    number: &'a str,
}

impl Fill<'_> {
    fn write(&self, profile: &Profile, list: &mut String) {
        let (symbol, places) = (profile.symbol(), profile.places);
        let side = if self.side > 0 { "buy" } else { "sell" };
        let fee = self.price * self.quantity * 0.000_5;
        // Writing to a text cannot fail.
        let _ = writeln!(
            list,
            "{:.3},{symbol},{side},{:.4},{:.places$},{fee:.6},USDT,{},{}",
            self.time, self.quantity, self.price, self.order, self.number
        );
    }
}
