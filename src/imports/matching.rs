//! The times of a file that are those of alerts recorded already.

use jiff::{SignedDuration, Timestamp};

/// Steps that finding the nearest may take at once; beyond that, equal alerts stand so
/// close that it makes no difference.
const MOST_STEPS: usize = 4_000_000;

/// Pairs times of a file with recorded ones, each once, none further apart than the
/// tolerance: as many pairs as there can be, and of these the nearest. Both are in the
/// order of time; a pair is the two places.
#[must_use]
pub fn pairs(
    listed: &[Timestamp],
    recorded: &[Timestamp],
    tolerance: SignedDuration,
) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let (mut row, mut earlier) = (0, 0);
    while row < listed.len() && earlier < recorded.len() {
        let (last_row, last_earlier) =
            end_of_cluster(&listed[row..], &recorded[earlier..], tolerance);
        let of_cluster = Cluster {
            listed: &listed[row..row + last_row],
            recorded: &recorded[earlier..earlier + last_earlier],
            tolerance,
        };
        let found = of_cluster.pairs();
        pairs.extend(found.into_iter().map(|(a, b)| (row + a, earlier + b)));
        row += last_row;
        earlier += last_earlier;
    }
    pairs
}

/// The number of each that stand together, no two neighbours further apart than the tolerance.
fn end_of_cluster(
    listed: &[Timestamp],
    recorded: &[Timestamp],
    tolerance: SignedDuration,
) -> (usize, usize) {
    let (mut row, mut earlier) = (0, 0);
    let mut last: Option<Timestamp> = None;
    loop {
        let (next, is_row) = match (listed.get(row), recorded.get(earlier)) {
            (Some(a), Some(b)) => (*a.min(b), a <= b),
            (Some(a), None) => (*a, true),
            (None, Some(b)) => (*b, false),
            (None, None) => return (row, earlier),
        };
        if last.is_some_and(|last| next.duration_since(last) > tolerance) {
            return (row, earlier);
        }
        last = Some(next);
        row += usize::from(is_row);
        earlier += usize::from(!is_row);
    }
}

/// Times that stand together.
struct Cluster<'times> {
    listed: &'times [Timestamp],
    recorded: &'times [Timestamp],
    tolerance: SignedDuration,
}

/// Score of the best way to a place: the number of pairs, and less their distances.
type Score = (usize, i128);

impl Cluster<'_> {
    fn pairs(&self) -> Vec<(usize, usize)> {
        match self.listed.len().checked_mul(self.recorded.len()) {
            Some(steps) if steps <= MOST_STEPS => self.nearest(),
            _ => self.in_order(),
        }
    }

    fn distance(&self, row: usize, earlier: usize) -> Option<i128> {
        let distance = self.listed[row]
            .duration_since(self.recorded[earlier])
            .abs();
        (distance <= self.tolerance).then(|| distance.as_micros())
    }

    /// Pairs do not need to cross, so the best of the first rows and recorded alerts
    /// follows from the best of one fewer.
    fn nearest(&self) -> Vec<(usize, usize)> {
        let (rows, width) = (self.listed.len(), self.recorded.len());
        let mut steps = Vec::with_capacity(rows * width);
        let mut above: Vec<Score> = vec![(0, 0); width + 1];
        for row in 0..rows {
            let mut best: Vec<Score> = Vec::with_capacity(width + 1);
            best.push((0, 0));
            for earlier in 0..width {
                let mut choice = (above[earlier + 1], Step::SkipRow);
                if best[earlier] > choice.0 {
                    choice = (best[earlier], Step::SkipRecorded);
                }
                if let Some(distance) = self.distance(row, earlier) {
                    let (count, nearness) = above[earlier];
                    let paired = (count + 1, nearness - distance);
                    if paired > choice.0 {
                        choice = (paired, Step::Pair);
                    }
                }
                best.push(choice.0);
                steps.push(choice.1);
            }
            above = best;
        }
        let (mut row, mut earlier) = (rows, width);
        let mut pairs = Vec::new();
        while row > 0 && earlier > 0 {
            match steps[(row - 1) * width + earlier - 1] {
                Step::SkipRow => row -= 1,
                Step::SkipRecorded => earlier -= 1,
                Step::Pair => {
                    row -= 1;
                    earlier -= 1;
                    pairs.push((row, earlier));
                }
            }
        }
        pairs.reverse();
        pairs
    }

    /// As many pairs, each row with the first recorded alert that it can be.
    fn in_order(&self) -> Vec<(usize, usize)> {
        let (mut row, mut earlier) = (0, 0);
        let mut pairs = Vec::new();
        while row < self.listed.len() && earlier < self.recorded.len() {
            if self.distance(row, earlier).is_some() {
                pairs.push((row, earlier));
                row += 1;
                earlier += 1;
            } else if self.listed[row] < self.recorded[earlier] {
                row += 1;
            } else {
                earlier += 1;
            }
        }
        pairs
    }
}

/// The next step of the best way to a place.
#[derive(Clone, Copy)]
enum Step {
    SkipRow,
    SkipRecorded,
    Pair,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn times(seconds: &[i64]) -> Vec<Timestamp> {
        let times = seconds.iter().map(|second| Timestamp::from_second(*second));
        times.map(Result::unwrap).collect()
    }

    fn pairs_of(listed: &[i64], recorded: &[i64], tolerance: i64) -> Vec<(usize, usize)> {
        let tolerance = SignedDuration::from_secs(tolerance);
        pairs(&times(listed), &times(recorded), tolerance)
    }

    #[test]
    fn as_many_as_possible_are_recognised_and_of_these_the_nearest() {
        // The nearest first would pair 110 with 100, and leave 0 and 220 alone.
        assert_eq!(pairs_of(&[0, 110], &[100, 220], 120), [(0, 0), (1, 1)]);
        assert_eq!(pairs_of(&[0, 110], &[115], 120), [(1, 0)]);
        assert_eq!(pairs_of(&[0, 110], &[5], 120), [(0, 0)]);
        assert_eq!(pairs_of(&[0, 1000], &[500], 120), []);
        assert_eq!(pairs_of(&[], &[500], 120), []);
    }

    /// The best of all ways, tried one by one.
    fn best(listed: &[i64], recorded: &[i64], tolerance: i64) -> (usize, i64) {
        let Some((first, rest)) = listed.split_first() else {
            return (0, 0);
        };
        let mut found = best(rest, recorded, tolerance);
        for (place, time) in recorded.iter().enumerate() {
            if (first - time).abs() <= tolerance {
                let mut others = recorded.to_vec();
                others.remove(place);
                let (count, nearness) = best(rest, &others, tolerance);
                found = found.max((count + 1, nearness - (first - time).abs()));
            }
        }
        found
    }

    proptest! {
        #[test]
        fn no_other_pairing_is_better(
            mut listed in prop::collection::vec(0_i64..60, 0..6),
            mut recorded in prop::collection::vec(0_i64..60, 0..6),
            tolerance in 0_i64..20,
        ) {
            listed.sort_unstable();
            recorded.sort_unstable();
            let found = pairs_of(&listed, &recorded, tolerance);
            let apart = found.iter().map(|(a, b)| (listed[*a] - recorded[*b]).abs());
            let score = (found.len(), -apart.sum::<i64>());
            prop_assert_eq!(score, best(&listed, &recorded, tolerance));
            let (a, b) = (times(&listed), times(&recorded));
            let cluster = Cluster {
                listed: &a,
                recorded: &b,
                tolerance: SignedDuration::from_secs(tolerance),
            };
            prop_assert_eq!(cluster.in_order().len(), score.0);
        }
    }
}
