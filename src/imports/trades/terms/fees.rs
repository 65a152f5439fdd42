//! The commission: what is missing between the move of the price and the profit.

use super::FromRows;
use super::interval::{Interval, has, overlap, roundest};
use super::multiplier::{RATES, agrees};
use super::sample::{Row, Sample};
use crate::domain::money::Decimal;
use crate::domain::webhook::{Commission, CommissionKind};

/// The evidence of the rows for a commission.
#[derive(Debug, Default)]
pub struct Fees {
    /// The commission whose kind nearly all trades fit.
    pub commission: Option<Commission>,
    /// The support that they give it.
    pub rows: Option<FromRows>,
    /// Other ones that they fit as well, and how well.
    pub alternatives: Vec<(Commission, FromRows)>,
    /// Of a commission that is stated without its unit: the kind that fits.
    pub kind_of_stated: Option<CommissionKind>,
}

/// A kind that the trades fit, and how round its number is.
struct Fit {
    commission: Commission,
    digits: u32,
    rows: FromRows,
}

const KINDS: [CommissionKind; 3] = [
    CommissionKind::Percent,
    CommissionKind::PerOrder,
    CommissionKind::PerContract,
];

impl Fees {
    /// Those of trades whose contracts gain `factor` a point; `stated` is a commission
    /// without a unit.
    pub(super) fn of(sample: &Sample, factor: Option<Decimal>, stated: Option<Decimal>) -> Self {
        let Some(factor) = factor.and_then(|factor| f64::try_from(factor).ok()) else {
            return Self::default();
        };
        let kind_of_stated = stated.and_then(|stated| stated_kind(sample, factor, stated));
        for rate in RATES {
            let missing: Vec<(&Row, Interval)> = sample
                .rows
                .iter()
                .map(|row| (row, missing(sample, row, factor, rate)))
                .collect();
            let without = missing.iter().filter(|(_, interval)| has(interval, 0.0));
            if agrees(without.count(), missing.len()) {
                return Self {
                    commission: Some(Commission {
                        kind: CommissionKind::Percent,
                        value: Decimal::ZERO,
                    }),
                    rows: of_none(&missing),
                    kind_of_stated,
                    ..Self::default()
                };
            }
            let fits = KINDS
                .into_iter()
                .filter_map(|kind| fit(&missing, kind, factor));
            let mut fits: Vec<Fit> = fits.collect();
            // A round number is a broker's; a commission of a contract is usual for futures.
            let is_future = (factor - 1.0).abs() > 1e-9;
            fits.sort_by_key(|fit| {
                let is_usual = (fit.commission.kind == CommissionKind::PerContract) == is_future;
                (fit.digits.max(1) + strangeness(&fit.commission), !is_usual)
            });
            let mut fits = fits.into_iter();
            if let Some(best) = fits.next() {
                let others = fits.filter(|fit| {
                    fit.digits + strangeness(&fit.commission) <= best.digits.max(1) + 1
                });
                return Self {
                    alternatives: others.map(|fit| (fit.commission, fit.rows)).collect(),
                    commission: Some(best.commission),
                    rows: Some(best.rows),
                    kind_of_stated,
                };
            }
        }
        Self {
            kind_of_stated,
            ..Self::default()
        }
    }
}

/// Digits by which a number is less likely than a round one: no broker takes less than a
/// thousandth of a percent.
fn strangeness(commission: &Commission) -> u32 {
    let is_strange =
        commission.kind == CommissionKind::Percent && commission.value < Decimal::new(1, 3);
    if is_strange { 4 } else { 0 }
}

/// The cost of a trade, between the least and the most that rounding allows.
fn missing(sample: &Sample, row: &Row, factor: f64, rate: f64) -> Interval {
    if let Some(commission) = row.commission {
        let half = sample.half_of_commission;
        return (commission - half, commission + half);
    }
    let gross = factor * row.moved;
    let slack = sample.half_of_net + rate * gross.abs();
    (gross - row.net - slack, gross - row.net + slack)
}

/// The base of a kind of commission, in a trade.
fn base(row: &Row, kind: CommissionKind, factor: f64) -> f64 {
    match kind {
        CommissionKind::Percent => row.turnover * factor / 100.0,
        CommissionKind::PerOrder => row.orders,
        CommissionKind::PerContract => row.quantity * 2.0,
    }
}

fn of_none(missing: &[(&Row, Interval)]) -> Option<FromRows> {
    let named: Vec<(u64, Interval)> = missing.iter().map(|(row, one)| (row.trade, *one)).collect();
    FromRows::new(Decimal::ZERO, (0.0, 0.0), &named)
}

fn fit(missing: &[(&Row, Interval)], kind: CommissionKind, factor: f64) -> Option<Fit> {
    let named: Vec<(u64, Interval)> = missing
        .iter()
        .map(|(row, (least, most))| {
            let base = base(row, kind, factor);
            (row.trade, (least / base, most / base))
        })
        .filter(|(_, (least, most))| least.is_finite() && most.is_finite())
        .collect();
    let intervals: Vec<Interval> = named.iter().map(|(_, interval)| *interval).collect();
    let overlap = overlap(&intervals)?;
    if !agrees(overlap.agreeing, intervals.len()) || overlap.common.1 <= 0.0 {
        return None;
    }
    let (value, digits) = roundest(overlap.common)?;
    Some(Fit {
        rows: FromRows::new(value, overlap.common, &named)?,
        commission: Commission { kind, value },
        digits,
    })
}

/// The kind with which a number fits most trades, where it fits most of them.
fn stated_kind(sample: &Sample, factor: f64, stated: Decimal) -> Option<CommissionKind> {
    let stated = f64::try_from(stated).ok()?;
    let count = |kind: CommissionKind| {
        let fits = |row: &&Row| {
            let rate = RATES[2];
            has(
                &missing(sample, row, factor, rate),
                stated * base(row, kind, factor),
            )
        };
        sample.rows.iter().filter(fits).count()
    };
    // Of one contract a trade "per contract" and "per order" come to the same.
    let [percent, order, contract] = KINDS.map(count);
    let best = percent.max(order).max(contract);
    if best * 2 <= sample.rows.len() {
        return None;
    }
    [
        (contract, CommissionKind::PerContract),
        (order, CommissionKind::PerOrder),
        (percent, CommissionKind::Percent),
    ]
    .into_iter()
    .find_map(|(count, kind)| (count == best).then_some(kind))
}
