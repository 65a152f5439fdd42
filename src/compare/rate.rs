//! The match rate, how sure it is, and what traders make of it.

use serde::Serialize;

use super::matching::{Fate, Matching};
use crate::analytics::intervals::wilson;
use crate::analytics::number::{count, percent};
use crate::domain::event::text_enum;

text_enum! {
    /// Practical meaning of a match rate, by the lower end of its interval.
    MatchBand, "band" {
        /// At least 95 %: production ready.
        ProductionReady = "productionReady",
        /// At least 80 %: minor differences.
        Minor = "minor",
        /// At least 60 %: significant differences.
        Significant = "significant",
        /// Less: something is wrong.
        Critical = "critical",
    }
}

impl MatchBand {
    /// The band of a share between 0 and 1.
    #[must_use]
    pub fn of(share: f64) -> Self {
        match share {
            share if share >= 0.95 => Self::ProductionReady,
            share if share >= 0.8 => Self::Minor,
            share if share >= 0.6 => Self::Significant,
            _ => Self::Critical,
        }
    }
}

/// The share of the first book's legs that are matched, of those in the compared range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rate {
    /// Legs that are matched.
    pub matched: usize,
    /// Legs in the compared range.
    pub legs: usize,
    /// `matched` of `legs`, in percent.
    pub percent: f64,
    /// Lower end of the 95 % interval (Wilson), in percent.
    pub low: f64,
    /// Upper end of the 95 % interval (Wilson), in percent.
    pub high: f64,
    /// By the lower end.
    pub band: MatchBand,
}

impl Rate {
    /// The rate of a matching; `None` where nothing can be compared.
    #[must_use]
    pub fn of(matching: &Matching) -> Option<Self> {
        let legs = matching
            .first
            .iter()
            .filter(|fate| **fate != Fate::Outside)
            .count();
        let matched = matching.pairs.len();
        let interval = wilson(matched, legs)?;
        let (low, high) = (interval.low?, interval.high?);
        Some(Self {
            matched,
            legs,
            percent: percent(count(matched), count(legs))?,
            low,
            high,
            band: MatchBand::of(low / 100.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_wilsons() {
        // statsmodels 0.14.5: proportion_confint(18, 18, method="wilson"), (60, 63).
        for (part, of, expected) in [
            (18, 18, [0.824_120_776_353_342_4, 1.0]),
            (60, 63, [0.869_090_321_620_939_2, 0.983_673_831_132_004_5]),
        ] {
            let interval = wilson(part, of).unwrap();
            let ends = [interval.low, interval.high].map(|end| end.unwrap() / 100.0);
            for (found, expected) in ends.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-9, "{part} of {of}: {found}");
            }
        }
    }
}
