//! Runs of wins and of losses, in the order of the exits.

use serde::Serialize;

/// The count of runs of one length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunCount {
    /// Trades in the run.
    pub length: usize,
    /// Number of runs that long.
    pub count: usize,
}

/// Runs of wins and of losses by their length, shortest first; an even trade
/// ends both kinds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Runs {
    /// Consecutive winning trades.
    pub wins: Vec<RunCount>,
    /// Consecutive losing trades.
    pub losses: Vec<RunCount>,
}

/// Counts runs, one profit at a time.
#[derive(Debug, Default)]
pub(super) struct RunCounter {
    /// 1 in a run of wins, -1 in one of losses, 0 in neither.
    sign: i128,
    length: usize,
    /// At index n, how many runs of n + 1 trades.
    wins: Vec<usize>,
    losses: Vec<usize>,
}

impl RunCounter {
    /// The next trade's profit.
    pub(super) fn add(&mut self, profit: i128) {
        if profit.signum() != self.sign {
            self.end_run();
            self.sign = profit.signum();
        }
        self.length += 1;
    }

    fn end_run(&mut self) {
        let counts = match self.sign {
            1 => &mut self.wins,
            -1 => &mut self.losses,
            _ => {
                self.length = 0;
                return;
            }
        };
        if counts.len() < self.length {
            counts.resize(self.length, 0);
        }
        counts[self.length - 1] += 1;
        self.length = 0;
    }

    /// All runs, the last one too.
    pub(super) fn finish(mut self) -> Runs {
        self.end_run();
        let lengths = |counts: Vec<usize>| {
            let numbered = counts.into_iter().enumerate();
            numbered
                .filter(|(_, count)| *count > 0)
                .map(|(index, count)| RunCount {
                    length: index + 1,
                    count,
                })
                .collect()
        };
        Runs {
            wins: lengths(self.wins),
            losses: lengths(self.losses),
        }
    }
}

/// The longest of some runs; 0 without any.
pub(super) fn longest(runs: &[RunCount]) -> usize {
    runs.last().map_or(0, |run| run.length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_trade_ends_a_run() {
        let mut counter = RunCounter::default();
        for profit in [5, 1, 0, 3, -2, -2, -9, 4, 0, 0] {
            counter.add(profit);
        }
        let runs = counter.finish();
        let pairs = |runs: &[RunCount]| -> Vec<_> {
            runs.iter().map(|run| (run.length, run.count)).collect()
        };
        assert_eq!(pairs(&runs.wins), [(1, 2), (2, 1)]);
        assert_eq!(pairs(&runs.losses), [(3, 1)]);
        assert_eq!(longest(&runs.losses), 3);
    }

    #[test]
    fn no_trade_makes_no_run() {
        assert_eq!(RunCounter::default().finish(), Runs::default());
    }
}
