//! The best alignment of two sequences that keeps the order of both.
//!
//! Dynamic programming over what has been consumed of each: a pair costs its distance, a leg
//! left alone [`ALONE`]. Only the window of each leg is looked at, so that the work grows with
//! the legs times how many lie in a window. Costs to the end are kept beside those from the
//! beginning, which gives each pair its margin: by how much the best alignment without it is
//! worse.

use std::ops::Range;

use super::tolerance::{ALONE, Cost, Point};
use crate::analytics::number::count;

/// Cells of one table at most; windows that would need more are cut at their far end.
const MOST_CELLS: usize = 4_000_000;

/// Legs of a window that are always looked at.
const LEAST_WINDOW: usize = 16;

/// Two legs that are one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aligned {
    /// Index in the first sequence.
    pub first: usize,
    /// Index in the second sequence.
    pub second: usize,
    /// The distance.
    pub cost: f64,
    /// Further cost of the best alignment without this pair.
    pub margin: f64,
}

/// The alignment of two sequences.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Alignment {
    /// The pairs, in order.
    pub pairs: Vec<Aligned>,
    /// Cost of the pairs and of all legs left alone.
    pub cost: f64,
}

/// Aligns two sequences, each in order of time.
#[must_use]
pub fn align(first: &[Point], second: &[Point], cost: &Cost) -> Alignment {
    let windows = windows(first, second, cost);
    let mut alignment = Alignment::default();
    let mut from = 0;
    let mut paired_up_to = 0;
    // Windows that do not overlap fall into parts of their own.
    while from < first.len() {
        let mut to = from + 1;
        while to < first.len() && windows[to].start < windows[to - 1].end {
            to += 1;
        }
        let lonely = windows[from].start.saturating_sub(paired_up_to);
        alignment.cost += ALONE * count(lonely);
        paired_up_to = windows[to - 1].end.max(paired_up_to);
        let part = Subproblem {
            first,
            second,
            cost,
            windows: &windows[from..to],
            from,
        };
        part.align(&mut alignment);
        from = to;
    }
    alignment.cost += ALONE * count(second.len().saturating_sub(paired_up_to));
    alignment
}

/// The legs of the second sequence in the window of each of the first. Both ends never fall.
pub(super) fn windows(first: &[Point], second: &[Point], cost: &Cost) -> Vec<Range<usize>> {
    let most = (MOST_CELLS / first.len().max(1)).max(LEAST_WINDOW);
    let (mut start, mut end) = (0, 0);
    let window = |point: &Point| {
        let (earliest, latest) = cost.window(*point);
        while start < second.len() && second[start].at < earliest {
            start += 1;
        }
        end = end.max(start);
        while end < second.len() && second[end].at <= latest {
            end += 1;
        }
        start..end.min(start + most)
    };
    first.iter().map(window).collect()
}

/// A part of both sequences that nothing outside can be paired with.
struct Subproblem<'legs> {
    first: &'legs [Point],
    second: &'legs [Point],
    cost: &'legs Cost,
    windows: &'legs [Range<usize>],
    /// Index of the first leg.
    from: usize,
}

/// A table of costs by row and place in the second sequence: row `r` is for `r` legs of the
/// first consumed, and has the places from the window of the leg before to that of the next.
struct Table {
    rows: Vec<(usize, usize)>,
    cells: Vec<f64>,
}

impl Table {
    fn new(windows: &[Range<usize>]) -> Self {
        let mut rows = Vec::with_capacity(windows.len() + 1);
        let mut size = 0;
        for row in 0..=windows.len() {
            let low = windows[row.saturating_sub(1)].start;
            let high = windows[row.min(windows.len() - 1)].end;
            rows.push((low, size));
            size += high - low + 1;
        }
        rows.push((0, size));
        Self {
            rows,
            cells: vec![f64::INFINITY; size],
        }
    }

    fn places(&self, row: usize) -> std::ops::RangeInclusive<usize> {
        let (low, offset) = self.rows[row];
        low..=low + (self.rows[row + 1].1 - offset - 1)
    }

    fn at(&self, row: usize, place: usize) -> f64 {
        let (low, offset) = self.rows[row];
        if self.places(row).contains(&place) {
            self.cells[offset + place - low]
        } else {
            f64::INFINITY
        }
    }

    fn set(&mut self, row: usize, place: usize, cost: f64) {
        let (low, offset) = self.rows[row];
        self.cells[offset + place - low] = cost;
    }
}

impl Subproblem<'_> {
    fn pair(&self, row: usize, place: usize) -> f64 {
        if self.windows[row].contains(&place) {
            self.cost
                .pair(self.first[self.from + row], self.second[place])
        } else {
            f64::INFINITY
        }
    }

    fn align(&self, alignment: &mut Alignment) {
        let so_far = self.so_far();
        let to_go = self.to_go();
        let start = self.windows[0].start;
        let best = to_go.at(0, start);
        alignment.cost += best;
        let (mut row, mut place) = (0, start);
        while row < self.windows.len() {
            let here = to_go.at(row, place);
            let pair = self.pair(row, place);
            if pair + to_go.at(row + 1, place + 1) <= here {
                let without = self.without(row, place, &so_far, &to_go);
                alignment.pairs.push(Aligned {
                    first: self.from + row,
                    second: place,
                    cost: pair,
                    margin: without - best,
                });
                (row, place) = (row + 1, place + 1);
            } else if ALONE + to_go.at(row, place + 1) <= here {
                place += 1;
            } else {
                row += 1;
            }
        }
    }

    /// The best cost of reaching each place.
    fn so_far(&self) -> Table {
        let mut table = Table::new(self.windows);
        for row in 0..=self.windows.len() {
            for place in table.places(row) {
                let mut best = if row == 0 && place == self.windows[0].start {
                    0.0
                } else {
                    f64::INFINITY
                };
                if row > 0 {
                    best = best.min(table.at(row - 1, place) + ALONE);
                    if place > 0 {
                        best =
                            best.min(table.at(row - 1, place - 1) + self.pair(row - 1, place - 1));
                    }
                }
                if place > 0 {
                    best = best.min(table.at(row, place - 1) + ALONE);
                }
                table.set(row, place, best);
            }
        }
        table
    }

    /// The best cost from each place to the end.
    fn to_go(&self) -> Table {
        let mut table = Table::new(self.windows);
        let last = self.windows.len();
        for row in (0..=last).rev() {
            for place in table.places(row).rev() {
                let end = self.windows[last - 1].end;
                let mut best = if row == last && place == end {
                    0.0
                } else {
                    f64::INFINITY
                };
                if row < last {
                    best = best.min(table.at(row + 1, place) + ALONE);
                    best = best.min(self.pair(row, place) + table.at(row + 1, place + 1));
                }
                best = best.min(table.at(row, place + 1) + ALONE);
                table.set(row, place, best);
            }
        }
        table
    }

    /// The best cost of all alignments that do not pair `row` with `place`.
    fn without(&self, row: usize, place: usize, so_far: &Table, to_go: &Table) -> f64 {
        let mut best = f64::INFINITY;
        for other in so_far.places(row) {
            let reached = so_far.at(row, other);
            best = best.min(reached + ALONE + to_go.at(row + 1, other));
            if other != place {
                best = best.min(reached + self.pair(row, other) + to_go.at(row + 1, other + 1));
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;
    use crate::compare::tolerance::{Preset, Tolerance};

    fn cost(bar_minutes: i64) -> Cost {
        Cost::of(&Tolerance {
            bar: SignedDuration::from_mins(bar_minutes),
            ..Preset::Day.into()
        })
    }

    /// The least cost of all ways to pair both in order, by trying each.
    fn least(first: &[Point], second: &[Point], cost: &Cost) -> f64 {
        let (Some((one, first)), Some((other, rest))) = (first.split_first(), second.split_first())
        else {
            return ALONE * count(first.len() + second.len());
        };
        let pair = cost.pair(*one, *other);
        let mut best = least(first, second, cost) + ALONE;
        let mut whole = vec![*one];
        whole.extend_from_slice(first);
        best = best.min(least(&whole, rest, cost) + ALONE);
        if pair.is_finite() {
            best = best.min(pair + least(first, rest, cost));
        }
        best
    }

    fn sequence() -> impl Strategy<Value = Vec<Point>> {
        let point = (0..40 * 60_i64, 9_900..10_100_i32)
            .prop_map(|(second, price)| Point::new(second * 1_000_000, f64::from(price) / 100.0));
        proptest::collection::vec(point, 0..7).prop_map(|mut points| {
            points.sort_by_key(|point| point.at);
            points
        })
    }

    proptest! {
        #[test]
        fn no_other_alignment_costs_less(first in sequence(), second in sequence(), bar in 0..16_i64) {
            let cost = cost(bar);
            let found = align(&first, &second, &cost);
            let paired: f64 = found.pairs.iter().map(|pair| pair.cost).sum();
            let alone = first.len() + second.len() - 2 * found.pairs.len();
            prop_assert!((found.cost - paired - ALONE * count(alone)).abs() < 1e-9);
            prop_assert!((found.cost - least(&first, &second, &cost)).abs() < 1e-9);
            for pairs in found.pairs.windows(2) {
                prop_assert!(pairs[0].first < pairs[1].first && pairs[0].second < pairs[1].second);
            }
        }

        #[test]
        fn the_margin_is_what_forbidding_the_pair_costs(first in sequence(), second in sequence(), bar in 0..16_i64) {
            let cost = cost(bar);
            let found = align(&first, &second, &cost);
            for pair in &found.pairs {
                // Without the pair, either of its legs is alone or paired otherwise; the
                // best of these is found by trying each counterpart of the first.
                let (before, after) = (&first[..pair.first], &first[pair.first + 1..]);
                let whole: Vec<Point> = before.iter().chain(after).copied().collect();
                let mut best = least(&whole, &second, &cost) + ALONE;
                for other in (0..second.len()).filter(|&other| other != pair.second) {
                    let here = cost.pair(first[pair.first], second[other]);
                    let rest = least(before, &second[..other], &cost) + least(after, &second[other + 1..], &cost);
                    best = best.min(here + rest);
                }
                prop_assert!((pair.margin - (best - found.cost)).abs() < 1e-9);
            }
        }
    }
}
