//! Counts, sums and means of the trades' profit.

use super::exact::Scale;
use super::metrics::Metrics;
use super::number::{count, percent, ratio};
use super::runs::{RunCounter, longest};

/// Adds up profit, one trade at a time, in units of money.
#[derive(Debug, Default)]
pub(super) struct Summary {
    wins: Side,
    losses: Side,
    even: usize,
    returns: f64,
    runs: RunCounter,
}

/// Winning or losing trades.
#[derive(Debug, Default)]
struct Side {
    trades: usize,
    sum: i128,
    largest: i128,
}

impl Side {
    fn add(&mut self, amount: i128) {
        self.trades += 1;
        self.sum += amount;
        self.largest = self.largest.max(amount);
    }
}

impl Summary {
    /// The next trade: its profit in units and as a fraction of its value.
    pub(super) fn add(&mut self, profit: i128, return_fraction: f64) {
        match profit.signum() {
            1 => self.wins.add(profit),
            -1 => self.losses.add(-profit),
            _ => self.even += 1,
        }
        self.returns += return_fraction;
        self.runs.add(profit);
    }

    /// Writes what follows from the profit of the trades alone.
    pub(super) fn write(self, metrics: &mut Metrics, scale: Scale, capital: i128) {
        let Self { wins, losses, .. } = self;
        let total = wins.trades + losses.trades + self.even;
        let net = wins.sum - losses.sum;
        let float = |units| scale.float(units);
        metrics.net_profit = scale.money(net);
        metrics.gross_profit = scale.money(wins.sum);
        metrics.gross_loss = scale.money(losses.sum);
        metrics.profit_factor = ratio(float(wins.sum), float(losses.sum));
        metrics.total_trades = total;
        metrics.winning_trades = wins.trades;
        metrics.losing_trades = losses.trades;
        metrics.even_trades = self.even;
        metrics.percent_profitable = percent(count(wins.trades), count(total));
        metrics.avg_trade = scale.mean(net, total);
        metrics.expectancy = metrics.avg_trade;
        metrics.avg_trade_percent = percent(self.returns, count(total));
        metrics.avg_win = scale.mean(wins.sum, wins.trades);
        metrics.avg_loss = scale.mean(losses.sum, losses.trades);
        if wins.trades > 0 && losses.trades > 0 {
            let mean_win = float(wins.sum) / count(wins.trades);
            metrics.payoff_ratio = ratio(mean_win, float(losses.sum) / count(losses.trades));
        }
        let largest = |side: &Side| (side.trades > 0).then(|| scale.money(side.largest));
        metrics.largest_win = largest(&wins);
        metrics.largest_loss = largest(&losses);
        if capital > 0 {
            metrics.net_profit_percent = percent(float(net), float(capital));
            metrics.return_on_capital = metrics.net_profit_percent;
        }
        let runs = self.runs.finish();
        metrics.max_consecutive_wins = longest(&runs.wins);
        metrics.max_consecutive_losses = longest(&runs.losses);
    }
}
