/** Series of the report as charts want them. */

import type { UTCTimestamp } from 'lightweight-charts';
import type { Report, RollingPoint } from './api';
import { dayOf, later, offset } from './zone.svelte';

export interface Point {
  time: UTCTimestamp;
  value: number;
}

/** A closed trade on a curve. */
export interface Mark {
  time: UTCTimestamp;
  /** Its number in the report, from 1. */
  trade: number;
  /** When it closed. */
  closed: string;
  /** 1 for a gain, -1 for a loss, 0 for neither. */
  outcome: number;
}

/** More trades than this would hide the curve that they are on. */
const MOST_MARKS = 160;

/** The page's clock: the charts know UTC only, so theirs is set by the difference. */
export function secondOf(time: string): UTCTimestamp {
  const at = new Date(time);
  return (Math.floor(at.getTime() / 1000) + offset(at)) as UTCTimestamp;
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

/** Each point of a curve at its second: of several in one, the last is what remained. */
export function closings(curve: Report['series']['equity']): Map<number, { trade: number; closed: string }> {
  return new Map(curve.map((point) => [secondOf(point.time), { trade: point.trade, closed: point.time }]));
}

/** Equity, drawdown and, where they can be told apart, the trades between them; in percent of `capital` where it is given. */
export function points(curve: Report['series']['equity'], capital = 0): { equity: Point[]; drawdown: Point[]; trades: Mark[] } {
  const share = (value: number) => (capital > 0 ? (value / capital) * 100 : value);
  const at = (value: (point: (typeof curve)[number]) => number) =>
    once(curve.map((point) => ({ time: secondOf(point.time), value: value(point) })));
  const equity = at((point) => share(Number(point.equity) - (capital > 0 ? capital : 0)));
  const drawdown = at((point) => (capital > 0 ? -(point.drawdownPercent ?? 0) : -Number(point.drawdown)));
  const isThinned = curve.length > MOST_MARKS;
  const closed = closings(curve);
  const trades = isThinned
    ? []
    : equity.slice(1).map(({ time, value }, index) => ({
        time,
        trade: closed.get(time)?.trade ?? 0,
        closed: closed.get(time)?.closed ?? '',
        outcome: Math.sign(value - (equity[index]?.value ?? 0)),
      }));
  return { equity, drawdown, trades };
}

/** What the report's capital would be worth in the ticker that was entered first. */
export const held = ({ series }: Report, capital = 0): Point[] =>
  once(
    series.buyAndHold.map((point) => ({
      time: secondOf(point.time),
      value: capital > 0 ? (Number(point.equity) / capital - 1) * 100 : Number(point.equity),
    })),
  );

/** What a webhook made, in percent of what it began with; in money where that was nothing. */
export function growth({ capital: money, series }: Report): Point[] {
  const capital = Number(money);
  const share = (equity: string) => (capital > 0 ? (Number(equity) / capital - 1) * 100 : Number(equity) - capital);
  return once(series.equity.map((point) => ({ time: secondOf(point.time), value: share(point.equity) })));
}

/** A figure of the last trades as it went on; stretches where it is not defined are left out. */
export function rolling(all: RollingPoint[], key: 'winRate' | 'profitFactor' | 'sharpe'): Point[] {
  const known = all.flatMap((point) => {
    const value = point[key];
    return typeof value === 'number' ? [{ time: secondOf(point.time), value }] : [];
  });
  return once(known);
}

/** The day on which a range that is chosen by name begins. */
export function begins(range: string, now: Date): string | null {
  const today = dayOf(now);
  if (range === 'year') return `${today.slice(0, 4)}-01-01`;
  return /^\d+$/.test(range) ? later(today, -Number(range)) : null;
}

/** One bar: its height as a share of the highest. */
export interface Bar {
  name: string;
  value: number;
  shown: string;
  /** Where its trades are. */
  href: string;
  trades: number;
}

/** The points of a line through values at equal distances, for an SVG of this size. */
export function line(values: number[], width: number, height: number): string {
  const lowest = Math.min(...values);
  const range = Math.max(...values) - lowest || 1;
  const step = width / Math.max(values.length - 1, 1);
  const at = (value: number, index: number) => [index * step, height - ((value - lowest) / range) * height];
  return values.map((value, index) => at(value, index).map((place) => place.toFixed(1)).join(',')).join(' ');
}
