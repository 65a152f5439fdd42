/** Series of the report as charts want them. */

import type { UTCTimestamp } from 'lightweight-charts';
import type { Report } from './api';

export interface Point {
  time: UTCTimestamp;
  value: number;
}

/** Equity and drawdown with one point a second: of several in one, the last is what remained. */
export function points(curve: Report['series']['equity']): { equity: Point[]; drawdown: Point[] } {
  const equity: Point[] = [];
  const drawdown: Point[] = [];
  for (const point of curve) {
    const time = Math.floor(Date.parse(point.time) / 1000) as UTCTimestamp;
    if (equity.at(-1)?.time === time) {
      equity.pop();
      drawdown.pop();
    }
    equity.push({ time, value: Number(point.equity) });
    drawdown.push({ time, value: -Number(point.drawdown) });
  }
  return { equity, drawdown };
}

/** Where a range that is chosen by name begins, at the viewer's midnight. */
export function begins(range: string, now: Date): string | null {
  const start = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  if (range === 'year') start.setMonth(0, 1);
  else if (/^\d+$/.test(range)) start.setDate(start.getDate() - Number(range));
  else return null;
  return start.toISOString();
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
