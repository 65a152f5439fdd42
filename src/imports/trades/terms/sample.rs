//! The closed trades of a list, as an estimate needs them.

use super::interval::half_of_last_digit;
use crate::domain::signal::Direction;
use crate::domain::terms::Contract;
use crate::imports::trades::{ListedTrade, Side, TradeList, commission};

/// A closed trade. Its worth is price times quantity; of an inverse contract quantity over
/// price, for that is what it is worth in the coin.
pub struct Row {
    /// Its number in the list.
    pub trade: u64,
    /// Gain in worth.
    pub moved: f64,
    /// Worth at both prices.
    pub turnover: f64,
    /// Worth at the entry.
    pub entered: f64,
    /// Contracts, shares or coins.
    pub quantity: f64,
    /// Orders that it took; of those shared with other trades its part.
    pub orders: f64,
    /// Net profit.
    pub net: f64,
    /// Commission, where the list has it.
    pub commission: Option<f64>,
    /// Price times quantity times point value, where the list has it.
    pub value: Option<f64>,
    /// Net profit up to this trade, and in percent of the capital.
    pub cumulative: Option<(f64, f64)>,
}

/// The closed trades, and half of the last digit that each column is rounded to.
pub struct Sample {
    /// In the order of their numbers.
    pub rows: Vec<Row>,
    /// Of net profits.
    pub half_of_net: f64,
    /// Of commissions.
    pub half_of_commission: f64,
    /// Of values.
    pub half_of_value: f64,
    /// Of cumulative profits and of their percentages.
    pub half_of_cumulative: (f64, f64),
}

impl Sample {
    /// The closed trades of a list, as those of a contract.
    pub fn of(list: &TradeList, contract: Contract) -> Self {
        let mut fills = commission::Fills::of(list);
        let rows: Vec<Row> = list
            .trades
            .iter()
            .filter_map(|trade| row(trade, trade.exit.as_ref()?, contract, &mut fills))
            .collect();
        let each = || rows.iter();
        let cumulative = || each().filter_map(|row| row.cumulative);
        Self {
            half_of_net: half_of_last_digit(&each().map(|row| row.net), 0),
            half_of_commission: half_of_last_digit(&each().filter_map(|row| row.commission), 2),
            half_of_value: half_of_last_digit(&each().filter_map(|row| row.value), 0),
            half_of_cumulative: (
                half_of_last_digit(&cumulative().map(|(profit, _)| profit), 0),
                // Percentages have two decimals; zeros at their end are left out.
                half_of_last_digit(&cumulative().map(|(_, percent)| percent), 2),
            ),
            rows,
        }
    }
}

fn row(
    trade: &ListedTrade,
    exit: &Side,
    contract: Contract,
    fills: &mut commission::Fills,
) -> Option<Row> {
    let number = |decimal| f64::try_from(decimal).ok();
    let optional = |decimal: Option<_>| decimal.and_then(number);
    let quantity = number(trade.quantity.get())?;
    let (before, after) = (number(trade.entry.price.get())?, number(exit.price.get())?);
    if contract == Contract::Inverse && (before <= 0.0 || after <= 0.0) {
        return None;
    }
    // What one is worth; the higher the price, the fewer coins.
    let (before, after, gain) = match contract {
        Contract::Linear => (before, after, after - before),
        Contract::Inverse => (1.0 / before, 1.0 / after, 1.0 / before - 1.0 / after),
    };
    let sign = if trade.direction == Direction::Long {
        1.0
    } else {
        -1.0
    };
    let besides = &trade.besides;
    Some(Row {
        trade: trade.number,
        moved: gain * sign * quantity,
        turnover: (after.abs() + before.abs()) * quantity,
        entered: before * quantity,
        quantity,
        orders: fills.orders_of(trade, exit).and_then(number).unwrap_or(2.0),
        net: number(trade.net_profit)?,
        commission: optional(trade.commission),
        value: optional(besides.value),
        cumulative: optional(besides.cumulative).zip(optional(besides.cumulative_percent)),
    })
}
