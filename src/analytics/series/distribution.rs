//! Distributions: bins of profit and of return.

use serde::Serialize;

use crate::analytics::exact::Scale;
use crate::analytics::number::{float, nearest_whole, power_of_ten};
use crate::analytics::table::TradeTable;
use crate::domain::money::Decimal;

/// A distribution has this many bins or fewer, and one more at its end.
const MOST_BINS: i128 = 40;

/// Places of a percentage that returns are counted in.
const RETURN_PLACES: u32 = 6;

/// Trades with a profit of `from` or more and less than `to`.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfitBin {
    /// The least profit.
    #[schema(value_type = String)]
    pub from: Decimal,
    /// The profit that is too much.
    #[schema(value_type = String)]
    pub to: Decimal,
    /// Their number.
    pub count: usize,
}

/// Trades with a return of `from` percent or more and less than `to`.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReturnBin {
    /// The least return in percent.
    pub from: f64,
    /// The return that is too much, in percent.
    pub to: f64,
    /// Their number.
    pub count: usize,
}

/// The trades by their profit.
pub(super) fn profits(table: &TradeTable<'_>) -> Vec<ProfitBin> {
    bins_of(table.rows.iter().map(|row| row.profit), table.scale)
}

/// Amounts in units by their size.
pub(in crate::analytics) fn bins_of(
    units: impl Iterator<Item = i128> + Clone,
    scale: Scale,
) -> Vec<ProfitBin> {
    let bins = bins(units).into_iter().map(|bin| ProfitBin {
        from: scale.money(bin.from),
        to: scale.money(bin.from.saturating_add(bin.step)),
        count: bin.count,
    });
    bins.collect()
}

/// The trades by their return; a return that is not defined is left out.
pub(super) fn returns(table: &TradeTable<'_>) -> Vec<ReturnBin> {
    let places = float(power_of_ten(RETURN_PLACES));
    let fractions = table.rows.iter().map(|row| row.return_fraction);
    let percents = fractions
        .filter(|fraction| fraction.is_finite())
        .map(|fraction| nearest_whole(fraction * 100.0 * places));
    let bins = bins(percents).into_iter().map(|bin| ReturnBin {
        from: float(bin.from) / places,
        to: float(bin.from.saturating_add(bin.step)) / places,
        count: bin.count,
    });
    bins.collect()
}

/// Number of values from `from` up to, but not, `from + step`.
struct Bin {
    from: i128,
    step: i128,
    count: usize,
}

/// Bins of a width of 1, 2 or 5 times a power of ten that hold all values; 0 is
/// always where one begins, so wins and losses never share a bin.
fn bins(values: impl Iterator<Item = i128> + Clone) -> Vec<Bin> {
    let Some(lowest) = values.clone().min() else {
        return Vec::new();
    };
    let highest = values.clone().max().unwrap_or(lowest);
    let step = round_step(highest.saturating_sub(lowest));
    let first = lowest.div_euclid(step);
    let last = highest.div_euclid(step);
    let mut bins: Vec<Bin> = (first..=last)
        .map(|number| Bin {
            from: number.saturating_mul(step),
            step,
            count: 0,
        })
        .collect();
    for value in values {
        // Between the first and the last bin, so an index of one.
        let index = usize::try_from(value.div_euclid(step) - first).unwrap_or(0);
        bins[index].count += 1;
    }
    bins
}

/// The smallest 1, 2 or 5 times a power of ten that [`MOST_BINS`] of cover `range`.
fn round_step(range: i128) -> i128 {
    let mut power: i128 = 1;
    loop {
        for digit in [1, 2, 5] {
            let step = power.saturating_mul(digit);
            if range / step < MOST_BINS {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bins_are_round_and_begin_at_zero() {
        let bins = bins([-150, -1, 0, 90, 399].into_iter());
        assert_eq!(bins[0].step, 20);
        assert_eq!(bins[0].from, -160);
        assert_eq!(bins.iter().map(|bin| bin.count).sum::<usize>(), 5);
        let at = |from| {
            bins.iter()
                .find(|bin| bin.from == from)
                .map(|bin| bin.count)
        };
        assert_eq!(
            (at(-20), at(0), at(80), at(380)),
            (Some(1), Some(1), Some(1), Some(1))
        );
    }

    #[test]
    fn equal_values_are_one_bin_and_none_are_none() {
        assert_eq!(bins([7; 3].into_iter()).len(), 1);
        assert!(bins(std::iter::empty()).is_empty());
    }

    proptest! {
        #[test]
        fn every_value_is_in_one_of_a_few_bins(
            values in prop::collection::vec(any::<i64>().prop_map(i128::from), 1..50),
        ) {
            let bins = bins(values.iter().copied());
            prop_assert!(i128::try_from(bins.len()).unwrap() <= MOST_BINS + 1);
            for bin in &bins {
                let within = |value: &&i128| (bin.from..bin.from + bin.step).contains(*value);
                prop_assert_eq!(values.iter().filter(within).count(), bin.count);
            }
            let counted: usize = bins.iter().map(|bin| bin.count).sum();
            prop_assert_eq!(counted, values.len());
        }
    }
}
