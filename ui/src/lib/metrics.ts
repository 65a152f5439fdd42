/** What each number of the report is: its name, unit and formula. */

import type { Metrics } from './api';
import { counted, duration, figure, money, percent, signedMoney } from './format';

/** A number of the report, by its name there. */
export type MetricKey = Exclude<keyof Metrics, 'intervals'>;

export interface Metric {
  key: MetricKey;
  name: string;
  formula: string;
  kind: Kind;
  show: (metrics: Metrics, currency: string) => string;
  /** Whether it is coloured as a gain or a loss. */
  isSigned?: boolean;
}

type Kind = 'money' | 'signed' | 'percent' | 'ratio' | 'count' | 'time' | 'fraction';

const units: Record<Kind, string | null> = {
  money: null,
  signed: null,
  percent: 'percent',
  ratio: 'a ratio',
  count: 'a count',
  time: 'days, hours, minutes, seconds',
  fraction: 'a fraction',
};

const metric = (key: MetricKey, name: string, kind: Kind, formula: string): Metric => ({
  key,
  name,
  formula,
  kind,
  isSigned: kind === 'signed',
  show: (metrics, currency) => {
    const value = metrics[key];
    // Amounts are texts, all else is a number.
    if (kind === 'money' || kind === 'signed') {
      const amount = typeof value === 'string' ? value : null;
      return kind === 'money' ? money(amount, currency) : signedMoney(amount, currency);
    }
    const number = typeof value === 'number' ? value : null;
    switch (kind) {
      case 'percent':
        return percent(number);
      case 'fraction':
        return figure(number, 4);
      case 'ratio':
        return figure(number, 3);
      case 'count':
        return figure(number, 0);
      case 'time':
        return duration(number);
    }
  },
});

type Intervals = Metrics['intervals'];

/** The 95 % interval of a number with its ends and observations; undefined where it has none. */
export function intervalOf(key: MetricKey, { intervals }: Metrics): Intervals[keyof Intervals] {
  const hasOne = (name: string): name is keyof Intervals => name in intervals;
  return hasOne(key) ? intervals[key] : undefined;
}

/** Closed trades below which figures say little yet. */
export const FEW_TRADES = 30;

/** The 95 % interval of a number, such as `0.52 to 3.10`; empty where it has none. */
export function interval(key: MetricKey, metrics: Metrics, currency: string): string {
  const found = intervalOf(key, metrics);
  if (!found) return '';
  const show = (end: string | number | null | undefined): string | null => {
    if (end === null || end === undefined) return null;
    if (typeof end === 'string') return money(end, currency);
    return figure(end, 2);
  };
  const [low, high] = [show(found.low), show(found.high)];
  if (low === null) return high === null ? '' : `below ${high}`;
  return high === null ? `above ${low}` : `${low} to ${high}`;
}

/** What a number is made of, such as `of 5 trades`. */
export function observations(key: MetricKey, metrics: Metrics): string {
  const n = intervalOf(key, metrics)?.n;
  if (n === undefined) return '';
  const monthly = metrics.sharpeReturns === 'monthly' ? 'month' : 'day';
  const ofReturns: Partial<Record<MetricKey, string>> = {
    sharpe: monthly,
    sortino: monthly,
    sharpeAnnualized: 'day',
    sortinoAnnualized: 'day',
  };
  return `of ${counted(n, ofReturns[key] ?? 'trade')}`;
}

/** The name of a number, with the returns that it is of. */
export const nameOf = ({ key, name }: Pick<Metric, 'key' | 'name'>, { sharpeReturns }: Metrics): string =>
  (key === 'sharpe' || key === 'sortino') && sharpeReturns ? `${name}, ${sharpeReturns} returns` : name;

export interface Group {
  name: string;
  metrics: Metric[];
}

export const groups: Group[] = [
  {
    name: 'Profit',
    metrics: [
      metric('netProfit', 'Net profit', 'signed', 'Sum of the net profits of all closed trades, commission taken off, less the entry commission of open positions.'),
      metric('netProfitPercent', 'Net profit %', 'percent', 'Net profit / the report’s capital × 100.'),
      metric('grossProfit', 'Gross profit', 'money', 'Sum of the net profits of winning trades.'),
      metric('grossLoss', 'Gross loss', 'money', 'Sum of the losses of losing trades and the entry commission of open positions, as a positive amount.'),
      metric('commissionPaid', 'Commission paid', 'money', 'Entry and exit commission of all closed trades, entry commission of open positions.'),
      metric('profitFactor', 'Profit factor', 'ratio', 'Gross profit / gross loss; not defined without a loss.'),
      metric('openProfit', 'Open profit', 'signed', 'Gain of the open positions at the last price known, before commission; of a past range, at its end.'),
      metric('buyAndHold', 'Buy and hold', 'signed', 'What the report’s capital would have gained in the ticker entered first, from its first entry fill to the last price known.'),
      metric('buyAndHoldReturn', 'Buy and hold %', 'percent', 'The same / the report’s capital × 100.'),
      metric('outperformance', 'Outperformance', 'signed', 'Net profit − buy and hold.'),
    ],
  },
  {
    name: 'Trades',
    metrics: [
      metric('totalTrades', 'Total trades', 'count', 'Closed trades: one lot, or the part of it that one exit closes.'),
      metric('winningTrades', 'Winning trades', 'count', 'Trades with a net profit above 0.'),
      metric('losingTrades', 'Losing trades', 'count', 'Trades with a net profit below 0.'),
      metric('evenTrades', 'Even trades', 'count', 'Trades with a net profit of exactly 0.'),
      metric('percentProfitable', 'Percent profitable', 'percent', 'Winning trades / total trades × 100.'),
      metric('avgTrade', 'Average trade', 'signed', 'Mean net profit of the closed trades.'),
      metric('avgTradePercent', 'Average trade %', 'percent', 'Mean of each trade’s net profit / (its entry value + entry commission) × 100; trades entered at a price of 0 or below are left out.'),
      metric('avgWin', 'Average win', 'money', 'Gross profit / winning trades.'),
      metric('avgLoss', 'Average loss', 'money', 'Gross loss / losing trades.'),
      metric('payoffRatio', 'Payoff ratio', 'ratio', 'Average win / average loss.'),
      metric('largestWin', 'Largest win', 'money', 'The largest net profit of one trade.'),
      metric('largestLoss', 'Largest loss', 'money', 'The largest loss of one trade.'),
      metric('expectancy', 'Expectancy', 'signed', 'Win rate × average win − loss rate × average loss.'),
      metric('maxConsecutiveWins', 'Longest winning run', 'count', 'Most winning trades in a row.'),
      metric('maxConsecutiveLosses', 'Longest losing run', 'count', 'Most losing trades in a row.'),
    ],
  },
  {
    name: 'Risk',
    metrics: [
      metric('maxDrawdown', 'Max drawdown, closed-trade', 'money', 'Largest fall of the closed-trade equity below its peak so far; the report’s capital is the first peak.'),
      metric('maxDrawdownPercent', 'Max drawdown %, closed-trade', 'percent', 'Largest fall of the closed-trade equity below a peak / that peak × 100.'),
      metric('maxDrawdownTradingView', 'Max drawdown, closed-trade, TradingView’s', 'money', 'TradingView’s close-to-close cycles: they begin with the first close, and the fall of a single trade counts only above 5 % of the balance.'),
      metric('maxDrawdownDuration', 'Longest drawdown, closed-trade', 'time', 'Longest time from a peak of the closed-trade equity until it is reached again, or until the last trade.'),
      metric('maxRunUp', 'Max run-up, closed-trade', 'money', 'Largest rise of the closed-trade equity above its lowest so far; the report’s capital is the first.'),
      metric('maxRunUpTradingView', 'Max run-up, closed-trade, TradingView’s', 'money', 'TradingView’s close-to-close cycles: from the first close, or the lowest point of the drawdown before, to a peak.'),
      metric('recoveryFactor', 'Recovery factor', 'ratio', 'Net profit / max drawdown, closed-trade.'),
      metric('valueAtRisk95', 'Value at risk 95 %, empirical', 'percent', '5th percentile of the daily returns themselves.'),
      metric('expectedShortfall95', 'Expected shortfall 95 %, empirical', 'percent', 'Mean of the daily returns up to that percentile.'),
      metric('valueAtRisk95Parametric', 'Value at risk 95 %, parametric', 'percent', '5th percentile of a normal distribution with the mean and the standard deviation of the daily returns.'),
      metric('expectedShortfall95Parametric', 'Expected shortfall 95 %, parametric', 'percent', 'Mean of that normal distribution below its 5th percentile.'),
      metric('ulcerIndex', 'Ulcer index', 'fraction', '√(sum of squared drawdowns of the daily closed-trade equity / (days − 1)).'),
      metric('volatilityAnnualized', 'Volatility, a year', 'percent', 'Standard deviation of daily returns × √(trading days) × 100.'),
    ],
  },
  {
    name: 'Ratios',
    metrics: [
      metric('sharpe', 'Sharpe', 'ratio', '(Mean return − risk-free) / standard deviation of the returns (n), as TradingView has it: monthly returns once a fourth calendar month is touched, daily ones before; open profit is in the last.'),
      metric('sortino', 'Sortino', 'ratio', '(Mean return − risk-free) / downside deviation, of the same returns as Sharpe.'),
      metric('sharpeAnnualized', 'Sharpe, a year', 'ratio', 'Mean daily excess return / its standard deviation (n − 1) × √(trading days).'),
      metric('sortinoAnnualized', 'Sortino, a year', 'ratio', 'Mean daily excess return / downside deviation × √(trading days).'),
      metric('cagr', 'CAGR', 'percent', '(1 + net profit / the report’s capital) to the power of (365 days / range) − 1; not defined under 30 days.'),
      metric('calmar', 'Calmar', 'ratio', 'CAGR / max drawdown %, closed-trade.'),
      metric('sqn', 'SQN', 'ratio', 'Mean net profit / standard deviation (n − 1) × √(trades).'),
      metric('kellyPercent', 'Kelly, of trades', 'percent', 'Share won − share lost / payoff ratio, of the trades won or lost.'),
      metric('tailRatio', 'Tail ratio', 'ratio', '95th percentile of daily returns / absolute value of the 5th.'),
    ],
  },
  {
    name: 'Time',
    metrics: [
      metric('avgDuration', 'Average duration', 'time', 'Mean time from entry to exit.'),
      metric('avgWinDuration', 'Average winning duration', 'time', 'Mean time from entry to exit of winning trades.'),
      metric('avgLossDuration', 'Average losing duration', 'time', 'Mean time from entry to exit of losing trades.'),
      metric('timeInMarket', 'Time in the market', 'percent', 'Time with an open trade / time from the first entry to the last exit × 100.'),
      metric('avgSignalDelay', 'Average signal delay', 'time', 'Mean time from the alert’s own timestamp to its arrival.'),
      metric('p95SignalDelay', 'Signal delay, 95 %', 'time', '95 of 100 alerts arrived within this time.'),
    ],
  },
];

/** The formula and the unit of a number, for who hovers over it. */
export const meaning = ({ formula, kind }: Metric, currency: string): string => `${formula} Unit: ${units[kind] ?? currency}.`;

/** [`meaning`] of a number by its key. */
export function meaningOf(key: MetricKey, currency: string): string | undefined {
  const found = groups.flatMap((group) => group.metrics).find((metric) => metric.key === key);
  return found && meaning(found, currency);
}
