//! The strategies go on trading while the demo is looked at.

use std::time::Duration;

use jiff::Timestamp;

use super::Market;

/// The strategies after the last alert of the demo's past.
pub struct Live {
    markets: Vec<Market>,
    next: usize,
}

/// An alert that fires now.
pub struct LiveAlert {
    /// The path of its webhook.
    pub path: String,
    /// The message, as TradingView sends it.
    pub message: String,
}

impl Live {
    /// Time between two alerts.
    pub const PAUSE: Duration = Duration::from_secs(20);

    pub(super) fn new(markets: Vec<Market>) -> Self {
        Self { markets, next: 0 }
    }

    /// The next alert at `now`, of the strategy whose turn it is among those whose market is open.
    pub fn next_alert(&mut self, now: Timestamp) -> Option<LiveAlert> {
        let count = self.markets.len();
        let turns = (self.next..self.next + count).map(|turn| turn % count);
        let turn = turns
            .into_iter()
            .find(|turn| self.markets[*turn].strategy.is_open(now))?;
        self.next = turn + 1;
        let Market {
            profile,
            address,
            strategy,
        } = &mut self.markets[turn];
        Some(LiveAlert {
            path: format!("/hooks/{}", address.id),
            message: strategy.next_order(now).message(profile, &address.key),
        })
    }
}
