//! Runs drawn from the expected trades: the bands, the line that raises the alarm, and what
//! live figures are measured against.

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use super::alarm::{ALARM_EVIDENCE, AlarmRule, Gate};
use super::cusum::Cusum;
use super::evidence::{Bets, Capital};
use super::sampling::{Sampler, Sampling};
use super::{Reference, Uniform};
use crate::analytics::number::{count, index_below};
use crate::analytics::statistics::Sorted;

/// Runs that are drawn, unless they are very long.
pub const RUNS: usize = 10_000;

/// Trades of all runs together: with longer runs there are fewer.
const MOST_TRADES: usize = 100_000_000;

/// The fewest runs.
const FEWEST_RUNS: usize = 1_000;

/// Trades up to which bands have a point after each of them.
const MOST_POINTS: usize = 240;

/// The trade from which the band holds.
pub const BAND_FROM: usize = 5;

/// The first trade at which an alarm can be raised.
pub const ALARM_FROM: usize = 20;

/// Healthy runs that may leave the band or find evidence at some trade: less than one
/// in twenty, for the runs are drawn and so is what they are held against.
const FALSE_ALARMS: f64 = 0.04;

/// The same where trades depend on each other: blocks hold a part of that back, and the list is
/// worth as many independent trades as it has blocks, so that its own luck weighs more.
const FALSE_ALARMS_OF_BLOCKS: f64 = 0.02;

/// Healthy runs that may find evidence where trades depend on each other: then the odds of the
/// bets are not quite fair, and more evidence is asked for.
const FALSE_EVIDENCE: f64 = 0.008;

/// Runs above the band for each one below it: a loss of the edge is what costs.
const ABOVE_FOR_BELOW: f64 = 0.1;

/// Trades that the first cone reaches over; the next ones reach twice as far each.
const FIRST_HORIZON: usize = 120;

/// The trades that a cone for so many live ones reaches over: 120, or that doubled until it
/// is enough. It stays as it is while trades come, and with it the line of the alarm.
pub(super) fn horizon(live: usize) -> usize {
    let mut horizon = FIRST_HORIZON;
    while horizon < live {
        horizon = horizon.saturating_mul(2);
    }
    horizon
}

/// Number of runs that are drawn over so many trades.
fn runs_over(horizon: usize) -> usize {
    (MOST_TRADES / horizon).clamp(FEWEST_RUNS, RUNS)
}

/// Percentiles of the runs after a number of trades.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Percentiles {
    pub(super) trade: usize,
    /// At 5, 25, 50, 75 and 95 %.
    pub(super) at: [f64; 5],
}

/// Results of runs over as many trades as there are live ones.
#[derive(Debug, Clone, Default)]
pub(super) struct Outlook<Values = Sorted> {
    pub(super) sums: Values,
    pub(super) falls: Values,
    pub(super) win_rates: Values,
    /// Without runs that have none.
    pub(super) wins: Values,
    pub(super) losses: Values,
}

impl Outlook<Vec<f64>> {
    fn add(&mut self, walk: &Walk) {
        self.sums.push(walk.sum);
        self.falls.push(walk.fall);
        self.win_rates.push(walk.win_rate());
        self.wins.extend(walk.average_win());
        self.losses.extend(walk.average_loss());
    }

    fn sorted(self) -> Outlook {
        Outlook {
            sums: Sorted::of(self.sums),
            falls: Sorted::of(self.falls),
            win_rates: Sorted::of(self.win_rates),
            wins: Sorted::of(self.wins),
            losses: Sorted::of(self.losses),
        }
    }
}

/// A run, or the live trades, on the way.
#[derive(Debug, Clone, Default)]
pub(super) struct Walk {
    pub(super) trades: usize,
    pub(super) sum: f64,
    peak: f64,
    /// The largest fall of the sum from its peak.
    pub(super) fall: f64,
    winners: usize,
    losers: usize,
    won: f64,
    lost: f64,
}

impl Walk {
    pub(super) fn add(&mut self, outcome: f64) {
        self.trades += 1;
        self.sum += outcome;
        self.peak = self.peak.max(self.sum);
        self.fall = self.fall.max(self.peak - self.sum);
        if outcome > 0.0 {
            self.winners += 1;
            self.won += outcome;
        } else if outcome < 0.0 {
            self.losers += 1;
            self.lost -= outcome;
        }
    }

    /// All of some trades.
    pub(super) fn over(outcomes: &[f64]) -> Self {
        let mut walk = Self::default();
        for outcome in outcomes {
            walk.add(*outcome);
        }
        walk
    }

    /// In percent.
    pub(super) fn win_rate(&self) -> f64 {
        100.0 * count(self.winners) / count(self.trades)
    }

    pub(super) fn winners(&self) -> usize {
        self.winners
    }

    pub(super) fn average_win(&self) -> Option<f64> {
        (self.winners > 0).then(|| self.won / count(self.winners))
    }

    pub(super) fn average_loss(&self) -> Option<f64> {
        (self.losers > 0).then(|| self.lost / count(self.losers))
    }
}

/// The runs that were drawn.
#[derive(Debug, Clone)]
pub(super) struct Cone {
    pub(super) reference: Reference,
    pub(super) sampling: Sampling,
    pub(super) runs: usize,
    pub(super) horizon: usize,
    pub(super) bands: Vec<Percentiles>,
    pub(super) rule: AlarmRule,
    /// 95 of 100 runs have CUSUMs that stay below.
    pub(super) cusum_limit: f64,
    pub(super) outlook: Outlook,
}

impl Cone {
    /// Draws runs from outcomes that differ, for so many live trades.
    pub(super) fn draw(expected: &[f64], live: usize, seed: u64) -> Result<Self, Uniform> {
        let (horizon, sampling) = (horizon(live), Sampling::of(expected));
        let reference = Reference::of(expected, sampling)?;
        let runs = runs_over(horizon);
        let marks = marks(horizon);
        let bets = Bets::against(&reference);
        let factors: Vec<_> = expected.iter().map(|one| bets.factors(*one)).collect();
        let mut drawn = Drawn::with_room(marks.len(), runs);
        let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut sampler = Sampler::of(expected.len(), sampling);
        for _ in 0..runs {
            sampler.begin();
            let (mut walk, mut capital) = (Walk::default(), Capital::new());
            let (mut cusum, mut evidence) = (Cusum::against(&reference), 0.0_f64);
            for (mark, sums) in marks.iter().zip(&mut drawn.sums) {
                while walk.trades < *mark {
                    let index = sampler.next(&mut generator);
                    walk.add(expected[index]);
                    cusum.add(expected[index]);
                    capital.multiply(&factors[index]);
                    if walk.trades >= ALARM_FROM {
                        evidence = evidence.max(capital.total());
                    }
                    if walk.trades == live {
                        drawn.outlook.add(&walk);
                    }
                }
                sums.push(walk.sum);
            }
            drawn.evidence.push(evidence);
            drawn.cusums.push(cusum.highest());
        }
        Ok(drawn.measured(
            &marks,
            bets,
            &Cast {
                reference,
                sampling,
                horizon,
            },
        ))
    }
}

/// The trades after which bands have a point.
pub(super) fn marks(horizon: usize) -> Vec<usize> {
    let points = horizon.min(MOST_POINTS);
    (1..=points).map(|point| point * horizon / points).collect()
}

/// The source of the runs, and how they are drawn.
struct Cast {
    reference: Reference,
    sampling: Sampling,
    horizon: usize,
}

/// The raw runs.
struct Drawn {
    /// The sums of all runs at each mark.
    sums: Vec<Vec<f64>>,
    /// The most evidence of each run.
    evidence: Vec<f64>,
    /// The highest CUSUM of each run.
    cusums: Vec<f64>,
    outlook: Outlook<Vec<f64>>,
}

impl Drawn {
    fn with_room(marks: usize, runs: usize) -> Self {
        Self {
            sums: vec![Vec::with_capacity(runs); marks],
            evidence: Vec::with_capacity(runs),
            cusums: Vec::with_capacity(runs),
            outlook: Outlook::default(),
        }
    }

    fn measured(self, marks: &[usize], bets: Bets, cast: &Cast) -> Cone {
        let runs = self.evidence.len();
        let mut rarest = Rarest::of(runs);
        let mut sorted = Vec::with_capacity(marks.len());
        for (mark, sums) in marks.iter().zip(self.sums) {
            let order = order_of(&sums);
            if *mark >= ALARM_FROM {
                rarest.note(&sums, &order, weight(*mark, cast.horizon));
            }
            sorted.push(Sorted::of(
                order.iter().map(|run| sums[*run as usize]).collect(),
            ));
        }
        let evidence = Sorted::of(self.evidence.clone());
        let needed = needed_evidence(&evidence, cast.sampling);
        let allowed = if cast.sampling.is_in_blocks() {
            FALSE_ALARMS_OF_BLOCKS
        } else {
            FALSE_ALARMS
        };
        let level = rarest.level(&self.evidence, needed, allowed);
        let at_mark = |(mark, sums): (&usize, &Sorted)| {
            let below = index_below(level * weight(*mark, cast.horizon));
            let above = index_below(level * weight(*mark, cast.horizon) * ABOVE_FOR_BELOW);
            Gate {
                trade: *mark,
                band: [below, runs - 1 - above].map(|place| sums.nth(place)),
                usual: [0.05, 0.95].map(|share| sums.at(share).unwrap_or_default()),
            }
        };
        let gates = marks.iter().zip(&sorted).map(at_mark);
        let rule = AlarmRule {
            bets,
            needed,
            gates: gates.filter(|gate| gate.trade >= BAND_FROM).collect(),
        };
        let bands = marks.iter().zip(&sorted).map(|(trade, sums)| Percentiles {
            trade: *trade,
            at: [0.05, 0.25, 0.5, 0.75, 0.95].map(|share| sums.at(share).unwrap_or_default()),
        });
        let cusums = Sorted::of(self.cusums);
        Cone {
            reference: cast.reference,
            sampling: cast.sampling,
            runs,
            horizon: cast.horizon,
            bands: bands.collect(),
            cusum_limit: cusums.at(0.95).unwrap_or_default(),
            rule,
            outlook: self.outlook.sorted(),
        }
    }
}

/// The runs from the lowest sum to the highest.
fn order_of(sums: &[f64]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..u32::try_from(sums.len()).unwrap_or(u32::MAX)).collect();
    order.sort_unstable_by(|one, other| sums[*one as usize].total_cmp(&sums[*other as usize]));
    order
}

/// The evidence that raises the alarm, by the most evidence of each run.
fn needed_evidence(most: &Sorted, sampling: Sampling) -> f64 {
    if !sampling.is_in_blocks() {
        return ALARM_EVIDENCE;
    }
    let rare = most.at(1.0 - FALSE_EVIDENCE);
    rare.map_or(ALARM_EVIDENCE, |rare| rare.max(ALARM_EVIDENCE))
}

/// The share of the band's error that a trade may have, the last one's being 1. It grows, for an
/// edge that is gone shows late, and what goes wrong early and grossly the evidence finds.
fn weight(trade: usize, horizon: usize) -> f64 {
    (count(trade) / count(horizon)).powi(3)
}

/// The rarest trade of each run, from below and from above: the level of a band that it just
/// leaves.
struct Rarest {
    low: Vec<f64>,
    high: Vec<f64>,
}

impl Rarest {
    fn of(runs: usize) -> Self {
        Self {
            low: vec![f64::INFINITY; runs],
            high: vec![f64::INFINITY; runs],
        }
    }

    /// Looks at one trade; `order` are the runs from the lowest to the highest.
    fn note(&mut self, sums: &[f64], order: &[u32], weight: f64) {
        let runs = order.len();
        let mut first = 0;
        for equal in order.chunk_by(|one, other| {
            sums[*one as usize]
                .total_cmp(&sums[*other as usize])
                .is_eq()
        }) {
            let as_low = count(first + equal.len()) / weight;
            let as_high = count(runs - first) / weight / ABOVE_FOR_BELOW;
            for run in equal {
                let run = *run as usize;
                self.low[run] = self.low[run].min(as_low);
                self.high[run] = self.high[run].min(as_high);
            }
            first += equal.len();
        }
    }

    /// The largest number of runs below the band at the last trade, with which no more runs
    /// than allowed leave it or have the evidence.
    fn level(&self, evidence: &[f64], needed: f64, allowed: f64) -> f64 {
        let runs = evidence.len();
        let allowed = index_below(allowed * count(runs));
        let each = self.low.iter().zip(&self.high).zip(evidence);
        let mut levels: Vec<f64> = each
            .map(|((low, high), evidence)| {
                if *evidence >= needed {
                    0.0
                } else {
                    low.min(*high)
                }
            })
            .collect();
        levels.sort_unstable_by(f64::total_cmp);
        // The first run that must not leave it does at this level.
        levels[allowed].next_down().max(0.0)
    }
}
