//! Durations of trades, and the share of the time in which one is open.

use super::metrics::Metrics;
use super::number::{count, percent, ratio, seconds};
use super::table::Row;

/// Adds up durations, one trade at a time, in microseconds.
#[derive(Debug, Default)]
pub(super) struct Durations {
    all: Total,
    wins: Total,
    losses: Total,
}

#[derive(Debug, Default)]
struct Total {
    microseconds: i128,
    trades: usize,
}

impl Total {
    fn add(&mut self, microseconds: i64) {
        self.microseconds += i128::from(microseconds);
        self.trades += 1;
    }

    fn mean(&self) -> Option<f64> {
        ratio(seconds(self.microseconds), count(self.trades))
    }
}

impl Durations {
    /// The next trade.
    pub(super) fn add(&mut self, row: &Row) {
        let duration = row.duration();
        self.all.add(duration);
        match row.profit.signum() {
            1 => self.wins.add(duration),
            -1 => self.losses.add(duration),
            _ => {}
        }
    }

    /// Writes the mean durations.
    pub(super) fn write(&self, metrics: &mut Metrics) {
        metrics.avg_duration = self.all.mean();
        metrics.avg_win_duration = self.wins.mean();
        metrics.avg_loss_duration = self.losses.mean();
    }
}

/// The share of the time between the first entry and the last exit in which at
/// least one position was open, in percent; one that still is has been since `open_since`.
///
/// Takes the trades from the last exit to the first, so that one look at each
/// is enough, and of each what lies at `from` or later; `None` where no time passed.
pub(super) fn time_in_market<'rows>(
    latest_exit_first: impl Iterator<Item = &'rows Row>,
    open_since: Option<i64>,
    from: i64,
) -> Option<f64> {
    let (mut covered, mut last_exit) = (0_i128, None);
    let mut covered_from = i64::MAX;
    let mut cover = |entry: i64, exit: i64| {
        let (entry, until) = (entry.max(from), exit.min(covered_from));
        if entry < until {
            covered += i128::from(until) - i128::from(entry);
        }
        covered_from = covered_from.min(entry);
    };
    for row in latest_exit_first {
        if last_exit.is_none() {
            last_exit = Some(row.exit);
            if let Some(open_since) = open_since {
                cover(open_since, row.exit);
            }
        }
        cover(row.entry, row.exit);
    }
    let span = i128::from(last_exit?) - i128::from(covered_from);
    percent(seconds(covered), seconds(span))
}
