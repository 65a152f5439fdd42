//! TradingView's list of trades of a demo's strategy, to compare its alerts with: the same
//! orders, with none lost on the way.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::strategy::{Profile, StrategyOrder};

/// Commission of the list, in percent of every fill.
const COMMISSION: f64 = 0.05;

/// The same, as the owner of the list says it.
pub(super) const COMMISSION_TEXT: &str = "0.05%";

/// The name of the file, which tells its instrument as TradingView's exports do.
pub(super) fn file_name(profile: &Profile) -> String {
    let ticker = profile.ticker.replace(':', "_");
    format!("Demo_{ticker}_2026-01-01.csv")
}

/// The list of a strategy that is always in the market, long or short, with one unit: each of
/// its orders ends a trade and begins the next.
pub(super) fn list_of_trades(profile: &Profile, orders: &[StrategyOrder]) -> String {
    let mut list = String::from(
        "Trade #,Type,Date and time,Signal,Price USDT,Size (qty),Size (value),Net P&L USD,Net P&L %,\
         Favorable excursion USD,Favorable excursion %,Adverse excursion USD,Adverse excursion %,\
         Cumulative P&L USD,Cumulative P&L %\n",
    );
    let quantity: f64 = profile.quantity.parse().unwrap_or(1.0);
    let mut total = 0.0;
    for (number, pair) in (1..).zip(orders.windows(2)) {
        let [entry, exit] = pair else { continue };
        let value = entry.price * quantity;
        let moved = (exit.price - entry.price) * f64::from(entry.after.signum());
        let cost = (entry.price + exit.price) * quantity * COMMISSION / 100.0;
        let profit = moved * quantity - cost;
        total += profit;
        let (favorable, adverse) = exit.excursions;
        let side = if entry.after > 0 { "long" } else { "short" };
        let money = |amount: f64| format!("{amount:.2},{:.2}", amount / value * 100.0);
        let shared = format!(
            "{},{value:.2},{},{},{},{total:.2},{:.2}",
            profile.quantity,
            money(profit),
            money(favorable.max(0.0) * quantity),
            money(adverse.min(0.0) * quantity),
            total / 1_000.0,
        );
        for (kind, order) in [("Exit", exit), ("Entry", entry)] {
            let (time, signal) = (at(order.time), order.signal);
            let price = format!("{:.*}", profile.places, order.price);
            // Writing to a text cannot fail.
            let _ = writeln!(
                list,
                "{number},{kind} {side},{time},{signal},{price},{shared}"
            );
        }
    }
    list
}

fn at(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M").to_string()
}
