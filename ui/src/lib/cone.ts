/** The live curve inside its cone, as the shapes of a drawing. */

import type { Expectation } from './api';
import { roundValues } from './fan';
import { money, percent } from './format';

export interface Cone {
  /** 5 to 95 %. */
  outer: string;
  /** 25 to 75 %. */
  inner: string;
  median: string;
  /** Both ends of the band that raises the alarm. */
  alarms: [string, string];
  live: string;
  /** The curve of the broker's fills; empty without any. */
  fills: string;
  /** The end of the live curve, and where the alarm was raised. */
  end: { x: number; y: number } | null;
  alarm: { x: number; y: number } | null;
  ticks: { y: number; value: number }[];
  trades: { x: number; trade: number }[];
  /** The trade at the right edge. */
  last: number;
}

/** Trades beyond the live ones that are drawn, as a part of them, and at least. */
const [BEYOND, LEAST] = [1.35, 40];

/** The bands as far as they are drawn. */
export function drawn(expectation: Expectation): Expectation['bands'] {
  const live = expectation.standing?.trades ?? 0;
  const until = Math.max(LEAST, live * BEYOND);
  const bands = expectation.bands.filter(({ trade }) => trade <= until);
  return bands.length ? bands : expectation.bands;
}

const lastOf = (bands: Expectation['bands'], ...curves: { trade: number }[][]): number => Math.max(bands.at(-1)?.trade ?? 1, ...curves.map((curve) => curve.at(-1)?.trade ?? 1));

/** A result in the unit of what was expected. */
export const amountOf = ({ unit, currency }: Pick<Expectation, 'unit' | 'currency'>, value: string | null | undefined): string =>
  unit === 'percent' ? percent(Number(value ?? NaN)) : money(value, currency);

export function cone(expectation: Expectation, width: number, height: number): Cone {
  const bands = drawn(expectation);
  const { curve, fills, alarm } = expectation;
  const values = [
    ...bands.flatMap(({ p5, p95, alarmLow, alarmHigh }) => [p5, p95, alarmLow, alarmHigh].flatMap((value) => (value ? [Number(value)] : []))),
    ...[...curve, ...fills].map(({ total }) => Number(total)),
    0,
  ];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const last = lastOf(bands, curve, fills);
  const round = (value: number) => Number(value.toFixed(1));
  const x = (trade: number) => round((trade / last) * width);
  const y = (value: number) => round(height - ((value - low) / (high - low || 1)) * height);
  const path = (points: { trade: number; value: number }[]) => points.map(({ trade, value }) => `${x(trade)},${y(value)}`).join(' ');
  type Key = 'p5' | 'p25' | 'p50' | 'p75' | 'p95';
  const start = { trade: 0, value: 0 };
  const band = (key: Key) => [start, ...bands.map((one) => ({ trade: one.trade, value: Number(one[key]) }))];
  const between = (under: Key, over: Key) => path([...band(under), ...band(over).toReversed()]);
  const side = (key: 'alarmLow' | 'alarmHigh') =>
    path(bands.flatMap((one) => (one[key] ? [{ trade: one.trade, value: Number(one[key]) }] : [])));
  const walked = (points: { trade: number; total: string }[]) => path([start, ...points.map(({ trade, total }) => ({ trade, value: Number(total) }))]);
  const point = (trade: number | undefined) => {
    const found = curve.find((one) => one.trade === trade);
    return found ? { x: x(found.trade), y: y(Number(found.total)) } : null;
  };
  return {
    outer: between('p5', 'p95'),
    inner: between('p25', 'p75'),
    median: path(band('p50')),
    alarms: [side('alarmLow'), side('alarmHigh')],
    live: walked(curve),
    fills: fills.length ? walked(fills) : '',
    end: point(curve.at(-1)?.trade),
    alarm: point(alarm?.trade),
    ticks: roundValues(low, high).map((value) => ({ y: y(value), value })),
    trades: roundValues(1, last).filter(Number.isInteger).map((trade) => ({ x: x(trade), trade })),
    last,
  };
}

/** The trade at a place of the drawing, with its band and what the live curve had come to. */
export function readout(expectation: Expectation, share: number): { trade: number; band: Expectation['bands'][number]; total: string | null } | null {
  const bands = drawn(expectation);
  const wanted = share * lastOf(bands, expectation.curve, expectation.fills);
  const band = bands.reduce<Expectation['bands'][number] | null>(
    (best, one) => (best && Math.abs(best.trade - wanted) <= Math.abs(one.trade - wanted) ? best : one),
    null,
  );
  if (!band) return null;
  const live = expectation.curve.find(({ trade }) => trade === band.trade);
  return { trade: band.trade, band, total: live?.total ?? null };
}
