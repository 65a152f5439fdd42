import { expect, test } from 'vitest';
import { begins, line, points } from './series';

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

test('a range begins at midnight', () => {
  const now = new Date(2026, 4, 20, 15, 30);
  expect(begins('7', now)).toBe(new Date(2026, 4, 13).toISOString());
  expect(begins('year', now)).toBe(new Date(2026, 0, 1).toISOString());
  expect(begins('', now)).toBeNull();
});

test('a line fills its place, and a flat one lies at the bottom', () => {
  expect(line([0, 10, 5], 100, 20)).toBe('0.0,20.0 50.0,0.0 100.0,10.0');
  expect(line([3, 3], 100, 20)).toBe('0.0,20.0 100.0,20.0');
  expect(line([3], 100, 20)).toBe('0.0,20.0');
});
