//! The rule that says when live trades are no longer those of the backtest.

use serde::Serialize;

use super::cone::ALARM_FROM;
use super::evidence::{Bets, Capital};
use crate::domain::event::text_enum;

/// The evidence at which an alarm is raised: twenty times what it began with.
pub const ALARM_EVIDENCE: f64 = 20.0;

text_enum! {
    /// The side on which live trades differ from the backtest's.
    Side, "side" {
        /// They make less.
        Worse = "worse",
        /// They make more: also a reason to look, at the sizes for instance.
        Better = "better",
    }
}

text_enum! {
    /// What raised an alarm.
    Ground, "ground" {
        /// The curve left the band.
        Band = "band",
        /// The evidence reached twenty.
        Evidence = "evidence",
    }
}

/// The first trade at which an alarm was raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Alarm {
    /// The number of the live trade.
    pub trade: usize,
    /// Less or more than expected.
    pub side: Side,
    /// What raised it.
    pub ground: Ground,
}

/// What live trades are held against; small, so that it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmRule {
    pub(super) bets: Bets,
    /// The evidence that raises it.
    pub(super) needed: f64,
    /// After how many trades, and both ends of the band there.
    pub(super) band: Vec<(usize, [f64; 2])>,
}

impl AlarmRule {
    /// The first alarm over some live outcomes; none before the twentieth.
    #[must_use]
    pub fn alarm(&self, live: &[f64]) -> Option<Alarm> {
        let mut capital = Capital::new();
        let mut band = self.band.iter().peekable();
        let mut sum = 0.0;
        for (index, outcome) in live.iter().enumerate() {
            let trade = index + 1;
            sum += outcome;
            capital.multiply(&self.bets.factors(*outcome));
            let ends = band.next_if(|(mark, _)| *mark == trade);
            if trade < ALARM_FROM {
                continue;
            }
            let outside = ends.and_then(|(_, [low, high])| match sum {
                sum if sum < *low => Some(Side::Worse),
                sum if sum > *high => Some(Side::Better),
                _ => None,
            });
            let raised = |side, ground| {
                Some(Alarm {
                    trade,
                    side,
                    ground,
                })
            };
            if let Some(side) = outside {
                return raised(side, Ground::Band);
            }
            if capital.total() >= self.needed {
                let side = if capital.is_for_worse() {
                    Side::Worse
                } else {
                    Side::Better
                };
                return raised(side, Ground::Evidence);
            }
        }
        None
    }

    /// Both ends of the band after a number of trades; `None` where it has no point.
    pub(super) fn band_at(&self, trade: usize) -> Option<[f64; 2]> {
        let place = self.band.binary_search_by_key(&trade, |(mark, _)| *mark);
        place.ok().map(|place| self.band[place].1)
    }

    /// The evidence after each of some live outcomes.
    pub(super) fn evidence<'rule>(
        &'rule self,
        live: &'rule [f64],
    ) -> impl Iterator<Item = f64> + 'rule {
        let mut capital = Capital::new();
        live.iter().map(move |outcome| {
            capital.multiply(&self.bets.factors(*outcome));
            capital.total()
        })
    }
}
