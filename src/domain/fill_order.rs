//! The sequence of fills of one instant.
//!
//! Exports have whole seconds, and one order often fills several times in a second. Two files
//! can share a second: one ends in it, the other begins. Pairing must not depend on which was
//! brought in first, so the sequence follows from the files alone:
//!
//! 1. Of two fills that one file has, the file's own sequence holds.
//! 2. Else the lower number of the fill goes first, then that of the order, where brokers
//!    number them; else the fill of the file that begins earlier, then of the one that ends
//!    earlier.
//! 3. What is left is told apart by what is said of the fills.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::fill::Fill;

/// A fill among others of its instant.
#[derive(Debug, Clone)]
pub struct Simultaneous<'a> {
    /// The fill.
    pub fill: &'a Fill,
    /// Its places in the files that have it: the number of the file, and a place in it.
    pub places: Vec<(i64, i64)>,
}

/// First and last time of a file's fills.
pub type FileRange = (Timestamp, Timestamp);

/// The sequence in which fills of one instant are paired, as places in `fills`; `ranges` are
/// those of their files.
#[must_use]
pub fn sequence(fills: &[Simultaneous<'_>], ranges: &BTreeMap<i64, FileRange>) -> Vec<usize> {
    let mut keys: Vec<(Key, usize)> = (0..fills.len())
        .map(|index| (Key::of(&fills[index], ranges), index))
        .collect();
    keys.sort();
    let mut rank = vec![0; fills.len()];
    for (place, (_, index)) in keys.iter().enumerate() {
        rank[*index] = place;
    }
    let mut waiting = Waiting::of(fills);
    let mut left: BTreeSet<(usize, usize)> =
        (0..fills.len()).map(|index| (rank[index], index)).collect();
    let is_free = |(_, index): &(usize, usize), waiting: &Waiting| waiting.before[*index] == 0;
    let mut free: BTreeSet<(usize, usize)> = left
        .iter()
        .copied()
        .filter(|fill| is_free(fill, &waiting))
        .collect();
    let mut sequence = Vec::with_capacity(fills.len());
    // Where two files contradict each other, nothing is free and the first by its key goes on.
    while let Some(next) = free.pop_first().or_else(|| left.first().copied()) {
        left.remove(&next);
        sequence.push(next.1);
        for after in std::mem::take(&mut waiting.after[next.1]) {
            waiting.before[after] -= 1;
            let after = (rank[after], after);
            if is_free(&after, &waiting) && left.contains(&after) {
                free.insert(after);
            }
        }
    }
    sequence
}

/// The order in which fills wait for one another, by the files that have both.
struct Waiting {
    /// The fills that come right after each in some file.
    after: Vec<Vec<usize>>,
    /// Number of those before it that are not in the sequence yet.
    before: Vec<usize>,
}

impl Waiting {
    fn of(fills: &[Simultaneous<'_>]) -> Self {
        let mut by_file: BTreeMap<i64, Vec<(i64, usize)>> = BTreeMap::new();
        for (index, fill) in fills.iter().enumerate() {
            for (file, place) in &fill.places {
                by_file.entry(*file).or_default().push((*place, index));
            }
        }
        let mut waiting = Self {
            after: vec![Vec::new(); fills.len()],
            before: vec![0; fills.len()],
        };
        for of_file in by_file.values_mut() {
            of_file.sort_unstable();
            for pair in of_file.windows(2) {
                waiting.after[pair[0].1].push(pair[1].1);
                waiting.before[pair[1].1] += 1;
            }
        }
        waiting
    }
}

/// Sort key of fills of different files, the same whichever file came first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    fill_number: Number,
    order_number: Number,
    file: Option<FileRange>,
    said: String,
    fill_id: Option<Box<str>>,
}

impl Key {
    fn of(simultaneous: &Simultaneous<'_>, ranges: &BTreeMap<i64, FileRange>) -> Self {
        let fill = simultaneous.fill;
        let files = simultaneous.places.iter();
        Self {
            fill_number: Number::of(fill.fill_id.as_deref()),
            order_number: Number::of(fill.order_id.as_deref()),
            file: files
                .filter_map(|(file, _)| ranges.get(file))
                .min()
                .copied(),
            said: fill.in_full(),
            fill_id: fill.fill_id.clone(),
        }
    }
}

/// A broker's number, of any length; other names say nothing of a sequence.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Number {
    /// Number of digits, and the digits.
    Of(usize, String),
    None,
}

impl Number {
    fn of(text: Option<&str>) -> Self {
        let is_number = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let digits = text
            .filter(is_number)
            .map(|text| text.trim_start_matches('0'));
        digits.map_or(Self::None, |digits| {
            Self::Of(digits.len(), digits.to_owned())
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::signal::Direction;

    fn fill(side: Direction, price: u32, number: Option<&str>) -> Fill {
        Fill {
            symbol: "AAPL".parse().unwrap(),
            side,
            quantity: "1".parse().unwrap(),
            price: price.to_string().parse().unwrap(),
            time: "2026-01-05T14:30:00Z".parse().unwrap(),
            precision: 1,
            fee: None,
            currency: None,
            order_id: None,
            fill_id: number.map(Into::into),
        }
    }

    /// The prices of fills in their sequence; the files of each fill with its place there.
    fn prices(fills: &[(&Fill, &[(i64, i64)])], begins: &[(i64, &str)]) -> Vec<String> {
        let fills: Vec<Simultaneous<'_>> = fills
            .iter()
            .map(|(fill, places)| Simultaneous {
                fill,
                places: places.to_vec(),
            })
            .collect();
        let end = "2026-02-01T00:00:00Z".parse().unwrap();
        let ranges = begins
            .iter()
            .map(|(file, begin)| (*file, (begin.parse().unwrap(), end)))
            .collect();
        let sequence = sequence(&fills, &ranges).into_iter();
        sequence
            .map(|index| fills[index].fill.price.to_string())
            .collect()
    }

    #[test]
    fn a_file_keeps_its_own_sequence_whatever_its_numbers_say() {
        let (one, two) = (
            fill(Direction::Long, 11, Some("9")),
            fill(Direction::Short, 10, Some("2")),
        );
        assert_eq!(
            prices(&[(&two, &[(1, 8)]), (&one, &[(1, 7)])], &[]),
            ["11", "10"]
        );
    }

    #[test]
    fn of_two_files_the_lower_number_goes_first_else_the_earlier_file() {
        let (buy, sell) = (
            fill(Direction::Long, 11, Some("99")),
            fill(Direction::Short, 10, Some("100")),
        );
        for numbers in [[1, 2], [2, 1]] {
            let fills = [
                (&sell, &[(numbers[0], 0)][..]),
                (&buy, &[(numbers[1], 5)][..]),
            ];
            assert_eq!(prices(&fills, &[]), ["11", "10"]);
        }
        let (buy, sell) = (
            fill(Direction::Long, 11, None),
            fill(Direction::Short, 10, Some("a-1")),
        );
        for [january, february] in [[1, 2], [2, 1]] {
            let begins = [
                (january, "2026-01-01T00:00:00Z"),
                (february, "2026-01-05T14:30:00Z"),
            ];
            let fills = [(&sell, &[(february, 0)][..]), (&buy, &[(january, 90)][..])];
            assert_eq!(prices(&fills, &begins), ["11", "10"]);
        }
    }

    #[test]
    fn a_fill_of_both_files_joins_their_sequences() {
        let fills = [10, 11, 12].map(|price| fill(Direction::Long, price, None));
        let [first, both, last] = &fills;
        for [one, other] in [[1, 2], [2, 1]] {
            let fills = [
                (last, &[(other, 1)][..]),
                (both, &[(one, 1), (other, 0)][..]),
                (first, &[(one, 0)][..]),
            ];
            assert_eq!(prices(&fills, &[]), ["10", "11", "12"]);
        }
    }

    proptest! {
        #[test]
        fn neither_the_numbers_of_files_nor_that_of_fills_matter(
            of in prop::collection::vec((any::<bool>(), 1_u32..5, prop::option::of(0_u32..9), 0_i64..3, 0_i64..3), 1..12),
            turn in 0_usize..12,
        ) {
            let made: Vec<Fill> = of
                .iter()
                .zip(1_u32..)
                .map(|((buys, price, number, ..), nth)| {
                    let side = if *buys { Direction::Long } else { Direction::Short };
                    let number = number.map(|number| number.to_string());
                    // No two are the same: files that have one fill have it as one.
                    let quantity = nth.to_string().parse().unwrap();
                    Fill { quantity, ..fill(side, *price, number.as_deref()) }
                })
                .collect();
            let said = |fills: &[Simultaneous<'_>]| -> Vec<String> {
                let sequence = sequence(fills, &BTreeMap::new()).into_iter();
                sequence
                    .map(|index| format!("{} {:?}", fills[index].fill.in_full(), fills[index].fill.fill_id))
                    .collect()
            };
            let places = |renamed: i64| {
                made.iter().zip(&of).enumerate().map(move |(place, (fill, (.., one, other)))| {
                    let files = BTreeSet::from([(one + renamed) % 3, (other + renamed) % 3]);
                    let place = i64::try_from(place).unwrap();
                    let places = files.into_iter().map(|file| (file, place)).collect();
                    Simultaneous { fill, places }
                }).collect::<Vec<_>>()
            };
            let mut turned = places(1);
            turned.rotate_left(turn % made.len());
            prop_assert_eq!(said(&places(0)), said(&turned));
        }
    }
}
