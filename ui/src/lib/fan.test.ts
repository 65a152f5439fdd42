import { expect, test } from 'vitest';
import { fan, roundValues } from './fan';

test('ticks are round and within the range', () => {
  expect(roundValues(0, 10)).toEqual([0, 2, 4, 6, 8, 10]);
  expect(roundValues(9_870, 12_345)).toEqual([10_000, 10_500, 11_000, 11_500, 12_000]);
  expect(roundValues(-3, 3)).toEqual([-2, 0, 2]);
  expect(roundValues(5, 5)).toEqual([5]);
});

test('a fan goes out along the lower edge and back along the upper', () => {
  const band = (trade: number, width: number) => ({
    trade,
    p5: String(100 - width),
    p25: String(100 - width / 2),
    p50: '100',
    p75: String(100 + width / 2),
    p95: String(100 + width),
  });
  const drawn = fan([band(0, 0), band(10, 50)]);
  expect(drawn.median).toBe('0.0,150 960.0,150');
  expect(drawn.outer).toBe('0.0,150 960.0,300 960.0,0 0.0,150');
  expect(drawn.inner).toBe('0.0,150 960.0,225 960.0,75 0.0,150');
});
