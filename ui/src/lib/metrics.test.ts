import { expect, test } from 'vitest';
import { groups, meaning, meaningOf } from './metrics';

test('every number says its formula and its unit', () => {
  for (const metric of groups.flatMap((group) => group.metrics)) {
    expect(meaning(metric, 'USD')).toMatch(/^.+\. Unit: .+\.$/);
  }
  expect(meaningOf('grossProfit', 'EUR')).toBe('Sum of the net profits of winning trades. Unit: EUR.');
  expect(meaningOf('sharpe', 'EUR')).toMatch(/Unit: a ratio\.$/);
});
