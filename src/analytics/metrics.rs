//! The figures of one column of the report, under the names of the API.

use serde::Serialize;

use crate::domain::money::Decimal;

/// The figures of one column: all, long or short trades, as if only they existed.
///
/// Money is in the report's currency, percentages are numbers of percent (12.5
/// means 12.5 %), durations are seconds. What is not defined is `null`. E is the
/// initial capital and the profit of all trades closed so far, in the order of
/// their exits; the span is the time from the earliest entry to the last exit.
/// Where the initial capital is 0, every percentage of capital or equity and
/// every ratio of returns is `null`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Metrics {
    /// Sum of the trades' profit after commission.
    #[schema(value_type = String)]
    pub net_profit: Decimal,
    /// Net profit in percent of the initial capital.
    pub net_profit_percent: Option<f64>,
    /// Sum of the profit of winning trades.
    #[schema(value_type = String)]
    pub gross_profit: Decimal,
    /// Sum of the losses of losing trades, as a positive number.
    #[schema(value_type = String)]
    pub gross_loss: Decimal,
    /// Entry and exit commission of the closed trades.
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
    /// Mean profit of a trade, at 18 places.
    #[schema(value_type = Option<String>)]
    pub avg_trade: Option<Decimal>,
    /// Mean of each trade's profit in percent of entry price x quantity x point value.
    pub avg_trade_percent: Option<f64>,
    /// Mean profit of a winning trade, at 18 places.
    #[schema(value_type = Option<String>)]
    pub avg_win: Option<Decimal>,
    /// Mean loss of a losing trade as a positive number, at 18 places.
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
    /// Share winning x mean win less share losing x mean loss: what a trade is
    /// worth on average. Without rounding in between this equals `avgTrade`.
    #[schema(value_type = Option<String>)]
    pub expectancy: Option<Decimal>,
    /// Most winning trades in a row by exit; an even trade ends a row.
    pub max_consecutive_wins: usize,
    /// Most losing trades in a row by exit; an even trade ends a row.
    pub max_consecutive_losses: usize,
    /// Largest fall of E from its running peak, from closed trade to closed
    /// trade; the initial capital is the first peak.
    #[schema(value_type = String)]
    pub max_drawdown: Decimal,
    /// Largest fall of E in percent of its peak, found on its own; above 100
    /// where E falls below 0.
    pub max_drawdown_percent: Option<f64>,
    /// Longest time from the last moment at a peak to its recovery; what is not
    /// recovered counts to the last exit. 0 without a fall.
    pub max_drawdown_duration: f64,
    /// Largest rise of E from its running trough; the initial capital is the first.
    #[schema(value_type = String)]
    pub max_run_up: Decimal,
    /// Largest rise of E in percent of its trough, over troughs above 0.
    pub max_run_up_percent: Option<f64>,
    /// Net profit over the largest drawdown; `null` without one.
    pub recovery_factor: Option<f64>,
    /// Net profit in percent of the initial capital.
    pub return_on_capital: Option<f64>,
    /// Compound growth a year of 365.25 days over the span, in percent; `null`
    /// for a span under 30 days and where E ends below 0.
    pub cagr: Option<f64>,
    /// `cagr` over `maxDrawdownPercent`; `null` without a drawdown.
    pub calmar: Option<f64>,
    /// TradingView's Sharpe ratio, not annualised: (mean R - rate) / sd R with the
    /// sample standard deviation. R are monthly returns of E, the rate a twelfth
    /// of the risk-free rate, where the local days from the first entry to the
    /// last exit, both included, are three calendar months or more. Else R are
    /// returns by calendar day, the rate a 365th, for three days or more. Partial
    /// first and last months count. `null` where R do not differ, and where E at
    /// the end of a period is not above 0.
    pub sharpe: Option<f64>,
    /// TradingView's Sortino ratio: (mean R - rate) / sqrt(sum(min(0, R - rate)^2) / n)
    /// with R and rate of `sharpe`; `null` where no R lies below the rate.
    pub sortino: Option<f64>,
    /// QuantStats' Sharpe ratio of daily returns of E, with a daily rate of
    /// (1 + risk-free)^(1/N) - 1, times the root of the N trading days a year.
    ///
    /// The days are calendar days for N = 365 and Monday to Friday for N = 252,
    /// where what closes on a weekend counts for the next Monday. Every day from
    /// the first entry's to the last exit's counts, idle ones with a return of 0;
    /// `null` for fewer than two and where E at the end of one is not above 0.
    /// So for all that follows up to `expectedShortfall95`, but `sqn`.
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
    /// QuantStats' Kelly criterion in percent: p - (1 - p) / b with p the share
    /// of days won among days won or lost, b their payoff ratio.
    pub kelly_percent: Option<f64>,
    /// 95 % quantile of the daily returns over the 5 % quantile, without sign;
    /// `null` where the latter is 0.
    pub tail_ratio: Option<f64>,
    /// QuantStats' daily value at risk in percent, a loss negative: the 5 %
    /// quantile of a normal distribution with the mean and the deviation of the
    /// daily returns.
    #[serde(rename = "valueAtRisk95")]
    pub value_at_risk_95: Option<f64>,
    /// QuantStats' expected shortfall in percent, a loss negative: the mean of the
    /// same distribution below its 5 % quantile.
    #[serde(rename = "expectedShortfall95")]
    pub expected_shortfall_95: Option<f64>,
    /// Mean time from entry to exit.
    pub avg_duration: Option<f64>,
    /// Mean time from entry to exit of winning trades.
    pub avg_win_duration: Option<f64>,
    /// Mean time from entry to exit of losing trades.
    pub avg_loss_duration: Option<f64>,
    /// Share of the span in which at least one of the closed trades was open, in
    /// percent; `null` for a span of 0.
    pub time_in_market: Option<f64>,
    /// Mean time from the signal to its arrival; of all trades only.
    pub avg_signal_delay: Option<f64>,
    /// 95 % quantile of the time from the signal to its arrival, linear between
    /// two delays; of all trades only.
    #[serde(rename = "p95SignalDelay")]
    pub p95_signal_delay: Option<f64>,
    /// Profit of the open lots at the newest price seen for their ticker.
    #[schema(value_type = String)]
    pub open_profit: Decimal,
    /// What the initial capital would have gained in the first traded ticker from
    /// its first to its last seen price, in percent; of all trades only.
    pub buy_and_hold_return: Option<f64>,
}
