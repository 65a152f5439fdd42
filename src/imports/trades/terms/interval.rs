//! A number that many rounded figures bear out, each within an interval.
//!
//! Profits are rounded to cents and percentages to hundredths, so a row does not give a
//! number but an interval. Where most intervals have a part in common, the roundest number
//! in it is taken: initial capitals, point values and commissions are round. These are
//! estimates, so they are reckoned in binary; what is taken is a decimal with few digits.

use crate::domain::money::Decimal;

/// The least and the most that a row allows.
pub type Interval = (f64, f64);

/// The overlap of most of some intervals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overlap {
    /// The part that most of them share.
    pub common: Interval,
    /// Number of those that share it.
    pub agreeing: usize,
}

/// The part that the most intervals share; `None` of none.
pub fn overlap(intervals: &[Interval]) -> Option<Overlap> {
    let starts = intervals.iter().map(|(least, _)| (*least, false));
    let ends = intervals.iter().map(|(_, most)| (*most, true));
    let mut edges: Vec<(f64, bool)> = starts.chain(ends).collect();
    // At one place what begins there is counted before what ends there.
    edges.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    let mut best: Option<Overlap> = None;
    let mut open = 0_usize;
    for (place, (edge, is_end)) in edges.iter().enumerate() {
        if *is_end {
            open = open.saturating_sub(1);
            continue;
        }
        open += 1;
        let next = edges.get(place + 1).map_or(*edge, |(next, _)| *next);
        if best.is_none_or(|best| open > best.agreeing) {
            best = Some(Overlap {
                common: (*edge, next),
                agreeing: open,
            });
        }
    }
    best
}

/// True if a number lies in an interval.
pub fn has(interval: &Interval, number: f64) -> bool {
    let slack = number.abs() * 1e-9;
    interval.0 <= number + slack && number <= interval.1 + slack
}

/// The number with the fewest digits in an interval, and how many it has; a power of ten
/// has none, and of numbers with as many digits the one nearest to the middle is taken.
pub fn roundest((least, most): Interval) -> Option<(Decimal, u32)> {
    if !least.is_finite() || most < 0.0 || least > most {
        return None;
    }
    if least <= 0.0 {
        return Some((Decimal::ZERO, 0));
    }
    // Without an upper end the least that it can be is as good as anything.
    let most = if most.is_finite() { most } else { least * 10.0 };
    let middle = f64::midpoint(least, most);
    let above = 10_f64.powf(least.log10().ceil());
    if has(&(least, most), above) {
        return decimal(above).map(|power| (power, 0));
    }
    for digits in 1..=15 {
        let step = 10_f64.powf(least.log10().floor() - f64::from(digits) + 1.0);
        let nearest = (middle / step).round() * step;
        if has(&(least, most), nearest) {
            return decimal(nearest).map(|number| (number, digits));
        }
    }
    decimal(middle).map(|number| (number, 15))
}

/// A number as a decimal, without the noise of its binary form.
pub fn decimal(number: f64) -> Option<Decimal> {
    let text = format!("{number:.12e}");
    Some(crate::domain::money::parse_decimal(&text).ok()?.normalize())
}

/// Half of the last digit that numbers are rounded to: the fewest decimals with which
/// nearly all of them are written out, but no fewer than `fewest`.
pub fn half_of_last_digit(numbers: &(impl Iterator<Item = f64> + Clone), fewest: u32) -> f64 {
    let is_whole = |number: f64, scale: f64| {
        let scaled = number * scale;
        (scaled - scaled.round()).abs() < 1e-6 * scaled.abs().max(1.0)
    };
    for decimals in fewest..8 {
        let scale = 10_f64.powf(f64::from(decimals));
        let (mut count, mut whole) = (0_usize, 0_usize);
        for number in numbers.clone() {
            count += 1;
            whole += usize::from(is_whole(number, scale));
        }
        if whole * 20 >= count * 19 {
            return 0.5 / scale;
        }
    }
    0.5e-8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn roundest_text(interval: Interval) -> String {
        roundest(interval).unwrap().0.to_string()
    }

    #[test]
    fn the_roundest_number_is_taken() {
        assert_eq!(roundest_text((496_318.0, 501_306.0)), "500000");
        assert_eq!(roundest_text((9_900.9, 10_101.0)), "10000");
        assert_eq!(roundest_text((9.0, 12.0)), "10");
        assert_eq!(roundest_text((49.95, 50.05)), "50");
        assert_eq!(roundest_text((12.49, 12.51)), "12.5");
        assert_eq!(roundest_text((0.0999, 0.1001)), "0.1");
        assert_eq!(roundest_text((-0.1, 0.3)), "0");
        assert_eq!(roundest_text((341_400.0, f64::INFINITY)), "1000000");
        assert_eq!(roundest((-2.0, -1.0)), None);
    }

    #[test]
    fn most_intervals_have_a_part_in_common() {
        let found = overlap(&[(1.0, 3.0), (2.0, 4.0), (2.5, 9.0), (8.0, 8.5)]).unwrap();
        assert_eq!((found.common, found.agreeing), ((2.5, 3.0), 3));
        assert_eq!(overlap(&[]), None);
        let touching = overlap(&[(1.0, 2.0), (2.0, 3.0)]).unwrap();
        assert_eq!((touching.common, touching.agreeing), ((2.0, 2.0), 2));
    }

    #[test]
    fn the_last_digit_is_that_of_nearly_all() {
        let half = |numbers: &[f64], fewest| half_of_last_digit(&numbers.iter().copied(), fewest);
        assert!((half(&[1.0, 0.4, 0.2], 2) - 0.005).abs() < 1e-12);
        assert!((half(&[1.5, 2.125, 0.3], 0) - 0.0005).abs() < 1e-12);
        assert!((half(&[100.0, 250.0], 0) - 0.5).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn what_is_taken_lies_in_the_interval(middle in 1e-6_f64..1e12, width in 1e-6_f64..0.5) {
            let interval = (middle * (1.0 - width), middle * (1.0 + width));
            let (number, _) = roundest(interval).unwrap();
            prop_assert!(has(&interval, number.try_into().unwrap()));
        }

        #[test]
        fn the_overlap_is_shared_by_as_many_as_it_says(
            intervals in prop::collection::vec((0.0_f64..10.0, 0.0_f64..3.0), 1..20),
        ) {
            let intervals: Vec<Interval> = intervals.iter().map(|(a, b)| (*a, a + b)).collect();
            let found = overlap(&intervals).unwrap();
            let middle = f64::midpoint(found.common.0, found.common.1);
            prop_assert_eq!(intervals.iter().filter(|i| has(i, middle)).count(), found.agreeing);
        }
    }
}
