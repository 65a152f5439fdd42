import { expect, test } from 'vitest';
import type { Metrics } from './api';
import { groups, interval, meaning, meaningOf, nameOf, observations, type MetricKey } from './metrics';

test('every number says its formula and its unit', () => {
  for (const metric of groups.flatMap((group) => group.metrics)) {
    expect(meaning(metric, 'USD')).toMatch(/^.+\. Unit: .+\.$/);
  }
  expect(meaningOf('grossProfit', 'EUR')).toBe('Sum of the net profits of winning trades. Unit: EUR.');
  expect(meaningOf('sharpe', 'EUR')).toMatch(/Unit: a ratio\.$/);
});

const metrics = {
  sharpeReturns: 'monthly',
  intervals: {
    profitFactor: { n: 5, low: 0.517, high: null, method: 'bca' },
    avgTrade: { n: 5, low: '-12.5', high: '0.5', method: 'bca' },
    sharpe: { n: 14, low: -1, high: 2.004, method: 'lo2002' },
    kellyPercent: { n: 1, low: null, high: 7, method: 'bca' },
  },
} as unknown as Metrics;

test('an interval is in the unit of its number and says where it has no bound', () => {
  const of = (key: MetricKey, currency = 'USD') => interval(key, metrics, currency);
  expect([of('profitFactor'), of('kellyPercent'), of('sharpe'), of('netProfit')]).toEqual(['above 0.52', 'below 7.00', '−1.00 to 2.00', '']);
  expect([of('avgTrade'), of('avgTrade', 'JPY')]).toEqual(['−12.50 to 0.50', '−13 to 1']);
});

test('a number says what it is made of', () => {
  expect([observations('profitFactor', metrics), observations('sharpe', metrics), observations('kellyPercent', metrics)]).toEqual(['of 5 trades', 'of 14 months', 'of 1 trade']);
  expect(nameOf({ key: 'sharpe', name: 'Sharpe' }, metrics)).toBe('Sharpe, monthly returns');
});
