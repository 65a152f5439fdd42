//! Counts, sums and means of the trades' profit.

use crate::domain::money::Decimal;

use super::metrics::Metrics;
use super::number::{count, percent, ratio};
use super::runs::{RunCounter, longest};
use super::table::{Row, TradeTable};

/// Adds up profit, one trade at a time, in units of money.
#[derive(Debug, Default)]
pub(super) struct Summary {
    wins: Side,
    losses: Side,
    even: usize,
    /// Sum of the returns that are defined, and how many those are.
    returns: (f64, usize),
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
    /// The next trade.
    pub(super) fn add(&mut self, row: &Row) {
        let profit = row.profit;
        match profit.signum() {
            1 => self.wins.add(profit),
            -1 => self.losses.add(-profit),
            _ => self.even += 1,
        }
        if row.return_fraction.is_finite() {
            self.returns.0 += row.return_fraction;
            self.returns.1 += 1;
        }
        self.runs.add(profit);
    }

    /// Writes what follows from the profit of the trades, and from the entry commission of
    /// the lots that are open: as TradingView books it, that is a loss already.
    pub(super) fn write(self, metrics: &mut Metrics, table: &TradeTable<'_>, open: Decimal) {
        let (scale, capital) = (table.scale, table.capital);
        let open = scale.units(open);
        let Self { wins, losses, .. } = self;
        let total = wins.trades + losses.trades + self.even;
        let lost = losses.sum + open;
        let net = wins.sum - lost;
        let float = |units| scale.float(units);
        metrics.net_profit = scale.money(net);
        metrics.gross_profit = scale.money(wins.sum);
        metrics.gross_loss = scale.money(lost);
        metrics.profit_factor = ratio(float(wins.sum), float(lost));
        metrics.total_trades = total;
        metrics.winning_trades = wins.trades;
        metrics.losing_trades = losses.trades;
        metrics.even_trades = self.even;
        metrics.percent_profitable = percent(count(wins.trades), count(total));
        metrics.avg_trade = scale.mean(wins.sum - losses.sum, total);
        let (returns, defined) = self.returns;
        metrics.avg_trade_percent = percent(returns, count(defined));
        metrics.avg_win = scale.mean(wins.sum, wins.trades);
        metrics.avg_loss = scale.mean(lost, losses.trades);
        // Share winning x mean win less share losing x mean loss, the counts cancelled.
        let lost_a_trade = if losses.trades > 0 { lost } else { 0 };
        metrics.expectancy = scale.mean(wins.sum - lost_a_trade, total);
        if wins.trades > 0 && losses.trades > 0 {
            let mean_win = float(wins.sum) / count(wins.trades);
            metrics.payoff_ratio = ratio(mean_win, float(lost) / count(losses.trades));
        }
        metrics.kelly_percent = metrics
            .payoff_ratio
            .and_then(|payoff| kelly_percent(wins.trades, losses.trades, payoff));
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

/// Kelly's fraction p - (1 - p) / b of trades won or lost, b their payoff ratio, in percent.
fn kelly_percent(won: usize, lost: usize, payoff: f64) -> Option<f64> {
    let share_won = ratio(count(won), count(won + lost))?;
    percent(share_won - (1.0 - share_won) / payoff, 1.0)
}
