//! The rule that says when live trades are no longer those of the backtest.

use super::Outcomes;
use super::cone::ALARM_FROM;
use super::evidence::{Bets, Capital};
use crate::domain::departure::{Departure, DepartureGround as Ground, DepartureSide as Side};

/// The evidence at which an alarm is raised: twenty times what it began with.
pub const ALARM_EVIDENCE: f64 = 20.0;

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
    pub fn alarm(&self, live: &Outcomes) -> Option<Departure> {
        let mut capital = Capital::new();
        let mut band = self.band.iter().peekable();
        let mut sum = 0.0;
        for (index, outcome) in live.values.iter().enumerate() {
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
            let at = live.closed[index];
            let raised = |side, ground| {
                Some(Departure {
                    trade,
                    at,
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
