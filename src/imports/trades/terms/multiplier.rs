//! The point value: profit before commission over the move of the price times quantity.
//!
//! Where the list has commissions, or the value of each position, it is a quotient; else
//! it is the slope of a line, whose other end is the commission.

use super::FromRows;
use super::interval::{Interval, decimal, overlap, roundest};
use super::sample::{Row, Sample};
use crate::domain::money::Decimal;

/// Allowed moves of the rate between the currencies of price and profit: none where
/// they are one.
pub const RATES: [f64; 4] = [0.0, 0.000_5, 0.002, 0.006];

/// The share of trades that have to agree.
pub const AGREE: f64 = 0.9;

/// Trades that a line is laid through.
const MOST_OF_LINE: usize = 300;

/// A point value as the rows say it.
#[derive(Default)]
pub struct Estimate {
    /// The number and how well they bear it out.
    pub rows: Option<FromRows>,
    /// The doubt about it.
    pub note: Option<String>,
    /// True if it is the quotient of two figures of nearly every trade.
    is_quotient: bool,
}

impl From<Option<FromRows>> for Estimate {
    fn from(rows: Option<FromRows>) -> Self {
        Self {
            rows,
            ..Self::default()
        }
    }
}

/// Digits that the point value of a contract has at most, where no rate of exchange is in it.
const MOST_DIGITS: usize = 3;

/// The point value that contracts have at least: a smaller one is a price, squared.
const LEAST: Decimal = Decimal::from_parts(1, 0, 0, false, 6);

impl Estimate {
    /// The number, where it is a contract's own: few digits that nearly every trade bears out.
    pub fn plain(&self) -> Option<&FromRows> {
        let rows = self.rows.as_ref().filter(|_| self.is_quotient)?;
        (rows.value >= LEAST && digits(rows.value) <= MOST_DIGITS).then_some(rows)
    }
}

/// The point value that the rows say.
pub fn estimate(sample: &Sample) -> Estimate {
    let quotient = |rows: FromRows| Estimate {
        is_quotient: true,
        ..Some(rows).into()
    };
    if let Some(rows) = of_gross(sample) {
        return quotient(rows);
    }
    let of_values = of_values(sample);
    if let Some(rows) = of_values {
        let found = bearing(sample, rows);
        let is_quotient = found.note.is_none();
        return Estimate {
            is_quotient,
            ..found
        };
    }
    let without_fees = of_profits(sample, |row| Some(row.net), sample.half_of_net);
    // A small commission hides in the rounding of most trades, or in a point value that is
    // no round number: what more of them bear out, or else the rounder one.
    let said = [
        of_line(sample).map(|rows| Estimate::from(Some(rows))),
        without_fees.map(quotient),
    ];
    let rank = |said: &Estimate| {
        let rows = said.rows.as_ref()?;
        Some((rows.agreeing, std::cmp::Reverse(digits(rows.value))))
    };
    let best = said.into_iter().flatten().max_by_key(rank);
    best.unwrap_or_else(|| drifting(sample))
}

/// Significant digits of a number.
fn digits(value: Decimal) -> usize {
    let mantissa = value.mantissa().unsigned_abs().to_string();
    mantissa.trim_end_matches('0').len()
}

/// By profit and commission of each trade.
fn of_gross(sample: &Sample) -> Option<FromRows> {
    let half = sample.half_of_net + sample.half_of_commission;
    of_profits(sample, |row| Some(row.net + row.commission?), half)
}

fn of_profits(sample: &Sample, gross: impl Fn(&Row) -> Option<f64>, half: f64) -> Option<FromRows> {
    RATES.into_iter().find_map(|rate| {
        let named: Vec<(u64, Interval)> = sample
            .rows
            .iter()
            .filter_map(|row| {
                let profit = gross(row)? * row.moved.signum();
                let moved = row.moved.abs();
                if moved == 0.0 {
                    // Without a move there is no profit, so what is there is something else.
                    let is_else = profit.abs() > half;
                    return is_else.then_some((row.trade, (f64::NEG_INFINITY, f64::NEG_INFINITY)));
                }
                let least = (profit - half) / moved * (1.0 - rate);
                Some((row.trade, (least, (profit + half) / moved * (1.0 + rate))))
            })
            .collect();
        found(&named)
    })
}

/// By the value of each position, which TradingView gives in the currency of the price.
fn of_values(sample: &Sample) -> Option<FromRows> {
    let named: Vec<(u64, Interval)> = sample
        .rows
        .iter()
        .filter(|row| row.entered > 0.0)
        .filter_map(|row| {
            let (value, half) = (row.value?, sample.half_of_value);
            // The price in it has digits that the list may have rounded.
            let (least, most) = ((value - half) / row.entered, (value + half) / row.entered);
            Some((row.trade, (least * (1.0 - 1e-6), most * (1.0 + 1e-6))))
        })
        .collect();
    found(&named)
}

/// The number that nearly all intervals share.
fn found(named: &[(u64, Interval)]) -> Option<FromRows> {
    let intervals: Vec<Interval> = named.iter().map(|(_, interval)| *interval).collect();
    let overlap = overlap(&intervals)?;
    if !agrees(overlap.agreeing, intervals.len()) {
        return None;
    }
    let (value, _) = roundest(overlap.common)?;
    FromRows::new(value, overlap.common, named).filter(|rows| !rows.value.is_zero())
}

#[allow(clippy::cast_precision_loss, reason = "trades are 200,000 at most")]
pub fn agrees(count: usize, of: usize) -> bool {
    of > 0 && count as f64 >= of as f64 * AGREE
}

/// Values can be without the point value; then the profits are many times too large.
fn bearing(sample: &Sample, rows: FromRows) -> Estimate {
    let value = f64::try_from(rows.value).unwrap_or(1.0);
    let mut ratios: Vec<f64> = large_moves(sample)
        .map(|row| row.net / (row.moved * value))
        .collect();
    ratios.sort_by(f64::total_cmp);
    let middle = ratios.get(ratios.len() / 2).copied().unwrap_or(1.0);
    if (0.4..=2.5).contains(&middle) || ratios.len() < 2 {
        return Some(rows).into();
    }
    let of_profits =
        of_profits(sample, |row| Some(row.net), sample.half_of_net).or_else(|| of_line(sample));
    match of_profits {
        Some(found) => Estimate {
            note: Some(format!(
                "by the sizes of its positions the point value is {}, by its profits {}, which was taken",
                rows.value, found.value
            )),
            rows: Some(found),
            is_quotient: false,
        },
        None => Some(rows).into(),
    }
}

/// The half of the trades whose price moved most: there a commission weighs least.
fn large_moves(sample: &Sample) -> impl Iterator<Item = &Row> {
    let size = |row: &Row| row.moved.abs() / row.turnover.max(f64::MIN_POSITIVE);
    let mut sizes: Vec<f64> = sample.rows.iter().map(size).collect();
    sizes.sort_by(f64::total_cmp);
    let middle = sizes.get(sizes.len() / 2).copied().unwrap_or_default();
    let rows = sample.rows.iter();
    rows.filter(move |row| row.moved != 0.0 && size(row) >= middle)
}

/// The slope of the line through profit and move, each over what a commission is taken
/// for; of the kinds of commissions the one whose line most trades lie on.
fn of_line(sample: &Sample) -> Option<FromRows> {
    let kinds: [fn(&Row) -> f64; 3] = [|row| row.turnover, |row| row.quantity, |row| row.orders];
    let lines = kinds.into_iter().filter_map(|base| line(sample, base));
    let best = lines.max_by_key(|rows| rows.agreeing)?;
    agrees(best.agreeing, best.of).then_some(best)
}

fn line(sample: &Sample, base: fn(&Row) -> f64) -> Option<FromRows> {
    let step = sample.rows.len().div_ceil(MOST_OF_LINE).max(1);
    let points: Vec<(f64, f64)> = sample
        .rows
        .iter()
        .step_by(step)
        .map(|row| (row.moved / base(row), row.net / base(row)))
        .collect();
    let mut slopes: Vec<(f64, f64)> = Vec::new();
    for (place, (x, y)) in points.iter().enumerate() {
        for (other_x, other_y) in &points[place + 1..] {
            let apart = other_x - x;
            if apart != 0.0 {
                slopes.push(((other_y - y) / apart, apart.abs()));
            }
        }
    }
    // Points far apart tell the slope best.
    slopes.sort_by(|one, other| other.1.total_cmp(&one.1));
    slopes.truncate(slopes.len().div_ceil(2));
    let mut slopes: Vec<f64> = slopes.into_iter().map(|(slope, _)| slope).collect();
    slopes.sort_by(f64::total_cmp);
    let slope = *slopes.get(slopes.len() / 2)?;
    let common = (slope * 0.997, slope * 1.003);
    let (value, _) = roundest(common)?;
    let factor = f64::try_from(value).ok().filter(|factor| *factor > 0.0)?;
    // What is left is the commission: the same for nearly all.
    RATES.into_iter().find_map(|rate| {
        let left = sample.rows.iter().map(|row| {
            let gross = factor * row.moved;
            let slack = sample.half_of_net + rate * gross.abs();
            let (least, most) = (gross - row.net - slack, gross - row.net + slack);
            (row.trade, (least / base(row), most / base(row)))
        });
        let left: Vec<(u64, Interval)> = left.collect();
        let intervals: Vec<Interval> = left.iter().map(|(_, interval)| *interval).collect();
        let shared = overlap(&intervals)?;
        let fits = agrees(shared.agreeing, intervals.len()) && shared.common.1 >= 0.0;
        // Two points always have a line.
        (fits && intervals.len() > 2).then(|| FromRows {
            value,
            least: decimal(common.0).unwrap_or(value),
            most: decimal(common.1),
            agreeing: shared.agreeing,
            of: intervals.len(),
            outliers: Vec::new(),
        })
    })
}

/// The estimate where nothing else fits: the middle quotient, rounded, with what it moves between.
fn drifting(sample: &Sample) -> Estimate {
    let mut factors: Vec<f64> = large_moves(sample)
        .map(|row| row.net / row.moved)
        .filter(|factor| *factor > 0.0)
        .collect();
    if factors.len() < 3 {
        return Estimate::default();
    }
    factors.sort_by(f64::total_cmp);
    let at = |part: usize| factors[(factors.len() - 1) * part / 100];
    let (low, middle, high) = (at(10), at(50), at(90));
    if high > middle * 1.5 || low < middle / 1.5 {
        return Estimate::default();
    }
    let Some((value, _)) = roundest((middle * 0.98, middle * 1.02)) else {
        return Estimate::default();
    };
    let named: Vec<(u64, Interval)> = sample
        .rows
        .iter()
        .filter(|row| row.moved != 0.0)
        .map(|row| {
            (
                row.trade,
                (row.net / row.moved * 0.9, row.net / row.moved * 1.1),
            )
        })
        .collect();
    Estimate {
        note: Some(format!(
            "the point value {value} is not certain: profit over move lies between {low:.4} and {high:.4}; is the price in another currency than the profit?"
        )),
        rows: FromRows::new(value, (low, high), &named),
        is_quotient: false,
    }
}
