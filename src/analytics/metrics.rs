//! The figures of one column of the report, under the names of the API.

use serde::Serialize;

use crate::domain::event::text_enum;
use crate::domain::money::Decimal;

use super::intervals::Intervals;

text_enum! {
    /// The periods that returns are taken over.
    ReturnPeriod, "period" {
        /// Calendar days.
        Daily = "daily",
        /// Calendar months.
        Monthly = "monthly",
    }
}

/// The figures of one column: all, long or short trades, as if only they existed.
///
/// Money is in the report's currency, percentages are numbers of percent (12.5
/// means 12.5 %), durations are seconds. What is not defined is `null`. P is the
/// profit of a closed trade after commission. E is the report's capital and the
/// profit of all trades closed so far, in the order of their exits; the span is
/// the time from the earliest entry, or from the beginning of the range where that
/// is later, to the last exit. Where the capital is not above 0, every percentage
/// of capital or equity and every ratio of returns is `null`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Metrics {
    /// Sum of P less the entry commission of the lots that are open: as TradingView
    /// books it, that is spent already.
    #[schema(value_type = String)]
    pub net_profit: Decimal,
    /// Net profit in percent of the report's capital.
    pub net_profit_percent: Option<f64>,
    /// Sum of the profit of winning trades.
    #[schema(value_type = String)]
    pub gross_profit: Decimal,
    /// Sum of the losses of losing trades, as a positive number, and the entry
    /// commission of the lots that are open.
    #[schema(value_type = String)]
    pub gross_loss: Decimal,
    /// Entry and exit commission of the closed trades, entry commission of the open lots.
    #[schema(value_type = String)]
    pub commission_paid: Decimal,
    /// Gross profit over gross loss; `null` without losses.
    pub profit_factor: Option<f64>,
    /// Closed trades.
    pub total_trades: usize,
    /// Trades with a profit above 0.
    pub winning_trades: usize,
    /// Trades with a profit below 0.
    pub losing_trades: usize,
    /// Trades with a profit of 0.
    pub even_trades: usize,
    /// Winning trades in percent of all, even ones included, as TradingView counts.
    pub percent_profitable: Option<f64>,
    /// Mean P, at 18 places.
    #[schema(value_type = Option<String>)]
    pub avg_trade: Option<Decimal>,
    /// Mean of each trade's P in percent of entry price x quantity x point value + entry
    /// commission, over the trades where that is above 0.
    pub avg_trade_percent: Option<f64>,
    /// Mean profit of a winning trade, at 18 places.
    #[schema(value_type = Option<String>)]
    pub avg_win: Option<Decimal>,
    /// Gross loss over the losing trades, as a positive number, at 18 places.
    #[schema(value_type = Option<String>)]
    pub avg_loss: Option<Decimal>,
    /// Mean win over mean loss; `null` without a win or without a loss.
    pub payoff_ratio: Option<f64>,
    /// Largest profit of a trade.
    #[schema(value_type = Option<String>)]
    pub largest_win: Option<Decimal>,
    /// Largest loss of a trade, as a positive number.
    #[schema(value_type = Option<String>)]
    pub largest_loss: Option<Decimal>,
    /// Share winning x `avgWin` less share losing x `avgLoss`, at 18 places, without
    /// rounding in between. Without open lots this equals `avgTrade`.
    #[schema(value_type = Option<String>)]
    pub expectancy: Option<Decimal>,
    /// Most winning trades in a row by exit; an even trade ends a row.
    pub max_consecutive_wins: usize,
    /// Most losing trades in a row by exit; an even trade ends a row.
    pub max_consecutive_losses: usize,
    /// Closed-trade drawdown: largest fall of E from its running peak, from closed
    /// trade to closed trade; the report's capital is the first peak.
    #[schema(value_type = String)]
    pub max_drawdown: Decimal,
    /// Largest fall of E in percent of its peak, found on its own; above 100
    /// where E falls below 0.
    pub max_drawdown_percent: Option<f64>,
    /// Longest time from the last moment at a peak to its recovery; what is not
    /// recovered counts to the last exit. 0 without a fall.
    pub max_drawdown_duration: f64,
    /// TradingView's largest drawdown from close to close, for comparison: cycles from
    /// a peak until it is reached again, the first close being the first point; a fall
    /// that a single trade made counts above 5 % of the balance only. `null` without one.
    #[schema(value_type = Option<String>)]
    pub max_drawdown_trading_view: Option<Decimal>,
    /// Closed-trade run-up: largest rise of E from its running trough; the report's
    /// capital is the first.
    #[schema(value_type = String)]
    pub max_run_up: Decimal,
    /// Largest rise of E in percent of its trough, over troughs above 0.
    pub max_run_up_percent: Option<f64>,
    /// TradingView's largest run-up from close to close, for comparison: from the first
    /// close, or the lowest point of the drawdown before, to a peak. `null` without one.
    #[schema(value_type = Option<String>)]
    pub max_run_up_trading_view: Option<Decimal>,
    /// Net profit over the largest drawdown; `null` without one.
    pub recovery_factor: Option<f64>,
    /// Net profit in percent of the report's capital.
    pub return_on_capital: Option<f64>,
    /// TradingView's compound growth a year in percent: (1 + net profit / capital) to the
    /// power of 365 days over the range, less 1. The range is the one asked for where both its ends were, else from
    /// the first entry to the last price seen. `null` for a range under 30 days and where
    /// more than the capital is lost.
    pub cagr: Option<f64>,
    /// `cagr` over `maxDrawdownPercent`; `null` without a drawdown.
    pub calmar: Option<f64>,
    /// TradingView's Sharpe ratio, not annualised: (mean R - rate) / sd R with the standard
    /// deviation of the population (n). R are returns of equity by calendar month, the rate
    /// a twelfth of the risk-free rate, where the local days from the first entry to the
    /// last price seen touch a fourth calendar month; else by calendar day, the rate a
    /// 365th. Idle periods count, partial first and last ones too; the last one has the
    /// profit of the open lots in it. `null` where R do not differ, and where equity at the
    /// end of a period is not above 0.
    pub sharpe: Option<f64>,
    /// TradingView's Sortino ratio: (mean R - rate) / sqrt(sum(min(0, R - rate)^2) / n)
    /// with R and rate of `sharpe`; `null` where no R lies below the rate.
    pub sortino: Option<f64>,
    /// The returns that `sharpe` and `sortino` are of.
    pub sharpe_returns: Option<ReturnPeriod>,
    /// QuantStats' Sharpe ratio of daily returns of E, with a daily rate of
    /// (1 + risk-free)^(1/N) - 1, times the root of the N trading days a year.
    ///
    /// The days are calendar days for N = 365 and Monday to Friday for N = 252,
    /// where what closes on a weekend counts for the next Monday. Every day from
    /// the first entry's to the last exit's counts, idle ones with a return of 0;
    /// `null` for fewer than two and where E at the end of one is not above 0.
    /// So for all that follows up to `expectedShortfall95Parametric`, but `sqn` and
    /// `kellyPercent`.
    pub sharpe_annualized: Option<f64>,
    /// QuantStats' Sortino ratio of the same returns.
    pub sortino_annualized: Option<f64>,
    /// Sample standard deviation of the same returns times the root of N, in percent.
    pub volatility_annualized: Option<f64>,
    /// QuantStats' ulcer index: the root of the sum of squared falls from the
    /// peak at each day's end over n - 1; a fraction, not percent.
    pub ulcer_index: Option<f64>,
    /// Van Tharp's system quality number: sqrt(n) x mean P / sd P of the trades'
    /// profit P; `null` where they do not differ.
    pub sqn: Option<f64>,
    /// Kelly criterion of trades in percent: p - (1 - p) / b with p the share of trades won
    /// among those won or lost, b the payoff ratio.
    pub kelly_percent: Option<f64>,
    /// 95 % quantile of the daily returns over the 5 % quantile, without sign;
    /// `null` where the latter is 0.
    pub tail_ratio: Option<f64>,
    /// Empirical daily value at risk in percent, a loss negative: the 5 % quantile of the
    /// daily returns themselves, linear between two.
    #[serde(rename = "valueAtRisk95")]
    pub value_at_risk_95: Option<f64>,
    /// Empirical expected shortfall in percent, a loss negative: the mean of the daily
    /// returns up to that quantile.
    #[serde(rename = "expectedShortfall95")]
    pub expected_shortfall_95: Option<f64>,
    /// Parametric value at risk, as QuantStats has it: the 5 % quantile of a normal
    /// distribution with the mean and the deviation of the daily returns.
    #[serde(rename = "valueAtRisk95Parametric")]
    pub value_at_risk_95_parametric: Option<f64>,
    /// Parametric expected shortfall, as QuantStats has it: the mean of that normal
    /// distribution below its 5 % quantile.
    #[serde(rename = "expectedShortfall95Parametric")]
    pub expected_shortfall_95_parametric: Option<f64>,
    /// Mean time from entry to exit.
    pub avg_duration: Option<f64>,
    /// Mean time from entry to exit of winning trades.
    pub avg_win_duration: Option<f64>,
    /// Mean time from entry to exit of losing trades.
    pub avg_loss_duration: Option<f64>,
    /// Share of the span in which at least one position was open, one that still is
    /// included, in percent; `null` for a span of 0.
    pub time_in_market: Option<f64>,
    /// Mean time from the signal to its arrival; of all trades only.
    pub avg_signal_delay: Option<f64>,
    /// 95 % quantile of the time from the signal to its arrival, linear between
    /// two delays; of all trades only.
    #[serde(rename = "p95SignalDelay")]
    pub p95_signal_delay: Option<f64>,
    /// Gain of the open lots before commission at the last price known; of a range that is
    /// over, at its end. `null` where no price is known, and for trades with a tag.
    #[schema(value_type = Option<String>)]
    pub open_profit: Option<Decimal>,
    /// Gain of the report's capital in the ticker that was entered first,
    /// from its first entry fill to the last price known, in percent; of all trades only.
    pub buy_and_hold_return: Option<f64>,
    /// The same in money.
    #[schema(value_type = Option<String>)]
    pub buy_and_hold: Option<Decimal>,
    /// Net profit less what buying and holding would have made; of all trades only.
    #[schema(value_type = Option<String>)]
    pub outperformance: Option<Decimal>,
    /// 95 % intervals of the headline figures.
    pub intervals: Intervals,
}

impl Metrics {
    /// Takes the intervals of the figures of trades, of those figures that there are.
    pub(super) fn take_intervals(&mut self, found: &Intervals) {
        self.intervals = Intervals {
            percent_profitable: found.percent_profitable,
            profit_factor: found.profit_factor.filter(|_| self.profit_factor.is_some()),
            payoff_ratio: found.payoff_ratio.filter(|_| self.payoff_ratio.is_some()),
            kelly_percent: found.kelly_percent.filter(|_| self.kelly_percent.is_some()),
            avg_trade: found.avg_trade,
            expectancy: found.expectancy,
            ..self.intervals
        };
    }
}
