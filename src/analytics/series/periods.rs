//! Profit by calendar day, returns by month and year.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::breakdown::{Profit, Tally};
use crate::analytics::local_time::{date_of, local_day, month_of};
use crate::analytics::number::percent;
use crate::analytics::table::TradeTable;
use crate::domain::money::Decimal;

/// The profit of one day.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DayProfit {
    /// The local date.
    #[schema(value_type = String, format = Date)]
    pub date: Date,
    /// The profit of the trades that closed on it.
    #[serde(flatten)]
    pub profit: Profit,
}

/// The return of a month.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MonthReturn {
    /// The year.
    pub year: i64,
    /// 1 for January to 12 for December.
    pub month: i64,
    /// Sum of the profit of the trades that closed in it.
    #[schema(value_type = String)]
    pub net_profit: Decimal,
    /// The profit in percent of equity when the month began; `null` where that
    /// was not above 0.
    pub percent: Option<f64>,
}

/// The return of a year.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct YearReturn {
    /// The year.
    pub year: i64,
    /// Sum of the profit of the trades that closed in it.
    #[schema(value_type = String)]
    pub net_profit: Decimal,
    /// The profit in percent of equity when the year began; `null` where that
    /// was not above 0.
    pub percent: Option<f64>,
}

/// A month's number (see [`month_of`]), the equity it began with, and its profit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Month {
    number: i64,
    before: i128,
    profit: i128,
}

/// Every month from the first entry's to the last exit's, idle ones too.
pub(super) fn months(table: &TradeTable<'_>, zone: &TimeZone) -> Vec<Month> {
    let Some(start) = table.start() else {
        return Vec::new();
    };
    let mut months = vec![Month {
        number: month_of(local_day(start, zone)),
        before: table.capital,
        profit: 0,
    }];
    let mut number_of_day = (i32::MIN, 0);
    for row in &table.rows {
        if row.exit_day != number_of_day.0 {
            number_of_day = (row.exit_day, month_of(i64::from(row.exit_day)));
        }
        while let Some(month) = months.last_mut() {
            if month.number >= number_of_day.1 {
                month.profit += row.profit;
                break;
            }
            let next = Month {
                number: month.number + 1,
                before: month.before + month.profit,
                profit: 0,
            };
            months.push(next);
        }
    }
    months
}

/// The months as the report gives them.
pub(super) fn month_returns(months: &[Month], table: &TradeTable<'_>) -> Vec<MonthReturn> {
    let returns = months.iter().map(|month| MonthReturn {
        year: month.number.div_euclid(12),
        month: month.number.rem_euclid(12) + 1,
        net_profit: table.scale.money(month.profit),
        percent: share(month.profit, month.before, table),
    });
    returns.collect()
}

/// The months by year.
pub(super) fn years(months: &[Month], table: &TradeTable<'_>) -> Vec<YearReturn> {
    let years =
        months.chunk_by(|one, next| one.number.div_euclid(12) == next.number.div_euclid(12));
    let returns = years.map(|year| {
        let profit = year.iter().map(|month| month.profit).sum();
        YearReturn {
            year: year[0].number.div_euclid(12),
            net_profit: table.scale.money(profit),
            percent: share(profit, year[0].before, table),
        }
    });
    returns.collect()
}

fn share(profit: i128, before: i128, table: &TradeTable<'_>) -> Option<f64> {
    let scale = table.scale;
    (before > 0)
        .then(|| percent(scale.float(profit), scale.float(before)))
        .flatten()
}

/// The days on which a trade closed.
pub(super) fn days(table: &TradeTable<'_>) -> Vec<DayProfit> {
    let days = table
        .rows
        .chunk_by(|one, next| one.exit_day == next.exit_day);
    let profits = days.map(|day| {
        let mut tally = Tally::default();
        for row in day {
            tally.add(row.profit);
        }
        DayProfit {
            date: date_of(i64::from(day[0].exit_day)),
            profit: tally.written_out(table.scale),
        }
    });
    profits.collect()
}
