//! Run-ups and drawdowns as TradingView counts them from close to close.
//!
//! They are cycles: equity rises from a trough to a peak, falls, and the fall lasts until
//! the peak is reached again; the next rise begins at the fall's lowest point. The first
//! point is the first close, not the capital before it, and a fall that a single trade made
//! counts only if it is above 5 % of the balance (on a native report a trade of 1.6 % after
//! eight gains is no drawdown, and the run-up of those is the last less the first close).

/// Follows equity, one close at a time, in units of money.
#[derive(Debug, Default)]
pub(super) struct Cycles {
    current: Option<Cycle>,
    found: LargestSwings,
}

/// The largest of each, in units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct LargestSwings {
    pub run_up: Option<i128>,
    pub drawdown: Option<i128>,
}

#[derive(Debug)]
struct Cycle {
    /// The low from which the rise to the peak began.
    trough: i128,
    peak: i128,
    /// The fall from the peak, until it is reached again.
    fall: Option<Fall>,
}

#[derive(Debug)]
struct Fall {
    lowest: i128,
    /// True if more than one trade led to the lowest point.
    is_of_several: bool,
}

/// A fall that one trade made counts above the balance divided by this.
const SHARE_OF_BALANCE: i128 = 20;

impl Fall {
    fn is_drawdown(&self, peak: i128) -> bool {
        self.is_of_several || (peak - self.lowest) > peak / SHARE_OF_BALANCE
    }
}

impl Cycles {
    /// Equity after the next trade.
    pub(super) fn add(&mut self, equity: i128) {
        let Some(cycle) = &mut self.current else {
            self.current = Some(Cycle {
                trough: equity,
                peak: equity,
                fall: None,
            });
            return;
        };
        if equity >= cycle.peak {
            if let Some(fall) = cycle
                .fall
                .take()
                .filter(|fall| fall.is_drawdown(cycle.peak))
            {
                cycle.trough = fall.lowest;
            }
            cycle.peak = equity;
            let rise = equity - cycle.trough;
            if rise > 0 {
                self.found.run_up = self.found.run_up.max(Some(rise));
            }
            return;
        }
        let fall = match cycle.fall.take() {
            Some(fall) if equity >= fall.lowest => fall,
            fall => Fall {
                lowest: equity,
                is_of_several: fall.is_some(),
            },
        };
        if fall.is_drawdown(cycle.peak) {
            let depth = Some(cycle.peak - fall.lowest);
            self.found.drawdown = self.found.drawdown.max(depth);
        }
        cycle.fall = Some(fall);
    }

    /// The largest run-up and the largest drawdown so far.
    pub(super) fn finish(&self) -> LargestSwings {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(equity: &[i128]) -> (Option<i128>, Option<i128>) {
        let mut cycles = Cycles::default();
        for point in equity {
            cycles.add(*point);
        }
        let LargestSwings { run_up, drawdown } = cycles.finish();
        (run_up, drawdown)
    }

    #[test]
    fn the_first_close_begins_and_a_small_loss_of_one_trade_is_no_drawdown() {
        // Closes of a native report, in cents, on 10,000.
        let closes = [
            10_586, 10_915, 25_025, 28_638, 67_233, 83_024, 115_320, 116_425, 98_995,
        ];
        let equity = closes.map(|profit| 1_000_000 + profit);
        assert_eq!(found(&equity), (Some(105_839), None));
    }

    #[test]
    fn a_fall_counts_by_its_size_or_by_its_trades() {
        assert_eq!(found(&[1_000, 950]), (None, None));
        assert_eq!(found(&[1_000, 949]), (None, Some(51)));
        assert_eq!(found(&[1_000, 990, 980]), (None, Some(20)));
        // The second trade rises, so the first one made the fall; the third goes lower.
        assert_eq!(found(&[1_000, 990, 995]), (None, None));
        assert_eq!(found(&[1_000, 990, 995, 989]), (None, Some(11)));
    }

    #[test]
    fn the_next_rise_begins_where_a_drawdown_ended() {
        assert_eq!(found(&[100, 200, 150, 300]), (Some(150), Some(50)));
        // What is no drawdown does not end a rise.
        assert_eq!(found(&[1_000, 1_100, 1_090, 1_200]), (Some(200), None));
        assert_eq!(found(&[]), (None, None));
        assert_eq!(found(&[5, 5, 5]), (None, None));
    }
}
