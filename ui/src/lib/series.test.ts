import { expect, test } from 'vitest';
import type { Report } from './api';
import { begins, growth, line, once, points, rolling, type Point } from './series';

test('a second has one point: what remained', () => {
  const point = (time: string, equity: string, drawdown: string) =>
    ({ time, equity, drawdown, trade: 0, drawdownPercent: 0 }) as never;
  const { equity, drawdown } = points([
    point('2026-01-01T00:00:00Z', '100', '0'),
    point('2026-01-01T00:00:05.1Z', '90', '10'),
    point('2026-01-01T00:00:05.9Z', '95', '5'),
  ]);
  expect(equity.map((one) => one.value)).toEqual([100, 95]);
  expect(drawdown.map((one) => one.value)).toEqual([-0, -5]);
});

test('an hour that comes twice is drawn once', () => {
  const all = [10, 20, 30, 15, 25, 40].map((time, value) => ({ time, value }) as Point);
  expect(once(all).map(({ time, value }) => [time, value])).toEqual([[10, 0], [15, 3], [25, 4], [40, 5]]);
});

test('a range begins with a day', () => {
  const now = new Date(2026, 4, 20, 15, 30);
  expect(begins('7', now)).toBe('2026-05-13');
  expect(begins('year', now)).toBe('2026-01-01');
  expect(begins('', now)).toBeNull();
});

test('a line fills its place, and a flat one lies at the bottom', () => {
  expect(line([0, 10, 5], 100, 20)).toBe('0.0,20.0 50.0,0.0 100.0,10.0');
  expect(line([3, 3], 100, 20)).toBe('0.0,20.0 100.0,20.0');
  expect(line([3], 100, 20)).toBe('0.0,20.0');
});

const report = (capital: string, equity: string[]): Report =>
  ({
    capital,
    series: { equity: equity.map((value, index) => ({ time: `2026-01-0${index + 1}T00:00:00Z`, equity: value, drawdown: '0' })) },
  }) as unknown as Report;

test('a trade on a curve is a gain where equity rose, and neither where it stayed', () => {
  const { trades } = points(report('100', ['100', '110', '105', '105']).series.equity);
  expect(trades.map((mark) => mark.outcome)).toEqual([1, -1, 0]);
  const many = Array.from({ length: 9 }, () => report('1', ['1']).series.equity[0]).filter((point) => point !== undefined);
  expect(points(many).equity).toHaveLength(1);
});

test('growth is in percent of the capital, and in money without one', () => {
  const values = (capital: string, equity: string[]) => growth(report(capital, equity)).map((point) => point.value);
  expect(values('200', ['200', '210', '190'])).toEqual([0, 5.000000000000004, -5.000000000000004]);
  expect(values('0', ['0', '10', '-5'])).toEqual([0, 10, -5]);
});

test('what is not defined leaves a gap', () => {
  const point = (day: number, profitFactor: number | null) => ({ time: `2026-01-0${day}T00:00:00Z`, trade: day, profitFactor });
  expect(rolling([point(1, 2), point(2, null), point(3, 4)], 'profitFactor').map((found) => found.value)).toEqual([2, 4]);
});
