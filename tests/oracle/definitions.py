"""Where QuantStats or empyrical define a figure otherwise than algohook does.

These texts go into every fixture under `notes`, for the metrics it has.
"""

NOTES = {
    "percentProfitable": "QuantStats' win_rate leaves even trades (returns of 0) out of the denominator; here they count, "
    "as in TradingView's report.",
    "profitFactor": "QuantStats' profit_factor called on the profits of the trades; in its own report it takes daily returns. "
    "Without losses it gives infinity (0 without wins either); here null.",
    "payoffRatio": "QuantStats' payoff_ratio called on the profits of the trades, not on daily returns; null without a win or "
    "without a loss.",
    "expectancy": "QuantStats' expected_return is another thing: the geometric mean of the returns.",
    "maxConsecutiveWins": "QuantStats' consecutive_wins called on the trades by exit, not on days.",
    "maxConsecutiveLosses": "QuantStats' consecutive_losses called on the trades by exit, not on days.",
    "maxDrawdownPercent": "QuantStats and empyrical measure from day end to day end; here from closed trade to closed trade, so "
    "never smaller. QuantStats' max_drawdown on the equity after each trade gives the same.",
    "maxDrawdownDuration": "QuantStats' drawdown_details counts whole days from the first day below the peak to the last one; here "
    "seconds from the last moment at the peak to the recovery.",
    "recoveryFactor": "QuantStats divides the sum of the daily returns, its sign dropped, by the largest drawdown in percent; here "
    "money by money, negative where the net profit is.",
    "cagr": "QuantStats and empyrical take the number of daily returns over 252 (or 365) as the years; here TradingView's: the "
    "range asked for, or from the first entry to the last price, in years of 365 days. empyrical's cagr gives the same "
    "once told those years.",
    "calmar": "follows from cagr and maxDrawdownPercent, both of which differ from the libraries' (see there).",
    "sharpe": "TradingView's: monthly or daily returns, not annualised, risk-free rate divided by 12 or 365, the deviation of the "
    "population. empyrical's sharpe_ratio with that rate and annualization=1 has the sample's, so it is smaller by "
    "sqrt((n - 1) / n). QuantStats de-annualises the rate geometrically.",
    "sortino": "TradingView's, as sharpe; empyrical's sortino_ratio with that rate and annualization=1 is this.",
    "sharpeAnnualized": "QuantStats' sharpe as it is (daily rate (1 + r)^(1/N) - 1). empyrical's equals it when given that daily rate. "
    "null without spread, where QuantStats divides by zero.",
    "sortinoAnnualized": "QuantStats' sortino as it is, rate as for sharpeAnnualized; null where no day lies below the rate.",
    "volatilityAnnualized": "QuantStats' volatility and empyrical's annual_volatility, times 100.",
    "ulcerIndex": "QuantStats' ulcer_index as it is: a fraction, not percent, and the sum divided by n - 1, where its inventor has "
    "percent and n.",
    "sqn": "in neither library: Van Tharp's formula, sample standard deviation.",
    "kellyPercent": "QuantStats' kelly_criterion called on the profits of the trades, times 100; in its own report it takes daily "
    "returns. The entry commission of open lots is in the mean loss.",
    "tailRatio": "QuantStats' and empyrical's agree; null where the 5 % quantile is 0, where empyrical gives infinity.",
    "valueAtRisk95": "empyrical's value_at_risk times 100: the 5 % quantile of the daily returns themselves, a loss negative. "
    "QuantStats' is parametric: valueAtRisk95Parametric.",
    "expectedShortfall95": "empyrical's conditional_value_at_risk times 100: the mean of the lowest returns up to that quantile. "
    "QuantStats' is parametric: expectedShortfall95Parametric.",
    "valueAtRisk95Parametric": "QuantStats' value_at_risk times 100: the quantile of a normal distribution; null without spread.",
    "expectedShortfall95Parametric": "QuantStats' expected_shortfall times 100: the closed form of that normal distribution; null "
    "without spread or with one day, where QuantStats gives the mean.",
    "maxDrawdownTradingView": "in neither library: TradingView's cycles, fitted on native reports.",
    "maxRunUpTradingView": "in neither library: TradingView's cycles, fitted on native reports.",
    "timeInMarket": "QuantStats' exposure is the share of days with a return other than 0, rounded up to a whole percent; here the "
    "share of the time in which at least one trade was open.",
}
