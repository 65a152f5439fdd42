/** Series of the report as charts want them. */

import type { UTCTimestamp } from 'lightweight-charts';
import type { Report, RollingPoint } from './api';

export interface Point {
  time: UTCTimestamp;
  value: number;
}

/** A closed trade on a curve. */
export interface Mark {
  time: UTCTimestamp;
  /** 1 for a gain, -1 for a loss, 0 for neither. */
  outcome: number;
}

/** More trades than this would hide the curve that they are on. */
const MOST_MARKS = 400;

/** The viewer's clock: the charts know UTC only, so theirs is set by the difference. */
function second(time: string): UTCTimestamp {
  const at = new Date(time);
  return (Math.floor(at.getTime() / 1000) - at.getTimezoneOffset() * 60) as UTCTimestamp;
}

/** One point a second, in order: of several in one, or in an hour that a clock set back repeats, the last is what remained. */
export function once(all: Point[]): Point[] {
  let next = Infinity;
  const kept = all.toReversed().filter(({ time }) => {
    const isKept = time < next;
    if (isKept) next = time;
    return isKept;
  });
  return kept.reverse();
}

/** Equity, drawdown and, where they can be told apart, the trades between them. */
export function points(curve: Report['series']['equity']): { equity: Point[]; drawdown: Point[]; trades: Mark[] } {
  const at = (value: (point: (typeof curve)[number]) => number) =>
    once(curve.map((point) => ({ time: second(point.time), value: value(point) })));
  const [equity, drawdown] = [at((point) => Number(point.equity)), at((point) => -Number(point.drawdown))];
  const isThinned = curve.length > MOST_MARKS;
  const trades = isThinned
    ? []
    : equity.slice(1).map(({ time, value }, index) => ({ time, outcome: Math.sign(value - (equity[index]?.value ?? 0)) }));
  return { equity, drawdown, trades };
}

/** What the report's capital would be worth in the ticker that was entered first. */
export const held = ({ series }: Report): Point[] =>
  once(series.buyAndHold.map((point) => ({ time: second(point.time), value: Number(point.equity) })));

/** What a webhook made, in percent of what it began with; in money where that was nothing. */
export function growth({ capital: money, series }: Report): Point[] {
  const capital = Number(money);
  const share = (equity: string) => (capital > 0 ? (Number(equity) / capital - 1) * 100 : Number(equity) - capital);
  return once(series.equity.map((point) => ({ time: second(point.time), value: share(point.equity) })));
}

/** A figure of the last trades as it went on; stretches where it is not defined are left out. */
export function rolling(all: RollingPoint[], key: 'winRate' | 'profitFactor' | 'sharpe'): Point[] {
  const known = all.flatMap((point) => {
    const value = point[key];
    return typeof value === 'number' ? [{ time: second(point.time), value }] : [];
  });
  return once(known);
}

/** Where a range that is chosen by name begins, at the viewer's midnight. */
export function begins(range: string, now: Date): Date | null {
  const start = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  if (range === 'year') start.setMonth(0, 1);
  else if (/^\d+$/.test(range)) start.setDate(start.getDate() - Number(range));
  else return null;
  return start;
}

/** One bar: its height as a share of the highest. */
export interface Bar {
  name: string;
  value: number;
  shown: string;
}

/** The points of a line through values at equal distances, for an SVG of this size. */
export function line(values: number[], width: number, height: number): string {
  const lowest = Math.min(...values);
  const range = Math.max(...values) - lowest || 1;
  const step = width / Math.max(values.length - 1, 1);
  const at = (value: number, index: number) => [index * step, height - ((value - lowest) / range) * height];
  return values.map((value, index) => at(value, index).map((place) => place.toFixed(1)).join(',')).join(' ');
}
