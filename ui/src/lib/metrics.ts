/** What each number of the report is: its name, unit and formula. */

import type { Metrics } from './api';
import { duration, figure, percent, signedMoney, money } from './format';

export interface Metric {
  key: keyof Metrics;
  name: string;
  formula: string;
  kind: Kind;
  show: (metrics: Metrics) => string;
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

const metric = (key: keyof Metrics, name: string, kind: Kind, formula: string): Metric => ({
  key,
  name,
  formula,
  kind,
  isSigned: kind === 'signed',
  show: (metrics) => {
    const value = metrics[key] as never;
    switch (kind) {
      case 'money':
        return money(value);
      case 'signed':
        return signedMoney(value);
      case 'percent':
        return percent(value);
      case 'fraction':
        return figure(value, 4);
      case 'ratio':
        return figure(value, 3);
      case 'count':
        return figure(value, 0);
      case 'time':
        return duration(value);
    }
  },
});

export interface Group {
  name: string;
  metrics: Metric[];
}

export const groups: Group[] = [
  {
    name: 'Profit',
    metrics: [
      metric('netProfit', 'Net profit', 'signed', 'Sum of the net profits of all closed trades, commission taken off.'),
      metric('netProfitPercent', 'Net profit %', 'percent', 'Net profit / initial capital × 100.'),
      metric('grossProfit', 'Gross profit', 'money', 'Sum of the net profits of winning trades.'),
      metric('grossLoss', 'Gross loss', 'money', 'Sum of the losses of losing trades, as a positive amount.'),
      metric('commissionPaid', 'Commission paid', 'money', 'Entry and exit commission of all closed trades.'),
      metric('profitFactor', 'Profit factor', 'ratio', 'Gross profit / gross loss; not defined without a loss.'),
      metric('openProfit', 'Open profit', 'signed', 'What the open lots would gain at the newest price, less their entry commission.'),
      metric('buyAndHoldReturn', 'Buy and hold', 'percent', 'Return of the ticker traded first, from its first to its last price.'),
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
      metric('avgTrade', 'Average trade', 'signed', 'Net profit / total trades.'),
      metric('avgTradePercent', 'Average trade %', 'percent', 'Mean of each trade’s net profit / its entry value × 100.'),
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
      metric('maxDrawdown', 'Max drawdown', 'money', 'Largest fall of the closed-trade equity below its peak so far.'),
      metric('maxDrawdownPercent', 'Max drawdown %', 'percent', 'Largest fall below a peak / that peak × 100.'),
      metric('maxDrawdownDuration', 'Longest drawdown', 'time', 'Longest time from a peak until it is reached again, or until the last trade.'),
      metric('maxRunUp', 'Max run-up', 'money', 'Largest rise of the closed-trade equity above its lowest so far.'),
      metric('recoveryFactor', 'Recovery factor', 'ratio', 'Net profit / max drawdown.'),
      metric('valueAtRisk95', 'Value at risk 95 %', 'percent', '5th percentile of the daily returns.'),
      metric('expectedShortfall95', 'Expected shortfall 95 %', 'percent', 'Mean of the daily returns at or below the value at risk.'),
      metric('ulcerIndex', 'Ulcer index', 'fraction', 'Root of the mean of squared drawdowns of the daily equity.'),
      metric('volatilityAnnualized', 'Volatility, a year', 'percent', 'Standard deviation of daily returns × √(trading days) × 100.'),
    ],
  },
  {
    name: 'Ratios',
    metrics: [
      metric('sharpe', 'Sharpe, monthly', 'ratio', '(Mean monthly return − risk-free) / standard deviation of monthly returns, as TradingView has it.'),
      metric('sortino', 'Sortino, monthly', 'ratio', '(Mean monthly return − risk-free) / downside deviation of monthly returns, as TradingView has it.'),
      metric('sharpeAnnualized', 'Sharpe, a year', 'ratio', 'Mean daily excess return / its standard deviation × √(trading days).'),
      metric('sortinoAnnualized', 'Sortino, a year', 'ratio', 'Mean daily excess return / downside deviation × √(trading days).'),
      metric('cagr', 'CAGR', 'percent', 'Growth of the equity a year, compounded.'),
      metric('calmar', 'Calmar', 'ratio', 'CAGR / max drawdown %.'),
      metric('sqn', 'SQN', 'ratio', 'Mean net profit / standard deviation × √(trades).'),
      metric('kellyPercent', 'Kelly', 'percent', 'Win rate − loss rate / payoff ratio.'),
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
export function meaningOf(key: keyof Metrics, currency: string): string | undefined {
  const found = groups.flatMap((group) => group.metrics).find((metric) => metric.key === key);
  return found && meaning(found, currency);
}
