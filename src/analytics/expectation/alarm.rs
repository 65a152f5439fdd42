//! The rule that says when live trades are no longer those of the backtest.

use super::Outcomes;
use super::cone::ALARM_FROM;
use super::evidence::{Bets, Capital};
use crate::domain::departure::{Departure, DepartureGround as Ground, DepartureSide as Side};

/// The evidence at which an alarm is raised: twenty times what it began with.
pub const ALARM_EVIDENCE: f64 = 20.0;

/// The cone after a number of trades, as the alarm sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gate {
    pub(super) trade: usize,
    /// Both ends of the band.
    pub(super) band: [f64; 2],
    /// Nine of ten runs are between these.
    pub(super) usual: [f64; 2],
}

/// The backtest's part of the alarm, against which live trades are held; small, so that it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmRule {
    pub(super) bets: Bets,
    /// The evidence that raises it.
    pub(super) needed: f64,
    pub(super) gates: Vec<Gate>,
}

impl AlarmRule {
    /// The newest alarm over some live outcomes, which may be over; none before the twentieth.
    #[must_use]
    pub fn alarm(&self, live: &Outcomes) -> Option<Departure> {
        let mut capital = Capital::new();
        let mut gates = self.gates.iter().peekable();
        let mut alarm: Option<Departure> = None;
        let mut sum = 0.0;
        for (index, outcome) in live.values.iter().enumerate() {
            let trade = index + 1;
            sum += outcome;
            capital.multiply(&self.bets.factors(*outcome));
            let gate = gates.next_if(|gate| gate.trade == trade);
            if trade < ALARM_FROM {
                continue;
            }
            let current = alarm.as_mut().filter(|alarm| alarm.over.is_none());
            if let Some(current) = current {
                let is_usual = gate.is_some_and(|gate| is_between(sum, gate.usual));
                current.over = (is_usual && capital.total() < 1.0).then_some(trade);
            } else if let Some((side, ground)) = self.found(gate, sum, &capital) {
                alarm = Some(Departure {
                    trade,
                    at: live.closed[index],
                    side,
                    ground,
                    over: None,
                });
            }
        }
        alarm
    }

    /// The side and the ground of an alarm that is raised now.
    fn found(&self, gate: Option<&Gate>, sum: f64, capital: &Capital) -> Option<(Side, Ground)> {
        let outside = gate.filter(|gate| !is_between(sum, gate.band));
        let (is_worse, ground) = if let Some(gate) = outside {
            (sum < gate.band[0], Ground::Band)
        } else if capital.total() >= self.needed {
            (capital.is_for_worse(), Ground::Evidence)
        } else {
            return None;
        };
        let side = if is_worse { Side::Worse } else { Side::Better };
        Some((side, ground))
    }

    /// Both ends of the band after a number of trades; `None` where it has no point.
    pub(super) fn band_at(&self, trade: usize) -> Option<[f64; 2]> {
        let place = self.gates.binary_search_by_key(&trade, |gate| gate.trade);
        place.ok().map(|place| self.gates[place].band)
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

fn is_between(sum: f64, [low, high]: [f64; 2]) -> bool {
    (low..=high).contains(&sum)
}
